#include "window.h"

#include <assert.h>

static void count(struct window *window, int64_t offset, int64_t now_ms)
{
    assert(window->count == 0 || offset > window->last_offset);
    if (window->count++ == 0) {
        window->first_offset = offset;
        window->opened_ms = now_ms;
    }
    window->last_offset = offset;
}

void window_add(struct window *window, const struct object_row *row, struct str key,
                struct str value, int64_t now_ms)
{
    struct str kept = row->deleted ? key : value;

    if (window->n == window->cap) {
        window->cap = window->cap == 0 ? 64 : window->cap * 2;
        window->entries = err_realloc(window->entries, window->cap * sizeof(*window->entries));
    }
    window->entries[window->n++] =
        (struct window_entry){row->offset, window->bytes.len, kept.len, row->deleted};
    buf_put(&window->bytes, kept);
    count(window, row->offset, now_ms);
}

void window_add_bad(struct window *window, int64_t offset, size_t size, int64_t now_ms)
{
    window->bad_bytes += (int64_t)size;
    count(window, offset, now_ms);
}

int64_t window_bytes(const struct window *window)
{
    return (int64_t)(window->bytes.len + window->n * sizeof(*window->entries)) + window->bad_bytes;
}

bool window_due(const struct window *window, const struct window_limits *limits, int64_t now_ms)
{
    return window->count > 0 &&
           (window->count >= limits->records || window_bytes(window) >= limits->bytes ||
            now_ms - window->opened_ms >= limits->interval_ms);
}

static bool write_rows(const struct window *window, struct object_stream *stream,
                       struct err *reterr)
{
    CLEANUP(arena) struct arena *arena = arena_new(0);

    for (size_t i = 0; i < window->n; i++) {
        const struct window_entry *entry = &window->entries[i];
        struct str text = {window->bytes.at + entry->at, entry->len};
        struct str none = {0};
        struct object_row row = {0};

        arena_reset(arena);
        if (!object_row_read(stream->writer.shape, entry->deleted ? text : none,
                             entry->deleted ? none : text, arena, &row, reterr))
            return err_stop(reterr, EX_SOFTWARE, "offset %lld reads differently now: %s",
                            (long long)entry->offset, reterr->text);
        row.offset = entry->offset;
        object_stream_row(stream, &row);
    }
    object_stream_end(stream);
    return true;
}

bool window_write(const struct window *window, const struct object_format *format,
                  const struct object_shape *shape, struct buf *out, size_t *ret_replaced,
                  struct err *reterr)
{
    CLEANUP(object_stream) struct object_stream stream;

    buf_clear(out);
    object_stream_begin(&stream, format, shape, out);
    if (!write_rows(window, &stream, reterr))
        return false;
    *ret_replaced = stream.writer.replaced;
    return buf_ok(out) || err_stop(reterr, EX_SOFTWARE,
                                   "an object of more than %zu bytes: lower "
                                   "--rotate-bytes or --rotate-records",
                                   out->len);
}

void window_clear(struct window *window)
{
    buf_clear(&window->bytes);
    window->n = 0;
    window->count = window->bad_bytes = 0;
}

void window_done(struct window *window)
{
    buf_done(&window->bytes);
    free(window->entries);
    *window = (struct window){0};
}
