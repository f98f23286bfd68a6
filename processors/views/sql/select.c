#include "sql/block.h"
#include "sql/whole_row.h"

static bool is_star(const PgQuery__Node *node)
{
    const PgQuery__Node *last = NULL;

    if (node->node_case == PG_QUERY__NODE__NODE_COLUMN_REF)
        last = node->column_ref->fields[node->column_ref->n_fields - 1];
    if (node->node_case == PG_QUERY__NODE__NODE_A_INDIRECTION)
        last = node->a_indirection->indirection[node->a_indirection->n_indirection - 1];
    return last != NULL && last->node_case == PG_QUERY__NODE__NODE_A_STAR;
}

/* *, t.*, (row).* */
static bool bind_star_target(struct scope *scope, struct block *block, const PgQuery__Node *node)
{
    bool of_row = node->node_case == PG_QUERY__NODE__NODE_A_INDIRECTION;
    struct list names = {0};

    if (of_row ? !bind_row_star(scope, node->a_indirection, &names)
               : !bind_star(scope, node->column_ref, &names))
        return false;
    for (uint32_t i = 0; i < names.n; i++) {
        const struct name *name = names.at[i];
        struct expr *expr = arena_alloc(block->binder->arena, sizeof(*expr));

        *expr = *name->expr;
        expr->location = ast_location(node);
        if (!block_add_target(block, name->column, expr))
            return false;
    }
    return true;
}

static bool bind_target(struct scope *scope, struct block *block, const PgQuery__ResTarget *node)
{
    struct expr *expr;

    if (!ast_only(&block->binder->ast, node, "name val"))
        return false;
    if (is_star(node->val))
        return bind_star_target(scope, block, node->val);
    expr = bind_expr(scope, node->val);
    if (!block->keeps_unknown)
        expr = bind_decided(block->binder, expr);
    return expr != NULL &&
           block_add_target(block, node->name[0] != '\0' ? node->name : bind_column_name(node->val),
                            expr);
}

static struct scope scope_of_targets(struct block *block, const struct site *site)
{
    return (struct scope){.binder = block->binder,
                          .from = &block->from,
                          .aggregates = &block->aggregates,
                          .windows = &block->windows,
                          .rows = &block->rows,
                          .select = block->select,
                          .clause = "SELECT",
                          .site = site};
}

static bool postpone_target(struct block *block, const PgQuery__ResTarget *node)
{
    const char *name = node->name[0] != '\0' ? node->name : bind_column_name(node->val);
    struct type type = {TYPE_TEXT, -1, NULL};

    if (!block_add_target(block, name,
                          exprs_null(block->binder->arena, type, ast_location(node->val))))
        return false;
    ((struct target *)block->targets.at[block->targets.n - 1])->postponed = true;
    return true;
}

bool block_bind_plain_targets(struct block *block)
{
    struct site site = block_site(block);
    struct scope scope = scope_of_targets(block, &site);

    for (size_t i = 0; i < block->select->n_target_list; i++) {
        const PgQuery__ResTarget *node = block->select->target_list[i]->res_target;

        if (!(ast_has_subquery(node->val) ? postpone_target(block, node)
                                          : bind_target(&scope, block, node)))
            return false;
    }
    return true;
}

static bool bind_targets(struct block *block)
{
    struct site site = block_site(block);
    struct scope scope = scope_of_targets(block, &site);

    for (size_t i = 0; i < block->select->n_target_list; i++)
        if (!bind_target(&scope, block, block->select->target_list[i]->res_target))
            return false;
    if (block->targets.n == 0 && !block->around.only_rows)
        return ast_refuse(&block->binder->ast, ast_location(block->select),
                          "a SELECT without columns has nothing to keep");
    if (block->targets.n == 0 &&
        !block_add_target(block, "row", exprs_bool(block->binder->arena, true, -1)))
        return false;
    block->visible_n = block->targets.n;
    return true;
}

static void add_parts(struct binder *binder, const PgQuery__Node *node, struct list *without,
                      struct list *with)
{
    if (node->node_case != PG_QUERY__NODE__NODE_BOOL_EXPR ||
        node->bool_expr->boolop != PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR) {
        list_add(ast_has_subquery(node) ? with : without, binder->arena, node);
        return;
    }
    for (size_t i = 0; i < node->bool_expr->n_args; i++)
        add_parts(binder, node->bool_expr->args[i], without, with);
}

struct list bind_parts(struct binder *binder, const PgQuery__Node *node)
{
    struct list parts = {0}, with = {0};

    if (node != NULL)
        add_parts(binder, node, &parts, &with);
    for (uint32_t i = 0; i < with.n; i++)
        list_add(&parts, binder->arena, with.at[i]);
    return parts;
}

static bool bind_where(struct block *block)
{
    struct binder *binder = block->binder;
    struct site site = {.groups = {&block->from.group}, .groups_n = 1};
    struct scope scope = {.binder = binder, .from = &block->from, .clause = "WHERE", .site = &site};
    struct list parts = bind_parts(binder, block->select->where_clause);

    for (uint32_t i = 0; i < parts.n; i++) {
        struct expr *condition;
        bool done;

        if (!bind_semi_join(&scope, parts.at[i], &done))
            return false;
        if (done)
            continue;
        condition = bind_condition(&scope, parts.at[i]);
        if (condition == NULL)
            return false;
        joins_condition(binder, block->from.group, condition);
    }
    return true;
}

static bool bind_having(struct block *block)
{
    struct site site = block_site(block);
    struct scope scope = {.binder = block->binder,
                          .from = &block->from,
                          .aggregates = &block->aggregates,
                          .clause = "HAVING",
                          .site = &site};

    if (block->select->having_clause == NULL)
        return true;
    block->having = bind_condition(&scope, block->select->having_clause);
    return block->having != NULL;
}

