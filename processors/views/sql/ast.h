/*
 * The parsed file: PostgreSQL's syntax tree as libpg_query gives it, and the places in the text
 * that messages point at. Every field of a tree's node that is not handled is refused by ast_only,
 * so that nothing in a file is ever overlooked. Not here: what the tree means.
 *
 * Debian's libpg-query-dev ships the tree's protobuf-c structs (pg_query/pg_query.pb-c.h) and its
 * library exports the unpack functions, so nothing is generated at build time.
 */
#ifndef SLUICE_VIEWS_SQL_AST_H
#define SLUICE_VIEWS_SQL_AST_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include <pg_query.h>
#include <pg_query/pg_query.pb-c.h>

struct pipeline_file;

/* A growable list of pointers in an arena. */
struct list {
    void **at;
    uint32_t n, cap;
};

/* A parsed file. Everything lies in the arena. A function that fails has set *reterr. */
struct ast {
    struct arena *arena;
    const struct pipeline_file *file;
    struct str text; /* the file's, terminated */
    PgQuery__ParseResult *tree;
    PgQuery__ScanResult *tokens;
    struct err *reterr;
};

/* Appends to the list. */
void list_add(struct list *list, struct arena *arena, const void *item);

/* Parses and scans the file's text into *ast; false with a message that points at the syntax error.
 * The file must outlive the tree. */
WARN_UNUSED bool ast_parse(struct ast *ast, struct arena *arena, const struct pipeline_file *file,
                           struct err *reterr);

/* ast_depth.c: refuses text whose tree could be too deep to be read safely; from the tokens. */
WARN_UNUSED bool ast_check_depth(struct ast *ast);

/* Sets *ast->reterr: "path:line:column: reason", the line and a caret. `location` is a byte offset,
 * -1 for the file as a whole. Returns false. */
bool ast_refuse(struct ast *ast, int location, const char *format, ...) PRINTF_LIKE(3, 4);

/* Refuses the node when a field is set that is not among `fields` (names separated by blanks). */
WARN_UNUSED bool ast_only(struct ast *ast, const void *message, const char *fields);

/* The node's byte offset in the text: its own or that of its first part that has one; -1: none. */
int ast_location(const void *message);

/* The message is of that kind. */
bool ast_is(const void *message, const ProtobufCMessageDescriptor *kind);

/* Some message that stands right in this one passes the test, which gets `of`. */
bool ast_any(const void *message, bool (*test)(void *of, const void *part), void *of);

/* A subquery stands somewhere in the node. */
bool ast_has_subquery(const PgQuery__Node *node);

/* Neither a column nor a subquery stands in the node. */
bool ast_is_constant(const PgQuery__Node *node);

/* The node's kind as SQL calls it ("CREATE TABLE"), else as the grammar does ("RowExpr"). */
const char *ast_kind(const PgQuery__Node *node);

/* The text of a String node; NULL when the node is of another kind. */
const char *ast_string(const PgQuery__Node *node);

/* The index of the first token at or behind byte `location`; tokens->n_tokens at the end. */
uint32_t ast_token_at(const struct ast *ast, int location);

/* The index of the token that closes the parenthesis which token `open` opens. */
uint32_t ast_token_closing(const struct ast *ast, uint32_t open);

/* Appends the name, quoted when PostgreSQL would need it. */
void ast_identifier(struct buf *out, const char *name);

/* Appends the text as a literal in quotes. */
void ast_literal(struct buf *out, const char *text);

#endif
