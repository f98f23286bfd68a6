/* sluice-views: keeps a pipeline's silver and gold views up to date. See README.md. */
#include "local.h"
#include "sql/pipeline.h"
#include "task/metrics.h"
#include "task/run.h"

#include <libgen.h>
#include <stdio.h>

enum { PIPELINE_BYTES_MAX = 4 * 1024 * 1024 };

/* The pipeline's name: given, or the folder that holds the file. */
static const char *pipeline_name(struct arena *arena, const struct views_options *options,
                                 const char *path)
{
    if (options->pipeline != NULL)
        return options->pipeline;
    CLEANUP(free) char *absolute = realpath(path, NULL);
    return arena_printf(arena, "%s", absolute == NULL ? "pipeline" : basename(dirname(absolute)));
}

static bool load_plan(struct arena *arena, const struct views_options *options, const char *path,
                      struct str *ret_text, const struct plan **ret_plan, struct err *reterr)
{
    CLEANUP(free) char *text = NULL;

    if (!options_read_file(path, PIPELINE_BYTES_MAX, &text, reterr))
        return false;
    *ret_text = arena_copy(arena, str_of(text));
    return pipeline_plan(arena, path, *ret_text, pipeline_name(arena, options, path), ret_plan,
                         reterr);
}

/* --check, --explain, --oracle, --ddl: print and leave. */
static bool print(struct arena *arena, const struct views_options *options, const char *path,
                  struct err *reterr)
{
    CLEANUP(buf) struct buf out = {0};
    const struct plan *plan = NULL;
    struct str text;

    if (!load_plan(arena, options, path, &text, &plan, reterr))
        return false;
    if (options->explain != NULL)
        pipeline_explain(&out, plan);
    else if (options->oracle != NULL && !pipeline_oracle(&out, path, text, reterr))
        return false;
    else if (options->ddl != NULL)
        pipeline_ddl(&out, plan);
    else if (options->check != NULL)
        buf_printf(&out, "%s: %u sources, %u views: ok\n", path, plan->sources_n, plan->views_n);
    fwrite(out.at, 1, out.len, stdout);
    return true;
}

static bool run(struct arena *arena, const struct views_options *options, struct service *service,
                struct err *reterr)
{
    const char *once = options->check     ? options->check
                       : options->explain ? options->explain
                       : options->oracle  ? options->oracle
                                          : options->ddl;
    const struct plan *plan = NULL;
    struct str text;

    if (once != NULL)
        return print(arena, options, once, reterr);
    if (options->file == NULL)
        return err_stop(reterr, EX_USAGE,
                        "--file is required (or SLUICE_VIEWS_FILE): the pipeline file to run");
    if (!load_plan(arena, options, options->file, &text, &plan, reterr))
        return false;
    if (options->local != NULL)
        return views_local(plan, options->local, stdout, reterr);
    return views_run(options, plan, service, reterr);
}

int main(int argc, char **argv)
{
    struct views_options options = {0};
    struct option_group groups[] = {{"Views", views_options_rows, &options},
                                    {"Kafka", kafka_options, &options.kafka},
                                    {"Service", service_options, &options.service},
                                    {0}};
    const struct option_set set = {"views", "keeps a pipeline's silver and gold views up to date",
                                   "[options]", groups};
    struct metrics metrics = {views_metrics};
    struct service *service = NULL;
    struct err err;
    CLEANUP(arena) struct arena *arena = arena_new(16 << 20);

    if (!service_start(&set, &options.service, argc, argv, &metrics, &service, &err))
        return service_finish(NULL, &set, &err);
    if (service == NULL)
        return service_finish(NULL, &set, NULL);
    bool ok = run(arena, &options, service, &err);
    return service_finish(service, &set, ok ? NULL : &err);
}
