#include "expr/strings.h"

size_t utf8_at(struct str s, int64_t n)
{
    size_t at = 0;

    for (; at < s.len; at++) {
        if (utf8_starts(s.at[at]) && n-- <= 0)
            break;
    }
    return at;
}

int64_t utf8_count(struct str s)
{
    int64_t n = 0;

    for (size_t i = 0; i < s.len; i++)
        n += utf8_starts(s.at[i]);
    return n;
}

/* Letters change as in the C locale: A to Z alone. */
static bool text_shift(const struct call *call, char first, char last, struct value *ret)
{
    struct str s = call->args[0].bytes;
    size_t i = 0;

    while (i < s.len && (s.at[i] < first || s.at[i] > last))
        i++;
    ret->bytes = s;
    if (i == s.len)
        return true;
    char *made = arena_alloc(call->scratch, s.len);
    memcpy(made, s.at, s.len);
    for (; i < s.len; i++) {
        if (made[i] >= first && made[i] <= last)
            made[i] = (char)(made[i] ^ ('a' ^ 'A'));
    }
    ret->bytes.at = made;
    return true;
}

static bool text_upper(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    return text_shift(call, 'a', 'z', ret);
}

static bool text_lower(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    return text_shift(call, 'A', 'Z', ret);
}

enum { TRIM_LEFT = 1, TRIM_RIGHT = 2 };

/* The bytes of the last character. */
static size_t utf8_last(struct str s)
{
    size_t n = 1;

    while (n < s.len && !utf8_starts(s.at[s.len - n]))
        n++;
    return n;
}

static bool set_holds(struct str set, struct str character)
{
    while (set.len > 0) {
        size_t n = utf8_at(set, 1);

        if (str_eq((struct str){set.at, n}, character))
            return true;
        set = (struct str){set.at + n, set.len - n};
    }
    return false;
}

static bool text_trim(const struct call *call, unsigned sides, struct value *ret)
{
    struct str s = call->args[0].bytes;
    struct str set = call->args_n > 1 ? call->args[1].bytes : STR(" ");

    while ((sides & TRIM_LEFT) && s.len > 0) {
        size_t n = utf8_at(s, 1);

        if (!set_holds(set, (struct str){s.at, n}))
            break;
        s = (struct str){s.at + n, s.len - n};
    }
    while ((sides & TRIM_RIGHT) && s.len > 0) {
        size_t n = utf8_last(s);

        if (!set_holds(set, (struct str){s.at + s.len - n, n}))
            break;
        s.len -= n;
    }
    ret->bytes = s;
    return true;
}

static bool text_btrim(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    return text_trim(call, TRIM_LEFT | TRIM_RIGHT, ret);
}

static bool text_ltrim(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    return text_trim(call, TRIM_LEFT, ret);
}

static bool text_rtrim(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    return text_trim(call, TRIM_RIGHT, ret);
}

static bool text_length(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    ret->slot = utf8_count(call->args[0].bytes);
    return true;
}

/* Trailing blanks of a bpchar are no part of it. */
static bool bpchar_length(const struct call *call, struct value *ret, struct err *reterr)
{
    struct str s = call->args[0].bytes;

    (void)reterr;
    while (s.len > 0 && s.at[s.len - 1] == ' ')
        s.len--;
    ret->slot = utf8_count(s);
    return true;
}

static bool octet_length(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    ret->slot = (int64_t)call->args[0].bytes.len;
    return true;
}

static bool joined(const struct call *call, struct str a, struct str b, struct value *ret)
{
    char *made = arena_alloc(call->scratch, a.len + b.len + 1);

    if (a.len > 0)
        memcpy(made, a.at, a.len);
    if (b.len > 0)
        memcpy(made + a.len, b.at, b.len);
    ret->bytes = (struct str){made, a.len + b.len};
    return true;
}

static bool text_concat(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    return joined(call, call->args[0].bytes, call->args[1].bytes, ret);
}

