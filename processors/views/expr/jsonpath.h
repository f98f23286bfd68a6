/*
 * SQL/JSON paths (chapter 9.16.2): read once into a tree, printed in PostgreSQL's own form, run
 * over a document. Not for other rooms.
 */
#ifndef SLUICE_VIEWS_EXPR_JSONPATH_H
#define SLUICE_VIEWS_EXPR_JSONPATH_H

#include "expr/regex.h"
#include "record/jsonb.h"

/* Parentheses nest no deeper, and there are no more accessors and operators. */
enum { JSONPATH_DEPTH_MAX = 100, JSONPATH_LINKS_MAX = 1000 };

enum path_kind {
    /* what a path begins with */
    PATH_LITERAL, /* value */
    PATH_VARIABLE,
    PATH_ROOT,
    PATH_CURRENT,
    PATH_LAST,
    /* arithmetic: left, right; a sign has its operand on the left */
    PATH_ADD,
    PATH_SUBTRACT,
    PATH_MULTIPLY,
    PATH_DIVIDE,
    PATH_MODULO,
    PATH_PLUS,
    PATH_MINUS,
    /* predicates: left, right */
    PATH_AND,
    PATH_OR,
    PATH_NOT,
    PATH_EQUAL,
    PATH_NOT_EQUAL,
    PATH_LESS,
    PATH_GREATER,
    PATH_LESS_EQUAL,
    PATH_GREATER_EQUAL,
    PATH_IS_UNKNOWN,
    PATH_EXISTS,
    PATH_STARTS_WITH,
    PATH_LIKE_REGEX, /* left, text, flags */
    /* accessors and methods, each over what is before it */
    PATH_KEY,
    PATH_ANY_KEY,
    PATH_ANY_ELEMENT,
    PATH_SUBSCRIPTS,
    PATH_ANY_LEVEL, /* first_level to last_level */
    PATH_FILTER,    /* left */
    PATH_TYPE,
    PATH_SIZE,
    PATH_ABS,
    PATH_FLOOR,
    PATH_CEILING,
    PATH_DOUBLE,
    PATH_KEYVALUE,
    PATH_DATETIME
};

#define PATH_LEVEL_LAST UINT32_MAX

struct path_node;

/* One of [from to to, ...]; `to` NULL: one element. */
struct path_subscript {
    struct path_node *from, *to;
};

/* `next`: the accessor that follows. */
struct path_node {
    enum path_kind kind;
    struct path_node *next, *left, *right;
    struct jsonb *value; /* of a literal; datetime()'s template */
    struct str text;     /* of a key, a variable or a regular expression */
    struct path_subscript *subscripts;
    uint32_t subscripts_n, first_level, last_level;
    struct regex_flags flags;
    bool dot_all;
};

struct jsonpath {
    struct path_node *node;
    bool strict;
};

/* Reads a path, into the arena; 42601 where PostgreSQL has a syntax error. */
WARN_UNUSED bool jsonpath_parse(struct str text, struct arena *arena, struct jsonpath *ret,
                                struct err *reterr);

/* Appends the path as PostgreSQL prints it. */
void jsonpath_print(struct buf *out, const struct jsonpath *path);

/* The text as a value of type jsonpath: checked, and in the form that is printed. */
WARN_UNUSED bool jsonpath_value(struct str text, struct arena *arena, struct str *ret,
                                struct err *reterr);

/* The accessor that is a method, as it is written. */
const char *jsonpath_method(enum path_kind kind);

/* The operator as it is written. */
const char *jsonpath_operator(enum path_kind kind);

/* Items that a path has found. */
struct path_items {
    struct jsonb **at;
    uint32_t n, cap;
};

/* What is asked of a path. */
struct path_question {
    const struct jsonpath *path;
    struct jsonb *document;
    struct jsonb *vars; /* an object */
    bool plain;         /* of an operator, which has no variables at all */
    bool zones;         /* of a _tz function: times with and without a zone compare, in UTC */
    bool silent;        /* an error makes the answer unknown */
    bool first;         /* no items, only whether there are some */
};

enum path_answer { PATH_FOUND, PATH_NOTHING, PATH_UNKNOWN };

/* Runs the path. False: raised. */
WARN_UNUSED bool jsonpath_run(const struct path_question *question, struct arena *arena,
                              struct path_items *items, enum path_answer *ret, struct err *reterr);

/* jsonb_path_query: a row for each item. */
bool jsonpath_rows(const struct call *call, struct rows_out *out, struct err *reterr);

/* jsonb_path_query_tz. */
bool jsonpath_rows_tz(const struct call *call, struct rows_out *out, struct err *reterr);

/* The cast from text. */
bool text_to_jsonpath(const struct call *call, struct value *ret, struct err *reterr);

/* Reads the path that is a constant once. */
function_prepare jsonpath_prepare;

#endif
