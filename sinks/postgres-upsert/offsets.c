#include "offsets.h"

#include "params.h"
#include <inttypes.h>

DEFINE_CLEANUP(result, struct pg_result *, pg_result_free);

enum { CLAIM_BYTES = 1 << 20 };

static const char create_sql[] =
    "CREATE SCHEMA IF NOT EXISTS sluice;"
    "CREATE TABLE IF NOT EXISTS sluice.sink_offsets ("
    "\"group\" text NOT NULL, topic text NOT NULL, partition integer NOT NULL,"
    " next_offset bigint NOT NULL, cluster_id text NOT NULL,"
    " resync boolean NOT NULL DEFAULT false, updated_at timestamptz NOT NULL DEFAULT now(),"
    " PRIMARY KEY (\"group\", topic, partition)) WITH (fillfactor = 50);"
    "COMMENT ON TABLE sluice.sink_offsets IS"
    " 'The next offset of each topic and partition that is written here, moved with the rows.'";

static const char insert_sql[] =
    "INSERT INTO sluice.sink_offsets (\"group\", topic, partition, next_offset, cluster_id)"
    " SELECT $1, x.topic, x.partition, x.low, $2"
    " FROM unnest($3::text[], $4::int4[], $5::int8[]) AS x(topic, partition, low)"
    " ON CONFLICT DO NOTHING";

static const char read_sql[] =
    "SELECT topic, partition, next_offset, cluster_id, resync,"
    " (extract(epoch FROM clock_timestamp() - updated_at) * 1000)::bigint"
    " FROM sluice.sink_offsets WHERE \"group\" = $1";

/* `held` locks in order and looks again at rows that were locked by another; what it then lacks
 * makes the count wrong. */
static const char swap_sql[] =
    "WITH held AS MATERIALIZED (SELECT o.topic, o.partition, x.next FROM sluice.sink_offsets o"
    " JOIN unnest($3::text[], $4::int4[], $5::int8[], $6::int8[])"
    " AS x(topic, partition, expected, next) ON x.topic = o.topic AND x.partition = o.partition"
    " WHERE o.\"group\" = $1 AND o.cluster_id = $2 AND o.next_offset = x.expected"
    " ORDER BY o.topic, o.partition FOR UPDATE OF o),"
    " moved AS (UPDATE sluice.sink_offsets o SET next_offset = h.next, updated_at = now()"
    " FROM held h WHERE o.\"group\" = $1 AND o.topic = h.topic AND o.partition = h.partition"
    " RETURNING 1)"
    " SELECT 1 / (CASE WHEN count(*) = cardinality($3::text[]) THEN 1 ELSE 0 END) FROM moved";

static const char rewind_sql[] =
    "UPDATE sluice.sink_offsets o SET next_offset = x.low, cluster_id = $2, resync = true,"
    " updated_at = now() FROM unnest($3::text[], $4::int4[], $5::int8[])"
    " AS x(topic, partition, low)"
    " WHERE o.\"group\" = $1 AND o.topic = x.topic AND o.partition = x.partition";

static const char end_resync_sql[] =
    "UPDATE sluice.sink_offsets o SET resync = false"
    " FROM unnest($3::text[], $4::int4[]) AS x(topic, partition)"
    " WHERE o.\"group\" = $1 AND o.cluster_id = $2 AND o.topic = x.topic"
    " AND o.partition = x.partition";

bool offsets_create(struct pg *pg, struct err *reterr)
{
    CLEANUP(result) struct pg_result *there = NULL;

    if (!pg_query(pg, "SELECT 1 WHERE to_regclass('sluice.sink_offsets') IS NOT NULL", NULL, 0,
                  &there, reterr))
        return false;
    return pg_rows(there) == 1 || pg_script(pg, create_sql, reterr) ||
           err_prefix(reterr, "creating sluice.sink_offsets (the role needs CREATE on the "
                              "database, or the table made by another)");
}

