#include "sql/bind.h"
#include "sql/calls.h"
#include "sql/from.h"
#include "sql/join_group.h"
#include "sql/nearest.h"
#include "sql/nested.h"
#include "sql/whole_row.h"

const char *bind_schema_of(const PgQuery__RangeVar *name)
{
    return name->schemaname[0] == '\0' ? "public" : name->schemaname;
}

bool bind_check_name(struct binder *binder, const PgQuery__RangeVar *name)
{
    if (!ast_only(&binder->ast, name, "schemaname relname inh relpersistence"))
        return false;
    if (strcmp(name->relpersistence, "p") != 0)
        return ast_refuse(&binder->ast, name->location,
                          "TEMPORARY and UNLOGGED are not supported; leave them out");
    if (strchr(bind_schema_of(name), '.') != NULL || strchr(name->relname, '.') != NULL)
        return ast_refuse(&binder->ast, name->location,
                          "a name with a dot in it is not supported; choose another");
    if (bind_find(binder, bind_schema_of(name), name->relname) != NULL)
        return ast_refuse(&binder->ast, name->location, "relation \"%s.%s\" is defined already",
                          bind_schema_of(name), name->relname);
    return true;
}

struct relation *bind_find(struct binder *binder, const char *schema, const char *name)
{
    for (uint32_t i = binder->relations.n; i-- > 0;) {
        struct relation *relation = binder->relations.at[i];

        if ((relation->schema == NULL) == (schema == NULL) && strcmp(relation->name, name) == 0 &&
            (schema == NULL || strcmp(relation->schema, schema) == 0))
            return relation;
    }
    return NULL;
}

const struct relation *bind_relation(struct binder *binder, const PgQuery__RangeVar *name)
{
    const struct relation *relation = NULL;

    if (!ast_only(&binder->ast, name, "schemaname relname inh relpersistence alias"))
        return NULL;
    if (name->schemaname[0] == '\0')
        relation = bind_find(binder, NULL, name->relname);
    if (relation == NULL)
        relation = bind_find(binder, bind_schema_of(name), name->relname);
    if (relation == NULL)
        refuse_relation(binder, name);
    return relation;
}

/* A copy of the name's expression that carries the place where it is used. */
static struct expr *used_at(struct scope *scope, const struct name *name, int location)
{
    struct expr *expr = arena_alloc(scope->binder->arena, sizeof(*expr));

    *expr = *name->expr;
    expr->location = location;
    return expr;
}

/* The column of a function of that alias. */
static const struct name *scalar_of(const struct from *from, const char *alias)
{
    for (uint32_t i = 0; i < from->tables.n; i++) {
        const struct table *table = from->tables.at[i];

        if (table->scalar && strcmp(table->alias, alias) == 0)
            return &table->names[0];
    }
    return NULL;
}

bool bind_visible(struct scope *scope, const char *name, int location, struct expr **ret)
{
    const struct name *found = NULL;

    for (uint32_t i = 0; i < scope->from->visible.n; i++) {
        const struct name *visible = scope->from->visible.at[i];

        if (strcmp(visible->column, name) != 0)
            continue;
        if (found != NULL)
            return ast_refuse(&scope->binder->ast, location,
                              "column \"%s\" is ambiguous; write table.%s", name, name);
        found = visible;
    }
    if (found == NULL)
        found = scalar_of(scope->from, name);
    *ret = found == NULL ? NULL : used_at(scope, found, location);
    return true;
}

/* The table of that alias (and schema, when given), or NULL. */
static struct table *find_table(const struct scope *scope, const char *schema, const char *alias)
{
    for (uint32_t i = 0; i < scope->from->tables.n; i++) {
        struct table *table = scope->from->tables.at[i];

        if (strcmp(table->alias, alias) == 0 &&
            (schema == NULL || (table->schema != NULL && strcmp(table->schema, schema) == 0)))
            return table;
    }
    return NULL;
}

/* A column of the table; NULL: refused. */
static struct expr *column_of(struct scope *scope, const struct table *table, const char *column,
                              int location)
{
    const struct name *found = NULL;

    for (uint16_t i = 0; i < table->n; i++) {
        if (strcmp(table->names[i].column, column) != 0)
            continue;
        if (found != NULL) {
            ast_refuse(&scope->binder->ast, location, "column \"%s.%s\" is ambiguous", table->alias,
                       column);
            return NULL;
        }
        found = &table->names[i];
    }
    if (found != NULL)
        return used_at(scope, found, location);
    refuse_column(scope, table, column, location);
    return NULL;
}

