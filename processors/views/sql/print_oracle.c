/*
 * --oracle: the file for psql. The text stays as it is written but for what only Sluice
 * understands: FOREIGN, SERVER, OPTIONS and WITH are cut out by the scanner's tokens.
 */
#include "sql/ast.h"
#include "sql/pipeline.h"

#include <strings.h>

enum { ARENA_BYTES = 1 << 20 };

/* One statement in the making: text up to `at` is printed or cut. */
struct cutter {
    struct buf *out;
    const struct ast *ast;
    int at;
    const char *as_of; /* the moment that now() is; NULL: as it stands */
};

/* Prints what comes before `from`, leaves out all up to `to`. */
static void cut(struct cutter *cutter, int from, int to)
{
    buf_append(cutter->out, cutter->ast->text.at + cutter->at, (size_t)(from - cutter->at));
    cutter->at = to;
}

static PgQuery__Token token_at(const struct ast *ast, uint32_t i)
{
    return i < ast->tokens->n_tokens ? ast->tokens->tokens[i]->token : PG_QUERY__TOKEN__NUL;
}

/* Cuts the word FOREIGN and the blank behind it. */
static void cut_foreign(struct cutter *cutter, uint32_t token, int end)
{
    const struct ast *ast = cutter->ast;

    for (uint32_t i = token; i < ast->tokens->n_tokens && ast->tokens->tokens[i]->start < end; i++)
        if (token_at(ast, i) == PG_QUERY__TOKEN__FOREIGN) {
            cut(cutter, ast->tokens->tokens[i]->start, ast->tokens->tokens[i + 1]->start);
            return;
        }
}

/* ---- --as-of ---- */

/* A name of the moment: the token of a keyword, or the name of a function without arguments. */
struct moment {
    PgQuery__Token token;
    const char *name, *type;
};

static const struct moment moments[] = {
    {PG_QUERY__TOKEN__CURRENT_DATE, "current_date", "::date"},
    {PG_QUERY__TOKEN__CURRENT_TIME, "current_time", "::timetz"},
    {PG_QUERY__TOKEN__CURRENT_TIMESTAMP, "current_timestamp", "::timestamptz"},
    {PG_QUERY__TOKEN__LOCALTIME, "localtime", "::time"},
    {PG_QUERY__TOKEN__LOCALTIMESTAMP, "localtimestamp", "::timestamp"},
    {PG_QUERY__TOKEN__IDENT, "now", ""},
    {PG_QUERY__TOKEN__IDENT, "transaction_timestamp", ""},
    {PG_QUERY__TOKEN__IDENT, "statement_timestamp", ""},
};

/* The moment that token i names; NULL: none. */
static const struct moment *moment_at(const struct ast *ast, uint32_t i)
{
    const PgQuery__ScanToken *token = ast->tokens->tokens[i];
    size_t len = (size_t)(token->end - token->start);

    for (size_t k = 0; k < sizeof(moments) / sizeof(moments[0]); k++) {
        const struct moment *moment = &moments[k];

        if (moment->token != token->token)
            continue;
        if (moment->token != PG_QUERY__TOKEN__IDENT)
            return moment;
        if (strlen(moment->name) == len &&
            strncasecmp(ast->text.at + token->start, moment->name, len) == 0 &&
            token_at(ast, i + 1) == PG_QUERY__TOKEN__ASCII_40 &&
            token_at(ast, i + 2) == PG_QUERY__TOKEN__ASCII_41)
            return moment;
    }
    return NULL;
}

/* Puts the moment where token i names it; returns the last token that it stands for. `plain`: in a
 * CHECK, which holds no subquery. A subquery keeps the name of the column. */
static uint32_t put_moment(struct cutter *cutter, uint32_t i, const struct moment *moment,
                           bool plain)
{
    const struct ast *ast = cutter->ast;
    bool qualified = i >= 2 && token_at(ast, i - 1) == PG_QUERY__TOKEN__ASCII_46;
    uint32_t last = i;
    int precision = ast->tokens->tokens[i]->end;

    if (token_at(ast, i + 1) == PG_QUERY__TOKEN__ASCII_40 && strcmp(moment->type, "::date") != 0)
        last = ast_token_closing(ast, i + 1);
    cut(cutter, ast->tokens->tokens[qualified ? i - 2 : i]->start, ast->tokens->tokens[last]->end);
    buf_printf(cutter->out, "(%s'%s'::timestamptz%s", plain ? "" : "SELECT ", cutter->as_of,
               moment->type);
    if (moment->token != PG_QUERY__TOKEN__IDENT)
        buf_append(cutter->out, ast->text.at + precision, (size_t)(cutter->at - precision));
    if (!plain)
        buf_printf(cutter->out, " AS %s", moment->name);
    buf_char(cutter->out, ')');
    return last;
}

