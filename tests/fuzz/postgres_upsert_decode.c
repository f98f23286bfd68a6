/* A record for a table: any key and value (parted by a line break) give fields that fit the wire, a dead letter, or a
 * statement that mends the table. */
#include "decode.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct target_column columns[] = {
    {"id", "bigint", WIRE_INT8, FORM_TEXT, true, false, true},
    {"small", "smallint", WIRE_INT2, FORM_TEXT, false, true, true},
    {"plain", "integer", WIRE_INT4, FORM_TEXT, false, true, true},
    {"note", "text", WIRE_TEXT, FORM_TEXT, false, true, true},
    {"doc", "jsonb", WIRE_TEXT, FORM_JSON, false, true, false},
    {"tags", "text[]", WIRE_TEXT, FORM_ARRAY, false, true, true},
};
enum { COLUMNS = sizeof(columns) / sizeof(*columns) };
static uint32_t key_columns[] = {0};

static void check(const struct str *fields)
{
    static const size_t sizes[] = {[WIRE_INT2] = 2, [WIRE_INT4] = 4, [WIRE_INT8] = 8};

    if (fields[0].at == NULL)
        abort();
    for (size_t i = 0; i < COLUMNS; i++) {
        if (fields[i].at == NULL)
            continue;
        if (columns[i].wire == WIRE_TEXT
                ? fields[i].len > 0 && memchr(fields[i].at, '\0', fields[i].len) != NULL
                : fields[i].len != sizes[columns[i].wire])
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct target_table table = {.topic = "t",
                                       .schema = "s",
                                       .name = "a",
                                       .quoted = "s.a",
                                       .columns = columns,
                                       .columns_n = COLUMNS,
                                       .key = key_columns,
                                       .key_n = 1};
    CLEANUP(arena) struct arena *arena = arena_new(1 << 14);
    const char *text = (const char *)data;
    const char *end = size == 0 ? NULL : memchr(text, '\n', size);
    struct str key = end == NULL ? (struct str){text, size} : str_between(text, end);
    struct str value = end == NULL ? STR_NONE : str_between(end + 1, text + size);
    struct str *fields = NULL;
    struct err err = {0};

    if (decode_record(&table, key, value, arena, &fields, &err)) {
        if (value.at != NULL)
            check(fields);
    } else if (err.kind != ERR_DEAD_LETTER && err.kind != ERR_STOP) {
        abort();
    }
    return 0;
}
