/*
 * A Parquet file, written column by column in row groups: format version 1, PLAIN values,
 * definition levels for NULL, one page at a time compressed. Memory is bounded by a row group. What
 * has been appended to `out` may be taken away between two calls. Pure.
 *
 * PAR1  | row group: column chunk: page, page, ...; column chunk ... | row group ... | footer, its
 * length, PAR1
 */
#ifndef S3_OBJECTS_PARQUET_H
#define S3_OBJECTS_PARQUET_H

#include "base/buf.h"
#include "shape.h"

/* The format's physical types. */
enum parquet_type {
    PARQUET_BOOLEAN = 0,
    PARQUET_INT32 = 1,
    PARQUET_INT64 = 2,
    PARQUET_FLOAT = 4,
    PARQUET_DOUBLE = 5,
    PARQUET_BYTES = 6,
    PARQUET_FIXED = 7
};

/* What the values mean. */
enum parquet_meaning {
    PARQUET_PLAIN,
    PARQUET_INT16,
    PARQUET_TEXT,
    PARQUET_JSON,
    PARQUET_DECIMAL,   /* unscaled, of `precision` digits, `scale` behind the point */
    PARQUET_DATE,      /* days since 1970-01-01 */
    PARQUET_TIME,      /* microseconds since midnight */
    PARQUET_TIMESTAMP, /* microseconds since 1970-01-01, no time zone */
    PARQUET_TIMESTAMP_UTC
};

struct parquet_column {
    struct str name;
    enum parquet_type type;
    enum parquet_meaning meaning;
    int length; /* bytes of PARQUET_FIXED */
    int precision, scale;
};

struct parquet;

/* Starts a file. `columns` are copied, their names must outlive it. */
struct parquet *parquet_new(const struct parquet_column *columns, size_t n,
                            enum parquet_codec codec, int64_t row_group_bytes, struct buf *out);

/* Add the next value of a column; each row gives one to every column, in any order. */
void parquet_null(struct parquet *parquet, size_t column);
void parquet_bool(struct parquet *parquet, size_t column, bool value);
void parquet_i32(struct parquet *parquet, size_t column, int32_t value);
void parquet_i64(struct parquet *parquet, size_t column, int64_t value);
void parquet_float(struct parquet *parquet, size_t column, float value);
void parquet_double(struct parquet *parquet, size_t column, double value);
void parquet_bytes(struct parquet *parquet, size_t column, struct str bytes);

/* All columns of a row have been given. */
void parquet_row_end(struct parquet *parquet);

/* Writes what is left, and the footer. */
void parquet_finish(struct parquet *parquet);

/* NULL is fine. Returns NULL. */
struct parquet *parquet_free(struct parquet *parquet);

#endif
