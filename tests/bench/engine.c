/*
 * The engine alone: acme-like changes, already decoded, straight into engine_step over the memory
 * store, through all views of schemas/acme/pipeline.sql. Beside it, over the same rows, what
 * nothing can beat: copying each row, and putting each row into a hash table by its key.
 *
 *   bench_engine [changes] [changes a step]
 */
#include "ops/engine.h"
#include "ops/store_memory.h"
#include "record/numeric.h"
#include "sql/pipeline.h"

#include <time.h>

enum { CHANGES_DEFAULT = 1000000, STEP_DEFAULT = 20000, CUSTOMERS = 20, PRODUCTS = 28 };

/* The changes in the making. An order comes with ten lines, changes its status three times; lines
 * are corrected, and some are deleted. */
struct load {
    const struct plan *plan;
    uint32_t customers, products, orders, items; /* sources */
    struct arena *arena;
    struct row_builder builder;
    struct engine_event *events;
    uint32_t n;
    uint64_t random, lsn;
    int64_t order, item;
    int64_t now_us;
};

static uint32_t pick(struct load *load, uint32_t n)
{
    load->random = load->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(load->random >> 33) % n;
}

static uint32_t source_of(const struct plan *plan, const char *name)
{
    for (uint32_t i = 0; i < plan->sources_n; i++) {
        if (strcmp(plan->sources[i].name, name) == 0)
            return i;
    }
    fprintf(stderr, "no source %s\n", name);
    exit(EX_DATAERR);
}

static void begin_row(struct load *load, uint32_t source)
{
    row_begin(&load->builder, load->plan->sources[source].schema.columns_n);
}

static void set(struct load *load, uint32_t source, const char *column, int64_t slot)
{
    int i = schema_find(&load->plan->sources[source].schema, str_of(column));

    assert(i >= 0);
    row_set_slot(&load->builder, (uint16_t)i, slot);
}

static void set_text(struct load *load, uint32_t source, const char *column, const char *text)
{
    int i = schema_find(&load->plan->sources[source].schema, str_of(column));

    assert(i >= 0);
    row_set_bytes(&load->builder, (uint16_t)i, str_of(text));
}

static void end_row(struct load *load, uint32_t source, char op)
{
    set(load, source, "updated_at", load->now_us += 1000);
    set(load, source, "created_at", load->now_us);
    set(load, source, "created_by", 1);
    const struct row *row = row_finish(&load->builder, load->arena);
    load->events[load->n++] = (struct engine_event){
        source, op, op == 'd' ? NULL : row, op == 'd' ? row : NULL, {++load->lsn, 1}};
}

static void change_customer(struct load *load, int64_t id)
{
    char name[32];

    snprintf(name, sizeof(name), "Customer %lld", (long long)id);
    begin_row(load, load->customers);
    set(load, load->customers, "customer_id", id);
    set_text(load, load->customers, "customer_name", name);
    set_text(load, load->customers, "customer_address", "221B Baker Street, London");
    set(load, load->customers, "is_active", pick(load, 10) > 0);
    end_row(load, load->customers, 'u');
}

static void change_product(struct load *load, int64_t id)
{
    char name[32];
    int i = schema_find(&load->plan->sources[load->products].schema, STR("unity_price"));

    snprintf(name, sizeof(name), "Product %lld", (long long)id);
    begin_row(load, load->products);
    set(load, load->products, "product_id", id);
    set_text(load, load->products, "product_name", name);
    set_text(load, load->products, "barcode", "4006381333931");
    row_set_bytes(&load->builder, (uint16_t)i, numeric_from_i64(load->arena, 1 + pick(load, 1000)));
    set(load, load->products, "is_active", 1);
    end_row(load, load->products, 'u');
}

static void change_order(struct load *load, int64_t id, char op, const char *status)
{
    begin_row(load, load->orders);
    set(load, load->orders, "order_id", id);
    set(load, load->orders, "order_date", 9000 + id / 500);
    set(load, load->orders, "delivery_date", 9010 + id / 500);
    set(load, load->orders, "customer_id", 1 + id * 7 % CUSTOMERS);
    set_text(load, load->orders, "status", status);
    end_row(load, load->orders, op);
}

static void change_item(struct load *load, int64_t id, int64_t order, char op)
{
    begin_row(load, load->items);
    set(load, load->items, "order_item_id", id);
    set(load, load->items, "order_id", order);
    set(load, load->items, "product_id", 1 + id * 5 % PRODUCTS);
    set(load, load->items, "quanity", pick(load, 1000));
    end_row(load, load->items, op);
}

/* Eighteen changes, about one order's worth. */
static void change_some(struct load *load)
{
    static const char *const statuses[] = {"PENDING", "PROCESSING", "REPROCESSING", "COMPLETED",
                                           "COMPLETED"};
    int64_t order = ++load->order;

    change_order(load, order, 'c', "PENDING");
    for (int i = 0; i < 10; i++)
        change_item(load, ++load->item, order, 'c');
    for (int i = 0; i < 3; i++)
        change_order(load, 1 + pick(load, (uint32_t)order), 'u', statuses[pick(load, 5)]);
    for (int i = 0; i < 2; i++) {
        int64_t item = 1 + pick(load, (uint32_t)load->item);

        change_item(load, item, (item + 9) / 10, 'u');
    }
    int64_t gone = 1 + pick(load, (uint32_t)load->item);
    change_item(load, gone, (gone + 9) / 10, 'd');
    if (pick(load, 20) == 0)
        change_product(load, 1 + pick(load, PRODUCTS));
    else
        change_customer(load, 1 + pick(load, CUSTOMERS));
}

