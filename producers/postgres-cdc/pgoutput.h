/*
 * pgoutput, protocol version 1: the payload of one XLogData frame -> one message. Pure: bytes in,
 * views out. Streaming of unfinished transactions (version 2) and two-phase commit (3) are not
 * here.
 */
#ifndef SLUICE_POSTGRES_CDC_PGOUTPUT_H
#define SLUICE_POSTGRES_CDC_PGOUTPUT_H

#include "base/arena.h"
#include "base/err.h"
#include "record/debezium.h"
#include <stdint.h>

/* The letter that each message begins with. */
enum pgoutput_kind {
    PGOUTPUT_BEGIN = 'B',
    PGOUTPUT_COMMIT = 'C',
    PGOUTPUT_ORIGIN = 'O',
    PGOUTPUT_RELATION = 'R',
    PGOUTPUT_TYPE = 'Y',
    PGOUTPUT_INSERT = 'I',
    PGOUTPUT_UPDATE = 'U',
    PGOUTPUT_DELETE = 'D',
    PGOUTPUT_TRUNCATE = 'T',
    PGOUTPUT_MESSAGE = 'M'
};

/* What an UPDATE or DELETE says of the old row: nothing, its identity (other columns null), or all
 * of it (REPLICA IDENTITY FULL). */
enum pgoutput_old { PGOUTPUT_OLD_NONE = 0, PGOUTPUT_OLD_KEY = 'K', PGOUTPUT_OLD_ROW = 'O' };

/* A transaction begins: the LSN of its commit record, when it was committed. */
struct pgoutput_begin {
    uint64_t final_lsn;
    int64_t commit_unix_us;
    uint32_t xid;
};

/* A transaction ends: the LSN of its commit record and the one behind it. */
struct pgoutput_commit {
    uint64_t commit_lsn, end_lsn;
    int64_t commit_unix_us;
};

/* A column as the Relation message describes it. `identity`: part of the replica identity. */
struct pgoutput_column {
    const char *name;
    uint32_t type_oid;
    int32_t typmod;
    bool identity;
};

/* A table, sent before its first change and after each change of its shape. */
struct pgoutput_relation {
    uint32_t oid;
    const char *schema, *table;
    char identity; /* relreplident: d, n, f, i */
    const struct pgoutput_column *columns;
    uint16_t columns_n;
};

/* The columns of a row in the relation's order. `data` NULL: there is no such row. */
struct pgoutput_tuple {
    struct debezium_datum *data;
    uint16_t n;
};

/* INSERT (`row`), UPDATE (`old`, `row`), DELETE (`old`). */
struct pgoutput_change {
    uint32_t oid;
    enum pgoutput_old old_kind;
    struct pgoutput_tuple old, row;
};

struct pgoutput_truncate {
    const uint32_t *oids;
    uint32_t oids_n;
    bool cascade, restart_identity;
};

/* Where a transaction came from. */
struct pgoutput_origin {
    uint64_t lsn;
    const char *name;
};

/* A type that is not built in. */
struct pgoutput_type {
    uint32_t oid;
    const char *schema, *name;
};

/* pg_logical_emit_message(). */
struct pgoutput_logical {
    bool transactional;
    uint64_t lsn;
    const char *prefix;
    struct str content;
};

struct pgoutput_message {
    enum pgoutput_kind kind;
    union {
        struct pgoutput_begin begin;
        struct pgoutput_commit commit;
        struct pgoutput_origin origin;
        struct pgoutput_relation relation;
        struct pgoutput_type type;
        struct pgoutput_change change;
        struct pgoutput_truncate truncate;
        struct pgoutput_logical logical;
    };
};

/*
 * Decodes one payload. Texts and values are views of the payload, arrays are in the arena: both
 * must outlive the message. ERR_STOP when a length or letter makes no sense, or bytes are left
 * over: the stream can't be trusted then.
 */
WARN_UNUSED bool pgoutput_decode(struct str payload, struct arena *arena,
                                 struct pgoutput_message *ret, struct err *reterr);

#endif
