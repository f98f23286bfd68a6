/*
 * Functional dependencies: which columns of a node's rows are fixed once some are. The proof that
 * an ORDER BY is total, and the way to the smallest key, both go by it.
 */
#include "sql/exprs.h"
#include "sql/nodes.h"

/* The row itself is known by its key. */
static bool is_one_row(const struct schema *schema, const struct column_set *set)
{
    for (uint16_t i = 0; i < schema->key_n; i++)
        if (!column_set_has(set, schema->key[i]))
            return false;
    return schema->key_n > 0;
}

/* "Fixed" means: up to the type's equality. An expression over fixed columns is fixed when equal
 * values of these columns are the same value, or when the row is one. */
static bool is_fixed(const struct expr *expr, const struct schema *schema,
                     const struct column_set *set)
{
    struct column_set columns = {0};
    int carried = exprs_carried_column(expr);

    if (carried >= 0)
        return column_set_has(set, (uint32_t)carried);
    if (is_one_row(schema, set))
        return true;
    exprs_columns(expr, &columns);
    for (uint32_t i = 0; i < schema->columns_n; i++)
        if (column_set_has(&columns, i) && !exprs_type_is_exact(schema->columns[i].type.id))
            return false;
    return column_set_within(&columns, set);
}

/* All columns, when the node's key is in the set. */
static void add_by_key(const struct plan_node *node, struct column_set *set)
{
    if (!node->has_key)
        return;
    for (uint16_t i = 0; i < node->schema.key_n; i++)
        if (!column_set_has(set, node->schema.key[i]))
            return;
    for (uint16_t i = 0; i < node->schema.columns_n; i++)
        column_set_add(set, i);
}

/* What `a = b` in a filter fixes. */
static void add_by_equality(const struct expr *equality, const struct schema *schema,
                            struct column_set *set)
{
    for (int side = 0; side < 2; side++) {
        int column = exprs_carried_column(equality->args[side]);

        if (column >= 0 && is_fixed(equality->args[1 - side], schema, set))
            column_set_add(set, (uint32_t)column);
    }
}

/* What the equalities of a predicate that is true of every row fix. */
static void add_by_predicate(const struct expr *predicate, const struct schema *schema,
                             struct column_set *set)
{
    uint16_t n = predicate->kind == EXPR_AND ? predicate->args_n : 1;

    for (uint16_t i = 0; i < n; i++) {
        const struct expr *part = predicate->kind == EXPR_AND ? predicate->args[i] : predicate;

        if (exprs_is_equality(part))
            add_by_equality(part, schema, set);
    }
}

static struct column_set over_filter(const struct nodes *nodes, const struct plan_node *node,
                                     struct column_set set)
{
    struct column_set before;

    do {
        before = set;
        add_by_predicate(node->predicate, &node->schema, &set);
        set = nodes_determined(nodes, node->inputs[0], set);
    } while (!column_set_same(&before, &set));
    return set;
}

/* Through output columns that are expressions of the input's: PROJECT and GROUP. */
static struct column_set over_exprs(const struct nodes *nodes, const struct plan_node *node,
                                    struct column_set set)
{
    const struct plan_node *input = nodes_at(nodes, node->inputs[0]);
    struct column_set below = {0};

    for (uint16_t i = 0; i < node->exprs_n; i++) {
        int column = exprs_carried_column(node->exprs[i]);

        if (column >= 0 && column_set_has(&set, i))
            column_set_add(&below, (uint32_t)column);
    }
    below = nodes_determined(nodes, node->inputs[0], below);
    for (uint16_t i = 0; i < node->exprs_n; i++)
        if (is_fixed(node->exprs[i], &input->schema, &below))
            column_set_add(&set, i);
    return set;
}

static struct column_set part_of(const struct column_set *set, uint16_t from, uint16_t n)
{
    struct column_set part = {0};

    for (uint16_t i = 0; i < n; i++)
        if (column_set_has(set, (uint32_t)from + i))
            column_set_add(&part, i);
    return part;
}

static void put_part(struct column_set *set, const struct column_set *part, uint16_t from,
                     uint16_t n)
{
    for (uint16_t i = 0; i < n; i++)
        if (column_set_has(part, i))
            column_set_add(set, (uint32_t)from + i);
}

/* The columns of one side's keys that the other side's fix; true when all keys of `from` are. */
static bool add_by_keys(const struct plan_node *node, const struct expr *const *from,
                        const struct schema *from_schema, const struct column_set *from_set,
                        const struct expr *const *to, struct column_set *to_set)
{
    struct column_set added = *to_set;
    bool all = true;

    for (uint16_t i = 0; i < node->join_keys_n; i++) {
        int column = exprs_carried_column(to[i]);

        if (!is_fixed(from[i], from_schema, from_set))
            all = false;
        else if (column >= 0)
            column_set_add(&added, (uint32_t)column);
    }
    if (all || node->join == PLAN_JOIN_INNER)
        *to_set = added;
    return all;
}

/* A fixed column that is never NULL in the input says whether an outer join found the row. */
static bool shows_match(const struct schema *side, const struct column_set *set)
{
    for (uint16_t i = 0; i < side->columns_n; i++)
        if (side->columns[i].not_null && column_set_has(set, i))
            return true;
    return false;
}

/* Both sides of a join, and what is fixed in each. */
struct sides {
    const struct plan_node *node, *left, *right;
    struct column_set left_set, right_set;
};

