/*
 * The layout "snapshot": the whole view, replaced when it has changed. The rows stand in a
 * view_store; a version's objects are put first, its manifest last. An object whose bytes are those
 * of the former version is not written again.
 *
 * changed parts --> objects (new contents only) --> versions/N.json, only if absent -->
 * manifest.json
 *                                                     decides between two writers         what readers ask for
 */
#ifndef S3_OBJECTS_SNAPSHOT_H
#define S3_OBJECTS_SNAPSHOT_H

#include "task.h"

struct snapshot;

/* With the task taken over: an empty store, and the manifests that stand. */
WARN_UNUSED bool snapshot_open(struct task *task, struct err *reterr);

/* NULL is fine. Returns NULL. */
struct snapshot *snapshot_close(struct snapshot *snapshot);

/* Takes a record into the store; one that is no row is kept for the dead letters, unless an earlier
 * run has sent it. */
WARN_UNUSED bool snapshot_take(struct task *task, struct partition *partition,
                               struct kafka_message *message, struct err *reterr);

/* Writes what has changed, once all is read that the topics held at the start and --rotate-interval
 * has gone by since the first change; with `now` at once. */
WARN_UNUSED bool snapshot_write_due(struct task *task, bool now, struct err *reterr);

/* Lists, reads or restores versions, as --action says; needs no broker. (snapshot_action.c) */
WARN_UNUSED bool snapshot_action(const struct settings *settings, struct err *reterr);

/* Gets a manifest; version 0 for the present one, which has version 0 when there is none. Other
 * versions must be there. (snapshot_action.c) */
WARN_UNUSED bool snapshot_get_manifest(struct s3 *s3, const char *topic, int64_t version,
                                       struct arena *arena, struct manifest *ret,
                                       struct err *reterr);

/* Puts a manifest as its version, and as the present one. *ret_taken false when another one has
 * that version already. (snapshot_action.c) */
WARN_UNUSED bool snapshot_put_manifest(struct s3 *s3, const char *topic,
                                       const struct manifest *manifest, bool *ret_taken,
                                       struct err *reterr);

/* Keys of objects; the texts are in an arena. */
struct object_keys {
    const char **keys;
    size_t n, cap;
};

/* What lies in the topic's folder of the default --key-template. (snapshot_sweep.c) */
WARN_UNUSED bool snapshot_list_objects(struct s3 *s3, const char *topic, struct arena *arena,
                                       struct object_keys *ret, struct err *reterr);

/* Deletes the versions that are not kept and the objects that only they name, and those of `found`
 * that no kept version names. (snapshot_sweep.c) */
WARN_UNUSED bool snapshot_sweep(struct s3 *s3, const char *topic, const struct manifest *present,
                                int64_t keep, const struct object_keys *found, struct err *reterr);

/* Version numbers that the store has; the caller frees `at`. */
struct versions {
    const char *topic;
    int64_t *at;
    size_t n;
};

/* Lists them. (snapshot_sweep.c) */
WARN_UNUSED bool snapshot_list_versions(struct s3 *s3, const char *topic, struct versions *ret,
                                        struct err *reterr);

#endif
