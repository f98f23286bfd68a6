/*
 * What the files of text functions share: characters of UTF-8 and SQL's quotes. Not for other
 * rooms.
 */
#ifndef SLUICE_VIEWS_EXPR_STRINGS_H
#define SLUICE_VIEWS_EXPR_STRINGS_H

#include "expr/body.h"

/* The byte begins a character. */
static inline bool utf8_starts(char c)
{
    return ((unsigned char)c & 0xC0U) != 0x80U;
}

/* The place of character `n` (from 0), or the end. */
size_t utf8_at(struct str s, int64_t n);

/* How many characters there are. */
int64_t utf8_count(struct str s);

/* The code point that the text, which is not empty, begins with. */
uint32_t utf8_point(struct str s);

/* Appends the code point. */
void utf8_append(struct buf *out, uint32_t point);

/* Characters from `first` (from 1, may lie before the text) up to before `end`. */
struct str characters(struct str s, int64_t first, int64_t end);

/* The argument as its type's output function gives it. */
struct str output_of(const struct call *call, uint16_t i);

/* Appends the text as an identifier, quoted when it must be. */
void quote_identifier(struct buf *out, struct str text);

/* Appends the text as a literal. */
void quote_literal(struct buf *out, struct str text);

/* The buffer's text as the result; 54000 when it has become too long. */
bool buf_result(const struct call *call, const struct buf *out, struct value *ret,
                struct err *reterr);

/* text LIKE pattern, and format(text, ...) */
bool text_like(const struct call *call, struct value *ret, struct err *reterr);
bool text_format(const struct call *call, struct value *ret, struct err *reterr);

#endif
