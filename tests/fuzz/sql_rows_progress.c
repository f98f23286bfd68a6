/* Positions of an extraction, stored in Kafka, and time stamps out of a database: any bytes end; a position that is taken
 * is written, taken again and the same. */
#include "progress.h"
#include "stamp.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void as_stamp(struct str text)
{
    CLEANUP(buf) struct buf back = {0};
    const struct source_value stamp = {SOURCE_TEXT, text};
    struct err err = {0};

    if (!stamp_back(&back, &stamp, 90000, &err) && err.kind != ERR_STOP)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(buf) struct buf once = {0}, twice = {0};
    struct str text = {(const char *)data, size};
    struct progress progress = {0}, again = {0};
    struct err err = {0};

    as_stamp(text);
    if (progress_parse(text, &progress, &err)) {
        progress_print(&once, &progress);
        if (!progress_parse(buf_str(&once), &again, &err))
            abort();
        progress_print(&twice, &again);
        if (!str_eq(buf_str(&once), buf_str(&twice)))
            abort();
        progress_done(&again);
    } else if (err.kind != ERR_STOP) {
        abort();
    }
    progress_done(&progress);
    return 0;
}