/* age(x), of one argument: it counts from the moment's day. */
static bool is_age(const struct ast *ast, uint32_t i)
{
    const PgQuery__ScanToken *token = ast->tokens->tokens[i];
    uint32_t end;
    int depth = 0;

    if (token->token != PG_QUERY__TOKEN__IDENT || token->end - token->start != 3 ||
        strncasecmp(ast->text.at + token->start, "age", 3) != 0 ||
        token_at(ast, i + 1) != PG_QUERY__TOKEN__ASCII_40)
        return false;
    end = ast_token_closing(ast, i + 1);
    for (uint32_t k = i + 1; k < end; k++) {
        PgQuery__Token kind = token_at(ast, k);

        depth += (kind == PG_QUERY__TOKEN__ASCII_40) - (kind == PG_QUERY__TOKEN__ASCII_41);
        if (depth == 1 && kind == PG_QUERY__TOKEN__ASCII_44)
            return false;
    }
    return end > i + 2;
}

/* Puts the moment where token i asks for it; returns the last token that it stands for. */
static uint32_t put_if_asked(struct cutter *cutter, uint32_t i, bool plain)
{
    const struct moment *moment = moment_at(cutter->ast, i);
    int inside;

    if (moment != NULL)
        return put_moment(cutter, i, moment, plain);
    if (!is_age(cutter->ast, i))
        return i;
    inside = cutter->ast->tokens->tokens[i + 1]->end;
    cut(cutter, inside, inside);
    buf_printf(cutter->out, "'%s'::timestamptz::date, ", cutter->as_of);
    return i;
}

/* The text up to `end` with the moment of --as-of for now() and the like. */
static void put_moments(struct cutter *cutter, int end, bool plain)
{
    const struct ast *ast = cutter->ast;

    if (cutter->as_of == NULL)
        return;
    for (uint32_t i = ast_token_at(ast, cutter->at);
         i < ast->tokens->n_tokens && ast->tokens->tokens[i]->start < end; i++)
        i = put_if_asked(cutter, i, plain);
}

/* ---- statements ---- */

/* Cuts OPTIONS (...) of the columns, and SERVER with all behind it; CHECKs get the moment of
 * --as-of. */
static void cut_options(struct cutter *cutter, uint32_t token, int end)
{
    const struct ast *ast = cutter->ast;
    int depth = 0;

    for (uint32_t i = token; i < ast->tokens->n_tokens && ast->tokens->tokens[i]->start < end;
         i++) {
        int from = ast->tokens->tokens[i]->start;
        PgQuery__Token kind = token_at(ast, i);

        if (kind == PG_QUERY__TOKEN__ASCII_40)
            depth++;
        if (kind == PG_QUERY__TOKEN__ASCII_41)
            depth--;
        if (depth == 0 && kind == PG_QUERY__TOKEN__SERVER) {
            cut(cutter, ast->tokens->tokens[i - 1]->end, end);
            return;
        }
        if (depth == 1 && kind == PG_QUERY__TOKEN__OPTIONS &&
            token_at(ast, i + 1) == PG_QUERY__TOKEN__ASCII_40) {
            i = ast_token_closing(ast, i + 1);
            cut(cutter, from, ast->tokens->tokens[i]->end);
        } else if (cutter->as_of != NULL) {
            i = put_if_asked(cutter, i, true);
        }
    }
}

/* What the text does not say: text compares by bytes, a rule that only warns rejects nothing. */
static void put_alterations(struct buf *out, const struct plan_source *source,
                            const PgQuery__RangeVar *name)
{
    CLEANUP(buf) struct buf table = {0};

    buf_puts(&table, "ALTER TABLE ");
    ast_identifier(&table, name->schemaname[0] == '\0' ? "public" : name->schemaname);
    buf_char(&table, '.');
    ast_identifier(&table, name->relname);
    for (uint16_t i = 0; i < source->schema.columns_n; i++) {
        const struct column *column = &source->schema.columns[i];

        if (!type_is_text(column->type.id))
            continue;
        buf_put(out, buf_str(&table));
        buf_puts(out, " ALTER COLUMN ");
        ast_identifier(out, column->name);
        buf_puts(out, " TYPE ");
        type_print(out, column->type);
        buf_puts(out, " COLLATE \"C\";\n");
    }
    for (uint16_t i = 0; i < source->rules_n; i++) {
        const struct plan_rule *rule = &source->rules[i];

        if (!rule->warning)
            continue;
        buf_put(out, buf_str(&table));
        if (rule->expr == NULL) {
            buf_puts(out, " ALTER COLUMN ");
            ast_identifier(out, source->schema.columns[rule->column].name);
            buf_puts(out, " DROP NOT NULL;\n");
        } else {
            buf_puts(out, " DROP CONSTRAINT ");
            ast_identifier(out, rule->name);
            buf_puts(out, ";\n");
        }
    }
}

static const struct plan_source *source_of(const struct plan *plan, const PgQuery__RangeVar *name)
{
    char full[256];

    snprintf(full, sizeof(full), "%s.%s", name->schemaname[0] == '\0' ? "public" : name->schemaname,
             name->relname);
    for (uint32_t i = 0; i < plan->sources_n; i++)
        if (strcmp(plan->sources[i].name, full) == 0)
            return &plan->sources[i];
    return NULL;
}

