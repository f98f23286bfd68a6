/* How far the reading of files has come, on one line of a terminal that is written over; nothing where
 * stderr is no terminal. */
#ifndef SLUICE_VIEWS_LOCAL_PROGRESS_H
#define SLUICE_VIEWS_LOCAL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    uint64_t total_bytes, bytes, rows;
    int64_t began_ms, shown_ms; /* monotonic */
    bool terminal;
};

/* Starts at nothing of so many bytes. */
void progress_begin(struct progress *progress, uint64_t total_bytes);

/* A row of so many bytes was taken from the file of that name. Shown ten times a second at most. */
void progress_add(struct progress *progress, const char *name, uint64_t bytes);

/* Takes the line away. Also before anything else is written to stderr. */
void progress_clear(struct progress *progress);

#endif
