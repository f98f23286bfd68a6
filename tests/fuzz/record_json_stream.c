/* JSON in chunks: takes any bytes; a good array's elements are good JSON, and as many as there are. */
#include "base/arena.h"
#include "record/json.h"
#include "record/json_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* How many records come out; *ret_whole: to the document's end. */
static size_t read_all(struct json_stream *stream, struct str document, size_t chunk,
                       bool *ret_whole)
{
    struct json_record record;
    size_t at = 0, records = 0;
    struct err err;

    for (;;) {
        enum stream_step step = json_stream_next(stream, &record, &err);

        if (step == STREAM_MORE) {
            size_t room, left = document.len - at, n = left < chunk ? left : chunk;
            char *to = window_room(&stream->window, &room);

            if (n > 0)
                memcpy(to, document.at + at, n);
            window_filled(&stream->window, n);
            stream->window.ended = n == 0;
            at += n;
            continue;
        }
        records += step == STREAM_RECORD;
        if (step == STREAM_END || step == STREAM_BROKEN) {
            *ret_whole = step == STREAM_END;
            window_done(&stream->window);
            return records;
        }
    }
}

/* The elements of a document that json.h takes for an array; -1: it is none. */
static long count_elements(struct str document)
{
    struct json_cursor cursor = json_open(document);
    struct json_value value, element;
    struct err err;
    long n = 0;

    if (!json_read(&cursor, &value, &err) || !json_at_end(&cursor, &err) ||
        value.kind != JSON_ARRAY)
        return -1;
    struct json_cursor inside = json_array_open(value.raw);
    while (json_array_more(&inside)) {
        if (!json_read(&inside, &element, &err))
            abort();
        n++;
    }
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str document = {(const char *)data, size};
    struct json_stream stream;
    struct err err;
    bool whole, again;

    if (size == 0)
        return 0;
    if (!json_elements(&stream, STR(""), 1 << 20, &err))
        abort();
    size_t n = read_all(&stream, document, 1 + data[0] % 7, &whole);
    long expected = count_elements(document);
    if (expected >= 0 && (!whole || n != (size_t)expected))
        abort();
    if (!json_elements(&stream, STR("a.b"), 64, &err))
        abort();
    read_all(&stream, document, 3, &whole);
    json_lines(&stream, 1 << 20);
    n = read_all(&stream, document, size, &whole);
    json_lines(&stream, 1 << 20);
    if (n != read_all(&stream, document, 1, &again) || whole != again)
        abort();
    return 0;
}
