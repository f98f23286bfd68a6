/*
 * One signed request to an S3 store, repeated while that may help. Private to the room: s3.c says
 * what to ask and what the answer means.
 */
#ifndef SLUICE_HTTP_S3_REQUEST_H
#define SLUICE_HTTP_S3_REQUEST_H

#include "http/aws_profile.h"
#include "http/s3.h"
#include "http/s3_answer.h"
#include "http/sigv4.h"
#include <curl/curl.h>

enum { S3_HEADERS_MAX = 24 };

/* An open client: one connection that is kept alive, and where to. */
struct s3 {
    const struct s3_config *config;
    const char *access_key, *secret_key, *session_token;
    struct aws_profile profile; /* whence they may come */
    CURL *curl;
    CURLM *multi; /* made with the first upload in parts; keeps its connections */
    char *scheme; /* "https://" */
    char *host;   /* with port, and with the bucket when virtual */
    char *root;   /* "/bucket", or "" when virtual */
    bool loopback;
    int64_t skew_s; /* the store's clock minus ours, learnt from a refusal */
};

/* `path` behind the bucket, "" or "/key", unescaped. `wanted` is the lower-case name of a response
 * header to keep, or NULL. */
struct s3_request {
    const char *method, *path;
    const struct sigv4_pair *query;
    size_t query_n;
    const struct sigv4_pair *headers; /* beyond those every request has */
    size_t headers_n;
    struct str body;
    const char *wanted;
};

/* The caller frees `body`. `wanted` is "" when the header was not there. */
struct s3_answer {
    long status;
    struct buf body;
    int64_t content_length; /* -1: not told */
    char wanted[512];
    char date[64], region[64];
    struct s3_error error;
};

/* One request on its way: what curl writes to, and what must outlive it. */
struct s3_attempt {
    const struct s3_request *request;
    struct s3_answer *answer;
    struct curl_slist *lines;
    char why[CURL_ERROR_SIZE];
};

/* What the outcome of one attempt calls for. */
enum s3_verdict { S3_ANSWERED, S3_AGAIN, S3_HOPELESS };

enum { S3_ATTEMPTS_MAX = 5, S3_BACKOFF_BASE_MS = 50, S3_BACKOFF_CAP_MS = 2000 };

/* Signs the request and sets the handle up for it; s3_attempt_done frees what it took. */
void s3_attempt_begin(struct s3 *s3, CURL *curl, struct s3_attempt *attempt);

/* After the transfer: fills the answer and says what it calls for; the error is set unless
 * S3_ANSWERED. */
enum s3_verdict s3_attempt_judge(struct s3 *s3, CURL *curl, struct s3_attempt *attempt,
                                 CURLcode code, struct err *reterr);

/* Frees what the attempt holds beside its answer. */
void s3_attempt_done(CURL *curl, struct s3_attempt *attempt);

/*
 * Sends n requests, at most `parallel` at once, each repeated as by s3_send. True when every one
 * has an answer, whatever its status. The answers' bodies are the caller's. (s3_parallel.c)
 */
WARN_UNUSED bool s3_send_all(struct s3 *s3, const struct s3_request *requests,
                             struct s3_answer *answers, size_t n, size_t parallel,
                             struct err *reterr);

/*
 * Sends the request and repeats it with backoff, at most for the time of one request's time-out,
 * while the store is away or overloaded; then ERR_RETRY. True for every other answer, whatever its
 * status. ERR_STOP when the connection can't be made because of the configuration.
 */
WARN_UNUSED bool s3_send(struct s3 *s3, const struct s3_request *request, struct s3_answer *answer,
                         struct err *reterr);

/* What an answer that the caller can't use means; false always. (s3.c) */
bool s3_refused(const struct s3 *s3, const struct s3_request *request,
                const struct s3_answer *answer, struct err *reterr);

/* Makes the headers of an object's content type, condition and metadata; `names` holds their text.
 * Returns how many. (s3.c) */
size_t s3_object_headers(const struct s3_object *object, bool condition, struct buf *names,
                         struct sigv4_pair *headers);

/* The key is one that every store takes; ERR_STOP when not. (s3.c) */
WARN_UNUSED bool s3_check_key(const char *key, struct err *reterr);

#endif
