/*
 * The engine in a process of its own, fed with changes as logical decoding gives them:
 * equality_driver PIPELINE.sql [AS_OF] < STREAM. Each change becomes a Debezium envelope by the writer that
 * postgres-cdc has, and goes back through the decoder of the task. One line a command, fields
 * separated by tabs and escaped as COPY does:
 *
 *   T name {column oid typmod key}...   the next source, numbered from 0
 *   c|u|r|d|t source lsn ordinal [value...]   a change that waits for the step
 *   S                                   one step over what waits
 *   P                                   prints "V view key row" and "E view sqlstate message", then
 * "." R                                   a new round: an empty engine
 *
 * It begins with "U view what" for all that the plans use. Exit status 65: the pipeline is refused, stderr says why; 70: a change or a step failed.
 */
#include "base/err.h"
#include "ops/store_memory.h"
#include "record/debezium.h"
#include "sql/pipeline.h"
#include "task/inputs.h"
#include "uses.h"
#include <stdio.h>
#include <stdlib.h>

enum {
    TABLES_MAX = 64,
    COLUMNS_HERE = 200,
    FIELDS_MAX = 4 * COLUMNS_HERE + 8,
    ARENA_BYTES = 1 << 28
};

/* A table as PostgreSQL has it; source UINT32_MAX: no view reads it. */
struct table {
    struct debezium_column columns[COLUMNS_HERE];
    const char *name;
    uint32_t source;
    uint16_t columns_n;
};

struct driver {
    const struct plan *plan;
    struct arena *names, *arena; /* of the run; of the step */
    struct store_memory *memory;
    struct engine *engine;
    struct inputs *inputs;
    struct overlay *rows, *withheld; /* view number, key -> row; node, key -> what happened */
    struct table *tables;
    struct engine_event *events;
    size_t events_n, events_cap;
    struct buf key, value;
    struct str fields[FIELDS_MAX];
    bool nulls[FIELDS_MAX];
    uint32_t fields_n, tables_n;
};

_Noreturn static void fail(const char *what, const struct err *err)
{
    fflush(stdout);
    fprintf(stderr, "%s: %s\n", what, err == NULL ? "malformed" : err->text);
    exit(EX_SOFTWARE);
}

/* Splits the line into fields and takes their escapes away, in place. */
static void split(struct driver *driver, char *line)
{
    char *at = line, *to = line;

    driver->fields_n = 0;
    for (bool more = true; more; at++) {
        uint32_t i = driver->fields_n++;

        if (driver->fields_n > FIELDS_MAX)
            fail("fields", NULL);
        driver->nulls[i] = at[0] == '\\' && at[1] == 'N';
        driver->fields[i].at = to;
        for (; *at != '\t' && *at != '\0'; at++) {
            char c = *at;

            if (c == '\\') {
                c = *++at;
                c = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
            }
            *to++ = c;
        }
        more = *at != '\0';
        driver->fields[i].len = (size_t)(to - driver->fields[i].at);
        *to++ = '\0';
    }
}

static uint64_t number(const struct driver *driver, uint32_t field)
{
    return field < driver->fields_n ? strtoull(driver->fields[field].at, NULL, 10) : 0;
}

static uint32_t find_source(const struct plan *plan, const char *name)
{
    for (uint32_t i = 0; i < plan->sources_n; i++)
        if (strcmp(plan->sources[i].name, name) == 0 && plan->sources[i].node != UINT32_MAX)
            return i;
    return UINT32_MAX;
}

static void take_table(struct driver *driver)
{
    struct table *table = &driver->tables[driver->tables_n];

    if (driver->tables_n == TABLES_MAX || (driver->fields_n - 2) % 4 != 0)
        fail("T", NULL);
    driver->tables_n++;
    *table = (struct table){.name = arena_copy(driver->names, driver->fields[1]).at};
    table->source = find_source(driver->plan, table->name);
    for (uint32_t i = 2; i < driver->fields_n; i += 4)
        table->columns[table->columns_n++] =
            (struct debezium_column){.name = arena_copy(driver->names, driver->fields[i]).at,
                                     .type_oid = (uint32_t)number(driver, i + 1),
                                     .typmod = (int32_t)strtol(driver->fields[i + 2].at, NULL, 10),
                                     .key = driver->fields[i + 3].at[0] == '1'};
}

static struct debezium_datum datum(const struct driver *driver, uint32_t field)
{
    return (struct debezium_datum){driver->nulls[field] ? DEBEZIUM_NULL : DEBEZIUM_TEXT,
                                   driver->fields[field]};
}

