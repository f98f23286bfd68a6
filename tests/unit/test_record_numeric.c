/* record/numeric: the edges one by one. The mass of cases is component/test_numeric_oracle.py's,
 * against PostgreSQL. */
#include "record/numeric.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka needs the three above */
#include <cmocka.h>

typedef struct str binary(struct arena *arena, struct str a, struct str b);

static struct str parse(struct arena *arena, const char *text)
{
    struct str made = {NULL, 0};
    struct err err;

    assert_true(numeric_parse(str_of(text), arena, &made, &err));
    assert_true(numeric_check(made));
    return made;
}

static void check(struct str number, const char *want)
{
    CLEANUP(buf) struct buf out = {0};

    numeric_print(&out, number);
    assert_string_equal(buf_cstr(&out), want);
}

static void check_parse_fails(struct arena *arena, const char *text, const char *sqlstate)
{
    struct str made = {"untouched", 9};
    struct err err = {0};

    assert_false(numeric_parse(str_of(text), arena, &made, &err));
    assert_string_equal(err.sqlstate, sqlstate);
    assert_int_equal(err.kind, ERR_DEAD_LETTER);
    assert_string_equal(made.at, "untouched");
}

static void reads_and_prints(void **state)
{
    static const char *const cases[][2] = {
        {"0", "0"},
        {"-0", "0"},
        {"-0.00", "0.00"},
        {"1.50", "1.50"},
        {"+.5", "0.5"},
        {"5.", "5"},
        {" 1e3 ", "1000"},
        {"1.5e-3", "0.0015"},
        {"12e-1", "1.2"},
        {"0.00e2", "0"},
        {"-0.05", "-0.05"},
        {"9223372036854775807", "9223372036854775807"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"9223372036854775808", "9223372036854775808"},
        {"0.0000000000000000000", "0.0000000000000000000"},
        {"123456789012345678901234567890.5", "123456789012345678901234567890.5"},
        {"1e-20", "0.00000000000000000001"},
        {"100000000000000000000", "100000000000000000000"},
        {"NaN", "NaN"},
        {"inf", "Infinity"},
        {"-Infinity", "-Infinity"},
        {"000000000000000000000000007", "7"},
        {"0e999999", "0"},
    };
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check(parse(arena, cases[i][0]), cases[i][1]);
}

static void refuses_what_is_no_number(void **state)
{
    static const char *const cases[] = {"",    " ",  ".",    "-",   "e5",   "1e",  "1e+",    "1..2",
                                        "--1", "1x", "0x10", "1_0", "-nan", "1,5", "infinit"};
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check_parse_fails(arena, cases[i], "22P02");
    check_parse_fails(arena, "1e131072", "22003");
    check_parse_fails(arena, "1e-16384", "22003");
    check_parse_fails(arena, "1e99999999999999999999", "22003");
    check_parse_fails(arena, "1e-99999999999999999999", "22003");
}

/* One number at one scale has one packed form, whichever way it was made. */
static void has_one_form(void **state)
{
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);
    struct str big = parse(arena, "9223372036854775808"), one = parse(arena, "1");

    (void)state;
    assert_int_equal(big.at[0], 1);
    struct str less = numeric_sub(arena, big, one);
    assert_true(str_eq(less, parse(arena, "9223372036854775807")));
    assert_int_equal(less.at[0], 0);
    assert_true(str_eq(numeric_negate(arena, big), numeric_from_i64(arena, INT64_MIN)));
    assert_true(str_eq(numeric_negate(arena, numeric_from_i64(arena, INT64_MIN)), big));
    assert_true(str_eq(numeric_sub(arena, big, big), numeric_from_i64(arena, 0)));
    assert_true(str_eq(parse(arena, "1.00"), parse(arena, "0001.00")));
    assert_false(str_eq(parse(arena, "1.0"), parse(arena, "1.00")));
}