/* ---- parameters ---- */

/* The partitions as rows of fields: topic, number, two offsets. */
enum { FIELD_TOPIC, FIELD_NUMBER, FIELD_FROM, FIELD_TO, FIELDS };

static struct str big_endian(struct arena *arena, uint64_t number, unsigned bytes)
{
    char *at = arena_alloc(arena, bytes);

    for (unsigned i = 0; i < bytes; i++)
        at[i] = (char)(number >> (8 * (bytes - 1 - i)));
    return (struct str){at, bytes};
}

static const struct str *make_row(struct arena *arena, const struct partition *partition,
                                  int64_t from)
{
    struct str *row = arena_alloc(arena, FIELDS * sizeof(*row));

    row[FIELD_TOPIC] = str_of(partition->topic);
    row[FIELD_NUMBER] = big_endian(arena, (uint32_t)partition->number, 4);
    row[FIELD_FROM] = big_endian(arena, (uint64_t)from, 8);
    row[FIELD_TO] = big_endian(arena, (uint64_t)partition->reached, 8);
    return row;
}

static struct params *make_params(struct arena *arena, const struct partitions *partitions,
                                  const struct row_view *rows, uint32_t n, uint32_t fields)
{
    static const enum wire wires[] = {WIRE_TEXT, WIRE_INT4, WIRE_INT8, WIRE_INT8};
    struct params *params = params_new(arena, fields + 2);

    params_add_text(params, partitions->group);
    params_add_text(params, partitions->cluster_id);
    for (uint32_t i = 0; i < fields; i++)
        params_add_array(params, wires[i], rows, n, i);
    return params;
}

/* Runs a statement over all partitions and their `low`. */
static bool run_over_all(struct pg *pg, const struct partitions *partitions, const char *name,
                         const char *sql, struct err *reterr)
{
    CLEANUP(arena) struct arena *arena = arena_new(CLAIM_BYTES);
    struct row_view *rows = arena_alloc(arena, partitions->n * sizeof(*rows));
    int failed = 0;

    for (uint32_t i = 0; i < partitions->n; i++)
        rows[i].fields = make_row(arena, &partitions->items[i], partitions->items[i].low);
    const struct params *params =
        make_params(arena, partitions, rows, partitions->n, FIELD_FROM + 1);
    struct pg_statement statement = params_statement(params, name, sql);
    return pg_transaction(pg, &statement, 1, &failed, reterr);
}

/* ---- claiming ---- */

static int64_t number_of(struct str field)
{
    return field.at == NULL ? 0 : strtoll(field.at, NULL, 10);
}

static struct partition *find(struct partitions *partitions, struct str topic, int32_t number)
{
    for (uint32_t i = 0; i < partitions->n; i++)
        if (partitions->items[i].number == number && str_eq_c(topic, partitions->items[i].topic))
            return &partitions->items[i];
    return NULL;
}

static bool refuse(const struct partition *partition, struct err *reterr, const char *why)
{
    return err_stop(reterr, EX_CONFIG,
                    "%s/%d: %s; start once with --resync, which reads the topics from their start "
                    "and deletes the rows whose keys are not in them",
                    partition->topic, (int)partition->number, why);
}

static bool check_row(const struct partitions *partitions, const struct partition *partition,
                      struct str cluster_id, int64_t away_ms, int64_t max_away_ms,
                      struct err *reterr)
{
    char why[400];

