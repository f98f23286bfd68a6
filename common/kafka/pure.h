/*
 * The parts of this room that touch no handle, so that unit tests reach them without librdkafka.
 */
#ifndef SLUICE_KAFKA_PURE_H
#define SLUICE_KAFKA_PURE_H

#include "kafka/client.h"

/*
 * Reads generation and member id from the blob of rd_kafka_consumer_group_metadata_write, since
 * librdkafka has getters for them only from 2.4 on: "CGMDv2:", int32 in host order, group id NUL,
 * member id NUL, one byte, maybe instance id NUL. False when the blob is not of that form. The view
 * lives as long as the blob.
 */
bool kafka_member_parse(const void *blob, size_t size, int32_t *ret_generation,
                        struct str *ret_member);

/* What the headers of a dead letter say. */
struct dead_letter_reason {
    const char *topic, *rule;
    int32_t partition;
    int64_t offset;
    const struct err *err;
    char numbers[2][24]; /* scratch for partition and offset as text */
};

enum { DEAD_LETTER_HEADERS = 6 };

/* Fills the sluice.error.* headers; the views live as long as `reason` and what it points to. */
void dead_letter_headers(struct dead_letter_reason *reason,
                         struct kafka_header into[DEAD_LETTER_HEADERS]);

/* False when the name of a property of --kafka-config says that its value is a secret. */
bool kafka_property_printable(const char *name);

/* What this room decides itself, because exactly-once depends on it. */
bool kafka_property_reserved(const char *name);

#endif
