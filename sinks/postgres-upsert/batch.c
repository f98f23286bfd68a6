#include "batch.h"

#include "base/buf.h"
#include "base/hash.h"
#include "decode.h"
#include "params.h"
#include <assert.h>

enum { ARENA_BYTES = 64 << 20 };

struct batch *batch_new(const struct target_table *tables, uint32_t max)
{
    struct batch *batch = err_calloc(1, sizeof(*batch));
    uint32_t slots = 16;

    while (slots < max * 2)
        slots *= 2;
    batch->tables = tables;
    batch->arena = arena_new(ARENA_BYTES);
    batch->max = max;
    batch->entries = err_calloc(max, sizeof(*batch->entries));
    batch->order = err_calloc(max, sizeof(*batch->order));
    batch->slots = err_calloc(slots, sizeof(*batch->slots));
    batch->slots_mask = slots - 1;
    return batch;
}

struct batch *batch_free(struct batch *batch)
{
    if (batch == NULL)
        return NULL;
    arena_free(batch->arena);
    free(batch->entries);
    free(batch->order);
    free(batch->slots);
    free(batch);
    return NULL;
}

void batch_clear(struct batch *batch)
{
    if (batch->entries_n > 0)
        memset(batch->slots, 0, (batch->slots_mask + (size_t)1) * sizeof(*batch->slots));
    batch->entries_n = batch->order_n = 0;
    arena_reset(batch->arena);
}

/* The slot of this key: empty, or that of its last entry. */
static uint32_t *find_slot(struct batch *batch, uint32_t table, struct str key)
{
    uint32_t at = (uint32_t)hash64(key.at, key.len) + table * 0x9E3779B9U;

    for (;; at++) {
        uint32_t *slot = &batch->slots[at & batch->slots_mask];
        const struct batch_entry *entry = *slot == 0 ? NULL : &batch->entries[*slot - 1];

        if (entry == NULL || (entry->table == table && str_eq(entry->key, key)))
            return slot;
    }
}

/* The first eight bytes of the first key column, so that most comparisons are of two numbers. An
 * integer's sign bit is turned, which puts negative ones first. */
static uint64_t rank_of(const struct target_table *table, const struct str *fields)
{
    uint64_t rank = 0;

    if (table->key_n == 0 || fields[table->key[0]].at == NULL)
        return UINT64_MAX;
    struct str first = fields[table->key[0]];
    for (size_t i = 0; i < sizeof(rank); i++)
        rank = rank << 8 | (i < first.len ? (unsigned char)first.at[i] : 0);
    return table->columns[table->key[0]].wire == WIRE_TEXT ? rank : rank ^ UINT64_C(1) << 63;
}

static bool has_null(const struct target_table *table, const struct str *fields)
{
    for (uint32_t i = 0; i < table->key_n; i++)
        if (fields[table->key[i]].at == NULL)
            return true;
    return false;
}

bool batch_add(struct batch *batch, uint32_t table, struct str key, struct str value, uint32_t tag,
               struct err *reterr)
{
    const struct target_table *target = &batch->tables[table];
    struct str *fields = NULL;

    assert(batch->entries_n < batch->max);
    if (!decode_record(target, key, value, batch->arena, &fields, reterr))
        return false;
    uint32_t *slot = find_slot(batch, table, key);
    batch->entries[batch->entries_n] = (struct batch_entry){
        .table = table,
        .previous = *slot == 0 ? BATCH_NONE : *slot - 1,
        .tag = tag,
        .tombstone = value.at == NULL,
        .key_has_null = target->key_nullable && has_null(target, fields),
        .key = key,
        .fields = fields,
        .rank = rank_of(target, fields),
    };
    *slot = ++batch->entries_n;
    return true;
}

void batch_set_time(struct batch *batch, struct str time)
{
    const struct batch_entry *entry = &batch->entries[batch->entries_n - 1];
    uint32_t column = batch->tables[entry->table].time_column;

    if (!entry->tombstone && entry->fields[column].at == NULL)
        entry->fields[column] = time;
}

/* What is sorted: small, and seldom in need of a look at the entry. */
struct place {
    uint64_t rank;
    uint32_t table, entry;
    struct str key;
};

