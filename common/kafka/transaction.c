#include "kafka/producer.h"

#include "base/clock.h"
#include "base/stop.h"
#include "kafka/internal.h"
#include <assert.h>

enum { RETRY_PAUSE_US = 50000, HANG_MS = 5000 };

bool producer_fail_broken(struct err *reterr)
{
    return err_set(reterr, ERR_ABORT,
                   "the producer must be opened anew; that decides its last transaction's fate");
}

/*
 * The broker tells old protocols INVALID_PRODUCER_EPOCH both when another producer took the
 * transactional id and when the coordinator itself ended a transaction that was open for too long
 * (after a stand-still of the process or of the broker). In a transaction younger than the time-out
 * only the first can be.
 */
static bool fenced(const struct kafka_producer *producer, rd_kafka_resp_err_t code)
{
    bool epoch = code == RD_KAFKA_RESP_ERR__FENCED || code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
                 code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;

    return epoch && clock_mono_ms() - producer->begun_ms < producer->transaction_timeout_ms;
}

bool producer_fatal(const struct kafka_producer *producer)
{
    return rd_kafka_fatal_error(producer->client.rk, NULL, 0) != RD_KAFKA_RESP_ERR_NO_ERROR;
}

bool producer_fail_fatal(struct kafka_producer *producer, rd_kafka_resp_err_t code,
                         const char *doing, struct err *reterr)
{
    char why[256];
    rd_kafka_resp_err_t first = rd_kafka_fatal_error(producer->client.rk, why, sizeof(why));

    producer->state = PRODUCER_BROKEN;
    if (first != RD_KAFKA_RESP_ERR_NO_ERROR)
        code = first;
    else
        snprintf(why, sizeof(why), "%s", rd_kafka_err2str(code));
    if (fenced(producer, code))
        return err_stop(reterr, EX_TEMPFAIL, "%s: another instance has taken over: %s", doing, why);
    if (kafka_code_forbidden(code))
        return err_stop(reterr, EX_NOPERM, "%s: %s", doing, why);
    return err_set(reterr, ERR_ABORT, "%s: %s; the producer must be opened anew", doing, why);
}

bool producer_fail(struct kafka_producer *producer, const rd_kafka_error_t *error,
                   const char *doing, struct err *reterr)
{
    rd_kafka_resp_err_t code = rd_kafka_error_code(error);

    rd_kafka_poll(producer->client.rk, 0);
    if (rd_kafka_error_is_fatal(error) || code == RD_KAFKA_RESP_ERR__FATAL ||
        code == RD_KAFKA_RESP_ERR__FENCED)
        return producer_fail_fatal(producer, code, doing, reterr);
    if (!rd_kafka_error_txn_requires_abort(error)) /* neither retriable nor abortable: as fatal */
        return producer_fail_fatal(producer, code, doing, reterr);
    if (producer->failed > 0)
        return producer_fail_delivery(producer, reterr);
    if (kafka_code_forbidden(code))
        return err_stop(reterr, EX_NOPERM, "%s: %s", doing, rd_kafka_error_string(error));
    return err_set(reterr, ERR_ABORT, "%s: %s", doing, rd_kafka_error_string(error));
}

bool producer_call(struct kafka_producer *producer, const struct kafka_call *call,
                   const char *doing, rd_kafka_error_t **ret, struct err *reterr)
{
    if (kafka_caller_run(producer->caller, call, call->timeout_ms + HANG_MS, ret))
        return true;
    producer->state = PRODUCER_BROKEN;
    return err_set(reterr, ERR_ABORT, "%s: no answer from Kafka; the producer must be opened anew",
                   doing);
}

bool kafka_begin(struct kafka_producer *producer, struct err *reterr)
{
    if (producer->state == PRODUCER_BROKEN)
        return producer_fail_broken(reterr);
    assert(producer->transactional && producer->state == PRODUCER_READY);
    producer->failed = 0;
    producer->begun_ms = clock_mono_ms();
    CLEANUP(kafka_error)
    rd_kafka_error_t *error = rd_kafka_begin_transaction(producer->client.rk);
    if (error != NULL)
        return producer_fail(producer, error, "beginning a transaction", reterr);
    producer->state = PRODUCER_OPEN;
    return true;
}

