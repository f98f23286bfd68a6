#include "key_template.h"

#include <inttypes.h>

enum { OFFSET_DIGITS = 20, SHA256_CHARS_KEPT = 16 };

/* A piece of a template: a name in braces, or the text up to the next one. */
struct piece {
    struct str text;
    bool name;
};

static bool next_piece(const char **at, struct piece *ret)
{
    const char *from = *at, *close = NULL;

    if (*from == '\0')
        return false;
    if (*from == '{' && (close = strchr(from, '}')) != NULL) {
        *ret = (struct piece){str_between(from + 1, close), true};
        *at = close + 1;
        return true;
    }
    const char *end = strchrnul(from + 1, '{');
    *ret = (struct piece){str_between(from, end), false};
    *at = end;
    return true;
}

static bool is_in(struct str name, const char *const *list)
{
    for (; *list != NULL; list++)
        if (str_eq_c(name, *list))
            return true;
    return false;
}

bool key_template_has(const char *template, const char *name)
{
    const char *const list[] = {name, NULL};
    struct piece piece;

    while (next_piece(&template, &piece))
        if (piece.name && is_in(piece.text, list))
            return true;
    return false;
}

bool key_template_check(const char *template, const char *const *known, const char *const *needed,
                        struct err *reterr)
{
    struct piece piece;

    for (const char *at = template; next_piece(&at, &piece);)
        if (piece.name && !is_in(piece.text, known))
            return err_stop(reterr, EX_USAGE,
                            "--key-template: {%.*s} is no name of this layout (--help names them)",
                            STR_ARG(piece.text));
    for (; *needed != NULL; needed++)
        if (!key_template_has(template, *needed))
            return err_stop(reterr, EX_USAGE,
                            "--key-template \"%s\": without {%s} two objects would have one key",
                            template, *needed);
    return true;
}

static void put_name(struct buf *out, struct str name, const struct key_parts *parts)
{
    const char *dot = strrchr(parts->topic, '.');

    if (str_eq_c(name, "topic"))
        buf_puts(out, parts->topic);
    else if (str_eq_c(name, "table"))
        buf_puts(out, dot == NULL ? parts->topic : dot + 1);
    else if (str_eq_c(name, "ext"))
        buf_puts(out, parts->ext);
    else if (str_eq_c(name, "partition"))
        buf_printf(out, "%" PRId32, parts->partition);
    else if (str_eq_c(name, "start"))
        buf_printf(out, "%020" PRId64, parts->start);
    else if (str_eq_c(name, "end"))
        buf_printf(out, "%020" PRId64, parts->end);
    else if (str_eq_c(name, "by") && parts->by != NULL)
        buf_puts(out, parts->by);
    else if (str_eq_c(name, "sha256") && parts->sha256 != NULL)
        buf_printf(out, "%.*s", SHA256_CHARS_KEPT, parts->sha256);
    else if (str_eq_c(name, "version"))
        buf_printf(out, "%" PRId64, parts->version);
}

void key_template_render(struct buf *out, const char *template, const struct key_parts *parts)
{
    const char *const never[] = {NULL};

    key_template_prefix(out, template, parts, never);
}

void key_template_prefix(struct buf *out, const char *template, const struct key_parts *parts,
                         const char *const *stop)
{
    struct piece piece;

    while (next_piece(&template, &piece)) {
        if (piece.name && is_in(piece.text, stop))
            return;
        if (piece.name)
            put_name(out, piece.text, parts);
        else
            buf_put(out, piece.text);
    }
}

static bool take_offset(struct str *text, int64_t *ret)
{
    int64_t number = 0;

    if (text->len < OFFSET_DIGITS)
        return false;
    for (size_t i = 0; i < OFFSET_DIGITS; i++)
        if (text->at[i] < '0' || text->at[i] > '9' || __builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, text->at[i] - '0', &number))
            return false;
    *text = (struct str){text->at + OFFSET_DIGITS, text->len - OFFSET_DIGITS};
    *ret = number;
    return true;
}

static bool take_text(struct str *text, struct str expected)
{
    if (!str_starts(*text, expected))
        return false;
    *text = (struct str){text->at + expected.len, text->len - expected.len};
    return true;
}

/* An offset that stood in the key before must be the same. */
static bool take_same_offset(struct str *text, int64_t *offset)
{
    int64_t number = 0;
    bool same = take_offset(text, &number) && (*offset < 0 || *offset == number);

    *offset = number;
    return same;
}

bool key_template_parse(struct str key, const char *template, const struct key_parts *parts,
                        int64_t *ret_start, int64_t *ret_end)
{
    int64_t start = -1, end = -1;
    struct piece piece;

    while (next_piece(&template, &piece)) {
        CLEANUP(buf) struct buf text = {0};
        bool well = true;

        if (piece.name && str_eq_c(piece.text, "start")) {
            well = take_same_offset(&key, &start);
        } else if (piece.name && str_eq_c(piece.text, "end")) {
            well = take_same_offset(&key, &end);
        } else {
            if (piece.name)
                put_name(&text, piece.text, parts);
            else
                buf_put(&text, piece.text);
            well = take_text(&key, buf_str(&text));
        }
        if (!well)
            return false;
    }
    if (key.len > 0 || start < 0 || end < start)
        return false;
    *ret_start = start;
    *ret_end = end;
    return true;
}
