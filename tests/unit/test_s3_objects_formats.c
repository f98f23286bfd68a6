/* s3-objects: records to the text of an object, in every format. */
#include "format.h"

#include "window.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct record {
    const char *key, *value; /* value NULL: a tombstone */
};

/* The object that the records give, with offsets from 7 on. Every record must be readable. */
static const char *object_of(const struct object_format *format, const struct record *records,
                             size_t n, struct buf *out, size_t *ret_replaced)
{
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);
    struct window window = {0};
    struct err err;

    for (size_t i = 0; i < n; i++) {
        struct str key = str_of(records[i].key), value = str_of(records[i].value);
        struct object_row row;

        if (!object_row_read(key, value, 7 + (int64_t)i, arena, &row, &err))
            fail_msg("%s", err.text);
        window_add(&window, &row, key, value, 0);
    }
    assert_true(window_write(&window, format, out, ret_replaced, &err));
    window_done(&window);
    return buf_cstr(out);
}

static const struct record plain[] = {
    {"{\"id\":1}", "{\"id\":1,\"name\":\"a\\u00e9\\n\",\"n\":12345678901234567890.10,\"b\":true,"
                   "\"x\":null}"},
    {"{\"id\":2,\"k\":\"z\"}", NULL},
    {"{}", "{ }"},
    {NULL, "{\"tags\": [1, [2,3], {\"a\":\"b\"}, null, []], \"o\":{\"p\":{\"q\":[]}}}"}};

static void json_is_an_array_of_lexemes(void **state)
{
    CLEANUP(buf) struct buf out = {0};
    size_t replaced = 9;

    (void)state;
    assert_string_equal(
        object_of(&format_json, plain, 4, &out, &replaced),
        "[\n"
        "{\"id\":1,\"name\":\"a\\u00e9\\n\",\"n\":12345678901234567890.10,\"b\":true,\"x\":null,"
        "\"__op\":\"u\",\"__offset\":7},\n"
        "{\"id\":2,\"k\":\"z\",\"__op\":\"d\",\"__offset\":8},\n"
        "{\"__op\":\"u\",\"__offset\":9},\n"
        "{\"tags\":[1, [2,3], {\"a\":\"b\"}, null, []],\"o\":{\"p\":{\"q\":[]}},"
        "\"__op\":\"u\",\"__offset\":10}\n"
        "]\n");
    assert_int_equal(replaced, 0);
    assert_string_equal(object_of(&format_json, plain, 1, &out, &replaced) + out.len - 3, "\n]\n");
}

static void ndjson_is_a_row_a_line(void **state)
{
    CLEANUP(buf) struct buf out = {0};
    size_t replaced = 9;

    (void)state;
    assert_string_equal(
        object_of(&format_ndjson, plain, 4, &out, &replaced),
        "{\"id\":1,\"name\":\"a\\u00e9\\n\",\"n\":12345678901234567890.10,\"b\":true,\"x\":null,"
        "\"__op\":\"u\",\"__offset\":7}\n"
        "{\"id\":2,\"k\":\"z\",\"__op\":\"d\",\"__offset\":8}\n"
        "{\"__op\":\"u\",\"__offset\":9}\n"
        "{\"tags\":[1, [2,3], {\"a\":\"b\"}, null, []],\"o\":{\"p\":{\"q\":[]}},"
        "\"__op\":\"u\",\"__offset\":10}\n");
    assert_int_equal(replaced, 0);
}

static void ndjson_has_no_other_line_breaks(void **state)
{
    static const struct record broken[] = {
        {NULL, "\n{\r\n\"a\\nb\" :\n[1,\n\t{\"c\":\r\"\\r\\n\"}\n]\r\n, \"d\": 2\n}"},
        {"{\n\"id\": {\n}\n}", NULL}};
    CLEANUP(buf) struct buf out = {0};
    size_t replaced = 9;

    (void)state;
    assert_string_equal(
        object_of(&format_ndjson, broken, 2, &out, &replaced),
        "{\"a\\nb\":[1,\t{\"c\":\"\\r\\n\"}],\"d\":2,\"__op\":\"u\",\"__offset\":7}\n"
        "{\"id\":{},\"__op\":\"d\",\"__offset\":8}\n");
    assert_int_equal(replaced, 0);
}

#define XML_HEAD                                                                                   \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"                                                 \
    "<rows xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\n"

