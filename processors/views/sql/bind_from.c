#include "sql/bind.h"

/* A FROM item in the making: its group, and the names it shows. */
struct item {
    struct group *group;
    struct list visible;
    uint32_t tables_from; /* its tables are those from here on */
    int location;
};

static bool bind_item(struct binder *binder, struct from *from, const PgQuery__Node *node,
                      struct item *ret);

bool bind_from_aliases(struct binder *binder, const PgQuery__Alias *alias,
                       struct relation *relation, const char **ret_alias)
{
    if (alias == NULL)
        return true;
    *ret_alias = alias->aliasname;
    if (alias->n_colnames > relation->columns_n)
        return ast_refuse(&binder->ast, -1, "table \"%s\" has %u columns, but %zu names are given",
                          alias->aliasname, relation->columns_n, alias->n_colnames);
    if (alias->n_colnames > 0) {
        const char **names =
            arena_alloc(binder->arena, relation->columns_n * sizeof(*relation->columns));

        memcpy(names, relation->columns, relation->columns_n * sizeof(*names));
        for (size_t i = 0; i < alias->n_colnames; i++)
            names[i] = ast_string(alias->colnames[i]);
        relation->columns = names;
    }
    return true;
}

static bool check_alias(struct binder *binder, const struct from *from, const char *alias,
                        const char *schema, int location)
{
    for (uint32_t i = 0; i < from->tables.n; i++) {
        const struct table *table = from->tables.at[i];

        if (strcmp(table->alias, alias) == 0 &&
            (schema == NULL || table->schema == NULL || strcmp(schema, table->schema) == 0))
            return ast_refuse(&binder->ast, location,
                              "table name \"%s\" is used twice in FROM; give an alias", alias);
    }
    return true;
}

/* Lays the relation's columns behind those of the block's row. */
static bool add_table(struct binder *binder, struct from *from, const struct relation *relation,
                      const char *alias, const char *schema, struct item *item)
{
    const struct schema *shape = &nodes_at(&binder->nodes, relation->node)->schema;
    struct table *table = arena_zalloc(binder->arena, sizeof(*table));

    if (!check_alias(binder, from, alias, schema, item->location))
        return false;
    if (from->columns_n + shape->columns_n > COLUMNS_MAX)
        return ast_refuse(&binder->ast, item->location, "FROM joins more than %d columns",
                          COLUMNS_MAX);
    *table = (struct table){.alias = alias,
                            .schema = schema,
                            .relation = relation,
                            .first = from->columns_n,
                            .n = shape->columns_n};
    table->names = arena_alloc(binder->arena, (table->n + 1U) * sizeof(struct name));
    for (uint16_t i = 0; i < table->n; i++) {
        uint16_t column = (uint16_t)(table->first + i);

        from->columns[column] = shape->columns[i];
        from->columns[column].name = relation->columns[i];
        table->names[i] = (struct name){
            relation->columns[i],
            exprs_column(binder->arena, column, shape->columns[i].type, item->location)};
        list_add(&item->visible, binder->arena, &table->names[i]);
    }
    from->columns_n = (uint16_t)(from->columns_n + table->n);
    list_add(&from->tables, binder->arena, table);
    item->group = joins_leaf(binder, relation->node, table->first, table->n, item->location);
    return true;
}

static bool bind_named(struct binder *binder, struct from *from, const PgQuery__RangeVar *name,
                       struct item *item)
{
    const struct relation *found = bind_relation(binder, name);
    struct relation *relation = arena_alloc(binder->arena, sizeof(*relation));
    const char *alias = name->relname;

    item->location = name->location;
    if (found == NULL)
        return false;
    *relation = *found;
    if (!bind_from_aliases(binder, name->alias, relation, &alias))
        return false;
    return add_table(binder, from, relation, alias, name->alias == NULL ? found->schema : NULL,
                     item);
}

static bool bind_subselect(struct binder *binder, struct from *from,
                           const PgQuery__RangeSubselect *node, struct item *item)
{
    struct relation *relation = arena_zalloc(binder->arena, sizeof(*relation));
    const char *alias = NULL;
    struct query query;

    item->location = ast_location(node->subquery);
    if (!ast_only(&binder->ast, node, "subquery alias"))
        return false;
    if (node->alias == NULL)
        return ast_refuse(&binder->ast, item->location,
                          "a subquery in FROM needs an alias: (SELECT ...) AS name");
    if (!bind_select(binder, node->subquery->select_stmt, &query))
        return false;
    *relation = (struct relation){.name = node->alias->aliasname,
                                  .node = query.node,
                                  .columns = query.columns,
                                  .columns_n = query.columns_n,
                                  .source = -1,
                                  .view = -1};
    return bind_from_aliases(binder, node->alias, relation, &alias) &&
           add_table(binder, from, relation, alias, NULL, item);
}