/* Writes key and envelope of the line's change. */
static void write_change(struct driver *driver, const struct table *table, char op)
{
    struct debezium_datum data[COLUMNS_HERE] = {0}, old[COLUMNS_HERE] = {0};
    bool has_old = op == 'u' && driver->fields_n == 4U + 2U * table->columns_n;
    const struct debezium_source source = {
        .name = "equality", .database = "d", .schema = "s", .table = "t", .snapshot = "false"};
    const struct debezium_write write = {.columns = table->columns,
                                         .columns_n = table->columns_n,
                                         .before = op == 'd' ? data
                                                   : has_old ? old
                                                             : NULL,
                                         .after = op == 'd' || op == 't' ? NULL : data,
                                         .source = &source,
                                         .op = op};
    bool has_key = true;
    struct err err;

    if (op != 't' && !has_old && driver->fields_n != 4U + table->columns_n)
        fail("change", NULL);
    for (uint16_t i = 0; i < table->columns_n && op != 't'; i++)
        data[i] = datum(driver, 4U + i);
    for (uint16_t i = 0; i < table->columns_n && has_old; i++)
        old[i] = datum(driver, 4U + table->columns_n + i);
    buf_clear(&driver->key);
    buf_clear(&driver->value);
    if ((op != 't' && !debezium_write_key(&driver->key, table->columns, table->columns_n, data,
                                          write.format, &has_key, &err)) ||
        !debezium_write_value(&driver->value, &write, &err))
        fail("write", &err);
    if (!has_key)
        fail("a table without PRIMARY KEY", NULL);
}

static void take_change(struct driver *driver)
{
    const char op = driver->fields[0].at[0];
    struct input_result result;

    if (driver->fields_n < 4 || number(driver, 1) >= driver->tables_n)
        fail("change", NULL);
    const struct table *table = &driver->tables[number(driver, 1)];
    if (table->source == UINT32_MAX)
        return;
    write_change(driver, table, op);
    struct input_record record = {.source = table->source,
                                  .key = arena_copy(driver->arena, buf_str(&driver->key)),
                                  .value = arena_copy(driver->arena, buf_str(&driver->value)),
                                  .position = {number(driver, 2), number(driver, 3)}};
    inputs_decode_record(driver->inputs, driver->engine, &record, driver->arena, &result);
    if (result.outcome != INPUT_EVENT) {
        fprintf(stderr, "%.*s\n", STR_ARG(record.value));
        fail(table->name, &result.reason);
    }
    if (driver->events_n == driver->events_cap) {
        driver->events_cap = driver->events_cap * 2 + 1024;
        driver->events = err_realloc(driver->events, driver->events_cap * sizeof(*driver->events));
    }
    driver->events[driver->events_n++] = result.event;
}

static void keep_quarantine(struct driver *driver, const struct engine_quarantine *entry)
{
    buf_clear(&driver->key);
    buf_be(&driver->key, entry->node, 4);
    buf_put(&driver->key, entry->key);
    buf_clear(&driver->value);
    if (!entry->gone)
        buf_printf(&driver->value, "%s\t%s", entry->reason.sqlstate, entry->reason.text);
    overlay_put(driver->withheld, buf_str(&driver->key),
                entry->gone ? STR_NONE : buf_str(&driver->value));
}

/* The view's row without the columns of the key that rows without one get. */
static void write_row(struct driver *driver, uint32_t view, const struct row *row)
{
    struct schema schema = driver->plan->views[view].schema;

    if (driver->plan->nodes[driver->plan->views[view].node].kind == PLAN_ORDINAL)
        schema.columns_n = (uint16_t)(schema.columns_n - 2);
    json_write_row(&driver->value, &schema, row);
}

static void keep_changes(struct driver *driver, const struct engine_output *output)
{
    for (uint32_t i = 0; i < output->changes_n; i++) {
        const struct engine_change *change = &output->changes[i];

        buf_clear(&driver->key);
        buf_be(&driver->key, change->view, 4);
        json_write_key(&driver->key, &driver->plan->views[change->view].schema, change->key_row);
        buf_clear(&driver->value);
        if (change->row != NULL)
            write_row(driver, change->view, change->row);
        overlay_put(driver->rows, buf_str(&driver->key),
                    change->row == NULL ? STR_NONE : buf_str(&driver->value));
    }
    for (uint32_t i = 0; i < output->quarantines_n; i++)
        keep_quarantine(driver, &output->quarantines[i]);
}

static void step(struct driver *driver)
{
    struct engine_output output;
    struct err err;

    if (!engine_step(driver->engine, driver->events, (uint32_t)driver->events_n, driver->arena,
                     &output, &err))
        fail("step", &err);
    keep_changes(driver, &output);
    driver->events_n = 0;
    arena_reset(driver->arena);
    store_memory_commit(driver->memory);
}

static void put_escaped(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        switch (text.at[i]) {
        case '\n':
            fputs("\\n", stdout);
            break;
        case '\\':
            fputs("\\\\", stdout);
            break;
        case '\t':
            fputs("\\t", stdout);
            break;
        default:
            putchar(text.at[i]);
        }
    }
}

