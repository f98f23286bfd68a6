/*
 * Values as bytes that compare with memcmp: for state keys, grouping, joins, DISTINCT and ORDER BY.
 * Canonical per equality class of the type: 1.0 and 1.00, -0 and 0, bpchar with and without
 * trailing blanks give the same bytes. Self-delimiting, so columns can be appended one after
 * another. NULL has a form of its own.
 */
#ifndef SLUICE_RECORD_KEY_H
#define SLUICE_RECORD_KEY_H

#include "record/row.h"

/* How one column sorts; the default of ASC is nulls last, of DESC nulls first. */
struct key_order {
    bool descending;
    bool nulls_first;
};

/* ASC NULLS LAST. */
#define KEY_ASCENDING ((struct key_order){false, false})

/* Appends one value of `type`. Text sorts by bytes (C collation). */
void key_append(struct buf *out, enum type_id type, struct value value, struct key_order order);

/* Appends column i of the row, ascending. */
void key_append_column(struct buf *out, const struct schema *schema, const struct row *row,
                       uint16_t i);

/* Appends the schema's key columns of the row, ascending. */
void key_append_key(struct buf *out, const struct schema *schema, const struct row *row);

/* One of the schema's key columns is NULL in the row. */
bool key_has_null(const struct schema *schema, const struct row *row);

#endif
