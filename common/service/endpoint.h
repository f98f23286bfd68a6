/*
 * An HTTP endpoint: GET and HEAD of /metrics, /healthz, /readyz, or of a service's own pages. Read
 * only, nothing is stored. Served by a thread of libmicrohttpd's own, one question after the other.
 * Knows nothing of the service but what `struct endpoint_source` asks.
 */
#ifndef SLUICE_SERVICE_ENDPOINT_H
#define SLUICE_SERVICE_ENDPOINT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* One NAME=VALUE of a question, decoded; at NULL where only a name stood. May hold any byte. */
struct endpoint_argument {
    struct str name, value;
};

enum { ENDPOINT_ARGUMENTS_MAX = 16 };

/* A question for a page. Views live as long as the call. */
struct endpoint_request {
    const char *path;          /* decoded */
    const char *accept;        /* the header, or NULL */
    const char *authorization; /* likewise */
    struct endpoint_argument arguments[ENDPOINT_ARGUMENTS_MAX];
    size_t arguments_n; /* may be above the maximum: then the rest is not there */
};

/* Its answer; begins as 200 with an empty body. `type` must be a literal. 401 asks for Basic
 * authentication. */
struct endpoint_reply {
    unsigned status;
    const char *type; /* Content-Type */
    struct buf body;
};

/* Where the answers come from; each is called in the endpoint's thread. NULL: there is no such
 * page. */
struct endpoint_source {
    void *arg;
    /* Appends the exposition. */
    void (*metrics)(void *arg, struct buf *out);
    /* Append one line that says how it stands; false gives status 503. */
    bool (*health)(void *arg, struct buf *out);
    bool (*readiness)(void *arg, struct buf *out);
    /* Answers every other path. */
    void (*page)(void *arg, const struct endpoint_request *request, struct endpoint_reply *reply);
};

struct endpoint;

/* Listens on host:port (port 0: a free one, *ret_port says which). ERR_STOP with EX_UNAVAILABLE
 * when the address is taken, EX_CONFIG when it makes no sense. */
WARN_UNUSED bool endpoint_open(const char *host, int port, struct endpoint_source source,
                               struct endpoint **ret, int *ret_port, struct err *reterr);

/* Ends the answers in hand and frees. NULL is fine. Returns NULL. */
struct endpoint *endpoint_close(struct endpoint *endpoint);

#endif
