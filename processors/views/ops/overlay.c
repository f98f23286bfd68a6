#include "ops/overlay.h"

#include "base/err.h"
#include "base/hash.h"
#include "ops/order.h"
#include <assert.h>
#include <stddef.h>

/*
 * Every entry is a node, found through the hash table. Besides, the nodes whose keys begin with the
 * same 8 bytes make a skip list, and the lists stand in an array by those bytes. A node enters its
 * list only when somebody asks for an order there: writes since then wait in `fresh`, are sorted
 * once and merged in one ascending pass that starts each search where the last one ended. So a step
 * that writes thousands of keys between two walks pays a sort instead of thousands of descents, and
 * state that is only read by key pays neither.
 */

enum { HEIGHT_MAX = 16, TABLE_MIN = 1024, PREFIX_BYTES = 8 };

struct node {
    struct overlay_entry entry;
    uint64_t hash;
    struct list *list;
    struct node *fresh_next, *written_next;
    uint64_t commits;    /* before its last write */
    struct node *next[]; /* as many as its height */
};

/* The node of an entry's key. */
static struct node *node_of(const struct str *key)
{
    const char *at = (const char *)key - offsetof(struct node, entry.key);
    struct node *node;

    memcpy(&node, &at, sizeof(at)); /* the list's own, which the sort took for reading */
    return node;
}

struct slot {
    uint64_t hash;
    struct node *node; /* NULL: free */
};

/* The nodes of one prefix. */
struct list {
    uint64_t prefix; /* the first 8 bytes as a number, short keys filled up with zeros */
    struct node *head[HEIGHT_MAX];
    struct node **finger[HEIGHT_MAX]; /* the path of the last search */
    struct node *fresh;               /* not yet in the list */
    uint32_t fresh_n;
};

/* A list's place in the array, which is searched by the prefix. */
struct listed {
    uint64_t prefix;
    struct list *list;
};

struct overlay {
    struct arena *arena;
    struct listed *lists; /* ascending */
    size_t lists_n, lists_cap;
    struct list *last; /* where the last write went */
    struct node *written, **written_end;
    uint64_t commits;
    struct slot *table;
    size_t mask, count, limit_bytes;
};

struct overlay *overlay_new(size_t limit_bytes)
{
    struct overlay *overlay = err_calloc(1, sizeof(*overlay));

    overlay->arena = arena_new(limit_bytes);
    overlay->table = err_calloc(TABLE_MIN, sizeof(*overlay->table));
    overlay->mask = TABLE_MIN - 1;
    overlay->limit_bytes = limit_bytes;
    overlay_commit(overlay);
    return overlay;
}

struct overlay *overlay_free(struct overlay *overlay)
{
    if (overlay == NULL)
        return NULL;
    arena_free(overlay->arena);
    free(overlay->lists);
    free(overlay->table);
    free(overlay);
    return NULL;
}

/* A table that was large once must not make every small batch clear it all. */
static void clear_table(struct overlay *overlay)
{
    size_t size = overlay->mask + 1;

    if (size > TABLE_MIN && overlay->count * 5 < size) {
        size /= 2;
        overlay->table = err_realloc(overlay->table, size * sizeof(*overlay->table));
        overlay->mask = size - 1;
    }
    memset(overlay->table, 0, size * sizeof(*overlay->table));
}

void overlay_clear(struct overlay *overlay)
{
    overlay->lists_n = 0;
    overlay->last = NULL;
    if (overlay->count > 0)
        clear_table(overlay);
    overlay->count = 0;
    overlay_commit(overlay);
    arena_reset(overlay->arena);
}

void overlay_commit(struct overlay *overlay)
{
    overlay->commits++;
    overlay->written = NULL;
    overlay->written_end = &overlay->written;
}

