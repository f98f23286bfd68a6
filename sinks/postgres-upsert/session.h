/*
 * From taking over to giving up: one connection to the target, the catalog as it was then, the
 * partitions and how far they are. Whatever fails, the session is closed and the next one goes on
 * from the offsets that the target holds.
 */
#ifndef SLUICE_POSTGRES_UPSERT_SESSION_H
#define SLUICE_POSTGRES_UPSERT_SESSION_H

#include "dead.h"
#include "kafka/consumer.h"
#include "offsets.h"
#include "options.h"
#include "route.h"

/* What outlives sessions. */
struct context {
    const struct upsert_options *options;
    struct service *service;
    struct kafka_admin *admin;
    struct kafka_consumer *consumer;
    struct dead_letters *dead;
    struct registry *registry; /* NULL: records are JSON */
    const struct route *routes;
    size_t routes_n;
    const char *group;
    const char **target_sql; /* one a file of --target; NULL: none, or they have been run */
    bool resync;             /* --resync, until it is done */
};

struct session;

/*
 * Connects, runs the target's DDL, reads catalog and offsets, places the consumer. ERR_RETRY: a
 * server is away or a topic not there yet. ERR_STOP: see catalog_table, offsets_claim.
 */
WARN_UNUSED bool session_open(struct context *context, struct session **ret, struct err *reterr);

/* NULL is fine. Returns NULL. */
struct session *session_close(struct session *session);

/*
 * Reads one batch and writes it, or waits a moment for records. *ret_reading: the failure is the
 * broker's, and the session is fine; the same call may be made again.
 */
WARN_UNUSED bool session_step(struct session *session, bool *ret_reading, struct err *reterr);

/* Tells Kafka how far the group is, for lag tools, and updates the lag gauge; at most every few
 * seconds. Its failures don't matter. */
void session_report(struct session *session, struct kafka_membership *membership);

/* All that the topics held when the session was opened is in the tables. Call after a step. */
bool session_caught_up(const struct session *session);

/* A resync is under way: the tables hold rows that may be gone. */
bool session_resyncing(const struct session *session);

#endif
