#include "ops/bag.h"

void bag_result_save(const struct bag_result *result, enum type_id type, struct buf *out)
{
    uint64_t len = result->value.bytes.len;

    buf_append(out, &result->state, sizeof(result->state));
    if (result->state != BAG_VALUE)
        return;
    if (!type_is_bytes(type)) {
        buf_append(out, &result->value.slot, sizeof(result->value.slot));
        return;
    }
    buf_append(out, &len, sizeof(len));
    buf_put(out, result->value.bytes);
}

void bag_result_load(struct bag_result *result, enum type_id type, struct arena *arena,
                     struct str *from)
{
    uint64_t len;

    *result = (struct bag_result){.state = BAG_NULL};
    take_bytes(from, &result->state, sizeof(result->state));
    if (result->state != BAG_VALUE)
        return;
    if (!type_is_bytes(type)) {
        take_bytes(from, &result->value.slot, sizeof(result->value.slot));
        return;
    }
    take_bytes(from, &len, sizeof(len));
    assert(len <= from->len);
    result->value.bytes = arena_copy(arena, (struct str){from->at, len});
    *from = (struct str){from->at + len, from->len - len};
}

struct bag bag_new(struct arena *arena, uint64_t fingerprint, const struct plan_aggregate *planned,
                   const struct aggregate_site *site)
{
    uint16_t n = (uint16_t)(planned->order_n + site->args_n);
    enum type_id *types = arena_alloc(arena, (n + 1U) * sizeof(*types));
    struct key_order *orders = arena_zalloc(arena, (n + 1U) * sizeof(*orders));

    for (uint16_t i = 0; i < planned->order_n; i++) {
        types[i] = planned->order[i].expr->type.id;
        orders[i] = planned->order[i].order;
    }
    for (uint16_t i = 0; i < site->args_n; i++)
        types[planned->order_n + i] = site->arg_types[i].id;
    return (struct bag){.fingerprint = fingerprint,
                        .types = types,
                        .orders = orders,
                        .columns_n = n,
                        .order_n = planned->order_n,
                        .distinct = planned->distinct};
}

static void prefix_into(struct step *step, const struct bag_place *place)
{
    state_key_begin(step->key, place->bag->fingerprint);
    state_key_hash(step->key, place->group);
}

/* Types without an order, json, stand by their bytes. */
static void append_value(struct buf *key, enum type_id type, struct value value,
                         struct key_order order)
{
    key_append(key, type == TYPE_JSON ? TYPE_TEXT : type, value, order);
}

static bool entry_key(const void *of, struct step *step, const struct row *row, struct err *reterr)
{
    const struct bag_place *place = of;
    const struct bag *bag = place->bag;

    (void)reterr;
    prefix_into(step, place);
    for (uint16_t i = 0; i < bag->columns_n; i++)
        append_value(step->key, bag->types[i], row_value(row, i, bag->types[i]), bag->orders[i]);
    return true;
}

bool bag_put(struct step *step, struct bag_place place, const struct value *values, int64_t weight,
             struct shelf_change *ret, struct err *reterr)
{
    const struct bag *bag = place.bag;

    row_begin(step->builder, bag->columns_n);
    for (uint16_t i = 0; i < bag->columns_n; i++)
        row_set_value(step->builder, i, bag->types[i], values[i]);
    const struct row *row = row_finish(step->builder, step->arena);
    return entry_key(&place, step, row, reterr) &&
           (bag->distinct ? shelf_change(step, row, weight, ret, reterr)
                          : shelf_put(step, row, weight, reterr));
}

void bag_args(const struct bag *bag, const struct row *entry, struct value *ret)
{
    for (uint16_t i = bag->order_n; i < bag->columns_n; i++)
        ret[i - bag->order_n] = row_value(entry, i, bag->types[i]);
}

/* An accumulator in the adding up. */
struct adding {
    const struct bag *bag;
    const struct aggregate_site *site;
    void *at;
    struct str last; /* DISTINCT: the key of the entry before */
    struct bag_place place;
};

static bool add_entry(void *to, struct step *step, struct str key, const struct delta *entry)
{
    struct adding *adding = to;
    const struct aggregate_ops *ops = adding->site->aggregate->ops;
    struct value args[AGGREGATE_ARGS_MAX];
    int64_t weight = entry->weight;

    if (adding->bag->distinct) {
        if (str_eq(adding->last, key))
            return true;
        adding->last = key;
        weight = 1;
    }
    bag_args(adding->bag, entry->row, args);
    ops->add(adding->at, adding->site, step->arena, args, weight);
    return ops->enough == NULL || !ops->enough(adding->at);
}

bool bag_add_up(struct step *step, struct bag_place place, const struct aggregate_site *site,
                struct bag_result *ret, struct err *ret_raised, struct err *reterr)
{
    const struct aggregate_ops *ops = site->aggregate->ops;
    struct adding adding = {
        .bag = place.bag, .site = site, .at = arena_zalloc(step->arena, ops->size), .place = place};
    struct shelf_walk walk = {
        .key = entry_key, .of = &adding.place, .visit = add_entry, .to = &adding};

    prefix_into(step, &adding.place);
    walk.prefix = arena_copy(step->arena, buf_str(step->key));
    if (!shelf_walk(step, &walk, reterr))
        return false;
    *ret = (struct bag_result){.state = BAG_VALUE};
    if (!ops->result(adding.at, site, step->arena, &ret->value, ret_raised))
        *ret = (struct bag_result){.state = BAG_RAISED};
    else if (ret->value.null)
        *ret = (struct bag_result){.state = BAG_NULL};
    return true;
}
