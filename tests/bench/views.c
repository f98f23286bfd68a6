/*
 * The views in process, on one core, without a broker: Debezium JSON in, encoded upserts out, state
 * in LMDB, one step and one apply a batch. Each workload beside the cost of decoding alone and
 * beside SQLite asked the whole query again after each batch. CPU seconds, so that a busy machine
 * tells the same. First the sources keep their rows, then they say before 'trusted' (workloads with
 * a floor; SQLite is not asked again). Exit status 1 when a floor is missed in both.
 *
 *   bench_views [--changes N] [--batch N] [--no-sqlite] [WORKLOAD...]
 *   bench_views --costs                 cost a change at 10,000, 100,000 and 1,000,000 rows
 */
#include "views/load.h"
#include "views/sqlite.h"

#include "record/json.h"
#include "sql/pipeline.h"
#include "state/state.h"
#include "task/inputs.h"
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    CHANGES_DEFAULT = 600000,
    BATCH_DEFAULT = 10000,
    LOAD_BATCH = 20000,
    SQLITE_BATCHES = 3,
    OVERLAY_BYTES = 8 << 20, /* as the service has it by default */
    EXIT_BELOW_FLOOR = 1
};

/* How to run. */
struct settings {
    uint32_t changes, batch;
    bool sqlite, trusted; /* the sources say before 'trusted' */
    int64_t limit_ns;     /* stop after so much; 0: never */
};

/* Nanoseconds of CPU by part of the work. */
enum part { PART_DECODE, PART_STEP, PART_ENCODE, PART_APPLY, PARTS };

struct run {
    const struct settings *settings;
    const struct workload *workload;
    const struct plan *plan;
    struct arena *plan_arena, *arena, *decode_arena;
    struct state *state;
    struct engine *engine;
    struct inputs *inputs;
    struct load load;
    uint32_t sources[TABLES_MAX];
    struct engine_event *events;
    uint32_t events_n;
    struct requery *requery;
    struct buf key, value;
    char directory[64];
    int64_t ns[PARTS], decode_only_ns, sqlite_ns;
    uint64_t records, sqlite_records, in_bytes, out, out_bytes;
};

static int64_t cpu_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void need(bool ok, const char *what, const struct err *err)
{
    if (ok)
        return;
    fprintf(stderr, "bench_views: %s: %s\n", what, err->text);
    exit(EX_SOFTWARE);
}

/* ---- opening ---- */

/* Appends the option to each source's. */
static void trust(struct buf *text)
{
    static const char from[] = "format 'debezium')", to[] = "format 'debezium', before 'trusted')";
    CLEANUP(buf) struct buf copy = {0};
    const char *at = buf_cstr(text);

    for (const char *found; (found = strstr(at, from)) != NULL; at = found + strlen(from)) {
        buf_append(&copy, at, (size_t)(found - at));
        buf_puts(&copy, to);
    }
    buf_puts(&copy, at);
    buf_clear(text);
    buf_put(text, buf_str(&copy));
}

static void read_plan(struct run *run)
{
    CLEANUP(buf) struct buf text = {0};
    CLEANUP(file) FILE *file = fopen(SOURCE_DIR "/tests/bench/views/sources.sql", "re");
    char part[4096];
    struct err err;
    size_t n;

    if (file == NULL) {
        perror(SOURCE_DIR "/tests/bench/views/sources.sql");
        exit(EX_NOINPUT);
    }
    while ((n = fread(part, 1, sizeof(part), file)) > 0)
        buf_append(&text, part, n);
    if (run->settings->trusted)
        trust(&text);
    buf_printf(&text, "CREATE MATERIALIZED VIEW gold.answer AS %s;\n", run->workload->select);
    need(pipeline_plan(run->plan_arena, run->workload->name,
                       arena_copy(run->plan_arena, buf_str(&text)), "bench", &run->plan, &err),
         "planning", &err);
}

static uint32_t source_of(const struct plan *plan, const char *name)
{
    for (uint32_t i = 0; i < plan->sources_n; i++)
        if (strcmp(plan->sources[i].name, name) == 0)
            return i;
    fprintf(stderr, "bench_views: no source %s\n", name);
    exit(EX_DATAERR);
}

