#include "ops/aggregate_ops.h"
#include "record/numeric.h"
#include "record/text.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* One accumulator, saved and loaded again before every use. */
struct acc {
    const struct aggregate *aggregate;
    struct type arg;
    struct arena *arena;
    struct buf stored;
};

static struct acc acc_new(const char *name, enum type_id type)
{
    struct acc acc = {.aggregate = aggregate_resolve(str_of(name), type),
                      .arena = arena_new(SIZE_MAX)};

    assert_non_null(acc.aggregate);
    assert_int_equal(aggregate_arg_type(acc.aggregate->arg, type), type);
    acc.arg = (struct type){type, -1, NULL};
    return acc;
}

static void acc_done(struct acc *acc)
{
    arena_free(acc->arena);
    buf_done(&acc->stored);
}

static void *acc_load(struct acc *acc)
{
    void *at = arena_zalloc(acc->arena, acc->aggregate->ops->size);
    struct str from = buf_str(&acc->stored);

    if (from.len > 0) {
        accumulator_load(acc->aggregate->ops, at, acc->arena, &from);
        assert_int_equal(from.len, 0);
    }
    return at;
}

static struct aggregate_site site_of(const struct acc *acc)
{
    return (struct aggregate_site){acc->aggregate, &acc->arg,
                                   aggregate_result(acc->aggregate, acc->arg), 1};
}

static void add_value(struct acc *acc, struct value value, int64_t weight)
{
    struct aggregate_site site = site_of(acc);
    void *at = acc_load(acc);

    acc->aggregate->ops->add(at, &site, acc->arena, &value, weight);
    buf_clear(&acc->stored);
    accumulator_save(acc->aggregate->ops, at, &acc->stored);
}

static void add(struct acc *acc, const char *text, int64_t weight)
{
    struct value value = {0};
    struct err err;

    if (!text_parse(acc->arg, str_of(text), acc->arena, &value, &err))
        fail_msg("%s", err.text);
    add_value(acc, value, weight);
}

/* The result's text, "NULL", or the SQLSTATE. */
static const char *result(struct acc *acc)
{
    struct value value = {0};
    struct buf text = {0};
    struct err err;
    struct aggregate_site site = site_of(acc);

    if (!acc->aggregate->ops->result(acc_load(acc), &site, acc->arena, &value, &err))
        return arena_printf(acc->arena, "%s", err.sqlstate);
    if (value.null)
        return "NULL";
    text_print(&text, (struct type){acc->aggregate->result, -1}, value);
    const char *made = arena_printf(acc->arena, "%s", buf_cstr(&text));
    buf_done(&text);
    return made;
}

static bool is_zero(struct acc *acc)
{
    return accumulator_is_zero(acc->aggregate->ops, acc_load(acc));
}

static void test_sum_of_integers(void **state)
{
    struct acc sum = acc_new("sum", TYPE_INT4), wide = acc_new("sum", TYPE_INT8);

    (void)state;
    assert_string_equal(result(&sum), "NULL");
    add(&sum, "2147483647", 3);
    assert_string_equal(result(&sum), "6442450941");
    add(&sum, "2147483647", INT64_C(5000000000));
    assert_string_equal(result(&sum), "22003");
    add(&sum, "2147483647", INT64_C(-5000000003));
    assert_true(is_zero(&sum));

    add(&wide, "9223372036854775807", 2);
    add(&wide, "1", 1);
    assert_string_equal(result(&wide), "18446744073709551615");
    add(&wide, "9223372036854775807", INT64_C(1000000000000));
    assert_string_equal(result(&wide), "9223372036873222551073709551615");
    add(&wide, "9223372036854775807", INT64_C(-1000000000004));
    assert_string_equal(result(&wide), "-18446744073709551613");
    acc_done(&sum);
    acc_done(&wide);
}

static void test_averages_have_postgres_scale(void **state)
{
    struct acc ints = acc_new("avg", TYPE_INT4), numerics = acc_new("avg", TYPE_NUMERIC);

    (void)state;
    add(&ints, "1", 1);
    add(&ints, "2", 1);
    assert_string_equal(result(&ints), "1.5000000000000000");
    add(&numerics, "100000", 1);
    add(&numerics, "2.10", 1);
    assert_string_equal(result(&numerics), "50001.050000000000");
    acc_done(&ints);
    acc_done(&numerics);
}

