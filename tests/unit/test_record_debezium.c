/* Debezium's envelope, in and out: spelling of each type, refusals, surprises in order and shape.
 */
#include "record/debezium.h"

#include "record/text.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { LEN = 4096 };

static int32_t numeric_typmod(int precision, int scale)
{
    return type_numeric_make_typmod(precision, scale);
}

/* --- the writer ------------------------------------------------------------------------------- */

struct spelling {
    uint32_t oid;
    int32_t typmod;
    const char *text, *json;
};

static void check_spelling(const struct spelling *spelling, struct debezium_format format)
{
    struct debezium_column column = {"c", spelling->oid, spelling->typmod, true};
    struct debezium_datum datum = {DEBEZIUM_TEXT, str_of(spelling->text)};
    struct buf out CLEANUP(buf) = {0};
    struct buf expected CLEANUP(buf) = {0};
    struct err err = {0};
    bool has_key = false;

    if (!debezium_write_key(&out, &column, 1, &datum, format, &has_key, &err))
        fail_msg("%s: %s", spelling->text, err.text);
    assert_true(has_key);
    buf_printf(&expected, "{\"c\":%s}", spelling->json);
    assert_string_equal(buf_cstr(&out), buf_cstr(&expected));
}

static void it_spells_values_as_debezium(void **state)
{
    static const struct spelling spellings[] = {
        {16, -1, "t", "true"},
        {16, -1, "f", "false"},
        {21, -1, "-32768", "-32768"},
        {20, -1, "-9223372036854775808", "-9223372036854775808"},
        {26, -1, "4294967295", "4294967295"},
        {700, -1, "3.14159", "3.14159"},
        {700, -1, "1.6777216e+07", "1.6777216E7"},
        {700, -1, "1.1754944e-38", "1.17549435E-38"},
        {700, -1, "100000", "100000.0"},
        {701, -1, "2.718281828459045", "2.718281828459045"},
        {701, -1, "-20000000000", "-2.0E10"},
        {701, -1, "0.001", "0.001"},
        {701, -1, "0.002", "0.002"},
        {701, -1, "0.0005", "5.0E-4"},
        {701, -1, "9999999", "9999999.0"},
        {701, -1, "10000000", "1.0E7"},
        {701, -1, "1e+300", "1.0E300"},
        {701, -1, "1.7976931348623157e+308", "1.7976931348623157E308"},
        {700, -1, "3.4028235e+38", "3.4028235E38"},
        {701, -1, "1e+23", "9.999999999999999E22"},
        {701, -1, "2e+23", "1.9999999999999998E23"},
        {701, -1, "5e-324", "4.9E-324"},
        {701, -1, "1.2345678901234568e+17", "1.2345678901234568E17"},
        {701, -1, "-0", "-0.0"},
        {701, -1, "0", "0.0"},
        {701, -1, "1.5", "1.5"},
        {701, -1, "120", "120.0"},
        {701, -1, "NaN", "\"NaN\""},
        {701, -1, "-Infinity", "\"-Infinity\""},
        {1700, -1, "22.250", "\"22.250\""},
        {1700, -1, "-1.00", "\"-1.00\""},
        {1700, -1, "NaN", "\"NAN\""},
        {1700, -1, "Infinity", "\"POSITIVE_INFINITY\""},
        {1700, -1, "-Infinity", "\"NEGATIVE_INFINITY\""},
        {790, -1, "-$92,233,720,368,547,758.08", "\"-92233720368547758.08\""},
        {1082, -1, "2026-02-28", "20512"},
        {1082, -1, "1969-12-31", "-1"},
        {1082, -1, "0044-03-15 BC", "-735160"},
        {1082, -1, "infinity", "2146033979"},
        {1082, -1, "-infinity", "-2147472691"},
        {1083, -1, "13:14:15.123456", "47655123456"},
        {1083, 0, "13:14:15", "47655000"},
        {1083, 3, "13:14:15.123", "47655123"},
        {1083, 6, "24:00:00", "86400000000"},
        {1266, -1, "13:14:15.123456+05:30", "\"07:44:15.123456Z\""},
        {1266, -1, "17:30:25.5+00", "\"17:30:25.5Z\""},
        {1266, -1, "11:51:02-08", "\"19:51:02Z\""},
        {1266, -1, "01:00:00+02", "\"23:00:00Z\""},
        {1266, -1, "24:00:00+00", "\"24:00:00Z\""},
        {1114, -1, "2016-11-04 13:51:30.123456", "1478267490123456"},
        {1114, 3, "2026-02-28 13:14:15.123", "1772284455123"},
        {1114, 3, "1936-10-25 22:10:12.608", "-1047174587392"},
        {1114, 0, "2026-02-28 13:14:15", "1772284455000"},
        {1114, -1, "infinity", "9223372036854775807"},
        {1114, -1, "-infinity", "-9223372036854775808"},
        {1184, -1, "2026-02-28 11:14:15.123456+00", "\"2026-02-28T11:14:15.123456Z\""},
        {1184, -1, "2026-02-28 13:14:15+02", "\"2026-02-28T11:14:15.000000Z\""},
        {1184, 0, "2026-02-28 11:14:15+00", "\"2026-02-28T11:14:15Z\""},
        {1184, 3, "2026-02-28 11:14:15.12+00", "\"2026-02-28T11:14:15.120Z\""},
        {1184, -1, "0044-03-15 12:00:00+00 BC", "\"-0043-03-15T12:00:00.000000Z\""},
        {1184, -1, "10000-01-01 00:00:00+00", "\"+10000-01-01T00:00:00.000000Z\""},
        {1184, -1, "-infinity", "\"-infinity\""},
        {1186, -1, "1 year 2 mons 3 days 04:05:06.789012", "37091106789012"},
        {1186, -1, "00:00:00", "0"},
        {1186, -1, "1 mon", "2629800000000"},
        {1186, -1, "-1 years -2 mons +3 days -04:05:06.5", "-36572706500000"},
        {1186, -1, "178000000 years", "9223372036854775807"},
        {1186, -1, "100:00:00.000001", "360000000001"},
        {17, -1, "\\xdeadbeef00ff", "\"3q2+7wD/\""},
        {17, -1, "\\x", "\"\""},
        {17, -1, "\\x01", "\"AQ==\""},
        {1560, 1, "1", "true"},
        {1560, 1, "0", "false"},
        {1560, 3, "101", "\"BQ==\""},
        {1560, 3, "000", "\"\""},
        {1560, 16, "1000000000000001", "\"AYA=\""},
        {1562, 20, "1100110011", "\"MwM=\""},
        {25, -1, "h\xC3\xA9llo \"q\" \\ \n\t\xF0\x9F\x98\x80",
         "\"h\xC3\xA9llo \\\"q\\\" \\\\ \\n\\t\\uD83D\\uDE00\""},
        {25, -1, "\001\037\177\xE2\x80\xA8 </script> / \b\f\r",
         "\"\\u0001\\u001F\177\xE2\x80\xA8 </script> / \\b\\f\\r\""},
        {114, -1, "{\"b\": 1,  \"a\":[1,2.50]}", "\"{\\\"b\\\": 1,  \\\"a\\\":[1,2.50]}\""},
        {2950, -1, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
         "\"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11\""},
        {1042, 8 + 4, "abc     ", "\"abc     \""},
        {1007, -1, "{1,2,-3}", "\"{1,2,-3}\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(spellings) / sizeof(*spellings); i++)
        check_spelling(&spellings[i], (struct debezium_format){0});
}

static void it_spells_precise_decimals(void **state)
{
    const struct spelling spellings[] = {
        {1700, numeric_typmod(12, 2), "12.30", "\"BM4=\""},
        {1700, numeric_typmod(3, 2), "1.10", "\"bg==\""},
        {1700, numeric_typmod(6, 4), "22.2200", "\"A2P4\""},
        {1700, numeric_typmod(38, 0), "99999999999999999999999999999999999999",
         "\"SztMqFqGxHoJiiI//////w==\""},
        {1700, numeric_typmod(9, 0), "0", "\"AA==\""},
        {1700, numeric_typmod(9, 0), "127", "\"fw==\""},
        {1700, numeric_typmod(9, 0), "128", "\"AIA=\""},
        {1700, numeric_typmod(9, 0), "-1", "\"/w==\""},
        {1700, numeric_typmod(9, 0), "-128", "\"gA==\""},
        {1700, numeric_typmod(9, 0), "-129", "\"/38=\""},
        {1700, -1, "10.1111", "{\"scale\":4,\"value\":\"AYr3\"}"},
        {1700, -1, "22.250", "{\"scale\":2,\"value\":\"CLE=\"}"},
        {1700, -1, "1.00", "{\"scale\":0,\"value\":\"AQ==\"}"},
        {1700, -1, "100", "{\"scale\":0,\"value\":\"ZA==\"}"},
        {1700, -1, "NaN", "null"},
        {790, -1, "$1,234.11", "\"AeIT\""},
        {790, -1, "-$1,234.11", "\"/h3t\""},
    };
    const struct spelling doubles[] = {
        {1700, -1, "100.00", "100.0"},
        {1700, -1, "0.0000001", "1.0E-7"},
        {1700, -1, "99999999999999999999999999999999999999", "1.0E38"},
        {1700, -1, "NaN", "\"NaN\""},
        {1700, -1, "-Infinity", "\"-Infinity\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(spellings) / sizeof(*spellings); i++)
        check_spelling(&spellings[i],
                       (struct debezium_format){.decimal = DEBEZIUM_DECIMAL_PRECISE});
    for (size_t i = 0; i < sizeof(doubles) / sizeof(*doubles); i++)
        check_spelling(&doubles[i], (struct debezium_format){.decimal = DEBEZIUM_DECIMAL_DOUBLE});
}

static void it_spells_time_by_mode(void **state)
{
    static const struct spelling connect[] = {
        {1083, -1, "24:00:00", "86400000"},
        {1114, -1, "2026-02-28 13:14:15.123456", "1772284455123"},
        {1114, -1, "1969-12-31 23:59:59.9999", "-1"},
        {1114, -1, "infinity", "9223372036825200000"},
        {1114, -1, "-infinity", "-9223372036832400000"}};
    static const struct spelling micros[] = {{1083, 3, "24:00:00", "86400000000"},
                                             {1114, 3, "2026-02-28 13:14:15.123", "1772284455123"}};

    (void)state;
    for (size_t i = 0; i < sizeof(connect) / sizeof(*connect); i++)
        check_spelling(&connect[i], (struct debezium_format){.time = DEBEZIUM_TIME_CONNECT});
    for (size_t i = 0; i < sizeof(micros) / sizeof(*micros); i++)
        check_spelling(&micros[i],
                       (struct debezium_format){.time = DEBEZIUM_TIME_ADAPTIVE_MICROSECONDS});
}

static void it_stops_at_text_of_another_type(void **state)
{
    static const struct spelling bad[] = {
        {16, -1, "x", ""},     {23, -1, "1.5", ""},           {23, -1, "", ""},
        {23, -1, "-", ""},     {701, -1, "1,5", ""},          {701, -1, "", ""},
        {1700, -1, "1e5", ""}, {1082, -1, "today!", ""},      {17, -1, "\\xg0", ""},
        {17, -1, "abc", ""},   {1186, -1, "1 fortnight", ""}, {1266, -1, "12:00:00", ""},
        {1184, -1, "x", ""}};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct debezium_column column = {"c", bad[i].oid, bad[i].typmod, true};
        struct debezium_datum datum = {DEBEZIUM_TEXT, str_of(bad[i].text)};
        struct buf out CLEANUP(buf) = {0};
        struct err err = {0};
        bool has_key;

        buf_puts(&out, "kept");
        if (debezium_write_key(&out, &column, 1, &datum, (struct debezium_format){0}, &has_key,
                               &err))
            fail_msg("accepted: %s", bad[i].text);
        assert_int_equal(err.kind, ERR_STOP);
        assert_non_null(strstr(err.text, "column \"c\""));
        assert_string_equal(buf_cstr(&out), "kept");
    }
}

static const struct debezium_source stream = {.name = "finance_db",
                                              .database = "finance",
                                              .schema = "operations",
                                              .table = "orders",
                                              .snapshot = "false",
                                              .commit_unix_us = 1795220552982423,
                                              .last_commit_lsn = 44761000,
                                              .lsn = 44761808,
                                              .xid = 1347};

static void it_writes_the_envelope(void **state)
{
    struct debezium_column columns[] = {{"id", 23, -1, true},
                                        {"note", 25, -1, false},
                                        {"n", 1700, -1, false},
                                        {"b", 17, -1, false}};
    struct debezium_datum before[] = {{DEBEZIUM_TEXT, STR("1")},
                                      {.presence = DEBEZIUM_ABSENT},
                                      {.presence = DEBEZIUM_ABSENT},
                                      {.presence = DEBEZIUM_ABSENT}};
    struct debezium_datum after[] = {{DEBEZIUM_TEXT, STR("1")},
                                     {.presence = DEBEZIUM_UNCHANGED_TOAST},
                                     {.presence = DEBEZIUM_UNCHANGED_TOAST},
                                     {.presence = DEBEZIUM_UNCHANGED_TOAST}};
    struct debezium_write event = {.columns = columns,
                                   .columns_n = 4,
                                   .before = before,
                                   .after = after,
                                   .source = &stream,
                                   .op = 'u',
                                   .now_unix_us = 1795220558828040};
    struct buf out CLEANUP(buf) = {0};
    struct err err;

    (void)state;
    assert_true(debezium_write_value(&out, &event, &err));
    assert_string_equal(
        buf_cstr(&out),
        "{\"before\":{\"id\":1,\"note\":null,\"n\":null,\"b\":null},\"after\":{\"id\":1,\"note\":"
        "\"__debezium_unavailable_value\",\"n\":null,\"b\":"
        "\"X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ==\"},\"source\":{\"version\":\"" SLUICE_VERSION
        "\",\"connector\":\"postgresql\",\"name\":\"finance_db\",\"ts_ms\":1795220552982,"
        "\"snapshot\":\"false\",\"db\":\"finance\",\"sequence\":\"[\\\"44761000\\\","
        "\\\"44761808\\\"]"
        "\",\"ts_us\":1795220552982423,\"ts_ns\":1795220552982423000,\"schema\":\"operations\","
        "\"table\":\"orders\",\"txId\":1347,\"lsn\":44761808,\"xmin\":null,\"origin\":null,"
        "\"origin_lsn\":null},\"transaction\":null,\"op\":\"u\",\"ts_ms\":1795220558828,"
        "\"ts_us\":1795220558828040,\"ts_ns\":1795220558828040000}");
}

static void it_writes_keys_and_topics(void **state)
{
    struct debezium_column columns[] = {
        {"v", 25, -1, false}, {"K 1", 23, -1, true}, {"k2", 25, -1, true}};
    struct debezium_datum tuple[] = {
        {DEBEZIUM_TEXT, STR("x")}, {DEBEZIUM_TEXT, STR("7")}, {DEBEZIUM_TEXT, STR("a\"b")}};
    struct buf out CLEANUP(buf) = {0};
    struct err err;
    bool has_key;

    (void)state;
    assert_true(
        debezium_write_key(&out, columns, 3, tuple, (struct debezium_format){0}, &has_key, &err));
    assert_true(has_key);
    assert_string_equal(buf_cstr(&out), "{\"K 1\":7,\"k2\":\"a\\\"b\"}");
    buf_clear(&out);
    assert_true(
        debezium_write_key(&out, columns, 1, tuple, (struct debezium_format){0}, &has_key, &err));
    assert_false(has_key);
    assert_int_equal(out.len, 0);
    debezium_topic(&out, "p", "S p", "Tab le-1.x");
    assert_string_equal(buf_cstr(&out), "p.S_p.Tab_le-1.x");
}

/* --- the decoder ------------------------------------------------------------------------------ */

static const struct column order_columns[] = {
    {"order_id", {TYPE_INT8, -1}, true},
    {"status", {TYPE_VARCHAR, 20 + 4}, true},
    {"amount", {TYPE_NUMERIC, ((12 << 16) | 2) + 4}, false},
    {"day", {TYPE_DATE, -1}, false},
    {"at", {TYPE_TIMESTAMP, 3}, false},
    {"seen", {TYPE_TIMESTAMPTZ, -1}, false},
    {"ok", {TYPE_BOOL, -1}, false},
    {"raw", {TYPE_BYTEA, -1}, false},
    {"doc", {TYPE_JSONB, -1}, false},
    {"ratio", {TYPE_FLOAT8, -1}, false},
    {"clock", {TYPE_TIME, -1}, false},
    {"id", {TYPE_UUID, -1}, false},
};
static const uint16_t order_key[] = {0};
static const struct schema orders = {order_columns, order_key,
                                     sizeof(order_columns) / sizeof(*order_columns), 1};

static void print_row(struct buf *out, const struct schema *schema, const struct row *row)
{
    if (row == NULL) {
        buf_puts(out, "none");
        return;
    }
    for (uint16_t i = 0; i < schema->columns_n; i++) {
        struct type type = schema->columns[i].type;

        buf_puts(out, i == 0 ? "" : "|");
        if (!row_is_null(row, i))
            text_print(out, type, row_value(row, i, type.id));
    }
}

/* Decodes with the format and says the event in one line, or the error. */
static const char *decode(const char *json, bool want_before, struct debezium_format format)
{
    static char said[LEN];
    struct debezium_decoder *decoder = debezium_decoder_new(&orders, want_before);
    struct arena *arena CLEANUP(arena) = arena_new(1 << 20);
    struct buf line CLEANUP(buf) = {0};
    struct debezium_event event;
    struct err err = {0};

    debezium_decoder_set_format(decoder, format);
    if (debezium_decode(decoder, str_of(json), arena, &event, &err)) {
        buf_printf(&line, "%c %llu %lld ", event.op, (unsigned long long)event.lsn,
                   (long long)event.commit_unix_us);
        print_row(&line, &orders, event.before);
        buf_puts(&line, " -> ");
        print_row(&line, &orders, event.after);
    } else {
        assert_int_equal(err.kind, ERR_DEAD_LETTER);
        buf_printf(&line, "%s: %s", err.sqlstate, err.text);
    }
    debezium_decoder_free(decoder);
    snprintf(said, sizeof(said), "%s", buf_cstr(&line));
    return said;
}

static const char *read_plain(const char *json)
{
    return decode(json, true, (struct debezium_format){0});
}

#define ROW_JSON                                                                                   \
    "{\"order_id\":7,\"status\":\"P\\u00e9\",\"amount\":\"12.30\",\"day\":20512,"                  \
    "\"at\":1772284455123,\"seen\":\"2026-02-28T11:14:15.123456Z\",\"ok\":true,\"raw\":\"3q0=\","  \
    "\"doc\":\"{\\\"a\\\": 1}\",\"ratio\":1.0E7,\"clock\":47655123456,"                            \
    "\"id\":\"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11\"}"
#define ROW_SAID                                                                                   \
    "7|P\xC3\xA9|12.30|2026-02-28|2026-02-28 13:14:15.123|2026-02-28 11:14:15.123456+00|t|"        \
    "\\xdead|{\"a\": 1}|10000000|13:14:15.123456|a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
#define TAIL                                                                                       \
    ",\"source\":{\"version\":\"3.7.0.Final\",\"ts_ms\":5,\"sequence\":\"[\\\"1\\\",\\\"9\\\"]\"," \
    "\"ts_us\":5123,\"lsn\":9,\"xmin\":null},\"transaction\":null,\"op\":\"u\",\"ts_ms\":6,"       \
    "\"ts_us\":6000,\"ts_ns\":6000000}"

static void it_decodes_the_envelope(void **state)
{
    (void)state;
    assert_string_equal(read_plain("{\"before\":" ROW_JSON ",\"after\":" ROW_JSON TAIL),
                        "u 9 5123 " ROW_SAID " -> " ROW_SAID);
    assert_string_equal(read_plain("{\"before\":null,\"after\":" ROW_JSON TAIL),
                        "u 9 5123 none -> " ROW_SAID);
    assert_string_equal(decode("{\"before\":" ROW_JSON ",\"after\":" ROW_JSON TAIL, false,
                               (struct debezium_format){0}),
                        "u 9 5123 none -> " ROW_SAID);
}

static void it_takes_surprises(void **state)
{
    (void)state;
    /* another order, unknown members, blanks, an escaped name */
    assert_string_equal(
        read_plain(" { \"op\" : \"c\" , \"new\":[{}], \"after\" : { \"st\\u0061tus\":\"x\", "
                   "\"zzz\":{\"a\":[1]},"
                   " \"order_id\" : 1 } , \"source\":{\"lsn\":null,\"ts_ms\":5} } "),
        "c 0 5000 none -> 1|x||||||||||");
    /* Connect's wrapper */
    assert_string_equal(
        read_plain(
            "{\"schema\":{\"type\":\"struct\"},\"payload\":{\"before\":null,\"after\":" ROW_JSON
                TAIL "}"),
        "u 9 5123 none -> " ROW_SAID);
    assert_string_equal(
        read_plain("{\"payload\":{\"before\":null,\"after\":" ROW_JSON TAIL ",\"schema\":null}"),
        "u 9 5123 none -> " ROW_SAID);
    /* a delete under REPLICA IDENTITY DEFAULT, a truncate */
    assert_string_equal(
        read_plain("{\"before\":{\"order_id\":1,\"status\":null},\"after\":null,\"op\":\"d\"}"),
        "d 0 0 1||||||||||| -> none");
    assert_string_equal(read_plain("{\"before\":null,\"after\":null,\"op\":\"t\"}"),
                        "t 0 0 none -> none");
}

static void it_keeps_the_learned_order(void **state)
{
    struct debezium_decoder *decoder = debezium_decoder_new(&orders, false);
    struct arena *arena CLEANUP(arena) = arena_new(1 << 20);
    static const char *const rows[] = {
        "{\"after\":{\"status\":\"a\",\"x\":1,\"order_id\":1},\"op\":\"c\"}",
        "{\"after\":{\"status\":\"a\",\"x\":1,\"order_id\":1},\"op\":\"c\"}",
        "{\"after\":{\"order_id\":1,\"status\":\"a\"},\"op\":\"c\"}",
        "{\"after\":{\"ok\":null,\"order_id\":1,\"day\":null,\"status\":\"a\"},\"op\":\"c\"}"};

    (void)state;
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
            struct debezium_event event;
            struct buf line CLEANUP(buf) = {0};
            struct err err;

            assert_true(debezium_decode(decoder, str_of(rows[i]), arena, &event, &err));
            print_row(&line, &orders, event.after);
            assert_string_equal(buf_cstr(&line), "1|a||||||||||");
        }
    }
    debezium_decoder_free(decoder);
}

#define AFTER(columns) "{\"after\":{\"order_id\":1,\"status\":\"s\"," columns "},\"op\":\"c\"}"

static void it_reads_the_ends_of_ranges(void **state)
{
    (void)state;
    assert_string_equal(read_plain(AFTER("\"day\":2146033979,\"at\":9223372036825200000")),
                        "c 0 0 none -> 1|s||infinity|infinity|||||||");
    assert_string_equal(read_plain(AFTER("\"day\":-625821272,\"at\":-9223372036832400000")),
                        "c 0 0 none -> 1|s||-infinity|-infinity|||||||");
    assert_string_equal(read_plain(AFTER("\"day\":-735160,\"seen\":\"-0043-03-15T12:00:00.5Z\"")),
                        "c 0 0 none -> 1|s||0044-03-15 BC||0044-03-15 12:00:00.5+00 BC||||||");
    assert_string_equal(read_plain(AFTER("\"seen\":\"infinity\",\"clock\":86400000000")),
                        "c 0 0 none -> 1|s||||infinity|||||24:00:00|");
    assert_string_equal(read_plain(AFTER("\"seen\":\"+10000-01-01T00:00:00Z\",\"ratio\":\"NaN\"")),
                        "c 0 0 none -> 1|s||||10000-01-01 00:00:00+00||||NaN||");
    assert_string_equal(read_plain(AFTER("\"amount\":\"NAN\",\"ratio\":\"-Infinity\"")),
                        "c 0 0 none -> 1|s|NaN|||||||-Infinity||");
    assert_string_equal(read_plain(AFTER("\"amount\":-0.005")), "c 0 0 none -> 1|s|-0.01|||||||||");
    assert_string_equal(
        read_plain("{\"after\":{\"order_id\":-9223372036854775808,\"status\":\"\"},\"op\":\"r\"}"),
        "r 0 0 none -> -9223372036854775808|||||||||||");
}

static void it_reads_precise_decimals(void **state)
{
    struct debezium_format precise = {.decimal = DEBEZIUM_DECIMAL_PRECISE};

    (void)state;
    assert_string_equal(decode(AFTER("\"amount\":\"BM4=\""), false, precise),
                        "c 0 0 none -> 1|s|12.30|||||||||");
    assert_string_equal(decode(AFTER("\"amount\":\"/38=\""), false, precise),
                        "c 0 0 none -> 1|s|-1.29|||||||||");
    assert_string_equal(read_plain(AFTER("\"amount\":{\"scale\":4,\"value\":\"AYr3\"}")),
                        "c 0 0 none -> 1|s|10.11|||||||||");
    assert_string_equal(decode(AFTER("\"amount\":\"1.30\""), false, precise),
                        "22P02: after: column \"amount\": not base64 of a decimal");
    assert_string_equal(read_plain(AFTER("\"amount\":{\"scale\":4}")),
                        "22P02: after: column \"amount\": an object without scale and value");
}

static void refuses(const char *json, const char *sqlstate, const char *part)
{
    const char *said = read_plain(json);

    if (strstr(said, part) == NULL || strncmp(said, sqlstate, strlen(sqlstate)) != 0)
        fail_msg("%s\n  gave %s", json, said);
}

static void it_refuses_by_name(void **state)
{
    (void)state;
    refuses("", "", "not JSON");
    refuses("null", "", "an object was expected");
    refuses("{}", "", "it has no op");
    refuses("{\"op\":\"x\"}", "", "op is none of");
    refuses("{\"op\":\"c\"}", "", "no row in after");
    refuses("{\"op\":\"c\",\"op\":\"c\"}", "", "twice");
    refuses("{\"after\":7,\"op\":\"c\"}", "", "after: not JSON: an object was expected");
    refuses("{\"after\":{\"order_id\":1},\"op\":\"c\"}", "23502", "column \"status\" is missing");
    refuses("{\"after\":{\"order_id\":1,\"order_id\":1,\"status\":\"\"},\"op\":\"c\"}", "",
            "column \"order_id\" stands there twice");
    refuses("{\"after\":{\"order_id\":\"x\",\"status\":\"\"},\"op\":\"c\"}", "22P02",
            "column \"order_id\"");
    refuses("{\"after\":{\"order_id\":1.5,\"status\":\"\"},\"op\":\"c\"}", "22P02",
            "column \"order_id\"");
    refuses("{\"after\":{\"order_id\":9223372036854775808,\"status\":\"\"},\"op\":\"c\"}", "22003",
            "order_id");
    refuses(AFTER("\"clock\":97722844551234455123456"), "22003", "column \"clock\"");
    refuses("{\"after\":{\"order_id\":01,\"status\":\"\"},\"op\":\"c\"}", "",
            "a comma was expected");
    refuses(AFTER("\"status\":\"\""), "", "twice");
    refuses(AFTER("\"ok\":1"), "22P02", "a number can't be read as boolean");
    refuses(AFTER("\"day\":2145042906"), "22008", "column \"day\"");
    refuses(AFTER("\"at\":9223372036854775807"), "22008", "column \"at\"");
    refuses(AFTER("\"clock\":86400000001"), "22008", "column \"clock\"");
    refuses(AFTER("\"clock\":-1"), "22008", "column \"clock\"");
    refuses(AFTER("\"seen\":\"2026-02-29T11:14:15Z\""), "22", "column \"seen\"");
    refuses(AFTER("\"seen\":5"), "22P02", "column \"seen\"");
    refuses(AFTER("\"raw\":\"a\""), "22P02", "not base64");
    refuses(AFTER("\"raw\":\"X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ==\""), "", "unchanged TOASTed");
    refuses(AFTER("\"doc\":\"__debezium_unavailable_value\""), "", "unchanged TOASTed");
    refuses(AFTER("\"id\":\"x\""), "22P02", "column \"id\"");
    refuses(AFTER("\"amount\":\"12345678901.00\""), "22003", "column \"amount\"");
    refuses("{\"after\":{\"order_id\":1,\"status\":\"0123456789012345678901\"},\"op\":\"c\"}",
            "22001", "status");
    refuses("{\"after\":{\"order_id\":1,\"status\":\"\\u0000\"},\"op\":\"c\"}", "22P05", "status");
    refuses("{\"after\":{\"order_id\":1,\"status\":[\"x\"]},\"op\":\"c\"}", "22P02",
            "an array can't be read");
    refuses("{\"after\":null,\"op\":\"d\",\"source\":{\"lsn\":-1}}", "", "no position");
    refuses("{\"after\":null,\"op\":\"d\"} x", "", "text after the value");
    refuses("{\"schema\":null,\"payload\":{\"after\":null,\"op\":\"d\"}} x", "",
            "text after the value");
}

static void it_decodes_keys(void **state)
{
    struct debezium_decoder *decoder = debezium_decoder_new(&orders, false);
    struct arena *arena CLEANUP(arena) = arena_new(1 << 20);
    static const char *const keys[] = {"{\"order_id\":42}",
                                       "{ \"x\":{}, \"order_id\":42,\"ok\":\"junk\"}",
                                       "{\"schema\":{},\"payload\":{\"order_id\":42}}"};
    const struct row *row;
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
        struct buf line CLEANUP(buf) = {0};

        assert_true(debezium_decode_key(decoder, str_of(keys[i]), arena, &row, &err));
        print_row(&line, &orders, row);
        assert_string_equal(buf_cstr(&line), "42|||||||||||");
    }
    assert_false(debezium_decode_key(decoder, STR("{}"), arena, &row, &err));
    assert_string_equal(err.text, "key: key column \"order_id\" is missing");
    assert_false(debezium_decode_key(decoder, STR("{\"order_id\":1}}"), arena, &row, &err));
    assert_false(debezium_decode_key(decoder, STR("7"), arena, &row, &err));
    debezium_decoder_free(decoder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_spells_values_as_debezium),
        cmocka_unit_test(it_spells_precise_decimals),
        cmocka_unit_test(it_spells_time_by_mode),
        cmocka_unit_test(it_stops_at_text_of_another_type),
        cmocka_unit_test(it_writes_the_envelope),
        cmocka_unit_test(it_writes_keys_and_topics),
        cmocka_unit_test(it_decodes_the_envelope),
        cmocka_unit_test(it_takes_surprises),
        cmocka_unit_test(it_keeps_the_learned_order),
        cmocka_unit_test(it_reads_the_ends_of_ranges),
        cmocka_unit_test(it_reads_precise_decimals),
        cmocka_unit_test(it_refuses_by_name),
        cmocka_unit_test(it_decodes_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
