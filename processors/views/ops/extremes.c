#include "ops/extremes.h"

#include "expr/body.h"
#include "ops/defect.h"
#include "ops/forms.h"

/* One entry's change. */
struct multiset_change {
    struct value value;
    enum type_id type;
    int64_t weight;
    const struct extreme_readers *readers;
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

void extreme_save(const struct extreme *extreme, enum type_id type, struct buf *out)
{
    buf_append(out, &extreme->there, sizeof(extreme->there));
    if (extreme->there != 0)
        value_save(extreme->value, type, out);
}

void extreme_load(struct extreme *extreme, enum type_id type, struct arena *arena, struct str *from)
{
    assert(from->len >= sizeof(extreme->there));
    *extreme = (struct extreme){.there = 0};
    memcpy(&extreme->there, from->at, sizeof(extreme->there));
    *from = (struct str){from->at + sizeof(extreme->there), from->len - sizeof(extreme->there)};
    if (extreme->there != 0)
        extreme->value = value_load(type, arena, from);
}

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

void multisets_add(struct multisets *sets, struct step *step, const struct ordered *ordered,
                   const struct extreme_readers *readers, struct value value, int64_t weight)
{
    bool fresh;

    prefix_into(step->key, ordered, readers->group);
    key_append(step->key, ordered->type, value, KEY_ASCENDING);
    append_form(step->key, ordered->type, value);
    store_key_bound(step->key);
    uint32_t i = table_enter(&sets->table, step->arena, buf_str(step->key), &fresh);
    sets->changes = array_grow(step->arena, sets->changes, i, &sets->cap, sizeof(*sets->changes));
    if (fresh)
        sets->changes[i] = (struct multiset_change){value, ordered->type, 0, readers};
    sets->changes[i].weight += weight;
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
        for (uint16_t r = 0; was != is && r < change->readers->n; r++)
            tell(&change->readers->at[r], change, is);
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

bool extreme_read(struct step *step, const struct ordered *ordered, struct hash128 group,
                  struct extreme_reader *reader, struct err *reterr)
{
    struct extreme *ret = reader->extreme;
    struct str last = {0};
    bool more;

    prefix_into(step->key, ordered, group);
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
