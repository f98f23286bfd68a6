#include "service/endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

enum { CONNECTIONS_MAX = 32, IDLE_TIMEOUT_S = 15, BACKLOG = 32 };

struct endpoint {
    struct MHD_Daemon *daemon;
    struct endpoint_source source;
};

static enum MHD_Result answer(struct MHD_Connection *connection, const struct endpoint_reply *reply)
{
    char nothing[1];
    const struct buf *body = &reply->body;
    struct MHD_Response *response = MHD_create_response_from_buffer(
        body->len, body->len == 0 ? nothing : body->at, MHD_RESPMEM_MUST_COPY);

    if (response == NULL)
        return MHD_NO;
    MHD_add_response_header(response, "Content-Type", reply->type);
    MHD_add_response_header(response, "Cache-Control", "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (reply->status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, "Allow", "GET, HEAD");
    if (reply->status == MHD_HTTP_UNAUTHORIZED)
        MHD_add_response_header(response, "WWW-Authenticate",
                                "Basic realm=\"sluice\", charset=\"UTF-8\"");
    enum MHD_Result queued = MHD_queue_response(connection, reply->status, response);
    MHD_destroy_response(response);
    return queued;
}

/* NOLINTNEXTLINE(readability-function-size): the signature is libmicrohttpd's */
static enum MHD_Result on_argument(void *arg, enum MHD_ValueKind kind, const char *name,
                                   size_t name_len, const char *value, size_t value_len)
{
    struct endpoint_request *request = arg;

    (void)kind;
    if (request->arguments_n < ENDPOINT_ARGUMENTS_MAX)
        request->arguments[request->arguments_n] =
            (struct endpoint_argument){{name, name_len}, {value, value_len}};
    request->arguments_n++;
    return MHD_YES;
}

static void ask_page(const struct endpoint_source *source, struct MHD_Connection *connection,
                     const char *path, struct endpoint_reply *reply)
{
    struct endpoint_request request = {.path = path};

    request.accept =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);
    request.authorization =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);
    MHD_get_connection_values_n(connection, MHD_GET_ARGUMENT_KIND, on_argument, &request);
    source->page(source->arg, &request, reply);
}

static void route(const struct endpoint_source *source, struct MHD_Connection *connection,
                  const char *path, struct endpoint_reply *reply)
{
    struct buf *body = &reply->body;
    bool well = true;

    if (source->metrics != NULL && strcmp(path, "/metrics") == 0) {
        reply->type = "text/plain; version=0.0.4; charset=utf-8";
        source->metrics(source->arg, body);
    } else if (source->health != NULL && strcmp(path, "/healthz") == 0) {
        well = source->health(source->arg, body);
    } else if (source->readiness != NULL && strcmp(path, "/readyz") == 0) {
        well = source->readiness(source->arg, body);
    } else if (source->page != NULL) {
        ask_page(source, connection, path, reply);
        return;
    } else {
        buf_puts(body, "not found: here are /metrics, /healthz and /readyz\n");
        reply->status = MHD_HTTP_NOT_FOUND;
        return;
    }
    reply->status = well ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE;
}

/* NOLINTNEXTLINE(readability-function-size): the signature is libmicrohttpd's */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **request)
{
    const struct endpoint *endpoint = cls;
    struct endpoint_reply reply = {.status = MHD_HTTP_OK, .type = "text/plain; charset=utf-8"};

    (void)version;
    (void)upload;
    (void)upload_size;
    (void)request;
    if (strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0) {
        route(&endpoint->source, connection, path, &reply);
    } else {
        reply.status = MHD_HTTP_METHOD_NOT_ALLOWED;
        buf_puts(&reply.body, "only GET and HEAD are allowed\n");
    }
    enum MHD_Result queued = answer(connection, &reply);
    buf_done(&reply.body);
    return queued;
}

static int hand_over(int *fd)
{
    int given = *fd;

    *fd = -1;
    return given;
}

static int port_of(int fd)
{
    struct sockaddr_storage bound = {0};
    socklen_t length = sizeof(bound);
    char service[8] = "0";

    if (getsockname(fd, (struct sockaddr *)&bound, &length) == 0)
        getnameinfo((struct sockaddr *)&bound, length, NULL, 0, service, sizeof(service),
                    NI_NUMERICSERV);
    return (int)strtol(service, NULL, 10);
}

/* A listening socket on the first address that `host` has. */
static bool listen_on(const char *host, int port, int *ret_fd, struct err *reterr)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    char service[8];

    snprintf(service, sizeof(service), "%d", port);
    int failed = getaddrinfo(host, service, &hints, &found);
    if (failed != 0)
        return err_stop(reterr, EX_CONFIG, "%s: %s", host, gai_strerror(failed));
    CLEANUP(fd) int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int on = 1;
    bool well = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
                bind(fd, found->ai_addr, found->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0;
    int why = errno;
    freeaddrinfo(found);
    if (!well)
        return err_stop(reterr, EX_UNAVAILABLE, "cannot listen on %s port %d: %s", host, port,
                        strerror(why));
    *ret_fd = hand_over(&fd);
    return true;
}

bool endpoint_open(const char *host, int port, struct endpoint_source source, struct endpoint **ret,
                   int *ret_port, struct err *reterr)
{
    CLEANUP(fd) int fd = -1;

    if (!listen_on(host, port, &fd, reterr))
        return false;
    struct endpoint *made = err_calloc(1, sizeof(*made));
    made->source = source;
    int bound_port = port_of(fd);
    made->daemon = MHD_start_daemon(
        MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, on_request, made,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_TIMEOUT_S, MHD_OPTION_END);
    if (made->daemon == NULL) {
        free(made);
        return err_stop(reterr, EX_UNAVAILABLE, "the endpoint on port %d does not start", port);
    }
    hand_over(&fd); /* the daemon closes it */
    *ret_port = bound_port;
    *ret = made;
    return true;
}

struct endpoint *endpoint_close(struct endpoint *endpoint)
{
    if (endpoint != NULL) {
        MHD_stop_daemon(endpoint->daemon);
        free(endpoint);
    }
    return NULL;
}
