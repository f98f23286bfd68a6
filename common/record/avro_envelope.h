/*
 * The Avro schemas of topics that carry Debezium's envelope: what Connect's AvroConverter derives
 * from Debezium's own. The values are debezium.h's and envelope.h's JSON, brought over by
 * avro_from_json.
 */
#ifndef SLUICE_RECORD_AVRO_ENVELOPE_H
#define SLUICE_RECORD_AVRO_ENVELOPE_H

#include "record/debezium.h"

/* The type of a column of which only its JSON is known: in Avro a text with that JSON. */
enum { AVRO_OID_ANY = 0 };

/* A topic's rows and where they come from. `key`: the columns of the key in key order; those of
 * `columns` that are of it say so, all others may be null. */
struct avro_table {
    const char *topic;
    const struct debezium_column *columns, *key;
    uint16_t columns_n, key_n;
    struct debezium_format format;
    /* what envelope_source_begin's members are followed by, as the schemas of fields without a comma
     * in front; NULL: the block is PostgreSQL's of debezium.h */
    const char *source_fields;
    const char *source_namespace; /* of the record Source, unless it is PostgreSQL's */
};

/* Appends the schema of the envelopes: record `<topic>.Envelope`, its rows `<topic>.Value`. ERR_STOP
 * when two columns come to one name. */
WARN_UNUSED bool avro_derive_envelope(struct buf *out, const struct avro_table *table,
                                      struct err *reterr);

/* Appends the schema of the keys: record `<topic>.Key`. Errors as avro_derive_envelope. */
WARN_UNUSED bool avro_derive_envelope_key(struct buf *out, const struct avro_table *table,
                                          struct err *reterr);

#endif
