#include "snapshot.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "http/registry.h"
#include "http/sha256.h"
#include "http/sigv4.h"
#include "metrics.h"
#include "record/chars.h"
#include "typed.h"
#include "view_store.h"
#include <inttypes.h>

struct snapshot {
    struct view_store *store;
    struct manifest *manifests; /* of each topic */
    struct arena **arenas;      /* their texts */
    bool *tidied;               /* of each topic: what killed predecessors left is gone */
    size_t topics_n;
    int64_t changed_ms; /* since when something is not written; 0: nothing */
};

/* One object in the making, or a pass over its rows. */
struct making {
    struct task *task;
    size_t topic;
    const struct object_format *format;
    const char *ext;
    struct manifest *next; /* the version in the making */
    struct arena *arena;
    bool changed; /* next differs from the present version */
    /* of the object in hand: */
    struct object_stream stream;
    struct arena *row_arena;
    struct sha256 *sha256;    /* pass 1 */
    struct s3_upload *upload; /* pass 2 */
    bool whole;               /* all of it is in task->object */
    int64_t bytes;
};

static const struct settings *settings_of(const struct making *making)
{
    return making->task->settings;
}

bool snapshot_open(struct task *task, struct err *reterr)
{
    const struct option_list *topics = &task->settings->topics;
    struct snapshot *snapshot = err_calloc(1, sizeof(*snapshot));

    task->snapshot = snapshot_close(task->snapshot);
    task->snapshot = snapshot;
    snapshot->manifests = err_calloc(topics->n + 1, sizeof(*snapshot->manifests));
    snapshot->arenas = err_calloc(topics->n + 1, sizeof(struct arena *));
    snapshot->tidied = err_calloc(topics->n + 1, sizeof(*snapshot->tidied));
    snapshot->changed_ms = clock_mono_ms();
    for (; snapshot->topics_n < topics->n; snapshot->topics_n++)
        snapshot->arenas[snapshot->topics_n] = arena_new(0);
    if (!view_store_open(&task->settings->order_by, task->settings->rows.row_from, &snapshot->store,
                         reterr))
        return false;
    for (size_t i = 0; i < topics->n; i++) {
        struct manifest *manifest = &snapshot->manifests[i];

        if (!snapshot_get_manifest(task->s3, topics->items[i], 0, snapshot->arenas[i], manifest,
                                   reterr))
            return false;
        if (task->settings->partition_by == NULL &&
            !view_store_touch(snapshot->store, (int)i, STR(""), reterr))
            return false;
        for (size_t entry = 0; entry < manifest->n; entry++) /* it may have lost all of its rows */
            if (!view_store_touch(snapshot->store, (int)i, str_of(manifest->entries[entry].by),
                                  reterr))
                return false;
    }
    return true;
}

struct snapshot *snapshot_close(struct snapshot *snapshot)
{
    if (snapshot == NULL)
        return NULL;
    for (size_t i = 0; i < snapshot->topics_n; i++)
        arena_free(snapshot->arenas[i]);
    view_store_close(snapshot->store);
    free(snapshot->arenas);
    free(snapshot->tidied);
    free(snapshot->manifests);
    free(snapshot);
    return NULL;
}

static size_t topic_index(const struct task *task, const struct partition *partition)
{
    return (size_t)(partition->shape - task->settings->shapes);
}

/* "day=2026-01-14/", the value escaped as in an address. */
static void append_part(const char *column, const struct object_row *row, struct buf *out)
{
    CLEANUP(buf) struct buf text = {0};
    const struct object_member *member = NULL;

    if (column == NULL)
        return;
    member = object_row_find(row, str_of(column), 0);
    sigv4_escape(out, str_of(column), false);
    buf_char(out, '=');
    if (member == NULL || member->value.kind == JSON_NULL) {
        buf_puts(out, "__HIVE_DEFAULT_PARTITION__/");
        return;
    }
    chars_text(&text, &member->value);
    sigv4_escape(out, buf_str(&text), false);
    buf_char(out, '/');
}

