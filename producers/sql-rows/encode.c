#include "encode.h"
#include "declared.h"
#include "record/debezium_value.h"
#include "record/json.h"
#include "record/text.h"

struct encoder {
    const struct source_columns *columns;
    const struct encode_source *source;
    uint16_t *key; /* columns in key order */
    size_t key_n;
    bool envelope;
    struct arena *arena;
    struct buf text;
};

int encoder_find(const struct encoder *encoder, const char *name)
{
    for (uint16_t i = 0; i < encoder->columns->n; i++) {
        if (strcmp(encoder->columns->columns[i].name, name) == 0)
            return i;
    }
    return -1;
}

struct encoder *encoder_free(struct encoder *encoder)
{
    if (encoder == NULL)
        return NULL;
    arena_free(encoder->arena);
    buf_done(&encoder->text);
    free(encoder->key);
    free(encoder);
    return NULL;
}

/* NOLINTNEXTLINE(readability-function-size): seven parameters say it best */
bool encoder_new(const struct source_columns *columns, const char *const *key, size_t key_n,
                 const struct encode_source *source, bool envelope, struct encoder **ret,
                 struct err *reterr)
{
    struct encoder *encoder = err_calloc(1, sizeof(*encoder));

    encoder->columns = columns;
    encoder->source = source;
    encoder->envelope = envelope;
    encoder->key = err_calloc(key_n + 1, sizeof(*encoder->key));
    encoder->key_n = key_n;
    encoder->arena = arena_new(1 << 20);
    for (size_t i = 0; i < key_n; i++) {
        int at = encoder_find(encoder, key[i]);

        if (at < 0) {
            encoder_free(encoder);
            return err_stop(reterr, EX_CONFIG, "--key-columns: there is no column \"%s\"", key[i]);
        }
        encoder->key[i] = (uint16_t)at;
    }
    *ret = encoder;
    return true;
}

/* A value of no declared type: as it lies. */
static void write_any(struct buf *out, const struct source_value *value)
{
    if (value->class == SOURCE_INTEGER || value->class == SOURCE_REAL)
        buf_put(out, value->text);
    else
        debezium_string_write(out, value->text);
}

/* A number's lexeme as JSON has it; NaN and the infinities as text. */
static void write_lexeme(struct buf *out, struct str text)
{
    bool number = text.len > 0 && strchr("-0123456789", *text.at) != NULL &&
                  memchr(text.at, 'I', text.len) == NULL;

    if (number)
        buf_put(out, text);
    else
        json_write_string(out, text);
}

/* The types of a plain row that are written otherwise than their text. */
static bool plain_type(uint32_t oid, enum type_id *ret)
{
    switch (oid) {
    case ROWS_OID_BOOL:
        *ret = TYPE_BOOL;
        return true;
    case ROWS_OID_DATE:
        *ret = TYPE_DATE;
        return true;
    case ROWS_OID_TIME:
        *ret = TYPE_TIME;
        return true;
    case ROWS_OID_TIMESTAMP:
        *ret = TYPE_TIMESTAMP;
        return true;
    case ROWS_OID_TIMESTAMPTZ:
        *ret = TYPE_TIMESTAMPTZ;
        return true;
    case ROWS_OID_JSON:
        *ret = TYPE_JSON;
        return true;
    case ROWS_OID_JSONB:
        *ret = TYPE_JSONB;
        return true;
    default:
        return false;
    }
}

static bool is_number(uint32_t oid)
{
    return oid == ROWS_OID_INT2 || oid == ROWS_OID_INT4 || oid == ROWS_OID_INT8 ||
           oid == ROWS_OID_OID || oid == ROWS_OID_FLOAT4 || oid == ROWS_OID_FLOAT8 ||
           oid == ROWS_OID_NUMERIC;
}

/* As row_to_json writes it, numbers in the text that the source has for them. */
static bool write_plain(struct encoder *encoder, const struct debezium_column *column,
                        struct str text, struct buf *out, struct err *reterr)
{
    struct type type = {TYPE_TEXT, -1, NULL};
    struct value value;

    if (!plain_type(column->type_oid, &type.id)) {
        if (is_number(column->type_oid))
            write_lexeme(out, text);
        else
            json_write_string(out, text);
        return true;
    }
    if (!text_parse(type, text, encoder->arena, &value, reterr))
        return false;
    json_write_value(out, type, value);
    return true;
}