/* DISTINCT alone is a list of one empty node; DISTINCT ON holds expressions. */
static bool bind_distinct_clause(struct block *block)
{
    const PgQuery__SelectStmt *select = block->select;

    block->distinct_on = select->n_distinct_clause > 0 &&
                         select->distinct_clause[0]->node_case != PG_QUERY__NODE__NODE__NOT_SET;
    block->distinct = select->n_distinct_clause > 0 && !block->distinct_on;
    for (uint32_t i = 0; i < block->targets.n && block->distinct; i++)
        if (!bind_comparable(block->binder, ((struct target *)block->targets.at[i])->expr,
                             "DISTINCT"))
            return false;
    return true;
}

/* One WITH query becomes a relation without schema. */
static bool bind_with_query(struct binder *binder, const PgQuery__CommonTableExpr *node,
                            const struct scope *around)
{
    struct relation *relation = arena_zalloc(binder->arena, sizeof(*relation));
    PgQuery__Alias names;
    const char *alias = NULL;
    struct query query;

    if (!ast_only(&binder->ast, node, "ctename aliascolnames ctematerialized ctequery"))
        return false;
    if (node->ctequery->node_case != PG_QUERY__NODE__NODE_SELECT_STMT)
        return ast_refuse(&binder->ast, node->location, "only SELECT is supported in WITH");
    if (!bind_select(binder, node->ctequery->select_stmt, (struct around){.scope = around}, &query))
        return false;
    *relation = (struct relation){.name = node->ctename,
                                  .node = query.node,
                                  .columns = query.columns,
                                  .columns_n = query.columns_n,
                                  .source = -1,
                                  .view = -1,
                                  .correlations = query.correlations,
                                  .home = around == NULL ? NULL : around->from->block};
    pg_query__alias__init(&names);
    names.aliasname = node->ctename;
    names.n_colnames = node->n_aliascolnames;
    names.colnames = node->aliascolnames;
    if (!bind_from_aliases(binder, &names, relation, &alias))
        return false;
    list_add(&binder->relations, binder->arena, relation);
    return true;
}

static bool bind_with(struct binder *binder, const PgQuery__WithClause *with,
                      const struct scope *around)
{
    if (with == NULL)
        return true;
    if (!ast_only(&binder->ast, with, "ctes"))
        return false;
    for (size_t i = 0; i < with->n_ctes; i++)
        if (!bind_with_query(binder, with->ctes[i]->common_table_expr, around))
            return false;
    return true;
}

static bool check_select(struct binder *binder, const PgQuery__SelectStmt *select)
{
    return ast_only(
        &binder->ast, select,
        "distinct_clause target_list from_clause where_clause group_clause group_distinct "
        "having_clause window_clause values_lists sort_clause limit_offset limit_count "
        "limit_option with_clause op all larg rarg");
}

/* ORDER BY's values as columns, for what is made of the rows in this order. */
static bool keep_order(struct block *block)
{
    for (uint32_t i = 0; i < block->sorts.n && block->around.ordered; i++) {
        struct sort *sort = block->sorts.at[i];

        if (sort->target >= 0)
            continue;
        sort->target = (int)block->targets.n;
        if (!block_add_target(block, "order", sort->expr))
            return false;
    }
    return true;
}

bool block_bind(struct block *block)
{
    const PgQuery__SelectStmt *select = block->select;

    if (!bind_from(block->binder, select->from_clause, select->n_from_clause, block->around.scope,
                   &block->from) ||
        !bind_where(block) || !bind_targets(block) || !clauses_group(block) ||
        !bind_having(block) || !bind_distinct_clause(block) || !clauses_order(block) ||
        !clauses_limit(block) || !clauses_distinct_on(block) || !keep_order(block) ||
        !clauses_limit_values(block))
        return false;
    block->grouped =
        select->n_group_clause > 0 || block->aggregates.n > 0 || select->having_clause != NULL;
    return !block->grouped || !block->read_as_rows ||
           ast_refuse(&block->binder->ast, ast_location(select),
                      "a subquery here compares with what is computed before it is known that the "
                      "query has groups; write GROUP BY ()");
}

bool block_finish(struct block *block, struct query *ret)
{
    return correlate(block) && (!block->grouped || grouping_rewrite(block)) &&
           select_plan(block, ret);
}

static bool bind_kind(struct binder *binder, const PgQuery__SelectStmt *select,
                      struct around around, struct query *ret)
{
    struct block block = {.binder = binder, .select = select, .around = around};
    bool parts = select->op != PG_QUERY__SET_OPERATION__SETOP_NONE || select->n_values_lists > 0;

    if (parts && clauses_limited_by_value(select))
        block.select = select = limit_apart(binder->arena, select);
    if (select->op != PG_QUERY__SET_OPERATION__SETOP_NONE)
        return bind_set_operation(binder, select, around, ret);
    if (select->n_values_lists > 0)
        return bind_values(binder, select, around, ret);
    return block_bind(&block) && block_finish(&block, ret);
}

bool bind_select(struct binder *binder, const PgQuery__SelectStmt *select, struct around around,
                 struct query *ret)
{
    uint32_t relations_n = binder->relations.n;
    bool ok;

    if (!check_select(binder, select))
        return false;
    if (++binder->depth > DEPTH_MAX)
        return ast_refuse(&binder->ast, ast_location(select), "subqueries are nested too deeply");
    ok = bind_with(binder, select->with_clause, around.scope) &&
         bind_kind(binder, select, around, ret);
    binder->depth--;
    binder->relations.n = relations_n;
    return ok;
}
