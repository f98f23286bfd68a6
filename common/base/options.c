#include "base/options.h"

#include "base/clock.h"
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>

enum { VARIABLE_BYTES = 128, SECRET_BYTES_MAX = 64 * 1024, CONFIG_BYTES_MAX = 1024 * 1024 };

/* The sources, weakest first. */
enum source { SOURCE_DEFAULT = 1, SOURCE_FILE, SOURCE_ENVIRONMENT, SOURCE_FLAG };

/* Where a value came from, for messages: "--port", "SLUICE_X_PORT" or "x.conf:3: port". */
struct origin {
    const char *label;
    int exit_status;
    enum source source;
};

static void *field_of(const struct option_group *group, const struct option *row)
{
    return (char *)group->target + row->offset;
}

void options_environment_name(const char *service, const char *option, char *into)
{
    size_t at = 0;

    snprintf(into, VARIABLE_BYTES, "SLUICE_%s_%s", service, option);
    for (; into[at] != '\0'; at++)
        into[at] =
            into[at] == '-' || into[at] == '.' ? '_' : (char)toupper((unsigned char)into[at]);
}

bool options_read_file(const char *path, size_t limit, char **ret_text, struct err *reterr)
{
    CLEANUP(file) FILE *file = fopen(path, "re");

    if (file == NULL)
        return err_stop(reterr, errno == EACCES ? EX_NOPERM : EX_NOINPUT, "cannot read %s: %s",
                        path, strerror(errno));
    CLEANUP(free) char *text = err_malloc(limit + 2);
    size_t length = fread(text, 1, limit + 1, file);
    if (ferror(file))
        return err_stop(reterr, EX_IOERR, "cannot read %s: %s", path, strerror(errno));
    if (length > limit)
        return err_stop(reterr, EX_CONFIG, "%s is larger than %zu bytes", path, limit);
    if (length > 0 && text[length - 1] == '\n')
        length--;
    text[length] = '\0';
    *ret_text = text;
    text = NULL;
    return true;
}

static void set_string(char **field, const char *value)
{
    free(*field);
    *field = err_strdup(value);
}

static bool set_integer(const struct option *row, int64_t *field, int64_t value, struct err *reterr)
{
    bool bounded = row->min != 0 || row->max != 0;

    if (bounded && (value < row->min || value > row->max))
        return err_stop(reterr, EX_USAGE, "it must lie between %lld and %lld%s",
                        (long long)row->min, (long long)row->max,
                        row->kind == OPTION_DURATION ? " ms"
                        : row->kind == OPTION_SIZE   ? " bytes"
                                                     : "");
    *field = value;
    return true;
}

static bool parse_integer(const char *text, int64_t *ret, struct err *reterr)
{
    char *end = NULL;

    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0')
        return err_stop(reterr, EX_USAGE, "it must be a whole number");
    *ret = number;
    return true;
}

static bool parse_bool(const char *text, bool *ret, struct err *reterr)
{
    static const char *const yes[] = {"true", "1", "yes", "on"};
    static const char *const no[] = {"false", "0", "no", "off"};

    for (size_t i = 0; i < 4; i++) {
        if (strcmp(text, yes[i]) == 0 || strcmp(text, no[i]) == 0) {
            *ret = strcmp(text, yes[i]) == 0;
            return true;
        }
    }
    return err_stop(reterr, EX_USAGE, "it must be true or false");
}

static bool parse_choice(const struct option *row, const char *text, int *ret, struct err *reterr)
{
    char list[256] = "";

    for (int i = 0; row->choices[i] != NULL; i++) {
        if (strcmp(row->choices[i], text) == 0) {
            *ret = i;
            return true;
        }
        size_t used = strlen(list);
        snprintf(list + used, sizeof(list) - used, "%s%s", i == 0 ? "" : ", ", row->choices[i]);
    }
    return err_stop(reterr, EX_USAGE, "it must be one of %s", list);
}

