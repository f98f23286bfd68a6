/*
 * A view of bytes that somebody else owns: a pointer and a length, not terminated, not freed.
 * It lives as long as what it points into; whoever returns one says what that is.
 */
#ifndef SLUICE_BASE_STR_H
#define SLUICE_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* `at` may be NULL only when `len` is 0. */
struct str {
    const char *at;
    size_t len;
};

/* For printf: `"%.*s", STR_ARG(s)`. */
#define STR_ARG(s) (int)(s).len, (s).at

/* A view of a string literal. */
#define STR(literal) ((struct str){(literal), sizeof(literal) - 1})

/* The view of nothing: a key or value that is not there. */
#define STR_NONE ((struct str){NULL, 0})

/* A view of a terminated string; NULL gives the empty view. */
static inline struct str str_of(const char *text)
{
    return (struct str){text, text == NULL ? 0 : strlen(text)};
}

/* The bytes from `at` up to `end`. */
static inline struct str str_between(const char *at, const char *end)
{
    return (struct str){at, (size_t)(end - at)};
}

/* Same length and bytes. */
static inline bool str_eq(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

/* Same bytes as the terminated `b`. */
static inline bool str_eq_c(struct str a, const char *b)
{
    return str_eq(a, str_of(b));
}

/* Byte order, shorter first: C collation. Negative, 0 or positive. */
static inline int str_cmp(struct str a, struct str b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common == 0 ? 0 : memcmp(a.at, b.at, common);

    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* `s` begins with `prefix`. */
static inline bool str_starts(struct str s, struct str prefix)
{
    return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.at, prefix.at, prefix.len) == 0);
}

/* What C's locale calls white space. */
#define STR_BLANKS " \t\n\v\f\r"

/* The character is one of the set; NUL never is. */
static inline bool char_is_in(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

/* `s` without the characters of `blanks` at both ends. */
static inline struct str str_trim(struct str s, const char *blanks)
{
    while (s.len > 0 && char_is_in(s.at[0], blanks))
        s = (struct str){s.at + 1, s.len - 1};
    while (s.len > 0 && char_is_in(s.at[s.len - 1], blanks))
        s.len--;
    return s;
}

/* The value of a hexadecimal digit; -1: it is none. */
static inline int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* The view as a decimal integer, digits behind at most a minus; false: it is none, or beyond int64. */
static inline bool str_integer(struct str text, int64_t *ret)
{
    bool negative = text.len > 0 && text.at[0] == '-';
    size_t i = negative ? 1 : 0;
    uint64_t number = 0, limit = (uint64_t)INT64_MAX + (negative ? 1 : 0);

    if (i == text.len)
        return false;
    for (; i < text.len; i++) {
        unsigned digit = (unsigned char)text.at[i] - (unsigned)'0';

        if (digit > 9 || number > (limit - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    *ret = negative ? (int64_t)(0 - number) : (int64_t)number;
    return true;
}

#endif
