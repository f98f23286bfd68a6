/*
 * The part of a stream of bytes that a streaming reader looks at: filled at the end, taken at the
 * front, never larger than its limit and one chunk. A record that does not fit is the reader's to
 * report.
 */
#ifndef SLUICE_RECORD_WINDOW_H
#define SLUICE_RECORD_WINDOW_H

#include "base/cleanup.h"
#include "base/str.h"
#include <stdint.h>

enum { WINDOW_CHUNK = 256 * 1024 };

/* at[start..end) is there to be read. `ended`: nothing comes behind it. */
struct window {
    char *at;
    size_t start, end, cap;
    size_t limit; /* most bytes of one record */
    bool ended;
};

/* What a streaming reader says. */
enum stream_step {
    STREAM_RECORD, /* here is one */
    STREAM_MORE,   /* fill the window, then ask again */
    STREAM_END,    /* that was all */
    STREAM_BAD,    /* this record can't be read; the next ones can */
    STREAM_BROKEN  /* nothing behind this point can be read */
};

/* Where the next bytes go: room for at least WINDOW_CHUNK, *ret_size of it. Moves what is there, so
 * views into the window end. */
char *window_room(struct window *window, size_t *ret_size);

/* So many bytes were written there. */
void window_filled(struct window *window, size_t n);

/* Frees the memory. */
void window_done(struct window *window);

/* What is there to be read. */
static inline struct str window_str(const struct window *window)
{
    return (struct str){window->at == NULL ? "" : window->at + window->start,
                        window->end - window->start};
}

/* The record that begins at the front is longer than the limit. */
static inline bool window_over(const struct window *window)
{
    return window->end - window->start > window->limit;
}

/* Takes a byte order mark away when one is at the front. False when that can't be told yet. */
bool window_skip_bom(struct window *window);

#endif
