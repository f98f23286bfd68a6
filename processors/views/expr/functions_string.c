/* The rest of the string functions (chapter 9.4); the plain ones are in functions_text.c. */
#include "expr/strings.h"

#include "record/text.h"

/* PostgreSQL's bound of one allocation. */
enum { LENGTH_MAX = 0x3fffffff };

static bool too_long(struct err *reterr)
{
    return err_sql(reterr, ERR_DEAD_LETTER, "54000", "requested length too large");
}

/* lpad and rpad: cuts at the right when the text is longer. */
static bool text_pad(const struct call *call, bool left, struct value *ret, struct err *reterr)
{
    struct str s = call->args[0].bytes;
    struct str fill = call->args_n > 2 ? call->args[2].bytes : STR(" ");
    int64_t want = call->args[1].slot < 0 ? 0 : call->args[1].slot, have = utf8_count(s);
    CLEANUP(buf) struct buf out = {0};

    if (want > (LENGTH_MAX - 4) / 4)
        return too_long(reterr);
    if (have >= want || fill.len == 0) {
        ret->bytes = characters(s, 1, 1 + want);
        return true;
    }
    if (!left)
        buf_put(&out, s);
    for (int64_t missing = want - have, n = utf8_count(fill); missing > 0; missing -= n)
        buf_put(&out, characters(fill, 1, 1 + missing));
    if (left)
        buf_put(&out, s);
    return buf_result(call, &out, ret, reterr);
}

static bool text_lpad(const struct call *call, struct value *ret, struct err *reterr)
{
    return text_pad(call, true, ret, reterr);
}

static bool text_rpad(const struct call *call, struct value *ret, struct err *reterr)
{
    return text_pad(call, false, ret, reterr);
}

static bool text_repeat(const struct call *call, struct value *ret, struct err *reterr)
{
    struct str s = call->args[0].bytes;
    int64_t n = call->args[1].slot < 0 ? 0 : call->args[1].slot;
    CLEANUP(buf) struct buf out = {0};

    if (n > 0 && s.len > (size_t)(LENGTH_MAX - 4) / (size_t)n)
        return too_long(reterr);
    for (; n > 0; n--)
        buf_put(&out, s);
    return buf_result(call, &out, ret, reterr);
}

static bool text_reverse(const struct call *call, struct value *ret, struct err *reterr)
{
    struct str s = call->args[0].bytes;
    char *made = arena_alloc(call->scratch, s.len + 1), *to = made + s.len;

    (void)reterr;
    for (size_t at = 0; at < s.len;) {
        size_t n = utf8_at((struct str){s.at + at, s.len - at}, 1);

        to -= n;
        memcpy(to, s.at + at, n);
        at += n;
    }
    ret->bytes = (struct str){made, s.len};
    return true;
}

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool text_initcap(const struct call *call, struct value *ret, struct err *reterr)
{
    struct str s = call->args[0].bytes;
    char *made = arena_alloc(call->scratch, s.len + 1);
    bool inside = false;

    (void)reterr;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];

        if (inside && c >= 'A' && c <= 'Z')
            c = (char)(c + ('a' - 'A'));
        else if (!inside && c >= 'a' && c <= 'z')
            c = (char)(c - ('a' - 'A'));
        inside = is_alnum(c);
        made[i] = c;
    }
    ret->bytes = (struct str){made, s.len};
    return true;
}

static bool text_ascii(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    ret->slot = call->args[0].bytes.len == 0 ? 0 : (int64_t)utf8_point(call->args[0].bytes);
    return true;
}

static bool text_chr(const struct call *call, struct value *ret, struct err *reterr)
{
    int64_t point = call->args[0].slot;
    CLEANUP(buf) struct buf out = {0};

    if (point < 0)
        return err_sql(reterr, ERR_DEAD_LETTER, "22023", "character number must be positive");
    if (point == 0)
        return err_sql(reterr, ERR_DEAD_LETTER, "54000", "null character not permitted");
    if (point > 0x10ffff)
        return err_sql(reterr, ERR_DEAD_LETTER, "54000",
                       "requested character too large for encoding: %lld", (long long)point);
    if (point >= 0xd800 && point <= 0xdfff)
        return err_sql(reterr, ERR_DEAD_LETTER, "54000",
                       "requested character not valid for encoding: %lld", (long long)point);
    utf8_append(&out, (uint32_t)point);
    return buf_result(call, &out, ret, reterr);
}

