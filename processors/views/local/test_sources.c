#include "local/test_sources.h"

#include "base/err.h"
#include "record/key.h"
#include <stdlib.h>

struct held {
    const struct row **rows;
    size_t n, cap;
};

struct test_sources {
    const struct plan *plan;
    struct held *held; /* by source */
    struct buf key, other_key;
};

struct test_sources *test_sources_new(const struct plan *plan)
{
    struct test_sources *sources = err_calloc(1, sizeof(*sources));

    sources->plan = plan;
    sources->held = err_calloc(plan->sources_n, sizeof(*sources->held));
    return sources;
}

static void free_row(const struct row *row)
{
    void *memory;

    memcpy(&memory, &row, sizeof(memory)); /* it was made here */
    free(memory);
}

struct test_sources *test_sources_free(struct test_sources *sources)
{
    if (sources == NULL)
        return NULL;
    for (uint32_t i = 0; i < sources->plan->sources_n; i++) {
        test_sources_empty(sources, i);
        free(sources->held[i].rows);
    }
    free(sources->held);
    buf_done(&sources->key);
    buf_done(&sources->other_key);
    free(sources);
    return NULL;
}

/* The place of the row with that key; held->n: there is none. */
static size_t find(struct test_sources *sources, uint32_t source, const struct row *row)
{
    const struct schema *schema = &sources->plan->sources[source].schema;
    const struct held *held = &sources->held[source];
    size_t i = 0;

    buf_clear(&sources->key);
    key_append_key(&sources->key, schema, row);
    for (; i < held->n; i++) {
        buf_clear(&sources->other_key);
        key_append_key(&sources->other_key, schema, held->rows[i]);
        if (str_eq(buf_str(&sources->key), buf_str(&sources->other_key)))
            break;
    }
    return i;
}

bool test_sources_add(struct test_sources *sources, uint32_t source, const struct row *row)
{
    struct held *held = &sources->held[source];

    if (find(sources, source, row) < held->n)
        return false;
    if (held->n == held->cap) {
        held->cap = held->cap * 2 + 16;
        held->rows = err_realloc(held->rows, held->cap * sizeof(void *));
    }
    struct row *copy = err_malloc(row->len);
    memcpy(copy, row, row->len);
    held->rows[held->n++] = copy;
    return true;
}

bool test_sources_remove(struct test_sources *sources, uint32_t source, const struct row *row)
{
    struct held *held = &sources->held[source];
    size_t i = find(sources, source, row);

    if (i == held->n)
        return false;
    free_row(held->rows[i]);
    held->rows[i] = held->rows[--held->n];
    return true;
}

void test_sources_empty(struct test_sources *sources, uint32_t source)
{
    struct held *held = &sources->held[source];

    for (size_t i = 0; i < held->n; i++)
        free_row(held->rows[i]);
    held->n = 0;
}

const struct row *const *test_sources_rows(const struct test_sources *sources, uint32_t source,
                                           size_t *ret_n)
{
    *ret_n = sources->held[source].n;
    return sources->held[source].rows;
}
