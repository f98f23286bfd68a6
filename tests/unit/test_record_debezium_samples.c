/*
 * Messages captured from Debezium, kept outside this repository: SLUICE_SHARED, or ../shared beside
 * it. Each row's `after` is decoded into a row, printed as PostgreSQL would send it, and written
 * again: the bytes must be Debezium's. Skips when the samples are not there.
 */
#include "record/debezium.h"

#include "record/text.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define NUMERIC(precision, scale) (((precision) << 16 | (scale)) + 4)

/* A sample table: those of its columns whose types a row can hold. */
struct known {
    const char *name;
    enum type_id id;
    int32_t typmod;
    uint32_t oid;
};

static const struct known t_default[] = {
    {"id", TYPE_INT4, -1, 23},
    {"c_bool", TYPE_BOOL, -1, 16},
    {"c_int2", TYPE_INT2, -1, 21},
    {"c_int4", TYPE_INT4, -1, 23},
    {"c_int8", TYPE_INT8, -1, 20},
    {"c_float4", TYPE_FLOAT4, -1, 700},
    {"c_float8", TYPE_FLOAT8, -1, 701},
    {"c_numeric", TYPE_NUMERIC, -1, 1700},
    {"c_numeric_12_2", TYPE_NUMERIC, NUMERIC(12, 2), 1700},
    {"c_numeric_18_0", TYPE_NUMERIC, NUMERIC(18, 0), 1700},
    {"c_numeric_38_10", TYPE_NUMERIC, NUMERIC(38, 10), 1700},
    {"c_text", TYPE_TEXT, -1, 25},
    {"c_varchar", TYPE_VARCHAR, 44, 1043},
    {"c_char", TYPE_BPCHAR, 12, 1042},
    {"c_citext", TYPE_TEXT, -1, 25},
    {"c_bytea", TYPE_BYTEA, -1, 17},
    {"c_date", TYPE_DATE, -1, 1082},
    {"c_time", TYPE_TIME, -1, 1083},
    {"c_time0", TYPE_TIME, 0, 1083},
    {"c_time3", TYPE_TIME, 3, 1083},
    {"c_ts", TYPE_TIMESTAMP, -1, 1114},
    {"c_ts0", TYPE_TIMESTAMP, 0, 1114},
    {"c_ts3", TYPE_TIMESTAMP, 3, 1114},
    {"c_tstz", TYPE_TIMESTAMPTZ, -1, 1184},
    {"c_tstz0", TYPE_TIMESTAMPTZ, 0, 1184},
    {"c_tstz3", TYPE_TIMESTAMPTZ, 3, 1184},
    {"c_uuid", TYPE_UUID, -1, 2950},
    {"c_json", TYPE_JSON, -1, 114},
    {"c_jsonb", TYPE_JSONB, -1, 3802},
    {"c_enum", TYPE_TEXT, -1, 25},
    {"c_domain", TYPE_INT4, -1, 23},
    {"c_domnum", TYPE_NUMERIC, NUMERIC(10, 4), 1700},
    {"c_domtext", TYPE_VARCHAR, 24, 1043},
    {"c_inet", TYPE_TEXT, -1, 25},
    {"c_cidr", TYPE_TEXT, -1, 25},
    {"c_macaddr", TYPE_TEXT, -1, 25},
    {"c_tsvector", TYPE_TEXT, -1, 25},
    {"c_xml", TYPE_TEXT, -1, 25},
    {"c_oid", TYPE_INT8, -1, 26},
    {"c_int4range", TYPE_TEXT, -1, 25},
    {"c_tsrange", TYPE_TEXT, -1, 25},
    {"c_nn", TYPE_TEXT, -1, 25},
    {"c_defint", TYPE_INT4, -1, 23},
    {"c_defts", TYPE_TIMESTAMPTZ, -1, 1184},
};
static const struct known t_pkint8[] = {{"id", TYPE_INT8, -1, 20},
                                        {"v", TYPE_NUMERIC, NUMERIC(12, 2), 1700},
                                        {"at", TYPE_TIMESTAMPTZ, -1, 1184}};
static const struct known sp_float[] = {
    {"id", TYPE_INT4, -1, 23}, {"v4", TYPE_FLOAT4, -1, 700}, {"v8", TYPE_FLOAT8, -1, 701}};
