/*
 * Functions that give rows among the columns of SELECT, and rows of theirs as values; how a block
 * computes them.
 */
#include "sql/block.h"
#include "sql/from.h"
#include "sql/joins.h"

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
    *rows = rows_part(binder, call);
    list_add(list, binder->arena, rows);
    return at;
}

/* The first placeholder of the rows that the call gives. */
static bool place_rows(struct scope *scope, const struct expr *call, uint16_t *ret_first)
{
    uint32_t at;

    if (call == NULL)
        return false;
    at = place_of(scope->binder, scope->rows, call);
    if (at == ROWS_FUNCTIONS_MAX)
        return ast_refuse(&scope->binder->ast, call->location,
                          "more than %d functions that give rows in one SELECT",
                          ROWS_FUNCTIONS_MAX);
    *ret_first = (uint16_t)(ROWS_COLUMN + ROWS_COLUMNS * at);
    return true;
}

static bool rows_may_stand(struct scope *scope, const char *name, int location)
{
    return (scope->rows != NULL && !scope->in_aggregate && !scope->in_window) ||
           ast_refuse(&scope->binder->ast, location,
                      "%s gives rows: it may stand in FROM and among the columns of SELECT alone",
                      name);
}

struct expr *bind_rows_call(struct scope *scope, const PgQuery__FuncCall *node, const char *name)
{
    struct binder *binder = scope->binder;
    struct expr *call;
    uint16_t first = 0;
    bool populates;

    if (!rows_may_stand(scope, name, node->location))
        return NULL;
    if (record_function(node, &populates)) {
        ast_refuse(&binder->ast, node->location,
                   populates ? "a whole row is no value here; write (%s(...)).* or .column"
                             : "%s gives records of unknown columns here; write it in FROM",
                   name);
        return NULL;
    }
    call = rows_call(scope, name, node->args, node->n_args, node->location);
    if (call != NULL && call->function->second != 0) {
        ast_refuse(&binder->ast, node->location,
                   "a whole row is no value here; write (%s(...)).* or .column", name);
        return NULL;
    }
    return place_rows(scope, call, &first)
               ? exprs_column(binder->arena, first, call->type, node->location)
               : NULL;
}

/* ---- rows as values ---- */

/* The function gives rows of two columns. */
static bool gives_pairs(const char *name)
{
    for (const struct function *row = rows_functions(); row->name != NULL; row++)
        if (row->kind == FUNCTION_ROWS && row->second != 0 && strcmp(row->name, name) == 0)
            return true;
    return false;
}

static bool pair_of(struct scope *scope, const PgQuery__FuncCall *call, const char *name,
                    struct whole_row **ret)
{
    struct binder *binder = scope->binder;
    struct expr *bound;
    struct whole_row *row = arena_zalloc(binder->arena, sizeof(*row));
    const char *names[2];
    struct plan_rows rows;
    uint16_t first = 0, n = 0;

    if (!rows_may_stand(scope, name, call->location))
        return false;
    bound = rows_call(scope, name, call->args, call->n_args, call->location);
    if (!place_rows(scope, bound, &first))
        return false;
    rows = rows_part(binder, bound);
    rows_names(binder, bound->function, NULL, names, &n);
    row->location = call->location;
    for (uint16_t i = 0; i < n; i++)
        whole_row_add(
            binder, row, names[i],
            exprs_column(binder->arena, (uint16_t)(first + i), rows.types[i], call->location));
    *ret = row;
    return true;
}

/* The documents of json[b]_populate_recordset, or the one of json[b]_populate_record. */
static struct expr *populating(struct scope *scope, const PgQuery__FuncCall *call, const char *name)
{
    struct binder *binder = scope->binder;
    struct type type = {name[4] == 'b' ? TYPE_JSONB : TYPE_JSON, -1, NULL};
    struct expr *document;
    uint16_t first = 0;

    if (call->n_args != 2) {
        ast_refuse(&binder->ast, call->location, "%s takes a row and a document", name);
        return NULL;
    }
    if (strstr(name, "recordset") != NULL) {
        if (!rows_may_stand(scope, name, call->location))
            return NULL;
        document = rows_call(scope, name, &call->args[1], 1, call->location);
        return place_rows(scope, document, &first)
                   ? exprs_column(binder->arena, first, type, call->location)
                   : NULL;
    }
    document = bind_expr(scope, call->args[1]);
    if (document != NULL)
        document = bind_coerce(binder, document, type, CAST_IMPLICIT, "the document");
    return document == NULL
               ? NULL
               : bind_call(binder, FUNCTION_NAMED, "record document", &document, 1, call->location);
}

