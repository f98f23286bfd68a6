/*
 * Where a report goes: the terminal, a file (written beside it and renamed, so that nobody reads
 * half), or an S3 object (one PUT, or parts when it is large).
 */
#ifndef SLUICE_REPORT_OUTPUT_H
#define SLUICE_REPORT_OUTPUT_H

#include "base/buf.h"
#include "http/s3.h"

struct output;

/* `place` NULL: the terminal. The texts must outlive the output; of `s3` only the bucket is set
 * here. */
WARN_UNUSED bool output_open(const char *place, const char *media_type, const struct s3_config *s3,
                             struct output **ret, struct err *reterr);

/* Writes what is in `text` and empties it. */
WARN_UNUSED bool output_write(struct output *output, struct buf *text, struct err *reterr);

/* All is written: it stands at its place now. */
WARN_UNUSED bool output_finish(struct output *output, struct err *reterr);

/* Frees; one that is not finished leaves nothing. NULL is fine. Returns NULL. */
struct output *output_close(struct output *output);

#endif
