/*
 * The Avro schemas of captured tables: what Connect's AvroConverter derives from Debezium's own. The
 * values are debezium.h's JSON, brought over by avro_from_json.
 */
#ifndef SLUICE_RECORD_AVRO_ENVELOPE_H
#define SLUICE_RECORD_AVRO_ENVELOPE_H

#include "record/debezium.h"

/* Appends the schema of a captured table's envelopes as Connect's AvroConverter derives it: record
 * `<topic>.Envelope`, its rows `<topic>.Value`. */
WARN_UNUSED bool avro_derive_envelope(struct buf *out, const char *topic,
                                      const struct debezium_column *columns, uint16_t columns_n,
                                      struct debezium_format format, struct err *reterr);

/* Appends the schema of its keys: record `<topic>.Key`, the columns in the order given. */
WARN_UNUSED bool avro_derive_envelope_key(struct buf *out, const char *topic,
                                          const struct debezium_column *columns, uint16_t columns_n,
                                          struct debezium_format format, struct err *reterr);

#endif
