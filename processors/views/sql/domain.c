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

/* The group beside values of its own; at[] is where they are outside. */
static bool place_apart(struct binder *binder, struct from *from, struct group **group,
                        const struct group *domain, int16_t *at)
{
    return domain_place(binder, from, *group, joins_copy(binder, domain)) &&
           joins_apart(binder, from, group, &domain->columns, at);
}

/* The right side of a LEFT JOIN, where it reads them, has values of its own; the left side's are the
 * member's. */
static bool place_in_left(struct binder *binder, struct from *from, struct member *member,
                          struct group *domain)
{
    struct column_set params = outer_columns(from);
    int16_t at[COLUMNS_MAX];

    if (member->right != NULL && joins_read(member->right, &params, true)) {
        if (!place_apart(binder, from, &member->right, domain, at) ||
            !joins_equal(binder, from, &domain->columns, NULL, at, &member->on))
            return false;
        column_set_join(&member->columns, &member->right->columns);
    }
    column_set_join(&member->columns, &domain->columns);
    return domain_place(binder, from, member->left, domain);
}

/* Adds for each column that it equals that of the side which has a row. */
static bool add_of_either(struct binder *binder, const struct from *from,
                          const struct column_set *set, const int16_t *left, const int16_t *right,
                          struct list *out)
{
    for (uint16_t i = 0; i < from->columns_n; i++) {
        struct type type = from->columns[i].type;
        struct correlation correlation = {.null_safe = true};
        struct expr *either, *equal;

        if (!column_set_has(set, i))
            continue;
        either = exprs_new(binder->arena, EXPR_COALESCE, type.id, 2, -1);
        either->type = type;
        either->args[0] = exprs_column(binder->arena, (uint16_t)left[i], type, -1);
        either->args[1] = exprs_column(binder->arena, (uint16_t)right[i], type, -1);
        correlation.outer = either;
        equal = subquery_equality(binder, &correlation, exprs_column(binder->arena, i, type, -1));
        if (equal == NULL)
            return false;
        list_add(out, binder->arena, equal);
    }
    return true;
}

/* Both sides of a FULL JOIN have values of their own, the same in rows that are joined; those of its
 * rows equal those beside it. */
static bool place_in_full(struct binder *binder, struct from *from, struct group *group,
                          struct member *member, const struct group *domain)
{
    int16_t left[COLUMNS_MAX], right[COLUMNS_MAX];

    if (!place_apart(binder, from, &member->left, domain, left) ||
        !place_apart(binder, from, &member->right, domain, right))
        return false;
    for (uint32_t i = 0; i < member->on.n; i++)
        member->on.at[i] = exprs_move(binder->arena, member->on.at[i], left);
    column_set_join(&member->columns, &member->left->columns);
    column_set_join(&member->columns, &member->right->columns);
    column_set_join(&group->columns, &member->columns);
    return joins_equal(binder, from, &domain->columns, left, right, &member->on) &&
           add_of_either(binder, from, &domain->columns, left, right, &group->conditions);
}

/* A member beside values of its own, which equal those beside it. */
static bool place_again(struct binder *binder, struct from *from, struct group *group,
                        struct member **member, const struct group *domain)
{
    struct group *alone = joins_nothing(binder);
    int16_t at[COLUMNS_MAX];

    alone->columns = (*member)->columns;
    list_add(&alone->members, binder->arena, *member);
    if (!place_apart(binder, from, &alone, domain, at) ||
        !joins_equal(binder, from, &domain->columns, NULL, at, &group->conditions))
        return false;
    *member = alone->members.at[0];
    column_set_join(&group->columns, &alone->columns);
    return true;
}

bool domain_place(struct binder *binder, struct from *from, struct group *group,
                  struct group *domain)
{
    struct column_set params = outer_columns(from);
    struct member *reader = NULL;

