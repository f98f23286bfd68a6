/*
 * Functions that give rows: in FROM, over columns of the tables before them. Among the columns of
 * SELECT: rows_select.c.
 */
#include "sql/calls.h"
#include "sql/from.h"
#include "sql/joins.h"
#include "sql/nested.h"

bool bind_is_rows_function(const char *name)
{
    for (const struct function *row = rows_functions(); row->name != NULL; row++)
        if (strcmp(row->name, name) == 0)
            return row->kind == FUNCTION_ROWS;
    return false;
}

/* ---- calls ---- */

struct plan_rows rows_part(struct binder *binder, const struct expr *call)
{
    uint16_t n = call->function->second == 0 ? 1 : 2;
    struct type *types = arena_zalloc(binder->arena, 2 * sizeof(*types));
    const struct expr **args =
        arena_alloc(binder->arena, (call->args_n + 1U) * sizeof(struct expr *));

    for (uint16_t i = 0; i < call->args_n; i++)
        args[i] = call->args[i];
    types[0] = call->type;
    types[1] = (struct type){call->function->second, -1, NULL};
    return (struct plan_rows){.function = call->function,
                              .args = args,
                              .args_n = call->args_n,
                              .columns_n = n,
                              .types = types};
}

struct expr *rows_call(struct scope *scope, const char *name, PgQuery__Node *const *nodes, size_t n,
                       int location)
{
    struct expr *args[FUNCTION_ARGS_MAX];
    uint16_t args_n = (uint16_t)n;

    if (n > FUNCTION_ARGS_MAX) {
        ast_refuse(&scope->binder->ast, location, "%s is not known with these arguments", name);
        return NULL;
    }
    if (bind_has_names(nodes, n))
        return bind_by_names(scope, name, nodes, n, args, &args_n)
                   ? bind_call(scope->binder, FUNCTION_ROWS, name, args, args_n, location)
                   : NULL;
    for (size_t i = 0; i < n; i++)
        if ((args[i] = bind_expr(scope, nodes[i])) == NULL)
            return NULL;
    return bind_call(scope->binder, FUNCTION_ROWS, name, args, args_n, location);
}

void rows_names(struct binder *binder, const struct function *function, const char *alias,
                const char **names, uint16_t *n)
{
    const char *at = function->names;

    if (at == NULL) {
        names[(*n)++] = alias == NULL ? function->name : alias;
        return;
    }
    while (*at != '\0') {
        size_t len = strcspn(at, " ");

        names[(*n)++] = arena_printf(binder->arena, "%.*s", (int)len, at);
        at += len + (at[len] == ' ');
    }
}

/* ---- FROM ---- */

/* The functions of one item, in the making. */
struct functions {
    struct plan_rows *rows;
    struct record_call *records; /* by function */
    const char **names;
    uint16_t rows_n, n;
};

static bool add_call(struct scope *scope, struct functions *functions, const char *alias,
                     const struct expr *call)
{
    if (call == NULL)
        return false;
    if (functions->rows_n == ROWS_FUNCTIONS_MAX)
        return ast_refuse(&scope->binder->ast, call->location, "more than %d functions in one item",
                          ROWS_FUNCTIONS_MAX);
    functions->rows[functions->rows_n++] = rows_part(scope->binder, call);
    rows_names(scope->binder, call->function, alias, functions->names, &functions->n);
    return true;
}

/* json[b]_populate_record[set]: over the document alone, or the texts of a row too. */
static bool add_populating(struct scope *scope, struct functions *functions,
                           const PgQuery__FuncCall *call)
{
    struct binder *binder = scope->binder;
    const char *name = ast_string(call->funcname[call->n_funcname - 1]);
    struct expr *args[] = {NULL, NULL};

    if (!record_row(scope, call, &args[1]))
        return false;
    if (args[1] == NULL)
        return add_call(scope, functions, NULL,
                        rows_call(scope, name, &call->args[1], 1, call->location));
    args[0] = bind_expr(scope, call->args[1]);
    if (args[0] == NULL)
        return false;
    name = arena_printf(binder->arena, "%s from", name);
    return add_call(scope, functions, NULL,
                    bind_call(binder, FUNCTION_ROWS, name, args, 2, call->location));
}

