#include "sql/from.h"
#include "sql/join_group.h"
#include "sql/nested.h"

static bool bind_item(struct binder *binder, struct from *from, PgQuery__Node *node,
                      const struct sight *sight, struct item *ret);

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
    for (uint32_t i = from->aliases_from; i < from->tables.n; i++) {
        const struct table *table = from->tables.at[i];

        if (strcmp(table->alias, alias) == 0 &&
            (schema == NULL || table->schema == NULL || strcmp(schema, table->schema) == 0))
            return ast_refuse(&binder->ast, location,
                              "table name \"%s\" is used twice in FROM; give an alias", alias);
    }
    return true;
}

/* Lays the node's columns behind those of the block's row; the first `n` get the relation's names.
 */
bool from_add_table(struct binder *binder, struct from *from, const struct relation *relation,
                    struct named named, struct item *item)
{
    const struct schema *shape = &nodes_at(&binder->nodes, relation->node)->schema;
    struct table *table = arena_zalloc(binder->arena, sizeof(*table));

    if (!check_alias(binder, from, named.alias, named.schema, item->location))
        return false;
    if (from->columns_n + shape->columns_n > COLUMNS_MAX)
        return ast_refuse(&binder->ast, item->location, "FROM joins more than %d columns",
                          COLUMNS_MAX);
    *table = (struct table){.alias = named.alias,
                            .schema = named.schema,
                            .relation = relation,
                            .first = from->columns_n,
                            .n = relation->columns_n};
    table->names = arena_alloc(binder->arena, (table->n + 1U) * sizeof(struct name));
    for (uint16_t i = 0; i < shape->columns_n; i++) {
        uint16_t column = (uint16_t)(table->first + i);

        from->columns[column] = shape->columns[i];
        if (i >= table->n)
            continue;
        from->columns[column].name = relation->columns[i];
        table->names[i] = (struct name){
            relation->columns[i],
            exprs_column(binder->arena, column, shape->columns[i].type, item->location)};
        list_add(&item->visible, binder->arena, &table->names[i]);
    }
    from->columns_n = (uint16_t)(from->columns_n + shape->columns_n);
    list_add(&from->tables, binder->arena, table);
    item->group =
        joins_leaf(binder, relation->node, table->first, shape->columns_n, item->location);
    return true;
}

bool from_add_correlations(struct binder *binder, const struct from *from,
                           const struct list *correlations, uint16_t first, struct item *item)
{
    for (uint32_t i = 0; i < correlations->n; i++) {
        const struct correlation *correlation = correlations->at[i];
        uint16_t column = (uint16_t)(first + correlation->column);
        struct expr *equal = subquery_equality(
            binder, correlation,
            exprs_column(binder->arena, column, from->columns[column].type, item->location));

        if (equal == NULL)
            return false;
        list_add(&item->on, binder->arena, equal);
    }
    return true;
}

/* An expression over a block around as a value over this one's row; NULL: refused. */
static struct expr *brought_in(struct binder *binder, struct from *from, const struct from *home,
                               struct expr *expr)
{
    struct from *around = from->outer->from->block;

    if (around != home)
        expr = brought_in(binder, around, home, expr);
    return expr == NULL ? NULL : outer_value(binder, from, expr, expr->location);
}

/* What a query of WITH must equal of the block in which the WITH stands. */
static bool correlate_named(struct binder *binder, struct from *from,
                            const struct relation *relation, uint16_t first, struct item *item)
{
    struct list correlations = {0};

    for (uint32_t i = 0; i < relation->correlations.n; i++) {
        struct correlation *copy = arena_alloc(binder->arena, sizeof(*copy));

        *copy = *(const struct correlation *)relation->correlations.at[i];
        copy->outer = brought_in(binder, from->block, relation->home, copy->outer);
        if (copy->outer == NULL)
            return false;
        list_add(&correlations, binder->arena, copy);
    }
    return from_add_correlations(binder, from, &correlations, first, item);
}

static bool bind_named(struct binder *binder, struct from *from, const PgQuery__RangeVar *name,
                       struct item *item)
{
    const struct relation *found = bind_relation(binder, name);
    struct relation *relation = arena_alloc(binder->arena, sizeof(*relation));
    const char *alias = name->relname;
    uint16_t first = from->columns_n;

