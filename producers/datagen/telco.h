/*
 * The customers of a telephone company, as one CSV file of 7,043 rows: the marginals of the well-
 * known public file to the row, its dependencies between services, and what a careless pipeline
 * gets wrong at its edges. No row is a real one.
 */
#ifndef SLUICE_DATAGEN_TELCO_H
#define SLUICE_DATAGEN_TELCO_H

#include "out.h"

/* Writes telco_customer_churn.csv. */
WARN_UNUSED bool telco_files(const struct files_config *config, struct err *reterr);

#endif
