/* The room's inside: what struct pg and struct pg_result are. Not for other rooms. */
#ifndef SLUICE_POSTGRES_HANDLE_H
#define SLUICE_POSTGRES_HANDLE_H

#include "postgres/connection.h"
#include <libpq-fe.h>

struct pg {
    PGconn *conn;
    char *copied;    /* the last line or frame that libpq gave, freed at the next call */
    char **prepared; /* names of the statements prepared in this connection */
    size_t prepared_n;
    char constraint[64]; /* that the last failure named, or "" */
};

struct pg_result {
    PGresult *result;
};

/* Sets *reterr from what the statement's result says, else from the connection; `doing` names it
 * ("COPY"). Returns false. */
bool pg_fail(struct pg *pg, const PGresult *result, const char *doing, struct err *reterr);

/* Frees the last line or frame. */
void pg_drop_copied(struct pg *pg);

/* CLEANUP(pgresult). */
static inline void cleanup_pgresult(PGresult **result)
{
    PQclear(*result);
}

#endif