bool snapshot_take(struct task *task, struct partition *partition, struct kafka_message *message,
                   struct err *reterr)
{
    struct object_shape shape = *partition->shape;
    CLEANUP(buf) struct buf by = {0};
    int topic = (int)topic_index(task, partition);
    struct str key = {0}, value = {0};
    struct object_row row;
    struct err reason;

    shape.columns = shape.without = NULL; /* the part may be one of those not written */
    arena_reset(task->arena);
    if (!registry_json(task->registry, message->key, task->arena, &key, &reason) ||
        !registry_json(task->registry, message->value, task->arena, &value, &reason) ||
        !object_row_read(&shape, key, value, task->arena, &row, &reason) ||
        !typed_row_check(partition->shape, &row, task->arena, &reason)) {
        if (reason.kind != ERR_DEAD_LETTER) {
            *reterr = reason;
            reterr->kind = reason.kind == ERR_RETRY ? ERR_ABORT : reason.kind;
            return false;
        }
        if (message->offset >= partition->committed)
            partition_keep_bad(partition, message, &reason);
    } else if (row.deleted) {
        if (!view_store_remove(task->snapshot->store, topic, key, reterr))
            return false;
    } else {
        append_part(task->settings->partition_by, &row, &by);
        const struct view_row kept = {.topic = topic,
                                      .partition = partition->partition,
                                      .offset = message->offset,
                                      .key = key,
                                      .value = value,
                                      .by = buf_str(&by)};
        if (!view_store_put(task->snapshot->store, &kept, reterr))
            return false;
    }
    if (task->snapshot->changed_ms == 0)
        task->snapshot->changed_ms = clock_mono_ms();
    return true;
}

/* Sends as many whole parts as stand in the buffer; with `last` all of it. */
static bool send_parts(struct making *making, bool last, struct err *reterr)
{
    struct str parts[PARALLEL_PARTS_MAX];
    struct buf *out = &making->task->object;
    size_t part_bytes = (size_t)settings_of(making)->part_bytes, n = 0, sent = 0;
    size_t parallel = (size_t)settings_of(making)->parallel_parts;

    while (out->len - sent >= part_bytes || (last && out->len > sent)) {
        size_t left = out->len - sent;

        parts[n++] = (struct str){out->at + sent, left < part_bytes ? left : part_bytes};
        sent += parts[n - 1].len;
        if (n < parallel && (out->len - sent >= part_bytes || (last && out->len > sent)))
            continue;
        if (!task_still_owner(making->task, reterr) ||
            !s3_upload_parts(making->upload, parts, n, reterr))
            return false;
        n = 0;
    }
    memmove(out->at, out->at + sent, out->len - sent);
    out->len -= sent;
    return true;
}

/* Takes the object's bytes out of the buffer when there are enough of them. */
static bool drain_object(struct making *making, bool last, struct err *reterr)
{
    const struct settings *settings = settings_of(making);
    struct buf *out = &making->task->object;

    if (making->upload != NULL)
        return (!last && (int64_t)out->len < settings->part_bytes * settings->parallel_parts) ||
               send_parts(making, last, reterr);
    if (!last && (int64_t)out->len <= settings->part_bytes)
        return true;
    making->whole = making->whole && (int64_t)out->len <= settings->part_bytes;
    sha256_add(making->sha256, buf_str(out));
    making->bytes += (int64_t)out->len;
    if (!making->whole)
        buf_clear(out);
    return true;
}

static bool each_row(void *arg, const struct view_row *kept, struct err *reterr)
{
    struct making *making = arg;
    const struct object_shape *shape = making->stream.writer.shape;
    struct object_row row;

    arena_reset(making->row_arena);
    if (!object_row_read(shape, kept->key, kept->value, making->row_arena, &row, reterr))
        return err_stop(reterr, EX_SOFTWARE, "offset %" PRId64 " reads differently now: %s",
                        kept->offset, reterr->text);
    row.offset = kept->offset;
    object_stream_row(&making->stream, &row);
    return drain_object(making, false, reterr);
}