static const struct known sp_ts[] = {
    {"id", TYPE_INT4, -1, 23}, {"a", TYPE_TIMESTAMP, -1, 1114}, {"b", TYPE_TIMESTAMPTZ, -1, 1184}};
static const struct known sp_date[] = {{"id", TYPE_INT4, -1, 23}, {"c", TYPE_DATE, -1, 1082}};
static const struct known sp_time24[] = {
    {"id", TYPE_INT4, -1, 23}, {"a", TYPE_TIME, -1, 1083}, {"c", TYPE_TIME, 3, 1083}};
static const struct known sp_big[] = {{"id", TYPE_INT4, -1, 23},
                                      {"a", TYPE_NUMERIC, -1, 1700},
                                      {"b", TYPE_NUMERIC, NUMERIC(38, 0), 1700},
                                      {"c", TYPE_INT8, -1, 20}};
static const struct known sp_num[] = {{"id", TYPE_INT4, -1, 23}, {"v", TYPE_NUMERIC, -1, 1700}};
static const struct known sp_text[] = {{"id", TYPE_INT4, -1, 23},
                                       {"a", TYPE_TEXT, -1, 25},
                                       {"b", TYPE_JSONB, -1, 3802},
                                       {"c", TYPE_BPCHAR, 8, 1042}};

/* One file of samples, the table's topic suffix in it, how its connector was set, and how many
 * values (not NULL) there are at least. */
struct sample {
    const char *file, *table;
    const struct known *known;
    size_t known_n;
    struct debezium_format format;
    size_t values_min;
};

