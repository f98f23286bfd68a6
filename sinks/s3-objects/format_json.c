/*
 * json: one array, a row after the other. Values are copied as they stand in the record, so no
 * digit of a number is lost.
 */
#include "format.h"

static void json_begin(struct object_writer *writer)
{
    buf_puts(writer->out, "[\n");
}

static void json_row(struct object_writer *writer, const struct object_row *row)
{
    buf_puts(writer->out, writer->rows == 0 ? "" : ",\n");
    object_row_write(writer->out, row, writer->shape->envelope);
}

static void json_end(struct object_writer *writer)
{
    buf_puts(writer->out, "\n]\n");
}

const struct object_format format_json = {.name = "json",
                                          .extension = "json",
                                          .content_type = "application/json",
                                          .version = 1,
                                          .begin = json_begin,
                                          .row = json_row,
                                          .end = json_end};
