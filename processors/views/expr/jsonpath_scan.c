#include "expr/jsonpath_scan.h"

bool path_scan_fail(const struct path_scan *scan, const char *what, struct err *reterr)
{
    if (scan->raw.len == 0)
        return err_sql(reterr, ERR_DEAD_LETTER, "42601", "%s at end of jsonpath input", what);
    return err_sql(reterr, ERR_DEAD_LETTER, "42601", "%s at or near \"%.*s\" of jsonpath input",
                   what, STR_ARG(scan->raw));
}

static char char_at(const struct path_scan *scan, size_t at)
{
    return at < scan->source.len ? scan->source.at[at] : '\0';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A character of a name. */
static bool is_other(char c)
{
    return c != '\0' && !is_blank(c) && strchr("?%$.[]{}()|&!=<>@#,*:-+/\\\"", c) == NULL;
}

/* What is read so far is what the message shows. */
static bool fail_at(struct path_scan *scan, size_t from, const char *what, struct err *reterr)
{
    size_t end = scan->at < scan->source.len ? scan->at : scan->source.len;

    scan->raw = (struct str){scan->source.at + from, end - from};
    return path_scan_fail(scan, what, reterr);
}

static bool skip_blanks(struct path_scan *scan, struct err *reterr)
{
    for (;;) {
        while (scan->at < scan->source.len && is_blank(char_at(scan, scan->at)))
            scan->at++;
        if (char_at(scan, scan->at) != '/' || char_at(scan, scan->at + 1) != '*')
            return true;
        for (scan->at += 2; char_at(scan, scan->at) != '*' || char_at(scan, scan->at + 1) != '/';
             scan->at++)
            if (scan->at >= scan->source.len)
                return fail_at(scan, scan->source.len, "unexpected end of comment", reterr);
        scan->at += 2;
    }
}

/* ---- escapes ---- */

static int hex_value(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Up to `most` hexadecimal digits, at least `least`. */
static bool hex_digits(struct path_scan *scan, int least, int most, uint32_t *ret)
{
    int n = 0;

    for (*ret = 0; n < most && hex_value(char_at(scan, scan->at)) >= 0; n++)
        *ret = *ret * 16 + (uint32_t)hex_value(char_at(scan, scan->at++));
    return n >= least;
}

/* Behind \u: four digits or {digits}. */
static bool unicode_digits(struct path_scan *scan, uint32_t *ret)
{
    enum { DIGITS = 4, BRACED = 6 };

    if (char_at(scan, scan->at) != '{')
        return hex_digits(scan, DIGITS, DIGITS, ret);
    scan->at++;
    return hex_digits(scan, 1, BRACED, ret) && char_at(scan, scan->at++) == '}';
}

/* \u, and the second half of a surrogate pair behind the first. */
static bool unicode_escape(struct path_scan *scan, struct buf *out, struct err *reterr)
{
    size_t from = scan->at - 2;
    uint32_t point = 0, low = 0;

    if (!unicode_digits(scan, &point))
        return fail_at(scan, from, "invalid Unicode escape sequence", reterr);
    if (point == 0)
        return err_sql(reterr, ERR_DEAD_LETTER, "22P05", "unsupported Unicode escape sequence");
    if (point >= 0xd800 && point <= 0xdbff) {
        if (char_at(scan, scan->at) != '\\' || char_at(scan, scan->at + 1) != 'u')
            return err_sql(reterr, ERR_DEAD_LETTER, "22P02",
                           "invalid input syntax for type jsonpath");
        scan->at += 2;
        if (!unicode_digits(scan, &low) || low < 0xdc00 || low > 0xdfff)
            return err_sql(reterr, ERR_DEAD_LETTER, "22P02",
                           "invalid input syntax for type jsonpath");
        point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
    } else if (point > 0x10ffff || (point >= 0xdc00 && point <= 0xdfff)) {
        return err_sql(reterr, ERR_DEAD_LETTER, "22P02", "invalid input syntax for type jsonpath");
    }
    utf8_append(out, point);
    return true;
}

/* The cursor stands behind the backslash. */
static bool take_escape(struct path_scan *scan, struct buf *out, struct err *reterr)
{
    static const char letters[] = "bfnrtv", meant[] = "\b\f\n\r\t\v";
    size_t from = scan->at - 1;
    char c = char_at(scan, scan->at);
    const char *letter = c == '\0' ? NULL : strchr(letters, c);
    uint32_t byte = 0;

    if (c == '\0')
        return fail_at(scan, from, "unexpected end after backslash", reterr);
    if (letter != NULL) {
        scan->at++;
        buf_char(out, meant[letter - letters]);
        return true;
    }
    if (c == 'u') {
        scan->at++;
        return unicode_escape(scan, out, reterr);
    }
    if (c == 'x') {
        scan->at++;
        if (!hex_digits(scan, 2, 2, &byte))
            return fail_at(scan, from, "invalid hexadecimal character sequence", reterr);
        if (byte == 0)
            return err_sql(reterr, ERR_DEAD_LETTER, "22P05", "unsupported Unicode escape sequence");
        utf8_append(out, byte);
        return true;
    }
    buf_char(out, c);
    scan->at++;
    return true;
}

/* ---- words ---- */

static struct str kept(struct path_scan *scan, const struct buf *text)
{
    return arena_copy(scan->arena, buf_str(text));
}

static bool scan_string(struct path_scan *scan, struct err *reterr)
{
    CLEANUP(buf) struct buf text = {0};
    size_t from = scan->at++;

    while (char_at(scan, scan->at) != '"') {
        char c = char_at(scan, scan->at);

        if (scan->at >= scan->source.len)
            return fail_at(scan, scan->source.len, "unterminated quoted string", reterr);
        scan->at++;
        if (c != '\\')
            buf_char(&text, c);
        else if (!take_escape(scan, &text, reterr))
            return false;
    }
    scan->at++;
    scan->text = kept(scan, &text);
    scan->raw = str_between(scan->source.at + from, scan->source.at + scan->at);
    return true;
}

static bool scan_word(struct path_scan *scan, struct err *reterr)
{
    CLEANUP(buf) struct buf text = {0};
    size_t from;

    for (;;) {
        char c = char_at(scan, scan->at);

        if (c != '\\' && !is_other(c))
            break;
        scan->at++;
        if (c != '\\')
            buf_char(&text, c);
        else if (!take_escape(scan, &text, reterr))
            return false;
    }
    scan->text = kept(scan, &text);
    /* PostgreSQL's messages show what ends the word: blanks, or nothing */
    from = scan->at;
    while (is_blank(char_at(scan, from)))
        from++;
    scan->raw = str_between(scan->source.at + scan->at, scan->source.at + from);
    return true;
}

/* Digits, and how many. */
static size_t skip_digits(struct path_scan *scan)
{
    size_t from = scan->at;

    while (is_digit(char_at(scan, scan->at)))
        scan->at++;
    return scan->at - from;
}

static bool scan_number(struct path_scan *scan, struct err *reterr)
{
    size_t from = scan->at;
    bool zero = char_at(scan, scan->at) == '0';
    size_t whole = zero ? 1 : skip_digits(scan);

    scan->at += zero;
    scan->token = TOKEN_INTEGER;
    if (char_at(scan, scan->at) == '.' && (whole > 0 || is_digit(char_at(scan, scan->at + 1)))) {
        scan->token = TOKEN_NUMBER;
        scan->at++;
        skip_digits(scan);
    }
    if (char_at(scan, scan->at) == 'e' || char_at(scan, scan->at) == 'E') {
        char sign = char_at(scan, scan->at + 1);

        scan->token = TOKEN_NUMBER;
        scan->at += sign == '+' || sign == '-' ? 2 : 1;
        if (skip_digits(scan) == 0) {
            scan->at += sign != '+' && sign != '-' && is_other(sign);
            return fail_at(scan, from,
                           sign == '+' || sign == '-' ? "invalid numeric literal"
                                                      : "trailing junk after numeric literal",
                           reterr);
        }
    }
    if (is_other(char_at(scan, scan->at))) {
        scan->at++;
        return fail_at(scan, from, "trailing junk after numeric literal", reterr);
    }
    scan->text = scan->raw = str_between(scan->source.at + from, scan->source.at + scan->at);
    return true;
}

static bool scan_sign(struct path_scan *scan)
{
    static const char *const pairs[] = {"&&", "||", "**", "==", "<=", ">=", "<>", "!="};
    size_t from = scan->at++;

    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        if (pairs[i][0] == char_at(scan, from) && pairs[i][1] == char_at(scan, from + 1)) {
            scan->at++;
            break;
        }
    scan->token = TOKEN_SIGN;
    scan->text = scan->raw = str_between(scan->source.at + from, scan->source.at + scan->at);
    return true;
}

static bool scan_variable(struct path_scan *scan, struct err *reterr)
{
    scan->at++;
    scan->token = TOKEN_VARIABLE;
    return char_at(scan, scan->at) == '"' ? scan_string(scan, reterr) : scan_word(scan, reterr);
}

bool path_scan_next(struct path_scan *scan, struct err *reterr)
{
    char c, next;

    if (!skip_blanks(scan, reterr))
        return false;
    c = char_at(scan, scan->at);
    next = char_at(scan, scan->at + 1);
    scan->text = scan->raw = STR("");
    scan->token = TOKEN_END;
    if (scan->at >= scan->source.len)
        return true;
    if (c == '"') {
        scan->token = TOKEN_STRING;
        return scan_string(scan, reterr);
    }
    if (c == '$' && (next == '"' || next == '\\' || is_other(next)))
        return scan_variable(scan, reterr);
    if (is_digit(c) || (c == '.' && is_digit(next)))
        return scan_number(scan, reterr);
    if (c == '\\' || is_other(c)) {
        scan->token = TOKEN_WORD;
        return scan_word(scan, reterr);
    }
    return scan_sign(scan);
}
