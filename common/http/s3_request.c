#include "http/s3_request.h"

#include "base/clock.h"
#include "http/header.h"
#include <assert.h>
#include <time.h>

enum { CONNECT_TIMEOUT_MS = 5000, ERROR_BYTES_MAX = 64 * 1024 };

static size_t on_body(char *bytes, size_t size, size_t n, void *arg)
{
    struct s3_answer *answer = arg;

    buf_append(&answer->body, bytes, size * n);
    return buf_ok(&answer->body) ? size * n : 0;
}

/* Copies the value behind "name:" when the line has that name, as much as fits. */
static void keep(struct str line, const char *name, char *into, size_t size)
{
    struct str value;

    if (header_value(line, name, &value))
        snprintf(into, size, "%.*s", STR_ARG(value));
}

static size_t on_header(char *bytes, size_t size, size_t n, void *arg)
{
    const struct s3_attempt *attempt = arg;
    struct s3_answer *answer = attempt->answer;
    struct str line = {bytes, size * n};
    char number[32] = "";

    if (str_starts(line, STR("HTTP/"))) { /* "100 Continue" came first: begin again */
        answer->content_length = -1;
        answer->wanted[0] = answer->date[0] = answer->region[0] = '\0';
    }
    keep(line, "date", answer->date, sizeof(answer->date));
    keep(line, "x-amz-bucket-region", answer->region, sizeof(answer->region));
    keep(line, "content-length", number, sizeof(number));
    if (number[0] != '\0')
        answer->content_length = strtoll(number, NULL, 10);
    if (attempt->request->wanted != NULL)
        keep(line, attempt->request->wanted, answer->wanted, sizeof(answer->wanted));
    return size * n;
}

static void amz_date(const struct s3 *s3, char *into, size_t size)
{
    time_t now = (time_t)(clock_wall_us() / 1000000 + s3->skew_s);
    struct tm utc;

    gmtime_r(&now, &utc);
    strftime(into, size, "%Y%m%dT%H%M%SZ", &utc);
}

static void add_line(struct curl_slist **list, const char *name, const char *value)
{
    CLEANUP(buf) struct buf line = {0};

    /* curl drops a header without a value unless it ends with a semicolon */
    buf_printf(&line, value[0] == '\0' ? "%s;" : "%s: %s", name, value);
    struct curl_slist *longer = curl_slist_append(*list, buf_cstr(&line));
    if (longer == NULL)
        err_no_memory(line.len);
    *list = longer;
}

/* Signs, and gives the header lines to send; `url` gets the whole address. */
static struct curl_slist *sign(const struct s3 *s3, const struct s3_request *request,
                               struct buf *url)
{
    CLEANUP(buf) struct buf path = {0}, authorization = {0};
    struct sigv4_pair headers[S3_HEADERS_MAX + 4];
    struct curl_slist *lines = NULL;
    char date[32], hash[65];
    size_t n = 0;

    assert(request->headers_n <= S3_HEADERS_MAX);
    amz_date(s3, date, sizeof(date));
    sigv4_sha256_hex(request->body, hash);
    headers[n++] = (struct sigv4_pair){"host", s3->host};
    headers[n++] = (struct sigv4_pair){"x-amz-date", date};
    headers[n++] = (struct sigv4_pair){"x-amz-content-sha256", hash};
    if (s3->session_token != NULL)
        headers[n++] = (struct sigv4_pair){"x-amz-security-token", s3->session_token};
    for (size_t i = 0; i < request->headers_n; i++)
        headers[n++] = request->headers[i];
    buf_printf(&path, "%s%s", s3->root, request->path);
    if (path.len == 0)
        buf_char(&path, '/');
    const struct sigv4_request signing = {.method = request->method,
                                          .path = buf_cstr(&path),
                                          .query = request->query,
                                          .query_n = request->query_n,
                                          .headers = headers,
                                          .headers_n = n,
                                          .payload_sha256 = hash,
                                          .amz_date = date,
                                          .access_key = s3->access_key,
                                          .secret_key = s3->secret_key,
                                          .region = s3->config->region,
                                          .service = "s3"};
    sigv4_authorization(&authorization, &signing);
    for (size_t i = 0; i < n; i++)
        add_line(&lines, headers[i].name, headers[i].value);
    add_line(&lines, "Authorization", buf_cstr(&authorization));
    explicit_bzero(authorization.at, authorization.len);
    lines = curl_slist_append(lines, "Expect:");
    if (request->body.len == 0)
        lines = curl_slist_append(lines, "Content-Type:");
    buf_printf(url, "%s%s", s3->scheme, s3->host);
    sigv4_escape(url, buf_str(&path), true);
    for (size_t i = 0; i < request->query_n; i++) {
        buf_char(url, i == 0 ? '?' : '&');
        sigv4_escape(url, str_of(request->query[i].name), false);
        buf_char(url, '=');
        sigv4_escape(url, str_of(request->query[i].value), false);
    }
    return lines;
}

static void set_method(CURL *curl, const struct s3_request *request)
{
    if (strcmp(request->method, "HEAD") == 0) {
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    } else if (strcmp(request->method, "PUT") == 0 || strcmp(request->method, "POST") == 0) {
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body.len == 0 ? "" : request->body.at);
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    } else {
        curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    }
}

