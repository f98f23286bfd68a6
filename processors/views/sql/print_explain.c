/* --explain: what the plan does, keeps and writes, from the plan itself. */
#include "record/json.h"
#include "sql/ast.h"
#include "sql/pipeline.h"

#include <inttypes.h>

enum { INDENT = 2 };

static const char *const kinds[] = {"source", "filter", "project", "join",   "group", "top",
                                    "union",  "window", "ordinal", "values", "expand"};

struct printer {
    struct buf *out;
    const struct plan *plan;
    bool *shown; /* by node: printed before, with all below it */
};

static void put_exprs(struct buf *out, const struct expr *const *exprs, uint16_t n,
                      const struct schema *schema)
{
    for (uint16_t i = 0; i < n; i++) {
        buf_puts(out, i == 0 ? "" : ", ");
        expr_print(out, exprs[i], schema);
    }
}

static void put_key(struct buf *out, const struct schema *schema)
{
    buf_puts(out, "(");
    for (uint16_t i = 0; i < schema->key_n; i++)
        buf_printf(out, "%s%s", i == 0 ? "" : ", ", schema->columns[schema->key[i]].name);
    buf_puts(out, ")");
}

static void put_order(struct buf *out, const struct plan_order *order, uint16_t n,
                      const struct schema *schema)
{
    for (uint16_t i = 0; i < n; i++) {
        buf_puts(out, i == 0 ? "" : ", ");
        expr_print(out, order[i].expr, schema);
        if (order[i].order.descending)
            buf_puts(out, " DESC");
        if (order[i].order.nulls_first != order[i].order.descending)
            buf_puts(out, order[i].order.nulls_first ? " NULLS FIRST" : " NULLS LAST");
    }
}

/* What there is to tell of an operator, in parts. */
struct told {
    struct buf does, state, cost; /* empty: nothing to tell */
};

static void cleanup_told(struct told *told)
{
    buf_done(&told->does);
    buf_done(&told->state);
    buf_done(&told->cost);
}

static void put_source(struct told *told, const struct plan_source *source)
{
    struct buf *out = &told->does;

    buf_printf(out, "source %s from topic %s (%s), key ", source->name, source->topic,
               source->format == PLAN_FORMAT_DEBEZIUM ? "debezium" : "json");
    put_key(out, &source->schema);
    buf_printf(out, ", %u rule%s", source->rules_n, source->rules_n == 1 ? "" : "s");
    buf_puts(&told->state, source->versions  ? "every record's row"
                           : source->trusted ? "none, before images are trusted"
                                             : "last row and position of each key");
}

static void put_project(struct buf *out, const struct plan_node *node, const struct schema *input)
{
    buf_puts(out, "project ");
    for (uint16_t i = 0; i < node->exprs_n; i++) {
        buf_puts(out, i == 0 ? "" : ", ");
        expr_print(out, node->exprs[i], input);
        if (node->exprs[i]->kind != EXPR_COLUMN)
            buf_printf(out, " AS %s", node->schema.columns[i].name);
    }
}

static void put_join(struct told *told, const struct plan *plan, const struct plan_node *node)
{
    static const char *const joins[] = {"inner", "left", "full"};
    struct buf *out = &told->does;
    const struct schema *left = &plan->nodes[node->inputs[0]].schema;
    const struct schema *right = &plan->nodes[node->inputs[1]].schema;
    bool cross = node->join_keys_n == 0;

    buf_printf(out, "%s join %s", joins[node->join], cross ? "of all pairs" : "on ");
    for (uint16_t i = 0; i < node->join_keys_n; i++) {
        buf_puts(out, i == 0 ? "" : " AND ");
        expr_print(out, node->left_keys[i], left);
        buf_puts(out, i < 64 && (node->null_safe >> i & 1) != 0 ? " IS NOT DISTINCT FROM " : " = ");
        expr_print(out, node->right_keys[i], right);
    }
    if (node->predicate != NULL) {
        buf_puts(out, cross ? " where " : ", where ");
        expr_print(out, node->predicate, &node->schema);
    }
    buf_puts(&told->state, "both inputs' rows by join key");
    if (cross)
        buf_puts(&told->cost, "a change costs all rows of the other side");
}

