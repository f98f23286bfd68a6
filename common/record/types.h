/*
 * PostgreSQL's types as Sluice knows them, and the shape of a row: what the columns are called and
 * declared as. Not here: values (row.h) and their text forms (text.h).
 */
#ifndef SLUICE_RECORD_TYPES_H
#define SLUICE_RECORD_TYPES_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include <stdint.h>

/* How a value lies in a row's 8-byte slot: see row.h. The order of the list is part of stored
 * state: append only. */
enum type_id {
    TYPE_BOOL = 1,  /* slot: 0 or 1 */
    TYPE_INT2,      /* slot: the number */
    TYPE_INT4,      /* slot: the number */
    TYPE_INT8,      /* slot: the number */
    TYPE_FLOAT4,    /* slot: the bits of a double that holds a float exactly */
    TYPE_FLOAT8,    /* slot: the bits of a double */
    TYPE_NUMERIC,   /* bytes: packed, numeric.h */
    TYPE_TEXT,      /* bytes: UTF-8 without NUL */
    TYPE_VARCHAR,   /* bytes: UTF-8, typmod = 4 + most characters, or -1 */
    TYPE_BPCHAR,    /* bytes: UTF-8, blank-padded as PostgreSQL pads it */
    TYPE_BYTEA,     /* bytes: raw */
    TYPE_DATE,      /* slot: days since 2000-01-01; INT32_MIN, INT32_MAX are -infinity, infinity */
    TYPE_TIME,      /* slot: microseconds since midnight, 24:00:00 allowed */
    TYPE_TIMESTAMP, /* slot: microseconds since 2000-01-01; INT64_MIN, INT64_MAX are -infinity,
                       infinity */
    TYPE_TIMESTAMPTZ, /* slot: as TYPE_TIMESTAMP, in UTC */
    TYPE_UUID,        /* bytes: 16 */
    TYPE_JSON,        /* bytes: UTF-8 as it came */
    TYPE_JSONB,       /* bytes: UTF-8 in jsonb's text form */
    TYPE_UNKNOWN,     /* a literal whose type is not decided yet; never in a row */
    TYPE_INTERVAL,    /* bytes: packed, interval.h */
    TYPE_TIMETZ,      /* bytes: packed, interval.h */
    /* What stands in tables of functions for a choice of types; never in a row. */
    TYPE_ANY,          /* any value; unknown stays unknown */
    TYPE_ANYELEMENT,   /* one type for all of these, the element of ANYARRAY */
    TYPE_ANYARRAY,     /* an array of it */
    TYPE_ANYENUM,      /* as ANYELEMENT, an enum */
    TYPE_COMMON,       /* anycompatible: brought to the common type */
    TYPE_COMMON_ARRAY, /* an array of that */
    TYPE_ANYNONARRAY,  /* as ANYELEMENT, no array */
    TYPE_JSONPATH /* bytes: UTF-8 in jsonpath's text form; of expressions, no column of a source */
};

/*
 * Beyond the list: ids from TYPE_ENUM_FIRST on are the enums of a pipeline in the order they are
 * declared (bytes: two bytes of order, big-endian, then the label); TYPE_ARRAY + id is the array of
 * that type (bytes: packed, array.h).
 */
enum { TYPE_ENUM_FIRST = 64, TYPE_ENUM_LAST = 127, TYPE_ARRAY = 256 };

/* An enum's name and its labels in order. */
struct enum_labels {
    const char *name;
    const struct str *labels;
    uint16_t n;
};

/* `typmod` is PostgreSQL's atttypmod: -1 when the declaration has none; `labels` of an enum or an
 * array of one; `collation` of text, or an array of it: one of ICU's by PostgreSQL's name, NULL: by
 * bytes. */
struct type {
    enum type_id id;
    int32_t typmod;
    const struct enum_labels *labels;
    const char *collation;
};

/* An array type. */
static inline bool type_is_array(enum type_id id)
{
    return ((unsigned)id & TYPE_ARRAY) != 0;
}

/* The array type of an element type. */
static inline enum type_id type_array_of(enum type_id element)
{
    return (enum type_id)((unsigned)element | TYPE_ARRAY);
}

/* The element type of an array type. */
static inline enum type_id type_element(enum type_id array)
{
    return (enum type_id)((unsigned)array & ~(unsigned)TYPE_ARRAY);
}

/* An enum of the pipeline. */
static inline bool type_is_enum(enum type_id id)
{
    return (unsigned)id >= TYPE_ENUM_FIRST && (unsigned)id <= TYPE_ENUM_LAST;
}

/* One column; `name` is UTF-8 and terminated. */
struct column {
    const char *name;
    struct type type;
    bool not_null;
};

/* The shape of rows. `key` lists the columns of the unique key in key order; key_n 0: no columns (a
 * one-row relation) or no key. */
struct schema {
    const struct column *columns;
    const uint16_t *key;
    uint16_t columns_n, key_n;
};

/* The value lies in the variable area, not in the slot. */
bool type_is_bytes(enum type_id id);

/* int2, int4, int8, float4, float8, numeric. */
bool type_is_number(enum type_id id);

/* text, varchar, bpchar. */
bool type_is_text(enum type_id id);

/* PostgreSQL's name without typmod, as format_type prints it: "bigint", "character varying",
 * "timestamp without time zone". */
const char *type_name(enum type_id id);

/* The name with its typmod: "numeric(12,2)", "character varying(500)", "timestamp(3) without time
 * zone". Appends. */
void type_print(struct buf *out, struct type type);

/* Finds a type by any of PostgreSQL's names ("int8", "bigint", "varchar", "decimal", "bool" ...).
 * False when it is not in the list. */
bool type_find(struct str name, enum type_id *ret);

/* Precision and scale of a numeric's typmod; false when it is -1. */
bool type_numeric_typmod(int32_t typmod, int *ret_precision, int *ret_scale);

/* The typmod of numeric(precision, scale). */
int32_t type_numeric_make_typmod(int precision, int scale);

/* The index of the column of that name, or -1. */
int schema_find(const struct schema *schema, struct str name);

#endif
