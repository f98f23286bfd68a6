#include "catalogue.h"
#include "embedded/columns.sql.h"
#include "embedded/lag.sql.h"
#include "embedded/slot.sql.h"
#include "postgres/replication.h"
#include "record/json.h"
#include <inttypes.h>

int64_t catalogue_number(const struct pg_result *result, int row, int column)
{
    struct str text = pg_field(result, row, column);

    return text.at == NULL ? 0 : strtoll(text.at, NULL, 10);
}

bool catalogue_true(const struct pg_result *result, int row, int column)
{
    struct str text = pg_field(result, row, column);

    return text.len == 1 && text.at[0] == 't';
}

static bool set_variable(struct pg *pg, const char *name, const char *value, struct err *reterr)
{
    const char *const params[] = {name, value};

    return pg_query(pg, "SELECT set_config($1, $2, false)", params, 2, NULL, reterr);
}

bool catalogue_prepare(struct pg *pg, const struct cdc_options *options, struct err *reterr)
{
    struct buf tables CLEANUP(buf) = {0};

    buf_char(&tables, '[');
    for (size_t i = 0; i < options->tables.n; i++) {
        if (i > 0)
            buf_char(&tables, ',');
        json_write_string(&tables, str_of(options->tables.items[i]));
    }
    buf_char(&tables, ']');
    return set_variable(pg, "sluice.slot", options->slot, reterr) &&
           set_variable(pg, "sluice.publication", options->publication, reterr) &&
           set_variable(pg, "sluice.tables", buf_cstr(&tables), reterr);
}

bool catalogue_columns(struct pg *pg, uint32_t oid, struct arena *arena,
                       struct capture_facts *ret_facts, const bool **ret_published,
                       struct err *reterr)
{
    struct pg_result *result CLEANUP(pg_result) = NULL;
    char relation[16];

    snprintf(relation, sizeof(relation), "%" PRIu32, oid);
    if (!set_variable(pg, "sluice.relation", relation, reterr) ||
        !pg_query(pg, embedded_columns_sql, NULL, 0, &result, reterr))
        return false;
    uint16_t n = (uint16_t)pg_rows(result);
    struct capture_fact *facts = arena_zalloc(arena, (n + 1U) * sizeof(*facts));
    bool *published = arena_zalloc(arena, (n + 1U) * sizeof(*published));
    for (uint16_t i = 0; i < n; i++) {
        facts[i].name = arena_copy(arena, pg_field(result, i, 0));
        facts[i].type_oid = (uint32_t)catalogue_number(result, i, 1);
        facts[i].typmod = (int32_t)catalogue_number(result, i, 2);
        facts[i].key_at = (uint16_t)catalogue_number(result, i, 3);
        published[i] = catalogue_true(result, i, 4);
    }
    *ret_facts = (struct capture_facts){
        .wanted = n > 0 && catalogue_true(result, 0, 5), .columns = facts, .columns_n = n};
    if (ret_published != NULL)
        *ret_published = published;
    return true;
}

static bool judge_slot(const struct pg_result *result, const char *slot, struct err *reterr)
{
    if (!str_eq_c(pg_field(result, 0, 1), "logical") ||
        !str_eq_c(pg_field(result, 0, 0), "pgoutput"))
        return err_stop(reterr, EX_CONFIG,
                        "--slot: \"%s\" is a %.*s slot of the plugin \"%.*s\", not a logical one "
                        "of pgoutput: give another --slot",
                        slot, STR_ARG(pg_field(result, 0, 1)), STR_ARG(pg_field(result, 0, 0)));
    if (!catalogue_true(result, 0, 2))
        return err_stop(reterr, EX_CONFIG,
                        "--slot: \"%s\" belongs to the database \"%.*s\": give another --slot",
                        slot, STR_ARG(pg_field(result, 0, 3)));
    if (str_eq_c(pg_field(result, 0, 7), "lost"))
        return err_stop(reterr, EX_CONFIG,
                        "--slot: the WAL that \"%s\" needs was removed (max_slot_wal_keep_size), "
                        "so changes are missing: SELECT pg_drop_replication_slot('%s'), delete the "
                        "progress topic and start again for a new snapshot",
                        slot, slot);
    return true;
}

bool catalogue_slot(struct pg *pg, const struct cdc_options *options, struct catalogue_slot *ret,
                    struct err *reterr)
{
    struct pg_result *result CLEANUP(pg_result) = NULL;
    struct catalogue_slot slot = {0};

    if (!pg_query(pg, embedded_slot_sql, NULL, 0, &result, reterr))
        return false;
    slot.exists = pg_field(result, 0, 1).at != NULL;
    slot.snapshot_active = catalogue_true(result, 0, 8);
    if (slot.exists) {
        if (!judge_slot(result, options->slot, reterr))
            return false;
        slot.active = catalogue_true(result, 0, 4);
        slot.active_pid = catalogue_number(result, 0, 5);
        struct str confirmed = pg_field(result, 0, 6);
        if (confirmed.at != NULL && !pg_lsn_parse(confirmed, &slot.confirmed_lsn, reterr))
            return false;
    }
    *ret = slot;
    return true;
}

bool catalogue_lag(struct pg *pg, struct catalogue_lag *ret, struct err *reterr)
{
    struct pg_result *result CLEANUP(pg_result) = NULL;

    if (!pg_query(pg, embedded_lag_sql, NULL, 0, &result, reterr))
        return false;
    if (pg_rows(result) == 0)
        return err_stop(reterr, EX_CONFIG, "the slot was dropped while it was in use");
    if (!pg_lsn_parse(pg_field(result, 0, 0), &ret->wal_lsn, reterr))
        return false;
    ret->retained_bytes = catalogue_number(result, 0, 1);
    ret->safe_bytes = pg_field(result, 0, 2).at == NULL ? -1 : catalogue_number(result, 0, 2);
    return true;
}
