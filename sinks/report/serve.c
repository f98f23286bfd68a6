#include "serve.h"

#include "ask.h"
#include "base/clock.h"
#include "base/log.h"
#include "query.h"
#include "record/base64.h"
#include "record/json.h"
#include <strings.h>

enum { ARENA_BYTES = 1 << 20, ANSWER_BYTES_MAX = 64 << 20, PROBE_MS = 5000 };

DEFINE_CLEANUP(pg, struct pg *, pg_close);

/* `pg`, `arena`: the endpoint's thread alone. */
struct server {
    const struct report_options *options;
    struct metric *metrics;
    struct catalog catalog;
    struct str login; /* name:password in base64; at NULL: nobody is asked */
    struct pg *pg;
    struct arena *arena;
};

/* An answer as it grows. */
struct answering {
    const struct report_options *options;
    struct format format;
    int64_t until_ms;
};

void serve_metrics_init(struct metric *rows)
{
    static const char name[] = "sluice_report_requests_total", help[] = "questions by HTTP";

    rows[SERVE_ANSWERED] = (struct metric){name, help, "outcome=\"answered\"", METRIC_COUNTER};
    rows[SERVE_REFUSED] = (struct metric){name, help, "outcome=\"refused\"", METRIC_COUNTER};
    rows[SERVE_FAILED] = (struct metric){name, help, "outcome=\"failed\"", METRIC_COUNTER};
    rows[SERVE_TIME] = (struct metric){"sluice_report_request_seconds_total",
                                       "time spent on answers", NULL, METRIC_COUNTER, 1e-3};
    rows[SERVE_METRICS] = (struct metric){0};
}

/* A session whose statements end in time. */
static bool open_session(const struct report_options *options, struct pg **ret, struct err *reterr)
{
    CLEANUP(pg) struct pg *pg = NULL;
    char timeout[32];
    const char *const values[] = {timeout};

    snprintf(timeout, sizeof(timeout), "%lldms", (long long)options->serve_timeout_ms);
    if (!pg_connect(&options->postgres, "sluice-report", PG_ORDINARY, &pg, reterr) ||
        !pg_query(pg, "SELECT set_config('statement_timeout', $1, false)", values, 1, NULL, reterr))
        return false;
    *ret = pg;
    pg = NULL;
    return true;
}

/* ---- answers, in the endpoint's thread ---- */

static bool on_part(void *arg, const struct part *part, struct err *reterr)
{
    struct answering *answering = arg;
    const struct report_options *options = answering->options;

    if (answering->format.rows + part->rows > (uint64_t)options->serve_rows)
        return err_set(reterr, ERR_DEAD_LETTER, "the answer has more than %lld rows (--serve-rows)",
                       (long long)options->serve_rows);
    if (clock_mono_ms() > answering->until_ms)
        return err_sql(reterr, ERR_STOP, "57014", "it takes too long");
    if (!format_part(&answering->format, part, reterr))
        return false;
    return answering->format.out->len <= ANSWER_BYTES_MAX ||
           err_set(reterr, ERR_DEAD_LETTER, "the answer is longer than %d MiB",
                   ANSWER_BYTES_MAX >> 20);
}

static bool run_query(struct server *server, const struct asked *asked, struct buf *body,
                      struct err *reterr)
{
    struct answering answering = {
        .options = server->options,
        .format = {.kind = asked->format, .name = asked->report->name, .out = body},
        .until_ms = clock_mono_ms() + server->options->serve_timeout_ms};
    const struct query query = {asked->report, asked->values, on_part, &answering};

    if (server->pg != NULL && pg_broken(server->pg))
        server->pg = pg_close(server->pg);
    bool ok = (server->pg != NULL || open_session(server->options, &server->pg, reterr)) &&
              query_run(server->pg, &query, reterr) && format_end(&answering.format, reterr);
    format_done(&answering.format);
    return ok;
}

static void say(struct endpoint_reply *reply, unsigned status, const char *why)
{
    reply->status = status;
    reply->type = "application/json";
    buf_clear(&reply->body);
    buf_puts(&reply->body, "{\"error\":");
    json_write_string(&reply->body, str_of(why));
    buf_puts(&reply->body, "}\n");
}

/* What the database's error means to whoever asked; the log has the whole. */
static void say_failed(struct endpoint_reply *reply, const struct err *err)
{
    if (strcmp(err->sqlstate, "22021") == 0)
        say(reply, 400, "a parameter is no text in UTF-8");
    else if (strcmp(err->sqlstate, "57014") == 0)
        say(reply, 504, "the report took longer than --serve-timeout");
    else if (err->kind == ERR_RETRY)
        say(reply, 503, "the database does not answer now");
    else if (err->kind == ERR_DEAD_LETTER && err->sqlstate[0] == '\0')
        say(reply, 500, err->text);
    else
        say(reply, 500, "the report failed; the log says why");
    if (reply->status != 400)
        log_err(LOG_ERROR, "answering", err);
}

static void answer_report(struct server *server, const struct endpoint_request *request,
                          struct endpoint_reply *reply)
{
    struct asked asked;
    struct err err = {0};

    arena_reset(server->arena);
    unsigned status = ask(&server->catalog, request, server->arena, &asked, &err);
    if (status != 200) {
        say(reply, status, err.text);
        return;
    }
    reply->type = format_media_type(asked.format);
    if (!run_query(server, &asked, &reply->body, &err))
        say_failed(reply, &err);
}