/* Each character of `from` becomes the one at its place in `to`, or goes. */
static bool text_translate(const struct call *call, struct value *ret, struct err *reterr)
{
    struct str s = call->args[0].bytes, from = call->args[1].bytes, to = call->args[2].bytes;
    CLEANUP(buf) struct buf out = {0};

    for (size_t at = 0; at < s.len;) {
        size_t n = utf8_at((struct str){s.at + at, s.len - at}, 1);
        struct str character = {s.at + at, n};
        int64_t place = 0;
        size_t i = 0;

        for (; i < from.len; place++) {
            size_t m = utf8_at((struct str){from.at + i, from.len - i}, 1);

            if (str_eq((struct str){from.at + i, m}, character))
                break;
            i += m;
        }
        if (i >= from.len)
            buf_put(&out, character);
        else
            buf_put(&out, characters(to, place + 1, place + 2));
        at += n;
    }
    return buf_result(call, &out, ret, reterr);
}

static struct str rest_of(struct str s, size_t from)
{
    return (struct str){s.at + from, s.len - from};
}

/* The place of the separator at or behind the start; the length when there is none. */
static size_t next_separator(struct str s, struct str separator)
{
    const char *found = memmem(s.at, s.len, separator.at, separator.len);

    return found == NULL ? s.len : (size_t)(found - s.at);
}

static int64_t count_fields(struct str s, struct str separator)
{
    int64_t n = 1;

    for (size_t at = next_separator(s, separator); at < s.len; n++) {
        s = rest_of(s, at + separator.len);
        at = next_separator(s, separator);
        if (s.len == 0)
            return n + 1;
    }
    return n;
}

static bool text_split_part(const struct call *call, struct value *ret, struct err *reterr)
{
    struct str s = call->args[0].bytes, separator = call->args[1].bytes;
    int64_t n = call->args[2].slot;

    ret->bytes = STR("");
    if (n == 0)
        return err_sql(reterr, ERR_DEAD_LETTER, "22023", "field position must not be zero");
    if (s.len == 0)
        return true;
    if (separator.len == 0) {
        if (n == 1 || n == -1)
            ret->bytes = s;
        return true;
    }
    if (n < 0)
        n = count_fields(s, separator) + n + 1;
    for (; n > 1; n--) {
        size_t at = next_separator(s, separator);

        if (at == s.len)
            return true;
        s = rest_of(s, at + separator.len);
    }
    if (n == 1)
        ret->bytes = (struct str){s.at, s.len == 0 ? 0 : next_separator(s, separator)};
    return true;
}

static bool text_concat_all(const struct call *call, struct value *ret, struct err *reterr)
{
    CLEANUP(buf) struct buf out = {0};

    for (uint16_t i = 0; i < call->args_n; i++) {
        if (!call->args[i].null)
            buf_put(&out, output_of(call, i));
    }
    return buf_result(call, &out, ret, reterr);
}

static bool text_concat_ws(const struct call *call, struct value *ret, struct err *reterr)
{
    CLEANUP(buf) struct buf out = {0};
    bool first = true;

    ret->null = call->args[0].null;
    if (ret->null)
        return true;
    for (uint16_t i = 1; i < call->args_n; i++) {
        if (call->args[i].null)
            continue;
        if (!first)
            buf_put(&out, call->args[0].bytes);
        first = false;
        buf_put(&out, output_of(call, i));
    }
    return buf_result(call, &out, ret, reterr);
}

static bool quote_ident(const struct call *call, struct value *ret, struct err *reterr)
{
    CLEANUP(buf) struct buf out = {0};

    quote_identifier(&out, call->args[0].bytes);
    return buf_result(call, &out, ret, reterr);
}

static bool quote_value(const struct call *call, struct value *ret, struct err *reterr)
{
    CLEANUP(buf) struct buf out = {0};
    struct value text = {0};

    if (call->args[0].null) {
        ret->bytes = STR("NULL");
        return true;
    }
    if (!cast_print(call, &text, reterr))
        return false;
    quote_literal(&out, text.bytes);
    return buf_result(call, &out, ret, reterr);
}

