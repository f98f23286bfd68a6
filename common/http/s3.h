/*
 * An S3 client over libcurl: PUT, GET, HEAD, LIST, DELETE and uploads in parts with own SigV4. The
 * only room that includes curl.h. Payloads are always signed by their SHA-256. Keeps connections
 * alive; 5xx, 429, SlowDown, 409 conflicts and broken connections are retried with bounded
 * full-jitter backoff before ERR_RETRY is returned.
 */
#ifndef SLUICE_HTTP_S3_H
#define SLUICE_HTTP_S3_H

#include "base/buf.h"
#include "base/err.h"
#include "base/options.h"

/* Filled from s3_options. */
struct s3_config {
    char *endpoint;      /* --s3-endpoint URL; NULL: AWS for the region */
    char *region;        /* --s3-region [us-east-1] */
    char *bucket;        /* --s3-bucket (required) */
    char *access_key;    /* --s3-access-key; falls back to AWS_ACCESS_KEY_ID, then to AWS_PROFILE */
    char *secret_key;    /* --s3-secret-key-file; falls back to AWS_SECRET_ACCESS_KEY */
    char *session_token; /* secret; falls back to AWS_SESSION_TOKEN */
    char *ca_file;       /* --s3-ca-file */
    bool virtual_host;   /* --s3-virtual-host: bucket in the host name instead of the path */
    bool create_bucket;  /* --s3-create-bucket: s3_check_bucket makes one that is missing */
    int64_t timeout_ms;  /* --s3-timeout [30s] for one request */
};

/* The rows that fill struct s3_config; use as an option group "S3". */
extern const struct option s3_options[];

enum { S3_ROWS_MAX = 16 };

/* The rows without the bucket, for services that name buckets elsewhere. */
void s3_rows_without_bucket(struct option into[S3_ROWS_MAX]);

struct s3;

/* One thread owns the handle; `config` must outlive it. Missing credentials are ERR_STOP naming
 * where they may stand. */
WARN_UNUSED bool s3_open(const struct s3_config *config, struct s3 **ret, struct err *reterr);

/* NULL is fine. Returns NULL. */
struct s3 *s3_close(struct s3 *s3);

/* The bucket exists and may be used: HEAD of the bucket. One that is missing is made with
 * config->create_bucket. ERR_STOP naming the bucket when missing (EX_CONFIG) or refused
 * (EX_NOPERM); ERR_RETRY when nobody answers. */
WARN_UNUSED bool s3_check_bucket(struct s3 *s3, struct err *reterr);

/* What to store. `metadata` are x-amz-meta-* pairs {name without prefix, value}, ended by a NULL
 * name. */
struct s3_object {
    const char *key;
    const char *content_type;
    struct str body;
    const char *const (*metadata)[2];
    bool only_if_absent; /* If-None-Match: * ; see *ret_existed */
};

/* Puts an object. With only_if_absent and the object there already, *ret_existed is true and
 * nothing is written. */
WARN_UNUSED bool s3_put(struct s3 *s3, const struct s3_object *object, bool *ret_existed,
                        struct err *reterr);

/*
 * A large object in parts, of which several are on their way at once; each is repeated by itself.
 *
 *   begin --> parts --> parts --> ... --> finish            nothing is seen before finish;
 *     '---------'---------'--> abort                        abort also after an error
 *
 * Every part is signed by its SHA-256, so the store has checked it; finish looks at the object once
 * more: its size, and the metadata "sha256" when the object has one. `object->body` is not used;
 * key, type and metadata must outlive the upload. Parts but the last must have 5 MiB or more, and
 * are numbered in order.
 */
struct s3_upload;

/* Starts an upload. */
WARN_UNUSED bool s3_upload_begin(struct s3 *s3, const struct s3_object *object,
                                 struct s3_upload **ret, struct err *reterr);

/* Sends n parts at once and waits for all of them. */
WARN_UNUSED bool s3_upload_parts(struct s3_upload *upload, const struct str *parts, size_t n,
                                 struct err *reterr);

/* Makes the object of the parts. With only_if_absent and the object there already, *ret_existed is
 * true and nothing is written (where the store knows the condition; else it is replaced). */
WARN_UNUSED bool s3_upload_finish(struct s3_upload *upload, bool *ret_existed, struct err *reterr);

/* Frees the upload; one that is not finished is given up at the store, as far as that answers. NULL
 * is fine. Returns NULL. */
struct s3_upload *s3_upload_end(struct s3_upload *upload);

/* Gives up the uploads of this key that nobody has finished, and says how many: for the one that
 * writes the key alone, in case that its predecessor was killed. ERR_STOP (EX_NOPERM) when they may
 * not be listed or given up. */
WARN_UNUSED bool s3_upload_clear(struct s3 *s3, const char *key, size_t *ret_n, struct err *reterr);

/* Puts an object whose body is in memory: by one request up to `part_bytes`, else in parts,
 * `parallel` at once. */
WARN_UNUSED bool s3_put_large(struct s3 *s3, const struct s3_object *object, size_t part_bytes,
                              size_t parallel, bool *ret_existed, struct err *reterr);

/* Appends the object's body to `into`; *ret_found false when there is none. */
WARN_UNUSED bool s3_get(struct s3 *s3, const char *key, struct buf *into, bool *ret_found,
                        struct err *reterr);

/* What a HEAD tells. `metadata` is the value asked for, "" when the object has none. */
struct s3_about {
    bool found;
    int64_t size; /* bytes, -1 when the store does not tell */
    char metadata[512];
};

/* Asks about an object and one of its metadata values (name without prefix, lower case). */
WARN_UNUSED bool s3_head(struct s3 *s3, const char *key, const char *metadata_name,
                         struct s3_about *ret, struct err *reterr);

/* Calls `each` for every key under the prefix, in order, page by page; stops early when it returns
 * false. After an error it may be called for the same keys again. */
WARN_UNUSED bool s3_list(struct s3 *s3, const char *prefix,
                         bool (*each)(struct str key, int64_t size, void *arg), void *arg,
                         struct err *reterr);

/* An entry of a listing; `etag` with its quotes. */
struct s3_listed {
    struct str key;
    int64_t size;
    struct str etag;
};

/* As s3_list, with what the listing tells beside the key. */
WARN_UNUSED bool s3_list_objects(struct s3 *s3, const char *prefix,
                                 bool (*each)(const struct s3_listed *object, void *arg), void *arg,
                                 struct err *reterr);

/* Which bytes of an object: `n` from `first` on, of the version that `etag` names ("": any). */
struct s3_range {
    const char *key, *etag;
    int64_t first;
    size_t n;
};

/*
 * Appends those bytes, fewer at the object's end and none behind it. *ret_found false: there is no
 * such object. `ret_etag` (128 bytes) gets its ETag. ERR_STOP (EX_TEMPFAIL) when it has another
 * one now.
 */
WARN_UNUSED bool s3_get_range(struct s3 *s3, const struct s3_range *range, struct buf *into,
                              char *ret_etag, bool *ret_found, struct err *reterr);

/* Deletes an object; one that is not there is fine. */
WARN_UNUSED bool s3_delete(struct s3 *s3, const char *key, struct err *reterr);

#endif
