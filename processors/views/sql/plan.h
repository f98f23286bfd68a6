/*
 * The plan: what a pipeline file says, bound to types and cut into operators. Made by sql/, run by
 * ops/, printed by --explain. Plain data in one arena, immutable after planning. Nodes stand in
 * topological order: a node's inputs come before it. Common subplans are one node.
 */
#ifndef SLUICE_VIEWS_SQL_PLAN_H
#define SLUICE_VIEWS_SQL_PLAN_H

#include "expr/expr.h"
#include "ops/aggregate.h"
#include "record/key.h"

/* One rule of a source's contract. NOT NULL rules first, in column order, then CHECKs. */
struct plan_rule {
    const char *name;        /* "orders_status_check"; "customer_id not null" */
    const char *text;        /* the expression as written, for the dead letter */
    const struct expr *expr; /* breaks when false (NULL passes); NULL for a NOT NULL rule */
    uint16_t column;         /* of a NOT NULL rule */
    bool warning;            /* counted and logged, not dead-lettered */
};

/* What a source's records are; those in Avro are told from JSON by their first byte. */
enum plan_format {
    PLAN_FORMAT_DEBEZIUM,
    PLAN_FORMAT_JSON,
    PLAN_FORMAT_DEBEZIUM_AVRO,
    PLAN_FORMAT_AVRO
};

/* What a view's records are to be: as the service is told, unless the view says it. */
enum plan_view_format { PLAN_VIEW_AS_TOLD, PLAN_VIEW_JSON, PLAN_VIEW_AVRO };

/* What a column tells of the record instead of the row: OPTIONS (metadata '...'). */
enum plan_metadata {
    METADATA_NONE,
    METADATA_OP,        /* text: c, u, d or r */
    METADATA_COMMIT_TS, /* timestamptz: when the source committed; NULL: unknown */
    METADATA_POSITION,  /* text, ordered as the source's changes are */
    METADATA_TOPIC,     /* text */
    METADATA_PARTITION, /* integer */
    METADATA_OFFSET,    /* bigint */
    METADATA_KINDS
};

/* A CREATE FOREIGN TABLE. schema.key is its PRIMARY KEY. */
struct plan_source {
    const char *name;  /* "bronze.orders" */
    const char *topic; /* OPTIONS (topic '...') */
    enum plan_format format;
    struct schema schema;
    const enum plan_metadata *metadata; /* by column; NULL: none */
    bool versions;                      /* a row for each record, not for each key */
    bool trusted;                       /* a record's `before` is what the one before it left */
    const struct plan_rule *rules;
    uint16_t rules_n;
    uint32_t node; /* its PLAN_SOURCE node; UINT32_MAX when no view reads it */
};

enum plan_kind {
    PLAN_SOURCE,
    PLAN_FILTER,
    PLAN_PROJECT,
    PLAN_JOIN,
    PLAN_GROUP,
    PLAN_TOP,
    PLAN_UNION,
    PLAN_WINDOW,
    PLAN_ORDINAL,
    PLAN_VALUES,
    PLAN_EXPAND
};
enum plan_join_kind { PLAN_JOIN_INNER, PLAN_JOIN_LEFT, PLAN_JOIN_FULL };

/* How many inputs a node of the kind has. */
static inline unsigned plan_inputs_n(enum plan_kind kind)
{
    switch (kind) {
    case PLAN_SOURCE:
    case PLAN_VALUES:
        return 0;
    case PLAN_JOIN:
    case PLAN_UNION:
        return 2;
    default:
        return 1;
    }
}

/* One ORDER BY column, over the input row. */
struct plan_order {
    const struct expr *expr;
    struct key_order order;
};

/* One aggregate of a PLAN_GROUP or PLAN_WINDOW, over the input row; `arg` NULL for count(*). */
struct plan_aggregate {
    const struct aggregate *aggregate;
    const struct expr *arg;         /* the first argument */
    const struct expr *const *more; /* the others */
    uint16_t more_n, order_n;
    const struct plan_order *order; /* ORDER BY within the call */
    const struct expr *filter;      /* only rows where it is true; NULL: all */
    bool distinct;                  /* each value once */
    struct type result;
};

/* How many arguments the aggregate has. */
static inline uint16_t plan_aggregate_args_n(const struct plan_aggregate *aggregate)
{
    return aggregate->arg == NULL ? 0 : (uint16_t)(1 + aggregate->more_n);
}

/* Its argument i. */
static inline const struct expr *plan_aggregate_arg(const struct plan_aggregate *aggregate,
                                                    uint16_t i)
{
    return i == 0 ? aggregate->arg : aggregate->more[i - 1];
}

/* A function over a window; the numbers are part of stored plans' fingerprints: append only. */
enum plan_window_kind {
    WINDOW_AGGREGATE,
    WINDOW_ROW_NUMBER,
    WINDOW_RANK,
    WINDOW_DENSE_RANK,
    WINDOW_PERCENT_RANK,
    WINDOW_CUME_DIST,
    WINDOW_NTILE,
    WINDOW_LAG,
    WINDOW_LEAD,
    WINDOW_FIRST_VALUE,
    WINDOW_LAST_VALUE,
    WINDOW_NTH_VALUE
};

