/*
 * A target table as the catalog describes it, and the statements that write to it. Pure: catalog.h
 * fills it. All lies in the session's arena.
 */
#ifndef SLUICE_POSTGRES_UPSERT_TABLE_H
#define SLUICE_POSTGRES_UPSERT_TABLE_H

#include "base/arena.h"
#include "base/err.h"
#include <stdint.h>

/* How a column's values go over the wire: as an array of integers, or of text that the statement
 * casts. */
enum wire { WIRE_TEXT, WIRE_INT2, WIRE_INT4, WIRE_INT8 };

/* How a JSON value becomes the column's text: FORM_JSON keeps it as JSON (json, jsonb), FORM_ARRAY
 * turns a JSON array into PostgreSQL's array literal. */
enum form { FORM_TEXT, FORM_JSON, FORM_ARRAY };

struct target_column {
    const char *name;
    const char *type; /* without typmod: an explicit cast to varchar(3) would cut, the assignment
                         refuses */
    enum wire wire;
    enum form form;
    bool is_key, nullable;
    bool same_by_bytes; /* values that are equal print alike: not so numeric (1.0 = 1.00) */
};

/* `key`: indices of the key columns in the index's order; key_n 0: the table of a query without
 * GROUP BY, at most one row, unique index on the constant (true). */
struct target_table {
    const char *topic, *schema, *name, *quoted;
    struct target_column *columns;
    uint32_t *key;
    uint32_t columns_n, key_n;
    uint32_t time_column; /* that gets the record's commit time; columns_n: none */
    bool key_nullable;
    const char *key_drop_sql; /* what takes the key away; NULL: unknown */
    bool other_unique;        /* there are more unique indexes than the key's */
    /* text and name of each prepared statement; see table_statements */
    const char *upsert_sql, *delete_sql, *delete_null_sql;
    const char *upsert_name, *delete_name, *delete_null_name;
    /* of a resync: the keys that were read, and what is not among them */
    const char *seen_create_sql, *seen_sql, *purge_sql;
    const char *seen_name, *purge_name;
};

/*
 * Fills in the statements; `number` makes their names unique in the connection.
 *
 *   upsert       one array a column, in column order
 *   delete       one array a key column, no NULL in any of them: always by the index
 *   delete_null  the same for keys that hold a NULL
 *   seen         one array a key column; purge none
 */
void table_statements(struct arena *arena, struct target_table *table, unsigned number);

/* The column of this name, or columns_n; `guess` is looked at first. */
uint32_t table_column(const struct target_table *table, struct str name, uint32_t guess);

#endif
