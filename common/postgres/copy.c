#include "postgres/connection.h"
#include "postgres/handle.h"

bool pg_copy_begin(struct pg *pg, const char *sql, struct err *reterr)
{
    PGresult *result CLEANUP(pgresult) = PQexec(pg->conn, sql);

    if (PQresultStatus(result) != PGRES_COPY_OUT)
        return pg_fail(pg, result, "COPY", reterr);
    return true;
}

/* After the last line: the command's own outcome, and what may stand behind it. */
static bool finish_copy(struct pg *pg, struct err *reterr)
{
    PGresult *result CLEANUP(pgresult) = PQgetResult(pg->conn);
    bool ok = PQresultStatus(result) == PGRES_COMMAND_OK;

    if (!ok)
        pg_fail(pg, result, "COPY", reterr);
    for (PGresult *more = PQgetResult(pg->conn); more != NULL; more = PQgetResult(pg->conn))
        PQclear(more);
    return ok;
}

bool pg_copy_row(struct pg *pg, struct str *ret_line, bool *ret_more, struct err *reterr)
{
    pg_drop_copied(pg);
    int len = PQgetCopyData(pg->conn, &pg->copied, 0);
    if (len == -2)
        return pg_fail(pg, NULL, "COPY", reterr);
    if (len == -1) {
        if (!finish_copy(pg, reterr))
            return false;
        *ret_more = false;
        return true;
    }
    *ret_line = (struct str){pg->copied, (size_t)len};
    if (len > 0 && pg->copied[len - 1] == '\n')
        ret_line->len--;
    *ret_more = true;
    return true;
}
