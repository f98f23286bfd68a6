#include "load.h"

/* ---- acme: our own envelopes ---- */

static unsigned long long number(uint64_t id, uint64_t version, uint64_t salt, uint64_t n)
{
    return mixed(id, version, salt, n);
}

static void order_key(struct buf *out, uint64_t id)
{
    buf_printf(out, "{\"order_id\":%llu}", (unsigned long long)id + 1);
}

static void acme_order(struct buf *out, uint64_t id, uint32_t version)
{
    static const char *const states[] = {"PENDING", "PROCESSING", "COMPLETED", "REPROCESSING"};

    buf_printf(out,
               "{\"order_id\":%llu,\"order_date\":%llu,\"delivery_date\":%llu,\"customer_id\":%llu,"
               "\"status\":\"%s\",\"updated_at\":%llu,\"updated_by\":%llu,\"created_at\":%llu,"
               "\"created_by\":-1}",
               (unsigned long long)id + 1, 20100 + number(id, 0, 1, 90),
               20200 + number(id, 0, 2, 90), 1 + number(id, 0, 3, 997),
               states[mixed(id, version, 4, 4)], 1763683200000 + number(id, version, 5, 1000000000),
               number(id, version, 6, 50), 1763583200000 + number(id, 0, 7, 1000000000));
}

static const struct table_kind acme_orders = {"acme.orders", order_key, acme_order, true, true};

/* ---- shop: short envelopes, 313 bytes a record on average ---- */

static void customer_key(struct buf *out, uint64_t id)
{
    buf_printf(out, "{\"customer_id\":%llu}", (unsigned long long)id + 1);
}

static void shop_customer(struct buf *out, uint64_t id, uint32_t version)
{
    static const char *const countries[] = {"DE", "FR", "IT", "ES", "NL", "PL", "AT", "SE"};
    unsigned long long n = id + 1;

    buf_printf(out,
               "{\"customer_id\":%llu,\"name\":\"Customer %llu r%u\",\"email\":\"c%llu@example.com"
               "\",\"country\":\"%s\"}",
               n, n, version, n, countries[mixed(id, 0, 1, 8)]);
}

static void shop_order_of(struct buf *out, uint64_t id, uint32_t version, uint64_t customers)
{
    static const char *const states[] = {"PENDING", "PAID", "SHIPPED", "DELIVERED", "CANCELLED"};

    buf_printf(out,
               "{\"order_id\":%llu,\"customer_id\":%llu,\"status\":\"%s\",\"delivery_date\":%llu,"
               "\"amount\":%llu,\"updated_at\":%llu}",
               (unsigned long long)id + 1, 1 + number(id, version / 100, 1, customers),
               states[mixed(id, version, 2, 5)], 20400 + number(id, version / 8, 3, 90),
               100 + number(id, version, 4, 50000),
               1763683200000000 + number(id, version, 5, 1000000000));
}

static void shop_order(struct buf *out, uint64_t id, uint32_t version)
{
    shop_order_of(out, id, version, 100000);
}

static void shop_order_10k(struct buf *out, uint64_t id, uint32_t version)
{
    shop_order_of(out, id, version, 10000);
}

static const struct table_kind shop_orders = {"shop.orders", order_key, shop_order, false, true};
static const struct table_kind shop_orders_10k = {"shop.orders", order_key, shop_order_10k, false,
                                                  true};
static const struct table_kind shop_customers = {"shop.customers", customer_key, shop_customer,
                                                 false, true};

/* ---- TPC-H: no before, four lines an order, fifteen orders a customer ---- */

enum { TPCH_CUSTOMERS = 20000, TPCH_ORDERS = 300000 };

static void nation_key(struct buf *out, uint64_t id)
{
    buf_printf(out, "{\"n_nationkey\":%llu}", (unsigned long long)id);
}

static void nation_row(struct buf *out, uint64_t id, uint32_t version)
{
    buf_printf(out, "{\"n_nationkey\":%llu,\"n_name\":\"NATION %u\"}", (unsigned long long)id,
               version);
}

static void tpch_customer_key(struct buf *out, uint64_t id)
{
    buf_printf(out, "{\"c_custkey\":%llu}", (unsigned long long)id);
}

