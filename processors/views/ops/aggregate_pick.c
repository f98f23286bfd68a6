/* Aggregates that pick one of the values: min, max, and any one of a scalar subquery. */
#include "ops/aggregate_ops.h"

#include "expr/body.h"

/* Of equal values in different form the last one stays, as in PostgreSQL. */
struct pick {
    struct value value;
    uint64_t there;
};

static void keep(struct pick *pick, struct value value)
{
    pick->value = value;
    pick->there = 1;
}

static bool pick_result(const void *at, const struct aggregate_site *site, struct arena *arena,
                        struct value *ret, struct err *reterr)
{
    const struct pick *pick = at;

    (void)site;
    (void)arena;
    (void)reterr;
    *ret = pick->value;
    ret->null = pick->there == 0 || pick->value.null;
    return true;
}

static void min_add(void *at, const struct aggregate_site *site, struct arena *arena,
                    const struct value *args, int64_t weight)
{
    struct pick *pick = at;

    (void)arena;
    (void)weight;
    if (pick->there == 0 || value_compare(site->arg_types[0].id, args[0], pick->value) <= 0)
        keep(pick, args[0]);
}

static void max_add(void *at, const struct aggregate_site *site, struct arena *arena,
                    const struct value *args, int64_t weight)
{
    struct pick *pick = at;

    (void)arena;
    (void)weight;
    if (pick->there == 0 || value_compare(site->arg_types[0].id, args[0], pick->value) >= 0)
        keep(pick, args[0]);
}

static void first_add(void *at, const struct aggregate_site *site, struct arena *arena,
                      const struct value *args, int64_t weight)
{
    struct pick *pick = at;

    (void)site;
    (void)arena;
    (void)weight;
    if (pick->there == 0)
        keep(pick, args[0]);
}

static bool first_enough(const void *at)
{
    return ((const struct pick *)at)->there > 0;
}

const struct aggregate_ops aggregate_min = {
    .size = sizeof(struct pick), .add = min_add, .result = pick_result};
const struct aggregate_ops aggregate_max = {
    .size = sizeof(struct pick), .add = max_add, .result = pick_result};
const struct aggregate_ops aggregate_first = {
    .size = sizeof(struct pick), .add = first_add, .result = pick_result, .enough = first_enough};
