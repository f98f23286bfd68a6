#include "ops/arrangement.h"
#include "ops/defect.h"

/*
 * Inner: dL x R + L x dR + dL x dR, over the sides as they were before the step. LEFT and FULL
 * besides: a row of a kept side stands alone while the total weight of the rows it pairs with is 0,
 * before and after alike. Nothing is counted per row: without a predicate these are all rows of its
 * key; with one they are tried anew, but only for rows that pair with something of the step.
 */

/* Where the columns of a side lie in the joined row. */
struct part {
    const uint16_t *bytes_columns;
    uint16_t columns_n, bytes_n;
};

struct join {
    struct part parts[2];
    const struct program *predicate; /* NULL: none */
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

    for (unsigned s = 0; s < 2; s++)
        join->parts[s] = part_of(arena, &op->inputs[s]->node->schema);
    join->predicate = op->node->predicate == NULL ? NULL : expr_compile(arena, op->node->predicate);
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

/* left || right; a NULL side's columns are NULL. */
static const struct row *joined(const struct join *join, struct arena *arena,
                                const struct row *left, const struct row *right)
{
    uint16_t left_n = join->parts[0].columns_n, n = (uint16_t)(left_n + join->parts[1].columns_n);
    uint32_t head = head_bytes(n);
    uint32_t left_area = left == NULL ? 0 : left->len - head_bytes(left_n);
    uint32_t right_area = right == NULL ? 0 : right->len - head_bytes(join->parts[1].columns_n);
    struct row *row = arena_alloc(arena, head + left_area + right_area);

    memset(row, 0, head);
    row->len = head + left_area + right_area;
    row->columns_n = n;
    if (left != NULL)
        place(row, 0, head, left, &join->parts[0]);
    if (right != NULL)
        place(row, left_n, head + left_area, right, &join->parts[1]);
    for (uint32_t i = 0; left == NULL && i < left_n; i++)
        set_null(row, i);
    for (uint32_t i = left_n; right == NULL && i < n; i++)
        set_null(row, i);
    return row;
}

/* What the predicate says of two rows; PAIR_RAISED counts as a pair, which is withheld. */
enum pair { PAIR_FAILS, PAIR_PASSES, PAIR_RAISED };

static enum pair test_pair(const struct join *join, struct step *step, const struct row *row,
                           struct err *ret_reason)
{
    bool passes;

