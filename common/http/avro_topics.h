/*
 * A producer's topics in Avro: its JSON keys and values carried over by the schemas that each topic
 * was described with, registered as `<topic>-key` and `<topic>-value`. For producers that have their
 * records as JSON; whoever has rows uses record/avro.h itself. What was told and described is kept
 * for the life of the handle: the registry may be away while nothing new comes.
 */
#ifndef SLUICE_HTTP_AVRO_TOPICS_H
#define SLUICE_HTTP_AVRO_TOPICS_H

#include "http/registry.h"
#include "record/avro_envelope.h"

/* An option "value-format" of a producer: its choices, and an index into them. */
enum value_format { VALUE_JSON, VALUE_AVRO };
extern const char *const value_format_names[];

struct avro_topics;

/* What --value-format asks for: *ret is NULL for VALUE_JSON. ERR_STOP (EX_USAGE) when Avro lacks its
 * registry. Asks nothing yet. `config` must outlive it. One thread. Free with avro_topics_close. */
WARN_UNUSED bool avro_topics_open(int format, const struct registry_config *config,
                                  struct avro_topics **ret, struct err *reterr);

/* NULL is fine. Returns NULL. */
struct avro_topics *avro_topics_close(struct avro_topics *topics);

/* The registry behind it; NULL for NULL. */
struct registry *avro_topics_registry(const struct avro_topics *topics);

/* Registers the schemas of a topic's keys and values, in place of those it had; an empty key schema:
 * it has no keys. Both must be compatible before one is registered. Errors as registry_register. */
WARN_UNUSED bool avro_topics_describe(struct avro_topics *topics, const char *topic,
                                      struct str key_schema, struct str value_schema,
                                      struct err *reterr);

/* As avro_topics_describe, by the schemas that envelopes of these rows have. */
WARN_UNUSED bool avro_topics_describe_envelope(struct avro_topics *topics,
                                               const struct avro_table *table, struct err *reterr);

/* Describes a topic that was not by the newest schemas that the registry has for it: for writing
 * where no row tells the columns. Errors as registry_latest. */
WARN_UNUSED bool avro_topics_recall(struct avro_topics *topics, const char *topic,
                                    struct err *reterr);

/* The key, given as JSON, of a described topic, alive until the next call for a key; one that is not
 * there (at NULL) stays so. ERR_STOP when it has no form in Avro. `topics` NULL: it stays JSON. */
WARN_UNUSED bool avro_topics_key(struct avro_topics *topics, const char *topic, struct str json,
                                 struct str *ret, struct err *reterr);

/* The value, as avro_topics_key. */
WARN_UNUSED bool avro_topics_value(struct avro_topics *topics, const char *topic, struct str json,
                                   struct str *ret, struct err *reterr);

/* The JSON of a key as it stands in a topic, alive until the next call. ERR_DEAD_LETTER when it
 * is none of Avro; errors else as registry_shape, which is asked for schemas that no topic has now.
 * `topics` NULL: it is JSON already. */
WARN_UNUSED bool avro_topics_key_json(struct avro_topics *topics, struct str key, struct str *ret,
                                      struct err *reterr);

#endif
