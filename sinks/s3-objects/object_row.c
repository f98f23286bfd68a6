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

static bool is_own(const struct object_shape *shape, struct str name)
{
    return shape->envelope && (str_eq_c(name, "__op") || str_eq_c(name, "__offset"));
}

static bool read_members(const struct object_shape *shape, struct str text, struct arena *arena,
                         struct members *members, struct err *reterr)
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
        if (is_own(shape, one.name))
            return err_set(reterr, ERR_DEAD_LETTER, "the name %.*s is the sink's own",
                           STR_ARG(one.name));
        add(members, arena, one);
    }
}

/* The text of the row inside the record's value: the value itself, or the member shape->row_from.
 * `at` NULL: the row is deleted. */
static bool find_row(const struct object_shape *shape, struct str value, struct arena *arena,
                     struct str *ret, struct err *reterr)
{
    struct json_cursor cursor = json_open(value);
    bool first = true, more = true;

    *ret = value;
    if (value.at == NULL || shape->row_from == NULL)
        return true;
    if (!json_object_begin(&cursor, reterr))
        return false;
    *ret = STR_NONE;
    for (bool found = false;;) {
        struct json_value one = {0};
        struct str name = {0};

        if (!json_object_next(&cursor, arena, &first, &more, &name, reterr))
            return false;
        if (!more)
            return (found ||
                    err_set(reterr, ERR_DEAD_LETTER, "there is no member %s", shape->row_from)) &&
                   json_at_end(&cursor, reterr);
        if (!json_read(&cursor, &one, reterr))
            return false;
        if (found || !str_eq_c(name, shape->row_from))
            continue;
        found = true;
        if (one.kind != JSON_NULL && one.kind != JSON_OBJECT)
            return err_set(reterr, ERR_DEAD_LETTER, "the member %s is no object", shape->row_from);
        *ret = one.kind == JSON_NULL ? STR_NONE : one.raw;
    }
}

/* Only the columns asked for, in their order; those that the row lacks are left out. */
static void choose(const struct option_list *columns, struct arena *arena, struct members *members)
{
    struct members chosen = {0};
    struct object_row all = {.members = members->at, .n = members->n};

    for (size_t i = 0; i < columns->n; i++) {
        const struct object_member *one = object_row_find(&all, str_of(columns->items[i]), i);

        if (one != NULL)
            add(&chosen, arena, *one);
    }
    *members = chosen;
}

/* All columns but those that are not wanted. */
static void leave_out(const struct option_list *without, struct members *members)
{
    size_t kept = 0;

    for (size_t i = 0; i < members->n; i++) {
        bool wanted = true;

        for (size_t j = 0; j < without->n && wanted; j++)
            wanted = !str_eq_c(members->at[i].name, without->items[j]);
        if (wanted)
            members->at[kept++] = members->at[i];
    }
    members->n = kept;
}

bool object_row_read(const struct object_shape *shape, struct str key, struct str value,
                     struct arena *arena, struct object_row *ret, struct err *reterr)
{
    struct members members = {0};
    struct str text = {0};

    if (!find_row(shape, value, arena, &text, reterr))
        return err_prefix(reterr, "value");
    bool deleted = text.at == NULL;
    if (deleted && key.at == NULL)
        return err_set(reterr, ERR_DEAD_LETTER, "neither key nor value");
    if (!read_members(shape, deleted ? key : text, arena, &members, reterr))
        return err_prefix(reterr, "%s", deleted ? "key of a delete" : "value");
    if (shape->columns != NULL)
        choose(shape->columns, arena, &members);
    if (shape->without != NULL)
        leave_out(shape->without, &members);
    *ret = (struct object_row){members.at, members.n, deleted, 0};
    return true;
}

const struct object_member *object_row_find(const struct object_row *row, struct str name,
                                            size_t near)
{
    if (near < row->n && str_eq(row->members[near].name, name))
        return &row->members[near];
    for (size_t i = 0; i < row->n; i++)
        if (str_eq(row->members[i].name, name))
            return &row->members[i];
    return NULL;
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

void object_row_write(struct buf *out, const struct object_row *row, bool envelope)
{
    buf_char(out, '{');
    for (size_t i = 0; i < row->n; i++) {
        json_write_string(out, row->members[i].name);
        buf_char(out, ':');
        put_value(out, &row->members[i].value);
        if (envelope || i + 1 < row->n)
            buf_char(out, ',');
    }
    if (envelope) {
        buf_puts(out,
                 row->deleted ? "\"__op\":\"d\",\"__offset\":" : "\"__op\":\"u\",\"__offset\":");
        buf_i64(out, row->offset);
    }
    buf_char(out, '}');
}
