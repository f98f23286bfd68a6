/* One line of COPY's text format -> the values of a row. Pure. */
#ifndef SLUICE_POSTGRES_CDC_COPY_LINE_H
#define SLUICE_POSTGRES_CDC_COPY_LINE_H

#include "base/err.h"
#include "record/debezium.h"

/*
 * Splits the line (without its newline) into exactly `n` values. Escapes are undone in place: the
 * values are views of the line. ERR_STOP when it has another number of values or a bad escape.
 */
WARN_UNUSED bool copy_line_split(char *line, size_t len, struct debezium_datum *row, uint16_t n,
                                 struct err *reterr);

#endif
