/* sluice-datagen: seeded sources for demo, tests and load. See README.md. */
#include "acme.h"
#include "base/clock.h"
#include "base/log.h"
#include "countries.h"
#include "embedded/source.sql.h"
#include "events.h"
#include "postgres/connection.h"
#include "products.h"
#include "retail.h"
#include "service/account.h"
#include "service/service.h"
#include "telco.h"

#include <stddef.h>
#include <unistd.h>

enum { ARENA_BYTES = 1 << 20, REPORT_MS = 1000, PACE_MS = 10 };

struct options {
    char *dataset;
    char *replay, *out, *today;
    int64_t seed, rate, changes, items_per_order, churn_percent, changes_per_transaction, rows;
    bool create, dirty, crlf;
    struct postgres_config postgres;
    struct service_config service;
};

static const struct option rows[] = {
    {"dataset", OPTION_STRING, offsetof(struct options, dataset), NULL, 0, 0, NULL, true, "NAME",
     "what to generate: acme changes in a database; telco, countries, products, retail, events as "
     "files; it "
     "may stand "
     "bare: "
     "sluice-datagen "
     "acme"},
    {"out", OPTION_STRING, offsetof(struct options, out), ".", 0, 0, NULL, false, "FOLDER",
     "where files go; it is made where it is missing"},
    {"rows", OPTION_INT, offsetof(struct options, rows), "0", 0, INT64_C(4000000000), NULL, false,
     "N", "rows of the largest file, the others in proportion; 0: the data set's own size"},
    {"today", OPTION_STRING, offsetof(struct options, today), "2026-01-14", 0, 0, NULL, false,
     "YYYY-MM-DD", "the day that files are generated for"},
    {"dirty", OPTION_BOOL, offsetof(struct options, dirty), NULL, 0, 0, NULL, false, NULL,
     "add rows that a pipeline must not trip over, one for each bad case; acme's changes and the "
     "events have theirs always"},
    {"crlf", OPTION_BOOL, offsetof(struct options, crlf), NULL, 0, 0, NULL, false, NULL,
     "end the lines of CSV files with CR and LF"},
    {"create", OPTION_BOOL, offsetof(struct options, create), NULL, 0, 0, NULL, false, NULL,
     "create the source's tables first, where they don't exist"},
    {"replay", OPTION_STRING, offsetof(struct options, replay), NULL, 0, 0, NULL, false, "FILE",
     "run a SQL file, one statement a line, instead of generating"},
    {"seed", OPTION_INT, offsetof(struct options, seed), "1", 0, INT64_MAX, NULL, false, "N",
     "the same seed over the same rows gives the same changes"},
    {"rate", OPTION_INT, offsetof(struct options, rate), "100", 0, 10000000, NULL, false, "N",
     "changes a second; 0: as fast as the database takes them"},
    {"changes", OPTION_INT, offsetof(struct options, changes), "0", 0, INT64_MAX, NULL, false, "N",
     "stop after so many changes; 0: go on until stopped"},
    {"items-per-order", OPTION_INT, offsetof(struct options, items_per_order), "13", 1, 1000, NULL,
     false, "N", "items of an order, on average"},
    {"churn-percent", OPTION_INT, offsetof(struct options, churn_percent), "60", 0, 100, NULL,
     false, "N", "share of transactions that change what is there instead of adding orders"},
    {"changes-per-transaction", OPTION_INT, offsetof(struct options, changes_per_transaction), "1",
     1, 1000, NULL, false, "N", "least changes in one transaction; small ones are joined"},
    {0},
};

enum metric_index { CHANGES, TRANSACTIONS, ROLLBACKS };

static struct metric metric_rows[] = {
    [CHANGES] = {"sluice_changes_total", "Row changes committed.", NULL, METRIC_COUNTER, 0, 0},
    [TRANSACTIONS] = {"sluice_transactions_total", "Transactions committed.", NULL, METRIC_COUNTER,
                      0, 0},
    [ROLLBACKS] = {"sluice_transactions_rolled_back_total", "Transactions rolled back on purpose.",
                   NULL, METRIC_COUNTER, 0, 0},
    {0},
};

