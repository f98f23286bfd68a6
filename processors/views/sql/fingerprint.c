/*
 * What a node means, as text and as a hash of it: two nodes of one fingerprint are one. Stored
 * state is named by it, so what is written here for a plan must stay.
 */
#include "base/hash.h"
#include "ops/forms.h"
#include "sql/nodes.h"

#include <inttypes.h>

static void describe_type(struct buf *out, struct type type)
{
    buf_printf(out, "t%d/%" PRId32, (int)type.id, type.typmod);
    for (uint16_t i = 0; type.labels != NULL && i < type.labels->n; i++) {
        buf_printf(out, " %zu:", type.labels->labels[i].len); /* stored values hold the order */
        buf_put(out, type.labels->labels[i]);
    }
}

static void describe_constant(struct buf *out, const struct expr *expr)
{
    if (expr->constant.null) {
        buf_puts(out, " null");
    } else if (type_is_bytes(expr->type.id)) {
        buf_printf(out, " %zu:", expr->constant.bytes.len);
        buf_put(out, expr->constant.bytes);
    } else {
        buf_printf(out, " %" PRIx64, (uint64_t)expr->constant.slot);
    }
}

void nodes_describe_expr(struct buf *out, const struct expr *expr)
{
    static const char *const kinds[] = {[EXPR_CONST] = "const",
                                        [EXPR_COLUMN] = "column",
                                        [EXPR_CALL] = "call",
                                        [EXPR_AND] = "and",
                                        [EXPR_OR] = "or",
                                        [EXPR_NOT] = "not",
                                        [EXPR_IS_NULL] = "null?",
                                        [EXPR_CASE] = "case",
                                        [EXPR_COALESCE] = "coalesce",
                                        [EXPR_TRY] = "try",
                                        [EXPR_DISTINCT] = "distinct",
                                        [EXPR_EACH] = "each",
                                        [EXPR_ELEMENT] = "element"};

    buf_printf(out, "(%s ", kinds[expr->kind]);
    describe_type(out, expr->type);
    if (expr->kind == EXPR_CONST)
        describe_constant(out, expr);
    if (expr->kind == EXPR_COLUMN)
        buf_printf(out, " %u", expr->column);
    if (expr->kind == EXPR_CALL)
        buf_printf(out, " %d:%s", (int)expr->function->kind, expr->function->name);
    for (uint16_t i = 0; i < expr->args_n; i++)
        nodes_describe_expr(out, expr->args[i]);
    buf_char(out, ')');
}

static void describe_exprs(struct buf *out, const struct expr *const *exprs, uint16_t n)
{
    buf_char(out, '[');
    for (uint16_t i = 0; i < n; i++)
        nodes_describe_expr(out, exprs[i]);
    buf_char(out, ']');
}

static void describe_source(struct buf *out, const struct plan_source *source)
{
    buf_printf(out, "%s %d", source->topic, (int)source->format);
    for (uint16_t i = 0; i < source->schema.columns_n; i++) {
        const struct column *column = &source->schema.columns[i];

        buf_printf(out, " %zu:%s%s ", strlen(column->name), column->name,
                   column->not_null ? "!" : "");
        describe_type(out, column->type);
    }
    for (uint16_t i = 0; i < source->schema.key_n; i++)
        buf_printf(out, " key %u", source->schema.key[i]);
    for (uint16_t i = 0; source->metadata != NULL && i < source->schema.columns_n; i++)
        if (source->metadata[i] != METADATA_NONE)
            buf_printf(out, " metadata %u %d", i, (int)source->metadata[i]);
    if (source->versions)
        buf_puts(out, " versions");
    if (source->trusted)
        buf_puts(out, " trusted");
    for (uint16_t i = 0; i < source->rules_n; i++)
        if (!source->rules[i].warning && source->rules[i].expr != NULL)
            nodes_describe_expr(out, source->rules[i].expr);
}

static void describe_order(struct buf *out, const struct plan_order *order, uint16_t n)
{
    for (uint16_t i = 0; i < n; i++) {
        buf_printf(out, " %d%d", order[i].order.descending, order[i].order.nulls_first);
        nodes_describe_expr(out, order[i].expr);
    }
}

static void describe_call(struct buf *out, const struct plan_aggregate *aggregate)
{
    if (aggregate->aggregate != NULL)
        buf_printf(out, " %s/%d ", aggregate->aggregate->name, (int)aggregate->aggregate->arg);
    describe_type(out, aggregate->result);
    for (uint16_t j = 0; j < plan_aggregate_args_n(aggregate); j++)
        nodes_describe_expr(out, plan_aggregate_arg(aggregate, j));
    buf_puts(out, aggregate->distinct ? " distinct" : "");
    describe_order(out, aggregate->order, aggregate->order_n);
    if (aggregate->filter != NULL) {
        buf_puts(out, " filter ");
        nodes_describe_expr(out, aggregate->filter);
    }
}

