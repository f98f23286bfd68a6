#include "object_row.h"

enum { MEMBERS_FIRST = 16 };

struct members {
    struct object_member *at;
    size_t n, cap;
};

static void add(struct members *members, struct arena *arena, struct object_member one)
{
    if (members->n == members->cap) {
        size_t cap = members->cap == 0 ? MEMBERS_FIRST : members->cap * 2;
        struct object_member *grown = arena_alloc(arena, cap * sizeof(*grown));

        if (members->n > 0)
            memcpy(grown, members->at, members->n * sizeof(*grown));
        members->at = grown;
        members->cap = cap;
    }
    members->at[members->n++] = one;
}

static bool read_members(struct str text, struct arena *arena, struct members *members,
                         struct err *reterr)
{
    struct json_cursor cursor = json_open(text);
    bool first = true, more = true;

    if (!json_object_begin(&cursor, reterr))
        return false;
    for (;;) {
        struct object_member one = {0};

        if (!json_object_next(&cursor, arena, &first, &more, &one.name, reterr))
            return false;
        if (!more)
            return json_at_end(&cursor, reterr);
        if (!json_read(&cursor, &one.value, reterr))
            return false;
        if (str_eq_c(one.name, "__op") || str_eq_c(one.name, "__offset"))
            return err_set(reterr, ERR_DEAD_LETTER, "the name %.*s is the sink's own",
                           STR_ARG(one.name));
        add(members, arena, one);
    }
}

bool object_row_read(struct str key, struct str value, int64_t offset, struct arena *arena,
                     struct object_row *ret, struct err *reterr)
{
    struct members members = {0};
    bool deleted = value.at == NULL;

    if (deleted && key.at == NULL)
        return err_set(reterr, ERR_DEAD_LETTER, "neither key nor value");
    if (!read_members(deleted ? key : value, arena, &members, reterr))
        return err_prefix(reterr, "%s", deleted ? "key of a delete" : "value");
    *ret = (struct object_row){members.at, members.n, deleted, offset};
    return true;
}

static void put_value(struct buf *out, const struct json_value *value)
{
    bool string = value->kind == JSON_STRING;

    if (string)
        buf_char(out, '"');
    buf_put(out, value->raw);
    if (string)
        buf_char(out, '"');
}

void object_row_write(struct buf *out, const struct object_row *row)
{
    buf_char(out, '{');
    for (size_t i = 0; i < row->n; i++) {
        json_write_string(out, row->members[i].name);
        buf_char(out, ':');
        put_value(out, &row->members[i].value);
        buf_char(out, ',');
    }
    buf_puts(out, row->deleted ? "\"__op\":\"d\",\"__offset\":" : "\"__op\":\"u\",\"__offset\":");
    buf_i64(out, row->offset);
    buf_char(out, '}');
}
