/*
 * One option table gives a flag, an environment variable, a line of the config file, a line of
 * --help and a row of the documentation. A row's name is written once; "poll-interval" of service
 * "postgres-cdc" is
 *
 *   --poll-interval 5s   |   SLUICE_POSTGRES_CDC_POLL_INTERVAL=5s   |   poll-interval = 5s  (in the
 * --config file)
 *
 * The flag wins over the environment, that over the config file, that over the default. A secret is
 * never read from a flag or the config file: "kafka-password" comes from SLUICE_..._KAFKA_PASSWORD
 * or from the file that --kafka-password-file (or SLUICE_..._KAFKA_PASSWORD_FILE, or the config
 * file) names. Not for subcommands.
 */
#ifndef SLUICE_BASE_OPTIONS_H
#define SLUICE_BASE_OPTIONS_H

#include "base/err.h"
#include "base/str.h"
#include <stdint.h>
#include <stdio.h>

/*
 * kind              field type      text
 * OPTION_STRING     char *          any; NULL when neither given nor defaulted
 * OPTION_SECRET     char *          see above; NULL when not given
 * OPTION_INT        int64_t         decimal, between min and max
 * OPTION_BOOL       bool            a bare flag, or true/false/1/0/yes/no
 * OPTION_DURATION   int64_t ms      500ms, 10s, 5m, 2h, 7d; between min and max
 * OPTION_SIZE       int64_t bytes   64MiB, 512KiB, 4096B; between min and max
 * OPTION_CHOICE     int             an index into `choices`
 * OPTION_LIST       struct option_list   separated by commas, blanks around and empty items are
 * dropped; a flag may be given several times
 */
enum option_kind {
    OPTION_STRING,
    OPTION_SECRET,
    OPTION_INT,
    OPTION_BOOL,
    OPTION_DURATION,
    OPTION_SIZE,
    OPTION_CHOICE,
    OPTION_LIST
};

struct option_list {
    char **items;
    size_t n;
    int source; /* which of the sources filled it; a stronger one replaces, it does not add */
};

/* One row; a table ends with a row without a name. */
struct option {
    const char *name;
    enum option_kind kind;
    size_t offset;              /* offsetof the field in the group's struct */
    const char *fallback;       /* the default as text, or NULL */
    int64_t min, max;           /* for INT, DURATION, SIZE; both 0: unbounded */
    const char *const *choices; /* for CHOICE, ended by NULL */
    bool required;
    const char *value_name; /* "HOST:PORT", "FILE" ...; NULL for BOOL */
    const char *help;       /* one sentence, lower case, no full stop */
};

/* A titled table and the struct that it fills. Shared rooms bring their own (kafka_options,
 * service_options ...). */
struct option_group {
    const char *title;
    const struct option *rows;
    void *target;
};

/* What a service is called, in one sentence, and its groups; ended by a group without rows. */
struct option_set {
    const char *service; /* the folder's name: "postgres-cdc" */
    const char *summary; /* one line for --help */
    const char *usage;   /* what follows the name in the usage line: "[options]" */
    struct option_group *groups;
    const char *bare; /* the option that an argument without "--" gives, or NULL: there is none */
};

enum options_outcome { OPTIONS_RUN, OPTIONS_DONE };

/*
 * Fills every group's struct from defaults, config file, environment and argv. OPTIONS_DONE when
 * --help, --version or
 * --print-configuration was asked for and has been printed to stdout: the caller leaves with 0. On
 * failure the error names the flag (or variable, or file line), the value and what would be right;
 * its exit status is EX_USAGE, or EX_CONFIG for environment and file. An argument without
 * "--" is refused unless the set has a bare option. Structs must be zeroed before; options_done
 * frees them.
 */
WARN_UNUSED bool options_parse(const struct option_set *set, int argc, char **argv,
                               enum options_outcome *ret_outcome, struct err *reterr);

/* Frees what options_parse allocated, overwriting secrets first. */
void options_done(const struct option_set *set);

/* The --help text. */
void options_print_help(const struct option_set *set, FILE *out);

/* The service's section of CONFIGURATION.md. */
void options_print_markdown(const struct option_set *set, FILE *out);

/* The environment variable of an option: "SLUICE_POSTGRES_CDC_POLL_INTERVAL". `into` holds at least
 * 128 bytes. */
void options_environment_name(const char *service, const char *option, char *into);

/* Reads a whole small file (at most `limit` bytes) without its last newline. The caller frees
 * *ret_text. */
WARN_UNUSED bool options_read_file(const char *path, size_t limit, char **ret_text,
                                   struct err *reterr);

#endif
