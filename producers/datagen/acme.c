#include "acme.h"

#include "base/err.h"
#include <stdlib.h>
#include <time.h>

enum {
    CUSTOMERS = 20,
    PRODUCTS = 28,
    QUANTITIES = 1000,
    ITEMS_A_TRANSACTION = 5,
    DELIVERY_DAYS = 10,
    STEP_US = 137000,       /* between stamps */
    KEY_SHIFT = 1000000000, /* a changed key is the old one and this */
    CUSTOMER_CHANGES = 4,   /* of 100 transactions that change something */
    PRODUCT_CHANGES = 8,    /* the next bounds are running sums */
    REASSIGNMENTS = 16,
    ORDER_KEYS = 18,
    ORDER_DELETES = 20,
    QUANTITY_CHANGES = 45,
    ITEM_KEYS = 48,
    ITEM_DELETES = 55
};

static const char *const customer_names[CUSTOMERS] = {
    "Alder Arrivals", "Birch Boxes",     "Cedar Carriage", "Dogwood Depot",  "Elm Express",
    "Fir Forwarding", "Ginkgo Goods",    "Hazel Haulage",  "Ivy Imports",    "Juniper Junction",
    "Kapok Kiosk",    "Larch Logistics", "Maple Movers",   "Nutmeg Network", "Oak Orders",
    "Pine Parcels",   "Quince Quays",    "Rowan Routes",   "Spruce Supply",  "Tamarack Trucks"};
static const char *const product_names[PRODUCTS] = {
    "Anvil",  "Bolt",    "Cable",     "Dowel",   "Easel",   "Funnel",  "Gasket",
    "Hinge",  "Inkwell", "Jack",      "Kettle",  "Lantern", "Mallet",  "Nail",
    "Oilcan", "Pulley",  "Quill",     "Ratchet", "Spanner", "Trowel",  "Urn",
    "Valve",  "Winch",   "Xylophone", "Yoke",    "Zipper",  "Bracket", "Clamp"};
static const char *const later_statuses[] = {"PROCESSING", "COMPLETED", "REPROCESSING", "PENDING"};

static const struct {
    const char *sql;
    int parameters;
} statements[ACME_KINDS] = {
    [ACME_CUSTOMER_UPSERT] = {"INSERT INTO operations.customers (customer_id, customer_name, "
                              "is_active, customer_address, updated_at, created_at) "
                              "VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (customer_id) DO UPDATE "
                              "SET customer_name = EXCLUDED.customer_name, "
                              "is_active = EXCLUDED.is_active, customer_address = "
                              "EXCLUDED.customer_address, updated_at = EXCLUDED.updated_at",
                              5},
    [ACME_PRODUCT_UPSERT] = {"INSERT INTO operations.products (product_id, product_name, barcode, "
                             "unity_price, is_active, updated_at, created_at) "
                             "VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT (product_id) DO "
                             "UPDATE SET product_name = EXCLUDED.product_name, "
                             "unity_price = EXCLUDED.unity_price, is_active = EXCLUDED.is_active, "
                             "updated_at = EXCLUDED.updated_at",
                             6},
    [ACME_ORDER_INSERT] = {"INSERT INTO operations.orders (order_id, order_date, delivery_date, "
                           "customer_id, status, updated_at, created_at) "
                           "VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT DO NOTHING",
                           6},
    [ACME_ORDER_STATUS] =
        {"UPDATE operations.orders SET status = $2, updated_at = $3 WHERE order_id = $1", 3},
    [ACME_ORDER_CUSTOMER] =
        {"UPDATE operations.orders SET customer_id = $2, updated_at = $3 WHERE order_id = $1", 3},
    [ACME_ORDER_KEY] = {"UPDATE operations.orders SET order_id = $2 WHERE order_id = $1", 2},
    [ACME_ORDER_DELETE] = {"DELETE FROM operations.orders WHERE order_id = $1", 1},
    [ACME_ITEM_INSERT] = {"INSERT INTO operations.order_items (order_item_id, order_id, "
                          "product_id, quanity, updated_at, created_at) "
                          "VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT DO NOTHING",
                          5},
    [ACME_ITEM_QUANTITY] =
        {"UPDATE operations.order_items SET quanity = $2, updated_at = $3 WHERE order_item_id = $1",
         3},
    [ACME_ITEM_KEY] =
        {"UPDATE operations.order_items SET order_item_id = $2 WHERE order_item_id = $1", 2},
    [ACME_ITEM_DELETE] = {"DELETE FROM operations.order_items WHERE order_item_id = $1", 1},
};

/* Ids that are alive, in no order: picked at random, removed by moving the last one up. */
struct alive {
    int64_t *ids;
    uint32_t n, cap;
};

struct acme {
    struct acme_config config;
    struct random random;
    struct alive orders, items;
    int64_t next_order, next_item, now_us;
    int64_t open_order;     /* gets the next items */
    uint32_t items_to_come; /* of the open order */
    uint32_t introduced;    /* customers and products written once */
};

