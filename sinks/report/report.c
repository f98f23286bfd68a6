#include "report.h"

#include "base/options.h"
#include <dirent.h>
#include <errno.h>
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
    return report_declare(ret, arena, reterr);
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

/* The next word of a line, which moves behind it; empty at its end. */
static struct str next_word(struct str *line)
{
    size_t from = 0, to;

    while (from < line->len && line->at[from] == ' ')
        from++;
    for (to = from; to < line->len && line->at[to] != ' ';)
        to++;
    struct str word = {line->at + from, to - from};
    *line = (struct str){line->at + to, line->len - to};
    return word;
}

/* "= DEFAULT, MIN..MAX", "= DEFAULT, ONE|OTHER" or nothing. */
static bool parse_limits(struct str line, struct arena *arena, struct report_parameter *parameter)
{
    struct str word = next_word(&line);
    long long min = 0, max = 0;

    if (str_eq_c(word, "=")) {
        word = next_word(&line);
        bool comma = word.len > 0 && word.at[word.len - 1] == ',';

        parameter->fallback = arena_printf(arena, "%.*s", (int)(word.len - comma), word.at);
        word = next_word(&line);
    }
    if (word.len == 0)
        return true;
    const char *range = arena_printf(arena, "%.*s", STR_ARG(word));
    if (!parameter->is_integer)
        parameter->choices = range;
    else if (sscanf(range, "%lld..%lld", &min, &max) != 2 || min > max)
        return false;
    parameter->min = min;
    parameter->max = max;
    return next_word(&line).len == 0;
}

static bool parse_parameter(struct report *report, struct str place, struct str line,
                            struct arena *arena)
{
    struct report_parameter *parameter = &report->parameters[report->parameters_n];
    struct str name = next_word(&line), type = next_word(&line);

    if (report->parameters_n == REPORT_PARAMETERS_MAX || name.len == 0 || place.len != 2 ||
        place.at[1] != (char)('1' + (int)report->parameters_n) ||
        !(str_eq_c(type, "text") || str_eq_c(type, "integer")))
        return false;
    *parameter = (struct report_parameter){.name = arena_printf(arena, "%.*s", STR_ARG(name)),
                                           .is_integer = str_eq_c(type, "integer"),
                                           .min = INT64_MIN,
                                           .max = INT64_MAX};
    report->parameters_n++;
    return parse_limits(line, arena, parameter);
}

/* A line of the file; comments that are for people are fine. */
static bool parse_line(struct report *report, struct str line, struct arena *arena)
{
    if (!str_starts(line, STR("-- ")))
        return true;
    line = (struct str){line.at + strlen("--"), line.len - strlen("--")};
    struct str word = next_word(&line);
    if (str_eq_c(word, "GET")) {
        struct str path = next_word(&line);

        report->path = arena_printf(arena, "%.*s", STR_ARG(path));
        return path.len > 1 && path.at[0] == '/' && next_word(&line).len == 0;
    }
    if (word.len > 1 && word.at[0] == '$')
        return parse_parameter(report, word, line, arena);
    return true;
}

bool report_declare(struct report *report, struct arena *arena, struct err *reterr)
{
    const char *at = report->sql;

    while (*at != '\0') {
        const char *end = strchrnul(at, '\n');

        if (!parse_line(report, str_between(at, end), arena))
            return err_stop(reterr, EX_DATAERR,
                            "report %s: \"%.*s\" is neither \"-- GET /PATH\" nor \"-- $N NAME "
                            "text|integer = DEFAULT, MIN..MAX or ONE|OTHER\" with N in order",
                            report->name, (int)(end - at), at);
        at = *end == '\0' ? end : end + 1;
    }
    return true;
}

static bool is_choice(const char *choices, const char *value)
{
    size_t length = strlen(value);

    for (const char *at = choices; *at != '\0';) {
        size_t taken = strcspn(at, "|");

        if (taken == length && strncmp(at, value, length) == 0)
            return true;
        at += taken + (at[taken] == '|');
    }
    return false;
}

static bool check_integer(const struct report_parameter *parameter, const char *value,
                          struct err *reterr)
{
    char *end = NULL;
    bool digits = value[0] == '-' || (value[0] >= '0' && value[0] <= '9');

    errno = 0;
    long long number = strtoll(value, &end, 10);
    return (digits && *end == '\0' && end != value && errno == 0 && number >= parameter->min &&
            number <= parameter->max) ||
           err_set(reterr, ERR_DEAD_LETTER, "%s must be a whole number from %lld to %lld",
                   parameter->name, (long long)parameter->min, (long long)parameter->max);
}

bool report_bind(const struct report *report, size_t at, const char *value, const char **values,
                 struct err *reterr)
{
    const struct report_parameter *parameter = &report->parameters[at];

    if (value == NULL)
        value = parameter->fallback;
    if (value == NULL)
        return err_set(reterr, ERR_DEAD_LETTER, "%s is missing", parameter->name);
    if (strlen(value) > REPORT_VALUE_BYTES_MAX)
        return err_set(reterr, ERR_DEAD_LETTER, "%s is longer than %d bytes", parameter->name,
                       REPORT_VALUE_BYTES_MAX);
    if (parameter->choices != NULL && !is_choice(parameter->choices, value))
        return err_set(reterr, ERR_DEAD_LETTER, "%s must be one of %s", parameter->name,
                       parameter->choices);
    if (parameter->is_integer && !check_integer(parameter, value, reterr))
        return false;
    values[at] = value;
    return true;
}

void report_place(struct buf *out, const char *pattern, const char *name, const char *extension,
                  int64_t unix_us)
{
    time_t seconds = (time_t)(unix_us / 1000000);
    char stamp[32];
    struct tm local;

    localtime_r(&seconds, &local);
    strftime(stamp, sizeof(stamp), "%Y%m%d_%H%M%S", &local);
    const char *const words[][2] = {{"{name}", name}, {"{time}", stamp}, {"{ext}", extension}};
    while (*pattern != '\0') {
        size_t word = 0;

        while (word < 3 && strncmp(pattern, words[word][0], strlen(words[word][0])) != 0)
            word++;
        if (word == 3) {
            buf_char(out, *pattern++);
            continue;
        }
        buf_puts(out, words[word][1]);
        pattern += strlen(words[word][0]);
    }
}
