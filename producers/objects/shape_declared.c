/* Rows of JSON whose members --columns declares: each is written as a CSV field of its type is. */
#include "shape_json.h"

#include "record/json.h"

enum { NAME_SHOWN = 60 };

bool shape_is_lifted(const struct shape *shape, const char *name)
{
    for (size_t i = 0; i < shape->key_n; i++) {
        if (shape->key[i].kind == KEY_LIFTED && strcmp(shape->key[i].name, name) == 0)
            return true;
    }
    return false;
}

/* The members by declared column. What nothing declares can't be left out unseen. */
static bool read_members(const struct shape *shape, struct str row, struct json_value *members,
                         struct err *reterr)
{
    struct json_cursor cursor = json_open(row);
    bool first = true, more = true;
    struct str name;

    if (!json_object_begin(&cursor, reterr))
        return false;
    for (;;) {
        if (!json_object_next(&cursor, shape->arena, &first, &more, &name, reterr))
            return false;
        if (!more)
            return true;
        const struct declared *declared = declared_find(&shape->declared, name);
        if (declared == NULL || shape_is_lifted(shape, declared->name))
            return err_set(reterr, ERR_DEAD_LETTER, "the member \"%.*s\" is not among --columns",
                           name.len > NAME_SHOWN ? NAME_SHOWN : (int)name.len, name.at);
        if (!json_read(&cursor, &members[declared - shape->declared.items], reterr))
            return false;
    }
}

/* The text of a value: a string's characters; of all else, and for a column of JSON, what stands in
 * the row without its blanks. */
static bool member_text(const struct json_value *value, bool json, struct arena *arena,
                        struct str *ret, struct err *reterr)
{
    struct buf text CLEANUP(buf) = {0};

    if (value->kind == JSON_STRING && !json)
        return json_text(value, arena, ret, reterr);
    if (!shape_compact(&text, json_whole(value), arena, reterr))
        return false;
    *ret = arena_copy(arena, buf_str(&text));
    return true;
}

/* Appends a member as a value of its column; `column` NULL: of text. One that is missing is null. */
static bool put_member(const struct shape *shape, struct buf *out, const struct declared *column,
                       const struct json_value *value, struct err *reterr)
{
    bool json = column != NULL && (column->type.id == TYPE_JSON || column->type.id == TYPE_JSONB);
    struct str text;

    if (value->raw.at == NULL || value->kind == JSON_NULL) {
        buf_puts(out, "null");
        return true;
    }
    if (!member_text(value, json, shape->arena, &text, reterr))
        return false;
    if (column == NULL) {
        json_write_string(out, text);
        return true;
    }
    return declared_write(out, column, text, shape->arena, reterr) ||
           err_prefix(reterr, "column \"%s\"", column->name);
}

/* As its column's type has it; a null is none. */
static bool put_key_value(struct shape *shape, const struct key_part *part,
                          const struct json_value *value, struct err *reterr)
{
    const struct declared *column = declared_find(&shape->declared, str_of(part->name));
    struct buf *key = &shape->key_text;
    size_t from = key->len;

    if (!put_member(shape, key, column, value, reterr))
        return false;
    if (buf_ok(key) && str_eq_c((struct str){key->at + from, key->len - from}, "null"))
        return err_sql(reterr, ERR_DEAD_LETTER, "23502", "the key's member \"%s\" is NULL",
                       part->name);
    return true;
}

bool shape_declared(struct shape *shape, struct str row, struct shape_place place,
                    struct err *reterr)
{
    const struct declared_list *list = &shape->declared;
    struct json_value *members = arena_zalloc(shape->arena, list->n * sizeof(*members));
    struct buf *after = &shape->after;

    if (!read_members(shape, row, members, reterr) ||
        !shape_put_key(shape, row, place, put_key_value, reterr))
        return false;
    for (size_t i = 0; i < list->n; i++) {
        if (shape_is_lifted(shape, list->items[i].name))
            continue;
        buf_char(after, after->len == 0 ? '{' : ',');
        json_write_string(after, str_of(list->items[i].name));
        buf_char(after, ':');
        if (!put_member(shape, after, &list->items[i], &members[i], reterr))
            return false;
    }
    buf_char(after, '}');
    return true;
}
