#include "capture_table.h"
#include <assert.h>

static struct capture_table *table_free(struct capture_table *table)
{
    for (uint16_t i = 0; i < table->columns_n; i++)
        free(table->names[i]);
    free(table->schema);
    free(table->name);
    free(table->topic);
    free(table->names);
    free(table->columns);
    free(table->identity);
    free(table->key);
    free(table->key_columns);
    free(table->key_row);
    free(table);
    return NULL;
}

/* Where the oid stands, or would stand. */
static size_t place(const struct capture_tables *tables, uint32_t oid)
{
    size_t low = 0, high = tables->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (tables->items[middle]->oid < oid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct capture_table *capture_tables_find(struct capture_tables *tables, uint32_t oid)
{
    if (tables->last >= tables->n || tables->items[tables->last]->oid != oid)
        tables->last = place(tables, oid);
    if (tables->last >= tables->n || tables->items[tables->last]->oid != oid)
        return NULL;
    return tables->items[tables->last];
}

void capture_tables_put(struct capture_tables *tables, struct capture_table *table)
{
    size_t at = place(tables, table->oid);

    if (at < tables->n && tables->items[at]->oid == table->oid) {
        table_free(tables->items[at]);
    } else {
        tables->items = err_realloc(tables->items, (tables->n + 1) * sizeof(void *));
        memmove(tables->items + at + 1, tables->items + at, (tables->n - at) * sizeof(void *));
        tables->n++;
    }
    tables->items[at] = table;
}

void capture_tables_done(struct capture_tables *tables)
{
    for (size_t i = 0; i < tables->n; i++)
        table_free(tables->items[i]);
    free(tables->items);
    *tables = (struct capture_tables){0};
}

static const struct capture_fact *find_fact(const struct capture_facts *facts, const char *name)
{
    for (uint16_t i = 0; i < facts->columns_n; i++) {
        if (str_eq_c(facts->columns[i].name, name))
            return &facts->columns[i];
    }
    return NULL;
}

/* The relation's columns; a domain's type is that of its base, which the catalogue knows. */
static void fill_columns(struct capture_table *table, const struct pgoutput_relation *relation,
                         const struct capture_facts *facts)
{
    for (uint16_t i = 0; i < table->columns_n; i++) {
        const struct pgoutput_column *column = &relation->columns[i];
        const struct capture_fact *fact = find_fact(facts, column->name);

        table->names[i] = err_strdup(column->name);
        table->columns[i] = (struct debezium_column){
            .name = table->names[i], .type_oid = column->type_oid, .typmod = column->typmod};
        table->identity[i] = column->identity;
        if (fact != NULL) {
            table->columns[i].type_oid = fact->type_oid;
            table->columns[i].typmod = fact->typmod;
        }
    }
}

static int find_column(const struct capture_table *table, struct str name)
{
    for (uint16_t i = 0; i < table->columns_n; i++) {
        if (str_eq_c(name, table->columns[i].name))
            return i;
    }
    return -1;
}

/* The key as the catalogue has it now. False when one of its columns is not in the relation (the
 * catalogue is younger than the change). */
static bool key_of_catalogue(struct capture_table *table, const struct capture_facts *facts)
{
    uint16_t n = 0;

    for (uint16_t i = 0; i < facts->columns_n; i++)
        n = (uint16_t)(n + (facts->columns[i].key_at > 0));
    if (n > table->columns_n)
        return false;
    for (uint16_t i = 0; i < facts->columns_n; i++) {
        const struct capture_fact *fact = &facts->columns[i];
        if (fact->key_at == 0)
            continue;
        int at = find_column(table, fact->name);
        if (at < 0 || fact->key_at > n)
            return false;
        table->key[fact->key_at - 1] = (uint16_t)at;
    }
    table->key_n = n;
    return true;
}

/* How many columns the message marks as the identity, and whether they are the key found. */
static uint16_t count_identity(const struct capture_table *table, bool *ret_same)
{
    uint16_t n = 0;

    *ret_same = true;
    for (uint16_t i = 0; i < table->columns_n; i++) {
        bool in_key = false;

        for (uint16_t k = 0; k < table->key_n; k++)
            in_key |= table->key[k] == i;
        n = (uint16_t)(n + table->identity[i]);
        *ret_same &= in_key == table->identity[i];
    }
    return n;
}

/*
 * With REPLICA IDENTITY DEFAULT or USING INDEX the message itself marks the key as it was when the
 * change was made; the catalogue then only gives the order. With FULL every column is marked, and
 * the catalogue decides.
 */
static bool choose_key(struct capture_table *table, const struct pgoutput_relation *relation,
                       const struct capture_facts *facts, struct err *reterr)
{
    bool known = key_of_catalogue(table, facts);
    bool same = false;
    uint16_t marked = 0;

    if (relation->identity == 'd' || relation->identity == 'i')
        marked = count_identity(table, &same);
    if (marked > 0 && !(known && same)) {
        table->key_n = 0;
        for (uint16_t i = 0; i < table->columns_n; i++) {
            if (table->identity[i])
                table->key[table->key_n++] = i;
        }
        known = true;
    }
    if (!known || table->key_n == 0)
        return err_stop(reterr, EX_CONFIG,
                        "the table \"%s\".\"%s\" has no key: ALTER TABLE \"%s\".\"%s\" ADD PRIMARY "
                        "KEY (...), or leave it out with --tables",
                        table->schema, table->name, table->schema, table->name);
    for (uint16_t k = 0; k < table->key_n; k++) {
        table->columns[table->key[k]].key = true;
        table->key_columns[k] = table->columns[table->key[k]];
    }
    return true;
}

bool capture_table_new(const struct pgoutput_relation *relation, const struct capture_facts *facts,
                       const char *topic, struct capture_table **ret, struct err *reterr)
{
    struct capture_table *table = err_calloc(1, sizeof(*table));
    size_t n = relation->columns_n;

    table->oid = relation->oid;
    table->wanted = facts->wanted;
    table->schema = err_strdup(relation->schema);
    table->name = err_strdup(relation->table);
    table->topic = err_strdup(topic);
    table->columns_n = relation->columns_n;
    table->names = err_calloc(n + 1, sizeof(void *));
    table->columns = err_calloc(n + 1, sizeof(*table->columns));
    table->identity = err_calloc(n + 1, sizeof(*table->identity));
    table->key = err_calloc(n + 1, sizeof(*table->key));
    table->key_columns = err_calloc(n + 1, sizeof(*table->key_columns));
    table->key_row = err_calloc(n + 1, sizeof(*table->key_row));
    fill_columns(table, relation, facts);
    if (table->wanted && !choose_key(table, relation, facts, reterr)) {
        table_free(table);
        return false;
    }
    *ret = table;
    return true;
}
