#include "stream.h"
#include "base/clock.h"
#include "base/log.h"
#include <assert.h>
#include <inttypes.h>

/*
 * IDLE_WAIT_MS: how long the loop sleeps when nothing comes, so that it beats and hears a stop.
 * ASKED_MS: a server that asks for an answer (it does so when it wants to stop) gets its position
 * stored sooner than by the idle advance. SILENCE_MS: without a word from the server for so long
 * the stream is not alive. LAG_MS: how often the lag is looked at.
 */
enum { IDLE_WAIT_MS = 250, ASKED_MS = 500, SILENCE_MS = 60000, LAG_MS = 10000 };

/* Delivery reports are served once in so many frames: it takes locks. */
enum { SERVE_FRAMES = 256 };

struct stream {
    struct session *session;
    struct arena *arena;    /* of one message */
    uint64_t received_lsn;  /* the furthest that came */
    uint64_t confirmed_lsn; /* stored in Kafka, told to the slot */
    uint64_t idle_lsn;      /* the server has nothing for us before this point */
    int64_t stored_ms, heard_ms, looked_ms;
    int64_t last_commit_unix_us; /* of the source's last transaction */
    bool asked;
    unsigned frames;
};

static bool between(const struct stream *stream)
{
    enum progress_state state = stream->session->progress.state;

    return state == PROGRESS_BETWEEN;
}

static bool send_status(struct stream *stream, struct err *reterr)
{
    uint64_t received =
        stream->received_lsn > stream->confirmed_lsn ? stream->received_lsn : stream->confirmed_lsn;

    return pg_send_status(stream->session->stream, received, stream->confirmed_lsn, false, reterr);
}

/* Stores the position, with what is in the open transaction; then, and only then, tells the slot.
 */
static bool store(struct stream *stream, struct err *reterr)
{
    struct session *session = stream->session;
    bool rows = session->writer.open;

    if (!writer_commit(&session->writer, &session->progress, reterr))
        return false;
    assert(session->progress.end_lsn >= stream->confirmed_lsn);
    stream->confirmed_lsn = session->progress.end_lsn;
    stream->stored_ms = clock_mono_ms();
    stream->asked = false;
    if (rows)
        metric_set(&session->metrics[CDC_LAG_TIME], clock_wall_us() - stream->last_commit_unix_us);
    return send_status(stream, reterr);
}

/*
 * An idle source, or one whose changes are not ours: its WAL may go. Also what pgoutput sent of
 * transactions without a record for us moves the position alone.
 */
static bool advance_idle(struct stream *stream, int64_t now_ms, struct err *reterr)
{
    struct session *session = stream->session;
    int64_t wait_ms = stream->asked ? ASKED_MS : session->options->idle_advance_ms;

    if (!between(stream) || session->writer.open || now_ms - stream->stored_ms < wait_ms)
        return true;
    if (stream->idle_lsn > session->progress.end_lsn &&
        !progress_advance(&session->progress, stream->idle_lsn, reterr))
        return false;
    if (session->progress.end_lsn == stream->confirmed_lsn) {
        stream->stored_ms = now_ms;
        stream->asked = false;
        return true;
    }
    return store(stream, reterr);
}

static bool data(struct stream *stream, const struct pg_frame *frame, struct err *reterr)
{
    struct session *session = stream->session;
    struct pgoutput_message message;

    arena_reset(stream->arena);
    if (frame->start_lsn > stream->received_lsn)
        stream->received_lsn = frame->start_lsn;
    if (!pgoutput_decode(frame->payload, stream->arena, &message, reterr) ||
        !capture_message(session->capture, &session->progress, &message, frame->start_lsn,
                         clock_wall_us(), reterr))
        return false;
    if (message.kind == PGOUTPUT_COMMIT) {
        stream->received_lsn = message.commit.end_lsn;
        stream->last_commit_unix_us = message.commit.commit_unix_us;
        metric_add(&session->metrics[CDC_TRANSACTIONS], 1);
    }
    return true;
}

static bool keepalive(struct stream *stream, const struct pg_frame *frame, struct err *reterr)
{
    if (frame->end_lsn > stream->received_lsn)
        stream->received_lsn = frame->end_lsn;
    if (between(stream) && frame->end_lsn > stream->idle_lsn)
        stream->idle_lsn = frame->end_lsn;
    stream->asked = stream->asked || frame->reply_requested;
    return !frame->reply_requested || send_status(stream, reterr);
}

