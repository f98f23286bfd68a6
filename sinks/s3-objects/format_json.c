/*
 * json: one array, a row after the other. Values are copied as they stand in the record, so no digit
 * of a number is lost.
 */
#include "format.h"

static void json_begin(struct buf *out)
{
    buf_puts(out, "[\n");
}

static size_t json_row(struct buf *out, const struct object_row *row, size_t index)
{
    buf_puts(out, index == 0 ? "" : ",\n");
    object_row_write(out, row);
    return 0;
}

static void json_end(struct buf *out)
{
    buf_puts(out, "\n]\n");
}

const struct object_format format_json = {.name = "json",
                                          .extension = "json",
                                          .content_type = "application/json",
                                          .version = 1,
                                          .begin = json_begin,
                                          .row = json_row,
                                          .end = json_end};