/* The one visible name of an item; false after a refusal. */
static bool find_visible(struct binder *binder, const struct item *item, const char *column,
                         int location, uint32_t *ret)
{
    bool found = false;

    for (uint32_t i = 0; i < item->visible.n; i++) {
        if (strcmp(((const struct name *)item->visible.at[i])->column, column) != 0)
            continue;
        if (found)
            return ast_refuse(&binder->ast, location, "column \"%s\" of USING is ambiguous",
                              column);
        found = true;
        *ret = i;
    }
    if (!found)
        return ast_refuse(&binder->ast, location,
                          "column \"%s\" of USING is missing on one side of the join", column);
    return true;
}

/* Either of the two, of a FULL join: the one that is not NULL. */
static struct expr *either(struct binder *binder, struct expr *const *pair, struct type type,
                           int location)
{
    struct expr *expr = exprs_new(binder->arena, EXPR_COALESCE, type.id, 2, location);

    expr->type = type;
    expr->args[0] = pair[0];
    expr->args[1] = pair[1];
    return expr;
}

/* One USING column: its condition; and the column it becomes, the right one for a RIGHT join, else
 * the left one, but in an inner join the one that needs no cast. */
static struct name *merge_column(struct binder *binder, const PgQuery__JoinExpr *node,
                                 const struct name *left, const struct name *right,
                                 struct list *conditions)
{
    int location = ast_location(node->rarg);
    struct expr *args[] = {left->expr, right->expr};
    struct expr *pair[] = {left->expr, right->expr};
    struct name *name = arena_alloc(binder->arena, sizeof(*name));
    struct expr *equality = bind_call(binder, FUNCTION_OPERATOR, "=", args, 2, location);
    bool take_right = node->jointype == PG_QUERY__JOIN_TYPE__JOIN_RIGHT;
    struct type type;

    if (equality == NULL || !bind_common(binder, pair, 2, "USING", &type))
        return NULL;
    list_add(conditions, binder->arena, equality);
    if (node->jointype == PG_QUERY__JOIN_TYPE__JOIN_INNER)
        take_right = left->expr != pair[0] && right->expr == pair[1];
    name->column = left->column;
    name->expr = node->jointype == PG_QUERY__JOIN_TYPE__JOIN_FULL
                     ? either(binder, pair, type, location)
                     : pair[take_right];
    return name;
}

static void add_unmerged(struct binder *binder, const struct list *visible, const bool *used,
                         struct list *out)
{
    for (uint32_t i = 0; i < visible->n; i++)
        if (!used[i])
            list_add(out, binder->arena, visible->at[i]);
}

static bool has_name(const struct item *item, const char *column)
{
    for (uint32_t i = 0; i < item->visible.n; i++)
        if (strcmp(((const struct name *)item->visible.at[i])->column, column) == 0)
            return true;
    return false;
}

/* The columns of USING; of NATURAL those that both sides have, in the left's order. */
static struct list using_columns(struct binder *binder, const PgQuery__JoinExpr *node,
                                 const struct item *left, const struct item *right)
{
    struct list columns = {0};

    for (size_t i = 0; i < node->n_using_clause; i++)
        list_add(&columns, binder->arena, ast_string(node->using_clause[i]));
    for (uint32_t i = 0; i < left->visible.n && node->is_natural; i++) {
        const struct name *name = left->visible.at[i];

        if (has_name(right, name->column))
            list_add(&columns, binder->arena, name->column);
    }
    return columns;
}

/* USING (a, b): merged columns first, then the left's others, then the right's. */
static bool bind_using(struct binder *binder, const PgQuery__JoinExpr *node, struct item *left,
                       struct item *right, struct list *conditions, struct list *visible)
{
    bool *left_used = arena_zalloc(binder->arena, left->visible.n + 1);
    bool *right_used = arena_zalloc(binder->arena, right->visible.n + 1);
    struct list columns = using_columns(binder, node, left, right);