/* The argument as the cast to text gives it. */
static bool as_text(const struct call *call, unsigned i, struct str *ret, struct err *reterr)
{
    struct call cast = {.args = call->args + i,
                        .arg_types = call->arg_types + i,
                        .result_type = {TYPE_TEXT, -1},
                        .scratch = call->scratch,
                        .args_n = 1};
    struct value text = {0};

    if (!cast_print(&cast, &text, reterr))
        return false;
    *ret = text.bytes;
    return true;
}

static bool text_concat_any(const struct call *call, struct value *ret, struct err *reterr)
{
    struct str b;

    return as_text(call, 1, &b, reterr) && joined(call, call->args[0].bytes, b, ret);
}

static bool any_concat_text(const struct call *call, struct value *ret, struct err *reterr)
{
    struct str a;

    return as_text(call, 0, &a, reterr) && joined(call, a, call->args[1].bytes, ret);
}

struct str characters(struct str s, int64_t first, int64_t end)
{
    size_t from = utf8_at(s, first < 1 ? 0 : first - 1);
    size_t to = from;

    if (end > (first < 1 ? 1 : first))
        to = from + utf8_at((struct str){s.at + from, s.len - from}, end - (first < 1 ? 1 : first));
    return (struct str){s.at + from, to - from};
}

static bool text_substr(const struct call *call, struct value *ret, struct err *reterr)
{
    int64_t first = call->args[1].slot, end = INT64_MAX;

    if (call->args_n > 2) {
        if (call->args[2].slot < 0)
            return err_sql(reterr, ERR_DEAD_LETTER, "22011",
                           "negative substring length not allowed");
        end = first + call->args[2].slot;
    }
    ret->bytes = characters(call->args[0].bytes, first, end);
    return true;
}

/* A negative count means all but that many. */
static int64_t counted(struct str s, int64_t n)
{
    int64_t all = utf8_count(s);

    if (n < 0)
        n = all + n < 0 ? 0 : all + n;
    return n < all ? n : all;
}

static bool text_left(const struct call *call, struct value *ret, struct err *reterr)
{
    struct str s = call->args[0].bytes;

    (void)reterr;
    ret->bytes = characters(s, 1, 1 + counted(s, call->args[1].slot));
    return true;
}

static bool text_right(const struct call *call, struct value *ret, struct err *reterr)
{
    struct str s = call->args[0].bytes;
    int64_t n = counted(s, call->args[1].slot);

    (void)reterr;
    ret->bytes = characters(s, utf8_count(s) - n + 1, INT64_MAX);
    return true;
}

/* The next place of `what` at or behind `at`, or the length when there is none. */
static size_t find(struct str s, struct str what, size_t at)
{
    const char *found = what.len == 0 ? NULL : memmem(s.at + at, s.len - at, what.at, what.len);

    return found == NULL ? s.len : (size_t)(found - s.at);
}

static bool text_replace(const struct call *call, struct value *ret, struct err *reterr)
{
    struct str s = call->args[0].bytes, from = call->args[1].bytes, to = call->args[2].bytes;
    CLEANUP(buf) struct buf out = {0};

    ret->bytes = s;
    if (s.len == 0 || find(s, from, 0) == s.len)
        return true;
    for (size_t at = 0; at < s.len;) {
        size_t next = find(s, from, at);

        buf_append(&out, s.at + at, next - at);
        if (next < s.len)
            buf_put(&out, to);
        at = next < s.len ? next + from.len : next;
    }
    if (!buf_ok(&out))
        return err_sql(reterr, ERR_DEAD_LETTER, "54000", "replace: the result is too long");
    ret->bytes = arena_copy(call->scratch, buf_str(&out));
    return true;
}

static bool text_position(const struct call *call, struct value *ret, struct err *reterr)
{
    struct str s = call->args[0].bytes, what = call->args[1].bytes;

    (void)reterr;
    ret->slot = 0;
    if (what.len == 0) {
        ret->slot = 1;
    } else if (s.len > 0) {
        size_t at = find(s, what, 0);

        ret->slot = at == s.len ? 0 : utf8_count((struct str){s.at, at}) + 1;
    }
    return true;
}

