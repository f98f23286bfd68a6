#include "sql/nodes.h"

#include "sql/exprs.h"

enum { NODES_MAX = 4096 };

struct plan_node *nodes_at(const struct nodes *nodes, uint32_t node)
{
    assert(node < nodes->all.n);
    return nodes->all.at[node];
}

void nodes_pin(struct nodes *nodes, uint32_t node)
{
    if (nodes->pinned == NULL)
        nodes->pinned = arena_zalloc(nodes->arena, NODES_MAX * sizeof(bool));
    if (node < NODES_MAX)
        nodes->pinned[node] = true;
}

bool nodes_is_pinned(const struct nodes *nodes, uint32_t node)
{
    return nodes->pinned != NULL && node < NODES_MAX && nodes->pinned[node];
}

/* Puts the node in, or finds the one that is there. `ret_new`: its schema is still to be made. */
static uint32_t intern(struct nodes *nodes, const struct plan_node *made, bool *ret_new)
{
    struct plan_node *node;
    uint64_t fingerprint = nodes_fingerprint(nodes, made);

    for (uint32_t i = 0; i < nodes->all.n; i++) {
        if (nodes_at(nodes, i)->fingerprint == fingerprint) {
            *ret_new = false;
            return i;
        }
    }
    node = arena_alloc(nodes->arena, sizeof(*node));
    *node = *made;
    node->fingerprint = fingerprint;
    node->label = nodes->label;
    list_add(&nodes->all, nodes->arena, node);
    *ret_new = true;
    return nodes->all.n - 1;
}

static const struct expr **exprs_array(const struct nodes *nodes, struct expr *const *exprs,
                                       uint16_t n)
{
    const struct expr **array = arena_alloc(nodes->arena, (n + 1U) * sizeof(void *));

    if (n > 0)
        memcpy(array, exprs, n * sizeof(void *));
    return array;
}

static void set_key(const struct nodes *nodes, struct plan_node *node, const uint16_t *key,
                    uint16_t n)
{
    uint16_t *copy = arena_alloc(nodes->arena, (n + 1U) * sizeof(*copy));

    if (n > 0)
        memcpy(copy, key, n * sizeof(*copy));
    node->schema.key = copy;
    node->schema.key_n = n;
    node->has_key = true;
}

uint32_t nodes_source(struct nodes *nodes, uint32_t source)
{
    struct plan_source *of = nodes->sources.at[source];
    struct plan_node node = {.kind = PLAN_SOURCE, .source = source, .schema = of->schema};
    bool is_new;

    node.has_key = true;
    return intern(nodes, &node, &is_new);
}

uint32_t nodes_filter(struct nodes *nodes, uint32_t input, const struct expr *predicate)
{
    const struct plan_node *below;
    struct plan_node node = {.kind = PLAN_FILTER, .predicate = predicate};
    bool is_new;

    if (exprs_is_true(predicate))
        return input;
    input = nodes_window_top(nodes, input, predicate);
    below = nodes_at(nodes, input);
    node.inputs[0] = input;
    if (below->kind == PLAN_FILTER && !nodes_is_pinned(nodes, input)) {
        struct list both = {0};

        list_add(&both, nodes->arena, below->predicate);
        list_add(&both, nodes->arena, predicate);
        node.inputs[0] = below->inputs[0];
        node.predicate = exprs_junction(nodes->arena, EXPR_AND, &both, predicate->location);
        below = nodes_at(nodes, below->inputs[0]);
    }
    node.schema = below->schema;
    node.has_key = below->has_key;
    return intern(nodes, &node, &is_new);
}

/* The output columns that hold the input's columns as they are: at[input column] = output column
 * or -1. */
static int16_t *kept_columns(const struct nodes *nodes, const struct plan_node *node,
                             uint16_t input_n)
{
    int16_t *at = arena_alloc(nodes->arena, (input_n + 1U) * sizeof(*at));

    for (uint16_t i = 0; i < input_n; i++)
        at[i] = -1;
    for (uint16_t i = node->exprs_n; i-- > 0;)
        if (node->exprs[i]->kind == EXPR_COLUMN)
            at[node->exprs[i]->column] = (int16_t)i;
    return at;
}

/* The key of a projection: the input's key where its columns are all kept, else the fewest kept
 * columns that determine it. */
