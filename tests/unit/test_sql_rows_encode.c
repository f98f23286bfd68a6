/* Rows as records: declared types, the envelope, plain rows, what can't be written; a run's summary. */
#include "declared.h"
#include "encode.h"
#include "summary.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the above */
#include <cmocka.h>

static void declarations(void **state)
{
    static const struct {
        const char *text;
        uint32_t oid;
        int32_t typmod;
    } known[] = {
        {"TEXT", ROWS_OID_TEXT, -1},
        {"VARCHAR(26)", ROWS_OID_VARCHAR, 30},
        {"character varying ( 500 )", ROWS_OID_VARCHAR, 504},
        {"INTEGER", ROWS_OID_INT8, -1},
        {"SMALLINT", ROWS_OID_INT2, -1},
        {"BIGINT", ROWS_OID_INT8, -1},
        {"UNSIGNED BIG INT", ROWS_OID_INT8, -1},
        {"REAL", ROWS_OID_FLOAT8, -1},
        {"FLOAT", ROWS_OID_FLOAT8, -1},
        {"DOUBLE PRECISION", ROWS_OID_FLOAT8, -1},
        {"DECIMAL(10,2)", ROWS_OID_NUMERIC, (10 << 16 | 2) + 4},
        {"NUMERIC", ROWS_OID_NUMERIC, -1},
        {"BOOLEAN", ROWS_OID_BOOL, -1},
        {"DATE", ROWS_OID_DATE, -1},
        {"DATETIME", ROWS_OID_TIMESTAMP, -1},
        {"TIMESTAMP(3)", ROWS_OID_TIMESTAMP, 3},
        {"BLOB", ROWS_OID_BYTEA, -1},
        {"NVARCHAR(10)", ROWS_OID_TEXT, -1},
        {"WHATEVER", ROWS_OID_ANY, -1},
        {"", ROWS_OID_ANY, -1},
        {NULL, ROWS_OID_ANY, -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        uint32_t oid = 1;
        int32_t typmod = 0;

        declared_type(known[i].text, &oid, &typmod);
        assert_int_equal(oid, known[i].oid);
        assert_int_equal(typmod, known[i].typmod);
    }
}

static void reals_keep_their_point(void **state)
{
    static const struct {
        double real;
        const char *text;
    } known[] = {{55, "55.0"},    {18.5, "18.5"}, {1e-7, "1e-07"},
                 {1e22, "1e+22"}, {-3, "-3.0"},   {0.1, "0.1"}};

    (void)state;
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        struct buf text CLEANUP(buf) = {0};

        declared_real(&text, known[i].real);
        assert_string_equal(buf_cstr(&text), known[i].text);
    }
}

static struct debezium_column columns[] = {
    {"n", ROWS_OID_INT8, -1, false},       {"ean", ROWS_OID_TEXT, -1, false},
    {"price", ROWS_OID_FLOAT8, -1, false}, {"ok", ROWS_OID_BOOL, -1, false},
    {"at", ROWS_OID_TIMESTAMP, 3, false},  {"any", ROWS_OID_ANY, -1, false},
};
static const struct source_columns all = {columns, 6};
static const char *const key[] = {"ean", "n"};
static const struct encode_source from = {"p", "db", "s.t", "sqlite"};

static const struct source_value row[] = {{SOURCE_INTEGER, {"7", 1}},
                                          {SOURCE_TEXT, {"00\"1", 4}},
                                          {SOURCE_REAL, {"55.0", 4}},
                                          {SOURCE_INTEGER, {"1", 1}},
                                          {SOURCE_TEXT, {"1970-01-01 00:00:01.5", 21}},
                                          {SOURCE_INTEGER, {"12", 2}}};

static struct encoder *make(bool envelope, size_t key_n)
{
    struct encoder *encoder = NULL;
    struct err err;

    assert_true(encoder_new(&all, key, key_n, &from, envelope, &encoder, &err));
    return encoder;
}

static void an_envelope(void **state)
{
    struct encoder *encoder = make(true, 2);
    struct buf k CLEANUP(buf) = {0}, r CLEANUP(buf) = {0}, value CLEANUP(buf) = {0};
    struct encode_event event = {
        .op = 'c', .run = 9, .ordinal = 3, .read_us = 1000000, .now_us = 2000000};
    struct err err;

    (void)state;
    assert_true(encode_row(encoder, row, &k, &r, &err));
    assert_string_equal(buf_cstr(&k), "{\"ean\":\"00\\\"1\",\"n\":7}");
    assert_string_equal(buf_cstr(&r),
                        "{\"n\":7,\"ean\":\"00\\\"1\",\"price\":55.0,\"ok\":true,\"at\":1500,"
                        "\"any\":12}");
    event.row = buf_str(&r);
    assert_true(encode_value(encoder, &event, &value, &err));
    assert_string_equal(
        buf_cstr(&value),
        "{\"before\":null,\"after\":{\"n\":7,\"ean\":\"00\\\"1\",\"price\":55.0,\"ok\":true,\"at\":"
        "1500,"
        "\"any\":12},\"source\":{\"version\":\"" SLUICE_VERSION
        "\",\"connector\":\"sluice-sql-rows\",\"name\":\"p\",\"ts_ms\":1000,\"ts_us\":1000000,"
        "\"ts_ns\":1000000000,\"snapshot\":\"false\",\"db\":\"db\",\"kind\":\"sqlite\",\"table\":"
        "\"s.t\","
        "\"run\":9,\"row\":3},\"transaction\":null,\"op\":\"c\",\"ts_ms\":2000,\"ts_us\":2000000,"
        "\"ts_ns\":2000000000}");
    encoder_free(encoder);
}

