/*
 * The plan of changes, pure but for the store of what was seen: shaped rows in, Debezium events
 * and dead letters out. A key that was never met is a create, other content an update, the same
 * content nothing; what a whole reading did not meet is a delete. In one object the first row of a
 * key wins, later ones are dead letters; over objects of one run the one that is read first.
 */
#ifndef SLUICE_OBJECTS_FEED_H
#define SLUICE_OBJECTS_FEED_H

#include "seen/seen.h"
#include "shape.h"

struct feed_counts {
    int64_t rows, created, updated, deleted, unchanged, dead;
};

/* A record of the bronze topic: `key` as it stands there, `value` as JSON; `value.at` NULL: a
 * tombstone, `op` 0 for one. `after`: the row in it, at NULL for a delete. */
struct feed_event {
    struct str key, value, after, position, commit_time;
    char op;
};

/* A row that can't be used. `first_line`: for a second row of a key, where the first one
 * stands; else 0. */
struct feed_dead {
    struct str raw, file;
    uint64_t line, first_line;
    const char *rule;
    const struct err *why;
};

/* Where it goes; all return false with their error. `key`: a key as it stands in the topic, alive
 * until its next call; `key_json`: back again. Both NULL: it stands there as JSON. */
struct feed_edge {
    void *arg;
    bool (*key)(void *arg, struct str json, struct str *ret, struct err *reterr);
    bool (*key_json)(void *arg, struct str key, struct str *ret, struct err *reterr);
    bool (*emit)(void *arg, const struct feed_event *event, struct err *reterr);
    bool (*dead)(void *arg, const struct feed_dead *dead, struct err *reterr);
};

/* The object being read. `done`: rows up to this line were read before, in a transaction that
 * stands: what is wrong with them was told then. `written`: rows up to this line were written then;
 * for who knows of no content but this object's. */
struct feed_object {
    struct str name, tag;
    uint64_t part, done, written;
    int64_t read_unix_us;
    bool elements; /* lines are elements of an array */
};

/* Use zeroed, with the first four set. */
struct feed {
    struct seen *seen;
    struct feed_edge edge;
    const char *topic;
    bool tombstones;
    uint64_t run, ordinal; /* the position: which run, and which event of it */
    struct feed_object object;
    struct feed_counts counts;
    struct buf value, source, numbers;
};

/* A run begins: no key was met. `run` is higher than any before. */
void feed_begin_run(struct feed *feed, uint64_t run);

/* A row: `raw` is what stands in the object. */
WARN_UNUSED bool feed_row(struct feed *feed, const struct shaped *row, struct str raw,
                          uint64_t line, struct err *reterr);

/* A row that is none, by the rule. */
WARN_UNUSED bool feed_bad(struct feed *feed, struct str raw, uint64_t line, const char *rule,
                          const struct err *why, struct err *reterr);

/* Deletes at most `max` keys that the run did not meet; *ret_more: there may be more. */
WARN_UNUSED bool feed_sweep(struct feed *feed, size_t max, bool *ret_more, struct err *reterr);

/* Frees its buffers. */
void feed_done(struct feed *feed);

#endif