static void derive_project_key(const struct nodes *nodes, struct plan_node *node)
{
    const struct plan_node *input = nodes_at(nodes, node->inputs[0]);
    int16_t *at = kept_columns(nodes, node, input->schema.columns_n);
    uint16_t key[COLUMNS_MAX], n = 0;
    struct column_set kept = {0}, closure;
    bool all = true;

    if (!input->has_key)
        return;
    for (uint16_t i = 0; i < input->schema.key_n; i++) {
        int16_t column = at[input->schema.key[i]];

        all = all && column >= 0;
        if (column >= 0)
            key[n++] = (uint16_t)column;
    }
    if (all) {
        set_key(nodes, node, key, n);
        return;
    }
    n = 0;
    for (uint16_t i = 0; i < input->schema.columns_n; i++)
        if (at[i] >= 0)
            column_set_add(&kept, i);
    closure = nodes_determined(nodes, node->inputs[0], kept);
    for (uint16_t i = 0; i < input->schema.key_n; i++)
        if (!column_set_has(&closure, input->schema.key[i]))
            return;
    for (uint16_t i = 0; i < node->exprs_n; i++)
        if (node->exprs[i]->kind == EXPR_COLUMN && at[node->exprs[i]->column] == (int16_t)i)
            key[n++] = node->exprs[i]->column;
    n = nodes_minimal_key(nodes, node->inputs[0], key, n);
    for (uint16_t i = 0; i < n; i++)
        key[i] = (uint16_t)at[key[i]];
    set_key(nodes, node, key, n);
}

static void derive_project(const struct nodes *nodes, struct plan_node *node,
                           const char *const *names)
{
    const struct schema *input = &nodes_at(nodes, node->inputs[0])->schema;
    struct column *columns =
        arena_zalloc(nodes->arena, (node->exprs_n + 1U) * sizeof(struct column));

    for (uint16_t i = 0; i < node->exprs_n; i++) {
        columns[i].name = names[i];
        columns[i].type = node->exprs[i]->type;
        columns[i].not_null = exprs_not_null(node->exprs[i], input);
    }
    node->schema = (struct schema){.columns = columns, .columns_n = node->exprs_n};
    derive_project_key(nodes, node);
}

static bool is_identity(const struct plan_node *input, struct expr *const *exprs, uint16_t n)
{
    if (n != input->schema.columns_n)
        return false;
    for (uint16_t i = 0; i < n; i++)
        if (exprs[i]->kind != EXPR_COLUMN || exprs[i]->column != i)
            return false;
    return true;
}

uint32_t nodes_project(struct nodes *nodes, uint32_t over, struct expr **exprs,
                       const char *const *names, uint16_t exprs_n)
{
    uint32_t input = nodes_without_number(nodes, over, exprs, exprs_n);
    const struct plan_node *below = nodes_at(nodes, input);
    struct plan_node node = {.kind = PLAN_PROJECT, .inputs = {input}, .exprs_n = exprs_n};
    bool is_new;
    uint32_t made;

    if (is_identity(below, exprs, exprs_n))
        return input;
    if (below->kind == PLAN_PROJECT && !nodes_is_pinned(nodes, input)) {
        struct expr **by = arena_alloc(nodes->arena, below->exprs_n * sizeof(struct expr *));
        struct expr **merged = arena_alloc(nodes->arena, (exprs_n + 1U) * sizeof(struct expr *));

        memcpy(by, below->exprs, below->exprs_n * sizeof(struct expr *));
        for (uint16_t i = 0; i < exprs_n; i++)
            merged[i] = exprs_substitute(nodes->arena, exprs[i], by);
        return nodes_project(nodes, below->inputs[0], merged, names, exprs_n);
    }
    node.exprs = exprs_array(nodes, exprs, exprs_n);
    made = intern(nodes, &node, &is_new);
    if (is_new)
        derive_project(nodes, nodes_at(nodes, made), names);
    return made;
}

uint32_t nodes_keep(struct nodes *nodes, uint32_t input, const uint16_t *columns, uint16_t n)
{
    const struct schema *schema = &nodes_at(nodes, input)->schema;
    struct expr **exprs = arena_alloc(nodes->arena, (n + 1U) * sizeof(struct expr *));
    const char **names = arena_alloc(nodes->arena, (n + 1U) * sizeof(*names));

    for (uint16_t i = 0; i < n; i++) {
        exprs[i] = exprs_column(nodes->arena, columns[i], schema->columns[columns[i]].type, -1);
        names[i] = schema->columns[columns[i]].name;
    }
    return nodes_project(nodes, input, exprs, names, n);
}

/* No row has a key of NULLs alone, as a row that a join makes up would have. */
static bool key_shows_row(const struct plan_node *node)
{
    for (uint16_t i = 0; i < node->schema.key_n; i++)
        if (node->schema.columns[node->schema.key[i]].not_null)
            return true;
    return false;
}

