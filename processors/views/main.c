/* sluice-views: keeps a pipeline's silver and gold views up to date. See README.md. */
#include "base/log.h"
#include "lineage.h"
#include "local/files.h"
#include "local/test.h"
#include "sql/pipeline.h"
#include "task/metrics.h"
#include "task/run.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>

enum { PIPELINE_BYTES_MAX = 4 * 1024 * 1024, VIEWS_JSON = 1, VIEWS_STRICT = 1 };

/* The pipeline's name: given, or the folder that holds the file. */
static const char *pipeline_name(struct arena *arena, const struct views_options *options,
                                 const char *path)
{
    if (options->pipeline != NULL)
        return options->pipeline;
    CLEANUP(free) char *absolute = realpath(path, NULL);
    return arena_printf(arena, "%s", absolute == NULL ? "pipeline" : basename(dirname(absolute)));
}

/* The flag that named the file, for messages. */
static const char *flag_of(const struct views_options *options, const char *path)
{
    return path == options->check     ? "--check"
           : path == options->explain ? "--explain"
           : path == options->oracle  ? "--oracle"
           : path == options->ddl     ? "--ddl"
                                      : "--file";
}

/* The run is over rows, or over some records of a topic. */
static bool is_partial(const struct views_options *options)
{
    return options->local != NULL || options->test != NULL || options->lineage != NULL;
}

static bool load_plan(struct arena *arena, const struct views_options *options, const char *path,
                      struct str *ret_text, const struct plan **ret_plan, struct err *reterr)
{
    CLEANUP(free) char *text = NULL;

    if (!options_read_file(path, PIPELINE_BYTES_MAX, &text, reterr)) {
        err_prefix(reterr, "%s", flag_of(options, path));
        return false;
    }
    *ret_text = arena_copy(arena, str_of(text));
    const struct pipeline_file file = {.path = path,
                                       .text = *ret_text,
                                       .pipeline = pipeline_name(arena, options, path),
                                       .as_of = options->as_of,
                                       .strict = options->contract == VIEWS_STRICT,
                                       .derives_before = is_partial(options)};
    if (!pipeline_plan_file(arena, &file, ret_plan, reterr))
        return false;
    *ret_plan = pipeline_with_format(arena, *ret_plan,
                                     options->value_format == 1 ? PLAN_VIEW_AVRO : PLAN_VIEW_JSON);
    return true;
}

/* The file of --check, --explain, --oracle or --ddl; NULL when none was asked for. */
static const char *asked_for(const struct views_options *options)
{
    return options->check     ? options->check
           : options->explain ? options->explain
           : options->oracle  ? options->oracle
                              : options->ddl;
}

static bool print_oracle(struct buf *out, const struct views_options *options, struct str text,
                         struct err *reterr)
{
    const struct pipeline_file file = {.path = options->oracle,
                                       .text = text,
                                       .pipeline = "oracle",
                                       .as_of = options->as_of,
                                       .strict = options->contract == VIEWS_STRICT};

    return pipeline_oracle(out, &file, reterr);
}

/* --check, --explain, --oracle, --ddl: print and leave. */
static bool print(struct arena *arena, const struct views_options *options, struct err *reterr)
{
    CLEANUP(buf) struct buf out = {0};
    const char *path = asked_for(options);
    const struct plan *plan = NULL;
    struct str text;

    if (!load_plan(arena, options, path, &text, &plan, reterr))
        return false;
    if (options->explain != NULL)
        (options->format == VIEWS_JSON ? pipeline_explain_json : pipeline_explain)(&out, plan);
    else if (options->oracle != NULL && !print_oracle(&out, options, text, reterr))
        return false;
    else if (options->ddl != NULL)
        pipeline_ddl(&out, plan);
    else if (options->check != NULL)
        buf_printf(&out, "%s: %u source%s, %u view%s: ok\n", path, plan->sources_n,
                   plan->sources_n == 1 ? "" : "s", plan->views_n, plan->views_n == 1 ? "" : "s");
    fwrite(out.at, 1, out.len, stdout);
    return true;
}

static bool needs_file(const struct views_options *options, struct err *reterr)
{
    return options->file != NULL ||
           err_stop(reterr, EX_USAGE,
                    "--file is required (or SLUICE_VIEWS_FILE): the pipeline file to run");
}

static bool write_file(const char *path, struct str text, struct err *reterr)
{
    CLEANUP(file) FILE *file = fopen(path, "we");

    return (file != NULL && fwrite(text.at, 1, text.len, file) == text.len && fflush(file) == 0) ||
           err_stop(reterr, EX_CANTCREAT, "--avro-schemas: cannot write %s: %s", path,
                    strerror(errno));
}