/* How long the next frame may be waited for: briefly while a transaction could be committed. */
static int64_t wait_ms(const struct stream *stream, int64_t now_ms)
{
    const struct writer *writer = &stream->session->writer;
    int64_t left_ms = writer->begun_ms + stream->session->options->commit_interval_ms - now_ms;

    if (!writer->open)
        return stream->asked ? ASKED_MS / 4 : IDLE_WAIT_MS;
    if (between(stream))
        return writer_linger_ms(writer, now_ms);
    return left_ms > 0 ? left_ms : 0;
}

/* Takes the next frame. *ret_dry: nothing came. */
static bool take_frame(struct stream *stream, int64_t now_ms, bool *ret_dry, struct err *reterr)
{
    struct pg_frame frame;

    if (!pg_next_frame(stream->session->stream, wait_ms(stream, now_ms), &frame, reterr))
        return false;
    *ret_dry = frame.kind == PG_FRAME_NONE;
    if (*ret_dry)
        return now_ms - stream->heard_ms < SILENCE_MS ||
               err_set(reterr, ERR_RETRY, "the server has been silent for %d s", SILENCE_MS / 1000);
    stream->heard_ms = now_ms;
    if (frame.kind == PG_FRAME_DATA)
        return data(stream, &frame, reterr);
    if (frame.kind == PG_FRAME_KEEPALIVE)
        return keepalive(stream, &frame, reterr);
    return err_set(reterr, ERR_RETRY, "the server ended the stream");
}

static bool look_at_lag(struct stream *stream, int64_t now_ms, struct err *reterr)
{
    struct session *session = stream->session;
    struct catalogue_lag lag;

    if (now_ms - stream->looked_ms < LAG_MS)
        return true;
    stream->looked_ms = now_ms;
    if (!catalogue_lag(session->control, &lag, reterr))
        return false;
    metric_set(&session->metrics[CDC_LAG_BYTES],
               lag.wal_lsn > stream->confirmed_lsn ? (int64_t)(lag.wal_lsn - stream->confirmed_lsn)
                                                   : 0);
    metric_set(&session->metrics[CDC_RETAINED], lag.retained_bytes);
    metric_set(&session->metrics[CDC_SAFE], lag.safe_bytes);
    return true;
}

static bool turn(struct stream *stream, struct err *reterr)
{
    struct session *session = stream->session;
    int64_t now_ms = clock_mono_ms();
    bool dry = false;

    if (!take_frame(stream, now_ms, &dry, reterr))
        return false;
    if (dry || ++stream->frames % SERVE_FRAMES == 0)
        kafka_producer_poll(session->writer.producer);
    if (session->writer.open &&
        ((dry && between(stream)) || writer_full(&session->writer, now_ms))) {
        service_beat(session->service);
        return store(stream, reterr);
    }
    if (!dry)
        return true;
    service_beat(session->service);
    return advance_idle(stream, now_ms, reterr) && look_at_lag(stream, now_ms, reterr);
}

static bool start(struct stream *stream, struct err *reterr)
{
    struct session *session = stream->session;

    if (pg_start_replication(session->stream, session->options->slot, session->progress.end_lsn,
                             session->options->publication, reterr))
        return true;
    if (strcmp(reterr->sqlstate, "55006") == 0) /* another process was quicker */
        reterr->kind = ERR_RETRY;
    return false;
}

bool stream_run(struct session *session, unsigned *attempt, struct err *reterr)
{
    struct arena *arena CLEANUP(arena) = arena_new(1 << 26);
    struct stream stream = {.session = session,
                            .arena = arena,
                            .received_lsn = session->progress.end_lsn,
                            .confirmed_lsn = session->progress.end_lsn,
                            .stored_ms = clock_mono_ms(),
                            .heard_ms = clock_mono_ms()};
    struct buf lsn CLEANUP(buf) = {0};

    if (!start(&stream, reterr))
        return false;
    pg_lsn_print(&lsn, stream.confirmed_lsn);
    log_info("streaming", LOG_STR("slot", session->options->slot), LOG_STR("from", buf_cstr(&lsn)),
             LOG_INT("changes_done", session->progress.changes));
    service_ready(session->service, true, NULL);
    *attempt = 0;
    while (!service_stopping(session->service)) {
        if (!turn(&stream, reterr))
            return false;
    }
    /* what is in hand is stored; an unfinished transaction goes on at the next start */
    return !session->writer.open || store(&stream, reterr);
}
