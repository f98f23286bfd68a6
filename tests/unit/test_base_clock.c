/* base/clock: durations, sizes, backoff. */
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void durations(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {{"500ms", 500},    {"10s", 10000}, {"2m", 120000}, {"1h", 3600000},
                {"7d", 604800000}, {"0", 0},       {"0s", 0}};
    static const char *const bad[] = {"",     "10",
                                      "s",    "-1s",
                                      "1.5s", "1 s",
                                      "1S",   "1w",
                                      " 1s",  "99999999999999999999s",
                                      "1ss",  "1sx",
                                      "0x1",  "9223372036854775807d"};
    struct err err;
    int64_t got = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        assert_true(clock_parse_duration(str_of(good[i].text), &got, &err));
        assert_int_equal(got, good[i].ms);
    }
    got = -7;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_false(clock_parse_duration(str_of(bad[i]), &got, &err));
    assert_int_equal(got, -7);
    assert_int_equal(err.exit_status, EX_USAGE);
}

static void sizes(void **state)
{
    static const struct {
        const char *text;
        int64_t bytes;
    } good[] = {{"4096", 4096},       {"4096B", 4096},
                {"64kB", 64000},      {"64KB", 64000},
                {"512KiB", 524288},   {"16MB", 16000000},
                {"64MiB", 67108864},  {"1GB", 1000000000},
                {"1GiB", 1073741824}, {"0", 0}};
    static const char *const bad[] = {"", "B", "-1", "1.5MB", "1 MB", "1mb", "1TiB"};
    struct err err;
    int64_t got = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        assert_true(clock_parse_size(str_of(good[i].text), &got, &err));
        assert_int_equal(got, good[i].bytes);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_false(clock_parse_size(str_of(bad[i]), &got, &err));
}

static void the_backoff_is_bounded_and_spread(void **state)
{
    int64_t most = 0, least = INT64_MAX;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        int64_t first = clock_backoff_ms(0, 100, 5000);
        int64_t late = clock_backoff_ms(1000000, 100, 5000);

        assert_in_range(first, 1, 100);
        assert_in_range(late, 1, 5000);
        most = late > most ? late : most;
        least = late < least ? late : least;
    }
    assert_true(most > 4000 && least < 1000);
    assert_int_equal(clock_backoff_ms(0, 0, 0), 1);
}

static void the_clocks_go(void **state)
{
    int64_t before = clock_mono_ms();

    (void)state;
    assert_true(clock_wall_us() > INT64_C(1700000000000000));
    assert_true(clock_mono_ms() >= before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations),
        cmocka_unit_test(sizes),
        cmocka_unit_test(the_backoff_is_bounded_and_spread),
        cmocka_unit_test(the_clocks_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
