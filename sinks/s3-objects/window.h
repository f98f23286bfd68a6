/*
 * The records of one partition that will be one object: kept as bytes until the window is full,
 * then written as text, one format at a time. Pure: the time is passed in.
 */
#ifndef S3_OBJECTS_WINDOW_H
#define S3_OBJECTS_WINDOW_H

#include "base/buf.h"
#include "base/err.h"
#include "object_stream.h"

/* When a window is full. */
struct window_limits {
    int64_t records, bytes, interval_ms;
};

struct window_entry {
    int64_t offset;
    size_t at, len; /* of the value, or of the key of a delete */
    bool deleted;
};

/* Zeroed: empty. first_offset, last_offset and opened_ms mean nothing while count is 0. */
struct window {
    struct buf bytes;
    struct window_entry *entries; /* the good ones */
    size_t n, cap;
    int64_t count; /* bad records included */
    int64_t bad_bytes;
    int64_t first_offset, last_offset, opened_ms;
};

/* Adds a good record (copied); offsets rise. */
void window_add(struct window *window, const struct object_row *row, struct str key,
                struct str value, int64_t now_ms);

/* Counts a bad record of `size` bytes, which the caller keeps. */
void window_add_bad(struct window *window, int64_t offset, size_t size, int64_t now_ms);

/* Bytes of the records inside. */
int64_t window_bytes(const struct window *window);

/* One of the limits is reached. */
bool window_due(const struct window *window, const struct window_limits *limits, int64_t now_ms);

/* Writes the whole object into `out`, which is cleared first; *ret_replaced counts the characters
 * that the format can't hold. ERR_STOP when it passes the buffer's limit. */
WARN_UNUSED bool window_write(const struct window *window, const struct object_format *format,
                              const struct object_shape *shape, struct buf *out,
                              size_t *ret_replaced, struct err *reterr);

/* Empties the window, keeps its memory. */
void window_clear(struct window *window);

/* Frees the window's memory; it can be used again. */
void window_done(struct window *window);

#endif