static void computes(void **state)
{
    static const struct {
        binary *compute;
        const char *a, *b, *want;
    } cases[] = {
        {numeric_add, "1.10", "2.200", "3.300"},
        {numeric_add, "9223372036854775807", "1", "9223372036854775808"},
        {numeric_add, "0.99999999999999999999", "0.00000000000000000001", "1.00000000000000000000"},
        {numeric_sub, "3.300", "2.20", "1.100"},
        {numeric_sub, "1e30", "1e-5", "999999999999999999999999999999.99999"},
        {numeric_sub, "0.1", "1e20", "-99999999999999999999.9"},
        {numeric_mul, "1.50", "-2.0", "-3.000"},
        {numeric_mul, "-9223372036854775808", "-9223372036854775808",
         "85070591730234615865843651857942052864"},
        {numeric_mul, "99999999999999999999", "99999999999999999999",
         "9999999999999999999800000000000000000001"},
        {numeric_mul, "0.000", "5", "0.000"},
        {numeric_add, "Infinity", "-Infinity", "NaN"},
        {numeric_add, "Infinity", "-5", "Infinity"},
        {numeric_sub, "1", "Infinity", "-Infinity"},
        {numeric_sub, "Infinity", "Infinity", "NaN"},
        {numeric_mul, "Infinity", "0", "NaN"},
        {numeric_mul, "-2", "Infinity", "-Infinity"},
        {numeric_mul, "NaN", "0", "NaN"},
    };
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check(cases[i].compute(arena, parse(arena, cases[i].a), parse(arena, cases[i].b)),
              cases[i].want);
}

typedef bool dividing(struct arena *arena, struct str a, struct str b, struct str *ret,
                      struct err *reterr);

static void divides(void **state)
{
    static const struct {
        dividing *divide;
        const char *a, *b, *want;
    } cases[] = {
        {numeric_div, "3", "2", "1.5000000000000000"},
        {numeric_div, "100002.1", "2", "50001.050000000000"},
        {numeric_div, "0.0000003", "2", "0.000000150000000000000000"},
        {numeric_div, "1", "3", "0.33333333333333333333"},
        {numeric_div, "-2", "3", "-0.66666666666666666667"},
        {numeric_div, "0", "7", "0.00000000000000000000"},
        {numeric_div, "1e40", "3", "3333333333333333333333333333333333333333"},
        {numeric_div, "9999999999999999999999999999", "99999999", "100000001000000010000"},
        {numeric_div, "5", "Infinity", "0"},
        {numeric_div, "-Infinity", "2", "-Infinity"},
        {numeric_div, "Infinity", "Infinity", "NaN"},
        {numeric_div, "NaN", "0", "NaN"},
        {numeric_mod, "7.5", "2", "1.5"},
        {numeric_mod, "-7", "2.00", "-1.00"},
        {numeric_mod, "1e30", "7", "1"},
        {numeric_mod, "5", "-Infinity", "5"},
        {numeric_mod, "Infinity", "2", "NaN"},
    };
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);
    struct str made, zero = parse(arena, "0.00");
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_true(cases[i].divide(arena, parse(arena, cases[i].a), parse(arena, cases[i].b),
                                    &made, &err));
        check(made, cases[i].want);
    }
    made = STR("untouched");
    assert_false(numeric_div(arena, parse(arena, "1"), zero, &made, &err));
    assert_string_equal(err.sqlstate, "22012");
    assert_false(numeric_mod(arena, parse(arena, "Infinity"), zero, &made, &err));
    assert_string_equal(err.sqlstate, "22012");
    assert_string_equal(made.at, "untouched");
}

static void rounds_half_away_from_zero(void **state)
{
    static const struct {
        const char *a;
        int scale;
        const char *rounded, *cut;
    } cases[] = {
        {"2.5", 0, "3", "2"},
        {"-2.5", 0, "-3", "-2"},
        {"0.5", 0, "1", "0"},
        {"-0.4", 0, "0", "0"},
        {"1.005", 2, "1.01", "1.00"},
        {"1.5", 4, "1.5000", "1.5000"},
        {"15", -1, "20", "10"},
        {"50", -2, "100", "0"},
        {"49", -2, "0", "0"},
        {"5", -30, "0", "0"},
        {"9999.9995", 3, "10000.000", "9999.999"},
        {"99999999999999999999.5", 0, "100000000000000000000", "99999999999999999999"},
        {"0.00000000000000000000000005", 25, "0.0000000000000000000000001",
         "0.0000000000000000000000000"},
        {"NaN", 2, "NaN", "NaN"},
        {"9223372036854775807", -19, "10000000000000000000", "0"},
        {"-Infinity", 0, "-Infinity", "-Infinity"},
    };
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        check(numeric_round(arena, parse(arena, cases[i].a), cases[i].scale), cases[i].rounded);
        check(numeric_trunc(arena, parse(arena, cases[i].a), cases[i].scale), cases[i].cut);
    }
}

