#include "ops/arrangement.h"

/*
 * Inner: dL x R + L x dR + dL x dR, over the sides as they were before the step. LEFT besides: a
 * left row stands alone while the total weight of the right rows of its key is 0, before and after
 * alike; nothing is counted per left row.
 */

/* Where the columns of a side lie in the joined row. */
struct part {
    const uint16_t *bytes_columns;
    uint16_t columns_n, bytes_n;
};

struct join {
    struct part left, right;
};

static struct part part_of(struct arena *arena, const struct schema *schema)
{
    uint16_t *columns = arena_alloc(arena, schema->columns_n * sizeof(*columns));
    struct part part = {.bytes_columns = columns, .columns_n = schema->columns_n};

    for (uint16_t i = 0; i < schema->columns_n; i++) {
        if (type_is_bytes(schema->columns[i].type.id))
            columns[part.bytes_n++] = i;
    }
    return part;
}

static void join_start(struct op *op, struct arena *arena)
{
    struct join *join = arena_alloc(arena, sizeof(*join));

    join->left = part_of(arena, &op->inputs[0]->node->schema);
    join->right = part_of(arena, &op->inputs[1]->node->schema);
    op->own = join;
}

static uint32_t head_bytes(uint16_t columns_n)
{
    return (uint32_t)sizeof(struct row) + 8 * (row_null_words(columns_n) + columns_n);
}

static void set_null(struct row *row, uint32_t i)
{
    row->words[i / 64] |= UINT64_C(1) << (i % 64);
}

/* Copies one side's columns from column `at` on; its variable area goes whole to `area`, an offset
 * from the row's start. */
static void place(struct row *to, uint16_t at, uint32_t area, const struct row *from,
                  const struct part *part)
{
    uint64_t *slots = to->words + row_null_words(to->columns_n) + at;
    uint32_t head = head_bytes(part->columns_n);

    memcpy(slots, from->words + row_null_words(part->columns_n), (size_t)8 * part->columns_n);
    memcpy((char *)to + area, (const char *)from + head, from->len - head);
    for (uint16_t i = 0; i < part->bytes_n; i++) {
        uint16_t column = part->bytes_columns[i];

        if (!row_is_null(from, column))
            slots[column] += (uint64_t)area - head;
    }
    for (uint32_t i = 0; i < part->columns_n; i += 64) {
        uint64_t nulls = from->words[i / 64];

        for (; nulls != 0; nulls &= nulls - 1)
            set_null(to, at + i + (uint32_t)__builtin_ctzll(nulls));
    }
}

/* left || right; `right` NULL: its columns are NULL. */
static const struct row *joined(const struct join *join, struct arena *arena,
                                const struct row *left, const struct row *right)
{
    uint16_t n = (uint16_t)(join->left.columns_n + join->right.columns_n);
    uint32_t head = head_bytes(n);
    uint32_t left_area = left->len - head_bytes(join->left.columns_n);
    uint32_t right_area = right == NULL ? 0 : right->len - head_bytes(join->right.columns_n);
    struct row *row = arena_alloc(arena, head + left_area + right_area);

    memset(row, 0, head);
    row->len = head + left_area + right_area;
    row->columns_n = n;
    place(row, 0, head, left, &join->left);
    if (right != NULL)
        place(row, join->left.columns_n, head + left_area, right, &join->right);
    for (uint32_t i = join->left.columns_n; right == NULL && i < n; i++)
        set_null(row, i);
    return row;
}

static void emit(struct op *op, struct step *step, struct delta left, const struct row *right,
                 int64_t weight)
{
    op_emit(op, step, joined(op->own, step->arena, left.row, right), left.weight * weight);
}

/* A key in the step: what each side held and what it gets. */
struct match {
    const struct batch *left, *right; /* before the step; NULL: nothing */
    uint32_t left_new, right_new;     /* heads of chains */
};