    item->location = name->location;
    if (found == NULL)
        return false;
    *relation = *found;
    if (!bind_from_aliases(binder, name->alias, relation, &alias))
        return false;
    return from_add_table(binder, from, relation,
                          (struct named){alias, name->alias == NULL ? found->schema : NULL},
                          item) &&
           correlate_named(binder, from, relation, first, item);
}

struct from from_part(const struct from *from, const struct sight *sight)
{
    struct from part = {.columns = from->columns,
                        .columns_n = from->columns_n,
                        .outer = from->outer,
                        .block = from->block};

    if (sight != NULL) {
        part.tables = from->tables;
        part.visible = sight->visible;
    }
    return part;
}

static bool bind_subselect(struct binder *binder, struct from *from,
                           const PgQuery__RangeSubselect *node, const struct sight *sight,
                           struct item *item)
{
    struct relation *relation = arena_zalloc(binder->arena, sizeof(*relation));
    struct from part = from_part(from, node->lateral ? sight : NULL);
    struct site site = node->lateral ? sight->site : (struct site){.groups_n = 0};
    struct scope scope = {.binder = binder, .from = &part, .clause = "FROM", .site = &site};
    const char *alias = NULL;
    uint16_t first;
    struct query query;

    item->location = ast_location(node->subquery);
    if (!ast_only(&binder->ast, node, "lateral subquery alias"))
        return false;
    if (node->alias == NULL)
        return ast_refuse(&binder->ast, item->location,
                          "a subquery in FROM needs an alias: (SELECT ...) AS name");
    if (!bind_select(binder, node->subquery->select_stmt, (struct around){.scope = &scope}, &query))
        return false;
    *relation = (struct relation){.name = node->alias->aliasname,
                                  .node = query.node,
                                  .columns = query.columns,
                                  .columns_n = query.columns_n,
                                  .source = -1,
                                  .view = -1};
    first = from->columns_n;
    return bind_from_aliases(binder, node->alias, relation, &alias) &&
           from_add_table(binder, from, relation, (struct named){alias, NULL}, item) &&
           from_add_correlations(binder, from, &query.correlations, first, item);
}

/* ON sees the tables of this join alone; its conjuncts come to those that the site has. */
static bool bind_on(struct binder *binder, const struct from *from, const PgQuery__Node *quals,
                    const struct join *join, const struct site *site)
{
    struct from part = from_part(from, NULL);
    struct scope scope = {.binder = binder, .from = &part, .clause = "JOIN ... ON", .site = site};
    struct list parts = bind_parts(binder, quals);

    part.visible = join->visible;
    for (uint32_t i = join->left.tables_from; i < from->tables.n; i++)
        list_add(&part.tables, binder->arena, from->tables.at[i]);
    for (uint32_t i = 0; i < parts.n; i++) {
        struct expr *condition = bind_condition(&scope, parts.at[i]);

        if (condition == NULL)
            return false;
        exprs_conjuncts(site->on, binder->arena, condition);
    }
    return true;
}

/* Before an outer join its two sides are apart. */
static bool bind_on_outer(struct binder *binder, struct from *from, const PgQuery__JoinExpr *node,
                          struct join *join)
{
    bool is_full = node->jointype == PG_QUERY__JOIN_TYPE__JOIN_FULL;
    struct full full = {0};
    struct site site = {.groups = {&join->left.group, &join->right.group},
                        .groups_n = 2,
                        .on = &join->conditions,
                        .optional = node->jointype == PG_QUERY__JOIN_TYPE__JOIN_RIGHT
                                        ? &join->left.group
                                        : &join->right.group,
                        .full = is_full ? &full : NULL};
    struct sides sides;

    if (!bind_on(binder, from, node->quals, join, &site))
        return false;
    sides = (struct sides){join->left.group, join->right.group, &join->conditions};
    if (is_full && !subquery_full(binder, from, &full, &sides, join->right.location))
        return false;
    join->left.group = sides.left;
    join->right.group = sides.right;
    return true;
}

/* An inner join's are one group, and its ON is as WHERE. */
static bool bind_on_inner(struct binder *binder, const struct from *from,
                          const PgQuery__JoinExpr *node, const struct join *join,
                          struct group **group)
{
    struct list on = {0};
    struct site site = {.groups = {group}, .groups_n = 1, .on = &on};

