/*
 * `row_number() OVER (PARTITION BY p ORDER BY o) <= n` keeps the first n rows of each partition: a
 * TOP below the window, so that the window is never over more. rank() <= n keeps ties too.
 */
#include "sql/exprs.h"
#include "sql/nodes.h"

/* The constant that the predicate part holds the column at or below; false: none. */
static bool upper_bound(const struct expr *part, int *ret_column, int64_t *ret_most)
{
    const struct expr *column, *constant;
    const char *name;
    bool swapped;

    if (part->kind != EXPR_CALL || part->function->kind != FUNCTION_OPERATOR || part->args_n != 2)
        return false;
    name = part->function->name;
    swapped = part->args[0]->kind == EXPR_CONST;
    column = part->args[swapped];
    constant = part->args[!swapped];
    if (column->kind != EXPR_COLUMN || constant->kind != EXPR_CONST || constant->constant.null ||
        (constant->type.id != TYPE_INT2 && constant->type.id != TYPE_INT4 &&
         constant->type.id != TYPE_INT8))
        return false;
    *ret_column = column->column;
    *ret_most = constant->constant.slot;
    if (strcmp(name, "=") == 0 || strcmp(name, swapped ? ">=" : "<=") == 0)
        return true;
    *ret_most -= *ret_most > INT64_MIN;
    return strcmp(name, swapped ? ">" : "<") == 0;
}

/* The functions look at no row behind their own, but for its peers. */
static bool all_rank(const struct plan_node *window)
{
    for (uint16_t i = 0; i < window->functions_n; i++) {
        enum plan_window_kind kind = window->functions[i].kind;

        if (kind != WINDOW_ROW_NUMBER && kind != WINDOW_RANK && kind != WINDOW_DENSE_RANK)
            return false;
    }
    return true;
}

/* The window's function behind a column of the node above it; -1: none. */
static int function_behind(const struct plan_node *above, const struct plan_node *window,
                           int column)
{
    int first = window->schema.columns_n - window->functions_n;

    if (above->kind == PLAN_PROJECT) {
        if (above->exprs[column]->kind != EXPR_COLUMN)
            return -1;
        column = above->exprs[column]->column;
    }
    return column >= first ? column - first : -1;
}

static struct expr **copied(const struct nodes *nodes, const struct expr *const *exprs, uint16_t n)
{
    struct expr **copy = arena_alloc(nodes->arena, (n + 1U) * sizeof(void *));

    if (n > 0)
        memcpy(copy, exprs, n * sizeof(void *));
    return copy;
}

static const char **names_from(const struct nodes *nodes, const struct schema *schema,
                               uint16_t first)
{
    const char **names = arena_alloc(nodes->arena, (schema->columns_n + 1U) * sizeof(*names));

    for (uint16_t i = first; i < schema->columns_n; i++)
        names[i - first] = schema->columns[i].name;
    return names;
}

/* The same nodes over the first rows alone. */
static uint32_t over_top(struct nodes *nodes, uint32_t input, uint32_t window_at,
                         struct top_parts top)
{
    const struct plan_node *above = nodes_at(nodes, input), *window = nodes_at(nodes, window_at);
    struct window_parts parts = {.order = window->order,
                                 .order_n = window->order_n,
                                 .functions = window->functions,
                                 .functions_n = window->functions_n,
                                 .partition_n = window->exprs_n};
    uint32_t made;

    parts.partition = copied(nodes, window->exprs, window->exprs_n);
    parts.names = names_from(nodes, &window->schema,
                             (uint16_t)(window->schema.columns_n - window->functions_n));
    top.partition = parts.partition;
    top.partition_n = parts.partition_n;
    top.order = window->order;
    top.order_n = window->order_n;
    made = nodes_window(nodes, nodes_top_of(nodes, window->inputs[0], top), parts);
    if (above->kind != PLAN_PROJECT)
        return made;
    return nodes_project(nodes, made, copied(nodes, above->exprs, above->exprs_n),
                         names_from(nodes, &above->schema, 0), above->exprs_n);
}

uint32_t nodes_window_top(struct nodes *nodes, uint32_t input, const struct expr *predicate)
{
    const struct plan_node *above = nodes_at(nodes, input), *window;
    uint32_t window_at = above->kind == PLAN_PROJECT ? above->inputs[0] : input;
    uint16_t n = predicate->kind == EXPR_AND ? predicate->args_n : 1;

    window = nodes_at(nodes, window_at);
    if (window->kind != PLAN_WINDOW || nodes_is_pinned(nodes, input) ||
        nodes_is_pinned(nodes, window_at) || !all_rank(window))
        return input;
    for (uint16_t i = 0; i < n; i++) {
        const struct expr *part = predicate->kind == EXPR_AND ? predicate->args[i] : predicate;
        struct top_parts top = {.limit = 0};
        int column, function;

        if (!upper_bound(part, &column, &top.limit))
            continue;
        function = function_behind(above, window, column);
        if (function < 0 || window->functions[function].kind == WINDOW_DENSE_RANK)
            continue;
        top.limit = top.limit < 0 ? 0 : top.limit;
        top.ties = window->functions[function].kind == WINDOW_RANK;
        return over_top(nodes, input, window_at, top);
    }
    return input;
}