    if (!str_eq_c(cluster_id, partitions->cluster_id))
        snprintf(why, sizeof(why),
                 "sluice.sink_offsets holds offsets of Kafka cluster %.*s, but --kafka-bootstrap "
                 "leads to %s",
                 STR_ARG(cluster_id), partitions->cluster_id);
    else if (partition->stored > partition->high)
        snprintf(why, sizeof(why),
                 "the next offset %" PRId64 " is beyond the topic's end %" PRId64
                 ": the topic was made anew or lost records",
                 partition->stored, partition->high);
    else if (partition->stored < partition->low)
        snprintf(why, sizeof(why),
                 "the next offset %" PRId64 " has expired: the topic begins at %" PRId64,
                 partition->stored, partition->low);
    else if (away_ms > max_away_ms && partition->stored < partition->high)
        snprintf(why, sizeof(why),
                 "this sink was away for %" PRId64
                 " s, longer than --max-away, so that deletes may "
                 "have been compacted away",
                 away_ms / 1000);
    else
        return true;
    return refuse(partition, reterr, why);
}

bool offsets_claim(struct pg *pg, struct partitions *partitions, int64_t max_away_ms,
                   bool *ret_resync, struct err *reterr)
{
    const char *params[] = {partitions->group};
    CLEANUP(result) struct pg_result *rows = NULL;

    *ret_resync = false;
    if (!run_over_all(pg, partitions, "offsets_insert", insert_sql, reterr) ||
        !pg_query(pg, read_sql, params, 1, &rows, reterr))
        return false;
    for (int i = 0; i < pg_rows(rows); i++) {
        struct partition *partition =
            find(partitions, pg_field(rows, i, 0), (int32_t)number_of(pg_field(rows, i, 1)));

        if (partition == NULL)
            continue;
        partition->stored = partition->reached = number_of(pg_field(rows, i, 2));
        *ret_resync |= str_eq(pg_field(rows, i, 4), STR("t"));
        if (!check_row(partitions, partition, pg_field(rows, i, 3), number_of(pg_field(rows, i, 5)),
                       max_away_ms, reterr))
            return false;
    }
    return true;
}

bool offsets_rewind(struct pg *pg, struct partitions *partitions, struct err *reterr)
{
    if (!run_over_all(pg, partitions, "offsets_insert", insert_sql, reterr) ||
        !run_over_all(pg, partitions, "offsets_rewind", rewind_sql, reterr))
        return false;
    for (uint32_t i = 0; i < partitions->n; i++)
        partitions->items[i].stored = partitions->items[i].reached = partitions->items[i].low;
    return true;
}

/* ---- moving ---- */

static bool is_due(const struct partition *partition, int64_t before_ms)
{
    return partition->reached != partition->stored || before_ms == OFFSETS_ALL ||
           (partition->at_end && partition->touched_ms < before_ms);
}

bool offsets_statement(struct arena *arena, const struct partitions *partitions, int64_t before_ms,
                       struct pg_statement *ret)
{
    struct row_view *rows = arena_alloc(arena, partitions->n * sizeof(*rows));
    uint32_t n = 0;

    for (uint32_t i = 0; i < partitions->n; i++)
        if (is_due(&partitions->items[i], before_ms))
            rows[n++].fields = make_row(arena, &partitions->items[i], partitions->items[i].stored);
    if (n == 0)
        return false;
    *ret =
        params_statement(make_params(arena, partitions, rows, n, FIELDS), "offsets_swap", swap_sql);
    return true;
}

struct pg_statement offsets_end_resync(struct arena *arena, const struct partitions *partitions)
{
    struct row_view *rows = arena_alloc(arena, partitions->n * sizeof(*rows));

    for (uint32_t i = 0; i < partitions->n; i++)
        rows[i].fields = make_row(arena, &partitions->items[i], 0);
    return params_statement(make_params(arena, partitions, rows, partitions->n, FIELD_NUMBER + 1),
                            "offsets_end_resync", end_resync_sql);
}

void offsets_moved(struct partitions *partitions, int64_t before_ms, int64_t now_ms)
{
    for (uint32_t i = 0; i < partitions->n; i++) {
        struct partition *partition = &partitions->items[i];

        if (is_due(partition, before_ms))
            partition->touched_ms = now_ms;
        partition->stored = partition->reached;
    }
}

bool offsets_fenced(const struct err *err)
{
    return strcmp(err->sqlstate, "22012") == 0;
}
