/* service: signals, the bound of the stop, the endpoint's answers, retries. */
#include "service/service.h"

#include "base/clock.h"
#include <arpa/inet.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

static struct metric rows[] = {
    {"sluice_records_total", "Records read.", "topic=\"a\"", METRIC_COUNTER, 0, 3},
    {"sluice_records_total", "Records read.", "topic=\"b\"", METRIC_COUNTER, 0, 4},
    {"sluice_lag_seconds", "Behind.", NULL, METRIC_GAUGE, 1e-3, 1500},
    {0}};
static struct metrics metrics = {rows};

struct fixture {
    struct service_config config;
    struct option_group groups[2];
    struct option_set set;
    struct service *service;
};

static void prepare(struct fixture *f)
{
    *f = (struct fixture){0};
    f->groups[0] = (struct option_group){"Service", service_options, &f->config};
    f->set = (struct option_set){"tested", "is tested", "[options]", f->groups};
}

static bool start(struct fixture *f, const char *port, struct err *err)
{
    char words[][16] = {"tested", "--http-port", "",     "--stop-timeout",
                        "200ms",  "--log-level", "error"};
    char *argv[] = {words[0], words[1], words[2], words[3], words[4], words[5], words[6], NULL};

    snprintf(words[2], sizeof(words[2]), "%s", port);
    prepare(f);
    return service_start(&f->set, &f->config, 7, argv, &metrics, &f->service, err);
}

/* A port that nobody listens on: taken from the kernel and given back. */
static int free_port(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(at);
    CLEANUP(fd) int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&at, length), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &length), 0);
    return ntohs(at.sin_port);
}

static const char *ask(int port, const char *method, const char *path, struct buf *answer)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    CLEANUP(fd) int fd = socket(AF_INET, SOCK_STREAM, 0);
    char bytes[4096];
    ssize_t n = 0;

    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    n = snprintf(bytes, sizeof(bytes), "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                 method, path);
    assert_int_equal(write(fd, bytes, (size_t)n), n);
    buf_clear(answer);
    while ((n = read(fd, bytes, sizeof(bytes))) > 0)
        buf_append(answer, bytes, (size_t)n);
    return buf_cstr(answer);
}

static void endpoint_tells_the_truth(void **state)
{
    struct fixture f;
    struct err err;
    char port[8];
    CLEANUP(buf) struct buf got = {0};

    (void)state;
    snprintf(port, sizeof(port), "%d", free_port());
    int number = atoi(port);
    assert_true(start(&f, port, &err));
    const char *text = ask(number, "GET", "/readyz", &got);
    assert_non_null(strstr(text, "HTTP/1.1 503"));
    assert_non_null(strstr(text, "\r\n\r\nstarting\n"));
    service_ready(f.service, true, NULL);
    text = ask(number, "GET", "/readyz", &got);
    assert_non_null(strstr(text, "HTTP/1.1 200"));
    assert_non_null(strstr(text, "\r\n\r\nready\n"));
    assert_non_null(strstr(ask(number, "GET", "/healthz", &got), "\r\n\r\nok\n"));
    text = ask(number, "HEAD", "/readyz", &got);
    assert_non_null(strstr(text, "HTTP/1.1 200"));
    assert_non_null(strstr(text, "Content-Length: 6"));
    assert_string_equal(strstr(text, "\r\n\r\n"), "\r\n\r\n");
    assert_non_null(strstr(ask(number, "GET", "/nothing", &got), "HTTP/1.1 404"));
    text = ask(number, "DELETE", "/readyz", &got);
    assert_non_null(strstr(text, "HTTP/1.1 405"));
    assert_non_null(strstr(text, "Allow: GET, HEAD"));
    text = ask(number, "GET", "/metrics", &got);
    assert_non_null(strstr(text, "sluice_ready 1\n"));
    assert_non_null(strstr(text, "text/plain; version=0.0.4"));
    assert_int_equal(service_finish(f.service, &f.set, NULL), 0);
}

