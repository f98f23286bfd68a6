/* The stored position, and time stamps that an overlap goes back from. */
#include "progress.h"
#include "stamp.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the above */
#include <cmocka.h>

static void a_position_reads_back_as_it_was_written(void **state)
{
    const struct source_value values[] = {{SOURCE_TEXT, STR("2025-01-02 \"quoted\"\n")},
                                          {SOURCE_INTEGER, STR("-42")},
                                          {SOURCE_REAL, STR("1e+22")},
                                          {SOURCE_TEXT, STR("")}};
    const struct source_moment moment = {.has_horizon = true, .horizon = UINT64_MAX};
    struct progress progress = {.shape = 0xDEADBEEF, .csv = UINT64_MAX, .serial = 7}, read = {0};
    struct buf json CLEANUP(buf) = {0};
    struct err err;

    (void)state;
    progress_begins(&progress, 1000);
    progress_late_done(&progress, &moment);
    progress_after(&progress, values, 4);
    progress_ends(&progress);
    progress_print(&json, &progress);
    assert_true(progress_parse(buf_str(&json), &read, &err));
    assert_int_equal(read.state, PROGRESS_ENDED);
    assert_true(read.shape == 0xDEADBEEF && read.csv == UINT64_MAX && read.serial == 7);
    assert_true(read.run == 1000 && read.began_us == 1000 && read.whole);
    assert_true(read.has_horizon && read.horizon == UINT64_MAX);
    assert_int_equal(read.after_n, 4);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(read.after[i].class, values[i].class);
        assert_true(str_eq(read.after[i].text, values[i].text));
    }
    progress_done(&progress);
    progress_done(&read);
}

static void runs_grow_whatever_the_clock_does(void **state)
{
    struct progress progress = {0};

    (void)state;
    progress_begins(&progress, 5000);
    assert_true(progress.run == 5000 && progress.state == PROGRESS_RUNNING);
    progress_begins(&progress, 4000);
    assert_true(progress.run == 5001 && progress.began_us == 4000);
    progress_begins(&progress, -1);
    assert_true(progress.run == 5002);
    progress_begins(&progress, 9000);
    assert_true(progress.run == 9000);
}

static void what_is_no_position_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "{}",
        "null",
        "{\"shape\":\"00\"}",
        "{\"shape\":\"0x\",\"state\":\"ended\",\"serial\":1,\"run\":1,\"began_us\":1,\"after\":[]}",
        "{\"shape\":\"00\",\"state\":\"ended\",\"serial\":1,\"run\":1,\"began_us\":1,\"after\":[1]"
        "}",
        "{\"shape\":\"00\",\"state\":\"ended\",\"serial\":1,\"run\":1,\"began_us\":1,\"after\":["
        "\"x:\"]}",
        "{\"shape\":\"00\",\"state\":\"ended\",\"serial\":1,\"run\":99999999999999999999,\"began_"
        "us\":1,"
        "\"after\":[]}"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        struct progress progress = {0};
        struct err err = {0};

        assert_false(progress_parse(str_of(texts[i]), &progress, &err));
        assert_int_equal(err.kind, ERR_STOP);
        progress_done(&progress);
    }
}

static void back(enum source_class class, const char *stamp, int64_t ms, const char *expected)
{
    const struct source_value value = {class, str_of(stamp)};
    struct buf text CLEANUP(buf) = {0};
    struct err err;

    assert_true(stamp_back(&text, &value, ms, &err));
    assert_string_equal(buf_cstr(&text), expected);
}

static void a_stamp_goes_back_in_its_own_form(void **state)
{
    (void)state;
    back(SOURCE_TEXT, "2025-03-01 00:00:00.137", 500, "2025-02-28 23:59:59.637");
    back(SOURCE_TEXT, "2024-03-01T00:00:00Z", 1000, "2024-02-29T23:59:59Z");
    back(SOURCE_TEXT, "2025-03-01 09:00:00.123456+00", 60000, "2025-03-01 08:59:00.123456+00");
    back(SOURCE_TEXT, "2025-03-01 09:00", 30000, "2025-03-01 08:59");
    back(SOURCE_TEXT, "2025-03-01", 1, "2025-02-28");
    back(SOURCE_TEXT, "1969-12-31 00:00:00", 86400000, "1969-12-30 00:00:00");
    back(SOURCE_TEXT, "0001-01-01 00:00:00", 1, "0001-01-01 00:00:00");
    back(SOURCE_TEXT, "2025-03-01 00:00:00.123456789", 1, "2025-03-01 00:00:00.122456");
    back(SOURCE_INTEGER, "1735689600", 1500, "1735689598");
    back(SOURCE_INTEGER, "1735689600000", 1500, "1735689598500");
    back(SOURCE_INTEGER, "1735689600000000", 1500, "1735689598500000");
    back(SOURCE_TEXT, "1735689600", 1000, "1735689599");
}

static void what_is_no_stamp_is_refused(void **state)
{
    static const char *const texts[] = {"",
                                        "soon",
                                        "2025-13-01",
                                        "2025-01-32",
                                        "2025-01-01x",
                                        "2025-01-01 25:00",
                                        "2025-01-01 10:00:00 BC",
                                        "12:00"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        const struct source_value value = {SOURCE_TEXT, str_of(texts[i])};
        struct buf text CLEANUP(buf) = {0};
        struct err err;

        assert_false(stamp_back(&text, &value, 1, &err));
    }
}

static void as_of_is_a_moment_in_utc(void **state)
{
    static const char *const given[][2] = {{"2025-12-31", "2025-12-31T00:00:00.000Z"},
                                           {"2025-12-31 08:30", "2025-12-31T08:30:00.000Z"},
                                           {"2025-12-31T08:30:01.5Z", "2025-12-31T08:30:01.500Z"},
                                           {NULL, "1970-01-01T00:00:01.234Z"}};
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof(given) / sizeof(*given); i++) {
        struct buf text CLEANUP(buf) = {0};

        assert_true(stamp_as_of(&text, given[i][0], 1234567, &err));
        assert_string_equal(buf_cstr(&text), given[i][1]);
    }
    struct buf text CLEANUP(buf) = {0};
    assert_false(stamp_as_of(&text, "2025-12-31T08:30:00+02", 0, &err));
    assert_false(stamp_as_of(&text, "today", 0, &err));
    assert_int_equal(err.exit_status, EX_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_position_reads_back_as_it_was_written),
        cmocka_unit_test(runs_grow_whatever_the_clock_does),
        cmocka_unit_test(what_is_no_position_is_refused),
        cmocka_unit_test(a_stamp_goes_back_in_its_own_form),
        cmocka_unit_test(what_is_no_stamp_is_refused),
        cmocka_unit_test(as_of_is_a_moment_in_utc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
