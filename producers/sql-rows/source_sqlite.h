/* The inside of the SQLite source: what reading and loading share. The two files source_sqlite*.c
 * alone include sqlite3.h. */
#ifndef SLUICE_SQL_ROWS_SOURCE_SQLITE_H
#define SLUICE_SQL_ROWS_SOURCE_SQLITE_H

#include "source.h"
#include <sqlite3.h>

struct sqlite {
    struct source source; /* first */
    sqlite3 *db;
    struct buf *texts; /* of the row at hand, by column */
    size_t texts_n;
};

/* Sets *reterr from what the database says; `doing` names it. Returns false. */
bool sqlite_fail(sqlite3 *db, const char *doing, struct err *reterr);

/* CLEANUP(statement). */
static inline void cleanup_statement(sqlite3_stmt **statement)
{
    sqlite3_finalize(*statement);
}

#endif
