/*
 * One run: lists the objects, reads those that may be new, writes what has changed. An object that
 * can't be used is FAILED, with its reason, and the rest goes on; deletes are held back then, for
 * what was not read is not known to be gone.
 */
#ifndef SLUICE_OBJECTS_RUN_H
#define SLUICE_OBJECTS_RUN_H

#include "claims.h"
#include "input.h"
#include "notices.h"
#include "raw.h"
#include "service/account.h"
#include "writer.h"

/* What a run needs; the service's loop makes it. */
struct run {
    const struct objects_options *options;
    struct service *service;
    struct metric *metrics;
    struct input *input;
    struct avro_topics *avro; /* NULL: records are JSON */
    struct raw *raw;          /* NULL: objects are not kept */
    struct claims *claims;    /* NULL: objects are not shared with other workers */
    struct notices *notices;  /* NULL: there are no notifications */
    struct writer writer;
    struct shape shape;
    struct feed feed;
    bool single;            /* the run in hand has one object */
    struct account account; /* of the run in hand; whoever calls run_once begins and ends it */
};

/* What came of it. `failed_status`: the exit status that the first failed object calls for. */
struct run_summary {
    int64_t objects, failed, skipped, bytes;
    struct feed_counts counts;
    int failed_status;
    bool stopped; /* a stop was asked for before its end */
};

/*
 * Runs once: over all objects, or `noticed`, over those that the batch of notices tells of. False
 * only for what concerns the whole: Kafka, the store, no list of objects. After ERR_RETRY or
 * ERR_ABORT the writer must be closed and opened again.
 */
WARN_UNUSED bool run_once(struct run *run, bool noticed, struct run_summary *ret,
                          struct err *reterr);

#endif