static int64_t cpu_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void print_speed(const char *what, uint64_t n, int64_t ns)
{
    printf("%-28s %10.0f changes/s a core  %7.3f us a change\n", what, (double)n * 1e9 / (double)ns,
           (double)ns / 1e3 / (double)n);
}

/* The limits, over one step's events. */
static int64_t copy_rows(const struct load *load, struct arena *arena)
{
    int64_t from = cpu_ns();

    for (uint32_t i = 0; i < load->n; i++) {
        const struct engine_event *event = &load->events[i];

        row_copy(arena, event->after != NULL ? event->after : event->key);
    }
    return cpu_ns() - from;
}

static int64_t put_rows(const struct load *load, struct store_memory *memory, struct buf *key)
{
    int64_t from = cpu_ns();

    for (uint32_t i = 0; i < load->n; i++) {
        const struct engine_event *event = &load->events[i];
        const struct row *row = event->after != NULL ? event->after : event->key;

        buf_clear(key);
        buf_be(key, event->source, 8);
        key_append_key(key, &load->plan->sources[event->source].schema, row);
        store_put(&memory->store, buf_str(key), row_str(row));
    }
    return cpu_ns() - from;
}

static const struct plan *read_plan(struct arena *arena)
{
    struct buf text = {0};
    const struct plan *plan;
    struct err err;
    char part[4096];
    size_t n;

    FILE *file = fopen(SOURCE_DIR "/schemas/acme/pipeline.sql", "r");
    if (file == NULL) {
        perror(SOURCE_DIR "/schemas/acme/pipeline.sql");
        exit(EX_NOINPUT);
    }
    while ((n = fread(part, 1, sizeof(part), file)) > 0)
        buf_append(&text, part, n);
    fclose(file);
    if (!pipeline_plan(arena, "pipeline.sql", arena_copy(arena, buf_str(&text)), "acme", &plan,
                       &err)) {
        fprintf(stderr, "%s\n", err.text);
        exit(EX_DATAERR);
    }
    buf_done(&text);
    return plan;
}

struct totals {
    uint64_t changes, out, steps;
    int64_t engine_ns, copy_ns, put_ns;
};

static void run_step(struct load *load, struct engine *engine, struct store_memory *limit,
                     struct arena *arena, struct totals *totals)
{
    struct engine_output output;
    struct err err;
    struct buf key = {0};

    arena_reset(arena);
    totals->copy_ns += copy_rows(load, arena);
    totals->put_ns += put_rows(load, limit, &key);
    store_memory_commit(limit);
    arena_reset(arena);
    int64_t from = cpu_ns();
    if (!engine_step(engine, load->events, load->n, arena, &output, &err)) {
        fprintf(stderr, "%s\n", err.text);
        exit(EX_SOFTWARE);
    }
    totals->engine_ns += cpu_ns() - from;
    totals->changes += load->n;
    totals->out += output.changes_n;
    totals->steps++;
    buf_done(&key);
}

int main(int argc, char **argv)
{
    uint64_t changes = argc > 1 ? strtoull(argv[1], NULL, 10) : CHANGES_DEFAULT;
    uint32_t step = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : STEP_DEFAULT;
    struct arena *plan_arena = arena_new(SIZE_MAX), *arena = arena_new(SIZE_MAX);
    struct store_memory *memory = store_memory_new(), *limit = store_memory_new();
    struct load load = {.plan = read_plan(plan_arena), .arena = arena_new(SIZE_MAX), .random = 1};
    struct totals totals = {0};
    struct engine *engine;
    struct err err;

    load.customers = source_of(load.plan, "bronze.customers");
    load.products = source_of(load.plan, "bronze.products");
    load.orders = source_of(load.plan, "bronze.orders");
    load.items = source_of(load.plan, "bronze.order_items");
    load.events = err_malloc((step + 100) * sizeof(*load.events));
    if (!engine_new(load.plan, &memory->store, &engine, &err))
        return EX_SOFTWARE;
    for (int64_t id = 1; id <= CUSTOMERS; id++)
        change_customer(&load, id);
    for (int64_t id = 1; id <= PRODUCTS; id++)
        change_product(&load, id);
    while (totals.changes < changes) {
        while (load.n < step)
            change_some(&load);
        run_step(&load, engine, limit, arena, &totals);
        store_memory_commit(memory);
        load.n = 0;
        arena_reset(load.arena);
    }
    printf(
        "%llu changes in %llu steps, %llu changes out, %u operators, %u views, %zu entries held\n",
        (unsigned long long)totals.changes, (unsigned long long)totals.steps,
        (unsigned long long)totals.out, load.plan->nodes_n, load.plan->views_n,
        store_memory_count(memory));
    print_speed("engine", totals.changes, totals.engine_ns);
    print_speed("limit: copy the row", totals.changes, totals.copy_ns);
    print_speed("limit: put the row by key", totals.changes, totals.put_ns);
    return 0;
}