static void tpch_customer(struct buf *out, uint64_t id, uint32_t version)
{
    static const char *const segments[] = {"AUTOMOBILE", "BUILDING", "FURNITURE", "MACHINERY",
                                           "HOUSEHOLD"};
    unsigned long long n = id;

    buf_printf(
        out,
        "{\"c_custkey\":%llu,\"c_name\":\"Customer#%09llu\",\"c_address\":\"Street %llu, Town\","
        "\"c_nationkey\":%llu,\"c_phone\":\"%llu-%03llu-%03llu\",\"c_acctbal\":\"%llu.%02llu\","
        "\"c_mktsegment\":\"%s\",\"c_comment\":\"carefully even requests\"}",
        n, n, n, number(id, 0, 1, 25), 10 + number(id, 0, 1, 25), number(id, 0, 2, 1000),
        number(id, 0, 3, 1000), number(id, version, 4, 9999), number(id, version, 5, 100),
        segments[mixed(id, 0, 6, 5)]);
}

static void tpch_order_key(struct buf *out, uint64_t id)
{
    buf_printf(out, "{\"o_orderkey\":%llu}", (unsigned long long)id);
}

static void tpch_order(struct buf *out, uint64_t id, uint32_t version)
{
    buf_printf(out,
               "{\"o_orderkey\":%llu,\"o_custkey\":%llu,\"o_orderstatus\":\"%c\",\"o_totalprice\":"
               "\"%llu.%02llu\",\"o_orderdate\":%llu,\"o_orderpriority\":\"%llu-HIGH\","
               "\"o_shippriority\":0,\"o_comment\":\"furiously special packages\"}",
               (unsigned long long)id, number(id, 0, 1, TPCH_CUSTOMERS),
               "OFP"[mixed(id, version, 2, 3)], 1000 + number(id, version, 3, 100000),
               number(id, version, 4, 100), 8035 + number(id, 0, 5, 2406), 1 + number(id, 0, 6, 5));
}

static void lineitem_key(struct buf *out, uint64_t id)
{
    buf_printf(out, "{\"l_orderkey\":%llu,\"l_linenumber\":%llu}", (unsigned long long)id / 4,
               (unsigned long long)id % 4 + 1);
}

static void lineitem(struct buf *out, uint64_t id, uint32_t version)
{
    unsigned long long shipped = 8036 + number(id / 4, 0, 5, 2406) + number(id, 0, 1, 121);
    unsigned long long quantity = 1 + number(id, version, 2, 50);

    buf_printf(
        out,
        "{\"l_orderkey\":%llu,\"l_linenumber\":%llu,\"l_partkey\":%llu,\"l_suppkey\":%llu,"
        "\"l_quantity\":\"%llu.00\",\"l_extendedprice\":\"%llu.%02llu\",\"l_discount\":"
        "\"0.%02llu\",\"l_tax\":\"0.%02llu\",\"l_returnflag\":\"%c\",\"l_linestatus\":\"%c\","
        "\"l_shipdate\":%llu,\"l_commitdate\":%llu,\"l_receiptdate\":%llu,\"l_shipmode\":"
        "\"TRUCK\",\"l_comment\":\"even deposits wake\"}",
        (unsigned long long)id / 4, (unsigned long long)id % 4 + 1, number(id, 0, 3, 20000),
        number(id, 0, 4, 1000), quantity, quantity * (900 + number(id, 0, 6, 1200)),
        number(id, 0, 7, 100), number(id, version, 8, 11), number(id, 0, 9, 9),
        shipped > 9298 ? 'N' : "AR"[mixed(id, 0, 10, 2)], shipped > 9298 ? 'O' : 'F', shipped,
        shipped + number(id, 0, 11, 60), shipped + 1 + number(id, 0, 12, 30));
}

static const struct table_kind tpch_nation = {"tpch.nation", nation_key, nation_row, false, false};
static const struct table_kind tpch_customers = {"tpch.customer", tpch_customer_key, tpch_customer,
                                                 false, false};
static const struct table_kind tpch_orders = {"tpch.orders", tpch_order_key, tpch_order, false,
                                              false};
static const struct table_kind tpch_lines = {"tpch.lineitem", lineitem_key, lineitem, false, false};

