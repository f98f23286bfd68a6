#include "pgoutput.h"
#include "base/buf.h"
#include "base/clock.h"

/* A cursor that never passes the end: once something was missing, `bad` stays set and every further
 * read gives zero. */
struct reader {
    const char *at, *end;
    bool bad;
};

static uint64_t read_be(struct reader *in, unsigned bytes)
{
    if (in->bad || (size_t)(in->end - in->at) < bytes) {
        in->bad = true;
        return 0;
    }
    uint64_t number = be_get(in->at, bytes);
    in->at += bytes;
    return number;
}

static uint8_t read_byte(struct reader *in)
{
    return (uint8_t)read_be(in, 1);
}

static uint32_t read_u32(struct reader *in)
{
    return (uint32_t)read_be(in, 4);
}

static int64_t read_time(struct reader *in)
{
    /* unsigned, because a hostile number must not overflow */
    return (int64_t)(read_be(in, 8) + (uint64_t)PG_EPOCH_UNIX_US);
}

/* A text with its NUL. */
static const char *read_text(struct reader *in)
{
    const char *start = in->at;
    const char *nul = in->bad ? NULL : memchr(start, '\0', (size_t)(in->end - start));

    if (nul == NULL) {
        in->bad = true;
        return "";
    }
    in->at = nul + 1;
    return start;
}

static struct str read_bytes(struct reader *in, size_t len)
{
    if (in->bad || (size_t)(in->end - in->at) < len) {
        in->bad = true;
        return (struct str){"", 0};
    }
    struct str bytes = {in->at, len};
    in->at += len;
    return bytes;
}

static void read_begin(struct reader *in, struct pgoutput_begin *begin)
{
    begin->final_lsn = read_be(in, 8);
    begin->commit_unix_us = read_time(in);
    begin->xid = read_u32(in);
}

static void read_commit(struct reader *in, struct pgoutput_commit *commit)
{
    if (read_byte(in) != 0)
        in->bad = true;
    commit->commit_lsn = read_be(in, 8);
    commit->end_lsn = read_be(in, 8);
    commit->commit_unix_us = read_time(in);
}

static void read_origin(struct reader *in, struct pgoutput_origin *origin)
{
    origin->lsn = read_be(in, 8);
    origin->name = read_text(in);
}

static void read_type(struct reader *in, struct pgoutput_type *type)
{
    type->oid = read_u32(in);
    type->schema = read_text(in);
    type->name = read_text(in);
}

static void read_relation(struct reader *in, struct arena *arena,
                          struct pgoutput_relation *relation)
{
    relation->oid = read_u32(in);
    relation->schema = read_text(in);
    if (relation->schema[0] == '\0') /* how pg_catalog is sent */
        relation->schema = "pg_catalog";
    relation->table = read_text(in);
    relation->identity = (char)read_byte(in);
    relation->columns_n = (uint16_t)read_be(in, 2);
    /* flags, a NUL at least, OID, typmod: so a hostile count can't ask for more than the payload
     * holds */
    if (in->bad || (size_t)(in->end - in->at) / 10 < relation->columns_n) {
        in->bad = true;
        return;
    }
    struct pgoutput_column *columns = arena_alloc(arena, relation->columns_n * sizeof(*columns));
    for (uint16_t i = 0; i < relation->columns_n; i++) {
        columns[i].identity = (read_byte(in) & 1) != 0;
        columns[i].name = read_text(in);
        columns[i].type_oid = read_u32(in);
        columns[i].typmod = (int32_t)read_u32(in);
    }
    relation->columns = columns;
}

static void read_datum(struct reader *in, struct debezium_datum *datum)
{
    datum->text = (struct str){NULL, 0};
    switch (read_byte(in)) {
    case 'n':
        datum->presence = DEBEZIUM_NULL;
        break;
    case 'u':
        datum->presence = DEBEZIUM_UNCHANGED_TOAST;
        break;
    case 't':
        datum->presence = DEBEZIUM_TEXT;
        datum->text = read_bytes(in, read_u32(in));
        break;
    default: /* 'b': binary was not asked for */
        datum->presence = DEBEZIUM_NULL;
        in->bad = true;
    }
}

static void read_tuple(struct reader *in, struct arena *arena, struct pgoutput_tuple *tuple)
{
    uint16_t n = (uint16_t)read_be(in, 2);

    if (in->bad || (size_t)(in->end - in->at) < n) {
        in->bad = true;
        return;
    }
    tuple->data = arena_alloc(arena, n * sizeof(*tuple->data));
    tuple->n = n;
    for (uint16_t i = 0; i < n; i++)
        read_datum(in, &tuple->data[i]);
}

