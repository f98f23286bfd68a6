#include "capture.h"
#include "capture_table.h"
#include "record/position.h"
#include <assert.h>

struct capture {
    struct capture_config config;
    struct capture_edge edge;
    struct capture_tables tables;
    /* of the transaction that is open */
    struct pgoutput_begin begin;
    struct buf commit_time;
    /* of the record in the making */
    struct buf key, old_key, value, position;
};

struct capture *capture_new(const struct capture_config *config, const struct capture_edge *edge)
{
    struct capture *capture = err_calloc(1, sizeof(*capture));

    capture->config = *config;
    capture->edge = *edge;
    return capture;
}

struct capture *capture_free(struct capture *capture)
{
    if (capture == NULL)
        return NULL;
    capture_tables_done(&capture->tables);
    buf_done(&capture->commit_time);
    buf_done(&capture->key);
    buf_done(&capture->old_key);
    buf_done(&capture->value);
    buf_done(&capture->position);
    free(capture);
    return NULL;
}

const char *capture_topic(const struct capture_table *table, int32_t *ret_partitions)
{
    *ret_partitions = table->partitions;
    return table->topic;
}

/* The topic is there, and whoever must know the records' shape does. */
static bool open_table(struct capture *capture, struct capture_table *table, struct err *reterr)
{
    const struct capture_edge *edge = &capture->edge;
    const struct capture_shape shape = {table->topic, table->columns, table->key_columns,
                                        table->columns_n, table->key_n};

    return edge->open_topic(edge->arg, table->topic, &table->partitions, reterr) &&
           (edge->open_schema == NULL || edge->open_schema(edge->arg, &shape, reterr));
}

bool capture_describe(struct capture *capture, const struct pgoutput_relation *relation,
                      const struct capture_table **ret, struct err *reterr)
{
    struct capture_facts facts = {0};
    struct capture_table *table = NULL;
    struct buf topic CLEANUP(buf) = {0};

    if (!capture->edge.describe(capture->edge.arg, relation, &facts, reterr))
        return false;
    debezium_topic(&topic, capture->config.prefix, relation->schema, relation->table);
    if (!capture_table_new(relation, &facts, buf_cstr(&topic), &table, reterr))
        return false;
    /* handed over before the next call can fail */
    capture_tables_put(&capture->tables, table);
    if (table->wanted && !open_table(capture, table, reterr))
        return false;
    *ret = table->wanted ? table : NULL;
    return true;
}

static bool write_key(struct capture *capture, const struct capture_table *table,
                      const struct debezium_datum *row, struct buf *out, struct err *reterr)
{
    bool has_key = false;

    for (uint16_t k = 0; k < table->key_n; k++)
        table->key_row[k] = row[table->key[k]];
    return debezium_write_key(out, table->key_columns, table->key_n, table->key_row,
                              capture->config.format, &has_key, reterr) ||
           err_prefix(reterr, "key of %s", table->topic);
}

bool capture_key(struct capture *capture, const struct capture_table *table,
                 const struct debezium_datum *row, struct buf *out, struct err *reterr)
{
    return write_key(capture, table, row, out, reterr);
}

/* What is the same in all records of one change. */
struct event {
    const struct capture_table *table;
    struct debezium_source source;
    int64_t now_unix_us;
};

static struct event change_event(const struct capture *capture, const struct capture_table *table,
                                 const struct progress *progress, uint64_t lsn, int64_t now_unix_us)
{
    return (struct event){.table = table,
                          .now_unix_us = now_unix_us,
                          .source = {.name = capture->config.prefix,
                                     .database = capture->config.database,
                                     .schema = table->schema,
                                     .table = table->name,
                                     .snapshot = "false",
                                     .commit_unix_us = capture->begin.commit_unix_us,
                                     .last_commit_lsn = progress->end_lsn,
                                     .lsn = lsn,
                                     .xid = capture->begin.xid}};
}

static bool emit(struct capture *capture, const struct event *event, char op, struct str key,
                 int32_t partition, struct err *reterr)
{
    struct capture_record record = {.topic = event->table->topic,
                                    .partition = partition,
                                    .op = op,
                                    .key = key,
                                    .value = buf_str(&capture->value),
                                    .position = buf_str(&capture->position),
                                    .commit_time = buf_str(&capture->commit_time),
                                    .now_unix_us = event->now_unix_us};

    if (op == 0)
        record.value = (struct str){NULL, 0};
    if (!buf_ok(&capture->value))
        return err_set(reterr, ERR_STOP, "%s: a row is larger than %d bytes", record.topic,
                       BUF_LIMIT_DEFAULT);
    return capture->edge.emit(capture->edge.arg, &record, reterr);
}

static bool write_value(struct capture *capture, const struct event *event, char op,
                        const struct debezium_datum *before, const struct debezium_datum *after,
                        struct err *reterr)
{
    const struct debezium_write write = {.columns = event->table->columns,
                                         .columns_n = event->table->columns_n,
                                         .before = before,
                                         .after = after,
                                         .source = &event->source,
                                         .op = op,
                                         .now_unix_us = event->now_unix_us,
                                         .format = capture->config.format};