static rd_kafka_topic_partition_list_t *offset_list(const struct kafka_offset *offsets, size_t n)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)n);

    for (size_t i = 0; i < n; i++)
        rd_kafka_topic_partition_list_add(list, offsets[i].topic, offsets[i].partition)->offset =
            offsets[i].offset;
    return list;
}

/* A retry sends identical arguments: the call is retriable, but not resumable. */
static bool send_offsets(struct kafka_producer *producer, const struct kafka_call *call,
                         struct err *reterr)
{
    static const char doing[] = "adding offsets to the transaction";
    int64_t end_ms = clock_mono_ms() + call->timeout_ms;

    for (;;) {
        CLEANUP(kafka_error) rd_kafka_error_t *error = NULL;

        if (!producer_call(producer, call, doing, &error, reterr))
            return false;
        if (error == NULL)
            return true;
        if (!rd_kafka_error_is_retriable(error))
            return producer_fail(producer, error, doing, reterr);
        if (stop_or_passed(end_ms))
            return err_set(reterr, ERR_ABORT, "%s: %s", doing, rd_kafka_error_string(error));
        usleep(RETRY_PAUSE_US);
    }
}

bool kafka_send_offsets(struct kafka_producer *producer, const char *group,
                        const struct kafka_offset *offsets, size_t offsets_n,
                        struct kafka_membership *membership, struct err *reterr)
{
    struct kafka_call call = {.rk = producer->client.rk,
                              .timeout_ms = (int)producer->transaction_timeout_ms};

    if (producer->state == PRODUCER_BROKEN)
        return producer_fail_broken(reterr);
    assert(producer->state == PRODUCER_OPEN);
    if (offsets_n == 0)
        return true;
    if (membership == NULL)
        call.group = rd_kafka_consumer_group_metadata_new(group);
    else if (!kafka_membership_metadata(membership, &call.group, reterr))
        return false;
    call.offsets = offset_list(offsets, offsets_n);
    bool sent = send_offsets(producer, &call, reterr);
    if (!kafka_caller_left(producer->caller)) {
        kafka_list_free(call.offsets);
        kafka_group_metadata_free(call.group);
    }
    return sent;
}

/*
 * Repeats a resumable call while its outcome is unknown, for one transaction time-out. After that
 * the handle is BROKEN: the transaction's fate is found out by init_transactions of the next one,
 * as after a crash; it is never aborted on an unknown outcome. The time-out is not -1, which
 * in 2.0.2 waits for ever, whatever its documentation says; the risk that a shorter one leaves the
 * library's state behind is met by calling nothing else on the handle afterwards.
 */
static bool finish(struct kafka_producer *producer,
                   rd_kafka_error_t *(*call)(rd_kafka_t *rk, int timeout_ms), const char *doing,
                   struct err *reterr)
{
    int64_t left_ms = producer->transaction_timeout_ms;
    int64_t end_ms = clock_mono_ms() + left_ms;

    for (;;) {
        const struct kafka_call turn = {
            .rk = producer->client.rk, .plain = call, .timeout_ms = (int)left_ms};
        CLEANUP(kafka_error) rd_kafka_error_t *error = NULL;

        if (!producer_call(producer, &turn, doing, &error, reterr))
            return false;
        if (error == NULL) {
            producer->state = PRODUCER_READY;
            return true;
        }
        left_ms = end_ms - clock_mono_ms();
        if (!rd_kafka_error_is_retriable(error) || left_ms <= 0 || stop_or_passed(end_ms))
            return producer_fail(producer, error, doing, reterr);
        usleep(RETRY_PAUSE_US);
    }
}

bool kafka_commit(struct kafka_producer *producer, struct err *reterr)
{
    if (producer->state == PRODUCER_BROKEN)
        return producer_fail_broken(reterr);
    assert(producer->state == PRODUCER_OPEN);
    if (!finish(producer, rd_kafka_commit_transaction, "committing a transaction", reterr))
        return false;
    assert(producer->failed == 0);
    return true;
}

bool kafka_abort(struct kafka_producer *producer, struct err *reterr)
{
    if (producer->state == PRODUCER_BROKEN)
        return producer_fail_broken(reterr);
    if (producer->state == PRODUCER_READY)
        return true;
    return finish(producer, rd_kafka_abort_transaction, "aborting a transaction", reterr);
}