/* The parts of a written name: schema, table and column, NULL where not written. */
struct written {
    const char *schema, *table, *column;
    int location;
};

/* What the name means in the scope's own part of FROM: *ret NULL with true when nothing there has
 * it. */
static bool find_own(struct scope *scope, const struct written *name, struct expr **ret)
{
    const struct table *table;

    *ret = NULL;
    if (name->table == NULL)
        return bind_visible(scope, name->column, name->location, ret);
    table = find_table(scope, name->schema, name->table);
    if (table == NULL)
        return true;
    *ret = column_of(scope, table, name->column, name->location);
    return *ret != NULL;
}

/* The same, and in the queries around it, each level a param of the one within. */
static bool find(struct scope *scope, const struct written *name, struct expr **ret)
{
    const struct scope *around = scope->from->outer;
    struct scope outer;
    struct expr *expr = NULL;

    if (!find_own(scope, name, ret))
        return false;
    if (*ret != NULL || around == NULL)
        return true;
    outer = *around;
    if (!find(&outer, name, &expr))
        return false;
    if (expr == NULL)
        return true;
    *ret = outer_value(scope->binder, scope->from->block, expr, name->location);
    return *ret != NULL;
}

static bool read_name(struct scope *scope, const PgQuery__ColumnRef *node, struct written *ret)
{
    const char *parts[3] = {NULL};

    for (size_t i = 0; i < node->n_fields; i++) {
        parts[3 - node->n_fields + i] = ast_string(node->fields[i]);
        if (parts[3 - node->n_fields + i] == NULL)
            return ast_refuse(&scope->binder->ast, node->location,
                              "* is not a value; name a column");
    }
    *ret = (struct written){parts[0], parts[1], parts[2], node->location};
    return true;
}

bool bind_is_own(const struct scope *scope, const char *table, const char *column)
{
    if (table != NULL || scope->from == NULL)
        return scope->from != NULL && find_table(scope, NULL, table) != NULL;
    for (uint32_t i = 0; i < scope->from->visible.n; i++)
        if (strcmp(((const struct name *)scope->from->visible.at[i])->column, column) == 0)
            return true;
    return scalar_of(scope->from, column) != NULL || find_table(scope, NULL, column) != NULL;
}

struct expr *bind_column(struct scope *scope, const PgQuery__ColumnRef *node)
{
    struct ast *ast = &scope->binder->ast;
    struct written name = {.column = ""};
    struct expr *expr = NULL;

    if (scope->from == NULL || node->n_fields < 1 || node->n_fields > 3) {
        ast_refuse(ast, node->location, "no column can be named here");
        return NULL;
    }
    if (!read_name(scope, node, &name) || !find(scope, &name, &expr))
        return NULL;
    if (expr == NULL)
        refuse_name(scope, name.table, name.column, node->location);
    return expr;
}

/* A column that is NULL where the outer join found no row of the table. */
static bool presence_of(struct scope *scope, struct table *table, int location, struct expr **ret)
{
    struct from *block = scope->from->block;
    uint16_t groups_n = scope->site == NULL ? 0 : scope->site->groups_n;

    for (uint16_t i = 0; i < table->n && *ret == NULL; i++) {
        const struct expr *expr = table->names[i].expr;

        if (expr->kind == EXPR_COLUMN && block->columns[expr->column].not_null)
            *ret = used_at(scope, &table->names[i], location);
    }
    for (uint16_t i = 0; i <= groups_n && *ret == NULL && table->marker == 0; i++) {
        struct group *group = i < groups_n ? *scope->site->groups[i] : block->group;

        if (group != NULL && !joins_mark(scope->binder, block, group, table->first, &table->marker))
            return false;
    }
    if (*ret == NULL && table->marker != 0)
        *ret = exprs_column(scope->binder->arena, table->marker, block->columns[table->marker].type,
                            location);
    return *ret != NULL ||
           ast_refuse(
               &scope->binder->ast, location,
               "an outer join may find no row of \"%s\", and none of its columns is NOT NULL "
               "to tell it from one of NULLs: add one, as TRUE AS found",
               table->alias);
}

bool bind_presence(struct scope *scope, struct table *table, struct expr **ret)
{
    *ret = NULL;
    if (table->optional && !table->joined)
        return presence_of(scope, table, -1, ret);
    *ret = exprs_bool(scope->binder->arena, true, -1);
    return true;
}

