/*
 * JSON values as Python prints them once json.loads has read them: str() of a scalar, repr() of
 * anything. Pure.
 */
#ifndef S3_OBJECTS_PYTHON_TEXT_H
#define S3_OBJECTS_PYTHON_TEXT_H

#include "base/buf.h"
#include "record/json.h"

/* Appends a null, a boolean or a number: None, True, 12, 55.0, 1e-07. */
void python_scalar(struct buf *out, const struct json_value *value);

/* Appends any value: {'a': ["it's", 1.5, None]}. Characters that Python does not print are escaped.
 * */
void python_repr(struct buf *out, const struct json_value *value);

#endif
