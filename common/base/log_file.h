/*
 * Log lines in files as well as on stderr: one a day (UTC), named by a pattern of strftime. Part of
 * log.h; services call only log_files_start.
 */
#ifndef SLUICE_BASE_LOG_FILE_H
#define SLUICE_BASE_LOG_FILE_H

#include "base/err.h"
#include "base/str.h"
#include <stdint.h>

/*
 * From now on lines go to the file that `pattern` gives for the day as well (log_%Y_%m_%d.log; it
 * may name folders, which are made, and dates in its last part only). At each new day, and now,
 * all but the newest `keep` of these files are removed; 0 keeps all. ERR_STOP: the file can't be
 * written.
 * Called once, before any thread starts.
 */
WARN_UNUSED bool log_files_start(const char *pattern, int64_t keep, struct err *reterr);

/*
 * Appends a line as it is at that time, whole or not at all. Nothing before log_files_start. Any
 * thread. False when there is news, which reterr tells, once for all lines that it concerns: from
 * this line on the file takes none (a full disk), or, with this line in it, it takes them again and
 * so many are missing.
 */
WARN_UNUSED bool log_files_write(struct str line, int64_t now_us, struct err *reterr);

#endif
