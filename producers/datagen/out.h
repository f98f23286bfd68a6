/*
 * The files that datagen writes: fields as CSV or JSON, byte for byte the same everywhere. Text
 * goes to a stdio stream, whose error is looked at once, when it is closed. What stands in the
 * files is the data sets' affair.
 */
#ifndef SLUICE_DATAGEN_OUT_H
#define SLUICE_DATAGEN_OUT_H

#include "base/cleanup.h"
#include "base/err.h"
#include "random.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* What a data set of files is made from. `rows`: of its largest file, 0 is its own size; `today`:
 * days since 1970. */
struct files_config {
    const char *folder;
    uint64_t seed;
    int64_t rows, today;
    bool dirty, crlf;
    int64_t *files, *bytes; /* counted as they are put in their places */
};

/* Begins FOLDER/NAME; it is written beside one that is there, as .NAME. */
WARN_UNUSED bool out_open(const struct files_config *config, const char *name, FILE **ret,
                          struct err *reterr);

/* Closes it and puts it in its place, whole; false when anything that was written did not arrive. */
WARN_UNUSED bool out_close(FILE *file, const struct files_config *config, const char *name,
                           struct err *reterr);

/* A CSV field, quoted only where it must be. */
void out_csv(FILE *file, const char *text);

/* A JSON string with its quotes; the text is UTF-8. */
void out_json(FILE *file, const char *text);

/* An amount in hundredths without trailing zeros: 70, 70.5, 70.55. */
const char *out_hundredths(int64_t hundredths, char *to, size_t size);

/* yyyy-mm-dd of a day since 1970. */
const char *out_day(int64_t day, char *to, size_t size);

/* The day of a yyyy-mm-dd; false when it is none. */
bool out_day_of(const char *text, int64_t *ret);

/* Puts n kinds into `to`, each as often as its weight says (exactly, where the weights add up to n,
 * in proportion otherwise), and shuffles them. */
void deal(struct random *random, unsigned char *to, uint32_t n, const uint32_t *weights,
          uint32_t kinds);

/* A number from 0 up to but without 1. */
double random_unit(struct random *random);

#endif
