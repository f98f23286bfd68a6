#include "kafka/watchdog.h"

#include "base/log.h"
#include <assert.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>

enum { MERCY_MS = 5000 };

struct kafka_watchdog {
    timer_t timer;
    _Atomic(const char *) doing;
    atomic_bool warned;
};

static void set(struct kafka_watchdog *watchdog, int64_t limit_ms)
{
    const struct itimerspec when = {
        .it_value = {.tv_sec = limit_ms / 1000, .tv_nsec = limit_ms % 1000 * 1000000}};

    int set_result = timer_settime(watchdog->timer, 0, &when, NULL);
    assert(set_result == 0);
    (void)set_result;
}

/* Runs on a thread that the C library makes when the timer has run out, and only then. The first
 * time it waits a little more: a process that was itself stopped (SIGSTOP) deserves a moment to
 * come back from the call. */
static void bite(union sigval value)
{
    struct kafka_watchdog *watchdog = value.sival_ptr;
    const char *doing = atomic_load(&watchdog->doing);

    if (doing == NULL)
        return;
    if (!atomic_exchange(&watchdog->warned, true)) {
        set(watchdog, MERCY_MS);
        return;
    }
    log_error("a call into librdkafka hangs; ending the process so that another can take over",
              LOG_STR("doing", doing));
    _exit(EX_SOFTWARE);
}

struct kafka_watchdog *kafka_watchdog_new(void)
{
    struct kafka_watchdog *watchdog = err_calloc(1, sizeof(*watchdog));
    struct sigevent event = {.sigev_notify = SIGEV_THREAD};

    event.sigev_notify_function = bite;
    event.sigev_value.sival_ptr = watchdog;
    if (timer_create(CLOCK_MONOTONIC, &event, &watchdog->timer) != 0)
        err_no_memory(sizeof(watchdog->timer));
    return watchdog;
}

struct kafka_watchdog *kafka_watchdog_free(struct kafka_watchdog *watchdog)
{
    if (watchdog != NULL) {
        timer_delete(watchdog->timer);
        free(watchdog);
    }
    return NULL;
}

void kafka_watchdog_arm(struct kafka_watchdog *watchdog, const char *doing, int64_t limit_ms)
{
    atomic_store(&watchdog->warned, false);
    atomic_store(&watchdog->doing, doing);
    set(watchdog, limit_ms);
}

void kafka_watchdog_rest(struct kafka_watchdog *watchdog)
{
    atomic_store(&watchdog->doing, NULL);
    set(watchdog, 0);
}