    if (!bind_on(binder, from, node->quals, join, &site))
        return false;
    for (uint32_t i = 0; i < on.n; i++)
        joins_condition(binder, *group, on.at[i]);
    return true;
}

/* Rows of the tables from..to may be none behind the join. */
static void set_optional(const struct from *from, uint32_t at, uint32_t to)
{
    for (; at < to; at++)
        ((struct table *)from->tables.at[at])->optional = true;
}

static void set_outer(const struct from *from, PgQuery__JoinType kind, const struct join *join)
{
    bool full = kind == PG_QUERY__JOIN_TYPE__JOIN_FULL;

    if (full || kind == PG_QUERY__JOIN_TYPE__JOIN_RIGHT)
        set_optional(from, join->left.tables_from, join->right.tables_from);
    if (full || kind == PG_QUERY__JOIN_TYPE__JOIN_LEFT)
        set_optional(from, join->right.tables_from, from->tables.n);
}

/* Two items as one group. */
static struct group *join_groups(struct binder *binder, PgQuery__JoinType kind,
                                 const struct join *join)
{
    struct group *left = join->left.group;
    struct group *right = join->expanded ? joins_nothing(binder) : join->right.group;
    int location = join->right.location;

    switch (join->expanded ? PG_QUERY__JOIN_TYPE__JOIN_INNER : kind) {
    case PG_QUERY__JOIN_TYPE__JOIN_RIGHT:
        return joins_outer(binder, PLAN_JOIN_LEFT, right, left, join->conditions, location);
    case PG_QUERY__JOIN_TYPE__JOIN_LEFT:
        return joins_outer(binder, PLAN_JOIN_LEFT, left, right, join->conditions, location);
    case PG_QUERY__JOIN_TYPE__JOIN_FULL:
        return joins_outer(binder, PLAN_JOIN_FULL, left, right, join->conditions, location);
    default:
        left = joins_inner(binder, left, right);
        for (uint32_t i = 0; i < join->conditions.n; i++)
            joins_condition(binder, left, join->conditions.at[i]);
        return left;
    }
}

/* Functions over the left side: beside each of its rows where ON allows, else a table of the
 * answers for all that it may ask. */
static bool join_functions(struct binder *binder, struct from *from, const PgQuery__JoinExpr *node,
                           const struct sight *sight, struct join *join)
{
    bool always = node->quals == NULL && join->conditions.n == 0;
    bool left_join = node->jointype == PG_QUERY__JOIN_TYPE__JOIN_LEFT;

    if (node->quals != NULL && node->quals->node_case == PG_QUERY__NODE__NODE_A_CONST)
        always = node->quals->a_const->val_case == PG_QUERY__A__CONST__VAL_BOOLVAL &&
                 node->quals->a_const->boolval->boolval;
    if (expansion_is_over(join->right.expansion, join->left.group) && (always || !left_join)) {
        join->left.group = joins_expand(binder, join->left.group, join->right.expansion, left_join);
        join->expanded = true;
        return true;
    }
    return from_expand_apart(binder, from, sight, &join->right);
}

static bool refuse_lateral(struct binder *binder, const struct item *item)
{
    return ast_refuse(&binder->ast, item->location,
                      "LATERAL needs an INNER or LEFT join to what it names");
}

static struct column_set read_beside(const struct item *item)
{
    struct column_set columns = {0};

    for (uint32_t i = 0; i < item->on.n; i++)
        exprs_columns(item->on.at[i], &columns);
    return columns;
}

/* What a side of a FULL JOIN must equal of the query around alone holds before the join. */
static bool settle_side(struct binder *binder, const struct from *from, struct item *item)
{
    struct column_set params = outer_columns(from), columns = read_beside(item);

    column_set_leave(&columns, &params);
    if (item->expansion != NULL || !joins_covers(item->group, &columns))
        return refuse_lateral(binder, item);
    for (uint32_t i = 0; i < item->on.n; i++)
        joins_condition(binder, item->group, item->on.at[i]);
    item->on = (struct list){0};
    return true;
}

/* The right side of a RIGHT JOIN may name what is beside the whole join: its rows must equal that
 * above it, those of the left side where they are joined. */
static bool turn_sides(struct binder *binder, struct from *from, const struct sight *sight,
                       struct join *join)
{
    struct column_set columns;
    struct list on;

