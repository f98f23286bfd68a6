#include "base/disk.h"

#include "base/cleanup.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { FULL_BYTES = 16 * 1024 };

int64_t disk_free_bytes(const char *folder)
{
    struct statvfs about;

    if (statvfs(folder, &about) != 0 || about.f_blocks == 0) /* not every file system tells */
        return INT64_MAX;
    return (int64_t)(about.f_bavail * about.f_frsize);
}

bool disk_is_full(const char *folder)
{
    return disk_free_bytes(folder) < FULL_BYTES;
}

bool disk_reserve(const char *folder, const char *name, int64_t bytes, struct err *reterr)
{
    char path[4300];
    if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
        return err_stop(reterr, EX_CANTCREAT, "%s: the path is too long", folder);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    int status = fd < 0 ? errno : posix_fallocate(fd, 0, bytes);
    if (fd >= 0)
        close(fd);
    return status == 0 || err_stop(reterr, EX_CANTCREAT, "%s: %s", path, strerror(status));
}

void disk_make_folders(const char *place)
{
    CLEANUP(free) char *path = err_strdup(place);

    for (char *slash = path[0] == '\0' ? NULL : strchr(path + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0777);
        *slash = '/';
    }
}