#define SAMPLE(file, table, known, decimal, time, least)                                           \
    {                                                                                              \
        file, table, known, COUNT(known), {DEBEZIUM_DECIMAL_##decimal, DEBEZIUM_TIME_##time},      \
            least                                                                                  \
    }

static const struct sample samples[] = {
    SAMPLE("decimal_string", ".t_default", t_default, STRING, ADAPTIVE, 200),
    SAMPLE("decimal_string", ".t_full", t_default, STRING, ADAPTIVE, 200),
    SAMPLE("decimal_string", ".t_pkint8", t_pkint8, STRING, ADAPTIVE, 6),
    SAMPLE("default", ".t_default", t_default, PRECISE, ADAPTIVE, 200),
    SAMPLE("decimal_double", ".t_pkint8", t_pkint8, DOUBLE, ADAPTIVE, 6),
    SAMPLE("special/sp_float__default", ".sp_float", sp_float, STRING, ADAPTIVE, 36),
    SAMPLE("special/sp_big__decimal_string", ".sp_big", sp_big, STRING, ADAPTIVE, 40),
    SAMPLE("special/sp_big__default", ".sp_big", sp_big, PRECISE, ADAPTIVE, 40),
    SAMPLE("special/sp_numnan__decimal_string", ".sp_numnan", sp_num, STRING, ADAPTIVE, 4),
    SAMPLE("special/sp_numinf__decimal_string", ".sp_numinf", sp_num, STRING, ADAPTIVE, 8),
    SAMPLE("special/sp_numinf__decimal_double", ".sp_numinf", sp_num, DOUBLE, ADAPTIVE, 8),
    SAMPLE("special/sp_tsinf__default", ".sp_tsinf", sp_ts, STRING, ADAPTIVE, 12),
    SAMPLE("special/sp_tsinf__time_connect", ".sp_tsinf", sp_ts, STRING, CONNECT, 12),
    SAMPLE("special/sp_tsbc__default", ".sp_tsbc", sp_ts, STRING, ADAPTIVE, 30),
    SAMPLE("special/sp_tsbc__time_connect", ".sp_tsbc", sp_ts, STRING, CONNECT, 30),
    SAMPLE("special/sp_tsbc__default", ".sp_tsbc", sp_date, STRING, ADAPTIVE, 20),
    SAMPLE("special/sp_time24__default", ".sp_time24", sp_time24, STRING, ADAPTIVE, 6),
    SAMPLE("special/sp_time24__time_adaptive_us", ".sp_time24", sp_time24, STRING,
           ADAPTIVE_MICROSECONDS, 6),
    SAMPLE("special/sp_text__default", ".sp_text", sp_text, STRING, ADAPTIVE, 8),
};

static FILE *open_sample(const char *name)
{
    const char *shared = getenv("SLUICE_SHARED");
    char path[1024];

    snprintf(path, sizeof(path), "%s/data/debezium-samples/%s.jsonl",
             shared != NULL ? shared : SOURCE_DIR "/../shared", name);
    return fopen(path, "r");
}

/* The raw text of a column in the envelope's after; empty when it is not there. */
static struct str raw_after(struct str envelope, const char *column, struct arena *arena)
{
    struct json_cursor cursor = json_open(envelope);
    const char *wanted[] = {"after", column};
    struct str name;
    struct err err;

    for (int level = 0; level < 2; level++) {
        struct json_value value = {.kind = JSON_NULL};
        bool first = true, more = true;

        assert_true(json_object_begin(&cursor, &err));
        do {
            const char *start;

            assert_true(json_object_next(&cursor, arena, &first, &more, &name, &err));
            if (!more)
                return (struct str){0};
            start = cursor.at;
            assert_true(json_read(&cursor, &value, &err));
            value.raw = str_between(start, cursor.at);
        } while (!str_eq_c(name, wanted[level]));
        if (level == 1)
            return value.raw;
        cursor = json_open(value.raw);
    }
    return (struct str){0};
}

/* Prints the row's column as text and writes that as a value. */
static void write_again(struct buf *out, const struct sample *sample, const struct row *row,
                        uint16_t i)
{
    const struct known *known = &sample->known[i];
    struct debezium_column column = {known->name, known->oid, known->typmod, true};
    struct debezium_datum datum = {.presence = DEBEZIUM_NULL};
    struct buf text CLEANUP(buf) = {0};
    struct buf object CLEANUP(buf) = {0};
    bool has_key;
    struct err err;

    if (!row_is_null(row, i)) {
        text_print(&text, (struct type){known->id, known->typmod}, row_value(row, i, known->id));
        datum = (struct debezium_datum){DEBEZIUM_TEXT, buf_str(&text)};
    }
    if (!debezium_write_key(&object, &column, 1, &datum, sample->format, &has_key, &err))
        fail_msg("%s.%s: %s", sample->file, known->name, err.text);
    size_t label = strlen(known->name) + 4; /* {"name": */
    buf_append(out, object.at + label, object.len - label - 1);
}

/* Checks one envelope; returns how many values it compared that are not null. */
static size_t check_envelope(const struct sample *sample, struct str envelope, struct arena *arena)
{
    struct column columns[COUNT(t_default)];
    struct schema schema = {columns, NULL, (uint16_t)sample->known_n, 0};
    struct debezium_event event;
    size_t compared = 0;
    struct err err;

    for (size_t i = 0; i < sample->known_n; i++)
        columns[i] = (struct column){
            sample->known[i].name, {sample->known[i].id, sample->known[i].typmod}, false};
    struct debezium_decoder *decoder = debezium_decoder_new(&schema, false);
    debezium_decoder_set_format(decoder, sample->format);
    if (!debezium_decode(decoder, envelope, arena, &event, &err))
        fail_msg("%s: %s\n%.*s", sample->file, err.text, STR_ARG(envelope));
    for (uint16_t i = 0; event.after != NULL && i < sample->known_n; i++) {
        struct str expected = raw_after(envelope, sample->known[i].name, arena);
        struct buf written CLEANUP(buf) = {0};

        if (expected.len == 0)
            continue;
        write_again(&written, sample, event.after, i);
        if (!str_eq(buf_str(&written), expected))
            fail_msg("%s: column %s\n  theirs %.*s\n  ours   %s", sample->file,
                     sample->known[i].name, STR_ARG(expected), buf_cstr(&written));
        compared += !str_eq(expected, STR("null"));
    }
    debezium_decoder_free(decoder);
    return compared;
}

static void check_sample(const struct sample *sample, FILE *file)
{
    struct arena *arena CLEANUP(arena) = arena_new(1 << 20);
    char *line CLEANUP(free) = NULL;
    size_t cap = 0, compared = 0;

    while (getline(&line, &cap, file) > 0) {
        cJSON *message = cJSON_Parse(line);
        const char *topic = cJSON_GetStringValue(cJSON_GetObjectItem(message, "topic"));
        const char *value = cJSON_GetStringValue(cJSON_GetObjectItem(message, "value"));
        size_t topic_len = strlen(topic), table_len = strlen(sample->table);

        if (value != NULL && topic_len >= table_len &&
            strcmp(topic + topic_len - table_len, sample->table) == 0)
            compared += check_envelope(sample, str_of(value), arena);
        cJSON_Delete(message);
        arena_reset(arena);
    }
    if (compared < sample->values_min)
        fail_msg("%s%s: only %zu values", sample->file, sample->table, compared);
    print_message("%s%s: %zu values equal\n", sample->file, sample->table, compared);
}

static void it_writes_what_debezium_wrote(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(samples); i++) {
        FILE *file = open_sample(samples[i].file);

        if (file == NULL) {
            print_message("skipped: no Debezium samples (SLUICE_SHARED, or ../shared)\n");
            skip(); /* jumps away: nothing may be held here */
        }
        check_sample(&samples[i], file);
        fclose(file);
    }
}

