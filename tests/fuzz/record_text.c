/*
 * Text forms: the first byte chooses the type, the second its precision, the rest is the text. What
 * is parsed prints, and what is printed parses to the same again.
 */
#include "record/interval.h"
#include "record/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Types beyond the list. */
#define TYPE_ARRAY_INT4 ((enum type_id)(TYPE_ARRAY | TYPE_INT4))
#define TYPE_ARRAY_TEXT ((enum type_id)(TYPE_ARRAY | TYPE_TEXT))
#define TYPE_ENUM_ONE ((enum type_id)TYPE_ENUM_FIRST)

static struct type choose(const uint8_t *data)
{
    static const struct str labels[] = {{"sad", 3}, {"ok", 2}, {"", 0}};
    static const struct enum_labels mood = {"mood", labels, 3};
    static const enum type_id ids[] = {
        TYPE_BOOL,     TYPE_INT2,      TYPE_INT4,        TYPE_INT8,       TYPE_FLOAT4,  TYPE_FLOAT8,
        TYPE_NUMERIC,  TYPE_TEXT,      TYPE_VARCHAR,     TYPE_BPCHAR,     TYPE_BYTEA,   TYPE_DATE,
        TYPE_TIME,     TYPE_TIMESTAMP, TYPE_TIMESTAMPTZ, TYPE_UUID,       TYPE_JSON,    TYPE_JSONB,
        TYPE_INTERVAL, TYPE_TIMETZ,    TYPE_ARRAY_INT4,  TYPE_ARRAY_TEXT, TYPE_ENUM_ONE};
    struct type type = {ids[data[0] % (sizeof(ids) / sizeof(*ids))], -1};
    bool timed = type.id == TYPE_TIME || type.id == TYPE_TIMESTAMP || type.id == TYPE_TIMESTAMPTZ ||
                 type.id == TYPE_TIMETZ;

    if (type.id == TYPE_ENUM_ONE)
        type.labels = &mood;
    if (data[1] >= 128)
        return type;
    if (timed)
        type.typmod = data[1] % 7;
    else if (type.id == TYPE_NUMERIC)
        type.typmod = type_numeric_make_typmod(1 + data[1] % 40, data[1] % 20);
    else if (type.id == TYPE_VARCHAR || type.id == TYPE_BPCHAR)
        type.typmod = 4 + 1 + data[1];
    return type;
}

/* PostgreSQL prints what it does not read again: the lowest interval, zones of 16 hours and more. */
static bool reads_again(enum type_id type, struct value value)
{
    if (type == TYPE_INTERVAL)
        return interval_open(value.bytes).us != INT64_MIN;
    return type != TYPE_TIMETZ || abs(timetz_open(value.bytes).west_s) < 16 * 3600;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena CLEANUP(arena) = arena_new(1 << 20);
    struct buf out CLEANUP(buf) = {0};
    struct buf again CLEANUP(buf) = {0};
    struct value value;
    struct err err = {0};

    if (size < 2)
        return 0;
    struct type type = choose(data);
    if (!text_parse(type, (struct str){(const char *)data + 2, size - 2}, arena, &value, &err)) {
        if (err.kind != ERR_DEAD_LETTER)
            abort();
        return 0;
    }
    text_print(&out, type, value);
    if (!reads_again(type.id, value))
        return 0;
    if (!text_parse(type, buf_str(&out), arena, &value, &err))
        abort();
    text_print(&again, type, value);
    if (!str_eq(buf_str(&out), buf_str(&again)))
        abort();
    return 0;
}
