/*
 * The dead-letter side: a producer that is opened when the first record needs it. Dead letters are
 * acknowledged before the offset behind them moves, so none is ever missing; a crash in between
 * writes one again, told by the same sluice.error.{topic,partition,offset}.
 */
#ifndef SLUICE_POSTGRES_UPSERT_DEAD_H
#define SLUICE_POSTGRES_UPSERT_DEAD_H

#include "kafka/dead_letter.h"

struct dead_letters;

/* `config` must outlive it; `topic` is copied. */
struct dead_letters *dead_letters_new(const struct kafka_config *config, const char *topic);

/* NULL is fine. Returns NULL. */
struct dead_letters *dead_letters_free(struct dead_letters *dead);

/* Sends one record with its reason. ERR_RETRY while the broker is away. */
WARN_UNUSED bool dead_letters_send(struct dead_letters *dead, const struct kafka_message *message,
                                   const char *rule, const struct err *reason, struct err *reterr);

/* Waits until all that was sent is acknowledged. */
WARN_UNUSED bool dead_letters_flush(struct dead_letters *dead, struct err *reterr);

#endif
