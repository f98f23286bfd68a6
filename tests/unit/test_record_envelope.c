/* What envelope.h writes is what debezium.h reads. */
#include "record/debezium.h"
#include "record/debezium_value.h"
#include "record/envelope.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct column columns[] = {{"id", {TYPE_INT4, -1}, true},
                                        {"name", {TYPE_TEXT, -1}, false}};
static const uint16_t key[] = {0};
static const struct schema schema = {columns, key, 2, 1};

static void decode(const struct envelope *event, struct arena *arena, struct debezium_event *ret)
{
    struct debezium_decoder *decoder = debezium_decoder_new(&schema, true);
    struct buf out CLEANUP(buf) = {0};
    struct err err;

    envelope_write(&out, event);
    assert_true(debezium_decode(decoder, buf_str(&out), arena, ret, &err));
    debezium_decoder_free(decoder);
}

static void test_read_back(void **state)
{
    struct arena *arena = arena_new(1 << 16);
    struct buf source CLEANUP(buf) = {0};
    struct debezium_event event;

    (void)state;
    envelope_source_begin(&source, "sluice-\"x\"", "n", 1764126000123456);
    buf_puts(&source, ",\"file\":\"a.csv\",\"line\":7}");
    decode(&(struct envelope){.after = STR("{\"id\":1,\"name\":\"a\"}"),
                              .source = buf_str(&source),
                              .op = 'c',
                              .now_unix_us = 5},
           arena, &event);
    assert_int_equal(event.op, 'c');
    assert_int_equal(event.commit_unix_us, 1764126000123456);
    assert_non_null(event.after);
    assert_null(event.before);
    decode(&(struct envelope){.before = STR("{\"id\":1}"), .source = buf_str(&source), .op = 'd'},
           arena, &event);
    assert_int_equal(event.op, 'd');
    assert_null(event.after);
    arena_free(arena);
}

static void test_bytes(void **state)
{
    struct buf out CLEANUP(buf) = {0};

    (void)state;
    envelope_write(
        &out,
        &(struct envelope){.before = STR("{}"), .source = STR("{}"), .op = 'd', .now_unix_us = -1});
    assert_string_equal(buf_cstr(&out),
                        "{\"before\":{},\"after\":null,\"source\":{},\"transaction\":null,\"op\":"
                        "\"d\",\"ts_ms\":-1,\"ts_us\":-1,\"ts_ns\":-1000}");
}

/* What is no UTF-8 stays as it is and takes nothing of what follows with it. */
static void test_text_of_any_bytes(void **state)
{
    static const struct {
        const char *text, *written;
    } cases[] = {
        {"\xF0\x9F\x98\x80", "\"\\uD83D\\uDE00\""},   {"\xF0\"}}", "\"\xF0\\\"}}\""},
        {"\xF0\x9F\x98", "\"\xF0\x9F\x98\""},         {"\xF0\x80\x80\x80", "\"\xF0\x80\x80\x80\""},
        {"\xFF\xBF\xBF\xBF", "\"\xFF\xBF\xBF\xBF\""}, {"caf\xE9", "\"caf\xE9\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct buf out CLEANUP(buf) = {0};

        debezium_string_write(&out, str_of(cases[i].text));
        assert_string_equal(buf_cstr(&out), cases[i].written);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_read_back),
                                       cmocka_unit_test(test_bytes),
                                       cmocka_unit_test(test_text_of_any_bytes)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
