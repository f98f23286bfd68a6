#include "isolate.h"

#include "base/failpoint.h"
#include "base/log.h"

static bool run(struct writer *writer, const char *sql, struct err *reterr)
{
    return pg_query(writer->pg, sql, NULL, 0, NULL, reterr);
}

static bool run_range(struct writer *writer, uint32_t from, uint32_t to, struct err *reterr)
{
    struct arena_mark mark = arena_mark(writer->batch->arena);
    int n = 0;
    const struct pg_statement *statements =
        batch_statements(writer->batch, from, to, writer->resync, &n);
    bool ok = true;

    for (int i = 0; ok && i < n; i++)
        ok = pg_execute(writer->pg, &statements[i], reterr);
    arena_rewind(writer->batch->arena, mark);
    return ok;
}

/* Tries order[from, to) under a savepoint. *ret_refused: the target refused it, *ret_why says why.
 */
static bool try_range(struct writer *writer, uint32_t from, uint32_t to, bool *ret_refused,
                      struct err *ret_why, struct err *reterr)
{
    *ret_refused = false;
    if (!run(writer, "SAVEPOINT part", reterr))
        return false;
    if (run_range(writer, from, to, ret_why))
        return run(writer, "RELEASE part", reterr);
    if (pg_broken(writer->pg) ||
        (ret_why->kind != ERR_DEAD_LETTER && strcmp(ret_why->sqlstate, "21000") != 0)) {
        *reterr = *ret_why;
        return false;
    }
    *ret_refused = true;
    return true;
}

static bool dead_letter(struct writer *writer, const struct batch_entry *entry,
                        const struct err *why, struct err *reterr)
{
    const char *constraint = pg_constraint(writer->pg);
    const struct kafka_message *message = &writer->messages[entry->tag];

    log_warn("record dead-lettered", LOG_STR("topic", message->topic),
             LOG_INT("partition", message->partition), LOG_INT("offset", message->offset),
             LOG_STR("sqlstate", why->sqlstate));
    writer->refused++;
    return dead_letters_send(writer->dead, message, constraint[0] == '\0' ? "target" : constraint,
                             why, reterr);
}

/* Writes order[at], or the newest record of its key that the target takes, or none. */
static bool write_one(struct writer *writer, uint32_t at, const struct err *refusal,
                      struct err *reterr)
{
    struct batch *batch = writer->batch;
    struct err why = *refusal;
    bool refused = true;

    while (refused) {
        const struct batch_entry *entry = &batch->entries[batch->order[at]];

        if (!dead_letter(writer, entry, &why, reterr) || !run(writer, "ROLLBACK TO part", reterr) ||
            !run(writer, "RELEASE part", reterr))
            return false;
        if (entry->previous == BATCH_NONE)
            return true;
        batch->order[at] = entry->previous;
        if (!try_range(writer, at, at + 1, &refused, &why, reterr))
            return false;
    }
    return true;
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the batch can be halved */
static bool write_range(struct writer *writer, uint32_t from, uint32_t to, struct err *reterr)
{
    struct err why = {0};
    bool refused = false;

    if (from == to)
        return true;
    if (!try_range(writer, from, to, &refused, &why, reterr))
        return false;
    if (!refused)
        return true;
    if (to - from == 1)
        return write_one(writer, from, &why, reterr);
    uint32_t middle = from + (to - from) / 2;
    return run(writer, "ROLLBACK TO part", reterr) && run(writer, "RELEASE part", reterr) &&
           write_range(writer, from, middle, reterr) && write_range(writer, middle, to, reterr);
}

bool isolate_batch(struct writer *writer, const struct pg_statement *offsets, struct err *reterr)
{
    if (!run(writer, "BEGIN", reterr))
        return false;
    if (!pg_execute(writer->pg, offsets, reterr)) {
        if (offsets_fenced(reterr))
            err_sql(reterr, ERR_ABORT, "22012", "another instance has moved the offsets");
        return false;
    }
    /* what is checked at COMMIT otherwise would have no record to be blamed on */
    if (!run(writer, "SET CONSTRAINTS ALL IMMEDIATE", reterr) ||
        !write_range(writer, 0, writer->batch->order_n, reterr) ||
        !dead_letters_flush(writer->dead, reterr))
        return false;
    failpoint("postgres-upsert.isolated");
    return run(writer, "COMMIT", reterr);
}
