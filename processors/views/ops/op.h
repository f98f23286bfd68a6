/*
 * An operator: a plan node with what it needs to run. Each kind is one file with one table of
 * functions (struct op_ops); op.c lists them. The rule each keeps: after a step, the sum of all its
 * outputs is its function of the sum of all its inputs. State is written so that negative and
 * multiple weights are borne. Private to the room.
 */
#ifndef SLUICE_VIEWS_OPS_OP_H
#define SLUICE_VIEWS_OPS_OP_H

#include "ops/engine.h"
#include "ops/state.h"
#include "ops/table.h"

/* One row withheld (weight > 0) or taken back (< 0) by an operator in this step. */
struct withheld {
    uint32_t node;
    const struct schema *schema; /* the row's */
    const struct row *row;
    int64_t weight;
    struct err reason;
};

/* What a step carries from operator to operator. Everything in it is the step's. */
struct step {
    struct store *store;
    struct arena *arena;
    const struct engine_event *events;
    uint32_t events_n;
    bool first;              /* engine_first_step: rows that exist over no input */
    struct buf *key, *value; /* scratch for keys and values, used within one function only */
    struct row_builder *builder;
    struct withheld *withheld;
    uint32_t withheld_n, withheld_cap;
    uint64_t events_stale;
};

struct op {
    const struct op_ops *ops;
    const struct plan_node *node;
    uint32_t index; /* of the node in the plan */
    struct op *inputs[2];
    const struct plan_source *source; /* of a source; else NULL */
    struct arrangement *sides[2];     /* of a join */
    bool keyed;       /* each key is in its input once, and in a step's deltas too */
    void *own;        /* made by `start` */
    struct batch out; /* of the present step */
};

struct op_ops {
    const char *name;
    /* What lies under which key in the store: for readers. */
    const char *state_note;
    /* Compiles what can be compiled; NULL: nothing. All in `arena`, which lives with the op. */
    void (*start)(struct op *op, struct arena *arena);
    /* Reads the inputs' `out`, makes its own, brings its state up to date. */
    bool (*apply)(struct op *op, struct step *step, struct err *reterr);
};

extern const struct op_ops op_source, op_filter, op_project, op_join, op_group, op_top, op_union,
    op_window, op_ordinal, op_values, op_expand;

/* The operator of a kind of node. */
const struct op_ops *op_ops_of(enum plan_kind kind);

/* Adds a delta to the output; one that takes back exactly the last one cancels it. */
void op_emit(struct op *op, struct step *step, const struct row *row, int64_t weight);

/* Withholds a row of the operator's input whose expression raised. */
void step_withhold(struct step *step, const struct op *op, const struct row *row, int64_t weight,
                   const struct err *reason);

/* The same of a row of another shape. */
void step_withhold_row(struct step *step, const struct op *op, const struct schema *schema,
                       const struct delta *delta, const struct err *reason);

/* An expression made ready: a plain column is read without a program. */
struct getter {
    const struct program *program; /* NULL: column */
    struct type type;
    uint16_t column;
};

/* Makes an expression ready. */
struct getter getter_new(struct arena *arena, const struct expr *expr);

/* Makes `n` of them ready. */
const struct getter *getters_new(struct arena *arena, const struct expr *const *exprs, uint16_t n);

/* Its value over a row. The error is the row's. */
WARN_UNUSED bool getter_eval(const struct getter *getter, const struct row *row,
                             struct arena *arena, struct value *ret, struct err *reterr);

/* A canonical key in the making; `null`: the value that came last was NULL. */
struct key_end {
    struct buf *key;
    struct key_order order;
    bool null;
};

/* Appends its value over a row to the key; nothing stays in the arena. The error is the row's. */
WARN_UNUSED bool getter_append(const struct getter *getter, const struct row *row,
                               struct arena *scratch, struct key_end *to, struct err *reterr);

#endif
