/*
 * A pipeline without a broker: the same plan, engine and decoders, records from wherever the caller
 * has them. Under --local (local/files.h) and --test (local/test.h). One thread.
 */
#ifndef SLUICE_VIEWS_LOCAL_LOCAL_H
#define SLUICE_VIEWS_LOCAL_LOCAL_H

#include "ops/engine.h"

/* One run. Changes gather until local_step, or until a batch is full. */
struct local;

/* Who is told of what the views do not get. */
struct local_listener {
    void *context;
    /* A record was left out: it breaks the rule, or can't be read. */
    void (*rejected)(void *context, uint32_t source, const char *rule, const struct err *reason);
    /* A row is withheld from now on, or (`gone`) no more. */
    void (*withheld)(void *context, const struct engine_quarantine *quarantine);
};

/* How to run. */
struct local_config {
    const struct plan *plan; /* must outlive the run */
    struct local_listener listener;
    bool
        on_disk; /* state and views in files of $TMPDIR that have no name: for what memory may not hold
                   */
};

/* Starts with empty sources. ERR_STOP when the files can't be made. Free with local_free. */
WARN_UNUSED bool local_new(const struct local_config *config, struct local **ret,
                           struct err *reterr);

/* NULL is fine. Returns NULL. */
struct local *local_free(struct local *local);

/* Where rows of the next change are made; what lies there is gone after a step. */
struct arena *local_arena(struct local *local);

/* Takes a line: a Debezium envelope (it has "op") or a row object, which creates its key's row or
 * replaces it. ERR_DEAD_LETTER when it is no JSON object; else the listener hears of what is wrong. */
WARN_UNUSED bool local_take_line(struct local *local, uint32_t source, struct str line,
                                 struct err *reterr);

/* Takes a row of local_arena that comes, or (`gone`) whose key goes. Columns of metadata are filled
 * in when all of them are NULL. Else as local_take_line. */
WARN_UNUSED bool local_take_row(struct local *local, uint32_t source, const struct row *row,
                                bool gone, struct err *reterr);

/* Empties a source. */
WARN_UNUSED bool local_truncate(struct local *local, uint32_t source, struct err *reterr);

/* Brings the views up to date with what was taken. */
WARN_UNUSED bool local_step(struct local *local, struct err *reterr);

/* The walk over a view's present rows, ordered by their keys. */
struct local_walk {
    char prefix[4];
    struct store_cursor cursor;
};

/* Starts a walk; no step until local_walk_next has said that there is no more. */
void local_walk_begin(struct local_walk *walk, uint32_t view);

/* *ret_row: a view, or in the arena; NULL at the end. */
WARN_UNUSED bool local_walk_next(struct local *local, struct local_walk *walk, struct arena *arena,
                                 const struct row **ret_row, struct err *reterr);

/* The view's present rows in the order of their keys, copies in the arena. */
WARN_UNUSED bool local_rows(struct local *local, uint32_t view, struct arena *arena,
                            const struct row *const **ret_rows, uint32_t *ret_n,
                            struct err *reterr);

/* How many rows broke the source's rule of that index, which only warns, since the last call. */
uint64_t local_take_warnings(struct local *local, uint32_t source, uint16_t rule);

#endif
