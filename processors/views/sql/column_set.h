/*
 * A set of columns of one row, as a plain value. Rows wider than COLUMNS_MAX are refused by the
 * binder.
 */
#ifndef SLUICE_VIEWS_SQL_COLUMN_SET_H
#define SLUICE_VIEWS_SQL_COLUMN_SET_H

#include <stdbool.h>
#include <stdint.h>

enum { COLUMNS_MAX = 1024 };

struct column_set {
    uint64_t words[COLUMNS_MAX / 64];
};

/* Puts the column in. */
static inline void column_set_add(struct column_set *set, uint32_t column)
{
    set->words[column / 64] |= 1ULL << (column % 64);
}

/* Takes the column out. */
static inline void column_set_remove(struct column_set *set, uint32_t column)
{
    set->words[column / 64] &= ~(1ULL << (column % 64));
}

/* The column is in. */
static inline bool column_set_has(const struct column_set *set, uint32_t column)
{
    return (set->words[column / 64] >> (column % 64)) & 1U;
}

/* Puts all columns of `more` in. */
static inline void column_set_join(struct column_set *set, const struct column_set *more)
{
    for (unsigned i = 0; i < COLUMNS_MAX / 64; i++)
        set->words[i] |= more->words[i];
}

/* Takes all columns of `less` out. */
static inline void column_set_leave(struct column_set *set, const struct column_set *less)
{
    for (unsigned i = 0; i < COLUMNS_MAX / 64; i++)
        set->words[i] &= ~less->words[i];
}

/* No column is in. */
static inline bool column_set_empty(const struct column_set *set)
{
    for (unsigned i = 0; i < COLUMNS_MAX / 64; i++)
        if (set->words[i] != 0)
            return false;
    return true;
}

/* Every column of `part` is in `whole`. */
static inline bool column_set_within(const struct column_set *part, const struct column_set *whole)
{
    for (unsigned i = 0; i < COLUMNS_MAX / 64; i++)
        if ((part->words[i] & ~whole->words[i]) != 0)
            return false;
    return true;
}

/* Some column is in both. */
static inline bool column_set_meets(const struct column_set *a, const struct column_set *b)
{
    for (unsigned i = 0; i < COLUMNS_MAX / 64; i++)
        if ((a->words[i] & b->words[i]) != 0)
            return true;
    return false;
}

/* Both hold the same columns. */
static inline bool column_set_same(const struct column_set *a, const struct column_set *b)
{
    return column_set_within(a, b) && column_set_within(b, a);
}

#endif
