/*
 * The quality of a topic's rows: for each column how many values are there, how many are not, how
 * many are empty, different, and there again. Rows in as JSON objects, a result out. Pure; its
 * memory is bounded by `limit_bytes` and the columns by their maximum.
 *
 * Duplicates are values (not NULL) minus different values, both by a 64-bit hash of the value's
 * text: a row of the result says whether they were counted or, beyond the bound, estimated
 * (distinct.h). The row "(key)" tells of the records' keys, "(row)" of whole rows: its nulls are rows
 * in which anything is NULL, its completeness is of all cells.
 */
#ifndef SLUICE_REPORT_QUALITY_H
#define SLUICE_REPORT_QUALITY_H

#include "base/arena.h"
#include "format.h"

enum { QUALITY_COLUMNS_MAX = 512 };

struct quality;

/* Free with quality_free. */
struct quality *quality_new(size_t limit_bytes);

/* NULL is fine. Returns NULL. */
struct quality *quality_free(struct quality *quality);

/* Counts a row, a JSON object, under its key (at NULL: none). A column that a row lacks is NULL
 * there. ERR_DEAD_LETTER: it is no object, or has a column too many; it counts for nothing then. */
WARN_UNUSED bool quality_row(struct quality *quality, struct str key, struct str row,
                             struct err *reterr);

/* Rows so far. */
uint64_t quality_rows(const struct quality *quality);

/* The row that a record's value (JSON) holds: itself, or of a Debezium envelope what the row is
 * after it; at NULL when that is none. ERR_DEAD_LETTER: it is no object. */
WARN_UNUSED bool quality_row_of(struct str value, struct arena *arena, struct str *ret,
                                struct err *reterr);

/* The result, in the arena. */
struct part quality_result(const struct quality *quality, struct arena *arena);

/*
 * The result as one document, in the arena: {"file_exists":true,"row_count":N,"column_count":N,
 * "columns":[...],"memory_usage_mb":N,"has_nulls":true,"null_columns":[...],
 * "validation_timestamp":"..."}. The memory is that of the rows' text.
 */
struct part quality_document(const struct quality *quality, int64_t unix_us, struct arena *arena);

#endif
