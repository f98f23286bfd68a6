/* The schema of a captured table's envelopes, as Connect's AvroConverter derives it from Debezium. */
#include "record/avro_envelope.h"

#include "record/avro_derive.h"
#include "record/debezium_value.h"

/* How a column's values are written: Avro's type and logicalType, Connect's name of what they mean. */
struct form {
    const char *type, *logical, *name;
};

static struct form date_form(enum debezium_time time)
{
    return time == DEBEZIUM_TIME_CONNECT
               ? (struct form){"int", "date", "org.apache.kafka.connect.data.Date"}
               : (struct form){"int", NULL, "io.debezium.time.Date"};
}

static struct form time_form(enum debezium_time time, int32_t typmod)
{
    if (time == DEBEZIUM_TIME_CONNECT)
        return (struct form){"int", "time-millis", "org.apache.kafka.connect.data.Time"};
    return debezium_unit_us(time, true, typmod) == 1000
               ? (struct form){"int", NULL, "io.debezium.time.Time"}
               : (struct form){"long", NULL, "io.debezium.time.MicroTime"};
}

static struct form timestamp_form(enum debezium_time time, int32_t typmod)
{
    if (time == DEBEZIUM_TIME_CONNECT)
        return (struct form){"long", "timestamp-millis", "org.apache.kafka.connect.data.Timestamp"};
    return debezium_unit_us(time, false, typmod) == 1000
               ? (struct form){"long", NULL, "io.debezium.time.Timestamp"}
               : (struct form){"long", NULL, "io.debezium.time.MicroTimestamp"};
}

/* All types but the decimals. */
static struct form form_of(const struct debezium_column *column, enum debezium_time time)
{
    switch (column->type_oid) {
    case OID_BOOL:
        return (struct form){"boolean", NULL, NULL};
    case OID_INT2:
    case OID_INT4:
        return (struct form){"int", NULL, NULL};
    case OID_INT8:
    case OID_OID:
        return (struct form){"long", NULL, NULL};
    case OID_FLOAT4:
        return (struct form){"float", NULL, NULL};
    case OID_FLOAT8:
        return (struct form){"double", NULL, NULL};
    case OID_BYTEA:
        return (struct form){"bytes", NULL, NULL};
    case OID_DATE:
        return date_form(time);
    case OID_TIME:
        return time_form(time, column->typmod);
    case OID_TIMESTAMP:
        return timestamp_form(time, column->typmod);
    case OID_TIMESTAMPTZ:
        return (struct form){"string", NULL, "io.debezium.time.ZonedTimestamp"};
    case OID_TIMETZ:
        return (struct form){"string", NULL, "io.debezium.time.ZonedTime"};
    case OID_INTERVAL:
        return (struct form){"long", NULL, "io.debezium.time.MicroDuration"};
    case OID_BIT:
    case OID_VARBIT:
        return column->typmod == 1 ? (struct form){"boolean", NULL, NULL}
                                   : (struct form){"bytes", NULL, "io.debezium.data.Bits"};
    case OID_UUID:
        return (struct form){"string", NULL, "io.debezium.data.Uuid"};
    case OID_JSON:
    case OID_JSONB:
        return (struct form){"string", NULL, "io.debezium.data.Json"};
    case OID_XML:
        return (struct form){"string", NULL, "io.debezium.data.Xml"};
    default:
        return (struct form){"string", NULL, NULL};
    }
}

/* {"type":"int","connect.version":1,"connect.name":"io.debezium.time.Date"}, or the type alone. */
static void put_form(struct buf *out, struct form form, bool int2)
{
    if (form.name == NULL && !int2) {
        buf_printf(out, "\"%s\"", form.type);
        return;
    }
    buf_printf(out, "{\"type\":\"%s\"", form.type);
    if (int2)
        buf_puts(out, ",\"connect.type\":\"int16\"");
    if (form.name != NULL)
        buf_printf(out, ",\"connect.version\":1,\"connect.name\":\"%s\"", form.name);
    if (form.logical != NULL)
        buf_printf(out, ",\"logicalType\":\"%s\"", form.logical);
    buf_char(out, '}');
}

