/*
 * The HTTP endpoint of a service: GET and HEAD of /metrics, /healthz, /readyz. Served by a thread
 * of libmicrohttpd's own. Knows nothing of the service but what `struct endpoint_source` asks.
 */
#ifndef SLUICE_SERVICE_ENDPOINT_H
#define SLUICE_SERVICE_ENDPOINT_H

#include "base/buf.h"
#include "base/err.h"

/* Where the answers come from; each is called in the endpoint's thread. */
struct endpoint_source {
    void *arg;
    /* Appends the exposition. */
    void (*metrics)(void *arg, struct buf *out);
    /* Append one line that says how it stands; false gives status 503. */
    bool (*health)(void *arg, struct buf *out);
    bool (*readiness)(void *arg, struct buf *out);
};

struct endpoint;

/* Listens on host:port (port 0: a free one, *ret_port says which). ERR_STOP with EX_UNAVAILABLE
 * when the address is taken, EX_CONFIG when it makes no sense. */
WARN_UNUSED bool endpoint_open(const char *host, int port, struct endpoint_source source,
                               struct endpoint **ret, int *ret_port, struct err *reterr);

/* Ends the answers in hand and frees. NULL is fine. Returns NULL. */
struct endpoint *endpoint_close(struct endpoint *endpoint);

#endif