static void a_taken_port_is_named(void **state)
{
    struct fixture first, second;
    struct err err;
    char port[8];

    (void)state;
    snprintf(port, sizeof(port), "%d", free_port());
    assert_true(start(&first, port, &err));
    assert_false(start(&second, port, &err));
    assert_int_equal(err.exit_status, EX_UNAVAILABLE);
    assert_non_null(strstr(err.text, port));
    assert_int_equal(service_finish(NULL, &second.set, &err), EX_UNAVAILABLE);
    assert_int_equal(service_finish(first.service, &first.set, NULL), 0);
}

static void a_signal_wakes_the_wait(void **state)
{
    struct fixture f;
    struct err err;

    (void)state;
    assert_true(start(&f, "-1", &err));
    assert_false(service_wait(f.service, 0));
    assert_false(service_stopping(f.service));
    kill(getpid(), SIGTERM);
    assert_true(service_wait(f.service, 60000));
    assert_true(service_stopping(f.service));
    kill(getpid(), SIGTERM); /* a second one changes nothing */
    assert_true(service_wait(f.service, 60000));
    assert_int_equal(service_finish(f.service, &f.set, NULL), 0);
    sigset_t term;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigtimedwait(&term, NULL, &(struct timespec){0}); /* the second one is not for the next test */
}

static int child_status(void (*run)(void))
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        run();
        _exit(99);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void hang_after_a_signal(void)
{
    struct fixture f;
    struct err err;

    if (!start(&f, "-1", &err))
        return;
    kill(getpid(), SIGTERM);
    for (;;)
        pause();
}

static void a_stop_has_a_bound(void **state)
{
    (void)state;
    assert_int_equal(child_status(hang_after_a_signal), EX_SOFTWARE);
}

static void a_retry_waits_and_is_not_ready(void **state)
{
    struct fixture f;
    struct err err, away = {0};
    unsigned attempt = 0;
    char port[8];
    CLEANUP(buf) struct buf got = {0};

    (void)state;
    snprintf(port, sizeof(port), "%d", free_port());
    assert_true(start(&f, port, &err));
    service_ready(f.service, true, NULL);
    err_set(&away, ERR_RETRY, "nobody answers");
    assert_true(service_retry(f.service, "ask the broker", &away, &attempt));
    assert_int_equal(attempt, 1);
    assert_non_null(
        strstr(ask(atoi(port), "GET", "/readyz", &got), "\r\n\r\nwaiting: ask the broker\n"));
    kill(getpid(), SIGTERM);
    assert_true(service_wait(f.service, 60000));
    assert_false(service_retry(f.service, "ask the broker", &away, &attempt));
    assert_int_equal(service_finish(f.service, &f.set, &away), EX_UNAVAILABLE);
}

static void metrics_have_the_text_format(void **state)
{
    CLEANUP(buf) struct buf out = {0};

    (void)state;
    metrics_print(&out, &metrics, "tested");
    const char *text = buf_cstr(&out);
    assert_ptr_equal(strstr(text, "# HELP sluice_records_total Records read.\n"
                                  "# TYPE sluice_records_total counter\n"
                                  "sluice_records_total{topic=\"a\"} 3\n"
                                  "sluice_records_total{topic=\"b\"} 4\n"
                                  "# HELP sluice_lag_seconds Behind.\n"
                                  "# TYPE sluice_lag_seconds gauge\n"
                                  "sluice_lag_seconds 1.5\n"),
                     text);
    const char *rss = strstr(text, "\nprocess_resident_memory_bytes ");
    assert_non_null(rss);
    assert_true(atoll(strchr(rss + 1, ' ')) > 100000);
    const char *anonymous = strstr(text, "\nsluice_resident_anonymous_bytes ");
    assert_non_null(anonymous);
    assert_true(atoll(strchr(anonymous + 1, ' ')) > 10000);
    const char *started = strstr(text, "\nprocess_start_time_seconds ");
    assert_non_null(started);
    double age = (double)clock_wall_us() / 1e6 - atof(strchr(started + 1, ' '));
    assert_true(age > -3 && age < 3600);
    assert_non_null(strstr(text, "sluice_build_info{service=\"tested\",version=\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stop_has_a_bound),
        cmocka_unit_test(endpoint_tells_the_truth),
        cmocka_unit_test(a_taken_port_is_named),
        cmocka_unit_test(a_signal_wakes_the_wait),
        cmocka_unit_test(a_retry_waits_and_is_not_ready),
        cmocka_unit_test(metrics_have_the_text_format),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
