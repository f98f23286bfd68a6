#include "service/service.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/log_file.h"
#include "base/stop.h"
#include "service/endpoint.h"
#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>

enum {
    BEAT_MAX_AGE_MS = 60 * 1000,
    BEAT_READY_MS = 5 * 1000,
    RETRY_BASE_MS = 100,
    RETRY_CAP_MS = 5000,
    RETRY_LOG_EVERY_MS = 30 * 1000,
    WAIT_SLICE_MS = 10 * 1000,
    BEAT_SLICE_MS = 1000,
    MAPPED_FROM_BYTES = 128 * 1024
};

static const char *const log_formats[] = {"logfmt", "json", NULL};
static const char *const log_levels[] = {"debug", "info", "warn", "error", NULL};

const struct option service_options[] = {
    {.name = "http-host",
     .kind = OPTION_STRING,
     .offset = offsetof(struct service_config, http_host),
     .fallback = "127.0.0.1",
     .value_name = "HOST",
     .help = "address of /metrics, /healthz and /readyz"},
    {.name = "http-port",
     .kind = OPTION_INT,
     .offset = offsetof(struct service_config, http_port),
     .fallback = "0",
     .min = -1,
     .max = 65535,
     .value_name = "PORT",
     .help = "its port; 0 takes a free one and logs it, -1 turns the endpoint off"},
    {.name = "log-format",
     .kind = OPTION_CHOICE,
     .offset = offsetof(struct service_config, log_format),
     .fallback = "logfmt",
     .choices = log_formats,
     .value_name = "FORMAT",
     .help = "how log lines are written to stderr"},
    {.name = "log-level",
     .kind = OPTION_CHOICE,
     .offset = offsetof(struct service_config, log_level),
     .fallback = "info",
     .choices = log_levels,
     .value_name = "LEVEL",
     .help = "the least level that is written"},
    {.name = "log-file",
     .kind = OPTION_STRING,
     .offset = offsetof(struct service_config, log_file),
     .value_name = "PATTERN",
     .help = "write the lines to a file a day as well, its name by strftime in UTC: "
             "logs/log_%Y_%m_%d.log"},
    {.name = "log-keep",
     .kind = OPTION_INT,
     .offset = offsetof(struct service_config, log_keep),
     .fallback = "7",
     .max = 100000,
     .value_name = "N",
     .help = "how many of these files are kept; 0: all"},
    {.name = "stop-timeout",
     .kind = OPTION_DURATION,
     .offset = offsetof(struct service_config, stop_timeout_ms),
     .fallback = "10s",
     .min = 100,
     .max = 3600000,
     .value_name = "DURATION",
     .help = "longest time from SIGTERM to the exit; what is not finished then is cut off with "
             "status 70"},
    {0}};

/*
 * SIGTERM and SIGINT are blocked in every thread and read from a signalfd by one, which also keeps
 * the bound of the stop: so no handler and no global flag is needed.
 */
struct service {
    const char *name;
    const struct service_config *config;
    const struct metrics *metrics;
    struct endpoint *endpoint;
    pthread_t signal_thread;
    bool signal_thread_runs;
    int signal_fd;
    int stop_fd; /* readable from the first signal on: wakes service_wait */
    int done_fd; /* readable once service_finish has nothing more to do */
    atomic_bool stopping;
    _Atomic int64_t beat_ms;
    void (*on_beat)(void *arg); /* NULL: none */
    void *on_beat_arg;
    pthread_mutex_t lock; /* guards what follows */
    bool ready;
    char reason[128];
    char retry_text[256]; /* what service_retry logged last, and when */
    int64_t retry_logged_ms;
};

static void raise_event(int fd)
{
    uint64_t one = 1;
    ssize_t written = write(fd, &one, sizeof(one));

    (void)written; /* an eventfd refuses only when it is full, and then it is readable already */
}