/* A function that gives records: its columns are made of the documents that it gives. */
static bool add_record(struct scope *scope, struct functions *functions,
                       const struct record_call *record, bool populates)
{
    const PgQuery__FuncCall *call = record->call;
    bool ok = populates && call->n_args == 2
                  ? add_populating(scope, functions, call)
                  : add_call(scope, functions, NULL,
                             rows_call(scope, ast_string(call->funcname[call->n_funcname - 1]),
                                       call->args, call->n_args, call->location));

    if (ok)
        functions->records[functions->rows_n - 1] = *record;
    return ok;
}

/* One function; unnest of several arrays is several. */
static bool add_function(struct scope *scope, struct functions *functions, const char *alias,
                         const PgQuery__Node *node, const struct record_call *defs)
{
    const PgQuery__FuncCall *call = node->func_call;
    struct record_call record = {call, defs->defs, defs->defs_n};
    bool populates = false;
    const char *name;

    if (node->node_case != PG_QUERY__NODE__NODE_FUNC_CALL)
        return ast_refuse(&scope->binder->ast, ast_location(node),
                          "%s in FROM is not supported; name a source, a view or a subquery",
                          ast_kind(node));
    name = ast_string(call->funcname[call->n_funcname - 1]);
    if (!ast_only(&scope->binder->ast, call, "funcname args funcformat"))
        return false;
    if (!bind_is_rows_function(name))
        return ast_refuse(&scope->binder->ast, call->location,
                          "%s is no function that gives rows; write (SELECT %s(...)) AS name", name,
                          name);
    if (record_function(call, &populates))
        return add_record(scope, functions, &record, populates);
    if (defs->defs_n > 0)
        return ast_refuse(&scope->binder->ast, call->location,
                          "a column definition list is only allowed for functions that give "
                          "records");
    if (strcmp(name, "unnest") != 0 || call->n_args < 2)
        return add_call(scope, functions, alias,
                        rows_call(scope, name, call->args, call->n_args, call->location));
    for (size_t i = 0; i < call->n_args; i++)
        if (!add_call(scope, functions, NULL,
                      rows_call(scope, name, &call->args[i], 1, call->location)))
            return false;
    return true;
}

/* f(...) AS (a integer) has its definitions beside the item; within ROWS FROM, beside the function. */
static struct record_call definitions(const PgQuery__RangeFunction *node, size_t i)
{
    const PgQuery__List *parts = node->functions[i]->list;

    if (!node->is_rowsfrom)
        return (struct record_call){NULL, node->coldeflist, node->n_coldeflist};
    if (parts->n_items < 2 || parts->items[1]->node_case != PG_QUERY__NODE__NODE_LIST)
        return (struct record_call){0};
    return (struct record_call){NULL, parts->items[1]->list->items, parts->items[1]->list->n_items};
}

static bool add_functions(struct scope *scope, const PgQuery__RangeFunction *node,
                          struct functions *functions)
{
    const char *alias =
        node->alias != NULL && node->n_functions == 1 ? node->alias->aliasname : NULL;

    for (size_t i = 0; i < node->n_functions; i++) {
        struct record_call defs = definitions(node, i);

        if (!add_function(scope, functions, alias, node->functions[i]->list->items[0], &defs))
            return false;
    }
    return true;
}

/* The functions' columns as they are seen, struct name *: of records what is made of them. */
static bool visible_columns(struct scope *scope, const struct from *from,
                            const struct functions *functions, struct list *ret)
{
    struct arena *arena = scope->binder->arena;
    uint16_t column = from->columns_n, n = 0;

    for (uint16_t i = 0; i < functions->rows_n; i++) {
        const struct plan_rows *rows = &functions->rows[i];
        int location =
            functions->records[i].call == NULL ? -1 : functions->records[i].call->location;
        struct expr *values[2] = {NULL, NULL};

        for (uint16_t k = 0; k < rows->columns_n; k++)
            values[k] = exprs_column(arena, column++, rows->types[k], location);
        if (functions->records[i].call != NULL &&
            !record_columns(scope, &functions->records[i], values[0], values[1], ret))
            return false;
        for (uint16_t k = 0; k < rows->columns_n && functions->records[i].call == NULL; k++) {
            struct name *name = arena_alloc(arena, sizeof(*name));

            *name = (struct name){functions->names[n + k], values[k]};
            list_add(ret, arena, name);
        }
        n = (uint16_t)(n + rows->columns_n);
    }
    return true;
}