/* The optional old row; *letter is the next letter to judge and becomes the one after it. */
static void read_old(struct reader *in, struct arena *arena, uint8_t *letter,
                     struct pgoutput_change *change)
{
    if (*letter != PGOUTPUT_OLD_KEY && *letter != PGOUTPUT_OLD_ROW)
        return;
    change->old_kind = *letter == PGOUTPUT_OLD_KEY ? PGOUTPUT_OLD_KEY : PGOUTPUT_OLD_ROW;
    read_tuple(in, arena, &change->old);
    *letter = 0;
}

static void read_change(struct reader *in, struct arena *arena, enum pgoutput_kind kind,
                        struct pgoutput_change *change)
{
    change->oid = read_u32(in);
    uint8_t letter = read_byte(in);
    if (kind != PGOUTPUT_INSERT) {
        read_old(in, arena, &letter, change);
        if (kind == PGOUTPUT_DELETE) {
            if (letter != 0)
                in->bad = true;
            return;
        }
        if (letter == 0)
            letter = read_byte(in);
    }
    if (letter != 'N')
        in->bad = true;
    else
        read_tuple(in, arena, &change->row);
}

static void read_truncate(struct reader *in, struct arena *arena,
                          struct pgoutput_truncate *truncate)
{
    truncate->oids_n = read_u32(in);
    uint8_t flags = read_byte(in);
    truncate->cascade = (flags & 1) != 0;
    truncate->restart_identity = (flags & 2) != 0;
    if (in->bad || (size_t)(in->end - in->at) / 4 < truncate->oids_n) {
        in->bad = true;
        return;
    }
    uint32_t *oids = arena_alloc(arena, truncate->oids_n * sizeof(*oids));
    for (uint32_t i = 0; i < truncate->oids_n; i++)
        oids[i] = read_u32(in);
    truncate->oids = oids;
}

static void read_logical(struct reader *in, struct pgoutput_logical *logical)
{
    logical->transactional = (read_byte(in) & 1) != 0;
    logical->lsn = read_be(in, 8);
    logical->prefix = read_text(in);
    logical->content = read_bytes(in, read_u32(in));
}

/* False: the letter is not one of version 1. */
static bool read_message(struct reader *in, struct arena *arena, uint8_t letter,
                         struct pgoutput_message *message)
{
    message->kind = (enum pgoutput_kind)letter;
    switch (message->kind) {
    case PGOUTPUT_BEGIN:
        read_begin(in, &message->begin);
        return true;
    case PGOUTPUT_COMMIT:
        read_commit(in, &message->commit);
        return true;
    case PGOUTPUT_ORIGIN:
        read_origin(in, &message->origin);
        return true;
    case PGOUTPUT_RELATION:
        read_relation(in, arena, &message->relation);
        return true;
    case PGOUTPUT_TYPE:
        read_type(in, &message->type);
        return true;
    case PGOUTPUT_INSERT:
    case PGOUTPUT_UPDATE:
    case PGOUTPUT_DELETE:
        read_change(in, arena, message->kind, &message->change);
        return true;
    case PGOUTPUT_TRUNCATE:
        read_truncate(in, arena, &message->truncate);
        return true;
    case PGOUTPUT_MESSAGE:
        read_logical(in, &message->logical);
        return true;
    }
    return false;
}

bool pgoutput_decode(struct str payload, struct arena *arena, struct pgoutput_message *ret,
                     struct err *reterr)
{
    struct reader in = {.at = payload.at, .end = payload.at + payload.len};
    struct pgoutput_message message = {0};

    if (payload.len == 0)
        return err_set(reterr, ERR_STOP, "pgoutput: an empty message");
    uint8_t letter = read_byte(&in);
    if (!read_message(&in, arena, letter, &message))
        return err_set(reterr, ERR_STOP, "pgoutput: a message of kind 0x%02x is not known", letter);
    if (in.bad || in.at != in.end)
        return err_set(reterr, ERR_STOP, "pgoutput: a message '%c' of %zu bytes %s at byte %zu",
                       letter, payload.len, in.bad ? "makes no sense" : "goes on",
                       (size_t)(in.at - payload.at));
    *ret = message;
    return true;
}
