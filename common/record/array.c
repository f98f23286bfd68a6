#include "record/array.h"

#include "record/numeric.h"
#include "record/text.h"
#include "record/text_parts.h"
#include <ctype.h>

enum { HEAD = 8, LEN_NULL = -1 };

struct array_walk array_open(struct str packed, enum type_id element)
{
    struct array_walk walk = {.element = element, .at = packed.at + HEAD};

    memcpy(&walk.n, packed.at, sizeof(walk.n));
    memcpy(&walk.lower, packed.at + sizeof(walk.n), sizeof(walk.lower));
    walk.end = packed.at + packed.len;
    return walk;
}

bool array_next(struct array_walk *walk, struct value *ret)
{
    uint32_t len;

    if (walk->i == walk->n)
        return false;
    walk->i++;
    memcpy(&len, walk->at, sizeof(len));
    walk->at += sizeof(len);
    *ret = (struct value){.null = len == UINT32_MAX};
    if (ret->null)
        return true;
    if (type_is_bytes(walk->element))
        ret->bytes = (struct str){walk->at, len};
    else
        memcpy(&ret->slot, walk->at, sizeof(ret->slot));
    walk->at += len;
    return true;
}

void array_begin(struct array_maker *maker, enum type_id element, int32_t lower)
{
    static const char head[HEAD] = {0};

    *maker = (struct array_maker){.element = element, .lower = lower};
    buf_append(&maker->bytes, head, HEAD);
}

void array_add(struct array_maker *maker, struct value value)
{
    uint32_t len = value.null                      ? UINT32_MAX
                   : type_is_bytes(maker->element) ? (uint32_t)value.bytes.len
                                                   : (uint32_t)sizeof(value.slot);

    maker->n++;
    buf_append(&maker->bytes, &len, sizeof(len));
    if (value.null)
        return;
    if (type_is_bytes(maker->element))
        buf_put(&maker->bytes, value.bytes);
    else
        buf_append(&maker->bytes, &value.slot, sizeof(value.slot));
}

struct str array_finish(struct array_maker *maker, struct arena *arena)
{
    int32_t lower = maker->n == 0 ? 1 : maker->lower;

    assert(buf_ok(&maker->bytes));
    memcpy(maker->bytes.at, &maker->n, sizeof(maker->n));
    memcpy(maker->bytes.at + sizeof(maker->n), &lower, sizeof(lower));
    return arena_copy(arena, buf_str(&maker->bytes));
}

void array_maker_done(struct array_maker *maker)
{
    buf_done(&maker->bytes);
}

static bool element_fits(enum type_id element, struct str bytes)
{
    if (!type_is_bytes(element))
        return bytes.len == sizeof(int64_t);
    switch (element) {
    case TYPE_NUMERIC:
        return numeric_check(bytes);
    case TYPE_UUID:
    case TYPE_INTERVAL:
        return bytes.len == 16;
    case TYPE_TIMETZ:
        return bytes.len == 12;
    default:
        return !type_is_enum(element) || bytes.len >= 2;
    }
}

bool array_check(struct str packed, enum type_id element)
{
    uint32_t n, len;

    if (packed.len < HEAD)
        return false;
    memcpy(&n, packed.at, sizeof(n));
    struct str rest = {packed.at + HEAD, packed.len - HEAD};
    for (; n > 0; n--) {
        if (rest.len < sizeof(len))
            return false;
        memcpy(&len, rest.at, sizeof(len));
        rest = (struct str){rest.at + sizeof(len), rest.len - sizeof(len)};
        if (len == UINT32_MAX)
            continue;
        if (len > rest.len || !element_fits(element, (struct str){rest.at, len}))
            return false;
        rest = (struct str){rest.at + len, rest.len - len};
    }
    return rest.len == 0;
}

/* A literal being read. */
struct reader {
    const char *at, *end;
    struct str whole;
    struct err *reterr;
};

static bool malformed(const struct reader *in)
{
    return err_sql(in->reterr, ERR_DEAD_LETTER, "22P02", "malformed array literal: \"%.*s\"",
                   STR_ARG(in->whole));
}

static void skip_blanks(struct reader *in)
{
    while (in->at < in->end && isspace((unsigned char)*in->at))
        in->at++;
}

static bool read_bound(struct reader *in, int64_t *ret)
{
    const char *start = in->at;
    bool negative = in->at < in->end && *in->at == '-';
    int64_t number = 0;

    in->at += negative || (in->at < in->end && *in->at == '+');
    for (; in->at < in->end && isdigit((unsigned char)*in->at) && in->at - start < 11; in->at++)
        number = number * 10 + (*in->at - '0');
    *ret = negative ? -number : number;
    return in->at > start && isdigit((unsigned char)in->at[-1]);
}

