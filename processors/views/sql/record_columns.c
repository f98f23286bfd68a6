/*
 * The columns of functions that give records: json[b]_to_record[set] with a column definition list,
 * json[b]_populate_record[set] with the row of a source or view. Each is the member of that name in
 * a document, read as the column's type; where there is none, the row's column.
 */
#include "sql/bind_values.h"
#include "sql/from.h"
#include "sql/whole_row.h"

/* What the functions give: documents, of which the columns are made. */
static const struct {
    const char *name;
    bool populates;
} functions[] = {
    {"json_to_record", false},         {"jsonb_to_record", false},
    {"json_to_recordset", false},      {"jsonb_to_recordset", false},
    {"json_populate_record", true},    {"jsonb_populate_record", true},
    {"json_populate_recordset", true}, {"jsonb_populate_recordset", true},
};

bool record_function(const PgQuery__FuncCall *call, bool *ret_populates)
{
    const char *name = ast_string(call->funcname[call->n_funcname - 1]);

    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        if (strcmp(functions[i].name, name) != 0)
            continue;
        *ret_populates = functions[i].populates;
        return true;
    }
    return false;
}

/* A column in the making. */
struct record_column {
    const char *name;
    struct type type;
    const struct user_type *domain; /* NULL: of none */
};

/* What the columns are made of: the document, and the texts of the row that is populated, NULL
 * where it is none. */
struct record {
    struct binder *binder;
    struct expr *document, *texts;
};

static struct record_column *add_column(struct binder *binder, struct list *columns,
                                        const char *name, struct type type)
{
    struct record_column *column = arena_zalloc(binder->arena, sizeof(*column));

    column->name = name;
    column->type = type;
    list_add(columns, binder->arena, column);
    return column;
}

static struct expr *over_member(const struct record *record, const char *function,
                                const char *member)
{
    struct arena *arena = record->binder->arena;
    int location = record->document->location;
    struct expr *name = exprs_new(arena, EXPR_CONST, TYPE_TEXT, 0, location);
    struct expr *args[] = {record->document, name};

    name->constant.bytes = str_of(member);
    return exprs_call(arena, function_named(function), args, 2, location);
}

/* CASE WHEN the document has the member THEN value ELSE the row's column END */
static struct expr *or_base(const struct record *record, const struct record_column *column,
                            uint16_t number, struct expr *value)
{
    struct arena *arena = record->binder->arena;
    struct expr *choice = exprs_new(arena, EXPR_CASE, value->type.id, 3, value->location);
    struct expr *at = exprs_new(arena, EXPR_CONST, TYPE_INT4, 0, value->location);
    struct expr *args[] = {record->texts, at};

    at->constant.slot = number;
    choice->type = value->type;
    choice->args[0] = over_member(record, "record has", column->name);
    choice->args[1] = value;
    choice->args[2] = exprs_call(arena, function_named("record base"), args, 2, value->location);
    choice->args[2]->type = column->type;
    return choice;
}

/* The member, read as the column's type; of no document NULL, whatever the domain says. */
static struct expr *member(const struct record *record, const struct record_column *column,
                           uint16_t number)
{
    struct binder *binder = record->binder;
    struct expr *value = over_member(record, "record member", column->name);

    value->type = column->type;
    if (column->domain != NULL) {
        value = bind_into_domain(binder, column->domain, value);
        if (value == NULL)
            return NULL;
        value =
            exprs_null_where(binder->arena, exprs_is_null(binder->arena, record->document), value);
    }
    return record->texts == NULL ? value : or_base(record, column, number, value);
}

/* (a integer, b text) */
static bool written_columns(struct binder *binder, const struct record_call *record,
                            struct list *ret)
{
    for (size_t i = 0; i < record->defs_n; i++) {
        const PgQuery__ColumnDef *def = record->defs[i]->column_def;
        struct type type;

        if (!ast_only(&binder->ast, def, "colname type_name is_local") ||
            !bind_type(binder, def->type_name, &type))
            return false;
        add_column(binder, ret, def->colname, type)->domain =
            bind_domain_of(binder, def->type_name);
    }
    return ret->n > 0 || ast_refuse(&binder->ast, record->call->location,
                                    "a column definition list is required for functions that give "
                                    "records: AS name(a integer, b text)");
}

/* ---- the row to populate ---- */

static void relation_columns(struct binder *binder, const struct relation *relation,
                             struct list *ret)
{
    const struct schema *shape = &nodes_at(&binder->nodes, relation->node)->schema;

    for (uint16_t i = 0; i < relation->columns_n; i++)
        add_column(binder, ret, relation->columns[i], shape->columns[i].type)->domain =
            relation->domains == NULL ? NULL : relation->domains[i];
}

static const struct relation *relation_of(struct binder *binder, const PgQuery__TypeName *type)
{
    const struct relation *relation =
        bind_find(binder, type->n_names > 1 ? ast_string(type->names[0]) : "public",
                  ast_string(type->names[type->n_names - 1]));

    if (relation == NULL)
        ast_refuse(&binder->ast, type->location, "no source or view of that name is defined above");
    return relation;
}

/* A field of ROW(...)::schema.table as the column's type. */
static struct expr *as_column(struct binder *binder, const struct record_column *column,
                              struct expr *value)
{
    value = bind_coerce(binder, value, column->type, CAST_EXPLICIT, "a column of the row");
    if (value != NULL && column->domain != NULL)
        value = bind_into_domain(binder, column->domain, value);
    return value;
}

