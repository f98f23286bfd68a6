/* --local: a pipeline over the files of a folder. */
#ifndef SLUICE_VIEWS_LOCAL_FILES_H
#define SLUICE_VIEWS_LOCAL_FILES_H

#include "sql/plan.h"
#include <stdio.h>

/*
 * Reads, for every source that a view reads, in the plan's order of sources, `folder`/<table>.jsonl,
 * .ndjson (a line is a Debezium envelope, which has "op", or a row object) and .csv (PostgreSQL's CSV
 * with a header; an empty value is NULL, "" is not); a missing file is an empty source. Then prints the
 * final rows of every view as JSON lines, keys in order, under a heading each; of `view` alone,
 * without a heading, when it is given. State lies in files without a name, so that memory is bounded.
 * At a terminal stderr shows how far it has come; there too stands, with file and line, what was left
 * out. ERR_STOP names file and line of what is no line of its form.
 */
WARN_UNUSED bool views_local(const struct plan *plan, const char *folder, const char *view,
                             FILE *out, struct err *reterr);

#endif