static void test_display_scale_goes_down_again(void **state)
{
    struct acc sum = acc_new("sum", TYPE_NUMERIC);

    (void)state;
    add(&sum, "1.10", 1);
    add(&sum, "2.200", 1);
    assert_string_equal(result(&sum), "3.300");
    add(&sum, "2.200", -1);
    assert_string_equal(result(&sum), "1.10");
    add(&sum, "0.000000", 2);
    assert_string_equal(result(&sum), "1.100000");
    add(&sum, "0.000000", -1);
    assert_string_equal(result(&sum), "1.100000");
    add(&sum, "0.000000", -1);
    add(&sum, "1.10", -1);
    assert_string_equal(result(&sum), "NULL");
    assert_true(is_zero(&sum));
    acc_done(&sum);
}

static void test_specials_can_be_taken_back(void **state)
{
    static const enum type_id types[] = {TYPE_NUMERIC, TYPE_FLOAT8};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct acc sum = acc_new("sum", types[i]);

        add(&sum, "1.5", 1);
        add(&sum, "Infinity", 1);
        assert_string_equal(result(&sum), "Infinity");
        add(&sum, "-Infinity", 1);
        assert_string_equal(result(&sum), "NaN");
        add(&sum, "Infinity", -1);
        assert_string_equal(result(&sum), "-Infinity");
        add(&sum, "NaN", 2);
        add(&sum, "-Infinity", -1);
        assert_string_equal(result(&sum), "NaN");
        add(&sum, "NaN", -2);
        assert_string_equal(result(&sum), "1.5");
        add(&sum, "1.5", -1);
        assert_true(is_zero(&sum));
        acc_done(&sum);
    }
}

/* A retraction may come before what it retracts. */
static void test_retraction_overtakes(void **state)
{
    static const char *const names[] = {"sum", "avg", "sum", "avg", "sum", "count"};
    static const enum type_id types[] = {TYPE_INT4,    TYPE_INT8,   TYPE_NUMERIC,
                                         TYPE_NUMERIC, TYPE_FLOAT8, TYPE_INT4};

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        struct acc acc = acc_new(names[i], types[i]);

        add(&acc, "7", -1);
        assert_false(is_zero(&acc));
        add(&acc, "5", 1);
        add(&acc, "7", 1);
        add(&acc, "5", -1);
        assert_true(is_zero(&acc));
        acc_done(&acc);
    }
}

static void test_float_sums_are_exact(void **state)
{
    struct acc sum = acc_new("sum", TYPE_FLOAT8), single = acc_new("sum", TYPE_FLOAT4);

    (void)state;
    add(&sum, "1e16", 1);
    add(&sum, "1", 1);
    add(&sum, "-1e16", 1);
    assert_string_equal(result(&sum), "1");
    add(&sum, "1e308", 3);
    assert_string_equal(result(&sum), "22003");
    add(&sum, "1e308", -3);
    add(&sum, "5e-324", 1);
    add(&sum, "1", -1);
    assert_string_equal(result(&sum), "5e-324");
    add(&sum, "-5e-324", 3);
    assert_string_equal(result(&sum), "-1e-323");
    add(&sum, "-5e-324", -2);
    assert_string_equal(result(&sum), "0");
    assert_false(is_zero(&sum)); /* values that cancel each other are still there */
    add(&single, "16777216", 1);
    add(&single, "1", 2);
    assert_string_equal(result(&single), "1.6777218e+07");
    acc_done(&sum);
    acc_done(&single);
}

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 11;
}

/* Any finite double, of any exponent, half of them near each other. */
static double random_real(uint64_t *state)
{
    uint64_t mantissa = next_random(state) & ((UINT64_C(1) << 52) - 1);
    uint64_t exponent =
        next_random(state) % 2 == 0 ? next_random(state) % 2040 : 1000 + next_random(state) % 60;
    uint64_t bits = (next_random(state) % 2) << 63 | exponent << 52 | mantissa;
    double real;

    memcpy(&real, &bits, sizeof(real));
    return real;
}

/* Two numbers: the machine rounds their sum correctly, so it is the oracle. Then a heap of others
 * comes and goes in another order. */
