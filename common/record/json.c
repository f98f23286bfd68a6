#include "record/json.h"

#include "record/json_scan.h"
#include <assert.h>

enum { DEPTH_MAX = 64 };

/* The brackets that are open: bit d of `objects` says that level d is an object. `fresh`: nothing
 * stands after the last opening bracket yet. */
struct nest {
    uint64_t objects;
    unsigned depth;
    bool fresh;
};

static bool bad(const struct json_cursor *cursor, const char *what, struct err *reterr)
{
    return err_set(reterr, ERR_DEAD_LETTER, "not JSON: %s at byte %zu", what,
                   (size_t)(cursor->at - cursor->start));
}

static void skip_blanks(struct json_cursor *cursor)
{
    const char *at = cursor->at;

    while (at < cursor->end && (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r'))
        at++;
    cursor->at = at;
}

/* The next byte that is no blank, or 0 at the end; it is not consumed. */
static char peek(struct json_cursor *cursor)
{
    if (cursor->at<cursor->end && * cursor->at> ' ')
        return *cursor->at;
    skip_blanks(cursor);
    return cursor->at < cursor->end ? *cursor->at : '\0';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The four hex digits at `at` as a number, -1 when they are none. */
static int32_t hex4(const char *at, const char *end)
{
    int32_t number = 0;

    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(at[i]);

        if (digit < 0)
            return -1;
        number = number << 4 | digit;
    }
    return number;
}

/* The length of the escape at `at`, 0 when it is none. */
static size_t escape_len(const char *at, const char *end)
{
    if (end - at < 2)
        return 0;
    if (at[1] == 'u')
        return hex4(at + 2, end) < 0 ? 0 : 6;
    return at[1] != '\0' && strchr("\"\\/bfnrt", at[1]) != NULL ? 2 : 0;
}

/* The length of the UTF-8 sequence at `at`, 0 when it is malformed, overlong, a surrogate or above
 * U+10FFFF. */
static size_t utf8_len(const unsigned char *at, const unsigned char *end)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = *at < 0x80 ? 1 : *at >= 0xF0 ? 4 : *at >= 0xE0 ? 3 : 2;
    uint32_t point = len == 1 ? *at : *at & (0x7FU >> len);

    if ((*at >= 0x80 && *at < 0xC2) || *at > 0xF4 || (size_t)(end - at) < len)
        return 0;
    for (size_t i = 1; i < len; i++) {
        if ((at[i] & 0xC0U) != 0x80)
            return 0;
        point = point << 6 | (at[i] & 0x3FU);
    }
    bool surrogate = point >= 0xD800 && point <= 0xDFFF;
    return point < least[len] || surrogate || point > 0x10FFFF ? 0 : len;
}

static bool utf8_valid(const char *from, const char *to)
{
    const unsigned char *at = (const unsigned char *)from;
    const unsigned char *end = (const unsigned char *)to;

    while (at < end) {
        size_t len = utf8_len(at, end);

        if (len == 0)
            return false;
        at += len;
    }
    return true;
}

/* Reads the string whose opening quote is next; `ret_raw` is what lies between the quotes. */
static bool read_string(struct json_cursor *cursor, struct str *ret_raw, bool *ret_escaped,
                        struct err *reterr)
{
    const char *begin = cursor->at + 1;
    const char *at = begin;
    bool high = false, escaped = false;

    for (;;) {
        at = json_scan_run(at, cursor->end, false, &high);
        if (at == cursor->end)
            return bad(cursor, "string without end", reterr);
        if (*at == '"')
            break;
        size_t len = *at == '\\' ? escape_len(at, cursor->end) : 0;
        if (len == 0) {
            cursor->at = at;
            return bad(cursor, *at == '\\' ? "bad escape" : "control character", reterr);
        }
        escaped = true;
        at += len;
    }
    if (high && !utf8_valid(begin, at))
        return bad(cursor, "string that is not UTF-8", reterr);
    *ret_raw = str_between(begin, at);
    *ret_escaped = escaped;
    cursor->at = at + 1;
    return true;
}

static const char *skip_digits(const char *at, const char *end)
{
    while (at < end && is_digit(*at))
        at++;
    return at;
}

/* Reads digits at `at`; NULL when there is not one. */
static const char *need_digits(const char *at, const char *end)
{
    const char *after = skip_digits(at, end);

    return after == at ? NULL : after;
}

/* The end of the number's lexeme that starts at `at`, NULL when it is none. */
static const char *number_end(const char *at, const char *end)
{
    if (*at == '-')
        at++;
    if (at < end && *at == '0')
        at++;
    else
        at = need_digits(at, end);
    if (at != NULL && at < end && *at == '.')
        at = need_digits(at + 1, end);
    if (at != NULL && at < end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < end && (*at == '+' || *at == '-'))
            at++;
        at = need_digits(at, end);
    }
    return at;
}

static bool read_number(struct json_cursor *cursor, struct json_value *ret, struct err *reterr)
{
    const char *end = number_end(cursor->at, cursor->end);

    if (end == NULL)
        return bad(cursor, "bad number", reterr);
    *ret = (struct json_value){JSON_NUMBER, false, str_between(cursor->at, end)};
    cursor->at = end;
    return true;
}