/* What is being written: a transaction and the arena of its values. */
struct writing {
    struct acme *acme;
    struct arena *arena;
    struct acme_transaction *transaction;
};

const char *acme_sql(enum acme_statement_kind kind, int *ret_parameters)
{
    *ret_parameters = statements[kind].parameters;
    return statements[kind].sql;
}

static void alive_add(struct alive *alive, int64_t id)
{
    if (alive->n == alive->cap) {
        alive->cap = alive->cap == 0 ? 1024 : alive->cap * 2;
        alive->ids = err_realloc(alive->ids, alive->cap * sizeof(*alive->ids));
    }
    alive->ids[alive->n++] = id;
}

static void alive_remove(struct alive *alive, uint32_t at)
{
    alive->ids[at] = alive->ids[--alive->n];
}

struct acme *acme_new(const struct acme_config *config)
{
    struct acme *acme = err_calloc(1, sizeof(*acme));

    acme->config = *config;
    acme->random.state = config->seed;
    acme->now_us = config->start_unix_us;
    acme->next_order = acme->next_item = 1;
    return acme;
}

struct acme *acme_free(struct acme *acme)
{
    if (acme == NULL)
        return NULL;
    free(acme->orders.ids);
    free(acme->items.ids);
    free(acme);
    return NULL;
}

void acme_know_order(struct acme *acme, int64_t id)
{
    alive_add(&acme->orders, id);
    if (id < KEY_SHIFT && id >= acme->next_order)
        acme->next_order = id + 1;
}

void acme_know_item(struct acme *acme, int64_t id)
{
    alive_add(&acme->items, id);
    if (id < KEY_SHIFT && id >= acme->next_item)
        acme->next_item = id + 1;
}

static const char *number(struct writing *w, int64_t n)
{
    return arena_printf(w->arena, "%lld", (long long)n);
}

static const char *formatted_time(struct writing *w, int64_t unix_us, const char *format)
{
    time_t seconds = (time_t)(unix_us / 1000000);
    char text[40];
    struct tm utc;

    gmtime_r(&seconds, &utc);
    strftime(text, sizeof(text), format, &utc);
    return arena_printf(w->arena, "%s", text);
}

static const char *stamp(struct writing *w)
{
    return arena_printf(w->arena, "%s.%03d",
                        formatted_time(w, w->acme->now_us, "%Y-%m-%d %H:%M:%S"),
                        (int)(w->acme->now_us / 1000 % 1000));
}

static const char *date(struct writing *w, int days_on)
{
    return formatted_time(w, w->acme->now_us + days_on * INT64_C(86400000000), "%Y-%m-%d");
}

/* Appends a statement; the caller fills its values. */
static const char **add(struct writing *w, enum acme_statement_kind kind)
{
    struct acme_statement *statement = &w->transaction->statements[w->transaction->n++];

    memset(statement, 0, sizeof(*statement));
    statement->kind = kind;
    return statement->values;
}

static uint32_t dice(struct writing *w, uint32_t n)
{
    return random_below(&w->acme->random, n);
}

static void write_customer(struct writing *w, uint32_t i)
{
    const char **values = add(w, ACME_CUSTOMER_UPSERT);

    values[0] = number(w, i + 1);
    values[1] = dice(w, 4) == 0
                    ? arena_printf(w->arena, "%s & Co. \xC3\xA9%u", customer_names[i], dice(w, 9))
                    : customer_names[i];
    values[2] = dice(w, 10) == 0 ? "false" : "true";
    values[3] = arena_printf(w->arena, "%u \"Mill\" Lane, Port O'%u", dice(w, 400), dice(w, 4));
    values[4] = stamp(w);
}

static void write_product(struct writing *w, uint32_t i)
{
    const char **values = add(w, ACME_PRODUCT_UPSERT);

    values[0] = number(w, i + 1);
    values[1] = dice(w, 6) == 0 ? arena_printf(w->arena, "%s <%u>", product_names[i], dice(w, 9))
                                : product_names[i];
    values[2] = arena_printf(w->arena, "%013u", 100000 + i);
    values[3] = arena_printf(w->arena, "%u.%0*u", dice(w, 500), 1 + (int)dice(w, 4), dice(w, 10));
    values[4] = dice(w, 10) == 0 ? NULL : "true";
    values[5] = stamp(w);
}

static void write_item(struct writing *w)
{
    struct acme *acme = w->acme;
    const char **values = add(w, ACME_ITEM_INSERT);

    values[0] = number(w, acme->next_item);
    values[1] = number(w, acme->open_order);
    values[2] = number(w, 1 + dice(w, PRODUCTS));
    values[3] = number(w, dice(w, QUANTITIES));
    values[4] = stamp(w);
    alive_add(&acme->items, acme->next_item++);
    acme->items_to_come--;
}