static void put_expand(struct buf *out, const struct plan_node *node, const struct schema *input)
{
    buf_puts(out, node->outer ? "expand, at least once, " : "expand ");
    for (uint16_t i = 0; i < node->rows_functions_n; i++) {
        buf_printf(out, "%s%s(", i == 0 ? "" : ", ", node->rows[i].function->name);
        put_exprs(out, node->rows[i].args, node->rows[i].args_n, input);
        buf_char(out, ')');
    }
}

static void put_values(struct buf *out, const struct plan_node *node)
{
    uint16_t n = node->schema.columns_n;

    buf_printf(out, "%" PRIu32 " constant row%s ", node->rows_n, node->rows_n == 1 ? "" : "s");
    for (uint32_t i = 0; i < node->rows_n && n > 0; i++) {
        buf_puts(out, i == 0 ? "(" : ", (");
        put_exprs(out, node->exprs + (size_t)i * n, n, NULL);
        buf_char(out, ')');
    }
}

static void put_call(struct buf *out, const char *name, const struct plan_aggregate *call,
                     const struct schema *input)
{
    bool counts = call->arg == NULL && call->aggregate != NULL;

    buf_printf(out, "%s(%s%s", name, call->distinct ? "DISTINCT " : "", counts ? "*" : "");
    for (uint16_t i = 0; i < plan_aggregate_args_n(call); i++) {
        buf_puts(out, i == 0 ? "" : ", ");
        expr_print(out, plan_aggregate_arg(call, i), input);
    }
    if (call->order_n > 0) {
        buf_puts(out, " ORDER BY ");
        put_order(out, call->order, call->order_n, input);
    }
    buf_char(out, ')');
    if (call->filter != NULL) {
        buf_puts(out, " FILTER (WHERE ");
        expr_print(out, call->filter, input);
        buf_char(out, ')');
    }
}

static void put_group(struct told *told, const struct plan_node *node, const struct schema *input)
{
    struct buf *out = &told->does;
    bool ordered = false, bags = false;

    buf_puts(out, node->exprs_n == 0 ? "aggregate " : "group by ");
    put_exprs(out, node->exprs, node->exprs_n, input);
    buf_puts(out, node->exprs_n == 0 || node->aggregates_n == 0 ? "" : ": ");
    for (uint16_t i = 0; i < node->aggregates_n; i++) {
        const struct plan_aggregate *aggregate = &node->aggregates[i];

        buf_puts(out, i == 0 ? "" : ", ");
        put_call(out, aggregate->aggregate->name, aggregate, input);
        ordered =
            ordered || aggregate->aggregate->state == AGGREGATE_EXTREME || aggregate->distinct;
        bags = bags || aggregate->aggregate->state == AGGREGATE_BAG;
    }
    buf_puts(&told->state, node->exprs_n == 0 ? "one entry" : "one entry a group");
    if (ordered)
        buf_puts(&told->state, ", and for min, max and DISTINCT one a distinct value");
    if (bags) {
        buf_puts(&told->state, ", and for ordered aggregates one a row");
        buf_puts(&told->cost, "a change costs its group");
    }
}

static void put_top(struct told *told, const struct plan_node *node, const struct schema *input)
{
    struct buf *out = &told->does;

    buf_puts(out, "top");
    if (node->limit >= 0)
        buf_printf(out, " %" PRId64, node->limit);
    if (node->ties)
        buf_puts(out, " with ties");
    if (node->offset > 0)
        buf_printf(out, " after %" PRId64, node->offset);
    if (node->exprs_n > 0) {
        buf_puts(out, " of each ");
        put_exprs(out, node->exprs, node->exprs_n, input);
    }
    buf_puts(out, " by ");
    put_order(out, node->order, node->order_n, input);
    buf_puts(&told->state, "all rows of its input in this order");
}

static void put_bound(struct buf *out, const struct plan_bound *bound, bool is_end,
                      const struct schema *input)
{
    if (bound->kind == BOUND_UNBOUNDED)
        buf_puts(out, is_end ? "UNBOUNDED FOLLOWING" : "UNBOUNDED PRECEDING");
    else if (bound->kind == BOUND_CURRENT)
        buf_puts(out, "CURRENT ROW");
    else if (bound->limit == NULL)
        buf_printf(out, "%" PRId64 "%s", bound->offset,
                   bound->kind == BOUND_PRECEDING ? " PRECEDING" : " FOLLOWING");
    else
        expr_print(out, bound->limit, input);
}