static bool reads(const struct plan *plan, uint32_t from, uint32_t node)
{
    const struct plan_node *of = &plan->nodes[from];

    if (from == node)
        return true;
    if (plan_inputs_n(of->kind) == 0 || node > from)
        return false;
    return reads(plan, of->inputs[0], node) ||
           (of->inputs[1] < from && of->inputs[1] != of->inputs[0] &&
            plan_inputs_n(of->kind) == 2 && reads(plan, of->inputs[1], node));
}

static void print_withheld(const struct driver *driver, const struct overlay_entry *entry)
{
    uint32_t node = (uint32_t)be_get(entry->key.at, 4);

    for (uint32_t view = 0; view < driver->plan->views_n; view++)
        if (reads(driver->plan, driver->plan->views[view].node, node))
            printf("E\t%s\t%.*s\n", driver->plan->views[view].name, STR_ARG(entry->value));
}

static void print(const struct driver *driver)
{
    for (const struct overlay_entry *entry = overlay_seek(driver->rows, STR_NONE, false);
         entry != NULL; entry = overlay_next(driver->rows, entry)) {
        if (entry->value.at == NULL)
            continue;
        printf("V\t%s\t", driver->plan->views[be_get(entry->key.at, 4)].name);
        put_escaped((struct str){entry->key.at + 4, entry->key.len - 4});
        putchar('\t');
        put_escaped(entry->value);
        putchar('\n');
    }
    for (const struct overlay_entry *entry = overlay_seek(driver->withheld, STR_NONE, false);
         entry != NULL; entry = overlay_next(driver->withheld, entry))
        if (entry->value.at != NULL)
            print_withheld(driver, entry);
    puts(".");
    fflush(stdout);
}

static void end_round(struct driver *driver)
{
    driver->engine = engine_free(driver->engine);
    driver->memory = store_memory_free(driver->memory);
    driver->rows = overlay_free(driver->rows);
    driver->withheld = overlay_free(driver->withheld);
}

static void begin_round(struct driver *driver)
{
    struct engine_output output;
    struct err err;

    end_round(driver);
    driver->memory = store_memory_new();
    driver->rows = overlay_new(SIZE_MAX);
    driver->withheld = overlay_new(SIZE_MAX);
    driver->events_n = 0;
    arena_reset(driver->arena);
    if (!engine_new(driver->plan, &driver->memory->store, &driver->engine, &err) ||
        !engine_first_step(driver->engine, driver->arena, &output, &err))
        fail("engine", &err);
    keep_changes(driver, &output);
}

static void command(struct driver *driver)
{
    switch (driver->fields[0].at[0]) {
    case 'T':
        take_table(driver);
        break;
    case 'R':
        begin_round(driver);
        break;
    case 'S':
        step(driver);
        break;
    case 'P':
        print(driver);
        break;
    default:
        take_change(driver);
    }
}

static void run(const struct plan *plan)
{
    CLEANUP(free) int32_t *partitions = err_calloc(plan->sources_n + 1, sizeof(*partitions));
    CLEANUP(free) struct driver *driver = err_calloc(1, sizeof(*driver));
    CLEANUP(free) struct table *tables = err_calloc(TABLES_MAX, sizeof(*tables));
    CLEANUP(free) char *line = NULL;
    size_t cap = 0;
    ssize_t length;

    driver->plan = plan;
    driver->tables = tables;
    driver->names = arena_new(1 << 16);
    driver->arena = arena_new(ARENA_BYTES);
    driver->inputs = inputs_new(plan, partitions, NULL);
    begin_round(driver);
    while ((length = getline(&line, &cap, stdin)) > 0) {
        line[length - (line[length - 1] == '\n')] = '\0';
        split(driver, line);
        command(driver);
    }
    end_round(driver);
    inputs_free(driver->inputs);
    buf_done(&driver->key);
    buf_done(&driver->value);
    free(driver->events);
    arena_free(driver->arena);
    arena_free(driver->names);
}

static bool read_file(const char *path, struct buf *out)
{
    CLEANUP(file) FILE *file = fopen(path, "re");
    char chunk[4096];
    size_t n;

    if (file == NULL)
        return false;
    while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0)
        buf_append(out, chunk, n);
    return true;
}

int main(int argc, char **argv)
{
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);
    CLEANUP(buf) struct buf text = {0};
    const struct plan *plan = NULL;
    struct err err;

    if (argc < 2 || argc > 3 || !read_file(argv[1], &text))
        return EX_USAGE;
    const struct pipeline_file file = {
        .path = argv[1], .text = buf_str(&text), .pipeline = "equality", .as_of = argv[2]};
    if (!pipeline_plan_file(arena, &file, &plan, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return EX_DATAERR;
    }
    puts("planned");
    for (uint32_t view = 0; view < plan->views_n; view++)
        uses_print(stdout, plan, view);
    run(plan);
    return 0;
}
