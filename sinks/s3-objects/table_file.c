#include "table_file.h"

#include <ctype.h>
#include <strings.h>

enum { COLUMNS_MAX = 1600 };

/* What is left to read. */
struct scan {
    const char *at, *end;
};

static void skip_blanks(struct scan *scan)
{
    while (scan->at < scan->end) {
        if (isspace((unsigned char)*scan->at)) {
            scan->at++;
        } else if (scan->end - scan->at > 1 && scan->at[0] == '-' && scan->at[1] == '-') {
            while (scan->at < scan->end && *scan->at != '\n')
                scan->at++;
        } else {
            return;
        }
    }
}

static bool is_word_char(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$' || ((unsigned char)c & 0x80) != 0;
}

/* The end of the token at `at`: a quoted text, a word or one character. */
static const char *token_end(const char *at, const char *end)
{
    if (*at == '\'' || *at == '"') {
        char quote = *at++;

        while (at < end && (*at != quote || (end - at > 1 && at[1] == quote)))
            at += *at == quote ? 2 : 1;
        return at < end ? at + 1 : end;
    }
    if (!is_word_char(*at))
        return at + 1;
    while (at < end && is_word_char(*at))
        at++;
    return at;
}

/* The next token, empty at the end. */
static struct str take_token(struct scan *scan)
{
    skip_blanks(scan);
    if (scan->at == scan->end)
        return STR_NONE;
    const char *from = scan->at;
    scan->at = token_end(from, scan->end);
    return str_between(from, scan->at);
}

static bool is_word(struct str token, const char *word)
{
    return token.len == strlen(word) && strncasecmp(token.at, word, token.len) == 0;
}

/* The word, in capitals or not, comes next: takes it. */
static bool take_word(struct scan *scan, const char *word)
{
    struct scan ahead = *scan;

    if (!is_word(take_token(&ahead), word))
        return false;
    *scan = ahead;
    return true;
}

