/*
 * A record's JSON as the fields of a target row: one pass, directed by the table. Pure.
 */
#ifndef SLUICE_POSTGRES_UPSERT_DECODE_H
#define SLUICE_POSTGRES_UPSERT_DECODE_H

#include "table.h"

/*
 * Reads key and value of an upsert (value.at not NULL) or of a tombstone into *ret_fields, one a
 * column: `at` NULL is NULL, text for WIRE_TEXT, a number in 2, 4 or 8 big-endian bytes for the
 * others. Views of the record or of the arena. A tombstone fills the key columns alone; an upsert
 * takes key columns that its value lacks from the key, other missing ones are NULL.
 *
 * ERR_DEAD_LETTER: not a JSON object, a key column missing (or, in an upsert, NULL that can't be),
 * text that PostgreSQL can't hold, a number that the column can't hold. ERR_STOP: a field without
 * a column, with what mends it.
 */
WARN_UNUSED bool decode_record(const struct target_table *table, struct str key, struct str value,
                               struct arena *arena, struct str **ret_fields, struct err *reterr);

#endif