    if (join->right.expansion != NULL && !from_expand_apart(binder, from, sight, &join->right))
        return false;
    columns = read_beside(&join->right);
    if (joins_meets(join->left.group, &columns))
        return refuse_lateral(binder, &join->right);
    on = join->right.on;
    join->right.on = join->left.on;
    join->left.on = on;
    return true;
}

/* What the sides of a join may name, by its kind. */
static bool check_sides(struct binder *binder, struct from *from, const PgQuery__JoinExpr *node,
                        const struct sight *sight, struct join *join)
{
    switch (node->jointype) {
    case PG_QUERY__JOIN_TYPE__JOIN_RIGHT:
        return turn_sides(binder, from, sight, join);
    case PG_QUERY__JOIN_TYPE__JOIN_FULL:
        return settle_side(binder, from, &join->left) && settle_side(binder, from, &join->right);
    default:
        return true;
    }
}

/* The right side sees what the join sees, and the left side. */
static bool bind_sides(struct binder *binder, struct from *from, const PgQuery__JoinExpr *node,
                       const struct sight *sight, struct join *join)
{
    struct sight right = *sight;

    if (!bind_item(binder, from, node->larg, sight, &join->left) ||
        (join->left.expansion != NULL && !from_expand_apart(binder, from, sight, &join->left)))
        return false;
    for (uint32_t i = 0; i < join->left.visible.n; i++)
        list_add(&right.visible, binder->arena, join->left.visible.at[i]);
    if (right.site.groups_n == SITE_GROUPS_MAX)
        return ast_refuse(&binder->ast, join->left.location, "FROM is nested too deeply");
    right.site.groups[right.site.groups_n++] = &join->left.group;
    if (!bind_item(binder, from, node->rarg, &right, &join->right))
        return false;
    if (!check_sides(binder, from, node, sight, join) ||
        !from_using(binder, node, &join->left, &join->right, &join->conditions, &join->visible))
        return false;
    if (join->right.expansion != NULL && !join_functions(binder, from, node, &right, join))
        return false;
    for (uint32_t i = 0; i < join->right.on.n; i++)
        list_add(&join->conditions, binder->arena, join->right.on.at[i]);
    return true;
}

/* (a JOIN b ...) AS name: its tables can't be named any more, its columns are the name's. */
static bool name_join(struct binder *binder, struct from *from, const PgQuery__Alias *alias,
                      struct item *item)
{
    struct relation *relation = arena_zalloc(binder->arena, sizeof(*relation));
    struct table *table = arena_zalloc(binder->arena, sizeof(*table));
    uint16_t n = (uint16_t)item->visible.n;

    assert(alias != NULL); /* the caller has seen it */
    *relation = (struct relation){.columns = arena_alloc(binder->arena, (n + 1U) * sizeof(char *)),
                                  .columns_n = n,
                                  .source = -1,
                                  .view = -1};
    for (uint16_t i = 0; i < n; i++)
        relation->columns[i] = ((const struct name *)item->visible.at[i])->column;
    *table = (struct table){.relation = relation, .first = COLUMNS_MAX, .n = n, .joined = true};
    if (!bind_from_aliases(binder, alias, relation, &table->alias))
        return false;
    table->names = arena_alloc(binder->arena, (n + 1U) * sizeof(struct name));
    for (uint16_t i = 0; i < n; i++) {
        table->names[i] =
            (struct name){relation->columns[i], ((const struct name *)item->visible.at[i])->expr};
        item->visible.at[i] = &table->names[i];
    }
    from->tables.n = item->tables_from;
    if (!check_alias(binder, from, table->alias, NULL, item->location))
        return false;
    list_add(&from->tables, binder->arena, table);
    return true;
}

