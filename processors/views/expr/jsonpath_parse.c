/* Paths by recursive descent, a function for each level of precedence. */
#include "expr/jsonpath.h"
#include "expr/jsonpath_scan.h"

#include "record/numeric.h"

struct parser {
    struct path_scan scan;
    struct err *reterr;
    unsigned depth, filters, links;
    bool in_subscript;
};

/* What was read; a predicate may stand where a condition is meant alone. */
struct parsed {
    struct path_node *node;
    bool predicate;
};

static bool parse_or(struct parser *parser, struct parsed *ret);

static struct path_node *new_node(struct parser *parser, enum path_kind kind)
{
    struct path_node *node = arena_zalloc(parser->scan.arena, sizeof(*node));

    node->kind = kind;
    return node;
}

static bool syntax_error(struct parser *parser)
{
    return path_scan_fail(&parser->scan, "syntax error", parser->reterr);
}

static bool advance(struct parser *parser)
{
    return path_scan_next(&parser->scan, parser->reterr);
}

static bool at_sign(const struct parser *parser, const char *sign)
{
    return parser->scan.token == TOKEN_SIGN && str_eq_c(parser->scan.text, sign);
}

/* Keywords are the same in any case, but for null, true and false. */
static bool at_keyword(const struct parser *parser, const char *word)
{
    struct str text = parser->scan.text;
    bool exact =
        strcmp(word, "null") == 0 || strcmp(word, "true") == 0 || strcmp(word, "false") == 0;

    if (parser->scan.token != TOKEN_WORD || text.len != strlen(word))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];

        if (word[i] != (!exact && c >= 'A' && c <= 'Z' ? (char)(c + 32) : c))
            return false;
    }
    return true;
}

static bool expect_sign(struct parser *parser, const char *sign)
{
    return at_sign(parser, sign) ? advance(parser) : syntax_error(parser);
}

static bool expect_keyword(struct parser *parser, const char *word)
{
    return at_keyword(parser, word) ? advance(parser) : syntax_error(parser);
}

static bool deeper(struct parser *parser)
{
    return ++parser->depth <= JSONPATH_DEPTH_MAX ||
           err_sql(parser->reterr, ERR_DEAD_LETTER, "54001", "a path nests deeper than %d levels",
                   JSONPATH_DEPTH_MAX);
}

/* Accessors and operators that follow one another: what runs a path goes as deep. */
static bool longer(struct parser *parser)
{
    return ++parser->links <= JSONPATH_LINKS_MAX ||
           err_sql(parser->reterr, ERR_DEAD_LETTER, "54001",
                   "a path has more than %d accessors and operators", JSONPATH_LINKS_MAX);
}

/* An expression, not a predicate. */
static bool parse_value(struct parser *parser, struct path_node **ret)
{
    struct parsed parsed = {0};

    if (!parse_or(parser, &parsed))
        return false;
    *ret = parsed.node;
    return !parsed.predicate || syntax_error(parser);
}

static bool parse_predicate(struct parser *parser, struct path_node **ret)
{
    struct parsed parsed = {0};

    if (!parse_or(parser, &parsed))
        return false;
    *ret = parsed.node;
    return parsed.predicate || syntax_error(parser);
}

/* ---- accessors ---- */

static const struct {
    const char *name;
    enum path_kind kind;
} methods[] = {{"type", PATH_TYPE},         {"size", PATH_SIZE},        {"abs", PATH_ABS},
               {"floor", PATH_FLOOR},       {"double", PATH_DOUBLE},    {"ceiling", PATH_CEILING},
               {"keyvalue", PATH_KEYVALUE}, {"datetime", PATH_DATETIME}};

const char *jsonpath_method(enum path_kind kind)
{
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
        if (methods[i].kind == kind)
            return methods[i].name;
    return "";
}

/* A method's name was read, the bracket comes. */
static bool finish_method(struct parser *parser, struct str name, struct path_node *node)
{
    char lower[9] = "";

    for (size_t i = 0; i < name.len && name.len < sizeof(lower); i++)
        lower[i] = (char)(name.at[i] >= 'A' && name.at[i] <= 'Z' ? name.at[i] + 32 : name.at[i]);
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
        if (strcmp(lower, methods[i].name) == 0) {
            node->kind = methods[i].kind;
            if (!advance(parser))
                return false;
            if (node->kind == PATH_DATETIME && parser->scan.token == TOKEN_STRING) {
                node->value = jsonb_scalar(parser->scan.arena, JSON_STRING, parser->scan.text);
                return advance(parser) && expect_sign(parser, ")");
            }
            return expect_sign(parser, ")");
        }
    return syntax_error(parser);
}

