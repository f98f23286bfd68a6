/*
 * The domain of a subquery: every value, once, that the columns it names of the query around may
 * have. Joined into the subquery it makes them columns of its rows. It may hold more values than
 * the query around has, so only the tables that are named are joined for it, by the conditions over
 * them alone.
 */
#include "sql/joins.h"
#include "sql/subquery.h"

static struct list copied_list(struct binder *binder, const struct list *list)
{
    struct list copy = {0};

    for (uint32_t i = 0; i < list->n; i++)
        list_add(&copy, binder->arena, list->at[i]);
    return copy;
}

static struct member *copied_member(struct binder *binder, const struct member *member)
{
    struct member *copy = arena_alloc(binder->arena, sizeof(*copy));

    *copy = *member;
    copy->on = copied_list(binder, &member->on);
    copy->filters = copied_list(binder, &member->filters);
    if (member->left != NULL)
        copy->left = joins_copy(binder, member->left);
    if (member->right != NULL)
        copy->right = joins_copy(binder, member->right);
    return copy;
}

struct group *joins_copy(struct binder *binder, const struct group *group)
{
    struct group *copy = joins_nothing(binder);

    copy->columns = group->columns;
    copy->conditions = copied_list(binder, &group->conditions);
    copy->tops = copied_list(binder, &group->tops);
    for (uint32_t i = 0; i < group->members.n; i++)
        list_add(&copy->members, binder->arena, copied_member(binder, group->members.at[i]));
    return copy;
}

static bool reads(const struct list *exprs, const struct column_set *set)
{
    for (uint32_t i = 0; i < exprs->n; i++) {
        struct column_set columns = joins_columns_of(exprs->at[i]);

        if (column_set_meets(&columns, set))
            return true;
    }
    return false;
}

static bool member_reads(const struct member *member, const struct column_set *set)
{
    if (reads(&member->on, set) || reads(&member->filters, set))
        return true;
    for (uint16_t i = 0; i < member->rows_n; i++)
        for (uint16_t k = 0; k < member->rows[i].args_n; k++) {
            struct column_set columns = joins_columns_of(member->rows[i].args[k]);

            if (column_set_meets(&columns, set))
                return true;
        }
    return (member->left != NULL && joins_read(member->left, set, true)) ||
           (member->right != NULL && joins_read(member->right, set, true));
}

bool joins_read(const struct group *group, const struct column_set *set, bool conditions)
{
    if (conditions && reads(&group->conditions, set))
        return true;
    for (uint32_t i = 0; i < group->members.n; i++)
        if (member_reads(group->members.at[i], set))
            return true;
    return false;
}

bool domain_place(struct binder *binder, const struct from *from, struct group *group,
                  struct group *domain)
{
    struct column_set params = outer_columns(from);
    struct member *reader = NULL;

    for (uint32_t i = 0; i < group->members.n; i++) {
        struct member *member = group->members.at[i];

        if (!member_reads(member, &params))
            continue;
        if (reader != NULL || member->kind == MEMBER_TABLE || member->join == PLAN_JOIN_FULL ||
            (member->right != NULL && joins_read(member->right, &params, true)))
            return ast_refuse(&binder->ast, member->location,
                              "a column of the query around can't be read in this part of FROM; "
                              "write the condition in WHERE");
        reader = member;
    }
    if (reader == NULL) {
        (void)joins_inner(binder, group, domain);
        return true;
    }
    column_set_join(&group->columns, &domain->columns);
    column_set_join(&reader->columns, &domain->columns);
    return domain_place(binder, from, reader->left, domain);
}

void domain_add_forms(struct binder *binder, struct list *exprs)
{
    uint32_t n = exprs->n;

    for (uint32_t i = 0; i < n; i++) {
        struct expr *expr = exprs->at[i];

        if (!exprs_type_is_exact(expr->type.id))
            list_add(
                exprs, binder->arena,
                exprs_call(binder->arena, function_named("exact form"), &expr, 1, expr->location));
    }
}

/* The params of the scope's own block, as a table. */
static bool params_table(const struct scope *scope, int location, struct group **ret)
{
    const struct from *block = scope->from->block;
    struct list exprs = {0};
    uint16_t *at = arena_alloc(scope->binder->arena, (block->params.n + 1) * sizeof(*at));
    uint32_t node = 0;

    for (uint32_t i = 0; i < block->params.n; i++) {
        const struct param *param = block->params.at[i];

        list_add(&exprs, scope->binder->arena, param->outer);
        at[i] = param->column;
    }
    domain_add_forms(scope->binder, &exprs);
    if (!domain_plan(block->outer, &exprs, location, &node))
        return false;
    *ret = joins_table(scope->binder, node, at, (uint16_t)block->params.n, location);
    return true;
}

