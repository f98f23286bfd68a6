/*
 * Six answers of an API about the 250 countries of a world that is none, a JSON array each: five
 * that change from one to the next as a well-known public file did, so many countries by so many
 * fields, and a sixth with an insert, a delete and a renamed key.
 */
#ifndef SLUICE_DATAGEN_COUNTRIES_H
#define SLUICE_DATAGEN_COUNTRIES_H

#include "out.h"

/* Writes countries_1.json to countries_6.json. */
WARN_UNUSED bool countries_files(const struct files_config *config, struct err *reterr);

#endif
