/*
 * The dead-letter record: the original key, value and headers, with the reason in headers named
 * sluice.error.{topic,partition,offset,rule,sqlstate,message}. Sent inside the caller's
 * transaction, so that it exists exactly when the offset behind it is committed.
 */
#ifndef SLUICE_KAFKA_DEAD_LETTER_H
#define SLUICE_KAFKA_DEAD_LETTER_H

#include "kafka/producer.h"

/*
 * Sends the message to `topic` (`<pipeline>.dead-letters`). `rule` names the contract's rule
 * ("orders_amount_check", "not null customer_id", "decode"); err gives sqlstate and text. Errors as
 * kafka_produce.
 */
WARN_UNUSED bool kafka_dead_letter(struct kafka_producer *producer, const char *topic,
                                   const struct kafka_message *message, const char *rule,
                                   const struct err *reason, struct err *reterr);

#endif