static bool text_overlay(const struct call *call, struct value *ret, struct err *reterr)
{
    struct str s = call->args[0].bytes, by = call->args[1].bytes;
    int64_t from = call->args[2].slot;
    int64_t n = call->args_n > 3 ? call->args[3].slot : utf8_count(by);
    CLEANUP(buf) struct buf out = {0};

    if (from <= 0)
        return err_sql(reterr, ERR_DEAD_LETTER, "22011", "negative substring length not allowed");
    if (from + n > INT32_MAX || from + n < INT32_MIN)
        return err_out_of_range(reterr, TYPE_INT4);
    buf_put(&out, characters(s, 1, from));
    buf_put(&out, by);
    buf_put(&out, characters(s, from + n, INT64_MAX));
    return buf_result(call, &out, ret, reterr);
}

static bool to_hex(const struct call *call, struct value *ret, struct err *reterr)
{
    uint64_t number = (uint64_t)call->args[0].slot;

    (void)reterr;
    if (call->arg_types[0].id == TYPE_INT4)
        number &= UINT32_MAX;
    ret->bytes = str_of(arena_printf(call->scratch, "%llx", (unsigned long long)number));
    return true;
}

static bool bit_length(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    ret->slot = (int64_t)call->args[0].bytes.len * 8;
    return true;
}

