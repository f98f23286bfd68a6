#include "record/debezium.h"

#include "record/debezium_value.h"
#include <assert.h>

/*
 * `labels[i]` is `"name":` of column i as it stands in the text. `follows[i]` is the column that
 * came after column i - 1 last time (follows[0]: the first one): the guess for this time.
 */
struct debezium_decoder {
    const struct schema *schema;
    struct debezium_format format;
    bool want_before;
    struct row_builder builder;
    struct buf label_bytes;
    struct str *labels;
    uint16_t *follows;
    uint64_t *seen;
};

/* What a row must hold. */
enum rows { ROW_WHOLE, ROW_PARTIAL, ROW_KEY };

/* A member's name as it stands in the text, with its colon. */
#define LABEL(name)                                                                                \
    {                                                                                              \
        "\"" name "\":", sizeof("\"" name "\":") - 1                                               \
    }

/* The members of the envelope and of its source, in Debezium's order. A surplus or another order
 * costs a search, nothing else. */
enum member { BEFORE, AFTER, SOURCE, TRANSACTION, OP, TS_MS, TS_US, TS_NS };
static const struct str envelope_labels[] = {
    [BEFORE] = LABEL("before"), [AFTER] = LABEL("after"),
    [SOURCE] = LABEL("source"), [TRANSACTION] = LABEL("transaction"),
    [OP] = LABEL("op"),         [TS_MS] = LABEL("ts_ms"),
    [TS_US] = LABEL("ts_us"),   [TS_NS] = LABEL("ts_ns"),
};
enum { ENVELOPE_N = sizeof(envelope_labels) / sizeof(*envelope_labels) };

enum source_member { SOURCE_TS_MS = 3, SOURCE_TS_US = 7, SOURCE_LSN = 12 };
static const struct str source_labels[] = {
    LABEL("version"),
    LABEL("connector"),
    LABEL("name"),
    [SOURCE_TS_MS] = LABEL("ts_ms"),
    LABEL("snapshot"),
    LABEL("db"),
    LABEL("sequence"),
    [SOURCE_TS_US] = LABEL("ts_us"),
    LABEL("ts_ns"),
    LABEL("schema"),
    LABEL("table"),
    LABEL("txId"),
    [SOURCE_LSN] = LABEL("lsn"),
    LABEL("xmin"),
    LABEL("origin"),
    LABEL("origin_lsn"),
};
enum { SOURCE_N = sizeof(source_labels) / sizeof(*source_labels) };

static void make_labels(struct debezium_decoder *decoder)
{
    uint16_t n = decoder->schema->columns_n;
    size_t *ends CLEANUP(free) = err_calloc(n + 1U, sizeof(*ends));

    for (uint16_t i = 0; i < n; i++) {
        json_write_string(&decoder->label_bytes, str_of(decoder->schema->columns[i].name));
        buf_char(&decoder->label_bytes, ':');
        ends[i + 1] = decoder->label_bytes.len;
    }
    for (uint16_t i = 0; i < n; i++)
        decoder->labels[i] = (struct str){decoder->label_bytes.at + ends[i], ends[i + 1] - ends[i]};
}

struct debezium_decoder *debezium_decoder_new(const struct schema *schema, bool want_before)
{
    struct debezium_decoder *decoder = err_calloc(1, sizeof(*decoder));
    uint16_t n = schema->columns_n;

    decoder->schema = schema;
    decoder->want_before = want_before;
    decoder->labels = err_calloc(n + 1U, sizeof(*decoder->labels));
    decoder->follows = err_calloc(n + 1U, sizeof(*decoder->follows));
    decoder->seen = err_calloc(row_null_words(n) + 1U, sizeof(*decoder->seen));
    for (uint16_t i = 0; i < n; i++)
        decoder->follows[i] = i;
    make_labels(decoder);
    return decoder;
}

struct debezium_decoder *debezium_decoder_free(struct debezium_decoder *decoder)
{
    if (decoder == NULL)
        return NULL;
    row_builder_done(&decoder->builder);
    buf_done(&decoder->label_bytes);
    free(decoder->labels);
    free(decoder->follows);
    free(decoder->seen);
    free(decoder);
    return NULL;
}

void debezium_decoder_set_format(struct debezium_decoder *decoder, struct debezium_format format)
{
    decoder->format = format;
}

