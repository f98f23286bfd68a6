/*
 * How the rows of a topic are written: which columns, of which types, and what each format may
 * choose. Filled once from the options; a part of what an object's bytes depend on. Pure.
 */
#ifndef S3_OBJECTS_SHAPE_H
#define S3_OBJECTS_SHAPE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/options.h"
#include "record/types.h"

enum csv_quote { CSV_QUOTE_COPY, CSV_QUOTE_MINIMAL, CSV_QUOTE_ALL };
enum csv_header { CSV_HEADER_AS_IS, CSV_HEADER_UPPER, CSV_HEADER_LOWER, CSV_HEADER_NONE };
enum csv_nested { CSV_NESTED_JSON, CSV_NESTED_REPR };

struct csv_dialect {
    char delimiter; /* 0: a comma */
    int quote;      /* enum csv_quote */
    int header;     /* enum csv_header */
    int nested;     /* enum csv_nested: arrays and objects as they stand, or as Python's repr */
    bool crlf;
    const char *null_text; /* NULL: nothing */
};

enum xml_style { XML_ROWS, XML_TREE };

/* The element that wraps each item of the array `name`. */
struct xml_wrap {
    struct str name, item;
};

struct xml_style_of {
    int style;                 /* enum xml_style */
    const char *root, *record; /* NULL: rows, row */
    const struct xml_wrap *wraps;
    size_t wraps_n;
};

/* Values of the Parquet format's CompressionCodec. */
enum parquet_codec { PARQUET_NONE = 0, PARQUET_SNAPPY = 1, PARQUET_GZIP = 2, PARQUET_ZSTD = 6 };

struct parquet_style {
    enum parquet_codec codec;
    bool doubles;            /* every numeric as DOUBLE */
    int64_t row_group_bytes; /* 0: PARQUET_ROW_GROUP_BYTES */
};

enum { PARQUET_ROW_GROUP_BYTES = 8 * 1024 * 1024 };

struct object_shape {
    bool envelope;                     /* each row ends with __op and __offset */
    const char *row_from;              /* the member that holds the row; NULL: the record is it */
    const struct option_list *columns; /* only these, in this order; NULL: as the record has them */
    const struct option_list *without; /* all but these; NULL: `columns` decides */
    const struct schema *schema;       /* declared columns (of `columns` only); NULL: none */
    bool finite;                       /* a format can't hold infinite dates and numerics */
    bool gzip;                         /* text formats */
    struct csv_dialect csv;
    struct xml_style_of xml;
    struct parquet_style parquet;
};

/* Appends all that differs from a zeroed shape with an envelope, as a line of words; nothing when
 * nothing does. */
void object_shape_describe(struct buf *out, const struct object_shape *shape);

#endif
