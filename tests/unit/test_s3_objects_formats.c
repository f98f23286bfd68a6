/* s3-objects: records to the text of an object, in every format. */
#include "format.h"

#include "table_file.h"
#include "typed.h"
#include "window.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct record {
    const char *key, *value; /* value NULL: a tombstone */
};

static const struct object_shape ordinary = {.envelope = true};

/* The object that the records give, with offsets from 7 on. Every record must be readable. */
static const char *shaped(const struct object_format *format, const struct object_shape *shape,
                          const struct record *records, size_t n, struct buf *out,
                          size_t *ret_replaced)
{
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);
    struct window window = {0};
    struct err err;

    for (size_t i = 0; i < n; i++) {
        struct str key = str_of(records[i].key), value = str_of(records[i].value);
        struct object_row row;

        if (!object_row_read(shape, key, value, arena, &row, &err) ||
            !typed_row_check(shape, &row, arena, &err))
            fail_msg("%s", err.text);
        row.offset = 7 + (int64_t)i;
        window_add(&window, &row, key, value, 0);
    }
    assert_true(window_write(&window, format, shape, out, ret_replaced, &err));
    window_done(&window);
    return buf_cstr(out);
}

static const char *object_of(const struct object_format *format, const struct record *records,
                             size_t n, struct buf *out, size_t *ret_replaced)
{
    return shaped(format, &ordinary, records, n, out, ret_replaced);
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

        if (object_row_read(&ordinary, str_of(bad[i].key), str_of(bad[i].value), arena, &row, &err))
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
    assert_false(window_write(&window, &format_json, &ordinary, &out, &replaced, &err));
    assert_int_equal(err.kind, ERR_STOP);
    window_done(&window);
}

static const char tables[] =
    "-- a comment; with ( brackets\n"
    "CREATE SCHEMA IF NOT EXISTS gold;\n"
    "CREATE TABLE other (\n  a text\n);\n"
    "CREATE TABLE IF NOT EXISTS gold.all_types (\n"
    "  id bigint NOT NULL,\n  name character varying(500),\n  price numeric(10,2) CHECK (price > "
    "0),\n"
    "  total numeric, \"odd, \"\"name\" text DEFAULT 'a,b)', flag boolean, day date,\n"
    "  at timestamp(3) without time zone, doc jsonb, tags text[],\n"
    "  status mood,\n  PRIMARY KEY (id), CONSTRAINT c CHECK (id > 0)\n);\n";

static const struct schema *columns_of(struct arena *arena, struct object_shape *shape)
{
    struct err err;

    if (!table_file_columns(str_of(tables), "p.gold.all_types", shape->columns, arena,
                            &shape->schema, &err))
        fail_msg("%s", err.text);
    return shape->schema;
}

static void tables_are_read_from_their_file(void **state)
{
    static const struct {
        const char *name, *type;
        bool not_null;
    } expected[] = {{"id", "bigint", true},
                    {"name", "character varying", false},
                    {"price", "numeric(10,2)", false},
                    {"total", "numeric", false},
                    {"odd, \"name", "text", false},
                    {"flag", "boolean", false},
                    {"day", "date", false},
                    {"at", "timestamp(3) without time zone", false},
                    {"doc", "jsonb", false},
                    {"tags", "text", false},
                    {"status", "text", false}};
    CLEANUP(arena) struct arena *arena = arena_new(0);
    struct object_shape shape = {0};
    const struct schema *schema = columns_of(arena, &shape);
    char missing[] = "nothing";
    char *names[] = {missing};
    const struct option_list only = {names, 1, 0};
    struct err err;

    (void)state;
    assert_int_equal(schema->columns_n, sizeof(expected) / sizeof(*expected));
    for (uint16_t i = 0; i < schema->columns_n; i++) {
        CLEANUP(buf) struct buf type = {0};

        type_print(&type, schema->columns[i].type);
        assert_string_equal(schema->columns[i].name, expected[i].name);
        assert_string_equal(buf_cstr(&type), expected[i].type);
        assert_int_equal(schema->columns[i].not_null, expected[i].not_null);
    }
    assert_false(table_file_columns(str_of(tables), "p.gold.none", NULL, arena, &schema, &err));
    assert_int_equal(err.kind, ERR_STOP);
    assert_false(
        table_file_columns(str_of(tables), "p.gold.all_types", &only, arena, &schema, &err));
    assert_non_null(strstr(err.text, "nothing"));
    assert_false(
        table_file_columns(STR("CREATE TABLE a (x text"), "a", NULL, arena, &schema, &err));
}