static void xml_is_rows(void **state)
{
    CLEANUP(buf) struct buf out = {0};
    size_t replaced = 9;

    (void)state;
    assert_string_equal(
        object_of(&format_xml, plain, 4, &out, &replaced),
        XML_HEAD "<row><id>1</id><name>a\xc3\xa9\n</name><n>12345678901234567890.10</n><b>true</b>"
                 "<x xsi:nil=\"true\"/><__op>u</__op><__offset>7</__offset></row>\n"
                 "<row><id>2</id><k>z</k><__op>d</__op><__offset>8</__offset></row>\n"
                 "<row><__op>u</__op><__offset>9</__offset></row>\n"
                 "<row><tags><item>1</item><item><item>2</item><item>3</item></item>"
                 "<item><a>b</a></item><item xsi:nil=\"true\"/><item></item></tags>"
                 "<o><p><q></q></p></o><__op>u</__op><__offset>10</__offset></row>\n"
                 "</rows>\n");
    assert_int_equal(replaced, 0);
}

static void xml_text_is_escaped_or_replaced(void **state)
{
    static const struct record nasty[] = {
        {NULL, "{\"a\":\"<&>\\\"'/]]>\\/\\\\\\t\\r\\n\\b\\f\\u0000\\u001f\","
               "\"b\":\"\\ud83d\\ude00 \\ud83d x \\ude00 \\ud83d\\u0041\","
               "\"c\":\"\\ufffe\\uffff \xef\xbf\xbe \xef\xbf\xbd \xf0\x9f\x98\x80 \x7f\"}"}};
    CLEANUP(buf) struct buf out = {0};
    size_t replaced = 0;

    (void)state;
    const char *text = object_of(&format_xml, nasty, 1, &out, &replaced);
    assert_non_null(strstr(text, "<a>&lt;&amp;&gt;\"'/]]&gt;/\\\t&#13;\n\xef\xbf\xbd\xef\xbf\xbd"
                                 "\xef\xbf\xbd\xef\xbf\xbd</a>"));
    assert_non_null(strstr(text, "<b>\xf0\x9f\x98\x80 \xef\xbf\xbd x \xef\xbf\xbd \xef\xbf\xbd"
                                 "A</b>"));
    assert_non_null(strstr(text, "<c>\xef\xbf\xbd\xef\xbf\xbd \xef\xbf\xbd \xef\xbf\xbd "
                                 "\xf0\x9f\x98\x80 \x7f</c>"));
    assert_int_equal(replaced, 4 + 3 + 3);
}

static void xml_names_are_escaped(void **state)
{
    static const struct {
        const char *name, *element;
    } names[] = {{"plain_name-1.2", "plain_name-1.2"},
                 {"bad name 1", "bad_x0020_name_x0020_1"},
                 {"a:b", "a_x003A_b"},
                 {"1st", "_x0031_st"},
                 {"-a", "_x002D_a"},
                 {"xmlfoo", "_x0078_mlfoo"},
                 {"XML", "_x0058_ML"},
                 {"a_x0020_b", "a_x005F_x0020_b"},
                 {"_x", "_x005F_x"},
                 {"<&>", "_x003C__x0026__x003E_"},
                 {"", "_x0000_"},
                 {"\xc3\xbc\xe6\x97\xa5", "\xc3\xbc\xe6\x97\xa5"},
                 {"\xc2\xb7", "_x00B7_"},
                 {"a\xc2\xb7", "a\xc2\xb7"},
                 {"\xef\xbf\xbf", "_xFFFF_"},
                 {"\xf3\xb0\x80\x80", "_xF0000_"}};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        CLEANUP(buf) struct buf value = {0}, out = {0}, expected = {0};
        size_t replaced = 0;

        buf_printf(&value, "{\"%s\":1}", names[i].name);
        buf_printf(&expected, "<row><%s>1</%s><__op>", names[i].element, names[i].element);
        const struct record record = {NULL, buf_cstr(&value)};
        const char *text = object_of(&format_xml, &record, 1, &out, &replaced);
        if (strstr(text, buf_cstr(&expected)) == NULL)
            fail_msg("%s: %s is not in %s", names[i].name, buf_cstr(&expected), text);
    }
}

