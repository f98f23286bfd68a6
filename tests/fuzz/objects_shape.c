/* Declarations of columns, CSV and JSON rows: any bytes; key and row that come out are good JSON, and a
 * compact row made compact again is the same. */
#include "record/json.h"
#include "shape.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect_object(struct str json)
{
    struct json_cursor cursor = json_open(json);
    struct json_value value;
    struct err err;

    if (!json_read(&cursor, &value, &err) || !json_at_end(&cursor, &err) ||
        value.kind != JSON_OBJECT)
        abort();
}

static void as_json(struct str text)
{
    char key[] = "k", lifted[] = "l=a.b", *keys[] = {key, lifted};
    struct shape shape = {.header = true};
    struct buf again CLEANUP(buf) = {0};
    struct shaped row;
    struct err err;

    if (!shape_make(&shape, keys, 2, NULL, &err))
        abort();
    if (shape_json(&shape, text, (struct shape_place){STR("f"), 1}, &row, &err)) {
        expect_object(row.key);
        expect_object(row.after);
        struct arena *arena CLEANUP(arena) = arena_new(1 << 16);
        if (!shape_compact(&again, row.after, arena, &err) || !str_eq(buf_str(&again), row.after))
            abort();
    }
    shape_done(&shape);
}

static void as_csv(struct str text)
{
    struct shape shape = {.header = false};
    struct csv csv = {.delimiter = ',', .quote = '"'};
    struct csv_record record;
    struct shaped row;
    size_t room;
    struct err err;

    if (!shape_make(&shape, NULL, 0, "a integer, b numeric(4,1), c text, d timestamptz", &err) ||
        !shape_begin(&shape, NULL, 0, &err))
        abort();
    csv.window.limit = 1 << 20;
    if (text.len > 0)
        memcpy(window_room(&csv.window, &room), text.at, text.len);
    window_filled(&csv.window, text.len);
    csv.window.ended = true;
    for (enum stream_step step; (step = csv_next(&csv, &record, &err)) != STREAM_END;) {
        if (step == STREAM_RECORD &&
            shape_csv(&shape, &record, (struct shape_place){STR("f"), record.line}, &row, &err)) {
            expect_object(row.key);
            expect_object(row.after);
        }
    }
    csv_done(&csv);
    shape_done(&shape);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    struct declared_list list;
    struct err err;

    if (size == 0 || size > 4096)
        return 0;
    as_json(text);
    as_csv(text);
    char *declaration CLEANUP(free) = err_calloc(1, size + 1);
    memcpy(declaration, data, size);
    if (declared_parse(declaration, &list, &err))
        declared_done(&list);
    return 0;
}
