/* What the two derivations of schemas share. Not for users of the room. */
#ifndef SLUICE_RECORD_AVRO_DERIVE_H
#define SLUICE_RECORD_AVRO_DERIVE_H

#include "record/avro.h"

/* The built-in types of PostgreSQL whose values are not simply their text (pg_type.dat). */
enum {
    OID_BOOL = 16,
    OID_BYTEA = 17,
    OID_INT8 = 20,
    OID_INT2 = 21,
    OID_INT4 = 23,
    OID_OID = 26,
    OID_JSON = 114,
    OID_XML = 142,
    OID_FLOAT4 = 700,
    OID_FLOAT8 = 701,
    OID_MONEY = 790,
    OID_DATE = 1082,
    OID_TIME = 1083,
    OID_TIMESTAMP = 1114,
    OID_TIMESTAMPTZ = 1184,
    OID_INTERVAL = 1186,
    OID_TIMETZ = 1266,
    OID_BIT = 1560,
    OID_VARBIT = 1562,
    OID_NUMERIC = 1700,
    OID_UUID = 2950,
    OID_JSONB = 3802
};

/* Appends {"type":"record","name":NAME,"namespace":TOPIC, without the brace that ends it. */
void avro_begin_record(struct buf *out, const char *topic, const char *name);

/* Appends {"name":"Id_1","sluice.name":"Id 1","type": behind a comma unless it is the first. */
void avro_begin_field(struct buf *out, const char *column, bool first);

/* ERR_STOP when two of the names come to one. */
WARN_UNUSED bool avro_check_names(const char *const *names, uint16_t names_n, struct err *reterr);

#endif
