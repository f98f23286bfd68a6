/*
 * One GET of an http(s) URL into a file: Basic authentication, conditional by ETag, bounded in
 * size, in silence and in redirects. It is one attempt: who may try again, and when, the answer
 * says. Not S3.
 */
#ifndef SLUICE_HTTP_FETCH_H
#define SLUICE_HTTP_FETCH_H

#include "base/err.h"
#include "base/options.h"

/* Filled from fetch_options. */
struct fetch_config {
    char *username, *password; /* --url-username, --url-password-file */
    char *ca_file;             /* --url-ca-file */
    int64_t timeout_ms;        /* --url-timeout: of silence */
    int64_t size_max;          /* --url-size */
    int64_t attempts;          /* --url-attempts: for the caller */
};

/* The rows that fill struct fetch_config; use as an option group "URLs". */
extern const struct option fetch_options[];

/* What to get. `etag` and `modified` are those of the last answer, "" or NULL when there was
 * none: then it is not conditional. `tick` is called a few times a second; false ends the
 * transfer. */
struct fetch {
    const struct fetch_config *config;
    const char *url;
    const char *etag, *modified;
    int fd; /* written from its beginning, truncated */
    bool (*tick)(void *arg);
    void *arg;
};

struct fetch_answer {
    bool unchanged; /* 304: nothing was written */
    char etag[256], modified[64];
    int64_t bytes;
    int64_t retry_after_ms; /* with ERR_RETRY: what the server asked for, or -1 */
};

/*
 * Gets the URL. ERR_RETRY when the same may succeed later: nobody answers, silence, a cut body,
 * 408, 425, 429, 5xx; *ret->retry_after_ms is set then. ERR_STOP for every other refusal (401 and
 * 403 EX_NOPERM, 404 and 410 EX_NOINPUT), a body beyond the limit, a URL that is none.
 */
WARN_UNUSED bool fetch_get(const struct fetch *fetch, struct fetch_answer *ret, struct err *reterr);

/* "120" or an HTTP date -> milliseconds from now (at most one hour), -1 when it is neither. */
int64_t fetch_retry_after_ms(const char *value, int64_t now_unix_ms);

#endif