/* The place of the first list whose prefix is not below this one. */
static size_t list_place(const struct overlay *overlay, uint64_t prefix)
{
    size_t low = 0, high = overlay->lists_n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (overlay->lists[middle].prefix < prefix)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct list *list_insert(struct overlay *overlay, size_t place, uint64_t prefix)
{
    struct list *list = arena_zalloc(overlay->arena, sizeof(*list));

    if (overlay->lists_n == overlay->lists_cap) {
        overlay->lists_cap = overlay->lists_cap * 2 + 16;
        overlay->lists = err_realloc(overlay->lists, overlay->lists_cap * sizeof(*overlay->lists));
    }
    memmove(overlay->lists + place + 1, overlay->lists + place,
            (overlay->lists_n - place) * sizeof(*overlay->lists));
    overlay->lists_n++;
    overlay->lists[place] = (struct listed){prefix, list};
    list->prefix = prefix;
    return list;
}

/* The list that a key belongs to, made when it is missing. */
static struct list *list_of(struct overlay *overlay, struct str key)
{
    uint64_t prefix = key_word(key, 0);

    if (overlay->last != NULL && overlay->last->prefix == prefix)
        return overlay->last;
    size_t place = list_place(overlay, prefix);
    if (place < overlay->lists_n && overlay->lists[place].prefix == prefix)
        overlay->last = overlay->lists[place].list;
    else
        overlay->last = list_insert(overlay, place, prefix);
    return overlay->last;
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
    struct list *list = list_of(overlay, key);

    node->entry.key = arena_copy(overlay->arena, key);
    node->hash = hash;
    node->list = list;
    node->fresh_next = list->fresh;
    list->fresh = node;
    list->fresh_n++;
    overlay->count++;
    return node;
}

static void note_written(struct overlay *overlay, struct node *node)
{
    if (node->commits == overlay->commits)
        return;
    node->commits = overlay->commits;
    node->written_next = NULL;
    *overlay->written_end = node;
    overlay->written_end = &node->written_next;
}

void overlay_put(struct overlay *overlay, struct str key, struct str value)
{
    uint64_t hash = hash64(key.at, key.len);
    struct slot *slot = find_slot(overlay, hash, key);

    if (slot->node == NULL && overlay->count * 2 > overlay->mask) {
        grow_table(overlay);
        slot = find_slot(overlay, hash, key);
    }
    struct node *node = slot->node;
    if (node == NULL) {
        node = node_new(overlay, hash, key);
        *slot = (struct slot){hash, node};
    }
    node->entry.value = value.at == NULL ? STR_NONE : arena_copy(overlay->arena, value);
    note_written(overlay, node);
}

const struct overlay_entry *overlay_get(const struct overlay *overlay, struct str key)
{
    const struct node *node = find_slot(overlay, hash64(key.at, key.len), key)->node;

    return node == NULL ? NULL : &node->entry;
}

/*
 * Moves `path` (per level the last link whose owner is below the key) forward to the key's place.
 * The key is above all that this path was moved to before, so the search climbs only as far as it
 * must. A link one level lower in the same owner stands one place before it in memory.
 */
static void advance(struct node ***path, struct str key)
{
    unsigned level = 0;
    bool moved = false;

    while (level + 1 < HEIGHT_MAX && path[level + 1][0] != NULL &&
           str_cmp(path[level + 1][0]->entry.key, key) < 0)
        level++;
    for (;; level--) {
        struct node **link = path[level];

        while (*link != NULL && str_cmp((*link)->entry.key, key) < 0)
            link = &(*link)->next[level];
        moved = moved || link != path[level];
        path[level] = link;
        if (level == 0)
            return;
        if (moved)
            path[level - 1] = link - 1;
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

static void start_path(struct list *list, struct node ***path)
{
    for (unsigned level = 0; level < HEIGHT_MAX; level++)
        path[level] = &list->head[level];
}

/* Brings the fresh nodes into the list. */
static void settle(struct list *list)
{
    struct ranked *ranks;
    struct node **path[HEIGHT_MAX];
    uint32_t n = 0;

    if (list->fresh == NULL)
        return;
    ranks = err_malloc(2 * (size_t)list->fresh_n * sizeof(*ranks));
    for (struct node *node = list->fresh; node != NULL; node = node->fresh_next)
        ranks[n++] = ranked_of(&node->entry.key, PREFIX_BYTES);
    assert(n == list->fresh_n);
    ranked_sort(ranks, ranks + n, n);
    start_path(list, path);
    for (uint32_t i = 0; i < n; i++)
        link_in(path, node_of(ranks[i].key));
    free(ranks);
    list->fresh = NULL;
    list->fresh_n = 0;
}

/* The node that a lowest link belongs to. */
static struct node *owner_of(struct node **link)
{
    return (struct node *)(void *)((char *)link - offsetof(struct node, next));
}

/*
 * The last link of the list whose owner is below the key. The search begins where the last one
 * ended when that was below the key: walks go mostly upwards. Nodes that came in between change
 * nothing, for none ever goes.
 */
static struct node **descend(struct list *list, struct str key)
{
    struct node **path = *list->finger;

    settle(list);
    if (path == NULL || (path != &list->head[0] && str_cmp(owner_of(path)->entry.key, key) >= 0))
        start_path(list, list->finger);
    advance(list->finger, key);
    return list->finger[0];
}

static struct node *last_node(struct list *list)
{
    struct node **link = &list->head[HEIGHT_MAX - 1];

    settle(list);
    for (unsigned level = HEIGHT_MAX - 1;; level--, link--) {
        while (*link != NULL)
            link = &(*link)->next[level];
        if (level == 0)
            break;
    }
    return owner_of(link);
}

/* The first node of the list at this place; a list is never empty. */
static const struct overlay_entry *first_entry(const struct overlay *overlay, size_t place)
{
    if (place >= overlay->lists_n)
        return NULL;
    settle(overlay->lists[place].list);
    return &overlay->lists[place].list->head[0]->entry;
}

const struct overlay_entry *overlay_seek(const struct overlay *overlay, struct str key, bool after)
{
    uint64_t prefix = key_word(key, 0);
    size_t place = list_place(overlay, prefix);

    if (place >= overlay->lists_n || overlay->lists[place].prefix != prefix)
        return first_entry(overlay, place);
    const struct node *node = *descend(overlay->lists[place].list, key);
    if (after && node != NULL && str_eq(node->entry.key, key))
        node = node->next[0];
    return node != NULL ? &node->entry : first_entry(overlay, place + 1);
}

const struct overlay_entry *overlay_before(const struct overlay *overlay, struct str key)
{
    uint64_t prefix = key_word(key, 0);
    size_t place = list_place(overlay, prefix);

    if (place < overlay->lists_n && overlay->lists[place].prefix == prefix) {
        struct node **link = descend(overlay->lists[place].list, key);

        if (link != &overlay->lists[place].list->head[0])
            return &owner_of(link)->entry;
    }
    return place == 0 ? NULL : &last_node(overlay->lists[place - 1].list)->entry;
}

const struct overlay_entry *overlay_next(const struct overlay *overlay,
                                         const struct overlay_entry *entry)
{
    const struct node *node = (const struct node *)(const void *)entry;

    settle(node->list);
    if (node->next[0] != NULL)
        return &node->next[0]->entry;
    return first_entry(overlay, list_place(overlay, node->list->prefix) + 1);
}

const struct overlay_entry *overlay_written(const struct overlay *overlay)
{
    return overlay->written == NULL ? NULL : &overlay->written->entry;
}

const struct overlay_entry *overlay_written_next(const struct overlay_entry *entry)
{
    const struct node *node = (const struct node *)(const void *)entry;

    return node->written_next == NULL ? NULL : &node->written_next->entry;
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
