#include "spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

enum { COPY_BYTES = 64 * 1024 };

bool spool_open(const char *folder, int *ret_fd, struct err *reterr)
{
    char path[4200];
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    if (fd < 0) {
        snprintf(path, sizeof(path), "%s/spool-XXXXXX", folder);
        fd = mkostemp(path, O_CLOEXEC);
        if (fd >= 0)
            unlink(path);
    }
    if (fd < 0)
        return err_stop(reterr, EX_CANTCREAT, "--state-dir %s: %s", folder, strerror(errno));
    *ret_fd = fd;
    return true;
}

bool spool_write(int fd, struct str bytes, struct err *reterr)
{
    while (bytes.len > 0) {
        ssize_t n = write(fd, bytes.at, bytes.len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_stop(reterr, EX_CANTCREAT, "the download can't be stored: %s",
                            strerror(errno));
        bytes = (struct str){bytes.at + n, bytes.len - (size_t)n};
    }
    return true;
}

bool spool_copy(int fd, int from, bool (*tick)(void *arg), void *arg, struct err *reterr)
{
    char chunk[COPY_BYTES];

    while (tick(arg)) {
        ssize_t n = read(from, chunk, sizeof(chunk));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_stop(reterr, EX_IOERR, "it can't be read: %s", strerror(errno));
        if (n == 0)
            return lseek(fd, 0, SEEK_SET) == 0 ||
                   err_stop(reterr, EX_IOERR, "the copy can't be read: %s", strerror(errno));
        if (!spool_write(fd, (struct str){chunk, (size_t)n}, reterr))
            return false;
    }
    return err_stop(reterr, EX_TEMPFAIL, "a stop was asked for");
}
