/*
 * What the files that run a path share. Items go through the accessors one after another; what is
 * found at the end is added to the items, or, when only existence is asked for (`found` NULL), ends
 * the search. A failure raises, or within predicates and when the question is silent, makes the
 * answer unknown. Not for other rooms.
 */
#ifndef SLUICE_VIEWS_EXPR_JSONPATH_RUN_H
#define SLUICE_VIEWS_EXPR_JSONPATH_RUN_H

#include "expr/jsonpath.h"

enum outcome { FOUND, NOTHING, FAILED };
enum truth { FALSE, TRUE, UNKNOWN };

struct path_run {
    struct arena *arena;
    const struct path_question *question;
    struct jsonb *current;
    const struct jsonb
        *base; /* the document that items are in: the root, the variables, a member */
    int64_t base_id, next_id; /* its number, and that of the next one made */
    int64_t array_size;       /* of the innermost array with subscripts; below 0: none */
    bool throws;              /* a failure raises */
    bool raised;              /* it did */
    bool tolerant;            /* what is not there is nothing, not a failure */
    struct err *reterr;
};

/* Not strict. */
static inline bool path_is_lax(const struct path_run *run)
{
    return !run->question->path->strict;
}

/* An array or an object. */
static inline bool path_is_container(const struct jsonb *item)
{
    return item->kind == JSON_ARRAY || item->kind == JSON_OBJECT;
}

/* Raises where failures do. Returns FAILED. */
enum outcome path_fail(struct path_run *run, const char *sqlstate, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* As path_fail, with what a library function raised. */
enum outcome path_fail_with(struct path_run *run, const struct err *raised);

/* What stops the path even where failures don't raise. Returns FAILED. */
enum outcome path_stop(struct path_run *run, const struct err *raised);

/* Runs a node and what follows it over the item; `unwrap`: over the elements of an array where it
 * takes no array. */
enum outcome path_item(struct path_run *run, const struct path_node *node, struct jsonb *item,
                       bool unwrap, struct path_items *found);

/* What follows the node, over the item; at the end the item is found. */
enum outcome path_follow(struct path_run *run, const struct path_node *next, struct jsonb *item,
                         struct path_items *found);

/* The node over an item; in lax mode the arrays among what it gives are unwrapped. */
enum outcome path_values(struct path_run *run, const struct path_node *node, struct jsonb *item,
                         bool unwrap, struct path_items *found);

/* As path_values, where a failure does not raise. */
enum outcome path_quiet_values(struct path_run *run, const struct path_node *node,
                               struct jsonb *item, bool unwrap, struct path_items *found);

/* jsonpath_predicate.c: what is known of a predicate over the item. */
enum truth path_test(struct path_run *run, const struct path_node *node, struct jsonb *item);

/* jsonpath_number.c: the number as an item. */
struct jsonb *path_make_number(struct path_run *run, struct str packed);

/* The item, which is a number, packed. */
struct str path_number(struct path_run *run, const struct jsonb *item);

/* An operator between two numbers. */
enum outcome path_arithmetic(struct path_run *run, const struct path_node *node, struct jsonb *item,
                             struct path_items *found);

/* A sign before each of some numbers. */
enum outcome path_sign(struct path_run *run, const struct path_node *node, struct jsonb *item,
                       struct path_items *found);

/* .type() */
enum outcome path_type(struct path_run *run, const struct path_node *node, const struct jsonb *item,
                       struct path_items *found);

/* .size() */
enum outcome path_size(struct path_run *run, const struct path_node *node, const struct jsonb *item,
                       struct path_items *found);

/* .abs(), .floor(), .ceiling() */
enum outcome path_numeric(struct path_run *run, const struct path_node *node,
                          const struct jsonb *item, struct path_items *found);

/* jsonpath_keyvalue.c: .keyvalue() */
enum outcome path_keyvalue(struct path_run *run, const struct path_node *node,
                           const struct jsonb *item, struct path_items *found);

/* jsonpath_moment.c: .datetime() */
enum outcome path_datetime(struct path_run *run, const struct path_node *node,
                           const struct jsonb *item, struct path_items *found);

/* .double() */
enum outcome path_double(struct path_run *run, const struct path_node *node, struct jsonb *item,
                         struct path_items *found);

#endif
