#include "session.h"
#include "base/clock.h"
#include "base/log.h"
#include "snapshot.h"
#include "stream.h"
#include <inttypes.h>

/* A snapshot that shows no sign of life for so long was left by a process that stands still. */
enum { SNAPSHOT_STALE_MS = 30000 };

static void session_done(struct session *session)
{
    writer_close(&session->writer);
    session->capture = capture_free(session->capture);
    session->stream = pg_close(session->stream);
    session->control = pg_close(session->control);
    session->arena = arena_free(session->arena);
    session->scratch = arena_free(session->scratch);
}

static void cleanup_session(struct session *session)
{
    session_done(session);
}

static bool describe(void *arg, const struct pgoutput_relation *relation, struct capture_facts *ret,
                     struct err *reterr)
{
    struct session *session = arg;

    arena_reset(session->scratch);
    return catalogue_columns(session->control, relation->oid, session->scratch, ret, NULL, reterr);
}

/* capture_edge.arg is the session; the writer is its part. */
static bool open_topic(void *arg, const char *topic, int32_t *ret_partitions, struct err *reterr)
{
    struct session *session = arg;

    return writer_open_topic(&session->writer, topic, ret_partitions, reterr);
}

static bool emit(void *arg, const struct capture_record *record, struct err *reterr)
{
    struct session *session = arg;

    return writer_emit(&session->writer, record, reterr);
}

static bool open_schema(void *arg, const struct capture_shape *shape, struct err *reterr)
{
    struct session *session = arg;

    return writer_open_schema(&session->writer, shape, reterr);
}

static void make_capture(struct session *session)
{
    const struct cdc_options *options = session->options;
    struct capture_config config = {.prefix = options->prefix,
                                    .database = session->found.database,
                                    .format = {.decimal = (enum debezium_decimal)options->decimal,
                                               .time = (enum debezium_time)options->time},
                                    .tombstones = options->tombstones};
    struct capture_edge edge = {session, describe, open_topic, emit, open_schema};

    session->capture = capture_new(&config, &edge);
}

static bool wait_for(struct err *reterr, const struct session *session, const char *what)
{
    return err_set(reterr, ERR_RETRY,
                   "standing by: another process %s (slot \"%s\", pid %" PRId64 ")", what,
                   session->options->slot, session->found.slot.active_pid);
}

/*
 * Another instance at work is left alone: opening a producer would fence it. It is at work while
 * the slot is read (the server ends the reading of a process that stands still), or while a
 * snapshot is taken and its progress moves.
 */
static bool stand_by(struct session *session, struct session_memory *memory, struct err *reterr)
{
    struct progress progress;
    int64_t offset = -1, now_ms = clock_mono_ms();

    if (session->found.slot.active)
        return wait_for(reterr, session, "reads the slot");
    if (!session->found.slot.snapshot_active)
        return true;
    if (!writer_read_progress(&session->writer, &progress, &offset, reterr))
        return false;
    if (memory->since_ms == 0 || memory->offset != offset) {
        memory->offset = offset;
        memory->since_ms = now_ms;
    }
    return now_ms - memory->since_ms >= SNAPSHOT_STALE_MS ||
           wait_for(reterr, session, "takes the snapshot");
}

static bool connect(struct session *session, struct err *reterr)
{
    const struct cdc_options *options = session->options;

    session->arena = arena_new(1 << 26);
    session->scratch = arena_new(1 << 20);
    return pg_connect(&options->postgres, "sluice-postgres-cdc", PG_ORDINARY, &session->control,
                      reterr) &&
           catalogue_prepare(session->control, options, reterr) &&
           preflight_run(session->control, options, session->arena, &session->found, reterr) &&
           writer_open(&session->writer, options, session->avro, session->metrics, reterr);
}

bool session_goes_on(void *session)
{
    struct service *service = ((struct session *)session)->service;

    service_beat(service);
    return !service_stopping(service);
}

static bool create_slot(struct session *session, struct err *reterr)
{
    const struct pg_new_slot slot = {session->options->slot, false, session_goes_on, session};
    struct buf snapshot CLEANUP(buf) = {0};

    if (session->found.slot.exists)
        return true;
    service_ready(session->service, false, "creating the slot");
    if (!pg_create_slot(session->stream, &slot, &session->found.slot.confirmed_lsn, &snapshot,
                        reterr))
        return false;
    session->found.slot.exists = true;
    log_info("slot created", LOG_STR("slot", session->options->slot));
    return true;
}

static bool adopt(struct session *session, struct err *reterr)
{
    return progress_adopt(&session->progress, session->found.slot.confirmed_lsn, reterr) &&
           writer_commit(&session->writer, &session->progress, reterr);
}

/* Finds out where to go on; takes the snapshot when there is none. */
static bool establish(struct session *session, struct err *reterr)
{
    struct pg_identity identity;
    enum progress_verdict verdict;
    int64_t offset;

    if (!writer_take_over(&session->writer, reterr) ||
        !writer_read_progress(&session->writer, &session->progress, &offset, reterr) ||
        !pg_connect(&session->options->postgres, "sluice-postgres-cdc", PG_REPLICATION,
                    &session->stream, reterr) ||
        !pg_identify(session->stream, &identity, reterr) ||
        /* again: it may have moved until the producer fenced its reader */
        !catalogue_slot(session->control, session->options, &session->found.slot, reterr))
        return false;
    const struct progress_found found = {.system_id = identity.system_id,
                                         .slot = session->options->slot,
                                         .timeline = identity.timeline,
                                         .slot_exists = session->found.slot.exists,
                                         .slot_confirmed_lsn = session->found.slot.confirmed_lsn};
    bool wanted = session->options->snapshot_mode == CDC_SNAPSHOT_INITIAL;
    if (!progress_judge(&session->progress, &found, wanted, &verdict, reterr) ||
        !create_slot(session, reterr))
        return false;
    if (session->progress.state == PROGRESS_NONE) {
        snprintf(session->progress.system_id, sizeof(session->progress.system_id), "%s",
                 identity.system_id);
        snprintf(session->progress.slot, sizeof(session->progress.slot), "%s", found.slot);
        session->progress.timeline = identity.timeline;
    }
    make_capture(session);
    if (verdict == PROGRESS_DO_ADOPT)
        return adopt(session, reterr);
    return verdict == PROGRESS_DO_STREAM || snapshot_take(session, reterr);
}

bool session_run(const struct cdc_options *options, struct service *service, struct metric *metrics,
                 struct session_memory *memory, unsigned *attempt, struct err *reterr)
{
    struct session session CLEANUP(session) = {
        .options = options, .service = service, .metrics = metrics, .avro = memory->avro};

    service_beat(service);
    if (!connect(&session, reterr))
        return false;
    memory->reached = true;
    if (!stand_by(&session, memory, reterr) || !establish(&session, reterr))
        return false;
    memory->since_ms = 0;
    return service_stopping(service) || stream_run(&session, attempt, reterr);
}
