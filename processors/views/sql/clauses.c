#include "sql/block.h"
#include "sql/whole_row.h"

/* The target that an ordinal names; NULL after a refusal. */
static struct target *target_by_ordinal(struct block *block, const PgQuery__AConst *node,
                                        const char *clause, int *ret_index)
{
    int ordinal = 0;

    if (!node->isnull && node->val_case == PG_QUERY__A__CONST__VAL_IVAL)
        ordinal = node->ival->ival;
    if (node->isnull || node->val_case != PG_QUERY__A__CONST__VAL_IVAL) {
        ast_refuse(&block->binder->ast, node->location, "%s by a constant that is no column number",
                   clause);
        return NULL;
    }
    if (ordinal < 1 || (uint32_t)ordinal > block->targets.n) {
        ast_refuse(&block->binder->ast, node->location, "%s position %d is not in the select list",
                   clause, ordinal);
        return NULL;
    }
    *ret_index = ordinal - 1;
    return block->targets.at[ordinal - 1];
}

/* The target of that name: *ret_index -1 with true when there is none. */
static bool target_by_name(struct block *block, const char *name, int location, int *ret_index)
{
    *ret_index = -1;
    for (uint32_t i = 0; i < block->targets.n; i++) {
        const struct target *target = block->targets.at[i];

        if (strcmp(target->name, name) != 0)
            continue;
        if (*ret_index >= 0 &&
            !expr_same(target->expr, ((struct target *)block->targets.at[*ret_index])->expr))
            return ast_refuse(&block->binder->ast, location, "\"%s\" is ambiguous", name);
        if (*ret_index < 0)
            *ret_index = (int)i;
    }
    return true;
}

/* A name standing alone, or NULL. */
static const char *bare_name(const PgQuery__Node *node)
{
    if (node->node_case != PG_QUERY__NODE__NODE_COLUMN_REF || node->column_ref->n_fields != 1)
        return NULL;
    return ast_string(node->column_ref->fields[0]);
}

static struct expr *target_expr(struct block *block, int index)
{
    return ((struct target *)block->targets.at[index])->expr;
}

/* A target as a group: a subquery in it must be a column of FROM. With sets, one whose expression
 * an earlier target has too is a group apart from that one. NULL: refused. */
static struct expr *grouped_target(struct block *block, int index)
{
    struct target *target = block->targets.at[index];
    bool sets = clauses_have_sets(block->select), again = false;

    if (beside_reads(target->expr) && !beside_settle(block))
        return NULL;
    for (int i = 0; sets && i < index; i++)
        again = again || expr_same(target_expr(block, i), target->expr);
    if (again)
        target->expr = group_apart(block->binder->arena, target->expr, index);
    return target->expr;
}

/* The expression, or of a row its columns. */
static bool group_values(struct scope *scope, const PgQuery__Node *node, struct list *ret,
                         bool *ret_row)
{
    struct arena *arena = scope->binder->arena;
    struct whole_row *row = NULL;
    struct expr *expr;

    if (!bind_whole_row(scope, node, &row))
        return false;
    for (uint32_t i = 0; row != NULL && i < row->fields.n; i++) {
        const struct row_field *field = row->fields.at[i];

        if (field->row != NULL)
            return ast_refuse(&scope->binder->ast, row->location,
                              "rows that hold rows are no groups; group by their columns");
        list_add(ret, arena, field->expr);
    }
    if (row != NULL && row->present != NULL)
        list_add(ret, arena, row->present);
    *ret_row = *ret_row || row != NULL;
    if (row != NULL)
        return true;
    expr = bind_expr(scope, node);
    list_add(ret, arena, expr);
    return expr != NULL;
}

