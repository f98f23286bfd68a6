#include "sql/whole_row.h"

#include "record/array.h"
#include "sql/nested.h"

/* ---- what is a row ---- */

static void add_field(struct binder *binder, struct whole_row *row, const char *name,
                      struct expr *expr, struct whole_row *nested)
{
    struct row_field *field = arena_alloc(binder->arena, sizeof(*field));

    *field = (struct row_field){name, expr, nested};
    list_add(&row->fields, binder->arena, field);
}

void whole_row_add(struct binder *binder, struct whole_row *row, const char *name,
                   struct expr *expr)
{
    add_field(binder, row, name, expr, NULL);
}

static bool is_star(const PgQuery__Node *node)
{
    return node->node_case == PG_QUERY__NODE__NODE_COLUMN_REF &&
           node->column_ref->fields[node->column_ref->n_fields - 1]->node_case ==
               PG_QUERY__NODE__NODE_A_STAR;
}

/* One item of ROW(...): t.* is all of its columns. */
static bool add_item(struct scope *scope, const PgQuery__Node *node, struct whole_row *row)
{
    struct binder *binder = scope->binder;
    struct whole_row *nested = NULL;
    struct expr *expr = NULL;

    if (!bind_whole_row(scope, node, &nested))
        return false;
    if (nested != NULL && is_star(node)) {
        for (uint32_t i = 0; i < nested->fields.n; i++) {
            const struct row_field *field = nested->fields.at[i];

            add_field(binder, row, arena_printf(binder->arena, "f%u", row->fields.n + 1),
                      field->expr, field->row);
        }
        return true;
    }
    if (nested == NULL && (expr = bind_expr(scope, node)) == NULL)
        return false;
    add_field(binder, row, arena_printf(binder->arena, "f%u", row->fields.n + 1), expr, nested);
    return true;
}

static bool bind_written(struct scope *scope, const PgQuery__RowExpr *node, struct whole_row **ret)
{
    struct whole_row *row = arena_zalloc(scope->binder->arena, sizeof(*row));

    row->written = true;
    row->location = node->location;
    for (size_t i = 0; i < node->n_args; i++)
        if (!add_item(scope, node->args[i], row))
            return false;
    *ret = row;
    return true;
}

bool bind_whole_row(struct scope *scope, const PgQuery__Node *node, struct whole_row **ret)
{
    struct binder *binder = scope->binder;
    bool ok = true;

    *ret = NULL;
    if (binder->depth >= DEPTH_MAX)
        return ast_refuse(&binder->ast, ast_location(node), "the expression is nested too deeply");
    binder->depth++;
    if (node->node_case == PG_QUERY__NODE__NODE_ROW_EXPR)
        ok = bind_written(scope, node->row_expr, ret);
    else if (node->node_case == PG_QUERY__NODE__NODE_COLUMN_REF)
        ok = bind_table_row(scope, node->column_ref, ret);
    else if (node->node_case == PG_QUERY__NODE__NODE_FUNC_CALL)
        ok = bind_call_row(scope, node->func_call, ret);
    binder->depth--;
    return ok;
}

/* ---- what is made of it ---- */

/* The value, NULL where the row is none. */
static struct expr *where_present(struct binder *binder, const struct whole_row *row,
                                  struct expr *value)
{
    if (row->present == NULL || value == NULL)
        return value;
    return exprs_null_where(binder->arena, exprs_is_null(binder->arena, row->present), value);
}

/* The names of the fields as an array of text. */
static struct expr *names_of(struct binder *binder, const struct whole_row *row)
{
    struct type type = {type_array_of(TYPE_TEXT), -1, NULL};
    struct expr *names = exprs_null(binder->arena, type, row->location);
    CLEANUP(array_maker) struct array_maker maker = {0};

    array_begin(&maker, TYPE_TEXT, 1);
    for (uint32_t i = 0; i < row->fields.n; i++)
        array_add(&maker, (struct value){.bytes = str_of(
                                             ((const struct row_field *)row->fields.at[i])->name)});
    names->constant = (struct value){.bytes = array_finish(&maker, binder->arena)};
    return names;
}

/* What a row within a row becomes. */
typedef struct expr *form(struct binder *binder, const struct whole_row *row);