static void put_frame(struct buf *out, const struct plan_frame *frame, const struct schema *input)
{
    static const char *const units[] = {"RANGE", "ROWS", "GROUPS"};
    static const char *const exclusions[] = {"", " EXCLUDE CURRENT ROW", " EXCLUDE GROUP",
                                             " EXCLUDE TIES"};

    if (frame->unit == FRAME_RANGE && frame->start.kind == BOUND_UNBOUNDED &&
        frame->end.kind == BOUND_CURRENT && frame->exclusion == EXCLUDE_NONE)
        return;
    buf_printf(out, " %s ", units[frame->unit]);
    put_bound(out, &frame->start, false, input);
    buf_puts(out, " to ");
    put_bound(out, &frame->end, true, input);
    buf_puts(out, exclusions[frame->exclusion]);
}

static void put_window(struct told *told, const struct plan_node *node, const struct schema *input)
{
    struct buf *out = &told->does;
    static const char *const names[] = {
        "",      "row_number", "rank", "dense_rank",  "percent_rank", "cume_dist",
        "ntile", "lag",        "lead", "first_value", "last_value",   "nth_value"};

    buf_puts(out, "window");
    if (node->exprs_n > 0) {
        buf_puts(out, " of each ");
        put_exprs(out, node->exprs, node->exprs_n, input);
    }
    if (node->order_n > 0) {
        buf_puts(out, " by ");
        put_order(out, node->order, node->order_n, input);
    }
    for (uint16_t i = 0; i < node->functions_n; i++) {
        const struct plan_window_function *function = &node->functions[i];
        const char *name = function->kind == WINDOW_AGGREGATE ? function->call.aggregate->name
                                                              : names[function->kind];

        buf_puts(out, i == 0 ? ": " : ", ");
        put_call(out, name, &function->call, input);
        put_frame(out, &function->frame, input);
    }
    buf_puts(&told->state, "all rows of its input in this order");
    buf_puts(&told->cost, "a change costs its partition");
}

static void put_operator(struct told *told, const struct plan *plan, const struct plan_node *node)
{
    struct buf *out = &told->does;
    const struct schema *input =
        plan_inputs_n(node->kind) == 0 ? NULL : &plan->nodes[node->inputs[0]].schema;

    switch (node->kind) {
    case PLAN_SOURCE:
        put_source(told, &plan->sources[node->source]);
        break;
    case PLAN_FILTER:
        buf_puts(out, "filter ");
        expr_print(out, node->predicate, input);
        break;
    case PLAN_PROJECT:
        put_project(out, node, input);
        break;
    case PLAN_JOIN:
        put_join(told, plan, node);
        break;
    case PLAN_GROUP:
        put_group(told, node, input);
        break;
    case PLAN_WINDOW:
        put_window(told, node, input);
        break;
    case PLAN_ORDINAL:
        buf_puts(out, "ordinal: the rows have no unique key; a hash of the row and its number "
                      "among equal rows are it");
        buf_puts(&told->state, "a count of each row");
        break;
    case PLAN_UNION:
        buf_puts(out, "union of all rows");
        break;
    case PLAN_TOP:
        put_top(told, node, input);
        break;
    case PLAN_VALUES:
        put_values(out, node);
        break;
    case PLAN_EXPAND:
        put_expand(out, node, input);
        break;
    }
}

/* does; state: ...; cost */
static void put_told(struct buf *out, const struct told *told)
{
    buf_put(out, buf_str(&told->does));
    if (told->state.len > 0)
        buf_puts(out, "; state: ");
    buf_put(out, buf_str(&told->state));
    if (told->cost.len > 0)
        buf_puts(out, "; ");
    buf_put(out, buf_str(&told->cost));
}

