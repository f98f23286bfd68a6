/*
 * A row as flat bytes: one block, no pointers, no allocation per value; it can be stored, hashed
 * and compared as it is.
 *
 *   offset  size        what
 *   0       4           length of the whole row in bytes, a multiple of 8
 *   4       2           number of columns n
 *   6       2           0
 *   8       8*w         null bitmap, w = (n + 63) / 64 words, bit i set: column i is NULL
 *   8+8w    8*n         slots: the value itself, or for bytes types the offset from the row's start
 * (low 32 bits) and the length (high 32 bits); 0 for NULL
 *   ...                 variable area, each value's bytes one after another, the end padded with
 * zeros to 8
 *
 * All in the machine's byte order (state is rebuilt when it moves to another). Two rows with equal
 * bytes are the same row; rows equal in SQL's sense may differ in bytes (1.0 and 1.00): equality
 * classes are key.h's business.
 */
#ifndef SLUICE_RECORD_ROW_H
#define SLUICE_RECORD_ROW_H

#include "record/types.h"
#include <assert.h>

/* The fixed head; the rest follows in memory. 8-aligned. */
struct row {
    uint32_t len;
    uint16_t columns_n;
    uint16_t zero;
    uint64_t words[];
};

/* One value on its own, at the edges of programs. For bytes types `bytes` is set, else `slot`;
 * which, the type says. */
struct value {
    bool null;
    union {
        int64_t slot;
        double real;
        struct str bytes;
    };
};

/* Words of the null bitmap of n columns. */
static inline uint32_t row_null_words(uint16_t columns_n)
{
    return (columns_n + 63U) / 64U;
}

/* Column i is NULL. */
static inline bool row_is_null(const struct row *row, uint16_t i)
{
    return (row->words[i / 64U] >> (i % 64U)) & 1U;
}

/* The slot of a column that is not of a bytes type; 0 for NULL. */
static inline int64_t row_slot(const struct row *row, uint16_t i)
{
    return (int64_t)row->words[row_null_words(row->columns_n) + i];
}

/* The slot as a double. */
static inline double row_real(const struct row *row, uint16_t i)
{
    double real;

    memcpy(&real, &row->words[row_null_words(row->columns_n) + i], sizeof(real));
    return real;
}

/* The bytes of a column of a bytes type, alive as long as the row; empty for NULL. */
static inline struct str row_bytes(const struct row *row, uint16_t i)
{
    uint64_t slot = row->words[row_null_words(row->columns_n) + i];

    return (struct str){(const char *)row + (uint32_t)slot, (size_t)(slot >> 32)};
}

/* Column i as a value of `type`. */
static inline struct value row_value(const struct row *row, uint16_t i, enum type_id type)
{
    struct value value = {.null = row_is_null(row, i)};

    if (type_is_bytes(type))
        value.bytes = row_bytes(row, i);
    else
        value.slot = row_slot(row, i);
    return value;
}

/*
 * Builds one row after another without allocating: set every column once, in any order, then
 * finish. A column not set is NULL. The builder keeps its two buffers for the next row.
 */
struct row_builder {
    struct buf head;  /* head, bitmap and slots of the row in the making */
    struct buf bytes; /* its variable area */
    uint16_t columns_n;
};

/* Frees the builder's buffers. */
void row_builder_done(struct row_builder *builder);

/* CLEANUP(row_builder) for a local struct. */
static inline void cleanup_row_builder(struct row_builder *builder)
{
    row_builder_done(builder);
}

/* Starts a row of n columns, all NULL. */
void row_begin(struct row_builder *builder, uint16_t columns_n);

/* Sets a slot that is not of a bytes type. */
void row_set_slot(struct row_builder *builder, uint16_t i, int64_t slot);

/* Sets a column of a bytes type to a copy of `bytes` (less than 1 GiB in all). */
void row_set_bytes(struct row_builder *builder, uint16_t i, struct str bytes);

/* Sets a column from a value of `type`. */
void row_set_value(struct row_builder *builder, uint16_t i, enum type_id type, struct value value);

/* The finished row, in the arena. */
const struct row *row_finish(struct row_builder *builder, struct arena *arena);

/* A copy of the row in the arena. */
const struct row *row_copy(struct arena *arena, const struct row *row);

/* The row as bytes; alive as long as the row. */
static inline struct str row_str(const struct row *row)
{
    return (struct str){(const char *)row, row->len};
}

/* Same bytes. */
static inline bool row_same(const struct row *a, const struct row *b)
{
    return a->len == b->len && memcmp(a, b, a->len) == 0;
}

/*
 * Checks bytes from disk or wire before they are read as a row of `schema`: length, column count,
 * every offset inside. `bytes.at` must be 8-aligned. The row is a view of the bytes.
 */
WARN_UNUSED bool row_check(struct str bytes, const struct schema *schema,
                           const struct row **ret_row, struct err *reterr);

#endif
