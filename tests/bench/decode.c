/*
 * How fast one core decodes Debezium's envelope: acme.orders updates under REPLICA IDENTITY FULL,
 * written by our own writer, decoded into rows; beside it cJSON_Parse of the same bytes and what
 * memchr and memcpy do with them. Best of N rounds, CPU seconds.
 *
 *   bench_decode [records [rounds]]
 */
#include "record/debezium.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <time.h>

enum { COLUMNS_N = 9, VALUE_LEN = 32, UPDATES_N = 1024, EXIT_BELOW_GOAL = 1 };

/* The goal, on one core. */
static const double records_per_s_goal = 350e3, mb_per_s_goal = 250;

static const struct column columns[COLUMNS_N] = {
    {"order_id", {TYPE_INT8, -1}, true},       {"order_date", {TYPE_DATE, -1}, false},
    {"delivery_date", {TYPE_DATE, -1}, false}, {"customer_id", {TYPE_INT8, -1}, false},
    {"status", {TYPE_VARCHAR, -1}, true},      {"updated_at", {TYPE_TIMESTAMP, 3}, false},
    {"updated_by", {TYPE_INT8, -1}, false},    {"created_at", {TYPE_TIMESTAMP, 3}, false},
    {"created_by", {TYPE_INT8, -1}, false},
};
static const uint16_t key[] = {0};
static const struct schema schema = {columns, key, COLUMNS_N, 1};

static const struct debezium_column captured[COLUMNS_N] = {
    {"order_id", 20, -1, true},         {"order_date", 1082, -1, false},
    {"delivery_date", 1082, -1, false}, {"customer_id", 20, -1, false},
    {"status", 1043, -1, false},        {"updated_at", 1114, 3, false},
    {"updated_by", 20, -1, false},      {"created_at", 1114, 3, false},
    {"created_by", 20, -1, false},
};

/* One update: the row before and after in PostgreSQL's text form. */
struct update {
    char texts[2][COLUMNS_N][VALUE_LEN];
    struct debezium_datum before[COLUMNS_N], after[COLUMNS_N];
};

/* The records, one after another; `ends[i]` is where record i ends. The updates come round again
 * after UPDATES_N records. */
struct workload {
    struct update *updates;
    struct buf bytes;
    size_t *ends;
    size_t n;
};

static struct str record(const struct workload *load, size_t i)
{
    size_t start = i == 0 ? 0 : load->ends[i - 1];

    return (struct str){load->bytes.at + start, load->ends[i] - start};
}

static double cpu_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void die(const char *what, const struct err *err)
{
    fprintf(stderr, "bench_decode: %s: %s\n", what, err->text);
    exit(EX_SOFTWARE);
}

/* The order's row in PostgreSQL's text form; `version` 0 is the old one. */
static void fill_tuple(char texts[COLUMNS_N][VALUE_LEN], struct debezium_datum *tuple, unsigned i,
                       unsigned version)
{
    static const char *const states[] = {"PENDING", "PROCESSING", "COMPLETED", "REPROCESSING"};

    snprintf(texts[0], VALUE_LEN, "%u", 1 + i);
    snprintf(texts[1], VALUE_LEN, "2025-04-%02u", 1 + i % 28);
    snprintf(texts[2], VALUE_LEN, "2025-05-%02u", 1 + i % 31);
    snprintf(texts[3], VALUE_LEN, "%u", 1 + i % 997);
    snprintf(texts[4], VALUE_LEN, "%s", states[(i + version) % 4]);
    snprintf(texts[5], VALUE_LEN, "2025-04-%02u 09:%02u:%02u.%03u", 1 + i % 28, i % 60,
             (i + version) % 60, 1 + i % 999);
    snprintf(texts[6], VALUE_LEN, "%d", version == 0 ? -1 : (int)(i % 50));
    snprintf(texts[7], VALUE_LEN, "2025-04-%02u 08:%02u:%02u.137", 1 + i % 28, i % 60, i % 59);
    snprintf(texts[8], VALUE_LEN, "%d", -1);
    for (int c = 0; c < COLUMNS_N; c++)
        tuple[c] = (struct debezium_datum){DEBEZIUM_TEXT, str_of(texts[c])};
}

/* Appends record i to the load. */
static void write_record(struct workload *load, unsigned i)
{
    const struct update *update = &load->updates[i % UPDATES_N];
    struct debezium_source source = {.name = "finance_db",
                                     .database = "finance",
                                     .schema = "operations",
                                     .table = "orders",
                                     .snapshot = "false",
                                     .commit_unix_us = INT64_C(1795220552982423) + i,
                                     .last_commit_lsn = 447618080 + i * 100U,
                                     .lsn = 447618120 + i * 100U,
                                     .xid = 1347 + i};
    struct debezium_write event = {.columns = captured,
                                   .columns_n = COLUMNS_N,
                                   .before = update->before,
                                   .after = update->after,
                                   .source = &source,
                                   .op = 'u',
                                   .now_unix_us = INT64_C(1795220558828040) + i};
    struct err err;

    if (!debezium_write_value(&load->bytes, &event, &err))
        die("write", &err);
}

