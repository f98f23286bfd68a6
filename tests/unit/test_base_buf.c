/* base/buf and base/str: appending, numbers, limits, views. */
#include "base/buf.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void it_appends_and_clears(void **state)
{
    CLEANUP(buf) struct buf buf = {0};

    (void)state;
    assert_string_equal(buf_cstr(&buf), "");
    buf_puts(&buf, "ab");
    buf_char(&buf, 'c');
    buf_put(&buf, (struct str){"defg", 2});
    buf_put(&buf, STR_NONE);
    buf_printf(&buf, "-%d", 5);
    assert_string_equal(buf_cstr(&buf), "abcde-5");
    assert_int_equal(buf.len, 7);
    for (int i = 0; i < 10000; i++)
        buf_char(&buf, 'x');
    assert_int_equal(buf.len, 10007);
    assert_true(buf_ok(&buf));
    buf_clear(&buf);
    assert_int_equal(buf_str(&buf).len, 0);
}

static void numbers_reach_their_ends(void **state)
{
    CLEANUP(buf) struct buf buf = {0};

    (void)state;
    buf_i64(&buf, INT64_MIN);
    buf_char(&buf, ' ');
    buf_i64(&buf, INT64_MAX);
    buf_char(&buf, ' ');
    buf_u64(&buf, UINT64_MAX);
    buf_char(&buf, ' ');
    buf_i64(&buf, 0);
    assert_string_equal(buf_cstr(&buf),
                        "-9223372036854775808 9223372036854775807 18446744073709551615 0");
    buf_clear(&buf);
    buf_be(&buf, 0x0102030405060708, 8);
    buf_be(&buf, 0xfffe, 1);
    assert_memory_equal(buf.at, "\1\2\3\4\5\6\7\10\376", 9);
    assert_int_equal(be_get(buf.at, 8), 0x0102030405060708);
    assert_int_equal(be_get(buf.at + 1, 3), 0x020304);
}

static void the_limit_holds(void **state)
{
    CLEANUP(buf) struct buf buf = {.limit = 10};

    (void)state;
    buf_puts(&buf, "0123456789");
    assert_true(buf_ok(&buf));
    buf_char(&buf, 'x');
    assert_false(buf_ok(&buf));
    assert_int_equal(buf.len, 10);
    buf_clear(&buf);
    assert_true(buf_ok(&buf));
    buf_printf(&buf, "%s", "01234567890");
    assert_false(buf_ok(&buf));
    assert_int_equal(buf.len, 0);
    assert_false(buf_reserve(&buf, SIZE_MAX));
    buf_done(&buf);
    assert_int_equal(buf.limit, 10);
}

static void views_compare(void **state)
{
    (void)state;
    assert_true(str_eq(STR(""), STR_NONE));
    assert_true(str_eq_c(STR("ab"), "ab"));
    assert_false(str_eq_c(STR("ab"), "abc"));
    assert_true(str_cmp(STR("a"), STR("ab")) < 0);
    assert_true(str_cmp(STR("b"), STR("ab")) > 0);
    assert_true(str_cmp(STR("\xc3"), STR("z")) > 0);
    assert_int_equal(str_cmp(STR(""), STR_NONE), 0);
    assert_true(str_starts(STR("abc"), STR("ab")));
    assert_true(str_starts(STR("abc"), STR_NONE));
    assert_false(str_starts(STR("a"), STR("ab")));
    assert_int_equal(str_of(NULL).len, 0);
}

static void test_str_trims(void **unused)
{
    (void)unused;
    assert_true(str_eq_c(str_trim(STR(" \t a b\r\n"), STR_BLANKS), "a b"));
    assert_true(str_eq_c(str_trim(STR("\n a\t"), " \t"), "\n a"));
    assert_int_equal(str_trim(STR(" \v\f "), STR_BLANKS).len, 0);
    assert_int_equal(str_trim(STR_NONE, STR_BLANKS).len, 0);
    assert_int_equal(str_trim((struct str){"\0a\0", 3}, STR_BLANKS).len, 3);
}

static void test_hexadecimal_digits(void **unused)
{
    (void)unused;
    for (int c = 0; c < 256; c++) {
        char text[2] = {(char)c, '\0'};

        assert_int_equal(hex_digit((char)c), isxdigit(c) ? (int)strtol(text, NULL, 16) : -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_str_trims),        cmocka_unit_test(test_hexadecimal_digits),
        cmocka_unit_test(it_appends_and_clears), cmocka_unit_test(numbers_reach_their_ends),
        cmocka_unit_test(the_limit_holds),       cmocka_unit_test(views_compare),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
