#include "ask.h"

#include "record/json.h"
#include <strings.h>

static const char prefix[] = "/reports/";

bool ask_check(const struct catalog *catalog, struct err *reterr)
{
    for (size_t i = 0; i < catalog->n; i++) {
        const struct report *report = &catalog->reports[i];

        for (size_t at = 0; at < report->parameters_n; at++)
            if (strcmp(report->parameters[at].name, "format") == 0)
                return err_stop(reterr, EX_DATAERR,
                                "report %s: \"format\" is no name for a parameter, it says how "
                                "the answer is written",
                                report->name);
        for (size_t other = 0; other < i && report->path != NULL; other++) {
            const char *path = catalog->reports[other].path;

            if (path != NULL && strcmp(path, report->path) == 0)
                return err_stop(reterr, EX_DATAERR, "reports %s and %s: both are at %s",
                                catalog->reports[other].name, report->name, path);
        }
    }
    return true;
}

static const struct report *find(const struct catalog *catalog, const char *path)
{
    bool by_name = strncmp(path, prefix, strlen(prefix)) == 0;

    for (size_t i = 0; i < catalog->n; i++) {
        const struct report *report = &catalog->reports[i];

        if ((report->path != NULL && strcmp(path, report->path) == 0) ||
            (by_name && strcmp(path + strlen(prefix), report->name) == 0))
            return report;
    }
    return NULL;
}

/* ---- the format ---- */

static const struct {
    const char *name, *media_type;
    enum report_format format;
} formats[] = {{"json", "application/json", FORMAT_JSON},
               {"csv", "text/csv", FORMAT_CSV},
               {"xml", "application/xml", FORMAT_XML},
               {"xml", "text/xml", FORMAT_XML},
               {"table", "text/plain", FORMAT_TABLE}};

static const char blanks[] = " \t"; /* of a header */

enum { FORMATS = sizeof(formats) / sizeof(formats[0]) };

/* What stands before the next `mark`, trimmed; *rest moves behind it. */
static struct str next_item(struct str *rest, char mark)
{
    const char *found = rest->len == 0 ? NULL : memchr(rest->at, mark, rest->len);
    size_t len = found == NULL ? rest->len : (size_t)(found - rest->at);
    struct str item = {rest->at, len};

    *rest = found == NULL ? (struct str){rest->at + len, 0}
                          : (struct str){found + 1, rest->len - len - 1};
    return str_trim(item, blanks);
}

/* How closely a range names a media type: 3 itself, 2 "text" and any, 1 any at all, 0 not. */
static int closeness(struct str range, const char *media_type)
{
    size_t kind = (size_t)(strchr(media_type, '/') - media_type) + 1;

    if (range.len == strlen(media_type) && strncasecmp(range.at, media_type, range.len) == 0)
        return 3;
    if (range.len == kind + 1 && range.at[kind] == '*' &&
        strncasecmp(range.at, media_type, kind) == 0)
        return 2;
    return str_eq_c(range, "*/*");
}

/* In thousandths: "0.5" is 500; 1000 when nothing is said. */
static int weight_of(struct str parameters)
{
    while (parameters.len > 0) {
        struct str one = next_item(&parameters, ';');
        int weight = 0, digit = 100;

        if (one.len < 3 || strncasecmp(one.at, "q=", 2) != 0)
            continue;
        if (one.at[2] == '1')
            return 1000;
        for (size_t i = 4; i < one.len && digit > 0; i++, digit /= 10)
            weight += one.at[i] >= '0' && one.at[i] <= '9' ? (one.at[i] - '0') * digit : 0;
        return weight;
    }
    return 1000;
}

/* The weight that the header gives a media type, by the range that names it most closely. */
static int liking(struct str accept, const char *media_type)
{
    int closest = 0, weight = 0;

    while (accept.len > 0) {
        struct str item = next_item(&accept, ',');
        struct str range = next_item(&item, ';');
        int close = closeness(range, media_type);

        if (close > closest) {
            closest = close;
            weight = weight_of(item);
        }
    }
    return weight;
}

static unsigned choose_by_header(const char *accept, enum report_format *ret, struct err *reterr)
{
    int best = 0;

    if (accept == NULL || str_trim(str_of(accept), blanks).len == 0) {
        *ret = FORMAT_JSON;
        return 200;
    }
    for (size_t i = 0; i < FORMATS; i++) {
        int weight = liking(str_of(accept), formats[i].media_type);

        if (weight > best) {
            best = weight;
            *ret = formats[i].format;
        }
    }
    if (best > 0)
        return 200;
    err_set(reterr, ERR_DEAD_LETTER,
            "there is application/json, text/csv, application/xml and text/plain");
    return 406;
}

static unsigned choose_by_name(struct str name, enum report_format *ret, struct err *reterr)
{
    for (size_t i = 0; i < FORMATS; i++)
        if (str_eq_c(name, formats[i].name)) {
            *ret = formats[i].format;
            return 200;
        }
    err_set(reterr, ERR_DEAD_LETTER, "format must be json, csv, xml or table");
    return 400;
}