static void derive_join(const struct nodes *nodes, uint32_t made)
{
    struct plan_node *node = nodes_at(nodes, made);
    const struct plan_node *left = nodes_at(nodes, node->inputs[0]);
    const struct plan_node *right = nodes_at(nodes, node->inputs[1]);
    uint16_t left_n = left->schema.columns_n;
    uint16_t key[2 * COLUMNS_MAX], n = 0;
    struct column *columns = arena_alloc(
        nodes->arena, (size_t)(left_n + right->schema.columns_n + 1) * sizeof(struct column));

    memcpy(columns, left->schema.columns, left_n * sizeof(struct column));
    memcpy(columns + left_n, right->schema.columns,
           right->schema.columns_n * sizeof(struct column));
    for (uint16_t i = 0; i < right->schema.columns_n && node->join != PLAN_JOIN_INNER; i++)
        columns[left_n + i].not_null = false;
    for (uint16_t i = 0; i < left_n && node->join == PLAN_JOIN_FULL; i++)
        columns[i].not_null = false;
    node->schema.columns = columns;
    node->schema.columns_n = (uint16_t)(left_n + right->schema.columns_n);
    if (!left->has_key || !right->has_key ||
        (node->join == PLAN_JOIN_FULL && !key_shows_row(left) && !key_shows_row(right)))
        return;
    for (uint16_t i = 0; i < left->schema.key_n; i++)
        key[n++] = left->schema.key[i];
    for (uint16_t i = 0; i < right->schema.key_n; i++)
        key[n++] = (uint16_t)(left_n + right->schema.key[i]);
    n = nodes_minimal_key(nodes, made, key, n);
    set_key(nodes, node, key, n);
}

uint32_t nodes_join(struct nodes *nodes, enum plan_join_kind join, uint32_t left, uint32_t right,
                    struct join_keys keys)
{
    struct plan_node node = {.kind = PLAN_JOIN,
                             .inputs = {left, right},
                             .join = join,
                             .left_keys = keys.left,
                             .right_keys = keys.right,
                             .join_keys_n = keys.n,
                             .null_safe = keys.null_safe,
                             .predicate = keys.predicate};
    bool is_new;
    uint32_t made = intern(nodes, &node, &is_new);

    if (is_new)
        derive_join(nodes, made);
    return made;
}

/* The order as the operators compute it: by keys where it has a collation. */
static const struct plan_order *ordered(const struct nodes *nodes, const struct plan_order *order,
                                        uint16_t n)
{
    struct plan_order *made = arena_alloc(nodes->arena, (n + 1U) * sizeof(*made));

    for (uint16_t i = 0; i < n; i++) {
        made[i] = order[i];
        made[i].expr = exprs_ordered(nodes->arena, order[i].expr);
    }
    return made;
}

static const struct plan_aggregate *
ordered_aggregates(const struct nodes *nodes, const struct plan_aggregate *aggregates, uint16_t n)
{
    struct plan_aggregate *made = arena_alloc(nodes->arena, (n + 1U) * sizeof(*made));

    for (uint16_t i = 0; i < n; i++) {
        made[i] = aggregates[i];
        made[i].order = ordered(nodes, aggregates[i].order, aggregates[i].order_n);
    }
    return made;
}

static void derive_group(const struct nodes *nodes, struct plan_node *node,
                         const struct group_parts *parts)
{
    const struct schema *input = &nodes_at(nodes, node->inputs[0])->schema;
    uint16_t n = (uint16_t)(parts->exprs_n + parts->aggregates_n), key[COLUMNS_MAX];
    struct column *columns = arena_zalloc(nodes->arena, (n + 1U) * sizeof(struct column));

    for (uint16_t i = 0; i < parts->exprs_n; i++) {
        columns[i].name = parts->names[i];
        columns[i].type = node->exprs[i]->type;
        columns[i].not_null = exprs_not_null(node->exprs[i], input);
    }
    for (uint16_t i = 0; i < parts->aggregates_n; i++) {
        struct column *column = &columns[parts->exprs_n + i];

        column->name = parts->aggregate_names[i];
        column->type = node->aggregates[i].result;
        column->not_null = strcmp(node->aggregates[i].aggregate->name, "count") == 0;
    }
    node->schema = (struct schema){.columns = columns, .columns_n = n};
    for (uint16_t i = 0; i < parts->key_n; i++)
        key[i] = i;
    set_key(nodes, node, key, parts->key_n);
}

