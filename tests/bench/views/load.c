#include "load.h"

#include <stdlib.h>

#define THERE (UINT32_C(1) << 31)
static const uint64_t first_ms = 1763683200000;

uint64_t mixed(uint64_t id, uint64_t version, uint64_t salt, uint64_t n)
{
    uint64_t x = id * UINT64_C(0x9E3779B97F4A7C15) + version * UINT64_C(0xD1B54A32D192ED03) + salt;

    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (x ^ (x >> 31)) % n;
}

void load_start(struct load *load, const struct workload *workload)
{
    *load = (struct load){.workload = workload, .random = 1, .lsn = 24000000};
}

void load_done(struct load *load)
{
    for (size_t i = 0; i < TABLES_MAX; i++)
        free(load->tables[i].versions);
    free(load->records);
    buf_done(&load->bytes);
}

void load_clear(struct load *load)
{
    load->n = 0;
    buf_clear(&load->bytes);
}

static uint64_t pick(struct load *load, uint64_t n)
{
    return mixed(load->random++, 0, 77, n);
}

/* The source block, as our own capture writes it or as short as other generators do. */
static void put_source(struct load *load, const struct table_kind *kind, uint64_t ms)
{
    unsigned long long lsn = load->lsn;

    if (!kind->whole) {
        buf_printf(&load->bytes,
                   "\"source\":{\"db\":\"shop\",\"table\":\"%s\",\"lsn\":%llu,\"ts_ms\":%llu}",
                   strchr(kind->name, '.') + 1, lsn, (unsigned long long)ms);
        return;
    }
    buf_printf(&load->bytes,
               "\"source\":{\"version\":\"1.0.0\",\"connector\":\"postgresql\",\"name\":\"finance_"
               "db\",\"ts_ms\":%llu,\"snapshot\":\"false\",\"db\":\"finance\",\"sequence\":\"[\\\"%"
               "llu\\\",\\\"%llu\\\"]\",\"ts_us\":%llu000,\"ts_ns\":%llu000000,\"schema\":"
               "\"operations\",\"table\":\"%s\",\"txId\":%llu,\"lsn\":%llu,\"xmin\":null,"
               "\"origin\":null,\"origin_lsn\":null},\"transaction\":null",
               (unsigned long long)ms, lsn - 40, lsn, (unsigned long long)ms,
               (unsigned long long)ms, strchr(kind->name, '.') + 1, lsn / 300, lsn);
}

static struct load_record *new_record(struct load *load, uint32_t table)
{
    if (load->n == load->cap) {
        load->cap = load->cap == 0 ? 1024 : load->cap * 2;
        load->records = err_realloc(load->records, load->cap * sizeof(*load->records));
    }
    struct load_record *record = &load->records[load->n++];
    *record = (struct load_record){.table = table, .key = load->bytes.len};
    return record;
}

/* What follows a deletion in a compacted topic. */
static void put_tombstone(struct load *load, uint32_t table, uint64_t id)
{
    struct load_record *record = new_record(load, table);

    load->workload->tables[table].kind->key(&load->bytes, id);
    record->value = record->end = load->bytes.len;
}

static void put_record(struct load *load, uint32_t table, uint64_t id, uint32_t was, uint32_t is)
{
    const struct table_kind *kind = load->workload->tables[table].kind;
    uint64_t ms = first_ms + load->lsn / 3000;
    struct buf *out = &load->bytes;
    struct load_record *record = new_record(load, table);

    load->lsn += 96 + pick(load, 200);
    kind->key(out, id);
    record->value = out->len; /* no record is made while this one is written */
    buf_puts(out, "{\"before\":");
    if (was != 0 && (kind->before || kind->whole))
        kind->row(out, id, was);
    else if (is == 0)
        kind->key(out, id);
    else
        buf_puts(out, "null");
    buf_puts(out, ",\"after\":");
    if (is != 0)
        kind->row(out, id, is);
    else
        buf_puts(out, "null");
    buf_char(out, ',');
    put_source(load, kind, ms);
    buf_printf(out, ",\"op\":\"%c\",\"ts_ms\":%llu",
               was == 0  ? 'c'
               : is == 0 ? 'd'
                         : 'u',
               (unsigned long long)ms + 37);
    if (kind->whole)
        buf_printf(out, ",\"ts_us\":%llu037,\"ts_ns\":%llu037000", (unsigned long long)ms,
                   (unsigned long long)ms);
    buf_char(out, '}');
    record->end = out->len;
    if (is == 0)
        put_tombstone(load, table, id);
}

void load_create(struct load *load, uint32_t table)
{
    struct load_table *held = &load->tables[table];

    if (held->next == held->cap) {
        held->cap = held->cap == 0 ? 1024 : held->cap * 2;
        held->versions = err_realloc(held->versions, held->cap * sizeof(*held->versions));
    }
    held->versions[held->next] = 1U | THERE;
    put_record(load, table, held->next++, 0, 1);
    load->live++;
}

static uint32_t pick_table(struct load *load)
{
    uint64_t at = pick(load, 100);
    uint32_t table = 0;

    while (table + 1 < TABLES_MAX && at >= load->workload->tables[table].percent)
        at -= load->workload->tables[table++].percent;
    return table;
}

void load_change(struct load *load)
{
    uint32_t table = pick_table(load);
    struct load_table *held = &load->tables[table];
    uint64_t draw = pick(load, 100);

    if (draw < load->workload->creates || held->next == 0) {
        load_create(load, table);
        return;
    }
    uint64_t id = pick(load, held->next);
    uint32_t version = held->versions[id] & ~THERE;
    bool there = held->versions[id] & THERE;
    if (there && draw >= 100 - load->workload->deletes) {
        held->versions[id] = version;
        put_record(load, table, id, version, 0);
        load->live--;
        return;
    }
    held->versions[id] = (version + 1) | THERE;
    put_record(load, table, id, there ? version : 0, version + 1);
    load->live += !there;
}

static struct str between(const struct load *load, size_t from, size_t to)
{
    return (struct str){load->bytes.at + from, to - from};
}

struct str load_key(const struct load *load, uint32_t i)
{
    return between(load, load->records[i].key, load->records[i].value);
}

struct str load_value(const struct load *load, uint32_t i)
{
    const struct load_record *record = &load->records[i];

    return record->end == record->value ? STR_NONE : between(load, record->value, record->end);
}

bool load_row(const struct load *load, uint32_t table, uint64_t id, struct buf *out)
{
    uint32_t version = load->tables[table].versions[id];

    if (!(version & THERE))
        return false;
    load->workload->tables[table].kind->row(out, id, version & ~THERE);
    return true;
}
