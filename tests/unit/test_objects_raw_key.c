/* Keys of objects that are kept as they came, and where the state of a file says so. */
#include "raw_key.h"

#include "file_state.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { READ_US_PER_S = 1000000 };

static void expect_key(const char *template, const char *name, const char *expected)
{
    const struct raw_key_words words = {"a.bronze.b", name, "0123abcd",
                                        INT64_C(1709251199) *
                                            READ_US_PER_S}; /* 2024-02-29 23:59:59 */
    struct buf out CLEANUP(buf) = {0};

    raw_key_print(&out, template, &words);
    assert_string_equal(buf_cstr(&out), expected);
}

static void test_words(void **state)
{
    (void)state;
    expect_key("{topic}/{date}/{sha256}/{name}", "in/a.csv",
               "a.bronze.b/2024-02-29/0123abcd/in/a.csv");
    expect_key("fixed.csv", "in/a.csv", "fixed.csv");
    expect_key("{sha256}{sha256}", "", "0123abcd0123abcd");
    expect_key("{name}", "{date}", "{date}");
}

static void test_names_that_no_store_takes(void **state)
{
    (void)state;
    expect_key("raw/{name}", "https://host:1/v3.1//all/", "raw/host:1/v3.1/all");
    expect_key("{name}", "../a/./b", "a/b");
    expect_key("{name}", "a\\b", "a_b");
    expect_key("{name}", "-", "-");
}

static void test_templates(void **state)
{
    static const char *const good[] = {"a", "{topic}{name}{date}{sha256}"};
    static const char *const bad[] = {"", "{", "a}", "{Date}", "{sha256", "{{name}}"};
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
        assert_true(raw_key_check(good[i], &err));
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        assert_false(raw_key_check(bad[i], &err));
        assert_int_equal(err.exit_status, EX_USAGE);
    }
    assert_true(raw_key_by_content("{name}-{sha256}"));
    assert_false(raw_key_by_content("{name}-sha256"));
}

static void test_place_in_the_state(void **state)
{
    struct file_state kept = {.status = FILE_IN_PROGRESS, .raw = "s3://raw/\"a\"/b"}, again;
    struct buf text CLEANUP(buf) = {0};
    struct err err;

    (void)state;
    file_state_print(&text, &kept);
    assert_true(file_state_parse(buf_str(&text), &again, &err));
    assert_string_equal(again.raw, kept.raw);
    assert_int_equal(again.status, FILE_IN_PROGRESS);
    assert_true(
        file_state_parse(STR("{\"status\":\"FAILED\"}"), &again, &err)); /* an earlier version's */
    assert_string_equal(again.raw, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words), cmocka_unit_test(test_names_that_no_store_takes),
        cmocka_unit_test(test_templates), cmocka_unit_test(test_place_in_the_state)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