static bool bad(struct err *reterr, const char *what)
{
    return err_set(reterr, ERR_DEAD_LETTER, "not a Debezium envelope: %s", what);
}

/* Takes the next member's name when it is `label` to the byte. */
static bool take_label(struct json_cursor *cursor, bool first, struct str label)
{
    const char *at = cursor->at;

    if (!first) {
        if (at == cursor->end || *at != ',')
            return false;
        at++;
    }
    if ((size_t)(cursor->end - at) < label.len || memcmp(at, label.at, label.len) != 0)
        return false;
    cursor->at = at + label.len;
    return true;
}

/* Where the walk through an object stands: `place` is 1 + the last known member, 0 at the start. */
struct walk {
    bool first, more;
    uint16_t place;
    int column;
};

/* Reads the next member's name: walk->column is its column, -1 when it is none of ours. */
static bool next_column(struct debezium_decoder *decoder, struct debezium_reader *reader,
                        struct walk *walk, struct err *reterr)
{
    struct str name;
    uint16_t guess = decoder->follows[walk->place];

    if (guess < decoder->schema->columns_n &&
        take_label(&reader->cursor, walk->first, decoder->labels[guess])) {
        walk->first = false;
        walk->more = true;
        walk->column = guess;
        return true;
    }
    if (!json_object_next(&reader->cursor, reader->arena, &walk->first, &walk->more, &name, reterr))
        return false;
    walk->column = walk->more ? schema_find(decoder->schema, name) : -1;
    if (walk->column >= 0)
        decoder->follows[walk->place] = (uint16_t)walk->column;
    return true;
}

static bool read_column(struct debezium_decoder *decoder, struct debezium_reader *reader,
                        uint16_t i, struct err *reterr)
{
    const struct column *column = &decoder->schema->columns[i];
    uint64_t bit = UINT64_C(1) << (i % 64U);

    if (decoder->seen[i / 64U] & bit)
        return err_set(reterr, ERR_DEAD_LETTER, "column \"%s\" stands there twice", column->name);
    decoder->seen[i / 64U] |= bit;
    if (!debezium_value_read(reader, column->type, i, reterr))
        return err_prefix(reterr, "column \"%s\"", column->name);
    return true;
}

static bool is_seen(const struct debezium_decoder *decoder, uint16_t i)
{
    return decoder->seen[i / 64U] >> (i % 64U) & 1U;
}

/* A column that must be there and is not. */
static bool check_present(const struct debezium_decoder *decoder, enum rows rows,
                          struct err *reterr)
{
    const struct schema *schema = decoder->schema;

    for (uint16_t k = 0; rows == ROW_KEY && k < schema->key_n; k++) {
        if (!is_seen(decoder, schema->key[k]))
            return err_sql(reterr, ERR_DEAD_LETTER, "23502", "key column \"%s\" is missing",
                           schema->columns[schema->key[k]].name);
    }
    for (uint16_t i = 0; rows == ROW_WHOLE && i < schema->columns_n; i++) {
        if (schema->columns[i].not_null && !is_seen(decoder, i))
            return err_sql(reterr, ERR_DEAD_LETTER, "23502", "column \"%s\" is missing",
                           schema->columns[i].name);
    }
    return true;
}

static bool is_key(const struct schema *schema, uint16_t i)
{
    for (uint16_t k = 0; k < schema->key_n; k++) {
        if (schema->key[k] == i)
            return true;
    }
    return false;
}

/* Skips the cursor's next value. */
static bool skip(struct json_cursor *cursor, struct err *reterr)
{
    struct json_value ignored;

    return json_read(cursor, &ignored, reterr);
}

/* Reads the object at the cursor into a row. */
static bool read_row(struct debezium_decoder *decoder, struct debezium_reader *reader,
                     enum rows rows, const struct row **ret, struct err *reterr)
{
    struct walk walk = {.first = true};
    const struct schema *schema = decoder->schema;

    if (!json_object_begin(&reader->cursor, reterr))
        return false;
    row_begin(&decoder->builder, schema->columns_n);
    memset(decoder->seen, 0, row_null_words(schema->columns_n) * sizeof(*decoder->seen));
    for (;;) {
        if (!next_column(decoder, reader, &walk, reterr))
            return false;
        if (!walk.more)
            break;
        uint16_t i = (uint16_t)walk.column;
        bool wanted = walk.column >= 0 && (rows != ROW_KEY || is_key(schema, i));
        if (!(wanted ? read_column(decoder, reader, i, reterr) : skip(&reader->cursor, reterr)))
            return false;
        if (wanted)
            walk.place = (uint16_t)(i + 1U);
    }
    if (!check_present(decoder, rows, reterr))
        return false;
    *ret = row_finish(&decoder->builder, reader->arena);
    return true;
}

