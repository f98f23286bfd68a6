#include "base/cron.h"
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

static int64_t at(const char *text)
{
    struct tm tm = {0};

    assert_non_null(strptime(text, "%Y-%m-%d %H:%M:%S", &tm));
    return (int64_t)timegm(&tm) * 1000;
}

static void assert_next(const char *expression, const char *after, const char *expected)
{
    struct cron cron;
    struct err err = {0};
    char got[32];

    assert_true(cron_parse(str_of(expression), &cron, &err));
    time_t next = (time_t)(cron_next_ms(&cron, at(after)) / 1000);
    struct tm tm;
    strftime(got, sizeof(got), "%Y-%m-%d %H:%M:%S", gmtime_r(&next, &tm));
    assert_string_equal(got, expected);
}

static void test_next(void **state)
{
    (void)state;
    assert_next("0 2 * * *", "2026-03-01 01:59:59", "2026-03-01 02:00:00");
    assert_next("0 2 * * *", "2026-03-01 02:00:00", "2026-03-02 02:00:00");
    assert_next("* * * * *", "2026-12-31 23:59:00", "2027-01-01 00:00:00");
    assert_next("*/15 8-17 * * mon-fri", "2026-11-27 17:45:00", "2026-11-30 08:00:00");
    assert_next("5,35 0 * * *", "2026-01-01 00:05:00", "2026-01-01 00:35:00");
    assert_next("0 0 29 2 *", "2026-01-01 00:00:00", "2028-02-29 00:00:00");
    assert_next("0 0 31 * *", "2026-04-01 00:00:00", "2026-05-31 00:00:00");
    assert_next("10/20 0 1 Jan *", "2026-01-01 00:10:00", "2026-01-01 00:30:00");
    assert_next("@weekly", "2026-11-26 03:00:00", "2026-11-29 00:00:00");
    assert_next("0 0 * * 7", "2026-11-26 03:00:00", "2026-11-29 00:00:00");
    assert_next("30 4 1,15 * 5", "2026-11-02 00:00:00", "2026-11-06 04:30:00"); /* Friday or 15th */
    assert_next("30 4 */2 * 5", "2026-11-02 00:00:00", "2026-11-13 04:30:00");  /* both */
    assert_next("0 0 1 1 *", "1969-12-31 23:00:00", "1970-01-01 00:00:00");
}

/* Every minute of four years that a plain reading of the calendar names, and no other. */
static void test_every_minute(void **state)
{
    struct cron cron;
    struct err err = {0};
    int64_t next = at("2023-12-31 23:59:00"), end = at("2028-01-01 00:00:00");

    (void)state;
    assert_true(cron_parse(STR("17 3,21 10-20/5 feb,jun,dec *"), &cron, &err));
    for (time_t t = (time_t)(next / 1000) + 60; t < (time_t)(end / 1000); t += 60) {
        struct tm tm;
        gmtime_r(&t, &tm);
        bool named = tm.tm_min == 17 && (tm.tm_hour == 3 || tm.tm_hour == 21) &&
                     (tm.tm_mday == 10 || tm.tm_mday == 15 || tm.tm_mday == 20) &&
                     (tm.tm_mon == 1 || tm.tm_mon == 5 || tm.tm_mon == 11);
        if (named) {
            next = cron_next_ms(&cron, next);
            assert_int_equal(next, (int64_t)t * 1000);
        }
    }
    assert_true(cron_next_ms(&cron, next) >= end);
}

static void test_refused(void **state)
{
    static const char *const bad[] = {
        "",           "* * * *",    "* * * * * *", "60 * * * *",  "* 24 * * *",     "* * 0 * *",
        "* * 32 * *", "* * * 13 *", "* * * * 8",   "5-1 * * * *", "*/0 * * * *",    "a * * * *",
        "1, * * * *", "1- * * * *", "-1 * * * *",  "@never",      "* * * january *"};
    struct cron cron;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct err err = {0};
        assert_false(cron_parse(str_of(bad[i]), &cron, &err));
        assert_int_equal(err.exit_status, EX_USAGE);
    }
}

static void test_schedule(void **state)
{
    struct schedule schedule;
    struct err err = {0};
    int64_t now = at("2026-11-26 01:30:00");

    (void)state;
    assert_false(schedule_make(false, 0, NULL, &schedule, &err));
    assert_false(schedule_make(true, 1000, NULL, &schedule, &err));
    assert_false(schedule_make(false, 0, "0 0 30 2 *", &schedule, &err));
    assert_true(schedule_make(true, 0, NULL, &schedule, &err));
    assert_int_equal(schedule_due_ms(&schedule, -1, now), now);
    assert_int_equal(schedule_due_ms(&schedule, now, now), -1);
    assert_true(schedule_make(false, 30000, NULL, &schedule, &err));
    assert_int_equal(schedule_due_ms(&schedule, -1, now), now);
    assert_int_equal(schedule_due_ms(&schedule, now, now + 5), now + 30000);
    assert_true(schedule_make(false, 0, "0 2 * * *", &schedule, &err));
    assert_int_equal(schedule_due_ms(&schedule, -1, now), at("2026-11-26 02:00:00"));
    assert_int_equal(schedule_due_ms(&schedule, at("2026-11-26 02:00:00"), now),
                     at("2026-11-27 02:00:00"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_next),
        cmocka_unit_test(test_every_minute),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_schedule),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
