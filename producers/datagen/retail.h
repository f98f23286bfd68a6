/*
 * A shop as three CSV files, customers, transactions and products, in the shape of a well-known
 * Spark exercise: uniform draws, with NULLs, customers without orders and the same content under
 * two keys among them. Not its events: events.h.
 */
#ifndef SLUICE_DATAGEN_RETAIL_H
#define SLUICE_DATAGEN_RETAIL_H

#include "out.h"

/* Writes customers.csv, transactions.csv and products.csv: 10,000, 50,000 and 200 rows. */
WARN_UNUSED bool retail_files(const struct files_config *config, struct err *reterr);

#endif
