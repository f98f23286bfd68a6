#include "input.h"

#include "base/clock.h"
#include "base/log.h"
#include "input_s3.h"
#include "spool.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <sys/stat.h>

enum { RETRY_BASE_MS = 250, RETRY_CAP_MS = 30000, SLICE_MS = 1000 };

enum kind { STANDARD_INPUT, FILES, URL, S3 };

struct input {
    const struct objects_options *options;
    struct service *service;
    enum kind kind;
    struct input_s3 *s3;
};

static bool starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* A user's name or password in a URL would stand in logs and in the argument list. */
static bool check_url(const char *url, struct err *reterr)
{
    const char *host = strstr(url, "//") + 2;
    const char *end = host + strcspn(host, "/?#");

    if (memchr(host, '@', (size_t)(end - host)) == NULL)
        return true;
    return err_stop(reterr, EX_USAGE,
                    "--input: give user and password by --url-username and --url-password-file");
}

bool input_open(const struct objects_options *options, struct service *service, struct input **ret,
                struct err *reterr)
{
    struct input *input = err_calloc(1, sizeof(*input));
    const char *place = options->input;
    bool ok = true;

    input->options = options;
    input->service = service;
    input->kind = FILES;
    if (strcmp(place, "-") == 0) {
        input->kind = STANDARD_INPUT;
    } else if (starts(place, "http://") || starts(place, "https://")) {
        input->kind = URL;
        ok = check_url(place, reterr);
    } else if (starts(place, "s3://")) {
        input->kind = S3;
        ok = input_s3_open(&options->s3, place, service, &input->s3, reterr);
    }
    if (!ok) {
        input_close(input);
        return false;
    }
    *ret = input;
    return true;
}

struct input *input_close(struct input *input)
{
    if (input != NULL)
        input_s3_close(input->s3);
    free(input);
    return NULL;
}

static void add_item(struct item_list *list, const char *name, const char *place)
{
    list->items = err_realloc(list->items, (list->n + 1) * sizeof(*list->items));
    list->items[list->n++] =
        (struct item){.name = err_strdup(name), .place = err_strdup(place), .size = -1};
}

void item_list_done(struct item_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        free(list->items[i].name);
        free(list->items[i].place);
    }
    free(list->items);
    *list = (struct item_list){0};
}

static const char *last_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL || slash[1] == '\0' ? path : slash + 1;
}

/* What tells a file's contents apart without reading them; none for a pipe. */
static void tag_file(struct item *item, const struct stat *about)
{
    item->tag[0] = '\0';
    item->size = -1;
    if (!S_ISREG(about->st_mode))
        return;
    item->size = about->st_size;
    snprintf(item->tag, sizeof(item->tag), "%lld-%lld.%09ld", (long long)about->st_size,
             (long long)about->st_mtim.tv_sec, about->st_mtim.tv_nsec);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct item *)a)->name, ((const struct item *)b)->name);
}

/* What is no folder; also what can't be looked at, so that reading it says why. */
static bool may_be_file(const char *path)
{
    struct stat about;

    return stat(path, &about) == 0 ? !S_ISDIR(about.st_mode) : lstat(path, &about) == 0;
}

static bool list_folder(const char *folder, struct item_list *list, struct err *reterr)
{
    DIR *open_folder = opendir(folder);
    const struct dirent *entry;

    if (open_folder == NULL)
        return err_stop(reterr, EX_NOINPUT, "--input %s: %s", folder, strerror(errno));
    while ((entry = readdir(open_folder)) != NULL) {
        char path[4096];
        int n = snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);

        if (entry->d_name[0] != '.' && n > 0 && (size_t)n < sizeof(path) && may_be_file(path))
            add_item(list, entry->d_name, path);
    }
    closedir(open_folder);
    return true;
}

static bool list_pattern(const char *pattern, struct item_list *list, struct err *reterr)
{
    glob_t found = {0};
    int status = glob(pattern, GLOB_NOSORT, NULL, &found);

    for (size_t i = 0; status == 0 && i < found.gl_pathc; i++) {
        if (may_be_file(found.gl_pathv[i]))
            add_item(list, last_name(found.gl_pathv[i]), found.gl_pathv[i]);
    }
    globfree(&found);
    return status == 0 || status == GLOB_NOMATCH ||
           err_stop(reterr, EX_NOINPUT, "--input %s: it can't be listed", pattern);
}