static void overflow_gives_the_empty_view(void **state)
{
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);
    struct str huge = parse(arena, "9e131071"), made;
    struct err err;

    (void)state;
    assert_int_equal(numeric_add(arena, huge, huge).len, 0);
    assert_int_equal(numeric_sub(arena, numeric_negate(arena, huge), huge).len, 0);
    assert_int_equal(numeric_mul(arena, huge, parse(arena, "10")).len, 0);
    assert_int_equal(numeric_round(arena, huge, -131072).len, 0);
    assert_false(numeric_div(arena, huge, parse(arena, "0.1"), &made, &err));
    assert_string_equal(err.sqlstate, "22003");
    assert_true(numeric_mod(arena, huge, parse(arena, "0.7"), &made, &err));
}

static void fits_declared_types(void **state)
{
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);
    int32_t typmod = type_numeric_make_typmod(5, 2);
    struct str made = {NULL, 0}, exact = parse(arena, "123.45");
    struct err err;

    (void)state;
    assert_true(numeric_apply_typmod(arena, exact, typmod, &made, &err));
    assert_ptr_equal(made.at, exact.at); /* nothing to do, nothing made */
    assert_true(numeric_apply_typmod(arena, parse(arena, "999.994"), typmod, &made, &err));
    check(made, "999.99");
    assert_true(numeric_apply_typmod(arena, parse(arena, "1e-30"), typmod, &made, &err));
    check(made, "0.00");
    assert_true(numeric_apply_typmod(arena, parse(arena, "NaN"), typmod, &made, &err));
    check(made, "NaN");
    assert_true(numeric_apply_typmod(arena, parse(arena, "149"), type_numeric_make_typmod(1, -2),
                                     &made, &err));
    check(made, "100");
    assert_true(numeric_apply_typmod(arena, parse(arena, "1e30"), -1, &made, &err));
    made = STR("untouched");
    assert_false(numeric_apply_typmod(arena, parse(arena, "999.995"), typmod, &made, &err));
    assert_string_equal(err.sqlstate, "22003");
    assert_false(numeric_apply_typmod(arena, parse(arena, "Infinity"), typmod, &made, &err));
    assert_false(numeric_apply_typmod(arena, parse(arena, "0.01"), type_numeric_make_typmod(3, 5),
                                      &made, &err));
    assert_string_equal(made.at, "untouched");
}

static void check_i64(struct arena *arena, const char *text, int64_t want)
{
    int64_t number = 0;
    struct err err;

    assert_true(numeric_to_i64(parse(arena, text), &number, &err));
    assert_true(number == want);
}

static void check_no_i64(struct arena *arena, const char *text, const char *sqlstate)
{
    int64_t number = 77;
    struct err err;

    assert_false(numeric_to_i64(parse(arena, text), &number, &err));
    assert_string_equal(err.sqlstate, sqlstate);
    assert_int_equal(number, 77);
}

static void converts_to_integers(void **state)
{
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);

    (void)state;
    check_i64(arena, "2.5", 3);
    check_i64(arena, "-2.5", -3);
    check_i64(arena, "2.4999999999999999999999999", 2);
    check_i64(arena, "0.49", 0);
    check_i64(arena, "1e-30", 0);
    check_i64(arena, "9223372036854775807.4", INT64_MAX);
    check_i64(arena, "-9223372036854775808.4", INT64_MIN);
    check_no_i64(arena, "9223372036854775807.5", "22003");
    check_no_i64(arena, "-9223372036854775808.5", "22003");
    check_no_i64(arena, "1e40", "22003");
    check_no_i64(arena, "NaN", "0A000");
    check_no_i64(arena, "-Infinity", "0A000");
}

