/*
 * The values of declared columns: a member's JSON read as its column's type. Pure.
 */
#ifndef S3_OBJECTS_TYPED_H
#define S3_OBJECTS_TYPED_H

#include "object_row.h"
#include "record/row.h"

/* The type is written as the JSON text stands: text, json, uuid, enums, arrays, intervals. */
bool typed_as_text(enum type_id id);

/* Reads the member (NULL: none) as the column's type, which is none of typed_as_text. Bytes live in
 * the arena. ERR_DEAD_LETTER names the column. */
WARN_UNUSED bool typed_value(const struct column *column, const struct object_member *member,
                             struct arena *arena, struct value *ret, struct err *reterr);

/* Every value fits the declared column of its name; with shape->finite, as Parquet has them: no
 * infinite dates. True without a schema. */
WARN_UNUSED bool typed_row_check(const struct object_shape *shape, const struct object_row *row,
                                 struct arena *arena, struct err *reterr);

#endif
