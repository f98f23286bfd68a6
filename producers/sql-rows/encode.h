/*
 * The heart: a row of the source -> key, row and value of a record, as text. Pure. The row's text is
 * also what stands for its content: a row whose text has not changed is not written again.
 */
#ifndef SLUICE_SQL_ROWS_ENCODE_H
#define SLUICE_SQL_ROWS_ENCODE_H

#include "source.h"

/* What the envelope says of where a row comes from. */
struct encode_source {
    const char *name, *database, *table; /* the topic prefix; the database; NULL for a query */
    const char *kind;                    /* of the database: "postgresql", "sqlite" */
};

struct encoder;

/*
 * For rows of these columns, of which `key` names some in key order (key_n 0: no key). `columns` and
 * `source` must outlive it. ERR_STOP (EX_CONFIG) when a key column is not among them. Free with
 * encoder_free.
 */
WARN_UNUSED bool encoder_new(const struct source_columns *columns, const char *const *key,
                             size_t key_n, const struct encode_source *source, bool envelope,
                             struct encoder **ret, struct err *reterr);

/* NULL is fine. Returns NULL. */
struct encoder *encoder_free(struct encoder *encoder);

/* The index of a column, or -1. */
int encoder_find(const struct encoder *encoder, const char *name);

/*
 * Takes a row: `key` becomes its key object (empty without a key), `row` the object of its columns.
 * ERR_DEAD_LETTER, naming the column, when a value is not of its declared type, is no UTF-8, or a
 * key column is NULL.
 */
WARN_UNUSED bool encode_row(struct encoder *encoder, const struct source_value *values,
                            struct buf *key, struct buf *row, struct err *reterr);

/* `key` becomes the key object of values of the key columns alone, in key order. As encode_row. */
WARN_UNUSED bool encode_key(struct encoder *encoder, const struct source_value *values,
                            struct buf *key, struct err *reterr);

/* One event: `row` is the text that encode_row gave; empty for op d, which takes the key's. */
struct encode_event {
    char op; /* r c u d */
    bool snapshot;
    uint64_t run, ordinal; /* its position */
    int64_t read_us, now_us;
    struct str key, row;
};

/* Appends the record's value: the envelope or, for plain rows, the row. ERR_STOP for a key that is
 * not one of encode_row. */
WARN_UNUSED bool encode_value(const struct encoder *encoder, const struct encode_event *event,
                              struct buf *out, struct err *reterr);

/* Appends a row that can't be used: every value as text under its column's name, bytes as they are.
 */
void encode_raw(const struct encoder *encoder, const struct source_value *values, struct buf *out);

#endif
