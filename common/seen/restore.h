/*
 * Brings the store of what was seen to where the bronze topic stands: all of it when it was lost
 * or belongs to another topic, the tail when the process died between two commits, nothing when it
 * is up to date. Reads Debezium's JSON envelope: a key's content is the text of its last `after`.
 * Records in Avro are not decoded: the header SEEN_CONTENT_HEADER has the content's hash, and the key
 * is what stands in the topic.
 */
#ifndef SLUICE_SEEN_RESTORE_H
#define SLUICE_SEEN_RESTORE_H

#include "base/arena.h"
#include "kafka/producer.h"
#include "seen/seen.h"

/* Which bronze topic, by which client, and the position that its progress topic holds (0: none was
 * ever written). */
struct seen_source {
    const struct kafka_config *config;
    const char *client_id;
    struct kafka_admin *admin;
    const char *topic;
    uint64_t position;
    bool plain; /* the values are the rows themselves, without an envelope */
    bool avro;  /* keys and values are Avro; what is in the other format is refused */
};

/* On each record in Avro: the hash of the row's JSON text in 32 hexadecimal digits; empty for a
 * delete. */
#define SEEN_CONTENT_HEADER "sluice.content"
enum { SEEN_CONTENT_DIGITS = 32 };

/* What was done: how many records of bronze were read, and whether from its beginning. */
struct seen_restored {
    uint64_t records;
    bool from_start;
};

/*
 * Call it when the predecessor is fenced and the progress topic is read. Afterwards the mark has
 * the source's position. ERR_RETRY when the broker does not answer; ERR_STOP when a record can't
 * be read.
 */
WARN_UNUSED bool seen_restore(struct seen *seen, const struct seen_source *source,
                              struct seen_restored *ret, struct err *reterr);

/* The hash that stands for a row: of the JSON text which goes into `after`. */
struct hash128 seen_content(struct str after);

/* That header for a row (at NULL: a delete), its value in `into`. */
struct kafka_header seen_content_header(struct str after, char into[SEEN_CONTENT_DIGITS + 1]);

/* Takes `after` out of an envelope: its text, STR_NONE when it is null. ERR_DEAD_LETTER when the
 * value is no envelope. */
WARN_UNUSED bool seen_after(struct str value, struct arena *arena, struct str *ret,
                            struct err *reterr);

#endif
