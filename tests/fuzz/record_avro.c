/* Bytes -> JSON along derived and foreign schemas; what comes out well-formed goes back and comes out the same. Frames, and
 * schemas as a registry may give them (the first byte 255). */
#include "record/avro.h"

#include "record/json.h"

static const struct column columns[] = {
    {"k", {TYPE_INT8, -1, NULL}, true},
    {"b", {TYPE_BOOL, -1, NULL}, false},
    {"f", {TYPE_FLOAT4, -1, NULL}, false},
    {"d", {TYPE_FLOAT8, -1, NULL}, false},
    {"n", {TYPE_NUMERIC, -1, NULL}, false},
    {"p", {TYPE_NUMERIC, (40 << 16 | 2) + 4, NULL}, false},
    {"t", {TYPE_TEXT, -1, NULL}, false},
    {"y", {TYPE_BYTEA, -1, NULL}, false},
    {"da", {TYPE_DATE, -1, NULL}, false},
    {"ti", {TYPE_TIME, -1, NULL}, false},
    {"ts", {TYPE_TIMESTAMP, -1, NULL}, false},
    {"tz", {TYPE_TIMESTAMPTZ, -1, NULL}, false},
    {"j", {TYPE_JSONB, -1, NULL}, false},
};
static const struct schema schema = {columns, NULL, sizeof(columns) / sizeof(*columns), 0};

static const char foreign[] =
    "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":{\"type\":\"array\","
    "\"items\":[\"null\",\"R\",\"string\"]}},{\"name\":\"m\",\"type\":{\"type\":\"map\",\"values\":"
    "\"bytes\"}},{\"name\":\"e\",\"type\":{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\","
    "\"B\"]}},{\"name\":\"x\",\"type\":{\"type\":\"fixed\",\"name\":\"F\",\"size\":3}}]}";

static const struct avro_shape *shape_of(bool derived)
{
    static struct avro_shape *shapes[2];
    CLEANUP(buf) struct buf text = {0};
    struct err err;

    if (shapes[derived] != NULL)
        return shapes[derived];
    if (derived && !avro_derive_row(&text, "t", &schema, &err))
        abort();
    if (!avro_shape_parse(derived ? buf_str(&text) : str_of(foreign), &shapes[derived], &err))
        abort();
    return shapes[derived];
}

static bool well_formed(struct str json)
{
    struct json_cursor cursor = json_open(json);
    struct json_value value;
    struct err err;

    return json_read(&cursor, &value, &err) && json_at_end(&cursor, &err);
}

/* A text that holds NUL is written as \u0000, which no reader of ours takes. */
static bool has_nul(struct str json)
{
    return memmem(json.at, json.len, "\\u0000", 6) != NULL;
}

static void as_frame(struct str record)
{
    int32_t id;
    struct str body;
    struct err err = {0};

    if (avro_frame_read(record, &id, &body, &err)) {
        if (!avro_is_framed(record) || body.len + AVRO_FRAME_BYTES != record.len)
            abort();
    } else if (err.kind != ERR_DEAD_LETTER) {
        abort();
    }
}

static void as_schema(struct str text)
{
    struct avro_shape *shape = NULL;
    struct err err = {0};

    if (!avro_shape_parse(text, &shape, &err) && err.kind != ERR_STOP)
        abort();
    avro_shape_free(shape);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(buf) struct buf json = {.limit = 1 << 22}, body = {0}, again = {.limit = 1 << 22};
    CLEANUP(arena) struct arena *arena = arena_new(1 << 16);
    bool derived = size > 0 && data[0] % 2 == 0;
    const struct avro_shape *shape = shape_of(derived);
    struct err err;

    as_frame((struct str){(const char *)data, size});
    if (size > 0 && data[0] == 255) {
        as_schema((struct str){(const char *)data + 1, size - 1});
        return 0;
    }
    if (size == 0 ||
        !avro_to_json(shape, (struct str){(const char *)data + 1, size - 1}, &json, &err))
        return 0;
    if (!derived || !well_formed(buf_str(&json)) || has_nul(buf_str(&json)))
        return 0;
    if (!avro_from_json(shape, buf_str(&json), arena, &body, &err) ||
        !avro_to_json(shape, buf_str(&body), &again, &err) ||
        !str_eq(buf_str(&json), buf_str(&again)))
        abort();
    return 0;
}
