/*
 * One object, from its opening to what the progress topic says became of it: its rows, its dead
 * letters and its state, a Kafka transaction after another.
 */
#ifndef SLUICE_OBJECTS_READING_H
#define SLUICE_OBJECTS_READING_H

#include "run.h"

/*
 * Reads the object; `conditional`: only when its content is not known. *ret_whole: it was read to
 * its end, or is known to be as it was; else it is FAILED, or summary->stopped. The last transaction
 * is left open. False, as run_once, for what does not concern the object alone.
 */
WARN_UNUSED bool reading_object(struct run *run, struct run_summary *summary, struct item *item,
                                bool conditional, bool *ret_whole, struct err *reterr);

#endif
