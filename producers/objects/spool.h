/* Files without a name in the state folder, for what must be stored before it can be read: downloads,
 * and pipes that are read twice. */
#ifndef SLUICE_OBJECTS_SPOOL_H
#define SLUICE_OBJECTS_SPOOL_H

#include "base/err.h"
#include "base/str.h"

/* Makes one; the caller closes it. ERR_STOP when the folder takes none. */
WARN_UNUSED bool spool_open(const char *folder, int *ret_fd, struct err *reterr);

/* Writes all bytes behind what is there. ERR_STOP when there is no room. */
WARN_UNUSED bool spool_write(int fd, struct str bytes, struct err *reterr);

/* Copies what can still be read from `from`, and leaves the spool at its beginning. `tick` is called
 * now and then, false stops the copy. ERR_STOP on failure. */
WARN_UNUSED bool spool_copy(int fd, int from, bool (*tick)(void *arg), void *arg,
                            struct err *reterr);

#endif