/* The node and what is below it; a node printed before is only named. */
static void put_node(struct printer *printer, uint32_t number, int depth)
{
    const struct plan_node *node = &printer->plan->nodes[number];

    buf_printf(printer->out, "%*s#%" PRIu32 " ", depth * INDENT, "", number);
    if (printer->shown[number]) {
        buf_printf(printer->out, "%s of %s, shared (see above)\n", kinds[node->kind], node->label);
        return;
    }
    printer->shown[number] = true;
    CLEANUP(told) struct told told = {0};
    put_operator(&told, printer->plan, node);
    put_told(printer->out, &told);
    buf_char(printer->out, '\n');
    for (unsigned i = 0; i < plan_inputs_n(node->kind); i++)
        put_node(printer, node->inputs[i], depth + 1);
}

static void put_view(struct printer *printer, const struct plan_view *view)
{
    struct buf *out = printer->out;

    buf_printf(out, "%s -> topic %s, key ", view->name, view->topic);
    put_key(out, &view->schema);
    if (view->schema.key_n == 0)
        buf_puts(out, ": one row");
    if (view->partitions > 0)
        buf_printf(out, ", %" PRId32 " partitions", view->partitions);
    buf_char(out, '\n');
    put_node(printer, view->node, 1);
    buf_char(out, '\n');
}

static bool has_state(enum plan_kind kind)
{
    return kind != PLAN_FILTER && kind != PLAN_PROJECT && kind != PLAN_UNION &&
           kind != PLAN_VALUES && kind != PLAN_EXPAND;
}

/* "1 view", "2 views" */
static void put_count(struct buf *out, uint32_t n, const char *what)
{
    buf_printf(out, "%" PRIu32 " %s%s", n, what, n == 1 ? "" : "s");
}

static void put_totals(struct buf *out, const struct plan *plan)
{
    uint32_t joins = 0, stateful = 0;

    for (uint32_t i = 0; i < plan->nodes_n; i++) {
        joins += plan->nodes[i].kind == PLAN_JOIN;
        stateful += has_state(plan->nodes[i].kind);
    }
    put_count(out, plan->sources_n, "source");
    buf_puts(out, ", ");
    put_count(out, plan->views_n, "view");
    buf_puts(out, ", ");
    put_count(out, plan->nodes_n, "operator");
    buf_printf(out, " (%" PRIu32 " with state, ", stateful);
    put_count(out, joins, "join");
    buf_printf(out, "), plan %016" PRIx64 "\n", plan->hash);
}

void pipeline_explain(struct buf *out, const struct plan *plan)
{
    CLEANUP(free) bool *shown = err_calloc(plan->nodes_n + 1, sizeof(*shown));
    struct printer printer = {out, plan, shown};

    for (uint32_t i = 0; i < plan->views_n; i++)
        put_view(&printer, &plan->views[i]);
    put_totals(out, plan);
}

/* ---- as JSON ---- */

/* "name":"text", behind what `before` says; an empty text is null. */
static void json_text_member(struct buf *out, const char *before, struct str text)
{
    buf_puts(out, before);
    if (text.len == 0)
        buf_puts(out, "null");
    else
        json_write_string(out, text);
}

static void json_exprs(struct buf *out, const struct expr *const *exprs, uint16_t n,
                       const struct schema *schema)
{
    buf_char(out, '[');
    for (uint16_t i = 0; i < n; i++) {
        CLEANUP(buf) struct buf text = {0};

        expr_print(&text, exprs[i], schema);
        json_text_member(out, i == 0 ? "" : ",", buf_str(&text));
    }
    buf_char(out, ']');
}

static void json_key(struct buf *out, const struct schema *schema)
{
    buf_puts(out, ",\"key\":[");
    for (uint16_t i = 0; i < schema->key_n; i++)
        json_text_member(out, i == 0 ? "" : ",", str_of(schema->columns[schema->key[i]].name));
    buf_char(out, ']');
}

/* What rows of an input must share to meet: null when any task can take any row, [] when one task must
 * take them all. */
static void json_exchange(struct buf *out, const struct plan *plan, const struct plan_node *node,
                          unsigned input)
{
    const struct schema *schema = &plan->nodes[node->inputs[input]].schema;

    switch (node->kind) {
    case PLAN_JOIN:
        json_exprs(out, input == 0 ? node->left_keys : node->right_keys, node->join_keys_n, schema);
        break;
    case PLAN_GROUP:
    case PLAN_TOP:
    case PLAN_WINDOW:
        json_exprs(out, node->exprs, node->exprs_n, schema);
        break;
    case PLAN_ORDINAL:
        buf_puts(out, "[\"the whole row\"]");
        break;
    default:
        buf_puts(out, "null");
    }
}

