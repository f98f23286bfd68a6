#include "statement.h"
#include <assert.h>

void statement_identifier(struct buf *out, const char *name, bool qualified)
{
    buf_char(out, '"');
    for (; *name != '\0'; name++) {
        if (*name == '.' && qualified) {
            buf_puts(out, "\".\"");
            qualified = false;
            continue;
        }
        if (*name == '"')
            buf_char(out, '"');
        buf_char(out, *name);
    }
    buf_char(out, '"');
}

static void column(struct buf *out, const char *name)
{
    buf_puts(out, "q.");
    statement_identifier(out, name, false);
}

static void columns(struct buf *out, const char *const *names, size_t n, const char *between)
{
    for (size_t i = 0; i < n; i++) {
        buf_puts(out, i == 0 ? "" : between);
        column(out, names[i]);
    }
}

/* (a, b) OP ($3, $4) */
static void compare(struct buf *out, const char *const *names, size_t n, const char *operator,
                    size_t * param)
{
    buf_char(out, '(');
    columns(out, names, n, ", ");
    buf_printf(out, ") %s (", operator);
    for (size_t i = 0; i < n; i++)
        buf_printf(out, "%s$%zu", i == 0 ? "" : ", ", ++*param);
    buf_char(out, ')');
}

/* (a IS NULL OR b IS NULL), or with NOT and AND */
static void nulls(struct buf *out, const char *const *names, size_t n, bool present)
{
    buf_char(out, '(');
    for (size_t i = 0; i < n; i++) {
        buf_puts(out, i == 0 ? "" : present ? " AND " : " OR ");
        column(out, names[i]);
        buf_puts(out, present ? " IS NOT NULL" : " IS NULL");
    }
    buf_char(out, ')');
}

/*
 * The row's transaction is the horizon or younger. xmin has 32 bits of the 64: its distance to the
 * next transaction id is taken, which is exact for what is younger than four thousand million
 * transactions; what is older may be read again, and is known by its content.
 */
static void young(struct buf *out, size_t *param)
{
    size_t next = ++*param;
    size_t horizon = ++*param;

    buf_printf(
        out, "(($%zu::bigint - q.xmin::text::bigint) & 4294967295) <= $%zu::bigint - $%zu::bigint",
        next, next, horizon);
}

const char *const *statement_order(const struct statement_shape *shape, enum statement_pass pass,
                                   size_t *ret_n)
{
    *ret_n = pass == PASS_NEW ? shape->order_n : shape->key_n;
    return pass == PASS_NEW ? shape->order : shape->key;
}

/* What the pass itself asks for; false: nothing. */
static bool condition(struct buf *out, const struct statement_shape *shape,
                      enum statement_pass pass, size_t *param)
{
    switch (pass) {
    case PASS_NEW:
        nulls(out, shape->order, shape->order_n, true);
        return true;
    case PASS_LATE:
        young(out, param);
        buf_puts(out, " AND ");
        compare(out, shape->order, shape->order_n, "<=", param);
        return true;
    case PASS_UNSTAMPED:
        nulls(out, shape->order, shape->order_n, false);
        return true;
    case PASS_KEYLESS:
        nulls(out, shape->key, shape->key_n, false);
        return true;
    case PASS_WHOLE:
    case PASS_ALL:
    case PASS_KEYS:
        break;
    }
    return false;
}

void statement_print(struct buf *out, const struct statement_shape *shape, enum statement_pass pass,
                     enum statement_bound bound)
{
    struct buf where CLEANUP(buf) = {0};
    size_t param = shape->params_n, n = 0;
    const char *const *order = statement_order(shape, pass, &n);