static void describe_aggregates(struct buf *out, const struct plan_node *node)
{
    for (uint16_t i = 0; i < node->aggregates_n; i++)
        describe_call(out, &node->aggregates[i]);
}

/* Groups of values with several forms keep them all; few values of a min or max stand in the group. */
static void describe_forms(struct buf *out, const struct plan_node *node)
{
    for (uint16_t i = 0; i < node->exprs_n; i++)
        if (forms_possible(node->exprs[i]->type.id))
            buf_puts(out, " forms");
    for (uint16_t i = 0; i < node->aggregates_n; i++) {
        const struct plan_aggregate *call = &node->aggregates[i];

        if (call->aggregate->state == AGGREGATE_EXTREME)
            buf_puts(out, " few");
        if (call->aggregate->state == AGGREGATE_EXTREME &&
            (call->arg->type.id == TYPE_INTERVAL || type_is_array(call->arg->type.id)))
            buf_puts(out, " forms");
    }
}

static void describe_bound(struct buf *out, const struct plan_bound *bound)
{
    buf_printf(out, " %d/%" PRId64, (int)bound->kind, bound->offset);
    if (bound->limit != NULL)
        nodes_describe_expr(out, bound->limit);
}

static void describe_windows(struct buf *out, const struct plan_node *node)
{
    describe_order(out, node->order, node->order_n);
    for (uint16_t i = 0; i < node->functions_n; i++) {
        const struct plan_window_function *function = &node->functions[i];

        buf_printf(out, " window %d", (int)function->kind);
        describe_call(out, &function->call);
        buf_printf(out, " frame %d %d", (int)function->frame.unit, (int)function->frame.exclusion);
        describe_bound(out, &function->frame.start);
        describe_bound(out, &function->frame.end);
        if (function->frame.range_key != NULL)
            nodes_describe_expr(out, function->frame.range_key);
    }
}

static void describe_top(struct buf *out, const struct plan_node *node)
{
    buf_printf(out, " %" PRId64 " %" PRId64 "%s", node->limit, node->offset,
               node->ties ? " ties" : "");
    describe_order(out, node->order, node->order_n);
}

static void describe_join(struct buf *out, const struct plan_node *node)
{
    buf_printf(out, " join %d ", (int)node->join);
    describe_exprs(out, node->left_keys, node->join_keys_n);
    describe_exprs(out, node->right_keys, node->join_keys_n);
    if (node->null_safe != 0)
        buf_printf(out, " null-safe %" PRIx64, node->null_safe);
}

static void describe_values(struct buf *out, const struct plan_node *node)
{
    buf_printf(out, " %" PRIu32 " rows", node->rows_n);
    for (uint16_t i = 0; i < node->schema.columns_n; i++) {
        buf_char(out, ' ');
        describe_type(out, node->schema.columns[i].type);
    }
}

static void describe_expand(struct buf *out, const struct plan_node *node)
{
    buf_puts(out, node->outer ? " outer" : "");
    for (uint16_t i = 0; i < node->rows_functions_n; i++) {
        const struct plan_rows *rows = &node->rows[i];

        buf_printf(out, " %s ", rows->function->name);
        describe_exprs(out, rows->args, rows->args_n);
        for (uint16_t k = 0; k < rows->columns_n; k++)
            describe_type(out, rows->types[k]);
    }
}

uint64_t nodes_fingerprint(const struct nodes *nodes, const struct plan_node *node)
{
    CLEANUP(buf) struct buf out = {0};

    buf_printf(&out, "%d", (int)node->kind);
    for (unsigned i = 0; i < plan_inputs_n(node->kind); i++)
        buf_printf(&out, " %016" PRIx64, nodes_at(nodes, node->inputs[i])->fingerprint);
    if (node->kind == PLAN_SOURCE)
        describe_source(&out, nodes->sources.at[node->source]);
    if (node->predicate != NULL)
        nodes_describe_expr(&out, node->predicate);
    describe_exprs(&out, node->exprs, node->exprs_n);
    if (node->kind == PLAN_JOIN)
        describe_join(&out, node);
    describe_aggregates(&out, node);
    if (node->kind == PLAN_GROUP)
        describe_forms(&out, node);
    if (node->kind == PLAN_TOP)
        describe_top(&out, node);
    if (node->kind == PLAN_WINDOW)
        describe_windows(&out, node);
    if (node->kind == PLAN_VALUES)
        describe_values(&out, node);
    if (node->kind == PLAN_EXPAND)
        describe_expand(&out, node);
    return hash64(out.at, out.len);
}
