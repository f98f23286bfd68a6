/* What the two ways of shaping JSON rows share. Not for users of shape.h. */
#ifndef SLUICE_OBJECTS_SHAPE_JSON_H
#define SLUICE_OBJECTS_SHAPE_JSON_H

#include "record/json.h"
#include "shape.h"

/* Appends the value of a key part, which stands in the row, to shape->key_text. */
typedef bool key_value_fn(struct shape *shape, const struct key_part *part,
                          const struct json_value *value, struct err *reterr);

/* Appends the key, and to shape->after the columns that it adds in front of the row. ERR_DEAD_LETTER
 * when a member of the key is missing or null. */
WARN_UNUSED bool shape_put_key(struct shape *shape, struct str row, struct shape_place place,
                               key_value_fn *put, struct err *reterr);

/* Fills key and row from an object, by the declared columns. Errors as shape_json. */
WARN_UNUSED bool shape_declared(struct shape *shape, struct str row, struct shape_place place,
                                struct err *reterr);

#endif
