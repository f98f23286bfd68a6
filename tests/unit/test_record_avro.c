/*
 * record/avro: rows and envelopes to Avro and back, derived schemas, names, and what is refused.
 * libavro is the oracle: it must read what we write and write the same bytes.
 */
#include "record/avro.h"

#include "record/avro_envelope.h"
#include "record/text.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka needs the four above */
#include <avro.h>
#include <cmocka.h>

#define NUMERIC(precision, scale) (((precision) << 16 | (scale)) + 4)
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

DEFINE_CLEANUP(shape, struct avro_shape *, avro_shape_free);

static const struct column columns[] = {
    {"k", {TYPE_INT8, -1, NULL}, true},
    {"bool", {TYPE_BOOL, -1, NULL}, false},
    {"int2", {TYPE_INT2, -1, NULL}, false},
    {"int4", {TYPE_INT4, -1, NULL}, false},
    {"float4", {TYPE_FLOAT4, -1, NULL}, false},
    {"float8", {TYPE_FLOAT8, -1, NULL}, false},
    {"numeric", {TYPE_NUMERIC, -1, NULL}, false},
    {"numeric_12_2", {TYPE_NUMERIC, NUMERIC(12, 2), NULL}, false},
    {"numeric_60_20", {TYPE_NUMERIC, NUMERIC(60, 20), NULL}, false},
    {"text", {TYPE_TEXT, -1, NULL}, false},
    {"varchar", {TYPE_VARCHAR, 44, NULL}, false},
    {"char", {TYPE_BPCHAR, 8, NULL}, false},
    {"bytea", {TYPE_BYTEA, -1, NULL}, false},
    {"date", {TYPE_DATE, -1, NULL}, false},
    {"time", {TYPE_TIME, -1, NULL}, false},
    {"ts", {TYPE_TIMESTAMP, -1, NULL}, false},
    {"tstz", {TYPE_TIMESTAMPTZ, -1, NULL}, false},
    {"uuid", {TYPE_UUID, -1, NULL}, false},
    {"json", {TYPE_JSON, -1, NULL}, false},
    {"jsonb", {TYPE_JSONB, -1, NULL}, false},
    {"interval", {TYPE_INTERVAL, -1, NULL}, false},
    {"Ints of it", {(enum type_id)(TYPE_ARRAY + TYPE_INT4), -1, NULL}, false},
};
static const uint16_t key[] = {0, 7};
static const struct schema schema = {columns, key, COUNT(columns), COUNT(key)};

/* Texts by column; NULL is NULL. */
static const char *const rows[][COUNT(columns)] = {
    {"1",
     "t",
     "-32768",
     "2147483647",
     "3.14159",
     "2.718281828459045",
     "22.2500",
     "12.30",
     "1234567890123456789012345678901234567890.00000000000000000001",
     "h\xc3\xa9llo \"q\" \\ \n",
     "v",
     "abc",
     "\\xdeadbeef00",
     "2026-02-28",
     "13:14:15.123456",
     "2026-02-28 13:14:15.123456",
     "2026-02-28 13:14:15+02",
     "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
     "{\"b\": [1, null]}",
     "{\"a\": 1}",
     "1 year 2 mons 3 days 04:05:06",
     "{1,NULL,-3}"},
    {"-9223372036854775808",
     "f",
     "0",
     "-1",
     "-0",
     "1e300",
     "-1e40",
     "-0.01",
     "-0.5",
     "",
     "",
     "",
     "\\x",
     "0001-01-01",
     "24:00:00",
     "4713-01-01 00:00:00 BC",
     "294246-12-31 23:59:59.999999+00",
     NULL,
     "true",
     "[]",
     "-1 days",
     "{}"},
    {"9223372036854775807",
     NULL,
     NULL,
     NULL,
     "Infinity",
     "NaN",
     "NaN",
     "-9999999999.99",
     "0",
     NULL,
     NULL,
     NULL,
     NULL,
     "infinity",
     NULL,
     "-infinity",
     "infinity",
     NULL,
     NULL,
     NULL,
     NULL,
     NULL},
    {"0",
     NULL,
     NULL,
     NULL,
     NULL,
     NULL,
     NULL,
     "0",
     "99999999999999999999",
     NULL,
     NULL,
     NULL,
     NULL,
     "-infinity",
     "00:00:00",
     "1969-12-31 23:59:59.999999",
     "infinity",
     NULL,
     "\"s\"",
     "3",
     NULL,
     NULL},
};