/* The table's row as a value over the scope's own columns. */
static bool row_of(struct scope *scope, struct table *table, int location, struct whole_row *ret)
{
    struct arena *arena = scope->binder->arena;
    const struct relation *type = table->relation; /* an alias renames the columns, not the type */

    if (type != NULL && type->schema != NULL && !table->joined)
        type = bind_find(scope->binder, type->schema, type->name);
    else
        type = NULL;
    *ret = (struct whole_row){.location = location, .relation = table->relation};
    for (uint16_t i = 0; i < table->n; i++) {
        struct row_field *field = arena_alloc(arena, sizeof(*field));

        *field = (struct row_field){type == NULL ? table->names[i].column : type->columns[i],
                                    used_at(scope, &table->names[i], location), NULL};
        list_add(&ret->fields, arena, field);
    }
    return !table->optional || table->joined || presence_of(scope, table, location, &ret->present);
}

static bool bring_in(struct scope *scope, struct expr **expr)
{
    if (*expr == NULL)
        return true;
    *expr = outer_value(scope->binder, scope->from->block, *expr, (*expr)->location);
    return *expr != NULL;
}

/* The row of the table of that alias, here or around. */
static bool find_row(struct scope *scope, const struct written *name, struct whole_row *ret,
                     bool *ret_found)
{
    struct table *table = find_table(scope, name->schema, name->table);
    const struct scope *around = scope->from->outer;
    struct scope outer;

    *ret_found = table != NULL;
    if (table != NULL)
        return row_of(scope, table, name->location, ret);
    if (around == NULL)
        return true;
    outer = *around;
    if (!find_row(&outer, name, ret, ret_found))
        return false;
    if (!*ret_found)
        return true;
    if (!bring_in(scope, &ret->present))
        return false;
    for (uint32_t i = 0; i < ret->fields.n; i++)
        if (!bring_in(scope, &((struct row_field *)ret->fields.at[i])->expr))
            return false;
    return true;
}

/* A table of that alias is in sight. */
static bool names_table(const struct scope *scope, const struct written *name)
{
    for (; scope != NULL && scope->from != NULL; scope = scope->from->outer)
        if (find_table(scope, name->schema, name->table) != NULL)
            return true;
    return false;
}

bool bind_table_row(struct scope *scope, const PgQuery__ColumnRef *node, struct whole_row **ret)
{
    bool star = node->fields[node->n_fields - 1]->node_case == PG_QUERY__NODE__NODE_A_STAR;
    size_t n = node->n_fields - star;
    struct written column = {NULL, NULL, ast_string(node->fields[0]), node->location};
    struct written name = {.location = node->location};
    struct expr *found = NULL;
    struct whole_row row = {0};
    bool is_row = false;

    *ret = NULL;
    if (scope->from == NULL || n == 0 || n > 2 || (!star && n > 1))
        return true;
    name.table = ast_string(node->fields[n - 1]);
    name.schema = n == 2 ? ast_string(node->fields[0]) : NULL;
    if (!names_table(scope, &name))
        return true;
    if (!star && !find(scope, &column, &found))
        return false;
    if (found != NULL)
        return true;
    if (!find_row(scope, &name, &row, &is_row))
        return false;
    if (is_row)
        *ret = memcpy(arena_alloc(scope->binder->arena, sizeof(row)), &row, sizeof(row));
    return true;
}

/* The names of the table's columns, of a query around as values of this one: *ret_found whether
 * there is a table of that name. */
static bool star_of(struct scope *scope, const struct written *name, struct list *out,
                    bool *ret_found)
{
    struct arena *arena = scope->binder->arena;
    const struct table *table = find_table(scope, name->schema, name->table);
    struct list around = {0};
    struct scope outer;

    *ret_found = table != NULL;
    for (uint16_t i = 0; table != NULL && i < table->n; i++)
        list_add(out, arena, &table->names[i]);
    if (table != NULL || scope->from->outer == NULL)
        return true;
    outer = *scope->from->outer;
    if (outer.from == NULL)
        return true;
    if (!star_of(&outer, name, &around, ret_found))
        return false;
    for (uint32_t i = 0; i < around.n; i++) {
        struct name *own = arena_alloc(arena, sizeof(*own));

        *own = *(const struct name *)around.at[i];
        own->expr = outer_value(scope->binder, scope->from->block, own->expr, name->location);
        if (own->expr == NULL)
            return false;
        list_add(out, arena, own);
    }
    return true;
}

