/* record/text: the edges one by one. The mass of cases is component/test_numeric_oracle.py's,
 * against PostgreSQL. */
#include "record/interval.h"
#include "record/text.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka needs the three above */
#include <cmocka.h>

struct text_case {
    enum type_id id;
    int32_t typmod;
    const char *in, *want; /* "!22P02": fails */
};

static void check(const struct text_case *c)
{
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);
    CLEANUP(buf) struct buf out = {0};
    struct type type = {c->id, c->typmod};
    struct value value = {.slot = 4711};
    struct err err = {0};

    if (text_parse(type, str_of(c->in), arena, &value, &err)) {
        text_print(&out, type, value);
    } else {
        buf_printf(&out, "!%s", err.sqlstate);
        assert_int_equal(err.kind, ERR_DEAD_LETTER);
        assert_int_equal(value.slot, 4711);
    }
    assert_string_equal(buf_cstr(&out), c->want);
}

#define CHECK_ALL(cases)                                                                           \
    for (size_t i = 0; i < sizeof(cases) / sizeof((cases)[0]); i++)                                \
    check(&(cases)[i])

static void reads_and_prints_numbers(void **state)
{
    static const struct text_case cases[] = {
        {TYPE_INT2, -1, "32767", "32767"},
        {TYPE_INT2, -1, "-32768", "-32768"},
        {TYPE_INT2, -1, "32768", "!22003"},
        {TYPE_INT4, -1, " +7 ", "7"},
        {TYPE_INT4, -1, "2147483648", "!22003"},
        {TYPE_INT4, -1, "", "!22P02"},
        {TYPE_INT4, -1, "-", "!22P02"},
        {TYPE_INT4, -1, "1.0", "!22P02"},
        {TYPE_INT8, -1, "-9223372036854775808", "-9223372036854775808"},
        {TYPE_INT8, -1, "9223372036854775807", "9223372036854775807"},
        {TYPE_INT8, -1, "9223372036854775808", "!22003"},
        {TYPE_INT8, -1, "-9223372036854775809", "!22003"},
        {TYPE_INT8, -1, "99999999999999999999999", "!22003"},
        {TYPE_INT8, -1, "99999999999999999999999x", "!22P02"},
        {TYPE_BOOL, -1, " TRUE ", "t"},
        {TYPE_BOOL, -1, "of", "f"},
        {TYPE_BOOL, -1, "o", "!22P02"},
        {TYPE_BOOL, -1, "", "!22P02"},
        {TYPE_NUMERIC, 327686 /* (5,2) */, "1.005", "1.01"},
        {TYPE_NUMERIC, 327686, "1000", "!22003"},
        {TYPE_FLOAT8, -1, "0.1", "0.1"},
        {TYPE_FLOAT8, -1, "1e23", "9.999999999999999e+22"},
        {TYPE_FLOAT8, -1, "-0", "-0"},
        {TYPE_FLOAT8, -1, "1e15", "1e+15"},
        {TYPE_FLOAT8, -1, "100000000000000", "100000000000000"},
        {TYPE_FLOAT8, -1, "0.00001", "1e-05"},
        {TYPE_FLOAT8, -1, "5.684341886080802e-14", "5.684341886080802e-14"},
        {TYPE_FLOAT8, -1, "5e-324", "5e-324"},
        {TYPE_FLOAT8, -1, "nan", "NaN"},
        {TYPE_FLOAT8, -1, "-inf", "-Infinity"},
        {TYPE_FLOAT8, -1, "1e400", "!22003"},
        {TYPE_FLOAT8, -1, "1e-400", "!22003"},
        {TYPE_FLOAT8, -1, "1e", "!22P02"},
        {TYPE_FLOAT8, -1, "", "!22P02"},
        {TYPE_FLOAT4, -1, "0.1", "0.1"},
        {TYPE_FLOAT4, -1, "16777217", "1.6777216e+07"},
        {TYPE_FLOAT4, -1, "999999", "999999"},
        {TYPE_FLOAT4, -1, "1e39", "!22003"},
    };

    (void)state;
    CHECK_ALL(cases);
}

