/* The arithmetic of intervals for aggregates: by the operators that expressions use. Private to the
 * aggregates. */
#ifndef SLUICE_VIEWS_OPS_AGGREGATE_INTERVAL_H
#define SLUICE_VIEWS_OPS_AGGREGATE_INTERVAL_H

#include "ops/aggregate_ops.h"

/* What stands on the right of an operator. */
struct operand {
    enum type_id type;
    struct value value;
};

/* interval `name` right, an interval. */
WARN_UNUSED bool interval_operate(const char *name, struct value interval, struct operand right,
                                  struct arena *arena, struct value *ret, struct err *reterr);

#endif
