/* A question by HTTP: any path, header and parameters have an answer's status and, bound, only values that were declared. */
#include "ask.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct report reports[] = {
    {.name = "orders",
     .sql = "",
     .path = "/analytics/orders",
     .parameters = {{.name = "status", .fallback = "open", .choices = "open|pending"},
                    {.name = "limit", .fallback = "3", .is_integer = true, .min = 1, .max = 1000}},
     .parameters_n = 2},
    {.name = "top", .sql = "", .parameters = {{.name = "word"}}, .parameters_n = 1}};

/* The next line, which the rest moves behind. */
static struct str next_line(struct str *rest)
{
    const char *end = rest->len == 0 ? NULL : memchr(rest->at, '\n', rest->len);
    size_t len = end == NULL ? rest->len : (size_t)(end - rest->at);
    struct str line = {rest->at, len};
    size_t taken = end == NULL ? len : len + 1;

    *rest = (struct str){rest->at + taken, rest->len - taken};
    return line;
}

static void take_arguments(struct endpoint_request *request, struct str rest)
{
    while (rest.len > 0) {
        struct str line = next_line(&rest);
        const char *equals = line.len == 0 ? NULL : memchr(line.at, '=', line.len);
        struct endpoint_argument argument = {line, STR_NONE};

        if (equals != NULL)
            argument = (struct endpoint_argument){str_between(line.at, equals),
                                                  str_between(equals + 1, line.at + line.len)};
        if (request->arguments_n < ENDPOINT_ARGUMENTS_MAX)
            request->arguments[request->arguments_n] = argument;
        request->arguments_n++;
    }
}

static void check(const struct asked *asked)
{
    for (size_t i = 0; i < asked->report->parameters_n; i++) {
        const struct report_parameter *parameter = &asked->report->parameters[i];
        const char *value = asked->values[i];

        if (value == NULL || strlen(value) > REPORT_VALUE_BYTES_MAX)
            abort();
        if (parameter->is_integer && (strtoll(value, NULL, 10) < parameter->min ||
                                      strtoll(value, NULL, 10) > parameter->max))
            abort();
        if (parameter->choices != NULL && strcmp(value, "open") != 0 &&
            strcmp(value, "pending") != 0)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct catalog catalog = {reports, sizeof(reports) / sizeof(reports[0])};
    CLEANUP(arena) struct arena *arena = arena_new(1 << 14);
    struct str rest = {(const char *)data, size};
    struct err err = {0};
    struct asked asked;

    struct str path = next_line(&rest), accept = next_line(&rest);
    struct endpoint_request request = {.path = arena_printf(arena, "%.*s", STR_ARG(path)),
                                       .accept = arena_printf(arena, "%.*s", STR_ARG(accept))};
    take_arguments(&request, rest);
    unsigned status = ask(&catalog, &request, arena, &asked, &err);
    if (status == 200)
        check(&asked);
    else if ((status != 400 && status != 404 && status != 406) || err.kind != ERR_DEAD_LETTER)
        abort();
    return 0;
}
