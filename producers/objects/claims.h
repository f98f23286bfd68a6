/*
 * The table by which workers share objects: the state of each for who asks, and the lease of who
 * reads it now. It decides nothing: what was written stands in the progress topic, and a worker that
 * is late can't commit (writer_lane). Lost, it is made anew from the listing and the progress topic.
 *
 *            take            finish
 *   PENDING -------> IN_PROGRESS ------> COMPLETED, FAILED
 *    ^  ^              |   ^  |              |        |
 *    |  '--- release --'   '--'  take: the   |        | take, in a later run
 *    |                     lease is over     |        '----> IN_PROGRESS
 *    '---------- list: another tag ----------'--------'
 *
 * One thread. Connects when it is first used, and again when the connection was lost.
 */
#ifndef SLUICE_OBJECTS_CLAIMS_H
#define SLUICE_OBJECTS_CLAIMS_H

#include "input.h"

struct claims;

/* An object that this worker holds. `number`: grows from claim to claim over all workers. */
struct claim {
    char *name, *place;
    char tag[FILE_TAG_MAX];
    int32_t lane;
    int64_t attempts;
    uint64_t number;
};

/* Makes it for --state-table; *ret NULL without one. `options` and `service` must outlive it. ERR_STOP
 * (EX_USAGE) when the table's name is none. */
WARN_UNUSED bool claims_open(const struct objects_options *options, struct service *service,
                             struct claims **ret, struct err *reterr);

/* Gives back what is held. NULL is fine. Returns NULL. */
struct claims *claims_close(struct claims *claims);

/*
 * A run begins: objects that are not in the table come into it, those with another tag are PENDING
 * again. `lane` says where an object belongs. ERR_RETRY when the database is away, ERR_STOP when it
 * refuses.
 */
WARN_UNUSED bool claims_list(struct claims *claims, const struct item_list *list,
                             int32_t (*lane)(void *arg, const char *name), void *arg,
                             struct err *reterr);

/* CLAIMS_BUSY: what is left is held by others. */
enum claims_left { CLAIMS_TAKEN, CLAIMS_BUSY, CLAIMS_NONE };

/*
 * Takes an object: first one whose lease is over or is our own (nothing is held then), else the
 * first by name. *ret is good, for CLAIMS_TAKEN, until the next call; each beat of the service
 * renews its lease. Errors as claims_list.
 */
WARN_UNUSED bool claims_take(struct claims *claims, const struct claim **ret,
                             enum claims_left *ret_left, struct err *reterr);

/* Says what became of the object that is held, unless another worker holds it by now. Errors as
 * claims_list. */
WARN_UNUSED bool claims_finish(struct claims *claims, const struct file_state *state,
                               struct err *reterr);

/* Gives the object that is held back, if the database can be reached; else its lease ends by itself. */
void claims_release(struct claims *claims);

#endif
