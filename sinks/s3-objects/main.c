/* sluice-s3-objects: topics -> objects in an S3 store, each record in exactly one object. */
#include "metrics.h"
#include "settings.h"
#include "snapshot.h"
#include "task.h"

int main(int argc, char **argv)
{
    struct settings settings = {0};
    struct option_group groups[] = {{"Objects", settings_options, &settings},
                                    {"Rows", shape_option_rows, &settings.rows},
                                    {"Kafka", kafka_options, &settings.kafka},
                                    {"S3", s3_options, &settings.s3},
                                    {"Schema registry", registry_options, &settings.registry},
                                    {"Service", service_options, &settings.service},
                                    {0}};
    const struct option_set set = {
        .service = SERVICE_NAME,
        .summary = "writes topics as CSV, JSON, NDJSON, Parquet and XML objects to an S3 store",
        .usage = "--pipeline NAME --topics TOPIC,... --s3-bucket BUCKET [options]",
        .groups = groups};
    struct service *service = NULL;
    struct err err;
    bool well =
        service_start(&set, &settings.service, argc, argv, &objects_metrics, &service, &err);

    if (well && service != NULL)
        well = settings_complete(&settings, &err) &&
               (settings.action == ACTION_WRITE ? task_run(&settings, service, &err)
                                                : snapshot_action(&settings, &err));
    settings_done(&settings);
    return service_finish(service, &set, well ? NULL : &err);
}
