/* VALUES: constants are rows by themselves; else each row is a SELECT without FROM. */
#include "sql/make.h"
#include "sql/set.h"

/* One row of VALUES as SELECT without FROM. */
static const PgQuery__SelectStmt *row_as_select(struct binder *binder, const PgQuery__List *row)
{
    struct list targets = {0}, none = {0};

    for (size_t i = 0; i < row->n_items; i++)
        list_add(&targets, binder->arena,
                 make_target(binder->arena, row->items[i],
                             arena_printf(binder->arena, "column%zu", i + 1)));
    return make_select(binder->arena, &targets, &none);
}

/* One row alone. */
static bool bind_open_row(struct binder *binder, const PgQuery__SelectStmt *select,
                          struct block *row, struct around around, struct query *ret)
{
    bool plain =
        select->n_sort_clause == 0 && select->limit_count == NULL && select->limit_offset == NULL;
    struct query query;

    for (uint32_t i = 0; i < row->targets.n; i++) {
        struct target *target = row->targets.at[i];

        if ((target->expr = bind_decided(binder, target->expr)) == NULL)
            return false;
    }
    if (!block_finish(row, plain ? ret : &query))
        return false;
    return plain || set_plan_clauses(binder, select, around, &query, ret);
}

/* Rows that name the query around: UNION ALL of them. */
static bool bind_open_values(struct binder *binder, const PgQuery__SelectStmt *select,
                             struct around around, struct query *ret)
{
    struct set *whole = NULL;

    for (size_t i = 0; i < select->n_values_lists; i++) {
        struct set *leaf =
            set_of_block(binder, row_as_select(binder, select->values_lists[i]->list), around);
        struct set *both;

        if (leaf == NULL)
            return false;
        both = arena_zalloc(binder->arena, sizeof(*both));
        *both = (struct set){.kind = SET_UNION,
                             .all = true,
                             .left = whole,
                             .right = leaf,
                             .location = leaf->location};
        whole = whole == NULL ? leaf : both;
    }
    assert(whole != NULL); /* the grammar gives one row or more */
    if (whole->kind == SET_LEAF)
        return bind_open_row(binder, select, whole->block, around, ret);
    return set_plan(binder, select, whole, around, ret);
}

/* All values, row by row; *ret_open: some name the query around. */
static struct expr **bind_rows_of(struct binder *binder, const PgQuery__SelectStmt *select,
                                  struct around around, bool *ret_open)
{
    size_t n = select->values_lists[0]->list->n_items, rows_n = select->n_values_lists;
    struct expr **exprs = arena_alloc(binder->arena, n * rows_n * sizeof(struct expr *));
    struct from from;
    struct scope scope = {.binder = binder, .from = &from, .clause = "VALUES"};

    if (!bind_from(binder, NULL, 0, around.scope, &from))
        return NULL;
    *ret_open = false;
    for (size_t r = 0; r < rows_n; r++) {
        const PgQuery__List *row = select->values_lists[r]->list;

        if (row->n_items != n) {
            ast_refuse(&binder->ast, ast_location(row), "VALUES lists must all be the same length");
            return NULL;
        }
        for (size_t i = 0; i < n; i++) {
            if (ast_has_subquery(row->items[i])) {
                *ret_open = true;
                return exprs;
            }
            if ((exprs[r * n + i] = bind_expr(&scope, row->items[i])) == NULL)
                return NULL;
        }
    }
    *ret_open = from.params.n > 0;
    return exprs;
}

/* Brings column `i` of all rows to one type. */
static bool unify_column(struct binder *binder, struct expr **exprs, size_t rows_n, size_t n,
                         size_t i, struct type *ret)
{
    struct expr **column = arena_alloc(binder->arena, rows_n * sizeof(struct expr *));

    for (size_t r = 0; r < rows_n; r++)
        column[r] = exprs[r * n + i];
    if (!bind_common(binder, column, (uint16_t)rows_n, "VALUES", ret))
        return false;
    for (size_t r = 0; r < rows_n; r++)
        if ((exprs[r * n + i] = bind_decided(binder, column[r])) == NULL)
            return false;
    if (ret->id == TYPE_UNKNOWN)
        *ret = (struct type){TYPE_TEXT, -1, NULL};
    return true;
}

bool bind_values(struct binder *binder, const PgQuery__SelectStmt *select, struct around around,
                 struct query *ret)
{
    size_t n = select->values_lists[0]->list->n_items, rows_n = select->n_values_lists;
    struct column *columns = arena_zalloc(binder->arena, (n + 1) * sizeof(*columns));
    const char **names = arena_alloc(binder->arena, (n + 1) * sizeof(*names));
    struct schema shape = {.columns = columns, .columns_n = (uint16_t)n};
    struct query query = {.columns = names, .columns_n = (uint16_t)n};
    bool open = false;
    struct expr **exprs;

    if (n > COLUMNS_MAX || n * rows_n > UINT16_MAX)
        return ast_refuse(&binder->ast, ast_location(select), "VALUES with more than %d values",
                          UINT16_MAX);
    exprs = bind_rows_of(binder, select, around, &open);
    if (exprs == NULL)
        return false;
    if (open)
        return bind_open_values(binder, select, around, ret);
    for (size_t i = 0; i < n; i++) {
        names[i] = columns[i].name = arena_printf(binder->arena, "column%zu", i + 1);
        if (!unify_column(binder, exprs, rows_n, n, i, &columns[i].type))
            return false;
    }
    query.node = nodes_values(&binder->nodes, exprs, &shape, (uint32_t)rows_n);
    if (set_has_clauses(select))
        return set_plan_clauses(binder, select, around, &query, ret);
    *ret = query;
    return true;
}