static char in_lower_case(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

/* A name as PostgreSQL knows it: unquoted ones in lower case. */
static char *name_of(struct str token, struct arena *arena)
{
    bool quoted = token.len > 1 && token.at[0] == '"';
    struct str inside = quoted ? (struct str){token.at + 1, token.len - 2} : token;
    char *name = arena_zalloc(arena, inside.len + 1), *to = name;

    for (size_t i = 0; i < inside.len; i++) {
        *to++ = quoted ? inside.at[i] : in_lower_case(inside.at[i]);
        if (quoted && inside.at[i] == '"')
            i++; /* the second of two */
    }
    return name;
}

static bool is_constraint(struct str token)
{
    static const char *const words[] = {"primary", "check",   "constraint", "unique",
                                        "foreign", "exclude", "like"};

    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (is_word(token, words[i]))
            return true;
    return false;
}

static bool ends_type(struct str token)
{
    static const char *const words[] = {"not",       "null",      "default", "check",
                                        "primary",   "unique",    "collate", "references",
                                        "generated", "constraint"};

    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (is_word(token, words[i]))
            return true;
    return token.len == 0;
}

/* The numbers between the brackets behind a type's name. */
static int take_modifiers(struct scan *scan, int *numbers)
{
    int n = 0;

    for (struct str token = take_token(scan); token.len > 0 && !str_eq_c(token, ")");
         token = take_token(scan))
        if (isdigit((unsigned char)token.at[0]) && n < 2)
            numbers[n++] = atoi(token.at);
    return n;
}

static struct type type_of(struct str name, bool array, const int *numbers, int numbers_n)
{
    struct type type = {.id = TYPE_TEXT, .typmod = -1};

    if (array || !type_find(name, &type.id))
        return (struct type){.id = TYPE_TEXT, .typmod = -1};
    if (numbers_n > 0 && type.id == TYPE_NUMERIC && numbers[0] >= 1 && numbers[0] <= 1000)
        type.typmod = type_numeric_make_typmod(numbers[0], numbers_n > 1 ? numbers[1] : 0);
    else if (numbers_n > 0 &&
             (type.id == TYPE_TIMESTAMP || type.id == TYPE_TIMESTAMPTZ || type.id == TYPE_TIME))
        type.typmod = numbers[0];
    return type;
}

static struct type read_type(struct scan *scan)
{
    CLEANUP(buf) struct buf name = {0};
    int numbers[2] = {0, 0}, numbers_n = 0;
    bool array = false;

    for (;;) {
        struct scan ahead = *scan;
        struct str token = take_token(&ahead);

        if (ends_type(token))
            return type_of(buf_str(&name), array, numbers, numbers_n);
        *scan = ahead;
        if (str_eq_c(token, "(")) {
            numbers_n = take_modifiers(scan, numbers);
        } else if (str_eq_c(token, "[")) {
            array = true;
        } else if (!str_eq_c(token, "]")) {
            if (name.len > 0)
                buf_char(&name, ' ');
            buf_put(&name, token);
        }
    }
}

static bool is_not_null(struct scan scan)
{
    for (struct str token = take_token(&scan); token.len > 0; token = take_token(&scan))
        if (is_word(token, "not") && take_word(&scan, "null"))
            return true;
    return false;
}

/* The next part of a bracketed list, up to its comma; `scan` moves behind it, or behind the closing
 * bracket (*ret_more false). */
static bool take_part(struct scan *scan, struct scan *ret, bool *ret_more)
{
    int depth = 0;

    skip_blanks(scan);
    *ret = (struct scan){scan->at, scan->at};
    while (scan->at < scan->end) {
        struct str token = take_token(scan);

        if (token.len == 0)
            break;
        if (depth == 0 && (str_eq_c(token, ",") || str_eq_c(token, ")"))) {
            *ret_more = str_eq_c(token, ",");
            return true;
        }
        depth += str_eq_c(token, "(") ? 1 : str_eq_c(token, ")") ? -1 : 0;
        ret->end = scan->at;
    }
    return false;
}

static bool read_columns(struct scan *scan, struct arena *arena, struct schema *schema,
                         struct column *columns)
{
    bool more = true;

    while (more) {
        struct scan part;

        if (!take_part(scan, &part, &more) || schema->columns_n == COLUMNS_MAX)
            return false;
        struct str name = take_token(&part);
        if (is_constraint(name) || name.len == 0)
            continue;
        struct column *column = &columns[schema->columns_n++];
        column->name = name_of(name, arena);
        column->type = read_type(&part);
        column->not_null = is_not_null(part);
    }
    return true;
}

/* "gold.open_orders" or "open_orders", as `topic` ends. */
static bool is_table_of(const char *topic, const char *table)
{
    size_t length = strlen(topic), tail = strlen(table);

    return tail <= length && strcmp(topic + length - tail, table) == 0 &&
           (tail == length || topic[length - tail - 1] == '.');
}

/* CREATE [UNLOGGED] TABLE [IF NOT EXISTS] name ( : true when the scan stands behind the bracket of
 * the topic's table. */
static bool find_table(struct scan *scan, const char *topic, struct arena *arena)
{
    for (struct str token = take_token(scan); token.len > 0; token = take_token(scan)) {
        CLEANUP(buf) struct buf name = {0};

        if (!is_word(token, "create"))
            continue;
        take_word(scan, "unlogged");
        if (!take_word(scan, "table"))
            continue;
        if (take_word(scan, "if") && take_word(scan, "not"))
            take_word(scan, "exists");
        buf_puts(&name, name_of(take_token(scan), arena));
        while (take_word(scan, "."))
            buf_printf(&name, ".%s", name_of(take_token(scan), arena));
        if (take_word(scan, "(") && is_table_of(topic, buf_cstr(&name)))
            return true;
    }
    return false;
}

static bool choose(struct schema *all, const struct option_list *only, const char *topic,
                   struct arena *arena, struct err *reterr)
{
    struct column *chosen = arena_zalloc(arena, (only->n + 1) * sizeof(*chosen));

    for (size_t i = 0; i < only->n; i++) {
        int found = schema_find(all, str_of(only->items[i]));

        if (found < 0)
            return err_stop(reterr, EX_CONFIG, "--columns: the table of %s has no column %s", topic,
                            only->items[i]);
        chosen[i] = all->columns[found];
    }
    all->columns = chosen;
    all->columns_n = (uint16_t)only->n;
    return true;
}

bool table_file_columns(struct str text, const char *topic, const struct option_list *only,
                        struct arena *arena, const struct schema **ret, struct err *reterr)
{
    struct scan scan = {text.at, text.at + text.len};
    struct schema *schema = arena_zalloc(arena, sizeof(*schema));
    struct column *columns = arena_zalloc(arena, COLUMNS_MAX * sizeof(*columns));

    if (!find_table(&scan, topic, arena))
        return err_stop(reterr, EX_CONFIG,
                        "--schema: there is no table for the topic %s: it would be named as the "
                        "topic's last two words",
                        topic);
    if (!read_columns(&scan, arena, schema, columns))
        return err_stop(reterr, EX_CONFIG, "--schema: the table of %s can't be read", topic);
    schema->columns = columns;
    if (only != NULL && only->n > 0 && !choose(schema, only, topic, arena, reterr))
        return false;
    *ret = schema;
    return true;
}