/* A decimal of bytes; without a scale the record that tells it, which is spelled out once. */
static void put_precise(struct buf *out, int32_t typmod, bool *variable)
{
    static const char name[] = "io.debezium.data.VariableScaleDecimal";
    int precision, scale;

    if (type_numeric_typmod(typmod, &precision, &scale)) {
        buf_printf(out,
                   "{\"type\":\"bytes\",\"scale\":%d,\"precision\":%d,\"connect.version\":1,"
                   "\"connect.parameters\":{\"scale\":\"%d\",\"connect.decimal.precision\":\"%d\"},"
                   "\"connect.name\":\"org.apache.kafka.connect.data.Decimal\","
                   "\"logicalType\":\"decimal\"}",
                   scale, precision, scale, precision);
        return;
    }
    if (*variable) {
        buf_printf(out, "\"%s\"", name);
        return;
    }
    *variable = true;
    buf_printf(out,
               "{\"type\":\"record\",\"name\":\"VariableScaleDecimal\",\"namespace\":"
               "\"io.debezium.data\",\"fields\":[{\"name\":\"scale\",\"type\":\"int\"},{\"name\":"
               "\"value\",\"type\":\"bytes\"}],\"connect.doc\":\"Variable scaled decimal\","
               "\"connect.version\":1,\"connect.name\":\"%s\"}",
               name);
}

static void put_type(struct buf *out, const struct debezium_column *column,
                     struct debezium_format format, bool *variable)
{
    bool decimal = column->type_oid == OID_NUMERIC || column->type_oid == OID_MONEY;

    if (column->type_oid == AVRO_OID_ANY)
        buf_puts(out, "{\"type\":\"string\",\"sluice.type\":\"json\"}");
    else if (!decimal)
        put_form(out, form_of(column, format.time), column->type_oid == OID_INT2);
    else if (format.decimal == DEBEZIUM_DECIMAL_PRECISE)
        put_precise(
            out, column->type_oid == OID_MONEY ? type_numeric_make_typmod(19, 2) : column->typmod,
            variable);
    else
        buf_puts(out, format.decimal == DEBEZIUM_DECIMAL_DOUBLE ? "\"double\"" : "\"string\"");
}

/* The columns as fields; `keys` alone, or all. A column outside the key may be null. */
static bool put_columns(struct buf *out, const struct debezium_column *columns, uint16_t columns_n,
                        struct debezium_format format, bool keys, struct err *reterr)
{
    const char **names CLEANUP(free) = err_calloc(columns_n + 1U, sizeof(*names));
    bool variable = false, first = true;

    for (uint16_t i = 0; i < columns_n; i++)
        names[i] = columns[i].name;
    if (!avro_check_names(names, columns_n, reterr))
        return false;
    buf_puts(out, ",\"fields\":[");
    for (uint16_t i = 0; i < columns_n; i++) {
        if (keys && !columns[i].key)
            continue;
        avro_begin_field(out, columns[i].name, first);
        first = false;
        buf_puts(out, columns[i].key ? "" : "[\"null\",");
        put_type(out, &columns[i], format, &variable);
        buf_puts(out, columns[i].key ? "}" : "],\"default\":null}");
    }
    buf_char(out, ']');
    return true;
}

/* ,"connect.name":"finance_db.operations.orders.Value"} */
static void end_record(struct buf *out, const char *topic, const char *name)
{
    buf_puts(out, ",\"connect.name\":\"");
    avro_name(out, str_of(topic), true);
    buf_printf(out, ".%s\"}", name);
}