static bool read_word(struct json_cursor *cursor, struct str word, enum json_kind kind,
                      struct json_value *ret, struct err *reterr)
{
    if (!str_starts(str_between(cursor->at, cursor->end), word))
        return bad(cursor, "no value", reterr);
    *ret = (struct json_value){kind, false, {cursor->at, word.len}};
    cursor->at += word.len;
    return true;
}

/* Reads a value that is no container; `first` is its first byte. */
static bool read_scalar(struct json_cursor *cursor, char first, struct json_value *ret,
                        struct err *reterr)
{
    switch (first) {
    case '"':
        ret->kind = JSON_STRING;
        return read_string(cursor, &ret->raw, &ret->escaped, reterr);
    case 'n':
        return read_word(cursor, STR("null"), JSON_NULL, ret, reterr);
    case 't':
        return read_word(cursor, STR("true"), JSON_TRUE, ret, reterr);
    case 'f':
        return read_word(cursor, STR("false"), JSON_FALSE, ret, reterr);
    default:
        if (first == '-' || is_digit(first))
            return read_number(cursor, ret, reterr);
        return bad(cursor, cursor->at == cursor->end ? "end of text" : "no value", reterr);
    }
}

/* Reads a member's name and its colon. */
static bool read_name(struct json_cursor *cursor, struct str *ret_raw, bool *ret_escaped,
                      struct err *reterr)
{
    if (peek(cursor) != '"')
        return bad(cursor, "a name was expected", reterr);
    if (!read_string(cursor, ret_raw, ret_escaped, reterr))
        return false;
    if (peek(cursor) != ':')
        return bad(cursor, "a colon was expected", reterr);
    cursor->at++;
    return true;
}

static bool nest_open(struct nest *nest, struct json_cursor *cursor, char bracket,
                      struct err *reterr)
{
    if (nest->depth == DEPTH_MAX)
        return bad(cursor, "more than 64 nested values", reterr);
    uint64_t bit = UINT64_C(1) << nest->depth;
    nest->objects = bracket == '{' ? nest->objects | bit : nest->objects & ~bit;
    nest->depth++;
    nest->fresh = true;
    cursor->at++;
    return true;
}

/* Skips the next member or element of the innermost bracket, or its end. */
static bool nest_step(struct nest *nest, struct json_cursor *cursor, struct err *reterr)
{
    bool in_object = nest->objects >> (nest->depth - 1) & 1U;
    struct json_value ignored;
    char next = peek(cursor);

    if (next == (in_object ? '}' : ']')) {
        cursor->at++;
        nest->depth--;
        nest->fresh = false;
        return true;
    }
    if (!nest->fresh) {
        if (next != ',')
            return bad(cursor, "a comma was expected", reterr);
        cursor->at++;
    }
    nest->fresh = false;
    if (in_object && !read_name(cursor, &ignored.raw, &ignored.escaped, reterr))
        return false;
    next = peek(cursor);
    if (next == '{' || next == '[')
        return nest_open(nest, cursor, next, reterr);
    return read_scalar(cursor, next, &ignored, reterr);
}

static bool read_container(struct json_cursor *cursor, char bracket, struct json_value *ret,
                           struct err *reterr)
{
    const char *begin = cursor->at;
    struct nest nest = {0};

    if (!nest_open(&nest, cursor, bracket, reterr))
        return false;
    while (nest.depth > 0) {
        if (!nest_step(&nest, cursor, reterr))
            return false;
    }
    *ret = (struct json_value){bracket == '{' ? JSON_OBJECT : JSON_ARRAY, false,
                               str_between(begin, cursor->at)};
    return true;
}

struct json_cursor json_open(struct str document)
{
    static const char nothing[1] = "";
    const char *start = document.at == NULL ? nothing : document.at;

    return (struct json_cursor){start, start + document.len, start};
}

bool json_read(struct json_cursor *cursor, struct json_value *ret, struct err *reterr)
{
    char first = peek(cursor);

    if (first == '{' || first == '[')
        return read_container(cursor, first, ret, reterr);
    ret->escaped = false;
    return read_scalar(cursor, first, ret, reterr);
}

bool json_at_end(struct json_cursor *cursor, struct err *reterr)
{
    skip_blanks(cursor);
    return cursor->at == cursor->end || bad(cursor, "text after the value", reterr);
}

bool json_object_begin(struct json_cursor *cursor, struct err *reterr)
{
    if (peek(cursor) != '{')
        return bad(cursor, "an object was expected", reterr);
    cursor->at++;
    return true;
}

bool json_object_next(struct json_cursor *cursor, struct arena *arena, bool *first, bool *ret_more,
                      struct str *ret_name, struct err *reterr)
{
    struct json_value name = {.kind = JSON_STRING};
    char next = peek(cursor);

    if (next == '}') {
        cursor->at++;
        *ret_more = false;
        return true;
    }
    if (!*first) {
        if (next != ',')
            return bad(cursor, "a comma was expected", reterr);
        cursor->at++;
    }
    if (!read_name(cursor, &name.raw, &name.escaped, reterr))
        return false;
    if (!json_text(&name, arena, ret_name, reterr))
        return false;
    *first = false;
    *ret_more = true;
    return true;
}