/* "[2:4]=" */
static bool read_bounds(struct reader *in, int64_t *ret_lower, int64_t *ret_upper)
{
    *ret_lower = 1;
    *ret_upper = INT64_MIN;
    skip_blanks(in);
    if (in->at == in->end || *in->at != '[')
        return true;
    in->at++;
    if (!read_bound(in, ret_lower))
        return malformed(in);
    *ret_upper = *ret_lower;
    *ret_lower = in->at < in->end && *in->at == ':' ? *ret_lower : 1;
    if (in->at < in->end && *in->at == ':') {
        in->at++;
        if (!read_bound(in, ret_upper))
            return malformed(in);
    }
    if (in->at == in->end || *in->at != ']')
        return malformed(in);
    in->at++;
    if (in->at < in->end && *in->at == '[')
        return err_sql(in->reterr, ERR_DEAD_LETTER, "0A000",
                       "arrays of more than one dimension are not supported");
    if (*ret_upper < *ret_lower)
        return err_sql(in->reterr, ERR_DEAD_LETTER, "2202E",
                       "upper bound cannot be less than lower bound");
    skip_blanks(in);
    if (in->at == in->end || *in->at != '=')
        return malformed(in);
    in->at++;
    skip_blanks(in);
    return true;
}

/* The text of one element; *ret_quoted when a part of it was quoted or escaped. */
static bool read_element(struct reader *in, struct buf *text, bool *ret_quoted)
{
    bool quoted = false, inside = false;
    size_t solid = 0; /* up to here trailing blanks count */

    skip_blanks(in);
    if (in->at < in->end && *in->at == '{')
        return err_sql(in->reterr, ERR_DEAD_LETTER, "0A000",
                       "arrays of more than one dimension are not supported");
    for (; in->at < in->end; in->at++) {
        char c = *in->at;

        if (c == '\\') {
            if (++in->at == in->end)
                return malformed(in);
            buf_char(text, *in->at);
            solid = text->len;
            quoted = true;
        } else if (c == '"') {
            inside = !inside;
            quoted = true;
            solid = text->len;
        } else if (!inside && (c == ',' || c == '}')) {
            break;
        } else if (!inside && c == '{') {
            return malformed(in);
        } else {
            buf_char(text, c);
            if (inside || !isspace((unsigned char)c))
                solid = text->len;
        }
    }
    text->len = solid;
    *ret_quoted = quoted;
    return in->at < in->end && (text->len > 0 || quoted) ? true : malformed(in);
}

static bool take_element(struct reader *in, struct type type, struct array_maker *maker,
                         struct arena *arena)
{
    CLEANUP(buf) struct buf text = {0};
    struct value value = {.null = true};
    bool quoted = false;

    if (!read_element(in, &text, &quoted))
        return false;
    if (quoted || !text_same_word(buf_str(&text), "null")) {
        struct str copy = arena_copy(arena, buf_str(&text));

        if (!text_parse(type, copy, arena, &value, in->reterr))
            return false;
    }
    array_add(maker, value);
    return true;
}

static bool read_elements(struct reader *in, struct type type, struct array_maker *maker,
                          struct arena *arena)
{
    if (in->at == in->end || *in->at != '{')
        return malformed(in);
    in->at++;
    skip_blanks(in);
    if (in->at < in->end && *in->at == '}')
        in->at++;
    else {
        for (;;) {
            if (!take_element(in, type, maker, arena))
                return false;
            if (*in->at++ == '}')
                break;
        }
    }
    skip_blanks(in);
    return in->at == in->end ? true : malformed(in);
}

bool array_parse(struct type type, struct str text, struct arena *arena, struct str *ret,
                 struct err *reterr)
{
    struct reader in = {text.at, text.at + text.len, text, reterr};
    struct type element = {type_element(type.id), type.typmod, type.labels};
    CLEANUP(array_maker) struct array_maker maker = {0};
    int64_t lower, upper;

    array_begin(&maker, element.id, 1);
    if (!read_bounds(&in, &lower, &upper) || !read_elements(&in, element, &maker, arena))
        return false;
    if (upper != INT64_MIN && upper - lower + 1 != maker.n)
        return malformed(&in);
    maker.lower = (int32_t)lower;
    *ret = array_finish(&maker, arena);
    return true;
}

static bool needs_quotes(struct str text)
{
    if (text.len == 0 || text_same_word(text, "null"))
        return true;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];

        if (strchr("\"\\{},", c) != NULL || isspace(c))
            return true;
    }
    return false;
}

static void print_element(struct buf *out, struct str text)
{
    bool quotes = needs_quotes(text);

    if (quotes)
        buf_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '"' || text.at[i] == '\\')
            buf_char(out, '\\');
        buf_char(out, text.at[i]);
    }
    if (quotes)
        buf_char(out, '"');
}

void array_print(struct buf *out, struct type type, struct str packed)
{
    struct type element = {type_element(type.id), -1, type.labels};
    struct array_walk walk = array_open(packed, element.id);
    CLEANUP(buf) struct buf text = {0};
    struct value value;

    if (walk.lower != 1)
        buf_printf(out, "[%d:%lld]=", walk.lower, (long long)walk.lower + walk.n - 1);
    buf_char(out, '{');
    for (bool first = true; array_next(&walk, &value); first = false) {
        if (!first)
            buf_char(out, ',');
        if (value.null) {
            buf_puts(out, "NULL");
            continue;
        }
        buf_clear(&text);
        text_print(&text, element, value);
        print_element(out, buf_str(&text));
    }
    buf_char(out, '}');
}
