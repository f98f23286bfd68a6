/* base/options: every kind, every source and its rank, every refusal; a secret is never printed. */
#include "base/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct target {
    char *name, *password;
    int64_t count, wait_ms, size_bytes;
    bool loud;
    int colour;
    struct option_list topics;
};

static const char *const colours[] = {"red", "green", NULL};

#define AT(field) offsetof(struct target, field)
static const struct option rows[] = {
    {.name = "name", .offset = AT(name), .required = true, .value_name = "NAME", .help = "a name"},
    {.name = "password", .kind = OPTION_SECRET, .offset = AT(password), .help = "a secret"},
    {.name = "count", .kind = OPTION_INT, .offset = AT(count), .fallback = "3", .min = 1, .max = 9},
    {.name = "wait", .kind = OPTION_DURATION, .offset = AT(wait_ms), .fallback = "5s"},
    {.name = "size", .kind = OPTION_SIZE, .offset = AT(size_bytes), .fallback = "1MiB"},
    {.name = "loud", .kind = OPTION_BOOL, .offset = AT(loud)},
    {.name = "colour",
     .kind = OPTION_CHOICE,
     .offset = AT(colour),
     .fallback = "red",
     .choices = colours,
     .value_name = "COLOUR",
     .help = "a colour"},
    {.name = "topics", .kind = OPTION_LIST, .offset = AT(topics), .fallback = "x,y"},
    {0}};

struct fixture {
    struct target target;
    struct option_group groups[2];
    struct option_set set;
    enum options_outcome outcome;
    struct err err;
};

static void begin(struct fixture *f)
{
    static const char *const variables[] = {"NAME",   "PASSWORD", "PASSWORD_FILE", "COUNT",
                                            "COLOUR", "TOPICS",   "LOUD",          "CONFIG"};
    char variable[128];

    for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++) {
        snprintf(variable, sizeof(variable), "SLUICE_A_B_%s", variables[i]);
        unsetenv(variable);
    }
    *f = (struct fixture){0};
    f->groups[0] = (struct option_group){"Things", rows, &f->target};
    f->set = (struct option_set){"a-b", "does a to b", "[options]", f->groups};
}

