/* Builds pgoutput payloads, for the tests of the decoder and of what stands behind it. */
#ifndef SLUICE_TESTS_PGOUTPUT_MESSAGES_H
#define SLUICE_TESTS_PGOUTPUT_MESSAGES_H

#include "base/buf.h"
#include "base/clock.h"

static inline void put_text(struct buf *out, const char *text)
{
    buf_append(out, text, strlen(text) + 1);
}

static inline void put_begin(struct buf *out, uint64_t final_lsn, int64_t unix_us, uint32_t xid)
{
    buf_clear(out);
    buf_char(out, 'B');
    buf_be(out, final_lsn, 8);
    buf_be(out, (uint64_t)(unix_us - PG_EPOCH_UNIX_US), 8);
    buf_be(out, xid, 4);
}

static inline void put_commit(struct buf *out, uint64_t commit_lsn, uint64_t end_lsn,
                              int64_t unix_us)
{
    buf_clear(out);
    buf_char(out, 'C');
    buf_char(out, 0);
    buf_be(out, commit_lsn, 8);
    buf_be(out, end_lsn, 8);
    buf_be(out, (uint64_t)(unix_us - PG_EPOCH_UNIX_US), 8);
}

/* `columns`: names, ended by NULL; a name that begins with '*' is part of the identity; types
 * int4, then text. */
static inline void put_relation(struct buf *out, uint32_t oid, const char *table, char identity,
                                const char *const *columns)
{
    uint16_t n = 0;

    while (columns[n] != NULL)
        n++;
    buf_clear(out);
    buf_char(out, 'R');
    buf_be(out, oid, 4);
    put_text(out, "shop");
    put_text(out, table);
    buf_char(out, identity);
    buf_be(out, n, 2);
    for (uint16_t i = 0; i < n; i++) {
        bool marked = columns[i][0] == '*';

        buf_char(out, marked ? 1 : 0);
        put_text(out, columns[i] + marked);
        buf_be(out, i == 0 ? 23 : 25, 4);
        buf_be(out, UINT32_MAX, 4);
    }
}

/* Values ended by NULL; "\x01" is a null, "\x02" an unchanged TOAST value. */
static inline void put_tuple(struct buf *out, char letter, const char *const *values)
{
    uint16_t n = 0;

    while (values[n] != NULL)
        n++;
    buf_char(out, letter);
    buf_be(out, n, 2);
    for (uint16_t i = 0; i < n; i++) {
        if (values[i][0] == 1 || values[i][0] == 2) {
            buf_char(out, values[i][0] == 1 ? 'n' : 'u');
            continue;
        }
        buf_char(out, 't');
        buf_be(out, strlen(values[i]), 4);
        buf_puts(out, values[i]);
    }
}

/* kind I, U or D; `old_letter` 0: no old tuple. */
static inline void put_change(struct buf *out, char kind, uint32_t oid, char old_letter,
                              const char *const *old, const char *const *row)
{
    buf_clear(out);
    buf_char(out, kind);
    buf_be(out, oid, 4);
    if (old_letter != 0)
        put_tuple(out, old_letter, old);
    if (kind != 'D')
        put_tuple(out, 'N', row);
}

static inline void put_truncate(struct buf *out, uint32_t oid, uint32_t other)
{
    buf_clear(out);
    buf_char(out, 'T');
    buf_be(out, other == 0 ? 1 : 2, 4);
    buf_char(out, 3);
    buf_be(out, oid, 4);
    if (other != 0)
        buf_be(out, other, 4);
}

#define VALUES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NULL_VALUE "\x01"
#define UNCHANGED "\x02"

#endif