/* A new order; most come with their first item, one in eight stays without any. */
static void write_order(struct writing *w)
{
    struct acme *acme = w->acme;
    const char **values = add(w, ACME_ORDER_INSERT);

    acme->open_order = acme->next_order++;
    values[0] = number(w, acme->open_order);
    values[1] = date(w, 0);
    values[2] = date(w, (int)dice(w, DELIVERY_DAYS) + 1);
    values[3] = number(w, 1 + dice(w, CUSTOMERS));
    values[4] = "PENDING";
    values[5] = stamp(w);
    alive_add(&acme->orders, acme->open_order);
    acme->items_to_come = dice(w, 8) == 0 ? 0 : 1 + dice(w, 2 * acme->config.items_per_order);
    if (acme->items_to_come > 0)
        write_item(w);
}

static void change_order_customer(struct writing *w, int64_t order)
{
    const char **values = add(w, ACME_ORDER_CUSTOMER);

    values[0] = number(w, order);
    values[1] = dice(w, 5) == 0 ? NULL : number(w, 1 + dice(w, CUSTOMERS));
    values[2] = stamp(w);
}

static void change_key(struct writing *w, enum acme_statement_kind kind, struct alive *alive,
                       uint32_t at)
{
    const char **values = add(w, kind);

    values[0] = number(w, alive->ids[at]);
    alive->ids[at] =
        alive->ids[at] < KEY_SHIFT ? alive->ids[at] + KEY_SHIFT : alive->ids[at] - KEY_SHIFT;
    values[1] = number(w, alive->ids[at]);
}

static void delete_row(struct writing *w, enum acme_statement_kind kind, struct alive *alive,
                       uint32_t at)
{
    add(w, kind)[0] = number(w, alive->ids[at]);
    alive_remove(alive, at);
}

static void change_order_status(struct writing *w, int64_t order)
{
    const char **values = add(w, ACME_ORDER_STATUS);

    values[0] = number(w, order);
    values[1] = later_statuses[dice(w, 4)];
    values[2] = stamp(w);
}

static void change_quantity(struct writing *w, int64_t item)
{
    const char **values = add(w, ACME_ITEM_QUANTITY);

    values[0] = number(w, item);
    values[1] = number(w, dice(w, QUANTITIES));
    values[2] = stamp(w);
}

/* One change of what is there. */
static void write_change(struct writing *w)
{
    struct acme *acme = w->acme;
    uint32_t what = dice(w, 100), order = dice(w, acme->orders.n),
             item = acme->items.n == 0 ? 0 : dice(w, acme->items.n);

    if (what < CUSTOMER_CHANGES)
        write_customer(w, dice(w, CUSTOMERS));
    else if (what < PRODUCT_CHANGES)
        write_product(w, dice(w, PRODUCTS));
    else if (what < REASSIGNMENTS)
        change_order_customer(w, acme->orders.ids[order]);
    else if (what < ORDER_KEYS)
        change_key(w, ACME_ORDER_KEY, &acme->orders, order);
    else if (what < ORDER_DELETES)
        delete_row(w, ACME_ORDER_DELETE, &acme->orders, order);
    else if (what >= ITEM_DELETES || acme->items.n == 0)
        change_order_status(w, acme->orders.ids[order]);
    else if (what < QUANTITY_CHANGES)
        change_quantity(w, acme->items.ids[item]);
    else if (what < ITEM_KEYS)
        change_key(w, ACME_ITEM_KEY, &acme->items, item);
    else
        delete_row(w, ACME_ITEM_DELETE, &acme->items, item);
}

/* A transaction that will be rolled back changes nothing the workload remembers. */
static void write_doomed(struct writing *w)
{
    w->transaction->rollback = true;
    change_order_status(w, w->acme->orders.ids[dice(w, w->acme->orders.n)]);
    change_order_customer(w, w->acme->orders.ids[dice(w, w->acme->orders.n)]);
}

void acme_next(struct acme *acme, struct arena *arena, struct acme_transaction *ret)
{
    struct writing w = {acme, arena, ret};

    ret->n = 0;
    ret->rollback = false;
    acme->now_us += STEP_US;
    if (acme->introduced < CUSTOMERS + PRODUCTS) {
        uint32_t i = acme->introduced++;

        if (i < CUSTOMERS)
            write_customer(&w, i);
        else
            write_product(&w, i - CUSTOMERS);
    } else if (acme->items_to_come > 0 && acme->open_order > 0) {
        for (uint32_t n = 1 + dice(&w, ITEMS_A_TRANSACTION); n > 0 && acme->items_to_come > 0; n--)
            write_item(&w);
    } else if (acme->orders.n < 10 || dice(&w, 100) >= acme->config.churn_percent) {
        write_order(&w);
    } else if (dice(&w, 50) == 0) {
        write_doomed(&w);
    } else {
        for (uint32_t n = 1 + dice(&w, 3); n > 0 && acme->orders.n > 0; n--)
            write_change(&w);
    }
}
