#include "sql/pipeline.h"

#include "base/hash.h"
#include "sql/bind.h"
#include "sql/bind_values.h"
#include "sql/calls.h"
#include "sql/collations.h"
#include <inttypes.h>

enum { TOPIC_BYTES_MAX = 249, PARTITIONS_MAX = 10000 };

/* What reads a view must know by which collation its texts compare. */
static bool columns_are_decided(struct binder *binder, const PgQuery__RangeVar *name,
                                const struct query *query)
{
    const struct schema *shape = &nodes_at(&binder->nodes, query->node)->schema;

    for (uint16_t i = 0; i < query->columns_n; i++)
        if (bind_is_undecided(&shape->columns[i].type))
            return ast_refuse(&binder->ast, name->location,
                              "column \"%s\" is made of texts of different collations; write "
                              "COLLATE to say which one it has",
                              query->columns[i]);
    return true;
}

/* The names of a view's columns: the query's, replaced by those written behind the view's name. */
static bool view_columns(struct binder *binder, const PgQuery__RangeVar *name,
                         PgQuery__Node *const *given, size_t given_n, struct query *query)
{
    if (given_n > query->columns_n)
        return ast_refuse(&binder->ast, name->location,
                          "the view names %zu columns, its SELECT has %u", given_n,
                          query->columns_n);
    for (size_t i = 0; i < given_n; i++)
        query->columns[i] = ast_string(given[i]);
    for (uint16_t i = 0; i < query->columns_n; i++)
        for (uint16_t j = 0; j < i; j++)
            if (strcmp(query->columns[i], query->columns[j]) == 0)
                return ast_refuse(&binder->ast, name->location,
                                  "the view has two columns named \"%s\"; rename one with AS",
                                  query->columns[i]);
    return columns_are_decided(binder, name, query);
}

/* Binds the SELECT of a view and makes the view a relation; *ret_query is what it holds. */
static bool define(struct binder *binder, const PgQuery__RangeVar *name,
                   const PgQuery__Node *select, PgQuery__Node *const *columns, size_t columns_n,
                   struct query *ret_query)
{
    struct relation *relation = arena_zalloc(binder->arena, sizeof(*relation));

    if (!bind_check_name(binder, name))
        return false;
    if (select->node_case != PG_QUERY__NODE__NODE_SELECT_STMT)
        return ast_refuse(&binder->ast, name->location, "a view must be a SELECT");
    binder->nodes.label = arena_printf(binder->arena, "%s.%s", bind_schema_of(name), name->relname);
    if (!bind_select(binder, select->select_stmt, (struct around){0}, ret_query) ||
        !view_columns(binder, name, columns, columns_n, ret_query))
        return false;
    *relation = (struct relation){.schema = bind_schema_of(name),
                                  .name = name->relname,
                                  .node = ret_query->node,
                                  .columns = ret_query->columns,
                                  .columns_n = ret_query->columns_n,
                                  .source = -1,
                                  .view = -1};
    list_add(&binder->relations, binder->arena, relation);
    return true;
}

static bool define_view(struct binder *binder, const PgQuery__ViewStmt *stmt)
{
    struct query query = {0};

    return ast_only(&binder->ast, stmt, "view aliases query replace with_check_option") &&
           (stmt->with_check_option == PG_QUERY__VIEW_CHECK_OPTION__NO_CHECK_OPTION ||
            ast_refuse(&binder->ast, stmt->view->location,
                       "WITH CHECK OPTION is not supported; leave it out")) &&
           define(binder, stmt->view, stmt->query, stmt->aliases, stmt->n_aliases, &query);
}