static bool level_of(struct parser *parser, uint32_t *ret)
{
    uint64_t level = 0;

    if (at_keyword(parser, "last")) {
        *ret = PATH_LEVEL_LAST;
        return advance(parser);
    }
    if (parser->scan.token != TOKEN_INTEGER)
        return syntax_error(parser);
    for (size_t i = 0; i < parser->scan.text.len; i++) {
        level = level * 10 + (uint64_t)(parser->scan.text.at[i] - '0');
        if (level > INT32_MAX)
            return err_sql(parser->reterr, ERR_DEAD_LETTER, "22003",
                           "value \"%.*s\" is out of range for type integer",
                           STR_ARG(parser->scan.text));
    }
    *ret = (uint32_t)level;
    return advance(parser);
}

/* Behind **. */
static bool parse_levels(struct parser *parser, struct path_node *node)
{
    node->kind = PATH_ANY_LEVEL;
    node->first_level = 0;
    node->last_level = PATH_LEVEL_LAST;
    if (!at_sign(parser, "{"))
        return true;
    if (!advance(parser) || !level_of(parser, &node->first_level))
        return false;
    node->last_level = node->first_level;
    if (at_keyword(parser, "to") && (!advance(parser) || !level_of(parser, &node->last_level)))
        return false;
    return expect_sign(parser, "}");
}

/* Behind a point. */
static bool parse_member(struct parser *parser, struct path_node *node)
{
    struct str name = parser->scan.text;
    bool quoted = parser->scan.token == TOKEN_STRING;

    if (at_sign(parser, "*")) {
        node->kind = PATH_ANY_KEY;
        return advance(parser);
    }
    if (at_sign(parser, "**"))
        return advance(parser) && parse_levels(parser, node);
    if (!quoted && parser->scan.token != TOKEN_WORD)
        return syntax_error(parser);
    if (!advance(parser))
        return false;
    if (!quoted && at_sign(parser, "("))
        return finish_method(parser, name, node);
    node->text = name;
    return true;
}

static bool add_subscript(struct parser *parser, struct path_node *node)
{
    uint32_t n = node->subscripts_n;
    struct path_subscript *larger;

    if ((n & (n - 1)) == 0) { /* full at 0, 1, 2, 4, 8 ... */
        larger = arena_zalloc(parser->scan.arena, (n == 0 ? 1 : 2 * n) * sizeof(*larger));
        if (n > 0)
            memcpy(larger, node->subscripts, n * sizeof(*larger));
        node->subscripts = larger;
    }
    if (!parse_value(parser, &node->subscripts[n].from))
        return false;
    node->subscripts_n++;
    return !at_keyword(parser, "to") ||
           (advance(parser) && parse_value(parser, &node->subscripts[n].to));
}

/* Behind the bracket. */
static bool parse_subscripts(struct parser *parser, struct path_node *node)
{
    bool outer = parser->in_subscript;

    if (at_sign(parser, "*")) {
        node->kind = PATH_ANY_ELEMENT;
        return advance(parser) && expect_sign(parser, "]");
    }
    node->kind = PATH_SUBSCRIPTS;
    parser->in_subscript = true;
    if (!add_subscript(parser, node))
        return false;
    while (at_sign(parser, ","))
        if (!advance(parser) || !add_subscript(parser, node))
            return false;
    parser->in_subscript = outer;
    return expect_sign(parser, "]");
}

/* Behind the question mark. */
static bool parse_filter(struct parser *parser, struct path_node *node)
{
    node->kind = PATH_FILTER;
    if (!expect_sign(parser, "("))
        return false;
    parser->filters++;
    if (!parse_predicate(parser, &node->left))
        return false;
    parser->filters--;
    return expect_sign(parser, ")");
}

static bool at_accessor(const struct parser *parser)
{
    return at_sign(parser, ".") || at_sign(parser, "[") || at_sign(parser, "?");
}

