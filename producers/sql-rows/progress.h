/*
 * Where the extraction stands, pure: what is stored in the same Kafka transaction as the rows, and
 * whether it belongs to what is asked now.
 *
 *   NONE -- begins --> RUNNING -- rows --> RUNNING -- ends --> ENDED -- begins --> RUNNING ...
 *
 * A run that was cut short is begun again behind the last stored rows, with the horizon stored beside
 * them, so nothing that came late meanwhile is lost.
 */
#ifndef SLUICE_SQL_ROWS_PROGRESS_H
#define SLUICE_SQL_ROWS_PROGRESS_H

#include "base/buf.h"
#include "source.h"
#include "statement.h"

enum progress_state { PROGRESS_NONE, PROGRESS_RUNNING, PROGRESS_ENDED };

struct progress {
    enum progress_state state;
    uint64_t shape;   /* what is asked, hashed */
    uint64_t serial;  /* grows with each Kafka transaction */
    uint64_t run;     /* grows from run to run: the first half of each row's position */
    int64_t began_us; /* when the last run began */
    bool whole;       /* a run has ended since the beginning: no snapshot any more */
    bool has_horizon;
    uint64_t horizon; /* rows up to `after` of transactions below it are written */
    uint64_t csv;     /* the content of the file whose bad lines are in the dead letters */
    struct buf bytes; /* the text of `after` */
    struct source_value after[STATEMENT_COLUMNS_MAX]; /* the last row's columns of order */
    size_t after_n;                                   /* 0: none yet */
};

/* Frees what it holds; the struct can be used again. */
void progress_done(struct progress *progress);

/* A run begins: its number is above all before, also above those of a position that was lost. */
void progress_begins(struct progress *progress, int64_t now_us);

/* What came late is written: of the rows up to `after`, all that the moment could see. */
void progress_late_done(struct progress *progress, const struct source_moment *moment);

/* The run has read everything. */
void progress_ends(struct progress *progress);

/* The last row that was written: the values of its columns of order are copied. */
void progress_after(struct progress *progress, const struct source_value *values, size_t n);

/* Appends the JSON object that is stored. */
void progress_print(struct buf *out, const struct progress *progress);

/* Reads a stored object into an empty *ret; the caller frees it by progress_done. ERR_STOP when it
 * is none. */
WARN_UNUSED bool progress_parse(struct str json, struct progress *ret, struct err *reterr);

#endif
