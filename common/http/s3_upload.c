/* Large objects in parts. */
#include "http/s3_request.h"

#include <assert.h>

enum { PARTS_MAX = 10000, ETAG_CHARS = 80 };

struct s3_upload {
    struct s3 *s3;
    const struct s3_object *object;
    char *path;
    struct buf id;
    char (*etags)[ETAG_CHARS];
    size_t parts_n;
    int64_t bytes;
    bool over; /* finished, or unknown to the store */
};

static void cleanup_answer(struct s3_answer *answer)
{
    buf_done(&answer->body);
}

bool s3_upload_begin(struct s3 *s3, const struct s3_object *object, struct s3_upload **ret,
                     struct err *reterr)
{
    CLEANUP(answer) struct s3_answer answer = {0};
    CLEANUP(buf) struct buf names = {0}, path = {0}, id = {0};
    static const struct sigv4_pair query[] = {{"uploads", ""}};
    struct sigv4_pair headers[S3_HEADERS_MAX];

    if (!s3_check_key(object->key, reterr))
        return false;
    buf_printf(&path, "/%s", object->key);
    const struct s3_request request = {.method = "POST",
                                       .path = buf_cstr(&path),
                                       .query = query,
                                       .query_n = 1,
                                       .headers = headers,
                                       .headers_n =
                                           s3_object_headers(object, false, &names, headers)};
    if (!s3_send(s3, &request, &answer, reterr))
        return false;
    if (answer.status / 100 != 2)
        return s3_refused(s3, &request, &answer, reterr);
    if (!s3_answer_text(buf_str(&answer.body), "InitiateMultipartUploadResult", "UploadId", &id))
        return err_set(reterr, ERR_RETRY, "the store starts an upload of %s without an id",
                       object->key);
    struct s3_upload *upload = err_calloc(1, sizeof(*upload));
    upload->s3 = s3;
    upload->object = object;
    upload->path = err_strdup(buf_cstr(&path));
    buf_put(&upload->id, buf_str(&id));
    *ret = upload;
    return true;
}

static bool keep_etags(struct s3_upload *upload, const struct s3_request *requests,
                       struct s3_answer *answers, size_t n, struct err *reterr)
{
    for (size_t i = 0; i < n; i++) {
        if (answers[i].status / 100 != 2)
            return s3_refused(upload->s3, &requests[i], &answers[i], reterr);
        if (answers[i].wanted[0] == '\0' || strlen(answers[i].wanted) >= ETAG_CHARS)
            return err_set(reterr, ERR_RETRY, "the store takes a part of %s without an ETag",
                           upload->object->key);
        snprintf(upload->etags[upload->parts_n + i], ETAG_CHARS, "%.*s", ETAG_CHARS - 1,
                 answers[i].wanted);
    }
    return true;
}

bool s3_upload_parts(struct s3_upload *upload, const struct str *parts, size_t n,
                     struct err *reterr)
{
    CLEANUP(free) struct s3_request *requests = err_calloc(n + 1, sizeof(*requests));
    CLEANUP(free) struct s3_answer *answers = err_calloc(n + 1, sizeof(*answers));
    CLEANUP(free) struct sigv4_pair *queries = err_calloc(2 * n + 1, sizeof(*queries));
    CLEANUP(free) char(*numbers)[24] = err_calloc(n + 1, sizeof(*numbers));

    if (upload->parts_n + n > PARTS_MAX)
        return err_stop(reterr, EX_SOFTWARE, "%s has more than %d parts: give larger ones",
                        upload->object->key, PARTS_MAX);
    upload->etags = err_realloc(upload->etags, (upload->parts_n + n) * sizeof(*upload->etags));
    for (size_t i = 0; i < n; i++) {
        snprintf(numbers[i], sizeof(numbers[i]), "%zu", upload->parts_n + i + 1);
        queries[2 * i] = (struct sigv4_pair){"partNumber", numbers[i]};
        queries[2 * i + 1] = (struct sigv4_pair){"uploadId", buf_cstr(&upload->id)};
        requests[i] = (struct s3_request){.method = "PUT",
                                          .path = upload->path,
                                          .query = queries + 2 * i,
                                          .query_n = 2,
                                          .body = parts[i],
                                          .wanted = "etag"};
        upload->bytes += (int64_t)parts[i].len;
    }
    bool well = s3_send_all(upload->s3, requests, answers, n, n, reterr) &&
                keep_etags(upload, requests, answers, n, reterr);
    for (size_t i = 0; i < n; i++)
        buf_done(&answers[i].body);
    upload->parts_n += n;
    return well;
}

/* What the object's metadata say of its bytes; "" when they say nothing. */
static const char *sha256_of(const struct s3_object *object)
{
    for (size_t i = 0; object->metadata != NULL && object->metadata[i][0] != NULL; i++)
        if (strcmp(object->metadata[i][0], "sha256") == 0)
            return object->metadata[i][1];
    return "";
}

/* The object stands there as it was sent. */
static bool verify(struct s3_upload *upload, struct err *reterr)
{
    const struct s3_object *object = upload->object;
    const char *sha256 = sha256_of(object);
    struct s3_about about = {0};

    if (!s3_head(upload->s3, object->key, "sha256", &about, reterr))
        return false;
    if (!about.found || (about.size >= 0 && about.size != upload->bytes) ||
        (sha256[0] != '\0' && strcmp(about.metadata, sha256) != 0))
        return err_set(reterr, ERR_RETRY, "%s does not stand in the store as it was sent",
                       object->key);
    return true;
}