/* USING (...) AS name: a table of the merged columns. */
static bool name_using(struct binder *binder, struct from *from, const PgQuery__JoinExpr *node,
                       const struct join *join)
{
    struct relation *relation = arena_zalloc(binder->arena, sizeof(*relation));
    struct table *table = arena_zalloc(binder->arena, sizeof(*table));
    uint16_t n = (uint16_t)node->n_using_clause;

    if (node->join_using_alias == NULL)
        return true;
    *relation = (struct relation){.columns_n = n, .source = -1, .view = -1};
    *table = (struct table){.alias = node->join_using_alias->aliasname,
                            .relation = relation,
                            .first = COLUMNS_MAX,
                            .n = n,
                            .joined = true};
    table->names = arena_alloc(binder->arena, (n + 1U) * sizeof(struct name));
    relation->columns = arena_alloc(binder->arena, (n + 1U) * sizeof(char *));
    for (uint16_t i = 0; i < n; i++) {
        table->names[i] = *(const struct name *)join->visible.at[i];
        relation->columns[i] = table->names[i].column;
    }
    list_add(&from->tables, binder->arena, table);
    return true;
}

static bool bind_join(struct binder *binder, struct from *from, const PgQuery__JoinExpr *node,
                      const struct sight *sight, struct item *ret)
{
    bool inner = node->jointype == PG_QUERY__JOIN_TYPE__JOIN_INNER;
    uint32_t aliases_from = from->aliases_from;
    struct join join = {0};

    if (node->alias != NULL)
        from->aliases_from = from->tables.n;
    if (!ast_only(
            &binder->ast, node,
            "jointype is_natural larg rarg using_clause quals alias rtindex join_using_alias") ||
        !bind_sides(binder, from, node, sight, &join) ||
        (!inner && !bind_on_outer(binder, from, node, &join)))
        return false;
    set_outer(from, node->jointype, &join);
    if (!name_using(binder, from, node, &join))
        return false;
    ret->location = join.left.location;
    ret->visible = join.visible;
    ret->on = join.left.on;
    ret->group = join_groups(binder, node->jointype, &join);
    if (inner && !bind_on_inner(binder, from, node, &join, &ret->group))
        return false;
    from->aliases_from = aliases_from;
    return node->alias == NULL || name_join(binder, from, node->alias, ret);
}

static bool bind_functions(struct binder *binder, struct from *from, const PgQuery__Node *node,
                           const struct sight *sight, struct item *ret)
{
    const PgQuery__RangeFunction *functions = node->range_function;

    if (!ast_has_subquery(node))
        return from_functions(binder, from, functions, sight, ret);
    return bind_subselect(binder, from, from_function_subquery(binder, functions), sight, ret);
}

static bool bind_item(struct binder *binder, struct from *from, PgQuery__Node *node,
                      const struct sight *sight, struct item *ret)
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
        ok = bind_subselect(binder, from, node->range_subselect, sight, ret);
        break;
    case PG_QUERY__NODE__NODE_RANGE_FUNCTION:
        ok = bind_functions(binder, from, node, sight, ret);
        break;
    case PG_QUERY__NODE__NODE_JOIN_EXPR:
        ok = from_full_is_apart(from, node->join_expr)
                 ? from_full_apart(binder, from, node, sight, ret)
                 : bind_join(binder, from, node->join_expr, sight, ret);
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

static bool add_item(struct binder *binder, struct from *from, const struct sight *sight,
                     struct item *item)
{
    if (item->expansion != NULL && expansion_is_over(item->expansion, from->group)) {
        from->group = joins_expand(binder, from->group, item->expansion, false);
        item->group = joins_nothing(binder);
    } else if (item->expansion != NULL && !from_expand_apart(binder, from, sight, item)) {
        return false;
    }
    for (uint32_t j = 0; j < item->visible.n; j++)
        list_add(&from->visible, binder->arena, item->visible.at[j]);
    from->group = joins_inner(binder, from->group, item->group);
    for (uint32_t j = 0; j < item->on.n; j++)
        joins_condition(binder, from->group, item->on.at[j]);
    return true;
}

bool bind_from(struct binder *binder, PgQuery__Node *const *items, size_t items_n,
               const struct scope *outer, struct from *ret)
{
    *ret =
        (struct from){.columns = arena_zalloc(binder->arena, COLUMNS_MAX * sizeof(struct column)),
                      .group = joins_nothing(binder),
                      .outer = outer,
                      .block = ret};
    for (size_t i = 0; i < items_n; i++) {
        struct sight sight = {.visible = ret->visible,
                              .site = {.groups = {&ret->group}, .groups_n = 1}};
        struct item item = {0};

        if (!bind_item(binder, ret, items[i], &sight, &item) ||
            !add_item(binder, ret, &sight, &item))
            return false;
    }
    return true;
}
