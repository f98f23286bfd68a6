/* --lineage: reads the sources' topics as they are now and prints the records behind one row of a
 * view. */
#ifndef SLUICE_VIEWS_LINEAGE_H
#define SLUICE_VIEWS_LINEAGE_H

#include "sql/plan.h"
#include "task/options.h"
#include <stdio.h>

/*
 * For the row of --lineage's view whose key is --lineage-key: its records one a line as JSON, with
 * source, topic, partition, offset, key and value, in that order. Replaying these through --local
 * gives that row. Keeps the rows that the sources hold in memory. ERR_STOP: no such view or row, a
 * broker that does not answer.
 */
WARN_UNUSED bool views_lineage(const struct views_options *options, const struct plan *plan,
                               FILE *out, struct err *reterr);

#endif
