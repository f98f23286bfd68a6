/*
 * What a run asks its source: the query with its parameters, the columns, the key, the order. Made
 * anew for each run, since the table may have changed.
 */
#ifndef SLUICE_SQL_ROWS_ASKED_H
#define SLUICE_SQL_ROWS_ASKED_H

#include "encode.h"
#include "statement.h"

struct asked {
    struct arena *arena;
    struct statement_shape shape;
    struct source_value params[STATEMENT_COLUMNS_MAX]; /* of the query */
    struct source_columns columns;
    struct encode_source source;
    struct encoder *encoder;
    uint16_t key_at[STATEMENT_COLUMNS_MAX], order_at[STATEMENT_COLUMNS_MAX];
    bool key_unique;   /* the database says so: pages may begin behind a key */
    bool key_nullable; /* nothing forbids NULL in a key column */
    uint64_t hash;     /* of all that a stored position depends on */
};

/* When the run began, which is :as_of unless --as-of says so; and PostgreSQL's database, which must
 * outlive what is asked. */
struct asked_moment {
    int64_t now_us;
    const char *database;
};

/* Finds it all out; the source's run must have begun. ERR_STOP (EX_CONFIG, EX_USAGE) for what can't
 * be asked. Free with asked_done. */
WARN_UNUSED bool asked_make(struct asked *asked, struct source *source,
                            const struct rows_options *options, const struct asked_moment *moment,
                            struct err *reterr);

/* Frees what asked_make made. */
void asked_done(struct asked *asked);

#endif
