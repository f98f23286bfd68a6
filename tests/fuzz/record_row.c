/* row_check: any bytes; what it accepts can be read, copied and made a key without leaving them. */
#include "record/key.h"
#include "record/row.h"
#include "record/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct column columns[] = {
    {"id", {TYPE_INT8, -1}, true},
    {"s", {TYPE_TEXT, -1}, false},
    {"n", {TYPE_NUMERIC, -1}, false},
    {"u", {TYPE_UUID, -1}, false},
    {"raw", {TYPE_BYTEA, -1}, false},
    {"iv", {TYPE_INTERVAL, -1}, false},
    {"tt", {TYPE_TIMETZ, -1}, false},
    {"a", {(enum type_id)(TYPE_ARRAY | TYPE_NUMERIC), -1}, false},
    {"at", {(enum type_id)(TYPE_ARRAY | TYPE_TEXT), -1}, false},
};
static const uint16_t key[] = {0, 1, 2, 3, 4, 5, 6, 7, 8};
static const struct schema schema = {columns, key, 9, 9};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena CLEANUP(arena) = arena_new(1 << 20);
    struct buf out CLEANUP(buf) = {0};
    char *aligned CLEANUP(free) = err_malloc(size + 1);
    const struct row *row;
    struct err err;

    memcpy(aligned, data, size);
    if (!row_check((struct str){aligned, size}, &schema, &row, &err))
        return 0;
    for (uint16_t i = 0; i < schema.columns_n; i++) {
        struct type type = columns[i].type;

        if (!row_is_null(row, i))
            text_print(&out, type, row_value(row, i, type.id));
    }
    key_append_key(&out, &schema, row);
    if (!row_same(row, row_copy(arena, row)))
        abort();
    return 0;
}
