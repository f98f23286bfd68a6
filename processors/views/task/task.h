/*
 * A task: one share of a pipeline's work, exactly once. It owns a producer with a stable
 * transactional id, a changelog partition and a local store.
 *
 *                 task_open
 *   (closed) ------------------> RUNNING --- task_step: read, compute, commit, apply ---> RUNNING
 *       ^        init_transactions,  |
 *       |        restore, verify     |  ERR_ABORT, lost ownership, stop
 *       '----------------------------'  task_close; whoever opens next restores the tail
 *
 * What commits together: view records, quarantine and dead letters, changelog with its commit
 * record, input offsets. The local store is written after that commit. Killed before it: nothing
 * happened. Killed after it: the next open rolls the store forward from the changelog.
 */
#ifndef SLUICE_VIEWS_TASK_TASK_H
#define SLUICE_VIEWS_TASK_TASK_H

#include "sql/plan.h"
#include "task/options.h"

struct task;
struct codec;
struct kafka_membership;
struct registry;

/* What every task of a pipeline shares. Names are made once. All must outlive the tasks. */
struct task_context {
    const struct views_options *options;
    const struct plan *plan;
    struct service *service;
    struct kafka_admin *admin;
    struct registry *registry; /* NULL: all is JSON */
    struct codec *codec;
    const char *group;             /* "<pipeline>-views" */
    const char *control_topic;     /* "_sluice.<pipeline>.tasks" */
    const char *changelog_topic;   /* "_sluice.<pipeline>.changelog" */
    const char *dead_letter_topic; /* "<pipeline>.dead-letters" */
    const char *quarantine_topic;  /* "<pipeline>.quarantine" */
};

/*
 * Takes the task over: fences and aborts the predecessor, restores the local store, checks plan and
 * offsets, reads on from there. ERR_RETRY: try again later. ERR_STOP (EX_CONFIG): the plan changed
 * (names
 * --rebuild), the state belongs to another cluster, or the group's offsets contradict the commit
 * record.
 */
WARN_UNUSED bool task_open(const struct task_context *context, int32_t number, struct task **ret,
                           struct err *reterr);

/* Gives the task up; local state stays for the next open. NULL is fine. Returns NULL. */
struct task *task_close(struct task *task);

/*
 * One transaction, or nothing when there is nothing to read. Waits at most about 100 ms for input.
 * ERR_ABORT: close the task and open it again. ERR_RETRY: the broker is away; call again.
 */
WARN_UNUSED bool task_step(struct task *task, struct kafka_membership *membership,
                           struct err *reterr);

/* The views hold all that the sources held when the task was opened. Call after a step. */
bool task_up_to_date(const struct task *task);

#endif
