#include "sql/nearest.h"

#include "sql/bind_values.h"

enum { NAME_MAX_BYTES = 63 };

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Letters to change, add or drop, as Levenshtein counts them. */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[NAME_MAX_BYTES + 2];
    size_t n = strlen(b);

    if (n > NAME_MAX_BYTES || strlen(a) > NAME_MAX_BYTES)
        return UINT32_MAX;
    for (unsigned j = 0; j <= n; j++)
        row[j] = j;
    for (unsigned i = 1; a[i - 1] != '\0'; i++) {
        unsigned before = row[0];

        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            unsigned above = row[j];

            row[j] = least(least(row[j], row[j - 1]) + 1, before + (a[i - 1] != b[j - 1]));
            before = above;
        }
    }
    return row[n];
}

/* Nothing is near that changes more than half of the letters, or more than three. */
struct nearest nearest_to(const char *name)
{
    unsigned half = (unsigned)strlen(name) / 2 + 1;

    return (struct nearest){.name = name, .distance = half < 4 ? half : 4};
}

void nearest_try(struct nearest *nearest, const char *table, const char *candidate)
{
    unsigned d = distance(nearest->name, candidate);

    if (d >= nearest->distance)
        return;
    nearest->distance = d;
    nearest->best = candidate;
    nearest->best_table = table;
}

static void try_columns(struct nearest *nearest, const struct table *table)
{
    for (uint16_t i = 0; i < table->n; i++)
        nearest_try(nearest, table->alias, table->names[i].column);
}

static const struct table *table_at(const struct from *from, uint32_t i)
{
    return from->tables.at[i];
}

/* "; perhaps you meant x.y", or "". */
static const char *hint(struct arena *arena, const struct nearest *nearest)
{
    if (nearest->best == NULL)
        return "";
    return arena_printf(arena, "; perhaps you meant \"%s%s%s\"",
                        nearest->best_table == NULL ? "" : nearest->best_table,
                        nearest->best_table == NULL ? "" : ".", nearest->best);
}

bool refuse_column(struct scope *scope, const struct table *table, const char *column, int location)
{
    struct nearest nearest = nearest_to(column);

    try_columns(&nearest, table);
    return ast_refuse(&scope->binder->ast, location, "table \"%s\" has no column \"%s\"%s",
                      table->alias, column, hint(scope->binder->arena, &nearest));
}

/* A table that is there, but not for this part of the query. */
static bool is_elsewhere(const struct scope *scope, const char *table)
{
    for (const struct scope *at = scope; at != NULL; at = at->from->outer)
        for (uint32_t i = 0; i < at->from->block->tables.n; i++)
            if (strcmp(table_at(at->from->block, i)->alias, table) == 0)
                return true;
    return false;
}

static bool refuse_table(struct scope *scope, const char *table, int location)
{
    struct nearest nearest = nearest_to(table);

    assert(scope != NULL);
    for (const struct scope *at = scope; at != NULL; at = at->from->outer)
        for (uint32_t i = 0; i < at->from->tables.n; i++)
            nearest_try(&nearest, NULL, table_at(at->from, i)->alias);
    if (is_elsewhere(scope, table))
        return ast_refuse(&scope->binder->ast, location,
                          "there is no table \"%s\" in this part of FROM; a subquery sees the "
                          "tables before it when LATERAL stands before it",
                          table);
    return ast_refuse(&scope->binder->ast, location,
                      "there is no table \"%s\" in this part of FROM%s", table,
                      hint(scope->binder->arena, &nearest));
}