/* Waits until one of the descriptors is readable; -1 waits for ever. Returns which, or -1. */
static int wait_readable(const int *fds, nfds_t n, int64_t timeout_ms)
{
    struct pollfd polled[2];
    int64_t deadline = timeout_ms < 0 ? INT64_MAX : clock_mono_ms() + timeout_ms;

    for (;;) {
        for (nfds_t i = 0; i < n; i++)
            polled[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
        int64_t left = timeout_ms < 0 ? WAIT_SLICE_MS : deadline - clock_mono_ms();
        if (left < 0)
            left = 0;
        int found = poll(polled, n, (int)(left < WAIT_SLICE_MS ? left : WAIT_SLICE_MS));
        for (nfds_t i = 0; found > 0 && i < n; i++)
            if (polled[i].revents != 0)
                return (int)i;
        if (clock_mono_ms() >= deadline)
            return -1;
    }
}

/* After the first signal the reason stays "stopping", whoever comes later. */
static void set_ready(struct service *service, bool ready, const char *reason)
{
    pthread_mutex_lock(&service->lock);
    bool stopping = atomic_load(&service->stopping);
    bool changed = service->ready != ready && !stopping;
    service->ready = ready && !stopping;
    snprintf(service->reason, sizeof(service->reason), "%s",
             stopping         ? "stopping"
             : reason == NULL ? "no reason given"
                              : reason);
    if (ready)
        service->retry_text[0] = '\0'; /* the next outage is news again */
    pthread_mutex_unlock(&service->lock);
    if (changed && ready)
        log_info("ready");
    else if (changed)
        log_info("not ready", LOG_STR("reason", reason));
}

static void *signal_loop(void *arg)
{
    struct service *service = arg;
    struct signalfd_siginfo caught = {0};
    int fds[] = {service->done_fd, service->signal_fd};

    if (wait_readable(fds, 2, -1) == 0)
        return NULL;
    ssize_t length = read(service->signal_fd, &caught, sizeof(caught));
    bool known = length == (ssize_t)sizeof(caught);
    log_info("stopping", LOG_STR("signal", known && caught.ssi_signo == SIGINT ? "INT" : "TERM"));
    atomic_store(&service->stopping, true);
    stop_request();
    set_ready(service, false, NULL);
    raise_event(service->stop_fd);
    if (wait_readable(fds, 1, service->config->stop_timeout_ms) == 0)
        return NULL;
    log_error("the stop took longer than --stop-timeout: leaving with work unfinished",
              LOG_INT("stop_timeout_ms", service->config->stop_timeout_ms));
    _exit(EX_SOFTWARE);
}

static int64_t beat_age_ms(struct service *service)
{
    return clock_mono_ms() - atomic_load(&service->beat_ms);
}

/* A loop that stands still, whatever it waits for, is not ready, though it could not say so. */
static bool ready_now(struct service *service)
{
    return service->ready && beat_age_ms(service) < BEAT_READY_MS;
}

static void on_metrics(void *arg, struct buf *out)
{
    struct service *service = arg;

    metrics_print(out, service->metrics, service->name);
    pthread_mutex_lock(&service->lock);
    buf_printf(out,
               "# HELP sluice_ready Whether /readyz answers 200.\n# TYPE sluice_ready gauge\n"
               "sluice_ready %d\n",
               ready_now(service));
    pthread_mutex_unlock(&service->lock);
}

static bool on_health(void *arg, struct buf *out)
{
    struct service *service = arg;
    int64_t age_ms = beat_age_ms(service);

    if (age_ms < BEAT_MAX_AGE_MS)
        buf_puts(out, "ok\n");
    else
        buf_printf(out, "the loop has not beaten for %lld s\n", (long long)(age_ms / 1000));
    return age_ms < BEAT_MAX_AGE_MS;
}

static bool on_readiness(void *arg, struct buf *out)
{
    struct service *service = arg;

    pthread_mutex_lock(&service->lock);
    bool ready = ready_now(service);
    buf_printf(out, "%s\n", ready ? "ready" : service->ready ? "the loop stands" : service->reason);
    pthread_mutex_unlock(&service->lock);
    return ready;
}

/* Frees what service_start made so far; also the tail of service_finish. */
static void release(struct service *service)
{
    endpoint_close(service->endpoint);
    if (service->signal_thread_runs) {
        raise_event(service->done_fd);
        pthread_join(service->signal_thread, NULL);
    }
    cleanup_fd(&service->signal_fd);
    cleanup_fd(&service->stop_fd);
    cleanup_fd(&service->done_fd);
    pthread_mutex_destroy(&service->lock);
    free(service);
}

static bool start_signals(struct service *service, struct err *reterr)
{
    sigset_t caught;

    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&caught);
    sigaddset(&caught, SIGTERM);
    sigaddset(&caught, SIGINT);
    pthread_sigmask(SIG_BLOCK, &caught, NULL);
    service->signal_fd = signalfd(-1, &caught, SFD_CLOEXEC);
    service->stop_fd = eventfd(0, EFD_CLOEXEC);
    service->done_fd = eventfd(0, EFD_CLOEXEC);
    if (service->signal_fd < 0 || service->stop_fd < 0 || service->done_fd < 0)
        return err_stop(reterr, EX_OSERR, "cannot watch signals: %s", strerror(errno));
    int failed = pthread_create(&service->signal_thread, NULL, signal_loop, service);
    if (failed != 0)
        return err_stop(reterr, EX_OSERR, "cannot start a thread: %s", strerror(failed));
    service->signal_thread_runs = true;
    return true;
}

static bool start_endpoint(struct service *service, struct err *reterr)
{
    const struct service_config *config = service->config;
    struct endpoint_source source = {service, on_metrics, on_health, on_readiness, NULL};
    int port = 0;

    if (config->http_port < 0)
        return true;
    if (!endpoint_open(config->http_host, (int)config->http_port, source, &service->endpoint, &port,
                       reterr))
        return err_prefix(reterr, "--http-host, --http-port");
    log_info("listening", LOG_STR("host", config->http_host), LOG_INT("port", port));
    return true;
}