static bool text_starts_with(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    ret->slot = str_starts(call->args[0].bytes, call->args[1].bytes);
    return true;
}

/*
 * LIKE: % any run, _ one character, \ the next character itself. On a mismatch the last % takes one
 * character more; earlier ones need never be tried again.
 */
static bool like(struct str s, struct str pattern, bool by_bytes, bool *ret, struct err *reterr)
{
    size_t at = 0, p = 0, run_at = 0, run_p = SIZE_MAX;

    while (at < s.len) {
        bool escaped = p < pattern.len && pattern.at[p] == '\\';

        if (escaped && p + 1 == pattern.len)
            return err_sql(reterr, ERR_DEAD_LETTER, "22025",
                           "LIKE pattern must not end with escape character");
        if (p < pattern.len && pattern.at[p] == '%') {
            run_p = ++p;
            run_at = at;
        } else if (p < pattern.len && pattern.at[p] == '_') {
            at += by_bytes ? 1 : utf8_at((struct str){s.at + at, s.len - at}, 1);
            p++;
        } else if (p < pattern.len && pattern.at[p + escaped] == s.at[at]) {
            at++;
            p += 1U + escaped;
        } else if (run_p != SIZE_MAX) {
            p = run_p;
            run_at += by_bytes ? 1 : utf8_at((struct str){s.at + run_at, s.len - run_at}, 1);
            at = run_at;
        } else {
            *ret = false;
            return true;
        }
    }
    while (p < pattern.len && pattern.at[p] == '%')
        p++;
    *ret = p == pattern.len;
    return true;
}

bool text_like(const struct call *call, struct value *ret, struct err *reterr)
{
    bool matches = false;

    if (!like(call->args[0].bytes, call->args[1].bytes, call->arg_types[0].id == TYPE_BYTEA,
              &matches, reterr))
        return false;
    ret->slot = matches;
    return true;
}

static bool text_not_like(const struct call *call, struct value *ret, struct err *reterr)
{
    bool matches = false;

    if (!like(call->args[0].bytes, call->args[1].bytes, call->arg_types[0].id == TYPE_BYTEA,
              &matches, reterr))
        return false;
    ret->slot = !matches;
    return true;
}

#define OPERATOR(symbol, a, b, r, body_)                                                           \
    {                                                                                              \
        .name = (symbol), .kind = FUNCTION_OPERATOR, .args = {(a), (b)}, .result = (r),            \
        .body = (body_)                                                                            \
    }
#define NAMED1(name_, a, r, body_)                                                                 \
    {                                                                                              \
        .name = (name_), .args = {(a)}, .result = (r), .body = (body_)                             \
    }
#define NAMED2(name_, a, b, r, body_)                                                              \
    {                                                                                              \
        .name = (name_), .args = {(a), (b)}, .result = (r), .body = (body_)                        \
    }
#define NAMED3(name_, a, b, c, r, body_)                                                           \
    {                                                                                              \
        .name = (name_), .args = {(a), (b), (c)}, .result = (r), .body = (body_)                   \
    }
#define TRIM_ROWS(name_, body_)                                                                    \
    NAMED1(name_, TYPE_TEXT, TYPE_TEXT, body_),                                                    \
        NAMED2(name_, TYPE_TEXT, TYPE_TEXT, TYPE_TEXT, body_)
