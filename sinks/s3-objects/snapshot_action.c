/* Manifests in the store, and what a person does with them. */
#include "snapshot.h"

#include "base/log.h"
#include "http/sigv4.h"
#include <inttypes.h>

bool snapshot_get_manifest(struct s3 *s3, const char *topic, int64_t version, struct arena *arena,
                           struct manifest *ret, struct err *reterr)
{
    CLEANUP(buf) struct buf key = {0}, text = {0};
    bool found = false;

    manifest_key(&key, topic, version);
    if (!s3_get(s3, buf_cstr(&key), &text, &found, reterr))
        return false;
    if (!found && version == 0) {
        *ret = (struct manifest){0};
        return true;
    }
    if (!found)
        return err_stop(reterr, EX_NOINPUT, "there is no version %" PRId64 " of %s (%s)", version,
                        topic, buf_cstr(&key));
    return manifest_read(buf_str(&text), arena, ret, reterr) ||
           err_prefix(reterr, "%s", buf_cstr(&key));
}

static bool put_text(struct s3 *s3, const char *key, struct str text, bool only_if_absent,
                     bool *ret_existed, struct err *reterr)
{
    char sha256[SHA256_CHARS + 1];
    const char *const metadata[][2] = {{"sha256", sha256}, {NULL, NULL}};
    const struct s3_object object = {.key = key,
                                     .content_type = "application/json",
                                     .body = text,
                                     .metadata = metadata,
                                     .only_if_absent = only_if_absent};

    sigv4_sha256_hex(text, sha256);
    return s3_put(s3, &object, ret_existed, reterr);
}

bool snapshot_put_manifest(struct s3 *s3, const char *topic, const struct manifest *manifest,
                           bool *ret_taken, struct err *reterr)
{
    CLEANUP(buf) struct buf text = {0}, key = {0}, present = {0}, there = {0};
    bool existed = false, found = true, ignored = false;

    manifest_write(&text, topic, manifest);
    manifest_key(&key, topic, manifest->version);
    manifest_key(&present, topic, 0);
    if (!put_text(s3, buf_cstr(&key), buf_str(&text), true, &existed, reterr))
        return false;
    if (existed && !s3_get(s3, buf_cstr(&key), &there, &found, reterr))
        return false;
    /* whoever wrote it first is right: the present one follows it */
    if (!found || !put_text(s3, buf_cstr(&present), buf_str(existed ? &there : &text), false,
                            &ignored, reterr))
        return found ? false
                     : err_set(reterr, ERR_RETRY, "%s was there and is gone", buf_cstr(&key));
    *ret_taken = !existed || str_eq(buf_str(&there), buf_str(&text));
    return true;
}

static void print_version(const char *topic, const struct manifest *manifest, int64_t present)
{
    int64_t rows = 0, bytes = 0;

    for (size_t i = 0; i < manifest->n; i++) {
        rows += manifest->entries[i].rows;
        bytes += manifest->entries[i].bytes;
    }
    printf("%s version=%" PRId64 "%s objects=%zu rows=%" PRId64 " bytes=%" PRId64 " offsets=%s\n",
           topic, manifest->version, manifest->version == present ? " present" : "", manifest->n,
           rows, bytes, manifest->offsets);
}

static bool print_versions(struct s3 *s3, const char *topic, struct err *reterr)
{
    CLEANUP(arena) struct arena *arena = arena_new(0);
    struct versions versions = {0};
    struct manifest present = {0};
    bool well = snapshot_get_manifest(s3, topic, 0, arena, &present, reterr) &&
                snapshot_list_versions(s3, topic, &versions, reterr);

    for (size_t i = 0; well && i < versions.n; i++) {
        struct manifest one = {0};

        well = snapshot_get_manifest(s3, topic, versions.at[i], arena, &one, reterr);
        if (well)
            print_version(topic, &one, present.version);
    }
    free(versions.at);
    return well;
}

/* The objects of a version to standard output, one behind the other, each held against its SHA-256.
 * */
static bool read_version(struct s3 *s3, const char *topic, int64_t version, struct err *reterr)
{
    CLEANUP(arena) struct arena *arena = arena_new(0);
    struct manifest manifest = {0};

    if (!snapshot_get_manifest(s3, topic, version, arena, &manifest, reterr))
        return false;
    for (size_t i = 0; i < manifest.n; i++) {
        const struct manifest_entry *entry = &manifest.entries[i];
        CLEANUP(buf) struct buf body = {0};
        char sha256[SHA256_CHARS + 1];
        bool found = false;

        if (!s3_get(s3, entry->key, &body, &found, reterr))
            return false;
        sigv4_sha256_hex(buf_str(&body), sha256);
        if (!found || strcmp(sha256, entry->sha256) != 0)
            return err_stop(reterr, EX_DATAERR, "%s %s", entry->key,
                            found ? "is not what its manifest says (sha256)" : "is gone");
        if (fwrite(body.at, 1, body.len, stdout) != body.len)
            return err_stop(reterr, EX_IOERR, "standard output takes no more");
    }
    return true;
}

static bool restore_version(struct s3 *s3, const char *topic, int64_t version, struct err *reterr)
{
    CLEANUP(arena) struct arena *arena = arena_new(0);
    struct manifest present = {0}, old = {0};
    bool taken = false;

    if (!snapshot_get_manifest(s3, topic, 0, arena, &present, reterr) ||
        !snapshot_get_manifest(s3, topic, version, arena, &old, reterr))
        return false;
    for (size_t i = 0; i < old.n; i++) {
        struct s3_about about = {0};

        if (!s3_head(s3, old.entries[i].key, "sha256", &about, reterr))
            return false;
        if (!about.found || strcmp(about.metadata, old.entries[i].sha256) != 0)
            return err_stop(reterr, EX_DATAERR, "%s of version %" PRId64 " is gone or another",
                            old.entries[i].key, version);
    }
    old.version = present.version + 1;
    if (!snapshot_put_manifest(s3, topic, &old, &taken, reterr))
        return false;
    if (!taken)
        return err_set(reterr, ERR_RETRY, "%s has got a new version meanwhile", topic);
    printf("%s: version %" PRId64 " is version %" PRId64 " again\n", topic, old.version, version);
    return true;
}

bool snapshot_action(const struct settings *settings, struct err *reterr)
{
    struct s3 *s3 = NULL;
    bool well = s3_open(&settings->s3, &s3, reterr);

    for (size_t i = 0; well && i < settings->topics.n; i++) {
        const char *topic = settings->topics.items[i];

        if (settings->action == ACTION_VERSIONS)
            well = print_versions(s3, topic, reterr);
        else if (settings->action == ACTION_READ)
            well = read_version(s3, topic, settings->version, reterr);
        else
            well = restore_version(s3, topic, settings->version, reterr);
    }
    s3_close(s3);
    return well;
}