bool refuse_name(struct scope *scope, const char *table, const char *column, int location)
{
    struct nearest nearest = nearest_to(column);

    assert(scope != NULL);
    if (table != NULL)
        return refuse_table(scope, table, location);
    for (const struct scope *at = scope; at != NULL; at = at->from->outer)
        for (uint32_t i = 0; i < at->from->tables.n; i++) {
            if (strcmp(table_at(at->from, i)->alias, column) == 0)
                return ast_refuse(&scope->binder->ast, location,
                                  "\"%s\" is a whole row; name its columns, or write "
                                  "row_to_json(%s) or %s::text",
                                  column, column, column);
            try_columns(&nearest, table_at(at->from, i));
        }
    return ast_refuse(&scope->binder->ast, location, "column \"%s\" does not exist%s", column,
                      hint(scope->binder->arena, &nearest));
}

bool refuse_relation(struct binder *binder, const PgQuery__RangeVar *name)
{
    struct nearest nearest = nearest_to(name->relname);
    const char *dot = name->schemaname[0] == '\0' ? "" : ".";

    for (uint32_t i = 0; i < binder->relations.n; i++) {
        const struct relation *relation = binder->relations.at[i];

        /* The same name in another schema is nearest. */
        if (relation->schema != NULL && strcmp(relation->name, name->relname) == 0) {
            nearest = (struct nearest){.best = relation->name, .best_table = relation->schema};
            break;
        }
        nearest_try(&nearest, relation->schema, relation->name);
    }
    return ast_refuse(
        &binder->ast, name->location,
        "relation \"%s%s%s\" is not defined above%s; write its CREATE FOREIGN TABLE or "
        "CREATE VIEW before this statement",
        name->schemaname, dot, name->relname, hint(binder->arena, &nearest));
}

/* "; there is f(a, b)" or "; there are f(a), f(a, b)": the forms of that name, some of them; "" when
 * there are none. */
static const char *forms(struct arena *arena, const char *name)
{
    enum { FORMS_MAX = 5 };
    CLEANUP(buf) struct buf out = {0};
    unsigned n = 0;

    for (const struct function *const *table = function_tables; *table != NULL; table++)
        for (const struct function *row = *table; row->name != NULL; row++) {
            if (strcmp(row->name, name) != 0 || row->kind == FUNCTION_CAST || n++ >= FORMS_MAX)
                continue;
            buf_puts(&out, n > 1 ? ", " : "");
            function_signature(&out, row);
        }
    if (n == 0)
        return "";
    return arena_printf(arena, "; there %s %s%s", n == 1 ? "is" : "are", buf_cstr(&out),
                        n > FORMS_MAX ? " and others" : "");
}

const char *nearest_type(struct binder *binder, const char *name)
{
    static const char *const names[] = {
        "boolean", "smallint", "integer", "bigint",    "real",        "double precision",
        "numeric", "decimal",  "text",    "varchar",   "char",        "bytea",
        "date",    "time",     "timetz",  "timestamp", "uuid",        "json",
        "jsonb",   "interval", "int2",    "int4",      "timestamptz", "int8",
        "int",     "float8",   "float4",  "bool",      "float",       "jsonpath"};
    struct nearest nearest = nearest_to(name);

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        nearest_try(&nearest, NULL, names[i]);
    for (uint32_t i = 0; i < binder->types.n; i++) {
        const struct user_type *type = binder->types.at[i];

        nearest_try(&nearest, type->schema, type->name);
    }
    return nearest.best == NULL ? "" : hint(binder->arena, &nearest);
}

const char *nearest_function(struct arena *arena, const char *name)
{
    struct nearest nearest = nearest_to(name);

    for (const struct function *const *table = function_tables; *table != NULL; table++)
        for (const struct function *row = *table; row->name != NULL; row++)
            if ((row->kind == FUNCTION_NAMED || row->kind == FUNCTION_ROWS) &&
                strchr(row->name, ' ') == NULL)
                nearest_try(&nearest, NULL, row->name);
    for (const struct aggregate *row = aggregate_table; row->name != NULL; row++)
        if (!row->internal)
            nearest_try(&nearest, NULL, row->name);
    return nearest.distance == 0 ? forms(arena, name) : hint(arena, &nearest);
}