static const struct record typed[] = {
    {"{\"id\":1}", "{\"id\":1,\"name\":\"a,b\",\"price\":1.5,\"total\":1.2300,\"flag\":true,"
                   "\"odd, \\\"name\":\"\",\"day\":\"2026-01-14\",\"at\":\"2026-01-14T12:00:00.5\","
                   "\"doc\":{\"a\": [1, \"x\"]},\"tags\":[\"it's\",null,true,1e2],\"status\":\"say "
                   "\\\"hi\\\"\"}"},
    {"{\"id\":2}",
     "{\"id\":2,\"name\":null,\"price\":-0.10,\"flag\":false,\"status\":\"\\u0000\\n\"}"},
    {"{\"id\":3}", NULL}};

static void csv_is_as_copy_writes_it(void **state)
{
    CLEANUP(arena) struct arena *arena = arena_new(0);
    CLEANUP(buf) struct buf out = {0};
    struct object_shape shape = {.envelope = true};
    size_t replaced = 0;

    (void)state;
    columns_of(arena, &shape);
    assert_string_equal(
        shaped(&format_csv, &shape, typed, 3, &out, &replaced),
        "id,name,price,total,\"odd, \"\"name\",flag,day,at,doc,tags,status,__op,__offset\n"
        "1,\"a,b\",1.50,1.2300,\"\",t,2026-01-14,2026-01-14 12:00:00.5,\"{\"\"a\"\": [1, "
        "\"\"x\"\"]}\","
        "\"[\"\"it's\"\",null,true,1e2]\",\"say \"\"hi\"\"\",u,7\n"
        "2,,-0.10,,,f,,,,,\"\xef\xbf\xbd\n\",u,8\n"
        "3,,,,,,,,,,,d,9\n");
    assert_int_equal(replaced, 1);
}

static void csv_has_dialects(void **state)
{
    char a[] = "a", b[] = "B";
    char *names[] = {b, a};
    const struct option_list columns = {names, 2, 0};
    static const struct record rows[] = {
        {"{}", "{\"a\":\"\",\"B\":[\"it's\",{\"x\":1.50,\"y\":null,\"z\":true}],\"c\":1}"},
        {"{}", "{\"a\":null,\"B\":\"x;\\ty\"}"}};
    CLEANUP(buf) struct buf out = {0};
    struct object_shape shape = {.columns = &columns,
                                 .csv = {.delimiter = ';',
                                         .quote = CSV_QUOTE_MINIMAL,
                                         .header = CSV_HEADER_UPPER,
                                         .crlf = true,
                                         .null_text = "NULL",
                                         .nested = CSV_NESTED_REPR}};
    size_t replaced = 0;

    (void)state;
    assert_string_equal(shaped(&format_csv, &shape, rows, 2, &out, &replaced),
                        "B;A\r\n\"[\"\"it's\"\", {'x': 1.5, 'y': None, 'z': True}]\";\r\n"
                        "\"x;\ty\";NULL\r\n");
    shape.csv =
        (struct csv_dialect){.delimiter = '\t', .quote = CSV_QUOTE_ALL, .header = CSV_HEADER_LOWER};
    assert_string_equal(shaped(&format_csv, &shape, rows + 1, 1, &out, &replaced),
                        "\"b\"\t\"a\"\n\"x;\ty\"\t\n");
    shape.csv = (struct csv_dialect){.header = CSV_HEADER_NONE, .null_text = "NULL"};
    assert_string_equal(shaped(&format_csv, &shape, rows + 1, 1, &out, &replaced), "x;\ty,NULL\n");
    assert_string_equal(shaped(&format_csv, &shape, rows, 0, &out, &replaced), "");
}