/* Parses a line of blank-separated arguments. */
static bool parse(struct fixture *f, const char *line)
{
    char text[512];
    char program[] = "sluice-a-b";
    char *argv[32] = {program};
    char *rest = NULL;
    int argc = 1;

    options_done(&f->set);
    f->target = (struct target){0};
    snprintf(text, sizeof(text), "%s", line);
    for (char *word = strtok_r(text, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
        argv[argc++] = word;
    return options_parse(&f->set, argc, argv, &f->outcome, &f->err);
}

static void write_file(char *path, const char *text)
{
    strcpy(path, "/tmp/sluice-test-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void flags_fill_the_struct(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    assert_true(parse(&f, "--name n --count=9 --wait 2m --size 4kB --loud --colour green "
                          "--topics a,b --topics c"));
    assert_int_equal(f.outcome, OPTIONS_RUN);
    assert_string_equal(f.target.name, "n");
    assert_int_equal(f.target.count, 9);
    assert_int_equal(f.target.wait_ms, 120000);
    assert_int_equal(f.target.size_bytes, 4000);
    assert_true(f.target.loud);
    assert_int_equal(f.target.colour, 1);
    assert_int_equal(f.target.topics.n, 3);
    assert_string_equal(f.target.topics.items[0], "a");
    assert_string_equal(f.target.topics.items[2], "c");
    options_done(&f.set);
    assert_null(f.target.name);
    assert_int_equal(f.target.topics.n, 0);
}

static void defaults_stand(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    assert_true(parse(&f, "--name= --loud=no"));
    assert_string_equal(f.target.name, "");
    assert_int_equal(f.target.count, 3);
    assert_int_equal(f.target.wait_ms, 5000);
    assert_int_equal(f.target.size_bytes, 1048576);
    assert_false(f.target.loud);
    assert_int_equal(f.target.colour, 0);
    assert_int_equal(f.target.topics.n, 2);
    assert_null(f.target.password);
    options_done(&f.set);
}

static void stronger_sources_win(void **state)
{
    struct fixture f;
    char path[64], line[128];

    (void)state;
    begin(&f);
    write_file(path, "# a comment\n\n  name = from file \ncount=4\ntopics = f\ncolour = green\n");
    snprintf(line, sizeof(line), "--config %s", path);
    assert_true(parse(&f, line));
    assert_string_equal(f.target.name, "from file");
    assert_int_equal(f.target.count, 4);
    assert_int_equal(f.target.topics.n, 1); /* a list replaces a weaker one */
    setenv("SLUICE_A_B_COUNT", "5", 1);
    setenv("SLUICE_A_B_TOPICS", " e1 , ,e2", 1);
    assert_true(parse(&f, line));
    assert_int_equal(f.target.count, 5);
    assert_int_equal(f.target.topics.n, 2);
    assert_string_equal(f.target.topics.items[0], "e1");
    snprintf(line, sizeof(line), "--count 6 --config=%s --topics g", path);
    assert_true(parse(&f, line));
    assert_int_equal(f.target.count, 6);
    assert_int_equal(f.target.colour, 1);
    assert_int_equal(f.target.topics.n, 1);
    assert_string_equal(f.target.topics.items[0], "g");
    setenv("SLUICE_A_B_CONFIG", path, 1);
    setenv("SLUICE_A_B_COUNT", "", 1); /* empty is unset */
    assert_true(parse(&f, ""));
    assert_int_equal(f.target.count, 4);
    setenv("SLUICE_A_B_CONFIG", "", 1);
    assert_true(parse(&f, "--name n"));
    unlink(path);
    options_done(&f.set);
}

static void secrets_come_by_variable_or_file(void **state)
{
    struct fixture f;
    char path[64], line[128];

    (void)state;
    begin(&f);
    write_file(path, "s3cret\n");
    setenv("SLUICE_A_B_PASSWORD", "v4riable", 1);
    assert_true(parse(&f, "--name n"));
    assert_string_equal(f.target.password, "v4riable");
    setenv("SLUICE_A_B_PASSWORD_FILE", path, 1);
    assert_true(parse(&f, "--name n"));
    assert_string_equal(f.target.password, "s3cret");
    unsetenv("SLUICE_A_B_PASSWORD_FILE");
    snprintf(line, sizeof(line), "--name n --password-file %s", path);
    assert_true(parse(&f, line));
    assert_string_equal(f.target.password, "s3cret");
    unlink(path);
    assert_false(parse(&f, line));
    assert_int_equal(f.err.exit_status, EX_NOINPUT);
    assert_non_null(strstr(f.err.text, "--password-file"));
    options_done(&f.set);
}

static void secrets_in_the_open_are_refused_and_not_repeated(void **state)
{
    static const char *const lines[] = {"--name n --password geheim", "--name n --password=geheim"};
    struct fixture f;
    char path[64], line[128];

    (void)state;
    begin(&f);
    for (int i = 0; i < 2; i++) {
        assert_false(parse(&f, lines[i]));
        assert_int_equal(f.err.exit_status, EX_USAGE);
        assert_non_null(strstr(f.err.text, "SLUICE_A_B_PASSWORD"));
        assert_non_null(strstr(f.err.text, "--password-file"));
        assert_null(strstr(f.err.text, "geheim"));
    }
    write_file(path, "password = geheim\n");
    snprintf(line, sizeof(line), "--name n --config %s", path);
    assert_false(parse(&f, line));
    assert_int_equal(f.err.exit_status, EX_CONFIG);
    assert_null(strstr(f.err.text, "geheim"));
    unlink(path);
    options_done(&f.set);
}

static void refused(struct fixture *f, const char *line, int status, const char *part)
{
    if (parse(f, line))
        fail_msg("accepted: %s", line);
    if (strstr(f->err.text, part) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", f->err.text, part);
    assert_int_equal(f->err.exit_status, status);
}

static void refusals_name_flag_value_and_remedy(void **state)
{
    struct fixture f;
    char path[64], line[128];

    (void)state;
    begin(&f);
    refused(&f, "", EX_USAGE, "--name is required (or SLUICE_A_B_NAME)");
    refused(&f, "--nme n", EX_USAGE, "--nme: there is no such option");
    refused(&f, "--name", EX_USAGE, "--name: a value must follow");
    refused(&f, "--config", EX_USAGE, "--config: a value must follow");
    refused(&f, "--name n stray", EX_USAGE, "\"stray\"");
    refused(&f, "--name n -x", EX_USAGE, "\"-x\"");
    refused(&f, "--name n --", EX_USAGE, "\"--\"");
    refused(&f, "--name n --count 10", EX_USAGE, "--count: \"10\"");
    refused(&f, "--name n --count 10", EX_USAGE, "between 1 and 9");
    refused(&f, "--name n --count 0", EX_USAGE, "between 1 and 9");
    refused(&f, "--name n --count 3x", EX_USAGE, "whole number");
    refused(&f, "--name n --count=", EX_USAGE, "whole number");
    refused(&f, "--name n --count 99999999999999999999", EX_USAGE, "whole number");
    refused(&f, "--name n --wait 5", EX_USAGE, "--wait: \"5\"");
    refused(&f, "--name n --size 5x", EX_USAGE, "--size: \"5x\"");
    refused(&f, "--name n --loud=maybe", EX_USAGE, "true or false");
    refused(&f, "--name n --colour blue", EX_USAGE, "one of red, green");
    refused(&f, "--name n --name-file x", EX_USAGE, "no such option");
    refused(&f, "--config /nonexistent/x", EX_NOINPUT, "/nonexistent/x");
    setenv("SLUICE_A_B_COUNT", "many", 1);
    refused(&f, "--name n", EX_CONFIG, "SLUICE_A_B_COUNT: \"many\"");
    unsetenv("SLUICE_A_B_COUNT");
    write_file(path, "name = n\nno line\n");
    snprintf(line, sizeof(line), "--config %s", path);
    refused(&f, line, EX_CONFIG, ":2: a line is");
    unlink(path);
    write_file(path, "name = n\n\nunknown = 3");
    snprintf(line, sizeof(line), "--config %s", path);
    refused(&f, line, EX_CONFIG, ":3: unknown: there is no such option");
    unlink(path);
    options_done(&f.set);
}

static char *printed(const struct option_set *set, void (*print)(const struct option_set *, FILE *))
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);

    print(set, out);
    fclose(out);
    return text;
}

