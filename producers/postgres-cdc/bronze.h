/*
 * Bronze records in Avro: the heart's JSON brought over by the schemas that Connect's converter
 * would derive, which are registered as `<topic>-key` and `<topic>-value` when a table becomes
 * known. Knows no broker.
 */
#ifndef SLUICE_POSTGRES_CDC_BRONZE_H
#define SLUICE_POSTGRES_CDC_BRONZE_H

#include "capture.h"
#include "http/registry.h"

struct bronze;

/* The registry must outlive it. Free with bronze_free. */
struct bronze *bronze_new(struct registry *registry, struct debezium_format format);

/* NULL is fine. Returns NULL. */
struct bronze *bronze_free(struct bronze *bronze);

/* Registers the table's schemas, in place of those its topic had. Errors as registry_register. */
WARN_UNUSED bool bronze_describe(struct bronze *bronze, const struct capture_shape *shape,
                                 struct err *reterr);

/* Appends the key, given as JSON, of a described topic. ERR_STOP when it has no form in Avro. */
WARN_UNUSED bool bronze_key(struct bronze *bronze, const char *topic, struct str json,
                            struct buf *out, struct err *reterr);

/* Appends the value, as bronze_key. */
WARN_UNUSED bool bronze_value(struct bronze *bronze, const char *topic, struct str json,
                              struct buf *out, struct err *reterr);

#endif
