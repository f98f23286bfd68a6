#include "ops/overlay.h"

#include "base/err.h"
#include "base/hash.h"
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Every entry is a node, found through the hash table. A node enters the skip list only when
 * somebody asks for an order: writes since then wait in `fresh`, are sorted once and merged in one
 * ascending pass that starts each search where the last one ended. A step that writes thousands of
 * keys between two walks so pays a sort instead of thousands of descents.
 */

enum { HEIGHT_MAX = 16, TABLE_MIN = 1024 };

struct node {
    struct overlay_entry entry;
    uint64_t hash;
    struct node *fresh_next;
    struct node *next[]; /* as many as its height */
};

struct slot {
    uint64_t hash;
    struct node *node; /* NULL: free */
};

/* What looking up may change: the order is made when it is asked for. */
struct order {
    struct node *head[HEIGHT_MAX];
    struct node *fresh; /* not yet in the list */
    size_t fresh_n;
};

struct overlay {
    struct arena *arena;
    struct order *order;
    struct slot *table;
    size_t mask, count, limit_bytes;
};

struct overlay *overlay_new(size_t limit_bytes)
{
    struct overlay *overlay = err_calloc(1, sizeof(*overlay));

    overlay->arena = arena_new(limit_bytes);
    overlay->order = err_calloc(1, sizeof(*overlay->order));
    overlay->table = err_calloc(TABLE_MIN, sizeof(*overlay->table));
    overlay->mask = TABLE_MIN - 1;
    overlay->limit_bytes = limit_bytes;
    return overlay;
}

struct overlay *overlay_free(struct overlay *overlay)
{
    if (overlay == NULL)
        return NULL;
    arena_free(overlay->arena);
    free(overlay->order);
    free(overlay->table);
    free(overlay);
    return NULL;
}

/* A table that was large once must not make every small batch clear it all. */
static void clear_table(struct overlay *overlay)
{
    size_t size = overlay->mask + 1;

    if (size > TABLE_MIN && overlay->count * 16 < size) {
        size /= 2;
        overlay->table = err_realloc(overlay->table, size * sizeof(*overlay->table));
        overlay->mask = size - 1;
    }
    memset(overlay->table, 0, size * sizeof(*overlay->table));
}

void overlay_clear(struct overlay *overlay)
{
    memset(overlay->order, 0, sizeof(*overlay->order));
    if (overlay->count > 0)
        clear_table(overlay);
    overlay->count = 0;
    arena_reset(overlay->arena);
}

/* The slot that holds the key or would take it. */
static struct slot *find_slot(const struct overlay *overlay, uint64_t hash, struct str key)
{
    for (size_t at = hash & overlay->mask;; at = (at + 1) & overlay->mask) {
        struct slot *slot = &overlay->table[at];

        if (slot->node == NULL || (slot->hash == hash && str_eq(slot->node->entry.key, key)))
            return slot;
    }
}

static void grow_table(struct overlay *overlay)
{
    struct slot *old = overlay->table;
    size_t old_size = overlay->mask + 1;

    overlay->mask = old_size * 2 - 1;
    overlay->table = err_calloc(old_size * 2, sizeof(*overlay->table));
    for (size_t i = 0; i < old_size; i++) {
        size_t at = old[i].hash & overlay->mask;

        if (old[i].node == NULL)
            continue;
        while (overlay->table[at].node != NULL)
            at = (at + 1) & overlay->mask;
        overlay->table[at] = old[i];
    }
    free(old);
}

/* One more level with a chance of a quarter, drawn from the key's hash, so that a run can be
 * repeated. */
static unsigned height_of(uint64_t hash)
{
    unsigned zeros = (unsigned)__builtin_ctzll(hash >> 32 | UINT64_C(1) << 30);

    return 1 + zeros / 2;
}

static struct node *node_new(struct overlay *overlay, uint64_t hash, struct str key)
{
    size_t size = sizeof(struct node) + height_of(hash) * sizeof(struct node *);
    struct node *node = arena_zalloc(overlay->arena, size);

    node->entry.key = arena_copy(overlay->arena, key);
    node->hash = hash;
    node->fresh_next = overlay->order->fresh;
    overlay->order->fresh = node;
    overlay->order->fresh_n++;
    overlay->count++;
    return node;
}

void overlay_put(struct overlay *overlay, struct str key, struct str value)
{
    uint64_t hash = hash64(key.at, key.len);
    struct slot *slot = find_slot(overlay, hash, key);

    if (slot->node == NULL && overlay->count * 2 > overlay->mask) {
        grow_table(overlay);
        slot = find_slot(overlay, hash, key);
    }
    if (slot->node == NULL)
        *slot = (struct slot){hash, node_new(overlay, hash, key)};
    slot->node->entry.value =
        value.at == NULL ? (struct str){0} : arena_copy(overlay->arena, value);
}