static bool sums_floats(const struct plan_aggregate *call)
{
    return call->aggregate != NULL && call->arg != NULL &&
           (call->result.id == TYPE_FLOAT8 || call->result.id == TYPE_FLOAT4) &&
           (call->arg->type.id == TYPE_FLOAT8 || call->arg->type.id == TYPE_FLOAT4) &&
           call->aggregate->state != AGGREGATE_EXTREME;
}

/* Nothing below the node sums floats, whose last digit depends on row order in PostgreSQL itself. */
static bool is_exact(const struct plan *plan, uint32_t number)
{
    const struct plan_node *node = &plan->nodes[number];

    for (uint16_t i = 0; i < node->aggregates_n; i++)
        if (sums_floats(&node->aggregates[i]))
            return false;
    for (uint16_t i = 0; i < node->functions_n; i++)
        if (sums_floats(&node->functions[i].call))
            return false;
    for (unsigned i = 0; i < plan_inputs_n(node->kind); i++)
        if (!is_exact(plan, node->inputs[i]))
            return false;
    return true;
}

static void json_columns(struct buf *out, const struct schema *schema)
{
    buf_puts(out, ",\"columns\":[");
    for (uint16_t i = 0; i < schema->columns_n; i++) {
        CLEANUP(buf) struct buf type = {0};

        type_print(&type, schema->columns[i].type);
        json_text_member(out,
                         i == 0 ? "{\"name\":" : ",{\"name\":", str_of(schema->columns[i].name));
        json_text_member(out, ",\"type\":", buf_str(&type));
        buf_char(out, '}');
    }
    buf_char(out, ']');
}

static void json_node(struct buf *out, const struct plan *plan, uint32_t number)
{
    const struct plan_node *node = &plan->nodes[number];
    CLEANUP(told) struct told told = {0};

    put_operator(&told, plan, node);
    buf_printf(out, "{\"node\":%" PRIu32 ",\"kind\":\"%s\"", number, kinds[node->kind]);
    json_text_member(out, ",\"of\":", str_of(node->label == NULL ? "" : node->label));
    json_text_member(out, ",\"does\":", buf_str(&told.does));
    json_text_member(out, ",\"state\":", buf_str(&told.state));
    json_text_member(out, ",\"cost\":", buf_str(&told.cost));
    buf_printf(out, ",\"fingerprint\":\"%016" PRIx64 "\"", node->fingerprint);
    if (node->has_key)
        json_key(out, &node->schema);
    else
        buf_puts(out, ",\"key\":null");
    buf_puts(out, ",\"inputs\":[");
    for (unsigned i = 0; i < plan_inputs_n(node->kind); i++) {
        buf_printf(out, "%s{\"node\":%" PRIu32 ",\"exchange\":", i == 0 ? "" : ",",
                   node->inputs[i]);
        json_exchange(out, plan, node, i);
        buf_char(out, '}');
    }
    buf_char(out, ']');
    json_columns(out, &node->schema);
    buf_char(out, '}');
}

void pipeline_explain_json(struct buf *out, const struct plan *plan)
{
    json_text_member(out, "{\"pipeline\":", str_of(plan->pipeline));
    buf_printf(out, ",\"plan\":\"%016" PRIx64 "\",\"views\":[", plan->hash);
    for (uint32_t i = 0; i < plan->views_n; i++) {
        const struct plan_view *view = &plan->views[i];

        json_text_member(out, i == 0 ? "{\"name\":" : ",{\"name\":", str_of(view->name));
        json_text_member(out, ",\"topic\":", str_of(view->topic));
        json_key(out, &view->schema);
        buf_printf(out, ",\"node\":%" PRIu32, view->node);
        json_text_member(out, ",\"equality\":",
                         is_exact(plan, view->node) ? STR("exact")
                                                    : STR("floats correctly rounded"));
        buf_char(out, '}');
    }
    buf_puts(out, "],\"operators\":[");
    for (uint32_t i = 0; i < plan->nodes_n; i++) {
        buf_puts(out, i == 0 ? "" : ",");
        json_node(out, plan, i);
    }
    buf_puts(out, "]}\n");
}
