/* Avro's primitives, appended: what the writers of the room share. Not for users of the room. */
#ifndef SLUICE_RECORD_AVRO_WRITE_H
#define SLUICE_RECORD_AVRO_WRITE_H

#include "record/avro_shape.h"

/* Appends an int or long: zigzag, seven bits a byte. */
static inline void avro_put_long(struct buf *out, int64_t number)
{
    uint64_t rest = (uint64_t)number << 1 ^ (number < 0 ? UINT64_MAX : 0);

    for (; rest >= 0x80; rest >>= 7)
        buf_char(out, (char)(rest | 0x80));
    buf_char(out, (char)rest);
}

/* Appends bytes or a string behind its length. */
static inline void avro_put_bytes(struct buf *out, struct str bytes)
{
    avro_put_long(out, (int64_t)bytes.len);
    buf_put(out, bytes);
}

/* Appends a float or double, little-endian. */
static inline void avro_put_real(struct buf *out, double real, bool single)
{
    uint64_t bits = 0;
    float half = (float)real;

    if (single)
        memcpy(&bits, &half, sizeof(half));
    else
        memcpy(&bits, &real, sizeof(real));
    for (unsigned i = 0; i < (single ? 4U : 8U); i++)
        buf_char(out, (char)(bits >> (8 * i)));
}

/* Appends the decimal digits of a number ("-1.50") as bytes of that scale. ERR_STOP when they do not
 * fit it. */
WARN_UNUSED bool avro_put_decimal(struct buf *out, struct str digits, int scale,
                                  struct err *reterr);

/* A numeric that becomes a decimal of *ret_scale; the others become strings. */
static inline bool avro_has_decimal(struct type type, int *ret_scale)
{
    int precision;

    return type.id == TYPE_NUMERIC && type_numeric_typmod(type.typmod, &precision, ret_scale) &&
           *ret_scale >= 0 && *ret_scale <= precision;
}

/* A date's slot in days since 1970, a timestamp's in microseconds since then, the infinities at the
 * ends of their ranges. ERR_STOP for a timestamp beyond the year 294246. */
WARN_UNUSED bool avro_put_slot(struct buf *out, enum type_id id, int64_t slot, int64_t unit_us,
                               struct err *reterr);

#endif
