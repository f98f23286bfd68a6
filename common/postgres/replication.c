#include "postgres/replication.h"
#include "base/clock.h"
#include "postgres/handle.h"
#include <assert.h>
#include <inttypes.h>
#include <poll.h>

/* Frames of the streaming replication protocol begin with a letter; these are their heads. */
enum {
    DATA_HEAD = 1 + 8 + 8 + 8,
    KEEPALIVE_LEN = 1 + 8 + 8 + 1,
    STATUS_LEN = 1 + 8 + 8 + 8 + 8 + 1
};

void pg_lsn_print(struct buf *out, uint64_t lsn)
{
    buf_printf(out, "%" PRIX32 "/%" PRIX32, (uint32_t)(lsn >> 32), (uint32_t)lsn);
}

static bool hex_half(const char **at, const char *end, uint64_t *ret)
{
    const char *start = *at;
    uint64_t number = 0;

    for (; *at < end && *at - start <= 8; (*at)++) {
        char c = **at;
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                                                : 16;
        if (digit == 16)
            break;
        number = number << 4 | digit;
    }
    *ret = number;
    return *at > start && *at - start <= 8;
}

bool pg_lsn_parse(struct str text, uint64_t *ret, struct err *reterr)
{
    const char *at = text.at, *end = text.at + text.len;
    uint64_t high, low;

    if (text.len == 0 || !hex_half(&at, end, &high) || at == end || *at++ != '/' ||
        !hex_half(&at, end, &low) || at != end)
        return err_set(reterr, ERR_STOP, "not an LSN: \"%.*s\"", STR_ARG(text));
    *ret = high << 32 | low;
    return true;
}

enum { CANCEL_S = 10 };

static void cancel(PGconn *conn)
{
    char why[256];
    PGcancel *asked = PQgetCancel(conn);

    if (asked != NULL)
        PQcancel(asked, why, sizeof(why));
    PQfreeCancel(asked);
}

/* As PQexec, for a command that may take any time. NULL: the connection is of no use any more. */
static PGresult *ask_patiently(PGconn *conn, const char *sql, const struct pg_new_slot *slot)
{
    int left = CANCEL_S; /* once it is cancelled */
    bool cancelled = false;

    if (PQsendQuery(conn, sql) != 1)
        return NULL;
    while (PQisBusy(conn)) {
        struct pollfd wait = {.fd = PQsocket(conn), .events = POLLIN};
        int ready = poll(&wait, 1, 1000);

        if (ready > 0) {
            if (PQconsumeInput(conn) != 1)
                return NULL;
        } else if (cancelled) {
            if (left-- == 0)
                return NULL;
        } else if (!slot->go_on(slot->arg)) {
            cancel(conn);
            cancelled = true;
        }
    }
    PGresult *result = PQgetResult(conn);
    for (PGresult *more = PQgetResult(conn); more != NULL; more = PQgetResult(conn))
        PQclear(more);
    return result;
}

/* `slot`: the command may wait; NULL: it does not. */
static bool command(struct pg *pg, const char *sql, const struct pg_new_slot *slot,
                    const char *doing, PGresult **ret, struct err *reterr)
{
    PGresult *result CLEANUP(pgresult) =
        slot == NULL ? PQexec(pg->conn, sql) : ask_patiently(pg->conn, sql, slot);

    if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) != 1 ||
        PQnfields(result) < 4)
        return pg_fail(pg, result, doing, reterr);
    *ret = result;
    result = NULL;
    return true;
}

bool pg_identify(struct pg *pg, struct pg_identity *ret, struct err *reterr)
{
    PGresult *result CLEANUP(pgresult) = NULL;
    struct pg_identity identity = {0};

    if (!command(pg, "IDENTIFY_SYSTEM", NULL, "IDENTIFY_SYSTEM", &result, reterr))
        return false;
    size_t len = strlen(PQgetvalue(result, 0, 0));
    if (len >= sizeof(identity.system_id))
        return err_set(reterr, ERR_STOP, "IDENTIFY_SYSTEM: a system id of %zu characters", len);
    memcpy(identity.system_id, PQgetvalue(result, 0, 0), len);
    identity.timeline = (uint32_t)strtoul(PQgetvalue(result, 0, 1), NULL, 10);
    if (!pg_lsn_parse(str_of(PQgetvalue(result, 0, 2)), &identity.wal_lsn, reterr))
        return false;
    *ret = identity;
    return true;
}

bool pg_create_slot(struct pg *pg, const struct pg_new_slot *slot, uint64_t *ret_lsn,
                    struct buf *snapshot, struct err *reterr)
{
    PGresult *result CLEANUP(pgresult) = NULL;
    struct buf sql CLEANUP(buf) = {0};

    buf_puts(&sql, "CREATE_REPLICATION_SLOT ");
    pg_quote_identifier(&sql, slot->name);
    buf_puts(&sql, slot->temporary ? " TEMPORARY LOGICAL pgoutput EXPORT_SNAPSHOT"
                                   : " LOGICAL pgoutput EXPORT_SNAPSHOT");
    if (!command(pg, buf_cstr(&sql), slot, "CREATE_REPLICATION_SLOT", &result, reterr))
        return false;
    if (!pg_lsn_parse(str_of(PQgetvalue(result, 0, 1)), ret_lsn, reterr))
        return false;
    buf_puts(snapshot, PQgetvalue(result, 0, 2));
    return true;
}