static void list_add(struct option_list *list, struct str item)
{
    list->items = err_realloc(list->items, (list->n + 1) * sizeof(*list->items));
    list->items[list->n] = err_malloc(item.len + 1);
    memcpy(list->items[list->n], item.at, item.len);
    list->items[list->n++][item.len] = '\0';
}

static void list_clear(struct option_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct option_list){0};
}

/* Given lists replace what a weaker source said, and add to what the same one said. */
static void list_add_separated(struct option_list *list, const char *text, enum source source)
{
    if (list->source != (int)source)
        list_clear(list);
    list->source = (int)source;
    for (const char *at = text; *at != '\0';) {
        const char *end = strchrnul(at, ',');
        struct str item = str_trim(str_between(at, end), STR_BLANKS);

        if (item.len > 0)
            list_add(list, item);
        at = *end == ',' ? end + 1 : end;
    }
}

static bool parse_value(const struct option *row, void *field, const char *text, enum source source,
                        struct err *reterr)
{
    int64_t number = 0;

    switch (row->kind) {
    case OPTION_STRING:
    case OPTION_SECRET:
        set_string(field, text);
        return true;
    case OPTION_INT:
        return parse_integer(text, &number, reterr) && set_integer(row, field, number, reterr);
    case OPTION_BOOL:
        return parse_bool(text, field, reterr);
    case OPTION_DURATION:
        return clock_parse_duration(str_of(text), &number, reterr) &&
               set_integer(row, field, number, reterr);
    case OPTION_SIZE:
        return clock_parse_size(str_of(text), &number, reterr) &&
               set_integer(row, field, number, reterr);
    case OPTION_CHOICE:
        return parse_choice(row, text, field, reterr);
    case OPTION_LIST:
        list_add_separated(field, text, source);
        return true;
    }
    return true;
}

/* Parses one value and, on failure, says where it stood and what it was. */
static bool take(const struct option_group *group, const struct option *row, const char *text,
                 struct origin from, struct err *reterr)
{
    struct err why;

    if (parse_value(row, field_of(group, row), text, from.source, &why))
        return true;
    return err_stop(reterr, from.exit_status, "%s: \"%s\" is not valid: %s", from.label,
                    row->kind == OPTION_SECRET ? "***" : text, why.text);
}

/* Finds a row by name; `*ret_file` says that it was named with "-file" behind it. */
static const struct option *find_row(const struct option_set *set, struct str name,
                                     const struct option_group **ret_group, bool *ret_file)
{
    for (const struct option_group *group = set->groups; group->rows != NULL; group++) {
        for (const struct option *row = group->rows; row->name != NULL; row++) {
            struct str own = str_of(row->name);
            bool plain = str_eq(own, name);
            bool file = row->kind == OPTION_SECRET && str_starts(name, own) &&
                        str_eq_c((struct str){name.at + own.len, name.len - own.len}, "-file");

            if (plain || file) {
                *ret_group = group;
                *ret_file = file;
                return row;
            }
        }
    }
    return NULL;
}

static bool take_secret_file(const struct option_group *group, const struct option *row,
                             const char *path, struct origin from, struct err *reterr)
{
    CLEANUP(free) char *text = NULL;

    if (!options_read_file(path, SECRET_BYTES_MAX, &text, reterr))
        return err_prefix(reterr, "%s", from.label);
    assert(text != NULL);
    set_string(field_of(group, row), text);
    explicit_bzero(text, strlen(text));
    return true;
}

/* A named value from file or flag: refuses unknown names and secrets in the open. */
static bool take_named(const struct option_set *set, struct str name, const char *value,
                       struct origin from, struct err *reterr)
{
    const struct option_group *group = NULL;
    bool file = false;
    const struct option *row = find_row(set, name, &group, &file);