/* All accessors that follow the node. */
static bool parse_accessors(struct parser *parser, struct path_node *node)
{
    while (node->next != NULL)
        node = node->next;
    while (at_accessor(parser)) {
        struct path_node *next = new_node(parser, PATH_KEY);
        char sign = parser->scan.text.at[0];

        if (!longer(parser) || !advance(parser) ||
            !(sign == '.'   ? parse_member(parser, next)
              : sign == '[' ? parse_subscripts(parser, next)
                            : parse_filter(parser, next)))
            return false;
        node->next = next;
        node = next;
    }
    return true;
}

/* ---- values ---- */

static bool parse_number(struct parser *parser, struct path_node *node)
{
    CLEANUP(buf) struct buf text = {0};
    struct str number;

    if (!numeric_parse(parser->scan.text, parser->scan.arena, &number, parser->reterr))
        return false;
    numeric_print(&text, number);
    node->value = jsonb_scalar(parser->scan.arena, JSON_NUMBER,
                               arena_copy(parser->scan.arena, buf_str(&text)));
    return true;
}

static bool parse_word(struct parser *parser, struct path_node *node)
{
    struct arena *arena = parser->scan.arena;

    if (at_keyword(parser, "null"))
        node->value = jsonb_scalar(arena, JSON_NULL, STR_NONE);
    else if (at_keyword(parser, "true"))
        node->value = jsonb_scalar(arena, JSON_TRUE, STR_NONE);
    else if (at_keyword(parser, "false"))
        node->value = jsonb_scalar(arena, JSON_FALSE, STR_NONE);
    else if (!at_keyword(parser, "last"))
        return syntax_error(parser);
    else if (!parser->in_subscript)
        return err_sql(parser->reterr, ERR_DEAD_LETTER, "42601",
                       "LAST is allowed only in array subscripts");
    else
        node->kind = PATH_LAST;
    return true;
}

static bool parse_sign(struct parser *parser, struct path_node *node)
{
    if (at_sign(parser, "$")) {
        node->kind = PATH_ROOT;
        return true;
    }
    if (!at_sign(parser, "@"))
        return syntax_error(parser);
    node->kind = PATH_CURRENT;
    return parser->filters > 0 || err_sql(parser->reterr, ERR_DEAD_LETTER, "42601",
                                          "@ is not allowed in root expressions");
}

static bool parse_primary(struct parser *parser, struct path_node **ret)
{
    struct path_node *node = *ret = new_node(parser, PATH_LITERAL);

    switch (parser->scan.token) {
    case TOKEN_STRING:
        node->value = jsonb_scalar(parser->scan.arena, JSON_STRING, parser->scan.text);
        break;
    case TOKEN_INTEGER:
    case TOKEN_NUMBER:
        if (!parse_number(parser, node))
            return false;
        break;
    case TOKEN_VARIABLE:
        node->kind = PATH_VARIABLE;
        node->text = parser->scan.text;
        break;
    case TOKEN_WORD:
        if (!parse_word(parser, node))
            return false;
        break;
    case TOKEN_SIGN:
        if (!parse_sign(parser, node))
            return false;
        break;
    case TOKEN_END:
        return syntax_error(parser);
    }
    return advance(parser);
}

static bool parse_exists(struct parser *parser, struct parsed *ret)
{
    *ret = (struct parsed){new_node(parser, PATH_EXISTS), true};
    return advance(parser) && expect_sign(parser, "(") && parse_value(parser, &ret->node->left) &&
           expect_sign(parser, ")");
}

/* In parentheses: an expression or a predicate, which becomes a value by an accessor behind it. */
static bool parse_parenthesis(struct parser *parser, struct parsed *ret)
{
    struct path_node *unknown;

    if (!advance(parser) || !parse_or(parser, ret) || !expect_sign(parser, ")"))
        return false;
    if (ret->predicate && at_keyword(parser, "is")) {
        unknown = new_node(parser, PATH_IS_UNKNOWN);
        unknown->left = ret->node;
        ret->node = unknown;
        return advance(parser) && expect_keyword(parser, "unknown");
    }
    ret->predicate = ret->predicate && !at_accessor(parser);
    return parse_accessors(parser, ret->node);
}

static bool is_number(const struct path_node *node)
{
    return node->kind == PATH_LITERAL && node->value->kind == JSON_NUMBER && node->next == NULL;
}

static struct str negated(struct arena *arena, struct str number)
{
    struct err err;
    struct str packed;
    CLEANUP(buf) struct buf text = {0};