bool pg_start_replication(struct pg *pg, const char *slot, uint64_t lsn, const char *publication,
                          struct err *reterr)
{
    struct buf sql CLEANUP(buf) = {0}, name CLEANUP(buf) = {0};

    /* publication_names is a list of identifiers inside a literal */
    pg_quote_identifier(&name, publication);
    buf_puts(&sql, "START_REPLICATION SLOT ");
    pg_quote_identifier(&sql, slot);
    buf_puts(&sql, " LOGICAL ");
    pg_lsn_print(&sql, lsn);
    buf_puts(&sql, " (proto_version '1', publication_names ");
    pg_quote_literal(&sql, buf_cstr(&name));
    buf_char(&sql, ')');
    PGresult *result CLEANUP(pgresult) = PQexec(pg->conn, buf_cstr(&sql));
    if (PQresultStatus(result) != PGRES_COPY_BOTH)
        return pg_fail(pg, result, "START_REPLICATION", reterr);
    return true;
}

static bool read_data(struct str bytes, struct pg_frame *frame)
{
    if (bytes.len < DATA_HEAD)
        return false;
    frame->kind = PG_FRAME_DATA;
    frame->start_lsn = be_get(bytes.at + 1, 8);
    frame->end_lsn = be_get(bytes.at + 9, 8);
    frame->server_unix_us = (int64_t)be_get(bytes.at + 17, 8) + PG_EPOCH_UNIX_US;
    frame->payload = (struct str){bytes.at + DATA_HEAD, bytes.len - DATA_HEAD};
    return true;
}

static bool read_keepalive(struct str bytes, struct pg_frame *frame)
{
    if (bytes.len != KEEPALIVE_LEN)
        return false;
    frame->kind = PG_FRAME_KEEPALIVE;
    frame->end_lsn = be_get(bytes.at + 1, 8);
    frame->server_unix_us = (int64_t)be_get(bytes.at + 9, 8) + PG_EPOCH_UNIX_US;
    frame->reply_requested = bytes.at[17] != 0;
    return true;
}

static bool read_frame(struct str bytes, struct pg_frame *ret, struct err *reterr)
{
    struct pg_frame frame = {0};
    char letter = bytes.len == 0 ? '?' : bytes.at[0];
    bool ok = letter == 'w'   ? read_data(bytes, &frame)
              : letter == 'k' ? read_keepalive(bytes, &frame)
                              : false;

    if (!ok)
        return err_set(reterr, ERR_STOP, "replication: a frame '%c' of %zu bytes is not known",
                       letter, bytes.len);
    *ret = frame;
    return true;
}

/* The stream is over: an error that the server tells, or a proper end. */
static bool end_of_stream(struct pg *pg, struct pg_frame *ret, struct err *reterr)
{
    PGresult *result CLEANUP(pgresult) = PQgetResult(pg->conn);

    if (PQresultStatus(result) == PGRES_FATAL_ERROR || pg_broken(pg))
        return pg_fail(pg, result, "replication", reterr);
    *ret = (struct pg_frame){.kind = PG_FRAME_END};
    return true;
}

bool pg_next_frame(struct pg *pg, int64_t timeout_ms, struct pg_frame *ret, struct err *reterr)
{
    int64_t end_ms = 0;

    for (;;) {
        pg_drop_copied(pg);
        int len = PQgetCopyData(pg->conn, &pg->copied, 1);
        if (len > 0)
            return read_frame((struct str){pg->copied, (size_t)len}, ret, reterr);
        if (len == -1)
            return end_of_stream(pg, ret, reterr);
        if (len == -2)
            return pg_fail(pg, NULL, "replication", reterr);

        int64_t now_ms = clock_mono_ms();
        if (end_ms == 0)
            end_ms = now_ms + timeout_ms;
        struct pollfd wait = {.fd = PQsocket(pg->conn), .events = POLLIN};
        int64_t left_ms = end_ms > now_ms ? end_ms - now_ms : 0;
        if (poll(&wait, 1, (int)left_ms) <= 0) {
            *ret = (struct pg_frame){.kind = PG_FRAME_NONE};
            return true;
        }
        if (PQconsumeInput(pg->conn) != 1)
            return pg_fail(pg, NULL, "replication", reterr);
    }
}

bool pg_send_status(struct pg *pg, uint64_t received_lsn, uint64_t flushed_lsn, bool request_reply,
                    struct err *reterr)
{
    char room[STATUS_LEN];
    struct buf frame = {.at = room, .cap = sizeof(room), .limit = sizeof(room)};

    assert(flushed_lsn <= received_lsn);
    buf_char(&frame, 'r');
    buf_be(&frame, received_lsn, 8);
    buf_be(&frame, flushed_lsn, 8);
    buf_be(&frame, flushed_lsn, 8);
    buf_be(&frame, (uint64_t)(clock_wall_us() - PG_EPOCH_UNIX_US), 8);
    buf_char(&frame, request_reply ? 1 : 0);
    if (PQputCopyData(pg->conn, room, STATUS_LEN) != 1 || PQflush(pg->conn) < 0)
        return pg_fail(pg, NULL, "replication: status", reterr);
    return true;
}
