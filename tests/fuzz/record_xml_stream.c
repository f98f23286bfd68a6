/* XML in chunks: takes any bytes; what comes out is good JSON, whatever the chunks are. */
#include "record/json.h"
#include "record/xml_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(struct str document, size_t chunk, struct buf *out)
{
    struct xml_stream *stream = xml_stream_new("p", 2000);
    struct xml_record record;
    size_t at = 0;
    struct err err;

    for (;;) {
        enum stream_step step = xml_stream_next(stream, &record, &err);

        if (step == STREAM_MORE) {
            struct window *window = xml_stream_window(stream);
            size_t room, left = document.len - at, n = left < chunk ? left : chunk;
            char *to = window_room(window, &room);

            if (n > 0)
                memcpy(to, document.at + at, n);
            window_filled(window, n);
            window->ended = n == 0;
            at += n;
            continue;
        }
        if (step == STREAM_END || step == STREAM_BROKEN)
            break;
        if (step == STREAM_RECORD) {
            struct json_cursor cursor = json_open(record.json);
            struct json_value value;

            if (!json_read(&cursor, &value, &err) || !json_at_end(&cursor, &err) ||
                value.kind != JSON_OBJECT)
                abort();
        }
        buf_put(out, record.json);
        buf_char(out, '\n');
    }
    xml_stream_free(stream);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str document = {(const char *)data, size};
    struct buf whole CLEANUP(buf) = {0}, parts CLEANUP(buf) = {0};

    if (size == 0)
        return 0;
    read_all(document, size, &whole);
    read_all(document, 1 + data[0] % 7, &parts);
    if (!str_eq(buf_str(&whole), buf_str(&parts)))
        abort();
    return 0;
}
