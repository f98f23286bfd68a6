/*
 * The envelope's decoder: takes any bytes as value and as key, in every format; rows it makes are
 * rows, and their JSON is JSON.
 */
#include "record/debezium.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct column columns[] = {
    {"id", {TYPE_INT8, -1}, true},
    {"v", {TYPE_VARCHAR, 9}, true},
    {"n", {TYPE_NUMERIC, ((12 << 16) | 2) + 4}, false},
    {"m", {TYPE_NUMERIC, -1}, false},
    {"d", {TYPE_DATE, -1}, false},
    {"at", {TYPE_TIMESTAMP, 3}, false},
    {"ts", {TYPE_TIMESTAMP, -1}, false},
    {"z", {TYPE_TIMESTAMPTZ, 3}, false},
    {"b", {TYPE_BOOL, -1}, false},
    {"raw", {TYPE_BYTEA, -1}, false},
    {"j", {TYPE_JSONB, -1}, false},
    {"f", {TYPE_FLOAT8, -1}, false},
    {"g", {TYPE_FLOAT4, -1}, false},
    {"t", {TYPE_TIME, -1}, false},
    {"u", {TYPE_UUID, -1}, false},
    {"c", {TYPE_BPCHAR, 8}, false},
    {"s", {TYPE_TEXT, -1}, false},
    {"i", {TYPE_INT2, -1}, false},
    {"k", {TYPE_INT4, -1}, false},
    {"js", {TYPE_JSON, -1}, false},
    {"iv", {TYPE_INTERVAL, -1}, false},
    {"tt", {TYPE_TIMETZ, -1}, false},
    {"ai", {(enum type_id)(TYPE_ARRAY | TYPE_INT4), -1}, false},
    {"ad", {(enum type_id)(TYPE_ARRAY | TYPE_DATE), -1}, false},
    {"at", {(enum type_id)(TYPE_ARRAY | TYPE_TEXT), -1}, false},
};
static const uint16_t key[] = {0};
static const struct schema schema = {columns, key, sizeof(columns) / sizeof(*columns), 1};

static void check_row(const struct row *row)
{
    struct buf out CLEANUP(buf) = {0};
    const struct row *checked;
    struct json_value value;
    struct err err;

    if (row == NULL)
        return;
    if (!row_check(row_str(row), &schema, &checked, &err))
        abort();
    json_write_row(&out, &schema, row);
    struct json_cursor cursor = json_open(buf_str(&out));
    if (!json_read(&cursor, &value, &err) || !json_at_end(&cursor, &err))
        abort();
    buf_clear(&out);
    json_write_key(&out, &schema, row);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena CLEANUP(arena) = arena_new(1 << 20);
    struct str bytes = {(const char *)data, size};
    struct debezium_event event;
    const struct row *row;

    for (unsigned mode = 0; mode < 3; mode++) {
        struct debezium_decoder *decoder = debezium_decoder_new(&schema, mode != 1);
        struct debezium_format format = {(enum debezium_decimal)mode, (enum debezium_time)mode};
        struct err err = {0};

        debezium_decoder_set_format(decoder, format);
        /* twice: the second time with the learned order */
        for (int round = 0; round < 2; round++) {
            if (debezium_decode(decoder, bytes, arena, &event, &err)) {
                check_row(event.before);
                check_row(event.after);
            } else if (err.kind != ERR_DEAD_LETTER) {
                abort();
            }
        }
        if (debezium_decode_key(decoder, bytes, arena, &row, &err))
            check_row(row);
        debezium_decoder_free(decoder);
    }
    return 0;
}
