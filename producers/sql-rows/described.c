#include "described.h"

#include "declared.h"
#include "record/avro_envelope.h"

/* Behind the members that all envelopes have; see encode.c. */
static const char source_fields[] = "{\"name\":\"db\",\"type\":\"string\"},"
                                    "{\"name\":\"kind\",\"type\":\"string\"},"
                                    "{\"name\":\"table\",\"type\":[\"null\",\"string\"],"
                                    "\"default\":null},"
                                    "{\"name\":\"run\",\"type\":\"long\"},"
                                    "{\"name\":\"row\",\"type\":\"long\"}";

/* The types of plain rows by OID; what is not here is text, as it is in JSON. */
static const struct {
    uint32_t oid;
    enum type_id id;
} plain_types[] = {{ROWS_OID_ANY, TYPE_JSON},
                   {ROWS_OID_BOOL, TYPE_BOOL},
                   {ROWS_OID_BYTEA, TYPE_BYTEA},
                   {ROWS_OID_INT8, TYPE_INT8},
                   {ROWS_OID_INT2, TYPE_INT2},
                   {ROWS_OID_INT4, TYPE_INT4},
                   {ROWS_OID_OID, TYPE_INT8},
                   {ROWS_OID_JSON, TYPE_JSON},
                   {ROWS_OID_FLOAT4, TYPE_FLOAT4},
                   {ROWS_OID_FLOAT8, TYPE_FLOAT8},
                   {ROWS_OID_DATE, TYPE_DATE},
                   {ROWS_OID_TIME, TYPE_TIME},
                   {ROWS_OID_TIMESTAMP, TYPE_TIMESTAMP},
                   {ROWS_OID_TIMESTAMPTZ, TYPE_TIMESTAMPTZ},
                   {ROWS_OID_NUMERIC, TYPE_NUMERIC},
                   {ROWS_OID_UUID, TYPE_UUID},
                   {ROWS_OID_JSONB, TYPE_JSONB}};

static struct type plain_type(const struct debezium_column *column)
{
    for (size_t i = 0; i < sizeof(plain_types) / sizeof(*plain_types); i++) {
        if (plain_types[i].oid == column->type_oid)
            return (struct type){plain_types[i].id, column->typmod, NULL};
    }
    return (struct type){TYPE_TEXT, -1, NULL};
}

static bool is_key(const struct described_rows *rows, uint16_t at)
{
    for (size_t k = 0; k < rows->key_n; k++) {
        if (rows->key[k] == at)
            return true;
    }
    return false;
}

static bool plain_schemas(const struct described_rows *rows, struct buf *key, struct buf *value,
                          struct err *reterr)
{
    uint16_t n = rows->columns->n;
    struct column *columns CLEANUP(free) = err_calloc(n + 1U, sizeof(*columns));
    uint16_t *order CLEANUP(free) = err_calloc(rows->key_n + 1, sizeof(*order));
    struct schema schema = {
        .columns = columns, .columns_n = n, .key = order, .key_n = (uint16_t)rows->key_n};

    for (uint16_t i = 0; i < n; i++)
        columns[i] = (struct column){.name = rows->columns->columns[i].name,
                                     .type = plain_type(&rows->columns->columns[i]),
                                     .not_null = is_key(rows, i)};
    for (size_t k = 0; k < rows->key_n; k++)
        order[k] = rows->key[k];
    return (rows->key_n == 0 || avro_derive_row_key(key, rows->topic, &schema, reterr)) &&
           avro_derive_row(value, rows->topic, &schema, reterr);
}

static bool envelope_schemas(const struct described_rows *rows, struct buf *key, struct buf *value,
                             struct err *reterr)
{
    uint16_t n = rows->columns->n;
    struct debezium_column *columns CLEANUP(free) = err_calloc(n + 1U, sizeof(*columns));
    struct debezium_column *keys CLEANUP(free) = err_calloc(rows->key_n + 1, sizeof(*keys));
    const struct avro_table table = {.topic = rows->topic,
                                     .columns = columns,
                                     .columns_n = n,
                                     .key = keys,
                                     .key_n = (uint16_t)rows->key_n,
                                     .source_fields = source_fields,
                                     .source_namespace = "sluice.sql_rows"};

    for (uint16_t i = 0; i < n; i++) {
        columns[i] = rows->columns->columns[i];
        columns[i].key = is_key(rows, i);
    }
    for (size_t k = 0; k < rows->key_n; k++)
        keys[k] = columns[rows->key[k]];
    return (rows->key_n == 0 || avro_derive_envelope_key(key, &table, reterr)) &&
           avro_derive_envelope(value, &table, reterr);
}

bool described_schemas(const struct described_rows *rows, bool plain, struct buf *key,
                       struct buf *value, struct err *reterr)
{
    return plain ? plain_schemas(rows, key, value, reterr)
                 : envelope_schemas(rows, key, value, reterr);
}