    if (!numeric_parse(number, arena, &packed, &err))
        return number; /* it was printed by us */
    numeric_print(&text, numeric_negate(arena, packed));
    return arena_copy(arena, buf_str(&text));
}

static bool parse_unary(struct parser *parser, struct parsed *ret)
{
    bool minus = at_sign(parser, "-");
    struct path_node *node;
    bool ok;

    if (at_sign(parser, "("))
        return parse_parenthesis(parser, ret);
    if (at_keyword(parser, "exists"))
        return parse_exists(parser, ret);
    if (!minus && !at_sign(parser, "+"))
        return parse_primary(parser, &ret->node) && parse_accessors(parser, ret->node);
    if (!deeper(parser) || !advance(parser))
        return false;
    ok = parse_unary(parser, ret);
    parser->depth--;
    if (!ok || ret->predicate)
        return ok && syntax_error(parser);
    if (is_number(ret->node)) {
        if (minus)
            ret->node->value->text = negated(parser->scan.arena, ret->node->value->text);
        return true;
    }
    node = new_node(parser, minus ? PATH_MINUS : PATH_PLUS);
    node->left = ret->node;
    ret->node = node;
    return true;
}

/* ---- operators ---- */

static const struct {
    const char *sign;
    enum path_kind kind;
} operators[] = {{"+", PATH_ADD},
                 {"-", PATH_SUBTRACT},
                 {"*", PATH_MULTIPLY},
                 {"/", PATH_DIVIDE},
                 {"%", PATH_MODULO},
                 {"==", PATH_EQUAL},
                 {"!=", PATH_NOT_EQUAL},
                 {"<", PATH_LESS},
                 {">", PATH_GREATER},
                 {"<=", PATH_LESS_EQUAL},
                 {">=", PATH_GREATER_EQUAL},
                 {"&&", PATH_AND},
                 {"||", PATH_OR},
                 {"+", PATH_PLUS},
                 {"-", PATH_MINUS},
                 {"starts with", PATH_STARTS_WITH},
                 {"<>", PATH_NOT_EQUAL}};

const char *jsonpath_operator(enum path_kind kind)
{
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
        if (operators[i].kind == kind)
            return operators[i].sign;
    return "";
}

/* The operator that stands there, of these kinds. */
static bool at_operator(const struct parser *parser, enum path_kind from, enum path_kind to,
                        enum path_kind *ret)
{
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
        if (operators[i].kind >= from && operators[i].kind <= to &&
            at_sign(parser, operators[i].sign)) {
            *ret = operators[i].kind;
            return true;
        }
    return false;
}

/* One level of operators that go from left to right over what `operand` reads. */
static bool parse_chain(struct parser *parser, enum path_kind from, enum path_kind to,
                        bool (*operand)(struct parser *, struct parsed *), struct parsed *ret)
{
    bool predicates = from == PATH_AND || from == PATH_OR;
    enum path_kind kind;
    struct parsed right;

    if (!operand(parser, ret))
        return false;
    while (at_operator(parser, from, to, &kind)) {
        struct path_node *node = new_node(parser, kind);

        right = (struct parsed){0};
        if (ret->predicate != predicates)
            return syntax_error(parser);
        if (!longer(parser) || !advance(parser) || !operand(parser, &right))
            return false;
        if (right.predicate != predicates)
            return syntax_error(parser);
        node->left = ret->node;
        node->right = right.node;
        ret->node = node;
    }
    return true;
}

static bool parse_product(struct parser *parser, struct parsed *ret)
{
    return parse_chain(parser, PATH_MULTIPLY, PATH_MODULO, parse_unary, ret);
}

static bool parse_sum(struct parser *parser, struct parsed *ret)
{
    return parse_chain(parser, PATH_ADD, PATH_SUBTRACT, parse_product, ret);
}

/* The letters of a like_regex. */
static bool read_flags(struct parser *parser, struct path_node *node)
{
    bool lines = false;

    for (size_t i = 0; i < parser->scan.text.len; i++) {
        switch (parser->scan.text.at[i]) {
        case 'i':
            node->flags.ignore_case = true;
            break;
        case 's':
            node->dot_all = true;
            break;
        case 'm':
            lines = true;
            break;
        case 'q':
            node->flags.quoted = true;
            break;
        case 'x':
            return err_sql(parser->reterr, ERR_DEAD_LETTER, "0A000",
                           "XQuery \"x\" flag (expanded regular expressions) is not implemented");
        default:
            return err_sql(parser->reterr, ERR_DEAD_LETTER, "42601",
                           "invalid input syntax for type jsonpath");
        }
    }
    node->flags.newline_anchor = lines;
    return advance(parser);
}

