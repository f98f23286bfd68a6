#include "record/json.h"

#include "record/array.h"
#include "record/interval.h"
#include "record/json_scan.h"
#include "record/jsonb.h"
#include "record/numeric.h"
#include "record/text.h"
#include <math.h>

static void write_escape(struct buf *out, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    static const char letters[0x20] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    char escape[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};

    if (c >= 0x20)
        escape[1] = (char)c;
    else if (letters[c] != 0)
        escape[1] = letters[c];
    buf_append(out, escape, escape[1] == 'u' ? 6 : 2);
}

void json_write_string(struct buf *out, struct str text)
{
    const char *at = text.at;
    const char *end = text.len == 0 ? at : at + text.len;
    bool high = false;

    buf_char(out, '"');
    while (at < end) {
        const char *stop = json_scan_run(at, end, false, &high);

        buf_append(out, at, (size_t)(stop - at));
        if (stop < end)
            write_escape(out, (unsigned char)*stop++);
        at = stop;
    }
    buf_char(out, '"');
}

/* Quotes what text_print writes; for types whose text needs no escape. */
static void write_quoted(struct buf *out, struct type type, struct value value)
{
    buf_char(out, '"');
    text_print(out, type, value);
    buf_char(out, '"');
}

/* A number bare; NaN and the infinities, which JSON has not, quoted. */
static void write_real(struct buf *out, struct type type, struct value value)
{
    if (isfinite(value.real))
        text_print(out, type, value);
    else
        write_quoted(out, type, value);
}

static void write_numeric(struct buf *out, struct type type, struct value value)
{
    if (numeric_is_special(value.bytes))
        write_quoted(out, type, value);
    else
        numeric_print(out, value.bytes);
}

/* The text form with a T for the blank, and the zone with its minutes: "2025-04-07T09:00:00+00:00".
 */
static void write_timestamp(struct buf *out, struct type type, struct value value)
{
    size_t start = out->len;

    write_quoted(out, type, value);
    char *blank = buf_ok(out) && value.slot != INT64_MIN && value.slot != INT64_MAX
                      ? memchr(out->at + start, ' ', out->len - start)
                      : NULL;
    if (blank == NULL)
        return;
    *blank = 'T';
    if (type.id != TYPE_TIMESTAMPTZ)
        return;
    struct str zone = {out->at + start, out->len - start};
    const char *plus = memchr(zone.at, '+', zone.len);
    bool bc = plus[3] == ' ';
    out->len = (size_t)(plus - out->at) + 3;
    buf_puts(out, bc ? ":00 BC\"" : ":00\"");
}

/* bytea's text begins with a backslash, which JSON doubles. */
static void write_bytea(struct buf *out, struct type type, struct value value)
{
    buf_puts(out, "\"\\");
    text_print(out, type, value);
    buf_char(out, '"');
}

static void write_array(struct buf *out, struct type type, struct str packed)
{
    struct type element = {type_element(type.id), -1, type.labels};
    struct array_walk walk = array_open(packed, element.id);
    struct value value;

    buf_char(out, '[');
    for (bool first = true; array_next(&walk, &value); first = false) {
        if (!first)
            buf_char(out, ',');
        json_write_value(out, element, value);
    }
    buf_char(out, ']');
}

void json_write_value(struct buf *out, struct type type, struct value value)
{
    if (value.null) {
        buf_puts(out, "null");
        return;
    }
    if (type_is_array(type.id)) {
        write_array(out, type, value.bytes);
        return;
    }
    if (type_is_enum(type.id)) {
        json_write_string(out, (struct str){value.bytes.at + 2, value.bytes.len - 2});
        return;
    }
    switch (type.id) {
    case TYPE_BOOL:
        buf_puts(out, value.slot != 0 ? "true" : "false");
        break;
    case TYPE_INT2:
    case TYPE_INT4:
    case TYPE_INT8:
        buf_i64(out, value.slot);
        break;
    case TYPE_FLOAT4:
    case TYPE_FLOAT8:
        write_real(out, type, value);
        break;
    case TYPE_NUMERIC:
        write_numeric(out, type, value);
        break;
    case TYPE_TEXT:
    case TYPE_JSONPATH:
    case TYPE_VARCHAR:
    case TYPE_BPCHAR:
        json_write_string(out, value.bytes);
        break;
    case TYPE_BYTEA:
        write_bytea(out, type, value);
        break;
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMPTZ:
        write_timestamp(out, type, value);
        break;
    case TYPE_JSON:
    case TYPE_JSONB:
        buf_put(out, value.bytes);
        break;
    case TYPE_DATE:
    case TYPE_TIME:
    case TYPE_UUID:
    case TYPE_INTERVAL:
    case TYPE_TIMETZ:
    case TYPE_UNKNOWN:
        write_quoted(out, type, value);
        break;
    case TYPE_ANY:
    case TYPE_ANYELEMENT:
    case TYPE_ANYARRAY:
    case TYPE_ANYENUM:
    case TYPE_COMMON:
    case TYPE_COMMON_ARRAY:
    case TYPE_ANYNONARRAY:
        assert(false); /* never of a value */
    }
}