/* Reads an object into a row, null into NULL. */
static bool read_row_or_null(struct debezium_decoder *decoder, struct debezium_reader *reader,
                             enum rows rows, const struct row **ret, struct err *reterr)
{
    struct json_cursor ahead = reader->cursor;
    struct json_value value;

    if (ahead.at < ahead.end && *ahead.at == '{')
        return read_row(decoder, reader, rows, ret, reterr);
    if (!json_read(&ahead, &value, reterr))
        return false;
    if (value.kind != JSON_NULL)
        return read_row(decoder, reader, rows, ret, reterr);
    reader->cursor = ahead;
    *ret = NULL;
    return true;
}

/* Reads a number that is not negative; null and anything else leave *ret alone. */
static bool read_u64(struct json_cursor *cursor, uint64_t *ret, struct err *reterr)
{
    struct json_value value;
    uint64_t number = 0;

    if (!json_read(cursor, &value, reterr))
        return false;
    if (value.kind != JSON_NUMBER)
        return true;
    for (size_t i = 0; i < value.raw.len; i++) {
        uint64_t digit = (uint64_t)(value.raw.at[i] - '0');

        if (digit > 9 || __builtin_mul_overflow(number, 10U, &number) ||
            __builtin_add_overflow(number, digit, &number))
            return bad(reterr, "source holds a number that is no position or time");
    }
    *ret = number;
    return true;
}

/* The member called `name`, -1 when it is none of them. */
static int find_label(const struct str *labels, int labels_n, struct str name)
{
    for (int i = 0; i < labels_n; i++) {
        if (str_eq(name, (struct str){labels[i].at + 1, labels[i].len - 3}))
            return i;
    }
    return -1;
}

/* Reads the name of the next member of a known object: walk->column is its number, -1 when it is
 * none of them. */
static bool next_known(struct debezium_reader *reader, const struct str *labels, int labels_n,
                       struct walk *walk, struct err *reterr)
{
    struct str name;

    if (walk->place < labels_n && take_label(&reader->cursor, walk->first, labels[walk->place])) {
        walk->first = false;
        walk->more = true;
        walk->column = walk->place++;
        return true;
    }
    if (!json_object_next(&reader->cursor, reader->arena, &walk->first, &walk->more, &name, reterr))
        return false;
    walk->column = walk->more ? find_label(labels, labels_n, name) : -1;
    if (walk->column >= 0)
        walk->place = (uint16_t)(walk->column + 1);
    return true;
}

/* Reads `source`: its commit time and LSN, the rest is skipped. */
static bool read_source(struct debezium_reader *reader, struct debezium_event *event,
                        struct err *reterr)
{
    uint64_t numbers[SOURCE_N] = {0};
    struct walk walk = {.first = true};

    if (!json_object_begin(&reader->cursor, reterr))
        return false;
    for (;;) {
        if (!next_known(reader, source_labels, SOURCE_N, &walk, reterr))
            return false;
        if (!walk.more)
            break;
        bool wanted =
            walk.column == SOURCE_TS_US || walk.column == SOURCE_LSN || walk.column == SOURCE_TS_MS;
        if (!(wanted ? read_u64(&reader->cursor, &numbers[walk.column], reterr)
                     : skip(&reader->cursor, reterr)))
            return false;
    }
    uint64_t ts_us = numbers[SOURCE_TS_US], ts_ms = numbers[SOURCE_TS_MS];
    if (ts_us == 0 && ts_ms <= INT64_MAX / 1000)
        ts_us = ts_ms * 1000;
    event->commit_unix_us = ts_us <= INT64_MAX ? (int64_t)ts_us : 0;
    event->lsn = numbers[SOURCE_LSN];
    return true;
}

static bool read_op(struct json_cursor *cursor, char *ret, struct err *reterr)
{
    struct json_value value;

    if (!json_read(cursor, &value, reterr))
        return false;
    if (value.kind != JSON_STRING || value.raw.len != 1 || strchr("cudrt", value.raw.at[0]) == NULL)
        return bad(reterr, "op is none of c, u, d, r, t");
    *ret = value.raw.at[0];
    return true;
}