static const struct row *make_row(struct arena *arena, const char *const *texts)
{
    CLEANUP(row_builder) struct row_builder builder = {0};
    struct err err;

    row_begin(&builder, schema.columns_n);
    for (uint16_t i = 0; i < schema.columns_n; i++) {
        struct value value = {.null = true};

        if (texts[i] == NULL)
            continue;
        if (!text_parse(columns[i].type, str_of(texts[i]), arena, &value, &err))
            fail_msg("%s: %s", columns[i].name, err.text);
        row_set_value(&builder, i, columns[i].type.id, value);
    }
    return row_finish(&builder, arena);
}

static struct avro_shape *parse(struct str text)
{
    struct avro_shape *shape = NULL;
    struct err err;

    if (!avro_shape_parse(text, &shape, &err))
        fail_msg("%s: %.*s", err.text, STR_ARG(text));
    return shape;
}

static struct avro_shape *row_shape(struct buf *text)
{
    struct err err;

    assert_true(avro_derive_row(text, "acme.gold.1_t-x", &schema, &err));
    return parse(buf_str(text));
}

/* libavro reads the whole of `body` and writes it again. */
static void check_oracle(struct str schema_text, struct str body)
{
    static char written[1 << 16];
    avro_schema_t theirs = NULL;
    avro_value_t value;

    assert_int_equal(avro_schema_from_json_length(schema_text.at, schema_text.len, &theirs), 0);
    avro_value_iface_t *iface = avro_generic_class_from_schema(theirs);
    assert_int_equal(avro_generic_value_new(iface, &value), 0);
    avro_reader_t reader = avro_reader_memory(body.at, (int64_t)body.len);
    avro_writer_t writer = avro_writer_memory(written, sizeof(written));
    if (avro_value_read(reader, &value) != 0)
        fail_msg("libavro does not read it: %s", avro_strerror());
    assert_int_equal(avro_value_write(writer, &value), 0);
    assert_int_equal(avro_writer_tell(writer), body.len);
    assert_memory_equal(written, body.at, body.len);
    avro_writer_free(writer);
    avro_reader_free(reader);
    avro_value_decref(&value);
    avro_value_iface_decref(iface);
    avro_schema_decref(theirs);
}

static void rows_come_back_as_their_json(void **state)
{
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);
    CLEANUP(buf) struct buf text = {0}, json = {0}, body = {0}, other = {0}, back = {0};
    CLEANUP(shape) struct avro_shape *shape = row_shape(&text);
    struct err err;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct row *row = make_row(arena, rows[i]);

        buf_clear(&json), buf_clear(&body), buf_clear(&other), buf_clear(&back);
        json_write_row(&json, &schema, row);
        if (!avro_write_row(&body, &schema, row, &err))
            fail_msg("%s", err.text);
        if (!avro_from_json(shape, buf_str(&json), arena, &other, &err))
            fail_msg("%s: %s", err.text, buf_cstr(&json));
        assert_int_equal(body.len, other.len);
        assert_memory_equal(body.at, other.at, body.len);
        if (!avro_to_json(shape, buf_str(&body), &back, &err))
            fail_msg("%s", err.text);
        assert_string_equal(buf_cstr(&back), buf_cstr(&json));
        check_oracle(buf_str(&text), buf_str(&body));
    }
}