/* ---- Nexmark: mostly bids, sixteen an auction ---- */

enum { NEXMARK_PERSONS = 6000, NEXMARK_AUCTIONS = 18000 };

static void id_key(struct buf *out, uint64_t id)
{
    buf_printf(out, "{\"id\":%llu}", (unsigned long long)id);
}

static void person(struct buf *out, uint64_t id, uint32_t version)
{
    static const char *const states[] = {"OR", "ID", "CA", "WA", "AZ", "WY"};

    buf_printf(out,
               "{\"id\":%llu,\"name\":\"person %llu\",\"email_address\":\"p%llu@example.com\","
               "\"credit_card\":\"1234 5678 9012 3456\",\"city\":\"Portland\",\"state\":\"%s\","
               "\"date_time\":%llu,\"extra\":\"version %u\"}",
               (unsigned long long)id, (unsigned long long)id, (unsigned long long)id,
               states[mixed(id, 0, 1, 6)], 1763683200000 + (unsigned long long)id * 50, version);
}

static void auction(struct buf *out, uint64_t id, uint32_t version)
{
    unsigned long long at = 1763683200000 + id * 16;

    buf_printf(out,
               "{\"id\":%llu,\"item_name\":\"item %llu\",\"description\":\"wanted by many people\","
               "\"initial_bid\":%llu,\"reserve\":%llu,\"date_time\":%llu,\"expires\":%llu,"
               "\"seller\":%llu,\"category\":%llu,\"extra\":\"version %u\"}",
               (unsigned long long)id, (unsigned long long)id, 10 + number(id, 0, 1, 100),
               100 + number(id, version, 2, 1000), at, at + 20000 + number(id, 0, 3, 100000000),
               number(id, 0, 4, NEXMARK_PERSONS), 10 + number(id, 0, 5, 5), version);
}

static void bid(struct buf *out, uint64_t id, uint32_t version)
{
    static const char *const channels[] = {"apple", "Google", "facebook", "baidu", "channel-1"};

    buf_printf(out,
               "{\"id\":%llu,\"auction\":%llu,\"bidder\":%llu,\"price\":%llu,\"channel\":\"%s\","
               "\"url\":\"https://www.nexmark.com/abc/xyz/item.htm?query=1\",\"date_time\":%llu,"
               "\"extra\":\"abcabcabc\"}",
               (unsigned long long)id, number(id, 0, 1, NEXMARK_AUCTIONS),
               number(id, 0, 2, NEXMARK_PERSONS), 100 + number(id, version, 3, 100000),
               channels[mixed(id, 0, 4, 5)],
               1763683200000 + (unsigned long long)id * 3 + number(id, 0, 5, 100));
}

static const struct table_kind persons = {"nexmark.person", id_key, person, false, false};
static const struct table_kind auctions = {"nexmark.auction", id_key, auction, false, false};
static const struct table_kind bids = {"nexmark.bid", id_key, bid, false, false};

#define TPCH_TABLES                                                                                \
    {                                                                                              \
        {&tpch_lines, 4 * TPCH_ORDERS / 4, 80}, {&tpch_orders, TPCH_ORDERS / 4, 19},               \
            {&tpch_customers, TPCH_CUSTOMERS / 4, 1}, {&tpch_nation, 25, 0},                       \
    }
#define NEXMARK_TABLES                                                                             \
    {                                                                                              \
        {&bids, 200000, 92}, {&auctions, NEXMARK_AUCTIONS, 6}, {&persons, NEXMARK_PERSONS, 2},     \
    }
#define TOP_OF(columns)                                                                            \
    "SELECT " columns " FROM (SELECT order_id, customer_id, amount, row_number() OVER (PARTITION " \
    "BY customer_id ORDER BY amount DESC, order_id) AS n FROM shop.orders) ranked WHERE n <= 10"
#define BID_OF_AUCTION                                                                             \
    "nexmark.auction a JOIN nexmark.bid b ON a.id = b.auction AND b.date_time BETWEEN "            \
    "a.date_time AND a.expires"