/* Memory goes back to the system. By itself glibc keeps a heap for each of the Kafka client's threads,
 * and grows the size from which a buffer is mapped by itself with the largest one that was freed: the
 * heap then has holes of megabytes. */
static void keep_memory_small(void)
{
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_THRESHOLD, MAPPED_FROM_BYTES);
    mallopt(M_TRIM_THRESHOLD, 2 * MAPPED_FROM_BYTES);
}

bool service_open(const char *name, const struct service_config *config, struct metrics *metrics,
                  struct service **ret_service, struct err *reterr)
{
    keep_memory_small();
    log_configure(name, (enum log_format)config->log_format, (enum log_level)config->log_level);
    if (config->log_file != NULL && !log_files_start(config->log_file, config->log_keep, reterr))
        return false;
    struct service *made = err_calloc(1, sizeof(*made));
    *made = (struct service){.name = name,
                             .config = config,
                             .metrics = metrics,
                             .signal_fd = -1,
                             .stop_fd = -1,
                             .done_fd = -1,
                             .reason = "starting"};
    pthread_mutex_init(&made->lock, NULL);
    service_beat(made);
    if (!start_signals(made, reterr) || !start_endpoint(made, reterr)) {
        release(made);
        return false;
    }
    log_info("starting", LOG_STR("version", SLUICE_VERSION), LOG_INT("pid", getpid()));
    *ret_service = made;
    return true;
}

/* NOLINTNEXTLINE(readability-function-size): what a main has, once a program */
bool service_start(const struct option_set *set, struct service_config *config, int argc,
                   char **argv, struct metrics *metrics, struct service **ret_service,
                   struct err *reterr)
{
    enum options_outcome outcome = OPTIONS_DONE;

    log_configure(set->service, LOG_LOGFMT, LOG_INFO);
    if (!options_parse(set, argc, argv, &outcome, reterr))
        return false;
    if (outcome == OPTIONS_RUN)
        return service_open(set->service, config, metrics, ret_service, reterr);
    *ret_service = NULL;
    return true;
}

int service_finish(struct service *service, const struct option_set *set, const struct err *err)
{
    int status = err == NULL ? EX_OK : err->exit_status == EX_OK ? EX_SOFTWARE : err->exit_status;

    if (err != NULL)
        log_err(LOG_ERROR, service == NULL ? "start" : "run", err);
    if (service != NULL) {
        log_info("stopped", LOG_INT("exit_status", status));
        release(service);
    }
    options_done(set);
    return status;
}

bool service_stopping(const struct service *service)
{
    return atomic_load(&service->stopping);
}

bool service_wait(struct service *service, int64_t timeout_ms)
{
    return wait_readable(&service->stop_fd, 1, timeout_ms < 0 ? 0 : timeout_ms) == 0;
}

bool service_wait_until(struct service *service, int64_t due_unix_ms)
{
    for (;;) {
        int64_t left_ms = due_unix_ms - clock_wall_us() / 1000;

        service_beat(service);
        if (left_ms <= 0)
            return !service_stopping(service);
        if (service_wait(service, left_ms < BEAT_SLICE_MS ? left_ms : BEAT_SLICE_MS))
            return false;
    }
}

void service_ready(struct service *service, bool ready, const char *reason)
{
    set_ready(service, ready, reason);
}

void service_on_beat(struct service *service, void (*beat)(void *arg), void *arg)
{
    service->on_beat = beat;
    service->on_beat_arg = arg;
}

void service_beat(struct service *service)
{
    if (service->on_beat != NULL)
        service->on_beat(service->on_beat_arg);
    atomic_store(&service->beat_ms, clock_mono_ms());
}

/* Says once what is waited for, and again every 30 s, so that a long outage is not a flood. */
static void log_retry(struct service *service, const char *doing, const struct err *err)
{
    int64_t now_ms = clock_mono_ms();
    char text[sizeof(service->retry_text)];

    snprintf(text, sizeof(text), "%s: %.200s", doing, err->text);
    pthread_mutex_lock(&service->lock);
    bool due = strcmp(text, service->retry_text) != 0 ||
               now_ms - service->retry_logged_ms >= RETRY_LOG_EVERY_MS;
    if (due) {
        memcpy(service->retry_text, text, sizeof(text));
        service->retry_logged_ms = now_ms;
    }
    pthread_mutex_unlock(&service->lock);
    if (due)
        log_err(LOG_WARN, doing, err);
}

bool service_retry(struct service *service, const char *doing, const struct err *err,
                   unsigned *attempt)
{
    char reason[sizeof(service->reason)];

    service_beat(service);
    log_retry(service, doing, err);
    snprintf(reason, sizeof(reason), "waiting: %s", doing);
    set_ready(service, false, reason);
    unsigned shift = *attempt < 16 ? (*attempt)++ : *attempt;
    return !service_wait(service, clock_backoff_ms(shift, RETRY_BASE_MS, RETRY_CAP_MS));
}