static bool list_files(const char *place, struct item_list *list, struct err *reterr)
{
    struct stat about;

    if (stat(place, &about) == 0 && S_ISDIR(about.st_mode))
        return list_folder(place, list, reterr);
    if (strpbrk(place, "*?[") != NULL && access(place, F_OK) != 0)
        return list_pattern(place, list, reterr);
    add_item(list, last_name(place), place);
    return true;
}

/* A URL without what may be secret in it. */
static void list_url(const char *url, struct item_list *list)
{
    char *name CLEANUP(free) = err_strdup(url);

    name[strcspn(name, "?#")] = '\0';
    add_item(list, name, url);
}

void input_add_object(struct item_list *list, const char *name, const char *tag, int64_t size)
{
    add_item(list, name, name);
    snprintf(list->items[list->n - 1].tag, FILE_TAG_MAX, "%s", tag);
    list->items[list->n - 1].size = size;
}

static bool add_s3(void *arg, const char *name, const char *tag, int64_t size)
{
    input_add_object(arg, name, tag, size);
    return true;
}

bool input_holds(const struct input *input, struct str bucket, struct str key)
{
    return input->kind == S3 && input_s3_holds(input->s3, bucket, key);
}

static bool list_all(struct input *input, struct item_list *list, struct err *reterr)
{
    const char *place = input->options->input;

    switch (input->kind) {
    case STANDARD_INPUT:
        add_item(list, "-", place);
        return true;
    case URL:
        list_url(place, list);
        return true;
    case S3:
        return input_s3_list(input->s3, add_s3, list, reterr);
    case FILES:
        break;
    }
    return list_files(place, list, reterr);
}

/* Two files of one name would be one to us; a pattern over folders can give such. */
static bool check_names(const struct item_list *list, struct err *reterr)
{
    for (size_t i = 1; list->items != NULL && i < list->n; i++) {
        if (strcmp(list->items[i - 1].name, list->items[i].name) == 0)
            return err_stop(reterr, EX_USAGE, "--input: %s and %s have the same name",
                            list->items[i - 1].place, list->items[i].place);
    }
    return true;
}

bool input_list(struct input *input, struct item_list *ret, struct err *reterr)
{
    struct item_list list = {0};
    bool ok = list_all(input, &list, reterr);

    if (ok && list.items == NULL)
        ok = err_stop(reterr, EX_NOINPUT, "--input %s: there is no object", input->options->input);
    if (ok && list.items != NULL) {
        qsort(list.items, list.n, sizeof(*list.items), by_name);
        ok = check_names(&list, reterr);
    }
    for (size_t i = 0; ok && list.items != NULL && input->kind == FILES && i < list.n; i++) {
        struct stat about;

        if (stat(list.items[i].place, &about) == 0)
            tag_file(&list.items[i], &about);
    }
    if (!ok) {
        item_list_done(&list);
        return false;
    }
    *ret = list;
    return true;
}

/* ---- opening ---- */

static bool open_file(struct item *item, int *ret_fd, struct err *reterr)
{
    int fd = open(item->place, O_RDONLY | O_CLOEXEC);
    struct stat about;

    if (fd < 0 || fstat(fd, &about) != 0) {
        int status = errno == ENOENT ? EX_NOINPUT : errno == EACCES ? EX_NOPERM : EX_IOERR;

        if (fd >= 0)
            close(fd);
        return err_stop(reterr, status, "it can't be opened: %s", strerror(errno));
    }
    tag_file(item, &about);
    posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    *ret_fd = fd;
    return true;
}

static bool tick(void *arg)
{
    struct input *input = arg;

    service_beat(input->service);
    return !service_stopping(input->service);
}

/* Waits; false when a stop was asked for. */
static bool pause_for(struct input *input, int64_t ms)
{
    for (int64_t end_ms = clock_mono_ms() + ms;;) {
        int64_t left_ms = end_ms - clock_mono_ms();

        service_beat(input->service);
        if (left_ms <= 0)
            return true;
        if (service_wait(input->service, left_ms < SLICE_MS ? left_ms : SLICE_MS))
            return false;
    }
}