const char *from_function_name(const PgQuery__RangeFunction *node)
{
    const PgQuery__FuncCall *call = node->functions[0]->list->items[0]->func_call;

    return ast_string(call->funcname[call->n_funcname - 1]);
}

/* The functions' columns, and their number where it is asked for, as a table of FROM. */
static bool add_table(struct scope *scope, struct from *from, const PgQuery__RangeFunction *node,
                      const struct functions *functions, struct item *item)
{
    struct binder *binder = scope->binder;
    struct relation *relation = arena_zalloc(binder->arena, sizeof(*relation));
    struct table *table = arena_zalloc(binder->arena, sizeof(*table));
    const char *alias = from_function_name(node);
    uint16_t ordinality = (uint16_t)(from->columns_n + functions->n);
    struct name number = {"ordinality", exprs_column(binder->arena, ordinality,
                                                     (struct type){TYPE_INT8, -1, NULL}, -1)};
    struct list visible = {0};

    if (!visible_columns(scope, from, functions, &visible))
        return false;
    if (node->ordinality)
        list_add(&visible, binder->arena, &number);
    *relation = (struct relation){
        .columns = arena_alloc(binder->arena, (visible.n + 1U) * sizeof(*relation->columns)),
        .columns_n = (uint16_t)visible.n,
        .source = -1,
        .view = -1};
    assert(visible.at != NULL); /* a function gives one column at least */
    for (uint16_t i = 0; i < relation->columns_n; i++)
        relation->columns[i] = ((const struct name *)visible.at[i])->column;
    if (!bind_from_aliases(binder, node->alias, relation, &alias))
        return false;
    *table = (struct table){.alias = alias,
                            .relation = relation,
                            .first = from->columns_n,
                            .n = relation->columns_n,
                            .marker = ordinality,
                            .scalar = functions->n == 1 && !node->ordinality &&
                                      functions->records[0].call == NULL};
    table->names = arena_alloc(binder->arena, (table->n + 1U) * sizeof(struct name));
    for (uint16_t i = 0; i < table->n; i++) {
        struct expr *expr = ((const struct name *)visible.at[i])->expr;

        if (expr->kind == EXPR_COLUMN)
            from->columns[expr->column].name = relation->columns[i];
        table->names[i] = (struct name){relation->columns[i], expr};
        list_add(&item->visible, binder->arena, &table->names[i]);
    }
    from->columns_n = (uint16_t)(ordinality + 1);
    list_add(&from->tables, binder->arena, table);
    return true;
}

/* The types of the columns that add_table is to lay out. */
static void set_types(struct from *from, const struct functions *functions)
{
    uint16_t at = from->columns_n;

    for (uint16_t i = 0; i < functions->rows_n; i++)
        for (uint16_t k = 0; k < functions->rows[i].columns_n; k++)
            from->columns[at++] = (struct column){"", functions->rows[i].types[k], false};
    from->columns[at] = (struct column){"ordinality", {TYPE_INT8, -1, NULL}, true};
}

static struct column_set read_by(const struct expansion *expansion)
{
    struct column_set set = {0};

    for (uint16_t i = 0; i < expansion->rows_n; i++)
        for (uint16_t k = 0; k < expansion->rows[i].args_n; k++)
            exprs_columns(expansion->rows[i].args[k], &set);
    return set;
}

bool expansion_is_over(const struct expansion *expansion, const struct group *group)
{
    struct column_set set = read_by(expansion);

    return joins_covers(group, &set);
}

/* Nothing of this block is read; what is of a query around is joined in later. */
static bool is_over_nothing(const struct from *from, const struct expansion *expansion)
{
    struct column_set set = read_by(expansion), params = outer_columns(from);

    return column_set_within(&set, &params);
}