static void open_state(struct run *run)
{
    const char *folder = getenv("TMPDIR");
    struct state_config config = {run->directory, INT64_C(1) << 36, OVERLAY_BYTES, NULL};
    bool emptied;
    struct err err;

    snprintf(run->directory, sizeof(run->directory), "%s/sluice-bench-XXXXXX",
             folder ? folder : "/tmp");
    if (mkdtemp(run->directory) == NULL) {
        perror(run->directory);
        exit(EX_CANTCREAT);
    }
    need(state_open(&config, &run->state, &emptied, &err), "opening the state", &err);
}

static void remove_state(const struct run *run)
{
    static const char *const names[] = {"data.mdb", "lock.mdb", "owner"};
    char path[128];

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        snprintf(path, sizeof(path), "%s/%s", run->directory, names[i]);
        unlink(path);
    }
    rmdir(run->directory);
}

static void start(struct run *run, const struct settings *settings, const struct workload *workload)
{
    struct err err;
    uint32_t most = (settings->batch > LOAD_BATCH ? settings->batch : LOAD_BATCH) + 1;

    *run = (struct run){.settings = settings, .workload = workload};
    run->plan_arena = arena_new(SIZE_MAX);
    run->arena = arena_new(SIZE_MAX);
    run->decode_arena = arena_new(SIZE_MAX);
    read_plan(run);
    open_state(run);
    int32_t *partitions CLEANUP(free) = err_calloc(run->plan->sources_n, sizeof(*partitions));
    run->inputs = inputs_new(run->plan, partitions, NULL);
    run->events = err_calloc(most, sizeof(*run->events));
    need(engine_new(run->plan, state_store(run->state), &run->engine, &err), "starting", &err);
    load_start(&run->load, workload);
    for (uint32_t i = 0; i < TABLES_MAX && workload->tables[i].kind != NULL; i++)
        run->sources[i] = source_of(run->plan, workload->tables[i].kind->name);
    if (settings->sqlite)
        run->requery =
            requery_new(run->plan, workload->sqlite ? workload->sqlite : workload->select);
}

static void stop(struct run *run)
{
    requery_free(run->requery);
    engine_free(run->engine);
    inputs_free(run->inputs);
    state_close(run->state, false);
    remove_state(run);
    load_done(&run->load);
    arena_free(run->arena);
    arena_free(run->decode_arena);
    arena_free(run->plan_arena);
    buf_done(&run->key);
    buf_done(&run->value);
    free(run->events);
}

/* ---- one batch ---- */

/* Decodes the load's records of sources that are read. */
static void decode(struct run *run, struct arena *arena)
{
    const struct load *load = &run->load;
    struct input_result result;

    run->events_n = 0;
    for (uint32_t i = 0; i < load->n; i++) {
        uint32_t source = run->sources[load->records[i].table];
        struct input_record record = {
            source, load_key(load, i), load_value(load, i), {run->records + i + 1, 0}};

        if (run->plan->sources[source].node == UINT32_MAX)
            continue;
        inputs_decode_record(run->inputs, run->engine, &record, arena, &result);
        need(result.outcome == INPUT_EVENT || result.outcome == INPUT_SKIPPED, "decoding",
             &result.reason);
        if (result.outcome == INPUT_EVENT)
            run->events[run->events_n++] = result.event;
    }
}

static void encode(struct run *run, const struct engine_output *output)
{
    for (uint32_t i = 0; i < output->changes_n; i++) {
        const struct engine_change *change = &output->changes[i];
        const struct schema *schema = &run->plan->views[change->view].schema;

        buf_clear(&run->key);
        buf_clear(&run->value);
        json_write_key(&run->key, schema, change->key_row);
        if (change->row != NULL)
            json_write_row(&run->value, schema, change->row);
        run->out_bytes += run->key.len + run->value.len;
    }
    run->out += output->changes_n;
}

/* Returns when a part began to be measured anew. */
static int64_t lap(struct run *run, enum part part, int64_t from)
{
    int64_t now = cpu_ns();

    run->ns[part] += now - from;
    return now;
}