    if (!program_true(join->predicate, row, step->arena, &passes, ret_reason))
        return PAIR_RAISED;
    return passes ? PAIR_PASSES : PAIR_FAILS;
}

static void emit_pair(struct op *op, struct step *step, const struct delta *left,
                      const struct delta *right)
{
    const struct join *join = op->own;
    struct arena_mark mark = arena_mark(step->arena);
    const struct row *row = joined(join, step->arena, left->row, right->row);
    enum pair pair = PAIR_PASSES;
    struct err reason;

    if (join->predicate != NULL)
        pair = test_pair(join, step, row, &reason);
    if (pair == PAIR_PASSES)
        op_emit(op, step, row, left->weight * right->weight);
    else if (pair == PAIR_RAISED)
        step_withhold_row(step, op, &op->node->schema,
                          &(struct delta){row, left->weight * right->weight}, &reason);
    else
        arena_rewind(step->arena, mark);
}

/* A row of side `s` without a match. */
static void emit_alone(struct op *op, struct step *step, unsigned s, const struct delta *delta,
                       int64_t times)
{
    const struct row *left = s == 0 ? delta->row : NULL, *right = s == 0 ? NULL : delta->row;

    op_emit(op, step, joined(op->own, step->arena, left, right), delta->weight * times);
}

/* One side of a key in the step: what it held, and the chain of what it gets. */
struct side {
    struct batch old;
    const struct arranged *deltas;
    uint32_t new;
    int64_t old_weight, new_weight; /* in all */
};

struct match {
    struct side sides[2];
};

static void emit_matches(struct op *op, struct step *step, const struct match *match)
{
    const struct side *left = &match->sides[0], *right = &match->sides[1];

    for (uint32_t i = left->new; i != TABLE_NONE; i = left->deltas[i].next) {
        for (uint32_t k = 0; k < right->old.n; k++)
            emit_pair(op, step, &left->deltas[i].delta, &right->old.deltas[k]);
        for (uint32_t k = right->new; k != TABLE_NONE && !defect("join-both-new");
             k = right->deltas[k].next)
            emit_pair(op, step, &left->deltas[i].delta, &right->deltas[k].delta);
    }
    for (uint32_t i = 0; right->new != TABLE_NONE &&i < left->old.n; i++) {
        for (uint32_t k = right->new; k != TABLE_NONE; k = right->deltas[k].next)
            emit_pair(op, step, &left->old.deltas[i], &right->deltas[k].delta);
    }
}

/* ---- rows alone ---- */

/* The weight with which `other` (of the other side) pairs with `row` of side `s`. */
static int64_t pair_weight(const struct op *op, struct step *step, unsigned s,
                           const struct row *row, const struct delta *other)
{
    const struct join *join = op->own;
    struct arena_mark mark = arena_mark(step->arena);
    const struct row *both = s == 0 ? joined(join, step->arena, row, other->row)
                                    : joined(join, step->arena, other->row, row);
    struct err ignored;
    enum pair pair = test_pair(join, step, both, &ignored);

    arena_rewind(step->arena, mark);
    return pair == PAIR_FAILS ? 0 : other->weight;
}

/* The weight of all rows that a row of side `s` paired with before the step. */
static int64_t weight_before(const struct op *op, struct step *step, const struct match *match,
                             unsigned s, const struct row *row)
{
    const struct side *other = &match->sides[1 - s];
    int64_t weight = 0;

    if (((const struct join *)op->own)->predicate == NULL)
        return other->old_weight;
    for (uint32_t i = 0; i < other->old.n; i++)
        weight += pair_weight(op, step, s, row, &other->old.deltas[i]);
    return weight;
}

/* What the step adds to it. */
static int64_t weight_added(const struct op *op, struct step *step, const struct match *match,
                            unsigned s, const struct row *row)
{
    const struct side *other = &match->sides[1 - s];
    int64_t weight = 0;

    if (((const struct join *)op->own)->predicate == NULL)
        return other->new_weight;
    for (uint32_t i = other->new; i != TABLE_NONE; i = other->deltas[i].next)
        weight += pair_weight(op, step, s, row, &other->deltas[i].delta);
    return weight;
}

static void emit_unmatched(struct op *op, struct step *step, const struct match *match, unsigned s)
{
    const struct side *side = &match->sides[s], *other = &match->sides[1 - s];

    for (uint32_t i = 0; other->new != TABLE_NONE &&i < side->old.n; i++) {
        const struct delta *delta = &side->old.deltas[i];
        int64_t added = weight_added(op, step, match, s, delta->row), before;

        if (added == 0)
            continue;
        before = weight_before(op, step, match, s, delta->row);
        if (before == 0 && !defect("join-alone-stays"))
            emit_alone(op, step, s, delta, -1);
        else if (before + added == 0)
            emit_alone(op, step, s, delta, 1);
    }
    for (uint32_t i = side->new; i != TABLE_NONE; i = side->deltas[i].next) {
        const struct delta *delta = &side->deltas[i].delta;

        if (weight_before(op, step, match, s, delta->row) +
                weight_added(op, step, match, s, delta->row) ==
            0)
            emit_alone(op, step, s, delta, 1);
    }
}

/* ---- keys ---- */

static bool keeps(const struct op *op, unsigned s)
{
    return op->node->join == PLAN_JOIN_FULL || (op->node->join == PLAN_JOIN_LEFT && s == 0);
}

static bool read_side(struct op *op, struct step *step, struct str key, struct match *match,
                      unsigned s, struct err *reterr)
{
    const struct batch *found;
    struct side *side = &match->sides[s];

    if (!arrangement_read(op->sides[s], step, key, &found, reterr))
        return false;
    /* A copy: one side's table of finds may be the other's, and moves when it grows. */
    side->old = *found;
    for (uint32_t i = 0; i < side->old.n; i++)
        side->old_weight += side->old.deltas[i].weight;
    return true;
}

static struct side side_of(const struct arrangement *arrangement, uint32_t key)
{
    struct side side = {.deltas = arrangement->deltas, .new = arrangement_head(arrangement, key)};

    for (uint32_t i = side.new; i != TABLE_NONE; i = side.deltas[i].next)
        side.new_weight += side.deltas[i].delta.weight;
    return side;
}

/* Where both sides change, most of what the three products give cancels out: 8 rows are 2 where a row
 * of each was replaced. Left as they are they would be 3 times as many after each join of a chain. */
static void consolidate_from(struct op *op, struct step *step, uint32_t first)
{
    struct batch last = {.n = op->out.n - first};

    if (last.n < 2)
        return;
    last.deltas = op->out.deltas + first;
    batch_consolidate(&last, step->arena);
    op->out.n = first + last.n;
}

static bool join_one_key(struct op *op, struct step *step, struct str key, uint32_t left,
                         uint32_t right, struct err *reterr)
{
    struct match match = {{side_of(op->sides[0], left), side_of(op->sides[1], right)}};
    uint32_t first = op->out.n;

    if ((right != TABLE_NONE || keeps(op, 1)) && !read_side(op, step, key, &match, 0, reterr))
        return false;
    if (left == TABLE_NONE && match.sides[0].old.n == 0 && !keeps(op, 1))
        return true;
    if ((left != TABLE_NONE || keeps(op, 0)) && !read_side(op, step, key, &match, 1, reterr))
        return false;
    emit_matches(op, step, &match);
    for (unsigned s = 0; s < 2; s++)
        if (keeps(op, s))
            emit_unmatched(op, step, &match, s);
    if (left != TABLE_NONE && right != TABLE_NONE)
        consolidate_from(op, step, first);
    return true;
}

static bool join_apply(struct op *op, struct step *step, struct err *reterr)
{
    struct arrangement *left = op->sides[0], *right = op->sides[1];

    arrangement_prepare(left, step);
    arrangement_prepare(right, step);
    for (unsigned s = 0; s < 2; s++)
        for (uint32_t i = 0; keeps(op, s) && i < op->sides[s]->nulls.n; i++)
            emit_alone(op, step, s, &op->sides[s]->nulls.deltas[i], 1);
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
