/*
 * The edge of the service: one task, owned by one instance at a time. Its three files share this
 * struct: task.c holds the loop and the membership, recover.c finds where a partition goes on,
 * rotate.c makes an object out of a window.
 *
 *             owned                     a record               limit reached
 *   STANDBY --------> READING (empty) ---------> READING (open) ------------.
 *      ^                 ^                                                  v
 *      |                 '------- offset e+1 committed <------- PLANNED: offset s, plan committed
 *      |                                                          objects put, the same ones by
 *      '--- revoked, fenced: windows are dropped                  whoever comes next
 */
#ifndef S3_OBJECTS_TASK_H
#define S3_OBJECTS_TASK_H

#include "http/registry.h"
#include "http/s3.h"
#include "kafka/consumer.h"
#include "kafka/dead_letter.h"
#include "kafka/producer.h"
#include "manifest.h"
#include "plan.h"
#include "service/service.h"
#include "settings.h"
#include "window.h"

/* A record that is no row, kept with its headers until the offset moves past it. */
struct bad_record {
    struct kafka_message message;
    struct err reason;
};

struct partition {
    const char *topic;
    int32_t partition;
    const struct object_shape *shape;
    int64_t position;   /* the next offset to be read */
    int64_t held;       /* the topic's end when the task was taken over */
    struct plan plan;   /* stands while a window must end exactly there */
    int64_t plan_start; /* the committed offset beside it */
    struct window window;
    struct bad_record *bad;
    size_t bad_n;
    int64_t committed; /* snapshot: dead letters before it have been sent */
    int64_t written;   /* snapshot: what lies before it stands in objects; -1: nothing does */
};

struct task {
    const struct settings *settings;
    struct service *service;
    struct kafka_admin *admin;
    struct kafka_membership *membership;
    struct kafka_consumer *consumer;     /* NULL on standby */
    struct kafka_producer *dead_letters; /* opened with the first one */
    struct s3 *s3;
    struct snapshot *snapshot; /* NULL in the layout append, and on standby */
    struct registry *registry; /* NULL: records are JSON */
    struct partition *partitions;
    size_t partitions_n;
    struct arena *arena; /* of the record in hand */
    struct buf object;   /* the text of the object in hand */
    int64_t checked_ms;  /* when topics and lag were looked at last */
    unsigned attempt;    /* of the loop's own retries */
};

/* Runs until a stop is asked for (true) or an error that nothing here can mend. */
WARN_UNUSED bool task_run(const struct settings *settings, struct service *service,
                          struct err *reterr);

/* Still the owner: serves the membership without waiting. ERR_ABORT when not. */
WARN_UNUSED bool task_still_owner(struct task *task, struct err *reterr);

/* Calls `step` until it succeeds or fails for good; between two attempts the membership is served.
 * ERR_ABORT when a stop was asked for or the task was lost meanwhile. */
WARN_UNUSED bool task_insist(struct task *task, const char *doing, struct partition *partition,
                             bool (*step)(struct task *, struct partition *, struct err *),
                             struct err *reterr);

/* Finds every partition's position and plan, and starts to read there. ERR_RETRY also when a topic
 * does not exist yet. (recover.c) */
WARN_UNUSED bool task_acquire(struct task *task, struct err *reterr);

/* Plans the partition's window as it is, puts its objects, moves the offset. (rotate.c) */
WARN_UNUSED bool task_rotate(struct task *task, struct partition *partition, struct err *reterr);

/* The window has reached the end of the plan that stands: puts its objects, moves the offset.
 * (rotate.c) */
WARN_UNUSED bool task_finish_plan(struct task *task, struct partition *partition,
                                  struct err *reterr);

/* Sends the partition's dead letters and commits the offset behind partition->plan.end. (rotate.c)
 * */
WARN_UNUSED bool task_advance(struct task *task, struct partition *partition, struct err *reterr);

/* Keeps a record that is no row, which is the partition's from now on, with the reason. */
void partition_keep_bad(struct partition *partition, struct kafka_message *message,
                        const struct err *reason);

/* Forgets what is in the window, bad records too. */
void partition_clear(struct partition *partition);

#endif