static void reads_and_prints_times(void **state)
{
    static const struct text_case cases[] = {
        {TYPE_DATE, -1, "2024-02-29", "2024-02-29"},
        {TYPE_DATE, -1, "2023-02-29", "!22008"},
        {TYPE_DATE, -1, "2024-1-5", "2024-01-05"},
        {TYPE_DATE, -1, "20240105", "2024-01-05"},
        {TYPE_DATE, -1, "2024-01-05 25:00", "!22008"},
        {TYPE_DATE, -1, "0044-03-15 BC", "0044-03-15 BC"},
        {TYPE_DATE, -1, "0000-01-01", "!22008"},
        {TYPE_DATE, -1, "4714-11-23 BC", "!22008"},
        {TYPE_DATE, -1, "5874897-12-31", "5874897-12-31"},
        {TYPE_DATE, -1, "5874898-01-01", "!22008"},
        {TYPE_DATE, -1, "infinity", "infinity"},
        {TYPE_DATE, -1, "-infinity", "-infinity"},
        {TYPE_DATE, -1, "tomorrow", "!0A000"},
        {TYPE_DATE, -1, "", "!22007"},
        {TYPE_DATE, -1, "10:00", "!22007"},
        {TYPE_TIME, -1, "24:00", "24:00:00"},
        {TYPE_TIME, -1, "24:00:00.000001", "!22008"},
        {TYPE_TIME, -1, "1:02", "01:02:00"},
        {TYPE_TIME, 0, "23:59:59.5", "24:00:00"},
        {TYPE_TIME, -1, "2024-01-05", "!22007"},
        {TYPE_TIME, -1, "10:00:00.120+02", "10:00:00.12"},
        {TYPE_TIMESTAMP, -1, "2024-01-05T10:00:00.000001", "2024-01-05 10:00:00.000001"},
        {TYPE_TIMESTAMP, -1, "2024-01-05", "2024-01-05 00:00:00"},
        {TYPE_TIMESTAMP, 3, "2024-01-05 10:00:00.1235", "2024-01-05 10:00:00.124"},
        {TYPE_TIMESTAMP, 0, "1999-12-31 23:59:58.5", "1999-12-31 23:59:58"},
        {TYPE_TIMESTAMP, -1, "2016-12-31 23:59:60", "2017-01-01 00:00:00"},
        {TYPE_TIMESTAMP, -1, "1999-12-31 23:59:59.999999", "1999-12-31 23:59:59.999999"},
        {TYPE_TIMESTAMP, -1, "294276-12-31 23:59:59.999999", "294276-12-31 23:59:59.999999"},
        {TYPE_TIMESTAMP, -1, "294277-01-01", "!22008"},
        {TYPE_TIMESTAMP, -1, "4714-11-24 00:00:00 BC", "4714-11-24 00:00:00 BC"},
        {TYPE_TIMESTAMP, -1, "epoch", "1970-01-01 00:00:00"},
        {TYPE_TIMESTAMP, -1, "2024-01-05 10:00+02", "2024-01-05 10:00:00"},
        {TYPE_TIMESTAMPTZ, -1, "2024-01-05 10:00+02", "2024-01-05 08:00:00+00"},
        {TYPE_TIMESTAMPTZ, -1, "2024-01-05T23:00:00-01:30", "2024-01-06 00:30:00+00"},
        {TYPE_TIMESTAMPTZ, -1, "2024-01-05 10:00:00Z", "2024-01-05 10:00:00+00"},
        {TYPE_TIMESTAMPTZ, -1, "2024-01-05 10:00+16", "!22009"},
        {TYPE_TIMESTAMPTZ, -1, "0001-01-01 00:00:00+01 BC", "0002-12-31 23:00:00+00 BC"},
        {TYPE_TIMESTAMPTZ, 3, "infinity", "infinity"},
        {TYPE_TIMESTAMPTZ, -1, "2024-01-05 10:00 Europe/Madrid", "2024-01-05 09:00:00+00"},
        {TYPE_TIMESTAMPTZ, -1, "2024-01-05 10:00 europe//madrid", "!22023"},
        {TYPE_TIMESTAMPTZ, -1, "2024-01-05 10:00 Europe/../UTC", "!22023"},
        {TYPE_TIMESTAMPTZ, -1, "Fri Jan 5 10:00 GMT+4 2024", "2024-01-05 14:00:00+00"},
        {TYPE_TIMESTAMPTZ, -1, "2024-01-05 10:00 met dst", "2024-01-05 08:00:00+00"},
        {TYPE_TIMESTAMPTZ, -1, "2024-07-05 10:00 ABC3DEF", "2024-07-05 12:00:00+00"},
        {TYPE_TIMESTAMPTZ, -1, "20240105T100000.5-08", "2024-01-05 18:00:00.5+00"},
        {TYPE_TIMESTAMP, -1, "2024-01-05 10:00:00.1234567890123456789",
         "2024-01-05 10:00:00.123457"},
        {TYPE_TIMESTAMP, -1, "y2024m1d5h10mm20s30.5", "2024-01-05 10:20:30.5"},
        {TYPE_TIMESTAMP, -1, "now", "!0A000"},
        {TYPE_DATE, -1, "J2460315", "2024-01-05"},
        {TYPE_DATE, -1, "2024.005", "2024-01-05"},
        {TYPE_DATE, -1, "240105", "2024-01-05"},
        {TYPE_DATE, -1, "January 5, 44 BC", "0044-01-05 BC"},
        {TYPE_DATE, -1, "5/1/69", "2069-05-01"},
        {TYPE_DATE, -1, "31/1/2024", "!22008"},
        {TYPE_TIME, -1, "040506 PM", "16:05:06"},
        {TYPE_TIME, -1, "13:00 AM", "!22008"},
    };

    (void)state;
    CHECK_ALL(cases);
}