static void help_and_documentation_come_from_the_table(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    char *help = printed(&f.set, options_print_help);
    assert_non_null(strstr(help, "usage: sluice-a-b [options]"));
    assert_non_null(strstr(help, "--name NAME"));
    assert_non_null(strstr(help, "--password-file"));
    assert_non_null(strstr(help, "SLUICE_A_B_PASSWORD or ..._FILE"));
    assert_non_null(strstr(help, "a colour: red, green"));
    free(help);
    char *page = printed(&f.set, options_print_markdown);
    assert_non_null(strstr(page, "## a-b\n\nDoes a to b.\n"));
    assert_non_null(strstr(page,
                           "| `--colour COLOUR` | `SLUICE_A_B_COLOUR` | `red` | a colour: `red`, "
                           "`green` |\n"));
    assert_non_null(strstr(page, "| `--name NAME` | `SLUICE_A_B_NAME` |  | a name (required) |\n"));
    free(page);
    assert_true(parse(&f, "--version --nonsense"));
    assert_int_equal(f.outcome, OPTIONS_DONE);
}

static void files_are_read_within_their_limit(void **state)
{
    char path[64];
    char *text = NULL;
    struct err err;

    (void)state;
    write_file(path, "12345\n");
    assert_true(options_read_file(path, 6, &text, &err));
    assert_string_equal(text, "12345");
    free(text);
    text = NULL;
    assert_false(options_read_file(path, 5, &text, &err));
    assert_null(text);
    assert_int_equal(err.exit_status, EX_CONFIG);
    unlink(path);
    assert_false(options_read_file("/tmp", 5, &text, &err));
    assert_int_equal(err.exit_status, EX_IOERR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flags_fill_the_struct),
        cmocka_unit_test(defaults_stand),
        cmocka_unit_test(stronger_sources_win),
        cmocka_unit_test(secrets_come_by_variable_or_file),
        cmocka_unit_test(secrets_in_the_open_are_refused_and_not_repeated),
        cmocka_unit_test(refusals_name_flag_value_and_remedy),
        cmocka_unit_test(help_and_documentation_come_from_the_table),
        cmocka_unit_test(files_are_read_within_their_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
