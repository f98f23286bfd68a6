/*
 * Syntax that no text wrote, for queries that mean others: in the arena, as the parser's trees are.
 */
#ifndef SLUICE_VIEWS_SQL_MAKE_H
#define SLUICE_VIEWS_SQL_MAKE_H

#include "sql/ast.h"

/* A node of that kind around the message. */
PgQuery__Node *make_node(struct arena *arena, PgQuery__Node__NodeCase kind, const void *message);

/* table.column, of column NULL table.*. */
PgQuery__Node *make_column(struct arena *arena, const char *table, const char *column,
                           int location);

/* value AS name, of name NULL without one. */
PgQuery__Node *make_target(struct arena *arena, PgQuery__Node *value, const char *name);

/* SELECT targets FROM items, lists of nodes. */
PgQuery__SelectStmt *make_select(struct arena *arena, const struct list *targets,
                                 const struct list *items);

/* (select) AS alias, an item of FROM. */
PgQuery__RangeSubselect *make_subselect(struct arena *arena, PgQuery__SelectStmt *select,
                                        const char *alias);

/* SELECT part.* FROM (select) AS part: a block, whatever the select is. */
PgQuery__SelectStmt *make_whole(struct arena *arena, const PgQuery__SelectStmt *select);

#endif