static void reads_and_prints_bytes(void **state)
{
    static const struct text_case cases[] = {
        {TYPE_VARCHAR, 7, "abc", "abc"},
        {TYPE_VARCHAR, 7, "abc  ", "abc"},
        {TYPE_VARCHAR, 7, "abcd", "!22001"},
        {TYPE_VARCHAR, 7, "\303\251\342\202\254x", "\303\251\342\202\254x"},
        {TYPE_VARCHAR, -1, "abcd", "abcd"},
        {TYPE_BPCHAR, 7, "a", "a  "},
        {TYPE_BPCHAR, 7, "\303\251", "\303\251  "},
        {TYPE_BPCHAR, 7, "abc ", "abc"},
        {TYPE_BPCHAR, 7, "abcd", "!22001"},
        {TYPE_BPCHAR, -1, "a ", "a "},
        {TYPE_TEXT, -1, "", ""},
        {TYPE_TEXT, -1, "a\200", "!22021"},
        {TYPE_TEXT, -1, "\300\200", "!22021"},
        {TYPE_TEXT, -1, "\355\240\200", "!22021"},
        {TYPE_TEXT, -1, "\364\220\200\200", "!22021"},
        {TYPE_TEXT, -1, "12345678\342\202", "!22021"},
        {TYPE_TEXT, -1, "\360\235\204\236", "\360\235\204\236"},
        {TYPE_BYTEA, -1, "\\x00fF", "\\x00ff"},
        {TYPE_BYTEA, -1, "a\\\\\\001", "\\x615c01"},
        {TYPE_BYTEA, -1, "\\x0", "!22023"},
        {TYPE_BYTEA, -1, "\\", "!22P02"},
        {TYPE_UUID, -1, "{A0EEBC99-9c0b-4ef8-bb6d-6bb9bd380a11}",
         "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
        {TYPE_UUID, -1, "a0eebc99", "!22P02"},
        {TYPE_UUID, -1, "a0eebc999c0b4ef8bb6d6bb9bd380a11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
        {TYPE_JSON, -1, " {\"a\":1} ", " {\"a\":1} "},
        {TYPE_JSON, -1, "{a:1}", "!22P02"},
        {TYPE_JSON, -1, "", "!22P02"},
        {TYPE_JSONB, -1, "{\"bb\":1e2,\"a\":[1,{}],\"bb\":-0.50}",
         "{\"a\": [1, {}], \"bb\": -0.50}"},
        {TYPE_JSONB, -1, "[1,]", "!22P02"},
        {TYPE_JSONB, -1, "\"\\u00e9\\n\"", "\"\303\251\\n\""},
    };

    (void)state;
    CHECK_ALL(cases);
}

static void refuses_a_nul(void **state)
{
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);
    struct value value;
    struct err err;

    (void)state;
    assert_false(
        text_parse((struct type){TYPE_TEXT, -1}, (struct str){"a\0b", 3}, arena, &value, &err));
    assert_string_equal(err.sqlstate, "22021");
    assert_false(
        text_parse((struct type){TYPE_FLOAT8, -1}, (struct str){"1\0e", 3}, arena, &value, &err));
    assert_string_equal(err.sqlstate, "22P02");
}

static struct str cast(struct arena *arena, enum type_id id, int32_t typmod, const char *text)
{
    struct value value = {.bytes = str_of(text)}, made = {.null = false};
    struct err err;

    assert_true(text_apply_typmod((struct type){id, typmod}, value, arena, &made, &err));
    return made.bytes;
}

static void casts_cut_where_input_refuses(void **state)
{
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);
    struct value value = {.slot = 1500}, null = {.null = true};
    struct err err;

    (void)state;
    assert_true(str_eq(cast(arena, TYPE_VARCHAR, 6, "abc"), STR("ab")));
    assert_true(
        str_eq(cast(arena, TYPE_VARCHAR, 6, "\303\251\303\251\303\251"), STR("\303\251\303\251")));
    assert_true(str_eq(cast(arena, TYPE_BPCHAR, 7, "a"), STR("a  ")));
    assert_true(str_eq(cast(arena, TYPE_BPCHAR, 5, "abc"), STR("a")));
    assert_true(str_eq(cast(arena, TYPE_TEXT, -1, "abc"), STR("abc")));
    assert_true(text_apply_typmod((struct type){TYPE_TIMESTAMP, 3}, value, arena, &value, &err));
    assert_int_equal(value.slot, 2000);
    value.slot = -1500;
    assert_true(text_apply_typmod((struct type){TYPE_TIMESTAMPTZ, 3}, value, arena, &value, &err));
    assert_int_equal(value.slot, -2000);
    assert_true(text_apply_typmod((struct type){TYPE_NUMERIC, 327686}, null, arena, &value, &err));
    assert_true(value.null);
}