const struct function functions_text[] = {
    OPERATOR("||", TYPE_TEXT, TYPE_TEXT, TYPE_TEXT, text_concat),
    OPERATOR("||", TYPE_BYTEA, TYPE_BYTEA, TYPE_BYTEA, text_concat),
    OPERATOR("||", TYPE_TEXT, TYPE_ANYNONARRAY, TYPE_TEXT, text_concat_any),
    OPERATOR("||", TYPE_ANYNONARRAY, TYPE_TEXT, TYPE_TEXT, any_concat_text),
    OPERATOR("~~", TYPE_TEXT, TYPE_TEXT, TYPE_BOOL, text_like),
    OPERATOR("!~~", TYPE_TEXT, TYPE_TEXT, TYPE_BOOL, text_not_like),
    OPERATOR("~~", TYPE_BPCHAR, TYPE_TEXT, TYPE_BOOL, text_like),
    OPERATOR("!~~", TYPE_BPCHAR, TYPE_TEXT, TYPE_BOOL, text_not_like),
    OPERATOR("~~", TYPE_BYTEA, TYPE_BYTEA, TYPE_BOOL, text_like),
    OPERATOR("!~~", TYPE_BYTEA, TYPE_BYTEA, TYPE_BOOL, text_not_like),
    NAMED2("like", TYPE_TEXT, TYPE_TEXT, TYPE_BOOL, text_like),
    NAMED2("notlike", TYPE_TEXT, TYPE_TEXT, TYPE_BOOL, text_not_like),
    NAMED2("like", TYPE_BYTEA, TYPE_BYTEA, TYPE_BOOL, text_like),
    NAMED2("notlike", TYPE_BYTEA, TYPE_BYTEA, TYPE_BOOL, text_not_like),
    OPERATOR("^@", TYPE_TEXT, TYPE_TEXT, TYPE_BOOL, text_starts_with),
    NAMED2("starts_with", TYPE_TEXT, TYPE_TEXT, TYPE_BOOL, text_starts_with),
    NAMED1("upper", TYPE_TEXT, TYPE_TEXT, text_upper),
    NAMED1("lower", TYPE_TEXT, TYPE_TEXT, text_lower),
    TRIM_ROWS("btrim", text_btrim),
    TRIM_ROWS("ltrim", text_ltrim),
    TRIM_ROWS("rtrim", text_rtrim),
    NAMED1("length", TYPE_TEXT, TYPE_INT4, text_length),
    NAMED1("length", TYPE_BPCHAR, TYPE_INT4, bpchar_length),
    NAMED1("length", TYPE_BYTEA, TYPE_INT4, octet_length),
    NAMED1("char_length", TYPE_TEXT, TYPE_INT4, text_length),
    NAMED1("char_length", TYPE_BPCHAR, TYPE_INT4, bpchar_length),
    NAMED1("character_length", TYPE_TEXT, TYPE_INT4, text_length),
    NAMED1("character_length", TYPE_BPCHAR, TYPE_INT4, bpchar_length),
    NAMED1("octet_length", TYPE_TEXT, TYPE_INT4, octet_length),
    NAMED1("octet_length", TYPE_BPCHAR, TYPE_INT4, octet_length),
    NAMED1("octet_length", TYPE_BYTEA, TYPE_INT4, octet_length),
    NAMED2("substr", TYPE_TEXT, TYPE_INT4, TYPE_TEXT, text_substr),
    NAMED3("substr", TYPE_TEXT, TYPE_INT4, TYPE_INT4, TYPE_TEXT, text_substr),
    NAMED2("substring", TYPE_TEXT, TYPE_INT4, TYPE_TEXT, text_substr),
    NAMED3("substring", TYPE_TEXT, TYPE_INT4, TYPE_INT4, TYPE_TEXT, text_substr),
    NAMED2("left", TYPE_TEXT, TYPE_INT4, TYPE_TEXT, text_left),
    NAMED2("right", TYPE_TEXT, TYPE_INT4, TYPE_TEXT, text_right),
    NAMED3("replace", TYPE_TEXT, TYPE_TEXT, TYPE_TEXT, TYPE_TEXT, text_replace),
    NAMED2("strpos", TYPE_TEXT, TYPE_TEXT, TYPE_INT4, text_position),
    NAMED2("position", TYPE_TEXT, TYPE_TEXT, TYPE_INT4, text_position),
    {0},
};
