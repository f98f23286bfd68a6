/* The topic as Avro's schemas describe it: of envelopes, or of plain rows. Pure. */
#ifndef SLUICE_SQL_ROWS_DESCRIBED_H
#define SLUICE_SQL_ROWS_DESCRIBED_H

#include "source.h"

/* What is read: its columns, and which of them are the key, in key order (key_n 0: no key). */
struct described_rows {
    const char *topic;
    const struct source_columns *columns;
    const uint16_t *key;
    size_t key_n;
};

/*
 * Appends the schemas of keys (nothing without a key) and values: envelopes, or with `plain` the
 * rows. ERR_STOP (EX_CONFIG) when two columns come to one name.
 */
WARN_UNUSED bool described_schemas(const struct described_rows *rows, bool plain, struct buf *key,
                                   struct buf *value, struct err *reterr);

#endif