/* The internal function over the fields, behind the arguments that `args` has already. */
static struct expr *over_fields(struct binder *binder, const struct whole_row *row,
                                const char *function, struct list *args, form *nested)
{
    for (uint32_t i = 0; i < row->fields.n; i++) {
        const struct row_field *field = row->fields.at[i];
        struct expr *value =
            field->row != NULL ? nested(binder, field->row) : bind_decided(binder, field->expr);

        if (value == NULL)
            return NULL;
        list_add(args, binder->arena, value);
    }
    return where_present(binder, row,
                         exprs_call(binder->arena, function_named(function),
                                    (struct expr **)args->at, (uint16_t)args->n, row->location));
}

static struct expr *plain_json(struct binder *binder, const struct whole_row *row)
{
    return whole_row_json(binder, row, exprs_bool(binder->arena, false, row->location));
}

struct expr *whole_row_json(struct binder *binder, const struct whole_row *row, struct expr *breaks)
{
    struct list args = {0};

    list_add(&args, binder->arena, names_of(binder, row));
    list_add(&args, binder->arena, breaks);
    return over_fields(binder, row, "row object", &args, plain_json);
}

struct expr *whole_row_text(struct binder *binder, const struct whole_row *row)
{
    struct list args = {0};

    return over_fields(binder, row, "row text", &args, whole_row_text);
}

struct expr *whole_row_texts(struct binder *binder, const struct whole_row *row)
{
    struct list args = {0};

    return over_fields(binder, row, "row texts", &args, whole_row_text);
}

struct expr *whole_row_key(struct binder *binder, const struct whole_row *row)
{
    struct list args = {0};

    for (uint32_t i = 0; i < row->fields.n; i++) {
        const struct row_field *field = row->fields.at[i];

        if (field->expr != NULL && field->expr->type.id != TYPE_UNKNOWN &&
            !bind_comparable(binder, field->expr, "DISTINCT"))
            return NULL;
    }
    return over_fields(binder, row, "row key", &args, whole_row_key);
}

struct expr *bind_ordered(struct scope *scope, const PgQuery__Node *node)
{
    struct whole_row *row = NULL;

    if (!bind_whole_row(scope, node, &row))
        return NULL;
    return row != NULL ? whole_row_key(scope->binder, row)
                       : bind_decided(scope->binder, bind_expr(scope, node));
}

struct expr *whole_row_presence(struct binder *binder, const struct whole_row *row)
{
    return where_present(binder, row, exprs_bool(binder->arena, true, row->location));
}

/* ---- fields ---- */

static const struct row_field *find_field(const struct whole_row *row, const char *name)
{
    for (uint32_t i = 0; i < row->fields.n; i++)
        if (strcmp(((const struct row_field *)row->fields.at[i])->name, name) == 0)
            return row->fields.at[i];
    return NULL;
}

/* The first `n` steps into the row, as long as they lead to rows within it: the field that is left,
 * or *row. */
static bool walk_fields(struct scope *scope, const PgQuery__AIndirection *node, size_t n,
                        struct whole_row **row, const struct row_field **ret, size_t *ret_used)
{
    *ret = NULL;
    for (*ret_used = 0; *row != NULL && *ret_used < n; ++*ret_used) {
        const char *name = ast_string(node->indirection[*ret_used]);

        *ret = name == NULL ? NULL : find_field(*row, name);
        if (*ret == NULL)
            return ast_refuse(&scope->binder->ast, ast_location(node->arg),
                              "the row has no column \"%s\"", name == NULL ? "*" : name);
        *row = (*ret)->row;
    }
    return true;
}

bool bind_row_field(struct scope *scope, const PgQuery__AIndirection *node, struct expr **ret,
                    size_t *ret_used)
{
    struct whole_row *row = NULL;
    const struct row_field *field = NULL;

    *ret = NULL;
    if (node->n_indirection == 0 || ast_string(node->indirection[0]) == NULL)
        return true;
    if (!bind_whole_row(scope, node->arg, &row))
        return false;
    if (row == NULL)
        return true;
    if (!walk_fields(scope, node, node->n_indirection, &row, &field, ret_used))
        return false;
    if (row != NULL)
        return ast_refuse(&scope->binder->ast, ast_location(node->arg),
                          "a whole row is no value here; name its columns");
    assert(field != NULL);
    *ret = field->expr;
    return true;
}

bool bind_row_star(struct scope *scope, const PgQuery__AIndirection *node, struct list *out)
{
    struct binder *binder = scope->binder;
    int location = ast_location(node->arg);
    struct whole_row *row = NULL;
    const struct row_field *field;
    size_t used = 0;

    if (!bind_whole_row(scope, node->arg, &row) ||
        !walk_fields(scope, node, node->n_indirection - 1, &row, &field, &used))
        return false;
    if (row == NULL)
        return ast_refuse(&binder->ast, location, "only a row has columns for .*");
    for (uint32_t i = 0; i < row->fields.n; i++) {
        struct name *name = arena_alloc(binder->arena, sizeof(*name));

        field = row->fields.at[i];
        if (field->row != NULL)
            return ast_refuse(&binder->ast, location,
                              "a whole row is no column of a view; name its columns");
        *name = (struct name){field->name, field->expr};
        list_add(out, binder->arena, name);
    }
    return true;
}