static void test_float_sums_round_once(void **state)
{
    uint64_t random = 7;

    (void)state;
    for (int round = 0; round < 3000; round++) {
        struct acc sum = acc_new("sum", TYPE_FLOAT8);
        double a = random_real(&random), b = random_real(&random), others[8];
        struct value value = {0};
        struct err err;

        if (round % 3 == 0)
            b = -a * (1 + DBL_EPSILON * (double)(next_random(&random) % 8));
        for (int i = 0; i < 8; i++) {
            others[i] = random_real(&random);
            add_value(&sum, (struct value){.real = others[i]}, 1 + i);
        }
        add_value(&sum, (struct value){.real = a}, 1);
        add_value(&sum, (struct value){.real = b}, 1);
        for (int i = 7; i >= 0; i--)
            add_value(&sum, (struct value){.real = others[i]}, -1 - i);
        struct aggregate_site site = site_of(&sum);
        bool good = sum.aggregate->ops->result(acc_load(&sum), &site, sum.arena, &value, &err);
        assert_int_equal(good, !isinf(a + b));
        if (good)
            assert_true(value.real == a + b);
        add_value(&sum, (struct value){.real = a}, -1);
        add_value(&sum, (struct value){.real = b}, -1);
        assert_true(is_zero(&sum));
        acc_done(&sum);
    }
}

static void test_numeric_sums_in_any_order(void **state)
{
    uint64_t random = 3;

    (void)state;
    for (int round = 0; round < 500; round++) {
        struct acc sum = acc_new("sum", TYPE_NUMERIC);
        char texts[6][64];
        struct str total = numeric_from_i64(sum.arena, 0);
        struct buf printed = {0};

        for (int i = 0; i < 6; i++) {
            struct str packed;
            struct err err;

            snprintf(texts[i], sizeof(texts[i]), "%s%llu.%0*llu",
                     next_random(&random) % 2 == 0 ? "-" : "",
                     (unsigned long long)(next_random(&random) >> (next_random(&random) % 50)),
                     1 + (int)(next_random(&random) % 20),
                     (unsigned long long)(next_random(&random) % 10));
            add(&sum, texts[i], 1 + i % 3);
            if (i >= 3)
                continue;
            assert_true(numeric_parse(str_of(texts[i]), sum.arena, &packed, &err));
            for (int k = 0; k < 1 + i % 3; k++)
                total = numeric_add(sum.arena, total, packed);
        }
        for (int i = 3; i < 6; i++)
            add(&sum, texts[i], -1 - i % 3);
        numeric_print(&printed, total);
        assert_string_equal(result(&sum), buf_cstr(&printed));
        buf_done(&printed);
        acc_done(&sum);
    }
}

static void test_resolution(void **state)
{
    (void)state;
    assert_int_equal(aggregate_resolve(STR("sum"), TYPE_INT2)->result, TYPE_INT8);
    assert_int_equal(aggregate_resolve(STR("sum"), TYPE_INT8)->result, TYPE_NUMERIC);
    assert_int_equal(aggregate_resolve(STR("sum"), TYPE_FLOAT4)->result, TYPE_FLOAT4);
    assert_int_equal(aggregate_resolve(STR("avg"), TYPE_FLOAT4)->result, TYPE_FLOAT8);
    assert_int_equal(aggregate_resolve(STR("max"), TYPE_VARCHAR)->result, TYPE_TEXT);
    assert_int_equal(aggregate_resolve(STR("min"), TYPE_UNKNOWN)->result, TYPE_TEXT);
    assert_int_equal(aggregate_resolve(STR("count"), 0)->result, TYPE_INT8);
    assert_null(aggregate_resolve(STR("max"), TYPE_BOOL));
    assert_null(aggregate_resolve(STR("sum"), TYPE_TEXT));
    assert_null(aggregate_resolve(STR("sum"), 0));
    assert_null(aggregate_resolve(STR("median"), TYPE_INT4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sum_of_integers),
        cmocka_unit_test(test_averages_have_postgres_scale),
        cmocka_unit_test(test_display_scale_goes_down_again),
        cmocka_unit_test(test_specials_can_be_taken_back),
        cmocka_unit_test(test_retraction_overtakes),
        cmocka_unit_test(test_float_sums_are_exact),
        cmocka_unit_test(test_float_sums_round_once),
        cmocka_unit_test(test_numeric_sums_in_any_order),
        cmocka_unit_test(test_resolution),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
