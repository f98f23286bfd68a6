#include "ops/extremes.h"

#include "expr/body.h"
#include "ops/aggregate_ops.h"
#include "ops/defect.h"
#include "ops/forms.h"

enum { FEW_VALUES = 16, FEW_BYTES = 64, HEAD_SHIFT = 5 };

/* One entry's change. */
struct multiset_change {
    struct value value;
    enum type_id type;
    int64_t weight;
    struct multiset *set;
};

static void value_save(struct value value, enum type_id type, struct buf *out)
{
    if (type_is_bytes(type)) {
        uint64_t len = value.bytes.len;

        buf_append(out, &len, sizeof(len));
        buf_put(out, value.bytes);
    } else {
        buf_append(out, &value.slot, sizeof(value.slot));
    }
}

/* The copy's bytes are in the arena. */
static struct value value_load(enum type_id type, struct arena *arena, struct str *from)
{
    struct value value = {0};
    uint64_t word;

    memcpy(&word, from->at, sizeof(word));
    *from = (struct str){from->at + sizeof(word), from->len - sizeof(word)};
    if (!type_is_bytes(type)) {
        value.slot = (int64_t)word;
        return value;
    }
    assert(word <= from->len);
    value.bytes = arena_copy(arena, (struct str){from->at, word});
    *from = (struct str){from->at + word, from->len - word};
    return value;
}

static void extreme_save(const struct extreme *extreme, enum type_id type, struct buf *out)
{
    buf_append(out, &extreme->there, sizeof(extreme->there));
    if (extreme->there != 0)
        value_save(extreme->value, type, out);
}

static void extreme_load(struct extreme *extreme, enum type_id type, struct arena *arena,
                         struct str *from)
{
    *extreme = (struct extreme){.there = 0};
    take_bytes(from, &extreme->there, sizeof(extreme->there));
    if (extreme->there != 0)
        extreme->value = value_load(type, arena, from);
}

/* ---- few values ---- */

/* The same value in the same form. */
static bool same_form(enum type_id type, struct value a, struct value b)
{
    return type_is_bytes(type) ? str_eq(a.bytes, b.bytes) : a.slot == b.slot;
}

/* The order of the store's keys. */
static int compare_forms(enum type_id type, struct value a, struct value b)
{
    int order = value_compare(type, a, b);

    if (order != 0 || !forms_possible(type))
        return order;
    return type_is_bytes(type) ? str_cmp(a.bytes, b.bytes)
                               : memcmp(&a.slot, &b.slot, sizeof(a.slot));
}

static void extreme_among(const struct multiset *set, enum type_id type,
                          struct extreme_reader *reader)
{
    struct extreme *extreme = reader->extreme;

    *extreme = (struct extreme){.there = 0};
    for (uint32_t i = 0; i < set->n; i++) {
        const struct multiset_value *one = &set->values[i];
        int order;

        if (one->weight <= 0)
            continue;
        order = extreme->there == 0 ? 0 : compare_forms(type, one->value, extreme->value);
        if (extreme->there == 0 || (reader->largest ? order > 0 : order < 0))
            *extreme = (struct extreme){one->value, 1};
    }
}

static void lose_all(const struct multiset *set)
{
    for (uint16_t r = 0; r < set->readers_n; r++)
        set->readers[r].lost = true;
}

/* Adds the value to the few; false when there is no room. */
static bool add_to_few(struct multiset *set, struct arena *arena, enum type_id type,
                       struct value value, int64_t weight)
{
    uint32_t i = 0;

    while (i < set->n && !same_form(type, set->values[i].value, value))
        i++;
    if (i == set->n) {
        if (i == FEW_VALUES || (type_is_bytes(type) && value.bytes.len > FEW_BYTES))
            return false;
        set->values = array_grow(arena, set->values, i, &set->cap, sizeof(*set->values));
        set->values[set->n++] = (struct multiset_value){value, 0};
    }
    set->values[i].weight += weight;
    if (set->values[i].weight == 0 && defect("extreme-keeps"))
        set->values[i].weight = 1;
    if (set->values[i].weight == 0)
        set->values[i] = set->values[--set->n];
    lose_all(set);
    return true;
}

