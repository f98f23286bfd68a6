/*
 * ndjson: a row a line, each a JSON object of its own, no commas and no brackets around; an object
 * can be cut, counted and joined by lines. A record may hold line breaks between the parts of a
 * nested value. They mean nothing there (a string holds them only escaped), and are left out.
 */
#include "format.h"

static void nothing(struct object_writer *writer)
{
    (void)writer;
}

static void drop_line_breaks(struct buf *out, size_t from)
{
    size_t to = from;

    for (size_t i = from; i < out->len; i++)
        if (out->at[i] != '\n' && out->at[i] != '\r')
            out->at[to++] = out->at[i];
    out->len = to;
}

static void ndjson_row(struct object_writer *writer, const struct object_row *row)
{
    size_t from = writer->out->len;

    object_row_write(writer->out, row, writer->shape->envelope);
    if (memchr(writer->out->at + from, '\n', writer->out->len - from) != NULL ||
        memchr(writer->out->at + from, '\r', writer->out->len - from) != NULL)
        drop_line_breaks(writer->out, from);
    buf_char(writer->out, '\n');
}

const struct object_format format_ndjson = {.name = "ndjson",
                                            .extension = "ndjson",
                                            .content_type = "application/x-ndjson",
                                            .version = 1,
                                            .begin = nothing,
                                            .row = ndjson_row,
                                            .end = nothing};