/* One request after another, until there is an answer, a refusal, or enough of it. */
static bool try_url(struct input *input, const struct fetch *fetch, struct fetch_answer *answer,
                    struct err *reterr)
{
    for (unsigned attempt = 1;; attempt++) {
        if (fetch_get(fetch, answer, reterr))
            return true;
        if (reterr->kind != ERR_RETRY)
            return false;
        bool last = attempt >= (uint64_t)input->options->fetch.attempts;
        int64_t backoff_ms = clock_backoff_ms(attempt - 1, RETRY_BASE_MS, RETRY_CAP_MS);
        int64_t wait_ms = answer->retry_after_ms > backoff_ms ? answer->retry_after_ms : backoff_ms;

        log_warn(last ? "giving up" : "trying again", LOG_STR("why", reterr->text),
                 LOG_INT("attempt", attempt), LOG_INT("wait_ms", last ? 0 : wait_ms));
        if (!last && pause_for(input, wait_ms))
            continue;
        reterr->kind = ERR_STOP;
        reterr->exit_status = EX_UNAVAILABLE;
        return false;
    }
}

static bool fetch_url(struct input *input, struct item *item, const struct file_state *known,
                      int fd, bool *ret_unchanged, struct err *reterr)
{
    struct fetch_answer answer;
    const struct fetch fetch = {.config = &input->options->fetch,
                                .url = item->place,
                                .etag = known == NULL ? NULL : known->tag,
                                .modified = known == NULL ? NULL : known->modified,
                                .fd = fd,
                                .tick = tick,
                                .arg = input};

    if (!try_url(input, &fetch, &answer, reterr))
        return false;
    snprintf(item->tag, sizeof(item->tag), "%s", answer.etag);
    snprintf(item->modified, sizeof(item->modified), "%s", answer.modified);
    item->size = answer.bytes;
    *ret_unchanged = answer.unchanged;
    return true;
}

static bool spool(struct input *input, struct item *item, const struct file_state *known, int fd,
                  bool *ret_unchanged, struct err *reterr)
{
    if (input->kind == S3)
        return input_s3_get(input->s3, item->place, item->tag, sizeof(item->tag), fd, reterr);
    return fetch_url(input, item, known, fd, ret_unchanged, reterr);
}

/* A file, or the standard input. What is kept as it came is read more than once. */
static bool open_local(struct input *input, struct item *item, int *ret_fd, struct err *reterr)
{
    int fd = -1, copy = -1;
    bool ok = input->kind == FILES ? open_file(item, &fd, reterr)
                                   : (fd = dup(STDIN_FILENO)) >= 0 ||
                                         err_stop(reterr, EX_NOINPUT, "-: %s", strerror(errno));

    if (!ok || input->options->raw_bucket == NULL || lseek(fd, 0, SEEK_CUR) >= 0) {
        if (ok)
            *ret_fd = fd;
        return ok;
    }
    ok = spool_open(input->options->state_dir, &copy, reterr) &&
         spool_copy(copy, fd, tick, input, reterr);
    close(fd);
    if (ok)
        *ret_fd = copy;
    else if (copy >= 0)
        close(copy);
    return ok;
}

bool input_fetch(struct input *input, struct item *item, const struct file_state *known,
                 int *ret_fd, bool *ret_unchanged, struct err *reterr)
{
    bool unchanged = false;
    int fd = -1;

    *ret_unchanged = false;
    if (input->kind == FILES || input->kind == STANDARD_INPUT)
        return open_local(input, item, ret_fd, reterr);
    if (!spool_open(input->options->state_dir, &fd, reterr))
        return false;
    bool ok = spool(input, item, known, fd, &unchanged, reterr);
    if (ok && !unchanged && lseek(fd, 0, SEEK_SET) != 0)
        ok = err_stop(reterr, EX_IOERR, "the download can't be read: %s", strerror(errno));
    if (!ok || unchanged) {
        close(fd);
        *ret_unchanged = ok;
        return ok;
    }
    *ret_fd = fd;
    return true;
}

bool input_same(const struct input *input, const struct item *item, int fd, struct err *reterr)
{
    struct item now = {.size = -1};
    struct stat about;

    if (input->kind != FILES || item->tag[0] == '\0')
        return true;
    if (fstat(fd, &about) != 0)
        return err_stop(reterr, EX_IOERR, "%s", strerror(errno));
    tag_file(&now, &about);
    return strcmp(now.tag, item->tag) == 0 ||
           err_stop(reterr, EX_TEMPFAIL, "it changed while it was read");
}
