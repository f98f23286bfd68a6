#include "manifest.h"

#include "record/json.h"
#include <inttypes.h>

enum { FORMAT_VERSION = 1, VERSION_DIGITS = 10 };

static void put_member(struct buf *out, const char *name, const char *text)
{
    buf_printf(out, "\"%s\":", name);
    json_write_string(out, str_of(text));
}

void manifest_write(struct buf *out, const char *topic, const struct manifest *manifest)
{
    buf_printf(out, "{\"format\":%d,", FORMAT_VERSION);
    put_member(out, "topic", topic);
    buf_printf(out, ",\"version\":%" PRId64 ",\"offsets\":%s,\"objects\":[", manifest->version,
               manifest->offsets);
    for (size_t i = 0; i < manifest->n; i++) {
        const struct manifest_entry *entry = &manifest->entries[i];

        buf_puts(out, i == 0 ? "\n{" : ",\n{");
        put_member(out, "by", entry->by);
        buf_char(out, ',');
        put_member(out, "ext", entry->ext);
        buf_char(out, ',');
        put_member(out, "key", entry->key);
        buf_char(out, ',');
        put_member(out, "sha256", entry->sha256);
        buf_printf(out, ",\"rows\":%" PRId64 ",\"bytes\":%" PRId64 "}", entry->rows, entry->bytes);
    }
    buf_puts(out, "\n]}\n");
}

static int64_t number_of(const struct json_value *value)
{
    int64_t number = 0;

    for (size_t i = 0; i < value->raw.len; i++)
        if (value->raw.at[i] < '0' || value->raw.at[i] > '9' ||
            __builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, value->raw.at[i] - '0', &number))
            return -1;
    return value->kind == JSON_NUMBER ? number : -1;
}

static const char *text_of(const struct json_value *value, struct arena *arena, struct err *reterr)
{
    struct str text = {0};

    if (value->kind != JSON_STRING || !json_text(value, arena, &text, reterr))
        return NULL;
    return arena_copy(arena, text).at;
}

static bool read_entry(struct str raw, struct arena *arena, struct manifest *manifest,
                       struct err *reterr)
{
    struct manifest_entry entry = {.rows = -1, .bytes = -1};
    struct json_cursor cursor = json_open(raw);
    bool first = true, more = true, well = json_object_begin(&cursor, reterr);

    while (well) {
        struct str name = {0};
        struct json_value value = {0};

        well = json_object_next(&cursor, arena, &first, &more, &name, reterr);
        if (!well || !more)
            break;
        well = json_read(&cursor, &value, reterr);
        if (str_eq_c(name, "by"))
            entry.by = text_of(&value, arena, reterr);
        else if (str_eq_c(name, "ext"))
            entry.ext = text_of(&value, arena, reterr);
        else if (str_eq_c(name, "key"))
            entry.key = text_of(&value, arena, reterr);
        else if (str_eq_c(name, "sha256"))
            entry.sha256 = text_of(&value, arena, reterr);
        else if (str_eq_c(name, "rows"))
            entry.rows = number_of(&value);
        else if (str_eq_c(name, "bytes"))
            entry.bytes = number_of(&value);
    }
    if (!well || entry.by == NULL || entry.ext == NULL || entry.key == NULL ||
        entry.sha256 == NULL || entry.rows < 0 || entry.bytes < 0)
        return false;
    manifest_add(manifest, arena, entry);
    return true;
}

static bool read_objects(struct str raw, struct arena *arena, struct manifest *manifest,
                         struct err *reterr)
{
    struct json_cursor cursor = json_array_open(raw);
    struct json_value value;

    while (json_array_more(&cursor))
        if (!json_read(&cursor, &value, reterr) || value.kind != JSON_OBJECT ||
            !read_entry(value.raw, arena, manifest, reterr))
            return false;
    return true;
}

static bool read_document(struct str text, struct arena *arena, struct manifest *manifest,
                          struct err *reterr)
{
    struct json_cursor cursor = json_open(text);
    bool first = true, more = true, well = json_object_begin(&cursor, reterr);
    int64_t format = -1;

    while (well) {
        struct str name = {0};
        struct json_value value = {0};

        well = json_object_next(&cursor, arena, &first, &more, &name, reterr);
        if (!well || !more)
            break;
        well = json_read(&cursor, &value, reterr);
        if (str_eq_c(name, "format"))
            format = number_of(&value);
        else if (str_eq_c(name, "version"))
            manifest->version = number_of(&value);
        else if (str_eq_c(name, "offsets") && value.kind == JSON_ARRAY)
            manifest->offsets = arena_copy(arena, value.raw).at;
        else if (str_eq_c(name, "objects"))
            well = well && value.kind == JSON_ARRAY &&
                   read_objects(value.raw, arena, manifest, reterr);
    }
    return well && format == FORMAT_VERSION && manifest->version > 0 && manifest->offsets != NULL;
}

bool manifest_read(struct str text, struct arena *arena, struct manifest *ret, struct err *reterr)
{
    struct manifest manifest = {0};

    if (!read_document(text, arena, &manifest, reterr))
        return err_stop(reterr, EX_DATAERR,
                        "this is no manifest that this version of the program wrote: %.*s",
                        (int)(text.len > 200 ? 200 : text.len), text.at);
    *ret = manifest;
    return true;
}

struct manifest_entry *manifest_find(const struct manifest *manifest, const char *by,
                                     const char *ext)
{
    for (size_t i = 0; i < manifest->n; i++)
        if (strcmp(manifest->entries[i].by, by) == 0 && strcmp(manifest->entries[i].ext, ext) == 0)
            return &manifest->entries[i];
    return NULL;
}

bool manifest_has_key(const struct manifest *manifest, const char *key)
{
    for (size_t i = 0; i < manifest->n; i++)
        if (strcmp(manifest->entries[i].key, key) == 0)
            return true;
    return false;
}

void manifest_add(struct manifest *manifest, struct arena *arena, struct manifest_entry entry)
{
    if (manifest->n == manifest->cap) {
        size_t cap = manifest->cap == 0 ? 16 : manifest->cap * 2;
        struct manifest_entry *grown = arena_zalloc(arena, cap * sizeof(*grown));

        if (manifest->n > 0)
            memcpy(grown, manifest->entries, manifest->n * sizeof(*grown));
        manifest->entries = grown;
        manifest->cap = cap;
    }
    manifest->entries[manifest->n++] = entry;
}

void manifest_key(struct buf *out, const char *topic, int64_t version)
{
    if (version == 0)
        buf_printf(out, "%s/manifest.json", topic);
    else
        buf_printf(out, "%s/versions/%0*" PRId64 ".json", topic, VERSION_DIGITS, version);
}

int64_t manifest_key_version(struct str key, const char *topic)
{
    CLEANUP(buf) struct buf head = {0};
    int64_t version = 0;

    buf_printf(&head, "%s/versions/", topic);
    if (!str_starts(key, buf_str(&head)) || key.len != head.len + VERSION_DIGITS + 5)
        return -1;
    for (size_t i = head.len; i < head.len + VERSION_DIGITS; i++) {
        if (key.at[i] < '0' || key.at[i] > '9')
            return -1;
        version = version * 10 + (key.at[i] - '0');
    }
    return memcmp(key.at + key.len - 5, ".json", 5) == 0 ? version : -1;
}
