#include "kafka/call.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/stop.h"
#include "kafka/internal.h"
#include <assert.h>
#include <pthread.h>
#include <time.h>

enum caller_state { CALLER_IDLE, CALLER_RUNNING, CALLER_LEFT, CALLER_ENDING };

struct kafka_caller {
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    enum caller_state state;
    struct kafka_call call;
    rd_kafka_error_t *result;
    void (*end)(void *arg); /* of what was bequeathed */
    void *arg;
};

static rd_kafka_error_t *make(const struct kafka_call *call)
{
    if (call->plain != NULL)
        return call->plain(call->rk, call->timeout_ms);
    if (call->ask == NULL)
        return rd_kafka_send_offsets_to_transaction(call->rk, call->offsets, call->group,
                                                    call->timeout_ms);
    call->ask(call->arg);
    return NULL;
}

static void release(struct kafka_caller *caller)
{
    pthread_cond_destroy(&caller->changed);
    pthread_mutex_destroy(&caller->lock);
    free(caller);
}

/* The call that was left has returned: what it held is this thread's to free. */
static void end_left(struct kafka_caller *caller)
{
    while (caller->end == NULL)
        pthread_cond_wait(&caller->changed, &caller->lock);
    pthread_mutex_unlock(&caller->lock);
    kafka_error_free(caller->result);
    kafka_list_free(caller->call.offsets);
    kafka_group_metadata_free(caller->call.group);
    caller->end(caller->arg);
    release(caller);
}

static void *serve(void *arg)
{
    struct kafka_caller *caller = arg;

    pthread_mutex_lock(&caller->lock);
    for (;;) {
        while (caller->state == CALLER_IDLE)
            pthread_cond_wait(&caller->changed, &caller->lock);
        if (caller->state == CALLER_ENDING)
            break;
        pthread_mutex_unlock(&caller->lock);
        caller->result = make(&caller->call);
        pthread_mutex_lock(&caller->lock);
        if (caller->state == CALLER_LEFT) {
            end_left(caller);
            return NULL;
        }
        caller->state = CALLER_IDLE;
        pthread_cond_broadcast(&caller->changed);
    }
    pthread_mutex_unlock(&caller->lock);
    return NULL;
}

struct kafka_caller *kafka_caller_new(void)
{
    struct kafka_caller *caller = err_calloc(1, sizeof(*caller));
    pthread_condattr_t monotonic;

    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&caller->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&caller->lock, NULL);
    if (pthread_create(&caller->thread, NULL, serve, caller) != 0)
        err_no_memory(sizeof(*caller));
    return caller;
}

/* Waits a little for a change, so that a stop is seen soon. */
static void wait_turn(struct kafka_caller *caller)
{
    enum { TURN_NS = 100000000, SECOND_NS = 1000000000 };
    struct timespec end;

    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_nsec += TURN_NS;
    end.tv_sec += end.tv_nsec / SECOND_NS;
    end.tv_nsec %= SECOND_NS;
    pthread_cond_timedwait(&caller->changed, &caller->lock, &end);
}

bool kafka_caller_run(struct kafka_caller *caller, const struct kafka_call *call, int64_t limit_ms,
                      rd_kafka_error_t **ret)
{
    int64_t end_ms = clock_mono_ms() + limit_ms;

    pthread_mutex_lock(&caller->lock);
    assert(caller->state == CALLER_IDLE);
    caller->call = *call;
    caller->state = CALLER_RUNNING;
    pthread_cond_broadcast(&caller->changed);
    /* one turn more than the limit: a process that was itself stopped comes back from the call */
    for (bool over = false; caller->state == CALLER_RUNNING && !over;) {
        over = stop_or_passed(end_ms);
        wait_turn(caller);
    }
    bool returned = caller->state == CALLER_IDLE;
    if (!returned)
        caller->state = CALLER_LEFT;
    pthread_mutex_unlock(&caller->lock);
    if (returned)
        *ret = caller->result;
    return returned;
}

bool kafka_caller_left(const struct kafka_caller *caller)
{
    return caller->state == CALLER_LEFT; /* which only the owner's thread sets */
}

void kafka_caller_bequeath(struct kafka_caller *caller, void (*end)(void *arg), void *arg)
{
    pthread_mutex_lock(&caller->lock);
    assert(caller->state == CALLER_LEFT);
    caller->end = end;
    caller->arg = arg;
    pthread_detach(caller->thread);
    pthread_cond_broadcast(&caller->changed);
    pthread_mutex_unlock(&caller->lock);
}

struct kafka_caller *kafka_caller_free(struct kafka_caller *caller)
{
    if (caller == NULL)
        return NULL;
    pthread_mutex_lock(&caller->lock);
    assert(caller->state == CALLER_IDLE);
    caller->state = CALLER_ENDING;
    pthread_cond_broadcast(&caller->changed);
    pthread_mutex_unlock(&caller->lock);
    pthread_join(caller->thread, NULL);
    release(caller);
    return NULL;
}
