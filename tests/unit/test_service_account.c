/* service/account: counts by layer, stages that add up, text and JSON of the same run. */
#include "service/account.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct account sample(const char *error)
{
    struct account account;

    account_begin(&account, "sql-rows", "a \"run\"\n", 1767323045678000, 1000);
    account_count(&account, "source", "rows", 5);
    account_stage(&account, "load", 1010);
    account_count(&account, "bronze", "created", 3);
    account_count(&account, "source", "bytes", 70);
    account_stage(&account, "write", 1030);
    account_stage(&account, "load", 1035);
    account_count(&account, "bronze", "created", 1);
    account_end(&account, false, error, 1040);
    return account;
}

static void a_run_is_told_to_a_person_and_to_a_program(void **state)
{
    struct account account = sample(NULL);
    CLEANUP(buf) struct buf text = {0}, json = {0};

    (void)state;
    account_text(&text, &account);
    assert_string_equal(buf_cstr(&text),
                        "success in 40 ms: source rows=5 bytes=70, bronze created=4; "
                        "load 15 ms, write 20 ms");
    account_json(&json, &account);
    assert_string_equal(
        buf_cstr(&json),
        "{\"service\":\"sql-rows\",\"run\":\"a \\\"run\\\"\\u000a\",\"status\":\"success\","
        "\"began\":\"2026-01-02T03:04:05.678Z\",\"duration_ms\":40,"
        "\"counts\":{\"source\":{\"rows\":5,\"bytes\":70},\"bronze\":{\"created\":4}},"
        "\"stages_ms\":{\"load\":15,\"write\":20}}");
}

static void a_failure_says_why(void **state)
{
    struct account account = sample("no \"broker\"");
    CLEANUP(buf) struct buf text = {0}, json = {0};

    (void)state;
    account_text(&text, &account);
    assert_non_null(strstr(buf_cstr(&text), "failed in 40 ms: "));
    assert_non_null(strstr(buf_cstr(&text), "; no \"broker\""));
    account_json(&json, &account);
    assert_non_null(strstr(buf_cstr(&json), "\"status\":\"failed\""));
    assert_non_null(strstr(buf_cstr(&json), "\"error\":\"no \\\"broker\\\"\""));
}

static void nothing_done_is_a_well_formed_account(void **state)
{
    struct account account;
    CLEANUP(buf) struct buf text = {0}, json = {0};

    (void)state;
    account_begin(&account, "report", "all", 0, 0);
    account_end(&account, true, NULL, 0);
    account_text(&text, &account);
    assert_string_equal(buf_cstr(&text), "stopped in 0 ms");
    account_members(&json, &account);
    assert_non_null(strstr(buf_cstr(&json), ",\"counts\":{},\"stages_ms\":{}"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_is_told_to_a_person_and_to_a_program),
        cmocka_unit_test(a_failure_says_why),
        cmocka_unit_test(nothing_done_is_a_well_formed_account),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
