#include "sql/bind_subquery.h"
#include "sql/block.h"

static bool add_target(struct block *block, const char *name, struct expr *expr)
{
    struct target *target = arena_alloc(block->binder->arena, sizeof(*target));

    if (block->targets.n >= COLUMNS_MAX)
        return ast_refuse(&block->binder->ast, expr->location, "more than %d columns are selected",
                          COLUMNS_MAX);
    *target = (struct target){name, expr};
    list_add(&block->targets, block->binder->arena, target);
    return true;
}

static bool is_star(const PgQuery__Node *node)
{
    return node->node_case == PG_QUERY__NODE__NODE_COLUMN_REF &&
           node->column_ref->fields[node->column_ref->n_fields - 1]->node_case ==
               PG_QUERY__NODE__NODE_A_STAR;
}

static bool bind_star_target(struct scope *scope, struct block *block,
                             const PgQuery__ColumnRef *node)
{
    struct list names = {0};

    if (!bind_star(scope, node, &names))
        return false;
    for (uint32_t i = 0; i < names.n; i++) {
        const struct name *name = names.at[i];
        struct expr *expr = arena_alloc(block->binder->arena, sizeof(*expr));

        *expr = *name->expr;
        expr->location = node->location;
        if (!add_target(block, name->column, expr))
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
        return bind_star_target(scope, block, node->val->column_ref);
    expr = bind_decided(block->binder, bind_expr(scope, node->val));
    return expr != NULL &&
           add_target(block, node->name[0] != '\0' ? node->name : bind_column_name(node->val),
                      expr);
}

static bool bind_targets(struct block *block)
{
    struct scope scope = {.binder = block->binder,
                          .from = &block->from,
                          .aggregates = &block->aggregates,
                          .windows = &block->windows,
                          .select = block->select,
                          .clause = "SELECT",
                          .join = &block->from};

    for (size_t i = 0; i < block->select->n_target_list; i++)
        if (!bind_target(&scope, block, block->select->target_list[i]->res_target))
            return false;
    if (block->targets.n == 0)
        return ast_refuse(&block->binder->ast, -1, "a SELECT without columns is not supported");
    return true;
}

static bool bind_where(struct block *block)
{
    struct scope scope = {.binder = block->binder, .from = &block->from, .clause = "WHERE"};
    struct list conditions = {0};
    struct expr *condition;

    if (block->select->where_clause == NULL)
        return true;
    scope.join = &block->from;
    scope.outer = block->outer;
    condition = bind_condition(&scope, block->select->where_clause);
    if (condition == NULL || !bind_correlation(block->binder, condition, &conditions,
                                               &block->inner_keys, &block->outer_keys))
        return false;
    for (uint32_t i = 0; i < conditions.n; i++)
        joins_condition(block->binder, block->from.group, conditions.at[i]);
    return true;
}

static bool bind_having(struct block *block)
{
    struct scope scope = {.binder = block->binder,
                          .from = &block->from,
                          .aggregates = &block->aggregates,
                          .clause = "HAVING",
                          .join = &block->from};

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
static bool bind_with_query(struct binder *binder, const PgQuery__CommonTableExpr *node)
{
    struct relation *relation = arena_zalloc(binder->arena, sizeof(*relation));
    PgQuery__Alias names;
    const char *alias = NULL;
    struct query query;

    if (!ast_only(&binder->ast, node, "ctename aliascolnames ctematerialized ctequery"))
        return false;
    if (node->ctequery->node_case != PG_QUERY__NODE__NODE_SELECT_STMT)
        return ast_refuse(&binder->ast, node->location, "only SELECT is supported in WITH");
    if (!bind_select(binder, node->ctequery->select_stmt, &query))
        return false;
    *relation = (struct relation){.name = node->ctename,
                                  .node = query.node,
                                  .columns = query.columns,
                                  .columns_n = query.columns_n,
                                  .source = -1,
                                  .view = -1};
    pg_query__alias__init(&names);
    names.aliasname = node->ctename;
    names.n_colnames = node->n_aliascolnames;
    names.colnames = node->aliascolnames;
    if (!bind_from_aliases(binder, &names, relation, &alias))
        return false;
    list_add(&binder->relations, binder->arena, relation);
    return true;
}

static bool bind_with(struct binder *binder, const PgQuery__WithClause *with)
{
    if (with == NULL)
        return true;
    if (!ast_only(&binder->ast, with, "ctes"))
        return false;
    for (size_t i = 0; i < with->n_ctes; i++)
        if (!bind_with_query(binder, with->ctes[i]->common_table_expr))
            return false;
    return true;
}

static bool check_select(struct binder *binder, const PgQuery__SelectStmt *select)
{
    if (select->op != PG_QUERY__SET_OPERATION__SETOP_NONE)
        return ast_refuse(&binder->ast, ast_location(select),
                          "UNION, INTERSECT and EXCEPT are not supported yet; write one view for "
                          "each part");
    if (!ast_only(
            &binder->ast, select,
            "distinct_clause target_list from_clause where_clause group_clause group_distinct "
            "having_clause "
            "window_clause sort_clause limit_offset limit_count limit_option with_clause op"))
        return false;
    if (select->n_from_clause == 0)
        return ast_refuse(&binder->ast, ast_location(select),
                          "a SELECT without FROM is not supported: a view reads sources or views");
    return true;
}

/* The value of an expression over aggregates where there is no row; NULL: refused. */
static struct expr *absent_value(struct block *block, const struct expr *expr)
{
    struct arena *arena = block->binder->arena;
    struct expr *copy = arena_alloc(arena, sizeof(*copy));

    *copy = *expr;
    if (expr->kind == EXPR_COLUMN && expr->column >= AGGREGATE_COLUMN) {
        const struct aggregate_call *call = block->aggregates.at[expr->column - AGGREGATE_COLUMN];

        copy = exprs_null(arena, expr->type, expr->location);
        if (call->aggregate != NULL && (strcmp(call->aggregate->name, "count") == 0 ||
                                        strcmp(call->aggregate->name, "regr_count") == 0))
            copy->constant = (struct value){0};
        return copy;
    }
    if (expr->kind == EXPR_COLUMN) {
        ast_refuse(&block->binder->ast, expr->location,
                   "a column of FROM beside aggregates is not supported in a subquery");
        return NULL;
    }
    copy->args = arena_alloc(arena, (expr->args_n + 1U) * sizeof(struct expr *));
    for (uint16_t i = 0; i < expr->args_n; i++)
        if ((copy->args[i] = absent_value(block, expr->args[i])) == NULL)
            return NULL;
    return copy;
}

static bool check_correlated(const struct block *block)
{
    const struct expr *key = block->inner_keys.at[0];

    if (block->limited || block->windows.n > 0 || block->sets.n > 0 || block->distinct_on ||
        block->having != NULL)
        return ast_refuse(&block->binder->ast, key->location,
                          "LIMIT, DISTINCT ON, HAVING, grouping sets and windows are not supported "
                          "in a subquery that names columns of the query around it");
    return true;
}

/* The keys of the correlation become columns behind the others, and groups where there are any. */
static bool add_correlation(struct block *block)
{
    bool grouped = block->select->n_group_clause > 0 || block->aggregates.n > 0;

    if (block->inner_keys.n == 0)
        return true;
    if (!check_correlated(block))
        return false;
    if (block->aggregates.n > 0 && block->select->n_group_clause == 0) {
        block->absent = absent_value(block, ((struct target *)block->targets.at[0])->expr);
        if (block->absent == NULL)
            return false;
    }
    for (uint32_t i = 0; i < block->inner_keys.n; i++) {
        struct expr *key = block->inner_keys.at[i];

        if (!bind_comparable(block->binder, key, "the condition") ||
            !add_target(block, arena_printf(block->binder->arena, "__key%u", i + 1), key))
            return false;
        if (grouped) {
            list_add(&block->groups, block->binder->arena, key);
            block->written_n++;
        }
    }
    return true;
}

static bool bind_block(struct block *block)
{
    const PgQuery__SelectStmt *select = block->select;

    if (!bind_from(block->binder, select->from_clause, select->n_from_clause, &block->from) ||
        !bind_targets(block) || !bind_where(block) || !clauses_group(block) ||
        !bind_having(block) || !bind_distinct_clause(block) || !clauses_order(block) ||
        !clauses_limit(block) || !clauses_distinct_on(block) || !add_correlation(block))
        return false;
    block->grouped = block->select->n_group_clause > 0 || block->aggregates.n > 0 ||
                     block->select->having_clause != NULL;
    return !block->grouped || grouping_rewrite(block);
}

static bool bind_whole(struct block *block, struct query *ret)
{
    struct binder *binder = block->binder;
    const PgQuery__SelectStmt *select = block->select;
    uint32_t relations_n = binder->relations.n;
    bool ok;

    if (!check_select(binder, select))
        return false;
    if (++binder->depth > DEPTH_MAX)
        return ast_refuse(&binder->ast, ast_location(select), "subqueries are nested too deeply");
    ok = bind_with(binder, select->with_clause) && bind_block(block) && select_plan(block, ret);
    binder->depth--;
    binder->relations.n = relations_n;
    return ok;
}

bool bind_select(struct binder *binder, const PgQuery__SelectStmt *select, struct query *ret)
{
    struct block block = {.binder = binder, .select = select};

    return bind_whole(&block, ret);
}

bool bind_inner_select(const struct scope *outer, const PgQuery__SelectStmt *select,
                       struct inner_query *ret)
{
    struct block block = {.binder = outer->binder, .select = select, .outer = outer};

    if (!bind_whole(&block, &ret->query))
        return false;
    ret->outer_keys = block.outer_keys;
    ret->absent = block.absent;
    return true;
}
