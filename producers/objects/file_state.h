/*
 * What is known of each object, as it stands under "file:NAME" in the progress topic, and of the
 * runs, under "run". Written in the transaction that holds the object's rows. Pure.
 *
 *   IN_PROGRESS --> COMPLETED      an object with the same tag is not read again (or its rows are known)
 *        '-------> FAILED --> IN_PROGRESS   tried again in each run
 */
#ifndef SLUICE_OBJECTS_FILE_STATE_H
#define SLUICE_OBJECTS_FILE_STATE_H

#include "base/buf.h"
#include "base/err.h"
#include <stdint.h>

enum file_status { FILE_NONE, FILE_IN_PROGRESS, FILE_COMPLETED, FILE_FAILED };

enum { FILE_TAG_MAX = 256, FILE_RAW_MAX = 1200 };

/* `tag` tells contents apart without reading them: an ETag, or size and time of a file; "" when
 * there is none. `rows`, `dead`: so far; `line`: read up to here. `raw`: where
 * the object with this sum is kept, or will be; "" when it is not. */
struct file_state {
    enum file_status status;
    char tag[FILE_TAG_MAX], modified[64], sha256[65], error[256], raw[FILE_RAW_MAX];
    int64_t size, rows, dead, attempts, updated_unix_us;
    uint64_t run, line;
};

/* Appends the JSON object. */
void file_state_print(struct buf *out, const struct file_state *state);

/* Reads it; an empty text gives FILE_NONE. ERR_STOP when it is no such object. */
WARN_UNUSED bool file_state_parse(struct str json, struct file_state *ret, struct err *reterr);

/* The runs: the last one's number, whether it came to its end, and how many Kafka transactions there were. */
struct run_state {
    uint64_t run, commits;
    bool complete;
};

/* Appends the JSON object. */
void run_state_print(struct buf *out, const struct run_state *state);

/* As file_state_parse; an empty text gives zeros. */
WARN_UNUSED bool run_state_parse(struct str json, struct run_state *ret, struct err *reterr);

#endif