/* ---- IS NULL ---- */

struct expr *whole_row_null_test(struct binder *binder, const struct whole_row *row, bool null,
                                 int location)
{
    struct list tests = {0};

    for (uint32_t i = 0; i < row->fields.n; i++) {
        const struct row_field *field = row->fields.at[i];
        struct expr *value = field->row != NULL ? whole_row_text(binder, field->row)
                                                : bind_decided(binder, field->expr);
        struct expr *test;

        if (value == NULL)
            return NULL;
        test = exprs_is_null(binder->arena, value);
        list_add(&tests, binder->arena, null ? test : exprs_not(binder->arena, test, location));
    }
    return tests.n == 0 ? exprs_bool(binder->arena, true, location)
                        : exprs_junction(binder->arena, EXPR_AND, &tests, location);
}

/* ---- arguments ---- */

/* What a function makes of a row. */
enum takes { TAKES_NO_ROW, TAKES_JSON, TAKES_TEXT };

static enum takes taken_by(const char *function)
{
    static const char *const json[] = {
        "to_json",           "to_jsonb",          "row_to_json",       "json_agg",
        "jsonb_agg",         "json_object_agg",   "jsonb_object_agg",  "json_build_array",
        "jsonb_build_array", "json_build_object", "jsonb_build_object"};
    static const char *const text[] = {"concat",        "concat_ws",    "format",
                                       "num_nulls",     "num_nonnulls", "quote_literal",
                                       "quote_nullable"};

    for (size_t i = 0; i < sizeof(json) / sizeof(json[0]); i++)
        if (strcmp(json[i], function) == 0)
            return TAKES_JSON;
    for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++)
        if (strcmp(text[i], function) == 0)
            return TAKES_TEXT;
    return TAKES_NO_ROW;
}

/* row_to_json(row, true): with line feeds. */
static struct expr *bind_breaks(struct scope *scope, const PgQuery__FuncCall *call,
                                const char *name)
{
    struct type type = {TYPE_BOOL, -1, NULL};
    struct expr *breaks;

    if (strcmp(name, "row_to_json") != 0 || call->n_args < 2)
        return exprs_bool(scope->binder->arena, false, call->location);
    breaks = bind_expr(scope, call->args[1]);
    return breaks == NULL ? NULL
                          : bind_coerce(scope->binder, breaks, type, CAST_IMPLICIT, "argument");
}

/* Whether there is a row; of one of the query around in an expression that names it, though it always is. */
static struct expr *counted(struct scope *scope, const struct whole_row *row)
{
    struct expr *presence = whole_row_presence(scope->binder, row), *named;
    const struct row_field *field = row->fields.n == 0 ? NULL : row->fields.at[0];
    struct column_set columns = {0}, params = outer_columns(scope->from);

    if (field == NULL || field->expr == NULL || !exprs_is_true(presence))
        return presence;
    exprs_columns(field->expr, &columns);
    if (!column_set_meets(&columns, &params))
        return presence;
    named = exprs_is_null(scope->binder->arena, field->expr);
    return exprs_not(scope->binder->arena, exprs_is_null(scope->binder->arena, named),
                     row->location);
}

bool bind_row_argument(struct scope *scope, const PgQuery__FuncCall *call, const PgQuery__Node *arg,
                       const char *name, struct expr **ret)
{
    bool counts = strcmp(name, "count") == 0;
    enum takes takes = taken_by(name);
    struct whole_row *row = NULL;
    struct expr *breaks;

    *ret = NULL;
    if (takes == TAKES_NO_ROW && !counts)
        return true;
    if (!bind_whole_row(scope, arg, &row))
        return false;
    if (row == NULL)
        return true;
    if (counts) {
        *ret = call->agg_distinct ? whole_row_key(scope->binder, row) : counted(scope, row);
    } else if (takes == TAKES_TEXT) {
        *ret = whole_row_text(scope->binder, row);
    } else {
        breaks = bind_breaks(scope, call, name);
        *ret = breaks == NULL ? NULL : whole_row_json(scope->binder, row, breaks);
    }
    return *ret != NULL;
}
