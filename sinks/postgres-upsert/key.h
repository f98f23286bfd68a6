/*
 * Whether a topic's records are keyed by the columns that the table is keyed by. Where a record's
 * key has one more, rows of several keys would fall into one row; where it has one less, a row
 * would stay beside the one that replaces it. Pure.
 */
#ifndef SLUICE_POSTGRES_UPSERT_KEY_H
#define SLUICE_POSTGRES_UPSERT_KEY_H

#include "base/buf.h"
#include "table.h"

/* What is known of one topic's keys; starts zeroed. */
struct key_check {
    bool told;
    uint32_t schema_id; /* of the keys that told it, 0 for JSON */
};

/* Nothing is known yet of keys as this one, as it lies in the topic: JSON, or Avro in Confluent's
 * framing, whose schema's id it bears. Each record is asked, so it is a glance at five bytes. */
static inline bool key_unknown(const struct key_check *check, struct str framed,
                               uint32_t *ret_schema_id)
{
    bool avro = framed.len > 5 && framed.at[0] == '\0';

    *ret_schema_id = avro ? (uint32_t)be_get(framed.at + 1, 4) : 0;
    return !check->told || check->schema_id != *ret_schema_id;
}

/*
 * Compares the names in a record's key, a JSON object, with the table's key; their order is free.
 * *ret_told is false where this record can't say it, and another has to: it has no key, one that is
 * no object, or it is a tombstone without a column that a deletion needs; decode_record refuses
 * those. ERR_STOP (EX_CONFIG) when they differ, with both lists and the statement that mends it.
 */
WARN_UNUSED bool key_fits(const struct target_table *table, struct str key, bool tombstone,
                          struct arena *arena, bool *ret_told, struct err *reterr);

#endif
