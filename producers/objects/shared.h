/*
 * The run of a worker among others: takes one object after another that nobody holds, and leaves
 * when there is none; with --once it waits for what others hold, and takes over what they let fall.
 *
 * Who may write an object's rows is decided by Kafka alone: the transactional id of its lane. A
 * worker takes the lane over, reads what it says of the object, and goes on from there; from then on
 * whoever had the object before is fenced. So it does no harm when the table is wrong or gone.
 */
#ifndef SLUICE_OBJECTS_SHARED_H
#define SLUICE_OBJECTS_SHARED_H

#include "run.h"

/* As run_once, over objects that are listed. */
WARN_UNUSED bool shared_run(struct run *run, struct run_summary *summary,
                            const struct item_list *list, struct err *reterr);

#endif
