/* Rows as they look in bronze: declared columns, keys, CSV and JSON. */
#include "shape.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static char *keys_of(const char *text)
{
    return err_strdup(text);
}

static void make(struct shape *shape, const char *key, const char *columns)
{
    char *one = keys_of(key);
    struct err err;

    *shape = (struct shape){.header = true};
    assert_true(shape_make(shape, &one, key[0] == '\0' ? 0 : 1, columns, &err));
    free(one);
}

static void expect_json(struct shape *shape, const char *text, const char *key, const char *after)
{
    struct buf both CLEANUP(buf) = {0}, expected CLEANUP(buf) = {0};
    struct shaped row;
    struct err err;

    assert_true(shape_json(shape, str_of(text), (struct shape_place){STR("f"), 7}, &row, &err));
    buf_printf(&both, "%.*s %.*s", STR_ARG(row.key), STR_ARG(row.after));
    buf_printf(&expected, "%s %s", key, after);
    assert_string_equal(buf_cstr(&both), buf_cstr(&expected));
}

static void test_json(void **state)
{
    struct shape shape;
    struct shaped row;
    struct err err;
    static const char *const bad[] = {"",  "[1]",           "{\"id\":1",    "{\"x\":1}",
                                      "1", "{\"id\":null}", "{\"id\":1}{}", "{\"id\":\"\\ud800\"}"};

    (void)state;
    make(&shape, "id", NULL);
    expect_json(&shape, " { \"id\" : 1.50 , \"a\" : [ 1 , \"x y\" ] } ", "{\"id\":1.50}",
                "{\"id\":1.50,\"a\":[1,\"x y\"]}");
    expect_json(&shape, "{\"id\":\"\\u00e9\\/\\n\"}", "{\"id\":\"\xC3\xA9/\\n\"}",
                "{\"id\":\"\xC3\xA9/\\n\"}");
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_false(
            shape_json(&shape, str_of(bad[i]), (struct shape_place){STR("f"), 7}, &row, &err));
    shape_done(&shape);
    make(&shape, "country=name.common", NULL);
    expect_json(&shape, "{\"name\":{\"x\":0,\"common\":\"Peru\"}}", "{\"country\":\"Peru\"}",
                "{\"country\":\"Peru\",\"name\":{\"x\":0,\"common\":\"Peru\"}}");
    shape_done(&shape);
    make(&shape, "name.common", NULL);
    expect_json(&shape, "{\"name\":{\"common\":1}}", "{\"name_common\":1}",
                "{\"name_common\":1,\"name\":{\"common\":1}}");
    shape_done(&shape);
    make(&shape, "", NULL);
    expect_json(&shape, "{}", "{\"_file\":\"f\",\"_line\":7}", "{\"_file\":\"f\",\"_line\":7 }");
    shape_done(&shape);
    make(&shape, "line=_line", NULL);
    expect_json(&shape, "{\"a\":1}", "{\"line\":7}", "{\"line\":7,\"a\":1}");
    shape_done(&shape);
}

static void test_csv(void **state)
{
    const struct str header[] = {STR("id"), STR("n"), STR("t")};
    const struct str fields[] = {STR("01"), STR(" 7"), STR("")};
    struct csv_record record = {fields, 3, STR("01, 7,"), 2, true};
    struct shape shape;
    struct shaped row;
    struct err err;

    (void)state;
    make(&shape, "id", "n integer");
    assert_true(shape_begin(&shape, header, 3, &err));
    assert_true(shape_csv(&shape, &record, (struct shape_place){STR("f"), 2}, &row, &err));
    assert_true(str_eq_c(row.key, "{\"id\":\"01\"}"));
    assert_true(str_eq_c(row.after, "{\"id\":\"01\",\"n\":7,\"t\":\"\"}"));
    record.fields_n = 2;
    assert_false(shape_csv(&shape, &record, (struct shape_place){STR("f"), 2}, &row, &err));
    assert_int_equal(err.kind, ERR_DEAD_LETTER);
    assert_false(shape_begin(&shape, header, 1, &err)); /* the declared column is missing */
    assert_false(shape_begin(&shape, header + 1, 2, &err));
    assert_int_equal(err.exit_status, EX_DATAERR);
    shape_done(&shape);
    make(&shape, "a.b", NULL);
    assert_false(shape_begin(&shape, header, 3, &err));
    assert_int_equal(err.exit_status, EX_USAGE);
    shape_done(&shape);
}

static void expect_type(const char *type, const char *field, const char *json)
{
    struct arena *arena CLEANUP(arena) = arena_new(1 << 16);
    struct buf text CLEANUP(buf) = {0}, out CLEANUP(buf) = {0};
    struct declared_list list;
    struct err err;

    buf_printf(&text, "\"a \"\"b\" %s", type);
    assert_true(declared_parse(buf_cstr(&text), &list, &err));
    assert_string_equal(list.items[0].name, "a \"b");
    bool ok = declared_write(&out, &list.items[0], str_of(field), arena, &err);
    assert_int_equal(ok, json != NULL);
    if (json != NULL)
        assert_string_equal(buf_cstr(&out), json);
    declared_done(&list);
}

static void test_types(void **state)
{
    (void)state;
    expect_type("integer", "-5", "-5");
    expect_type("int8", "9223372036854775807", "9223372036854775807");
    expect_type("smallint", "40000", NULL);
    expect_type("numeric(10, 2)", "1.005", "\"1.01\"");
    expect_type("numeric", "1e-9", "\"0.000000001\"");
    expect_type("double precision", "0.1", "0.1");
    expect_type("boolean", "Yes", "true");
    expect_type("bool", "maybe", NULL);
    expect_type("date", "1970-01-02", "1");
    expect_type("timestamp(3)", "1970-01-01 00:00:01.5", "1500");
    expect_type("timestamptz", "1970-01-01T01:00:00+01:00", "\"1970-01-01T00:00:00.000000Z\"");
    expect_type("varchar(3)", "abcd", NULL);
    expect_type("text", "", "\"\"");
    expect_type("int", "", "null");
    expect_type("jsonb", "{\"a\": 1}", "\"{\\\"a\\\": 1}\"");
}

static void test_bad_declarations(void **state)
{
    static const char *const bad[] = {"a",         "a nothing",  "a int, a int", "a int,",
                                      "\"a int",   ", a int",    "a varchar(0)", "a numeric(1,2)",
                                      "a int(3)",  "a numeric(", "a numeric()",  "a timestamp(7)",
                                      "a interval"};
    struct declared_list list;
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        assert_false(declared_parse(bad[i], &list, &err));
        assert_int_equal(err.exit_status, EX_USAGE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_json), cmocka_unit_test(test_csv),
                                       cmocka_unit_test(test_types),
                                       cmocka_unit_test(test_bad_declarations)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