static void schemas_say_what_the_columns_are(void **state)
{
    static const struct column two[] = {
        {"id", {TYPE_INT4, -1, NULL}, true},
        {"amount paid", {TYPE_NUMERIC, NUMERIC(12, 2), NULL}, false}};
    static const uint16_t two_key[] = {1};
    static const struct schema small = {two, two_key, 2, 1};
    CLEANUP(buf) struct buf text = {0}, key_text = {0};
    struct err err;

    (void)state;
    assert_true(avro_derive_row(&text, "acme.gold.1_t-x", &small, &err));
    assert_string_equal(
        buf_cstr(&text),
        "{\"type\":\"record\",\"name\":\"Value\",\"namespace\":\"acme.gold.__t_x\",\"fields\":["
        "{\"name\":\"id\",\"type\":{\"type\":\"int\",\"sluice.type\":\"integer\"}},"
        "{\"name\":\"amount_paid\",\"sluice.name\":\"amount paid\",\"type\":[\"null\",{\"type\":"
        "\"bytes\",\"logicalType\":\"decimal\",\"precision\":12,\"scale\":2,\"sluice.type\":"
        "\"numeric(12,2)\"}],\"default\":null}]}");
    assert_true(avro_derive_row_key(&key_text, "t", &small, &err));
    assert_non_null(strstr(buf_cstr(&key_text), "\"name\":\"Key\""));
    assert_null(strstr(buf_cstr(&key_text), "\"id\""));
}

static void keys_are_canonical(void **state)
{
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);
    CLEANUP(buf) struct buf text = {0};
    static const struct column bare[] = {{"n", {TYPE_NUMERIC, -1, NULL}, false}};
    static const uint16_t first[] = {0};
    static const struct schema one = {bare, first, 1, 1};
    static const char *const equal[] = {"1", "1.0", "1.00", "1.000000000000000000000"};
    struct buf bodies[COUNT(equal)] = {{0}};
    struct err err;

    (void)state;
    assert_true(avro_derive_row_key(&text, "t", &one, &err));
    CLEANUP(shape) struct avro_shape *shape = parse(buf_str(&text));
    for (size_t i = 0; i < COUNT(equal); i++) {
        CLEANUP(row_builder) struct row_builder builder = {0};
        CLEANUP(buf) struct buf json = {0};
        struct value value = {0};

        row_begin(&builder, 1);
        assert_true(text_parse(bare[0].type, str_of(equal[i]), arena, &value, &err));
        row_set_value(&builder, 0, TYPE_NUMERIC, value);
        json_write_key(&json, &one, row_finish(&builder, arena));
        assert_true(avro_from_json(shape, buf_str(&json), arena, &bodies[i], &err));
        assert_true(str_eq(buf_str(&bodies[i]), buf_str(&bodies[0])));
    }
    for (size_t i = 0; i < COUNT(equal); i++)
        buf_done(&bodies[i]);
}

static void check_name(const char *name, bool full, const char *expected)
{
    CLEANUP(buf) struct buf out = {0};

    avro_name(&out, str_of(name), full);
    assert_string_equal(buf_cstr(&out), expected);
}

static void names_are_debeziums(void **state)
{
    (void)state;
    check_name("Id 1", false, "Id_1");
    check_name("\xc3\x9cn\xc3\xaf", false, "_n_");
    check_name("names_avro.S p.Tab le-1.x", true, "names_avro.S_p.Tab_le_1.x");
    check_name("a.b", false, "a_b");
    check_name("1st", false, "_st");
    check_name("a.1b", true, "a._b");
    check_name("\xf0\x9f\x98\x80", false, "__");
    check_name("", false, "_");
}

static void names_that_meet_are_refused(void **state)
{
    static const struct column meeting[] = {{"a b", {TYPE_INT4, -1, NULL}, false},
                                            {"a-b", {TYPE_INT4, -1, NULL}, false}};
    static const struct schema two = {meeting, NULL, 2, 0};
    CLEANUP(buf) struct buf text = {0};
    struct err err;

    (void)state;
    assert_false(avro_derive_row(&text, "t", &two, &err));
    assert_int_equal(err.kind, ERR_STOP);
    assert_non_null(strstr(err.text, "\"a b\" and \"a-b\""));
}

