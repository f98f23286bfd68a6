/* Schemas derived from our types, and from the columns of a captured table. */
#include "record/avro_derive.h"

#include "record/avro_write.h"

static bool is_letter(uint32_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

void avro_name(struct buf *out, struct str name, bool full)
{
    bool start = true;

    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.at[i];

        if (c >= 0x80 && c < 0xC0) /* the rest of a character */
            continue;
        if (is_letter(c) || (c >= '0' && c <= '9' && !start) || (c == '.' && full && !start))
            buf_char(out, (char)c);
        else
            buf_puts(out, c >= 0xF0 ? "__" : "_"); /* two UTF-16 units beyond the BMP */
        start = c == '.' && full;
    }
    if (name.len == 0)
        buf_char(out, '_');
}

/* {"type":"record","name":"Value","namespace":"acme.gold.top_customers" */
void avro_begin_record(struct buf *out, const char *topic, const char *name)
{
    buf_printf(out, "{\"type\":\"record\",\"name\":\"%s\",\"namespace\":\"", name);
    avro_name(out, str_of(topic), true);
    buf_char(out, '"');
}

/* Two names of columns that become one. */
bool avro_check_names(const char *const *names, uint16_t names_n, struct err *reterr)
{
    CLEANUP(buf) struct buf a = {0}, b = {0};

    for (uint16_t i = 0; i < names_n; i++) {
        buf_clear(&a);
        avro_name(&a, str_of(names[i]), false);
        for (uint16_t j = 0; j < i; j++) {
            buf_clear(&b);
            avro_name(&b, str_of(names[j]), false);
            if (str_eq(buf_str(&a), buf_str(&b)))
                return err_stop(reterr, EX_CONFIG,
                                "columns \"%s\" and \"%s\" are both \"%s\" in Avro: rename one",
                                names[j], names[i], buf_cstr(&a));
        }
    }
    return true;
}

/* {"name":"Id_1","sluice.name":"Id 1","type": */
void avro_begin_field(struct buf *out, const char *column, bool first)
{
    CLEANUP(buf) struct buf name = {0};

    avro_name(&name, str_of(column), false);
    buf_printf(out, "%s{\"name\":\"%s\"", first ? "" : ",", buf_cstr(&name));
    if (!str_eq_c(buf_str(&name), column)) {
        buf_puts(out, ",\"sluice.name\":");
        json_write_string(out, str_of(column));
    }
    buf_puts(out, ",\"type\":");
}

/* ---- rows ---- */

struct form {
    const char *type, *logical;
};

static struct form form_of(struct type type)
{
    int scale;

    switch (type.id) {
    case TYPE_BOOL:
        return (struct form){"boolean", NULL};
    case TYPE_INT2:
    case TYPE_INT4:
        return (struct form){"int", NULL};
    case TYPE_INT8:
        return (struct form){"long", NULL};
    case TYPE_FLOAT4:
        return (struct form){"float", NULL};
    case TYPE_FLOAT8:
        return (struct form){"double", NULL};
    case TYPE_NUMERIC:
        return avro_has_decimal(type, &scale) ? (struct form){"bytes", "decimal"}
                                              : (struct form){"string", NULL};
    case TYPE_BYTEA:
        return (struct form){"bytes", NULL};
    case TYPE_DATE:
        return (struct form){"int", "date"};
    case TYPE_TIME:
        return (struct form){"long", "time-micros"};
    case TYPE_TIMESTAMP:
        return (struct form){"long", "local-timestamp-micros"};
    case TYPE_TIMESTAMPTZ:
        return (struct form){"long", "timestamp-micros"};
    case TYPE_UUID:
        return (struct form){"string", "uuid"};
    default:
        return (struct form){"string", NULL};
    }
}

static void derive_type(struct buf *out, struct type type)
{
    CLEANUP(buf) struct buf name = {0};
    struct form form = form_of(type);
    int precision, scale;

    type_print(&name, type);
    buf_printf(out, "{\"type\":\"%s\"", form.type);
    if (form.logical != NULL)
        buf_printf(out, ",\"logicalType\":\"%s\"", form.logical);
    if (avro_has_decimal(type, &scale) && type_numeric_typmod(type.typmod, &precision, &scale))
        buf_printf(out, ",\"precision\":%d,\"scale\":%d", precision, scale);
    buf_puts(out, ",\"sluice.type\":");
    json_write_string(out, buf_str(&name));
    buf_char(out, '}');
}

static void derive_column(struct buf *out, const struct column *column, bool first)
{
    avro_begin_field(out, column->name, first);
    if (!column->not_null)
        buf_puts(out, "[\"null\",");
    derive_type(out, column->type);
    buf_puts(out, column->not_null ? "}" : "],\"default\":null}");
}

bool avro_derive_row(struct buf *out, const char *topic, const struct schema *schema,
                     struct err *reterr)
{
    const char **names CLEANUP(free) = err_calloc(schema->columns_n + 1U, sizeof(*names));

    for (uint16_t i = 0; i < schema->columns_n; i++)
        names[i] = schema->columns[i].name;
    if (!avro_check_names(names, schema->columns_n, reterr))
        return false;
    avro_begin_record(out, topic, "Value");
    buf_puts(out, ",\"fields\":[");
    for (uint16_t i = 0; i < schema->columns_n; i++)
        derive_column(out, &schema->columns[i], i == 0);
    buf_puts(out, "]}");
    return true;
}

bool avro_derive_row_key(struct buf *out, const char *topic, const struct schema *schema,
                         struct err *reterr)
{
    const char **names CLEANUP(free) = err_calloc(schema->key_n + 1U, sizeof(*names));

    for (uint16_t k = 0; k < schema->key_n; k++)
        names[k] = schema->columns[schema->key[k]].name;
    if (!avro_check_names(names, schema->key_n, reterr))
        return false;
    avro_begin_record(out, topic, "Key");
    buf_puts(out, ",\"fields\":[");
    for (uint16_t k = 0; k < schema->key_n; k++)
        derive_column(out, &schema->columns[schema->key[k]], k == 0);
    buf_puts(out, "]}");
    return true;
}
