/*
 * What the files of function bodies share: their tables, the two errors all numbers know, and
 * comparison by a type's own order. Not for other rooms.
 */
#ifndef SLUICE_VIEWS_EXPR_BODY_H
#define SLUICE_VIEWS_EXPR_BODY_H

#include "expr/function.h"

extern const struct function functions_compare[], functions_number[], functions_math[],
    functions_numeric[], functions_text[], functions_string[], functions_regex[], functions_time[],
    functions_moment[], functions_json[], functions_jsonb[], functions_array[], functions_bytes[],
    functions_format[], functions_cast[], functions_rows[], functions_read[], functions_unicode[],
    functions_jsonpath[], functions_order[], functions_collation[], functions_record[],
    functions_member[];

/* Appends a row of one column; 54000 when they are too many. */
bool rows_add(struct rows_out *out, struct value value, struct err *reterr);

/* Array types as constants, for the tables. */
#define type_int4_array ((enum type_id)(TYPE_ARRAY | TYPE_INT4))
#define type_text_array ((enum type_id)(TYPE_ARRAY | TYPE_TEXT))

/* Rows of the tables. */
#define FUNCTION_OPERATOR_ROW(symbol, a, b, r, body_)                                              \
    {                                                                                              \
        .name = (symbol), .kind = FUNCTION_OPERATOR, .args = {(a), (b)}, .result = (r),            \
        .body = (body_)                                                                            \
    }
#define FUNCTION_PREFIX_ROW(symbol, a, r, body_)                                                   \
    {                                                                                              \
        .name = (symbol), .kind = FUNCTION_OPERATOR, .args = {(a)}, .result = (r), .body = (body_) \
    }
#define FUNCTION_ROW(name_, r, body_, ...)                                                         \
    {                                                                                              \
        .name = (name_), .args = {__VA_ARGS__}, .result = (r), .body = (body_)                     \
    }
/* One that is called with NULL arguments. */
#define FUNCTION_LOOSE_ROW(name_, r, body_, ...)                                                   \
    {                                                                                              \
        .name = (name_), .args = {__VA_ARGS__}, .result = (r), .not_strict = true, .body = (body_) \
    }

/* The cast that changes nothing but the type: compiled away. */
bool cast_same(const struct call *call, struct value *ret, struct err *reterr);

/* Casts through PostgreSQL's output form; `true` and `false` for bool. */
bool cast_print(const struct call *call, struct value *ret, struct err *reterr);

/* "integer out of range", by the result's type. Returns false. */
bool err_out_of_range(struct err *reterr, enum type_id type);

/* "division by zero". Returns false. */
bool err_division_by_zero(struct err *reterr);

/* The number as an int2, int4 or int8: 22003 when it does not fit. */
bool int_result(enum type_id type, int64_t number, struct value *ret, struct err *reterr);

/* `body` with the elements of the last argument, an array, in its place; of a NULL none. */
bool call_spread(const struct call *call, function_body *body, struct value *ret,
                 struct err *reterr);

/* Orders two values, both not NULL, of one type as the type's btree does: NaN above all, bpchar
 * without its blanks. Negative, 0, positive. */
int value_compare(enum type_id type, struct value a, struct value b);

/* Which results of a comparison make the operator true: bit 0 less, bit 1 equal, bit 2 greater; 0
 * when `name` is no comparison. */
unsigned comparison_mask(const char *name);

/* Lives in the table of `mask` and the sign of a comparison. */
static inline bool comparison_holds(unsigned mask, int order)
{
    return (mask >> ((order > 0) - (order < 0) + 1) & 1U) != 0;
}

#endif
