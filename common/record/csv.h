/*
 * CSV in chunks: RFC 4180, and what is met in the wild as Python's csv reads it: a byte order
 * mark, LF, CRLF or CR, quotes inside unquoted fields, text behind a closing quote, blank lines
 * (skipped). Beyond that: a record with a NUL is bad, a quote that never closes costs its line and
 * no more. Own scanner because it is the hot path (tests/bench/csv.c); Python's csv is the oracle.
 *
 * Fill `window` (window_room, window_filled, ended) when told STREAM_MORE.
 */
#ifndef SLUICE_RECORD_CSV_H
#define SLUICE_RECORD_CSV_H

#include "base/buf.h"
#include "base/err.h"
#include "record/window.h"

/* Use zeroed, but for `delimiter`, `quote` ('\0': none) and `window.limit`. */
struct csv {
    struct window window;
    char delimiter, quote;
    uint64_t line; /* where the next record begins, from 1; 0 before the first */
    bool skipping; /* inside a record that was too long */
    struct str *fields;
    size_t fields_n, fields_cap;
    struct buf unquoted; /* bytes of fields that are not views of the window */
};

/* A record. Views live until the next call of csv_next or window_room. */
struct csv_record {
    const struct str *fields;
    size_t fields_n;
    struct str raw; /* its bytes without the line end; for STREAM_BAD at most 64 KiB of them */
    uint64_t line;  /* where it begins */
    bool ascii;     /* no byte above 0x7F: need not be checked for UTF-8 */
};

/*
 * The next record. STREAM_BAD: `raw` and `line` are set, *reterr (ERR_DEAD_LETTER) says why. Never
 * STREAM_BROKEN.
 */
enum stream_step csv_next(struct csv *csv, struct csv_record *ret, struct err *reterr);

/* Frees the memory. */
void csv_done(struct csv *csv);

#endif
