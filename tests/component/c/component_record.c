/*
 * A driver for test_json_oracle.py: reads rows in COPY's text format from stdin and writes each as
 * PostgreSQL's row_to_json would, every one ended by a NUL.
 *
 *   component_record row|debezium NAME:TYPE:TYPMOD:OID...
 *
 * row: text -> row -> JSON. debezium: text -> envelope -> row -> JSON.
 */
#include "record/debezium.h"

#include "record/text.h"

enum { COLUMNS_MAX = 64 };

struct oracle {
    struct column columns[COLUMNS_MAX];
    struct debezium_column captured[COLUMNS_MAX];
    struct schema schema;
    struct arena *arena;
    struct row_builder builder;
    struct debezium_decoder *decoder;
};

static void die(const char *what, const struct err *err)
{
    fprintf(stderr, "component_record: %s: %s\n", what, err->text);
    exit(EX_SOFTWARE);
}

/* "name:timestamp with time zone:3:1184" */
static void add_column(struct oracle *oracle, char *spec)
{
    uint16_t i = oracle->schema.columns_n++;
    char *rest = NULL;
    const char *name = strtok_r(spec, ":", &rest);
    const char *type = strtok_r(NULL, ":", &rest);
    int32_t typmod = (int32_t)strtol(strtok_r(NULL, ":", &rest), NULL, 10);
    uint32_t oid = (uint32_t)strtoul(strtok_r(NULL, ":", &rest), NULL, 10);
    enum type_id id = TYPE_UNKNOWN;

    if (i == COLUMNS_MAX || !type_find(str_of(type), &id))
        die(type, &(struct err){.text = "no such type"});
    oracle->columns[i] = (struct column){name, {id, typmod}, false};
    oracle->captured[i] = (struct debezium_column){name, oid, typmod, false};
}

/* Undoes COPY's escapes in place. */
static struct str unescape(char *field)
{
    static const char from[] = "bfnrtv", to[] = "\b\f\n\r\t\v";
    char *out = field;

    for (const char *at = field; *at != '\0'; at++) {
        if (*at == '\\' && at[1] != '\0') {
            const char *known = strchr(from, *++at);

            *out++ = known != NULL ? to[known - from] : *at;
        } else {
            *out++ = *at;
        }
    }
    return str_between(field, out);
}

/* Splits the line into the row's data. */
static void split(const struct oracle *oracle, char *line, struct debezium_datum *tuple)
{
    line[strcspn(line, "\n")] = '\0';
    for (uint16_t i = 0; i < oracle->schema.columns_n; i++) {
        char *field = strsep(&line, "\t");

        if (field == NULL)
            die("row", &(struct err){.text = "too few fields"});
        tuple[i] = (struct debezium_datum){.presence = DEBEZIUM_NULL};
        if (strcmp(field, "\\N") != 0)
            tuple[i] = (struct debezium_datum){DEBEZIUM_TEXT, unescape(field)};
    }
}

static const struct row *row_of_text(struct oracle *oracle, const struct debezium_datum *tuple)
{
    row_begin(&oracle->builder, oracle->schema.columns_n);
    for (uint16_t i = 0; i < oracle->schema.columns_n; i++) {
        struct type type = oracle->columns[i].type;
        struct value value;
        struct err err;

        if (tuple[i].presence == DEBEZIUM_NULL)
            continue;
        if (!text_parse(type, tuple[i].text, oracle->arena, &value, &err))
            die(oracle->columns[i].name, &err);
        row_set_value(&oracle->builder, i, type.id, value);
    }
    return row_finish(&oracle->builder, oracle->arena);
}

static const struct row *row_of_envelope(struct oracle *oracle, const struct debezium_datum *tuple)
{
    struct debezium_source source = {.name = "p",
                                     .database = "d",
                                     .schema = "s",
                                     .table = "t",
                                     .snapshot = "true",
                                     .commit_unix_us = 1,
                                     .lsn = 2,
                                     .xid = 3};
    struct debezium_write write = {.columns = oracle->captured,
                                   .columns_n = oracle->schema.columns_n,
                                   .after = tuple,
                                   .source = &source,
                                   .op = 'r',
                                   .now_unix_us = 4};
    struct buf envelope CLEANUP(buf) = {0};
    struct debezium_event event;
    struct err err;

    if (!debezium_write_value(&envelope, &write, &err))
        die("write", &err);
    if (!debezium_decode(oracle->decoder, buf_str(&envelope), oracle->arena, &event, &err))
        die(buf_cstr(&envelope), &err);
    return event.after;
}

int main(int argc, char **argv)
{
    struct oracle oracle = {.arena = arena_new(1 << 20)};
    struct debezium_datum tuple[COLUMNS_MAX];
    char *line CLEANUP(free) = NULL;
    struct buf out CLEANUP(buf) = {0};
    size_t cap = 0;

    if (argc < 3)
        die("usage",
            &(struct err){.text = "component_record row|debezium NAME:TYPE:TYPMOD:OID..."});
    oracle.schema.columns = oracle.columns;
    for (int i = 2; i < argc; i++)
        add_column(&oracle, argv[i]);
    oracle.decoder = debezium_decoder_new(&oracle.schema, false);
    while (getline(&line, &cap, stdin) > 0) {
        split(&oracle, line, tuple);
        const struct row *row = strcmp(argv[1], "debezium") == 0 ? row_of_envelope(&oracle, tuple)
                                                                 : row_of_text(&oracle, tuple);
        buf_clear(&out);
        json_write_row(&out, &oracle.schema, row);
        fwrite(out.at, 1, out.len, stdout);
        putchar('\0');
        arena_reset(oracle.arena);
    }
    row_builder_done(&oracle.builder);
    debezium_decoder_free(oracle.decoder);
    arena_free(oracle.arena);
    return ferror(stdin) || fflush(stdout) != 0 ? EX_IOERR : 0;
}
