/*
 * What is known of each object, as it stands under "file:NAME" in the progress topic, and of the
 * runs, under "run". Written in the transaction that holds the object's rows. Pure.
 *
 *               begin               end
 *   (none) --------------> IN_PROGRESS ---> COMPLETED    the same tag: not read again
 *                            ^   ^  |           |
 *          begin: killed, or '---'  '---> FAILED|        tried again in each run
 *          taken over                       |   | begin: another tag
 *                            ^--------------'---'
 *
 * An attempt at the same content goes on behind `line`, one at another content begins at 0.
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

/* "IN_PROGRESS", "COMPLETED", "FAILED"; "" for FILE_NONE. */
const char *file_status_name(enum file_status status);

/* Appends the JSON object. */
void file_state_print(struct buf *out, const struct file_state *state);

/* Reads it; an empty text gives FILE_NONE. ERR_STOP when it is no such object. */
WARN_UNUSED bool file_state_parse(struct str json, struct file_state *ret, struct err *reterr);

/* An attempt at an object: what it is like now, by which run. `same`: its content is known to be what
 * was read to its end before, whatever its tag says. */
struct file_attempt {
    const char *tag, *modified;
    uint64_t run;
    bool same;
};

/* An attempt begins. Returns the line up to which its rows stand already: 0 when this content is a
 * new one, UINT64_MAX when it was read to its end. */
uint64_t file_state_begin(struct file_state *state, const struct file_attempt *attempt);

/* It ended: COMPLETED, or FAILED when there is a reason. */
void file_state_end(struct file_state *state, const char *reason, int64_t now_unix_us);

/* An object with this tag was read to its end: it need not be opened. */
bool file_state_done(const struct file_state *state, const char *tag);

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
