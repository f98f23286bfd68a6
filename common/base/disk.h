/*
 * Room on a disk, for files that are mapped into memory: where none is left, a write to a hole of
 * such a file ends the process (SIGBUS) instead of failing, so it must be looked at before.
 */
#ifndef SLUICE_BASE_DISK_H
#define SLUICE_BASE_DISK_H

#include "base/err.h"
#include <stdint.h>

/* What is free for this process on the disk that holds the folder, bytes; INT64_MAX when the
 * system does not tell. */
int64_t disk_free_bytes(const char *folder);

/* Whether that is nothing a file could grow by. */
bool disk_is_full(const char *folder);

/*
 * Opens or creates FOLDER/NAME and makes sure that its first `bytes` have their place on the disk
 * (where the file system can promise that). ERR_STOP (EX_CANTCREAT) with the system's words.
 */
WARN_UNUSED bool disk_reserve(const char *folder, const char *name, int64_t bytes,
                              struct err *reterr);

/* Makes the folders of FOLDER/.../NAME that are missing; what can't be made is met when the file is
 * opened. */
void disk_make_folders(const char *place);

#endif
