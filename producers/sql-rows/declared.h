/*
 * What a column of SQLite is declared as, in PostgreSQL's terms, and its values in PostgreSQL's
 * text. SQLite lets any value stand in any column; the declaration says how it is written.
 */
#ifndef SLUICE_SQL_ROWS_DECLARED_H
#define SLUICE_SQL_ROWS_DECLARED_H

#include "source.h"

/* The type OIDs that this service tells apart; ROWS_OID_ANY: as the value lies. */
enum rows_oid {
    ROWS_OID_ANY = 0,
    ROWS_OID_BOOL = 16,
    ROWS_OID_BYTEA = 17,
    ROWS_OID_INT8 = 20,
    ROWS_OID_INT2 = 21,
    ROWS_OID_INT4 = 23,
    ROWS_OID_TEXT = 25,
    ROWS_OID_OID = 26,
    ROWS_OID_JSON = 114,
    ROWS_OID_FLOAT4 = 700,
    ROWS_OID_FLOAT8 = 701,
    ROWS_OID_BPCHAR = 1042,
    ROWS_OID_VARCHAR = 1043,
    ROWS_OID_DATE = 1082,
    ROWS_OID_TIME = 1083,
    ROWS_OID_TIMESTAMP = 1114,
    ROWS_OID_TIMESTAMPTZ = 1184,
    ROWS_OID_NUMERIC = 1700,
    ROWS_OID_UUID = 2950,
    ROWS_OID_JSONB = 3802
};

/*
 * The type of a declaration such as "VARCHAR(26)" or "DECIMAL(10,2)"; NULL (an expression) and what
 * SQLite itself would not recognise is ROWS_OID_ANY. REAL and FLOAT have 8 bytes, as in SQLite.
 */
void declared_type(const char *declaration, uint32_t *ret_oid, int32_t *ret_typmod);

/* Appends a real in the shortest text that reads back the same, "55.0" for an integral one. */
void declared_real(struct buf *out, double real);

/*
 * Appends a value in the text of a column of that type: 0 and 1 of a boolean as f and t, a real in a
 * numeric column without exponent. What does not fit is appended as it is; the writer refuses it.
 */
void declared_text(struct buf *out, uint32_t oid, const struct source_value *value);

#endif
