#include "snapshot.h"
#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "copy_line.h"
#include "old_rows.h"
#include "snapshot_report.h"
#include <inttypes.h>

/* A row that waits until it is known whether it is the last of its table, or of all. */
struct held {
    const struct capture_table *table;
    struct buf line;
    struct debezium_datum *row;
    uint16_t columns_cap;
    bool first_of_table;
};

struct taking {
    struct session *session;
    struct pg *copy; /* the session that sees the exported snapshot */
    struct capture_snapshot at;
    struct held held;
    bool any; /* a row was emitted */
    struct old_rows *old;
    struct buf key;
    const struct capture_table *table;
    struct snapshot_report report;
};

static void taking_done(struct taking *taking)
{
    buf_done(&taking->held.line);
    free(taking->held.row);
    buf_done(&taking->key);
    old_rows_free(taking->old);
    pg_close(taking->copy);
    snapshot_report_done(&taking->report);
}

static void cleanup_taking(struct taking *taking)
{
    taking_done(taking);
}

static bool commit_when_full(struct taking *taking, struct err *reterr)
{
    struct session *session = taking->session;

    if (!writer_full(&session->writer, clock_mono_ms()))
        return true;
    service_beat(session->service);
    return writer_commit(&session->writer, &session->progress, reterr);
}

/* Debezium's word for the row's place. */
static const char *marker(const struct taking *taking, bool last_of_table, bool last)
{
    if (last)
        return "last";
    if (!taking->any)
        return "first";
    if (last_of_table)
        return "last_in_data_collection";
    return taking->held.first_of_table ? "first_in_data_collection" : "true";
}

static bool release_held(struct taking *taking, bool last_of_table, bool last, struct err *reterr)
{
    struct held *held = &taking->held;

    if (held->table == NULL)
        return true;
    taking->at.now_unix_us = clock_wall_us();
    if (!capture_row(taking->session->capture, held->table, &taking->at, held->row,
                     marker(taking, last_of_table, last), reterr))
        return false;
    held->table = NULL;
    taking->any = true;
    failpoint("postgres-cdc.mid-snapshot");
    return commit_when_full(taking, reterr);
}

/* The new snapshot holds this row, so an earlier one's need not be retracted. */
static bool note_seen(struct taking *taking, struct err *reterr)
{
    if (old_rows_left(taking->old) == 0)
        return true;
    struct session *session = taking->session;
    int32_t partitions;
    struct str key = {0};

    buf_clear(&taking->key);
    if (!capture_key(session->capture, taking->table, taking->held.row, &taking->key, reterr) ||
        !writer_key(&session->writer, capture_topic(taking->table, &partitions),
                    buf_str(&taking->key), &key, reterr))
        return false;
    old_rows_seen(taking->old, key);
    return true;
}

static bool hold(struct taking *taking, uint16_t columns_n, struct str line, bool first,
                 struct err *reterr)
{
    struct held *held = &taking->held;

    if (held->columns_cap < columns_n || held->row == NULL) {
        held->row = err_realloc(held->row, (columns_n + 1U) * sizeof(*held->row));
        held->columns_cap = columns_n;
    }
    buf_clear(&held->line);
    buf_put(&held->line, line);
    if (!copy_line_split(held->line.at, held->line.len, held->row, columns_n, reterr))
        return false;
    held->table = taking->table;
    held->first_of_table = first;
    return note_seen(taking, reterr);
}

/* The relation as the Relation message would name it, its published columns alone. */
static bool describe(struct taking *taking, const struct preflight_table *table,
                     struct arena *arena, struct pgoutput_relation *ret, struct err *reterr)
{
    struct capture_facts facts = {0};
    const bool *published = NULL;
    uint16_t n = 0;

    if (!catalogue_columns(taking->session->control, table->oid, arena, &facts, &published, reterr))
        return false;
    struct pgoutput_column *columns = arena_alloc(arena, (facts.columns_n + 1U) * sizeof(*columns));
    for (uint16_t i = 0; i < facts.columns_n; i++) {
        if (published[i])
            columns[n++] = (struct pgoutput_column){.name = facts.columns[i].name.at,
                                                    .type_oid = facts.columns[i].type_oid,
                                                    .typmod = facts.columns[i].typmod};
    }
    *ret = (struct pgoutput_relation){.oid = table->oid,
                                      .schema = table->schema,
                                      .table = table->name,
                                      .identity = '?',
                                      .columns = columns,
                                      .columns_n = n};
    return true;
}

static void copy_statement(struct buf *sql, const struct preflight_table *table,
                           const struct pgoutput_relation *relation)
{
    buf_puts(sql, "COPY (SELECT ");
    for (uint16_t i = 0; i < relation->columns_n; i++) {
        if (i > 0)
            buf_puts(sql, ", ");
        pg_quote_identifier(sql, relation->columns[i].name);
    }
    /* a partition's or a child's rows are its own table's business, unless the root is published */
    buf_printf(sql, " FROM %s%s", table->partitioned ? "" : "ONLY ", table->quoted);
    if (table->filter != NULL)
        buf_printf(sql, " WHERE %s", table->filter);
    buf_puts(sql, ") TO STDOUT");
}