/* One pass over the rows of a part: to the hash, or to the upload that stands. */
static bool pass(struct making *making, struct str by, struct err *reterr)
{
    struct task *task = making->task;

    buf_clear(&task->object);
    making->whole = true;
    making->bytes = 0;
    making->row_arena = arena_new(0);
    object_stream_begin(&making->stream, making->format, &task->settings->shapes[making->topic],
                        &task->object);
    bool well =
        view_store_rows(task->snapshot->store, (int)making->topic, by, each_row, making, reterr);
    if (well) {
        object_stream_end(&making->stream);
        well = drain_object(making, true, reterr);
    }
    if (well && making->upload == NULL)
        objects_count(OBJECTS_CHARACTERS_REPLACED, (int64_t)making->stream.writer.replaced);
    object_stream_done(&making->stream);
    making->row_arena = arena_free(making->row_arena);
    return well && (buf_ok(&task->object) ||
                    err_stop(reterr, EX_SOFTWARE, "a row group is larger than its buffer"));
}

static bool put_in_parts(struct making *making, struct s3_object *object, struct str by,
                         struct err *reterr)
{
    bool existed = false;

    object->only_if_absent = false;
    if (!s3_upload_begin(making->task->s3, object, &making->upload, reterr))
        return false;
    bool well = pass(making, by, reterr) && s3_upload_finish(making->upload, &existed, reterr);
    making->upload = s3_upload_end(making->upload);
    return well;
}

static bool put_object(struct making *making, const struct manifest_entry *entry, struct str by,
                       struct err *reterr)
{
    struct task *task = making->task;
    char records[24];
    bool existed = false;

    snprintf(records, sizeof(records), "%" PRId64, entry->rows);
    const char *const metadata[][2] = {
        {"sha256", entry->sha256}, {"records", records}, {NULL, NULL}};
    struct s3_object object = {
        .key = entry->key,
        .content_type =
            object_stream_content_type(making->format, &task->settings->shapes[making->topic]),
        .body = buf_str(&task->object),
        .metadata = metadata,
        .only_if_absent = key_template_has(task->settings->template, "sha256")};
    if (!task_still_owner(task, reterr) ||
        !(making->whole ? s3_put(task->s3, &object, &existed, reterr)
                        : put_in_parts(making, &object, by, reterr)))
        return false;
    failpoint("s3-objects.after-put");
    objects_count(existed ? OBJECTS_OBJECTS_FOUND : OBJECTS_OBJECTS_WRITTEN, 1);
    objects_count(OBJECTS_OBJECT_BYTES, existed ? 0 : entry->bytes);
    log_debug("object put", LOG_STR("key", entry->key), LOG_INT("records", entry->rows),
              LOG_INT("bytes", entry->bytes));
    return true;
}

static const char *make_key(struct making *making, const char *by, const char *sha256)
{
    CLEANUP(buf) struct buf key = {0};
    const struct settings *settings = settings_of(making);
    const struct key_parts parts = {.topic = settings->topics.items[making->topic],
                                    .ext = making->ext,
                                    .by = by,
                                    .sha256 = sha256,
                                    .version = making->next->version};

    key_template_render(&key, settings->template, &parts);
    return arena_copy(making->arena, buf_str(&key)).at;
}

/* The part in the format in hand: its entry in the next version, and the object when its bytes are
 * new. */
static bool make_object(struct making *making, struct str by, int64_t rows, struct err *reterr)
{
    const struct manifest *present = &making->task->snapshot->manifests[making->topic];
    const char *part = arena_copy(making->arena, by).at;
    const struct manifest_entry *former = manifest_find(present, part, making->ext);
    char sha256[SHA256_CHARS + 1] = "";

    if (rows == 0 && settings_of(making)->partition_by != NULL) {
        making->changed = making->changed || former != NULL;
        return true;
    }
    making->sha256 = sha256_new();
    bool well = pass(making, by, reterr);
    sha256_hex(making->sha256, sha256);
    making->sha256 = sha256_free(making->sha256);
    if (!well)
        return false;
    const char *key = make_key(making, part, sha256);
    bool same_key = former != NULL && (key_template_has(settings_of(making)->template, "version") ||
                                       strcmp(former->key, key) == 0);
    if (same_key && strcmp(former->sha256, sha256) == 0) {
        manifest_add(making->next, making->arena, *former);
        return true;
    }
    const struct manifest_entry entry = {.by = part,
                                         .ext = making->ext,
                                         .key = key,
                                         .sha256 = arena_copy(making->arena, str_of(sha256)).at,
                                         .rows = rows,
                                         .bytes = making->bytes};
    making->changed = true;
    manifest_add(making->next, making->arena, entry);
    return put_object(making, &entry, by, reterr);
}

