#include "report.h"

#include "base/options.h"
#include <dirent.h>
#include <stdlib.h>
#include <time.h>

enum { SQL_BYTES_MAX = 1 << 20, NAME_BYTES_MAX = 64 };

static bool is_sql_file(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);

    return length > 4 && length < NAME_BYTES_MAX && entry->d_name[0] != '.' &&
           strcmp(entry->d_name + length - 4, ".sql") == 0;
}

static int sql_files_only(const struct dirent *entry)
{
    return is_sql_file(entry);
}

/* The folder's files of SQL, sorted by name. */
struct listing {
    const char *folder;
    struct dirent **entries;
    int n;
};

/* Names of the reports, joined by ", " in `into`. */
static void list_names(const struct listing *listing, struct buf *into)
{
    for (int i = 0; i < listing->n; i++) {
        const char *file = listing->entries[i]->d_name;

        buf_printf(into, "%s%.*s", i == 0 ? "" : ", ", (int)strlen(file) - 4, file);
    }
}

static bool read_report(const char *folder, const char *file, struct arena *arena,
                        struct report *ret, struct err *reterr)
{
    CLEANUP(free) char *text = NULL;

    if (!options_read_file(arena_printf(arena, "%s/%s", folder, file), SQL_BYTES_MAX, &text,
                           reterr))
        return false;
    ret->name = arena_printf(arena, "%.*s", (int)strlen(file) - 4, file);
    ret->sql = arena_printf(arena, "%s", text);
    return true;
}

static bool is_wanted(const char *file, const char *name)
{
    size_t length = strlen(file) - 4;

    return strcmp(name, "all") == 0 || (length == strlen(name) && strncmp(file, name, length) == 0);
}

static bool read_reports(const struct listing *listing, const char *name, struct arena *arena,
                         struct report *reports, size_t *ret_n, struct err *reterr)
{
    size_t found = 0;

    for (int i = 0; i < listing->n; i++) {
        const char *file = listing->entries[i]->d_name;

        if (is_wanted(file, name) &&
            !read_report(listing->folder, file, arena, &reports[found++], reterr))
            return false;
    }
    if (found == 0) {
        CLEANUP(buf) struct buf names = {0};

        list_names(listing, &names);
        return err_stop(reterr, EX_USAGE, "--query: there is no report \"%s\" in %s; it has %s",
                        name, listing->folder, listing->n == 0 ? "none" : buf_cstr(&names));
    }
    *ret_n = found;
    return true;
}

bool report_load(const char *folder, const char *name, struct arena *arena, struct report **ret,
                 size_t *ret_n, struct err *reterr)
{
    struct listing listing = {.folder = folder};

    listing.n = scandir(folder, &listing.entries, sql_files_only, alphasort);
    if (listing.n < 0)
        return err_stop(reterr, EX_NOINPUT, "--reports: cannot read the folder %s", folder);
    struct report *reports = arena_zalloc(arena, (size_t)(listing.n + 1) * sizeof(*reports));
    bool ok = read_reports(&listing, name, arena, reports, ret_n, reterr);
    for (int i = 0; i < listing.n; i++)
        free(listing.entries[i]);
    free(listing.entries);
    if (ok)
        *ret = reports;
    return ok;
}

/* Characters of UTF-8 text: every byte that does not continue one. */
static size_t width_of(struct str text)
{
    size_t width = 0;

    for (size_t i = 0; i < text.len; i++)
        width += ((unsigned char)text.at[i] & 0xc0) != 0x80;
    return width;
}

static size_t column_width(const struct report_table *table, size_t column)
{
    size_t widest = 0;

    for (size_t row = 0; row < table->rows; row++) {
        size_t width = width_of(table->cells[row * table->columns + column]);

        widest = width > widest ? width : widest;
    }
    return widest;
}

static void draw_cell(struct buf *out, struct str text, size_t width, bool right)
{
    size_t blanks = width - width_of(text);

    buf_printf(out, " %*s%.*s%*s ", right ? (int)blanks : 0, "", STR_ARG(text),
               right ? 0 : (int)blanks, "");
}

static void draw_rule(struct buf *out, const struct report_table *table)
{
    for (size_t column = 0; column < table->columns; column++) {
        if (column > 0)
            buf_char(out, '+');
        for (size_t i = column_width(table, column) + 2; i > 0; i--)
            buf_char(out, '-');
    }
    buf_char(out, '\n');
}

void report_draw(struct buf *out, const struct report_table *table)
{
    for (size_t row = 0; row < table->rows; row++) {
        for (size_t column = 0; column < table->columns; column++) {
            if (column > 0)
                buf_char(out, '|');
            draw_cell(out, table->cells[row * table->columns + column], column_width(table, column),
                      row > 0 && table->right[column]);
        }
        buf_char(out, '\n');
        if (row == 0)
            draw_rule(out, table);
    }
    buf_printf(out, "(%zu row%s)\n", table->rows - 1, table->rows == 2 ? "" : "s");
}

void report_export_name(struct buf *out, const char *name, int64_t unix_us)
{
    time_t seconds = (time_t)(unix_us / 1000000);
    char stamp[32];
    struct tm local;

    localtime_r(&seconds, &local);
    strftime(stamp, sizeof(stamp), "%Y%m%d_%H%M%S", &local);
    buf_printf(out, "%s_result_%s.csv", name, stamp);
}
