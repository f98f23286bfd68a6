#include "input_s3.h"

#include "base/buf.h"
#include "bytes.h"
#include "spool.h"
#include <errno.h>
#include <strings.h>
#include <unistd.h>

enum { RANGE_BYTES = 8 << 20, SHA256_CHARS = 64, DOWNLOADS_MAX = 3 };

/* `config` is a copy with the bucket of the place. */
struct input_s3 {
    struct s3_config config;
    struct service *service;
    char *bucket, *prefix;
    struct s3 *s3;
};

bool input_s3_open(const struct s3_config *config, const char *place, struct service *service,
                   struct input_s3 **ret, struct err *reterr)
{
    const char *bucket = place + strlen("s3://");
    const char *slash = strchrnul(bucket, '/');
    struct input_s3 *input = err_calloc(1, sizeof(*input));

    input->bucket = err_strdup(bucket);
    input->bucket[slash - bucket] = '\0';
    input->prefix = err_strdup(*slash == '/' ? slash + 1 : "");
    input->config = *config;
    input->service = service;
    input->config.bucket = input->bucket;
    bool ok = input->bucket[0] != '\0' ||
              err_stop(reterr, EX_USAGE, "--input %s: it must be s3://BUCKET/PREFIX", place);
    if (!ok || !s3_open(&input->config, &input->s3, reterr)) {
        input_s3_close(input);
        return false;
    }
    *ret = input;
    return true;
}

struct input_s3 *input_s3_close(struct input_s3 *input)
{
    if (input != NULL) {
        s3_close(input->s3);
        free(input->bucket);
        free(input->prefix);
    }
    free(input);
    return NULL;
}

bool input_s3_holds(const struct input_s3 *input, struct str bucket, struct str key)
{
    return str_eq(bucket, str_of(input->bucket)) && str_starts(key, str_of(input->prefix)) &&
           key.len > 0 && key.at[key.len - 1] != '/';
}

struct listing {
    bool (*each)(void *arg, const char *key, const char *tag, int64_t size);
    void *arg;
};

/* A key that ends with a slash is a folder's mark. */
static bool hand_out(const struct s3_listed *object, void *arg)
{
    const struct listing *listing = arg;
    struct buf key CLEANUP(buf) = {0}, tag CLEANUP(buf) = {0};

    buf_put(&key, object->key);
    buf_put(&tag, object->etag);
    return (key.len > 0 && key.at[key.len - 1] == '/') ||
           listing->each(listing->arg, buf_cstr(&key), buf_cstr(&tag), object->size);
}

bool input_s3_list(struct input_s3 *input,
                   bool (*each)(void *arg, const char *key, const char *tag, int64_t size),
                   void *arg, struct err *reterr)
{
    struct listing listing = {each, arg};

    return s3_list_objects(input->s3, input->prefix, hand_out, &listing, reterr);
}

/* One range after another, all of one version. */
static bool get_all(struct input_s3 *input, const char *key, char *etag, int fd, struct err *reterr)
{
    struct buf part CLEANUP(buf) = {0};
    struct s3_range range = {.key = key, .etag = etag, .n = RANGE_BYTES};
    bool found = true;

    for (;;) {
        char now[128] = "";

        buf_clear(&part);
        if (!s3_get_range(input->s3, &range, &part, now, &found, reterr))
            return false;
        if (!found)
            return err_stop(reterr, EX_NOINPUT, "there is no such object any more");
        if (etag[0] == '\0')
            snprintf(etag, 128, "%s", now);
        if (!spool_write(fd, buf_str(&part), reterr))
            return false;
        range.first += (int64_t)part.len;
        if (part.len != RANGE_BYTES)
            return true;
        service_beat(input->service);
        if (service_stopping(input->service))
            return err_stop(reterr, EX_TEMPFAIL, "a stop was asked for");
    }
}

/* Whether the bytes are those that the object's metadata "sha256" names; one that is no SHA-256 names none. */
static bool is_as_told(struct input_s3 *input, const char *key, int fd, bool *ret_same,
                       struct err *reterr)
{
    struct s3_about about;
    char sum[SHA256_CHARS + 1];

    if (!s3_head(input->s3, key, "sha256", &about, reterr))
        return false;
    *ret_same = true;
    if (!about.found || strlen(about.metadata) != SHA256_CHARS ||
        strspn(about.metadata, "0123456789abcdefABCDEF") != SHA256_CHARS)
        return true;
    if (!bytes_sum_file(fd, sum, reterr))
        return false;
    *ret_same = strcasecmp(sum, about.metadata) == 0;
    return true;
}

static bool empty_again(int fd, struct err *reterr)
{
    return (lseek(fd, 0, SEEK_SET) == 0 && ftruncate(fd, 0) == 0) ||
           err_stop(reterr, EX_IOERR, "the download can't be begun again: %s", strerror(errno));
}

/* Gets it until its bytes are the right ones. */
static bool get_verified(struct input_s3 *input, const char *key, char *etag, int fd,
                         struct err *reterr)
{
    for (int i = 0; i < DOWNLOADS_MAX; i++) {
        bool same = false;

        etag[0] = '\0';
        if (!empty_again(fd, reterr) || !get_all(input, key, etag, fd, reterr) ||
            !is_as_told(input, key, fd, &same, reterr))
            return false;
        if (same)
            return true;
    }
    return err_stop(reterr, EX_DATAERR,
                    "its bytes are not those of the SHA-256 beside it (x-amz-meta-sha256)");
}

bool input_s3_get(struct input_s3 *input, const char *key, char *tag, size_t tag_room, int fd,
                  struct err *reterr)
{
    char etag[128] = "";

    if (get_verified(input, key, etag, fd, reterr)) {
        snprintf(tag, tag_room, "%s", etag);
        return true;
    }
    if (reterr->kind == ERR_RETRY) { /* it was tried again and again */
        reterr->kind = ERR_STOP;
        reterr->exit_status = EX_UNAVAILABLE;
    }
    return false;
}
