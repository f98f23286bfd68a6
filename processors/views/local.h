/* --local: a pipeline over files, without a broker: the same plan, engine and decoders over a store
 * in memory. */
#ifndef SLUICE_VIEWS_LOCAL_H
#define SLUICE_VIEWS_LOCAL_H

#include "sql/plan.h"
#include <stdio.h>

/*
 * Reads `folder`/<table>.jsonl for every source that a view reads, line by line, in the plan's
 * order of sources (a missing file is an empty source), and prints the final rows of every view as
 * JSON lines, keys in order, under a heading each. A line is a Debezium envelope (it has "op") or a
 * row object. ERR_STOP names file and line of what can't be decoded; a row that breaks the contract
 * is printed as a warning and left out.
 */
WARN_UNUSED bool views_local(const struct plan *plan, const char *folder, FILE *out,
                             struct err *reterr);

#endif
