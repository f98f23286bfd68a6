/*
 * The streaming replication protocol: a logical slot's messages in, standby status out. Knows the
 * protocol's frames, not pgoutput's contents.
 */
#ifndef SLUICE_POSTGRES_REPLICATION_H
#define SLUICE_POSTGRES_REPLICATION_H

#include "postgres/connection.h"

/* IDENTIFY_SYSTEM. */
struct pg_identity {
    char system_id[24];
    uint32_t timeline;
    uint64_t wal_lsn;
};

/* Asks who the server is. */
WARN_UNUSED bool pg_identify(struct pg *pg, struct pg_identity *ret, struct err *reterr);

/* A slot that is to be made. A temporary one goes with the connection. */
struct pg_new_slot {
    const char *name;
    bool temporary;
    bool (*go_on)(void *arg); /* asked every second while it is waited for; false gives it up */
    void *arg;
};

/*
 * CREATE_REPLICATION_SLOT name LOGICAL pgoutput EXPORT_SNAPSHOT: *ret_lsn is the consistent point;
 * the snapshot's name is appended to `snapshot` and lives until the next command on this
 * connection. The server waits for all transactions that have written to end: given up, the
 * command is cancelled (ERR_RETRY), as the server's process would go on waiting without us.
 */
WARN_UNUSED bool pg_create_slot(struct pg *pg, const struct pg_new_slot *slot, uint64_t *ret_lsn,
                                struct buf *snapshot, struct err *reterr);

/* START_REPLICATION SLOT ... LOGICAL from `lsn` (0: where the slot stands), pgoutput protocol 1
 * over the publication. */
WARN_UNUSED bool pg_start_replication(struct pg *pg, const char *slot, uint64_t lsn,
                                      const char *publication, struct err *reterr);

enum pg_frame_kind { PG_FRAME_NONE, PG_FRAME_DATA, PG_FRAME_KEEPALIVE, PG_FRAME_END };

/* DATA: XLogData with its start LSN and payload (alive until the next call). KEEPALIVE: the
 * server's end of WAL and whether it wants an answer now. NONE: nothing came in time. END: the
 * server ended the stream. */
struct pg_frame {
    enum pg_frame_kind kind;
    uint64_t start_lsn, end_lsn;
    int64_t server_unix_us;
    bool reply_requested;
    struct str payload;
};

/* Waits at most `timeout_ms` for the next frame. Returns buffered frames without a system call. */
WARN_UNUSED bool pg_next_frame(struct pg *pg, int64_t timeout_ms, struct pg_frame *ret,
                               struct err *reterr);

/* Sends a standby status update: received, and flushed (what the slot may forget). Never move
 * `flushed_lsn` backwards. */
WARN_UNUSED bool pg_send_status(struct pg *pg, uint64_t received_lsn, uint64_t flushed_lsn,
                                bool request_reply, struct err *reterr);

/* Appends "16/B374D848". */
void pg_lsn_print(struct buf *out, uint64_t lsn);

/* Parses "16/B374D848". */
WARN_UNUSED bool pg_lsn_parse(struct str text, uint64_t *ret, struct err *reterr);

#endif
