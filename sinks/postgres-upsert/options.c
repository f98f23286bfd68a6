#include "options.h"

#include <stddef.h>

#define ROW(field) offsetof(struct upsert_options, field)

enum { MINUTE_MS = 60 * 1000 };

const struct option upsert_options_rows[] = {
    {"pipeline", OPTION_STRING, ROW(pipeline), NULL, 0, 0, NULL, true, "NAME",
     "the pipeline whose views are written; names the group, and the topics start with it"},
    {"topics", OPTION_LIST, ROW(topics), NULL, 0, 0, NULL, false, "TOPIC[=SCHEMA.TABLE],...",
     "topics to write and their tables; without it, NAME.SCHEMA.TABLE for every table that "
     "--target creates"},
    {"target", OPTION_LIST, ROW(target), NULL, 0, 0, NULL, false, "FILE,...",
     "the target tables as sluice-views --ddl prints them, then files of your own (indexes, "
     "grants, "
     "comments); all are run at each start, in one transaction each: write IF NOT EXISTS"},
    {"commit-time-columns", OPTION_LIST, ROW(commit_time_columns), NULL, 0, 0, NULL, false,
     "NAME,...",
     "columns that get the time at which the source committed what the row was computed of; in "
     "each "
     "table the first of them that it has, as target files of your own add it (calculated_at "
     "timestamptz)"},
    {"batch-rows", OPTION_INT, ROW(batch_rows), "10000", 1, 1000000, NULL, false, "N",
     "most records in one transaction"},
    {"batch-size", OPTION_SIZE, ROW(batch_bytes), "8MiB", 1024, 256 << 20, NULL, false, "SIZE",
     "most bytes of keys and values in one transaction"},
    {"flush-interval", OPTION_DURATION, ROW(flush_interval_ms), "200ms", 1, MINUTE_MS / 2, NULL,
     false, "DURATION",
     "the latest a transaction is committed; when the input runs dry it is committed at once"},
    {"member-id", OPTION_STRING, ROW(member_id), NULL, 0, 0, NULL, false, "NAME",
     "this instance's static group membership, unique among instances; without it membership is "
     "dynamic"},
    {"max-away", OPTION_DURATION, ROW(max_away_ms), "7d", 1, INT64_C(315360000000), NULL, false,
     "DURATION",
     "how long tombstones are kept (delete.retention.ms); after a longer absence the service "
     "refuses to go on without --resync"},
    {"resync", OPTION_BOOL, ROW(resync), NULL, 0, 0, NULL, false, NULL,
     "read all topics from their start and delete the rows whose keys are not in them"},
    {0},
};
