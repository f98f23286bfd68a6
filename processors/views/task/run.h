/*
 * The life of an instance: topics, membership, and the task while this instance owns it.
 *
 *   WAITING (topics) --> STANDBY --owns task 0--> RUNNING --lost, ERR_ABORT, fenced--> STANDBY ...
 * --SIGTERM--> end
 *
 * Ready (/readyz 200) only in RUNNING, once the views hold all that the sources held when the task
 * was taken over, and while the broker answers.
 */
#ifndef SLUICE_VIEWS_TASK_RUN_H
#define SLUICE_VIEWS_TASK_RUN_H

#include "sql/plan.h"
#include "task/options.h"

/* Runs the plan until a stop is asked for (true) or nothing can mend what happened (ERR_STOP). */
WARN_UNUSED bool views_run(const struct views_options *options, const struct plan *plan,
                           struct service *service, struct err *reterr);

#endif
