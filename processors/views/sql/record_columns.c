/*
 * The columns of functions that give records: json[b]_to_record[set] with a column definition list,
 * json[b]_populate_record[set] with the row type of a source or view. Each is the member of that
 * name in a document, read as the column's type reads text.
 */
#include "sql/from.h"

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

bool record_function(const PgQuery__Node *node, bool *ret_populates)
{
    const PgQuery__FuncCall *call = node->func_call;
    const char *name;

    if (node->node_case != PG_QUERY__NODE__NODE_FUNC_CALL)
        return false;
    name = ast_string(call->funcname[call->n_funcname - 1]);
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        if (strcmp(functions[i].name, name) != 0)
            continue;
        *ret_populates = functions[i].populates;
        return true;
    }
    return false;
}

/* The member as the type's input reads it; of json and jsonb the document within. */
static struct expr *member(struct binder *binder, struct expr *document,
                           const struct column *column)
{
    int location = document->location;
    struct expr *name = exprs_new(binder->arena, EXPR_CONST, TYPE_TEXT, 0, location);
    struct expr *args[] = {document, name}, *text, *within;

    name->constant.bytes = str_of(column->name);
    if (type_is_array(column->type.id) ||
        (type_is_text(column->type.id) && column->type.typmod >= 0)) {
        ast_refuse(&binder->ast, location,
                   "column \"%s\": arrays and texts of a length are not read from a document; "
                   "take text or jsonb",
                   column->name);
        return NULL;
    }
    text = bind_call(binder, FUNCTION_OPERATOR, "->>", args, 2, location);
    if (text == NULL || (column->type.id != TYPE_JSON && column->type.id != TYPE_JSONB))
        return text == NULL ? NULL
                            : bind_coerce(binder, text, column->type, CAST_EXPLICIT, "a member");
    within = bind_call(binder, FUNCTION_OPERATOR, "->", args, 2, location);
    if (within != NULL)
        within = bind_coerce(binder, within, column->type, CAST_EXPLICIT, "a member");
    return within == NULL
               ? NULL
               : exprs_null_where(binder->arena, exprs_is_null(binder->arena, text), within);
}

/* (a integer, b text) */
static bool written_columns(struct binder *binder, const PgQuery__RangeFunction *node,
                            struct list *ret)
{
    for (size_t i = 0; i < node->n_coldeflist; i++) {
        const PgQuery__ColumnDef *def = node->coldeflist[i]->column_def;
        struct column *column = arena_zalloc(binder->arena, sizeof(*column));

        if (!ast_only(&binder->ast, def, "colname type_name is_local") ||
            !bind_type(binder, def->type_name, &column->type))
            return false;
        column->name = def->colname;
        list_add(ret, binder->arena, column);
    }
    return ret->n > 0 || ast_refuse(&binder->ast, ast_location(node->functions[0]),
                                    "a column definition list is required for functions that give "
                                    "records: AS name(a integer, b text)");
}

/* NULL::schema.table */
static bool table_columns(struct binder *binder, const PgQuery__FuncCall *call, struct list *ret)
{
    const PgQuery__Node *base = call->n_args > 0 ? call->args[0] : NULL;
    const PgQuery__TypeName *type;
    const struct relation *relation;
    const struct schema *shape;

    if (base == NULL || base->node_case != PG_QUERY__NODE__NODE_TYPE_CAST ||
        base->type_cast->arg->node_case != PG_QUERY__NODE__NODE_A_CONST ||
        !base->type_cast->arg->a_const->isnull)
        return ast_refuse(&binder->ast, call->location,
                          "the row to populate must be NULL::schema.table");
    type = base->type_cast->type_name;
    relation = bind_find(binder, type->n_names > 1 ? ast_string(type->names[0]) : "public",
                         ast_string(type->names[type->n_names - 1]));
    if (relation == NULL)
        return ast_refuse(&binder->ast, type->location,
                          "no source or view of that name is defined above");
    shape = &nodes_at(&binder->nodes, relation->node)->schema;
    for (uint16_t i = 0; i < relation->columns_n; i++) {
        struct column *column = arena_zalloc(binder->arena, sizeof(*column));

        *column = (struct column){relation->columns[i], shape->columns[i].type, false};
        list_add(ret, binder->arena, column);
    }
    return true;
}

bool record_columns(struct binder *binder, const PgQuery__RangeFunction *node,
                    struct expr *document, struct table *table)
{
    const PgQuery__FuncCall *call = node->functions[0]->list->items[0]->func_call;
    struct list columns = {0};
    bool populates = false;

    (void)record_function(node->functions[0]->list->items[0], &populates);
    if (populates ? !table_columns(binder, call, &columns)
                  : !written_columns(binder, node, &columns))
        return false;
    table->n = (uint16_t)columns.n;
    table->names = arena_alloc(binder->arena, (columns.n + 1U) * sizeof(struct name));
    for (uint16_t i = 0; i < table->n; i++) {
        const struct column *column = columns.at[i];
        const PgQuery__Alias *alias = node->alias;
        const char *name =
            alias != NULL && i < alias->n_colnames ? ast_string(alias->colnames[i]) : column->name;

        table->names[i] = (struct name){name, member(binder, document, column)};
        if (table->names[i].expr == NULL)
            return false;
    }
    return true;
}