bool bind_call_row(struct scope *scope, const PgQuery__FuncCall *call, struct whole_row **ret)
{
    const char *name = ast_string(call->funcname[call->n_funcname - 1]);
    bool populates = false;
    struct expr *document;

    *ret = NULL;
    if (record_function(call, &populates)) {
        if (!populates)
            return true;
        document = populating(scope, call, name);
        return document != NULL && record_row_value(scope, call, document, ret);
    }
    return !gives_pairs(name) || pair_of(scope, call, name, ret);
}

/* ---- where they stand in a block ---- */

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

/* Sets used[i] where the expression reads the rows of function i; whether it reads any. */
static bool mark_used(const struct expr *expr, bool *used)
{
    bool any = expr->kind == EXPR_COLUMN && expr->column >= ROWS_COLUMN;

    if (any)
        used[(expr->column - ROWS_COLUMN) / ROWS_COLUMNS] = true;
    for (uint16_t i = 0; i < expr->args_n; i++)
        any = mark_used(expr->args[i], used) || any;
    return any;
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
    const char **names =
        arena_alloc(binder->arena, (ROWS_COLUMNS * block->rows.n + 1U) * sizeof(*names));
    uint16_t n = 0;
    struct expansion expansion = {
        .rows = rows, .names = names, .first = from->columns_n, .location = -1};
    struct list others = {0}, conditions = from->group->conditions;

    for (uint32_t i = 0; i < block->rows.n; i++) {
        const struct plan_rows *one = block->rows.at[i];

        if (!used[i]) {
            for (uint16_t k = 0; k < one->columns_n; k++)
                at[ROWS_COLUMN + ROWS_COLUMNS * i + k] =
                    (int16_t)(ROWS_COLUMN + ROWS_COLUMNS * others.n + k);
            list_add(&others, binder->arena, block->rows.at[i]);
            continue;
        }
        rows[expansion.rows_n++] = *one;
        for (uint16_t k = 0; k < one->columns_n; k++) {
            at[ROWS_COLUMN + ROWS_COLUMNS * i + k] = (int16_t)from->columns_n;
            names[n++] = one->function->name;
            from->columns[from->columns_n++] =
                (struct column){one->function->name, one->types[k], false};
        }
    }
    names[n] = "ordinality";
    from->columns[from->columns_n++] = (struct column){"ordinality", {TYPE_INT8, -1, NULL}, true};
    expansion.n = (uint16_t)(n + 1);
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
    if (block->from.columns_n + ROWS_COLUMNS * block->rows.n + 1 > COLUMNS_MAX)
        return ast_refuse(&block->binder->ast, -1, "FROM joins more than %d columns", COLUMNS_MAX);
    at = block_places(block);
    move_into_from(block, used, at);
    block_settle(block, at);
    return true;
}

static bool reads_rows(const struct plan_rows *rows, bool *used)
{
    for (uint16_t k = 0; k < rows->args_n; k++)
        if (mark_used(rows->args[k], used))
            return true;
    return false;
}

/* Those whose arguments read no rows of others, side by side; the others are left for the next. */
static bool plan_level(struct block *block, uint32_t *node)
{
    struct binder *binder = block->binder;
    uint16_t first = nodes_at(&binder->nodes, *node)->schema.columns_n, n = 0, columns_n = 0;
    struct plan_rows *rows = arena_alloc(binder->arena, block->rows.n * sizeof(*rows));
    const char **names =
        arena_alloc(binder->arena, (size_t)ROWS_COLUMNS * block->rows.n * sizeof(*names));
    bool *used = arena_zalloc(binder->arena, block->rows.n);
    int16_t *at = block_places(block);
    struct list others = {0};

    if (first + ROWS_COLUMNS * block->rows.n + 1 > COLUMNS_MAX)
        return ast_refuse(&binder->ast, -1, "more than %d columns are selected", COLUMNS_MAX);
    for (uint32_t i = 0; i < block->rows.n; i++) {
        const struct plan_rows *one = block->rows.at[i];
        bool waits = reads_rows(one, used);

        uint32_t to = waits ? ROWS_COLUMN + ROWS_COLUMNS * others.n : (uint32_t)first + columns_n;

        for (uint16_t k = 0; k < one->columns_n; k++)
            at[ROWS_COLUMN + ROWS_COLUMNS * i + k] = (int16_t)(to + k);
        if (waits) {
            list_add(&others, binder->arena, block->rows.at[i]);
            continue;
        }
        rows[n++] = *one;
        for (uint16_t k = 0; k < one->columns_n; k++)
            names[columns_n++] = one->function->name;
    }
    block->rows = others;
    *node = nodes_expand(&binder->nodes, *node, rows, n, names, false);
    block_move(block, at);
    return true;
}

bool rows_plan(struct block *block, uint32_t *node)
{
    while (block->rows.n > 0)
        if (!plan_level(block, node))
            return false;
    return true;
}
