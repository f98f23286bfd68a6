/*
 * What every main() calls: options, log, signals, the health and metrics endpoint, exit status. A
 * service is a process with one job; its main is one page:
 *
 *   options -> log -> signals -> http -> run (its own loop, until service_stopping) -> drain ->
 * exit status
 *
 * Exit status: 0 after a clean stop; else err.exit_status (sysexits.h): 64 usage, 65 data (a
 * pipeline that is not supported), 66 a missing input file, 69 unavailable, 70 software, 73 cannot
 * create (state directory), 77 refused, 78 configuration.
 */
#ifndef SLUICE_SERVICE_SERVICE_H
#define SLUICE_SERVICE_SERVICE_H

#include "base/err.h"
#include "base/options.h"
#include "service/metrics.h"

/* Filled from service_options. */
struct service_config {
    char *http_host; /* --http-host [127.0.0.1] */
    int64_t
        http_port;  /* --http-port [0]: 0 picks a free one, which the log names; -1: no endpoint */
    int log_format; /* --log-format logfmt|json: enum log_format */
    int log_level;  /* --log-level debug|info|warn|error: enum log_level */
    char *log_file; /* --log-file PATTERN, or NULL */
    int64_t log_keep;        /* --log-keep [7] */
    int64_t stop_timeout_ms; /* --stop-timeout [10s]: SIGTERM to exit at most; then the process
                                leaves with 70 */
};

/* The rows that fill struct service_config; use as an option group "Service". */
extern const struct option service_options[];

struct service;

/*
 * Parses argv into the set's groups (one of which must be service_options), configures the log,
 * blocks SIGPIPE, installs SIGTERM and SIGINT, starts the endpoint. *ret_service NULL with true:
 * --help or such was printed, leave with 0. `metrics` is served; it and `config` must outlive the
 * service.
 */
WARN_UNUSED bool service_start(const struct option_set *set, struct service_config *config,
                               int argc, char **argv, struct metrics *metrics,
                               struct service **ret_service, struct err *reterr);

/*
 * The part of service_start behind the options: for a main that decides by them what kind of
 * service it is. `name` is the set's.
 */
WARN_UNUSED bool service_open(const char *name, const struct service_config *config,
                              struct metrics *metrics, struct service **ret_service,
                              struct err *reterr);

/*
 * Ends the service: stops the endpoint, frees, logs why when `err` is not NULL, and returns the
 * exit status for main. `service` may be NULL (start failed).
 */
int service_finish(struct service *service, const struct option_set *set, const struct err *err);

/* SIGTERM or SIGINT came: finish what is in hand and return. Any thread. */
bool service_stopping(const struct service *service);

/* Waits at most `timeout_ms`, returning early when a stop was asked for; true then. */
bool service_wait(struct service *service, int64_t timeout_ms);

/* Waits, beating, until the wall clock says `due_unix_ms`; false when a stop was asked for. */
bool service_wait_until(struct service *service, int64_t due_unix_ms);

/* /readyz answers 200 while ready, else 503 with `reason` (copied; NULL when ready). Ready means:
 * doing its job now. Any thread. */
void service_ready(struct service *service, bool ready, const char *reason);

/*
 * The loop beats: /readyz answers 503 when the last beat is older than 5 s, whatever service_ready
 * said, and /healthz when it is older than 60 s. Any thread.
 */
void service_beat(struct service *service);

/* From now on each beat calls `beat` first, in its thread (NULL: no longer): for what must be said
 * while the service works, as that it still holds a lease. It must be quick. */
void service_on_beat(struct service *service, void (*beat)(void *arg), void *arg);

/*
 * Decides about an error of kind ERR_RETRY: logs it (once a change of text, then every 30 s), marks
 * not ready with reason "waiting: <doing>", and waits the backoff of `*attempt`, which it raises.
 * False when a stop was asked for meanwhile. Call with *attempt = 0 after a success.
 */
bool service_retry(struct service *service, const char *doing, const struct err *err,
                   unsigned *attempt);

#endif
