/* What objects reads back from Kafka: notifications of a store, states of files and runs. Any bytes end; a state that is
 * taken is written, taken again and the same. */
#include "file_state.h"
#include "notification.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void each_object(void *arg, const struct notification *one)
{
    (void)arg;
    if (one->size < -1 || one->bucket.at == NULL || one->key.at == NULL)
        abort();
}

static void as_notification(struct str text)
{
    CLEANUP(arena) struct arena *arena = arena_new(1 << 14);
    struct err err = {0};

    if (!notification_read(text, arena, each_object, NULL, &err) && err.kind != ERR_DEAD_LETTER)
        abort();
}

static void as_file(struct str text)
{
    CLEANUP(buf) struct buf once = {0}, twice = {0};
    struct file_state state, again;
    struct err err = {0};

    if (!file_state_parse(text, &state, &err)) {
        if (err.kind != ERR_STOP)
            abort();
        return;
    }
    if (state.status == FILE_NONE)
        return;
    file_state_print(&once, &state);
    if (!file_state_parse(buf_str(&once), &again, &err))
        abort();
    file_state_print(&twice, &again);
    if (!str_eq(buf_str(&once), buf_str(&twice)))
        abort();
}

static void as_run(struct str text)
{
    CLEANUP(buf) struct buf once = {0};
    struct run_state state, again;
    struct err err = {0};

    if (!run_state_parse(text, &state, &err))
        return;
    run_state_print(&once, &state);
    if (!run_state_parse(buf_str(&once), &again, &err) || again.run != state.run ||
        again.commits != state.commits || again.complete != state.complete)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct str rest = {(const char *)data + 1, size - 1};

    if (data[0] % 3 == 0)
        as_notification(rest);
    else if (data[0] % 3 == 1)
        as_file(rest);
    else
        as_run(rest);
    return 0;
}
