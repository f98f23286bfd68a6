/*
 * Articles of a fashion house as the two feeds that its partners take: a CSV file of 26 columns,
 * and a JSON array whose objects have what an XML writer gets wrong.
 */
#ifndef SLUICE_DATAGEN_PRODUCTS_H
#define SLUICE_DATAGEN_PRODUCTS_H

#include "out.h"

/* Writes products.csv, 500 rows, and products.json, the first eighth of them and four odd ones. */
WARN_UNUSED bool products_files(const struct files_config *config, struct err *reterr);

#endif
