/* pgoutput_decode and what stands behind it: any bytes; what is decoded lies inside the payload. */
#include "capture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool describe(void *arg, const struct pgoutput_relation *relation, struct capture_facts *ret,
                     struct err *reterr)
{
    (void)arg;
    (void)relation;
    (void)reterr;
    *ret = (struct capture_facts){.wanted = true};
    return true;
}

static bool open_topic(void *arg, const char *topic, int32_t *ret_partitions, struct err *reterr)
{
    (void)arg;
    (void)topic;
    (void)reterr;
    *ret_partitions = 2;
    return true;
}

static bool emit(void *arg, const struct capture_record *record, struct err *reterr)
{
    size_t *bytes = arg;

    (void)reterr;
    *bytes += record->key.len + record->value.len;
    return true;
}

/* The input is a run of messages, each behind its length in two bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t bytes = 0;
    const struct capture_config config = {.prefix = "p", .database = "d", .tombstones = true};
    const struct capture_edge edge = {&bytes, describe, open_topic, emit};
    struct capture *capture = capture_new(&config, &edge);
    struct arena *arena CLEANUP(arena) = arena_new(1 << 20);
    struct progress progress = {.state = PROGRESS_BETWEEN};

    while (size >= 2) {
        size_t len = (size_t)be_get(data, 2);
        struct pgoutput_message message;
        struct err err;

        data += 2;
        size -= 2;
        if (len > size)
            len = size;
        /* a block of its own, so that a read behind it is seen */
        char *payload CLEANUP(free) = err_malloc(len + 1);
        memcpy(payload, data, len);
        arena_reset(arena);
        if (pgoutput_decode((struct str){payload, len}, arena, &message, &err) &&
            !capture_message(capture, &progress, &message, 1, 1, &err) && err.text[0] == '\0')
            abort();
        data += len;
        size -= len;
    }
    capture_free(capture);
    return 0;
}
