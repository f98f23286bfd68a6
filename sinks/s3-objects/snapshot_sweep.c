/* What lies in the store and belongs to no version that is kept. */
#include "snapshot.h"

#include "base/log.h"

static bool each_version(struct str key, int64_t size, void *arg)
{
    struct versions *versions = arg;
    int64_t version = manifest_key_version(key, versions->topic);

    (void)size;
    for (size_t i = 0; i < versions->n; i++)
        if (versions->at[i] == version) /* a listing that was tried again */
            return true;
    if (version > 0) {
        versions->at = err_realloc(versions->at, (versions->n + 1) * sizeof(*versions->at));
        versions->at[versions->n++] = version;
    }
    return true;
}

bool snapshot_list_versions(struct s3 *s3, const char *topic, struct versions *ret,
                            struct err *reterr)
{
    CLEANUP(buf) struct buf prefix = {0};

    *ret = (struct versions){.topic = topic};
    buf_printf(&prefix, "%s/versions/", topic);
    return s3_list(s3, buf_cstr(&prefix), each_version, ret, reterr);
}

struct listing {
    struct arena *arena;
    struct object_keys *keys;
};

/* A listing that is tried again names a key twice: it is deleted twice then. */
static bool each_object(struct str key, int64_t size, void *arg)
{
    struct listing *listing = arg;
    struct object_keys *keys = listing->keys;

    (void)size;
    if (keys->n == keys->cap) {
        size_t cap = keys->cap == 0 ? 64 : keys->cap * 2;
        const char **more = arena_alloc(listing->arena, cap * sizeof(*more));

        if (keys->n > 0)
            memcpy(more, keys->keys, keys->n * sizeof(*more));
        keys->keys = more;
        keys->cap = cap;
    }
    keys->keys[keys->n++] = arena_copy(listing->arena, key).at;
    return true;
}

bool snapshot_list_objects(struct s3 *s3, const char *topic, struct arena *arena,
                           struct object_keys *ret, struct err *reterr)
{
    CLEANUP(buf) struct buf prefix = {0};
    struct listing listing = {arena, ret};

    *ret = (struct object_keys){0};
    buf_printf(&prefix, "%s/data/", topic);
    return s3_list(s3, buf_cstr(&prefix), each_object, &listing, reterr);
}

/* The versions that stay. */
struct kept {
    struct manifest *manifests;
    size_t n;
};

static bool delete_unnamed(struct s3 *s3, const char *key, const struct kept *kept, int64_t *count,
                           struct err *reterr)
{
    for (size_t i = 0; i < kept->n; i++)
        if (manifest_has_key(&kept->manifests[i], key))
            return true;
    *count += 1;
    return s3_delete(s3, key, reterr);
}

/* Deletes the objects of the version that no kept one names, then its manifest. */
static bool drop_version(struct s3 *s3, const char *topic, int64_t version, const struct kept *kept,
                         struct err *reterr)
{
    CLEANUP(arena) struct arena *arena = arena_new(0);
    CLEANUP(buf) struct buf key = {0};
    struct manifest old = {0};
    int64_t count = 0;

    if (!snapshot_get_manifest(s3, topic, version, arena, &old, reterr))
        return false;
    for (size_t i = 0; i < old.n; i++)
        if (!delete_unnamed(s3, old.entries[i].key, kept, &count, reterr))
            return false;
    manifest_key(&key, topic, version);
    return s3_delete(s3, buf_cstr(&key), reterr);
}

static bool drop_found(struct s3 *s3, const char *topic, const struct object_keys *found,
                       const struct kept *kept, struct err *reterr)
{
    int64_t count = 0;

    for (size_t i = 0; i < found->n; i++)
        if (!delete_unnamed(s3, found->keys[i], kept, &count, reterr))
            return false;
    if (count > 0)
        log_info("objects that no version names are deleted", LOG_STR("topic", topic),
                 LOG_INT("objects", count));
    return true;
}

bool snapshot_sweep(struct s3 *s3, const char *topic, const struct manifest *present, int64_t keep,
                    const struct object_keys *found, struct err *reterr)
{
    CLEANUP(arena) struct arena *arena = arena_new(0);
    struct versions versions = {0};
    bool well = snapshot_list_versions(s3, topic, &versions, reterr);
    CLEANUP(free) struct manifest *manifests = err_calloc(versions.n + 2, sizeof(*manifests));
    struct kept kept = {manifests, 0};

    manifests[kept.n++] = *present;
    for (size_t i = 0; well && i < versions.n; i++)
        if (versions.at[i] > present->version - keep)
            well = snapshot_get_manifest(s3, topic, versions.at[i], arena, &manifests[kept.n++],
                                         reterr);
    for (size_t i = 0; well && i < versions.n; i++)
        if (versions.at[i] <= present->version - keep)
            well = drop_version(s3, topic, versions.at[i], &kept, reterr);
    well = well && drop_found(s3, topic, found, &kept, reterr);
    free(versions.at);
    return well;
}