static bool read_member(struct debezium_decoder *decoder, struct debezium_reader *reader,
                        int member, struct debezium_event *event, struct err *reterr)
{
    switch (member) {
    case BEFORE:
        if (!decoder->want_before)
            return skip(&reader->cursor, reterr);
        return read_row_or_null(decoder, reader, ROW_PARTIAL, &event->before, reterr) ||
               err_prefix(reterr, "before");
    case AFTER:
        return read_row_or_null(decoder, reader, ROW_WHOLE, &event->after, reterr) ||
               err_prefix(reterr, "after");
    case SOURCE:
        return read_source(reader, event, reterr);
    case OP:
        return read_op(&reader->cursor, &event->op, reterr);
    default:
        return skip(&reader->cursor, reterr);
    }
}

/* Reads the envelope's members in whatever order they come. */
static bool read_envelope(struct debezium_decoder *decoder, struct debezium_reader *reader,
                          struct debezium_event *event, struct err *reterr)
{
    struct walk walk = {.first = true};
    unsigned seen = 0;

    if (!json_object_begin(&reader->cursor, reterr))
        return false;
    for (;;) {
        if (!next_known(reader, envelope_labels, ENVELOPE_N, &walk, reterr))
            return false;
        if (!walk.more)
            break;
        unsigned bit = walk.column < 0 ? 0 : 1U << walk.column;
        if (seen & bit)
            return bad(reterr, "a member stands there twice");
        seen |= bit;
        if (!read_member(decoder, reader, walk.column, event, reterr))
            return false;
    }
    if (!(seen & 1U << OP))
        return bad(reterr, "it has no op");
    if (strchr("cur", event->op) != NULL && event->after == NULL)
        return bad(reterr, "it has no row in after");
    return json_at_end(&reader->cursor, reterr);
}

/*
 * Connect's {"schema":...,"payload":...} (schemas.enable=true): moves the cursor to a document of
 * the payload alone. Leaves the cursor where it is when the document has no such pair.
 */
static bool enter_payload(struct json_cursor *cursor, struct arena *arena, struct err *reterr)
{
    struct json_cursor walk = *cursor;
    struct json_value value, payload = {.kind = JSON_NULL};
    bool first = true, more, schema = false;
    struct str name;

    if (!json_object_begin(&walk, reterr))
        return false;
    for (;;) {
        if (!json_object_next(&walk, arena, &first, &more, &name, reterr))
            return false;
        if (!more)
            break;
        if (!json_read(&walk, &value, reterr))
            return false;
        schema |= str_eq(name, STR("schema"));
        if (str_eq(name, STR("payload")))
            payload = value;
    }
    if (!schema || payload.kind != JSON_OBJECT)
        return true;
    if (!json_at_end(&walk, reterr))
        return false;
    *cursor = json_open(payload.raw);
    return true;
}

/* A reader at the start of the document, or of its payload when it is wrapped. */
static bool open_reader(struct debezium_decoder *decoder, struct str text, struct arena *arena,
                        struct debezium_reader *ret, struct err *reterr)
{
    struct json_cursor cursor = json_open(text);
    bool wrapped = str_starts(text, STR("{\"schema\"")) || str_starts(text, STR("{\"payload\""));

    if (wrapped && !enter_payload(&cursor, arena, reterr))
        return false;
    *ret = (struct debezium_reader){cursor, arena, &decoder->builder, decoder->format};
    return true;
}

bool debezium_decode(struct debezium_decoder *decoder, struct str value, struct arena *arena,
                     struct debezium_event *ret, struct err *reterr)
{
    struct debezium_event event = {0};
    struct debezium_reader reader;

    if (!open_reader(decoder, value, arena, &reader, reterr))
        return false;
    if (!read_envelope(decoder, &reader, &event, reterr))
        return false;
    *ret = event;
    return true;
}

bool debezium_decode_key(struct debezium_decoder *decoder, struct str key, struct arena *arena,
                         const struct row **ret_row, struct err *reterr)
{
    struct debezium_reader reader;
    const struct row *row;

    if (!open_reader(decoder, key, arena, &reader, reterr))
        return false;
    if (!read_row(decoder, &reader, ROW_KEY, &row, reterr))
        return err_prefix(reterr, "key");
    if (!json_at_end(&reader.cursor, reterr))
        return false;
    *ret_row = row;
    return true;
}