/* The end of the statement's text, without its semicolon. */
static int end_of(const struct ast *ast, const PgQuery__RawStmt *raw)
{
    return raw->stmt_len == 0 ? (int)ast->text.len : raw->stmt_location + raw->stmt_len;
}

/* Cuts WITH (...) of a materialized view: the options are Sluice's. */
static void cut_with(struct cutter *cutter, const PgQuery__IntoClause *into)
{
    const struct ast *ast = cutter->ast;
    uint32_t first;

    if (into->n_options == 0)
        return;
    first = ast_token_at(ast, into->options[0]->def_elem->location);
    cut(cutter, ast->tokens->tokens[first - 2]->start,
        ast->tokens->tokens[ast_token_closing(ast, first - 1)]->end);
}

static bool is_server_comment(const PgQuery__CommentStmt *stmt)
{
    return stmt->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_FOREIGN_SERVER;
}

static void put_statement(struct cutter *cutter, const struct plan *plan,
                          const PgQuery__RawStmt *raw)
{
    const struct ast *ast = cutter->ast;
    struct buf *out = cutter->out;
    uint32_t token = ast_token_at(ast, raw->stmt_location);
    int end = end_of(ast, raw);
    const PgQuery__Node *node = raw->stmt;

    if (node->node_case == PG_QUERY__NODE__NODE_CREATE_FOREIGN_TABLE_STMT) {
        const PgQuery__RangeVar *name = node->create_foreign_table_stmt->base_stmt->relation;

        cut_foreign(cutter, token, end);
        cut_options(cutter, token, end);
        cut(cutter, end, end);
        buf_puts(out, ";\n");
        put_alterations(out, source_of(plan, name), name);
        return;
    }
    if (node->node_case == PG_QUERY__NODE__NODE_CREATE_TABLE_AS_STMT)
        cut_with(cutter, node->create_table_as_stmt->into);
    else if (node->node_case == PG_QUERY__NODE__NODE_COMMENT_STMT &&
             !is_server_comment(node->comment_stmt))
        cut_foreign(cutter, token, end);
    else if (node->node_case != PG_QUERY__NODE__NODE_VIEW_STMT &&
             node->node_case != PG_QUERY__NODE__NODE_CREATE_ENUM_STMT &&
             node->node_case != PG_QUERY__NODE__NODE_CREATE_DOMAIN_STMT)
        return;
    put_moments(cutter, end, node->node_case == PG_QUERY__NODE__NODE_CREATE_DOMAIN_STMT);
    cut(cutter, end, end);
    buf_puts(out, ";\n");
}

/* CREATE SCHEMA for every schema that a source or view of the file is in. */
static void put_schema(struct buf *out, const PgQuery__RangeVar *name, struct list *seen,
                       struct arena *arena)
{
    if (name->schemaname[0] == '\0')
        return;
    for (uint32_t i = 0; i < seen->n; i++)
        if (strcmp(seen->at[i], name->schemaname) == 0)
            return;
    list_add(seen, arena, name->schemaname);
    buf_puts(out, "CREATE SCHEMA IF NOT EXISTS ");
    ast_identifier(out, name->schemaname);
    buf_puts(out, ";\n");
}

static void put_schemas(struct buf *out, const struct ast *ast)
{
    struct list seen = {0};

    for (size_t i = 0; i < ast->tree->n_stmts; i++) {
        const PgQuery__Node *node = ast->tree->stmts[i]->stmt;

        if (node->node_case == PG_QUERY__NODE__NODE_CREATE_FOREIGN_TABLE_STMT)
            put_schema(out, node->create_foreign_table_stmt->base_stmt->relation, &seen,
                       ast->arena);
        else if (node->node_case == PG_QUERY__NODE__NODE_VIEW_STMT)
            put_schema(out, node->view_stmt->view, &seen, ast->arena);
        else if (node->node_case == PG_QUERY__NODE__NODE_CREATE_TABLE_AS_STMT)
            put_schema(out, node->create_table_as_stmt->into->rel, &seen, ast->arena);
    }
}

bool pipeline_oracle(struct buf *out, const struct pipeline_file *file, struct err *reterr)
{
    CLEANUP(arena) struct arena *arena = arena_new(ARENA_BYTES);
    const struct plan *plan;
    struct ast ast;

    if (!pipeline_plan_file(arena, file, &plan, reterr) || !ast_parse(&ast, arena, file, reterr))
        return false;
    buf_puts(out, "-- For PostgreSQL 15, in a database made with: createdb --template=template0 "
                  "--encoding=UTF8 --locale=C\n"
                  "SET TimeZone = 'UTC';\n"
                  "SET DateStyle = 'ISO';\n"
                  "SET IntervalStyle = 'postgres';\n");
    put_schemas(out, &ast);
    for (size_t i = 0; i < ast.tree->n_stmts; i++) {
        struct cutter cutter = {out, &ast, ast.tree->stmts[i]->stmt_location, file->as_of};

        put_statement(&cutter, plan, ast.tree->stmts[i]);
    }
    return true;
}
