/*
 * json is kept as it came, once it is known to be JSON. jsonb is kept as PostgreSQL prints it:
 * members by length of name, then by its bytes, the last of equal names; numbers as numeric prints
 * them; one blank behind ':' and ','.
 */
#include "record/text.h"

#include "record/json.h"
#include "record/numeric.h"
#include "record/text_parts.h"

/* Members or elements of a container, the newest first. */
struct part {
    struct part *next;
    struct str name, text;
    uint32_t i;
};

static bool rewrite(struct json_cursor *in, struct arena *arena, struct str *ret,
                    struct err *reterr);

static void skip_blanks(struct json_cursor *in)
{
    while (in->at < in->end && strchr(" \t\r\n", *in->at) != NULL)
        in->at++;
}

static struct part *push(struct arena *arena, struct part *next, struct str name, struct str text)
{
    struct part *part = arena_alloc(arena, sizeof(*part));

    *part = (struct part){next, name, text, next == NULL ? 0 : next->i + 1};
    return part;
}

static int cmp_parts(const void *left, const void *right)
{
    const struct part *a = *(const struct part *const *)left;
    const struct part *b = *(const struct part *const *)right;
    int order = (a->name.len > b->name.len) - (a->name.len < b->name.len);

    if (order == 0)
        order = str_cmp(a->name, b->name);
    return order != 0 ? order : (a->i > b->i) - (a->i < b->i);
}

/* The parts in the order they came in. */
static struct part **array_of(struct arena *arena, struct part *newest, size_t *ret_n)
{
    size_t n = newest == NULL ? 0 : newest->i + 1U;
    struct part **parts = arena_alloc(arena, n * sizeof(struct part *));

    for (struct part *part = newest; part != NULL; part = part->next)
        parts[part->i] = part;
    *ret_n = n;
    return parts;
}

static struct str join(struct arena *arena, struct part **parts, size_t n, bool object)
{
    CLEANUP(buf) struct buf out = {0};
    bool first = true;

    buf_char(&out, object ? '{' : '[');
    for (size_t i = 0; i < n; i++) {
        if (object && i + 1 < n && str_eq(parts[i]->name, parts[i + 1]->name))
            continue;
        if (!first)
            buf_puts(&out, ", ");
        first = false;
        if (object) {
            json_write_string(&out, parts[i]->name);
            buf_puts(&out, ": ");
        }
        buf_put(&out, parts[i]->text);
    }
    buf_char(&out, object ? '}' : ']');
    return arena_copy(arena, buf_str(&out));
}

static bool rewrite_object(struct json_cursor *in, struct arena *arena, struct str *ret,
                           struct err *reterr)
{
    struct part *newest = NULL;
    struct str name, text;
    bool first = true, more;
    size_t n;

    if (!json_object_begin(in, reterr))
        return false;
    for (;;) {
        if (!json_object_next(in, arena, &first, &more, &name, reterr))
            return false;
        if (!more)
            break;
        if (!rewrite(in, arena, &text, reterr))
            return false;
        newest = push(arena, newest, name, text);
    }
    struct part **parts = array_of(arena, newest, &n);
    if (n > 1)
        qsort(parts, n, sizeof(struct part *), cmp_parts);
    *ret = join(arena, parts, n, true);
    return true;
}

/* The array is known to be well-formed. */
static bool rewrite_array(struct json_cursor *in, struct arena *arena, struct str *ret,
                          struct err *reterr)
{
    struct part *newest = NULL;
    struct str text;
    size_t n;

    in->at++;
    for (skip_blanks(in); *in->at != ']'; skip_blanks(in)) {
        if (*in->at == ',')
            in->at++;
        if (!rewrite(in, arena, &text, reterr))
            return false;
        newest = push(arena, newest, text, text);
    }
    in->at++;
    struct part **parts = array_of(arena, newest, &n);
    *ret = join(arena, parts, n, false);
    return true;
}

static bool rewrite_scalar(struct json_cursor *in, struct arena *arena, struct str *ret,
                           struct err *reterr)
{
    CLEANUP(buf) struct buf out = {0};
    struct json_value value;
    struct str text;

    if (!json_read(in, &value, reterr))
        return false;
    if (value.kind == JSON_STRING) {
        if (!json_text(&value, arena, &text, reterr))
            return false;
        json_write_string(&out, text);
    } else if (value.kind == JSON_NUMBER) {
        if (!numeric_parse(value.raw, arena, &text, reterr))
            return false;
        numeric_print(&out, text);
    } else {
        buf_put(&out, value.raw);
    }
    *ret = arena_copy(arena, buf_str(&out));
    return true;
}

static bool rewrite(struct json_cursor *in, struct arena *arena, struct str *ret,
                    struct err *reterr)
{
    skip_blanks(in);
    if (*in->at == '{')
        return rewrite_object(in, arena, ret, reterr);
    if (*in->at == '[')
        return rewrite_array(in, arena, ret, reterr);
    return rewrite_scalar(in, arena, ret, reterr);
}

static bool fail_as(const char *sqlstate, struct err *reterr)
{
    struct err inner = *reterr;

    return err_sql(reterr, ERR_DEAD_LETTER, inner.sqlstate[0] != '\0' ? inner.sqlstate : sqlstate,
                   "invalid input syntax for type json: %s", inner.text);
}

bool text_parse_json(enum type_id type, struct str text, struct arena *arena, struct str *ret,
                     struct err *reterr)
{
    struct json_cursor check = json_open(text), in = json_open(text);
    struct json_value value;

    if (!json_read(&check, &value, reterr) || !json_at_end(&check, reterr))
        return fail_as("22P02", reterr);
    if (type == TYPE_JSON) {
        *ret = text;
        return true;
    }
    return rewrite(&in, arena, ret, reterr) || fail_as("22P05", reterr);
}