/* ---- as stored ---- */

void multiset_save(const struct multiset *set, enum type_id type, struct buf *out)
{
    uint64_t head = set->kept << HEAD_SHIFT | set->n;

    assert(set->kept == 0 || set->n == 0);
    buf_append(out, &head, sizeof(head));
    for (uint32_t i = 0; i < set->n; i++) {
        buf_append(out, &set->values[i].weight, sizeof(set->values[i].weight));
        value_save(set->values[i].value, type, out);
    }
    for (uint16_t r = 0; set->kept != 0 && r < set->readers_n; r++)
        extreme_save(set->readers[r].extreme, type, out);
}

void multiset_load(struct multiset *set, enum type_id type, struct arena *arena, struct str *from)
{
    uint64_t head;

    take_bytes(from, &head, sizeof(head));
    set->kept = head >> HEAD_SHIFT;
    set->spilled = set->kept != 0;
    set->n = (uint32_t)(head & ((1 << HEAD_SHIFT) - 1));
    set->values = array_reserve(arena, set->n + 2, &set->cap, sizeof(*set->values));
    for (uint32_t i = 0; i < set->n; i++) {
        take_bytes(from, &set->values[i].weight, sizeof(set->values[i].weight));
        set->values[i].value = value_load(type, arena, from);
    }
    for (uint16_t r = 0; r < set->readers_n; r++) {
        if (set->spilled)
            extreme_load(set->readers[r].extreme, type, arena, from);
        else
            extreme_among(set, type, &set->readers[r]);
    }
}

bool multiset_is_empty(const struct multiset *set)
{
    return set->kept == 0 && set->n == 0;
}

/* ---- in the store ---- */

static void prefix_into(struct buf *key, const struct ordered *ordered, struct hash128 group)
{
    state_key_begin(key, ordered->fingerprint);
    state_key_hash(key, group);
}

/* Equal values of different form (1.0 and 1.00) are entries of their own. */
static void append_form(struct buf *key, enum type_id type, struct value value)
{
    if (!forms_possible(type))
        return;
    if (type_is_bytes(type))
        buf_put(key, value.bytes);
    else
        buf_append(key, &value.slot, sizeof(value.slot));
}

static void change_entry(struct multisets *sets, struct step *step, const struct ordered *ordered,
                         struct multiset *set, struct multiset_value change)
{
    bool fresh;

    prefix_into(step->key, ordered, set->group);
    key_append(step->key, ordered->type, change.value, KEY_ASCENDING);
    append_form(step->key, ordered->type, change.value);
    store_key_bound(step->key);
    uint32_t i = table_enter(&sets->table, step->arena, buf_str(step->key), &fresh);
    sets->changes = array_grow(step->arena, sets->changes, i, &sets->cap, sizeof(*sets->changes));
    if (fresh)
        sets->changes[i] = (struct multiset_change){change.value, ordered->type, 0, set};
    sets->changes[i].weight += change.weight;
}

void multisets_add(struct multisets *sets, struct step *step, const struct ordered *ordered,
                   struct multiset *set, struct value value, int64_t weight)
{
    if (!set->spilled && add_to_few(set, step->arena, ordered->type, value, weight))
        return;
    for (uint32_t i = 0; i < set->n; i++)
        change_entry(sets, step, ordered, set, set->values[i]);
    if (!set->spilled)
        lose_all(set);
    set->spilled = true;
    set->n = 0;
    change_entry(sets, step, ordered, set, (struct multiset_value){value, weight});
}