uint32_t nodes_group(struct nodes *nodes, uint32_t input, struct group_parts parts)
{
    struct plan_node node = {.kind = PLAN_GROUP,
                             .inputs = {input},
                             .exprs_n = parts.exprs_n,
                             .aggregates =
                                 ordered_aggregates(nodes, parts.aggregates, parts.aggregates_n),
                             .aggregates_n = parts.aggregates_n};
    bool is_new;
    uint32_t made;

    node.exprs = exprs_array(nodes, parts.exprs, parts.exprs_n);
    made = intern(nodes, &node, &is_new);
    if (is_new)
        derive_group(nodes, nodes_at(nodes, made), &parts);
    return made;
}

/* One row a partition: its columns are a key. */
static void derive_top(const struct nodes *nodes, struct plan_node *node)
{
    uint16_t key[COLUMNS_MAX];

    if (node->exprs_n == 0 || node->limit != 1 || node->ties)
        return;
    for (uint16_t i = 0; i < node->exprs_n; i++) {
        if (node->exprs[i]->kind != EXPR_COLUMN)
            return;
        key[i] = node->exprs[i]->column;
    }
    set_key(nodes, node, key, node->exprs_n);
}

uint32_t nodes_top_of(struct nodes *nodes, uint32_t input, struct top_parts parts)
{
    const struct plan_node *below = nodes_at(nodes, input);
    struct plan_node node = {.kind = PLAN_TOP,
                             .inputs = {input},
                             .exprs_n = parts.partition_n,
                             .order = ordered(nodes, parts.order, parts.order_n),
                             .order_n = parts.order_n,
                             .limit = parts.limit,
                             .offset = parts.offset,
                             .ties = parts.ties,
                             .schema = below->schema,
                             .has_key = below->has_key};
    bool is_new;
    uint32_t made;

    node.exprs = exprs_array(nodes, parts.partition, parts.partition_n);
    made = intern(nodes, &node, &is_new);
    if (is_new)
        derive_top(nodes, nodes_at(nodes, made));
    return made;
}

uint32_t nodes_top(struct nodes *nodes, uint32_t input, const struct plan_order *order,
                   uint16_t order_n, int64_t limit, int64_t offset)
{
    struct top_parts parts = {.order = order, .order_n = order_n, .limit = limit, .offset = offset};

    return nodes_top_of(nodes, input, parts);
}

uint32_t nodes_union(struct nodes *nodes, uint32_t first, uint32_t second)
{
    const struct schema *a = &nodes_at(nodes, first)->schema;
    const struct schema *b = &nodes_at(nodes, second)->schema;
    struct plan_node node = {.kind = PLAN_UNION, .inputs = {first, second}};
    struct column *columns = arena_alloc(nodes->arena, (a->columns_n + 1U) * sizeof(*columns));
    bool is_new;

    assert(a->columns_n == b->columns_n);
    for (uint16_t i = 0; i < a->columns_n; i++) {
        columns[i] = a->columns[i];
        columns[i].not_null = a->columns[i].not_null && b->columns[i].not_null;
    }
    node.schema = (struct schema){.columns = columns, .columns_n = a->columns_n};
    return intern(nodes, &node, &is_new);
}

uint32_t nodes_union_keyed(struct nodes *nodes, uint32_t first, uint32_t second,
                           const uint16_t *key, uint16_t key_n)
{
    uint32_t made = nodes_union(nodes, first, second);

    set_key(nodes, nodes_at(nodes, made), key, key_n);
    return made;
}

static bool window_is_never_null(const struct plan_window_function *function)
{
    switch (function->kind) {
    case WINDOW_ROW_NUMBER:
    case WINDOW_RANK:
    case WINDOW_DENSE_RANK:
    case WINDOW_PERCENT_RANK:
    case WINDOW_CUME_DIST:
        return true;
    case WINDOW_AGGREGATE:
        return strcmp(function->call.aggregate->name, "count") == 0;
    default:
        return false;
    }
}

static void derive_window(const struct nodes *nodes, struct plan_node *node,
                          const char *const *names)
{
    const struct schema *input = &nodes_at(nodes, node->inputs[0])->schema;
    uint16_t n = (uint16_t)(input->columns_n + node->functions_n);
    struct column *columns = arena_zalloc(nodes->arena, (n + 1U) * sizeof(*columns));

    memcpy(columns, input->columns, input->columns_n * sizeof(*columns));
    for (uint16_t i = 0; i < node->functions_n; i++) {
        struct column *column = &columns[input->columns_n + i];

        column->name = names[i];
        column->type = node->functions[i].call.result;
        column->not_null = window_is_never_null(&node->functions[i]);
    }
    node->schema.columns = columns;
    node->schema.columns_n = n;
}