    for (uint32_t i = 0; i < group->members.n; i++) {
        struct member *member = group->members.at[i];
        bool ok = true;

        if (!member_reads(member, &params))
            continue;
        if (member->kind == MEMBER_OUTER && member->join == PLAN_JOIN_FULL)
            ok = place_in_full(binder, from, group, member, domain);
        else if (reader == NULL)
            reader = member;
        else
            ok = place_again(binder, from, group, (struct member **)&group->members.at[i], domain);
        if (!ok)
            return false;
    }
    if (reader == NULL) {
        (void)joins_inner(binder, group, domain);
        return true;
    }
    column_set_join(&group->columns, &domain->columns);
    return place_in_left(binder, from, reader, domain);
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

bool domain_of_params(struct binder *binder, struct from *from, int location, struct list *ret_own,
                      struct group **ret)
{
    struct list exprs = {0};
    uint32_t node = 0;
    uint16_t *at;

    for (uint32_t i = 0; i < from->params.n; i++) {
        const struct param *param = from->params.at[i];

        list_add(&exprs, binder->arena, param->outer);
        list_add(ret_own, binder->arena,
                 exprs_column(binder->arena, param->column, param->outer->type, location));
    }
    domain_add_forms(binder, &exprs);
    domain_add_forms(binder, ret_own);
    if (from->columns_n + exprs.n > COLUMNS_MAX)
        return ast_refuse(&binder->ast, location, "FROM joins more than %d columns", COLUMNS_MAX);
    if (!domain_plan(from->outer, &exprs, location, &node))
        return false;
    at = arena_alloc(binder->arena, (exprs.n + 1U) * sizeof(*at));
    for (uint32_t i = 0; i < exprs.n; i++) {
        const struct expr *expr = exprs.at[i];

        at[i] = i < from->params.n ? ((const struct param *)from->params.at[i])->column
                                   : from->columns_n++;
        from->columns[at[i]] = (struct column){"outer", expr->type, false};
    }
    *ret = joins_table(binder, node, at, (uint16_t)exprs.n, location);
    return true;
}

/* Adds what the group's members that have some of the columns read of others. */
static void add_read_beside(const struct group *group, struct column_set *all)
{
    for (uint32_t i = 0; group != NULL && i < group->members.n; i++) {
        const struct member *member = group->members.at[i];
        struct column_set more = joins_read_beside(member);

        if (column_set_meets(&member->columns, all))
            column_set_join(all, &more);
    }
}

static struct column_set with_read_beside(const struct site *site, const struct column_set *columns)
{
    struct column_set all = *columns, before;

    do {
        before = all;
        for (uint16_t i = 0; i < site->groups_n; i++)
            add_read_beside(*site->groups[i], &all);
    } while (!column_set_within(&all, &before));
    return all;
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
    struct list own = {0};
    struct column_set params = outer_columns(scope->from),
                      all = with_read_beside(scope->site, columns);

    for (uint16_t i = 0; i < scope->site->groups_n; i++)
        if (*scope->site->groups[i] != NULL)
            add_members(binder, *scope->site->groups[i], &all, group);
    if (column_set_meets(columns, &params) || joins_read(group, &params, true)) {
        if (!domain_of_params(binder, scope->from->block, location, &own, &table) ||
            !domain_place(binder, scope->from->block, group, table))
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

uint32_t domain_distinct(struct binder *binder, uint32_t node)
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
    struct column_set need = {0};
    struct group *group;
    struct from part;
    bool plain = true;
    uint32_t node;
    int16_t *at;

    for (uint32_t i = 0; i < exprs->n; i++) {
        if (!bind_comparable(binder, exprs->at[i], "a subquery that names it"))
            return false;
        plain = plain && exprs_is_plain(exprs->at[i]);
        exprs_columns(exprs->at[i], &need);
    }
    if (!plain)
        return domain_of_block(scope, exprs, location, ret_node);
    if (!domain_group(scope, &need, location, &group))
        return false;
    part = *scope->from->block;
    part.group = group;
    if (!joins_plan(binder, &part, &need, &node, &at))
        return false;
    *ret_node = domain_distinct(binder, project(binder, node, exprs, at));
    return true;
}
