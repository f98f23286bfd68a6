/*
 * To which query an aggregate or GROUPING belongs: to the innermost one of which it names a column.
 * Decided by the names alone, before anything is bound: what is bound is noted in the query in which
 * it stands, and a subquery is joined to it.
 */
#include "sql/calls.h"

/* The FROM clauses between a name and the aggregate, innermost first. */
struct clause {
    PgQuery__Node *const *items;
    size_t n;
    const struct clause *around;
};

struct search {
    const struct scope *scope;
    const struct clause *clause; /* the innermost */
    bool own, around;            /* such a name was seen; */
    int unclear;                 /* where a name is that may be a subquery's own, -1: nowhere */
};

enum answer { NO, YES, MAYBE };

static enum answer has_one(struct binder *binder, const PgQuery__Node *item, const char *table,
                           const char *column);

static bool is_among(PgQuery__Node *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(ast_string(names[i]), name) == 0)
            return true;
    return false;
}

/* By the alias where there is one: YES or NO about a table, and about a column that it renames. */
static enum answer has_alias(const PgQuery__Alias *alias, const char *name, const char *table,
                             const char *column)
{
    const char *called = alias != NULL ? alias->aliasname : name;

    if (called != NULL && strcmp(called, table != NULL ? table : column) == 0)
        return YES;
    if (table == NULL && alias != NULL && is_among(alias->colnames, alias->n_colnames, column))
        return YES;
    return table != NULL ? NO : MAYBE;
}

static enum answer has_table(struct binder *binder, const PgQuery__RangeVar *table,
                             const char *column)
{
    const struct relation *relation = bind_find(binder, NULL, table->relname);

    if (relation == NULL || table->schemaname[0] != '\0')
        relation = bind_find(binder, bind_schema_of(table), table->relname);
    for (uint16_t i = 0; relation != NULL && i < relation->columns_n; i++)
        if (strcmp(relation->columns[i], column) == 0)
            return YES;
    return relation == NULL ? MAYBE : NO;
}

static enum answer has_joined(struct binder *binder, const PgQuery__JoinExpr *join,
                              const char *table, const char *column)
{
    enum answer left = has_one(binder, join->larg, table, column);
    enum answer right = has_one(binder, join->rarg, table, column);

    return left == YES || right == NO ? left : right;
}

static enum answer has_one(struct binder *binder, const PgQuery__Node *item, const char *table,
                           const char *column)
{
    enum answer answer;

    switch (item->node_case) {
    case PG_QUERY__NODE__NODE_JOIN_EXPR:
        return has_joined(binder, item->join_expr, table, column);
    case PG_QUERY__NODE__NODE_RANGE_VAR:
        answer = has_alias(item->range_var->alias, item->range_var->relname, table, column);
        return answer == MAYBE ? has_table(binder, item->range_var, column) : answer;
    case PG_QUERY__NODE__NODE_RANGE_SUBSELECT:
        return has_alias(item->range_subselect->alias, NULL, table, column);
    case PG_QUERY__NODE__NODE_RANGE_FUNCTION:
        return has_alias(item->range_function->alias, NULL, table, column);
    default:
        return MAYBE;
    }
}

static enum answer has(const struct search *search, const char *table, const char *column)
{
    enum answer answer = NO;

    for (const struct clause *clause = search->clause; clause != NULL; clause = clause->around)
        for (size_t i = 0; i < clause->n && answer != YES; i++) {
            enum answer one = has_one(search->scope->binder, clause->items[i], table, column);

            answer = one == NO ? answer : one;
        }
    return answer;
}

/* A query around the scope's has the name. */
static bool is_around(const struct scope *scope, const char *table, const char *column)
{
    for (scope = scope->from->outer; scope != NULL && scope->from != NULL;
         scope = scope->from->outer)
        if (bind_is_own(scope, table, column))
            return true;
    return false;
}

static void see_name(struct search *search, const PgQuery__ColumnRef *node)
{
    size_t n = node->n_fields;
    const char *column = ast_string(node->fields[n - 1]);
    const char *table = n > 1 ? ast_string(node->fields[n - 2]) : NULL;
    enum answer answer;

    if (table == NULL && column == NULL) /* * alone: of the subquery */
        return;
    answer = has(search, table, column);
    if (answer == YES)
        return;
    if (bind_is_own(search->scope, table, column))
        search->own = true;
    else if (answer == MAYBE)
        search->unclear = node->location;
    else if (is_around(search->scope, table, column))
        search->around = true;
}

static bool see(void *to, const void *part)
{
    struct search *search = to;
    struct clause clause;

    if (ast_is(part, &pg_query__column_ref__descriptor)) {
        see_name(search, part);
        return false;
    }
    if (!ast_is(part, &pg_query__select_stmt__descriptor))
        return ast_any(part, see, search);
    clause = (struct clause){((const PgQuery__SelectStmt *)part)->from_clause,
                             ((const PgQuery__SelectStmt *)part)->n_from_clause, search->clause};
    search->clause = &clause;
    (void)ast_any(part, see, search);
    search->clause = clause.around;
    return false;
}

bool aggregate_is_of_around(struct scope *scope, const void *node, bool *ret)
{
    struct search search = {.scope = scope, .unclear = -1};

    (void)ast_any(node, see, &search);
    *ret = !search.own && search.around;
    return search.own || search.unclear < 0 ||
           ast_refuse(
               &scope->binder->ast, search.unclear,
               "whether this aggregate is of this query or of the one around it hangs on this "
               "name; write table.column");
}
