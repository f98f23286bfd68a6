/* What the two ways of shaping JSON rows share. Not for users of shape.h. */
#ifndef SLUICE_OBJECTS_SHAPE_JSON_H
#define SLUICE_OBJECTS_SHAPE_JSON_H

#include "record/json.h"
#include "shape.h"

/* The value of a key part in the row. ERR_DEAD_LETTER when it is missing or null. */
WARN_UNUSED bool shape_find_part(const struct key_part *part, struct str row, struct arena *arena,
                                 struct json_value *ret, struct err *reterr);

/* Fills key and row from an object, by the declared columns. Errors as shape_json. */
WARN_UNUSED bool shape_declared(struct shape *shape, struct str row, struct shape_place place,
                                struct err *reterr);

#endif
