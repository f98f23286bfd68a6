/*
 * A bag: what an aggregate of a group has seen, in order, in the store. Two uses: an aggregate that
 * can't take a value back is added up anew from its bag (AGGREGATE_BAG), and DISTINCT adds a value
 * to the accumulator when it comes and takes it out when it goes. Private to group.c.
 */
#ifndef SLUICE_VIEWS_OPS_BAG_H
#define SLUICE_VIEWS_OPS_BAG_H

#include "ops/aggregate_ops.h"
#include "ops/shelf.h"

/* The bag of one aggregate of a node; its entries are rows of the ORDER BY values, then the
 * arguments. */
struct bag {
    uint64_t fingerprint;
    const enum type_id *types;
    const struct key_order *orders; /* of all columns; arguments ascending */
    uint16_t columns_n, order_n;
    bool distinct;
};

/* What a bag gave when it was added up last; zero: NULL. */
struct bag_result {
    struct value value; /* bytes in the step's arena */
    uint64_t state;     /* enum bag_state */
};
enum bag_state { BAG_NULL, BAG_VALUE, BAG_RAISED };

/* As stored in the group's value. */
void bag_result_save(const struct bag_result *result, enum type_id type, struct buf *out);
void bag_result_load(struct bag_result *result, enum type_id type, struct arena *arena,
                     struct str *from);

/* The bag of a planned aggregate. */
struct bag bag_new(struct arena *arena, uint64_t fingerprint, const struct plan_aggregate *planned,
                   const struct aggregate_site *site);

/* A bag and the group whose entries are meant. */
struct bag_place {
    const struct bag *bag;
    struct hash128 group;
};

/* Puts the values of one row (order, then arguments) in; *ret tells what DISTINCT asks for. */
WARN_UNUSED bool bag_put(struct step *step, struct bag_place place, const struct value *values,
                         int64_t weight, struct shelf_change *ret, struct err *reterr);

/* The arguments in an entry. */
void bag_args(const struct bag *bag, const struct row *entry, struct value *ret);

/* Adds the entries up. False: the store failed; what the aggregate raised is in *ret_raised. */
WARN_UNUSED bool bag_add_up(struct step *step, struct bag_place place,
                            const struct aggregate_site *site, struct bag_result *ret,
                            struct err *ret_raised, struct err *reterr);

#endif
