/*
 * The engine: a plan made runnable. Changes of the sources in, changes of the views out, all state
 * in the store. Pure: no Kafka, no clock, no socket.
 *
 * One step takes any number of events and brings every operator to the state it would have had by
 * any other order or batching of the same events: after a step each view's integral equals its
 * SELECT over the rows the sources hold. Deltas are consolidated before anything leaves.
 */
#ifndef SLUICE_VIEWS_OPS_ENGINE_H
#define SLUICE_VIEWS_OPS_ENGINE_H

#include "ops/store.h"
#include "record/batch.h"
#include "record/position.h"
#include "sql/plan.h"

struct engine;

/* Builds the operators. Plan and store must outlive the engine. Free with engine_free. */
WARN_UNUSED bool engine_new(const struct plan *plan, struct store *store, struct engine **ret,
                            struct err *reterr);

/* How many rows are withheld now, by the store: for a start over a state that is there. */
WARN_UNUSED bool engine_quarantined(const struct engine *engine, uint64_t *ret_n,
                                    struct err *reterr);

/* NULL is fine. Returns NULL. */
struct engine *engine_free(struct engine *engine);

/*
 * One decoded change of a source. 'c' 'u' 'r': `after` is the row. 'd': `key` is a row with the key
 * columns set. 't': truncate, the whole source. A change whose position is not above the key's
 * stored one (or the truncate's) is dropped and counted. Of a trusted source `before` is the row
 * that goes, NULL for none; 't' does not come, and no change twice.
 */
struct engine_event {
    uint32_t source; /* index into plan.sources */
    char op;
    const struct row *after, *key;
    struct position position;
    const struct row *before;
    uint64_t snapshot_lsn; /* of a trusted source's 'r'; 0: not known */
};

/*
 * Checks a row against its source's contract: *ret_rule NULL when it keeps it, else the first rule
 * it breaks with the reason in *ret_reason (sqlstate 23502 or 23514, or the error the CHECK
 * raised). A row that breaks the contract must be handed to the step as a 'd' of its key, at its
 * position. A rule that only warns is counted (engine_take_warnings).
 */
void engine_check(struct engine *engine, uint32_t source, const struct row *row,
                  struct arena *scratch, const struct plan_rule **ret_rule, struct err *ret_reason);

/* How many rows broke the source's rule of that index, which only warns, since the last call. */
uint64_t engine_take_warnings(struct engine *engine, uint32_t source, uint16_t rule);

/* One change of a view: the key's new row, or NULL when the key is gone. `key_row` has at least the
 * key columns (the new row or the old one). */
struct engine_change {
    uint32_t view; /* index into plan.views */
    const struct row *row, *key_row;
};

/* A row withheld because its expression raised, or its release (gone true: tombstone). The key is
 * stable: operator and row identify it. */
struct engine_quarantine {
    struct str key; /* JSON object text */
    uint32_t node;
    const struct row *row; /* the operator's input row, a joined pair or a group; NULL when gone */
    const struct schema *schema; /* the row's */
    struct err reason;
    bool gone;
};

/* What a step gives. Arrays and rows live in the step's arena. */
struct engine_output {
    const struct engine_change *changes;
    const struct engine_quarantine *quarantines;
    uint32_t changes_n, quarantines_n;
    uint64_t events_stale; /* dropped as not newer */
};

/* Runs one step. All scratch and results are in `arena`. An error is the store's (ERR_STOP): state
 * is then undefined and the overlay must be dropped. */
WARN_UNUSED bool engine_step(struct engine *engine, const struct engine_event *events,
                             uint32_t events_n, struct arena *arena, struct engine_output *ret,
                             struct err *reterr);

/* For a first start: changes that exist over empty sources (aggregates without GROUP BY have one
 * row). Run before the first step of an empty store. */
WARN_UNUSED bool engine_first_step(struct engine *engine, struct arena *arena,
                                   struct engine_output *ret, struct err *reterr);

#endif
