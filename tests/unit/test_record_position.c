/* The position header: text form, order, refusals. */
#include "record/position.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_round_trip(void **state)
{
    static const struct position positions[] = {
        {0, 0}, {1, 2}, {44761808, 0}, {UINT64_MAX, UINT64_MAX}};

    (void)state;
    for (size_t i = 0; i < sizeof(positions) / sizeof(*positions); i++) {
        struct buf text CLEANUP(buf) = {0};
        struct position read = {7, 7};
        struct err err;

        position_print(&text, positions[i]);
        assert_true(position_parse(buf_str(&text), &read, &err));
        assert_int_equal(position_cmp(read, positions[i]), 0);
    }
}

static void test_text(void **state)
{
    struct buf text CLEANUP(buf) = {0};

    (void)state;
    position_print(&text, (struct position){44761808, 3});
    assert_string_equal(buf_cstr(&text), "44761808/3");
}

static void test_refusals(void **state)
{
    static const char *const texts[] = {"",
                                        "/",
                                        "1",
                                        "1/",
                                        "/1",
                                        "1/2/3",
                                        "1/2 ",
                                        " 1/2",
                                        "-1/2",
                                        "1/-2",
                                        "a/b",
                                        "01/2",
                                        "1/02",
                                        "+1/2",
                                        "18446744073709551616/0",
                                        "0/18446744073709551616",
                                        "1 /2",
                                        "0x1/2"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        struct position read = {7, 7};
        struct err err = {0};

        if (position_parse(str_of(texts[i]), &read, &err))
            fail_msg("accepted: %s", texts[i]);
        assert_int_equal(err.kind, ERR_DEAD_LETTER);
        assert_true(read.lsn == 7 && read.ordinal == 7);
    }
}

static void test_order(void **state)
{
    (void)state;
    assert_true(position_cmp((struct position){1, 9}, (struct position){2, 0}) < 0);
    assert_true(position_cmp((struct position){2, 1}, (struct position){2, 0}) > 0);
    assert_true(position_cmp((struct position){UINT64_MAX, 0}, (struct position){0, 0}) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
