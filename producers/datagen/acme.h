/*
 * The acme workload, pure: a seed in, transactions out. Orders come with their items, move from
 * PENDING through PROCESSING, COMPLETED and REPROCESSING, and now and then something happens that a
 * careless pipeline gets wrong: deletes, changed primary keys, re-assigned and nulled customers,
 * renames, transactions that are rolled back. Knows which rows are alive; the database is somebody
 * else's.
 */
#ifndef SLUICE_DATAGEN_ACME_H
#define SLUICE_DATAGEN_ACME_H

#include "base/arena.h"
#include "random.h"

#include <stdint.h>

/* The statements of the workload; acme_sql gives their text. The parameters are all text. */
enum acme_statement_kind {
    ACME_CUSTOMER_UPSERT, /* id, name, active, address, stamp */
    ACME_PRODUCT_UPSERT,  /* id, name, barcode, price, active, stamp */
    ACME_ORDER_INSERT,    /* id, order_date, delivery_date, customer, status, stamp */
    ACME_ORDER_STATUS,    /* id, status, stamp */
    ACME_ORDER_CUSTOMER,  /* id, customer or NULL, stamp */
    ACME_ORDER_KEY,       /* id, new id */
    ACME_ORDER_DELETE,    /* id */
    ACME_ITEM_INSERT,     /* id, order, product, quantity, stamp */
    ACME_ITEM_QUANTITY,   /* id, quantity, stamp */
    ACME_ITEM_KEY,        /* id, new id */
    ACME_ITEM_DELETE,     /* id */
    ACME_KINDS
};

enum { ACME_PARAMETERS_MAX = 6, ACME_STATEMENTS_MAX = 64 };

/* A statement with its parameters, in the caller's arena; NULL is SQL's NULL. */
struct acme_statement {
    enum acme_statement_kind kind;
    const char *values[ACME_PARAMETERS_MAX];
};

/* One transaction of 1 to ACME_STATEMENTS_MAX statements; `rollback`: it must not be committed. */
struct acme_transaction {
    struct acme_statement statements[ACME_STATEMENTS_MAX];
    int n;
    bool rollback;
};

/* `items_per_order`: on average; `churn_percent`: the share of transactions that change what is
 * there instead of adding orders. */
struct acme_config {
    uint64_t seed;
    uint32_t items_per_order;
    uint32_t churn_percent;
    int64_t start_unix_us; /* the first stamp; each transaction is a little later */
};

struct acme;

/* Text and number of parameters of a statement. */
const char *acme_sql(enum acme_statement_kind kind, int *ret_parameters);

/* A workload over an empty database; free with acme_free. */
struct acme *acme_new(const struct acme_config *config);

/* NULL is fine. Returns NULL. */
struct acme *acme_free(struct acme *acme);

/* Tells the workload of a row that is there already. Before the first acme_next. */
void acme_know_order(struct acme *acme, int64_t id);
void acme_know_item(struct acme *acme, int64_t id);

/* The next transaction; values in the arena. */
void acme_next(struct acme *acme, struct arena *arena, struct acme_transaction *ret);

#endif
