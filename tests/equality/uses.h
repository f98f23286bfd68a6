/* Which rows of the tables of functions, aggregates, operators and types a view's plan uses: for the
 * counts of tests/equality/random. Not part of any service. */
#ifndef SLUICE_TESTS_EQUALITY_USES_H
#define SLUICE_TESTS_EQUALITY_USES_H

#include "sql/plan.h"
#include <stdio.h>

/* Prints "U view what" for each thing that the view uses, as --functions names it; some several
 * times. */
void uses_print(FILE *out, const struct plan *plan, uint32_t view);

#endif