static void values_without_a_form_are_refused(void **state)
{
    static const char *texts[COUNT(columns)] = {"1"};
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);
    CLEANUP(buf) struct buf body = {0};
    struct err err;

    (void)state;
    texts[7] = "NaN";
    assert_false(avro_write_row(&body, &schema, make_row(arena, texts), &err));
    assert_int_equal(err.kind, ERR_STOP);
    assert_non_null(strstr(err.text, "numeric_12_2"));
    texts[7] = NULL;
    texts[15] = "294276-12-31 00:00:00";
    assert_false(avro_write_row(&body, &schema, make_row(arena, texts), &err));
    assert_non_null(strstr(err.text, "294246"));
    texts[15] = NULL;
    texts[0] = NULL;
    assert_false(avro_write_row(&body, &schema, make_row(arena, texts), &err));
}

static void what_is_cut_short_is_refused(void **state)
{
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);
    CLEANUP(buf) struct buf text = {0}, body = {0}, back = {0};
    CLEANUP(shape) struct avro_shape *shape = row_shape(&text);
    struct err err;

    (void)state;
    assert_true(avro_write_row(&body, &schema, make_row(arena, rows[0]), &err));
    for (size_t n = 0; n < body.len; n++) {
        /* a copy of its own, so that a sanitizer sees a byte too many */
        char *copy CLEANUP(free) = err_malloc(n + 1);

        memcpy(copy, body.at, n);
        assert_false(avro_to_json(shape, (struct str){copy, n}, &back, &err));
        assert_int_equal(err.kind, ERR_DEAD_LETTER);
    }
    buf_char(&body, '\0');
    assert_false(avro_to_json(shape, buf_str(&body), &back, &err));
    assert_non_null(strstr(err.text, "left behind"));
}

static void check_refused(const char *schema_text, struct str body)
{
    CLEANUP(shape) struct avro_shape *shape = parse(str_of(schema_text));
    CLEANUP(buf) struct buf back = {0};
    struct err err;

    assert_false(avro_to_json(shape, body, &back, &err));
    assert_int_equal(err.kind, ERR_DEAD_LETTER);
}