    if (row == NULL)
        return err_stop(reterr, from.exit_status, "%s: there is no such option; --help lists them",
                        from.label);
    if (file)
        return take_secret_file(group, row, value, from, reterr);
    if (row->kind == OPTION_SECRET) {
        char variable[VARIABLE_BYTES];

        options_environment_name(set->service, row->name, variable);
        return err_stop(reterr, from.exit_status,
                        "%s: a secret is not given here; set %s or name a file with --%s-file",
                        from.label, variable, row->name);
    }
    return take(group, row, value, from, reterr);
}

static bool apply_defaults(const struct option_set *set, struct err *reterr)
{
    for (const struct option_group *group = set->groups; group->rows != NULL; group++)
        for (const struct option *row = group->rows; row->name != NULL; row++)
            if (row->fallback != NULL &&
                !take(group, row, row->fallback,
                      (struct origin){row->name, EX_SOFTWARE, SOURCE_DEFAULT}, reterr))
                return false;
    return true;
}

static bool apply_variable(const struct option_set *set, const struct option_group *group,
                           const struct option *row, struct err *reterr)
{
    char variable[VARIABLE_BYTES], variable_file[VARIABLE_BYTES + 8];

    options_environment_name(set->service, row->name, variable);
    const char *value = getenv(variable);
    if (value != NULL && value[0] != '\0' &&
        !take(group, row, value, (struct origin){variable, EX_CONFIG, SOURCE_ENVIRONMENT}, reterr))
        return false;
    if (row->kind != OPTION_SECRET)
        return true;
    snprintf(variable_file, sizeof(variable_file), "%s_FILE", variable);
    value = getenv(variable_file);
    return value == NULL || value[0] == '\0' ||
           take_secret_file(group, row, value,
                            (struct origin){variable_file, EX_CONFIG, SOURCE_ENVIRONMENT}, reterr);
}

static bool apply_environment(const struct option_set *set, struct err *reterr)
{
    for (const struct option_group *group = set->groups; group->rows != NULL; group++)
        for (const struct option *row = group->rows; row->name != NULL; row++)
            if (!apply_variable(set, group, row, reterr))
                return false;
    return true;
}

static bool apply_config_line(const struct option_set *set, const char *path, int number,
                              struct str line, struct err *reterr)
{
    char label[512];
    const char *equals = line.len == 0 ? NULL : memchr(line.at, '=', line.len);

    if (line.len == 0 || line.at[0] == '#')
        return true;
    snprintf(label, sizeof(label), "%s:%d", path, number);
    if (equals == NULL)
        return err_stop(reterr, EX_CONFIG, "%s: a line is \"name = value\"", label);
    struct str name = str_trim(str_between(line.at, equals), STR_BLANKS);
    struct str value = str_trim(str_between(equals + 1, line.at + line.len), STR_BLANKS);
    CLEANUP(free) char *text = err_malloc(value.len + 1);
    memcpy(text, value.at, value.len);
    text[value.len] = '\0';
    snprintf(label, sizeof(label), "%s:%d: %.*s", path, number,
             (int)(name.len > 64 ? 64 : name.len), name.at);
    return take_named(set, name, text, (struct origin){label, EX_CONFIG, SOURCE_FILE}, reterr);
}

static bool apply_config_file(const struct option_set *set, const char *path, struct err *reterr)
{
    CLEANUP(free) char *text = NULL;
    int number = 0;

    if (!options_read_file(path, CONFIG_BYTES_MAX, &text, reterr))
        return err_prefix(reterr, "--config");
    assert(text != NULL);
    for (const char *at = text; *at != '\0';) {
        const char *end = strchrnul(at, '\n');

        if (!apply_config_line(set, path, ++number, str_trim(str_between(at, end), STR_BLANKS),
                               reterr))
            return false;
        at = *end == '\n' ? end + 1 : end;
    }
    return true;
}

/* "--config FILE" or "--config=FILE" anywhere in argv, else SLUICE_..._CONFIG, else NULL. */
static const char *config_path(const struct option_set *set, int argc, char **argv)
{
    char variable[VARIABLE_BYTES];

    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--config=", 9) == 0)
            return argv[i] + 9;
        if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
            return argv[i + 1];
    }
    options_environment_name(set->service, "config", variable);
    const char *path = getenv(variable);
    return path != NULL && path[0] == '\0' ? NULL : path;
}

