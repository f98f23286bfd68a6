/* record/types: names, typmods, classes, columns. */
#include "record/types.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka needs the four above */
#include <cmocka.h>

static void check_print(enum type_id id, int32_t typmod, const char *want)
{
    CLEANUP(buf) struct buf out = {0};

    type_print(&out, (struct type){id, typmod});
    assert_string_equal(buf_cstr(&out), want);
}

static void prints_as_format_type(void **state)
{
    (void)state;
    check_print(TYPE_BOOL, -1, "boolean");
    check_print(TYPE_INT8, -1, "bigint");
    check_print(TYPE_FLOAT4, -1, "real");
    check_print(TYPE_NUMERIC, -1, "numeric");
    check_print(TYPE_NUMERIC, type_numeric_make_typmod(12, 2), "numeric(12,2)");
    check_print(TYPE_NUMERIC, type_numeric_make_typmod(4, -2), "numeric(4,-2)");
    check_print(TYPE_VARCHAR, -1, "character varying");
    check_print(TYPE_VARCHAR, 504, "character varying(500)");
    check_print(TYPE_BPCHAR, -1, "bpchar");
    check_print(TYPE_BPCHAR, 7, "character(3)");
    check_print(TYPE_TIME, -1, "time without time zone");
    check_print(TYPE_TIME, 0, "time(0) without time zone");
    check_print(TYPE_TIMESTAMP, 3, "timestamp(3) without time zone");
    check_print(TYPE_TIMESTAMPTZ, 6, "timestamp(6) with time zone");
    check_print(TYPE_TIMESTAMPTZ, -1, "timestamp with time zone");
    check_print(TYPE_DATE, -1, "date");
    check_print(TYPE_UNKNOWN, -1, "unknown");
}

static void finds_its_own_names(void **state)
{
    (void)state;
    for (int id = TYPE_BOOL; id < TYPE_UNKNOWN; id++) {
        enum type_id found = TYPE_UNKNOWN;

        assert_true(type_find(str_of(type_name((enum type_id)id)), &found));
        assert_int_equal(found, id);
    }
}

static void finds_other_names(void **state)
{
    static const struct {
        const char *name;
        enum type_id id;
    } cases[] = {{"int8", TYPE_INT8},       {"int", TYPE_INT4},
                 {"decimal", TYPE_NUMERIC}, {"varchar", TYPE_VARCHAR},
                 {"bpchar", TYPE_BPCHAR},   {"timestamptz", TYPE_TIMESTAMPTZ},
                 {"float8", TYPE_FLOAT8},   {"bool", TYPE_BOOL}};
    enum type_id found = TYPE_UNKNOWN;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_true(type_find(str_of(cases[i].name), &found));
        assert_int_equal(found, cases[i].id);
    }
    found = TYPE_UNKNOWN;
    assert_false(type_find(STR("char"), &found)); /* the one-byte type of the catalog */
    assert_false(type_find(STR("unknown"), &found));
    assert_false(type_find(STR(""), &found));
    assert_int_equal(found, TYPE_UNKNOWN);
}

static void numeric_typmods_go_both_ways(void **state)
{
    static const int cases[][2] = {{1, 0}, {12, 2}, {1000, 1000}, {1000, -1000}, {3, 5}, {4, -2}};
    int precision = -7, scale = -7;

    (void)state;
    assert_false(type_numeric_typmod(-1, &precision, &scale));
    assert_int_equal(precision, -7);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int32_t typmod = type_numeric_make_typmod(cases[i][0], cases[i][1]);

        assert_true(type_numeric_typmod(typmod, &precision, &scale));
        assert_int_equal(precision, cases[i][0]);
        assert_int_equal(scale, cases[i][1]);
    }
    /* as pg_attribute has it for numeric(12,2) */
    assert_int_equal(type_numeric_make_typmod(12, 2), 786438);
}

static void tells_classes_apart(void **state)
{
    (void)state;
    assert_true(type_is_bytes(TYPE_NUMERIC));
    assert_true(type_is_bytes(TYPE_UUID));
    assert_false(type_is_bytes(TYPE_TIMESTAMPTZ));
    assert_true(type_is_number(TYPE_FLOAT4));
    assert_true(type_is_number(TYPE_NUMERIC));
    assert_false(type_is_number(TYPE_DATE));
    assert_true(type_is_text(TYPE_BPCHAR));
    assert_false(type_is_text(TYPE_JSON));
}

static void finds_columns(void **state)
{
    static const struct column columns[] = {{"a", {TYPE_INT4, -1}, true},
                                            {"ab", {TYPE_TEXT, -1}, false}};
    struct schema schema = {.columns = columns, .columns_n = 2};

    (void)state;
    assert_int_equal(schema_find(&schema, STR("ab")), 1);
    assert_int_equal(schema_find(&schema, STR("a")), 0);
    assert_int_equal(schema_find(&schema, STR("A")), -1);
    assert_int_equal(schema_find(&schema, STR("abc")), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_as_format_type),
        cmocka_unit_test(finds_its_own_names),
        cmocka_unit_test(finds_other_names),
        cmocka_unit_test(tells_classes_apart),
        cmocka_unit_test(numeric_typmods_go_both_ways),
        cmocka_unit_test(finds_columns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
