#include "write.h"

#include "base/failpoint.h"
#include "base/log.h"
#include "isolate.h"
#include <assert.h>

static bool fenced(struct err *reterr)
{
    return err_sql(reterr, ERR_ABORT, "22012", "another instance has moved the offsets");
}

/* To be mended by bisecting: a record's fault, or two spellings of one key in one statement. */
static bool of_a_record(const struct err *err)
{
    return err->kind == ERR_DEAD_LETTER || strcmp(err->sqlstate, "21000") == 0;
}

/* A prepared statement that is gone or outdated: a new session prepares it again. */
static void soften(struct err *err)
{
    if (strcmp(err->sqlstate, "0A000") == 0 || strcmp(err->sqlstate, "26000") == 0)
        err->kind = ERR_RETRY;
}

/* A table that was altered under way is for a person to mend. */
static void explain(struct err *err)
{
    if (err->kind == ERR_STOP && strncmp(err->sqlstate, "42", 2) == 0)
        err_prefix(err,
                   "the table is not as it was at the start (sluice-views --ddl prints what it "
                   "must be)");
}

/* The deliberate defect: rows in one transaction, offsets in a later one. */
static bool write_apart(struct writer *writer, const struct pg_statement *offsets,
                        const struct pg_statement *rows, int rows_n, struct err *reterr)
{
    int failed = 0;

    if (rows_n > 0 && !pg_transaction(writer->pg, rows, rows_n, &failed, reterr))
        return false;
    failpoint("postgres-upsert.before-commit");
    return pg_transaction(writer->pg, offsets, 1, &failed, reterr);
}

static bool write_together(struct writer *writer, const struct pg_statement *offsets,
                           const struct pg_statement *rows, int rows_n, struct err *reterr)
{
    struct pg_statement *all =
        arena_alloc(writer->batch->arena, ((size_t)rows_n + 1) * sizeof(*all));
    int failed = 0;

    all[0] = *offsets;
    if (rows_n > 0)
        memcpy(all + 1, rows, (size_t)rows_n * sizeof(*all));
    failpoint("postgres-upsert.before-commit");
    if (pg_transaction(writer->pg, all, rows_n + 1, &failed, reterr))
        return true;
    if (failed == 0 && offsets_fenced(reterr))
        return fenced(reterr);
    if (!of_a_record(reterr) || pg_broken(writer->pg)) {
        soften(reterr);
        explain(reterr);
        return false;
    }
    log_warn("the target refuses a record: looking for it", LOG_STR("sqlstate", reterr->sqlstate),
             LOG_STR("reason", reterr->text));
    return isolate_batch(writer, offsets, reterr);
}

bool write_batch(struct writer *writer, struct err *reterr)
{
    struct pg_statement offsets;
    int rows_n = 0;

    if (!dead_letters_flush(writer->dead, reterr))
        return false;
    if (!offsets_statement(writer->batch->arena, writer->partitions, writer->touched_before_ms,
                           &offsets)) {
        assert(writer->batch->order_n == 0);
        return true;
    }
    const struct pg_statement *rows =
        batch_statements(writer->batch, 0, writer->batch->order_n, writer->resync, &rows_n);
    bool apart = failpoint_on("postgres-upsert.offsets-apart");
    if (!(apart ? write_apart : write_together)(writer, &offsets, rows, rows_n, reterr))
        return false;
    failpoint("postgres-upsert.after-commit");
    return true;
}

bool write_resync_end(struct writer *writer, uint32_t tables_n, struct err *reterr)
{
    struct arena *arena = writer->batch->arena;
    struct pg_statement *all = arena_zalloc(arena, ((size_t)tables_n + 2) * sizeof(*all));
    int failed = 0, n = 0;

    if (!offsets_statement(arena, writer->partitions, OFFSETS_ALL, &all[n++]))
        return err_set(reterr, ERR_STOP, "a resync without partitions");
    for (uint32_t i = 0; i < tables_n; i++)
        all[n++] = (struct pg_statement){.name = writer->batch->tables[i].purge_name,
                                         .sql = writer->batch->tables[i].purge_sql};
    all[n++] = offsets_end_resync(arena, writer->partitions);
    if (pg_transaction(writer->pg, all, n, &failed, reterr))
        return true;
    return failed == 0 && offsets_fenced(reterr) ? fenced(reterr) : false;
}