/* Adds the members that have some of the columns. */
static void add_members(struct binder *binder, const struct group *from,
                        const struct column_set *columns, struct group *to)
{
    for (uint32_t i = 0; i < from->members.n; i++) {
        struct member *member = from->members.at[i];

        if (!column_set_meets(&member->columns, columns))
            continue;
        list_add(&to->members, binder->arena, copied_member(binder, member));
        column_set_join(&to->columns, &member->columns);
    }
}

static void add_conditions(struct binder *binder, const struct list *conditions, struct group *to)
{
    for (uint32_t i = 0; i < conditions->n; i++) {
        struct column_set columns = joins_columns_of(conditions->at[i]);

        if (column_set_within(&columns, &to->columns))
            list_add(&to->conditions, binder->arena, conditions->at[i]);
    }
}

/* The tables that the columns are of, and the conditions over them. */
static bool domain_group(const struct scope *scope, const struct column_set *columns, int location,
                         struct group **ret)
{
    struct binder *binder = scope->binder;
    struct group *group = joins_nothing(binder), *table = NULL;
    struct column_set params = outer_columns(scope->from);

    for (uint16_t i = 0; i < scope->site->groups_n; i++)
        if (*scope->site->groups[i] != NULL)
            add_members(binder, *scope->site->groups[i], columns, group);
    if (column_set_meets(columns, &params) || joins_read(group, &params, true)) {
        if (!params_table(scope, location, &table) ||
            !domain_place(binder, scope->from, group, table))
            return false;
    }
    for (uint16_t i = 0; i < scope->site->groups_n; i++)
        if (*scope->site->groups[i] != NULL)
            add_conditions(binder, &(*scope->site->groups[i])->conditions, group);
    if (scope->site->on != NULL)
        add_conditions(binder, scope->site->on, group);
    *ret = group;
    return true;
}

/* Each row once. */
static uint32_t distinct(struct binder *binder, uint32_t node)
{
    const struct schema *shape = &nodes_at(&binder->nodes, node)->schema;
    uint16_t n = shape->columns_n;
    struct expr **exprs = arena_alloc(binder->arena, (n + 1U) * sizeof(struct expr *));
    const char **names = arena_alloc(binder->arena, (n + 1U) * sizeof(*names));

    if (nodes_at(&binder->nodes, node)->has_key)
        return node;
    for (uint16_t i = 0; i < n; i++) {
        exprs[i] = exprs_column(binder->arena, i, shape->columns[i].type, -1);
        names[i] = shape->columns[i].name;
    }
    return nodes_group(
        &binder->nodes, node,
        (struct group_parts){.exprs = exprs, .names = names, .exprs_n = n, .key_n = n});
}

/* The expressions over the node whose columns are at[]. */
static uint32_t project(struct binder *binder, uint32_t node, const struct list *exprs,
                        const int16_t *at)
{
    struct expr **moved = arena_alloc(binder->arena, (exprs->n + 1) * sizeof(struct expr *));
    const char **names = arena_alloc(binder->arena, (exprs->n + 1) * sizeof(*names));

    for (uint32_t i = 0; i < exprs->n; i++) {
        moved[i] = exprs_move(binder->arena, subquery_tried(binder->arena, exprs->at[i]), at);
        names[i] = arena_printf(binder->arena, "outer%u", i + 1);
    }
    return nodes_project(&binder->nodes, node, moved, names, (uint16_t)exprs->n);
}

bool domain_plan(const struct scope *scope, const struct list *exprs, int location,
                 uint32_t *ret_node)
{
    struct binder *binder = scope->binder;
    struct from part = *scope->from->block;
    struct column_set need = {0};
    uint32_t node;
    int16_t *at;

    for (uint32_t i = 0; i < exprs->n; i++) {
        if (!exprs_is_plain(exprs->at[i]))
            return ast_refuse(&binder->ast, location,
                              "a subquery that compares with an aggregate, a window function or "
                              "another subquery of the query around is not supported here; make it "
                              "a column in a subquery of FROM");
        if (!bind_comparable(binder, exprs->at[i], "a subquery that names it"))
            return false;
        exprs_columns(exprs->at[i], &need);
    }
    if (!domain_group(scope, &need, location, &part.group) ||
        !joins_plan(binder, &part, &need, &node, &at))
        return false;
    *ret_node = distinct(binder, project(binder, node, exprs, at));
    return true;
}