static void lengths_from_the_wire_are_checked(void **state)
{
    (void)state;
    check_refused("\"bytes\"", STR("\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
    check_refused("\"bytes\"", STR("\x01")); /* -1 */
    check_refused("\"long\"", STR("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
    check_refused("\"int\"", STR("\x80\x80\x80\x80\x20"));
    check_refused("\"boolean\"", STR("\x02"));
    check_refused("[\"null\",\"int\"]", STR("\x04"));
    check_refused("{\"type\":\"array\",\"items\":\"null\"}", STR("\xfe\xff\xff\xff\x0f"));
    check_refused("{\"type\":\"fixed\",\"name\":\"F\",\"size\":4}", STR("abc"));
    check_refused("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\"]}", STR("\x02"));
    check_refused("{\"type\":\"record\",\"name\":\"L\",\"fields\":[{\"name\":\"next\",\"type\":"
                  "[\"L\",\"null\"]}]}",
                  (struct str){(const char[200]){0}, 200});
    check_refused("{\"type\":\"string\",\"sluice.type\":\"jsonb\"}", STR("\x02{"));
}

static void check_json(const char *schema_text, struct str body, const char *expected)
{
    CLEANUP(shape) struct avro_shape *shape = parse(str_of(schema_text));
    CLEANUP(buf) struct buf back = {0};
    struct err err;

    if (!avro_to_json(shape, body, &back, &err))
        fail_msg("%s", err.text);
    assert_string_equal(buf_cstr(&back), expected);
}

static void foreign_schemas_are_read(void **state)
{
    (void)state;
    check_json("\"string\"", STR("\x04hi"), "\"hi\"");
    check_json("{\"type\":\"long\"}", STR("\x01"), "-1");
    check_json("{\"type\":\"array\",\"items\":\"int\"}", STR("\x04\x02\x04\x01\x02\x06\x00"),
               "[1,2,3]");
    check_json("{\"type\":\"map\",\"values\":\"int\"}", STR("\x02\x02\x61\x02\x00"), "{\"a\":1}");
    check_json("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"B\"]}", STR("\x02"),
               "\"B\"");
    check_json("{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}", STR("\x02"),
               "\"1970-01-01T00:00:00.001+00:00\"");
    check_json("{\"type\":\"long\",\"logicalType\":\"timestamp-millis\",\"connect.name\":"
               "\"org.apache.kafka.connect.data.Timestamp\"}",
               STR("\x02"), "\"1970-01-01T00:00:00.001\"");
    check_json("{\"type\":\"int\",\"logicalType\":\"date\"}", STR("\x02"), "\"1970-01-02\"");
    check_json("{\"type\":\"fixed\",\"name\":\"F\",\"size\":2,\"logicalType\":\"decimal\","
               "\"precision\":4,\"scale\":2}",
               STR("\xff\xfe"), "-0.02");
    check_json("\"bytes\"", STR("\x04\x01\x02"), "\"AQI=\"");
    check_json("{\"type\":\"record\",\"name\":\"R\",\"namespace\":\"n.s\",\"fields\":[{\"name\":"
               "\"a\",\"type\":[\"null\",{\"type\":\"record\",\"name\":\"V\",\"fields\":[]}]},"
               "{\"name\":\"b\",\"type\":[\"null\",\"n.s.V\"]}]}",
               STR("\x02\x02"), "{\"a\":{},\"b\":{}}");
}

static void what_is_no_schema_is_refused(void **state)
{
    static const char *const texts[] = {"",
                                        "{",
                                        "\"strange\"",
                                        "{\"type\":\"record\",\"name\":\"R\"}",
                                        "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":"
                                        "\"a\",\"type\":\"Missing\"}]}",
                                        "[1]",
                                        "{\"type\":\"bytes\",\"logicalType\":\"decimal\","
                                        "\"precision\":4,\"scale\":-1}"};

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct avro_shape *shape = NULL;
        struct err err;

        if (avro_shape_parse(str_of(texts[i]), &shape, &err))
            fail_msg("taken: %s", texts[i]);
        assert_int_equal(err.kind, ERR_STOP);
        assert_null(shape);
    }
}

static void frames_hold_the_id(void **state)
{
    CLEANUP(buf) struct buf out = {0};
    struct str body;
    int32_t id = 0;
    struct err err;

    (void)state;
    avro_frame_write(&out, 0x01020304);
    buf_puts(&out, "x");
    assert_memory_equal(out.at, "\0\1\2\3\4x", 6);
    assert_true(avro_frame_read(buf_str(&out), &id, &body, &err));
    assert_int_equal(id, 0x01020304);
    assert_true(str_eq(body, STR("x")));
    assert_false(avro_frame_read(STR("\0\1\2\3"), &id, &body, &err));
    assert_false(avro_frame_read(STR("{\"a\":1}"), &id, &body, &err));
    assert_int_equal(err.kind, ERR_DEAD_LETTER);
}

/* ---- envelopes ---- */

static const struct debezium_column captured[] = {
    {"id", 20, -1, true},
    {"amount", 1700, NUMERIC(12, 2), false},
    {"bare", 1700, -1, false},
    {"at", 1114, -1, false},
    {"day", 1082, -1, false},
    {"zoned", 1184, -1, false},
    {"flag", 16, -1, false},
    {"raw", 17, -1, false},
    {"small", 21, -1, false},
    {"real", 701, -1, false},
    {"clock", 1083, 0, false},
    {"span", 1186, -1, false},
    {"bits", 1560, 3, false},
    {"cash", 790, -1, false},
    {"other bare", 1700, -1, false},
    {"doc", 3802, -1, false},
};
static const char *const captured_texts[COUNT(captured)] = {
    "7",        "12.30",
    "100",      "2026-02-28 13:14:15.5",
    "infinity", "2026-02-28 13:14:15+00",
    "t",        "\\x00ff",
    "-1",       "0.1",
    "13:14:15", "1 day",
    "101",      "$1.50",
    "7.5",      "{\"a\": 1}",
};

/* The envelope as JSON, as Avro and back gives the same rows. */
static void check_envelope(struct debezium_format format)
{
    static const struct column wanted[] = {{"id", {TYPE_INT8, -1, NULL}, true},
                                           {"amount", {TYPE_NUMERIC, NUMERIC(12, 2), NULL}, false},
                                           {"at", {TYPE_TIMESTAMP, -1, NULL}, false},
                                           {"day", {TYPE_DATE, -1, NULL}, false},
                                           {"zoned", {TYPE_TIMESTAMPTZ, -1, NULL}, false},
                                           {"raw", {TYPE_BYTEA, -1, NULL}, false},
                                           {"doc", {TYPE_JSONB, -1, NULL}, false},
                                           {"other bare", {TYPE_NUMERIC, -1, NULL}, false}};
    static const uint16_t wanted_key[] = {0};
    static const struct schema reader = {wanted, wanted_key, COUNT(wanted), 1};
    struct debezium_datum data[COUNT(captured)];
    const struct debezium_source source = {.name = "p",
                                           .database = "d",
                                           .schema = "s",
                                           .table = "t",
                                           .snapshot = "false",
                                           .commit_unix_us = 1772284455123456,
                                           .lsn = 99,
                                           .last_commit_lsn = 98,
                                           .xid = 4000000000U};
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);
    CLEANUP(buf) struct buf text = {0}, json = {0}, body = {0}, back = {0};
    struct debezium_event event = {0};
    struct err err;

    for (size_t i = 0; i < COUNT(captured); i++)
        data[i] = (struct debezium_datum){DEBEZIUM_TEXT, str_of(captured_texts[i])};
    const struct debezium_write write = {.columns = captured,
                                         .columns_n = COUNT(captured),
                                         .before = NULL,
                                         .after = data,
                                         .source = &source,
                                         .op = 'c',
                                         .now_unix_us = 1772284455999999,
                                         .format = format};
    const struct avro_table table = {
        .topic = "p.s.t", .columns = captured, .columns_n = COUNT(captured), .format = format};
    if (!debezium_write_value(&json, &write, &err))
        fail_msg("%s", err.text);
    assert_true(avro_derive_envelope(&text, &table, &err));
    CLEANUP(shape) struct avro_shape *shape = parse(buf_str(&text));
    if (!avro_from_json(shape, buf_str(&json), arena, &body, &err))
        fail_msg("%s: %s", err.text, buf_cstr(&json));
    if (!avro_to_json(shape, buf_str(&body), &back, &err))
        fail_msg("%s", err.text);
    check_oracle(buf_str(&text), buf_str(&body));

    struct debezium_decoder *decoder = debezium_decoder_new(&reader, false);
    if (!debezium_decode(decoder, buf_str(&back), arena, &event, &err))
        fail_msg("%s: %s", err.text, buf_cstr(&back));
    buf_clear(&json);
    json_write_row(&json, &reader, event.after);
    assert_string_equal(
        buf_cstr(&json),
        "{\"id\":7,\"amount\":12.30,\"at\":\"2026-02-28T13:14:15.5\",\"day\":\"infinity\","
        "\"zoned\":\"2026-02-28T13:14:15+00:00\",\"raw\":\"\\\\x00ff\",\"doc\":{\"a\": 1},"
        "\"other bare\":7.5}");
    assert_int_equal(event.lsn, 99);
    assert_int_equal(event.commit_unix_us, 1772284455123456);
    debezium_decoder_free(decoder);
}

static void envelopes_come_back_as_their_rows(void **state)
{
    (void)state;
    check_envelope((struct debezium_format){DEBEZIUM_DECIMAL_STRING, DEBEZIUM_TIME_ADAPTIVE});
    check_envelope((struct debezium_format){DEBEZIUM_DECIMAL_STRING, DEBEZIUM_TIME_CONNECT});
}

static void precise_decimals_are_bytes(void **state)
{
    static const struct debezium_column two[] = {{"id", 20, -1, true},
                                                 {"amount", 1700, NUMERIC(12, 2), false},
                                                 {"a", 1700, -1, false},
                                                 {"b", 1700, -1, false}};
    const struct avro_table table = {.topic = "p.s.t",
                                     .columns = two,
                                     .key = two,
                                     .columns_n = 4,
                                     .key_n = 1,
                                     .format = {DEBEZIUM_DECIMAL_PRECISE, DEBEZIUM_TIME_ADAPTIVE}};
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);
    CLEANUP(buf) struct buf text = {0}, body = {0}, back = {0}, key_text = {0};
    struct err err;

    (void)state;
    assert_true(avro_derive_envelope(&text, &table, &err));
    CLEANUP(shape) struct avro_shape *shape = parse(buf_str(&text));
    const char *json =
        "{\"before\":null,\"after\":{\"id\":1,\"amount\":\"BM4=\",\"a\":{\"scale\":2,"
        "\"value\":\"CLE=\"},\"b\":null},\"source\":{\"version\":\"1\",\"connector\":"
        "\"postgresql\",\"name\":\"p\",\"ts_ms\":1,\"db\":\"d\",\"schema\":\"s\","
        "\"table\":\"t\"},\"op\":\"c\"}";
    if (!avro_from_json(shape, str_of(json), arena, &body, &err))
        fail_msg("%s", err.text);
    check_oracle(buf_str(&text), buf_str(&body));
    assert_true(avro_to_json(shape, buf_str(&body), &back, &err));
    assert_non_null(strstr(buf_cstr(&back), "\"amount\":12.30,\"a\":{\"scale\":2,\"value\":"));
    assert_non_null(strstr(buf_cstr(&back), "\"snapshot\":\"false\"")); /* a default, filled in */
    assert_true(avro_derive_envelope_key(&key_text, &table, &err));
    assert_string_equal(buf_cstr(&key_text),
                        "{\"type\":\"record\",\"name\":\"Key\",\"namespace\":\"p.s.t\",\"fields\":"
                        "[{\"name\":\"id\",\"type\":\"long\"}],\"connect.name\":\"p.s.t.Key\"}");
}

static void check_unwritable(const char *schema_text, const char *json)
{
    CLEANUP(shape) struct avro_shape *shape = parse(str_of(schema_text));
    CLEANUP(arena) struct arena *arena = arena_new(1 << 16);
    CLEANUP(buf) struct buf out = {0};
    struct err err;

    assert_false(avro_from_json(shape, str_of(json), arena, &out, &err));
    assert_int_equal(err.kind, ERR_STOP);
}

static void json_that_does_not_fit_is_refused(void **state)
{
    (void)state;
    check_unwritable("\"int\"", "2147483648");
    check_unwritable("\"int\"", "\"1\"");
    check_unwritable("\"long\"", "1.5");
    check_unwritable("\"boolean\"", "1");
    check_unwritable("\"string\"", "1");
    check_unwritable("\"null\"", "1");
    check_unwritable("\"bytes\"", "\"?\"");
    check_unwritable("[\"null\"]", "1");
    check_unwritable("{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":4,\"scale\":1}",
                     "1.25");
    check_unwritable("{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":"
                     "\"int\"}]}",
                     "{}");
    check_unwritable("{\"type\":\"record\",\"name\":\"R\",\"fields\":[]}", "{\"b\":1}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_back_as_their_json),
        cmocka_unit_test(schemas_say_what_the_columns_are),
        cmocka_unit_test(keys_are_canonical),
        cmocka_unit_test(names_are_debeziums),
        cmocka_unit_test(names_that_meet_are_refused),
        cmocka_unit_test(values_without_a_form_are_refused),
        cmocka_unit_test(what_is_cut_short_is_refused),
        cmocka_unit_test(lengths_from_the_wire_are_checked),
        cmocka_unit_test(foreign_schemas_are_read),
        cmocka_unit_test(what_is_no_schema_is_refused),
        cmocka_unit_test(frames_hold_the_id),
        cmocka_unit_test(envelopes_come_back_as_their_rows),
        cmocka_unit_test(precise_decimals_are_bytes),
        cmocka_unit_test(json_that_does_not_fit_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
