#include "raw.h"

#include "http/sha256.h"
#include "http/sigv4.h"
#include "raw_key.h"
#include <errno.h>
#include <inttypes.h>
#include <sysexits.h>
#include <unistd.h>

enum { PART_BYTES = 8 << 20, METADATA_MAX = 6 };

/* `config` is a copy with the bucket. */
struct raw {
    const struct objects_options *options;
    struct service *service;
    struct s3_config config;
    struct s3 *s3;
};

/* An object on its way: one part of it in memory, the sum of what was read. */
struct sending {
    struct raw *raw;
    const struct raw_object *about;
    struct s3_object object;
    int fd;
    char *part;
    struct sha256 *sum;
    int64_t sent;
};

bool raw_open(const struct objects_options *options, struct service *service, struct raw **ret,
              struct err *reterr)
{
    if (options->raw_bucket == NULL) {
        *ret = NULL;
        return true;
    }
    struct raw *raw = err_calloc(1, sizeof(*raw));
    raw->options = options;
    raw->service = service;
    raw->config = options->s3;
    raw->config.bucket = options->raw_bucket;
    if (!s3_open(&raw->config, &raw->s3, reterr) ||
        (raw->config.create_bucket && !s3_check_bucket(raw->s3, reterr))) {
        raw_close(raw);
        return err_prefix(reterr, "--raw-bucket");
    }
    *ret = raw;
    return true;
}

struct raw *raw_close(struct raw *raw)
{
    if (raw != NULL)
        s3_close(raw->s3);
    free(raw);
    return NULL;
}

void raw_place(const struct raw *raw, struct buf *out, const struct raw_object *object)
{
    const struct raw_key_words words = {raw->options->topic, object->name, object->sha256,
                                        object->read_unix_us};

    buf_printf(out, "s3://%s/", raw->options->raw_bucket);
    raw_key_print(out, raw->options->raw_key, &words);
}

const char *raw_key_of(const struct raw *raw, const char *place)
{
    const char *bucket = raw->options->raw_bucket;
    size_t n = strlen(bucket);
    bool ours = strncmp(place, "s3://", 5) == 0 && strncmp(place + 5, bucket, n) == 0 &&
                place[5 + n] == '/';

    return ours ? place + 5 + n + 1 : NULL;
}

/* Reads the next part, whole but for the last one. */
static bool read_part(struct sending *sending, size_t *ret_n, struct err *reterr)
{
    size_t n = 0;

    while (n < PART_BYTES) {
        ssize_t got = read(sending->fd, sending->part + n, PART_BYTES - n);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_stop(reterr, EX_IOERR, "it can't be read: %s", strerror(errno));
        if (got == 0)
            break;
        n += (size_t)got;
    }
    sha256_add(sending->sum, (struct str){sending->part, n});
    sending->sent += (int64_t)n;
    *ret_n = n;
    return true;
}

/* What was read is what the key and the metadata speak of. */
static bool check_sum(const struct sending *sending, struct err *reterr)
{
    char sum[65];

    sha256_hex(sending->sum, sum);
    return strcmp(sum, sending->about->sha256) == 0 ||
           err_stop(reterr, EX_TEMPFAIL, "it changed while it was read");
}

static bool send_parts(struct sending *sending, bool *ret_existed, struct err *reterr)
{
    struct s3_upload *upload = NULL;
    bool ok = s3_upload_begin(sending->raw->s3, &sending->object, &upload, reterr);

    while (ok && sending->sent < sending->about->size) {
        size_t n = 0;

        ok = read_part(sending, &n, reterr);
        struct str part = {sending->part, n};
        if (ok && n == 0)
            break; /* shorter than it was: the sum tells */
        ok = ok && s3_upload_parts(upload, &part, 1, reterr);
        service_beat(sending->raw->service);
        if (ok && service_stopping(sending->raw->service))
            ok = err_stop(reterr, EX_TEMPFAIL, "a stop was asked for");
    }
    ok = ok && check_sum(sending, reterr) && s3_upload_finish(upload, ret_existed, reterr);
    s3_upload_end(upload);
    return ok;
}

static bool send_whole(struct sending *sending, bool *ret_existed, struct err *reterr)
{
    size_t n = 0;

    if (!read_part(sending, &n, reterr) || !check_sum(sending, reterr))
        return false;
    sending->object.body = (struct str){sending->part, n};
    return s3_put(sending->raw->s3, &sending->object, ret_existed, reterr);
}

/* Whether the object with this sum stands under its key. */
static bool stands(struct raw *raw, const struct raw_object *about, bool *ret, struct err *reterr)
{
    struct s3_about there = {0};

    if (!s3_head(raw->s3, about->key, "sha256", &there, reterr))
        return false;
    *ret = there.found && strcmp(there.metadata, about->sha256) == 0;
    return true;
}

static bool send(struct sending *sending, struct err *reterr)
{
    const struct raw_object *about = sending->about;
    bool stood = false, existed = false;

    if (!stands(sending->raw, about, &stood, reterr))
        return false;
    if (stood)
        return true;
    bool ok = about->size <= PART_BYTES ? send_whole(sending, &existed, reterr)
                                        : send_parts(sending, &existed, reterr);
    if (!ok || !existed)
        return ok;
    if (!stands(sending->raw, about, &stood, reterr))
        return false;
    return stood || err_stop(reterr, EX_CANTCREAT, "another object stands under %s", about->key);
}

bool raw_put(struct raw *raw, const struct raw_object *about, int fd, struct err *reterr)
{
    struct buf source CLEANUP(buf) = {0}, tag CLEANUP(buf) = {0};
    char read_us[24], size[24];

    sigv4_escape(&source, str_of(about->name), true);
    sigv4_escape(&tag, str_of(about->tag), true);
    snprintf(read_us, sizeof(read_us), "%" PRId64, about->read_unix_us);
    snprintf(size, sizeof(size), "%" PRId64, about->size);
    const char *const metadata[METADATA_MAX + 1][2] = {
        {"sha256", about->sha256},     {"size", size},
        {"source", buf_cstr(&source)}, {"source-etag", buf_cstr(&tag)},
        {"read-unix-us", read_us},     {"topic", raw->options->topic}};
    struct sending sending = {
        .raw = raw,
        .about = about,
        .object = {.key = about->key,
                   .content_type = "application/octet-stream",
                   .metadata = metadata,
                   .only_if_absent = raw_key_by_content(raw->options->raw_key)},
        .fd = fd,
        .part = err_malloc(PART_BYTES),
        .sum = sha256_new()};
    bool ok = lseek(fd, 0, SEEK_SET) == 0 ? send(&sending, reterr)
                                          : err_stop(reterr, EX_IOERR, "%s", strerror(errno));
    free(sending.part);
    sha256_free(sending.sum);
    if (ok && lseek(fd, 0, SEEK_SET) != 0)
        ok = err_stop(reterr, EX_IOERR, "it can't be read: %s", strerror(errno));
    if (ok)
        return true;
    if (reterr->kind == ERR_RETRY) { /* it was tried again and again */
        reterr->kind = ERR_STOP;
        reterr->exit_status = EX_UNAVAILABLE;
    }
    return err_prefix(reterr, "--raw-bucket %s", raw->options->raw_bucket);
}
