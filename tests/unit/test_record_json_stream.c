/* Records out of JSON in chunks of any size: lines, elements of arrays here and inside objects, and how it ends. */
#include "base/buf.h"
#include "record/json_stream.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* What comes out, records between bars, with their lines: "1:{..}|2:{..}|". A bad one is
 * "!line|", a broken document "X". */
static void read_all(struct json_stream *stream, struct str document, size_t chunk, struct buf *out)
{
    struct json_record record;
    struct err err;
    size_t at = 0;

    for (;;) {
        enum stream_step step = json_stream_next(stream, &record, &err);

        if (step == STREAM_MORE) {
            size_t room, left = document.len - at, n = left < chunk ? left : chunk;
            char *to = window_room(&stream->window, &room);

            if (n > 0)
                memcpy(to, document.at + at, n);
            window_filled(&stream->window, n);
            stream->window.ended = (at += n) == document.len && n == 0;
        } else if (step == STREAM_RECORD) {
            buf_printf(out, "%d:%.*s|", (int)record.line, STR_ARG(record.text));
        } else if (step == STREAM_BAD) {
            buf_printf(out, "!%d|", (int)record.line);
        } else {
            buf_puts(out, step == STREAM_BROKEN ? "X" : "");
            break;
        }
    }
    assert_int_equal(json_stream_next(stream, &record, &err), STREAM_END);
    window_done(&stream->window);
}

enum { LINES = 1 };

static void expect(int lines, const char *root, const char *document, const char *expected)
{
    static const size_t chunks[] = {1, 2, 3, 7, 16, 10000};
    struct err err;

    for (size_t i = 0; i < sizeof(chunks) / sizeof(*chunks); i++) {
        struct buf out CLEANUP(buf) = {0};
        struct json_stream stream;

        if (lines)
            json_lines(&stream, 40);
        else
            assert_true(json_elements(&stream, str_of(root), 40, &err));
        read_all(&stream, str_of(document), chunks[i], &out);
        assert_string_equal(buf_cstr(&out), expected);
    }
}

static void test_lines(void **state)
{
    (void)state;
    expect(LINES, "",
           "{\"a\":1}\n\n  \r\n{\"b\":2}\r\n{\"c\":", "1:{\"a\":1}|4:{\"b\":2}|5:{\"c\":|");
    expect(LINES, "", "", "");
    expect(LINES, "", "\n\n", "");
    expect(LINES, "", "\xEF\xBB\xBF{}\n", "1:{}|");
    expect(LINES, "", "{}\n{\"long\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}\n{}\n",
           "1:{}|!2|3:{}|");
}

static void test_elements(void **state)
{
    (void)state;
    expect(0, "", "[]", "");
    expect(0, "", " [ ] \n", "");
    expect(0, "", "[{\"a\":1},{\"b\":[1,{\"c\":\"]}\\\"\"}]}]",
           "1:{\"a\":1}|1:{\"b\":[1,{\"c\":\"]}\\\"\"}]}|");
    expect(0, "", "[\n {\"a\":\n1} ,\n\n{}\n]\n", "2:{\"a\":\n1}|5:{}|");
    expect(0, "", "[1,\"x,\\\\\",null,[2] , -3.5]", "1:1|1:\"x,\\\\\"|1:null|1:[2]|1:-3.5|");
    expect(0, "", "\xEF\xBB\xBF[1]", "1:1|");
    expect(0, "", "[{},{\"long\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx]}\"},{}]",
           "1:{}|!1|1:{}|");
}

static void test_one_object(void **state)
{
    (void)state;
    expect(0, ".", "{\"only\":{\"one\":1}} ", "1:{\"only\":{\"one\":1}}|");
    expect(0, ".", "[{},2]", "1:{}|1:2|");
    expect(0, ".", "{\"a\":1", "X");
    expect(0, ".", "1", "X");
    expect(0, "", "{\"only\":{\"one\":1}} ", "X");
}

static void test_root(void **state)
{
    (void)state;
    expect(0, "data", "{\"n\":1,\"data\":[1,2]}", "1:1|1:2|");
    expect(0, "data.items",
           "{\"x\":{\"items\":[9]},\"data\":{\"k\":\"]\",\"items\":[{}], \"z\":[[]]},\"y\":\"}\"}",
           "1:{}|");
    expect(0, "a", "{\"a\":[1]", "1:1|X");
    expect(0, "a", "{\"a\":[1]} 2", "1:1|X");
    expect(0, "b", "{\"a\":[1]}", "X");
    expect(0, "a", "{\"a\":{\"b\":1}}", "X");
    expect(0, "a", "[1]", "X");
}

static void test_broken(void **state)
{
    (void)state;
    expect(0, "", "", "X");
    expect(0, "", "[", "X");
    expect(0, "", "[{\"a\":1},{\"b\":", "1:{\"a\":1}|X");
    expect(0, "", "[{\"a\":1}", "1:{\"a\":1}|X");
    expect(0, "", "[1,", "1:1|X");
    expect(0, "", "[1 2]", "1:1|X");
    expect(0, "", "[1,]", "1:1|X");
    expect(0, "", "[,1]", "X");
    expect(0, "", "[1] x", "1:1|X");
    expect(0, "", "\"text\"", "X");
    expect(0, "", "{\"a\":1", "X");
}

static void test_bad_roots(void **state)
{
    struct json_stream stream;
    struct err err;

    (void)state;
    assert_false(json_elements(&stream, STR("a..b"), 1, &err));
    assert_false(json_elements(&stream, STR(".a"), 1, &err));
    assert_false(json_elements(&stream, STR("a."), 1, &err));
    assert_false(json_elements(&stream, STR("a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a"), 1, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),  cmocka_unit_test(test_elements),
        cmocka_unit_test(test_root),   cmocka_unit_test(test_one_object),
        cmocka_unit_test(test_broken), cmocka_unit_test(test_bad_roots),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
