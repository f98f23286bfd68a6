/* sluice-postgres-upsert: writes a pipeline's view topics to PostgreSQL tables. See README.md. */
#include "metrics.h"
#include "options.h"
#include "run.h"

int main(int argc, char **argv)
{
    struct upsert_options options = {0};
    struct option_group groups[] = {{"Upsert", upsert_options_rows, &options},
                                    {"Kafka", kafka_options, &options.kafka},
                                    {"PostgreSQL", postgres_options, &options.postgres},
                                    {"Schema registry", registry_options, &options.registry},
                                    {"Service", service_options, &options.service},
                                    {0}};
    const struct option_set set = {
        "postgres-upsert", "keeps PostgreSQL tables equal to a pipeline's views, exactly once",
        "[options]", groups};
    struct metrics metrics = {upsert_metrics};
    struct service *service = NULL;
    struct err err;

    if (!service_start(&set, &options.service, argc, argv, &metrics, &service, &err))
        return service_finish(NULL, &set, &err);
    if (service == NULL)
        return service_finish(NULL, &set, NULL);
    bool ok = upsert_run(&options, service, &err);
    return service_finish(service, &set, ok ? NULL : &err);
}
