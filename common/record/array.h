/*
 * One-dimensional arrays as flat bytes: the number of elements, the lower bound, then each element:
 * its length (UINT32_MAX: NULL) and its bytes, a slot being eight of them. All in the machine's
 * order, nothing aligned. An empty array has no bounds (lower bound 1). Pure; knows nothing of SQL
 * functions.
 */
#ifndef SLUICE_RECORD_ARRAY_H
#define SLUICE_RECORD_ARRAY_H

#include "record/row.h"

/* Walks over the elements of a packed array, which must outlive it. */
struct array_walk {
    enum type_id element;
    uint32_t n, i; /* i: elements given so far */
    int32_t lower;
    const char *at, *end;
};

/* An array in the making: begin, add each element, finish. Freed by array_maker_done. */
struct array_maker {
    struct buf bytes;
    enum type_id element;
    uint32_t n;
    int32_t lower;
};

/* Opens a packed array of elements of `element`. */
struct array_walk array_open(struct str packed, enum type_id element);

/* The next element; false at the end. Bytes are views of the array. */
bool array_next(struct array_walk *walk, struct value *ret);

/* Starts an array. */
void array_begin(struct array_maker *maker, enum type_id element, int32_t lower);

/* Appends an element. */
void array_add(struct array_maker *maker, struct value value);

/* The packed array, in the arena. */
struct str array_finish(struct array_maker *maker, struct arena *arena);

/* Frees the maker's memory. */
void array_maker_done(struct array_maker *maker);

/* The bytes are a packed array: for what comes from disk or wire. */
bool array_check(struct str packed, enum type_id element);

/* Parses "{1,NULL,\"a b\"}" and "[2:3]={1,2}" as an array of `type`; refuses more than one
 * dimension. */
WARN_UNUSED bool array_parse(struct type type, struct str text, struct arena *arena,
                             struct str *ret, struct err *reterr);

/* Appends the text form. */
void array_print(struct buf *out, struct type type, struct str packed);

/* CLEANUP(array_maker) for a local struct. */
static inline void cleanup_array_maker(struct array_maker *maker)
{
    array_maker_done(maker);
}

#endif
