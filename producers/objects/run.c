#include "run.h"

#include "base/clock.h"
#include "base/log.h"
#include "reading.h"
#include "shared.h"
#include <inttypes.h>

enum { SWEEP_KEYS = 1000 };

/* Deletes what the run did not meet. */
static bool sweep(struct run *run, struct err *reterr)
{
    bool more = true;

    run->feed.object = (struct feed_object){.tag = STR(""), .read_unix_us = clock_wall_us()};
    while (more) {
        if (!feed_sweep(&run->feed, SWEEP_KEYS, &more, reterr) ||
            (writer_full(&run->writer, clock_mono_ms()) && !writer_settle(&run->writer, reterr)))
            return false;
        service_beat(run->service);
    }
    return true;
}

/* The objects and what is known of them: which files of an earlier run are gone. */
struct listing {
    const struct item_list *list;
    char **gone;
    size_t gone_n;
};

static bool note_gone(void *arg, struct str key, struct str text)
{
    struct listing *listing = arg;
    static const char prefix[] = "file:";

    (void)text;
    if (!str_starts(key, STR("file:")))
        return true;
    struct str name = {key.at + sizeof(prefix) - 1, key.len - (sizeof(prefix) - 1)};
    for (size_t low = 0, high = listing->list->n; low < high;) {
        size_t middle = low + (high - low) / 2;
        int order = str_cmp(name, str_of(listing->list->items[middle].name));

        if (order == 0)
            return true;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    listing->gone = err_realloc(listing->gone, (listing->gone_n + 1) * sizeof(*listing->gone));
    listing->gone[listing->gone_n] = err_calloc(1, name.len + 1);
    memcpy(listing->gone[listing->gone_n++], name.at, name.len);
    return true;
}

static void listing_done(struct listing *listing)
{
    for (size_t i = 0; i < listing->gone_n; i++)
        free(listing->gone[i]);
    free(listing->gone);
}

/* An object with this tag was read to its end before. */
static bool is_done(const struct run *run, const struct item *item, bool *ret, struct err *reterr)
{
    struct file_state state;

    if (!writer_file(&run->writer, item->name, &state, reterr))
        return false;
    *ret = file_state_done(&state, item->tag);
    return true;
}

static bool all_done(const struct run *run, const struct item_list *list, bool *ret,
                     struct err *reterr)
{
    *ret = true;
    for (size_t i = 0; *ret && i < list->n; i++) {
        if (!is_done(run, &list->items[i], ret, reterr))
            return false;
    }
    return true;
}

static void next_run(struct run *run)
{
    run->writer.run.run++;
    run->writer.run.complete = false;
    feed_begin_run(&run->feed, run->writer.run.run);
}

/* The last run came to its end and nothing is other than it was: a run that need not be. */
static bool nothing_new(const struct run *run, const struct listing *listing, bool *ret,
                        struct err *reterr)
{
    *ret = false;
    return !run->writer.run.complete || listing->gone_n > 0 ||
           all_done(run, listing->list, ret, reterr);
}

/* All objects together are the content: the last one by name speaks first, for it is the newest. */
static bool run_whole(struct run *run, struct run_summary *summary, const struct listing *listing,
                      struct err *reterr)
{
    const struct item_list *list = listing->list;
    bool conditional = list->n == 1 && listing->gone_n == 0 && run->writer.run.complete;
    bool complete = true, whole = false, idle = false;

    if (!nothing_new(run, listing, &idle, reterr))
        return false;
    if (idle) {
        summary->skipped = summary->objects = (int64_t)list->n;
        return true;
    }
    next_run(run);
    run->single = list->n == 1;
    for (size_t i = list->n; i-- > 0 && !summary->stopped;) {
        if (!reading_object(run, summary, &list->items[i], conditional, &whole, reterr))
            return false;
        complete = complete && whole;
    }
    if (summary->stopped)
        return true;
    if (summary->skipped > 0) { /* the only one, by its ETag or its sum: nothing was read */
        run->writer.run.complete = complete;
        return writer_settle(&run->writer, reterr);
    }
    if (complete && !sweep(run, reterr))
        return false;
    if (!complete)
        log_warn("deletes are held back until every object can be read",
                 LOG_INT("failed", summary->failed));
    for (size_t i = 0; complete && i < listing->gone_n; i++) {
        if (!writer_put_file(&run->writer, listing->gone[i], NULL, reterr))
            return false;
    }
    run->writer.run.complete = complete;
    return writer_commit(&run->writer, reterr);
}

/* Each object by itself, in the order of names. */
static bool run_each(struct run *run, struct run_summary *summary, const struct listing *listing,
                     struct err *reterr)
{
    bool deletes = run->options->contents == CONTENTS_EACH;

    run->single = true;
    for (size_t i = 0; i < listing->list->n && !summary->stopped; i++) {
        struct item *item = &listing->list->items[i];
        bool done = false, whole = false;

        if (!is_done(run, item, &done, reterr))
            return false;
        if (done) {
            summary->objects++;
            summary->skipped++;
            continue;
        }
        next_run(run);
        int64_t skipped = summary->skipped;
        if (!reading_object(run, summary, item, true, &whole, reterr))
            return false;
        bool read = whole && summary->skipped == skipped;
        if (read && deletes && !sweep(run, reterr))
            return false;
        if (writer_full(&run->writer, clock_mono_ms()) && !writer_settle(&run->writer, reterr))
            return false;
    }
    run->writer.run.complete = !summary->stopped && summary->failed == 0;
    return writer_settle(&run->writer, reterr);
}

static bool run_listed(struct run *run, struct run_summary *summary, const struct item_list *list,
                       struct err *reterr)
{
    struct listing listing = {.list = list};

    if (run->claims != NULL)
        return shared_run(run, summary, list, reterr);
    bool whole = run->options->contents == CONTENTS_WHOLE;

    if (whole)
        kafka_progress_each(run->writer.progress, note_gone, &listing);
    bool ok = whole ? run_whole(run, summary, &listing, reterr)
                    : run_each(run, summary, &listing, reterr);
    listing_done(&listing);
    return ok;
}

/* The objects to read. `noticed`: those that were told of; where all together are the content, all of
 * them. */
static bool find_objects(struct run *run, bool noticed, struct item_list *ret, struct err *reterr)
{
    if (!noticed || run->options->contents == CONTENTS_WHOLE)
        return input_list(run->input, ret, reterr);
    notices_items(run->notices, ret);
    return true;
}

/* The run came to its end: so did the batch, in a last transaction. */
static bool end_notices(struct run *run, struct err *reterr)
{
    return run->notices == NULL || (notices_done(run->notices, &run->writer, reterr) &&
                                    writer_commit(&run->writer, reterr));
}

static bool run_found(struct run *run, bool noticed, struct run_summary *summary,
                      struct err *reterr)
{
    struct item_list list = {0};

    if (!find_objects(run, noticed, &list, reterr)) {
        if (!noticed || reterr->exit_status != EX_NOINPUT)
            return false;
        log_err(LOG_WARN, "nothing is deleted", reterr); /* as without notifications */
        return true;
    }
    account_stage(&run->account, "list", clock_mono_ms());
    bool ok = run_listed(run, summary, &list, reterr);
    item_list_done(&list);
    return ok;
}

bool run_once(struct run *run, bool noticed, struct run_summary *ret, struct err *reterr)
{
    struct run_summary summary = {0};

    run->feed.counts = (struct feed_counts){0};
    bool ok = (noticed && !notices_tell(run->notices)) || run_found(run, noticed, &summary, reterr);
    ok = ok && (summary.stopped || end_notices(run, reterr));
    summary.counts = run->feed.counts;
    account_stage(&run->account, "read", clock_mono_ms());
    metric_add(&run->metrics[OBJECTS_UNCHANGED], summary.counts.unchanged);
    metric_set(&run->metrics[OBJECTS_KEYS], ok ? (int64_t)seen_count(run->writer.seen) : 0);
    metric_add(&run->metrics[OBJECTS_RUNS], ok);
    if (ok && summary.failed == 0 && !summary.stopped)
        metric_set(&run->metrics[OBJECTS_LAST_RUN], clock_wall_us());
    *ret = summary;
    return ok;
}
