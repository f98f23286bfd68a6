/*
 * The account of a run that ends: how much of what in each layer, and how long each stage took; as
 * text for a person and as JSON for a program. Pure but for account_tell: the time is passed in. Not
 * for what runs on: that has metrics.
 *
 *   success in 1234 ms: bronze created=3 dead_letters=1; load-csv 12 ms, write 1222 ms
 *   {"service":"sql-rows","run":"telco","status":"success","began":"2026-01-02T03:04:05.678Z",
 *    "duration_ms":1234,"counts":{"bronze":{"created":3}},"stages_ms":{"load-csv":12}}
 */
#ifndef SLUICE_SERVICE_ACCOUNT_H
#define SLUICE_SERVICE_ACCOUNT_H

#include "base/buf.h"

enum { ACCOUNT_COUNTS_MAX = 32, ACCOUNT_STAGES_MAX = 16 };

/* All names are literals, or outlive the account. Counts of a layer stand together. */
struct account {
    const char *service, *run;
    const char *status; /* "success", "failed", "stopped" */
    const char *error;  /* or NULL */
    int64_t began_unix_us, began_ms, took_ms, stage_ms;
    struct account_count {
        const char *layer, *what;
        int64_t n;
    } counts[ACCOUNT_COUNTS_MAX];
    struct account_stage {
        const char *name;
        int64_t ms;
    } stages[ACCOUNT_STAGES_MAX];
    size_t counts_n, stages_n;
};

/* Begins an account, of which so far nothing is known but that it failed. `now_ms` is the monotonic
 * clock here and below. */
void account_begin(struct account *account, const char *service, const char *run,
                   int64_t now_unix_us, int64_t now_ms);

/* Adds to a count. */
void account_count(struct account *account, const char *layer, const char *what, int64_t n);

/* The time since the beginning, or since the last stage, went into this one; adds to it. */
void account_stage(struct account *account, const char *name, int64_t now_ms);

/* The run is over. `error` NULL: it went well, or with `stopped` was asked to stop. */
void account_end(struct account *account, bool stopped, const char *error, int64_t now_ms);

/* Appends one line for a person, without its newline. */
void account_text(struct buf *out, const struct account *account);

/* Appends the members of the JSON object alone, without a comma around them: for a service whose own
 * object has more to tell. */
void account_members(struct buf *out, const struct account *account);

/* Appends the JSON object, without a newline. */
void account_json(struct buf *out, const struct account *account);

/* Says it in the log, the run's name as `what`, and writes `json` (STR_NONE: the account's own object)
 * as a line to standard output. */
void account_tell(const struct account *account, const char *what, struct str json);

#endif
