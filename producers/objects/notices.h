/*
 * S3 event notifications from a Kafka topic: what was created and removed under --input, a batch at a
 * time. How far they are read stands in the progress topic, in the transaction behind the batch's
 * rows; so does the dead letter of a record that is no notification.
 *
 * One thread. Between notices_begin and notices_end there is a session; a batch that was not ended
 * is read again in the next one.
 */
#ifndef SLUICE_OBJECTS_NOTICES_H
#define SLUICE_OBJECTS_NOTICES_H

#include "input.h"
#include "writer.h"

struct notices;

/* For --notifications-topic; NULL without one. `options` and `input` must outlive it. */
struct notices *notices_new(const struct objects_options *options, const struct input *input);

/* NULL is fine. Returns NULL. */
struct notices *notices_free(struct notices *notices);

/* Begins where the progress topic says; where it says nothing, or what it names is not there any more,
 * at the end as it is now. ERR_RETRY when the broker is away, ERR_STOP when there is no such topic. */
WARN_UNUSED bool notices_begin(struct notices *notices, struct writer *writer, struct err *reterr);

/* Ends the session. */
void notices_end(struct notices *notices);

/* Objects must be listed, for some notifications are not known. */
bool notices_need_list(const struct notices *notices);

/* Waits at most `timeout_ms` for a batch. *ret_any: there is one; *ret_end: everything was read that the
 * topic held at some moment of this session. Errors as kafka_poll. */
WARN_UNUSED bool notices_poll(struct notices *notices, int64_t timeout_ms, bool *ret_any,
                              bool *ret_end, struct err *reterr);

/* The batch tells of an object of ours. */
bool notices_tell(const struct notices *notices);

/* The objects that the batch leaves there, by name; the caller frees with item_list_done. */
void notices_items(const struct notices *notices, struct item_list *ret);

/* The batch, or the listing, is done: writes dead letters and positions in the writer's transaction,
 * which the caller commits. Errors as kafka_produce. */
WARN_UNUSED bool notices_done(struct notices *notices, struct writer *writer, struct err *reterr);

#endif
