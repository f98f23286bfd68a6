/*
 * The characters of a JSON string, one at a time, and their UTF-8. The text has been checked by the
 * scanner, so nothing here can fail. Pure.
 */
#ifndef SLUICE_RECORD_CHARS_H
#define SLUICE_RECORD_CHARS_H

#include "base/buf.h"
#include "record/json.h"

enum { CHARS_REPLACEMENT = 0xFFFD };

/* The code point at *at, an escape of JSON when `escaped`; moves behind it. A lone surrogate gives
 * itself.
 */
uint32_t chars_take(const char **at, const char *end, bool escaped);

/* Appends a code point as UTF-8. */
void chars_put(struct buf *out, uint32_t point);

/* Appends the text of a string value, or of any other value as it stands. NUL and lone surrogates,
 * which no text can hold, become U+FFFD; returns how many. */
size_t chars_text(struct buf *out, const struct json_value *value);

#endif
