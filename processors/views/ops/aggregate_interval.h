/* The arithmetic of intervals for aggregates: by the operators that expressions use. Private to the
 * aggregates. */
#ifndef SLUICE_VIEWS_OPS_AGGREGATE_INTERVAL_H
#define SLUICE_VIEWS_OPS_AGGREGATE_INTERVAL_H

#include "ops/aggregate_ops.h"

/* interval `name` other, an interval. */
WARN_UNUSED bool interval_operate(const char *name, struct value interval, enum type_id other_type,
                                  struct value other, struct arena *arena, struct value *ret,
                                  struct err *reterr);

#endif
