/* Avro -> JSON, one pass over the bytes. */
#include "record/avro_shape.h"

#include "base/clock.h"
#include "record/base64.h"
#include "record/debezium_value.h"
#include "record/numeric.h"
#include "record/text_parts.h"

/* The ends of PostgreSQL's ranges: a date in days, a timestamp in microseconds, since 2000-01-01. */
#define DATE_MIN INT64_C(-2451545)
#define DATE_END INT64_C(2145031949)
#define TIMESTAMP_MIN INT64_C(-211813488000000000)
#define TIMESTAMP_END INT64_C(9223371331200000000)
#define DAY_US INT64_C(86400000000)

struct reading {
    const struct avro_shape *shape;
    const char *at, *end;
    struct buf *out;
    unsigned depth;
};

static bool bad(struct err *reterr, const char *what)
{
    return err_set(reterr, ERR_DEAD_LETTER, "not a value of its Avro schema: %s", what);
}

static size_t left(const struct reading *in)
{
    return (size_t)(in->end - in->at);
}

/* A zigzag varint of at most ten bytes. */
static bool take_long(struct reading *in, int64_t *ret, struct err *reterr)
{
    uint64_t number = 0;

    for (unsigned shift = 0; shift < 70; shift += 7) {
        if (in->at == in->end)
            return bad(reterr, "it ends inside a number");
        uint8_t byte = (uint8_t)*in->at++;
        if (shift == 63 && byte > 1)
            break;
        number |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) {
            *ret = (int64_t)(number >> 1) ^ -(int64_t)(number & 1);
            return true;
        }
    }
    return bad(reterr, "a number of more than 64 bits");
}

static bool take_bytes(struct reading *in, size_t n, struct str *ret, struct err *reterr)
{
    if (n > left(in))
        return bad(reterr, "a length beyond its end");
    *ret = (struct str){in->at, n};
    in->at += n;
    return true;
}

/* Bytes behind their length. */
static bool take_counted(struct reading *in, struct str *ret, struct err *reterr)
{
    int64_t n = 0;

    if (!take_long(in, &n, reterr))
        return false;
    if (n < 0)
        return bad(reterr, "a length below zero");
    return take_bytes(in, (size_t)n, ret, reterr);
}

static bool out_of_range(struct err *reterr, const char *what)
{
    return err_sql(reterr, ERR_DEAD_LETTER, "22008", "value out of range for type %s", what);
}

static bool write_slot(struct reading *in, enum type_id id, int64_t slot)
{
    json_write_value(in->out, (struct type){id, -1, NULL}, (struct value){.slot = slot});
    return true;
}

static bool write_date(struct reading *in, int64_t days, struct err *reterr)
{
    if (days == INT32_MAX || days == DEBEZIUM_DATE_INFINITY)
        return write_slot(in, TYPE_DATE, INT32_MAX);
    if (days == INT32_MIN || days == DEBEZIUM_DATE_MINUS_INFINITY)
        return write_slot(in, TYPE_DATE, INT32_MIN);
    days -= PG_EPOCH_UNIX_DAYS;
    if (days < DATE_MIN || days >= DATE_END)
        return out_of_range(reterr, "date");
    return write_slot(in, TYPE_DATE, days);
}

static bool write_time(struct reading *in, const struct shape_node *node, int64_t number,
                       struct err *reterr)
{
    if (number < 0 || number > DAY_US / node->unit_us)
        return out_of_range(reterr, "time");
    return write_slot(in, TYPE_TIME, number * node->unit_us);
}

static bool write_timestamp(struct reading *in, const struct shape_node *node, int64_t number,
                            struct err *reterr)
{
    enum type_id id = node->meaning == MEANS_TIMESTAMP ? TYPE_TIMESTAMP : TYPE_TIMESTAMPTZ;

    if (number == INT64_MAX || number == DEBEZIUM_MS_INFINITY)
        return write_slot(in, id, INT64_MAX);
    if (number == INT64_MIN || number == DEBEZIUM_MS_MINUS_INFINITY)
        return write_slot(in, id, INT64_MIN);
    if (__builtin_mul_overflow(number, node->unit_us, &number) ||
        __builtin_sub_overflow(number, PG_EPOCH_UNIX_US, &number) || number < TIMESTAMP_MIN ||
        number >= TIMESTAMP_END)
        return out_of_range(reterr, "timestamp");
    return write_slot(in, id, number);
}

static bool read_integer(struct reading *in, const struct shape_node *node, struct err *reterr)
{
    int64_t number = 0;

    if (!take_long(in, &number, reterr))
        return false;
    if (node->kind == SHAPE_INT && (number < INT32_MIN || number > INT32_MAX))
        return bad(reterr, "an int of more than 32 bits");
    switch (node->meaning) {
    case MEANS_DATE:
        return write_date(in, number, reterr);
    case MEANS_TIME:
        return write_time(in, node, number, reterr);
    case MEANS_TIMESTAMP:
    case MEANS_TIMESTAMPTZ:
        return write_timestamp(in, node, number, reterr);
    default:
        buf_i64(in->out, number);
        return true;
    }
}

