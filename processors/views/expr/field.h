/*
 * Fields of dates, times and intervals: extract, date_part and date_trunc. Not for other rooms.
 */
#ifndef SLUICE_VIEWS_EXPR_FIELD_H
#define SLUICE_VIEWS_EXPR_FIELD_H

#include "expr/moment.h"

/* extract(field, value): numeric. */
bool field_extract(const struct call *call, struct value *ret, struct err *reterr);

/* date_part(field, value): float8. */
bool field_part(const struct call *call, struct value *ret, struct err *reterr);

/* date_trunc(field, timestamp[tz] [, zone]). */
bool moment_trunc(const struct call *call, struct value *ret, struct err *reterr);

/* date_trunc(field, interval). */
bool interval_trunc(const struct call *call, struct value *ret, struct err *reterr);

#endif
