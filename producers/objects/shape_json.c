#include "shape_json.h"

/* Appends the string at `at` (its opening quote); behind it. */
static const char *compact_string(struct buf *out, const char *at, const char *end,
                                  struct arena *arena, struct err *reterr)
{
    struct json_cursor cursor = json_open(str_between(at, end));
    struct json_value value;
    struct str text;

    if (!json_read(&cursor, &value, reterr))
        return NULL;
    if (!value.escaped) {
        buf_append(out, at, value.raw.len + 2);
        return cursor.at;
    }
    if (!json_text(&value, arena, &text, reterr))
        return NULL;
    json_write_string(out, text);
    return cursor.at;
}

bool shape_compact(struct buf *out, struct str json, struct arena *arena, struct err *reterr)
{
    const char *at = json.at, *end = json.at + json.len;

    while (at < end) {
        if (*at == '"') {
            at = compact_string(out, at, end, arena, reterr);
            if (at == NULL)
                return false;
            continue;
        }
        if (*at != ' ' && *at != '\t' && *at != '\n' && *at != '\r')
            buf_char(out, *at);
        at++;
    }
    return true;
}

/* The value of a key part in the row, which was read whole before. */
static bool find_part(const struct key_part *part, struct str row, struct arena *arena,
                      struct json_value *ret, struct err *reterr)
{
    struct json_value value = {.kind = JSON_NULL, .raw = row};
    struct err ignored;

    for (size_t i = 0; i < part->path_n; i++) {
        bool found = false;

        if (!json_member(value.raw, part->path[i], arena, &value, &found, &ignored) || !found ||
            value.kind == JSON_NULL)
            return err_sql(reterr, ERR_DEAD_LETTER, "23502", "the key's member \"%s\" is missing",
                           part->name);
    }
    *ret = value;
    return true;
}

static bool put_part(struct shape *shape, const struct key_part *part, struct str row,
                     struct shape_place place, key_value_fn *put, struct err *reterr)
{
    struct json_value value;

    if (part->kind == KEY_FILE || part->kind == KEY_LINE) {
        shape_put_place(&shape->key_text, part, place);
        return true;
    }
    return find_part(part, row, shape->arena, &value, reterr) && put(shape, part, &value, reterr);
}

bool shape_put_key(struct shape *shape, struct str row, struct shape_place place, key_value_fn *put,
                   struct err *reterr)
{
    struct buf *key = &shape->key_text, *after = &shape->after;

    for (size_t i = 0; i < shape->key_n; i++) {
        const struct key_part *part = &shape->key[i];

        buf_char(key, i == 0 ? '{' : ',');
        size_t from = key->len;
        buf_puts(key, part->label);
        if (!put_part(shape, part, row, place, put, reterr))
            return false;
        if (part->kind == KEY_MEMBER)
            continue;
        buf_char(after, after->len == 0 ? '{' : ',');
        buf_append(after, key->at + from, key->len - from);
    }
    buf_char(key, '}');
    return true;
}

/* As it stands in the row. */
static bool put_value(struct shape *shape, const struct key_part *part,
                      const struct json_value *value, struct err *reterr)
{
    (void)part;
    return shape_compact(&shape->key_text, json_whole(value), shape->arena, reterr);
}

bool shape_json(struct shape *shape, struct str text, struct shape_place place, struct shaped *ret,
                struct err *reterr)
{
    struct json_cursor cursor = json_open(text);
    struct json_value value;

    buf_clear(&shape->key_text);
    buf_clear(&shape->after);
    arena_reset(shape->arena);
    if (!json_read(&cursor, &value, reterr) || !json_at_end(&cursor, reterr))
        return false;
    if (value.kind != JSON_OBJECT)
        return err_set(reterr, ERR_DEAD_LETTER, "the row is no JSON object");
    if (shape->declared.n > 0)
        return shape_declared(shape, value.raw, place, reterr) && shape_finish(shape, ret, reterr);
    if (!shape_put_key(shape, value.raw, place, put_value, reterr))
        return false;
    size_t added = shape->after.len;
    if (!shape_compact(&shape->after, value.raw, shape->arena, reterr))
        return false;
    if (added > 0 && buf_ok(&shape->after)) /* the row's own brace becomes a comma, or goes */
        shape->after.at[added] = shape->after.at[added + 1] == '}' ? ' ' : ',';
    return shape_finish(shape, ret, reterr);
}
