/* --ddl: the tables that hold the views in a target database. */
#include "sql/ast.h"
#include "sql/pipeline.h"

/* "gold.top_customers" as two identifiers. */
static void put_name(struct buf *out, const char *name)
{
    const char *dot = strchr(name, '.');
    char schema[256];

    snprintf(schema, sizeof(schema), "%.*s", (int)(dot - name), name);
    ast_identifier(out, schema);
    buf_char(out, '.');
    ast_identifier(out, dot + 1);
}

/* CREATE SCHEMA for the view's schema, unless a view before it has the same. */
static void put_schema(struct buf *out, const struct plan *plan, uint32_t view)
{
    const char *name = plan->views[view].name;
    size_t len = strcspn(name, ".");
    char schema[256];

    for (uint32_t i = 0; i < view; i++)
        if (strncmp(plan->views[i].name, name, len + 1) == 0)
            return;
    snprintf(schema, sizeof(schema), "%.*s", (int)len, name);
    buf_puts(out, "CREATE SCHEMA IF NOT EXISTS ");
    ast_identifier(out, schema);
    buf_puts(out, ";\n");
}

/* The enums that the views' columns are of, each once; a second run finds them there. */
static void put_enums(struct buf *out, const struct plan *plan)
{
    const struct enum_labels *seen[TYPE_ENUM_LAST - TYPE_ENUM_FIRST + 1] = {0};

    for (uint32_t i = 0; i < plan->views_n; i++) {
        for (uint16_t c = 0; c < plan->views[i].schema.columns_n; c++) {
            struct type type = plan->views[i].schema.columns[c].type;
            unsigned place = (unsigned)type_element(type.id) - TYPE_ENUM_FIRST;

            if (type.labels == NULL || seen[place] != NULL)
                continue;
            seen[place] = type.labels;
            buf_puts(out, "DO $$ BEGIN\n  CREATE TYPE ");
            ast_identifier(out, type.labels->name);
            buf_puts(out, " AS ENUM (");
            for (uint16_t l = 0; l < type.labels->n; l++) {
                buf_puts(out, l > 0 ? ", " : "");
                ast_literal(out, type.labels->labels[l].at);
            }
            buf_puts(out, ");\nEXCEPTION WHEN duplicate_object THEN NULL;\nEND $$;\n");
        }
    }
}

static void put_columns(struct buf *out, const struct schema *schema)
{
    for (uint16_t i = 0; i < schema->columns_n; i++) {
        const struct column *column = &schema->columns[i];

        buf_puts(out, i == 0 ? "\n  " : ",\n  ");
        ast_identifier(out, column->name);
        buf_char(out, ' ');
        type_print(out, column->type);
        if (column->not_null)
            buf_puts(out, " NOT NULL");
    }
}

static void put_key(struct buf *out, const struct schema *schema)
{
    bool nullable = false;

    if (schema->key_n == 0)
        return;
    for (uint16_t i = 0; i < schema->key_n; i++)
        nullable = nullable || !schema->columns[schema->key[i]].not_null;
    buf_printf(out, ",\n  %s (", nullable ? "UNIQUE NULLS NOT DISTINCT" : "PRIMARY KEY");
    for (uint16_t i = 0; i < schema->key_n; i++) {
        buf_puts(out, i == 0 ? "" : ", ");
        ast_identifier(out, schema->columns[schema->key[i]].name);
    }
    buf_char(out, ')');
}

static void put_table(struct buf *out, const struct plan_view *view)
{
    buf_puts(out, "\nCREATE TABLE IF NOT EXISTS ");
    put_name(out, view->name);
    buf_puts(out, " (");
    put_columns(out, &view->schema);
    put_key(out, &view->schema);
    buf_puts(out, "\n);\n");
    if (view->schema.key_n == 0) {
        char index[128];

        /* at most one row: a unique index over a constant */
        snprintf(index, sizeof(index), "%s_one_row", strchr(view->name, '.') + 1);
        buf_puts(out, "CREATE UNIQUE INDEX IF NOT EXISTS ");
        ast_identifier(out, index);
        buf_puts(out, " ON ");
        put_name(out, view->name);
        buf_puts(out, " ((true));\n");
    }
    if (view->comment != NULL) {
        buf_puts(out, "COMMENT ON TABLE ");
        put_name(out, view->name);
        buf_puts(out, " IS ");
        ast_literal(out, view->comment);
        buf_puts(out, ";\n");
    }
}

void pipeline_ddl(struct buf *out, const struct plan *plan)
{
    buf_printf(out,
               "-- The tables of pipeline %s's views, one a topic. Printed by sluice-views --ddl: "
               "change the pipeline, not this file.\n\n",
               plan->pipeline);
    for (uint32_t i = 0; i < plan->views_n; i++)
        put_schema(out, plan, i);
    put_enums(out, plan);
    for (uint32_t i = 0; i < plan->views_n; i++)
        put_table(out, &plan->views[i]);
}