static void records_that_are_no_rows_are_refused(void **state)
{
    static const struct {
        const char *key, *value, *part;
    } bad[] = {{NULL, NULL, "neither key nor value"},
               {"no json", NULL, "key of a delete"},
               {"1", NULL, "key of a delete"},
               {"[1]", NULL, "key of a delete"},
               {"{}", "", "value"},
               {"{}", "null", "value"},
               {"{}", "[]", "value"},
               {"{}", "{\"a\":1", "value"},
               {"{}", "{\"a\":1} x", "after the value"},
               {"{}", "{\"a\":01}", "value"},
               {"{}", "{\"a\":\"\xff\"}", "UTF-8"},
               {"{}", "{\"a\\u0000\":1}", "value"},
               {"{}", "{\"__op\":1}", "__op"},
               {"{}", "{\"__offset\":1}", "__offset"},
               {"{\"__op\":1}", NULL, "__op"}};
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct object_row row;
        struct err err;

        if (object_row_read(str_of(bad[i].key), str_of(bad[i].value), 1, arena, &row, &err))
            fail_msg("taken: %zu", i);
        assert_int_equal(err.kind, ERR_DEAD_LETTER);
        if (strstr(err.text, bad[i].part) == NULL)
            fail_msg("%zu: \"%s\" does not say \"%s\"", i, err.text, bad[i].part);
    }
}

static void wide_rows_grow(void **state)
{
    CLEANUP(buf) struct buf value = {0}, out = {0};
    size_t replaced = 0;

    (void)state;
    buf_char(&value, '{');
    for (int i = 0; i < 1000; i++)
        buf_printf(&value, "%s\"c%d\":%d", i == 0 ? "" : ",", i, i);
    buf_char(&value, '}');
    const struct record record = {NULL, buf_cstr(&value)};
    const char *text = object_of(&format_json, &record, 1, &out, &replaced);
    assert_memory_equal(text + 2, value.at, value.len - 1);
}

static void a_window_is_due_by_each_limit(void **state)
{
    const struct window_limits limits = {.records = 3, .bytes = 400, .interval_ms = 1000};
    const struct object_row row = {.offset = 5};
    struct window window = {0};

    (void)state;
    assert_false(window_due(&window, &limits, 1 << 30)); /* an empty one never is */
    window_add(&window, &row, STR("{}"), STR("{}"), 100);
    assert_int_equal(window.first_offset, 5);
    assert_false(window_due(&window, &limits, 1099));
    assert_true(window_due(&window, &limits, 1100));
    window_add_bad(&window, 9, 20, 500);
    assert_int_equal(window.last_offset, 9);
    assert_false(window_due(&window, &limits, 500));
    window_add_bad(&window, 10, 20, 500);
    assert_true(window_due(&window, &limits, 500));
    assert_int_equal(window.count, 3);
    assert_int_equal(window.n, 1);
    window_clear(&window);
    assert_int_equal(window_bytes(&window), 0);
    window_add_bad(&window, 20, 400, 0);
    assert_true(window_due(&window, &limits, 0));
    assert_int_equal(window.first_offset, 20);
    window_done(&window);
}

static void an_object_has_a_limit(void **state)
{
    CLEANUP(buf) struct buf out = {.limit = 20};
    const struct object_row row = {.offset = 5};
    struct window window = {0};
    size_t replaced = 0;
    struct err err;

    (void)state;
    window_add(&window, &row, STR("{}"), STR("{\"a\":1}"), 0);
    assert_false(window_write(&window, &format_json, &out, &replaced, &err));
    assert_int_equal(err.kind, ERR_STOP);
    window_done(&window);
}

static void formats_are_found_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; object_formats[i] != NULL; i++)
        assert_ptr_equal(object_format_find(object_formats[i]->name), object_formats[i]);
    assert_null(object_format_find("yaml"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_is_an_array_of_lexemes),
        cmocka_unit_test(ndjson_is_a_row_a_line),
        cmocka_unit_test(ndjson_has_no_other_line_breaks),
        cmocka_unit_test(xml_is_rows),
        cmocka_unit_test(xml_text_is_escaped_or_replaced),
        cmocka_unit_test(xml_names_are_escaped),
        cmocka_unit_test(records_that_are_no_rows_are_refused),
        cmocka_unit_test(wide_rows_grow),
        cmocka_unit_test(a_window_is_due_by_each_limit),
        cmocka_unit_test(an_object_has_a_limit),
        cmocka_unit_test(formats_are_found_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
