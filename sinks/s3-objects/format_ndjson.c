/*
 * ndjson: a row a line, each a JSON object of its own, no commas and no brackets around; an object can
 * be cut, counted and joined by lines. A record may hold line breaks between the parts of a nested
 * value. They mean nothing there (a string holds them only escaped), and are left out.
 */
#include "format.h"

static void nothing(struct buf *out)
{
    (void)out;
}

static void drop_line_breaks(struct buf *out, size_t from)
{
    size_t to = from;

    for (size_t i = from; i < out->len; i++)
        if (out->at[i] != '\n' && out->at[i] != '\r')
            out->at[to++] = out->at[i];
    out->len = to;
}

static size_t ndjson_row(struct buf *out, const struct object_row *row, size_t index)
{
    size_t from = out->len;

    (void)index;
    object_row_write(out, row);
    drop_line_breaks(out, from);
    buf_char(out, '\n');
    return 0;
}

const struct object_format format_ndjson = {.name = "ndjson",
                                            .extension = "ndjson",
                                            .content_type = "application/x-ndjson",
                                            .version = 1,
                                            .begin = nothing,
                                            .row = ndjson_row,
                                            .end = nothing};
