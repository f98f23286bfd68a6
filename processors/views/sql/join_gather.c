/*
 * LATERAL items may name tables that are joined to theirs from further left: `a, b LEFT JOIN
 * LATERAL (... a.x ...) c`. What such a join reads becomes a part of its left side, for a times (b
 * LEFT JOIN c) is (a times b) LEFT JOIN c.
 */
#include "sql/joins.h"

static void add_all(struct column_set *set, const struct list *exprs)
{
    for (uint32_t i = 0; i < exprs->n; i++)
        exprs_columns(exprs->at[i], set);
}

static struct column_set read_by_group(const struct group *group);

/* What the member reads, its own columns among them. */
static struct column_set read_by(const struct member *member)
{
    struct column_set set = {0}, side;

    add_all(&set, &member->on);
    for (uint16_t i = 0; i < member->rows_n; i++)
        for (uint16_t k = 0; k < member->rows[i].args_n; k++)
            exprs_columns(member->rows[i].args[k], &set);
    if (member->left != NULL) {
        side = read_by_group(member->left);
        column_set_join(&set, &side);
    }
    if (member->right != NULL) {
        side = read_by_group(member->right);
        column_set_join(&set, &side);
    }
    return set;
}

static struct column_set read_by_group(const struct group *group)
{
    struct column_set set = {0}, one;

    add_all(&set, &group->conditions);
    for (uint32_t i = 0; i < group->members.n; i++) {
        one = read_by(group->members.at[i]);
        column_set_join(&set, &one);
    }
    return set;
}

struct column_set joins_read_beside(const struct member *member)
{
    struct column_set set = read_by(member);

    column_set_leave(&set, &member->columns);
    return set;
}

/* Of the side whose rows may be missing, conditions that read more than that side are the join's. */
static void lift(struct binder *binder, struct member *member)
{
    struct list own = {0};

    for (uint32_t i = 0; i < member->right->conditions.n; i++) {
        struct expr *condition = member->right->conditions.at[i];
        struct column_set columns = joins_columns_of(condition);

        list_add(column_set_within(&columns, &member->right->columns) ? &own : &member->on,
                 binder->arena, condition);
    }
    member->right->conditions = own;
}

/* The members of the group that have some of the columns come to the left side of `to`. */
static bool move_members(struct binder *binder, struct group *group, const struct column_set *read,
                         struct member *to)
{
    struct list rest = {0};
    bool moved = false;

    for (uint32_t i = 0; i < group->members.n; i++) {
        struct member *member = group->members.at[i];

        if (member == to || !column_set_meets(&member->columns, read)) {
            list_add(&rest, binder->arena, member);
            continue;
        }
        moved = true;
        list_add(&to->left->members, binder->arena, member);
        column_set_join(&to->left->columns, &member->columns);
        column_set_join(&to->columns, &member->columns);
    }
    group->members = rest;
    return moved;
}

static bool has_left_rows(const struct member *member)
{
    return member->kind == MEMBER_EXPAND ||
           (member->kind == MEMBER_OUTER && member->join == PLAN_JOIN_LEFT);
}

/* What one of the members reads of others comes to it; false: none does. */
static bool gather_once(struct binder *binder, struct group *group)
{
    for (uint32_t i = 0; i < group->members.n; i++) {
        struct member *member = group->members.at[i];
        struct column_set read;

        if (member->kind == MEMBER_OUTER && member->join == PLAN_JOIN_LEFT)
            lift(binder, member);
        if (!has_left_rows(member))
            continue;
        read = joins_read_beside(member);
        if (move_members(binder, group, &read, member))
            return true;
    }
    return false;
}

void joins_gather(struct binder *binder, struct group *group)
{
    while (gather_once(binder, group))
        ;
    for (uint32_t i = 0; i < group->members.n; i++) {
        struct member *member = group->members.at[i];

        if (member->left != NULL)
            joins_gather(binder, member->left);
        if (member->right != NULL)
            joins_gather(binder, member->right);
    }
}