/* One argument at argv[*at]; moves *at past what it took. */
static bool apply_argument(const struct option_set *set, int argc, char **argv, int *at,
                           struct err *reterr)
{
    const char *argument = argv[*at];
    const char *equals = strchrnul(argument, '=');
    char label[256];

    snprintf(label, sizeof(label), "%.*s", (int)(equals - argument), argument);
    if (argument[0] != '-' && set->bare != NULL)
        return take_named(set, str_of(set->bare), argument,
                          (struct origin){set->bare, EX_USAGE, SOURCE_FLAG}, reterr);
    if (strncmp(argument, "--", 2) != 0 || argument[2] == '\0')
        return err_stop(reterr, EX_USAGE, "\"%s\": options start with --; --help lists them",
                        label); /* what follows a "=" may be a secret */
    struct str name = str_between(argument + 2, equals);
    bool is_config = str_eq_c(name, "config");
    const struct option_group *group = NULL;
    bool file = false;
    const struct option *row = find_row(set, name, &group, &file);
    const char *value = *equals == '=' ? equals + 1 : NULL;
    if (value == NULL && row != NULL && row->kind == OPTION_BOOL)
        value = "true";
    if (value == NULL && (row != NULL || is_config)) {
        if (*at + 1 >= argc)
            return err_stop(reterr, EX_USAGE, "%s: a value must follow", label);
        value = argv[++*at];
    }
    return is_config ||
           take_named(set, name, value, (struct origin){label, EX_USAGE, SOURCE_FLAG}, reterr);
}

static bool apply_arguments(const struct option_set *set, int argc, char **argv, struct err *reterr)
{
    for (int at = 1; at < argc; at++)
        if (!apply_argument(set, argc, argv, &at, reterr))
            return false;
    return true;
}

static bool is_given(const struct option_group *group, const struct option *row)
{
    if (row->kind == OPTION_LIST)
        return ((struct option_list *)field_of(group, row))->n > 0;
    return row->kind > OPTION_SECRET || *(char **)field_of(group, row) != NULL;
}

static bool check_required(const struct option_set *set, struct err *reterr)
{
    char variable[VARIABLE_BYTES];

    for (const struct option_group *group = set->groups; group->rows != NULL; group++)
        for (const struct option *row = group->rows; row->name != NULL; row++)
            if (row->required && !is_given(group, row)) {
                options_environment_name(set->service, row->name, variable);
                return err_stop(reterr, EX_USAGE, "--%s%s is required (or %s): %s", row->name,
                                row->kind == OPTION_SECRET ? "-file" : "", variable, row->help);
            }
    return true;
}

static bool has_row(const struct option_set *set, const char *name)
{
    const struct option_group *group = NULL;
    bool file = false;

    return find_row(set, str_of(name), &group, &file) != NULL;
}

/* A set may have an option "version" of its own, which takes a value. */
static bool print_if_asked(const struct option_set *set, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            options_print_help(set, stdout);
        else if (strcmp(argv[i], "--version") == 0 && (i + 1 == argc || !has_row(set, "version")))
            printf("sluice-%s %s\n", set->service, SLUICE_VERSION);
        else if (strcmp(argv[i], "--print-configuration") == 0)
            options_print_markdown(set, stdout);
        else
            continue;
        return true;
    }
    return false;
}

bool options_parse(const struct option_set *set, int argc, char **argv,
                   enum options_outcome *ret_outcome, struct err *reterr)
{
    if (print_if_asked(set, argc, argv)) {
        *ret_outcome = OPTIONS_DONE;
        return true;
    }
    const char *config = config_path(set, argc, argv);
    if (!apply_defaults(set, reterr) ||
        (config != NULL && !apply_config_file(set, config, reterr)) ||
        !apply_environment(set, reterr) || !apply_arguments(set, argc, argv, reterr) ||
        !check_required(set, reterr))
        return false;
    *ret_outcome = OPTIONS_RUN;
    return true;
}