/* An ordinal, an input column, an alias, an expression, in that order. */
bool clauses_group_item(struct block *block, const PgQuery__Node *node, struct list *ret)
{
    struct site site = {.groups = {&block->from.group}, .groups_n = 1};
    struct scope scope = {.binder = block->binder,
                          .from = &block->from,
                          .rows = &block->rows,
                          .clause = "GROUP BY",
                          .site = &site};
    const char *name = bare_name(node);
    struct expr *expr = NULL;
    int index = -1;

    if (node->node_case == PG_QUERY__NODE__NODE_A_CONST) {
        if (target_by_ordinal(block, node->a_const, "GROUP BY", &index) == NULL)
            return false;
    } else if (name != NULL) {
        int location = node->column_ref->location;

        if (!bind_visible(&scope, name, location, &expr) ||
            (expr == NULL && !target_by_name(block, name, location, &index)))
            return false;
    }
    if (expr == NULL && index < 0)
        return group_values(&scope, node, ret, &block->groups_row);
    if (expr == NULL)
        expr = grouped_target(block, index);
    list_add(ret, block->binder->arena, expr);
    return expr != NULL;
}

/* One ORDER BY item: an ordinal, an alias, an expression, in that order. */
static bool bind_sort(struct block *block, const PgQuery__Node *node, struct sort *sort)
{
    struct site site = block_site(block);
    struct scope scope = {.binder = block->binder,
                          .from = &block->from,
                          .aggregates = &block->aggregates,
                          .windows = &block->windows,
                          .rows = &block->rows,
                          .select = block->select,
                          .clause = "ORDER BY",
                          .site = &site};
    const char *name = bare_name(node);

    if (node->node_case == PG_QUERY__NODE__NODE_A_CONST) {
        if (target_by_ordinal(block, node->a_const, "ORDER BY", &sort->target) == NULL)
            return false;
    } else if (name != NULL &&
               !target_by_name(block, name, node->column_ref->location, &sort->target)) {
        return false;
    }
    if (sort->target >= 0) {
        sort->expr = target_expr(block, sort->target);
        return true;
    }
    sort->expr = bind_ordered(&scope, node);
    for (uint32_t i = 0; i < block->targets.n && sort->expr != NULL && sort->target < 0; i++)
        if (expr_same(sort->expr, target_expr(block, (int)i)))
            sort->target = (int)i;
    return sort->expr != NULL;
}

bool clauses_order(struct block *block)
{
    const PgQuery__SelectStmt *select = block->select;

    for (size_t i = 0; i < select->n_sort_clause; i++) {
        const PgQuery__SortBy *by = select->sort_clause[i]->sort_by;
        struct sort *sort = arena_zalloc(block->binder->arena, sizeof(*sort));

        if (!bind_sort_order(block->binder, by, &sort->order))
            return false;
        sort->target = -1;
        sort->location = ast_location(by->node);
        if (!bind_sort(block, by->node, sort) ||
            !bind_comparable(block->binder, sort->expr, "ORDER BY"))
            return false;
        if (block->distinct && sort->target < 0)
            return ast_refuse(&block->binder->ast, sort->location,
                              "with SELECT DISTINCT, ORDER BY must name columns of the select "
                              "list");
        list_add(&block->sorts, block->binder->arena, sort);
    }
    return true;
}

/* The ORDER BY item with the expression; -1: none. */
static int sort_of(const struct list *sorts, const struct expr *expr)
{
    for (uint32_t i = 0; i < sorts->n; i++)
        if (expr_same(((const struct sort *)sorts->at[i])->expr, expr))
            return (int)i;
    return -1;
}

static bool bind_distinct_on(struct block *block, struct list *on)
{
    for (size_t i = 0; i < block->select->n_distinct_clause; i++) {
        const PgQuery__Node *node = block->select->distinct_clause[i];
        struct sort *sort = arena_zalloc(block->binder->arena, sizeof(*sort));

        sort->target = -1;
        sort->location = ast_location(node);
        if (!bind_sort(block, node, sort) ||
            !bind_comparable(block->binder, sort->expr, "DISTINCT ON"))
            return false;
        if (sort_of(on, sort->expr) < 0)
            list_add(on, block->binder->arena, sort);
    }
    return true;
}