static void counts_days(void **state)
{
    int year, month, day;

    (void)state;
    assert_int_equal(text_days(2000, 1, 1), 0);
    assert_int_equal(text_days(1970, 1, 1), -10957);
    assert_int_equal(text_days(2000, 3, 1), 60);
    assert_int_equal(text_days(-4713, 11, 24), -2451545);
    assert_int_equal(text_days(5874897, 12, 31), 2145031948);
    for (int32_t days = -2451545; days < 4000000; days += 13) {
        text_date(days, &year, &month, &day);
        assert_int_equal(text_days(year, month, day), days);
        assert_in_range(month, 1, 12);
        assert_in_range(day, 1, 31);
    }
}

/* Every printed double reads back as itself. */
static void doubles_go_both_ways(void **state)
{
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);
    CLEANUP(buf) struct buf out = {0};
    uint64_t bits = 0x9e3779b97f4a7c15;
    struct value value;
    struct err err;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        double real;

        bits = bits * UINT64_C(6364136223846793005) + 1442695040888963407;
        memcpy(&real, &bits, sizeof(real));
        if (isnan(real) || isinf(real))
            continue;
        buf_clear(&out);
        text_print_real(&out, real, false);
        assert_true(out.len <= 24);
        assert_true(text_parse((struct type){TYPE_FLOAT8, -1}, buf_str(&out), arena, &value, &err));
        assert_true(value.real == real);
    }
}

