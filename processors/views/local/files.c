#include "local/files.h"

#include "base/err.h"
#include "local/local.h"
#include "local/progress.h"
#include "record/csv.h"
#include "record/json.h"
#include "record/text.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

DEFINE_CLEANUP(local, struct local *, local_free);

enum { RECORD_BYTES_MAX = 256 << 20, PATH_BYTES = 4096 };

/* The reading of a folder. */
struct reading {
    const struct plan *plan;
    const char *folder;
    struct local *local;
    struct progress progress;
    uint32_t source;
    FILE *file;
    char path[PATH_BYTES];
    uint64_t line; /* being read */
    struct row_builder builder;
};

/* ---- what the views do not get ---- */

static void print_rejected(void *context, uint32_t source, const char *rule,
                           const struct err *reason)
{
    struct reading *reading = context;

    (void)source;
    progress_clear(&reading->progress);
    fprintf(stderr, "%s:%llu: left out by rule \"%s\": %s\n", reading->path,
            (unsigned long long)reading->line, rule, reason->text);
}

static void print_withheld(void *context, const struct engine_quarantine *quarantine)
{
    struct reading *reading = context;

    if (quarantine->gone)
        return;
    progress_clear(&reading->progress);
    fprintf(stderr, "withheld: %s (%s)\n", quarantine->reason.text, quarantine->reason.sqlstate);
}

static void print_warnings(struct reading *reading)
{
    for (uint32_t s = 0; s < reading->plan->sources_n; s++) {
        const struct plan_source *source = &reading->plan->sources[s];

        for (uint16_t r = 0; r < source->rules_n; r++) {
            uint64_t rows = local_take_warnings(reading->local, s, r);

            if (rows > 0)
                fprintf(stderr, "warned by rule \"%s\": %llu row%s of %s\n", source->rules[r].name,
                        (unsigned long long)rows, rows == 1 ? "" : "s", source->name);
        }
    }
}

/* ---- JSON lines ---- */

static bool take_lines(struct reading *reading, struct err *reterr)
{
    CLEANUP(free) char *line = NULL;
    size_t cap = 0;
    ssize_t length = 0;

    for (; (length = getline(&line, &cap, reading->file)) >= 0; reading->line++) {
        progress_add(&reading->progress, reading->path, (uint64_t)length);
        while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r'))
            length--;
        if (length > 0 && !local_take_line(reading->local, reading->source,
                                           (struct str){line, (size_t)length}, reterr))
            return false;
    }
    return true;
}

/* ---- CSV ---- */

/* Where the values of a record go. */
struct header {
    const struct schema *schema;
    uint16_t *columns; /* by value */
    size_t n;
};

static bool read_header(struct reading *reading, const struct csv_record *record,
                        struct header *ret, struct err *reterr)
{
    const char *source = reading->plan->sources[reading->source].name;
    CLEANUP(free) bool *named = err_calloc(ret->schema->columns_n, sizeof(*named));

    for (size_t i = 0; i < record->fields_n; i++) {
        int column = schema_find(ret->schema, record->fields[i]);

        if (column < 0)
            return err_set(reterr, ERR_DEAD_LETTER, "%s has no column \"%.*s\"", source,
                           STR_ARG(record->fields[i]));
        if (named[column])
            return err_set(reterr, ERR_DEAD_LETTER, "column \"%.*s\" stands in the header twice",
                           STR_ARG(record->fields[i]));
        named[column] = true;
        ret->columns[i] = (uint16_t)column;
    }
    ret->n = record->fields_n;
    return true;
}

/* A value without bytes is NULL, unless it stands in quotes: then the byte before it is one. */
static bool is_null(const struct csv_record *record, struct str field)
{
    return field.len == 0 && !(field.at > record->raw.at && field.at[-1] == '"');
}

static bool take_record(struct reading *reading, const struct csv_record *record,
                        const struct header *header, struct err *reterr)
{
    struct arena *arena = local_arena(reading->local);

    if (record->fields_n != header->n)
        return err_set(reterr, ERR_DEAD_LETTER, "%zu value%s, the header has %zu", record->fields_n,
                       record->fields_n == 1 ? "" : "s", header->n);
    row_begin(&reading->builder, header->schema->columns_n);
    for (size_t i = 0; i < header->n; i++) {
        const struct column *column = &header->schema->columns[header->columns[i]];
        struct value value = {0};

        if (is_null(record, record->fields[i]))
            continue;
        if (!text_parse(column->type, record->fields[i], arena, &value, reterr))
            return err_prefix(reterr, "column \"%s\"", column->name);
        row_set_value(&reading->builder, header->columns[i], column->type.id, value);
    }
    return local_take_row(reading->local, reading->source, row_finish(&reading->builder, arena),
                          false, reterr);
}

static bool fill(struct reading *reading, struct csv *csv, struct err *reterr)
{
    size_t size;
    char *room = window_room(&csv->window, &size);
    size_t n = fread(room, 1, size, reading->file);

    window_filled(&csv->window, n);
    csv->window.ended = n == 0;
    return !ferror(reading->file) ||
           err_set(reterr, ERR_STOP, "cannot be read: %s", strerror(errno));
}

static bool take_records(struct reading *reading, struct csv *csv, struct header *header,
                         struct err *reterr)
{
    struct csv_record record;

    for (;;) {
        enum stream_step step = csv_next(csv, &record, reterr);

        if (step == STREAM_END)
            return true;
        if (step == STREAM_MORE) {
            if (!fill(reading, csv, reterr))
                return false;
            continue;
        }
        reading->line = record.line;
        if (step != STREAM_RECORD)
            return false;
        progress_add(&reading->progress, reading->path, record.raw.len + 1);
        if (!(header->n == 0 ? read_header(reading, &record, header, reterr)
                             : take_record(reading, &record, header, reterr)))
            return false;
    }
}

