/*
 * Avro as Kafka carries it with a schema registry (Confluent's framing): a zero byte, the schema's
 * id in four bytes, big-endian, then one value. Bytes in, bytes out: who knows the schema of an id
 * is http/registry.h.
 *
 * A schema is parsed once, by libavro, into a shape; values go from and to JSON along it, in the
 * very texts that the services write when the format is JSON, so all that is behind the decoder is
 * one path. What a type of ours becomes in Avro, and back:
 *
 *   boolean, smallint, integer, bigint    boolean, int, int, long
 *   real, double precision                float, double
 *   numeric(p,s) with 0 <= s <= p         bytes, decimal; NaN is refused
 *   numeric, any other                    string, its digits
 *   date, time                            int, date; long, time-micros
 *   timestamp, timestamptz                long, local-timestamp-micros; long, timestamp-micros; the
 *                                         ends of their ranges are -infinity and infinity
 *   uuid                                  string, uuid
 *   bytea                                 bytes
 *   json, jsonb, arrays                   string, the JSON text
 *   all others                            string, PostgreSQL's text
 *
 * A column that may be NULL is a union with null before it, its default null. Each type says in
 * "sluice.type" what it is in PostgreSQL, and a field whose name had to be changed says in
 * "sluice.name" what it was.
 */
#ifndef SLUICE_RECORD_AVRO_H
#define SLUICE_RECORD_AVRO_H

#include "record/row.h"

/* A parsed schema. Immutable; threads may share it. */
struct avro_shape;

/* Parses a schema's JSON text. ERR_STOP (EX_DATAERR) when it is none, or larger than any sane one.
 * The caller frees the shape. */
WARN_UNUSED bool avro_shape_parse(struct str json, struct avro_shape **ret, struct err *reterr);

/* NULL is fine. Returns NULL. */
struct avro_shape *avro_shape_free(struct avro_shape *shape);

enum { AVRO_FRAME_BYTES = 5 };

/* The record begins as a framed one does; no JSON text begins so. */
static inline bool avro_is_framed(struct str record)
{
    return record.len > 0 && record.at[0] == '\0';
}

/* Takes the frame off. ERR_DEAD_LETTER when there is none. */
WARN_UNUSED bool avro_frame_read(struct str record, int32_t *ret_id, struct str *ret_body,
                                 struct err *reterr);

/* Appends a frame. */
void avro_frame_write(struct buf *out, int32_t id);

/*
 * Appends the value as JSON. ERR_DEAD_LETTER when the bytes are not one value of the shape, are
 * followed by others, nest too deep, or give more than the buffer's limit; what was appended by
 * then stays.
 */
WARN_UNUSED bool avro_to_json(const struct avro_shape *shape, struct str body, struct buf *out,
                              struct err *reterr);

/*
 * Appends the JSON value in Avro. A record's member that is missing takes the field's default.
 * ERR_STOP when the value does not fit the shape. Scratch is in the arena.
 */
WARN_UNUSED bool avro_from_json(const struct avro_shape *shape, struct str json,
                                struct arena *arena, struct buf *out, struct err *reterr);

/* Appends the row in Avro, for the schema that avro_derive_row wrote. ERR_STOP when a value has no
 * form there. */
WARN_UNUSED bool avro_write_row(struct buf *out, const struct schema *schema, const struct row *row,
                                struct err *reterr);

/* Appends a name as Debezium makes it fit for Avro: what is not a letter of ASCII, a digit or '_'
 * becomes '_' for each UTF-16 unit, a digit in front too. With `full`, dots stay. */
void avro_name(struct buf *out, struct str name, bool full);

/* Appends the schema of an upsert topic's values: record `<topic>.Value`, one field a column.
 * ERR_STOP when two columns come to one name. */
WARN_UNUSED bool avro_derive_row(struct buf *out, const char *topic, const struct schema *schema,
                                 struct err *reterr);

/* Appends the schema of its keys: record `<topic>.Key`, the key columns in key order. */
WARN_UNUSED bool avro_derive_row_key(struct buf *out, const char *topic,
                                     const struct schema *schema, struct err *reterr);

#endif