/* A run: the workload and the connection it goes to. */
struct run {
    const struct options *options;
    struct service *service;
    struct pg *pg;
    struct acme *acme;
    struct arena *arena;
    struct account account;
    int64_t changes, started_ms, reported_ms;
    int64_t files, bytes;
    bool progress; /* stderr is a terminal */
};

DEFINE_CLEANUP(pg_result, struct pg_result *, pg_result_free);

static bool connect(struct run *run, struct err *reterr)
{
    run->pg = pg_close(run->pg);
    return pg_connect(&run->options->postgres, "sluice-datagen", PG_ORDINARY, &run->pg, reterr) &&
           pg_query(run->pg, "SET synchronous_commit = off", NULL, 0, NULL, reterr);
}

static bool know_rows(struct run *run, const char *sql, void (*know)(struct acme *acme, int64_t id),
                      struct err *reterr)
{
    CLEANUP(pg_result) struct pg_result *result = NULL;

    if (!pg_query(run->pg, sql, NULL, 0, &result, reterr))
        return false;
    for (int row = 0; row < pg_rows(result); row++)
        know(run->acme, strtoll(pg_field(result, row, 0).at, NULL, 10));
    return true;
}

/* The workload starts from what the database holds. */
static bool open_workload(struct run *run, struct err *reterr)
{
    const struct options *options = run->options;
    const struct acme_config config = {(uint64_t)options->seed, (uint32_t)options->items_per_order,
                                       (uint32_t)options->churn_percent, INT64_C(1743984000000000)};

    run->acme = acme_free(run->acme);
    run->acme = acme_new(&config);
    if (know_rows(run, "SELECT order_id FROM operations.orders ORDER BY 1", acme_know_order,
                  reterr) &&
        know_rows(run, "SELECT order_item_id FROM operations.order_items ORDER BY 1",
                  acme_know_item, reterr))
        return true;
    return strcmp(reterr->sqlstate, "42P01") == 0
               ? err_prefix(reterr, "the source's tables are missing, --create makes them")
               : false;
}

/* Runs the statements one by one and rolls them back. */
static bool run_doomed(struct run *run, const struct acme_transaction *transaction,
                       struct err *reterr)
{
    if (!pg_query(run->pg, "BEGIN", NULL, 0, NULL, reterr))
        return false;
    for (int i = 0; i < transaction->n; i++) {
        int n = 0;
        const char *sql = acme_sql(transaction->statements[i].kind, &n);

        if (!pg_query(run->pg, sql, transaction->statements[i].values, n, NULL, reterr))
            return false;
    }
    metric_add(&metric_rows[ROLLBACKS], 1);
    return pg_query(run->pg, "ROLLBACK", NULL, 0, NULL, reterr);
}

/* Every statement is prepared under its kind's name at its first use. */
static bool commit(struct run *run, const struct acme_statement *statements, int n,
                   struct err *reterr)
{
    static const char *const names[ACME_KINDS] = {"a0", "a1", "a2", "a3", "a4", "a5",
                                                  "a6", "a7", "a8", "a9", "a10"};
    struct pg_statement *sent = arena_zalloc(run->arena, (size_t)n * sizeof(*sent));
    int failed = 0;

    for (int i = 0; i < n; i++) {
        sent[i].name = names[statements[i].kind];
        sent[i].sql = acme_sql(statements[i].kind, &sent[i].params_n);
        sent[i].values = statements[i].values;
    }
    if (!pg_transaction(run->pg, sent, n, &failed, reterr))
        return false;
    run->changes += n;
    metric_add(&metric_rows[CHANGES], n);
    metric_add(&metric_rows[TRANSACTIONS], 1);
    return true;
}