void s3_attempt_begin(struct s3 *s3, CURL *curl, struct s3_attempt *attempt)
{
    CLEANUP(buf) struct buf url = {0};
    struct s3_answer *answer = attempt->answer;

    attempt->lines = sign(s3, attempt->request, &url);
    buf_clear(&answer->body);
    answer->status = 0;
    attempt->why[0] = '\0';
    curl_easy_reset(curl); /* keeps the connection */
    set_method(curl, attempt->request);
    curl_easy_setopt(curl, CURLOPT_URL, buf_cstr(&url));
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, attempt->lines);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)s3->config->timeout_ms);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, attempt->why);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, attempt);
    if (s3->loopback) /* a proxy of the environment can't reach this machine */
        curl_easy_setopt(curl, CURLOPT_PROXY, "");
    if (s3->config->ca_file != NULL)
        curl_easy_setopt(curl, CURLOPT_CAINFO, s3->config->ca_file);
}

void s3_attempt_done(CURL *curl, struct s3_attempt *attempt)
{
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL);
    curl_slist_free_all(attempt->lines);
    attempt->lines = NULL;
}

/* Whether a failure of the connection may pass by itself. */
static enum s3_verdict judge_connection(const struct s3 *s3, CURLcode code, const char *why,
                                        struct err *reterr)
{
    if (why[0] == '\0')
        why = curl_easy_strerror(code);
    switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
        err_stop(reterr, EX_CONFIG, "%s%s: the certificate is not trusted (--s3-ca-file): %s",
                 s3->scheme, s3->host, why);
        return S3_HOPELESS;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        err_stop(reterr, EX_CONFIG, "--s3-endpoint %s%s: %s", s3->scheme, s3->host, why);
        return S3_HOPELESS;
    case CURLE_WRITE_ERROR:
        err_stop(reterr, EX_SOFTWARE, "%s%s: the answer is larger than its limit", s3->scheme,
                 s3->host);
        return S3_HOPELESS;
    default:
        err_set(reterr, ERR_RETRY, "%s%s does not answer (--s3-endpoint): %s", s3->scheme, s3->host,
                why);
        return S3_AGAIN;
    }
}

static bool is_code(const struct s3_answer *answer, const char *code)
{
    return strcmp(answer->error.code, code) == 0;
}

/* Learns the store's clock once it refuses ours. */
static bool mend_clock(struct s3 *s3, const struct s3_answer *answer)
{
    time_t theirs = curl_getdate(answer->date, NULL);

    if (s3->skew_s != 0 || theirs <= 0)
        return false;
    s3->skew_s = (int64_t)theirs - clock_wall_us() / 1000000;
    return s3->skew_s != 0;
}

static enum s3_verdict judge_answer(struct s3 *s3, struct s3_answer *answer, struct err *reterr)
{
    long status = answer->status;
    bool busy = (status >= 500 && status != 501) || status == 429 || status == 408 ||
                is_code(answer, "SlowDown") || is_code(answer, "RequestTimeout") ||
                (status == 409 && (is_code(answer, "ConditionalRequestConflict") ||
                                   is_code(answer, "OperationAborted")));
    bool skewed = is_code(answer, "RequestTimeTooSkewed") && mend_clock(s3, answer);

    if (!busy && !skewed)
        return S3_ANSWERED;
    err_set(reterr, ERR_RETRY, "%s%s answers %ld %s: %s", s3->scheme, s3->host, status,
            answer->error.code, answer->error.message);
    return S3_AGAIN;
}

static void pause_ms(int64_t ms)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};

    nanosleep(&time, NULL);
}

enum s3_verdict s3_attempt_judge(struct s3 *s3, CURL *curl, struct s3_attempt *attempt,
                                 CURLcode code, struct err *reterr)
{
    struct s3_answer *answer = attempt->answer;

    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer->status);
    if (code != CURLE_OK)
        return judge_connection(s3, code, attempt->why, reterr);
    answer->error = (struct s3_error){0};
    if (answer->status >= 300 && answer->body.len <= ERROR_BYTES_MAX)
        s3_answer_error(buf_str(&answer->body), &answer->error);
    return judge_answer(s3, answer, reterr);
}

bool s3_send(struct s3 *s3, const struct s3_request *request, struct s3_answer *answer,
             struct err *reterr)
{
    struct s3_attempt attempt = {.request = request, .answer = answer};
    int64_t deadline = clock_mono_ms() + s3->config->timeout_ms;

    for (unsigned tried = 0;; tried++) {
        s3_attempt_begin(s3, s3->curl, &attempt);
        CURLcode code = curl_easy_perform(s3->curl);
        enum s3_verdict verdict = s3_attempt_judge(s3, s3->curl, &attempt, code, reterr);

        s3_attempt_done(s3->curl, &attempt);
        if (verdict == S3_ANSWERED || verdict == S3_HOPELESS)
            return verdict == S3_ANSWERED;
        if (tried + 1 >= S3_ATTEMPTS_MAX || clock_mono_ms() >= deadline)
            return false;
        pause_ms(clock_backoff_ms(tried, S3_BACKOFF_BASE_MS, S3_BACKOFF_CAP_MS));
    }
}