/* ---- the parameters ---- */

static void list_parameters(struct buf *out, const struct report *report)
{
    for (size_t i = 0; i < report->parameters_n; i++)
        buf_printf(out, "%s, ", report->parameters[i].name);
    buf_puts(out, "format");
}

/* Where the name's value goes: a parameter's place, or parameters_n for "format". */
static bool find_place(const struct report *report, struct str name, size_t *ret,
                       struct err *reterr)
{
    struct buf known CLEANUP(buf) = {0};

    for (size_t i = 0; i < report->parameters_n; i++)
        if (str_eq_c(name, report->parameters[i].name)) {
            *ret = i;
            return true;
        }
    *ret = report->parameters_n;
    if (str_eq_c(name, "format"))
        return true;
    list_parameters(&known, report);
    return err_set(reterr, ERR_DEAD_LETTER, "there is no parameter \"%.*s\" here, but %s",
                   name.len > 64 ? 64 : (int)name.len, name.at, buf_cstr(&known));
}

/* Sorts the arguments to their places; each may come once. */
static bool place_arguments(const struct report *report, const struct endpoint_request *request,
                            struct str *values, struct err *reterr)
{
    if (request->arguments_n > ENDPOINT_ARGUMENTS_MAX)
        return err_set(reterr, ERR_DEAD_LETTER, "more than %d parameters", ENDPOINT_ARGUMENTS_MAX);
    for (size_t i = 0; i < request->arguments_n; i++) {
        const struct endpoint_argument *argument = &request->arguments[i];
        size_t at = 0;

        if (!find_place(report, argument->name, &at, reterr))
            return false;
        if (values[at].at != NULL)
            return err_set(reterr, ERR_DEAD_LETTER, "%.*s stands there twice",
                           STR_ARG(argument->name));
        if (argument->value.at == NULL || memchr(argument->value.at, '\0', argument->value.len))
            return err_set(reterr, ERR_DEAD_LETTER, "%.*s has no value that is text",
                           STR_ARG(argument->name));
        values[at] = argument->value;
    }
    return true;
}

static bool bind_arguments(const struct report *report, const struct str *given,
                           struct arena *arena, struct asked *ret, struct err *reterr)
{
    for (size_t i = 0; i < report->parameters_n; i++) {
        const char *value =
            given[i].at == NULL ? NULL : arena_printf(arena, "%.*s", STR_ARG(given[i]));

        if (!report_bind(report, i, value, ret->values, reterr))
            return false;
    }
    return true;
}

unsigned ask(const struct catalog *catalog, const struct endpoint_request *request,
             struct arena *arena, struct asked *ret, struct err *reterr)
{
    struct str given[REPORT_PARAMETERS_MAX + 1] = {0};
    const struct report *report = find(catalog, request->path);

    if (report == NULL) {
        err_set(reterr, ERR_DEAD_LETTER, "there is no such report; /reports lists them");
        return 404;
    }
    *ret = (struct asked){.report = report};
    if (!place_arguments(report, request, given, reterr) ||
        !bind_arguments(report, given, arena, ret, reterr))
        return 400;
    struct str format = given[report->parameters_n];
    return format.at != NULL ? choose_by_name(format, &ret->format, reterr)
                             : choose_by_header(request->accept, &ret->format, reterr);
}

/* ---- the list ---- */

static void put_member(struct buf *out, const char *name, const char *value)
{
    buf_printf(out, ",\"%s\":", name);
    json_write_string(out, str_of(value));
}

static void list_parameter(struct buf *out, const struct report_parameter *parameter)
{
    buf_puts(out, "{\"name\":");
    json_write_string(out, str_of(parameter->name));
    put_member(out, "type", parameter->is_integer ? "integer" : "text");
    if (parameter->fallback != NULL)
        put_member(out, "default", parameter->fallback);
    if (parameter->choices != NULL)
        put_member(out, "choices", parameter->choices);
    if (parameter->is_integer && parameter->max != INT64_MAX)
        buf_printf(out, ",\"min\":%lld,\"max\":%lld", (long long)parameter->min,
                   (long long)parameter->max);
    buf_char(out, '}');
}

void ask_list(struct buf *out, const struct catalog *catalog)
{
    for (size_t i = 0; i < catalog->n; i++) {
        const struct report *report = &catalog->reports[i];

        buf_puts(out, i == 0 ? "[\n{\"name\":" : ",\n{\"name\":");
        json_write_string(out, str_of(report->name));
        if (report->path != NULL)
            put_member(out, "path", report->path);
        buf_puts(out, ",\"parameters\":[");
        for (size_t at = 0; at < report->parameters_n; at++) {
            buf_puts(out, at == 0 ? "" : ",");
            list_parameter(out, &report->parameters[at]);
        }
        buf_puts(out, "]}");
    }
    buf_puts(out, catalog->n == 0 ? "[]\n" : "\n]\n");
}
