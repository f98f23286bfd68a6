/*
 * A thin program over http/s3.h for test_s3.py: one command a line of stdin, one answer a line of
 * stdout, so that the test sees one client handle and its one connection.
 *
 *   put KEY BODY | put-absent KEY BODY | get KEY | head KEY | list PREFIX | delete KEY | check
 *   large KEY BYTES | large-absent KEY BYTES: so many bytes "0123456789...", in parts of 5 MiB, three at once
 *
 * KEY, BODY and PREFIX are percent-encoded. An answer is "ok ...", or "error KIND STATUS TEXT".
 */
#include "base/log.h"
#include "base/options.h"
#include "http/s3.h"
#include "http/sigv4.h"

#include <stdio.h>
#include <stdlib.h>

static void decode(char *text)
{
    char *into = text;

    for (; *text != '\0'; text++, into++) {
        unsigned byte = 0;
        int used = 0;

        if (*text == '%' && sscanf(text + 1, "%2x%n", &byte, &used) == 1 && used == 2) {
            *into = (char)byte;
            text += 2;
        } else {
            *into = *text;
        }
    }
    *into = '\0';
}

static bool print_key(struct str key, int64_t size, void *arg)
{
    CLEANUP(buf) struct buf escaped = {0};

    (void)arg;
    sigv4_escape(&escaped, key, true);
    printf(" %s:%lld", buf_cstr(&escaped), (long long)size);
    return true;
}

static bool put(struct s3 *s3, const char *key, const char *body, bool only_if_absent,
                struct err *err)
{
    char hash[65];
    bool existed = false;

    sigv4_sha256_hex(str_of(body), hash);
    const char *const metadata[][2] = {{"sha256", hash}, {"sha256-of", "the body"}, {NULL, NULL}};
    const struct s3_object object = {.key = key,
                                     .content_type = "text/plain",
                                     .body = str_of(body),
                                     .metadata = metadata,
                                     .only_if_absent = only_if_absent};
    if (!s3_put(s3, &object, &existed, err))
        return false;
    printf("ok %s", existed ? "existed" : "written");
    return true;
}

static bool large(struct s3 *s3, const char *key, const char *bytes, bool only_if_absent,
                  struct err *err)
{
    CLEANUP(buf) struct buf body = {0};
    char hash[65];
    bool existed = false;

    for (long i = 0; i < strtol(bytes, NULL, 10); i++)
        buf_char(&body, (char)('0' + i % 10));
    sigv4_sha256_hex(buf_str(&body), hash);
    const char *const metadata[][2] = {{"sha256", hash}, {NULL, NULL}};
    const struct s3_object object = {.key = key,
                                     .content_type = "text/plain",
                                     .body = buf_str(&body),
                                     .metadata = metadata,
                                     .only_if_absent = only_if_absent};
    if (!s3_put_large(s3, &object, 5 << 20, 3, &existed, err))
        return false;
    printf("ok %s", existed ? "existed" : "written");
    return true;
}

static bool get(struct s3 *s3, const char *key, struct err *err)
{
    CLEANUP(buf) struct buf body = {0}, escaped = {0};
    bool found = false;

    if (!s3_get(s3, key, &body, &found, err))
        return false;
    sigv4_escape(&escaped, buf_str(&body), false);
    printf("ok %s %s", found ? "found" : "missing", buf_cstr(&escaped));
    return true;
}

static bool head(struct s3 *s3, const char *key, struct err *err)
{
    struct s3_about about;

    if (!s3_head(s3, key, "sha256", &about, err))
        return false;
    printf("ok %s %lld %s", about.found ? "found" : "missing", (long long)about.size,
           about.metadata);
    return true;
}

static bool run(struct s3 *s3, const char *verb, const char *key, const char *body, struct err *err)
{
    if (strncmp(verb, "put", 3) == 0)
        return put(s3, key, body, strcmp(verb, "put-absent") == 0, err);
    if (strncmp(verb, "large", 5) == 0)
        return large(s3, key, body, strcmp(verb, "large-absent") == 0, err);
    if (strcmp(verb, "get") == 0)
        return get(s3, key, err);
    if (strcmp(verb, "head") == 0)
        return head(s3, key, err);
    printf("ok");
    if (strcmp(verb, "list") == 0)
        return s3_list(s3, key, print_key, NULL, err);
    if (strcmp(verb, "delete") == 0)
        return s3_delete(s3, key, err);
    return s3_check_bucket(s3, err);
}

static void serve(struct s3 *s3)
{
    CLEANUP(free) char *line = NULL;
    size_t cap = 0;
    struct err err;

    while (getline(&line, &cap, stdin) > 0) {
        char *rest = line;
        char *verb = strsep(&rest, " \n"), *key = strsep(&rest, " \n"), *body = strsep(&rest, "\n");
        char nothing[1] = "";

        key = key == NULL ? nothing : key;
        body = body == NULL ? nothing : body;
        decode(key);
        decode(body);
        if (!run(s3, verb, key, body, &err))
            printf("error %d %d %s", (int)err.kind, err.exit_status, err.text);
        printf("\n");
        fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    struct s3_config config = {0};
    struct option_group groups[] = {{"S3", s3_options, &config}, {0}};
    const struct option_set set = {"s3-driver", "asks an S3 store", "[options]", groups};
    enum options_outcome outcome = OPTIONS_DONE;
    struct s3 *s3 = NULL;
    struct err err = {0};

    if (!options_parse(&set, argc, argv, &outcome, &err) || !s3_open(&config, &s3, &err)) {
        printf("error %d %d %s\n", (int)err.kind, err.exit_status, err.text);
    } else {
        serve(s3);
    }
    s3_close(s3);
    options_done(&set);
    return err.exit_status;
}
