/*
 * A growable run of bytes for building text and records: appended at the end, cleared for reuse,
 * grown by doubling. Invariants: `len` <= `cap` <= `limit`; `at` may be NULL while `cap` is 0.
 * Going past the limit marks the buffer as overflowed and drops the append, so that a writer checks
 * once at the end (buf_ok), not at every byte.
 */
#ifndef SLUICE_BASE_BUF_H
#define SLUICE_BASE_BUF_H

#include "base/cleanup.h"
#include "base/str.h"
#include <stdint.h>

struct buf {
    char *at;
    size_t len, cap;
    size_t limit; /* 0 means BUF_LIMIT_DEFAULT */
    bool overflowed;
};

/* What one buffer may grow to when nothing else was said: far above any record Kafka takes. */
enum { BUF_LIMIT_DEFAULT = 1 << 30 };

/* Frees the contents; the struct can be used again. */
void buf_done(struct buf *buf);

/* Empties the buffer, keeps its memory, forgets an overflow. */
static inline void buf_clear(struct buf *buf)
{
    buf->len = 0;
    buf->overflowed = false;
}

/* False once an append went past the limit. */
static inline bool buf_ok(const struct buf *buf)
{
    return !buf->overflowed;
}

/* The contents as a view, alive until the next append. */
static inline struct str buf_str(const struct buf *buf)
{
    return (struct str){buf->at, buf->len};
}

/* Slow path of buf_reserve. */
bool buf_grow(struct buf *buf, size_t more);

/* Makes room for `more` bytes behind `len`; false when that would pass the limit. */
static inline bool buf_reserve(struct buf *buf, size_t more)
{
    return buf->cap - buf->len >= more || buf_grow(buf, more);
}

/* Appends bytes. */
static inline void buf_append(struct buf *buf, const void *bytes, size_t len)
{
    if (len == 0 || !buf_reserve(buf, len))
        return;
    memcpy(buf->at + buf->len, bytes, len);
    buf->len += len;
}

/* Appends one byte. */
static inline void buf_char(struct buf *buf, char c)
{
    if (buf_reserve(buf, 1))
        buf->at[buf->len++] = c;
}

/* Appends a view. */
static inline void buf_put(struct buf *buf, struct str s)
{
    buf_append(buf, s.at, s.len);
}

/* Appends a terminated string. */
static inline void buf_puts(struct buf *buf, const char *text)
{
    buf_append(buf, text, strlen(text));
}

/* Appends a signed decimal number. */
void buf_i64(struct buf *buf, int64_t number);

/* Appends an unsigned decimal number. */
void buf_u64(struct buf *buf, uint64_t number);

/* Appends a number in `bytes` big-endian bytes (1 to 8). */
void buf_be(struct buf *buf, uint64_t number, unsigned bytes);

/* Appends formatted text. */
void buf_printf(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);

/* Appends a NUL that `len` does not count, and returns the text; "" when empty. Alive until the
 * next append. */
const char *buf_cstr(struct buf *buf);

/* Reads a big-endian number of `bytes` bytes. */
static inline uint64_t be_get(const void *at, unsigned bytes)
{
    const uint8_t *p = at;
    uint64_t number = 0;

    for (unsigned i = 0; i < bytes; i++)
        number = number << 8 | p[i];
    return number;
}

/* CLEANUP(buf) for a local struct buf. */
static inline void cleanup_buf(struct buf *buf)
{
    buf_done(buf);
}

#endif