static void converts_to_and_from_doubles(void **state)
{
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);

    (void)state;
    assert_true(numeric_to_f64(parse(arena, "0.1")) == 0.1);
    assert_true(numeric_to_f64(parse(arena, "-123456789012345678901234567890")) ==
                -123456789012345678901234567890.0);
    assert_true(isnan(numeric_to_f64(parse(arena, "NaN"))));
    assert_true(numeric_to_f64(parse(arena, "-Infinity")) == -INFINITY);
    assert_true(isinf(numeric_to_f64(parse(arena, "1e400"))));
    check(numeric_from_f64(arena, 0.1), "0.1");
    check(numeric_from_f64(arena, 1.0 / 3), "0.333333333333333");
    check(numeric_from_f64(arena, 1e20), "100000000000000000000");
    check(numeric_from_f64(arena, -NAN), "NaN");
    check(numeric_from_f64(arena, -INFINITY), "-Infinity");
    check(numeric_from_f64(arena, -0.0), "0");
    check(numeric_from_f32(arena, (double)0.1F), "0.1");
}

static void orders_by_value(void **state)
{
    static const char *const rising[] = {"-Infinity",
                                         "-1e40",
                                         "-9223372036854775809",
                                         "-9223372036854775808",
                                         "-10000.1",
                                         "-10000",
                                         "-9999.9999",
                                         "-1.1",
                                         "-1",
                                         "-0.01",
                                         "-1e-30",
                                         "0",
                                         "1e-30",
                                         "0.0099",
                                         "0.01",
                                         "0.0100001",
                                         "1",
                                         "1.0001",
                                         "99",
                                         "100",
                                         "101",
                                         "9999",
                                         "10000",
                                         "10000.00001",
                                         "9223372036854775807",
                                         "9223372036854775808",
                                         "1e40",
                                         "Infinity",
                                         "NaN"};
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);
    int n = (int)(sizeof(rising) / sizeof(rising[0]));

    (void)state;
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < n; k++) {
            CLEANUP(buf) struct buf left = {0}, right = {0};
            struct str a = parse(arena, rising[i]), b = parse(arena, rising[k]);
            int want = (i > k) - (i < k), order = numeric_cmp(a, b);

            numeric_key(&left, a);
            numeric_key(&right, b);
            int by_key = str_cmp(buf_str(&left), buf_str(&right));
            assert_int_equal((order > 0) - (order < 0), want);
            assert_int_equal((by_key > 0) - (by_key < 0), want);
        }
    }
    assert_int_equal(numeric_cmp(parse(arena, "1.0"), parse(arena, "1.0000000000000000000000000")),
                     0);
    assert_int_equal(numeric_cmp(parse(arena, "0"), parse(arena, "0.0000000000000000000000000")),
                     0);
}

static void checks_packed_bytes(void **state)
{
    static const char good[] = "\0\2\1\0\0\0\0\0\0\0", scale19[] = "\0\23\1\0\0\0\0\0\0\0";
    static const char digit9999[] = "\1\0\0\0\0\0\17\47", digit10000[] = "\1\0\0\0\0\0\20\47";

    (void)state;
    assert_true(numeric_check((struct str){good, 10}));
    assert_false(numeric_check((struct str){good, 9}));
    assert_false(numeric_check((struct str){good, 0}));
    assert_false(numeric_check((struct str){scale19, 10}));
    assert_true(numeric_check((struct str){digit9999, 8}));
    assert_false(numeric_check((struct str){digit9999, 7}));
    assert_false(numeric_check((struct str){digit9999, 5}));
    assert_false(numeric_check((struct str){digit10000, 8}));
    assert_true(numeric_check(STR("\2")));
    assert_false(numeric_check(STR("\2x")));
    assert_false(numeric_check(STR("\5")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_and_prints),
        cmocka_unit_test(refuses_what_is_no_number),
        cmocka_unit_test(has_one_form),
        cmocka_unit_test(computes),
        cmocka_unit_test(divides),
        cmocka_unit_test(rounds_half_away_from_zero),
        cmocka_unit_test(overflow_gives_the_empty_view),
        cmocka_unit_test(fits_declared_types),
        cmocka_unit_test(converts_to_integers),
        cmocka_unit_test(converts_to_and_from_doubles),
        cmocka_unit_test(orders_by_value),
        cmocka_unit_test(checks_packed_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
