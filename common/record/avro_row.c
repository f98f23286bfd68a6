/* Packed rows -> Avro, by the types alone: what avro_derive_row says of them. */
#include "record/avro_write.h"

#include "base/clock.h"
#include "record/debezium_value.h"
#include "record/numeric.h"
#include "record/text.h"

/* The digits without their point, padded to the scale. */
bool avro_put_decimal(struct buf *out, struct str digits, int scale, struct err *reterr)
{
    CLEANUP(buf) struct buf unscaled = {0}, bytes = {0};
    const char *point = digits.len == 0 ? NULL : memchr(digits.at, '.', digits.len);
    size_t behind = point == NULL ? 0 : (size_t)(digits.at + digits.len - point - 1);

    for (; behind > (size_t)scale && digits.at[digits.len - 1] == '0'; behind--)
        digits.len--;
    if (behind > (size_t)scale)
        return err_stop(reterr, EX_DATAERR, "%.*s has more digits than its scale %d",
                        STR_ARG(digits), scale);
    for (size_t i = 0; i < digits.len; i++)
        if (digits.at[i] != '.')
            buf_char(&unscaled, digits.at[i]);
    for (size_t i = behind; i < (size_t)scale; i++)
        buf_char(&unscaled, '0');
    debezium_unscaled_bytes(&bytes, buf_str(&unscaled));
    avro_put_bytes(out, buf_str(&bytes));
    return true;
}

/* A date counts days, the others microseconds or milliseconds; these are cut towards the past. */
bool avro_put_slot(struct buf *out, enum type_id id, int64_t slot, int64_t unit_us,
                   struct err *reterr)
{
    bool timestamp = id == TYPE_TIMESTAMP || id == TYPE_TIMESTAMPTZ;
    bool infinite = timestamp && (slot == INT64_MAX || slot == INT64_MIN);

    if (id == TYPE_DATE && slot != INT32_MAX && slot != INT32_MIN)
        slot += PG_EPOCH_UNIX_DAYS;
    if (timestamp && !infinite && __builtin_add_overflow(slot, PG_EPOCH_UNIX_US, &slot))
        return err_stop(reterr, EX_DATAERR, "a %s beyond the year 294246 has no form in Avro",
                        type_name(id));
    if (unit_us == 1000 && infinite)
        slot = slot == INT64_MAX ? DEBEZIUM_MS_INFINITY : DEBEZIUM_MS_MINUS_INFINITY;
    else if (unit_us == 1000)
        slot = slot / 1000 - (slot % 1000 < 0);
    avro_put_long(out, slot);
    return true;
}

/* The least bytes of two's complement. */
static void put_unscaled(struct buf *out, int64_t number)
{
    unsigned n = 8;

    while (n > 1 && number >> (8 * (n - 1) - 1) == (number < 0 ? -1 : 0))
        n--;
    avro_put_long(out, n);
    buf_be(out, (uint64_t)number, n);
}

static bool put_numeric(struct buf *out, struct type type, struct str packed, struct err *reterr)
{
    CLEANUP(buf) struct buf digits = {0};
    int scale = 0;

    if (!avro_has_decimal(type, &scale)) {
        numeric_print(&digits, packed);
        avro_put_bytes(out, buf_str(&digits));
        return true;
    }
    if (numeric_is_special(packed))
        return err_stop(reterr, EX_DATAERR,
                        "NaN has no form in Avro's decimal: cast the column to numeric without a "
                        "precision, which becomes a string");
    if (packed.at[0] == 0 && packed.at[1] == scale) { /* small, at this very scale */
        uint64_t number = 0;

        for (size_t i = 8; i-- > 0;)
            number = number << 8 | (uint8_t)packed.at[2 + i];
        put_unscaled(out, (int64_t)number);
        return true;
    }
    numeric_print(&digits, packed);
    return avro_put_decimal(out, buf_str(&digits), scale, reterr);
}

/* A string with the value's JSON, or with PostgreSQL's text of it. */
static void put_text(struct buf *out, struct type type, struct value value)
{
    CLEANUP(buf) struct buf text = {0};

    if (type_is_array(type.id))
        json_write_value(&text, type, value);
    else
        text_print(&text, type, value);
    avro_put_bytes(out, buf_str(&text));
}

static bool put_value(struct buf *out, struct type type, struct value value, struct err *reterr)
{
    switch (type.id) {
    case TYPE_BOOL:
        buf_char(out, value.slot != 0);
        return true;
    case TYPE_INT2:
    case TYPE_INT4:
    case TYPE_INT8:
        avro_put_long(out, value.slot);
        return true;
    case TYPE_DATE:
    case TYPE_TIME:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMPTZ:
        return avro_put_slot(out, type.id, value.slot, 1, reterr);
    case TYPE_FLOAT4:
    case TYPE_FLOAT8:
        avro_put_real(out, value.real, type.id == TYPE_FLOAT4);
        return true;
    case TYPE_NUMERIC:
        return put_numeric(out, type, value.bytes, reterr);
    case TYPE_TEXT:
    case TYPE_VARCHAR:
    case TYPE_BPCHAR:
    case TYPE_BYTEA:
    case TYPE_JSON:
    case TYPE_JSONB:
        avro_put_bytes(out, value.bytes);
        return true;
    default:
        put_text(out, type, value);
        return true;
    }
}

bool avro_write_row(struct buf *out, const struct schema *schema, const struct row *row,
                    struct err *reterr)
{
    for (uint16_t i = 0; i < schema->columns_n; i++) {
        const struct column *column = &schema->columns[i];
        bool null = row_is_null(row, i);

        if (null && column->not_null)
            return err_stop(reterr, EX_SOFTWARE, "column \"%s\" is NULL and can't be",
                            column->name);
        if (!column->not_null)
            avro_put_long(out, !null);
        if (!null && !put_value(out, column->type, row_value(row, i, column->type.id), reterr))
            return err_prefix(reterr, "column \"%s\"", column->name);
    }
    return buf_ok(out) || err_set(reterr, ERR_STOP, "the record passes the buffer's limit");
}