enum plan_frame_unit { FRAME_RANGE, FRAME_ROWS, FRAME_GROUPS };
enum plan_bound_kind { BOUND_UNBOUNDED, BOUND_CURRENT, BOUND_PRECEDING, BOUND_FOLLOWING };
enum plan_exclusion { EXCLUDE_NONE, EXCLUDE_CURRENT, EXCLUDE_GROUP, EXCLUDE_TIES };

/* One end of a frame. PRECEDING and FOLLOWING have `offset` rows or groups; of a RANGE the value to
 * reach, `limit`, over the input row. */
struct plan_bound {
    enum plan_bound_kind kind;
    int64_t offset;
    const struct expr *limit;
};

struct plan_frame {
    enum plan_frame_unit unit;
    struct plan_bound start, end;
    enum plan_exclusion exclusion;
    const struct expr *range_key; /* of limits: the ORDER BY value in their type */
};

/* One function of a PLAN_WINDOW: its arguments, filter and result as an aggregate's. */
struct plan_window_function {
    enum plan_window_kind kind;
    struct plan_aggregate call; /* `aggregate` of WINDOW_AGGREGATE alone */
    struct plan_frame frame;
};

/* One function of a PLAN_EXPAND, over the input row. */
struct plan_rows {
    const struct function *function; /* with `rows` */
    const struct expr **args;
    uint16_t args_n, columns_n;
    const struct type *types; /* of its columns */
};

/*
 * kind           inputs   output row
 * PLAN_SOURCE    0        the source's columns
 * PLAN_FILTER    1        the input row, where `predicate` is true
 * PLAN_PROJECT   1        one column per expr of `exprs`
 * PLAN_JOIN      2        left columns, then right columns (NULL where a LEFT or FULL join found nothing); rows
 *                         match when every left_keys[i] = right_keys[i] (same type both sides; NULL matches NULL
 *                         where bit i of `null_safe` is set, else nothing) and `predicate`, if any, is true
 *                         over both; without keys all pairs are tried
 * PLAN_GROUP     1        the group exprs (`exprs`), then the aggregates; exprs_n 0: one row even over no input
 * PLAN_TOP       1        the input row, the first `limit` after `offset` rows by `order` (a total order:
 *                         sql/ has proved it), of each partition by `exprs`
 * PLAN_UNION     2        the rows of both inputs, of equal types
 * PLAN_ORDINAL   1        the input row, a hash of it (text) and its number among equal rows, which are the key
 * PLAN_WINDOW    1        the input row, then one column per function of `functions`, over the rows of its
 *                         partition by `exprs` in `order`
 * PLAN_VALUES    0        `rows_n` rows of `exprs`, one row after another, which read no column
 * PLAN_EXPAND    1        the input row, then the columns of `rows`, then a number from 1 on: one row for each
 *                         row that the longest of the functions gives (`outer`: one of NULLs where none does)
 */
struct plan_node {
    enum plan_kind kind;
    uint64_t fingerprint; /* of this whole subplan: names its state */
    uint32_t inputs[2];
    struct schema schema; /* of the output; key: its derived unique key (key_n 0 with has_key: at
                             most one row) */
    bool has_key;
    uint32_t source;              /* PLAN_SOURCE: index into plan.sources */
    const struct expr *predicate; /* PLAN_FILTER, PLAN_JOIN */
    const struct expr **exprs;    /* PLAN_PROJECT, PLAN_GROUP, PLAN_VALUES; partitions of a PLAN_TOP
                                     or PLAN_WINDOW */
    uint16_t exprs_n;
    enum plan_join_kind join;
    const struct expr **left_keys, **right_keys; /* PLAN_JOIN */
    uint16_t join_keys_n;
    uint64_t null_safe;           /* PLAN_JOIN: by key */
    uint32_t rows_n;              /* PLAN_VALUES */
    const struct plan_rows *rows; /* PLAN_EXPAND */
    uint16_t rows_functions_n;
    bool outer;
    const struct plan_aggregate *aggregates; /* PLAN_GROUP */
    uint16_t aggregates_n;
    const struct plan_order *order; /* PLAN_TOP, PLAN_WINDOW */
    uint16_t order_n;
    const struct plan_window_function *functions; /* PLAN_WINDOW */
    uint16_t functions_n;
    int64_t limit, offset; /* PLAN_TOP, in each partition by `exprs`; limit below 0: none */
    bool ties;             /* and the rows that compare equal to the last one */
    const char *label;     /* the view or clause it comes from, for --explain */
};

/* A CREATE MATERIALIZED VIEW: a node whose rows go to a topic as upserts. schema is the node's,
 * with the view's key and column names. */
struct plan_view {
    const char *name;             /* "gold.top_customers" */
    const char *topic;            /* "<pipeline>.gold.top_customers", or WITH (topic = '...') */
    const char *comment;          /* COMMENT ON, or NULL */
    int32_t partitions;           /* WITH (partitions = n), 0: default */
    enum plan_view_format format; /* WITH (format = '...') */
    uint32_t node;
    struct schema schema;
    const struct plan_order *order; /* a final ORDER BY without LIMIT: for --ddl and reports only */
    uint16_t order_n;
};

struct plan {
    const char *pipeline; /* "acme": option, or the folder's name of the file */
    const struct plan_source *sources;
    const struct plan_node *nodes;
    const struct plan_view *views;
    uint32_t sources_n, nodes_n, views_n;
    uint64_t hash; /* of everything that gives rows their meaning; another hash needs --rebuild */
};

#endif