/* The next transaction, or several joined to at least --changes-per-transaction statements. */
static bool next(struct run *run, struct err *reterr)
{
    int wanted = (int)run->options->changes_per_transaction, n = 0;
    struct acme_transaction *transaction = arena_alloc(run->arena, sizeof(*transaction));
    struct acme_statement *joined =
        arena_alloc(run->arena, (size_t)(wanted + ACME_STATEMENTS_MAX) * sizeof(*joined));

    while (n < wanted) {
        acme_next(run->acme, run->arena, transaction);
        if (transaction->rollback) {
            if (!run_doomed(run, transaction, reterr))
                return false;
            continue;
        }
        memcpy(joined + n, transaction->statements, (size_t)transaction->n * sizeof(*joined));
        n += transaction->n;
    }
    return commit(run, joined, n, reterr);
}

static void report(struct run *run, bool last)
{
    int64_t now_ms = clock_mono_ms(), elapsed_ms = now_ms - run->started_ms + 1;

    if (!last && now_ms - run->reported_ms < REPORT_MS)
        return;
    run->reported_ms = now_ms;
    service_beat(run->service);
    if (run->progress)
        fprintf(stderr, "\r%lld changes, %lld/s %s", (long long)run->changes,
                (long long)(run->changes * 1000 / elapsed_ms), last ? "\n" : "");
}

/* Waits until the set rate allows the next change. */
static void pace(struct run *run)
{
    int64_t rate = run->options->rate;

    while (rate > 0 && !service_stopping(run->service) &&
           run->changes * 1000 > (clock_mono_ms() - run->started_ms + PACE_MS) * rate)
        service_wait(run->service, PACE_MS);
}

static bool done(const struct run *run)
{
    return service_stopping(run->service) ||
           (run->options->changes > 0 && run->changes >= run->options->changes);
}

/* After a lost connection the last transaction's fate is unknown: what is alive is read again. True
 * without a connection: a stop was asked for. */
static bool recover(struct run *run, const struct err *why, unsigned *attempt, struct err *reterr)
{
    *reterr = *why;
    while (reterr->kind == ERR_RETRY &&
           service_retry(run->service, "writing changes", reterr, attempt)) {
        if (connect(run, reterr) && open_workload(run, reterr)) {
            service_ready(run->service, true, "generating");
            return true;
        }
    }
    return service_stopping(run->service);
}

static bool generate(struct run *run, struct err *reterr)
{
    unsigned attempt = 0;
    struct err why;

    if (!open_workload(run, reterr))
        return false;
    run->started_ms = run->reported_ms = clock_mono_ms();
    service_ready(run->service, true, "generating");
    while (!done(run)) {
        arena_reset(run->arena);
        if (next(run, &why))
            attempt = 0;
        else if (!recover(run, &why, &attempt, reterr))
            return false;
        report(run, false);
        pace(run);
    }
    report(run, true);
    return true;
}

/* One line of the file is one statement; BEGIN and COMMIT are lines of their own and no changes. */
static bool is_change(const char *line)
{
    return strncmp(line, "INSERT", 6) == 0 || strncmp(line, "UPDATE", 6) == 0 ||
           strncmp(line, "DELETE", 6) == 0;
}

static bool replay(struct run *run, struct err *reterr)
{
    CLEANUP(file) FILE *file = fopen(run->options->replay, "re");
    CLEANUP(free) char *line = NULL;
    size_t cap = 0;

    if (file == NULL)
        return err_stop(reterr, EX_NOINPUT, "--replay: cannot read %s", run->options->replay);
    run->started_ms = run->reported_ms = clock_mono_ms();
    for (long number = 1; getline(&line, &cap, file) >= 0 && !done(run); number++) {
        if (line[0] == '\n' || strncmp(line, "--", 2) == 0)
            continue;
        if (!pg_script(run->pg, line, reterr))
            return err_prefix(reterr, "%s:%ld", run->options->replay, number);
        run->changes += is_change(line);
        metric_add(&metric_rows[CHANGES], is_change(line));
        report(run, false);
        pace(run);
    }
    report(run, true);
    return true;
}

