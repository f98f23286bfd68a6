#include "ops/state.h"

enum { PART_BYTES_MAX = 120, MARK_HASHED = 0xff };

uint64_t state_fingerprint(uint64_t fingerprint, const char *part)
{
    CLEANUP(buf) struct buf text = {0};

    buf_be(&text, fingerprint, 8);
    buf_puts(&text, part);
    return hash64(text.at, text.len);
}

void state_key_begin(struct buf *key, uint64_t fingerprint)
{
    buf_clear(key);
    buf_be(key, fingerprint, 8);
}

void state_key_hash(struct buf *key, struct hash128 hash)
{
    buf_be(key, hash.high, 8);
    buf_be(key, hash.low, 8);
}

void state_key_part(struct buf *key, struct str canonical)
{
    if (canonical.len <= PART_BYTES_MAX) {
        buf_put(key, canonical);
        return;
    }
    buf_char(key, (char)MARK_HASHED);
    state_key_hash(key, hash128(canonical.at, canonical.len));
}

bool store_key_bound(struct buf *key)
{
    struct hash128 hash;

    if (key->len < STORE_KEY_BYTES_MAX)
        return false;
    hash = hash128(key->at, key->len);
    key->len = STORE_KEY_PREFIX;
    state_key_hash(key, hash);
    return true;
}

const struct row *state_row(struct arena *arena, struct str bytes)
{
    uint32_t len;

    memcpy(&len, bytes.at, sizeof(len));
    assert(len <= bytes.len);
    if ((uintptr_t)bytes.at % 8 == 0)
        return (const struct row *)(const void *)bytes.at;
    return memcpy(arena_alloc(arena, len), bytes.at, len);
}

/* The weight and the row at the head of the value, which moves behind them. */
static struct delta take_entry(struct arena *arena, struct str *value)
{
    struct delta entry;

    assert(value->len > sizeof(entry.weight));
    memcpy(&entry.weight, value->at, sizeof(entry.weight));
    *value = (struct str){value->at + sizeof(entry.weight), value->len - sizeof(entry.weight)};
    entry.row = state_row(arena, *value);
    *value = (struct str){value->at + entry.row->len, value->len - entry.row->len};
    return entry;
}

/* Most lists are of one row: the array grows only behind it. */
uint32_t state_list_read(struct arena *arena, struct str value, struct delta **ret_list)
{
    struct batch list = {.cap = 1};

    *ret_list = NULL;
    if (value.len == 0)
        return 0;
    list.deltas = arena_alloc(arena, sizeof(*list.deltas));
    while (value.len > 0) {
        struct delta entry = take_entry(arena, &value);

        batch_add(&list, arena, entry.row, entry.weight);
    }
    *ret_list = list.deltas;
    return list.n;
}

static void add_to_list(struct batch *list, struct arena *arena, struct delta delta)
{
    for (uint32_t i = 0; i < list->n; i++) {
        if (row_same(list->deltas[i].row, delta.row)) {
            list->deltas[i].weight += delta.weight;
            return;
        }
    }
    batch_add(list, arena, delta.row, delta.weight);
}

static void append_entry(struct buf *out, const struct delta *entry)
{
    buf_append(out, &entry->weight, sizeof(entry->weight));
    buf_append(out, entry->row, entry->row->len);
}

void state_one_write(struct store *store, struct arena *arena, struct buf *scratch, struct str key,
                     struct batch *deltas)
{
    batch_consolidate(deltas, arena);
    buf_clear(scratch);
    for (uint32_t i = 0; i < deltas->n; i++)
        if (deltas->deltas[i].weight > 0)
            append_entry(scratch, &deltas->deltas[i]);
    if (scratch->len > 0)
        store_put(store, key, buf_str(scratch));
    else if (deltas->n > 0)
        store_delete(store, key);
}

bool state_list_add(struct store *store, struct arena *arena, struct buf *scratch, struct str key,
                    const struct batch *deltas, struct err *reterr)
{
    struct batch list = {0};
    struct str value;

    if (!store_get(store, key, &value, reterr))
        return false;
    list.n = list.cap = state_list_read(arena, value, &list.deltas);
    for (uint32_t i = 0; i < deltas->n; i++)
        add_to_list(&list, arena, deltas->deltas[i]);
    buf_clear(scratch);
    for (uint32_t i = 0; i < list.n; i++) {
        const struct delta *entry = &list.deltas[i];

        if (entry->weight != 0)
            append_entry(scratch, entry);
    }
    if (scratch->len > 0)
        store_put(store, key, buf_str(scratch));
    else
        store_delete(store, key);
    return true;
}
