/*
 * PostgreSQL over libpq, the only room that includes libpq-fe.h: connections, statements, results,
 * the pipeline. Knows nothing of Kafka. Values go as parameters, identifiers are quoted here.
 */
#ifndef SLUICE_POSTGRES_CONNECTION_H
#define SLUICE_POSTGRES_CONNECTION_H

#include "base/buf.h"
#include "base/err.h"
#include "base/options.h"
#include "base/str.h"

/* Filled from postgres_options. libpq's own PGHOST, PGPASSFILE ... fill what is not given. */
struct postgres_config {
    char *url;      /* --postgres-url: a libpq connection string or URI without password */
    char *password; /* --postgres-password-file */
    int64_t connect_timeout_ms;
};

/* The rows that fill struct postgres_config; use as an option group "PostgreSQL". */
extern const struct option postgres_options[];

struct pg;
struct pg_result;

/* How to connect: an ordinary session, or one for the replication protocol (replication=database).
 */
enum pg_mode { PG_ORDINARY, PG_REPLICATION };

/*
 * Connects. application_name is `application`; session settings: TimeZone UTC, DateStyle ISO,
 * IntervalStyle postgres, bytea_output hex, extra_float_digits 3 default, client_encoding UTF8, or
 * SQL_ASCII where that is the database's (then text may be no UTF-8).
 * ERR_RETRY when the server is away, starting or full (08*, 53*, 57P03, no route); ERR_STOP with
 * EX_NOPERM for a refused password or role (28*), EX_CONFIG for a missing database (3D000) or a bad
 * URL. The text names --postgres-url, never the password.
 */
WARN_UNUSED bool pg_connect(const struct postgres_config *config, const char *application,
                            enum pg_mode mode, struct pg **ret, struct err *reterr);

/* NULL is fine. Returns NULL. */
struct pg *pg_close(struct pg *pg);

/* Runs one statement with text parameters (NULL entries are NULL) and waits. *ret may be NULL when
 * the rows are not wanted. The kind follows pg_error_kind. */
WARN_UNUSED bool pg_query(struct pg *pg, const char *sql, const char *const *params, int params_n,
                          struct pg_result **ret, struct err *reterr);

/* Runs a script of several statements (simple protocol). */
WARN_UNUSED bool pg_script(struct pg *pg, const char *sql, struct err *reterr);

/* NULL is fine. Returns NULL. */
struct pg_result *pg_result_free(struct pg_result *result);

/* The number of rows. */
int pg_rows(const struct pg_result *result);

/* The number of columns. */
int pg_columns(const struct pg_result *result);

/* The text of a field, alive as long as the result; at NULL for NULL. */
struct str pg_field(const struct pg_result *result, int row, int column);

/* The name of a column. */
const char *pg_column_name(const struct pg_result *result, int column);

/* The type's OID of a column (of a domain: its base's), and its typmod. */
uint32_t pg_column_type(const struct pg_result *result, int column, int32_t *ret_typmod);

/* Rows affected, from the command tag. */
int64_t pg_affected(const struct pg_result *result);

/*
 * What to do about a SQLSTATE: 08 53 55P03 57 40001 40P01 25006 58: ERR_RETRY; 22 23:
 * ERR_DEAD_LETTER (the record's fault); else ERR_STOP (DDL, privilege, syntax). "" (connection
 * lost): ERR_RETRY.
 */
enum err_kind pg_error_kind(const char *sqlstate);

/* The connection is dead: close it and connect again. */
bool pg_broken(const struct pg *pg);

/* Appends the identifier quoted. */
void pg_quote_identifier(struct buf *out, const char *identifier);

/* Appends the text as a literal, for the few statements that take no parameters (replication
 * commands). */
void pg_quote_literal(struct buf *out, const char *text);

/*
 * COPY ... TO STDOUT in text format: pg_copy_begin runs the statement, pg_copy_row gives one line's
 * bytes without the newline (alive until the next call), *ret_more false at the end.
 */
WARN_UNUSED bool pg_copy_begin(struct pg *pg, const char *sql, struct err *reterr);
WARN_UNUSED bool pg_copy_row(struct pg *pg, struct str *ret_line, bool *ret_more,
                             struct err *reterr);

/* One statement of a pipelined transaction. `name`: prepared under this name on first use in this
 * connection. Parameters as text or, where lengths say so, binary. */
struct pg_statement {
    const char *name, *sql;
    const char *const *values;    /* NULL entries: NULL */
    const int *lengths, *formats; /* NULL: all text */
    const uint32_t *types;        /* parameter type OIDs, or NULL to let the server decide */
    int params_n;
};

/*
 * Sends BEGIN, all statements and COMMIT in one pipeline and waits for every answer: all or
 * nothing. *ret_failed is the index of the statement that failed (-1: COMMIT or the connection).
 * After a lost connection the outcome is unknown: ERR_RETRY with pg_broken; the caller reads its
 * own marker to know.
 */
WARN_UNUSED bool pg_transaction(struct pg *pg, const struct pg_statement *statements, int n,
                                int *ret_failed, struct err *reterr);

/*
 * Runs one such statement by itself and waits: for a transaction that needs answers in between,
 * whose BEGIN and COMMIT the caller sends with pg_query. The kind follows pg_error_kind.
 */
WARN_UNUSED bool pg_execute(struct pg *pg, const struct pg_statement *statement,
                            struct err *reterr);

/* The name of the constraint that the last failed statement broke, or "". Alive until the next
 * statement. */
const char *pg_constraint(const struct pg *pg);

#endif
