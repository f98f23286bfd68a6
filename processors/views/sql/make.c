#include "sql/make.h"

PgQuery__Node *make_node(struct arena *arena, PgQuery__Node__NodeCase kind, const void *message)
{
    PgQuery__Node *node = arena_alloc(arena, sizeof(*node));

    pg_query__node__init(node);
    node->node_case = kind;
    memcpy(&node->alias, &message, sizeof(message)); /* one member of a union of pointers */
    return node;
}

static PgQuery__Node *make_name(struct arena *arena, const char *name)
{
    PgQuery__String *string = arena_alloc(arena, sizeof(*string));

    pg_query__string__init(string);
    string->sval = arena_printf(arena, "%s", name);
    return make_node(arena, PG_QUERY__NODE__NODE_STRING, string);
}

PgQuery__Node *make_column(struct arena *arena, const char *table, const char *column, int location)
{
    PgQuery__ColumnRef *ref = arena_alloc(arena, sizeof(*ref));
    PgQuery__AStar *star = arena_alloc(arena, sizeof(*star));

    pg_query__column_ref__init(ref);
    pg_query__a__star__init(star);
    ref->location = location;
    ref->n_fields = 2;
    ref->fields = arena_alloc(arena, 2 * sizeof(void *));
    ref->fields[0] = make_name(arena, table);
    ref->fields[1] = column != NULL ? make_name(arena, column)
                                    : make_node(arena, PG_QUERY__NODE__NODE_A_STAR, star);
    return make_node(arena, PG_QUERY__NODE__NODE_COLUMN_REF, ref);
}

PgQuery__Node *make_target(struct arena *arena, PgQuery__Node *value, const char *name)
{
    PgQuery__ResTarget *target = arena_alloc(arena, sizeof(*target));

    pg_query__res_target__init(target);
    target->val = value;
    target->location = ast_location(value);
    if (name != NULL)
        target->name = arena_printf(arena, "%s", name);
    return make_node(arena, PG_QUERY__NODE__NODE_RES_TARGET, target);
}

PgQuery__SelectStmt *make_select(struct arena *arena, const struct list *targets,
                                 const struct list *items)
{
    PgQuery__SelectStmt *select = arena_alloc(arena, sizeof(*select));

    pg_query__select_stmt__init(select);
    select->op = PG_QUERY__SET_OPERATION__SETOP_NONE;
    select->limit_option = PG_QUERY__LIMIT_OPTION__LIMIT_OPTION_DEFAULT;
    select->target_list = (PgQuery__Node **)targets->at;
    select->n_target_list = targets->n;
    select->from_clause = (PgQuery__Node **)items->at;
    select->n_from_clause = items->n;
    return select;
}

PgQuery__RangeSubselect *make_subselect(struct arena *arena, PgQuery__SelectStmt *select,
                                        const char *alias)
{
    PgQuery__RangeSubselect *item = arena_alloc(arena, sizeof(*item));

    pg_query__range_subselect__init(item);
    item->subquery = make_node(arena, PG_QUERY__NODE__NODE_SELECT_STMT, select);
    item->alias = arena_alloc(arena, sizeof(*item->alias));
    pg_query__alias__init(item->alias);
    item->alias->aliasname = arena_printf(arena, "%s", alias);
    return item;
}

PgQuery__SelectStmt *make_whole(struct arena *arena, const PgQuery__SelectStmt *select)
{
    PgQuery__SelectStmt *inner = arena_alloc(arena, sizeof(*inner));
    PgQuery__Node *all = make_column(arena, "part", NULL, ast_location(select));
    struct list targets = {0}, items = {0};

    *inner = *select;
    list_add(&targets, arena, make_target(arena, all, NULL));
    list_add(&items, arena,
             make_node(arena, PG_QUERY__NODE__NODE_RANGE_SUBSELECT,
                       make_subselect(arena, inner, "part")));
    return make_select(arena, &targets, &items);
}