/* Little-endian IEEE 754. */
static bool read_real(struct reading *in, bool single, struct err *reterr)
{
    struct str bytes = {0};
    struct value value = {0};
    uint64_t bits = 0;

    if (!take_bytes(in, single ? 4 : 8, &bytes, reterr))
        return false;
    for (size_t i = bytes.len; i-- > 0;)
        bits = bits << 8 | (uint8_t)bytes.at[i];
    if (single) {
        uint32_t half = (uint32_t)bits;
        float real;

        memcpy(&real, &half, sizeof(real));
        value.real = (double)real;
    } else {
        memcpy(&value.real, &bits, sizeof(value.real));
    }
    json_write_value(in->out, (struct type){single ? TYPE_FLOAT4 : TYPE_FLOAT8, -1, NULL}, value);
    return true;
}

/* The digits of a number times 10^-scale. */
static void write_scaled(struct buf *out, int64_t number, int scale)
{
    char digits[24];
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    int at = sizeof(digits);

    for (int place = 0; rest > 0 || place <= scale; rest /= 10, place++) {
        if (place == scale && scale > 0)
            digits[--at] = '.';
        digits[--at] = (char)('0' + rest % 10);
    }
    if (number < 0)
        buf_char(out, '-');
    buf_append(out, digits + at, sizeof(digits) - (size_t)at);
}

static bool write_large(struct reading *in, struct str bytes, int scale, struct err *reterr)
{
    CLEANUP(arena) struct arena *arena = arena_new(4096);
    struct str text, packed;

    if (!debezium_unscaled_read(bytes, scale, arena, &text, reterr) ||
        !numeric_parse(text, arena, &packed, reterr))
        return false;
    numeric_print(in->out, packed);
    return true;
}

/* Big-endian two's complement. */
static bool write_decimal(struct reading *in, const struct shape_node *node, struct str bytes,
                          struct err *reterr)
{
    if (bytes.len == 0)
        return bad(reterr, "a decimal without bytes");
    if (bytes.len > 8 || node->scale > 18)
        return write_large(in, bytes, node->scale, reterr);
    uint64_t number = (uint8_t)bytes.at[0] >= 0x80 ? UINT64_MAX : 0;
    for (size_t i = 0; i < bytes.len; i++)
        number = number << 8 | (uint8_t)bytes.at[i];
    write_scaled(in->out, (int64_t)number, node->scale);
    return true;
}

static bool write_bytes(struct reading *in, const struct shape_node *node, struct str bytes,
                        struct err *reterr)
{
    if (node->meaning == MEANS_DECIMAL)
        return write_decimal(in, node, bytes, reterr);
    if (node->meaning == MEANS_HEXADECIMAL_TEXT) {
        json_write_value(in->out, (struct type){TYPE_BYTEA, -1, NULL},
                         (struct value){.bytes = bytes});
        return true;
    }
    buf_char(in->out, '"');
    base64_write(in->out, bytes);
    buf_char(in->out, '"');
    return true;
}

/* The text is one JSON value; *ret_kind says which. */
static bool is_json(struct str text, enum json_kind *ret_kind)
{
    struct json_cursor cursor = json_open(text);
    struct json_value value;
    struct err ignored;

    if (!json_read(&cursor, &value, &ignored) || !json_at_end(&cursor, &ignored))
        return false;
    *ret_kind = value.kind;
    return true;
}

static bool write_string(struct reading *in, const struct shape_node *node, struct str text,
                         struct err *reterr)
{
    enum json_kind kind = JSON_NULL;

    if (node->meaning == MEANS_JSON && !is_json(text, &kind))
        return bad(reterr, "a text that is not the JSON it should be");
    if (node->meaning == MEANS_JSON ||
        (node->meaning == MEANS_NUMBER && is_json(text, &kind) && kind == JSON_NUMBER))
        buf_put(in->out, text_trimmed(text));
    else
        json_write_string(in->out, text);
    return true;
}

static bool read_node(struct reading *in, uint32_t at, struct err *reterr);

static bool read_record(struct reading *in, const struct shape_node *node, struct err *reterr)
{
    for (uint32_t i = 0; i < node->fields_n; i++) {
        buf_char(in->out, i == 0 ? '{' : ',');
        buf_put(in->out, node->fields[i].label);
        if (!read_node(in, node->fields[i].node, reterr)) {
            struct str name = node->fields[i].name;

            return err_prefix(reterr, "%.*s", (int)(name.len < 64 ? name.len : 64), name.at);
        }
    }
    buf_puts(in->out, node->fields_n == 0 ? "{}" : "}");
    return true;
}

/*
 * How many items come next, 0 at the end. A count cannot pass the bytes that are left: items of no
 * bytes at all, which could, are in no schema of use.
 */
