/* Finds the records that the target refuses and writes the rest. See write.h. */
#ifndef SLUICE_POSTGRES_UPSERT_ISOLATE_H
#define SLUICE_POSTGRES_UPSERT_ISOLATE_H

#include "write.h"

/*
 * Writes the batch that was refused as a whole, with `offsets`, in one transaction. Each refused
 * record is dead-lettered with its SQLSTATE and constraint; the record of the same key that it had
 * superseded stands in for it. k of n records cost O(k log n) statements. Errors as write_batch.
 */
WARN_UNUSED bool isolate_batch(struct writer *writer, const struct pg_statement *offsets,
                               struct err *reterr);

#endif
