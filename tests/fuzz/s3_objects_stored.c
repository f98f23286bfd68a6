/* What s3-objects reads: plans in the group's metadata, manifests and keys of the store, records of a topic (key and value
 * parted by a line break). Any bytes end; what is taken is written, taken again and the same. The first byte chooses. */
#include "key_template.h"
#include "manifest.h"
#include "object_row.h"
#include "plan.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void as_plan(struct str text)
{
    CLEANUP(buf) struct buf once = {0}, twice = {0};
    struct plan plan = {0}, again = {0};
    struct err err = {0};

    if (!plan_decode(text, &plan, &err))
        return;
    plan_encode(&once, &plan);
    if (!plan_decode(buf_str(&once), &again, &err))
        abort();
    plan_encode(&twice, &again);
    if (!str_eq(buf_str(&once), buf_str(&twice)))
        abort();
}

static void as_manifest(struct str text)
{
    CLEANUP(arena) struct arena *arena = arena_new(1 << 14);
    CLEANUP(buf) struct buf once = {0}, twice = {0};
    struct manifest manifest = {0}, again = {0};
    struct err err = {0};

    if (!manifest_read(text, arena, &manifest, &err))
        return;
    manifest_write(&once, "t", &manifest);
    if (!manifest_read(buf_str(&once), arena, &again, &err))
        abort();
    manifest_write(&twice, "t", &again);
    if (!str_eq(buf_str(&once), buf_str(&twice)))
        abort();
}

static void as_key(struct str key)
{
    const struct key_parts parts = {.topic = "p.gold.t", .partition = 3, .ext = "csv.gz"};
    int64_t start = 0, end = 0;

    if (key_template_parse(key, KEY_TEMPLATE_APPEND, &parts, &start, &end) &&
        (start < 0 || end < 0))
        abort();
    if (manifest_key_version(key, "p.gold.t") < -1)
        abort();
}

static void as_record(struct str record, const char *row_from)
{
    CLEANUP(arena) struct arena *arena = arena_new(1 << 14);
    CLEANUP(buf) struct buf text = {0};
    const struct object_shape shape = {.envelope = true, .row_from = row_from};
    const char *end = record.len == 0 ? NULL : memchr(record.at, '\n', record.len);
    struct str key = end == NULL ? record : str_between(record.at, end);
    struct str value = end == NULL ? STR_NONE : str_between(end + 1, record.at + record.len);
    struct object_row row, again;
    struct err err = {0};

    if (!object_row_read(&shape, key, value, arena, &row, &err)) {
        if (err.kind != ERR_DEAD_LETTER)
            abort();
        return;
    }
    object_row_write(&text, &row, false);
    const struct object_shape plain = {.envelope = false};
    if (!object_row_read(&plain, STR("{}"), buf_str(&text), arena, &again, &err) ||
        again.n != row.n)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct str rest = {(const char *)data + 1, size - 1};

    switch (data[0] % 5) {
    case 0:
        as_plan(rest);
        break;
    case 1:
        as_manifest(rest);
        break;
    case 2:
        as_key(rest);
        break;
    default:
        as_record(rest, data[0] % 5 == 3 ? NULL : "after");
        break;
    }
    return 0;
}
