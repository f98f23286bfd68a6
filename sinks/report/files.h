/*
 * The files and objects behind a bronze topic, as sluice-objects keeps them in its progress topic:
 * their state, size, sum, and how many of their rows there are.
 */
#ifndef SLUICE_REPORT_FILES_H
#define SLUICE_REPORT_FILES_H

#include "format.h"
#include "options.h"

/*
 * The files of options->files, sorted by name, in the arena; with FORMAT_DOCUMENT the one there is
 * as {"NAME":"VALUE" of each --parameter, "download_timestamp", "file_path", "file_size_bytes",
 * "file_size_mb"}. ERR_STOP (EX_NOINPUT): nothing is known of the topic; (EX_DATAERR): a document of
 * more than one file. ERR_RETRY: no broker answers.
 */
WARN_UNUSED bool files_read(const struct report_options *options, struct arena *arena,
                            struct part *ret, struct err *reterr);

#endif