/* The source object of the envelope. */
static struct str raw_source(struct str envelope)
{
    const char *start = memmem(envelope.at, envelope.len, "\"source\":{", 10);
    const char *end = memmem(envelope.at, envelope.len, "},\"transaction\"", 15);

    assert_true(start != NULL && end != NULL && start < end);
    return str_between(start, end);
}

static const char *text_of(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItem(object, name));
}

static uint64_t number_of(const cJSON *object, const char *name)
{
    return (uint64_t)cJSON_GetNumberValue(cJSON_GetObjectItem(object, name));
}

/* Writes the same source block; only the version is another. */
static void check_source(struct str envelope, const cJSON *object)
{
    const char *sequence = text_of(object, "sequence");
    struct debezium_source source = {.name = text_of(object, "name"),
                                     .database = text_of(object, "db"),
                                     .schema = text_of(object, "schema"),
                                     .table = text_of(object, "table"),
                                     .snapshot = text_of(object, "snapshot"),
                                     .commit_unix_us = (int64_t)number_of(object, "ts_us"),
                                     .last_commit_lsn = strncmp(sequence, "[null", 5) == 0
                                                            ? 0
                                                            : strtoull(sequence + 2, NULL, 10),
                                     .lsn = number_of(object, "lsn"),
                                     .xid = (uint32_t)number_of(object, "txId")};
    struct debezium_write event = {.source = &source, .op = 't'};
    struct buf out CLEANUP(buf) = {0};
    struct buf expected CLEANUP(buf) = {0};
    struct err err;

    assert_true(debezium_write_value(&out, &event, &err));
    struct str theirs = raw_source(envelope), ours = raw_source(buf_str(&out));
    const char *behind = memmem(theirs.at, theirs.len, "3.7.0.Final", 11);
    buf_puts(&expected, "\"source\":{\"version\":\"" SLUICE_VERSION);
    buf_put(&expected, str_between(behind + 11, theirs.at + theirs.len));
    if (!str_eq(ours, buf_str(&expected)))
        fail_msg("theirs %.*s\n  ours %.*s", STR_ARG(theirs), STR_ARG(ours));
}

static void it_writes_their_source_block(void **state)
{
    FILE *file CLEANUP(file) = open_sample("decimal_string");
    char *line CLEANUP(free) = NULL;
    size_t cap = 0, compared = 0;

    (void)state;
    if (file == NULL)
        skip();
    while (getline(&line, &cap, file) > 0) {
        cJSON *message = cJSON_Parse(line);
        const char *value = text_of(message, "value");
        cJSON *envelope = value == NULL ? NULL : cJSON_Parse(value);

        if (envelope != NULL && strcmp(text_of(envelope, "op"), "m") != 0) {
            check_source(str_of(value), cJSON_GetObjectItem(envelope, "source"));
            compared++;
        }
        cJSON_Delete(envelope);
        cJSON_Delete(message);
    }
    assert_true(compared > 90);
    print_message("%zu source blocks equal but for the version\n", compared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(it_writes_what_debezium_wrote),
                                       cmocka_unit_test(it_writes_their_source_block)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