static bool check_topic(struct binder *binder, const char *topic, int location)
{
    size_t len = strspn(topic, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

    if (topic[0] == '\0' || topic[len] != '\0' || len > TOPIC_BYTES_MAX)
        return ast_refuse(&binder->ast, location,
                          "\"%s\" is no topic name: letters, digits, '.', '_' and '-' are allowed; "
                          "write WITH (topic = '...')",
                          topic);
    for (uint32_t i = 0; i < binder->views.n; i++) {
        const struct plan_view *other = binder->views.at[i];

        if (strcmp(other->topic, topic) == 0)
            return ast_refuse(&binder->ast, location, "topic %s is written by %s already", topic,
                              other->name);
    }
    for (uint32_t i = 0; i < binder->nodes.sources.n; i++)
        if (strcmp(((const struct plan_source *)binder->nodes.sources.at[i])->topic, topic) == 0)
            return ast_refuse(&binder->ast, location, "topic %s is a source's", topic);
    return true;
}

static bool view_option(struct binder *binder, const PgQuery__DefElem *option,
                        struct plan_view *view)
{
    struct ast *ast = &binder->ast;
    const char *text = option->arg == NULL ? NULL : ast_string(option->arg);

    if (strcmp(option->defname, "topic") == 0 && text != NULL) {
        view->topic = text;
        return true;
    }
    if (strcmp(option->defname, "format") == 0 && text != NULL) {
        view->format = strcmp(text, "avro") == 0 ? PLAN_VIEW_AVRO : PLAN_VIEW_JSON;
        return view->format == PLAN_VIEW_AVRO || strcmp(text, "json") == 0 ||
               ast_refuse(ast, option->location,
                          "format \"%s\" is not supported for a view; there are json and avro",
                          text);
    }
    if (strcmp(option->defname, "partitions") == 0 && option->arg != NULL &&
        option->arg->node_case == PG_QUERY__NODE__NODE_INTEGER) {
        view->partitions = option->arg->integer->ival;
        if (view->partitions < 1 || view->partitions > PARTITIONS_MAX)
            return ast_refuse(ast, option->location, "partitions must be between 1 and %d",
                              PARTITIONS_MAX);
        return true;
    }
    return ast_refuse(ast, option->location,
                      "WITH (%s) is not known or has a wrong value; a view has topic = '...', "
                      "partitions = n and format = 'json' or 'avro'",
                      option->defname);
}

/* The node's shape under the view's own column names; the key of rows without one keeps its names.
 */
static struct schema view_schema(struct binder *binder, uint32_t node, const struct query *query)
{
    const struct schema *of = &nodes_at(&binder->nodes, node)->schema;
    struct column *columns =
        arena_alloc(binder->arena, (of->columns_n + 1U) * sizeof(struct column));
    struct schema schema = *of;

    for (uint16_t i = 0; i < of->columns_n; i++) {
        columns[i] = of->columns[i];
        if (i < query->columns_n)
            columns[i].name = query->columns[i];
    }
    schema.columns = columns;
    return schema;
}

static bool define_materialized(struct binder *binder, const PgQuery__CreateTableAsStmt *stmt)
{
    struct plan_view *view = arena_zalloc(binder->arena, sizeof(*view));
    const PgQuery__RangeVar *name = stmt->into->rel;
    struct query query = {0};

    if (stmt->objtype != PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW)
        return ast_refuse(&binder->ast, name->location,
                          "CREATE TABLE AS is not supported; write CREATE MATERIALIZED VIEW");
    if (!ast_only(&binder->ast, stmt, "query into objtype if_not_exists") ||
        !ast_only(&binder->ast, stmt->into, "rel col_names options on_commit") ||
        !define(binder, name, stmt->query, stmt->into->col_names, stmt->into->n_col_names, &query))
        return false;
    view->name = binder->nodes.label;
    view->topic = arena_printf(binder->arena, "%s.%s", binder->pipeline, view->name);
    for (size_t i = 0; i < stmt->into->n_options; i++)
        if (!view_option(binder, stmt->into->options[i]->def_elem, view))
            return false;
    if (!check_topic(binder, view->topic, name->location))
        return false;
    view->node = query.node;
    if (!nodes_at(&binder->nodes, query.node)->has_key)
        view->node = nodes_ordinal(&binder->nodes, query.node);
    view->schema = view_schema(binder, view->node, &query);
    view->order = query.order;
    view->order_n = query.order_n;
    nodes_pin(&binder->nodes, query.node);
    nodes_pin(&binder->nodes, view->node);
    bind_find(binder, bind_schema_of(name), name->relname)->view = (int32_t)binder->views.n;
    list_add(&binder->views, binder->arena, view);
    return true;
}

/* COMMENT ON a view, a source, their columns; a schema or server may have one too. */
static bool comment(struct binder *binder, const PgQuery__CommentStmt *stmt, int location)
{
    bool is_column = stmt->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN;
    const PgQuery__List *names;
    struct relation *relation = NULL;
    size_t n;

    if (stmt->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA ||
        stmt->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_FOREIGN_SERVER)
        return true;
    if ((!is_column && stmt->objtype != PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW &&
         stmt->objtype != PG_QUERY__OBJECT_TYPE__OBJECT_VIEW &&
         stmt->objtype != PG_QUERY__OBJECT_TYPE__OBJECT_FOREIGN_TABLE) ||
        stmt->object->node_case != PG_QUERY__NODE__NODE_LIST)
        return ast_refuse(&binder->ast, location,
                          "COMMENT ON this kind of object is not supported; there are FOREIGN "
                          "TABLE, VIEW, MATERIALIZED VIEW and COLUMN");
    names = stmt->object->list;
    n = names->n_items - (is_column ? 1 : 0);
    if (n == 1 || n == 2) {
        const char *schema = n == 2 ? ast_string(names->items[0]) : "public";

        relation = bind_find(binder, schema, ast_string(names->items[n - 1]));
    }
    if (relation == NULL)
        return ast_refuse(&binder->ast, location,
                          "COMMENT ON names a relation that is not defined above");
    if (!is_column && relation->view >= 0)
        ((struct plan_view *)binder->views.at[relation->view])->comment =
            stmt->comment[0] == '\0' ? NULL : stmt->comment;
    return true;
}

static bool create_schema(struct binder *binder, const PgQuery__CreateSchemaStmt *stmt)
{
    return ast_only(&binder->ast, stmt, "schemaname if_not_exists");
}

/* Where the statement begins: behind blanks and comments. */
static int statement_location(const struct ast *ast, const PgQuery__RawStmt *raw)
{
    uint32_t i = ast_token_at(ast, raw->stmt_location);

    while (i < ast->tokens->n_tokens &&
           (ast->tokens->tokens[i]->token == PG_QUERY__TOKEN__SQL_COMMENT ||
            ast->tokens->tokens[i]->token == PG_QUERY__TOKEN__C_COMMENT))
        i++;
    return i < ast->tokens->n_tokens ? ast->tokens->tokens[i]->start : raw->stmt_location;
}

static bool statement(struct binder *binder, const PgQuery__RawStmt *raw)
{
    const PgQuery__Node *node = raw->stmt;
    int location = statement_location(&binder->ast, raw);

    switch (node->node_case) {
    case PG_QUERY__NODE__NODE_CREATE_FOREIGN_TABLE_STMT:
        return bind_source(binder, node->create_foreign_table_stmt);
    case PG_QUERY__NODE__NODE_VIEW_STMT:
        return define_view(binder, node->view_stmt);
    case PG_QUERY__NODE__NODE_CREATE_TABLE_AS_STMT:
        return define_materialized(binder, node->create_table_as_stmt);
    case PG_QUERY__NODE__NODE_COMMENT_STMT:
        return comment(binder, node->comment_stmt, location);
    case PG_QUERY__NODE__NODE_CREATE_ENUM_STMT:
        return bind_enum(binder, node->create_enum_stmt);
    case PG_QUERY__NODE__NODE_CREATE_DOMAIN_STMT:
        return bind_domain(binder, node->create_domain_stmt);
    case PG_QUERY__NODE__NODE_CREATE_SCHEMA_STMT:
        return create_schema(binder, node->create_schema_stmt);
    case PG_QUERY__NODE__NODE_CREATE_EXTENSION_STMT:
    case PG_QUERY__NODE__NODE_CREATE_FDW_STMT:
    case PG_QUERY__NODE__NODE_CREATE_FOREIGN_SERVER_STMT:
        return true;
    default:
        return ast_refuse(&binder->ast, location,
                          "%s is not supported; a pipeline file holds CREATE TYPE AS ENUM, CREATE "
                          "DOMAIN, CREATE FOREIGN TABLE, CREATE VIEW, CREATE MATERIALIZED VIEW and "
                          "COMMENT ON",
                          ast_kind(node));
    }
}

/* ---- the finished plan ---- */

static void mark_reachable(const struct nodes *nodes, uint32_t node, bool *reachable)
{
    const struct plan_node *of = nodes_at(nodes, node);

    if (reachable[node])
        return;
    reachable[node] = true;
    for (unsigned i = 0; i < plan_inputs_n(of->kind); i++)
        mark_reachable(nodes, of->inputs[i], reachable);
}

/* Copies the nodes that views need, renumbered; number[old] is the new number. */
static void copy_nodes(struct binder *binder, struct plan *plan, uint32_t *number)
{
    struct nodes *nodes = &binder->nodes;
    bool *reachable = arena_zalloc(binder->arena, nodes->all.n + 1);
    struct plan_node *copies =
        arena_alloc(binder->arena, (nodes->all.n + 1) * sizeof(struct plan_node));

    for (uint32_t i = 0; i < binder->views.n; i++)
        mark_reachable(nodes, ((const struct plan_view *)binder->views.at[i])->node, reachable);
    for (uint32_t i = 0; i < nodes->all.n; i++) {
        struct plan_node *copy = &copies[plan->nodes_n];

        if (!reachable[i])
            continue;
        *copy = *nodes_at(nodes, i);
        for (unsigned k = 0; k < plan_inputs_n(copy->kind); k++)
            copy->inputs[k] = number[copy->inputs[k]];
        if (copy->kind == PLAN_SOURCE)
            ((struct plan_source *)nodes->sources.at[copy->source])->node = plan->nodes_n;
        number[i] = plan->nodes_n++;
    }
    plan->nodes = copies;
}

static void copy_lists(struct binder *binder, struct plan *plan, const uint32_t *number)
{
    struct plan_source *sources =
        arena_alloc(binder->arena, (binder->nodes.sources.n + 1) * sizeof(*sources));
    struct plan_view *views = arena_alloc(binder->arena, (binder->views.n + 1) * sizeof(*views));

    for (uint32_t i = 0; i < binder->nodes.sources.n; i++)
        sources[i] = *(const struct plan_source *)binder->nodes.sources.at[i];
    for (uint32_t i = 0; i < binder->views.n; i++) {
        views[i] = *(const struct plan_view *)binder->views.at[i];
        views[i].node = number[views[i].node];
    }
    plan->sources = sources;
    plan->sources_n = binder->nodes.sources.n;
    plan->views = views;
    plan->views_n = binder->views.n;
}

static uint64_t hash_of(const struct plan *plan)
{
    CLEANUP(buf) struct buf out = {0};

    buf_puts(&out, plan->pipeline);
    for (uint32_t i = 0; i < plan->views_n; i++) {
        const struct plan_view *view = &plan->views[i];

        buf_printf(&out, "\n%s %s %" PRId32 " %016" PRIx64, view->name, view->topic,
                   view->partitions, plan->nodes[view->node].fingerprint);
        for (uint16_t j = 0; j < view->schema.columns_n; j++)
            buf_printf(&out, " %zu:%s", strlen(view->schema.columns[j].name),
                       view->schema.columns[j].name);
        for (uint16_t j = 0; j < view->schema.key_n; j++)
            buf_printf(&out, " %u", view->schema.key[j]);
    }
    for (uint32_t i = 0; i < plan->nodes_n; i++)
        buf_printf(&out, " %016" PRIx64, plan->nodes[i].fingerprint);
    return hash64(out.at, out.len);
}

bool pipeline_plan(struct arena *arena, const char *path, struct str text, const char *pipeline,
                   const struct plan **ret_plan, struct err *reterr)
{
    const struct pipeline_file file = {.path = path, .text = text, .pipeline = pipeline};

    return pipeline_plan_file(arena, &file, ret_plan, reterr);
}

bool pipeline_plan_file(struct arena *arena, const struct pipeline_file *file,
                        const struct plan **ret_plan, struct err *reterr)
{
    struct binder binder = {.arena = arena,
                            .nodes.arena = arena,
                            .strict = file->strict,
                            .derives_before = file->derives_before};
    struct plan *plan = arena_zalloc(arena, sizeof(*plan));
    uint32_t *number;

    if (!bind_as_of(&binder, file->as_of, reterr) || !ast_parse(&binder.ast, arena, file, reterr))
        return false;
    binder.pipeline = arena_copy(arena, str_of(file->pipeline)).at;
    for (size_t i = 0; i < binder.ast.tree->n_stmts; i++)
        if (!statement(&binder, binder.ast.tree->stmts[i]))
            return false;
    if (binder.views.n == 0)
        return ast_refuse(&binder.ast, -1,
                          "the file has no CREATE MATERIALIZED VIEW: there is nothing to keep");
    plan->pipeline = binder.pipeline;
    number = arena_zalloc(arena, (binder.nodes.all.n + 1) * sizeof(*number));
    copy_nodes(&binder, plan, number);
    copy_lists(&binder, plan, number);
    plan->hash = hash_of(plan);
    *ret_plan = plan;
    return true;
}

const struct plan *pipeline_with_format(struct arena *arena, const struct plan *plan,
                                        enum plan_view_format format)
{
    struct plan *copy = arena_alloc(arena, sizeof(*copy));
    struct plan_view *views = arena_alloc(arena, (plan->views_n + 1) * sizeof(*views));
    CLEANUP(buf) struct buf avro = {0};

    *copy = *plan;
    copy->views = views;
    for (uint32_t i = 0; i < plan->views_n; i++) {
        views[i] = plan->views[i];
        if (views[i].format == PLAN_VIEW_AS_TOLD)
            views[i].format = format;
        if (views[i].format == PLAN_VIEW_AVRO)
            buf_printf(&avro, "avro %s\n", views[i].topic);
    }
    if (avro.len > 0) { /* a plan that is all JSON keeps its hash */
        buf_printf(&avro, "%016" PRIx64, plan->hash);
        copy->hash = hash64(avro.at, avro.len);
    }
    return copy;
}
