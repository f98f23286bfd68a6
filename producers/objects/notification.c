#include "notification.h"

#include "record/json.h"

enum { RECORDS_MAX = 10000, ETAG_MAX = 128 };

/* A member by the path of its names, which must be there. */
static bool at_path(struct str object, const char *const *path, struct arena *arena,
                    struct json_value *ret, struct err *reterr)
{
    for (; *path != NULL; path++) {
        bool found = false;

        if (!json_member(object, *path, arena, ret, &found, reterr))
            return false;
        if (!found)
            return err_set(reterr, ERR_DEAD_LETTER, "no notification: it has no \"%s\"", *path);
        object = ret->raw;
    }
    return true;
}

static bool text_at(struct str object, const char *const *path, struct arena *arena,
                    struct str *ret, struct err *reterr)
{
    struct json_value value = {0};

    if (!at_path(object, path, arena, &value, reterr))
        return false;
    if (value.kind != JSON_STRING)
        return err_set(reterr, ERR_DEAD_LETTER, "no notification: \"%s\" is no text", path[0]);
    return json_text(&value, arena, ret, reterr);
}

/* As in a form: + is a blank, %2F a slash. */
static struct str decode_key(struct str key, struct arena *arena)
{
    char *into = arena_alloc(arena, key.len + 1);
    size_t n = 0;

    for (size_t i = 0; i < key.len; i++) {
        bool escape = key.at[i] == '%' && i + 2 < key.len && hex_digit(key.at[i + 1]) >= 0 &&
                      hex_digit(key.at[i + 2]) >= 0;

        if (escape) {
            into[n++] = (char)(hex_digit(key.at[i + 1]) * 16 + hex_digit(key.at[i + 2]));
            i += 2;
        } else {
            into[n++] = key.at[i] == '+' ? ' ' : key.at[i];
        }
    }
    return (struct str){into, n};
}

/* What a listing would say of it: the ETag in its quotes, the size. Both may be missing. */
static bool read_version(struct str object, struct arena *arena, struct notification *ret,
                         struct err *reterr)
{
    struct json_value value;
    bool found = false;

    ret->etag = STR("");
    ret->size = -1;
    if (!json_member(object, "eTag", arena, &value, &found, reterr))
        return false;
    if (found && value.kind == JSON_STRING && value.raw.len > 0 && value.raw.len < ETAG_MAX) {
        char *tag = arena_alloc(arena, value.raw.len + 3);

        ret->etag = (struct str){
            tag, (size_t)snprintf(tag, value.raw.len + 3, "\"%.*s\"", STR_ARG(value.raw))};
    }
    if (!json_member(object, "size", arena, &value, &found, reterr))
        return false;
    if (found &&
        (value.kind != JSON_NUMBER || !str_integer(value.raw, &ret->size) || ret->size < 0))
        ret->size = -1;
    return true;
}

static bool is_kind(struct str name, const char *kind)
{
    if (str_starts(name, STR("s3:"))) /* as MinIO writes it */
        name = (struct str){name.at + 3, name.len - 3};
    return str_starts(name, str_of(kind));
}

/* One of the records. *ret_told: it tells of an object that was created or removed. */
static bool read_record(struct str record, struct arena *arena, struct notification *ret,
                        bool *ret_told, struct err *reterr)
{
    static const char *const event_name[] = {"eventName", NULL};
    static const char *const bucket[] = {"s3", "bucket", "name", NULL};
    static const char *const object[] = {"s3", "object", NULL};
    static const char *const key[] = {"key", NULL};
    struct json_value about;
    struct str name = STR_NONE;

    if (!text_at(record, event_name, arena, &name, reterr))
        return false;
    bool created = is_kind(name, "ObjectCreated:");
    ret->removed = is_kind(name, "ObjectRemoved:") || is_kind(name, "LifecycleExpiration:");
    *ret_told = created || ret->removed;
    if (!*ret_told)
        return true;
    if (!text_at(record, bucket, arena, &ret->bucket, reterr) ||
        !at_path(record, object, arena, &about, reterr) ||
        !text_at(about.raw, key, arena, &ret->key, reterr))
        return false;
    ret->key = decode_key(ret->key, arena);
    if (ret->key.len == 0 || memchr(ret->key.at, '\0', ret->key.len) != NULL)
        return err_set(reterr, ERR_DEAD_LETTER, "no notification: its key is none");
    return read_version(about.raw, arena, ret, reterr);
}

/* {"Service":"Amazon S3","Event":"s3:TestEvent", ...} */
static bool is_trial(struct str value, struct arena *arena)
{
    struct json_value event;
    struct err ignored;
    bool found = false;

    return json_member(value, "Event", arena, &event, &found, &ignored) && found &&
           str_eq(event.raw, STR("s3:TestEvent"));
}

/* The whole value is JSON, and an object. */
static bool check_json(struct str value, struct err *reterr)
{
    struct json_cursor cursor = json_open(value);
    struct json_value whole;

    if (value.at == NULL)
        return err_set(reterr, ERR_DEAD_LETTER, "no notification: it is empty");
    if (!json_read(&cursor, &whole, reterr) || !json_at_end(&cursor, reterr))
        return false;
    return whole.kind == JSON_OBJECT ||
           err_set(reterr, ERR_DEAD_LETTER, "no notification: it is no object");
}

/* Walks the array of records; `each` may be NULL. */
static bool walk(struct str array, struct arena *arena,
                 void (*each)(void *arg, const struct notification *one), void *arg,
                 struct err *reterr)
{
    struct json_cursor cursor = json_array_open(array);

    for (unsigned n = 0; json_array_more(&cursor); n++) {
        struct notification one = {0};
        struct json_value record;
        bool told = false;

        if (n == RECORDS_MAX)
            return err_set(reterr, ERR_DEAD_LETTER, "no notification: too many records");
        if (!json_read(&cursor, &record, reterr))
            return false;
        if (record.kind != JSON_OBJECT)
            return err_set(reterr, ERR_DEAD_LETTER, "no notification: a record is no object");
        if (!read_record(record.raw, arena, &one, &told, reterr))
            return false;
        if (each != NULL && told)
            each(arg, &one);
    }
    return true;
}

bool notification_read(struct str value, struct arena *arena,
                       void (*each)(void *arg, const struct notification *one), void *arg,
                       struct err *reterr)
{
    static const char *const records[] = {"Records", NULL};
    struct json_value array;

    if (!check_json(value, reterr))
        return false;
    if (is_trial(value, arena))
        return true;
    if (!at_path(value, records, arena, &array, reterr))
        return false;
    if (array.kind != JSON_ARRAY)
        return err_set(reterr, ERR_DEAD_LETTER, "no notification: \"Records\" is no array");
    /* all are good before one is told */
    return walk(array.raw, arena, NULL, NULL, reterr) &&
           (each == NULL || walk(array.raw, arena, each, arg, reterr));
}
