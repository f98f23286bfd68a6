/*
 * Values from and to PostgreSQL's text forms (DateStyle ISO, TimeZone UTC, bytea hex). The one
 * place where text becomes a typed value.
 */
#ifndef SLUICE_RECORD_TEXT_H
#define SLUICE_RECORD_TEXT_H

#include "record/row.h"

/*
 * Parses `text` as a value of `type`, typmod applied as a cast would for input (varchar(n) refuses
 * longer text with 22001 except trailing blanks, numeric(p,s) rounds, timestamp(3) rounds). Bytes
 * results are in the arena, or views of `text` where nothing changed. Fails as PostgreSQL does
 * (22P02, 22003, 22007, 22008, 22009, 22015, 22023, 22001), kind ERR_DEAD_LETTER; texts of times
 * that change by themselves ("today") with 0A000.
 */
WARN_UNUSED bool text_parse(struct type type, struct str text, struct arena *arena,
                            struct value *ret, struct err *reterr);

/* Appends the output text of a value that is not NULL: what psql shows. */
void text_print(struct buf *out, struct type type, struct value value);

/* Applies the typmod to a value of the same type as an explicit cast does (varchar(n) truncates).
 */
WARN_UNUSED bool text_apply_typmod(struct type type, struct value value, struct arena *arena,
                                   struct value *ret, struct err *reterr);

/* Appends float8 (or float4) in PostgreSQL's shortest round-trip form: "0.1", "1e+22", "NaN",
 * "Infinity", "-0". */
void text_print_real(struct buf *out, double real, bool single);

/* Days since 2000-01-01 of a proleptic Gregorian date. */
int32_t text_days(int year, int month, int day);

/* The date of a day number. */
void text_date(int32_t days, int *ret_year, int *ret_month, int *ret_day);

/* Days of the month. */
int text_month_length(int year, int month);

/* The day of the week, 0 for Sunday. */
int text_weekday(int32_t days);

#endif
