/* record/key: order, equality classes, NULLs, self-delimiting. */
#include "record/key.h"
#include "record/text.h"

#include "record/numeric.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka needs the three above */
#include <cmocka.h>

enum { VALUES_MAX = 16 };

/* Values in rising order: each key is below the next, and the other way round when descending; what
 * follows a value in the key does not disturb that. */
static void check_rising(enum type_id type, const struct value *values, int n)
{
    static const struct key_order orders[] = {
        {false, false}, {false, true}, {true, false}, {true, true}};

    for (size_t k = 0; k < sizeof(orders) / sizeof(orders[0]); k++) {
        struct buf keys[VALUES_MAX] = {{0}};

        assert_true(n <= VALUES_MAX);
        for (int i = 0; i < n; i++) {
            key_append(&keys[i], type, values[i], orders[k]);
            /* a second column that falls while the first rises */
            key_append(&keys[i], TYPE_INT4, (struct value){.slot = n - i}, KEY_ASCENDING);
        }
        for (int i = 0; i + 1 < n; i++) {
            int order = str_cmp(buf_str(&keys[i]), buf_str(&keys[i + 1]));

            assert_true(orders[k].descending ? order > 0 : order < 0);
        }
        for (int i = 0; i < n; i++)
            buf_done(&keys[i]);
    }
}

static void check_equal(enum type_id type, struct value a, struct value b)
{
    CLEANUP(buf) struct buf left = {0}, right = {0};

    key_append(&left, type, a, KEY_ASCENDING);
    key_append(&right, type, b, KEY_ASCENDING);
    assert_true(str_eq(buf_str(&left), buf_str(&right)));
}

static void numbers_rise(void **state)
{
    static const struct value ints[] = {{.slot = INT16_MIN}, {.slot = -256}, {.slot = -1},
                                        {.slot = 0},         {.slot = 1},    {.slot = 255},
                                        {.slot = INT16_MAX}};
    static const struct value longs[] = {{.slot = INT64_MIN}, {.slot = INT32_MIN},
                                         {.slot = -1},        {.slot = 0},
                                         {.slot = INT32_MAX}, {.slot = INT64_MAX}};
    const struct value reals[] = {
        {.real = -INFINITY}, {.real = -1e300}, {.real = -1},    {.real = -5e-324},  {.real = 0},
        {.real = 5e-324},    {.real = 1},      {.real = 1e300}, {.real = INFINITY}, {.real = NAN}};
    static const struct value bools[] = {{.slot = 0}, {.slot = 1}};

    (void)state;
    check_rising(TYPE_INT2, ints, 7);
    check_rising(TYPE_INT4, ints, 7);
    check_rising(TYPE_DATE, ints, 7);
    check_rising(TYPE_INT8, longs, 6);
    check_rising(TYPE_TIMESTAMP, longs, 6);
    check_rising(TYPE_TIMESTAMPTZ, longs, 6);
    check_rising(TYPE_FLOAT8, reals, 10);
    check_rising(TYPE_FLOAT4, reals, 10);
    check_rising(TYPE_BOOL, bools, 2);
    check_equal(TYPE_FLOAT8, (struct value){.real = 0.0}, (struct value){.real = -0.0});
    check_equal(TYPE_FLOAT8, (struct value){.real = NAN}, (struct value){.real = -NAN});
}

static void texts_rise_by_bytes(void **state)
{
    static const struct value texts[] = {
        {.bytes = {"", 0}},    {.bytes = {"\1", 1}},       {.bytes = {"\2", 1}},
        {.bytes = {"B", 1}},   {.bytes = {"_", 1}},        {.bytes = {"a", 1}},
        {.bytes = {"a\1", 2}}, {.bytes = {"a b", 3}},      {.bytes = {"ab", 2}},
        {.bytes = {"b", 1}},   {.bytes = {"\303\251", 2}}, {.bytes = {"\360\235\204\236", 4}}};
    static const struct value bytes[] = {{.bytes = {"", 0}},     {.bytes = {"\0", 1}},
                                         {.bytes = {"\0\0", 2}}, {.bytes = {"\0\1", 2}},
                                         {.bytes = {"\1", 1}},   {.bytes = {"\1\0", 2}},
                                         {.bytes = {"\1\1", 2}}, {.bytes = {"\2", 1}},
                                         {.bytes = {"\377", 1}}, {.bytes = {"\377\377", 2}}};
    static const struct value uuids[] = {{.bytes = {"0000000000000000", 16}},
                                         {.bytes = {"000000000000000\377", 16}},
                                         {.bytes = {"\3770000000000000\0", 16}}};

    (void)state;
    check_rising(TYPE_TEXT, texts, 12);
    check_rising(TYPE_VARCHAR, texts, 12);
    check_rising(TYPE_BPCHAR, texts, 12);
    check_rising(TYPE_BYTEA, bytes, 10);
    check_rising(TYPE_UUID, uuids, 3);
    check_equal(TYPE_BPCHAR, (struct value){.bytes = STR("a  ")},
                (struct value){.bytes = STR("a")});
    check_equal(TYPE_BPCHAR, (struct value){.bytes = STR("  ")}, (struct value){.bytes = STR("")});
}