/* Text from a database that does not check it may be no UTF-8. */
static bool check_text(struct encoder *encoder, struct str text, struct err *reterr)
{
    struct type type = {TYPE_TEXT, -1, NULL};
    struct value value;

    return text_parse(type, text, encoder->arena, &value, reterr);
}

/* A number's text must be one before it stands bare in a plain row. */
static bool check_number(struct encoder *encoder, uint32_t oid, struct str text, struct err *reterr)
{
    enum type_id id = oid == ROWS_OID_NUMERIC                            ? TYPE_NUMERIC
                      : oid == ROWS_OID_FLOAT4 || oid == ROWS_OID_FLOAT8 ? TYPE_FLOAT8
                                                                         : TYPE_INT8;
    struct type type = {id, -1, NULL};
    struct value value;

    return text_parse(type, text, encoder->arena, &value, reterr);
}

static bool write_typed(struct encoder *encoder, const struct debezium_column *column,
                        struct str text, struct buf *out, struct err *reterr)
{
    const struct debezium_format format = {DEBEZIUM_DECIMAL_STRING, DEBEZIUM_TIME_ADAPTIVE};
    const struct debezium_datum datum = {DEBEZIUM_TEXT, text};

    if (!check_text(encoder, text, reterr) ||
        (is_number(column->type_oid) && !check_number(encoder, column->type_oid, text, reterr)))
        return false;
    return encoder->envelope ? debezium_value_write(out, column, &datum, format, reterr)
                             : write_plain(encoder, column, text, out, reterr);
}

static bool write_value(struct encoder *encoder, uint16_t i, const struct source_value *value,
                        struct buf *out, struct err *reterr)
{
    const struct debezium_column *column = &encoder->columns->columns[i];
    bool ok = true;

    debezium_string_write(out, str_of(column->name));
    buf_char(out, ':');
    if (value->class == SOURCE_NULL) {
        buf_puts(out, "null");
    } else if (column->type_oid == ROWS_OID_ANY) {
        ok = check_text(encoder, value->text, reterr);
        write_any(out, value);
    } else {
        buf_clear(&encoder->text);
        declared_text(&encoder->text, column->type_oid, value);
        ok = write_typed(encoder, column, buf_str(&encoder->text), out, reterr);
    }
    if (ok)
        return true;
    reterr->kind = ERR_DEAD_LETTER;
    return err_prefix(reterr, "column \"%s\"", column->name);
}

/* The value of the k-th key column: of a whole row, or of the key's columns alone. */
static bool write_key(struct encoder *encoder, const struct source_value *values, bool alone,
                      struct buf *key, struct err *reterr)
{
    buf_clear(key);
    for (size_t k = 0; k < encoder->key_n; k++) {
        uint16_t i = encoder->key[k];
        const struct source_value *value = &values[alone ? k : i];

        if (value->class == SOURCE_NULL)
            return err_sql(reterr, ERR_DEAD_LETTER, "23502", "the key column \"%s\" is null",
                           encoder->columns->columns[i].name);
        buf_char(key, k == 0 ? '{' : ',');
        if (!write_value(encoder, i, value, key, reterr))
            return false;
    }
    if (encoder->key_n > 0)
        buf_char(key, '}');
    return buf_ok(key) || err_set(reterr, ERR_DEAD_LETTER, "the key is too long");
}

bool encode_key(struct encoder *encoder, const struct source_value *values, struct buf *key,
                struct err *reterr)
{
    arena_reset(encoder->arena);
    return write_key(encoder, values, true, key, reterr);
}

bool encode_row(struct encoder *encoder, const struct source_value *values, struct buf *key,
                struct buf *row, struct err *reterr)
{
    arena_reset(encoder->arena);
    buf_clear(row);
    if (!write_key(encoder, values, false, key, reterr))
        return false;
    for (uint16_t i = 0; i < encoder->columns->n; i++) {
        buf_char(row, i == 0 ? '{' : ',');
        if (!write_value(encoder, i, &values[i], row, reterr))
            return false;
    }
    buf_char(row, '}');
    return buf_ok(row) || err_set(reterr, ERR_DEAD_LETTER, "the row is too long");
}