    buf_puts(out, "SELECT ");
    if (pass == PASS_KEYS)
        columns(out, shape->key, shape->key_n, ", ");
    else
        buf_puts(out, "q.*");
    buf_printf(out, " FROM %s AS q", shape->from);
    if (bound == BOUND_FROM) {
        assert(pass == PASS_NEW);
        compare(&where, order, 1, ">=", &param);
    } else if (bound == BOUND_BEHIND) {
        compare(&where, order, n, ">", &param);
    }
    if (where.len > 0)
        buf_printf(out, " WHERE %s", buf_cstr(&where));
    buf_clear(&where);
    if (condition(&where, shape, pass, &param))
        buf_printf(out, "%s%s", bound == BOUND_NONE ? " WHERE " : " AND ", buf_cstr(&where));
    if (pass == PASS_WHOLE || pass == PASS_KEYLESS)
        return;
    buf_puts(out, " ORDER BY ");
    columns(out, order, n, ", ");
    buf_puts(out, " LIMIT ");
    buf_i64(out, shape->page_rows);
}

static bool name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool name_char(char c)
{
    return name_start(c) || (c >= '0' && c <= '9');
}

/* The end of what begins with a quote at `at`: behind the same quote, doubled ones passed over. */
static const char *quoted_end(const char *at, const char *end)
{
    char quote = *at == '[' ? ']' : *at;

    for (at++; at < end; at++) {
        if (*at != quote)
            continue;
        if (at + 1 < end && at[1] == quote)
            at++;
        else
            return at + 1;
    }
    return end;
}

/* $tag$ ... $tag$: its end, or NULL when it is none. */
static const char *dollar_end(const char *at, const char *end)
{
    const char *tag = at + 1;

    while (tag < end && name_char(*tag))
        tag++;
    if (tag >= end || *tag != '$' || (tag > at + 1 && !name_start(at[1])))
        return NULL;
    size_t len = (size_t)(tag + 1 - at);
    const char *close = memmem(tag + 1, (size_t)(end - tag - 1), at, len);
    return close == NULL ? end : close + len;
}

static const char *comment_end(const char *at, const char *end)
{
    const char *close;

    if (*at == '-') {
        close = memchr(at, '\n', (size_t)(end - at));
        return close == NULL ? end : close;
    }
    close = memmem(at + 2, (size_t)(end - at - 2), "*/", 2);
    return close == NULL ? end : close + 2;
}

/* The end of what is copied as it is from `at` on; `at` when a parameter begins here. */
static const char *plain_end(const char *at, const char *end)
{
    const char *dollar = *at == '$' ? dollar_end(at, end) : NULL;

    if (dollar != NULL)
        return dollar;
    if (*at == '\'' || *at == '"' || *at == '`')
        return quoted_end(at, end);
    if (end - at >= 2 && ((at[0] == '-' && at[1] == '-') || (at[0] == '/' && at[1] == '*')))
        return comment_end(at, end);
    if (end - at >= 2 && at[0] == ':' && at[1] == ':')
        return at + 2;
    if (end - at >= 2 && at[0] == ':' && name_start(at[1]))
        return at;
    return at + 1;
}

/* The number of the name, from 1; 0 when there is no room. */
static size_t number_of(struct statement_names *names, struct str name)
{
    for (size_t i = 0; i < names->n; i++) {
        if (str_eq(names->names[i], name))
            return i + 1;
    }
    if (names->n == STATEMENT_COLUMNS_MAX)
        return 0;
    names->names[names->n] = name;
    return ++names->n;
}

bool statement_bind(struct buf *out, struct str query, bool cast_as_of, struct statement_names *ret,
                    struct err *reterr)
{
    const char *at = query.at, *end = query.at + query.len;
    struct statement_names names = {.n = 0};

    while (at < end) {
        const char *plain = plain_end(at, end);

        if (plain > at) {
            buf_append(out, at, (size_t)(plain - at));
            at = plain;
            continue;
        }
        const char *name = ++at;
        while (at < end && name_char(*at))
            at++;
        size_t number = number_of(&names, str_between(name, at));
        if (number == 0)
            return err_stop(reterr, EX_USAGE, "--query: more than %d parameters",
                            STATEMENT_COLUMNS_MAX);
        bool cast = cast_as_of && str_eq(str_between(name, at), STR("as_of"));
        buf_printf(out, cast ? "($%zu::timestamptz)" : "$%zu", number);
    }
    *ret = names;
    return true;
}
