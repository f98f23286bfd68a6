/*
 * What the workloads of bench_views are made of: tables whose rows are a function of id and
 * version, and a stream of Debezium changes over them. Making it is never part of a measurement.
 */
#ifndef SLUICE_BENCH_VIEWS_LOAD_H
#define SLUICE_BENCH_VIEWS_LOAD_H

#include "base/buf.h"
#include "base/err.h"

/* A table: `row` appends the JSON object of a row, `key` that of its key. */
struct table_kind {
    const char *name; /* of the source */
    void (*key)(struct buf *out, uint64_t id);
    void (*row)(struct buf *out, uint64_t id, uint32_t version);
    bool whole; /* Debezium's whole source block, before and after (else a short block, and before
                   only where `before`) */
    bool before;
};

enum { TABLES_MAX = 4 };

/* A table within a workload. */
struct table_use {
    const struct table_kind *kind;
    uint32_t held;    /* rows there before the changes that are measured */
    uint32_t percent; /* of the changes */
};

/* How changes are drawn: `creates` and `deletes` in percent, the rest updates. */
struct workload {
    const char *name;
    struct table_use tables[TABLES_MAX];
    uint32_t creates, deletes;
    double floor;       /* records per CPU-second that must be reached; 0: none */
    const char *select; /* the view */
    const char *sqlite; /* the same for SQLite where its words differ; NULL: the same */
};

extern const struct workload workloads[];
extern const size_t workloads_n;

/* The tables that filter-313, group, join and top read, in one stream; no view of its own. */
extern const struct workload all_at_once;

/* Of bench_views --costs, over one table: what a change costs as the table grows. */
extern const struct workload costs[];
extern const size_t costs_n;

/* One record. Offsets are into the load's bytes. */
struct load_record {
    uint32_t table;
    size_t key, value, end;
};

struct load_table {
    uint32_t *versions; /* by id; the highest bit: there */
    uint64_t next, cap;
};

struct load {
    const struct workload *workload;
    struct load_table tables[TABLES_MAX];
    struct buf bytes;
    struct load_record *records;
    uint32_t n, cap;
    uint64_t random, lsn;
    uint64_t live; /* rows there */
};

/* Starts a workload's stream. */
void load_start(struct load *load, const struct workload *workload);
void load_done(struct load *load);

/* Forgets the records made so far, not what they did. */
void load_clear(struct load *load);

/* Creates the next row of a table. */
void load_create(struct load *load, uint32_t table);

/* The next change; a deletion is two records. */
void load_change(struct load *load);

/* A record's key and value; none is a tombstone's. */
struct str load_key(const struct load *load, uint32_t i);
struct str load_value(const struct load *load, uint32_t i);

/* Appends the row that a table holds under an id; false: none. */
bool load_row(const struct load *load, uint32_t table, uint64_t id, struct buf *out);

/* A number below n that depends on the three others alone. */
uint64_t mixed(uint64_t id, uint64_t version, uint64_t salt, uint64_t n);

#endif