static void take_batch(struct run *run)
{
    struct state_mark mark = {.applied_unix_ms = 1};
    struct engine_output output;
    struct err err;

    arena_reset(run->arena);
    arena_reset(run->decode_arena);
    int64_t from = cpu_ns();
    decode(run, run->decode_arena);
    int64_t now = cpu_ns();
    run->decode_only_ns += now - from;
    decode(run, run->arena);
    from = lap(run, PART_DECODE, now);
    need(engine_step(run->engine, run->events, run->events_n, run->arena, &output, &err), "a step",
         &err);
    from = lap(run, PART_STEP, from);
    encode(run, &output);
    from = lap(run, PART_ENCODE, from);
    need(state_commit(run->state, &mark, &err), "committing", &err);
    lap(run, PART_APPLY, from);
    run->records += run->load.n;
    run->in_bytes += run->load.bytes.len;
}

static void take_load(struct run *run)
{
    for (uint32_t t = 0; t < TABLES_MAX && run->workload->tables[t].kind != NULL; t++) {
        for (uint32_t left = run->workload->tables[t].held; left > 0;) {
            load_clear(&run->load);
            for (; left > 0 && run->load.n < LOAD_BATCH; left--)
                load_create(&run->load, t);
            take_batch(run);
            if (run->requery != NULL)
                requery_apply(run->requery, run->events, run->events_n);
        }
    }
}

static void take_changes(struct run *run)
{
    int64_t began = cpu_ns();

    for (uint32_t done = 0; done < run->settings->changes; done += run->settings->batch) {
        load_clear(&run->load);
        while (run->load.n < run->settings->batch)
            load_change(&run->load);
        take_batch(run);
        if (run->requery != NULL &&
            run->sqlite_records < SQLITE_BATCHES * (uint64_t)run->settings->batch) {
            int64_t from = cpu_ns();

            requery_apply(run->requery, run->events, run->events_n);
            requery_run(run->requery);
            run->sqlite_ns += cpu_ns() - from;
            run->sqlite_records += run->settings->batch;
        }
        if (run->settings->limit_ns > 0 && cpu_ns() - began > run->settings->limit_ns)
            return;
    }
}

/* What stands in /proc/self/status under a name, in KiB. */
static unsigned long status_kib(const char *name)
{
    CLEANUP(file) FILE *file = fopen("/proc/self/status", "re");
    char line[256];

    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, name, strlen(name)) == 0)
            return strtoul(line + strlen(name) + 1, NULL, 10);
    return 0;
}

static double per_s(uint64_t records, int64_t ns)
{
    return ns == 0 ? 0 : (double)records * 1e9 / (double)ns;
}

static int64_t total_ns(const struct run *run)
{
    int64_t ns = 0;

    for (int i = 0; i < PARTS; i++)
        ns += run->ns[i];
    return ns;
}

static void forget_figures(struct run *run)
{
    memset(run->ns, 0, sizeof(run->ns));
    run->decode_only_ns = run->sqlite_ns = 0;
    run->in_bytes = run->out = run->out_bytes = 0;
}

static void print_heading(void)
{
    printf("%-12s %9s %9s %6s  %9s %6s  %9s %6s  %5s %5s  %7s %6s  %s\n", "workload", "records/s",
           "floor", "B in", "decode/s", "of it", "SQLite/s", "times", "out", "B out", "state B",
           "RSS MB", "us a record: decode step encode apply");
}

static bool print_run(const struct run *run, uint64_t records, unsigned long rss_kib)
{
    double speed = per_s(records, total_ns(run)), limit = per_s(records, run->decode_only_ns);
    double sqlite = per_s(run->sqlite_records, run->sqlite_ns);
    uint64_t keys = 0, bytes = 0;

    state_size(run->state, &keys, &bytes);
    printf("%-12s %9.0f %9.0f %6.0f  %9.0f %6.2f  %9.0f %6.1f  %5.2f %5.0f  %7.0f %6lu ",
           run->workload->name, speed, run->workload->floor,
           (double)run->in_bytes / (double)records, limit, speed / limit, sqlite,
           sqlite == 0 ? 0 : speed / sqlite, (double)run->out / (double)records,
           run->out == 0 ? 0 : (double)run->out_bytes / (double)run->out,
           (double)bytes / (double)run->load.live, rss_kib / 1024);
    for (int i = 0; i < PARTS; i++)
        printf(" %.2f", (double)run->ns[i] / 1e3 / (double)records);
    printf("%s\n", speed < run->workload->floor ? "  BELOW" : "");
    return speed >= run->workload->floor;
}

