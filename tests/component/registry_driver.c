/*
 * A thin program over http/registry.h for test_registry.py: one command a line of stdin, one answer
 * a line of stdout, so that the test sees one client handle and what it remembers.
 *
 *   register SUBJECT SCHEMA | check SUBJECT SCHEMA | json HEX
 *
 * SCHEMA stands without blanks. An answer is "ok ...", or "error KIND STATUS TEXT".
 */
#include "base/log.h"
#include "http/registry.h"

#include <stdio.h>

static bool print_json(struct registry *registry, const char *hex, struct err *err)
{
    CLEANUP(arena) struct arena *arena = arena_new(1 << 16);
    CLEANUP(buf) struct buf record = {0};
    struct str json = {0};
    unsigned byte;

    for (; sscanf(hex, "%2x", &byte) == 1; hex += 2)
        buf_char(&record, (char)byte);
    if (!registry_json(registry, buf_str(&record), arena, &json, err))
        return false;
    printf("ok %.*s", STR_ARG(json));
    return true;
}

static bool answer(struct registry *registry, char *line, struct err *err)
{
    char *rest = NULL;
    const char *verb = strtok_r(line, " \n", &rest);
    const char *first = strtok_r(NULL, " \n", &rest), *second = strtok_r(NULL, " \n", &rest);
    CLEANUP(buf) struct buf why = {0};
    bool compatible = false;
    int32_t id = 0;

    if (verb == NULL || first == NULL)
        return err_stop(err, EX_USAGE, "a command is missing");
    if (strcmp(verb, "json") == 0)
        return print_json(registry, first, err);
    if (strcmp(verb, "register") == 0) {
        if (!registry_register(registry, first, str_of(second), &id, err))
            return false;
        printf("ok %d", id);
        return true;
    }
    if (!registry_check(registry, first, str_of(second), &compatible, &why, err))
        return false;
    printf("ok %s %s", compatible ? "compatible" : "incompatible", buf_cstr(&why));
    return true;
}

int main(int argc, char **argv)
{
    struct registry_config config = {0};
    struct option_group groups[] = {{"Schema registry", registry_options, &config}, {0}};
    const struct option_set set = {"registry-driver", "drives the registry client", "", groups};
    enum options_outcome outcome;
    char line[8192];
    struct err err;

    log_configure("registry-driver", LOG_LOGFMT, LOG_INFO);
    if (!options_parse(&set, argc, argv, &outcome, &err)) {
        printf("error %d %d %s\n", err.kind, err.exit_status, err.text);
        return err.exit_status;
    }
    struct registry *registry = config.url == NULL ? NULL : registry_open(&config);
    while (fgets(line, sizeof(line), stdin) != NULL) {
        if (!answer(registry, line, &err))
            printf("error %d %d %s", err.kind, err.exit_status, err.text);
        printf("\n");
        fflush(stdout);
    }
    registry_close(registry);
    options_done(&set);
    return 0;
}
