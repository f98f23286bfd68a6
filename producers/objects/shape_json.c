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

/* The member of that name of an object that was read whole before; false when there is none. */
static bool find_member(struct str object, const char *name, struct arena *arena,
                        struct json_value *ret)
{
    struct json_cursor cursor = json_open(object);
    bool first = true, more = true;
    struct json_value value;
    struct str found;
    struct err ignored;

    if (!json_object_begin(&cursor, &ignored))
        return false;
    while (json_object_next(&cursor, arena, &first, &more, &found, &ignored) && more) {
        if (!json_read(&cursor, &value, &ignored))
            return false;
        if (str_eq_c(found, name)) {
            *ret = value;
            return true;
        }
    }
    return false;
}

bool shape_find_part(const struct key_part *part, struct str row, struct arena *arena,
                     struct json_value *ret, struct err *reterr)
{
    struct json_value value = {.kind = JSON_NULL, .raw = row};

    for (size_t i = 0; i < part->path_n; i++) {
        if (!find_member(value.raw, part->path[i], arena, &value) || value.kind == JSON_NULL)
            return err_sql(reterr, ERR_DEAD_LETTER, "23502", "the key's member \"%s\" is missing",
                           part->name);
    }
    *ret = value;
    return true;
}

/* Finds a key part: `part->value` is its text as it stands in the row. */
static bool find_part(struct key_part *part, struct str row, struct arena *arena,
                      struct err *reterr)
{
    struct json_value value = {0};

    if (!shape_find_part(part, row, arena, &value, reterr))
        return false;
    bool quoted = value.kind == JSON_STRING;
    part->value = (struct str){value.raw.at - quoted, value.raw.len + (quoted ? 2 : 0)};
    return true;
}

static bool put_part(struct shape *shape, struct buf *out, const struct key_part *part,
                     struct shape_place place, struct err *reterr)
{
    buf_puts(out, part->label);
    if (part->kind == KEY_MEMBER || part->kind == KEY_LIFTED)
        return shape_compact(out, part->value, shape->arena, reterr);
    shape_put_place(out, part, place);
    return true;
}

/* The key, and the columns that it adds in front of the row. */
static bool put_key(struct shape *shape, struct str row, struct shape_place place,
                    struct err *reterr)
{
    struct buf *key = &shape->key_text, *after = &shape->after;

    for (size_t i = 0; i < shape->key_n; i++) {
        struct key_part *part = &shape->key[i];
        bool in_row = part->kind == KEY_MEMBER || part->kind == KEY_LIFTED;

        if (in_row && !find_part(part, row, shape->arena, reterr))
            return false;
        buf_char(key, i == 0 ? '{' : ',');
        if (!put_part(shape, key, part, place, reterr))
            return false;
        if (part->kind == KEY_MEMBER)
            continue;
        buf_char(after, after->len == 0 ? '{' : ',');
        if (!put_part(shape, after, part, place, reterr))
            return false;
    }
    buf_char(key, '}');
    return true;
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
    if (!put_key(shape, value.raw, place, reterr))
        return false;
    size_t added = shape->after.len;
    if (!shape_compact(&shape->after, value.raw, shape->arena, reterr))
        return false;
    if (added > 0 && buf_ok(&shape->after)) /* the row's own brace becomes a comma, or goes */
        shape->after.at[added] = shape->after.at[added + 1] == '}' ? ' ' : ',';
    return shape_finish(shape, ret, reterr);
}
