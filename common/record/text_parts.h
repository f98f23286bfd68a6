/*
 * The parts of text.c that have a file of their own: times and floating point. Private to the room;
 * the public contract is text.h.
 */
#ifndef SLUICE_RECORD_TEXT_PARTS_H
#define SLUICE_RECORD_TEXT_PARTS_H

#include "record/text.h"

/* Without blanks at both ends, as C's isspace sees them. */
struct str text_trimmed(struct str text);

/* Same letters but for ASCII case. */
bool text_same_word(struct str text, const char *word);

/* 22P02 or 22007: the text is not of the type's syntax. Returns false. */
bool text_bad_syntax(const char *sqlstate, enum type_id type, struct str text, struct err *reterr);

/* 22003: the number is beyond the type. Returns false. */
bool text_out_of_range(enum type_id type, struct str text, struct err *reterr);

/* The decimal number at `at`, as strtol reads it: blanks and a sign may come first. *ret_end is
 * behind it, or `at` where there is none; *ret_beyond is set when an int does not hold it. */
int text_leading_int(const char *at, const char **ret_end, bool *ret_beyond);

/* Parses float4 (rounded to a float) or float8. */
WARN_UNUSED bool text_parse_real(enum type_id type, struct str text, double *ret,
                                 struct err *reterr);

/* Parses a date, time, timestamp or timestamptz with its typmod into a slot. */
WARN_UNUSED bool text_parse_time(struct type type, struct str text, int64_t *ret,
                                 struct err *reterr);

/* Parses a time with its zone, in seconds east of Greenwich. */
WARN_UNUSED bool text_parse_clock(struct str text, int64_t *ret_us, int32_t *ret_zone_s,
                                  struct err *reterr);

/* Appends a date, time, timestamp or timestamptz. */
void text_print_time(struct buf *out, enum type_id type, int64_t slot);

/* Rounds a time, timestamp or timestamptz to the typmod's places, half away from zero. */
int64_t text_round_time(struct type type, int64_t slot);

/* Checks json, or rewrites it to jsonb's text form in the arena. */
WARN_UNUSED bool text_parse_json(enum type_id type, struct str text, struct arena *arena,
                                 struct str *ret, struct err *reterr);

#endif
