/* CSV in chunks: takes any bytes, and gives the same records whatever the chunks are. */
#include "base/buf.h"
#include "record/csv.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Everything that comes out, in one run of bytes. */
static void read_all(struct str document, size_t chunk, struct buf *out)
{
    struct csv csv = {.delimiter = ',', .quote = '"'};
    struct csv_record record;
    struct err err;
    size_t at = 0;

    csv.window.limit = 100;
    for (;;) {
        enum stream_step step = csv_next(&csv, &record, &err);

        if (step == STREAM_MORE) {
            size_t room, left = document.len - at, n = left < chunk ? left : chunk;
            char *to = window_room(&csv.window, &room);

            if (n > 0)
                memcpy(to, document.at + at, n);
            window_filled(&csv.window, n);
            csv.window.ended = n == 0;
            at += n;
            continue;
        }
        if (step == STREAM_END)
            break;
        buf_printf(out, "%d %d\n", (int)step, (int)record.line);
        for (size_t i = 0; step == STREAM_RECORD && i < record.fields_n; i++)
            buf_printf(out, "%zu:%.*s;", record.fields[i].len, STR_ARG(record.fields[i]));
    }
    csv_done(&csv);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str document = {(const char *)data, size};
    struct buf whole CLEANUP(buf) = {0}, parts CLEANUP(buf) = {0};

    if (size == 0)
        return 0;
    read_all(document, size, &whole);
    read_all(document, 1 + data[0] % 7, &parts);
    /* how much of a record that is too long is reported depends on how much of it was there */
    if (size <= 100 && !str_eq(buf_str(&whole), buf_str(&parts)))
        abort();
    return 0;
}