/* The data sets that are files. */
static const struct file_set {
    const char *name;
    bool (*generate)(const struct files_config *config, struct err *reterr);
} file_sets[] = {{"countries", countries_files}, {"events", events_files},
                 {"products", products_files},   {"retail", retail_files},
                 {"telco", telco_files},         {0}};

static const struct file_set *find_file_set(const char *name)
{
    const struct file_set *set = file_sets;

    while (set->name != NULL && strcmp(set->name, name) != 0)
        set++;
    return set->name == NULL ? NULL : set;
}

static bool generate_files(const struct file_set *set, struct run *run, struct err *reterr)
{
    const struct options *options = run->options;
    struct files_config config = {.folder = options->out,
                                  .seed = (uint64_t)options->seed,
                                  .rows = options->rows,
                                  .dirty = options->dirty,
                                  .crlf = options->crlf,
                                  .files = &run->files,
                                  .bytes = &run->bytes};

    if (!out_day_of(options->today, &config.today))
        return err_stop(reterr, EX_USAGE, "--today: \"%s\" is no date", options->today);
    return set->generate(&config, reterr);
}

/* What was made, and how long that took: in the log, and as JSON on standard output. */
static void tell(struct run *run, const char *error)
{
    struct account *account = &run->account;

    account_stage(account, "generate", clock_mono_ms());
    if (find_file_set(run->options->dataset) != NULL) {
        account_count(account, "files", "files", run->files);
        account_count(account, "files", "bytes", run->bytes);
    } else {
        account_count(account, "source", "changes", run->changes);
        account_count(account, "source", "transactions",
                      (int64_t)atomic_load(&metric_rows[TRANSACTIONS].value));
        account_count(account, "source", "rolled_back",
                      (int64_t)atomic_load(&metric_rows[ROLLBACKS].value));
    }
    account_end(account, service_stopping(run->service), error, clock_mono_ms());
    account_tell(account, "dataset", STR_NONE);
}

static bool run_service(struct run *run, struct err *reterr)
{
    const struct options *options = run->options;
    const struct file_set *set = find_file_set(options->dataset);

    if (set != NULL)
        return generate_files(set, run, reterr);
    if (strcmp(options->dataset, "acme") != 0)
        return err_stop(
            reterr, EX_USAGE,
            "--dataset: there is no dataset \"%s\", only acme, telco, countries, products, "
            "retail, events",
            options->dataset);
    if (!connect(run, reterr) ||
        (options->create && !pg_script(run->pg, embedded_source_sql, reterr)))
        return false;
    account_stage(&run->account, "connect", clock_mono_ms());
    return options->replay != NULL ? replay(run, reterr) : generate(run, reterr);
}

int main(int argc, char **argv)
{
    struct options options = {0};
    struct option_group groups[] = {{"Data", rows, &options},
                                    {"PostgreSQL", postgres_options, &options.postgres},
                                    {"Service", service_options, &options.service},
                                    {0}};
    const struct option_set set = {"datagen", "generates seeded source data, at a set rate",
                                   "acme [options]", groups, "dataset"};
    struct metrics metrics = {metric_rows};
    struct run run = {.options = &options, .progress = isatty(STDERR_FILENO)};
    struct err err;

    if (!service_start(&set, &options.service, argc, argv, &metrics, &run.service, &err))
        return service_finish(NULL, &set, &err);
    if (run.service == NULL)
        return service_finish(NULL, &set, NULL);
    run.arena = arena_new(ARENA_BYTES);
    account_begin(&run.account, set.service, options.dataset, clock_wall_us(), clock_mono_ms());
    bool ok = run_service(&run, &err);
    tell(&run, ok ? NULL : err.text);
    pg_close(run.pg);
    acme_free(run.acme);
    arena_free(run.arena);
    return service_finish(run.service, &set, ok ? NULL : &err);
}
