#include "load.h"
#include "base/hash.h"
#include "record/csv.h"
#include "record/text.h"
#include <errno.h>

enum { RECORD_MAX = 16 << 20, DDL_MAX = 1 << 20 };

struct loading {
    struct csv csv;
    FILE *file;
    const struct load_dead *dead;
    bool tell; /* the file is not known */
    struct load_table *table;
    struct arena *arena;
    struct source_value *values;
    size_t columns_n;
    struct loaded done;
};

static void cleanup_loading(struct loading *loading)
{
    csv_done(&loading->csv);
    cleanup_file(&loading->file);
    load_table_free(loading->table);
    arena_free(loading->arena);
    free(loading->values);
}

static bool cant(const char *flag, const char *path, struct err *reterr)
{
    return err_stop(reterr, EX_NOINPUT, "--%s: %s: %s", flag, path, strerror(errno));
}

static bool fill(struct loading *loading, const char *path, struct err *reterr)
{
    size_t size = 0;
    char *at = window_room(&loading->csv.window, &size);
    size_t n = fread(at, 1, size, loading->file);

    if (n == 0 && ferror(loading->file))
        return cant("load-csv", path, reterr);
    window_filled(&loading->csv.window, n);
    loading->csv.window.ended = n == 0;
    return true;
}

/* The file's bytes, hashed in pieces. */
static bool hash_file(const char *path, uint64_t *ret, struct err *reterr)
{
    FILE *file CLEANUP(file) = fopen(path, "re");
    char *chunk CLEANUP(free) = err_malloc(WINDOW_CHUNK);
    uint64_t pair[2] = {1, 0};
    size_t n;

    if (file == NULL)
        return cant("load-csv", path, reterr);
    while ((n = fread(chunk, 1, WINDOW_CHUNK, file)) > 0) {
        pair[1] = hash64(chunk, n);
        pair[0] = hash64(pair, sizeof(pair));
    }
    if (ferror(file))
        return cant("load-csv", path, reterr);
    *ret = pair[0];
    return true;
}

static bool leave_out(struct loading *loading, const struct csv_record *record,
                      const struct err *reason, struct err *reterr)
{
    loading->done.dead++;
    return !loading->tell || loading->dead->each(loading->dead->arg, (int64_t)record->line,
                                                 record->raw, reason, reterr);
}

/* The fields as values: an empty one is NULL. */
static bool take_fields(struct loading *loading, const struct csv_record *record,
                        struct err *reterr)
{
    struct type type = {TYPE_TEXT, -1, NULL};
    struct value value;

    if (record->fields_n != loading->columns_n)
        return err_set(reterr, ERR_DEAD_LETTER, "%zu fields, the header has %zu", record->fields_n,
                       loading->columns_n);
    arena_reset(loading->arena);
    for (size_t i = 0; i < record->fields_n; i++) {
        struct str field = record->fields[i];

        loading->values[i] =
            (struct source_value){field.len == 0 ? SOURCE_NULL : SOURCE_TEXT, field};
        if (!record->ascii && !text_parse(type, field, loading->arena, &value, reterr))
            return err_prefix(reterr, "field %zu", i + 1);
    }
    return true;
}

static bool take_record(struct loading *loading, const struct csv_record *record,
                        struct err *reterr)
{
    struct err reason = {0};

    if (take_fields(loading, record, &reason) &&
        load_table_row(loading->table, loading->values, &reason)) {
        loading->done.rows++;
        return true;
    }
    if (reason.kind == ERR_DEAD_LETTER)
        return leave_out(loading, record, &reason, reterr);
    *reterr = reason;
    return false;
}

static bool take_header(struct loading *loading, struct source *source,
                        const struct rows_options *options, const struct csv_record *record,
                        struct err *reterr)
{
    char *ddl CLEANUP(free) = NULL;

    if (!options_read_file(options->ddl, DDL_MAX, &ddl, reterr))
        return err_prefix(reterr, "--ddl");
    loading->columns_n = record->fields_n;
    loading->values = err_calloc(record->fields_n + 1, sizeof(*loading->values));
    return load_table_begin(source, options->into, ddl, record->fields, record->fields_n,
                            &loading->table, reterr);
}

static bool step(struct loading *loading, struct source *source, const struct rows_options *options,
                 bool *ret_more, struct err *reterr)
{
    struct csv_record record;
    struct err reason = {0};

    switch (csv_next(&loading->csv, &record, &reason)) {
    case STREAM_MORE:
        return fill(loading, options->csv, reterr);
    case STREAM_RECORD:
        return loading->table == NULL ? take_header(loading, source, options, &record, reterr)
                                      : take_record(loading, &record, reterr);
    case STREAM_BAD:
        return leave_out(loading, &record, &reason, reterr);
    case STREAM_END:
    case STREAM_BROKEN:
        break;
    }
    *ret_more = false;
    return true;
}

bool load_csv(struct source *source, const struct rows_options *options,
              const struct load_dead *dead, struct loaded *ret, struct err *reterr)
{
    struct loading loading CLEANUP(loading) = {
        .csv = {.delimiter = ',', .quote = '"', .window.limit = RECORD_MAX},
        .dead = dead,
        .arena = arena_new(1 << 20)};
    bool more = true;

    if (!hash_file(options->csv, &loading.done.content, reterr))
        return false;
    loading.tell = loading.done.content != dead->known;
    loading.file = fopen(options->csv, "re");
    if (loading.file == NULL)
        return cant("load-csv", options->csv, reterr);
    while (more) {
        if (!step(&loading, source, options, &more, reterr))
            return false;
    }
    if (loading.table == NULL)
        return err_stop(reterr, EX_DATAERR, "--load-csv: %s: it has no header", options->csv);
    *ret = loading.done;
    return load_table_commit(loading.table, reterr);
}