static void member_text(struct buf *out, const char *label, const char *text)
{
    buf_puts(out, label);
    if (text == NULL)
        buf_puts(out, "null");
    else
        debezium_string_write(out, str_of(text));
}

static void times(struct buf *out, int64_t us)
{
    buf_puts(out, "\"ts_ms\":");
    buf_i64(out, us / 1000);
    buf_puts(out, ",\"ts_us\":");
    buf_i64(out, us);
    buf_puts(out, ",\"ts_ns\":");
    buf_i64(out, us * 1000);
}

static void write_source(const struct encoder *encoder, const struct encode_event *event,
                         struct buf *out)
{
    buf_puts(out, "{\"version\":\"" SLUICE_VERSION "\",\"connector\":\"sluice-sql-rows\"");
    member_text(out, ",\"name\":", encoder->source->name);
    buf_char(out, ',');
    times(out, event->read_us);
    member_text(out, ",\"snapshot\":", event->snapshot ? "true" : "false");
    member_text(out, ",\"db\":", encoder->source->database);
    member_text(out, ",\"kind\":", encoder->source->kind);
    member_text(out, ",\"table\":", encoder->source->table);
    buf_puts(out, ",\"run\":");
    buf_u64(out, event->run);
    buf_puts(out, ",\"row\":");
    buf_u64(out, event->ordinal);
    buf_char(out, '}');
}

/* A row of which the key alone is known: the members of the key object, NULL in the other columns.
 */
static bool write_key_row(const struct encoder *encoder, struct str key, struct buf *out,
                          struct err *reterr)
{
    struct json_value *found CLEANUP(free) = err_calloc(encoder->columns->n + 1U, sizeof(*found));
    struct json_cursor cursor = json_open(key);
    bool first = true, more = true;

    if (!json_object_begin(&cursor, reterr))
        return false;
    for (size_t k = 0; k < encoder->key_n; k++) {
        struct str name;

        if (!json_object_next(&cursor, encoder->arena, &first, &more, &name, reterr) || !more ||
            !json_read(&cursor, &found[encoder->key[k]], reterr))
            return err_set(reterr, ERR_STOP, "a stored key has other columns: --resync");
    }
    for (uint16_t i = 0; i < encoder->columns->n; i++) {
        buf_char(out, i == 0 ? '{' : ',');
        debezium_string_write(out, str_of(encoder->columns->columns[i].name));
        buf_char(out, ':');
        if (found[i].kind == JSON_STRING)
            buf_char(out, '"');
        buf_put(out, found[i].raw.at == NULL ? STR("null") : found[i].raw);
        if (found[i].kind == JSON_STRING)
            buf_char(out, '"');
    }
    buf_char(out, '}');
    return true;
}

bool encode_value(const struct encoder *encoder, const struct encode_event *event, struct buf *out,
                  struct err *reterr)
{
    if (!encoder->envelope) {
        buf_put(out, event->row);
        return buf_ok(out) || err_set(reterr, ERR_DEAD_LETTER, "the row is too long");
    }
    buf_puts(out, "{\"before\":");
    if (event->op != 'd')
        buf_puts(out, "null");
    else if (!write_key_row(encoder, event->key, out, reterr))
        return false;
    buf_puts(out, ",\"after\":");
    buf_put(out, event->op == 'd' ? STR("null") : event->row);
    buf_puts(out, ",\"source\":");
    write_source(encoder, event, out);
    buf_printf(out, ",\"transaction\":null,\"op\":\"%c\",", event->op);
    times(out, event->now_us);
    buf_char(out, '}');
    return buf_ok(out) || err_set(reterr, ERR_DEAD_LETTER, "the row is too long");
}

void encode_raw(const struct encoder *encoder, const struct source_value *values, struct buf *out)
{
    for (uint16_t i = 0; i < encoder->columns->n; i++) {
        buf_char(out, i == 0 ? '{' : ',');
        debezium_string_write(out, str_of(encoder->columns->columns[i].name));
        buf_char(out, ':');
        if (values[i].class == SOURCE_NULL)
            buf_puts(out, "null");
        else
            debezium_string_write(out, values[i].text);
    }
    buf_puts(out, encoder->columns->n == 0 ? "{}" : "}");
}
