/* format(text, ...): %s, %I and %L with positions and widths. */
#include "expr/strings.h"

#include <ctype.h>

/* A format string being worked off. */
struct formatter {
    const struct call *call;
    const char *at, *end;
    uint32_t next; /* the argument that comes next; argument 0 is the format itself */
    struct err *reterr;
};

/* One specifier as written. */
struct specifier {
    int64_t position; /* 0: the next argument */
    int64_t width;
    bool left;
};

static bool fail(struct formatter *in, const char *sqlstate, const char *text)
{
    return err_sql(in->reterr, ERR_DEAD_LETTER, sqlstate, "%s", text);
}

static bool more(struct formatter *in)
{
    return in->at < in->end || fail(in, "22023", "unterminated format() type specifier");
}

static bool take_number(struct formatter *in, int64_t *ret, bool *ret_found)
{
    int64_t number = 0;

    *ret_found = false;
    for (; in->at < in->end && isdigit((unsigned char)*in->at); in->at++) {
        number = number * 10 + (*in->at - '0');
        *ret_found = true;
        if (number > INT32_MAX)
            return fail(in, "22003", "number is out of range");
    }
    *ret = number;
    return more(in);
}

static bool take_argument(struct formatter *in, int64_t position, uint32_t *ret)
{
    uint32_t i = position > 0 ? (uint32_t)position : in->next;

    if (i >= in->call->args_n)
        return fail(in, "22023", "too few arguments for format()");
    in->next = i + 1;
    *ret = i;
    return true;
}

/* "*" or "*n$": the width is an argument. */
static bool take_width(struct formatter *in, struct specifier *spec)
{
    int64_t position = 0;
    uint32_t i = 0;
    bool found = false;

    in->at++;
    if (!more(in) || !take_number(in, &position, &found))
        return false;
    if (found && *in->at != '$')
        return fail(in, "22023", "width argument position must be ended by \"$\"");
    if (found && position == 0)
        return fail(in, "22023", "format specifies argument 0, but arguments are numbered from 1");
    if (found)
        in->at++;
    if (!more(in) || !take_argument(in, found ? position : 0, &i))
        return false;
    const struct value *value = &in->call->args[i];
    enum type_id type = in->call->arg_types[i].id;
    if (!value->null && (type == TYPE_INT4 || type == TYPE_INT2))
        spec->width = value->slot;
    else if (!value->null)
        spec->width =
            strtoll(arena_copy(in->call->scratch, output_of(in->call, (uint16_t)i)).at, NULL, 10);
    if (spec->width < 0) {
        spec->left = true;
        spec->width = -spec->width;
    }
    return true;
}

static bool take_specifier(struct formatter *in, struct specifier *spec)
{
    int64_t number = 0;
    bool found = false;

    *spec = (struct specifier){0};
    if (!take_number(in, &number, &found))
        return false;
    if (found && *in->at != '$') {
        spec->width = number;
        return true;
    }
    if (found) {
        if (number == 0)
            return fail(in, "22023",
                        "format specifies argument 0, but arguments are numbered from 1");
        spec->position = number;
        in->at++;
    }
    for (; more(in) && *in->at == '-'; in->at++)
        spec->left = true;
    if (in->at == in->end)
        return false;
    if (*in->at == '*')
        return take_width(in, spec);
    return take_number(in, &spec->width, &found);
}

static bool put_argument(struct formatter *in, struct buf *out, uint32_t i, char kind)
{
    const struct call *call = in->call;

    if (call->args[i].null) {
        if (kind == 'I')
            return fail(in, "22004", "null values cannot be formatted as an SQL identifier");
        if (kind == 'L')
            buf_puts(out, "NULL");
        return true;
    }
    struct str text = output_of(call, (uint16_t)i);
    if (kind == 's')
        buf_put(out, text);
    else if (kind == 'I')
        quote_identifier(out, text);
    else
        quote_literal(out, text);
    return true;
}

static void put_padded(struct buf *out, struct str text, const struct specifier *spec)
{
    int64_t blanks = spec->width - utf8_count(text);

    if (spec->left)
        buf_put(out, text);
    for (; blanks > 0 && buf_ok(out); blanks--)
        buf_char(out, ' ');
    if (!spec->left)
        buf_put(out, text);
}

static bool put_specifier(struct formatter *in, struct buf *out)
{
    CLEANUP(buf) struct buf text = {0};
    struct specifier spec;
    uint32_t i = 0;

    if (!take_specifier(in, &spec))
        return false;
    char kind = *in->at++;
    if (kind != 's' && kind != 'I' && kind != 'L') {
        struct str bad = {in->at - 1, 1};

        while (in->at < in->end && !utf8_starts(*in->at)) {
            bad.len++;
            in->at++;
        }
        return err_sql(in->reterr, ERR_DEAD_LETTER, "22023",
                       "unrecognized format() type specifier \"%.*s\"", STR_ARG(bad));
    }
    if (!take_argument(in, spec.position, &i) || !put_argument(in, &text, i, kind))
        return false;
    put_padded(out, buf_str(&text), &spec);
    return true;
}

bool text_format(const struct call *call, struct value *ret, struct err *reterr)
{
    CLEANUP(buf) struct buf out = {0};
    struct str format = call->args[0].bytes;
    struct formatter in = {call, format.at, format.at + format.len, 1, reterr};

    ret->null = call->args[0].null;
    if (ret->null)
        return true;
    while (in.at < in.end) {
        if (*in.at != '%') {
            buf_char(&out, *in.at++);
            continue;
        }
        in.at++;
        if (!more(&in))
            return false;
        if (*in.at == '%')
            buf_char(&out, *in.at++);
        else if (!put_specifier(&in, &out))
            return false;
    }
    return buf_result(call, &out, ret, reterr);
}
