/*
 * `row_number() OVER (PARTITION BY p ORDER BY o) <= n` keeps the first n rows of each partition: a
 * TOP below the window, so that the window is never over more. rank() <= n keeps ties too. Where
 * nothing but that condition asks for the row number, the TOP is all that is needed.
 */
#include "sql/column_set.h"
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

/* ---- a row number that nobody asks for ---- */

/* FILTER over WINDOW over TOP, maybe with a PROJECT in between. */
struct ranked {
    const struct plan_node *filter, *project, *window; /* project NULL: none */
    uint32_t top_at;
};

static bool same_order(const struct plan_node *window, const struct plan_node *top)
{
    for (uint16_t i = 0; i < window->order_n; i++) {
        const struct key_order a = window->order[i].order, b = top->order[i].order;

        if (!expr_same(window->order[i].expr, top->order[i].expr) || a.descending != b.descending ||
            a.nulls_first != b.nulls_first)
            return false;
    }
    return true;
}

/* The window numbers exactly what the TOP keeps the first of. */
static bool numbers_top(const struct plan_node *window, const struct plan_node *top)
{
    if (window->kind != PLAN_WINDOW || window->functions_n != 1 ||
        window->functions[0].kind != WINDOW_ROW_NUMBER || top->kind != PLAN_TOP || top->ties ||
        top->offset != 0 || window->exprs_n != top->exprs_n || window->order_n != top->order_n)
        return false;
    for (uint16_t i = 0; i < window->exprs_n; i++)
        if (!expr_same(window->exprs[i], top->exprs[i]))
            return false;
    return same_order(window, top);
}

static bool find_ranked(const struct nodes *nodes, uint32_t input, struct ranked *ret)
{
    const struct plan_node *filter = nodes_at(nodes, input), *above;
    uint32_t window_at;

    if (filter->kind != PLAN_FILTER || nodes_is_pinned(nodes, input) ||
        nodes_is_pinned(nodes, filter->inputs[0]))
        return false;
    above = nodes_at(nodes, filter->inputs[0]);
    window_at = above->kind == PLAN_PROJECT ? above->inputs[0] : filter->inputs[0];
    *ret = (struct ranked){.filter = filter,
                           .project = above->kind == PLAN_PROJECT ? above : NULL,
                           .window = nodes_at(nodes, window_at)};
    if (ret->window->kind != PLAN_WINDOW || nodes_is_pinned(nodes, window_at))
        return false;
    ret->top_at = ret->window->inputs[0];
    return numbers_top(ret->window, nodes_at(nodes, ret->top_at));
}

/* The columns of the filter's input that hold the row number, into `ret`; false when an expression
 * makes something else of it. */
static bool number_columns(const struct ranked *ranked, struct column_set *ret)
{
    uint16_t number = (uint16_t)(ranked->window->schema.columns_n - 1);

    *ret = (struct column_set){0};
    if (ranked->project == NULL) {
        column_set_add(ret, number);
        return true;
    }
    for (uint16_t i = 0; i < ranked->project->exprs_n; i++) {
        const struct expr *expr = ranked->project->exprs[i];
        struct column_set used = {0};

        exprs_columns(expr, &used);
        if (!column_set_has(&used, number))
            continue;
        if (expr->kind != EXPR_COLUMN)
            return false;
        column_set_add(ret, i);
    }
    return true;
}

static bool uses(const struct expr *expr, const struct column_set *columns)
{
    struct column_set used = {0};

    exprs_columns(expr, &used);
    return column_set_meets(&used, columns);
}

/* The TOP keeps no row for which the part fails. */
static bool is_implied(const struct expr *part, const struct column_set *numbers, int64_t limit)
{
    int64_t most;
    int column;

    return upper_bound(part, &column, &most) && strcmp(part->function->name, "=") != 0 &&
           column_set_has(numbers, (uint16_t)column) && limit >= 0 && limit <= most;
}

/* The parts of the filter that the TOP leaves open; false when one asks for the row number. */
static bool open_parts(const struct nodes *nodes, const struct ranked *ranked,
                       const struct column_set *numbers, struct list *ret)
{
    const struct expr *predicate = ranked->filter->predicate;
    uint16_t n = predicate->kind == EXPR_AND ? predicate->args_n : 1;
    int64_t limit = nodes_at(nodes, ranked->top_at)->limit;

    for (uint16_t i = 0; i < n; i++) {
        const struct expr *part = predicate->kind == EXPR_AND ? predicate->args[i] : predicate;

        if (is_implied(part, numbers, limit))
            continue;
        if (uses(part, numbers))
            return false;
        list_add(ret, nodes->arena, part);
    }
    return true;
}

/* The filter's input over the TOP alone; columns keep their numbers, the row number's are NULL or
 * not there. */
static uint32_t without_number(struct nodes *nodes, const struct ranked *ranked,
                               const struct column_set *numbers)
{
    const struct plan_node *project = ranked->project;

    if (project == NULL)
        return ranked->top_at;
    struct expr **exprs = copied(nodes, project->exprs, project->exprs_n);
    for (uint16_t i = 0; i < project->exprs_n; i++)
        if (column_set_has(numbers, i))
            exprs[i] = exprs_null(nodes->arena, exprs[i]->type, exprs[i]->location);
    return nodes_project(nodes, ranked->top_at, exprs, names_from(nodes, &project->schema, 0),
                         project->exprs_n);
}

uint32_t nodes_without_number(struct nodes *nodes, uint32_t input, struct expr *const *exprs,
                              uint16_t exprs_n)
{
    struct ranked ranked;
    struct column_set numbers;
    struct list open = {0};

    if (!find_ranked(nodes, input, &ranked) || !number_columns(&ranked, &numbers))
        return input;
    for (uint16_t i = 0; i < exprs_n; i++)
        if (uses(exprs[i], &numbers))
            return input;
    if (!open_parts(nodes, &ranked, &numbers, &open))
        return input;
    input = without_number(nodes, &ranked, &numbers);
    if (open.n == 0)
        return input;
    return nodes_filter(
        nodes, input,
        exprs_junction(nodes->arena, EXPR_AND, &open, ranked.filter->predicate->location));
}
