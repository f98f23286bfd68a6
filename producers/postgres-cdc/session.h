/*
 * One life of the capture, from connecting to an error or a stop: what its parts share. Every error
 * ends a session; the next one starts from the stored position.
 */
#ifndef SLUICE_POSTGRES_CDC_SESSION_H
#define SLUICE_POSTGRES_CDC_SESSION_H

#include "postgres/replication.h"
#include "preflight.h"
#include "writer.h"

/*
 * What is kept from one session to the next. `reached`: both servers have answered once. The rest
 * is the liveness of a snapshot that another instance takes: where its progress stood, since when.
 */
struct session_memory {
    bool reached;
    int64_t offset, since_ms;
    struct avro_topics *avro; /* NULL: records are JSON */
};

struct session {
    const struct cdc_options *options;
    struct service *service;
    struct metric *metrics;
    struct avro_topics *avro;
    struct pg *control; /* for the catalogue */
    struct pg *stream;  /* for the replication protocol */
    struct writer writer;
    struct capture *capture;
    struct arena *arena;   /* what the preflight found */
    struct arena *scratch; /* what the catalogue says of one table */
    struct preflight found;
    struct progress progress;
};

/* While something is waited for: beats; false when a stop was asked for. `session` is a struct
 * session. */
bool session_goes_on(void *session);

/* Runs until a stop is asked for (true) or an error. *attempt is set to 0 once it streams. */
WARN_UNUSED bool session_run(const struct cdc_options *options, struct service *service,
                             struct metric *metrics, struct session_memory *memory,
                             unsigned *attempt, struct err *reterr);

#endif