static void list_parts(const struct s3_upload *upload, struct buf *out)
{
    buf_puts(out, "<CompleteMultipartUpload>");
    for (size_t i = 0; i < upload->parts_n; i++) {
        buf_printf(out, "<Part><PartNumber>%zu</PartNumber><ETag>", i + 1);
        for (const char *at = upload->etags[i]; *at != '\0'; at++)
            if (*at == '&' || *at == '<' || *at == '"')
                buf_printf(out, "&#%d;", *at);
            else
                buf_char(out, *at);
        buf_puts(out, "</ETag></Part>");
    }
    buf_puts(out, "</CompleteMultipartUpload>");
}

bool s3_upload_finish(struct s3_upload *upload, bool *ret_existed, struct err *reterr)
{
    CLEANUP(answer) struct s3_answer answer = {0};
    CLEANUP(buf) struct buf body = {0};
    const struct sigv4_pair query[] = {{"uploadId", buf_cstr(&upload->id)}};
    static const struct sigv4_pair headers[] = {{"content-type", "application/xml"},
                                                {"if-none-match", "*"}};

    list_parts(upload, &body);
    const struct s3_request request = {.method = "POST",
                                       .path = upload->path,
                                       .query = query,
                                       .query_n = 1,
                                       .headers = headers,
                                       .headers_n = upload->object->only_if_absent ? 2 : 1,
                                       .body = buf_str(&body)};
    if (!s3_send(upload->s3, &request, &answer, reterr))
        return false;
    if (answer.status == 200) /* an answer that began well may still hold an error */
        s3_answer_error(buf_str(&answer.body), &answer.error);
    if (upload->object->only_if_absent && answer.status == 412) {
        *ret_existed = true;
        return true;
    }
    /* the answer to a first attempt was lost: what stands there decides */
    bool gone = strcmp(answer.error.code, "NoSuchUpload") == 0;
    if (answer.status == 200 && answer.error.code[0] != '\0' && !gone)
        return err_set(reterr, ERR_RETRY, "the store could not join the parts of %s: %s",
                       upload->object->key, answer.error.code);
    if (answer.status / 100 != 2 && !gone)
        return s3_refused(upload->s3, &request, &answer, reterr);
    upload->over = true;
    if (!verify(upload, reterr))
        return false;
    *ret_existed = false;
    return true;
}

static bool give_up(struct s3 *s3, const char *path, const char *id, struct err *reterr)
{
    CLEANUP(answer) struct s3_answer answer = {0};
    const struct sigv4_pair query[] = {{"uploadId", id}};
    const struct s3_request request = {
        .method = "DELETE", .path = path, .query = query, .query_n = 1};

    return s3_send(s3, &request, &answer, reterr) &&
           (answer.status / 100 == 2 || answer.status == 404 ||
            s3_refused(s3, &request, &answer, reterr));
}

/* The key's own uploads come first among those whose key begins so: one page has them. */
static bool list_uploads(struct s3 *s3, const char *key, struct buf *ids, struct err *reterr)
{
    CLEANUP(answer) struct s3_answer answer = {0};
    const struct sigv4_pair query[] = {{"prefix", key}, {"uploads", ""}};
    const struct s3_request request = {.method = "GET", .path = "", .query = query, .query_n = 2};

    if (!s3_send(s3, &request, &answer, reterr))
        return false;
    if (answer.status / 100 != 2)
        return s3_refused(s3, &request, &answer, reterr);
    return s3_answer_uploads(buf_str(&answer.body), key, ids, reterr);
}

bool s3_upload_clear(struct s3 *s3, const char *key, size_t *ret_n, struct err *reterr)
{
    CLEANUP(buf) struct buf ids = {0}, path = {0};
    size_t n = 0;

    if (!s3_check_key(key, reterr) || !list_uploads(s3, key, &ids, reterr))
        return false;
    buf_printf(&path, "/%s", key);
    for (char *at = ids.len == 0 ? NULL : ids.at; at != NULL && at < ids.at + ids.len; n++) {
        char *end = memchr(at, '\n', (size_t)(ids.at + ids.len - at));

        *end = '\0';
        if (!give_up(s3, buf_cstr(&path), at, reterr))
            return false;
        at = end + 1;
    }
    *ret_n = n;
    return true;
}

struct s3_upload *s3_upload_end(struct s3_upload *upload)
{
    struct err ignored;

    if (upload == NULL)
        return NULL;
    if (!upload->over && !give_up(upload->s3, upload->path, buf_cstr(&upload->id), &ignored))
        upload->over = true;
    free(upload->path);
    free(upload->etags);
    buf_done(&upload->id);
    free(upload);
    return NULL;
}

bool s3_put_large(struct s3 *s3, const struct s3_object *object, size_t part_bytes, size_t parallel,
                  bool *ret_existed, struct err *reterr)
{
    CLEANUP(free) struct str *parts = err_calloc(parallel + 1, sizeof(*parts));
    struct s3_upload *upload = NULL;
    size_t sent = 0;

    if (object->body.len <= part_bytes)
        return s3_put(s3, object, ret_existed, reterr);
    bool well = s3_upload_begin(s3, object, &upload, reterr);
    while (well && upload != NULL && sent < object->body.len) {
        size_t n = 0;

        for (; n < parallel && sent < object->body.len; n++) {
            size_t left = object->body.len - sent;

            parts[n] = (struct str){object->body.at + sent, left < part_bytes ? left : part_bytes};
            sent += parts[n].len;
        }
        well = s3_upload_parts(upload, parts, n, reterr);
    }
    well = well && upload != NULL && s3_upload_finish(upload, ret_existed, reterr);
    s3_upload_end(upload);
    return well;
}