static void xml_tree_prints_as_python_does(void **state)
{
    static const struct {
        const char *json, *text;
    } numbers[] = {{"39.99", "39.99"},
                   {"55.0", "55.0"},
                   {"18.50", "18.5"},
                   {"55", "55"},
                   {"-0", "0"},
                   {"-0.0", "-0.0"},
                   {"0.000", "0.0"},
                   {"1e-7", "1e-07"},
                   {"1e22", "1e+22"},
                   {"1E16", "1e+16"},
                   {"1e15", "1000000000000000.0"},
                   {"0.0001", "0.0001"},
                   {"0.00001", "1e-05"},
                   {"123456789.123456789", "123456789.12345679"},
                   {"1e400", "inf"},
                   {"-1e400", "-inf"},
                   {"1.5e300", "1.5e+300"},
                   {"5e-324", "5e-324"},
                   {"0.1000000", "0.1"},
                   {"12345678901234567890", "12345678901234567890"},
                   {"9007199254740993.0", "9007199254740992.0"},
                   {"null", "None"},
                   {"true", "True"},
                   {"false", "False"}};
    const struct object_shape shape = {.xml = {.style = XML_TREE, .root = "r", .record = "p"}};

    (void)state;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
        CLEANUP(buf) struct buf value = {0}, out = {0}, expected = {0};
        size_t replaced = 0;

        buf_printf(&value, "{\"a\":%s}", numbers[i].json);
        buf_printf(
            &expected,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<r>\n  <p>\n    <a>%s</a>\n  </p>\n</r>\n",
            numbers[i].text);
        const struct record record = {"{}", buf_cstr(&value)};
        assert_string_equal(shaped(&format_xml, &shape, &record, 1, &out, &replaced),
                            buf_cstr(&expected));
    }
}

static void xml_tree_nests(void **state)
{
    const struct xml_wrap wraps[] = {{STR("list"), STR("entry")}};
    const struct object_shape shape = {.xml = {.style = XML_TREE, .wraps = wraps, .wraps_n = 1}};
    static const struct record row = {"{}", "{\"b\":{\"c\":\"<&>\",\"d\":{}},\"list\":[{\"x\":1},2,"
                                            "[]],\"other\":[{\"y\":\"a\",\"z\":1.0},"
                                            "{\"y\":\"b\"},\"s\"],\"list2\":[]}"};
    CLEANUP(buf) struct buf out = {0};
    size_t replaced = 0;

    (void)state;
    assert_string_equal(shaped(&format_xml, &shape, &row, 1, &out, &replaced),
                        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rows>\n  <row>\n"
                        "    <b>\n      <c>&lt;&amp;&gt;</c>\n      <d>\n      </d>\n    </b>\n"
                        "    <list>\n      <entry>\n        <x>1</x>\n      </entry>\n"
                        "      <entry>2</entry>\n      <entry>\n      </entry>\n    </list>\n"
                        "    <other>\n      <y>a</y>\n      <z>1.0</z>\n      <y>b</y>\n      "
                        "<item>s</item>\n    </other>\n"
                        "    <list2>\n    </list2>\n  </row>\n</rows>\n");
}

static void a_row_may_lie_inside_the_record(void **state)
{
    const struct object_shape shape = {.envelope = true, .row_from = "after"};
    static const struct record rows[] = {
        {"{\"id\":1}", "{\"before\":null,\"after\":{\"id\":1,\"v\":[2]},\"op\":\"c\"}"},
        {"{\"id\":1}", "{\"before\":{},\"after\":null,\"op\":\"d\"}"},
        {"{\"id\":1}", NULL}};
    CLEANUP(arena) struct arena *arena = arena_new(0);
    CLEANUP(buf) struct buf out = {0};
    size_t replaced = 0;
    struct object_row row;
    struct err err;

    (void)state;
    assert_string_equal(shaped(&format_ndjson, &shape, rows, 3, &out, &replaced),
                        "{\"id\":1,\"v\":[2],\"__op\":\"u\",\"__offset\":7}\n"
                        "{\"id\":1,\"__op\":\"d\",\"__offset\":8}\n"
                        "{\"id\":1,\"__op\":\"d\",\"__offset\":9}\n");
    assert_false(object_row_read(&shape, STR("{}"), STR("{\"b\":1}"), arena, &row, &err));
    assert_false(object_row_read(&shape, STR("{}"), STR("{\"after\":1}"), arena, &row, &err));
    assert_int_equal(err.kind, ERR_DEAD_LETTER);
}

