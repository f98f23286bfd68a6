/* The ordered-set aggregates: percentile_cont, percentile_disc, mode. They see their values in
 * order; the arguments are the value, then the fraction. */
#include "ops/aggregate_interval.h"
#include "ops/collected.h"

#include "expr/body.h"
#include "record/array.h"
#include <math.h>

/* A value and how often it stands in the order. */
struct ranked {
    struct value value;
    int64_t weight;
};

struct ranks {
    struct value fraction;
    struct ranked *entries;
    uint32_t n, cap;
    int64_t total;
};

static void rank_add(void *at, const struct aggregate_site *site, struct arena *arena,
                     const struct value *args, int64_t weight)
{
    struct ranks *ranks = at;

    if (site->args_n > 1)
        ranks->fraction = args[1];
    ranks->entries =
        array_grow(arena, ranks->entries, ranks->n, &ranks->cap, sizeof(*ranks->entries));
    ranks->entries[ranks->n++] = (struct ranked){args[0], weight};
    ranks->total += weight;
}

/* The value at that place, from 0. */
static struct value value_at(const struct ranks *ranks, int64_t place)
{
    uint32_t i = 0;

    while (i + 1 < ranks->n && place >= ranks->entries[i].weight)
        place -= ranks->entries[i++].weight;
    return ranks->entries[i].value;
}

static bool check_fraction(double fraction, struct err *reterr)
{
    if (fraction >= 0 && fraction <= 1)
        return true;
    return err_sql(reterr, ERR_DEAD_LETTER, "22003", "percentile value %g is not between 0 and 1",
                   fraction);
}

/* Between two intervals: low + (high - low) * part. */
static bool between_intervals(struct value low, struct value high, double part, struct arena *arena,
                              struct value *ret, struct err *reterr)
{
    struct operand by = {TYPE_FLOAT8, {.real = part}}, from = {TYPE_INTERVAL, low};

    return interval_operate("-", high, from, arena, ret, reterr) &&
           interval_operate("*", *ret, by, arena, ret, reterr) &&
           interval_operate("+", *ret, from, arena, ret, reterr);
}

/* How a fraction picks: type is the value's. */
typedef bool pick_value(const struct ranks *ranks, double fraction, enum type_id type,
                        struct arena *arena, struct value *ret, struct err *reterr);

static bool value_by_cont(const struct ranks *ranks, double fraction, enum type_id type,
                          struct arena *arena, struct value *ret, struct err *reterr)
{
    double place = fraction * (double)(ranks->total - 1);
    struct value low = value_at(ranks, (int64_t)floor(place));
    struct value high = value_at(ranks, (int64_t)ceil(place));

    *ret = low;
    if (floor(place) == ceil(place))
        return true;
    if (type == TYPE_INTERVAL)
        return between_intervals(low, high, place - floor(place), arena, ret, reterr);
    ret->real += (place - floor(place)) * (high.real - low.real);
    return true;
}

static bool value_by_disc(const struct ranks *ranks, double fraction, enum type_id type,
                          struct arena *arena, struct value *ret, struct err *reterr)
{
    int64_t place = (int64_t)ceil(fraction * (double)ranks->total);

    (void)type;
    (void)arena;
    (void)reterr;
    *ret = value_at(ranks, place > 0 ? place - 1 : 0);
    return true;
}

static bool pick_each(const struct ranks *ranks, pick_value *pick, enum type_id element,
                      struct arena *arena, struct array_maker *maker, struct err *reterr)
{
    struct array_walk walk = array_open(ranks->fraction.bytes, TYPE_FLOAT8);
    struct value fraction, picked;

    array_begin(maker, element, walk.lower);
    while (array_next(&walk, &fraction)) {
        picked = fraction;
        if (!fraction.null && (!check_fraction(fraction.real, reterr) ||
                               !pick(ranks, fraction.real, element, arena, &picked, reterr)))
            return false;
        array_add(maker, picked);
    }
    return true;
}

static bool percentile(const struct ranks *ranks, const struct aggregate_site *site,
                       pick_value *pick, struct arena *arena, struct value *ret, struct err *reterr)
{
    CLEANUP(array_maker) struct array_maker maker = {0};

    ret->null = ranks->n == 0 || ranks->fraction.null;
    if (ret->null)
        return true;
    if (!type_is_array(site->arg_types[1].id)) {
        if (!check_fraction(ranks->fraction.real, reterr))
            return false;
        return pick(ranks, ranks->fraction.real, site->arg_types[0].id, arena, ret, reterr);
    }
    if (!pick_each(ranks, pick, site->arg_types[0].id, arena, &maker, reterr))
        return false;
    ret->bytes = array_finish(&maker, arena);
    return true;
}

static bool cont_result(const void *at, const struct aggregate_site *site, struct arena *arena,
                        struct value *ret, struct err *reterr)
{
    return percentile(at, site, value_by_cont, arena, ret, reterr);
}

static bool disc_result(const void *at, const struct aggregate_site *site, struct arena *arena,
                        struct value *ret, struct err *reterr)
{
    return percentile(at, site, value_by_disc, arena, ret, reterr);
}

/* The first of the longest runs of equal values. */
static bool mode_result(const void *at, const struct aggregate_site *site, struct arena *arena,
                        struct value *ret, struct err *reterr)
{
    const struct ranks *ranks = at;
    int64_t best = 0, run = 0;
    uint32_t first = 0;

    (void)arena;
    (void)reterr;
    ret->null = ranks->n == 0;
    for (uint32_t i = 0; i < ranks->n; i++) {
        if (value_compare(site->arg_types[0].id, ranks->entries[i].value,
                          ranks->entries[first].value) != 0) {
            first = i;
            run = 0;
        }
        run += ranks->entries[i].weight;
        if (run > best) {
            best = run;
            *ret = ranks->entries[first].value;
        }
    }
    return true;
}

const struct aggregate_ops aggregate_percentile_cont = {
    .size = sizeof(struct ranks), .add = rank_add, .result = cont_result};
const struct aggregate_ops aggregate_percentile_disc = {
    .size = sizeof(struct ranks), .add = rank_add, .result = disc_result};
const struct aggregate_ops aggregate_mode = {
    .size = sizeof(struct ranks), .add = rank_add, .result = mode_result};
