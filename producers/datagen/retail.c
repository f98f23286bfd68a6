#include "retail.h"

#include <string.h>

enum {
    TRANSACTIONS = 50000,
    CUSTOMERS_PART = 5, /* transactions a customer */
    PRODUCTS_PART = 250,
    PRODUCTS_LEAST = 20,
    BLANK_EVERY = 500,  /* one value in so many is missing */
    REPEAT_EVERY = 1000 /* one transaction in so many repeats the one before */
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PICK(random, array) (array)[random_below(random, COUNT(array))]

static const char *const first_names[] = {"Ada", "Bo",   "Cleo", "Dov", "Eva", "Finn",
                                          "Gus", "Hana", "Ines", "Jai", "Kim", "Lou",
                                          "Mia", "Ned",  "Ola",  "Pia"};
static const char *const last_names[] = {"Abbot",  "Baker", "Carter", "Dyer",   "Fisher", "Glover",
                                         "Hunter", "Mason", "O'Neil", "Porter", "Tyler",  "Weaver"};
static const char *const cities[] = {"New York", "Los Angeles",  "Chicago",     "Houston",
                                     "Phoenix",  "Philadelphia", "San Antonio", "San Diego",
                                     "Dallas",   "Austin"};
static const char *const browsers[] = {"chrome", "firefox", "safari", "edge"};
static const char *const devices[] = {"mobile", "desktop", "tablet"};
static const char *const locations[] = {"US", "CA", "UK", "DE", "FR", "JP", "AU"};
static const char *const payments[] = {"credit_card", "debit_card", "paypal",
                                       "cash",        "apple_pay",  "google_pay"};
static const char *const categories[] = {"Electronics", "Clothing", "Books", "Home",
                                         "Sports",      "Food",     "Toys",  "Health"};
static const char *const statuses[] = {"completed", "pending", "cancelled", "refunded"};

/* The files of one shop; `customers` and `products` are what transactions may name. */
struct shop {
    const struct files_config *config;
    struct random random;
    uint32_t transactions, customers, products;
    const char *end; /* of a line */
};

static int64_t between(struct shop *shop, int64_t least, int64_t most)
{
    return least + random_below(&shop->random, (uint32_t)(most - least + 1));
}

/* Now and then nothing stands where a value should. */
static const char *or_blank(struct shop *shop, const char *value)
{
    return random_below(&shop->random, BLANK_EVERY) == 0 ? "" : value;
}

static const char *day_before(struct shop *shop, int64_t least, int64_t most, char *to, size_t size)
{
    return out_day(shop->config->today - between(shop, least, most), to, size);
}

static void write_customer(struct shop *shop, FILE *file, uint32_t number)
{
    char email[40], age[8], day[16], spent[24];
    int64_t orders = random_below(&shop->random, 40) == 0 ? 0 : between(shop, 0, 100);

    snprintf(email, sizeof(email), "customer%u@example.com",
             number % 997 == 0 ? number - 1 : number);
    snprintf(age, sizeof(age), "%d", (int)between(shop, 18, 80));
    fprintf(file, "%u,%s", number, PICK(&shop->random, first_names));
    fprintf(file, ",%s", or_blank(shop, PICK(&shop->random, last_names)));
    fprintf(file, ",%s", or_blank(shop, email));
    fprintf(file, ",%s", or_blank(shop, age));
    fprintf(file, ",%s", or_blank(shop, PICK(&shop->random, cities)));
    fprintf(file, ",%s,%d", day_before(shop, 1, 730, day, sizeof(day)), (int)orders);
    out_hundredths(between(shop, 0, 1000000), spent, sizeof(spent));
    fprintf(file, ",%s%s", number % 5 == 3 ? "1500" : or_blank(shop, spent), shop->end);
}

static void write_transaction(struct shop *shop, FILE *file, uint32_t number)
{
    const struct random before = shop->random;
    char amount[24], day[16];
    bool dirty = shop->config->dirty;
    int64_t hours;

    out_hundredths(between(shop, 500, 100000), amount, sizeof(amount));
    fprintf(file, "%s,%s", dirty && number % 5000 == 7 ? "12,50" : or_blank(shop, amount),
            PICK(&shop->random, browsers));
    fprintf(file, ",%u", 1 + random_below(&shop->random, shop->customers));
    fprintf(file, ",%s", PICK(&shop->random, devices));
    fprintf(file, ",%s", PICK(&shop->random, locations));
    fprintf(file, ",%s", PICK(&shop->random, payments));
    fprintf(file, ",%s", PICK(&shop->random, categories));
    fprintf(file, ",PROD_%04u", 1 + random_below(&shop->random, shop->products));
    fprintf(file, ",%s", dirty && number % 5000 == 8 ? "unknown" : PICK(&shop->random, statuses));
    hours = 12 - between(shop, 1, 8760);
    out_day(shop->config->today + (hours - (hours % 24 + 24) % 24) / 24, day, sizeof(day));
    fprintf(file, ",%sT%02d:00:00,TXN_%07u%s", day, (int)((hours % 24 + 24) % 24), number,
            shop->end);
    if (number % REPEAT_EVERY == 0)
        shop->random = before; /* the next one has the same content */
}

static void write_product(struct shop *shop, FILE *file, uint32_t number)
{
    char day[16], price[24], weight[24];

    fprintf(file, "%s", or_blank(shop, PICK(&shop->random, categories)));
    fprintf(file, ",%s,%s", day_before(shop, 30, 1825, day, sizeof(day)),
            random_below(&shop->random, 2) == 0 ? "true" : "false");
    fprintf(file, ",%s", out_hundredths(between(shop, 1000, 200000), price, sizeof(price)));
    fprintf(file, ",PROD_%04u,Product %u", number, number);
    fprintf(file, ",%d", number % 17 == 0 ? 0 : (int)between(shop, 0, 2000));
    fprintf(file, ",Supplier %c", (char)('A' + random_below(&shop->random, 5)));
    fprintf(file, ",%s%s", out_hundredths(between(shop, 10, 10000), weight, sizeof(weight)),
            shop->end);
}

/* A file: its rows, and with --dirty its first row's key once more. */
static bool write_file(struct shop *shop, const char *name, const char *header, uint32_t rows,
                       void (*write)(struct shop *shop, FILE *file, uint32_t number),
                       struct err *reterr)
{
    FILE *file = NULL;