static bool each_changed(void *arg, struct str by, int64_t rows, struct err *reterr)
{
    struct making *making = arg;
    CLEANUP(arena) struct arena *arena = arena_new(0);
    struct str part = arena_copy(arena, by); /* the store's own may move */

    for (const struct object_format *const *format = settings_of(making)->formats; *format != NULL;
         format++) {
        CLEANUP(buf) struct buf ext = {0};

        object_stream_extension(&ext, *format, &settings_of(making)->shapes[making->topic]);
        making->format = *format;
        making->ext = arena_copy(making->arena, buf_str(&ext)).at;
        if (!make_object(making, part, rows, reterr))
            return false;
    }
    return true;
}

struct names {
    struct making *making;
    struct buf all; /* each between line breaks */
};

static bool each_name(void *arg, struct str by, int64_t rows, struct err *reterr)
{
    struct names *names = arg;

    (void)rows;
    (void)reterr;
    buf_printf(&names->all, "\n%.*s\n", STR_ARG(by));
    return true;
}

/* Parts that have not changed stay as they are. */
static bool keep_unchanged(struct making *making, struct err *reterr)
{
    const struct manifest *present = &making->task->snapshot->manifests[making->topic];
    struct names names = {.making = making};
    bool well = view_store_changed(making->task->snapshot->store, (int)making->topic, each_name,
                                   &names, reterr);

    for (size_t i = 0; well && i < present->n; i++) {
        CLEANUP(buf) struct buf name = {0};

        buf_printf(&name, "\n%s\n", present->entries[i].by);
        if (strstr(buf_cstr(&names.all), buf_cstr(&name)) == NULL)
            manifest_add(making->next, making->arena, present->entries[i]);
    }
    buf_done(&names.all);
    return well;
}

static const char *offsets_of(const struct task *task, size_t topic, struct arena *arena)
{
    CLEANUP(buf) struct buf text = {0};

    buf_char(&text, '[');
    for (size_t i = 0; i < task->partitions_n; i++)
        if (topic_index(task, &task->partitions[i]) == topic)
            buf_printf(&text, "%s%" PRId64, text.len > 1 ? "," : "", task->partitions[i].position);
    buf_char(&text, ']');
    return arena_copy(arena, buf_str(&text)).at;
}

static int by_part(const void *a, const void *b)
{
    const struct manifest_entry *one = a, *other = b;
    int order = strcmp(one->by, other->by);

    return order != 0 ? order : strcmp(one->ext, other->ext);
}

/* The version is complete in the store: makes it the present one. */
static bool publish(struct making *making, struct err *reterr)
{
    struct task *task = making->task;
    struct snapshot *snapshot = task->snapshot;
    const char *topic = task->settings->topics.items[making->topic];
    bool taken = false;

    qsort(making->next->entries, making->next->n, sizeof(*making->next->entries), by_part);
    making->next->offsets = offsets_of(task, making->topic, making->arena);
    failpoint("s3-objects.before-manifest");
    if (!task_still_owner(task, reterr) ||
        !snapshot_put_manifest(task->s3, topic, making->next, &taken, reterr))
        return false;
    if (!taken) /* a predecessor's, killed before it was the present one */
        return snapshot_get_manifest(task->s3, topic, making->next->version,
                                     snapshot->arenas[making->topic],
                                     &snapshot->manifests[making->topic], reterr) &&
               err_set(reterr, ERR_RETRY, "version %" PRId64 " of %s has been written by another",
                       making->next->version, topic);
    failpoint("s3-objects.after-manifest");
    log_info("snapshot", LOG_STR("topic", topic), LOG_INT("version", making->next->version),
             LOG_INT("objects", making->next->n));
    return true;
}

