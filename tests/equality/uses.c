#include "uses.h"

#include "base/buf.h"
#include "ops/op.h"

struct uses {
    FILE *out;
    const struct plan *plan;
    const char *view;
    struct buf text;
};

static void print(struct uses *uses)
{
    fprintf(uses->out, "U\t%s\t%.*s\n", uses->view, STR_ARG(buf_str(&uses->text)));
    buf_clear(&uses->text);
}

static void print_text(struct uses *uses, const char *what, const char *name)
{
    buf_printf(&uses->text, "%s %s", what, name);
    print(uses);
}

static void use_function(struct uses *uses, const struct function *function)
{
    static const char prefix[] = "hypothetical ";

    if (strncmp(function->name, prefix, sizeof(prefix) - 1) == 0) /* as --functions lists it */
        buf_printf(&uses->text, "%s(VARIADIC \"any\") WITHIN GROUP (ORDER BY VARIADIC \"any\")",
                   function->name + sizeof(prefix) - 1);
    else
        function_signature(&uses->text, function);
    print(uses);
}

static void use_expr(struct uses *uses, const struct expr *expr)
{
    static const char *const kinds[] = {[EXPR_CONST] = "constant",
                                        [EXPR_COLUMN] = "column",
                                        [EXPR_CALL] = "call",
                                        [EXPR_AND] = "AND",
                                        [EXPR_OR] = "OR",
                                        [EXPR_NOT] = "NOT",
                                        [EXPR_IS_NULL] = "IS NULL",
                                        [EXPR_CASE] = "CASE",
                                        [EXPR_COALESCE] = "COALESCE",
                                        [EXPR_TRY] = "tried",
                                        [EXPR_DISTINCT] = "IS DISTINCT FROM",
                                        [EXPR_EACH] = "each element",
                                        [EXPR_ELEMENT] = "element"};

    if (expr == NULL)
        return;
    print_text(uses, "type", type_name(expr->type.id));
    if (expr->kind == EXPR_CALL)
        use_function(uses, expr->function);
    else
        print_text(uses, "expression", kinds[expr->kind]);
    for (uint16_t i = 0; expr->kind >= EXPR_CALL && i < expr->args_n; i++)
        use_expr(uses, expr->args[i]);
}

static void use_exprs(struct uses *uses, const struct expr *const *exprs, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        use_expr(uses, exprs[i]);
}

static void use_order(struct uses *uses, const struct plan_order *order, uint16_t n)
{
    for (uint16_t i = 0; i < n; i++)
        use_expr(uses, order[i].expr);
}

static void use_aggregate(struct uses *uses, const struct plan_aggregate *call)
{
    if (call->aggregate != NULL) {
        aggregate_signature(&uses->text, call->aggregate);
        print(uses);
    }
    use_expr(uses, call->arg);
    use_exprs(uses, call->more, call->more_n);
    use_order(uses, call->order, call->order_n);
    if (call->filter != NULL)
        print_text(uses, "clause", "FILTER");
    if (call->distinct)
        print_text(uses, "clause", "aggregate(DISTINCT)");
    use_expr(uses, call->filter);
}

static void use_window(struct uses *uses, const struct plan_window_function *function)
{
    static const char *const names[] = {"aggregate",    "row_number",  "rank",       "dense_rank",
                                        "percent_rank", "cume_dist",   "ntile",      "lag",
                                        "lead",         "first_value", "last_value", "nth_value"};
    static const char *const units[] = {"RANGE", "ROWS", "GROUPS"};

    print_text(uses, "window", names[function->kind]);
    print_text(uses, "frame", units[function->frame.unit]);
    use_aggregate(uses, &function->call);
    use_expr(uses, function->frame.start.limit);
    use_expr(uses, function->frame.end.limit);
}

static void use_rows(struct uses *uses, const struct plan_node *node)
{
    for (uint16_t i = 0; i < node->rows_functions_n; i++) {
        use_function(uses, node->rows[i].function);
        use_exprs(uses, node->rows[i].args, node->rows[i].args_n);
    }
}

static void use_node(struct uses *uses, uint32_t index)
{
    static const char *const joins[] = {"inner", "left", "full"};
    const struct plan_node *node = &uses->plan->nodes[index];

    print_text(uses, "operator",
               node->kind == PLAN_JOIN ? joins[node->join] : op_ops_of(node->kind)->name);
    if (node->kind == PLAN_JOIN)
        print_text(uses, "join by", node->join_keys_n == 0 ? "condition" : "keys");
    use_expr(uses, node->predicate);
    use_exprs(uses, node->exprs, node->exprs_n);
    use_exprs(uses, node->left_keys, node->join_keys_n);
    use_exprs(uses, node->right_keys, node->join_keys_n);
    use_rows(uses, node);
    for (uint16_t i = 0; i < node->aggregates_n; i++)
        use_aggregate(uses, &node->aggregates[i]);
    for (uint16_t i = 0; i < node->functions_n; i++)
        use_window(uses, &node->functions[i]);
    use_order(uses, node->order, node->order_n);
}

void uses_print(FILE *out, const struct plan *plan, uint32_t view)
{
    struct uses uses = {.out = out, .plan = plan, .view = plan->views[view].name};
    CLEANUP(free) bool *reached = err_calloc(plan->nodes_n, sizeof(*reached));

    reached[plan->views[view].node] = true;
    for (uint32_t i = plan->nodes_n; i-- > 0;) {
        if (!reached[i])
            continue;
        use_node(&uses, i);
        for (unsigned input = 0; input < plan_inputs_n(plan->nodes[i].kind); input++)
            reached[plan->nodes[i].inputs[input]] = true;
    }
    buf_done(&uses.text);
}
