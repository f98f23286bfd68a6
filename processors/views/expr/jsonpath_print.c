#include "expr/jsonpath.h"

static void print(struct buf *out, const struct path_node *node, bool behind, bool brackets);

/* What binds closer has the higher number. */
static int priority_of(enum path_kind kind)
{
    switch (kind) {
    case PATH_OR:
        return 0;
    case PATH_AND:
        return 1;
    case PATH_EQUAL:
    case PATH_NOT_EQUAL:
    case PATH_LESS:
    case PATH_GREATER:
    case PATH_LESS_EQUAL:
    case PATH_GREATER_EQUAL:
    case PATH_STARTS_WITH:
        return 2;
    case PATH_ADD:
    case PATH_SUBTRACT:
        return 3;
    case PATH_MULTIPLY:
    case PATH_DIVIDE:
    case PATH_MODULO:
        return 4;
    case PATH_PLUS:
    case PATH_MINUS:
        return 5;
    default:
        return 6;
    }
}

static void print_operand(struct buf *out, const struct path_node *node, enum path_kind of)
{
    print(out, node, false, priority_of(node->kind) <= priority_of(of));
}

static void print_literal(struct buf *out, const struct path_node *node)
{
    bool number = node->value->kind == JSON_NUMBER && node->next != NULL;

    if (number)
        buf_char(out, '(');
    jsonb_write(out, node->value);
    if (number)
        buf_char(out, ')');
}

static void print_level(struct buf *out, uint32_t level)
{
    if (level == PATH_LEVEL_LAST)
        buf_puts(out, "last");
    else
        buf_printf(out, "%u", level);
}

static void print_levels(struct buf *out, const struct path_node *node)
{
    buf_puts(out, "**");
    if (node->first_level == 0 && node->last_level == PATH_LEVEL_LAST)
        return;
    buf_char(out, '{');
    print_level(out, node->first_level);
    if (node->first_level != node->last_level) {
        buf_puts(out, " to ");
        print_level(out, node->last_level);
    }
    buf_char(out, '}');
}

static void print_subscripts(struct buf *out, const struct path_node *node)
{
    buf_char(out, '[');
    for (uint32_t i = 0; i < node->subscripts_n; i++) {
        if (i > 0)
            buf_char(out, ',');
        print(out, node->subscripts[i].from, false, false);
        if (node->subscripts[i].to != NULL) {
            buf_puts(out, " to ");
            print(out, node->subscripts[i].to, false, false);
        }
    }
    buf_char(out, ']');
}

static void print_regex(struct buf *out, const struct path_node *node)
{
    const struct regex_flags *flags = &node->flags;

    print_operand(out, node->left, node->kind);
    buf_puts(out, " like_regex ");
    json_write_string(out, node->text);
    if (flags->ignore_case || node->dot_all || flags->newline_anchor || flags->quoted)
        buf_printf(out, " flag \"%s%s%s%s\"", flags->ignore_case ? "i" : "",
                   node->dot_all ? "s" : "", flags->newline_anchor ? "m" : "",
                   flags->quoted ? "q" : "");
}

static void print_between(struct buf *out, const char *before, const struct path_node *node,
                          const char *after)
{
    buf_puts(out, before);
    print(out, node, false, false);
    buf_puts(out, after);
}

/* An operator with its operands. */
static void print_operation(struct buf *out, const struct path_node *node, bool brackets)
{
    if (brackets)
        buf_char(out, '(');
    if (node->kind == PATH_LIKE_REGEX) {
        print_regex(out, node);
    } else if (node->kind == PATH_PLUS || node->kind == PATH_MINUS) {
        buf_puts(out, jsonpath_operator(node->kind));
        print_operand(out, node->left, node->kind);
    } else {
        print_operand(out, node->left, node->kind);
        buf_printf(out, " %s ", jsonpath_operator(node->kind));
        print_operand(out, node->right, node->kind);
    }
    if (brackets)
        buf_char(out, ')');
}

/* Accessors; `behind`: a point stands between them and what is before. */
static void print_accessor(struct buf *out, const struct path_node *node, bool behind)
{
    switch (node->kind) {
    case PATH_KEY:
        buf_puts(out, behind ? "." : "");
        json_write_string(out, node->text);
        return;
    case PATH_ANY_KEY:
        buf_puts(out, behind ? ".*" : "*");
        return;
    case PATH_ANY_LEVEL:
        buf_puts(out, behind ? "." : "");
        print_levels(out, node);
        return;
    case PATH_ANY_ELEMENT:
        buf_puts(out, "[*]");
        return;
    case PATH_SUBSCRIPTS:
        print_subscripts(out, node);
        return;
    case PATH_FILTER:
        print_between(out, "?(", node->left, ")");
        return;
    default:
        buf_printf(out, ".%s(", jsonpath_method(node->kind));
        if (node->value != NULL)
            json_write_string(out, node->value->text);
        buf_char(out, ')');
        return;
    }
}

static void print(struct buf *out, const struct path_node *node, bool behind, bool brackets)
{
    switch (node->kind) {
    case PATH_LITERAL:
        print_literal(out, node);
        break;
    case PATH_VARIABLE:
        buf_char(out, '$');
        json_write_string(out, node->text);
        break;
    case PATH_ROOT:
        buf_char(out, '$');
        break;
    case PATH_CURRENT:
        buf_char(out, '@');
        break;
    case PATH_LAST:
        buf_puts(out, "last");
        break;
    case PATH_NOT:
        print_between(out, "!(", node->left, ")");
        break;
    case PATH_IS_UNKNOWN:
        print_between(out, "(", node->left, ") is unknown");
        break;
    case PATH_EXISTS:
        print_between(out, "exists (", node->left, ")");
        break;
    default:
        if (node->kind < PATH_KEY)
            print_operation(out, node, brackets);
        else
            print_accessor(out, node, behind);
        break;
    }
    if (node->next != NULL)
        print(out, node->next, true, true);
}

void jsonpath_print(struct buf *out, const struct jsonpath *path)
{
    if (path->strict)
        buf_puts(out, "strict ");
    print(out, path->node, false, true);
}

bool jsonpath_value(struct str text, struct arena *arena, struct str *ret, struct err *reterr)
{
    CLEANUP(buf) struct buf out = {0};
    struct jsonpath path;

    if (!jsonpath_parse(text, arena, &path, reterr))
        return false;
    jsonpath_print(&out, &path);
    *ret = arena_copy(arena, buf_str(&out));
    /* with all its parentheses it may nest deeper than it was written: it must be readable again */
    return str_eq(*ret, text) || jsonpath_parse(*ret, arena, &path, reterr);
}
