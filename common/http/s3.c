#include "http/s3.h"

#include "http/s3_request.h"
#include <assert.h>
#include <strings.h>

const struct option s3_options[] = {
    {.name = "s3-endpoint",
     .kind = OPTION_STRING,
     .offset = offsetof(struct s3_config, endpoint),
     .value_name = "URL",
     .help = "address of the store, as http://127.0.0.1:9000; without it AWS in --s3-region"},
    {.name = "s3-region",
     .kind = OPTION_STRING,
     .offset = offsetof(struct s3_config, region),
     .fallback = "us-east-1",
     .value_name = "REGION",
     .help = "region that requests are signed for"},
    {.name = "s3-bucket",
     .kind = OPTION_STRING,
     .offset = offsetof(struct s3_config, bucket),
     .required = true,
     .value_name = "BUCKET",
     .help = "bucket, which must exist unless --s3-create-bucket"},
    {.name = "s3-access-key",
     .kind = OPTION_STRING,
     .offset = offsetof(struct s3_config, access_key),
     .value_name = "KEY",
     .help = "access key id; without it AWS_ACCESS_KEY_ID, then both keys of AWS_PROFILE in the "
             "shared credentials file (~/.aws/credentials)"},
    {.name = "s3-secret-key",
     .kind = OPTION_SECRET,
     .offset = offsetof(struct s3_config, secret_key),
     .value_name = "FILE",
     .help = "file with the secret key; without it AWS_SECRET_ACCESS_KEY"},
    {.name = "s3-session-token",
     .kind = OPTION_SECRET,
     .offset = offsetof(struct s3_config, session_token),
     .value_name = "FILE",
     .help = "file with the token of temporary credentials; without it AWS_SESSION_TOKEN"},
    {.name = "s3-ca-file",
     .kind = OPTION_STRING,
     .offset = offsetof(struct s3_config, ca_file),
     .value_name = "FILE",
     .help = "certificate authorities to trust in place of the system's"},
    {.name = "s3-virtual-host",
     .kind = OPTION_BOOL,
     .offset = offsetof(struct s3_config, virtual_host),
     .fallback = "false",
     .help = "put the bucket in the host name in place of the path"},
    {.name = "s3-create-bucket",
     .kind = OPTION_BOOL,
     .offset = offsetof(struct s3_config, create_bucket),
     .fallback = "false",
     .help = "make a bucket that is written to and is not there"},
    {.name = "s3-timeout",
     .kind = OPTION_DURATION,
     .offset = offsetof(struct s3_config, timeout_ms),
     .fallback = "30s",
     .min = 100,
     .max = 3600000,
     .value_name = "DURATION",
     .help = "longest time for one request"},
    {0}};

void s3_rows_without_bucket(struct option into[S3_ROWS_MAX])
{
    size_t n = 0;

    static_assert(sizeof(s3_options) / sizeof(*s3_options) <= S3_ROWS_MAX, "all find room");
    for (const struct option *row = s3_options; row->name != NULL; row++) {
        if (strcmp(row->name, "s3-bucket") != 0)
            into[n++] = *row;
    }
    into[n] = (struct option){0};
}

static char *printed(const char *format, const char *a, const char *b)
{
    CLEANUP(buf) struct buf text = {0};

    buf_printf(&text, format, a, b);
    return err_strdup(buf_cstr(&text));
}

/* "http://host:port" with or without a slash behind it, nothing more. */
static bool parse_endpoint(struct s3 *s3, const char *endpoint, struct err *reterr)
{
    static const char *const schemes[] = {"http://", "https://"};

    for (int i = 0; i < 2; i++) {
        if (strncasecmp(endpoint, schemes[i], strlen(schemes[i])) != 0)
            continue;
        const char *host = endpoint + strlen(schemes[i]);
        struct str name = str_between(host, strchrnul(host, '/'));
        if (name.len == 0 || strpbrk(host, "?#@ ") != NULL ||
            (name.at[name.len] == '/' && name.at[name.len + 1] != '\0'))
            break;
        s3->scheme = err_strdup(schemes[i]);
        s3->host = err_calloc(1, name.len + 1);
        memcpy(s3->host, name.at, name.len);
        return true;
    }
    return err_stop(reterr, EX_CONFIG,
                    "--s3-endpoint \"%s\": it must be http://HOST:PORT or https://HOST", endpoint);
}

