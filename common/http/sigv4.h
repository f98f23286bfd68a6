/*
 * AWS Signature Version 4, pure: the parts of a request in, the Authorization header out. No clock,
 * no network; SHA-256 and HMAC by OpenSSL. Own code, because libcurl's differs by release and fails
 * on valueless or unsorted query parameters and on header names that are prefixes of one another.
 */
#ifndef SLUICE_HTTP_SIGV4_H
#define SLUICE_HTTP_SIGV4_H

#include "base/buf.h"

struct sigv4_pair {
    const char *name, *value; /* query: raw, unescaped; headers: any case, blanks are trimmed */
};

struct sigv4_request {
    const char *method;
    const char *path; /* raw, unescaped, starts with '/' */
    const struct sigv4_pair *query;
    size_t query_n;
    const struct sigv4_pair
        *headers; /* all that will be signed: host, x-amz-date, x-amz-content-sha256, ... */
    size_t headers_n;
    const char *payload_sha256; /* lower-case hex, or UNSIGNED-PAYLOAD */
    const char *amz_date;       /* "20150830T123600Z" */
    const char *access_key, *secret_key, *region, *service;
    bool double_encode_path; /* every service but S3 */
};

/* Appends the canonical request, as the published vectors print it. */
void sigv4_canonical_request(struct buf *out, const struct sigv4_request *request);

/* Appends the value of the Authorization header. */
void sigv4_authorization(struct buf *out, const struct sigv4_request *request);

/* Appends text with every byte but A-Z a-z 0-9 - . _ ~ percent-encoded; '/' too unless keep_slash.
 */
void sigv4_escape(struct buf *out, struct str text, bool keep_slash);

/* Lower-case hex of the SHA-256; `into` holds 65 bytes. */
void sigv4_sha256_hex(struct str bytes, char *into);

#endif