const struct overlay_entry *overlay_get(const struct overlay *overlay, struct str key)
{
    const struct node *node = find_slot(overlay, hash64(key.at, key.len), key)->node;

    return node == NULL ? NULL : &node->entry;
}

/* A fresh node and the first 16 bytes of its key as numbers: most comparisons end there. */
struct ranked {
    uint64_t high, low;
    struct node *node;
};

static uint64_t key_word(struct str key, size_t at)
{
    uint64_t word = 0;

    if (key.len > at)
        memcpy(&word, key.at + at, key.len - at < 8 ? key.len - at : 8);
    return __builtin_bswap64(word);
}

static int compare_ranked(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;

    if (a->high != b->high)
        return a->high < b->high ? -1 : 1;
    if (a->low != b->low)
        return a->low < b->low ? -1 : 1;
    return str_cmp(a->node->entry.key, b->node->entry.key);
}

/*
 * Moves `path` (per level the last link whose owner is below the key) forward to the key's place.
 * The key is above all that this path was moved to before, so the search climbs only as far as it
 * must. A link one level lower in the same owner stands one place before it in memory.
 */
static void advance(struct node ***path, struct str key)
{
    unsigned level = 0;

    while (level + 1 < HEIGHT_MAX && path[level + 1][0] != NULL &&
           str_cmp(path[level + 1][0]->entry.key, key) < 0)
        level++;
    for (;; level--) {
        struct node **link = path[level];

        while (*link != NULL && str_cmp((*link)->entry.key, key) < 0)
            link = &(*link)->next[level];
        if (link != path[level] && level > 0)
            path[level - 1] = link - 1;
        path[level] = link;
        if (level == 0)
            return;
    }
}

static void link_in(struct node ***path, struct node *node)
{
    advance(path, node->entry.key);
    for (unsigned level = 0; level < height_of(node->hash); level++) {
        node->next[level] = *path[level];
        *path[level] = node;
        path[level] = &node->next[level];
    }
}

static void start_path(struct order *order, struct node ***path)
{
    for (unsigned level = 0; level < HEIGHT_MAX; level++)
        path[level] = &order->head[level];
}

/* Brings the fresh nodes into the list. */
static void settle(struct order *order)
{
    struct ranked *ranks;
    struct node **path[HEIGHT_MAX];
    size_t n = 0;

    if (order->fresh == NULL)
        return;
    ranks = err_malloc(order->fresh_n * sizeof(*ranks));
    for (struct node *node = order->fresh; node != NULL; node = node->fresh_next)
        ranks[n++] =
            (struct ranked){key_word(node->entry.key, 0), key_word(node->entry.key, 8), node};
    assert(n == order->fresh_n);
    if (n > 1)
        qsort(ranks, n, sizeof(*ranks), compare_ranked);
    start_path(order, path);
    for (size_t i = 0; i < n; i++)
        link_in(path, ranks[i].node);
    free(ranks);
    order->fresh = NULL;
    order->fresh_n = 0;
}

/* The last link whose owner is below the key. */
static struct node **descend(struct order *order, struct str key)
{
    struct node **link = &order->head[HEIGHT_MAX - 1];

    settle(order);
    for (unsigned level = HEIGHT_MAX - 1;; level--, link--) {
        while (*link != NULL && str_cmp((*link)->entry.key, key) < 0)
            link = &(*link)->next[level];
        if (level == 0)
            return link;
    }
}

static const struct overlay_entry *entry_of(const struct node *node)
{
    return node == NULL ? NULL : &node->entry;
}

const struct overlay_entry *overlay_seek(const struct overlay *overlay, struct str key, bool after)
{
    const struct node *node = *descend(overlay->order, key);

    if (after && node != NULL && str_eq(node->entry.key, key))
        node = node->next[0];
    return entry_of(node);
}

const struct overlay_entry *overlay_before(const struct overlay *overlay, struct str key)
{
    struct node **link = descend(overlay->order, key);

    if (link == &overlay->order->head[0])
        return NULL;
    return (const struct overlay_entry *)(const void *)((const char *)link -
                                                        offsetof(struct node, next));
}

const struct overlay_entry *overlay_next(const struct overlay *overlay,
                                         const struct overlay_entry *entry)
{
    const struct node *node = (const struct node *)(const void *)entry;

    settle(overlay->order);
    return entry_of(node->next[0]);
}

size_t overlay_count(const struct overlay *overlay)
{
    return overlay->count;
}

size_t overlay_bytes(const struct overlay *overlay)
{
    return arena_used(overlay->arena) + (overlay->mask + 1) * sizeof(*overlay->table);
}

bool overlay_full(const struct overlay *overlay)
{
    return overlay_bytes(overlay) > overlay->limit_bytes;
}
