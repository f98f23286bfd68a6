#include "expr/expr.h"

#include "record/text.h"

static bool same_constant(const struct expr *a, const struct expr *b)
{
    if (a->constant.null || b->constant.null)
        return a->constant.null == b->constant.null;
    if (type_is_bytes(a->type.id))
        return str_eq(a->constant.bytes, b->constant.bytes);
    return a->constant.slot == b->constant.slot;
}

bool expr_same(const struct expr *a, const struct expr *b)
{
    if (a->kind != b->kind || a->type.id != b->type.id || a->type.typmod != b->type.typmod ||
        a->args_n != b->args_n)
        return false;
    if (a->kind == EXPR_CONST)
        return same_constant(a, b);
    if (a->kind == EXPR_COLUMN)
        return a->column == b->column;
    if (a->kind == EXPR_CALL && a->function != b->function)
        return false;
    for (uint16_t i = 0; i < a->args_n; i++) {
        if (!expr_same(a->args[i], b->args[i]))
            return false;
    }
    return true;
}

static void print_quoted(struct buf *out, struct str text, char quote)
{
    buf_char(out, quote);
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == quote)
            buf_char(out, quote);
        buf_char(out, text.at[i]);
    }
    buf_char(out, quote);
}

static void print_constant(struct buf *out, const struct expr *expr)
{
    CLEANUP(buf) struct buf text = {0};

    if (expr->constant.null) {
        buf_puts(out, "NULL");
    } else if (expr->type.id == TYPE_UNKNOWN) {
        print_quoted(out, expr->constant.bytes, '\'');
        return;
    } else {
        text_print(&text, expr->type, expr->constant);
        if (expr->type.id == TYPE_INT4 || expr->type.id == TYPE_BOOL) {
            buf_put(out, expr->type.id == TYPE_INT4 ? buf_str(&text)
                         : expr->constant.slot != 0 ? STR("true")
                                                    : STR("false"));
            return;
        }
        print_quoted(out, buf_str(&text), '\'');
    }
    buf_puts(out, "::");
    type_print(out, expr->type);
}

static bool is_plain_name(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        bool letter = (c >= 'a' && c <= 'z') || c == '_';

        if (!letter && !(i > 0 && c >= '0' && c <= '9'))
            return false;
    }
    return name.len > 0;
}

/* A name that stands twice in the schema gets its number, so that the text tells which. */
static void print_column(struct buf *out, uint16_t column, const struct schema *schema)
{
    if (schema == NULL || column >= schema->columns_n || schema->columns[column].name == NULL) {
        buf_printf(out, "$%u", column + 1U);
        return;
    }
    struct str name = str_of(schema->columns[column].name);

    if (is_plain_name(name))
        buf_put(out, name);
    else
        print_quoted(out, name, '"');
    for (uint16_t i = 0; i < schema->columns_n; i++) {
        if (i != column && str_eq_c(name, schema->columns[i].name)) {
            buf_printf(out, "$%u", column + 1U);
            return;
        }
    }
}

static void print_list(struct buf *out, const struct expr *expr, const char *between,
                       const struct schema *schema)
{
    for (uint16_t i = 0; i < expr->args_n; i++) {
        if (i > 0)
            buf_puts(out, between);
        expr_print(out, expr->args[i], schema);
    }
}

static void print_call(struct buf *out, const struct expr *expr, const struct schema *schema)
{
    const struct function *function = expr->function;

    if (function->kind == FUNCTION_CAST) {
        expr_print(out, expr->args[0], schema);
        buf_puts(out, "::");
        type_print(out, expr->type);
    } else if (function->kind == FUNCTION_NAMED) {
        buf_puts(out, function->name);
        buf_char(out, '(');
        print_list(out, expr, ", ", schema);
        buf_char(out, ')');
    } else {
        buf_char(out, '(');
        if (expr->args_n == 1)
            buf_printf(out, "%s ", function->name);
        expr_print(out, expr->args[0], schema);
        if (expr->args_n == 2) {
            buf_printf(out, " %s ", function->name);
            expr_print(out, expr->args[1], schema);
        }
        buf_char(out, ')');
    }
}

static void print_case(struct buf *out, const struct expr *expr, const struct schema *schema)
{
    buf_puts(out, "CASE");
    for (uint16_t i = 0; i + 1U < expr->args_n; i = (uint16_t)(i + 2)) {
        buf_puts(out, " WHEN ");
        expr_print(out, expr->args[i], schema);
        buf_puts(out, " THEN ");
        expr_print(out, expr->args[i + 1], schema);
    }
    buf_puts(out, " ELSE ");
    expr_print(out, expr->args[expr->args_n - 1], schema);
    buf_puts(out, " END");
}

static void print_between(struct buf *out, const char *before, const struct expr *expr,
                          const char *between, const char *after, const struct schema *schema)
{
    buf_puts(out, before);
    print_list(out, expr, between, schema);
    buf_puts(out, after);
}

void expr_print(struct buf *out, const struct expr *expr, const struct schema *schema)
{
    switch (expr->kind) {
    case EXPR_CONST:
        print_constant(out, expr);
        return;
    case EXPR_COLUMN:
        print_column(out, expr->column, schema);
        return;
    case EXPR_CALL:
        print_call(out, expr, schema);
        return;
    case EXPR_AND:
        print_between(out, "(", expr, " AND ", ")", schema);
        return;
    case EXPR_OR:
        print_between(out, "(", expr, " OR ", ")", schema);
        return;
    case EXPR_NOT:
        print_between(out, "(NOT ", expr, "", ")", schema);
        return;
    case EXPR_IS_NULL:
        print_between(out, "(", expr, "", " IS NULL)", schema);
        return;
    case EXPR_CASE:
        print_case(out, expr, schema);
        return;
    case EXPR_COALESCE:
        print_between(out, "COALESCE(", expr, ", ", ")", schema);
        return;
    case EXPR_TRY:
        print_between(out, "TRY(", expr, "", ")", schema);
        return;
    case EXPR_DISTINCT:
        print_between(out, "(", expr, " IS DISTINCT FROM ", ")", schema);
        return;
    case EXPR_EACH:
        print_between(out, "EACH(", expr, ", ", ")", schema);
        return;
    case EXPR_ELEMENT:
        buf_puts(out, "VALUE");
        return;
    }
}