static void values_of_other_types_are_refused(void **state)
{
    static const char *const bad[] = {"{\"id\":\"x\"}",
                                      "{\"id\":1.5}",
                                      "{\"id\":99999999999999999999}",
                                      "{\"price\":123456789.00}",
                                      "{\"price\":\"NaN\"}",
                                      "{\"flag\":2}",
                                      "{\"day\":\"2026-02-30\"}",
                                      "{\"day\":\"infinity\"}",
                                      "{\"at\":[]}",
                                      "{\"total\":{}}"};
    CLEANUP(arena) struct arena *arena = arena_new(0);
    struct object_shape shape = {.finite = true};

    (void)state;
    columns_of(arena, &shape);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct object_row row;
        struct err err;

        assert_true(object_row_read(&shape, STR("{}"), str_of(bad[i]), arena, &row, &err));
        if (typed_row_check(&shape, &row, arena, &err))
            fail_msg("taken: %s", bad[i]);
        assert_int_equal(err.kind, ERR_DEAD_LETTER);
        assert_non_null(strstr(err.text, "column "));
    }
}

static void an_object_may_be_drained_and_zipped(void **state)
{
    const struct object_shape shape = {.gzip = true};
    CLEANUP(buf) struct buf whole = {0}, again = {0}, piece = {0}, joined = {0}, value = {0};
    CLEANUP(arena) struct arena *arena = arena_new(0);
    CLEANUP(object_stream) struct object_stream stream;
    struct record records[400];
    size_t replaced = 0;
    struct err err;

    (void)state;
    for (int i = 0; i < 1000; i++)
        buf_printf(&value, "%s\"c%d\":%d", i == 0 ? "{" : ",", i, i * 7919 % 1000);
    buf_char(&value, '}');
    for (size_t i = 0; i < 400; i++)
        records[i] = (struct record){"{}", buf_cstr(&value)};
    shaped(&format_ndjson, &shape, records, 400, &whole, &replaced);
    shaped(&format_ndjson, &shape, records, 400, &again, &replaced);
    assert_true(str_eq(buf_str(&whole), buf_str(&again)));
    assert_memory_equal(whole.at, "\x1f\x8b\x08\0\0\0\0\0", 8); /* no name, no time */
    object_stream_begin(&stream, &format_ndjson, &shape, &piece);
    for (size_t i = 0; i < 400; i++) {
        struct object_row row;

        assert_true(object_row_read(&shape, STR("{}"), buf_str(&value), arena, &row, &err));
        object_stream_row(&stream, &row);
        buf_put(&joined, buf_str(&piece));
        buf_clear(&piece);
    }
    object_stream_end(&stream);
    buf_put(&joined, buf_str(&piece));
    assert_true(str_eq(buf_str(&whole), buf_str(&joined)));
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
        cmocka_unit_test(tables_are_read_from_their_file),
        cmocka_unit_test(csv_is_as_copy_writes_it),
        cmocka_unit_test(csv_has_dialects),
        cmocka_unit_test(xml_tree_prints_as_python_does),
        cmocka_unit_test(xml_tree_nests),
        cmocka_unit_test(a_row_may_lie_inside_the_record),
        cmocka_unit_test(values_of_other_types_are_refused),
        cmocka_unit_test(an_object_may_be_drained_and_zipped),
        cmocka_unit_test(formats_are_found_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