    buf_clear(&capture->value);
    return debezium_write_value(&capture->value, &write, reterr) ||
           err_prefix(reterr, "%s", event->table->topic);
}

static bool emit_delete(struct capture *capture, const struct event *event,
                        const struct debezium_datum *before, struct str key, struct err *reterr)
{
    return write_value(capture, event, 'd', before, NULL, reterr) &&
           emit(capture, event, 'd', key, -1, reterr) &&
           (!capture->config.tombstones || emit(capture, event, 0, key, -1, reterr));
}

/* A value that was not sent because it is large and did not change is the old row's, where that
 * holds it. */
static void fill_unchanged(const struct capture_table *table, const struct pgoutput_change *change)
{
    if (change->old_kind == PGOUTPUT_OLD_NONE)
        return;
    for (uint16_t i = 0; i < table->columns_n; i++) {
        if (change->row.data[i].presence == DEBEZIUM_UNCHANGED_TOAST &&
            (change->old_kind == PGOUTPUT_OLD_ROW || table->identity[i]))
            change->row.data[i] = change->old.data[i];
    }
}

static bool key_changed(const struct capture_table *table, const struct pgoutput_change *change)
{
    for (uint16_t k = 0; k < table->key_n; k++) {
        uint16_t i = table->key[k];
        if (!str_eq(change->old.data[i].text, change->row.data[i].text))
            return true;
    }
    return false;
}

static bool update(struct capture *capture, const struct event *event,
                   const struct pgoutput_change *change, struct err *reterr)
{
    const struct debezium_datum *old = change->old.data, *row = change->row.data;
    bool has_old = change->old_kind != PGOUTPUT_OLD_NONE;

    fill_unchanged(event->table, change);
    if (!write_key(capture, event->table, row, &capture->key, reterr))
        return false;
    if (!has_old || !key_changed(event->table, change))
        return write_value(capture, event, 'u', has_old ? old : NULL, row, reterr) &&
               emit(capture, event, 'u', buf_str(&capture->key), -1, reterr);

    buf_clear(&capture->old_key);
    return write_key(capture, event->table, old, &capture->old_key, reterr) &&
           emit_delete(capture, event, old, buf_str(&capture->old_key), reterr) &&
           write_value(capture, event, 'c', NULL, row, reterr) &&
           emit(capture, event, 'c', buf_str(&capture->key), -1, reterr);
}

static bool whole(const struct capture_table *table, enum pgoutput_kind kind,
                  const struct pgoutput_change *change)
{
    bool has_row = kind != PGOUTPUT_DELETE, has_old = change->old_kind != PGOUTPUT_OLD_NONE;

    return (!has_row || change->row.n == table->columns_n) &&
           (!has_old || change->old.n == table->columns_n) && (kind != PGOUTPUT_DELETE || has_old);
}

static bool write_change(struct capture *capture, const struct event *event,
                         enum pgoutput_kind kind, const struct pgoutput_change *change,
                         struct err *reterr)
{
    if (!whole(event->table, kind, change))
        return err_set(reterr, ERR_STOP, "%s: a row does not have the table's %u columns",
                       event->table->topic, event->table->columns_n);
    buf_clear(&capture->key);
    if (kind == PGOUTPUT_UPDATE)
        return update(capture, event, change, reterr);
    const struct debezium_datum *row =
        kind == PGOUTPUT_DELETE ? change->old.data : change->row.data;
    if (!write_key(capture, event->table, row, &capture->key, reterr))
        return false;
    if (kind == PGOUTPUT_DELETE)
        return emit_delete(capture, event, row, buf_str(&capture->key), reterr);
    return write_value(capture, event, 'c', NULL, row, reterr) &&
           emit(capture, event, 'c', buf_str(&capture->key), -1, reterr);
}

/* Gives the change its ordinal and prepares its position; *ret_new false: it was written before. */
static bool next_change(struct capture *capture, struct progress *progress, bool *ret_new,
                        struct err *reterr)
{
    struct position position = {.lsn = progress->final_lsn};

    if (!progress_change(progress, &position.ordinal, ret_new, reterr))
        return false;
    buf_clear(&capture->position);
    position_print(&capture->position, position);
    return true;
}

static bool find_table(struct capture *capture, uint32_t oid, struct capture_table **ret,
                       struct err *reterr)
{
    *ret = capture_tables_find(&capture->tables, oid);
    if (*ret == NULL)
        return err_set(reterr, ERR_STOP, "pgoutput: a change of the table %u, which was not named",
                       oid);
    return true;
}