static void write_name(struct buf *out, const struct column *column, bool first)
{
    if (!first)
        buf_char(out, ',');
    json_write_string(out, str_of(column->name));
    buf_char(out, ':');
}

void json_write_row(struct buf *out, const struct schema *schema, const struct row *row)
{
    assert(row->columns_n >= schema->columns_n);
    buf_char(out, '{');
    for (uint16_t i = 0; i < schema->columns_n; i++) {
        const struct column *column = &schema->columns[i];

        write_name(out, column, i == 0);
        json_write_value(out, column->type, row_value(row, i, column->type.id));
    }
    buf_char(out, '}');
}

/* The number without trailing zeros behind the point, so that 1.0 and 1.00 give the same bytes. */
static void write_canonical_numeric(struct buf *out, struct type type, struct value value)
{
    size_t start = out->len;

    write_numeric(out, type, value);
    if (!buf_ok(out) || numeric_scale(value.bytes) == 0)
        return;
    while (out->len > start && out->at[out->len - 1] == '0')
        out->len--;
    if (out->at[out->len - 1] == '.')
        out->len--;
}

static void write_canonical(struct buf *out, struct type type, struct value value);

/* 30 days are a month, 24 hours a day. */
static void write_canonical_interval(struct buf *out, struct value value)
{
    buf_char(out, '"');
    interval_print(out, interval_canonical(interval_open(value.bytes)));
    buf_char(out, '"');
}

/* Other lower bounds make another value, which JSON's arrays can't say: then the text form. */
static void write_canonical_array(struct buf *out, struct type type, struct value value)
{
    struct type element = {type_element(type.id), -1, type.labels};
    struct array_walk walk = array_open(value.bytes, element.id);
    CLEANUP(buf) struct buf text = {0};
    struct value item;

    if (walk.lower != 1) {
        array_print(&text, type, value.bytes);
        json_write_string(out, buf_str(&text));
        return;
    }
    buf_char(out, '[');
    for (bool first = true; array_next(&walk, &item); first = false) {
        if (!first)
            buf_char(out, ',');
        write_canonical(out, element, item);
    }
    buf_char(out, ']');
}

/* As a string, so that the null of JSON and the value that is not there are two keys. */
static void write_canonical_jsonb(struct buf *out, struct value value)
{
    CLEANUP(buf) struct buf text = {0};

    jsonb_write_canonical(&text, value.bytes);
    json_write_string(out, buf_str(&text));
}

/* One representative of the value's equality class. */
static void write_canonical(struct buf *out, struct type type, struct value value)
{
    if (!value.null && type.id == TYPE_NUMERIC) {
        write_canonical_numeric(out, type, value);
        return;
    }
    if (!value.null && type.id == TYPE_INTERVAL) {
        write_canonical_interval(out, value);
        return;
    }
    if (!value.null && type.id == TYPE_JSONB) {
        write_canonical_jsonb(out, value);
        return;
    }
    if (!value.null && type_is_array(type.id)) {
        write_canonical_array(out, type, value);
        return;
    }
    if (!value.null && type.id == TYPE_BPCHAR) {
        while (value.bytes.len > 0 && value.bytes.at[value.bytes.len - 1] == ' ')
            value.bytes.len--;
    }
    if (!value.null && (type.id == TYPE_FLOAT4 || type.id == TYPE_FLOAT8) && value.real == 0)
        value.real = 0;
    json_write_value(out, type, value);
}

void json_write_key(struct buf *out, const struct schema *schema, const struct row *row)
{
    buf_char(out, '{');
    for (uint16_t k = 0; k < schema->key_n; k++) {
        uint16_t i = schema->key[k];
        const struct column *column = &schema->columns[i];

        write_name(out, column, k == 0);
        write_canonical(out, column->type, row_value(row, i, column->type.id));
    }
    buf_char(out, '}');
}
