/*
 * The statements that a run asks, pure: the user's query with its parameters numbered, and around
 * it what pages and bounds need. Keyset paging throughout: a page begins behind the last row's
 * columns of order, never at an offset.
 */
#ifndef SLUICE_SQL_ROWS_STATEMENT_H
#define SLUICE_SQL_ROWS_STATEMENT_H

#include "base/buf.h"
#include "base/err.h"

enum { STATEMENT_COLUMNS_MAX = 16 };

/* What is read, and by which columns it is told apart and ordered. */
struct statement_shape {
    const char *from;       /* a quoted table, or a query in parentheses */
    size_t params_n;        /* of the query: $1 to $params_n */
    const char *const *key; /* of the message; unique */
    size_t key_n;
    const char *order[STATEMENT_COLUMNS_MAX]; /* incremental: time, id, the rest of the key */
    size_t order_n;
    int64_t page_rows;
};

/*
 * The passes over the rows. Each gives a page of at most page_rows (WHOLE and KEYLESS: everything).
 *
 *   WHOLE      every row as the database gives it
 *   ALL        every row, by key
 *   NEW        rows behind the last position, by time and id
 *   LATE       rows at or before it whose transaction had not ended when it was taken, by key
 *   UNSTAMPED  rows without time or id, by key
 *   KEYLESS    rows with a NULL in the key
 *   KEYS       the key columns of every row, by key
 */
enum statement_pass {
    PASS_WHOLE,
    PASS_ALL,
    PASS_NEW,
    PASS_LATE,
    PASS_UNSTAMPED,
    PASS_KEYLESS,
    PASS_KEYS
};

/* Where a page begins. FROM: at the first column of order, itself included (NEW alone). */
enum statement_bound { BOUND_NONE, BOUND_FROM, BOUND_BEHIND };

/*
 * Appends the statement. Behind the query's own parameters stand: for BOUND_FROM one value, for
 * BOUND_BEHIND one for each column that the pass is ordered by; for LATE then the next transaction
 * id, the horizon, and one for each column of order.
 */
void statement_print(struct buf *out, const struct statement_shape *shape, enum statement_pass pass,
                     enum statement_bound bound);

/* The columns that the pass is ordered by. */
const char *const *statement_order(const struct statement_shape *shape, enum statement_pass pass,
                                   size_t *ret_n);

/* Appends `name` as a quoted identifier; at the first dot a schema is split off when `qualified`.
 */
void statement_identifier(struct buf *out, const char *name, bool qualified);

/* Which parameters a query uses: names by number, $1 first. Views of the query. */
struct statement_names {
    struct str names[STATEMENT_COLUMNS_MAX];
    size_t n;
};

/*
 * Appends the query with :name replaced by $1, $2 ...; not within quotes, comments and `::`.
 * `cast_as_of`: :as_of becomes ($1::timestamptz), as PostgreSQL wants it. ERR_STOP (EX_USAGE) when
 * there are too many.
 */
WARN_UNUSED bool statement_bind(struct buf *out, struct str query, bool cast_as_of,
                                struct statement_names *ret, struct err *reterr);

#endif