static bool copy_rows(struct taking *taking, const struct preflight_table *table,
                      const struct pgoutput_relation *relation, struct err *reterr)
{
    struct buf sql CLEANUP(buf) = {0};
    bool first = true, more = true;
    struct str line;

    copy_statement(&sql, table, relation);
    if (!pg_copy_begin(taking->copy, buf_cstr(&sql), reterr))
        return err_prefix(reterr, "snapshot of %s", table->quoted);
    while (!service_stopping(taking->session->service)) {
        if (!pg_copy_row(taking->copy, &line, &more, reterr))
            return err_prefix(reterr, "snapshot of %s", table->quoted);
        if (!more)
            return true;
        if (!release_held(taking, first, false, reterr) ||
            !hold(taking, relation->columns_n, line, first, reterr))
            return false;
        first = false;
        snapshot_report_row(&taking->report);
    }
    return true;
}

static bool retract(void *arg, struct str key, struct str before, struct err *reterr)
{
    struct taking *taking = arg;

    taking->at.now_unix_us = clock_wall_us();
    metric_add(&taking->session->metrics[CDC_RETRACTED], 1);
    return capture_retract(taking->session->capture, taking->table, &taking->at, key, before,
                           reterr) &&
           commit_when_full(taking, reterr);
}

static bool retract_old(struct taking *taking, const char *quoted, struct err *reterr)
{
    size_t left = old_rows_left(taking->old);

    if (left > 0)
        log_info("retracting rows of an earlier snapshot", LOG_STR("table", quoted),
                 LOG_INT("rows", left));
    return old_rows_each(taking->old, retract, taking, reterr);
}

static bool take_table(struct taking *taking, const struct preflight_table *table,
                       struct err *reterr)
{
    struct arena *arena CLEANUP(arena) = arena_new(1 << 20);
    struct session *session = taking->session;
    struct pgoutput_relation relation;
    struct old_topic topic = {.registry = avro_topics_registry(session->avro)};

    if (!describe(taking, table, arena, &relation, reterr) ||
        !capture_describe(session->capture, &relation, &taking->table, reterr))
        return false;
    if (taking->table == NULL)
        return true;
    topic.name = capture_topic(taking->table, &topic.partitions);
    taking->old = old_rows_free(taking->old);
    if (!old_rows_read(session->writer.admin, &session->options->kafka, &topic, &taking->old,
                       reterr))
        return false;
    snapshot_report_table(&taking->report, table->quoted, table->about_rows);
    if (!copy_rows(taking, table, &relation, reterr) || service_stopping(session->service))
        return service_stopping(session->service);
    snapshot_report_table_done(&taking->report);
    return retract_old(taking, table->quoted, reterr);
}

static bool begin_copying(struct taking *taking, const char *snapshot, struct err *reterr)
{
    struct buf sql CLEANUP(buf) = {0};

    buf_puts(&sql, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT ");
    pg_quote_literal(&sql, snapshot);
    return pg_connect(&taking->session->options->postgres, "sluice-postgres-cdc snapshot",
                      PG_ORDINARY, &taking->copy, reterr) &&
           pg_script(taking->copy, buf_cstr(&sql), reterr);
}

/* The temporary slot's connection; it must live as long as the snapshot is taken, which is what
 * another instance sees. */
static bool export_snapshot(struct taking *taking, struct pg **ret_exporter, struct err *reterr)
{
    struct session *session = taking->session;
    struct buf name CLEANUP(buf) = {0}, snapshot CLEANUP(buf) = {0};

    buf_printf(&name, "%.40s_snapshot_%" PRId64, session->options->slot,
               session->progress.attempt + 1);
    const struct pg_new_slot slot = {buf_cstr(&name), true, session_goes_on, session};
    return pg_connect(&session->options->postgres, "sluice-postgres-cdc snapshot", PG_REPLICATION,
                      ret_exporter, reterr) &&
           pg_create_slot(*ret_exporter, &slot, &taking->at.consistent_lsn, &snapshot, reterr) &&
           begin_copying(taking, buf_cstr(&snapshot), reterr);
}

static bool finish(struct taking *taking, struct err *reterr)
{
    struct session *session = taking->session;

    if (!release_held(taking, true, true, reterr) ||
        !progress_snapshot_ends(&session->progress, reterr))
        return false;
    failpoint("postgres-cdc.before-snapshot-done");
    if (!writer_commit(&session->writer, &session->progress, reterr))
        return false;
    snapshot_report_all_done(&taking->report);
    return true;
}

bool snapshot_take(struct session *session, struct err *reterr)
{
    struct taking taking CLEANUP(taking) = {.session = session};
    struct pg *exporter CLEANUP(pg) = NULL;

    service_ready(session->service, false, "taking the snapshot");
    if (!export_snapshot(&taking, &exporter, reterr))
        return false;
    taking.at.taken_unix_us = clock_wall_us();
    if (!progress_snapshot_begins(&session->progress, taking.at.consistent_lsn, reterr) ||
        !writer_commit(&session->writer, &session->progress, reterr))
        return false;
    snapshot_report_begin(&taking.report, session->progress.attempt);
    for (size_t i = 0; i < session->found.tables_n; i++) {
        if (!take_table(&taking, &session->found.tables[i], reterr))
            return false;
        if (service_stopping(session->service))
            return true;
    }
    return finish(&taking, reterr);
}
