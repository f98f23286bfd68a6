/*
 * One column's value inside Debezium's envelope, in and out: what debezium_read.c and
 * debezium_write.c share. Not for users of the room.
 */
#ifndef SLUICE_RECORD_DEBEZIUM_VALUE_H
#define SLUICE_RECORD_DEBEZIUM_VALUE_H

#include "record/debezium.h"

/* What Debezium writes for a TOASTed value that did not change and that the WAL does not hold. */
#define DEBEZIUM_UNAVAILABLE "__debezium_unavailable_value"

/* Days from 1970-01-01 to 2000-01-01. */
enum { PG_EPOCH_UNIX_DAYS = 10957 };

/* Debezium's stand-ins for the infinities of a date and of milliseconds. Microseconds have the ends
 * of int64. The last two are what its snapshot writes for dates; both lie outside PostgreSQL's
 * range. */
#define DEBEZIUM_DATE_INFINITY INT64_C(2146033979)
#define DEBEZIUM_DATE_MINUS_INFINITY INT64_C(-2147472691)
#define DEBEZIUM_DATE_INFINITY_SNAPSHOT INT64_C(-622191234)
#define DEBEZIUM_DATE_MINUS_INFINITY_SNAPSHOT INT64_C(-625821272)
#define DEBEZIUM_MS_INFINITY INT64_C(9223372036825200000)
#define DEBEZIUM_MS_MINUS_INFINITY INT64_C(-9223372036832400000)

/* Where values are read from and go to. */
struct debezium_reader {
    struct json_cursor cursor;
    struct arena *arena;
    struct row_builder *builder;
    struct debezium_format format;
};

/* Microseconds of one unit in which a time (`clock`) or timestamp of that typmod is written: 1 or
 * 1000. */
static inline int64_t debezium_unit_us(enum debezium_time time, bool clock, int32_t typmod)
{
    if (time == DEBEZIUM_TIME_CONNECT)
        return 1000;
    if (time == DEBEZIUM_TIME_ADAPTIVE_MICROSECONDS && clock)
        return 1;
    return typmod >= 0 && typmod <= 3 ? 1000 : 1;
}

/* Reads the cursor's next value into column i of the row in the making. ERR_DEAD_LETTER when it
 * can't be read as declared. */
WARN_UNUSED bool debezium_value_read(struct debezium_reader *reader, struct type type, uint16_t i,
                                     struct err *reterr);

/* Appends one value. ERR_STOP when the text is not of its type. */
WARN_UNUSED bool debezium_value_write(struct buf *out, const struct debezium_column *column,
                                      const struct debezium_datum *datum,
                                      struct debezium_format format, struct err *reterr);

/* Appends the text as a JSON string as Jackson does: raw UTF-8, but escaped surrogates beyond the
 * BMP and upper-case hex. */
void debezium_string_write(struct buf *out, struct str text);

/* Appends the digits of a decimal text, its point ignored, as big-endian two's complement. */
void debezium_unscaled_bytes(struct buf *out, struct str decimal);

/* Appends a decimal text without its point as base64 of the big-endian two's complement number. */
void debezium_unscaled_write(struct buf *out, struct str decimal);

/* The number in big-endian two's complement times 10^-scale, in a text that numeric_parse reads. */
WARN_UNUSED bool debezium_unscaled_read(struct str bytes, int64_t scale, struct arena *arena,
                                        struct str *ret, struct err *reterr);

/* Appends a finite or special real given in PostgreSQL's text as Java's Double.toString (or
 * Float.toString when `single`) spells it. */
WARN_UNUSED bool debezium_real_write(struct buf *out, struct str text, bool single,
                                     struct err *reterr);

#endif