static int hex_value(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* The digits of \XXXX, \+XXXXXX, \uXXXX, \UXXXXXXXX behind the backslash; 0: none of these. */
static size_t unistr_digits(struct str s, size_t *ret_skip)
{
    size_t digits = 4;

    *ret_skip = 1;
    if (s.len < 2)
        return 0;
    if (s.at[1] == '+' || s.at[1] == 'u' || s.at[1] == 'U') {
        *ret_skip = 2;
        digits = s.at[1] == '+' ? 6 : s.at[1] == 'u' ? 4 : 8;
    }
    if (s.len < *ret_skip + digits)
        return 0;
    for (size_t i = 0; i < digits; i++) {
        if (hex_value(s.at[*ret_skip + i]) < 0)
            return 0;
    }
    return digits;
}

/* Takes one code point; `*high` holds the first half of a surrogate pair until the second comes. */
static bool unistr_point(uint32_t point, uint32_t *high, struct buf *out, struct err *reterr)
{
    bool low = point >= 0xdc00 && point <= 0xdfff;

    if (point == 0 || point > 0x10ffff)
        return err_sql(reterr, ERR_DEAD_LETTER, "22023", "invalid Unicode code point: %04X", point);
    if (low != (*high != 0))
        return err_sql(reterr, ERR_DEAD_LETTER, "42601", "invalid Unicode surrogate pair");
    if (low)
        point = 0x10000 + ((*high - 0xd800) << 10) + (point - 0xdc00);
    *high = !low && point >= 0xd800 && point <= 0xdbff ? point : 0;
    if (*high == 0)
        utf8_append(out, point);
    return true;
}

/* Takes an escape off the front of `s`. */
static bool unistr_escape(struct str *s, uint32_t *high, struct buf *out, struct err *reterr)
{
    size_t skip, digits = unistr_digits(*s, &skip);
    uint32_t point = 0;

    if (digits == 0)
        return err_sql(reterr, ERR_DEAD_LETTER, "42601", "invalid Unicode escape");
    for (size_t i = 0; i < digits; i++)
        point = point << 4 | (uint32_t)hex_value(s->at[skip + i]);
    *s = rest_of(*s, skip + digits);
    return unistr_point(point, high, out, reterr);
}

static bool text_unistr(const struct call *call, struct value *ret, struct err *reterr)
{
    struct str s = call->args[0].bytes;
    CLEANUP(buf) struct buf out = {0};
    uint32_t high = 0;

    while (s.len > 0) {
        if (s.at[0] == '\\' && !(s.len > 1 && s.at[1] == '\\')) {
            if (!unistr_escape(&s, &high, &out, reterr))
                return false;
            continue;
        }
        if (high != 0)
            break;
        buf_char(&out, s.at[0]);
        s = rest_of(s, s.at[0] == '\\' ? 2 : 1);
    }
    if (high != 0)
        return err_sql(reterr, ERR_DEAD_LETTER, "42601", "invalid Unicode surrogate pair");
    return buf_result(call, &out, ret, reterr);
}

static bool spread_concat(const struct call *call, struct value *ret, struct err *reterr)
{
    return call_spread(call, text_concat_all, ret, reterr);
}

static bool spread_concat_ws(const struct call *call, struct value *ret, struct err *reterr)
{
    return call_spread(call, text_concat_ws, ret, reterr);
}

static bool spread_format(const struct call *call, struct value *ret, struct err *reterr)
{
    return call_spread(call, text_format, ret, reterr);
}

#define VARIADIC_ROW(name_, body_, ...)                                                            \
    {                                                                                              \
        .name = (name_), .args = {__VA_ARGS__}, .result = TYPE_TEXT, .variadic = true,             \
        .not_strict = true, .body = (body_)                                                        \
    }

const struct function functions_string[] = {
    FUNCTION_ROW("lpad", TYPE_TEXT, text_lpad, TYPE_TEXT, TYPE_INT4),
    FUNCTION_ROW("lpad", TYPE_TEXT, text_lpad, TYPE_TEXT, TYPE_INT4, TYPE_TEXT),
    FUNCTION_ROW("rpad", TYPE_TEXT, text_rpad, TYPE_TEXT, TYPE_INT4),
    FUNCTION_ROW("rpad", TYPE_TEXT, text_rpad, TYPE_TEXT, TYPE_INT4, TYPE_TEXT),
    FUNCTION_ROW("repeat", TYPE_TEXT, text_repeat, TYPE_TEXT, TYPE_INT4),
    FUNCTION_ROW("reverse", TYPE_TEXT, text_reverse, TYPE_TEXT),
    FUNCTION_ROW("initcap", TYPE_TEXT, text_initcap, TYPE_TEXT),
    FUNCTION_ROW("ascii", TYPE_INT4, text_ascii, TYPE_TEXT),
    FUNCTION_ROW("chr", TYPE_TEXT, text_chr, TYPE_INT4),
    FUNCTION_ROW("translate", TYPE_TEXT, text_translate, TYPE_TEXT, TYPE_TEXT, TYPE_TEXT),
    FUNCTION_ROW("split_part", TYPE_TEXT, text_split_part, TYPE_TEXT, TYPE_TEXT, TYPE_INT4),
    VARIADIC_ROW("concat", text_concat_all, TYPE_ANY),
    VARIADIC_ROW("concat_ws", text_concat_ws, TYPE_TEXT, TYPE_ANY),
    FUNCTION_ROW("concat spread", TYPE_TEXT, spread_concat, TYPE_ANYARRAY),
    FUNCTION_ROW("concat_ws spread", TYPE_TEXT, spread_concat_ws, TYPE_TEXT, TYPE_ANYARRAY),
    FUNCTION_LOOSE_ROW("format spread", TYPE_TEXT, spread_format, TYPE_TEXT, TYPE_ANYARRAY),
    VARIADIC_ROW("format", text_format, TYPE_TEXT, TYPE_ANY),
    FUNCTION_LOOSE_ROW("format", TYPE_TEXT, text_format, TYPE_TEXT),
    FUNCTION_ROW("quote_ident", TYPE_TEXT, quote_ident, TYPE_TEXT),
    FUNCTION_ROW("quote_literal", TYPE_TEXT, quote_value, TYPE_TEXT),
    FUNCTION_ROW("quote_literal", TYPE_TEXT, quote_value, TYPE_ANYELEMENT),
    FUNCTION_LOOSE_ROW("quote_nullable", TYPE_TEXT, quote_value, TYPE_TEXT),
    FUNCTION_LOOSE_ROW("quote_nullable", TYPE_TEXT, quote_value, TYPE_ANYELEMENT),
    FUNCTION_ROW("overlay", TYPE_TEXT, text_overlay, TYPE_TEXT, TYPE_TEXT, TYPE_INT4),
    FUNCTION_ROW("overlay", TYPE_TEXT, text_overlay, TYPE_TEXT, TYPE_TEXT, TYPE_INT4, TYPE_INT4),
    FUNCTION_ROW("to_hex", TYPE_TEXT, to_hex, TYPE_INT4),
    FUNCTION_ROW("to_hex", TYPE_TEXT, to_hex, TYPE_INT8),
    FUNCTION_ROW("bit_length", TYPE_INT4, bit_length, TYPE_TEXT),
    FUNCTION_ROW("bit_length", TYPE_INT4, bit_length, TYPE_BYTEA),
    FUNCTION_ROW("unistr", TYPE_TEXT, text_unistr, TYPE_TEXT),
    {0},
};