static void emit_matches(struct op *op, struct step *step, const struct match *match)
{
    const struct arranged *lefts = op->sides[0]->deltas, *rights = op->sides[1]->deltas;

    for (uint32_t i = match->left_new; i != TABLE_NONE; i = lefts[i].next) {
        for (uint32_t k = 0; k < match->right->n; k++)
            emit(op, step, lefts[i].delta, match->right->deltas[k].row,
                 match->right->deltas[k].weight);
        for (uint32_t k = match->right_new; k != TABLE_NONE; k = rights[k].next)
            emit(op, step, lefts[i].delta, rights[k].delta.row, rights[k].delta.weight);
    }
    for (uint32_t i = 0; match->right_new != TABLE_NONE && i < match->left->n; i++) {
        for (uint32_t k = match->right_new; k != TABLE_NONE; k = rights[k].next)
            emit(op, step, match->left->deltas[i], rights[k].delta.row, rights[k].delta.weight);
    }
}

/* Left rows without a match: `old` times those that were there, `new` times those that come. */
static void emit_alone(struct op *op, struct step *step, const struct match *match, int64_t old,
                       int64_t new)
{
    const struct arranged *lefts = op->sides[0]->deltas;

    for (uint32_t i = 0; old != 0 && i < match->left->n; i++)
        emit(op, step, match->left->deltas[i], NULL, old);
    for (uint32_t i = match->left_new; new != 0 && i != TABLE_NONE; i = lefts[i].next)
        emit(op, step, lefts[i].delta, NULL, new);
}

static void emit_unmatched(struct op *op, struct step *step, const struct match *match)
{
    const struct arranged *rights = op->sides[1]->deltas;
    int64_t before = 0, after;

    for (uint32_t i = 0; i < match->right->n; i++)
        before += match->right->deltas[i].weight;
    after = before;
    for (uint32_t i = match->right_new; i != TABLE_NONE; i = rights[i].next)
        after += rights[i].delta.weight;
    if (before == 0 && after == 0)
        emit_alone(op, step, match, 0, 1);
    else if (before == 0)
        emit_alone(op, step, match, -1, 0);
    else if (after == 0)
        emit_alone(op, step, match, 1, 1);
}

static bool join_one_key(struct op *op, struct step *step, struct str key, uint32_t left,
                         uint32_t right, struct err *reterr)
{
    static const struct batch nothing = {0};
    struct match match = {&nothing, &nothing, arrangement_head(op->sides[0], left),
                          arrangement_head(op->sides[1], right)};

    if (right != TABLE_NONE && !arrangement_read(op->sides[0], step, key, &match.left, reterr))
        return false;
    /* One side's table of finds may be the other's: what was read moves when the table grows. */
    struct batch lefts = *match.left;
    if (left == TABLE_NONE && lefts.n == 0)
        return true;
    if ((left != TABLE_NONE || op->node->join == PLAN_JOIN_LEFT) &&
        !arrangement_read(op->sides[1], step, key, &match.right, reterr))
        return false;
    match.left = &lefts;
    emit_matches(op, step, &match);
    if (op->node->join == PLAN_JOIN_LEFT)
        emit_unmatched(op, step, &match);
    return true;
}

static bool join_apply(struct op *op, struct step *step, struct err *reterr)
{
    struct arrangement *left = op->sides[0], *right = op->sides[1];

    arrangement_prepare(left, step);
    arrangement_prepare(right, step);
    for (uint32_t i = 0; op->node->join == PLAN_JOIN_LEFT && i < left->nulls.n; i++)
        emit(op, step, left->nulls.deltas[i], NULL, 1);
    for (uint32_t i = 0; i < left->keys.n; i++) {
        struct table_key key = left->keys.keys[i];
        uint32_t other = table_find(&right->keys, key.hash, key.bytes);

        if (!join_one_key(op, step, key.bytes, i, other, reterr))
            return false;
    }
    for (uint32_t i = 0; i < right->keys.n; i++) {
        struct table_key key = right->keys.keys[i];

        if (table_find(&left->keys, key.hash, key.bytes) == TABLE_NONE &&
            !join_one_key(op, step, key.bytes, TABLE_NONE, i, reterr))
            return false;
    }
    return true;
}

const struct op_ops op_join = {
    .name = "join",
    .state_note =
        "each side, shared by all joins of it: fp | join key | row's key -> (weight, row)...",
    .start = join_start,
    .apply = join_apply,
};