static bool take_count(struct reading *in, size_t *ret, struct err *reterr)
{
    int64_t n = 0, size;

    if (!take_long(in, &n, reterr))
        return false;
    if (n < 0 && !take_long(in, &size, reterr)) /* followed by the block's size in bytes */
        return false;
    if (n == INT64_MIN || (uint64_t)(n < 0 ? -n : n) > left(in))
        return bad(reterr, "more items than bytes");
    *ret = (size_t)(n < 0 ? -n : n);
    return true;
}

static bool read_blocks(struct reading *in, const struct shape_node *node, struct err *reterr)
{
    bool map = node->kind == SHAPE_MAP, first = true;
    size_t n = 0;
    struct str name = {0};

    buf_char(in->out, map ? '{' : '[');
    for (;;) {
        if (!take_count(in, &n, reterr))
            return false;
        if (n == 0)
            break;
        for (; n > 0; n--, first = false) {
            if (!first)
                buf_char(in->out, ',');
            if (map) {
                if (!take_counted(in, &name, reterr))
                    return false;
                json_write_string(in->out, name);
                buf_char(in->out, ':');
            }
            if (!read_node(in, node->fields[0].node, reterr))
                return false;
        }
    }
    buf_char(in->out, map ? '}' : ']');
    return true;
}

/* The branch of a union, the symbol of an enum. */
static bool take_choice(struct reading *in, const struct shape_node *node, uint32_t *ret,
                        struct err *reterr)
{
    int64_t choice = 0;

    if (!take_long(in, &choice, reterr))
        return false;
    if (choice < 0 || choice >= node->fields_n)
        return bad(reterr, node->kind == SHAPE_UNION ? "a branch that its union has not"
                                                     : "a symbol that its enum has not");
    *ret = (uint32_t)choice;
    return true;
}

static bool read_boolean(struct reading *in, struct err *reterr)
{
    if (in->at == in->end)
        return bad(reterr, "it ends before a boolean");
    unsigned char byte = (unsigned char)*in->at++;
    if (byte > 1)
        return bad(reterr, "a boolean that is neither 0 nor 1");
    buf_puts(in->out, byte == 0 ? "false" : "true");
    return true;
}

static bool read_kind(struct reading *in, const struct shape_node *node, struct err *reterr)
{
    struct str bytes = {0};
    uint32_t choice = 0;

    switch (node->kind) {
    case SHAPE_NULL:
        buf_puts(in->out, "null");
        return true;
    case SHAPE_BOOLEAN:
        return read_boolean(in, reterr);
    case SHAPE_INT:
    case SHAPE_LONG:
        return read_integer(in, node, reterr);
    case SHAPE_FLOAT:
    case SHAPE_DOUBLE:
        return read_real(in, node->kind == SHAPE_FLOAT, reterr);
    case SHAPE_BYTES:
        return take_counted(in, &bytes, reterr) && write_bytes(in, node, bytes, reterr);
    case SHAPE_FIXED:
        return take_bytes(in, node->size, &bytes, reterr) && write_bytes(in, node, bytes, reterr);
    case SHAPE_STRING:
        return take_counted(in, &bytes, reterr) && write_string(in, node, bytes, reterr);
    case SHAPE_ENUM:
        if (!take_choice(in, node, &choice, reterr))
            return false;
        json_write_string(in->out, node->fields[choice].name);
        return true;
    case SHAPE_UNION:
        return take_choice(in, node, &choice, reterr) &&
               read_node(in, node->fields[choice].node, reterr);
    case SHAPE_ARRAY:
    case SHAPE_MAP:
        return read_blocks(in, node, reterr);
    default:
        return read_record(in, node, reterr);
    }
}

/* NOLINTNEXTLINE(misc-no-recursion): values nest, at most SHAPE_DEPTH_MAX deep */
static bool read_node(struct reading *in, uint32_t at, struct err *reterr)
{
    if (in->depth == SHAPE_DEPTH_MAX)
        return bad(reterr, "it nests too deep");
    if (!buf_ok(in->out))
        return bad(reterr, "it is larger than any record");
    in->depth++;
    bool ok = read_kind(in, &in->shape->nodes[at], reterr);
    in->depth--;
    return ok;
}

bool avro_to_json(const struct avro_shape *shape, struct str body, struct buf *out,
                  struct err *reterr)
{
    struct reading in = {.shape = shape, .at = body.at, .end = body.at + body.len, .out = out};

    if (!read_node(&in, 0, reterr))
        return false;
    if (in.at != in.end)
        return bad(reterr, "bytes are left behind it");
    return buf_ok(out) || bad(reterr, "it is larger than any record");
}

bool avro_frame_read(struct str record, int32_t *ret_id, struct str *ret_body, struct err *reterr)
{
    if (!avro_is_framed(record) || record.len < AVRO_FRAME_BYTES)
        return err_set(reterr, ERR_DEAD_LETTER, "not Avro in a registry's framing");
    *ret_id = (int32_t)be_get(record.at + 1, 4);
    *ret_body = (struct str){record.at + AVRO_FRAME_BYTES, record.len - AVRO_FRAME_BYTES};
    return true;
}

void avro_frame_write(struct buf *out, int32_t id)
{
    buf_char(out, '\0');
    buf_be(out, (uint32_t)id, 4);
}