/* Runs a workload; false when it is below its floor. */
static bool bench(const struct settings *settings, const struct workload *workload)
{
    struct run run;

    start(&run, settings, workload);
    take_load(&run);
    forget_figures(&run);
    uint64_t before = run.records;
    take_changes(&run);
    bool ok = print_run(&run, run.records - before, status_kib("RssAnon:"));
    stop(&run);
    return ok;
}

/* Each in a process of its own, so that memory is its own too. */
static bool bench_apart(const struct settings *settings, const struct workload *workload)
{
    int status = 0;

    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        bool ok = bench(settings, workload);

        fflush(stdout);
        _exit(ok ? 0 : EXIT_BELOW_FLOOR);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
        exit(EX_OSERR);
    if (WEXITSTATUS(status) > EXIT_BELOW_FLOOR)
        exit(WEXITSTATUS(status));
    return WEXITSTATUS(status) == 0;
}

/* ---- costs by size ---- */

static double cost_us(const struct workload *kind, uint32_t rows)
{
    struct settings settings = {200000, 1000, false, false, INT64_C(2000000000)};
    struct workload workload = *kind;
    struct run run;

    workload.tables[0].held = rows;
    start(&run, &settings, &workload);
    take_load(&run);
    forget_figures(&run);
    uint64_t before = run.records;
    take_changes(&run);
    double us = (double)total_ns(&run) / 1e3 / (double)(run.records - before);
    stop(&run);
    return us;
}

static void print_costs(void)
{
    static const uint32_t sizes[] = {10000, 100000, 1000000};

    printf("CPU microseconds a change, 1,000 changes a batch, by rows held\n%-44s %9s %9s %9s\n",
           "", "10,000", "100,000", "1,000,000");
    for (size_t i = 0; i < costs_n; i++) {
        printf("%-44s", costs[i].name);
        for (size_t s = 0; s < sizeof(sizes) / sizeof(*sizes); s++) {
            printf(" %9.2f", cost_us(&costs[i], sizes[s]));
            fflush(stdout);
        }
        printf("\n");
    }
}

static bool is_asked(char **names, int names_n, const char *name)
{
    for (int i = 0; i < names_n; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return names_n == 0;
}

static int usage(void)
{
    fprintf(stderr, "usage: bench_views [--changes N] [--batch N] [--no-sqlite] "
                    "[WORKLOAD...] | --costs\nworkloads:");
    for (size_t i = 0; i < workloads_n; i++)
        fprintf(stderr, " %s", workloads[i].name);
    fprintf(stderr, "\n");
    return EX_USAGE;
}

/* Reads the flags; how many arguments they take, -1 when they can't be understood. */
static int read_flags(int argc, char **argv, struct settings *settings, bool *ret_costs)
{
    int i = 1;

    for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
        bool has_number = i + 1 < argc;

        if (strcmp(argv[i], "--costs") == 0)
            *ret_costs = true;
        else if (strcmp(argv[i], "--no-sqlite") == 0)
            settings->sqlite = false;
        else if (strcmp(argv[i], "--changes") == 0 && has_number)
            settings->changes = (uint32_t)strtoul(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--batch") == 0 && has_number)
            settings->batch = (uint32_t)strtoul(argv[++i], NULL, 10);
        else
            return -1;
    }
    return settings->batch == 0 || settings->changes == 0 ? -1 : i;
}

int main(int argc, char **argv)
{
    struct settings settings = {CHANGES_DEFAULT, BATCH_DEFAULT, true, false, 0};
    bool ok = true, costs_only = false, *reached CLEANUP(free) = NULL;
    int names = read_flags(argc, argv, &settings, &costs_only);

    if (names < 0)
        return usage();
    if (costs_only) {
        print_costs();
        return 0;
    }
    reached = err_calloc(workloads_n, sizeof(*reached));
    print_heading();
    for (size_t i = 0; i < workloads_n; i++)
        if (is_asked(argv + names, argc - names, workloads[i].name))
            reached[i] = bench_apart(&settings, &workloads[i]);
    printf("before 'trusted'\n");
    settings.trusted = true;
    settings.sqlite = false;
    for (size_t i = 0; i < workloads_n; i++)
        if (workloads[i].floor > 0 && is_asked(argv + names, argc - names, workloads[i].name))
            ok &= bench_apart(&settings, &workloads[i]) || reached[i];
    return ok ? 0 : EXIT_BELOW_FLOOR;
}