static const char source_schema[] =
    "{\"type\":\"record\",\"name\":\"Source\",\"namespace\":\"io.debezium.connector.postgresql\","
    "\"fields\":[{\"name\":\"version\",\"type\":\"string\"},{\"name\":\"connector\",\"type\":"
    "\"string\"},{\"name\":\"name\",\"type\":\"string\"},{\"name\":\"ts_ms\",\"type\":\"long\"},"
    "{\"name\":\"snapshot\",\"type\":[{\"type\":\"string\",\"connect.version\":1,"
    "\"connect.parameters\":{\"allowed\":\"first,first_in_data_collection,true,"
    "last_in_data_collection,last,false,incremental\"},\"connect.default\":\"false\","
    "\"connect.name\":\"io.debezium.data.Enum\"},\"null\"],\"default\":\"false\"},"
    "{\"name\":\"db\",\"type\":\"string\"},"
    "{\"name\":\"sequence\",\"type\":[\"null\",\"string\"],\"default\":null},"
    "{\"name\":\"ts_us\",\"type\":[\"null\",\"long\"],\"default\":null},"
    "{\"name\":\"ts_ns\",\"type\":[\"null\",\"long\"],\"default\":null},"
    "{\"name\":\"schema\",\"type\":\"string\"},{\"name\":\"table\",\"type\":\"string\"},"
    "{\"name\":\"txId\",\"type\":[\"null\",\"long\"],\"default\":null},"
    "{\"name\":\"lsn\",\"type\":[\"null\",\"long\"],\"default\":null},"
    "{\"name\":\"xmin\",\"type\":[\"null\",\"long\"],\"default\":null},"
    "{\"name\":\"origin\",\"type\":[\"null\",\"string\"],\"default\":null},"
    "{\"name\":\"origin_lsn\",\"type\":[\"null\",\"long\"],\"default\":null}],"
    "\"connect.name\":\"io.debezium.connector.postgresql.Source\"}";

/* What envelope_source_begin writes. */
static const char common_source_fields[] =
    "{\"name\":\"version\",\"type\":\"string\"},{\"name\":\"connector\",\"type\":\"string\"},"
    "{\"name\":\"name\",\"type\":\"string\"},{\"name\":\"ts_ms\",\"type\":\"long\"},"
    "{\"name\":\"snapshot\",\"type\":[\"null\",\"string\"],\"default\":null},"
    "{\"name\":\"ts_us\",\"type\":\"long\"},{\"name\":\"ts_ns\",\"type\":\"long\"}";

static const char rest_schema[] =
    "{\"name\":\"transaction\",\"type\":[\"null\",{\"type\":\"record\",\"name\":\"block\","
    "\"namespace\":\"event\",\"fields\":[{\"name\":\"id\",\"type\":\"string\"},{\"name\":"
    "\"total_order\",\"type\":\"long\"},{\"name\":\"data_collection_order\",\"type\":\"long\"}],"
    "\"connect.version\":1,\"connect.name\":\"event.block\"}],\"default\":null},"
    "{\"name\":\"op\",\"type\":\"string\"},"
    "{\"name\":\"ts_ms\",\"type\":[\"null\",\"long\"],\"default\":null},"
    "{\"name\":\"ts_us\",\"type\":[\"null\",\"long\"],\"default\":null},"
    "{\"name\":\"ts_ns\",\"type\":[\"null\",\"long\"],\"default\":null}],\"connect.version\":2";

/* The source block: PostgreSQL's, or the members that all have and the table's own behind them. */
static void put_source(struct buf *out, const struct avro_table *table)
{
    if (table->source_fields == NULL) {
        buf_puts(out, source_schema);
        return;
    }
    buf_printf(out,
               "{\"type\":\"record\",\"name\":\"Source\",\"namespace\":\"%s\",\"fields\":[%s,%s],"
               "\"connect.name\":\"%s.Source\"}",
               table->source_namespace, common_source_fields, table->source_fields,
               table->source_namespace);
}

bool avro_derive_envelope(struct buf *out, const struct avro_table *table, struct err *reterr)
{
    avro_begin_record(out, table->topic, "Envelope");
    buf_puts(out, ",\"fields\":[{\"name\":\"before\",\"type\":[\"null\",");
    avro_begin_record(out, table->topic, "Value");
    if (!put_columns(out, table->columns, table->columns_n, table->format, false, reterr))
        return false;
    end_record(out, table->topic, "Value");
    buf_puts(out, "],\"default\":null},{\"name\":\"after\",\"type\":[\"null\",\"");
    avro_name(out, str_of(table->topic), true);
    buf_puts(out, ".Value\"],\"default\":null},{\"name\":\"source\",\"type\":");
    put_source(out, table);
    buf_printf(out, "},%s", rest_schema);
    end_record(out, table->topic, "Envelope");
    return true;
}

bool avro_derive_envelope_key(struct buf *out, const struct avro_table *table, struct err *reterr)
{
    avro_begin_record(out, table->topic, "Key");
    if (!put_columns(out, table->key, table->key_n, table->format, true, reterr))
        return false;
    end_record(out, table->topic, "Key");
    return true;
}