bool from_functions(struct binder *binder, struct from *from, const PgQuery__RangeFunction *node,
                    const struct sight *sight, struct item *item)
{
    struct from part = from_part(from, sight);
    struct scope scope = {.binder = binder, .from = &part, .clause = "FROM"};
    struct functions functions = {
        .rows = arena_alloc(binder->arena, ROWS_FUNCTIONS_MAX * sizeof(struct plan_rows)),
        .records = arena_zalloc(binder->arena, ROWS_FUNCTIONS_MAX * sizeof(struct record_call)),
        .names = arena_alloc(binder->arena, (2 * ROWS_FUNCTIONS_MAX + 1) * sizeof(char *))};
    struct expansion *expansion = arena_zalloc(binder->arena, sizeof(*expansion));

    item->location = ast_location(node->functions[0]);
    if (!ast_only(&binder->ast, node,
                  "lateral ordinality is_rowsfrom functions alias coldeflist") ||
        !add_functions(&scope, node, &functions))
        return false;
    if (from->columns_n + functions.n + 1 > COLUMNS_MAX)
        return ast_refuse(&binder->ast, item->location, "FROM joins more than %d columns",
                          COLUMNS_MAX);
    functions.names[functions.n] = "ordinality";
    *expansion = (struct expansion){.rows = functions.rows,
                                    .names = functions.names,
                                    .rows_n = functions.rows_n,
                                    .first = from->columns_n,
                                    .n = (uint16_t)(functions.n + 1),
                                    .location = item->location};
    set_types(from, &functions);
    if (!add_table(&scope, from, node, &functions, item))
        return false;
    if (is_over_nothing(from, expansion))
        item->group = joins_expand(binder, joins_nothing(binder), expansion, false);
    else
        item->expansion = expansion;
    return true;
}

/* The functions over a node that has their arguments as columns. */
static uint32_t expand_columns(struct binder *binder, uint32_t node,
                               const struct expansion *expansion)
{
    struct plan_rows *rows = arena_alloc(binder->arena, expansion->rows_n * sizeof(*rows));
    const struct column *columns = nodes_at(&binder->nodes, node)->schema.columns;
    uint16_t column = 0;

    for (uint16_t i = 0; i < expansion->rows_n; i++) {
        const struct expr **args =
            arena_alloc(binder->arena, (expansion->rows[i].args_n + 1U) * sizeof(struct expr *));

        for (uint16_t k = 0; k < expansion->rows[i].args_n; k++, column++)
            args[k] = outer_unformed(binder,
                                     exprs_column(binder->arena, column, columns[column].type, -1),
                                     expansion->rows[i].args[k]->type);
        rows[i] = expansion->rows[i];
        rows[i].args = args;
    }
    return nodes_expand(&binder->nodes, node, rows, expansion->rows_n, expansion->names, false);
}

/* Their arguments, then the exact forms of those that have one. */
static struct list asked_of(struct binder *binder, const struct expansion *expansion)
{
    struct list args = {0};

    for (uint16_t i = 0; i < expansion->rows_n; i++)
        for (uint16_t k = 0; k < expansion->rows[i].args_n; k++) {
            struct expr *copy = arena_alloc(binder->arena, sizeof(*copy));

            *copy = *expansion->rows[i].args[k];
            list_add(&args, binder->arena, outer_form(binder, copy));
        }
    domain_add_forms(binder, &args);
    return args;
}

bool from_expand_apart(struct binder *binder, struct from *from, const struct sight *sight,
                       struct item *item)
{
    const struct expansion *expansion = item->expansion;
    struct from part = from_part(from, sight);
    struct scope scope = {.binder = binder, .from = &part, .clause = "FROM", .site = &sight->site};
    struct list args = asked_of(binder, expansion);
    uint16_t *at;
    uint32_t node;

    if (from->columns_n + args.n > COLUMNS_MAX)
        return ast_refuse(&binder->ast, item->location, "FROM joins more than %d columns",
                          COLUMNS_MAX);
    if (!domain_plan(&scope, &args, item->location, &node))
        return false;
    at = arena_alloc(binder->arena, (args.n + expansion->n) * sizeof(*at));
    for (uint32_t i = 0; i < args.n; i++) {
        struct expr *arg = args.at[i];
        struct correlation same = {arg, 0, true};

        at[i] = from->columns_n++;
        from->columns[at[i]] = (struct column){"argument", arg->type, false};
        list_add(&item->on, binder->arena,
                 subquery_equality(binder, &same,
                                   exprs_column(binder->arena, at[i], arg->type, arg->location)));
    }
    for (uint16_t i = 0; i < expansion->n; i++)
        at[args.n + i] = (uint16_t)(expansion->first + i);
    item->group = joins_table(binder, expand_columns(binder, node, expansion), at,
                              (uint16_t)(args.n + expansion->n), item->location);
    item->expansion = NULL;
    return true;
}