/* The row, each field as the column is. */
static bool fit_row(struct binder *binder, const struct whole_row *row, const struct list *columns)
{
    if (row->fields.n != columns->n)
        return ast_refuse(&binder->ast, row->location, "the row has %u columns, its type has %u",
                          row->fields.n, columns->n);
    for (uint32_t i = 0; i < columns->n && row->written; i++) {
        struct row_field *field = row->fields.at[i];

        if (field->expr == NULL)
            return ast_refuse(&binder->ast, row->location, "a row within a row is no column");
        field->expr = as_column(binder, columns->at[i], field->expr);
        if (field->expr == NULL)
            return false;
    }
    return true;
}

static bool is_null(const PgQuery__Node *node)
{
    return node != NULL && node->node_case == PG_QUERY__NODE__NODE_A_CONST && node->a_const->isnull;
}

/* NULL::schema.table, ROW(...)::schema.table, or a table of FROM; *ret_row NULL: NULL. */
static bool populated(struct scope *scope, const PgQuery__FuncCall *call, struct list *ret_columns,
                      struct whole_row **ret_row)
{
    const PgQuery__Node *base = call->n_args > 0 ? call->args[0] : NULL, *row = base;
    struct binder *binder = scope->binder;
    const struct relation *relation = NULL;
    bool cast = base != NULL && base->node_case == PG_QUERY__NODE__NODE_TYPE_CAST;

    *ret_row = NULL;
    if (cast) {
        row = base->type_cast->arg;
        relation = relation_of(binder, base->type_cast->type_name);
        if (relation == NULL)
            return false;
    }
    if (row != NULL && !bind_whole_row(scope, row, ret_row))
        return false;
    if (*ret_row != NULL && !cast && (*ret_row)->relation != NULL &&
        (*ret_row)->relation->schema != NULL)
        relation = (*ret_row)->relation;
    if (relation == NULL || !(*ret_row == NULL ? is_null(row) : !cast || (*ret_row)->written))
        return ast_refuse(&binder->ast, call->location,
                          "the row to populate must be NULL::schema.table, ROW(...)::schema.table, "
                          "or a source or view of FROM");
    relation_columns(binder, relation, ret_columns);
    return *ret_row == NULL || fit_row(binder, *ret_row, ret_columns);
}

bool record_row(struct scope *scope, const PgQuery__FuncCall *call, struct expr **ret_texts)
{
    struct list columns = {0};
    struct whole_row *row = NULL;

    *ret_texts = NULL;
    if (!populated(scope, call, &columns, &row))
        return false;
    if (row != NULL)
        *ret_texts = whole_row_texts(scope->binder, row);
    return row == NULL || *ret_texts != NULL;
}

/* The columns as members of the document. */
static bool members(const struct record *record, const struct list *columns, struct list *ret)
{
    for (uint32_t i = 0; i < columns->n; i++) {
        const struct record_column *column = columns->at[i];
        struct name *name = arena_alloc(record->binder->arena, sizeof(*name));

        *name = (struct name){column->name, member(record, column, (uint16_t)i)};
        if (name->expr == NULL)
            return false;
        list_add(ret, record->binder->arena, name);
    }
    return true;
}

bool record_columns(struct scope *scope, const struct record_call *called, struct expr *document,
                    struct expr *texts, struct list *ret)
{
    const struct record record = {scope->binder, document, texts};
    struct whole_row *row;
    struct list columns = {0};
    bool populates = false;

    (void)record_function(called->call, &populates);
    if (populates && called->defs_n > 0)
        return ast_refuse(&scope->binder->ast, called->call->location,
                          "a column definition list is redundant: the row to populate has its own");
    return (populates ? populated(scope, called->call, &columns, &row)
                      : written_columns(scope->binder, called, &columns)) &&
           members(&record, &columns, ret);
}

/* ---- as a value ---- */

/* NULL where there is neither a document nor a row to begin with. */
static struct expr *presence(struct binder *binder, const struct whole_row *base,
                             struct expr *document)
{
    struct list absent = {0};

    if (base == NULL)
        return document;
    if (base->present == NULL)
        return NULL;
    list_add(&absent, binder->arena, exprs_is_null(binder->arena, document));
    list_add(&absent, binder->arena, exprs_is_null(binder->arena, base->present));
    return exprs_null_where(binder->arena,
                            exprs_junction(binder->arena, EXPR_AND, &absent, document->location),
                            exprs_bool(binder->arena, true, document->location));
}

bool record_row_value(struct scope *scope, const PgQuery__FuncCall *call, struct expr *document,
                      struct whole_row **ret)
{
    struct binder *binder = scope->binder;
    struct whole_row *base = NULL, *row = arena_zalloc(binder->arena, sizeof(*row));
    struct list columns = {0}, names = {0};
    struct record record = {binder, document, NULL};

    if (!populated(scope, call, &columns, &base))
        return false;
    if (base != NULL && (record.texts = whole_row_texts(binder, base)) == NULL)
        return false;
    if (!members(&record, &columns, &names))
        return false;
    row->present = presence(binder, base, document);
    row->location = call->location;
    for (uint32_t i = 0; i < names.n; i++) {
        const struct name *name = names.at[i];

        whole_row_add(binder, row, name->column, name->expr);
    }
    *ret = row;
    return true;
}
