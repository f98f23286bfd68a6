#include "local/test_text.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static bool is_name(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

static bool starts(struct str text, size_t at, const char *with)
{
    size_t n = strlen(with);

    return text.len - at >= n && memcmp(text.at + at, with, n) == 0;
}

static size_t line_end(struct str text, size_t at)
{
    const char *end = memchr(text.at + at, '\n', text.len - at);

    return end == NULL ? text.len : (size_t)(end - text.at);
}

/* Behind the quoted thing that starts at `at`: a string, a name, a dollar-quoted string. */
static size_t quoted_end(struct str text, size_t at)
{
    char quote = text.at[at];
    bool escapes = quote == '\'' && at > 0 && (text.at[at - 1] == 'E' || text.at[at - 1] == 'e') &&
                   (at == 1 || !is_name(text.at[at - 2]));

    for (at++; at < text.len; at++) {
        if (escapes && text.at[at] == '\\')
            at++;
        else if (text.at[at] == quote && at + 1 < text.len && text.at[at + 1] == quote)
            at++;
        else if (text.at[at] == quote)
            return at + 1;
    }
    return text.len;
}

static size_t dollar_end(struct str text, size_t at)
{
    size_t tag = at + 1;

    while (tag < text.len && is_name(text.at[tag]) && text.at[tag] != '$')
        tag++;
    if (tag >= text.len || text.at[tag] != '$')
        return at + 1;
    struct str mark = {text.at + at, tag + 1 - at};
    for (size_t i = tag + 1; i + mark.len <= text.len; i++)
        if (memcmp(text.at + i, mark.at, mark.len) == 0)
            return i + mark.len;
    return text.len;
}

static size_t comment_end(struct str text, size_t at)
{
    unsigned depth = 0;

    if (starts(text, at, "--"))
        return line_end(text, at);
    for (; at < text.len; at++) {
        if (starts(text, at, "/*")) {
            depth++;
            at++;
        } else if (starts(text, at, "*/")) {
            at++;
            if (--depth == 0)
                return at + 1;
        }
    }
    return text.len;
}

static bool is_comment(struct str text, size_t at)
{
    return starts(text, at, "--") || starts(text, at, "/*");
}

/* Behind the token that starts at `at`, which is no blank. */
static size_t token_end(struct str text, size_t at)
{
    char c = text.at[at];

    if (is_comment(text, at))
        return comment_end(text, at);
    if (c == '\'' || c == '"')
        return quoted_end(text, at);
    if (c == '$' && at + 1 < text.len && !isdigit((unsigned char)text.at[at + 1]))
        return dollar_end(text, at);
    if (!is_name(c))
        return at + 1;
    while (at < text.len && is_name(text.at[at]))
        at++;
    return at;
}

static size_t skip_blanks(struct str text, size_t at)
{
    while (at < text.len && isspace((unsigned char)text.at[at]))
        at++;
    return at;
}

bool text_is(struct str word, const char *wanted)
{
    return word.len == strlen(wanted) && strncasecmp(word.at, wanted, word.len) == 0;
}

/* A comment that means something to us. */
static bool is_remark(struct str comment, struct str *ret)
{
    struct str inner = {comment.at + 2, comment.len - 2};
    size_t at = 0;

    if (!starts(comment, 0, "--"))
        return false;
    *ret = str_trim(inner, STR_BLANKS);
    struct str word = text_word(*ret, &at);
    return text_is(word, "test") || text_is(word, "then");
}

unsigned long text_line(struct str text, size_t at)
{
    unsigned long line = 1;

    for (size_t i = 0; i < at; i++)
        line += text.at[i] == '\n';
    return line;
}

bool text_next(struct text_cursor *cursor, struct text_item *ret)
{
    struct str text = cursor->text;
    size_t start = SIZE_MAX;

    for (size_t at = skip_blanks(text, cursor->at); at < text.len; at = skip_blanks(text, at)) {
        size_t end = token_end(text, at);
        struct str remark;

        if (is_comment(text, at)) {
            if (start == SIZE_MAX && is_remark((struct str){text.at + at, end - at}, &remark)) {
                cursor->at = end;
                *ret = (struct text_item){true, remark};
                return true;
            }
        } else if (text.at[at] == ';') {
            cursor->at = end;
            if (start != SIZE_MAX) {
                *ret = (struct text_item){false, {text.at + start, at - start}};
                return true;
            }
        } else if (start == SIZE_MAX) {
            start = at;
        }
        at = end;
    }
    cursor->at = text.len;
    if (start == SIZE_MAX)
        return false;
    *ret = (struct text_item){
        false, str_trim((struct str){text.at + start, text.len - start}, STR_BLANKS)};
    return true;
}

struct str text_word(struct str text, size_t *at)
{
    size_t from = skip_blanks(text, *at);

    while (from < text.len && is_comment(text, from))
        from = skip_blanks(text, comment_end(text, from));
    if (from >= text.len)
        return (struct str){text.at + text.len, 0};
    *at = token_end(text, from);
    return (struct str){text.at + from, *at - from};
}

bool text_is_name(struct str word)
{
    return word.len > 0 && (is_name(*word.at) || *word.at == '"');
}

size_t text_find(struct str text, size_t at, const char *const *words)
{
    int depth = 0;

    for (at = skip_blanks(text, at); at < text.len; at = skip_blanks(text, at)) {
        size_t end = token_end(text, at);
        struct str token = {text.at + at, end - at};

        depth += (*token.at == '(' || *token.at == '[') - (*token.at == ')' || *token.at == ']');
        for (size_t i = 0; depth == 0 && words[i] != NULL; i++)
            if (text_is(token, words[i]))
                return at;
        at = end;
    }
    return text.len;
}
