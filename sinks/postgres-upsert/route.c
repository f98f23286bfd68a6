#include "route.h"

#include <ctype.h>

/* ---- tokens of SQL ---- */

enum token_kind { TOKEN_END, TOKEN_WORD, TOKEN_QUOTED, TOKEN_OTHER };

/* `text` of a word is as written, of a quoted name what lies between the quotes. */
struct token {
    enum token_kind kind;
    struct str text;
};

struct scanner {
    const char *at, *end;
};

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

static bool at_text(const struct scanner *scanner, const char *text)
{
    return str_starts(str_between(scanner->at, scanner->end), str_of(text));
}

/* Moves behind the next `mark`, or to the end. */
static void skip_behind(struct scanner *scanner, const char *mark)
{
    while (scanner->at < scanner->end && !at_text(scanner, mark))
        scanner->at++;
    scanner->at += scanner->at < scanner->end ? strlen(mark) : 0;
}

static void skip_blanks(struct scanner *scanner)
{
    for (;;) {
        if (at_text(scanner, "--")) {
            skip_behind(scanner, "\n");
        } else if (at_text(scanner, "/*")) {
            scanner->at += 2;
            skip_behind(scanner, "*/");
        } else if (scanner->at < scanner->end && isspace((unsigned char)*scanner->at)) {
            scanner->at++;
        } else {
            return;
        }
    }
}

/* Moves behind what `quote` closes; a doubled quote is part of it. */
static struct str take_quoted(struct scanner *scanner, char quote)
{
    const char *begin = ++scanner->at;

    while (scanner->at < scanner->end) {
        if (*scanner->at != quote) {
            scanner->at++;
        } else if (scanner->at + 1 < scanner->end && scanner->at[1] == quote) {
            scanner->at += 2;
        } else {
            return str_between(begin, scanner->at++);
        }
    }
    return str_between(begin, scanner->end);
}

static struct token next_token(struct scanner *scanner)
{
    skip_blanks(scanner);
    if (scanner->at >= scanner->end)
        return (struct token){TOKEN_END, {0}};
    const char *begin = scanner->at;
    if (*begin == '"')
        return (struct token){TOKEN_QUOTED, take_quoted(scanner, '"')};
    if (*begin == '\'')
        return (struct token){TOKEN_OTHER, take_quoted(scanner, '\'')};
    if (!is_word(*begin)) {
        scanner->at++;
        return (struct token){TOKEN_OTHER, {begin, 1}};
    }
    while (scanner->at < scanner->end && is_word(*scanner->at))
        scanner->at++;
    return (struct token){TOKEN_WORD, str_between(begin, scanner->at)};
}

static bool is_keyword(struct token token, const char *word)
{
    return token.kind == TOKEN_WORD && token.text.len == strlen(word) &&
           strncasecmp(token.text.at, word, token.text.len) == 0;
}

