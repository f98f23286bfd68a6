#include "shared.h"

#include "base/failpoint.h"
#include "base/log.h"
#include "reading.h"

enum { BUSY_MS = 500 };

static int32_t lane_of(void *arg, const char *name)
{
    return writer_lane_of(arg, name);
}

/* Reads the object, unless its lane says that this was done. Its state stands in *ret_state then. */
static bool read_claimed(struct run *run, struct run_summary *summary, const struct claim *claim,
                         struct file_state *ret_state, struct err *reterr)
{
    struct item item = {.name = claim->name, .place = claim->place, .size = -1};
    struct writer *writer = &run->writer;
    bool whole = false;

    snprintf(item.tag, sizeof(item.tag), "%s", claim->tag);
    if (!writer_lane(writer, claim->lane, reterr) ||
        !writer_file(writer, claim->name, ret_state, reterr))
        return false;
    if (file_state_done(ret_state, item.tag)) {
        summary->objects++;
        summary->skipped++;
        return true;
    }
    writer->run.run = claim->number > ret_state->run ? claim->number : ret_state->run + 1;
    feed_begin_run(&run->feed, writer->run.run);
    return reading_object(run, summary, &item, true, &whole, reterr) &&
           writer_settle(writer, reterr) && writer_file(writer, claim->name, ret_state, reterr);
}

/* Another worker has taken the lane: the lease was over, or the table was lost. */
static bool is_fenced(const struct run *run, const struct err *err)
{
    return err->kind == ERR_STOP && err->exit_status == EX_TEMPFAIL &&
           run->writer.producer != NULL && kafka_producer_broken(run->writer.producer);
}

static bool work(struct run *run, struct run_summary *summary, const struct claim *claim,
                 struct err *reterr)
{
    struct file_state state;

    failpoint("objects.after-claim");
    bool ok = read_claimed(run, summary, claim, &state, reterr);
    if (ok && !summary->stopped) {
        failpoint("objects.before-report");
        return claims_finish(run->claims, &state, reterr);
    }
    bool fenced = !ok && is_fenced(run, reterr);
    if (fenced)
        log_warn("another worker has taken over", LOG_STR("object", claim->name));
    claims_release(run->claims);
    return ok || fenced;
}

bool shared_run(struct run *run, struct run_summary *summary, const struct item_list *list,
                struct err *reterr)
{
    bool once = run->options->schedule.kind == SCHEDULE_ONCE;

    if (!claims_list(run->claims, list, lane_of, &run->writer, reterr))
        return false;
    while (!summary->stopped) {
        const struct claim *claim = NULL;
        enum claims_left left = CLAIMS_NONE;

        if (!claims_take(run->claims, &claim, &left, reterr))
            return false;
        if (left == CLAIMS_NONE || (left == CLAIMS_BUSY && !once))
            return true;
        service_beat(run->service);
        if (left == CLAIMS_BUSY)
            summary->stopped = service_wait(run->service, BUSY_MS);
        else if (!work(run, summary, claim, reterr))
            return false;
    }
    return true;
}
