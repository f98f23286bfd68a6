/*
 * One signed request to an S3 store, repeated while that may help. Private to the room: s3.c says
 * what to ask and what the answer means.
 */
#ifndef SLUICE_HTTP_S3_REQUEST_H
#define SLUICE_HTTP_S3_REQUEST_H

#include "http/s3.h"
#include "http/s3_answer.h"
#include "http/sigv4.h"
#include <curl/curl.h>

enum { S3_HEADERS_MAX = 24 };

/* An open client: one connection that is kept alive, and where to. */
struct s3 {
    const struct s3_config *config;
    const char *access_key, *secret_key, *session_token;
    CURL *curl;
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

/*
 * Sends the request and repeats it with backoff, at most for the time of one request's time-out,
 * while the store is away or overloaded; then ERR_RETRY. True for every other answer, whatever its
 * status. ERR_STOP when the connection can't be made because of the configuration.
 */
WARN_UNUSED bool s3_send(struct s3 *s3, const struct s3_request *request, struct s3_answer *answer,
                         struct err *reterr);

#endif