static bool write_truncate(struct capture *capture, struct progress *progress,
                           const struct pgoutput_truncate *truncate, uint64_t lsn,
                           int64_t now_unix_us, struct err *reterr)
{
    bool is_new = false;

    if (!next_change(capture, progress, &is_new, reterr))
        return false;
    for (uint32_t i = 0; is_new && i < truncate->oids_n; i++) {
        struct capture_table *table = NULL;

        if (!find_table(capture, truncate->oids[i], &table, reterr))
            return false;
        if (!table->wanted)
            continue;
        struct event event = change_event(capture, table, progress, lsn, now_unix_us);
        if (!write_value(capture, &event, 't', NULL, NULL, reterr))
            return false;
        for (int32_t partition = 0; partition < table->partitions; partition++) {
            if (!emit(capture, &event, 't', (struct str){NULL, 0}, partition, reterr))
                return false;
        }
    }
    return true;
}

static bool change(struct capture *capture, struct progress *progress,
                   const struct pgoutput_message *message, uint64_t lsn, int64_t now_unix_us,
                   struct err *reterr)
{
    struct capture_table *table = NULL;
    bool is_new = false;

    if (!find_table(capture, message->change.oid, &table, reterr) ||
        !next_change(capture, progress, &is_new, reterr))
        return false;
    if (!is_new || !table->wanted)
        return true;
    struct event event = change_event(capture, table, progress, lsn, now_unix_us);
    return write_change(capture, &event, message->kind, &message->change, reterr);
}

static bool begin(struct capture *capture, struct progress *progress,
                  const struct pgoutput_begin *begin, struct err *reterr)
{
    if (!progress_begins(progress, begin->final_lsn, reterr))
        return false;
    capture->begin = *begin;
    buf_clear(&capture->commit_time);
    buf_i64(&capture->commit_time, begin->commit_unix_us);
    return true;
}

bool capture_message(struct capture *capture, struct progress *progress,
                     const struct pgoutput_message *message, uint64_t lsn, int64_t now_unix_us,
                     struct err *reterr)
{
    const struct capture_table *described = NULL;

    switch (message->kind) {
    case PGOUTPUT_BEGIN:
        return begin(capture, progress, &message->begin, reterr);
    case PGOUTPUT_COMMIT:
        return progress_commits(progress, message->commit.end_lsn, reterr);
    case PGOUTPUT_RELATION:
        return capture_describe(capture, &message->relation, &described, reterr);
    case PGOUTPUT_INSERT:
    case PGOUTPUT_UPDATE:
    case PGOUTPUT_DELETE:
        return change(capture, progress, message, lsn, now_unix_us, reterr);
    case PGOUTPUT_TRUNCATE:
        return write_truncate(capture, progress, &message->truncate, lsn, now_unix_us, reterr);
    case PGOUTPUT_ORIGIN:
    case PGOUTPUT_TYPE:
    case PGOUTPUT_MESSAGE:
        return true; /* nothing of theirs goes into a record */
    }
    return err_set(reterr, ERR_STOP, "pgoutput: a message of kind %d", (int)message->kind);
}

static struct event snapshot_event(struct capture *capture, const struct capture_table *table,
                                   const struct capture_snapshot *snapshot, const char *marker)
{
    buf_clear(&capture->position);
    position_print(&capture->position, (struct position){.lsn = snapshot->consistent_lsn});
    buf_clear(&capture->commit_time);
    buf_i64(&capture->commit_time, snapshot->taken_unix_us);
    return (struct event){.table = table,
                          .now_unix_us = snapshot->now_unix_us,
                          .source = {.name = capture->config.prefix,
                                     .database = capture->config.database,
                                     .schema = table->schema,
                                     .table = table->name,
                                     .snapshot = marker,
                                     .commit_unix_us = snapshot->taken_unix_us,
                                     .lsn = snapshot->consistent_lsn}};
}

bool capture_row(struct capture *capture, const struct capture_table *table,
                 const struct capture_snapshot *snapshot, const struct debezium_datum *row,
                 const char *marker, struct err *reterr)
{
    struct event event = snapshot_event(capture, table, snapshot, marker);

    buf_clear(&capture->key);
    return write_key(capture, table, row, &capture->key, reterr) &&
           write_value(capture, &event, 'r', NULL, row, reterr) &&
           emit(capture, &event, 'r', buf_str(&capture->key), -1, reterr);
}

bool capture_retract(struct capture *capture, const struct capture_table *table,
                     const struct capture_snapshot *snapshot, struct str key, struct str before,
                     struct err *reterr)
{
    static const char head[] = "{\"before\":null";
    struct event event = snapshot_event(capture, table, snapshot, "true");
    struct buf value CLEANUP(buf) = {0};

    if (!write_value(capture, &event, 'd', NULL, NULL, reterr))
        return false;
    /* the row is put in as the text it was read as */
    assert(str_starts(buf_str(&capture->value), str_of(head)));
    buf_puts(&value, "{\"before\":");
    buf_put(&value, before);
    buf_append(&value, capture->value.at + strlen(head), capture->value.len - strlen(head));
    buf_clear(&capture->value);
    buf_put(&capture->value, buf_str(&value));
    return emit(capture, &event, 'd', key, -1, reterr) && emit(capture, &event, 0, key, -1, reterr);
}