static char fold(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* The identifier as the catalog holds it: folded, or without its quotes. */
static const char *identifier(struct arena *arena, struct token token)
{
    char *name = arena_alloc(arena, token.text.len + 1);
    size_t n = 0;

    for (size_t i = 0; i < token.text.len; i++) {
        char c = token.text.at[i];

        name[n++] = token.kind == TOKEN_WORD ? fold(c) : c;
        i += token.kind == TOKEN_QUOTED && c == '"' ? 1 : 0;
    }
    name[n] = '\0';
    return name;
}

/* ---- routes ---- */

struct routes {
    struct arena *arena;
    struct route *items;
    size_t n, cap;
};

static void add(struct routes *routes, struct route route)
{
    if (routes->n == routes->cap) {
        size_t cap = routes->cap == 0 ? 16 : routes->cap * 2;
        struct route *wider = arena_alloc(routes->arena, cap * sizeof(*wider));

        if (routes->n > 0)
            memcpy(wider, routes->items, routes->n * sizeof(*wider));
        routes->items = wider;
        routes->cap = cap;
    }
    routes->items[routes->n++] = route;
}

static bool known(const struct routes *routes, const char *schema, const char *table)
{
    for (size_t i = 0; i < routes->n; i++)
        if (strcmp(routes->items[i].schema, schema) == 0 &&
            strcmp(routes->items[i].table, table) == 0)
            return true;
    return false;
}

/* Behind CREATE TABLE: [IF NOT EXISTS] schema.table. */
static bool take_table(struct scanner *scanner, const char *pipeline, struct routes *routes,
                       struct err *reterr)
{
    struct token name = next_token(scanner);

    if (is_keyword(name, "if")) {
        next_token(scanner);
        next_token(scanner);
        name = next_token(scanner);
    }
    if (name.kind != TOKEN_WORD && name.kind != TOKEN_QUOTED)
        return true;
    skip_blanks(scanner);
    if (!at_text(scanner, "."))
        return err_stop(reterr, EX_CONFIG,
                        "--target: CREATE TABLE %.*s names no schema: write SCHEMA.%.*s",
                        STR_ARG(name.text), STR_ARG(name.text));
    scanner->at++;
    const char *schema = identifier(routes->arena, name);
    const char *table = identifier(routes->arena, next_token(scanner));
    if (!known(routes, schema, table))
        add(routes, (struct route){arena_printf(routes->arena, "%s.%s.%s", pipeline, schema, table),
                                   schema, table});
    return true;
}

bool route_scan(struct arena *arena, const char *pipeline, struct str sql, struct route **ret,
                size_t *ret_n, struct err *reterr)
{
    struct scanner scanner = {sql.at, sql.at + sql.len};
    struct routes routes = {.arena = arena};
    bool create = false;

    for (;;) {
        struct token token = next_token(&scanner);

        if (token.kind == TOKEN_END)
            break;
        if (create && is_keyword(token, "table")) {
            if (!take_table(&scanner, pipeline, &routes, reterr))
                return false;
        }
        create = is_keyword(token, "create") || (create && is_keyword(token, "unlogged"));
    }
    *ret = routes.items;
    *ret_n = routes.n;
    return true;
}

/* "schema.table" split at the first dot; false when there is none. */
static bool split(struct arena *arena, const char *text, struct route *route)
{
    const char *dot = strchr(text, '.');

    if (dot == NULL || dot == text || dot[1] == '\0')
        return false;
    route->schema = arena_copy(arena, str_between(text, dot)).at;
    route->table = dot + 1;
    return true;
}

static bool parse_item(struct arena *arena, const char *pipeline, const char *item,
                       struct route *route)
{
    const char *equals = strchr(item, '=');
    size_t prefix = strlen(pipeline);

    if (equals != NULL) {
        route->topic = arena_copy(arena, str_between(item, equals)).at;
        return equals != item && split(arena, equals + 1, route);
    }
    route->topic = item;
    return strncmp(item, pipeline, prefix) == 0 && item[prefix] == '.' &&
           split(arena, item + prefix + 1, route);
}

bool route_list(struct arena *arena, const char *pipeline, const struct option_list *topics,
                struct route **ret, size_t *ret_n, struct err *reterr)
{
    struct routes routes = {.arena = arena};

    for (size_t i = 0; i < topics->n; i++) {
        struct route route = {0};

        if (!parse_item(arena, pipeline, topics->items[i], &route))
            return err_stop(reterr, EX_USAGE,
                            "--topics %s: neither TOPIC=SCHEMA.TABLE nor %s.SCHEMA.TABLE",
                            topics->items[i], pipeline);
        if (known(&routes, route.schema, route.table))
            return err_stop(reterr, EX_USAGE, "--topics: table %s.%s stands twice", route.schema,
                            route.table);
        for (size_t j = 0; j < routes.n; j++)
            if (strcmp(routes.items[j].topic, route.topic) == 0)
                return err_stop(reterr, EX_USAGE, "--topics: topic %s stands twice", route.topic);
        add(&routes, route);
    }
    *ret = routes.items;
    *ret_n = routes.n;
    return true;
}