static void equal_numerics_are_one(void **state)
{
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);
    static const char *const classes[][3] = {{"1", "1.0", "1.0000000000000000000000"},
                                             {"0", "0.00", "0.0000000000000000000000"},
                                             {"-1e20", "-100000000000000000000.0", "-1e20"}};
    struct value values[3];
    struct err err;

    (void)state;
    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < 3; k++) {
            values[k] = (struct value){.null = false};
            assert_true(numeric_parse(str_of(classes[i][k]), arena, &values[k].bytes, &err));
        }
        check_equal(TYPE_NUMERIC, values[0], values[1]);
        check_equal(TYPE_NUMERIC, values[0], values[2]);
    }
}

static void nulls_stand_where_they_are_told(void **state)
{
    static const struct key_order orders[] = {
        {false, false}, {false, true}, {true, false}, {true, true}};
    static const int64_t slots[] = {INT64_MIN, INT64_MAX};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        for (size_t k = 0; k < 2; k++) {
            CLEANUP(buf) struct buf null = {0}, value = {0};

            key_append(&null, TYPE_INT8, (struct value){.null = true}, orders[i]);
            key_append(&value, TYPE_INT8, (struct value){.slot = slots[k]}, orders[i]);
            assert_int_equal(str_cmp(buf_str(&null), buf_str(&value)) < 0, orders[i].nulls_first);
        }
    }
}

static void keys_of_rows(void **state)
{
    static const struct column columns[] = {
        {"a", {TYPE_INT4, -1}, true}, {"b", {TYPE_TEXT, -1}, false}, {"c", {TYPE_INT8, -1}, false}};
    static const uint16_t key[] = {1, 0};
    struct schema schema = {.columns = columns, .columns_n = 3, .key = key, .key_n = 2};
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);
    CLEANUP(buf) struct buf whole = {0}, parts = {0};
    struct row_builder builder = {0};

    (void)state;
    row_begin(&builder, 3);
    row_set_slot(&builder, 0, 5);
    row_set_bytes(&builder, 1, STR("x"));
    const struct row *row = row_finish(&builder, arena);
    key_append_key(&whole, &schema, row);
    key_append_column(&parts, &schema, row, 1);
    key_append_column(&parts, &schema, row, 0);
    assert_true(str_eq(buf_str(&whole), buf_str(&parts)));
    assert_false(key_has_null(&schema, row)); /* c is NULL but not in the key */
    row_begin(&builder, 3);
    row_set_slot(&builder, 0, 5);
    assert_true(key_has_null(&schema, row_finish(&builder, arena)));
    schema.key_n = 0;
    assert_false(key_has_null(&schema, row));
    buf_clear(&whole);
    key_append_key(&whole, &schema, row);
    assert_int_equal(whole.len, 0);
    row_builder_done(&builder);
}

/* The texts, which stand in the type's order, give rising keys. */
static void check_rising_texts(enum type_id type, const char *const *texts, int n)
{
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);
    struct value values[VALUES_MAX] = {0};
    struct err err;

    for (int i = 0; i < n; i++)
        assert_true(text_parse((struct type){type, -1}, str_of(texts[i]), arena, &values[i], &err));
    check_rising(type, values, n);
}

static void check_equal_texts(enum type_id type, const char *a, const char *b)
{
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);
    struct value left, right;
    struct err err;

    assert_true(text_parse((struct type){type, -1}, str_of(a), arena, &left, &err));
    assert_true(text_parse((struct type){type, -1}, str_of(b), arena, &right, &err));
    check_equal(type, left, right);
}

static void documents_rise_as_in_postgresql(void **state)
{
    static const char *const documents[] = {"[]",  "null",       "\"\"",       "\"a\"",
                                            "-1",  "2",          "true",       "[null]",
                                            "[1]", "[\"a\", 1]", "{\"a\": 1}", "{\"b\": 0}"};

    (void)state;
    check_rising_texts(TYPE_JSONB, documents, 12);
    check_equal_texts(TYPE_JSONB, "{\"a\": 1.0, \"b\": [1.50]}", "{\"b\":[1.5],\"a\":1}");
}

static void intervals_rise_by_their_span(void **state)
{
    static const char *const intervals[] = {"-1 year", "-1 day", "0",      "1 us",
                                            "29 days", "1 mon",  "31 days"};
    static const char *const times[] = {"10:00+02", "09:00+00", "08:00-02", "12:00+01"};

    (void)state;
    check_rising_texts(TYPE_INTERVAL, intervals, 7);
    check_equal_texts(TYPE_INTERVAL, "30 days", "1 mon");
    check_equal_texts(TYPE_INTERVAL, "24:00", "1 day");
    check_rising_texts(TYPE_TIMETZ, times, 4);
}

static void arrays_rise_by_their_elements(void **state)
{
    static const char *const arrays[] = {"{}", "{-1}", "{1}", "{1,0}", "{1,NULL}", "{2}", "{NULL}"};

    (void)state;
    check_rising_texts((enum type_id)(TYPE_ARRAY | TYPE_INT4), arrays, 7);
    check_equal_texts((enum type_id)(TYPE_ARRAY | TYPE_NUMERIC), "{1.0,2}", "{1.00,2}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_rise_as_in_postgresql),
        cmocka_unit_test(intervals_rise_by_their_span),
        cmocka_unit_test(arrays_rise_by_their_elements),
        cmocka_unit_test(numbers_rise),
        cmocka_unit_test(texts_rise_by_bytes),
        cmocka_unit_test(equal_numerics_are_one),
        cmocka_unit_test(nulls_stand_where_they_are_told),
        cmocka_unit_test(keys_of_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