/* Objects that predecessors put and died before they named them, of old versions, and of the present
 * and the next one: as they lay before the next one was published, so that none of a successor's is
 * among them. Asked for once in a life, and only of a folder that is the topic's own. */
static bool list_leftovers(struct making *making, struct object_keys *ret, struct err *reterr)
{
    struct task *task = making->task;

    if (task->snapshot->tidied[making->topic] ||
        strcmp(settings_of(making)->template, KEY_TEMPLATE_SNAPSHOT) != 0)
        return true;
    return snapshot_list_objects(task->s3, task->settings->topics.items[making->topic],
                                 making->arena, ret, reterr);
}

/* The next version is the present one now. The unchanged entries' texts lie in the former arena:
 * what was written is read. */
static bool take_next(struct making *making, struct err *reterr)
{
    struct snapshot *snapshot = making->task->snapshot;
    struct arena *kept = arena_new(0);
    CLEANUP(buf) struct buf text = {0};

    manifest_write(&text, settings_of(making)->topics.items[making->topic], making->next);
    bool well = manifest_read(buf_str(&text), kept, &snapshot->manifests[making->topic], reterr);
    arena_free(snapshot->arenas[making->topic]);
    snapshot->arenas[making->topic] = kept;
    return well;
}

static bool publish_and_sweep(struct making *making, struct err *reterr)
{
    struct task *task = making->task;
    struct snapshot *snapshot = task->snapshot;
    size_t topic = making->topic;
    struct object_keys leftovers = {0};

    if (!list_leftovers(making, &leftovers, reterr) || !publish(making, reterr) ||
        !view_store_settle(snapshot->store, (int)topic, reterr) || !take_next(making, reterr) ||
        !task_still_owner(task, reterr) ||
        !snapshot_sweep(task->s3, task->settings->topics.items[topic], &snapshot->manifests[topic],
                        task->settings->keep_versions, &leftovers, reterr))
        return false;
    snapshot->tidied[topic] = true;
    return true;
}

static bool write_topic(struct task *task, size_t topic, struct err *reterr)
{
    struct snapshot *snapshot = task->snapshot;
    CLEANUP(arena) struct arena *arena = arena_new(0);
    struct manifest next = {.version = snapshot->manifests[topic].version + 1};
    struct making making = {.task = task, .topic = topic, .next = &next, .arena = arena};

    making.changed = snapshot->manifests[topic].version == 0;
    if (!view_store_changed(snapshot->store, (int)topic, each_changed, &making, reterr) ||
        !keep_unchanged(&making, reterr))
        return false;
    return making.changed ? publish_and_sweep(&making, reterr)
                          : view_store_settle(snapshot->store, (int)topic, reterr);
}

static bool all_read(const struct task *task)
{
    for (size_t i = 0; i < task->partitions_n; i++)
        if (task->partitions[i].position < task->partitions[i].held)
            return false;
    return true;
}

/* Dead letters, and how far the snapshots have come. */
static bool advance_all(struct task *task, struct err *reterr)
{
    for (size_t i = 0; i < task->partitions_n; i++) {
        struct partition *partition = &task->partitions[i];

        partition->written = partition->position;
        if (partition->position <= partition->committed)
            continue;
        partition->plan.end = partition->position - 1;
        if (!task_insist(task, "commit offsets", partition, task_advance, reterr))
            return false;
        objects_count(OBJECTS_DEAD_LETTERS, (int64_t)partition->bad_n);
        partition->committed = partition->position;
        partition_clear(partition);
    }
    return true;
}

bool snapshot_write_due(struct task *task, bool now, struct err *reterr)
{
    struct snapshot *snapshot = task->snapshot;
    int64_t waited_ms = clock_mono_ms() - snapshot->changed_ms;
    bool first =
        snapshot->changed_ms != 0 && task->partitions_n > 0 && task->partitions[0].written < 0;

    if (snapshot->changed_ms == 0 || !all_read(task) ||
        (!now && !first && waited_ms < task->settings->limits.interval_ms))
        return true;
    for (size_t i = 0; i < task->settings->topics.n; i++)
        if (!write_topic(task, i, reterr))
            return false;
    snapshot->changed_ms = 0;
    return advance_all(task, reterr);
}