uint32_t nodes_window(struct nodes *nodes, uint32_t input, struct window_parts parts)
{
    const struct plan_node *below = nodes_at(nodes, input);
    struct plan_node node = {.kind = PLAN_WINDOW,
                             .inputs = {input},
                             .exprs_n = parts.partition_n,
                             .order = ordered(nodes, parts.order, parts.order_n),
                             .order_n = parts.order_n,
                             .functions = parts.functions,
                             .functions_n = parts.functions_n,
                             .schema = below->schema,
                             .has_key = below->has_key};
    bool is_new;
    uint32_t made;

    node.exprs = exprs_array(nodes, parts.partition, parts.partition_n);
    made = intern(nodes, &node, &is_new);
    if (is_new)
        derive_window(nodes, nodes_at(nodes, made), parts.names);
    return made;
}

uint32_t nodes_ordinal(struct nodes *nodes, uint32_t input)
{
    const struct schema *below = &nodes_at(nodes, input)->schema;
    uint16_t n = below->columns_n, key[2] = {n, (uint16_t)(n + 1)};
    struct column *columns = arena_zalloc(nodes->arena, (n + 2U) * sizeof(*columns));
    struct plan_node node = {.kind = PLAN_ORDINAL, .inputs = {input}};
    bool is_new;
    uint32_t made;

    memcpy(columns, below->columns, n * sizeof(*columns));
    columns[n] = (struct column){"__hash", {TYPE_TEXT, -1, NULL}, true};
    columns[n + 1] = (struct column){"__ordinal", {TYPE_INT8, -1, NULL}, true};
    node.schema = (struct schema){.columns = columns, .columns_n = (uint16_t)(n + 2)};
    made = intern(nodes, &node, &is_new);
    set_key(nodes, nodes_at(nodes, made), key, 2);
    return made;
}

/* One row is its own key. */
uint32_t nodes_values(struct nodes *nodes, struct expr **exprs, const struct schema *shape,
                      uint32_t rows_n)
{
    struct plan_node node = {.kind = PLAN_VALUES,
                             .exprs_n = (uint16_t)(rows_n * shape->columns_n),
                             .rows_n = rows_n,
                             .has_key = rows_n <= 1,
                             .schema = *shape};
    bool is_new;

    node.exprs = exprs_array(nodes, exprs, node.exprs_n);
    return intern(nodes, &node, &is_new);
}

uint32_t nodes_one_row(struct nodes *nodes)
{
    static const struct column none;
    struct schema schema = {.columns = &none};

    return nodes_values(nodes, NULL, &schema, 1);
}

static void derive_expand(const struct nodes *nodes, struct plan_node *node,
                          const char *const *names)
{
    const struct plan_node *input = nodes_at(nodes, node->inputs[0]);
    uint16_t n = input->schema.columns_n, key[COLUMNS_MAX + 1], key_n = input->schema.key_n;
    struct column *columns;

    for (uint16_t i = 0; i < node->rows_functions_n; i++)
        n = (uint16_t)(n + node->rows[i].columns_n);
    columns = arena_zalloc(nodes->arena, (n + 1U) * sizeof(*columns));
    memcpy(columns, input->schema.columns, input->schema.columns_n * sizeof(*columns));
    n = input->schema.columns_n;
    for (uint16_t i = 0; i < node->rows_functions_n; i++)
        for (uint16_t k = 0; k < node->rows[i].columns_n; k++, n++)
            columns[n] = (struct column){*names++, node->rows[i].types[k], false};
    columns[n] = (struct column){"ordinality", {TYPE_INT8, -1, NULL}, !node->outer};
    node->schema = (struct schema){.columns = columns, .columns_n = (uint16_t)(n + 1)};
    if (!input->has_key)
        return;
    for (uint16_t i = 0; i < key_n; i++)
        key[i] = input->schema.key[i];
    key[key_n++] = n;
    set_key(nodes, node, key, key_n);
}

uint32_t nodes_expand(struct nodes *nodes, uint32_t input, const struct plan_rows *rows,
                      uint16_t rows_n, const char *const *names, bool outer)
{
    struct plan_node node = {.kind = PLAN_EXPAND,
                             .inputs = {input},
                             .rows = rows,
                             .rows_functions_n = rows_n,
                             .outer = outer};
    bool is_new;
    uint32_t made = intern(nodes, &node, &is_new);

    if (is_new)
        derive_expand(nodes, nodes_at(nodes, made), names);
    return made;
}
