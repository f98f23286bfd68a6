#include "record/key.h"

#include "record/array.h"
#include "record/interval.h"
#include "record/jsonb.h"
#include "record/numeric.h"
#include <endian.h>
#include <math.h>

/* Before each value. NULL stands below or above all values; values are never inverted in this byte.
 */
enum { MARK_NULL_FIRST = 0, MARK_VALUE = 1, MARK_NULL_LAST = 2 };

/* Ends a run of bytes and is below all that can follow; 0 and 1 inside the run are written as two
 * bytes, ESCAPE and the byte + 1. */
enum { RUN_END = 0, ESCAPE = 1 };

static void append_bytes(struct buf *out, struct str bytes)
{
    const unsigned char *at = (const unsigned char *)bytes.at, *end = at + bytes.len;

    if (!buf_reserve(out, 2 * bytes.len + 1))
        return;
    unsigned char *to = (unsigned char *)out->at + out->len;
    for (; at < end; at++) {
        if (*at > ESCAPE) {
            *to++ = *at;
        } else {
            *to++ = ESCAPE;
            *to++ = *at + 1;
        }
    }
    *to++ = RUN_END;
    out->len = (size_t)(to - (unsigned char *)out->at);
}

/* The low `size` bytes, big-endian. */
static void append_unsigned(struct buf *out, uint64_t number, unsigned size)
{
    uint64_t big_endian = htobe64(number << (64 - 8 * size));

    buf_append(out, &big_endian, size);
}

/* With the sign bit flipped the negative numbers come first. */
static void append_int(struct buf *out, int64_t number, unsigned size)
{
    append_unsigned(out, (uint64_t)number ^ UINT64_C(1) << (8 * size - 1), size);
}

/* The bits of a positive number order as integers do, those of a negative one the other way round.
 */
static void append_real(struct buf *out, double real)
{
    uint64_t bits;

    memcpy(&bits, &real, sizeof(bits));
    if (isnan(real))
        bits = UINT64_MAX >> 1; /* one NaN, above infinity */
    else if (real == 0)
        bits = 0; /* -0 is 0 */
    append_unsigned(out, bits >> 63 != 0 ? ~bits : bits | UINT64_C(1) << 63, sizeof(bits));
}

static struct str without_blanks(struct str text)
{
    while (text.len > 0 && text.at[text.len - 1] == ' ')
        text.len--;
    return text;
}

static void append_value(struct buf *out, enum type_id type, struct value value);

/* Element by element; what ends sooner is smaller; the lower bound comes last. */
static void append_array(struct buf *out, enum type_id type, struct str packed)
{
    struct array_walk walk = array_open(packed, type_element(type));
    struct value value;

    while (array_next(&walk, &value)) {
        buf_char(out, value.null ? MARK_NULL_LAST : MARK_VALUE);
        if (!value.null)
            append_value(out, walk.element, value);
    }
    buf_char(out, 0);
    append_int(out, walk.lower, 4);
}

static void append_timetz(struct buf *out, struct timetz time)
{
    append_int(out, time.us + time.west_s * INT64_C(1000000), 8);
    append_int(out, time.west_s, 4);
}

static void append_value(struct buf *out, enum type_id type, struct value value)
{
    if (type_is_array(type)) {
        append_array(out, type, value.bytes);
        return;
    }
    if (type_is_enum(type)) {
        buf_append(out, value.bytes.at, 2);
        return;
    }
    switch (type) {
    case TYPE_INTERVAL:
        interval_key(out, interval_open(value.bytes));
        return;
    case TYPE_TIMETZ:
        append_timetz(out, timetz_open(value.bytes));
        return;
    case TYPE_JSONB:
        jsonb_key(out, value.bytes);
        return;
    case TYPE_BOOL:
        buf_char(out, value.slot != 0);
        return;
    case TYPE_INT2:
        append_int(out, value.slot, 2);
        return;
    case TYPE_INT4:
    case TYPE_DATE:
        append_int(out, value.slot, 4);
        return;
    case TYPE_INT8:
    case TYPE_TIME:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMPTZ:
        append_int(out, value.slot, 8);
        return;
    case TYPE_FLOAT4:
    case TYPE_FLOAT8:
        append_real(out, value.real);
        return;
    case TYPE_NUMERIC:
        numeric_key(out, value.bytes);
        return;
    case TYPE_UUID:
        buf_put(out, value.bytes);
        return;
    case TYPE_BPCHAR:
        append_bytes(out, without_blanks(value.bytes));
        return;
    case TYPE_TEXT:
    case TYPE_VARCHAR:
    case TYPE_BYTEA:
    case TYPE_JSON:
    case TYPE_UNKNOWN:
    case TYPE_JSONPATH:
        append_bytes(out, value.bytes);
        return;
    case TYPE_ANY:
    case TYPE_ANYELEMENT:
    case TYPE_ANYARRAY:
    case TYPE_ANYENUM:
    case TYPE_COMMON:
    case TYPE_COMMON_ARRAY:
    case TYPE_ANYNONARRAY:
        assert(false); /* never of a value */
    }
}

void key_append(struct buf *out, enum type_id type, struct value value, struct key_order order)
{
    if (value.null) {
        buf_char(out, order.nulls_first ? MARK_NULL_FIRST : MARK_NULL_LAST);
        return;
    }
    buf_char(out, MARK_VALUE);
    size_t start = out->len;
    append_value(out, type, value);
    if (!order.descending)
        return;
    for (size_t i = start; i < out->len; i++)
        out->at[i] = (char)~out->at[i];
}

void key_append_column(struct buf *out, const struct schema *schema, const struct row *row,
                       uint16_t i)
{
    enum type_id type = schema->columns[i].type.id;

    key_append(out, type, row_value(row, i, type), KEY_ASCENDING);
}

void key_append_key(struct buf *out, const struct schema *schema, const struct row *row)
{
    for (uint16_t i = 0; i < schema->key_n; i++)
        key_append_column(out, schema, row, schema->key[i]);
}

bool key_has_null(const struct schema *schema, const struct row *row)
{
    for (uint16_t i = 0; i < schema->key_n; i++) {
        if (row_is_null(row, schema->key[i]))
            return true;
    }
    return false;
}