    for (uint32_t i = 0; i < columns.n; i++) {
        const char *column = columns.at[i];
        struct name *merged;
        uint32_t l = 0, r = 0;

        if (!find_visible(binder, left, column, right->location, &l) ||
            !find_visible(binder, right, column, right->location, &r))
            return false;
        assert(left->visible.at != NULL && right->visible.at != NULL);
        left_used[l] = right_used[r] = true;
        merged = merge_column(binder, node, left->visible.at[l], right->visible.at[r], conditions);
        if (merged == NULL)
            return false;
        list_add(visible, binder->arena, merged);
    }
    add_unmerged(binder, &left->visible, left_used, visible);
    add_unmerged(binder, &right->visible, right_used, visible);
    return true;
}

/* ON sees the tables of this join alone. */
static bool bind_on(struct binder *binder, const struct from *from, const struct item *item,
                    const PgQuery__Node *quals, struct list *conditions)
{
    struct from part = {.visible = item->visible, .columns = from->columns};
    struct scope scope = {.binder = binder, .from = &part, .clause = "JOIN ... ON"};
    struct expr *condition;

    part.columns_n = from->columns_n;
    for (uint32_t i = item->tables_from; i < from->tables.n; i++)
        list_add(&part.tables, binder->arena, from->tables.at[i]);
    condition = bind_condition(&scope, quals);
    if (condition != NULL)
        exprs_conjuncts(conditions, binder->arena, condition);
    return condition != NULL;
}

/* Two items as one group. */
static struct group *join_groups(struct binder *binder, PgQuery__JoinType kind, struct group *left,
                                 struct group *right, struct list conditions, int location)
{
    switch (kind) {
    case PG_QUERY__JOIN_TYPE__JOIN_RIGHT:
        return joins_outer(binder, PLAN_JOIN_LEFT, right, left, conditions, location);
    case PG_QUERY__JOIN_TYPE__JOIN_LEFT:
        return joins_outer(binder, PLAN_JOIN_LEFT, left, right, conditions, location);
    case PG_QUERY__JOIN_TYPE__JOIN_FULL:
        return joins_outer(binder, PLAN_JOIN_FULL, left, right, conditions, location);
    default:
        left = joins_inner(binder, left, right);
        for (uint32_t i = 0; i < conditions.n; i++)
            joins_condition(binder, left, conditions.at[i]);
        return left;
    }
}

static bool bind_join(struct binder *binder, struct from *from, const PgQuery__JoinExpr *node,
                      struct item *ret)
{
    struct item left = {0}, right = {0};
    struct list conditions = {0}, visible = {0};

    if (!ast_only(&binder->ast, node, "jointype is_natural larg rarg using_clause quals rtindex") ||
        !bind_item(binder, from, node->larg, &left) || !bind_item(binder, from, node->rarg, &right))
        return false;
    ret->location = left.location;
    if (!bind_using(binder, node, &left, &right, &conditions, &visible))
        return false;
    ret->visible = visible;
    if (node->quals != NULL && !bind_on(binder, from, ret, node->quals, &conditions))
        return false;
    ret->group = join_groups(binder, node->jointype, left.group, right.group, conditions,
                             ast_location(node->rarg));
    return true;
}

static bool bind_item(struct binder *binder, struct from *from, const PgQuery__Node *node,
                      struct item *ret)
{
    bool ok;

    ret->tables_from = from->tables.n;
    if (++binder->depth > DEPTH_MAX)
        return ast_refuse(&binder->ast, ast_location(node), "FROM is nested too deeply");
    switch (node->node_case) {
    case PG_QUERY__NODE__NODE_RANGE_VAR:
        ok = bind_named(binder, from, node->range_var, ret);
        break;
    case PG_QUERY__NODE__NODE_RANGE_SUBSELECT:
        ok = bind_subselect(binder, from, node->range_subselect, ret);
        break;
    case PG_QUERY__NODE__NODE_JOIN_EXPR:
        ok = bind_join(binder, from, node->join_expr, ret);
        break;
    default:
        ok = ast_refuse(&binder->ast, ast_location(node),
                        "%s in FROM is not supported; name a source, a view or a subquery",
                        ast_kind(node));
        break;
    }
    binder->depth--;
    return ok;
}

bool bind_from(struct binder *binder, PgQuery__Node *const *items, size_t items_n, struct from *ret)
{
    *ret =
        (struct from){.columns = arena_zalloc(binder->arena, COLUMNS_MAX * sizeof(struct column))};
    for (size_t i = 0; i < items_n; i++) {
        struct item item = {0};

        if (!bind_item(binder, ret, items[i], &item))
            return false;
        for (uint32_t j = 0; j < item.visible.n; j++)
            list_add(&ret->visible, binder->arena, item.visible.at[j]);
        ret->group = ret->group == NULL ? item.group : joins_inner(binder, ret->group, item.group);
    }
    return true;
}