static bool is_loopback(const char *host)
{
    return strncmp(host, "127.", 4) == 0 || strncmp(host, "[::1]", 5) == 0 ||
           strncmp(host, "localhost:", 10) == 0 || strcmp(host, "localhost") == 0;
}

static bool set_address(struct s3 *s3, struct err *reterr)
{
    const struct s3_config *config = s3->config;
    CLEANUP(free) char *aws = printed("https://s3.%s.amazonaws.com%s", config->region, "");

    if (!parse_endpoint(s3, config->endpoint == NULL ? aws : config->endpoint, reterr))
        return false;
    s3->loopback = is_loopback(s3->host);
    if (config->virtual_host) {
        char *whole = printed("%s.%s", config->bucket, s3->host);
        free(s3->host);
        s3->host = whole;
    }
    s3->root = config->virtual_host ? err_strdup("") : printed("/%s%s", config->bucket, "");
    return true;
}

static const char *either(const char *option, const char *variable)
{
    const char *value = option != NULL && option[0] != '\0' ? option : getenv(variable);

    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* What no option and no variable says stands in a profile, keys and token together. */
static bool take_profile(struct s3 *s3, struct err *reterr)
{
    bool found = false;

    if (!aws_profile_read(&s3->profile, &found, reterr))
        return false;
    if (found) {
        s3->access_key = s3->profile.access_key;
        s3->secret_key = s3->profile.secret_key;
        s3->session_token = s3->profile.session_token[0] == '\0' ? NULL : s3->profile.session_token;
    }
    return true;
}

static bool set_credentials(struct s3 *s3, struct err *reterr)
{
    s3->access_key = either(s3->config->access_key, "AWS_ACCESS_KEY_ID");
    s3->secret_key = either(s3->config->secret_key, "AWS_SECRET_ACCESS_KEY");
    s3->session_token = either(s3->config->session_token, "AWS_SESSION_TOKEN");
    if (s3->access_key == NULL && s3->secret_key == NULL && !take_profile(s3, reterr))
        return false;
    if (s3->access_key == NULL)
        return err_stop(reterr, EX_CONFIG,
                        "no S3 access key: give --s3-access-key, set AWS_ACCESS_KEY_ID, or have a "
                        "profile in the shared credentials file (AWS_PROFILE)");
    if (s3->secret_key == NULL)
        return err_stop(reterr, EX_CONFIG,
                        "no S3 secret key: give --s3-secret-key-file or set AWS_SECRET_ACCESS_KEY");
    return true;
}

bool s3_open(const struct s3_config *config, struct s3 **ret, struct err *reterr)
{
    struct s3 *made = err_calloc(1, sizeof(*made));

    made->config = config;
    if (!set_address(made, reterr) || !set_credentials(made, reterr)) {
        s3_close(made);
        return false;
    }
    made->curl = curl_easy_init();
    if (made->curl == NULL) {
        s3_close(made);
        return err_stop(reterr, EX_OSERR, "libcurl does not start");
    }
    *ret = made;
    return true;
}

struct s3 *s3_close(struct s3 *s3)
{
    if (s3 != NULL) {
        curl_easy_cleanup(s3->curl);
        curl_multi_cleanup(s3->multi);
        free(s3->scheme);
        free(s3->host);
        free(s3->root);
        aws_profile_clear(&s3->profile);
        free(s3);
    }
    return NULL;
}

/* What an answer that the caller can't use means; false always. */
bool s3_refused(const struct s3 *s3, const struct s3_request *request,
                const struct s3_answer *answer, struct err *reterr)
{
    const char *code = answer->error.code;
    const char *bucket = s3->config->bucket;
    const char *message = answer->error.message;

    if (strcmp(code, "NoSuchBucket") == 0 || (answer->status == 404 && request->path[0] == '\0'))
        return err_stop(reterr, EX_CONFIG, "--s3-bucket %s: there is no such bucket at %s%s",
                        bucket, s3->scheme, s3->host);
    if (answer->status == 301 || answer->status == 307 || answer->region[0] != '\0')
        if (answer->status != 403 && strcmp(answer->region, s3->config->region) != 0)
            return err_stop(reterr, EX_CONFIG, "--s3-region %s: the bucket %s lies in region %s",
                            s3->config->region, bucket,
                            answer->region[0] == '\0' ? "another" : answer->region);
    if (answer->status == 401 || answer->status == 403 || strcmp(code, "ExpiredToken") == 0 ||
        strcmp(code, "InvalidToken") == 0)
        return err_stop(reterr, EX_NOPERM,
                        "S3 at %s%s refuses %s%s%s in bucket %s to access key %s (--s3-access-key, "
                        "--s3-secret-key-file): %s%s%s",
                        s3->scheme, s3->host, request->method, request->path[0] == '\0' ? "" : " ",
                        request->path[0] == '\0' ? "" : request->path + 1, bucket, s3->access_key,
                        code[0] == '\0' ? "forbidden" : code, message[0] == '\0' ? "" : ": ",
                        message);
    return err_stop(reterr, answer->status == 400 ? EX_CONFIG : EX_SOFTWARE,
                    "S3 at %s%s answers %ld to %s %s%s: %s%s%s", s3->scheme, s3->host,
                    answer->status, request->method, bucket, request->path, code,
                    message[0] == '\0' ? "" : ": ", message);
}

/* Keys that some stores fold, hide or refuse. */
bool s3_check_key(const char *key, struct err *reterr)
{
    size_t length = strlen(key);
    bool bad = length == 0 || length > 1024 || key[0] == '/' || key[length - 1] == '/' ||
               strstr(key, "//") != NULL || strchr(key, '\\') != NULL;

    for (const char *at = key; !bad && at != NULL;) {
        const char *end = strchrnul(at, '/');
        struct str segment = str_between(at, end);

        bad = str_eq_c(segment, ".") || str_eq_c(segment, "..") || segment.len > 255;
        at = *end == '/' ? end + 1 : NULL;
    }
    return !bad || err_stop(reterr, EX_SOFTWARE,
                            "\"%.200s\" is not a key that every S3 store takes: no empty, \".\" "
                            "or \"..\" segment, no backslash, at most 255 bytes a segment",
                            key);
}

/* Answers live this long and are freed by CLEANUP(answer). */
static void cleanup_answer(struct s3_answer *answer)
{
    buf_done(&answer->body);
}

/* Asks for a bucket; true when there is one now, whoever made it. In its own region AWS wants no
 * name of it. */
static bool make_bucket(struct s3 *s3, struct err *reterr)
{
    CLEANUP(answer) struct s3_answer answer = {0};
    CLEANUP(buf) struct buf where = {0};
    const char *region = s3->config->region;

    if (strcmp(region, "us-east-1") != 0)
        buf_printf(&where,
                   "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                   "<LocationConstraint>%s</LocationConstraint></CreateBucketConfiguration>",
                   region);
    const struct s3_request request = {.method = "PUT", .path = "", .body = buf_str(&where)};
    if (!s3_send(s3, &request, &answer, reterr))
        return false;
    if (answer.status / 100 == 2 || strcmp(answer.error.code, "BucketAlreadyOwnedByYou") == 0)
        return true;
    s3_refused(s3, &request, &answer, reterr);
    return err_prefix(reterr, "--s3-create-bucket");
}

bool s3_check_bucket(struct s3 *s3, struct err *reterr)
{
    CLEANUP(answer) struct s3_answer answer = {0};
    static const struct sigv4_pair one_key[] = {{"list-type", "2"}, {"max-keys", "1"}};
    struct s3_request request = {.method = "HEAD", .path = ""};

    if (!s3_send(s3, &request, &answer, reterr))
        return false;
    if (answer.status / 100 == 2)
        return true;
    if (answer.status == 404 && s3->config->create_bucket)
        return make_bucket(s3, reterr);
    if (answer.status != 404) { /* a HEAD has no body that says why: ask again by GET */
        request = (struct s3_request){.method = "GET", .path = "", .query = one_key, .query_n = 2};
        if (!s3_send(s3, &request, &answer, reterr))
            return false;
        if (answer.status / 100 == 2)
            return true;
    }
    return s3_refused(s3, &request, &answer, reterr);
}

size_t s3_object_headers(const struct s3_object *object, bool condition, struct buf *names,
                         struct sigv4_pair *headers)
{
    size_t name_at[S3_HEADERS_MAX] = {0};
    size_t n = 0, first = 0;

    headers[n++] = (struct sigv4_pair){"content-type", object->content_type};
    if (condition)
        headers[n++] = (struct sigv4_pair){"if-none-match", "*"};
    first = n;
    for (size_t i = 0; object->metadata != NULL && object->metadata[i][0] != NULL; i++) {
        assert(n < S3_HEADERS_MAX);
        name_at[n] = names->len;
        buf_printf(names, "x-amz-meta-%s", object->metadata[i][0]);
        buf_char(names, '\0');
        headers[n++].value = object->metadata[i][1];
    }
    for (size_t i = first; i < n; i++)
        headers[i].name = names->at + name_at[i];
    return n;
}

bool s3_put(struct s3 *s3, const struct s3_object *object, bool *ret_existed, struct err *reterr)
{
    CLEANUP(answer) struct s3_answer answer = {0};
    CLEANUP(buf) struct buf names = {0};
    struct sigv4_pair headers[S3_HEADERS_MAX];
    CLEANUP(free) char *path = printed("/%s%s", object->key, "");

    if (!s3_check_key(object->key, reterr))
        return false;
    const struct s3_request request = {
        .method = "PUT",
        .path = path,
        .headers = headers,
        .headers_n = s3_object_headers(object, object->only_if_absent, &names, headers),
        .body = object->body};
    if (!s3_send(s3, &request, &answer, reterr))
        return false;
    bool existed = object->only_if_absent && answer.status == 412;
    if (!existed && answer.status / 100 != 2)
        return s3_refused(s3, &request, &answer, reterr);
    *ret_existed = existed;
    return true;
}

/* A request for one key; *ret_found false for 404, but a missing bucket is an error. */
static bool ask_key(struct s3 *s3, struct s3_request *request, const char *key,
                    struct s3_answer *answer, bool *ret_found, struct err *reterr)
{
    CLEANUP(free) char *path = printed("/%s%s", key, "");

    if (!s3_check_key(key, reterr))
        return false;
    request->path = path;
    if (!s3_send(s3, request, answer, reterr))
        return false;
    bool missing = answer->status == 404 && strcmp(answer->error.code, "NoSuchBucket") != 0;
    if (!missing && answer->status / 100 != 2)
        return s3_refused(s3, request, answer, reterr);
    *ret_found = !missing;
    return true;
}

bool s3_get(struct s3 *s3, const char *key, struct buf *into, bool *ret_found, struct err *reterr)
{
    CLEANUP(answer) struct s3_answer answer = {.body.limit = into->limit};
    struct s3_request request = {.method = "GET"};
    bool found = false;

    if (!ask_key(s3, &request, key, &answer, &found, reterr))
        return false;
    if (found)
        buf_put(into, buf_str(&answer.body));
    *ret_found = found;
    return buf_ok(into) ||
           err_stop(reterr, EX_SOFTWARE, "the object %s is larger than its limit", key);
}

bool s3_get_range(struct s3 *s3, const struct s3_range *range, struct buf *into, char *ret_etag,
                  bool *ret_found, struct err *reterr)
{
    CLEANUP(answer) struct s3_answer answer = {.body.limit = range->n + (64U << 10)};
    CLEANUP(free) char *path = printed("/%s%s", range->key, "");
    char bytes[64];
    const struct sigv4_pair headers[] = {{"range", bytes}, {"if-match", range->etag}};
    const struct s3_request request = {.method = "GET",
                                       .path = path,
                                       .headers = headers,
                                       .headers_n = range->etag[0] == '\0' ? 1 : 2,
                                       .wanted = "etag"};

    snprintf(bytes, sizeof(bytes), "bytes=%lld-%lld", (long long)range->first,
             (long long)range->first + (long long)range->n - 1);
    if (!s3_check_key(range->key, reterr) || !s3_send(s3, &request, &answer, reterr))
        return false;
    *ret_found = answer.status != 404 || strcmp(answer.error.code, "NoSuchBucket") == 0;
    if (!*ret_found || answer.status == 416) /* 416: behind its end */
        return true;
    if (answer.status == 412)
        return err_stop(reterr, EX_TEMPFAIL, "the object changed while it was read");
    if (answer.status / 100 != 2)
        return s3_refused(s3, &request, &answer, reterr);
    snprintf(ret_etag, 128, "%.127s", answer.wanted);
    struct str body = buf_str(&answer.body);
    if (answer.status == 200 && range->first > 0)
        return err_stop(reterr, EX_PROTOCOL, "the store does not know ranges");
    buf_put(into, body);
    return true;
}

bool s3_head(struct s3 *s3, const char *key, const char *metadata_name, struct s3_about *ret,
             struct err *reterr)
{
    CLEANUP(answer) struct s3_answer answer = {0};
    CLEANUP(free) char *wanted = printed("x-amz-meta-%s%s", metadata_name, "");
    struct s3_request request = {.method = "HEAD", .wanted = wanted};
    bool found = false;

    if (!ask_key(s3, &request, key, &answer, &found, reterr))
        return false;
    *ret = (struct s3_about){.found = found, .size = found ? answer.content_length : -1};
    if (found)
        snprintf(ret->metadata, sizeof(ret->metadata), "%s", answer.wanted);
    return true;
}

bool s3_delete(struct s3 *s3, const char *key, struct err *reterr)
{
    CLEANUP(answer) struct s3_answer answer = {0};
    struct s3_request request = {.method = "DELETE"};
    bool found = false;

    return ask_key(s3, &request, key, &answer, &found, reterr);
}

static bool list_page(struct s3 *s3, const char *prefix, struct s3_page *page, struct err *reterr)
{
    CLEANUP(answer) struct s3_answer answer = {0};
    const struct sigv4_pair query[] = {
        {"list-type", "2"}, {"prefix", prefix}, {"continuation-token", buf_cstr(&page->token)}};
    const struct s3_request request = {
        .method = "GET", .path = "", .query = query, .query_n = page->token.len > 0 ? 3 : 2};

    if (!s3_send(s3, &request, &answer, reterr))
        return false;
    if (answer.status != 200)
        return s3_refused(s3, &request, &answer, reterr);
    return s3_answer_page(buf_str(&answer.body), page, reterr);
}

/* What s3_list's caller asked for. */
struct plain_list {
    bool (*each)(struct str key, int64_t size, void *arg);
    void *arg;
};

static bool each_plain(const struct s3_listed *object, void *arg)
{
    const struct plain_list *list = arg;

    return list->each(object->key, object->size, list->arg);
}

bool s3_list(struct s3 *s3, const char *prefix,
             bool (*each)(struct str key, int64_t size, void *arg), void *arg, struct err *reterr)
{
    struct plain_list list = {each, arg};

    return s3_list_objects(s3, prefix, each_plain, &list, reterr);
}

bool s3_list_objects(struct s3 *s3, const char *prefix,
                     bool (*each)(const struct s3_listed *object, void *arg), void *arg,
                     struct err *reterr)
{
    struct s3_page page = {.each = each, .arg = arg};
    bool well = true;

    do {
        well = list_page(s3, prefix, &page, reterr);
    } while (well && page.truncated && !page.stopped);
    buf_done(&page.token);
    return well;
}