/* ORDER BY begins with the expressions of DISTINCT ON; those that it lacks come behind them. */
bool clauses_distinct_on(struct block *block)
{
    struct list on = {0}, sorts = {0};
    struct arena *arena = block->binder->arena;
    uint32_t matched = 0;

    if (!block->distinct_on)
        return true;
    if (!bind_distinct_on(block, &on))
        return false;
    while (matched < block->sorts.n &&
           sort_of(&on, ((const struct sort *)block->sorts.at[matched])->expr) >= 0)
        list_add(&sorts, arena, block->sorts.at[matched++]);
    for (uint32_t i = 0; i < on.n; i++) {
        struct sort *sort = on.at[i];

        if (sort_of(&sorts, sort->expr) >= 0)
            continue;
        if (matched < block->sorts.n || block->limited)
            return ast_refuse(&block->binder->ast, sort->location,
                              "SELECT DISTINCT ON expressions must match initial ORDER BY "
                              "expressions");
        list_add(&sorts, arena, sort);
    }
    block->distinct_on_n = (uint16_t)sorts.n;
    for (uint32_t i = matched; i < block->sorts.n; i++)
        list_add(&sorts, arena, block->sorts.at[i]);
    block->sorts = sorts;
    return true;
}

bool bind_value_of(struct binder *binder, const struct expr *expr, const char *what,
                   struct value *ret)
{
    static const struct row no_row = {.len = sizeof(no_row)};
    struct err err;

    return program_eval(expr_compile(binder->arena, expr), &no_row, binder->arena, ret, &err) ||
           ast_refuse(&binder->ast, expr->location, "%s: %s", what, err.text);
}

/* LIMIT or OFFSET: a whole number that is not negative; NULL or ALL: none. */
static bool read_count(struct block *block, const PgQuery__Node *node, const char *clause,
                       bool *ret_given, int64_t *ret)
{
    struct scope scope = {.binder = block->binder, .clause = clause};
    struct type type = {TYPE_INT8, -1, NULL};
    struct expr *expr;
    struct value value;

    *ret_given = false;
    if (node == NULL)
        return true;
    expr = bind_expr(&scope, node);
    if (expr != NULL)
        expr = bind_coerce(block->binder, expr, type, CAST_ASSIGNMENT, clause);
    if (expr == NULL || !bind_value_of(block->binder, expr, clause, &value))
        return false;
    if (value.null)
        return true;
    if (value.slot < 0)
        return ast_refuse(&block->binder->ast, expr->location,
                          "%s must be a number that is not negative", clause);
    *ret_given = true;
    *ret = value.slot;
    return true;
}

bool clauses_limited_by_value(const PgQuery__SelectStmt *select)
{
    return (select->limit_count != NULL && !ast_is_constant(select->limit_count)) ||
           (select->limit_offset != NULL && !ast_is_constant(select->limit_offset));
}

bool clauses_limit(struct block *block)
{
    const PgQuery__SelectStmt *select = block->select;
    bool has_offset;

    block->ties = select->limit_option == PG_QUERY__LIMIT_OPTION__LIMIT_OPTION_WITH_TIES;
    if (block->ties && block->sorts.n == 0)
        return ast_refuse(&block->binder->ast, ast_location(select->limit_count),
                          "WITH TIES cannot be specified without ORDER BY clause");
    block->by_value = clauses_limited_by_value(select);
    if (block->by_value)
        return block->limited = true;
    if (!read_count(block, select->limit_count, "LIMIT", &block->limited, &block->limit) ||
        !read_count(block, select->limit_offset, "OFFSET", &has_offset, &block->offset))
        return false;
    if (!block->limited && block->offset > 0) {
        block->limited = true;
        block->limit = -1;
    }
    return true;
}
