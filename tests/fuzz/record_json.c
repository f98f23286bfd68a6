/* The JSON scanner: takes any bytes; what it accepts, cJSON accepts, and texts survive a rewrite.
 */
#include "record/json.h"

#include <cjson/cJSON.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Writes the text, reads it back and compares. */
static void rewrite(struct str text, struct arena *arena)
{
    struct buf out CLEANUP(buf) = {0};
    struct json_value value;
    struct str again;
    struct err err;

    json_write_string(&out, text);
    struct json_cursor cursor = json_open(buf_str(&out));
    if (!json_read(&cursor, &value, &err) || !json_at_end(&cursor, &err) ||
        !json_text(&value, arena, &again, &err) || !str_eq(text, again))
        abort();
}

/* Walks the value by the public calls; returns false when a text is refused. */
static bool walk(const struct json_value *value, struct arena *arena)
{
    struct json_cursor cursor = json_open(value->raw);
    bool first = true, more = true, good = true;
    struct json_value child;
    struct str text;
    struct err err;

    if (value->kind == JSON_STRING) {
        if (!json_text(value, arena, &text, &err))
            return false;
        rewrite(text, arena);
    }
    if (value->kind != JSON_OBJECT)
        return true;
    if (!json_object_begin(&cursor, &err))
        abort();
    for (;;) {
        if (!json_object_next(&cursor, arena, &first, &more, &text, &err))
            return false;
        if (!more)
            break;
        if (!json_read(&cursor, &child, &err))
            abort();
        good &= walk(&child, arena);
    }
    if (!json_at_end(&cursor, &err))
        abort();
    return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena CLEANUP(arena) = arena_new(1 << 20);
    struct str document = {(const char *)data, size};
    struct json_cursor cursor = json_open(document);
    struct json_value value;
    struct err err = {0};

    if (!json_read(&cursor, &value, &err) || !json_at_end(&cursor, &err)) {
        if (err.kind != ERR_DEAD_LETTER)
            abort();
        return 0;
    }
    walk(&value, arena);
    /* cJSON checks \u escapes while it parses, we when a text is asked for. */
    if (memmem(data, size, "\\u", 2) != NULL)
        return 0;
    char *terminated CLEANUP(free) = err_calloc(size + 1, 1);
    memcpy(terminated, data, size);
    cJSON *tree = cJSON_ParseWithOpts(terminated, NULL, 1);
    if (tree == NULL)
        abort();
    cJSON_Delete(tree);
    return 0;
}
