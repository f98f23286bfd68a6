/* One run: the reports, or a topic's quality or files, to their places; and the account of it. */
#ifndef SLUICE_REPORT_RUN_H
#define SLUICE_REPORT_RUN_H

#include "options.h"

/* Runs once and prints the summary, also of a run that failed. */
WARN_UNUSED bool run_once(const struct report_options *options, struct service *service,
                          struct err *reterr);

#endif