bool bind_star(struct scope *scope, const PgQuery__ColumnRef *node, struct list *out)
{
    struct written name = {.location = node->location};
    bool found = false;

    if (node->n_fields > 3)
        return ast_refuse(&scope->binder->ast, node->location, "too many names before *");
    if (node->n_fields == 1) {
        for (uint32_t i = 0; i < scope->from->visible.n; i++)
            list_add(out, scope->binder->arena, scope->from->visible.at[i]);
        return true;
    }
    name.schema = node->n_fields == 3 ? ast_string(node->fields[0]) : NULL;
    name.table = ast_string(node->fields[node->n_fields - 2]);
    return star_of(scope, &name, out, &found) &&
           (found || refuse_name(scope, name.table, "*", node->location));
}

/* EXISTS is named so, a scalar subquery by its own column. */
static const char *name_of_subquery(const PgQuery__SubLink *node)
{
    const PgQuery__SelectStmt *select = node->subselect->select_stmt;
    const PgQuery__ResTarget *target;

    if (node->sub_link_type == PG_QUERY__SUB_LINK_TYPE__EXISTS_SUBLINK)
        return "exists";
    if (node->sub_link_type == PG_QUERY__SUB_LINK_TYPE__ARRAY_SUBLINK)
        return "array";
    if (node->sub_link_type != PG_QUERY__SUB_LINK_TYPE__EXPR_SUBLINK || select->n_target_list != 1)
        return NULL;
    target = select->target_list[0]->res_target;
    return target->name[0] != '\0' ? target->name : bind_column_name(target->val);
}

static const char *name_of(const PgQuery__Node *node, bool *ret_strong);

/* The last that is a name, neither * nor a subscript; NULL: none is. */
static const char *last_name(PgQuery__Node *const *fields, size_t n)
{
    while (n > 0 && ast_string(fields[n - 1]) == NULL)
        n--;
    return n == 0 ? NULL : ast_string(fields[n - 1]);
}

/* The last field's, else that of what is looked into. */
static const char *name_of_part(const PgQuery__AIndirection *node, bool *ret_strong)
{
    const char *name = last_name(node->indirection, node->n_indirection);

    return name != NULL ? name : name_of(node->arg, ret_strong);
}

/* The name by the kind of expression; NULL: none. `ret_strong`: better than a cast's type name. */
static const char *name_of(const PgQuery__Node *node, bool *ret_strong)
{
    const char *name;

    *ret_strong = true;
    switch (node->node_case) {
    case PG_QUERY__NODE__NODE_COLUMN_REF:
        return last_name(node->column_ref->fields, node->column_ref->n_fields);
    case PG_QUERY__NODE__NODE_FUNC_CALL:
        return ast_string(node->func_call->funcname[node->func_call->n_funcname - 1]);
    case PG_QUERY__NODE__NODE_SQLVALUE_FUNCTION:
        return bind_sql_value_name(node->sqlvalue_function);
    case PG_QUERY__NODE__NODE_COALESCE_EXPR:
        return "coalesce";
    case PG_QUERY__NODE__NODE_MIN_MAX_EXPR:
        return node->min_max_expr->op == PG_QUERY__MIN_MAX_OP__IS_GREATEST ? "greatest" : "least";
    case PG_QUERY__NODE__NODE_A_EXPR:
        return node->a_expr->kind == PG_QUERY__A__EXPR__KIND__AEXPR_NULLIF ? "nullif" : NULL;
    case PG_QUERY__NODE__NODE_SUB_LINK:
        return name_of_subquery(node->sub_link);
    case PG_QUERY__NODE__NODE_ROW_EXPR:
        return "row";
    case PG_QUERY__NODE__NODE_A_ARRAY_EXPR:
        return "array";
    case PG_QUERY__NODE__NODE_GROUPING_FUNC:
        return "grouping";
    case PG_QUERY__NODE__NODE_A_INDIRECTION:
        return name_of_part(node->a_indirection, ret_strong);
    case PG_QUERY__NODE__NODE_COLLATE_CLAUSE:
        return name_of(node->collate_clause->arg, ret_strong);
    case PG_QUERY__NODE__NODE_TYPE_CAST: {
        const PgQuery__TypeName *type = node->type_cast->type_name;

        name = name_of(node->type_cast->arg, ret_strong);
        if (name != NULL && *ret_strong)
            return name;
        *ret_strong = false;
        return ast_string(type->names[type->n_names - 1]);
    }
    case PG_QUERY__NODE__NODE_CASE_EXPR:
        name = node->case_expr->defresult == NULL ? NULL
                                                  : name_of(node->case_expr->defresult, ret_strong);
        if (name != NULL && *ret_strong)
            return name;
        *ret_strong = false;
        return "case";
    default:
        return NULL;
    }
}

const char *bind_column_name(const PgQuery__Node *node)
{
    bool strong;
    const char *name = name_of(node, &strong);

    return name == NULL ? "?column?" : name;
}
