/* The tables that the heart knows: columns, key, topic. Made from a Relation message and what the
 * catalogue says. Not for the edges, which see struct capture_table closed. */
#ifndef SLUICE_POSTGRES_CDC_CAPTURE_TABLE_H
#define SLUICE_POSTGRES_CDC_CAPTURE_TABLE_H

#include "capture.h"

struct capture_table {
    uint32_t oid;
    bool wanted;
    char *schema, *name, *topic;
    char **names; /* of the columns */
    int32_t partitions;
    struct debezium_column *columns;
    bool *identity; /* columns that an old row of kind 'K' holds */
    uint16_t *key;  /* columns in key order */
    /* the key's columns and room for a row's values of them, as the writer takes them */
    struct debezium_column *key_columns;
    struct debezium_datum *key_row;
    uint16_t columns_n, key_n;
};

/* Sorted by oid; `last` is where the last look-up ended. */
struct capture_tables {
    struct capture_table **items;
    size_t n, last;
};

/* The table of that oid, or NULL. */
struct capture_table *capture_tables_find(struct capture_tables *tables, uint32_t oid);

/* Builds the table; `topic` is copied. ERR_STOP when the key can't be told. The caller frees it. */
WARN_UNUSED bool capture_table_new(const struct pgoutput_relation *relation,
                                   const struct capture_facts *facts, const char *topic,
                                   struct capture_table **ret, struct err *reterr);

/* Takes the table, in place of an older one of its oid, which is freed. */
void capture_tables_put(struct capture_tables *tables, struct capture_table *table);

/* Frees all. */
void capture_tables_done(struct capture_tables *tables);

#endif