    if (!out_open(shop->config, name, &file, reterr))
        return false;
    fprintf(file, "%s%s", header, shop->end);
    for (uint32_t number = 1; number <= rows; number++)
        write(shop, file, number);
    if (shop->config->dirty)
        write(shop, file, 1);
    return out_close(file, shop->config, name, reterr);
}

bool retail_files(const struct files_config *config, struct err *reterr)
{
    struct shop shop = {.config = config,
                        .random = {config->seed},
                        .transactions = config->rows > 0 ? (uint32_t)config->rows : TRANSACTIONS,
                        .end = config->crlf ? "\r\n" : "\n"};

    shop.customers = shop.transactions / CUSTOMERS_PART + 1;
    if (shop.transactions % CUSTOMERS_PART == 0 && shop.customers > 1)
        shop.customers--;
    shop.products = shop.transactions / PRODUCTS_PART;
    if (shop.products < PRODUCTS_LEAST)
        shop.products = PRODUCTS_LEAST;
    return write_file(&shop, "customers.csv",
                      "customer_id,first_name,last_name,email,age,city,signup_date,total_orders,"
                      "total_spent",
                      shop.customers, write_customer, reterr) &&
           write_file(&shop, "transactions.csv",
                      "amount,browser,customer_id,device,location,payment_method,product_category,"
                      "product_id,"
                      "status,timestamp,transaction_id",
                      shop.transactions, write_transaction, reterr) &&
           write_file(&shop, "products.csv",
                      "category,created_date,is_active,price,product_id,product_name,stock_"
                      "quantity,supplier,"
                      "weight_kg",
                      shop.products, write_product, reterr);
}
