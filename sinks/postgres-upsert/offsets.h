/*
 * How far the target has come, kept in the target: table sluice.sink_offsets, moved by a
 * compare-and-swap in the very transaction that writes the rows. It fences: whoever expects another
 * offset than the stored one is aborted by a division by zero, whatever it believes about the
 * group.
 */
#ifndef SLUICE_POSTGRES_UPSERT_OFFSETS_H
#define SLUICE_POSTGRES_UPSERT_OFFSETS_H

#include "batch.h"
#include "kafka/client.h"

/* A partition that is read. `stored`: the next offset as the target has it; `reached`: as read so
 * far, control records included. */
struct partition {
    const char *topic;
    uint32_t table;
    int32_t number;
    int64_t stored, reached;
    int64_t low, high;  /* the topic's bounds when it was opened */
    int64_t touched_ms; /* monotonic: when the row was written last */
    bool at_end;
};

struct partitions {
    struct partition *items; /* by topic and number, which is the order of locking */
    uint32_t n;
    const char *group, *cluster_id;
};

/* Creates sluice.sink_offsets where it is missing. */
WARN_UNUSED bool offsets_create(struct pg *pg, struct err *reterr);

/*
 * Inserts rows for partitions that have none, at `low`, and reads `stored` of all into stored and
 * reached. ERR_STOP when a row is of another cluster, beyond `high`, below `low`, or older than
 * `max_away_ms` with changes since: each text names --resync. *ret_resync: a resync was begun and
 * not ended.
 */
WARN_UNUSED bool offsets_claim(struct pg *pg, struct partitions *partitions, int64_t max_away_ms,
                               bool *ret_resync, struct err *reterr);

/* Sets all to `low`, of this cluster, under resync; then stored and reached. */
WARN_UNUSED bool offsets_rewind(struct pg *pg, struct partitions *partitions, struct err *reterr);

/*
 * The compare-and-swap from `stored` to `reached` over the partitions that moved, or that are at
 * their end and were not written since `before_ms`, or over all (OFFSETS_ALL); in the arena. False:
 * there are none.
 */
#define OFFSETS_ALL INT64_MAX
bool offsets_statement(struct arena *arena, const struct partitions *partitions, int64_t before_ms,
                       struct pg_statement *ret);

/* The statement that ends a resync; in the arena. */
struct pg_statement offsets_end_resync(struct arena *arena, const struct partitions *partitions);

/* The transaction with that statement is committed: stored is reached. */
void offsets_moved(struct partitions *partitions, int64_t before_ms, int64_t now_ms);

/* The error of a statement is the fence: another instance moved the offsets. */
bool offsets_fenced(const struct err *err);

#endif
