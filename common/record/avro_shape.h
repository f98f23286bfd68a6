/* A parsed Avro schema as the codec walks it. Not for users of the room. */
#ifndef SLUICE_RECORD_AVRO_SHAPE_H
#define SLUICE_RECORD_AVRO_SHAPE_H

#include "record/avro.h"
#include "record/json.h"

enum shape_kind {
    SHAPE_NULL,
    SHAPE_BOOLEAN,
    SHAPE_INT,
    SHAPE_LONG,
    SHAPE_FLOAT,
    SHAPE_DOUBLE,
    SHAPE_BYTES,
    SHAPE_STRING,
    SHAPE_FIXED,
    SHAPE_ENUM,
    SHAPE_ARRAY,
    SHAPE_MAP,
    SHAPE_UNION,
    SHAPE_RECORD
};

/* What logicalType and sluice.type add to the kind. */
enum shape_meaning {
    MEANS_ITSELF,
    MEANS_DECIMAL,         /* of bytes or fixed */
    MEANS_DATE,            /* of int */
    MEANS_TIME,            /* of int (milliseconds) or long (microseconds) */
    MEANS_TIMESTAMP,       /* of long, without a zone */
    MEANS_TIMESTAMPTZ,     /* of long */
    MEANS_NUMBER,          /* of string: a number's digits */
    MEANS_JSON,            /* of string: JSON text */
    MEANS_HEXADECIMAL_TEXT /* of bytes: PostgreSQL's text of bytea */
};

/* A member of a record, a symbol of an enum (name alone), or a branch (node alone). */
struct shape_field {
    struct str name;     /* what JSON calls it */
    struct str label;    /* `"name":` */
    struct str fallback; /* the default as JSON, .at NULL: none */
    uint32_t node;
};

struct shape_node {
    enum shape_kind kind;
    enum shape_meaning meaning;
    int32_t scale;     /* of a decimal */
    uint32_t size;     /* of a fixed, bytes */
    int64_t unit_us;   /* of a time or timestamp: 1 or 1000 */
    uint32_t fields_n; /* members, symbols, branches; items and map values are one field */
    struct shape_field *fields;
};

/* Node 0 is the whole. */
struct avro_shape {
    struct arena *arena;
    struct shape_node *nodes;
    uint32_t nodes_n;
};

enum { SHAPE_DEPTH_MAX = 48 };

#endif