static double write_all(struct workload *load)
{
    double start = cpu_s();

    buf_clear(&load->bytes);
    for (size_t i = 0; i < load->n; i++) {
        write_record(load, (unsigned)i);
        load->ends[i] = load->bytes.len;
    }
    return cpu_s() - start;
}

static uint64_t sum_of_ids(const struct workload *load)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < load->n; i++)
        sum += 1 + i % UPDATES_N;
    return sum;
}

/* Decodes all and checks the sum of the order ids, so that nothing can be left out. */
static double decode_all(const struct workload *load, bool want_before)
{
    struct debezium_decoder *decoder = debezium_decoder_new(&schema, want_before);
    struct arena *arena CLEANUP(arena) = arena_new(1 << 20);
    struct debezium_event event;
    uint64_t sum = 0;
    struct err err;
    double start = cpu_s();

    for (size_t i = 0; i < load->n; i++) {
        if (!debezium_decode(decoder, record(load, i), arena, &event, &err))
            die("decode", &err);
        sum += (uint64_t)row_slot(event.after, 0);
        if (arena_full(arena))
            arena_reset(arena);
    }
    double spent = cpu_s() - start;
    if (sum != sum_of_ids(load))
        die("decode", &(struct err){.text = "the order ids do not add up"});
    debezium_decoder_free(decoder);
    return spent;
}

static double parse_all_with_cjson(const struct workload *load)
{
    double start = cpu_s();

    for (size_t i = 0; i < load->n; i++) {
        struct str text = record(load, i);
        cJSON *tree = cJSON_ParseWithLength(text.at, text.len);

        if (tree == NULL)
            die("cJSON", &(struct err){.text = "refused"});
        cJSON_Delete(tree);
    }
    return cpu_s() - start;
}

/* Looks at every byte once: no byte is 0x01. */
static double search_all(const struct workload *load)
{
    double start = cpu_s();

    for (size_t i = 0; i < load->n; i++) {
        struct str text = record(load, i);

        if (memchr(text.at, 1, text.len) != NULL)
            die("memchr", &(struct err){.text = "found"});
    }
    return cpu_s() - start;
}

static double copy_all(const struct workload *load)
{
    static char target[64 * 1024];
    double start = cpu_s();

    for (size_t i = 0; i < load->n; i++) {
        struct str text = record(load, i);

        memcpy(target, text.at, text.len < sizeof(target) ? text.len : sizeof(target));
        __asm__ volatile("" : : "r"(target) : "memory");
    }
    return cpu_s() - start;
}

static void keep_least(double *least, double spent)
{
    if (*least == 0 || spent < *least)
        *least = spent;
}

static void say(const char *name, const struct workload *load, double spent, double unit)
{
    printf("%-28s %12.0f records/s %9.1f MB/s %8.3f us/record %7.2fx\n", name,
           (double)load->n / spent, (double)load->bytes.len / spent / 1e6,
           spent / (double)load->n * 1e6, unit / spent);
}

int main(int argc, char **argv)
{
    struct workload load = {.n = argc > 1 ? strtoul(argv[1], NULL, 10) : 50000};
    unsigned long rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : 7;
    double written = 0, both = 0, after = 0, cjson = 0, search = 0, copy = 0;

    load.ends = err_calloc(load.n + 1, sizeof(*load.ends));
    load.updates = err_calloc(UPDATES_N, sizeof(*load.updates));
    for (unsigned i = 0; i < UPDATES_N; i++) {
        fill_tuple(load.updates[i].texts[0], load.updates[i].before, i, 0);
        fill_tuple(load.updates[i].texts[1], load.updates[i].after, i, 1);
    }
    for (unsigned long round = 0; round < rounds; round++) {
        keep_least(&written, write_all(&load));
        keep_least(&both, decode_all(&load, true));
        keep_least(&after, decode_all(&load, false));
        keep_least(&cjson, parse_all_with_cjson(&load));
        keep_least(&search, search_all(&load));
        keep_least(&copy, copy_all(&load));
    }
    printf("%zu records of %zu bytes on average, best of %lu rounds, CPU time\n", load.n,
           load.bytes.len / load.n, rounds);
    say("decode before and after", &load, both, cjson);
    say("decode after only", &load, after, cjson);
    say("cJSON_Parse (tree only)", &load, cjson, cjson);
    say("memchr over the bytes", &load, search, cjson);
    say("memcpy of the bytes", &load, copy, cjson);
    say("write", &load, written, cjson);
    bool met = (double)load.n / both >= records_per_s_goal &&
               (double)load.bytes.len / both / 1e6 >= mb_per_s_goal;
    printf("goal (before and after) >= %.0f records/s and >= %.0f MB/s: %s\n", records_per_s_goal,
           mb_per_s_goal, met ? "met" : "NOT met");
    buf_done(&load.bytes);
    free(load.ends);
    free(load.updates);
    return met ? 0 : EXIT_BELOW_GOAL;
}
