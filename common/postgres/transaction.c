#include "postgres/connection.h"
#include "postgres/handle.h"
#include <assert.h>

static bool is_prepared(const struct pg *pg, const char *name)
{
    for (size_t i = 0; i < pg->prepared_n; i++) {
        if (strcmp(pg->prepared[i], name) == 0)
            return true;
    }
    return false;
}

static void remember(struct pg *pg, const char *name)
{
    pg->prepared = err_realloc(pg->prepared, (pg->prepared_n + 1) * sizeof(*pg->prepared));
    pg->prepared[pg->prepared_n++] = err_strdup(name);
}

static bool send_plain(struct pg *pg, const char *sql)
{
    return PQsendQueryParams(pg->conn, sql, 0, NULL, NULL, NULL, NULL, 0) == 1;
}

/* One statement may stand several times in a transaction: it is prepared at its first place. */
static bool first_use(const struct pg *pg, const struct pg_statement *statements, int i)
{
    if (is_prepared(pg, statements[i].name))
        return false;
    for (int earlier = 0; earlier < i; earlier++) {
        if (strcmp(statements[earlier].name, statements[i].name) == 0)
            return false;
    }
    return true;
}

static bool send_statement(struct pg *pg, const struct pg_statement *statement, bool prepare)
{
    if (prepare && PQsendPrepare(pg->conn, statement->name, statement->sql, statement->params_n,
                                 statement->types) != 1)
        return false;
    return PQsendQueryPrepared(pg->conn, statement->name, statement->params_n, statement->values,
                               statement->lengths, statement->formats, 0) == 1;
}

static bool send_all(struct pg *pg, const struct pg_statement *statements, int n, bool *prepares)
{
    if (!send_plain(pg, "BEGIN"))
        return false;
    for (int i = 0; i < n; i++) {
        prepares[i] = first_use(pg, statements, i);
        if (!send_statement(pg, &statements[i], prepares[i]))
            return false;
    }
    return send_plain(pg, "COMMIT") && PQpipelineSync(pg->conn) == 1;
}

/* One answer and the NULL behind it. *failed is raised at the first error only. */
static bool take_answer(struct pg *pg, const char *doing, bool *failed, struct err *reterr)
{
    PGresult *result CLEANUP(pgresult) = PQgetResult(pg->conn);
    ExecStatusType status = PQresultStatus(result);
    bool ok = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;

    if (!ok && !*failed && status != PGRES_PIPELINE_ABORTED) {
        *failed = true;
        pg_fail(pg, result, doing, reterr);
    }
    if (result != NULL) {
        for (PGresult *more = PQgetResult(pg->conn); more != NULL; more = PQgetResult(pg->conn))
            PQclear(more);
    }
    return ok;
}

static bool take_answers(struct pg *pg, const struct pg_statement *statements, int n,
                         const bool *prepares, int *ret_failed, struct err *reterr)
{
    bool failed = false;

    *ret_failed = -1;
    if (!take_answer(pg, "BEGIN", &failed, reterr))
        return false;
    for (int i = 0; i < n && !pg_broken(pg); i++) {
        bool before = failed;

        if (prepares[i] && take_answer(pg, statements[i].name, &failed, reterr))
            remember(pg, statements[i].name);
        take_answer(pg, statements[i].name, &failed, reterr);
        if (failed && !before)
            *ret_failed = i;
    }
    if (!pg_broken(pg))
        take_answer(pg, "COMMIT", &failed, reterr);
    return !failed;
}

/* Reads what is left of the pipeline's answers up to its end. Two NULLs in a row: there is no more,
 * as after a server that ended the session. */
static void drain(struct pg *pg)
{
    for (int empty = 0; empty < 2 && !pg_broken(pg);) {
        PGresult *result CLEANUP(pgresult) = PQgetResult(pg->conn);

        if (PQresultStatus(result) == PGRES_PIPELINE_SYNC)
            return;
        empty = result == NULL ? empty + 1 : 0;
    }
}

/* Out of the pipeline and out of a transaction that failed. */
static void leave(struct pg *pg)
{
    drain(pg);
    PQexitPipelineMode(pg->conn);
    if (!pg_broken(pg) && PQtransactionStatus(pg->conn) != PQTRANS_IDLE)
        PQclear(PQexec(pg->conn, "ROLLBACK"));
}

bool pg_transaction(struct pg *pg, const struct pg_statement *statements, int n, int *ret_failed,
                    struct err *reterr)
{
    bool *prepares CLEANUP(free) = err_calloc((size_t)n + 1, sizeof(*prepares));

    *ret_failed = -1;
    if (PQenterPipelineMode(pg->conn) != 1 || !send_all(pg, statements, n, prepares))
        return pg_fail(pg, NULL, "pipeline", reterr);
    bool ok = take_answers(pg, statements, n, prepares, ret_failed, reterr);
    if (pg_broken(pg))
        *ret_failed = -1;
    leave(pg);
    return ok;
}

bool pg_execute(struct pg *pg, const struct pg_statement *statement, struct err *reterr)
{
    if (!is_prepared(pg, statement->name)) {
        PGresult *prepared CLEANUP(pgresult) = PQprepare(pg->conn, statement->name, statement->sql,
                                                         statement->params_n, statement->types);

        if (PQresultStatus(prepared) != PGRES_COMMAND_OK)
            return pg_fail(pg, prepared, statement->name, reterr);
        remember(pg, statement->name);
    }
    PGresult *result CLEANUP(pgresult) =
        PQexecPrepared(pg->conn, statement->name, statement->params_n, statement->values,
                       statement->lengths, statement->formats, 0);
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ||
           pg_fail(pg, result, statement->name, reterr);
}