static void reads_and_prints_intervals(void **state)
{
    static const struct text_case cases[] = {
        {TYPE_INTERVAL, -1, "1 year 2 mons 3 days 04:05:06.789",
         "1 year 2 mons 3 days 04:05:06.789"},
        {TYPE_INTERVAL, -1, "-1 day +02:03:04", "-1 days +02:03:04"},
        {TYPE_INTERVAL, -1, "P1Y2M3DT4H5M6.5S", "1 year 2 mons 3 days 04:05:06.5"},
        {TYPE_INTERVAL, -1, "1.5 months", "1 mon 15 days"},
        {TYPE_INTERVAL, -1, "3 days ago", "-3 days"},
        {TYPE_INTERVAL, -1, "5", "00:00:05"},
        {TYPE_INTERVAL, -1, "P0001-02-03T04:05:06.5", "1 year 2 mons 3 days 04:05:06.5"},
        {TYPE_INTERVAL, -1, "P00010203T040506", "1 year 2 mons 3 days 04:05:06"},
        {TYPE_INTERVAL, -1, "P1Y-", "!22007"},
        {TYPE_INTERVAL, -1, "@ 1-2 @ 3 days @ -4:05", "1 year 2 mons 3 days -04:05:00"},
        {TYPE_INTERVAL, -1, "-9223372036854775808 us", "-2562047788:00:54.775808"},
        {TYPE_INTERVAL, -1, "-9223372036854775808 us ago", "!22015"},
        {TYPE_INTERVAL, -1, "178956971 years", "!22008"},
        {TYPE_INTERVAL, (int32_t)((INTERVAL_MINUTE | INTERVAL_SECOND) << 16 | 0xffff), "1:02",
         "00:01:02"},
        {TYPE_INTERVAL, -1, "1 day 1 day", "!22007"},
        {TYPE_INTERVAL, -1, "", "!22007"},
        {TYPE_INTERVAL, -1, "99999999999 years", "!22015"},
        {TYPE_INTERVAL, (int32_t)(0x7fffU << 16 | 1), "1.26 s", "00:00:01.3"},
        {TYPE_TIMETZ, -1, "10:20:30.5-05:30", "10:20:30.5-05:30"},
        {TYPE_TIMETZ, -1, "24:00", "24:00:00+00"},
        {TYPE_TIMETZ, 0, "10:20:30.5+02", "10:20:31+02"},
        {TYPE_TIMETZ, -1, "25:00+00", "!22008"},
        {TYPE_TIMETZ, -1, "10:20 PST", "10:20:00-08"},
        {TYPE_TIMETZ, -1, "10:20 MSK", "10:20:00+03"},
        {TYPE_TIMETZ, -1, "2011-01-05 10:20 MSK", "10:20:00+03"},
        {TYPE_TIMETZ, -1, "2012-01-05 10:20 msk", "10:20:00+04"},
        {TYPE_TIMETZ, -1, "10:20 Europe/Madrid", "!22007"},
        {TYPE_TIMETZ, -1, "10:20 CLT", "!0A000"},
        {TYPE_TIMETZ, -1, "2024-07-05 10:20 Europe/Madrid", "10:20:00+02"},
    };

    (void)state;
    CHECK_ALL(cases);
}

static void reads_and_prints_arrays(void **state)
{
    enum { INT4S = TYPE_ARRAY | TYPE_INT4, TEXTS = TYPE_ARRAY | TYPE_TEXT };
    static const struct text_case cases[] = {
        {(enum type_id)INT4S, -1, "{1, NULL ,-3}", "{1,NULL,-3}"},
        {(enum type_id)INT4S, -1, " {} ", "{}"},
        {(enum type_id)INT4S, -1, "[0:1]={1,2}", "[0:1]={1,2}"},
        {(enum type_id)INT4S, -1, "[0:5]={1,2}", "!22P02"},
        {(enum type_id)INT4S, -1, "{1,2", "!22P02"},
        {(enum type_id)INT4S, -1, "{1,,2}", "!22P02"},
        {(enum type_id)INT4S, -1, "{x}", "!22P02"},
        {(enum type_id)INT4S, -1, "{{1}}", "!0A000"},
        {(enum type_id)TEXTS, -1, "{a b, \"c,d\",\"\",\"null\",null,q\\\"}",
         "{\"a b\",\"c,d\",\"\",\"null\",NULL,\"q\\\"\"}"},
    };

    (void)state;
    CHECK_ALL(cases);
}

static void an_enum_is_one_of_its_labels(void **state)
{
    static const struct str labels[] = {{"sad", 3}, {"ok", 2}};
    static const struct enum_labels mood = {"mood", labels, 2};
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);
    CLEANUP(buf) struct buf out = {0};
    struct type type = {(enum type_id)TYPE_ENUM_FIRST, -1, &mood};
    struct value value;
    struct err err;

    (void)state;
    assert_true(text_parse(type, STR("ok"), arena, &value, &err));
    text_print(&out, type, value);
    assert_string_equal(buf_cstr(&out), "ok");
    assert_false(text_parse(type, STR("OK"), arena, &value, &err));
    assert_string_equal(err.text, "invalid input value for enum mood: \"OK\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_and_prints_numbers),
        cmocka_unit_test(reads_and_prints_times),
        cmocka_unit_test(reads_and_prints_intervals),
        cmocka_unit_test(reads_and_prints_arrays),
        cmocka_unit_test(an_enum_is_one_of_its_labels),
        cmocka_unit_test(reads_and_prints_bytes),
        cmocka_unit_test(refuses_a_nul),
        cmocka_unit_test(casts_cut_where_input_refuses),
        cmocka_unit_test(counts_days),
        cmocka_unit_test(doubles_go_both_ways),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