/* Brings the weight of an entry up to date. */
static bool write_change(struct step *step, struct str key, const struct multiset_change *change,
                         int64_t *ret_before, struct err *reterr)
{
    struct str stored;
    int64_t weight = 0;

    if (!store_get(step->store, key, &stored, reterr))
        return false;
    if (stored.at != NULL)
        memcpy(&weight, stored.at, sizeof(weight));
    *ret_before = weight;
    weight += change->weight;
    if (weight == 0 && defect("extreme-keeps"))
        weight = 1;
    change->set->kept += (weight != 0) - (uint64_t)(stored.at != NULL);
    if (weight == 0) {
        store_delete(step->store, key);
        return true;
    }
    buf_clear(step->value);
    buf_append(step->value, &weight, sizeof(weight));
    value_save(change->value, change->type, step->value);
    store_put(step->store, key, buf_str(step->value));
    return true;
}

/* A value has come (or gone). Of equal values in different forms the store's order decides. */
static void tell(struct extreme_reader *reader, const struct multiset_change *change, bool came)
{
    struct extreme *extreme = reader->extreme;
    int order;

    if (reader->lost)
        return;
    if (extreme->there == 0) {
        reader->lost = !came;
        if (came)
            *extreme = (struct extreme){change->value, 1};
        return;
    }
    order = value_compare(change->type, change->value, extreme->value);
    if (order == 0)
        reader->lost = true;
    else if (came && (reader->largest ? order > 0 : order < 0))
        extreme->value = change->value;
}

bool multisets_write(const struct multisets *sets, struct step *step, struct err *reterr)
{
    for (uint32_t i = 0; i < sets->table.n; i++) {
        const struct multiset_change *change = &sets->changes[i];
        int64_t before = 0;

        if (change->weight == 0)
            continue;
        if (!write_change(step, sets->table.keys[i].bytes, change, &before, reterr))
            return false;
        bool was = before > 0, is = before + change->weight > 0 || (was && defect("extreme-keeps"));
        for (uint16_t r = 0; was != is && r < change->set->readers_n; r++)
            tell(&change->set->readers[r], change, is);
    }
    return true;
}

/* Whether the walk may stop: the rest is further from the extreme. Keys that were cut at the same
 * prefix are in no order among themselves. */
static bool is_past(struct str last, struct str key)
{
    return last.len > 0 && !(last.len == STORE_KEY_BYTES_MAX && key.len == STORE_KEY_BYTES_MAX &&
                             memcmp(last.at, key.at, STORE_KEY_PREFIX) == 0);
}

static bool read_stored(struct step *step, const struct ordered *ordered,
                        const struct multiset *set, struct extreme_reader *reader,
                        struct err *reterr)
{
    struct extreme *ret = reader->extreme;
    struct str last = {0};
    bool more;

    prefix_into(step->key, ordered, set->group);
    struct str prefix = arena_copy(step->arena, buf_str(step->key));
    struct store_cursor cursor = store_scan(prefix, reader->largest);
    *ret = (struct extreme){.there = 0};
    for (;;) {
        int64_t weight;

        if (!store_next(step->store, &cursor, &more, reterr))
            return false;
        if (!more)
            return true;
        if (is_past(last, cursor.key))
            break;
        memcpy(&weight, cursor.value.at, sizeof(weight));
        if (weight <= 0)
            continue;
        struct str stored = {cursor.value.at + sizeof(weight), cursor.value.len - sizeof(weight)};
        struct value value = value_load(ordered->type, step->arena, &stored);
        int order = last.len == 0 ? 0 : value_compare(ordered->type, value, ret->value);
        if (last.len == 0 || (reader->largest ? order > 0 : order < 0))
            *ret = (struct extreme){value, 1};
        last = arena_copy(step->arena, cursor.key);
    }
    store_end(step->store, &cursor);
    return true;
}

bool extreme_read(struct step *step, const struct ordered *ordered, const struct multiset *set,
                  struct extreme_reader *reader, struct err *reterr)
{
    if (set->spilled)
        return read_stored(step, ordered, set, reader, reterr);
    extreme_among(set, ordered->type, reader);
    return true;
}
