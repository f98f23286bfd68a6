/*
 * The life of the service: runs when they are due, or when notifications tell of something, over
 * sessions with Kafka; tries again what may succeed later, and says what each run did.
 */
#ifndef SLUICE_OBJECTS_LIFE_H
#define SLUICE_OBJECTS_LIFE_H

#include "run.h"

/* One life of the service over sessions with Kafka. */
struct life {
    struct run run;
    bool connected, reached;            /* now; ever */
    int64_t began_ms;                   /* of the process; until a broker was reached, of the run */
    int64_t failing_ms;                 /* since when a run gets nowhere, -1: it does not fail */
    int64_t commits;                    /* then */
    int64_t last_run_ms;                /* by the wall clock, -1: none yet */
    struct run_summary summary, failed; /* of the last run; of the last one with failed objects */
};

/* Lives until the last run, or until a stop is asked for. `run` has options, service and metrics. */
WARN_UNUSED bool life_live(struct life *life, struct err *reterr);

#endif
