/*
 * A producer's topics in Avro: its JSON keys and values carried over by the schemas that each topic
 * was described with, registered as `<topic>-key` and `<topic>-value`. For producers that have their
 * records as JSON; whoever has rows uses record/avro.h itself.
 */
#ifndef SLUICE_HTTP_AVRO_TOPICS_H
#define SLUICE_HTTP_AVRO_TOPICS_H

#include "http/registry.h"

struct avro_topics;

/* The registry must outlive it. One thread. Free with avro_topics_free. */
struct avro_topics *avro_topics_new(struct registry *registry);

/* NULL is fine. Returns NULL. */
struct avro_topics *avro_topics_free(struct avro_topics *topics);

/* Registers the schemas of a topic's keys and values, in place of those it had. Errors as
 * registry_register. */
WARN_UNUSED bool avro_topics_describe(struct avro_topics *topics, const char *topic,
                                      struct str key_schema, struct str value_schema,
                                      struct err *reterr);

/* The key, given as JSON, of a described topic, alive until the next call for a key; one that is not
 * there (at NULL) stays so. ERR_STOP when it has no form in Avro. */
WARN_UNUSED bool avro_topics_key(struct avro_topics *topics, const char *topic, struct str json,
                                 struct str *ret, struct err *reterr);

/* The value, as avro_topics_key. */
WARN_UNUSED bool avro_topics_value(struct avro_topics *topics, const char *topic, struct str json,
                                   struct str *ret, struct err *reterr);

#endif
