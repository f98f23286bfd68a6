/* The topic's rows as Avro's schemas describe them: the columns that a shape gives. Pure. */
#ifndef SLUICE_OBJECTS_DESCRIBED_H
#define SLUICE_OBJECTS_DESCRIBED_H

#include "record/avro_envelope.h"
#include "shape.h"

/*
 * The table of rows from CSV whose header was read (`csv`), or from JSON by its declared columns;
 * what it points to is in the arena and the shape. ERR_STOP (EX_USAGE) when nothing declares the
 * columns of JSON, or one of its key.
 */
WARN_UNUSED bool described_table(const struct shape *shape, bool csv, const char *topic,
                                 struct arena *arena, struct avro_table *ret, struct err *reterr);

#endif
