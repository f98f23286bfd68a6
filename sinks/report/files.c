#include "files.h"

#include "kafka/progress.h"
#include "record/json.h"
#include <assert.h>

enum { SCRATCH_BYTES = 1 << 16 };

DEFINE_CLEANUP(admin, struct kafka_admin *, kafka_admin_close);

static const struct heading headings[] = {
    {"file", COLUMN_TEXT},           {"status", COLUMN_TEXT},     {"rows", COLUMN_NUMBER},
    {"dead_letters", COLUMN_NUMBER}, {"size", COLUMN_NUMBER},     {"sha256", COLUMN_TEXT},
    {"attempts", COLUMN_NUMBER},     {"updated_at", COLUMN_TEXT}, {"error", COLUMN_TEXT}};

enum { HEADINGS = sizeof(headings) / sizeof(headings[0]), NAME = 0, SIZE = 4, UPDATED_AT = 7 };

struct files {
    struct arena *arena, *scratch;
    struct str *cells; /* HEADINGS a file */
    size_t n, cap;
    bool broken; /* a text that is no state of a file */
};

static struct str stamp(struct arena *arena, struct str us)
{
    char text[32];

    format_moment(text, strtoll(arena_printf(arena, "%.*s", STR_ARG(us)), NULL, 10));
    return str_of(arena_printf(arena, "%s", text));
}

/* A member as text in the arena; STR_NONE when it is not there. */
static bool take(struct files *files, struct str state, const char *name, struct str *ret)
{
    struct json_value value = {0};
    struct str text = STR_NONE;
    struct err ignored;
    bool found = false;

    if (!json_member(state, name, files->scratch, &value, &found, &ignored))
        return false;
    if (found && value.kind == JSON_STRING && !json_text(&value, files->scratch, &text, &ignored))
        return false;
    if (found && value.kind == JSON_NUMBER)
        text = value.raw;
    *ret = text.at == NULL ? STR_NONE : arena_copy(files->arena, text);
    return true;
}

static bool on_entry(void *arg, struct str key, struct str state)
{
    static const char *const members[HEADINGS] = {
        NULL, "status", "rows", "dead", "size", "sha256", "attempts", "updated_us", "error"};
    struct files *files = arg;
    size_t prefix = strlen("file:");

    if (!str_starts(key, STR("file:")))
        return true;
    if (files->n == files->cap) {
        files->cap = files->cap == 0 ? 64 : files->cap * 2;
        files->cells = err_realloc(files->cells, files->cap * HEADINGS * sizeof(*files->cells));
    }
    struct str *row = files->cells + files->n++ * HEADINGS;
    arena_reset(files->scratch);
    row[NAME] = arena_copy(files->arena, (struct str){key.at + prefix, key.len - prefix});
    for (size_t i = 1; i < HEADINGS; i++)
        files->broken |= !take(files, state, members[i], &row[i]);
    if (!files->broken && row[UPDATED_AT].at != NULL)
        row[UPDATED_AT] = stamp(files->arena, row[UPDATED_AT]);
    return !files->broken;
}

static bool read_topic(const struct report_options *options, struct kafka_admin *admin,
                       const char *topic, struct files *files, struct err *reterr)
{
    int32_t partitions = 0;

    if (!kafka_partitions(admin, topic, &partitions, reterr))
        return false;
    for (int32_t i = 0; i < partitions; i++) {
        const struct kafka_offset from = {topic, i, 0};
        struct kafka_progress *progress = NULL;

        if (!kafka_progress_open_part(&options->kafka, report_service, admin, &from, &progress,
                                      reterr))
            return false;
        kafka_progress_each(progress, on_entry, files);
        kafka_progress_close(progress);
        if (files->broken)
            return err_stop(reterr, EX_DATAERR, "--files: %s holds what is no state of a file",
                            topic);
    }
    return true;
}

/* One instance keeps them in one topic, workers that share the files in another. */
static bool read_files(const struct report_options *options, struct files *files,
                       struct err *reterr)
{
    static const char *const ends[] = {"progress", "objects"};
    CLEANUP(admin) struct kafka_admin *admin = NULL;

    if (!kafka_admin_open(&options->kafka, report_service, &admin, reterr))
        return false;
    for (size_t i = 0; i < 2; i++) {
        const char *topic = arena_printf(files->arena, "_sluice.%s.%s", options->files, ends[i]);

        if (!read_topic(options, admin, topic, files, reterr))
            return false;
    }
    return files->n > 0 ||
           err_stop(reterr, EX_NOINPUT, "--files: no file is known that was read into \"%s\"",
                    options->files);
}

static void put_parameters(struct buf *out, const struct option_list *parameters)
{
    for (size_t i = 0; i < parameters->n; i++) {
        const char *item = parameters->items[i], *value = strchr(item, '=');

        if (value == NULL)
            continue;
        json_write_string(out, str_between(item, value));
        buf_char(out, ':');
        json_write_string(out, str_of(value + 1));
        buf_char(out, ',');
    }
}

static bool make_document(const struct report_options *options, const struct files *files,
                          struct part *ret, struct err *reterr)
{
    static const struct heading heading[] = {{"metadata", COLUMN_JSON}};
    struct buf text CLEANUP(buf) = {0};
    const struct str *row = files->cells;

    assert(row != NULL);
    if (files->n != 1)
        return err_stop(reterr, EX_DATAERR, "--files: a document is of one file, %s has %zu",
                        options->files, files->n);
    long long size = strtoll(arena_printf(files->arena, "%.*s", STR_ARG(row[SIZE])), NULL, 10);
    buf_char(&text, '{');
    put_parameters(&text, &options->parameters);
    buf_puts(&text, "\"download_timestamp\":");
    json_write_string(&text, row[UPDATED_AT]);
    buf_puts(&text, ",\"file_path\":");
    json_write_string(&text, row[NAME]);
    buf_printf(&text, ",\"file_size_bytes\":%lld,\"file_size_mb\":%.2f}", size,
               (double)size / (1 << 20));
    struct str *cell = arena_zalloc(files->arena, sizeof(*cell));
    *cell = arena_copy(files->arena, buf_str(&text));
    *ret = (struct part){heading, 1, cell, 1};
    return true;
}

static int by_name(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static bool make_part(const struct report_options *options, const struct files *files,
                      struct part *ret, struct err *reterr)
{
    size_t bytes = files->n * HEADINGS * sizeof(*files->cells);

    assert(files->cells != NULL); /* there is a file */
    qsort(files->cells, files->n, HEADINGS * sizeof(*files->cells), by_name);
    if (options->format == FORMAT_DOCUMENT)
        return make_document(options, files, ret, reterr);
    struct str *cells = arena_zalloc(files->arena, bytes);
    memcpy(cells, files->cells, bytes);
    *ret = (struct part){headings, HEADINGS, cells, files->n};
    return true;
}

bool files_read(const struct report_options *options, struct arena *arena, struct part *ret,
                struct err *reterr)
{
    CLEANUP(arena) struct arena *scratch = arena_new(SCRATCH_BYTES);
    struct files files = {.arena = arena, .scratch = scratch};
    bool ok = read_files(options, &files, reterr) && make_part(options, &files, ret, reterr);

    free(files.cells);
    return ok;
}