const struct workload workloads[] = {
    {"filter",
     {{&acme_orders, 200000, 100}},
     10,
     5,
     300e3,
     "SELECT order_id, delivery_date, customer_id, upper(trim(status)) AS status, updated_at "
     "FROM acme.orders WHERE status <> 'COMPLETED'",
     NULL},
    {"filter-313",
     {{&shop_orders, 200000, 100}},
     30,
     8,
     500e3,
     "SELECT order_id, customer_id, status, amount FROM shop.orders WHERE status <> 'CANCELLED' "
     "AND amount >= 5000",
     NULL},
    {"group",
     {{&shop_orders, 300000, 100}},
     30,
     8,
     250e3,
     "SELECT customer_id, count(*) AS n, sum(amount) AS total, min(amount) AS least, max(amount) "
     "AS most "
     "FROM shop.orders GROUP BY customer_id",
     NULL},
    {"join",
     {{&shop_orders, 1000000, 95}, {&shop_customers, 100000, 5}},
     0,
     0,
     120e3,
     "SELECT o.order_id, o.status, o.amount, o.customer_id, c.name, c.country FROM shop.orders o "
     "JOIN shop.customers c ON c.customer_id = o.customer_id",
     NULL},
    {"top",
     {{&shop_orders_10k, 300000, 100}},
     30,
     8,
     150e3,
     TOP_OF("order_id, customer_id, amount"),
     NULL},
    {"top-ranked",
     {{&shop_orders_10k, 300000, 100}},
     30,
     8,
     0,
     TOP_OF("order_id, customer_id, amount, n"),
     NULL},
    {"tpch-q1", TPCH_TABLES, 20, 5, 0,
     "SELECT l_returnflag, l_linestatus, sum(l_quantity) AS sum_qty, sum(l_extendedprice) AS "
     "sum_base_price, "
     "sum(l_extendedprice * (1 - l_discount)) AS sum_disc_price, "
     "sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)) AS sum_charge, avg(l_quantity) AS "
     "avg_qty, "
     "avg(l_extendedprice) AS avg_price, avg(l_discount) AS avg_disc, count(*) AS count_order "
     "FROM tpch.lineitem WHERE l_shipdate <= '1998-09-02' GROUP BY l_returnflag, l_linestatus",
     NULL},
    {"tpch-q3", TPCH_TABLES, 20, 5, 0,
     "SELECT l_orderkey, sum(l_extendedprice * (1 - l_discount)) AS revenue, o_orderdate, "
     "o_shippriority "
     "FROM tpch.customer, tpch.orders, tpch.lineitem WHERE c_mktsegment = 'BUILDING' AND c_custkey "
     "= o_custkey "
     "AND l_orderkey = o_orderkey AND o_orderdate < '1995-03-15' AND l_shipdate > '1995-03-15' "
     "GROUP BY l_orderkey, o_orderdate, o_shippriority ORDER BY revenue DESC, o_orderdate, "
     "l_orderkey LIMIT 10",
     NULL},
    {"tpch-q6", TPCH_TABLES, 20, 5, 0,
     "SELECT sum(l_extendedprice * l_discount) AS revenue FROM tpch.lineitem WHERE l_shipdate >= "
     "'1994-01-01' "
     "AND l_shipdate < '1995-01-01' AND l_discount BETWEEN 0.05 AND 0.07 AND l_quantity < 24",
     NULL},
    {"tpch-q10", TPCH_TABLES, 20, 5, 0,
     "SELECT c_custkey, c_name, sum(l_extendedprice * (1 - l_discount)) AS revenue, c_acctbal, "
     "n_name, c_address, "
     "c_phone, c_comment FROM tpch.customer, tpch.orders, tpch.lineitem, tpch.nation WHERE "
     "c_custkey = o_custkey "
     "AND l_orderkey = o_orderkey AND o_orderdate >= '1993-10-01' AND o_orderdate < '1994-01-01' "
     "AND l_returnflag = 'R' AND c_nationkey = n_nationkey GROUP BY c_custkey, c_name, c_acctbal, "
     "c_phone, n_name, "
     "c_address, c_comment ORDER BY revenue DESC, c_custkey LIMIT 20",
     NULL},
    {"nexmark-q3", NEXMARK_TABLES, 60, 3, 0,
     "SELECT p.name, p.city, p.state, a.id FROM nexmark.auction a JOIN nexmark.person p ON "
     "a.seller = p.id "
     "WHERE a.category = 10 AND (p.state = 'OR' OR p.state = 'ID' OR p.state = 'CA')",
     NULL},
    {"nexmark-q4", NEXMARK_TABLES, 60, 3, 0,
     "SELECT q.category, avg(q.final) AS average FROM (SELECT max(b.price) AS final, a.category "
     "FROM " BID_OF_AUCTION " GROUP BY a.id, a.category) q GROUP BY q.category",
     NULL},
    {"nexmark-q9", NEXMARK_TABLES, 60, 3, 0,
     "SELECT * FROM (SELECT a.id, item_name, description, initial_bid, reserve, a.date_time, "
     "expires, seller, category, "
     "a.extra, b.auction, b.bidder, b.price, b.date_time AS bid_date_time, b.extra AS bid_extra, "
     "row_number() OVER "
     "(PARTITION BY a.id ORDER BY b.price DESC, b.date_time ASC, b.id) AS n FROM " BID_OF_AUCTION
     ") w WHERE n <= 1",
     NULL},
    {"nexmark-q18", NEXMARK_TABLES, 60, 3, 0,
     "SELECT id, auction, bidder, price, channel, url, date_time, extra FROM (SELECT *, "
     "row_number() OVER "
     "(PARTITION BY bidder, auction ORDER BY date_time DESC, id) AS n FROM nexmark.bid) w WHERE n "
     "<= 1",
     NULL},
    {"nexmark-q20", NEXMARK_TABLES, 60, 3, 0,
     "SELECT b.id, b.auction, b.bidder, b.price, b.channel, b.url, b.date_time AS bid_date_time, "
     "a.item_name, "
     "a.description, a.initial_bid, a.reserve, a.date_time AS auction_date_time, a.expires, "
     "a.seller, a.category "
     "FROM nexmark.bid b JOIN nexmark.auction a ON b.auction = a.id WHERE a.category = 10",
     NULL},
};
const size_t workloads_n = sizeof(workloads) / sizeof(*workloads);

