/* sluice-objects: files, HTTP resources and S3 objects -> Kafka, one topic, as changes. */
#include "life.h"

int main(int argc, char **argv)
{
    struct objects_options options = {0};
    struct objects_option_tables tables = {0};
    struct metric rows[OBJECTS_METRICS + 1];
    struct metrics metrics = {.rows = rows};
    struct option_set set;
    struct life life = {.run = {.options = &options, .metrics = rows}};
    struct err err = {0};

    objects_option_set(&options, &tables, &set);
    objects_metrics_init(rows);
    bool ok = service_start(&set, &options.service, argc, argv, &metrics, &life.run.service, &err);
    if (ok && life.run.service != NULL)
        ok = objects_options_complete(&options, &err) && life_live(&life, &err);
    shape_done(&life.run.shape);
    feed_done(&life.run.feed);
    objects_options_done(&options);
    return service_finish(life.run.service, &set, ok ? NULL : &err);
}
