#include "base/log_file.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/disk.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

enum { PATH_BYTES = 4096, DAY_S = 24 * 60 * 60 };

/* The lock guards the rest, but for `pattern` and `keep`. */
static struct {
    pthread_mutex_t lock;
    const char *pattern; /* NULL: no files */
    int64_t keep, day;   /* days since 1970 */
    int64_t missing;     /* lines that the file did not take, since it did last */
    int fd;
} files = {.lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1};

static bool name_of(int64_t day, char *path)
{
    time_t seconds = (time_t)(day * DAY_S);
    struct tm utc;

    gmtime_r(&seconds, &utc);
    return strftime(path, PATH_BYTES, files.pattern, &utc) > 0;
}

/* The part of the pattern behind the last slash. */
static const char *last_part(const char *pattern)
{
    const char *slash = strrchr(pattern, '/');

    return slash == NULL ? pattern : slash + 1;
}

/* A name that the pattern makes: parsed and printed again it is the same. */
static bool is_ours(const char *name)
{
    struct tm date = {.tm_mday = 1};
    char again[PATH_BYTES];
    const char *end = strptime(name, last_part(files.pattern), &date);

    return end != NULL && *end == '\0' &&
           strftime(again, sizeof(again), last_part(files.pattern), &date) > 0 &&
           strcmp(again, name) == 0;
}

static int is_ours_entry(const struct dirent *entry)
{
    return is_ours(entry->d_name);
}

/* Dates are compared as text: the pattern puts the year first, or none are removed in order. */
static void remove_old(void)
{
    size_t folder_len = (size_t)(last_part(files.pattern) - files.pattern);
    CLEANUP(free) char *folder = folder_len == 0 ? err_strdup(".") : err_strdup(files.pattern);
    struct dirent **found = NULL;
    char path[PATH_BYTES];
    int n;

    if (folder_len > 0)
        folder[folder_len] = '\0';
    n = scandir(folder, &found, is_ours_entry, alphasort);
    for (int i = 0; i < n; i++) {
        if (i < n - files.keep &&
            snprintf(path, sizeof(path), "%s/%s", folder, found[i]->d_name) < PATH_BYTES)
            (void)unlink(path);
        free(found[i]);
    }
    free(found);
}

static bool open_day(int64_t day, char *path)
{
    int fd = -1;

    if (name_of(day, path))
        fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (fd < 0)
        return false;
    if (files.fd >= 0)
        close(files.fd);
    files.fd = fd;
    files.day = day;
    if (files.keep > 0)
        remove_old();
    return true;
}

bool log_files_start(const char *pattern, int64_t keep, struct err *reterr)
{
    char path[PATH_BYTES] = "";

    files.pattern = pattern;
    files.keep = keep;
    if (memchr(pattern, '%', (size_t)(last_part(pattern) - pattern)) != NULL) {
        files.pattern = NULL;
        return err_stop(reterr, EX_USAGE, "--log-file: \"%s\" has a date in a folder's name",
                        pattern);
    }
    disk_make_folders(pattern);
    if (!open_day(clock_wall_us() / 1000000 / DAY_S, path)) {
        files.pattern = NULL;
        return err_stop(reterr, EX_CANTCREAT, "--log-file: cannot write \"%s\": %s",
                        path[0] == '\0' ? pattern : path, strerror(errno));
    }
    return true;
}

/* False: not all of it; errno says why. Half a line is taken back. */
static bool append(struct str line)
{
    ssize_t written = write(files.fd, line.at, line.len);
    off_t end = written > 0 ? lseek(files.fd, 0, SEEK_END) : 0;

    if (written == (ssize_t)line.len)
        return true;
    if (written >= 0) {
        if (end >= written && ftruncate(files.fd, end - written) != 0)
            return false;
        errno = ENOSPC; /* what a short write to a file means */
    }
    return false;
}

static bool write_locked(struct str line, struct err *reterr)
{
    if (!append(line))
        return files.missing++ > 0 ||
               err_set(reterr, ERR_RETRY, "the log file takes no lines, they are here alone: %s",
                       strerror(errno));
    if (files.missing == 0)
        return true;
    err_set(reterr, ERR_RETRY, "the log file takes lines again, %lld are missing in it",
            (long long)files.missing);
    files.missing = 0;
    return false;
}

bool log_files_write(struct str line, int64_t now_us, struct err *reterr)
{
    int64_t day = now_us / 1000000 / DAY_S;
    char path[PATH_BYTES];

    if (files.pattern == NULL)
        return true;
    pthread_mutex_lock(&files.lock);
    if (day > files.day && !open_day(day, path))
        files.day = day; /* yesterday's file goes on; stderr has everything anyway */
    bool no_news = write_locked(line, reterr);
    pthread_mutex_unlock(&files.lock);
    return no_news;
}