const struct workload all_at_once = {
    .name = "all",
    .tables = {{&shop_orders, 300000, 95}, {&shop_customers, 100000, 5}},
    .creates = 30,
    .deletes = 8};

#define COST(name, select)                                                                         \
    {                                                                                              \
        name, {{&shop_orders, 0, 100}}, 0, 0, 0, select, NULL                                      \
    }

const struct workload costs[] = {
    COST("filter", "SELECT order_id, amount FROM shop.orders WHERE status <> 'CANCELLED'"),
    COST("count, sum, min, max, 10 rows a group",
         "SELECT order_id / 10 AS g, count(*) AS n, sum(amount) AS s, min(amount) AS a, "
         "max(amount) AS z "
         "FROM shop.orders GROUP BY order_id / 10"),
    COST("count, sum, min, max, a tenth a group",
         "SELECT order_id % 10 AS g, count(*) AS n, sum(amount) AS s, min(amount) AS a, "
         "max(amount) AS z "
         "FROM shop.orders GROUP BY order_id % 10"),
    COST("first 10 of all by ORDER BY, LIMIT",
         "SELECT order_id, amount FROM shop.orders ORDER BY amount DESC, order_id LIMIT 10"),
    COST("ordered aggregate, 10 rows a group",
         "SELECT order_id / 10 AS g, string_agg(status, ',' ORDER BY order_id) AS s FROM "
         "shop.orders GROUP BY order_id / 10"),
    COST("ordered aggregate, a tenth a group",
         "SELECT order_id % 10 AS g, string_agg(status, ',' ORDER BY order_id) AS s FROM "
         "shop.orders GROUP BY order_id % 10"),
    COST("running sum OVER, 10 rows a partition",
         "SELECT order_id, sum(amount) OVER (PARTITION BY order_id / 10 ORDER BY order_id) AS s "
         "FROM shop.orders"),
    COST("running sum OVER, a tenth a partition",
         "SELECT order_id, sum(amount) OVER (PARTITION BY order_id % 10 ORDER BY order_id) AS s "
         "FROM shop.orders"),
};
const size_t costs_n = sizeof(costs) / sizeof(*costs);
