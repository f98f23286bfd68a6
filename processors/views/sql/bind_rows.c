/*
 * Functions that give rows: in FROM, over columns of the tables before them, and among the columns
 * of SELECT.
 */
#include "sql/block.h"
#include "sql/from.h"
#include "sql/joins.h"

enum { ROWS_FUNCTIONS_MAX = 16 };

bool bind_is_rows_function(const char *name)
{
    for (const struct function *row = rows_functions(); row->name != NULL; row++)
        if (strcmp(row->name, name) == 0)
            return row->kind == FUNCTION_ROWS;
    return false;
}

/* ---- calls ---- */

/* A bound call as a part of an EXPAND. */
static struct plan_rows rows_of(struct binder *binder, const struct expr *call)
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

static struct expr *bind_call_of_rows(struct scope *scope, const char *name,
                                      PgQuery__Node *const *nodes, size_t n, int location)
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

/* A function's columns, as PostgreSQL names them; `alias` NULL: none is given. */
static void add_names(struct binder *binder, const struct function *function, const char *alias,
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
    functions->rows[functions->rows_n++] = rows_of(scope->binder, call);
    add_names(scope->binder, call->function, alias, functions->names, &functions->n);
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
                        bind_call_of_rows(scope, name, &call->args[1], 1, call->location));
    args[0] = bind_expr(scope, call->args[1]);
    if (args[0] == NULL)
        return false;
    name = arena_printf(binder->arena, "%s from", name);
    return add_call(scope, functions, NULL,
                    bind_call(binder, FUNCTION_ROWS, name, args, 2, call->location));
}

/* One function; unnest of several arrays is several. */
static bool add_function(struct scope *scope, struct functions *functions, const char *alias,
                         const PgQuery__Node *node)
{
    const PgQuery__FuncCall *call = node->func_call;
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
    if (record_function(node, &populates) && populates && call->n_args == 2)
        return add_populating(scope, functions, call);
    if (strcmp(name, "unnest") != 0 || call->n_args < 2)
        return add_call(scope, functions, alias,
                        bind_call_of_rows(scope, name, call->args, call->n_args, call->location));
    for (size_t i = 0; i < call->n_args; i++)
        if (!add_call(scope, functions, NULL,
                      bind_call_of_rows(scope, name, &call->args[i], 1, call->location)))
            return false;
    return true;
}

static bool add_functions(struct scope *scope, const PgQuery__RangeFunction *node,
                          struct functions *functions)
{
    const char *alias =
        node->alias != NULL && node->n_functions == 1 ? node->alias->aliasname : NULL;

    for (size_t i = 0; i < node->n_functions; i++)
        if (!add_function(scope, functions, alias, node->functions[i]->list->items[0]))
            return false;
    return true;
}

/* A function that gives records, alone: its columns are made of the document that it gives. */
static bool add_record(struct scope *scope, struct from *from, const PgQuery__RangeFunction *node,
                       const struct functions *functions, struct item *item)
{
    struct binder *binder = scope->binder;
    struct table *table = arena_zalloc(binder->arena, sizeof(*table));
    uint16_t first = from->columns_n;

    if (node->ordinality || node->n_functions > 1 || node->alias == NULL)
        return ast_refuse(&binder->ast, item->location,
                          "a function that gives records stands alone, with an alias and without "
                          "WITH ORDINALITY");
    *table = (struct table){.alias = node->alias->aliasname, .first = first};
    if (!record_columns(scope, node, table))
        return false;
    for (uint16_t i = 0; i < table->n; i++)
        list_add(&item->visible, binder->arena, &table->names[i]);
    from->columns_n = (uint16_t)(first + functions->n + 1);
    list_add(&from->tables, binder->arena, table);
    return true;
}

/* The functions' columns, and their number where it is asked for, as a table of FROM. */
static bool add_table(struct binder *binder, struct from *from, const PgQuery__RangeFunction *node,
                      const struct functions *functions, struct item *item)
{
    uint16_t n = (uint16_t)(functions->n + node->ordinality);
    struct relation *relation = arena_zalloc(binder->arena, sizeof(*relation));
    struct table *table = arena_zalloc(binder->arena, sizeof(*table));
    const char *alias = functions->rows[0].function->name;

    *relation =
        (struct relation){.columns = functions->names, .columns_n = n, .source = -1, .view = -1};
    if (!bind_from_aliases(binder, node->alias, relation, &alias))
        return false;
    if (from->columns_n + functions->n + 1 > COLUMNS_MAX)
        return ast_refuse(&binder->ast, item->location, "FROM joins more than %d columns",
                          COLUMNS_MAX);
    *table = (struct table){.alias = alias,
                            .relation = relation,
                            .first = from->columns_n,
                            .n = n,
                            .scalar = functions->n == 1};
    table->names = arena_alloc(binder->arena, (n + 1U) * sizeof(struct name));
    for (uint16_t i = 0; i < n; i++) {
        uint16_t column = (uint16_t)(table->first + i);

        from->columns[column].name = relation->columns[i];
        table->names[i] = (struct name){
            relation->columns[i],
            exprs_column(binder->arena, column, from->columns[column].type, item->location)};
        list_add(&item->visible, binder->arena, &table->names[i]);
    }
    from->columns_n = (uint16_t)(from->columns_n + functions->n + 1);
    list_add(&from->tables, binder->arena, table);
    return true;
}

