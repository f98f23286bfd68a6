#include "kafka/pure.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

/* Builds what rd_kafka_consumer_group_metadata_write writes. */
static size_t blob(char *into, int32_t generation, const char *member)
{
    static const char magic[] = "CGMDv2:";
    size_t at = sizeof(magic) - 1;

    memcpy(into, magic, at);
    memcpy(into + at, &generation, sizeof(generation));
    at += sizeof(generation);
    memcpy(into + at, "group", 6);
    at += 6;
    memcpy(into + at, member, strlen(member) + 1);
    at += strlen(member) + 1;
    into[at++] = 1;
    return at;
}

static void member_is_read(void **state)
{
    int32_t generation = 0;
    struct str member;
    char bytes[64];

    (void)state;
    size_t size = blob(bytes, 7, "m-1");
    assert_true(kafka_member_parse(bytes, size, &generation, &member));
    assert_int_equal(generation, 7);
    assert_true(str_eq_c(member, "m-1"));
    size = blob(bytes, -1, "");
    assert_true(kafka_member_parse(bytes, size, &generation, &member));
    assert_int_equal(generation, -1);
    assert_int_equal(member.len, 0);
}

static void cut_or_foreign_blob_is_refused(void **state)
{
    int32_t generation = 42;
    struct str member;
    char bytes[64];
    size_t whole = blob(bytes, 7, "m-1");

    (void)state;
    for (size_t size = 0; size < whole; size++) {
        char *exact = err_malloc(size); /* so that a sanitizer sees a read past the end */

        memcpy(exact, bytes, size);
        assert_false(kafka_member_parse(exact, size, &generation, &member));
        free(exact);
    }
    bytes[0] = 'X';
    assert_false(kafka_member_parse(bytes, whole, &generation, &member));
    assert_int_equal(generation, 42);
}

static void reason_becomes_headers(void **state)
{
    struct err err;
    struct kafka_header headers[DEAD_LETTER_HEADERS];
    struct dead_letter_reason reason = {.topic = "bronze.orders",
                                        .rule = "orders_amount_check",
                                        .partition = 2147483647,
                                        .offset = INT64_MAX,
                                        .err = &err};
    static const char *const expected[DEAD_LETTER_HEADERS][2] = {
        {"sluice.error.topic", "bronze.orders"},
        {"sluice.error.partition", "2147483647"},
        {"sluice.error.offset", "9223372036854775807"},
        {"sluice.error.rule", "orders_amount_check"},
        {"sluice.error.sqlstate", "23514"},
        {"sluice.error.message", "amount is -1"},
    };

    (void)state;
    err_sql(&err, ERR_DEAD_LETTER, "23514", "amount is %d", -1);
    dead_letter_headers(&reason, headers);
    for (size_t i = 0; i < DEAD_LETTER_HEADERS; i++) {
        assert_true(str_eq_c(headers[i].name, expected[i][0]));
        assert_true(str_eq_c(headers[i].value, expected[i][1]));
    }
}

static void secrets_are_known_by_name(void **state)
{
    (void)state;
    assert_false(kafka_property_printable("sasl.password"));
    assert_false(kafka_property_printable("ssl.key.pem"));
    assert_false(kafka_property_printable("sasl.oauthbearer.client.secret"));
    assert_true(kafka_property_printable("linger.ms"));
}

static void what_exactly_once_needs_is_reserved(void **state)
{
    (void)state;
    assert_true(kafka_property_reserved("isolation.level"));
    assert_true(kafka_property_reserved("partition.assignment.strategy"));
    assert_false(kafka_property_reserved("fetch.min.bytes"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(member_is_read),
        cmocka_unit_test(cut_or_foreign_blob_is_refused),
        cmocka_unit_test(reason_becomes_headers),
        cmocka_unit_test(secrets_are_known_by_name),
        cmocka_unit_test(what_exactly_once_needs_is_reserved),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