static void a_delete_has_the_key_alone(void **state)
{
    struct encoder *encoder = make(true, 2);
    struct buf value CLEANUP(buf) = {0};
    struct encode_event event = {.op = 'd', .key = STR("{\"ean\":\"00\\\"1\",\"n\":7}")};
    static const char begins[] =
        "{\"before\":{\"n\":7,\"ean\":\"00\\\"1\",\"price\":null,\"ok\":null,"
        "\"at\":null,\"any\":null},\"after\":null,\"source\":{";
    struct err err;

    (void)state;
    assert_true(encode_value(encoder, &event, &value, &err));
    assert_true(str_starts(buf_str(&value), str_of(begins)));
    event.key = STR("{\"ean\":1}");
    assert_false(encode_value(encoder, &event, &value, &err));
    assert_int_equal(err.kind, ERR_STOP);
    encoder_free(encoder);
}

static void a_plain_row_without_a_key(void **state)
{
    struct encoder *encoder = make(false, 0);
    struct buf k CLEANUP(buf) = {0}, r CLEANUP(buf) = {0}, value CLEANUP(buf) = {0};
    struct encode_event event = {.op = 'r'};
    struct err err;

    (void)state;
    assert_true(encode_row(encoder, row, &k, &r, &err));
    assert_int_equal(k.len, 0);
    event.row = buf_str(&r);
    assert_true(encode_value(encoder, &event, &value, &err));
    assert_string_equal(buf_cstr(&value), "{\"n\":7,\"ean\":\"00\\\"1\",\"price\":55.0,\"ok\":true,"
                                          "\"at\":\"1970-01-01T00:00:01.5\",\"any\":12}");
    encoder_free(encoder);
}

/* Each of these in the first column, or as named. */
static void what_does_not_fit_is_a_dead_letter(void **state)
{
    static const struct {
        int at;
        struct source_value value;
        const char *says;
    } bad[] = {
        {0, {SOURCE_TEXT, {"x", 1}}, "\"n\""},
        {0, {SOURCE_REAL, {"1.5", 3}}, "\"n\""},
        {0, {SOURCE_NULL, {NULL, 0}}, "key column \"n\""},
        {1, {SOURCE_TEXT, {"\xff", 1}}, "\"ean\""},
        {1, {SOURCE_TEXT, {"a\0b", 3}}, "\"ean\""},
        {2, {SOURCE_TEXT, {"1,5", 3}}, "\"price\""},
        {3, {SOURCE_INTEGER, {"2", 1}}, "\"ok\""},
        {4, {SOURCE_TEXT, {"yesterday", 9}}, "\"at\""},
        {5, {SOURCE_TEXT, {"\xc3", 1}}, "\"any\""},
    };

    (void)state;
    for (size_t i = 0; i < 2 * sizeof(bad) / sizeof(*bad); i++) {
        struct encoder *encoder = make(i % 2 == 0, 2);
        struct source_value values[6];
        struct buf k CLEANUP(buf) = {0}, r CLEANUP(buf) = {0};
        struct err err = {0};

        memcpy(values, row, sizeof(row));
        values[bad[i / 2].at] = bad[i / 2].value;
        assert_false(encode_row(encoder, values, &k, &r, &err));
        assert_int_equal(err.kind, ERR_DEAD_LETTER);
        assert_non_null(strstr(err.text, bad[i / 2].says));
        encode_raw(encoder, values, &r);
        assert_true(r.len > 0);
        encoder_free(encoder);
    }
}

static void a_key_that_is_no_column(void **state)
{
    static const char *const other[] = {"nothing"};
    struct encoder *encoder = NULL;
    struct err err;

    (void)state;
    assert_false(encoder_new(&all, other, 1, &from, true, &encoder, &err));
    assert_int_equal(err.exit_status, EX_CONFIG);
}

static void a_summary(void **state)
{
    char pipeline[] = "products", topic[] = "t", name[] = "products_processed",
         as_of[] = "2025-12-31";
    char status[] = "articleStatus=created", days[] = "days_back=30", padded[] = "code=007";
    char *items[] = {status, days, padded};
    struct rows_options options = {.pipeline = pipeline,
                                   .topic = topic,
                                   .count_name = name,
                                   .as_of = as_of,
                                   .parameters = {items, 3, 0}};
    struct summary summary;
    struct buf line CLEANUP(buf) = {0};

    (void)state;
    summary_begin(&summary, &options, 1000000, 10);
    summary.read = 9;
    summary.created = 2;
    summary.deleted = 1;
    summary_end(&summary, NULL, 2510);
    summary_print(&line, &options, &summary);
    assert_string_equal(
        buf_cstr(&line),
        "{\"pipeline\":\"products\",\"execution_time\":\"1970-01-01T00:00:01.000Z\",\"products_"
        "processed\":3,"
        "\"kafka_topic\":\"t\",\"query_criteria\":{\"articleStatus\":\"created\","
        "\"days_back\":30,\"code\":\"007\",\"as_of\":\"2025-12-31\"},\"service\":\"sql-rows\","
        "\"run\":\"t\",\"status\":\"success\",\"began\":\"1970-01-01T00:00:01.000Z\","
        "\"duration_ms\":2500,\"counts\":{\"source\":{\"read\":9},\"bronze\":{\"snapshot\":0,"
        "\"created\":2,\"updated\":0,\"deleted\":1,\"dead_letters\":0}},\"stages_ms\":{}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(declarations),
        cmocka_unit_test(reals_keep_their_point),
        cmocka_unit_test(an_envelope),
        cmocka_unit_test(a_delete_has_the_key_alone),
        cmocka_unit_test(a_plain_row_without_a_key),
        cmocka_unit_test(what_does_not_fit_is_a_dead_letter),
        cmocka_unit_test(a_key_that_is_no_column),
        cmocka_unit_test(a_summary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
