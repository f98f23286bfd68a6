/* Positions of a capture, stored in Kafka and beside each record: any bytes end; what is taken is written, taken again and
 * the same. */
#include "progress.h"
#include "record/position.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void as_position(struct str text)
{
    CLEANUP(buf) struct buf printed = {0};
    struct position position, again;
    struct err err = {0};

    if (!position_parse(text, &position, &err)) {
        if (err.kind != ERR_DEAD_LETTER)
            abort();
        return;
    }
    position_print(&printed, position);
    if (!position_parse(buf_str(&printed), &again, &err) || position_cmp(position, again) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(buf) struct buf once = {0}, twice = {0};
    struct str text = {(const char *)data, size};
    struct progress progress = {0}, again = {0};
    struct err err = {0};

    as_position(text);
    if (!progress_parse(text, &progress, &err)) {
        if (err.kind != ERR_STOP)
            abort();
        return 0;
    }
    progress_print(&once, &progress);
    if (!progress_parse(buf_str(&once), &again, &err))
        abort();
    progress_print(&twice, &again);
    if (!str_eq(buf_str(&once), buf_str(&twice)))
        abort();
    return 0;
}