/* The login in base64, as a client sends it. */
static struct str login_of(const struct report_options *options, struct arena *arena)
{
    CLEANUP(buf) struct buf plain = {0}, coded = {0};

    if (options->serve_username == NULL)
        return STR_NONE;
    buf_printf(&plain, "%s:%s", options->serve_username, options->serve_password);
    base64_write(&coded, buf_str(&plain));
    return arena_copy(arena, buf_str(&coded));
}

/* Takes as long whichever byte differs. */
static bool is_allowed(const struct server *server, const char *authorization)
{
    static const char scheme[] = "Basic ";
    struct str given = str_of(authorization);
    unsigned char differs = 0;

    if (server->login.at == NULL)
        return true;
    if (given.len != strlen(scheme) + server->login.len ||
        strncasecmp(given.at, scheme, strlen(scheme)) != 0)
        return false;
    for (size_t i = 0; i < server->login.len; i++)
        differs |= (unsigned char)(given.at[strlen(scheme) + i] ^ server->login.at[i]);
    return differs == 0;
}

static void on_page(void *arg, const struct endpoint_request *request, struct endpoint_reply *reply)
{
    struct server *server = arg;
    int64_t began_ms = clock_mono_ms();

    if (!is_allowed(server, request->authorization)) {
        say(reply, 401, "user and password are asked for");
    } else if (strcmp(request->path, "/reports") == 0 || strcmp(request->path, "/") == 0) {
        reply->type = "application/json";
        ask_list(&reply->body, &server->catalog);
    } else {
        answer_report(server, request, reply);
    }
    metric_add(&server->metrics[reply->status < 400   ? SERVE_ANSWERED
                                : reply->status < 500 ? SERVE_REFUSED
                                                      : SERVE_FAILED],
               1);
    metric_add(&server->metrics[SERVE_TIME], clock_mono_ms() - began_ms);
}

/* ---- the service, in its main thread ---- */

/* Whether the database answers, by a connection of this thread's own. */
static bool probe(const struct report_options *options, struct pg **pg, struct err *reterr)
{
    if (*pg != NULL && pg_broken(*pg))
        *pg = pg_close(*pg);
    return (*pg != NULL || open_session(options, pg, reterr)) &&
           pg_query(*pg, "SELECT 1", NULL, 0, NULL, reterr);
}

static bool watch(const struct report_options *options, struct service *service, struct err *reterr)
{
    CLEANUP(pg) struct pg *pg = NULL;
    unsigned attempt = 0;

    for (;;) {
        if (!probe(options, &pg, reterr)) {
            if (reterr->kind != ERR_RETRY)
                return false;
            if (!service_retry(service, "asking the database", reterr, &attempt))
                return true;
            continue;
        }
        attempt = 0;
        service_ready(service, true, NULL);
        if (!service_wait_until(service, clock_wall_us() / 1000 + PROBE_MS))
            return true;
    }
}

/* HOST:PORT, an IPv6 host in brackets; or PORT, for this machine alone. */
static bool parse_address(const char *address, char *host, size_t host_bytes, int *ret_port,
                          struct err *reterr)
{
    const char *colon = strrchr(address, ':');
    const char *digits = colon == NULL ? address : colon + 1;
    size_t length = colon == NULL ? 0 : (size_t)(colon - address);
    bool bracketed = length > 2 && address[0] == '[' && colon[-1] == ']';
    char *end = NULL;
    long port = strtol(digits, &end, 10);

    if (digits[0] < '0' || digits[0] > '9' || *end != '\0' || port > 65535 || colon == address ||
        length >= host_bytes)
        return err_stop(reterr, EX_USAGE, "--serve %s: it must be HOST:PORT or PORT", address);
    if (colon == NULL)
        snprintf(host, host_bytes, "127.0.0.1");
    else
        snprintf(host, host_bytes, "%.*s", (int)length - 2 * bracketed, address + bracketed);
    *ret_port = (int)port;
    return true;
}

bool serve(const struct report_options *options, struct service *service, struct metric *metrics,
           struct err *reterr)
{
    CLEANUP(arena) struct arena *declared = arena_new(ARENA_BYTES);
    CLEANUP(arena) struct arena *scratch = arena_new(ARENA_BYTES);
    struct server server = {.options = options, .metrics = metrics, .arena = scratch};
    struct endpoint *endpoint = NULL;
    struct report *reports = NULL;
    char host[256];
    int port = 0;

    if (!parse_address(options->serve, host, sizeof(host), &port, reterr) ||
        !report_load(options->folder, "all", declared, &reports, &server.catalog.n, reterr))
        return false;
    server.catalog.reports = reports;
    server.login = login_of(options, declared);
    const struct endpoint_source source = {.arg = &server, .page = on_page};
    if (!ask_check(&server.catalog, reterr) ||
        !endpoint_open(host, port, source, &endpoint, &port, reterr))
        return err_prefix(reterr, "--serve");
    log_info("serving", LOG_STR("host", host), LOG_INT("port", port),
             LOG_INT("reports", (int64_t)server.catalog.n));
    bool ok = watch(options, service, reterr);
    endpoint_close(endpoint);
    pg_close(server.pg);
    return ok;
}
