/* Rows as JSON: the spelling of each type, and the one key of an equality class. PostgreSQL itself
 * is the judge in tests/component/test_json_oracle.py; this runs without it. */
#include "record/json.h"

#include "record/text.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { LEN = 1024 };

/* The value as row_to_json, or as a key, has it. */
static const char *spelled(enum type_id id, const char *text, bool as_key)
{
    static char said[LEN];
    const struct column column = {"c", {id, -1}, false};
    const uint16_t key = 0;
    const struct schema schema = {&column, &key, 1, 1};
    struct arena *arena CLEANUP(arena) = arena_new(1 << 16);
    struct row_builder builder = {0};
    struct buf out CLEANUP(buf) = {0};
    struct value value;
    struct err err;

    row_begin(&builder, 1);
    if (text != NULL) {
        assert_true(text_parse(column.type, str_of(text), arena, &value, &err));
        row_set_value(&builder, 0, id, value);
    }
    const struct row *row = row_finish(&builder, arena);
    if (as_key)
        json_write_key(&out, &schema, row);
    else
        json_write_row(&out, &schema, row);
    snprintf(said, sizeof(said), "%s", buf_cstr(&out));
    row_builder_done(&builder);
    return said;
}

static void it_writes_rows_as_row_to_json(void **state)
{
    static const struct {
        enum type_id id;
        const char *text, *json;
    } cases[] = {
        {TYPE_BOOL, "t", "{\"c\":true}"},
        {TYPE_INT8, "-9223372036854775808", "{\"c\":-9223372036854775808}"},
        {TYPE_INT8, NULL, "{\"c\":null}"},
        {TYPE_FLOAT8, "1e23", "{\"c\":9.999999999999999e+22}"},
        {TYPE_FLOAT8, "-0", "{\"c\":-0}"},
        {TYPE_FLOAT4, "NaN", "{\"c\":\"NaN\"}"},
        {TYPE_NUMERIC, "1.50", "{\"c\":1.50}"},
        {TYPE_NUMERIC, "-Infinity", "{\"c\":\"-Infinity\"}"},
        {TYPE_TEXT, "a\"\n\x1f", "{\"c\":\"a\\\"\\n\\u001f\"}"},
        {TYPE_BYTEA, "\\xdead", "{\"c\":\"\\\\xdead\"}"},
        {TYPE_DATE, "0044-03-15 BC", "{\"c\":\"0044-03-15 BC\"}"},
        {TYPE_TIME, "24:00:00", "{\"c\":\"24:00:00\"}"},
        {TYPE_TIMESTAMP, "2025-04-07 09:00:00.137", "{\"c\":\"2025-04-07T09:00:00.137\"}"},
        {TYPE_TIMESTAMP, "-infinity", "{\"c\":\"-infinity\"}"},
        {TYPE_TIMESTAMPTZ, "2025-04-07 09:00:00+02", "{\"c\":\"2025-04-07T07:00:00+00:00\"}"},
        {TYPE_TIMESTAMPTZ, "0044-03-15 12:00:00+00 BC", "{\"c\":\"0044-03-15T12:00:00+00:00 BC\"}"},
        {TYPE_JSON, "{\"a\":  1}", "{\"c\":{\"a\":  1}}"},
        {TYPE_UUID, "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
         "{\"c\":\"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11\"}"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_string_equal(spelled(cases[i].id, cases[i].text, false), cases[i].json);
}

static void it_writes_one_key_for_equal_values(void **state)
{
    (void)state;
    assert_string_equal(spelled(TYPE_NUMERIC, "1.00", true), "{\"c\":1}");
    assert_string_equal(spelled(TYPE_NUMERIC, "1", true), "{\"c\":1}");
    assert_string_equal(spelled(TYPE_NUMERIC, "-10.500", true), "{\"c\":-10.5}");
    assert_string_equal(spelled(TYPE_NUMERIC, "100", true), "{\"c\":100}");
    assert_string_equal(spelled(TYPE_NUMERIC, "0.000", true), "{\"c\":0}");
    assert_string_equal(spelled(TYPE_NUMERIC, "NaN", true), "{\"c\":\"NaN\"}");
    assert_string_equal(spelled(TYPE_FLOAT8, "-0", true), "{\"c\":0}");
    assert_string_equal(spelled(TYPE_BPCHAR, "ab  ", true), "{\"c\":\"ab\"}");
    assert_string_equal(spelled(TYPE_TEXT, "ab  ", true), "{\"c\":\"ab  \"}");
    assert_string_equal(spelled(TYPE_INT4, NULL, true), "{\"c\":null}");
}

static void it_orders_keys_as_declared(void **state)
{
    static const struct column columns[] = {{"a\"b", {TYPE_INT4, -1}, true},
                                            {"v", {TYPE_TEXT, -1}, false},
                                            {"k", {TYPE_TEXT, -1}, true}};
    static const uint16_t key[] = {2, 0};
    struct schema schema = {columns, key, 3, 2};
    struct arena *arena CLEANUP(arena) = arena_new(1 << 16);
    struct row_builder builder = {0};
    struct buf out CLEANUP(buf) = {0};

    (void)state;
    row_begin(&builder, 3);
    row_set_slot(&builder, 0, 7);
    row_set_bytes(&builder, 2, STR("x"));
    const struct row *row = row_finish(&builder, arena);
    json_write_key(&out, &schema, row);
    assert_string_equal(buf_cstr(&out), "{\"k\":\"x\",\"a\\\"b\":7}");
    buf_clear(&out);
    json_write_row(&out, &schema, row);
    assert_string_equal(buf_cstr(&out), "{\"a\\\"b\":7,\"v\":null,\"k\":\"x\"}");
    buf_clear(&out);
    schema.key_n = 0;
    json_write_key(&out, &schema, row);
    assert_string_equal(buf_cstr(&out), "{}");
    row_builder_done(&builder);
}

/* The key of a row of one column, given in its text form. */
static void write_key_of(struct buf *out, enum type_id type, const char *text)
{
    struct arena *arena CLEANUP(arena) = arena_new(1 << 16);
    struct column column = {"k", {type, -1}, false};
    static const uint16_t key[] = {0};
    struct schema schema = {&column, key, 1, 1};
    struct row_builder builder = {0};
    struct value value;
    struct err err;

    assert_true(text_parse(column.type, str_of(text), arena, &value, &err));
    row_begin(&builder, 1);
    row_set_value(&builder, 0, type, value);
    json_write_key(out, &schema, row_finish(&builder, arena));
    row_builder_done(&builder);
}

static void it_writes_one_key_for_equal_texts(void **state)
{
    static const struct {
        enum type_id type;
        const char *a, *b, *want;
    } cases[] = {
        {TYPE_INTERVAL, "30 days 24:00", "1 mon 1 day", "{\"k\":\"1 mon 1 day\"}"},
        {TYPE_INTERVAL, "-1 day", "-24:00", "{\"k\":\"-1 days\"}"},
        {TYPE_JSONB, "{\"a\": [1.50, 2.0]}", "{\"a\":[1.5,2]}",
         "{\"k\":\"{\\\"a\\\": [1.5, 2]}\"}"},
        {TYPE_JSONB, "null", " null ", "{\"k\":\"null\"}"},
        {(enum type_id)(TYPE_ARRAY | TYPE_NUMERIC), "{1.0,NULL}", "{1.00,NULL}",
         "{\"k\":[1,null]}"},
        {(enum type_id)(TYPE_ARRAY | TYPE_INT4), "[0:0]={1}", "[0:0]={1}", "{\"k\":\"[0:0]={1}\"}"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf a CLEANUP(buf) = {0}, b CLEANUP(buf) = {0};

        write_key_of(&a, cases[i].type, cases[i].a);
        write_key_of(&b, cases[i].type, cases[i].b);
        assert_string_equal(buf_cstr(&a), cases[i].want);
        assert_string_equal(buf_cstr(&b), cases[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_writes_rows_as_row_to_json),
        cmocka_unit_test(it_writes_one_key_for_equal_values),
        cmocka_unit_test(it_orders_keys_as_declared),
        cmocka_unit_test(it_writes_one_key_for_equal_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