static bool take_csv(struct reading *reading, struct err *reterr)
{
    struct csv csv = {.delimiter = ',', .quote = '"', .window.limit = RECORD_BYTES_MAX};
    const struct schema *schema = &reading->plan->sources[reading->source].schema;
    CLEANUP(free) uint16_t *columns = err_calloc(UINT16_MAX, sizeof(*columns));
    struct header header = {.schema = schema, .columns = columns};
    bool ok = take_records(reading, &csv, &header, reterr);

    csv_done(&csv);
    return ok;
}

/* ---- a folder ---- */

/* The forms of files, by extension. */
static const struct form {
    const char *extension;
    bool (*take)(struct reading *reading, struct err *reterr);
} forms[] = {{"jsonl", take_lines}, {"ndjson", take_lines}, {"csv", take_csv}};
enum { FORMS_N = sizeof(forms) / sizeof(*forms) };

static void set_path(struct reading *reading, uint32_t source, const struct form *form)
{
    const char *name = reading->plan->sources[source].name;
    const char *dot = strrchr(name, '.');

    reading->source = source;
    reading->line = 1;
    snprintf(reading->path, sizeof(reading->path), "%s/%s.%s", reading->folder,
             dot == NULL ? name : dot + 1, form->extension);
}

/* A file that is not there has no rows. */
static bool take_file(struct reading *reading, const struct form *form, struct err *reterr)
{
    CLEANUP(file) FILE *file = fopen(reading->path, "re");

    if (file == NULL && errno == ENOENT)
        return true;
    if (file == NULL)
        return err_stop(reterr, EX_NOINPUT, "cannot read %s: %s", reading->path, strerror(errno));
    reading->file = file;
    if (form->take(reading, reterr))
        return true;
    err_prefix(reterr, "%s:%llu", reading->path, (unsigned long long)reading->line);
    reterr->kind = ERR_STOP;
    return false;
}

static bool is_read(const struct reading *reading, uint32_t source)
{
    return reading->plan->sources[source].node != UINT32_MAX;
}

static uint64_t bytes_to_read(struct reading *reading)
{
    struct stat facts;
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < reading->plan->sources_n * FORMS_N; i++) {
        set_path(reading, i / FORMS_N, &forms[i % FORMS_N]);
        if (is_read(reading, i / FORMS_N) && stat(reading->path, &facts) == 0)
            bytes += (uint64_t)facts.st_size;
    }
    return bytes;
}

static bool take_files(struct reading *reading, struct err *reterr)
{
    progress_begin(&reading->progress, bytes_to_read(reading));
    for (uint32_t i = 0; i < reading->plan->sources_n * FORMS_N; i++) {
        set_path(reading, i / FORMS_N, &forms[i % FORMS_N]);
        if (is_read(reading, i / FORMS_N) && !take_file(reading, &forms[i % FORMS_N], reterr))
            return false;
    }
    return local_step(reading->local, reterr);
}

/* ---- the views ---- */

static bool print_view(struct reading *reading, uint32_t view, bool heading, FILE *out,
                       struct err *reterr)
{
    const struct plan_view *shown = &reading->plan->views[view];
    CLEANUP(arena) struct arena *arena = arena_new(SIZE_MAX);
    CLEANUP(buf) struct buf text = {0};
    const struct row *row = NULL;
    struct local_walk walk;

    local_walk_begin(&walk, view);
    for (;;) {
        if (!local_walk_next(reading->local, &walk, arena, &row, reterr))
            return false;
        if (row == NULL)
            return true;
        if (heading)
            fprintf(out, "-- %s\n", shown->name);
        heading = false;
        buf_clear(&text);
        json_write_row(&text, &shown->schema, row);
        buf_char(&text, '\n');
        fwrite(text.at, 1, text.len, out);
        arena_reset(arena);
    }
}

static bool print_views(struct reading *reading, uint32_t only, FILE *out, struct err *reterr)
{
    for (uint32_t i = 0; i < reading->plan->views_n; i++)
        if ((only == UINT32_MAX || only == i) &&
            !print_view(reading, i, only == UINT32_MAX, out, reterr))
            return false;
    return true;
}

static bool find_view(const struct plan *plan, const char *name, uint32_t *ret, struct err *reterr)
{
    for (uint32_t i = 0; i < plan->views_n; i++) {
        if (strcmp(plan->views[i].name, name) == 0) {
            *ret = i;
            return true;
        }
    }
    return err_stop(reterr, EX_USAGE,
                    "--print: the pipeline has no materialized view \"%s\"; give one as %s", name,
                    plan->views[0].name);
}

bool views_local(const struct plan *plan, const char *folder, const char *view, FILE *out,
                 struct err *reterr)
{
    struct reading reading = {.plan = plan, .folder = folder};
    const struct local_config config = {
        .plan = plan, .listener = {&reading, print_rejected, print_withheld}, .on_disk = true};
    CLEANUP(local) struct local *local = NULL;
    uint32_t only = UINT32_MAX;

    if (view != NULL && !find_view(plan, view, &only, reterr))
        return false;
    if (access(folder, R_OK | X_OK) != 0)
        return err_stop(reterr, EX_NOINPUT, "--local: cannot read the folder %s: %s", folder,
                        strerror(errno));
    if (!local_new(&config, &local, reterr))
        return false;
    reading.local = local;
    bool ok = take_files(&reading, reterr);
    progress_clear(&reading.progress);
    if (ok)
        print_warnings(&reading);
    row_builder_done(&reading.builder);
    return ok && print_views(&reading, only, out, reterr);
}