void options_done(const struct option_set *set)
{
    for (const struct option_group *group = set->groups; group->rows != NULL; group++) {
        for (const struct option *row = group->rows; row->name != NULL; row++) {
            if (row->kind == OPTION_LIST)
                list_clear(field_of(group, row));
            if (row->kind > OPTION_SECRET)
                continue;
            char **text = field_of(group, row);
            if (row->kind == OPTION_SECRET && *text != NULL)
                explicit_bzero(*text, strlen(*text));
            free(*text);
            *text = NULL;
        }
    }
}

static void print_row(const char *service, const struct option *row, FILE *out)
{
    char variable[VARIABLE_BYTES];
    const char *file = row->kind == OPTION_SECRET ? "-file" : "";

    options_environment_name(service, row->name, variable);
    fprintf(out, "  --%s%s%s%s\n        %s%s", row->name, file, row->value_name == NULL ? "" : " ",
            row->value_name == NULL ? "" : row->value_name, row->help,
            row->required ? " (required)" : "");
    if (row->choices != NULL) {
        fputs(":", out);
        for (int i = 0; row->choices[i] != NULL; i++)
            fprintf(out, "%s %s", i == 0 ? "" : ",", row->choices[i]);
    }
    fprintf(out, "\n        %s%s", variable, row->kind == OPTION_SECRET ? " or ..._FILE" : "");
    if (row->fallback != NULL && row->fallback[0] != '\0')
        fprintf(out, "   [%s]", row->fallback);
    fputc('\n', out);
}

void options_print_help(const struct option_set *set, FILE *out)
{
    fprintf(out, "sluice-%s: %s\n\nusage: sluice-%s %s\n", set->service, set->summary, set->service,
            set->usage);
    for (const struct option_group *group = set->groups; group->rows != NULL; group++) {
        fprintf(out, "\n%s\n", group->title);
        for (const struct option *row = group->rows; row->name != NULL; row++)
            print_row(set->service, row, out);
    }
    fprintf(
        out,
        "\nGeneral\n  --config FILE\n        read options from a file of \"name = value\" lines\n"
        "  --help, --version, --print-configuration\n\n"
        "A flag wins over its environment variable, that over the config file, that over the "
        "[default].\n");
}

static void print_markdown_row(const char *service, const struct option *row, FILE *out)
{
    char variable[VARIABLE_BYTES];
    bool has_default = row->fallback != NULL && row->fallback[0] != '\0';

    options_environment_name(service, row->name, variable);
    fprintf(out, "| `--%s%s%s%s` | `%s` | ", row->name, row->kind == OPTION_SECRET ? "-file" : "",
            row->value_name == NULL ? "" : " ", row->value_name == NULL ? "" : row->value_name,
            variable);
    if (has_default)
        fprintf(out, "`%s`", row->fallback);
    fprintf(out, " | %s", row->help);
    for (int i = 0; row->choices != NULL && row->choices[i] != NULL; i++)
        fprintf(out, "%s `%s`", i == 0 ? ":" : ",", row->choices[i]);
    fprintf(out, "%s |\n", row->required ? " (required)" : "");
}

void options_print_markdown(const struct option_set *set, FILE *out)
{
    fprintf(out, "## %s\n\n%c%s.\n", set->service, toupper((unsigned char)set->summary[0]),
            set->summary + 1);
    for (const struct option_group *group = set->groups; group->rows != NULL; group++) {
        fprintf(out, "\n### %s\n\n| flag | environment | default | meaning |\n|---|---|---|---|\n",
                group->title);
        for (const struct option *row = group->rows; row->name != NULL; row++)
            print_markdown_row(set->service, row, out);
    }
    fputc('\n', out);
}