/* --avro-schemas: two files a view. */
static bool write_schemas(struct arena *arena, const struct views_options *options,
                          const struct plan *plan, struct err *reterr)
{
    for (uint32_t i = 0; i < plan->views_n * 2; i++) {
        const struct plan_view *view = &plan->views[i / 2];
        bool key = i % 2 == 0;
        CLEANUP(buf) struct buf text = {0};
        const char *path = arena_printf(arena, "%s/%s-%s.avsc", options->avro_schemas, view->topic,
                                        key ? "key" : "value");

        if (!pipeline_avro(&text, view, key, reterr) || !write_file(path, buf_str(&text), reterr))
            return false;
    }
    return true;
}

/* --local, --lineage and --avro-schemas. */
static bool run_file(struct arena *arena, const struct views_options *options, struct err *reterr)
{
    const struct plan *plan = NULL;
    struct str text;

    if (!needs_file(options, reterr) ||
        !load_plan(arena, options, options->file, &text, &plan, reterr))
        return false;
    if (options->avro_schemas != NULL)
        return write_schemas(arena, options, plan, reterr);
    return options->lineage != NULL
               ? views_lineage(options, plan, stdout, reterr)
               : views_local(plan, options->local, options->print, stdout, reterr);
}

/* --test: on --file, or on the pipeline.sql beside the script. */
static bool run_tests(struct arena *arena, const struct views_options *options, struct err *reterr)
{
    CLEANUP(free) char *script = NULL, *copy = err_strdup(options->test);
    struct pipeline_file file = {.path = options->file,
                                 .as_of = options->as_of,
                                 .strict = options->contract == VIEWS_STRICT,
                                 .derives_before = is_partial(options)};
    struct test_subject subject = {.pipeline = &file, .path = options->test};
    uint32_t failed = 0;

    if (file.path == NULL)
        file.path = arena_printf(arena, "%s/pipeline.sql", dirname(copy));
    file.pipeline = pipeline_name(arena, options, file.path);
    if (!load_plan(arena, options, file.path, &file.text, &subject.plan, reterr))
        return false;
    if (!options_read_file(options->test, PIPELINE_BYTES_MAX, &script, reterr))
        return err_prefix(reterr, "--test");
    subject.text = str_of(script);
    if (!views_test(&subject, stdout, &failed, reterr))
        return false;
    return failed == 0 ||
           err_stop(reterr, EXIT_FAILURE, "%u test%s failed", failed, failed == 1 ? "" : "s");
}

/* Everything that ends by itself: for a person at a terminal, so the error is plain text. */
static int run_once(struct arena *arena, const struct views_options *options,
                    const struct option_set *set)
{
    struct err err;
    bool ok = asked_for(options) != NULL ? print(arena, options, &err)
              : options->test != NULL    ? run_tests(arena, options, &err)
                                         : run_file(arena, options, &err);

    if (!ok)
        fprintf(stderr, "%s\n", err.text);
    options_done(set);
    return ok ? 0 : err.exit_status;
}

static int list_functions(const struct option_set *set)
{
    CLEANUP(buf) struct buf out = {0};

    function_list(&out);
    aggregate_list(&out);
    window_list(&out);
    fwrite(out.at, 1, out.len, stdout);
    options_done(set);
    return 0;
}

static bool run(struct arena *arena, const struct views_options *options, struct service *service,
                struct err *reterr)
{
    const struct plan *plan = NULL;
    struct str text;

    if (!needs_file(options, reterr) ||
        !load_plan(arena, options, options->file, &text, &plan, reterr))
        return false;
    views_warnings_start(arena, plan);
    return views_run(options, plan, service, reterr);
}

int main(int argc, char **argv)
{
    struct views_options options = {0};
    struct option_group groups[] = {{"Views", views_options_rows, &options},
                                    {"Kafka", kafka_options, &options.kafka},
                                    {"Schema registry", registry_options, &options.registry},
                                    {"Service", service_options, &options.service},
                                    {0}};
    const struct option_set set = {"views", "keeps a pipeline's silver and gold views up to date",
                                   "[options] [FILE]", groups, "file"};
    enum options_outcome outcome;
    struct service *service = NULL;
    struct err err;
    CLEANUP(arena) struct arena *arena = arena_new(16 << 20);

    log_configure("views", LOG_LOGFMT, LOG_INFO);
    if (!options_parse(&set, argc, argv, &outcome, &err))
        return service_finish(NULL, &set, &err);
    if (outcome == OPTIONS_DONE)
        return 0;
    if (options.functions)
        return list_functions(&set);
    if (asked_for(&options) != NULL || options.test != NULL || options.local != NULL ||
        options.lineage != NULL || options.avro_schemas != NULL)
        return run_once(arena, &options, &set);
    if (!service_start(&set, &options.service, argc, argv, &views_metrics, &service, &err))
        return service_finish(NULL, &set, &err);
    bool ok = run(arena, &options, service, &err);
    return service_finish(service, &set, ok ? NULL : &err);
}