/* The sides' rows are real, so keys carry over both ways. */
static void close_inner(const struct nodes *nodes, struct sides *sides)
{
    const struct plan_node *node = sides->node;

    sides->left_set = nodes_determined(nodes, node->inputs[0], sides->left_set);
    (void)add_by_keys(node, node->left_keys, &sides->left->schema, &sides->left_set,
                      node->right_keys, &sides->right_set);
    (void)add_by_keys(node, node->right_keys, &sides->right->schema, &sides->right_set,
                      node->left_keys, &sides->left_set);
    sides->right_set = nodes_determined(nodes, node->inputs[1], sides->right_set);
}

/* Rows that agree in all left keys find the same right rows; with a predicate they need not. */
static void close_left(const struct nodes *nodes, struct sides *sides)
{
    const struct plan_node *node = sides->node;
    bool all = false;

    sides->left_set = nodes_determined(nodes, node->inputs[0], sides->left_set);
    if (node->predicate == NULL)
        all = add_by_keys(node, node->left_keys, &sides->left->schema, &sides->left_set,
                          node->right_keys, &sides->right_set);
    if (all || shows_match(&sides->right->schema, &sides->right_set))
        sides->right_set = nodes_determined(nodes, node->inputs[1], sides->right_set);
}

static void close_full(const struct nodes *nodes, struct sides *sides)
{
    if (shows_match(&sides->left->schema, &sides->left_set))
        sides->left_set = nodes_determined(nodes, sides->node->inputs[0], sides->left_set);
    if (shows_match(&sides->right->schema, &sides->right_set))
        sides->right_set = nodes_determined(nodes, sides->node->inputs[1], sides->right_set);
}

static struct column_set over_join(const struct nodes *nodes, const struct plan_node *node,
                                   struct column_set set)
{
    struct sides sides = {.node = node,
                          .left = nodes_at(nodes, node->inputs[0]),
                          .right = nodes_at(nodes, node->inputs[1])};
    uint16_t left_n = sides.left->schema.columns_n, right_n = sides.right->schema.columns_n;
    struct column_set before;

    do {
        before = set;
        if (node->join == PLAN_JOIN_INNER && node->predicate != NULL)
            add_by_predicate(node->predicate, &node->schema, &set);
        sides.left_set = part_of(&set, 0, left_n);
        sides.right_set = part_of(&set, left_n, right_n);
        if (node->join == PLAN_JOIN_INNER)
            close_inner(nodes, &sides);
        else if (node->join == PLAN_JOIN_LEFT)
            close_left(nodes, &sides);
        else
            close_full(nodes, &sides);
        put_part(&set, &sides.left_set, 0, left_n);
        put_part(&set, &sides.right_set, left_n, right_n);
    } while (!column_set_same(&before, &set));
    return set;
}

/* Through the columns that are the input's. */
static struct column_set over_part(const struct nodes *nodes, const struct plan_node *node,
                                   struct column_set set)
{
    uint16_t n = nodes_at(nodes, node->inputs[0])->schema.columns_n;
    struct column_set below = nodes_determined(nodes, node->inputs[0], part_of(&set, 0, n));

    put_part(&set, &below, 0, n);
    return set;
}

/* A row's number in its partition tells which row it is. */
static struct column_set over_window(const struct nodes *nodes, const struct plan_node *node,
                                     struct column_set set)
{
    const struct schema *input = &nodes_at(nodes, node->inputs[0])->schema;
    struct column_set below = part_of(&set, 0, input->columns_n);
    bool partition = true, numbered = false;

    below = nodes_determined(nodes, node->inputs[0], below);
    for (uint16_t i = 0; i < node->exprs_n; i++)
        partition = partition && is_fixed(node->exprs[i], input, &below);
    for (uint16_t i = 0; i < node->functions_n; i++)
        numbered = numbered || (node->functions[i].kind == WINDOW_ROW_NUMBER &&
                                column_set_has(&set, (uint32_t)input->columns_n + i));
    put_part(&set, &below, 0, input->columns_n);
    for (uint16_t i = 0; i < node->schema.columns_n && partition && numbered; i++)
        column_set_add(&set, i);
    return set;
}

struct column_set nodes_determined(const struct nodes *nodes, uint32_t node, struct column_set set)
{
    const struct plan_node *of = nodes_at(nodes, node);

    switch (of->kind) {
    case PLAN_SOURCE:
    case PLAN_UNION:
    case PLAN_ORDINAL:
    case PLAN_VALUES:
        break;
    case PLAN_FILTER:
        set = over_filter(nodes, of, set);
        break;
    case PLAN_PROJECT:
    case PLAN_GROUP:
        set = over_exprs(nodes, of, set);
        break;
    case PLAN_JOIN:
        set = over_join(nodes, of, set);
        break;
    case PLAN_WINDOW:
        set = over_window(nodes, of, set);
        break;
    case PLAN_TOP:
    case PLAN_EXPAND:
        set = over_part(nodes, of, set);
        break;
    }
    add_by_key(of, &set);
    return set;
}

bool nodes_fixes(const struct nodes *nodes, uint32_t node, const struct column_set *set,
                 const struct expr *expr)
{
    return is_fixed(expr, &nodes_at(nodes, node)->schema, set);
}

uint16_t nodes_minimal_key(const struct nodes *nodes, uint32_t node, uint16_t *columns, uint16_t n)
{
    for (uint16_t i = n; i-- > 0;) {
        struct column_set others = {0};

        for (uint16_t j = 0; j < n; j++)
            if (j != i)
                column_set_add(&others, columns[j]);
        others = nodes_determined(nodes, node, others);
        if (!column_set_has(&others, columns[i]))
            continue;
        memmove(columns + i, columns + i + 1, (size_t)(n - i - 1) * sizeof(*columns));
        n--;
    }
    return n;
}