static bool gives_records(const PgQuery__RangeFunction *node)
{
    bool populates;

    for (size_t i = 0; i < node->n_functions; i++)
        if (record_function(node->functions[i]->list->items[0], &populates))
            return true;
    return false;
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
    if (gives_records(node)) {
        if (!add_record(&scope, from, node, &functions, item))
            return false;
    } else if (node->n_coldeflist > 0) {
        return ast_refuse(&binder->ast, item->location,
                          "a column definition list is only allowed for functions that give "
                          "records");
    } else if (!add_table(binder, from, node, &functions, item))
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
    uint16_t column = 0;

    for (uint16_t i = 0; i < expansion->rows_n; i++) {
        const struct expr **args =
            arena_alloc(binder->arena, (expansion->rows[i].args_n + 1U) * sizeof(struct expr *));

        for (uint16_t k = 0; k < expansion->rows[i].args_n; k++)
            args[k] = exprs_column(binder->arena, column++, expansion->rows[i].args[k]->type, -1);
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
            list_add(&args, binder->arena, copy);
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
    return true;
}

/* ---- SELECT ---- */

static bool same_rows(const struct plan_rows *rows, const struct expr *call)
{
    bool same = rows->function == call->function && rows->args_n == call->args_n;

    for (uint16_t i = 0; i < call->args_n && same; i++)
        same = expr_same(rows->args[i], call->args[i]);
    return same;
}

/* The call's place in the list: the same twice gives the same rows side by side. */
static uint32_t place_of(struct binder *binder, struct list *list, const struct expr *call)
{
    struct plan_rows *rows;
    uint32_t at = 0;

    while (at < list->n && !same_rows(list->at[at], call))
        at++;
    if (at < list->n)
        return at;
    rows = arena_alloc(binder->arena, sizeof(*rows));
    *rows = rows_of(binder, call);
    list_add(list, binder->arena, rows);
    return at;
}

struct expr *bind_rows_call(struct scope *scope, const PgQuery__FuncCall *node, const char *name)
{
    struct binder *binder = scope->binder;
    struct expr *call;

    if (scope->rows == NULL || scope->in_aggregate || scope->in_window) {
        ast_refuse(&binder->ast, node->location,
                   "%s gives rows: it may stand in FROM and among the columns of SELECT alone",
                   name);
        return NULL;
    }
    call = bind_call_of_rows(scope, name, node->args, node->n_args, node->location);
    if (call == NULL)
        return NULL;
    if (call->function->second != 0 || scope->rows->n == ROWS_FUNCTIONS_MAX) {
        ast_refuse(&binder->ast, node->location,
                   "%s gives rows of several columns; write it in FROM", name);
        return NULL;
    }
    return exprs_column(binder->arena,
                        (uint16_t)(ROWS_COLUMN + place_of(binder, scope->rows, call)), call->type,
                        node->location);
}

void rows_need(const struct block *block, struct column_set *need)
{
    for (uint32_t i = 0; i < block->rows.n; i++) {
        const struct plan_rows *rows = block->rows.at[i];

        for (uint16_t k = 0; k < rows->args_n; k++)
            exprs_columns(rows->args[k], need);
    }
}

bool rows_map(struct block *block, struct expr *(*map)(void *to, struct expr *expr), void *to)
{
    for (uint32_t i = 0; i < block->rows.n; i++) {
        struct plan_rows *rows = block->rows.at[i];

        for (uint16_t k = 0; k < rows->args_n; k++) {
            struct expr *copy = arena_alloc(block->binder->arena, sizeof(*copy));

            *copy = *rows->args[k];
            rows->args[k] = map(to, copy);
            if (rows->args[k] == NULL)
                return false;
        }
    }
    return true;
}

/* Sets used[i] where the expression reads the rows of function i. */
static void mark_used(const struct expr *expr, bool *used)
{
    if (expr->kind == EXPR_COLUMN && expr->column >= ROWS_COLUMN)
        used[expr->column - ROWS_COLUMN] = true;
    for (uint16_t i = 0; i < expr->args_n; i++)
        mark_used(expr->args[i], used);
}

/* They are computed before there are groups: of columns of FROM alone. */
static bool are_over_from(struct block *block, const bool *used)
{
    for (uint32_t i = 0; i < block->rows.n; i++) {
        const struct plan_rows *rows = block->rows.at[i];

        for (uint16_t k = 0; used[i] && k < rows->args_n; k++)
            if (!exprs_is_plain(rows->args[k]))
                return ast_refuse(&block->binder->ast, rows->args[k]->location,
                                  "aggregates are not allowed in GROUP BY");
    }
    return true;
}

/* The functions that are used beside the rows of FROM, its conditions above them; the others stay,
 * *at says where. */
static void move_into_from(struct block *block, const bool *used, int16_t *at)
{
    struct binder *binder = block->binder;
    struct from *from = &block->from;
    struct plan_rows *rows = arena_alloc(binder->arena, block->rows.n * sizeof(*rows));
    const char **names = arena_alloc(binder->arena, (block->rows.n + 1U) * sizeof(*names));
    struct expansion expansion = {
        .rows = rows, .names = names, .first = from->columns_n, .location = -1};
    struct list others = {0}, conditions = from->group->conditions;

    for (uint32_t i = 0; i < block->rows.n; i++) {
        const struct plan_rows *one = block->rows.at[i];

        if (!used[i]) {
            at[ROWS_COLUMN + i] = (int16_t)(ROWS_COLUMN + others.n);
            list_add(&others, binder->arena, block->rows.at[i]);
            continue;
        }
        at[ROWS_COLUMN + i] = (int16_t)from->columns_n;
        names[expansion.rows_n] = one->function->name;
        rows[expansion.rows_n++] = *one;
        from->columns[from->columns_n++] =
            (struct column){one->function->name, one->types[0], false};
    }
    names[expansion.rows_n] = "ordinality";
    from->columns[from->columns_n++] = (struct column){"ordinality", {TYPE_INT8, -1, NULL}, true};
    expansion.n = (uint16_t)(expansion.rows_n + 1);
    from->group->conditions = (struct list){0};
    from->group = joins_expand(binder, from->group, &expansion, false);
    from->group->conditions = conditions;
    block->rows = others;
}

bool rows_settle(struct block *block)
{
    bool *used = arena_zalloc(block->binder->arena, block->rows.n + 1);
    bool any = false, beside = false;
    int16_t *at;

    for (uint32_t i = 0; i < block->groups.n; i++)
        mark_used(block->groups.at[i], used);
    for (uint32_t i = 0; i < block->rows.n; i++) {
        const struct plan_rows *rows = block->rows.at[i];

        any = any || used[i];
        for (uint16_t k = 0; used[i] && k < rows->args_n; k++)
            beside = beside || beside_reads(rows->args[k]);
    }
    if (!any)
        return true;
    if ((beside && !beside_settle(block)) || !are_over_from(block, used))
        return false;
    if (block->from.columns_n + block->rows.n + 1 > COLUMNS_MAX)
        return ast_refuse(&block->binder->ast, -1, "FROM joins more than %d columns", COLUMNS_MAX);
    at = block_places(block);
    move_into_from(block, used, at);
    block_move(block, at);
    for (uint32_t i = 0; i < block->groups.n; i++)
        block->groups.at[i] = exprs_move(block->binder->arena, block->groups.at[i], at);
    return true;
}

bool rows_plan(struct block *block, uint32_t *node)
{
    struct binder *binder = block->binder;
    uint16_t first = nodes_at(&binder->nodes, *node)->schema.columns_n, n = (uint16_t)block->rows.n;
    struct plan_rows *rows = arena_alloc(binder->arena, (n + 1U) * sizeof(*rows));
    const char **names = arena_alloc(binder->arena, (n + 1U) * sizeof(*names));
    int16_t *at = block_places(block);

    if (n == 0)
        return true;
    if (first + n + 1 > COLUMNS_MAX)
        return ast_refuse(&binder->ast, -1, "more than %d columns are selected", COLUMNS_MAX);
    for (uint16_t i = 0; i < n; i++) {
        rows[i] = *(const struct plan_rows *)block->rows.at[i];
        names[i] = rows[i].function->name;
        at[ROWS_COLUMN + i] = (int16_t)(first + i);
    }
    *node = nodes_expand(&binder->nodes, *node, rows, n, names, false);
    block_move(block, at);
    return true;
}