bool json_member(struct str object, const char *name, struct arena *arena, struct json_value *ret,
                 bool *ret_found, struct err *reterr)
{
    struct json_cursor cursor = json_open(object);
    bool first = true, more = true;
    struct json_value value;
    struct str found;

    if (!json_object_begin(&cursor, reterr))
        return false;
    for (;;) {
        if (!json_object_next(&cursor, arena, &first, &more, &found, reterr))
            return false;
        *ret_found = false;
        if (!more)
            return true;
        if (!json_read(&cursor, &value, reterr))
            return false;
        if (str_eq_c(found, name))
            break;
    }
    *ret = value;
    *ret_found = true;
    return true;
}

struct str json_whole(const struct json_value *value)
{
    return value->kind == JSON_STRING ? (struct str){value->raw.at - 1, value->raw.len + 2}
                                      : value->raw;
}

struct json_cursor json_array_open(struct str array)
{
    struct json_cursor cursor = json_open(array);

    skip_blanks(&cursor);
    cursor.at++;
    return cursor;
}

bool json_array_more(struct json_cursor *cursor)
{
    skip_blanks(cursor);
    if (*cursor->at == ',')
        cursor->at++;
    skip_blanks(cursor);
    if (*cursor->at != ']')
        return true;
    cursor->at++;
    return false;
}

/* Writes the code point as UTF-8; returns where it ends. */
static char *utf8_put(char *to, uint32_t point)
{
    if (point < 0x80) {
        *to++ = (char)point;
    } else if (point < 0x800) {
        *to++ = (char)(0xC0 | point >> 6);
        *to++ = (char)(0x80 | (point & 0x3F));
    } else if (point < 0x10000) {
        *to++ = (char)(0xE0 | point >> 12);
        *to++ = (char)(0x80 | (point >> 6 & 0x3F));
        *to++ = (char)(0x80 | (point & 0x3F));
    } else {
        *to++ = (char)(0xF0 | point >> 18);
        *to++ = (char)(0x80 | (point >> 12 & 0x3F));
        *to++ = (char)(0x80 | (point >> 6 & 0x3F));
        *to++ = (char)(0x80 | (point & 0x3F));
    }
    return to;
}

/* Reads the \uXXXX (or pair of them) at *at and moves behind it; 0 when it is no character we take.
 */
static uint32_t unescape_point(const char **at, const char *end)
{
    int32_t high = hex4(*at + 2, end);

    *at += 6;
    if (high < 0xD800 || high > 0xDFFF)
        return (uint32_t)high;
    if (high > 0xDBFF || end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u')
        return 0;
    int32_t low = hex4(*at + 2, end);
    if (low < 0xDC00 || low > 0xDFFF)
        return 0;
    *at += 6;
    return 0x10000U + (((uint32_t)high - 0xD800U) << 10) + ((uint32_t)low - 0xDC00U);
}

/* What the escape at `at`, which is no character, raises in PostgreSQL. */
static bool refuse_escape(const char *at, const char *end, struct err *reterr)
{
    if (hex4(at + 2, end) == 0)
        return err_sql(reterr, ERR_DEAD_LETTER, "22P05",
                       "unsupported Unicode escape sequence: \\u0000 can't be text");
    return err_sql(reterr, ERR_DEAD_LETTER, "22P02",
                   "invalid input syntax for type json: half of a surrogate pair stands alone");
}

bool json_check_escapes(struct str document, struct err *reterr)
{
    const char *at = document.at, *end = at + document.len;

    while ((at = memchr(at, '\\', (size_t)(end - at))) != NULL) {
        const char *escape = at;

        if (at[1] != 'u')
            at += 2;
        else if (unescape_point(&at, end) == 0)
            return refuse_escape(escape, end, reterr);
    }
    return true;
}

static char unescape_char(char c)
{
    switch (c) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return c;
    }
}

/* Unescapes a string the scanner has accepted; an escape never grows. */
static bool unescape(struct str raw, struct arena *arena, struct str *ret, struct err *reterr)
{
    char *text = arena_alloc(arena, raw.len + 1);
    char *to = text;
    const char *end = raw.at + raw.len;

    for (const char *at = raw.at; at < end;) {
        if (*at != '\\') {
            *to++ = *at++;
        } else if (at[1] != 'u') {
            *to++ = unescape_char(at[1]);
            at += 2;
        } else {
            const char *escape = at;
            uint32_t point = unescape_point(&at, end);

            if (point == 0)
                return refuse_escape(escape, end, reterr);
            to = utf8_put(to, point);
        }
    }
    assert(to <= text + raw.len);
    *to = '\0';
    *ret = str_between(text, to);
    return true;
}

bool json_text(const struct json_value *value, struct arena *arena, struct str *ret,
               struct err *reterr)
{
    assert(value->kind == JSON_STRING);
    if (value->escaped)
        return unescape(value->raw, arena, ret, reterr);
    *ret = value->raw;
    return true;
}