static int place_order(const void *a, const void *b)
{
    const struct place *left = a;
    const struct place *right = b;

    if (left->table != right->table)
        return left->table < right->table ? -1 : 1;
    if (left->rank != right->rank)
        return left->rank < right->rank ? -1 : 1;
    return str_cmp(left->key, right->key);
}

void batch_seal(struct batch *batch)
{
    struct arena_mark mark = arena_mark(batch->arena);
    struct place *places = arena_alloc(batch->arena, batch->entries_n * sizeof(*places));
    uint32_t n = 0;

    for (uint32_t i = 0; i <= batch->slots_mask && batch->entries_n > 0; i++) {
        if (batch->slots[i] == 0)
            continue;
        uint32_t entry = batch->slots[i] - 1;
        places[n++] = (struct place){batch->entries[entry].rank, batch->entries[entry].table, entry,
                                     batch->entries[entry].key};
    }
    qsort(places, n, sizeof(*places), place_order);
    for (uint32_t i = 0; i < n; i++)
        batch->order[i] = places[i].entry;
    batch->order_n = n;
    arena_rewind(batch->arena, mark);
}

void batch_count(const struct batch *batch, int64_t *ret_upserts, int64_t *ret_deletes)
{
    int64_t deletes = 0;

    for (uint32_t i = 0; i < batch->order_n; i++)
        deletes += batch->entries[batch->order[i]].tombstone ? 1 : 0;
    *ret_deletes = deletes;
    *ret_upserts = batch->order_n - deletes;
}

/* ---- statements ---- */

enum group { GROUP_DELETE, GROUP_DELETE_NULL, GROUP_UPSERT, GROUP_SEEN, GROUPS };

static bool in_group(const struct batch_entry *entry, enum group group)
{
    switch (group) {
    case GROUP_DELETE:
        return entry->tombstone && !entry->key_has_null;
    case GROUP_DELETE_NULL:
        return entry->tombstone && entry->key_has_null;
    default:
        return !entry->tombstone;
    }
}

/* The rows of order[from, to) that belong to the group, as views. */
static uint32_t collect(const struct batch *batch, uint32_t from, uint32_t to, enum group group,
                        struct row_view *rows)
{
    uint32_t n = 0;

    for (uint32_t i = from; i < to; i++) {
        const struct batch_entry *entry = &batch->entries[batch->order[i]];

        if (in_group(entry, group))
            rows[n++].fields = entry->fields;
    }
    return n;
}

static struct pg_statement make_statement(struct batch *batch, const struct target_table *table,
                                          enum group group, const struct row_view *rows,
                                          uint32_t rows_n)
{
    const char *names[] = {table->delete_name, table->delete_null_name, table->upsert_name,
                           table->seen_name};
    const char *texts[] = {table->delete_sql, table->delete_null_sql, table->upsert_sql,
                           table->seen_sql};
    bool whole = group == GROUP_UPSERT;
    uint32_t n = whole ? table->columns_n : table->key_n;
    struct params *params = params_new(batch->arena, n);

    for (uint32_t i = 0; i < n; i++) {
        uint32_t column = whole ? i : table->key[i];

        params_add_array(params, table->columns[column].wire, rows, rows_n, column);
    }
    return params_statement(params, names[group], texts[group]);
}

struct pg_statement *batch_statements(struct batch *batch, uint32_t from, uint32_t to, bool resync,
                                      int *ret_n)
{
    struct row_view *rows = arena_alloc(batch->arena, (to - from) * sizeof(*rows));
    uint32_t tables_most = from < to ? batch->entries[batch->order[to - 1]].table -
                                           batch->entries[batch->order[from]].table + 1
                                     : 0;
    struct pg_statement *statements =
        arena_alloc(batch->arena, (size_t)tables_most * GROUPS * sizeof(*statements));
    int n = 0;

    for (uint32_t end = from; from < to; from = end) {
        uint32_t table = batch->entries[batch->order[from]].table;

        while (end < to && batch->entries[batch->order[end]].table == table)
            end++;
        for (enum group group = GROUP_DELETE; group < (resync ? GROUPS : GROUP_SEEN); group++) {
            uint32_t rows_n = collect(batch, from, end, group, rows);

            if (rows_n > 0)
                statements[n++] = make_statement(batch, &batch->tables[table], group, rows, rows_n);
        }
    }
    *ret_n = n;
    return statements;
}
