/*
 * What .datetime() finds in a text: a date, time or timestamp, which compares by itself and is
 * written as ISO 8601. Not for other rooms.
 */
#ifndef SLUICE_VIEWS_EXPR_JSONPATH_MOMENT_H
#define SLUICE_VIEWS_EXPR_JSONPATH_MOMENT_H

#include "expr/jsonpath_run.h"

/* `slot` is of the type (of a timestamptz, the clock of its zone); `east_s`: of the two types with
 * a zone. */
struct moment {
    enum type_id type;
    int64_t slot;
    int32_t east_s;
};

/* Reads PostgreSQL's formats of ISO 8601; false: none of them. */
WARN_UNUSED bool moment_read(struct str text, struct arena *arena, struct moment *ret);

/* As an item's text. */
struct str moment_text(const struct moment *moment, struct arena *arena);

/* How .type() calls it. */
const char *moment_type(const struct moment *moment);

/* Orders two that can be compared; *ret_needs_zone: only by a time zone. False: they can't be. */
WARN_UNUSED bool moment_compare(const struct moment *a, const struct moment *b, int *ret_order,
                                bool *ret_needs_zone);

/* How a refused conversion calls it. */
const char *moment_short_type(const struct moment *moment);

#endif