/* Behind like_regex. The expression is tried at once, as PostgreSQL does. */
static bool parse_regex(struct parser *parser, struct path_node *node)
{
    CLEANUP(regex) struct regex regex = {0};

    node->kind = PATH_LIKE_REGEX;
    if (parser->scan.token != TOKEN_STRING)
        return syntax_error(parser);
    node->text = parser->scan.text;
    if (!advance(parser))
        return false;
    if (at_keyword(parser, "flag")) {
        if (!advance(parser))
            return false;
        if (parser->scan.token != TOKEN_STRING)
            return syntax_error(parser);
        if (!read_flags(parser, node))
            return false;
    }
    node->flags.newline_dot = !node->flags.quoted && !node->dot_all;
    return regex_open(node->text, node->flags, STR(""), parser->scan.arena, &regex, parser->reterr);
}

/* Behind starts with. */
static bool parse_start(struct parser *parser, struct path_node *node)
{
    node->kind = PATH_STARTS_WITH;
    if (parser->scan.token != TOKEN_STRING && parser->scan.token != TOKEN_VARIABLE)
        return syntax_error(parser);
    return parse_primary(parser, &node->right);
}

static bool parse_comparison(struct parser *parser, struct parsed *ret)
{
    struct path_node *node = new_node(parser, PATH_EQUAL);
    struct parsed right = {0};
    bool is_operator, starts;

    if (!parse_sum(parser, ret))
        return false;
    is_operator = at_operator(parser, PATH_EQUAL, PATH_GREATER_EQUAL, &node->kind);
    starts = at_keyword(parser, "starts");
    if (!is_operator && !starts && !at_keyword(parser, "like_regex"))
        return true;
    if (ret->predicate)
        return syntax_error(parser);
    node->left = ret->node;
    *ret = (struct parsed){node, true};
    if (!advance(parser))
        return false;
    if (starts)
        return expect_keyword(parser, "with") && parse_start(parser, node);
    if (!is_operator)
        return parse_regex(parser, node);
    if (!parse_sum(parser, &right))
        return false;
    node->right = right.node;
    return !right.predicate || syntax_error(parser);
}

/* ! stands before parentheses or exists alone. */
static bool parse_not(struct parser *parser, struct parsed *ret)
{
    struct path_node *node;

    if (!at_sign(parser, "!"))
        return parse_comparison(parser, ret);
    if (!advance(parser))
        return false;
    node = new_node(parser, PATH_NOT);
    if (at_keyword(parser, "exists")) {
        if (!parse_exists(parser, ret))
            return false;
        node->left = ret->node;
    } else if (!expect_sign(parser, "(") || !parse_predicate(parser, &node->left) ||
               !expect_sign(parser, ")")) {
        return false;
    }
    *ret = (struct parsed){node, true};
    return true;
}

static bool parse_and(struct parser *parser, struct parsed *ret)
{
    return parse_chain(parser, PATH_AND, PATH_AND, parse_not, ret);
}

static bool parse_or(struct parser *parser, struct parsed *ret)
{
    bool ok;

    if (!deeper(parser))
        return false;
    *ret = (struct parsed){0};
    ok = parse_chain(parser, PATH_OR, PATH_OR, parse_and, ret);
    parser->depth--;
    return ok;
}

bool jsonpath_parse(struct str text, struct arena *arena, struct jsonpath *ret, struct err *reterr)
{
    struct parser parser = {.scan = {.source = text, .arena = arena}, .reterr = reterr};
    struct parsed parsed = {0};
    bool strict;

    if (!advance(&parser))
        return false;
    if (parser.scan.token == TOKEN_END)
        return err_sql(reterr, ERR_DEAD_LETTER, "22P02",
                       "invalid input syntax for type jsonpath: \"%.*s\"", STR_ARG(text));
    strict = at_keyword(&parser, "strict");
    if ((strict || at_keyword(&parser, "lax")) && !advance(&parser))
        return false;
    if (!parse_or(&parser, &parsed))
        return false;
    if (parser.scan.token != TOKEN_END)
        return syntax_error(&parser);
    *ret = (struct jsonpath){parsed.node, strict};
    return true;
}
