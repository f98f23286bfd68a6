/*
 * json: one array, a row a line. Values are copied as they stand in the record, so no digit of a
 * number is lost.
 */
#include "format.h"

static void put_value(struct buf *out, const struct json_value *value)
{
    bool string = value->kind == JSON_STRING;

    if (string)
        buf_char(out, '"');
    buf_put(out, value->raw);
    if (string)
        buf_char(out, '"');
}

static void json_begin(struct buf *out)
{
    buf_puts(out, "[\n");
}

static size_t json_row(struct buf *out, const struct object_row *row, size_t index)
{
    buf_puts(out, index == 0 ? "{" : ",\n{");
    for (size_t i = 0; i < row->n; i++) {
        json_write_string(out, row->members[i].name);
        buf_char(out, ':');
        put_value(out, &row->members[i].value);
        buf_char(out, ',');
    }
    buf_puts(out, row->deleted ? "\"__op\":\"d\",\"__offset\":" : "\"__op\":\"u\",\"__offset\":");
    buf_i64(out, row->offset);
    buf_char(out, '}');
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
