/* base/log: both formats, quoting, levels, secrets. */
#include "base/log.h"

#include "base/buf.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int saved, ends[2];

/* What was logged since capture(), without the time stamp that stands first. */
static void capture(void)
{
    assert_int_equal(pipe(ends), 0);
    saved = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
}

static const char *captured(struct buf *into)
{
    char bytes[4096];

    dup2(saved, STDERR_FILENO);
    close(saved);
    buf_clear(into);
    for (ssize_t n; (n = read(ends[0], bytes, sizeof(bytes))) > 0;)
        buf_append(into, bytes, (size_t)n);
    close(ends[0]);
    return buf_cstr(into);
}

static void logfmt_quotes_what_must_be(void **state)
{
    CLEANUP(buf) struct buf got = {0};

    (void)state;
    log_configure("tested", LOG_LOGFMT, LOG_INFO);
    capture();
    log_debug("not seen");
    log_info("two words", LOG_STR("plain", "a/b-c"), LOG_STR("quoted", "say \"a=b\"\n\\\t"),
             LOG_INT("n", -5), LOG_STR("empty", ""), LOG_SECRET("password"));
    const char *text = captured(&got);
    assert_memory_equal(text, "ts=20", 5);
    assert_string_equal(strchr(text, ' '),
                        " level=info service=tested msg=\"two words\" plain=a/b-c "
                        "quoted=\"say \\\"a=b\\\"\\n\\\\\\u0009\" n=-5 empty=\"\" "
                        "password=***\n");
}

static void json_is_json(void **state)
{
    CLEANUP(buf) struct buf got = {0};

    (void)state;
    log_configure("tested", LOG_JSON, LOG_DEBUG);
    capture();
    log_debug("m", LOG_STR("a", "\x01\"\\"), LOG_INT("n", 9223372036854775807),
              LOG_VIEW("v", ((struct str){"abc", 2})), LOG_SECRET("password"));
    const char *text = captured(&got);
    assert_memory_equal(text, "{\"ts\":\"20", 9);
    assert_string_equal(strchr(text, ','),
                        ",\"level\":\"debug\",\"service\":\"tested\",\"msg\":\"m\",\"a\":"
                        "\"\\u0001\\\"\\\\\",\"n\":9223372036854775807,\"v\":\"ab\","
                        "\"password\":\"***\"}\n");
}

static void errors_carry_their_state(void **state)
{
    CLEANUP(buf) struct buf got = {0};
    struct err err;

    (void)state;
    log_configure("tested", LOG_LOGFMT, LOG_WARN);
    err_sql(&err, ERR_RETRY, "57P01", "gone");
    capture();
    log_err(LOG_WARN, "read", &err);
    assert_string_equal(strchr(captured(&got), ' '),
                        " level=warn service=tested msg=gone doing=read sqlstate=57P01\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logfmt_quotes_what_must_be),
        cmocka_unit_test(json_is_json),
        cmocka_unit_test(errors_carry_their_state),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
