#include "task/options.h"

#include <stddef.h>

static const char *const value_formats[] = {"json", "avro", NULL};
static const char *const contracts[] = {"lenient", "strict", NULL};
static const char *const print_formats[] = {"text", "json", NULL};

#define ROW(field) offsetof(struct views_options, field)

const struct option views_options_rows[] = {
    {"file", OPTION_STRING, ROW(file), NULL, 0, 0, NULL, false, "FILE", "the pipeline file to run"},
    {"pipeline", OPTION_STRING, ROW(pipeline), NULL, 0, 0, NULL, false, "NAME",
     "the pipeline's name, which its topics start with; without it, the name of the folder that "
     "holds the file"},
    {"as-of", OPTION_STRING, ROW(as_of), NULL, 0, 0, NULL, false, "TIMESTAMP",
     "what now(), current_date and the like are in the pipeline file; without it they are refused. "
     "Another value is another plan: it needs --rebuild"},
    {"contract", OPTION_CHOICE, ROW(contract), "lenient", 0, 0, contracts, false, "HOW",
     "strict: a row that breaks a rule that its source calls lenient goes to the dead letters; "
     "lenient: it is counted. The other one is another plan: it needs --rebuild"},
    {"check", OPTION_STRING, ROW(check), NULL, 0, 0, NULL, false, "FILE",
     "only validate a pipeline file"},
    {"explain", OPTION_STRING, ROW(explain), NULL, 0, 0, NULL, false, "FILE",
     "only print a pipeline file's plan"},
    {"format", OPTION_CHOICE, ROW(format), "text", 0, 0, print_formats, false, "FORMAT",
     "what --explain prints"},
    {"test", OPTION_STRING, ROW(test), NULL, 0, 0, NULL, false, "FILE",
     "only run the tests of this SQL file on --file, or on the pipeline.sql beside it, without a "
     "broker; prints TAP, exit status 1 when one failed"},
    {"oracle", OPTION_STRING, ROW(oracle), NULL, 0, 0, NULL, false, "FILE",
     "only print a pipeline file for psql, its sources as tables"},
    {"ddl", OPTION_STRING, ROW(ddl), NULL, 0, 0, NULL, false, "FILE",
     "only print the target tables of a pipeline file's views"},
    {"avro-schemas", OPTION_STRING, ROW(avro_schemas), NULL, 0, 0, NULL, false, "FOLDER",
     "only write the Avro schemas of the views of --file there, as TOPIC-key.avsc and "
     "TOPIC-value.avsc"},
    {"functions", OPTION_BOOL, ROW(functions), NULL, 0, 0, NULL, false, NULL,
     "only print the functions, operators and casts there are"},
    {"local", OPTION_STRING, ROW(local), NULL, 0, 0, NULL, false, "FOLDER",
     "run --file over FOLDER/<table>.csv (with a header), .jsonl and .ndjson (rows or Debezium "
     "envelopes) without a broker and print the views"},
    {"print", OPTION_STRING, ROW(print), NULL, 0, 0, NULL, false, "VIEW",
     "of --local: print this view alone"},
    {"lineage", OPTION_STRING, ROW(lineage), NULL, 0, 0, NULL, false, "VIEW",
     "only print the source records behind one row of this view of --file, read from their topics"},
    {"lineage-key", OPTION_STRING, ROW(lineage_key), NULL, 0, 0, NULL, false, "JSON",
     "the row's key, as on the view's topic"},
    {"state-dir", OPTION_STRING, ROW(state_dir), "/var/lib/sluice/views", 0, 0, NULL, false,
     "FOLDER", "where local state lies; it can be lost, the changelog topic restores it"},
    {"state-size", OPTION_SIZE, ROW(state_bytes), "16GiB", 1 << 20, INT64_C(1) << 46, NULL, false,
     "SIZE", "most bytes the local state of one task may take"},
    {"state-buffer-size", OPTION_SIZE, ROW(state_buffer_bytes), "8MiB", 65536, INT64_C(1) << 36,
     NULL, false, "SIZE",
     "memory of a task for committed state on its way to --state-dir; more makes large states "
     "faster, and restoring after a kill longer"},
    {"commit-interval", OPTION_DURATION, ROW(commit_interval_ms), "200ms", 1, 60000, NULL, false,
     "DURATION",
     "the latest a transaction is committed; when the input runs dry it is committed at once"},
    {"batch-rows", OPTION_INT, ROW(batch_rows), "10000", 1, 1000000, NULL, false, "N",
     "most records in one transaction"},
    {"batch-size", OPTION_SIZE, ROW(batch_bytes), "6MiB", 65536, INT64_C(1) << 32, NULL, false,
     "SIZE",
     "memory for the rows of one transaction and what is made of them; batches have fewer records "
     "where these take more"},
    {"member-id", OPTION_STRING, ROW(member_id), NULL, 0, 0, NULL, false, "NAME",
     "this instance's static group membership, unique among instances; without it membership is "
     "dynamic"},
    {"value-format", OPTION_CHOICE, ROW(value_format), "json", 0, 0, value_formats, false, "FORMAT",
     "what keys and values of the views' topics are, unless a view says WITH (format = ...); avro "
     "needs --schema-registry-url"},
    {"rebuild", OPTION_BOOL, ROW(rebuild), NULL, 0, 0, NULL, false, NULL,
     "compute all views anew from bronze and write only the differences; needed after the plan has "
     "changed"},
    {0},
};
