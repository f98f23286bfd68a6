#include "preflight.h"
#include "base/log.h"
#include "embedded/idle_slots.sql.h"
#include "embedded/publication.sql.h"
#include "embedded/server.sql.h"
#include "embedded/tables.sql.h"
#include "embedded/waits.sql.h"

static bool check_role(const struct pg_result *server, struct err *reterr)
{
    struct str role = pg_field(server, 0, 4), members = pg_field(server, 0, 7);

    if (catalogue_true(server, 0, 5))
        return true;
    if (members.at != NULL)
        return err_stop(reterr, EX_NOPERM,
                        "the role %.*s may not replicate: ALTER ROLE %.*s REPLICATION (CREATE USER "
                        "%.*s WITH ROLE %.*s made %.*s a member of %.*s, not the other way round; "
                        "and REPLICATION is never inherited)",
                        STR_ARG(role), STR_ARG(role), STR_ARG(role), STR_ARG(members),
                        STR_ARG(members), STR_ARG(role));
    return err_stop(reterr, EX_NOPERM,
                    "the role %.*s may not replicate: ALTER ROLE %.*s REPLICATION", STR_ARG(role),
                    STR_ARG(role));
}

static bool check_server(struct pg *pg, struct arena *arena, struct preflight *found,
                         struct err *reterr)
{
    struct pg_result *server CLEANUP(pg_result) = NULL;

    if (!pg_query(pg, embedded_server_sql, NULL, 0, &server, reterr))
        return false;
    if (!str_eq_c(pg_field(server, 0, 0), "logical"))
        return err_stop(reterr, EX_CONFIG,
                        "wal_level is %.*s: ALTER SYSTEM SET wal_level = 'logical', then restart "
                        "PostgreSQL",
                        STR_ARG(pg_field(server, 0, 0)));
    if (catalogue_number(server, 0, 1) == 0)
        return err_stop(reterr, EX_CONFIG,
                        "max_wal_senders is 0: ALTER SYSTEM SET max_wal_senders = 10, then restart "
                        "PostgreSQL");
    /* the slot itself, and one more for the time of a snapshot */
    int64_t slots = catalogue_number(server, 0, 2), used = catalogue_number(server, 0, 3);
    if (!found->slot.exists && used + 1 >= slots)
        return err_stop(
            reterr, EX_CONFIG,
            "%lld of max_replication_slots = %lld are in use, two more are needed: drop "
            "unused ones (pg_replication_slots), or ALTER SYSTEM SET "
            "max_replication_slots = %lld, then restart PostgreSQL",
            (long long)used, (long long)slots, (long long)slots + 10);
    found->database = arena_copy(arena, pg_field(server, 0, 6)).at;
    return check_role(server, reterr);
}

/* A slot that nobody reads keeps the server's WAL until its disk is full. */
static bool tell_idle_slots(struct pg *pg, struct err *reterr)
{
    struct pg_result *slots CLEANUP(pg_result) = NULL;

    if (!pg_query(pg, embedded_idle_slots_sql, NULL, 0, &slots, reterr))
        return false;
    for (int i = 0; i < pg_rows(slots); i++) {
        struct str name = pg_field(slots, i, 0);
        struct buf mend CLEANUP(buf) = {0};

        if (catalogue_true(slots, i, 2))
            buf_printf(&mend, "--slot=%.*s reads it, or ", STR_ARG(name));
        buf_printf(&mend, "SELECT pg_drop_replication_slot('%.*s')", STR_ARG(name));
        log_warn(
            "a slot that nobody reads holds back WAL, without a limit (max_slot_wal_keep_size)",
            LOG_VIEW("slot", name), LOG_INT("bytes", catalogue_number(slots, i, 1)),
            LOG_STR("mend", buf_cstr(&mend)));
    }
    return true;
}

/* What a new slot has to wait for; ERR_STOP when that never ends. */
static bool check_waits(struct pg *pg, struct err *reterr)
{
    struct pg_result *open CLEANUP(pg_result) = NULL;
    struct buf pids CLEANUP(buf) = {0};

    if (!pg_query(pg, embedded_waits_sql, NULL, 0, &open, reterr))
        return false;
    if (pg_rows(open) == 0)
        return true;
    struct str pid = pg_field(open, 0, 0);
    if (catalogue_true(open, 0, 1))
        return err_stop(reterr, EX_CONFIG,
                        "this server waits for itself: the CREATE SUBSCRIPTION of process %.*s "
                        "asks for a slot on this very server, where new slots wait for its "
                        "transaction to end: SELECT pg_cancel_backend(%.*s), make its slot before "
                        "it and create it WITH (create_slot = false)",
                        STR_ARG(pid), STR_ARG(pid));
    for (int i = 0; i < pg_rows(open); i++) {
        pid = pg_field(open, i, 0);
        buf_printf(&pids, "%s%.*s", i == 0 ? "" : ", ",
                   STR_ARG(pid.at == NULL ? STR("prepared") : pid));
    }
    log_info("the slot comes when the transactions have ended that are open now",
             LOG_STR("processes", buf_cstr(&pids)));
    return true;
}

/* CREATE PUBLICATION over the tables that were named. */
static bool create_publication(struct pg *pg, const struct cdc_options *options,
                               const struct pg_result *tables, struct err *reterr)
{
    struct buf sql CLEANUP(buf) = {0};

    buf_puts(&sql, "CREATE PUBLICATION ");
    pg_quote_identifier(&sql, options->publication);
    if (options->tables.n == 0) {
        buf_puts(&sql, " FOR ALL TABLES");
        return err_stop(reterr, EX_CONFIG,
                        "--publication: \"%s\" does not exist: name --tables, or %s",
                        options->publication, buf_cstr(&sql));
    }
    buf_puts(&sql, " FOR TABLE ");
    for (int i = 0; i < pg_rows(tables); i++) {
        if (i > 0)
            buf_puts(&sql, ", ");
        buf_put(&sql, pg_field(tables, i, 4));
    }
    if (!pg_query(pg, buf_cstr(&sql), NULL, 0, NULL, reterr))
        return err_prefix(reterr, "%s", buf_cstr(&sql));
    log_info("publication created", LOG_STR("publication", options->publication));
    return true;
}

static bool check_published_kinds(const struct pg_result *publication, const char *name,
                                  struct err *reterr)
{
    for (int i = 0; i < 3; i++) {
        if (!catalogue_true(publication, 0, i))
            return err_stop(reterr, EX_CONFIG,
                            "--publication: \"%s\" leaves out some changes: ALTER PUBLICATION "
                            "\"%s\" SET (publish = 'insert, update, delete, truncate')",
                            name, name);
    }
    if (!catalogue_true(publication, 0, 3))
        log_warn("the publication does not publish TRUNCATE, so a truncated table's rows stay",
                 LOG_STR("publication", name));
    return true;
}

static bool check_exists(const struct pg_result *tables, int row, struct err *reterr)
{
    struct str kind = pg_field(tables, row, 5), quoted = pg_field(tables, row, 4);

    if (kind.at == NULL)
        return err_stop(reterr, EX_CONFIG, "--tables: there is no table \"%.*s\" in this database",
                        STR_ARG(pg_field(tables, row, 0)));
    if (!str_eq_c(kind, "r") && !str_eq_c(kind, "p"))
        return err_stop(reterr, EX_CONFIG, "--tables: %.*s is not a table", STR_ARG(quoted));
    if (!str_eq_c(pg_field(tables, row, 6), "p"))
        return err_stop(reterr, EX_CONFIG,
                        "--tables: %.*s is unlogged or temporary, its changes are not in the WAL: "
                        "ALTER TABLE %.*s SET LOGGED",
                        STR_ARG(quoted), STR_ARG(quoted));
    return true;
}

static bool check_table(const struct pg_result *tables, int row, const char *publication,
                        struct err *reterr)
{
    struct str quoted = pg_field(tables, row, 4), identity = pg_field(tables, row, 7);

    if (!catalogue_true(tables, row, 8))
        return err_stop(reterr, EX_CONFIG,
                        "--publication: \"%s\" does not publish %.*s: ALTER PUBLICATION \"%s\" ADD "
                        "TABLE %.*s",
                        publication, STR_ARG(quoted), publication, STR_ARG(quoted));
    if (str_eq_c(identity, "n"))
        return err_stop(reterr, EX_CONFIG,
                        "%.*s has REPLICA IDENTITY NOTHING: ALTER TABLE %.*s REPLICA IDENTITY "
                        "DEFAULT",
                        STR_ARG(quoted), STR_ARG(quoted));
    if (!str_eq_c(identity, "f") && !catalogue_true(tables, row, 12))
        return err_stop(reterr, EX_CONFIG,
                        "%.*s has no primary key: ALTER TABLE %.*s ADD PRIMARY KEY (...), or ALTER "
                        "TABLE %.*s REPLICA IDENTITY USING INDEX a unique one without NULLs",
                        STR_ARG(quoted), STR_ARG(quoted), STR_ARG(quoted));
    if (!catalogue_true(tables, row, 10))
        return err_stop(reterr, EX_NOPERM,
                        "%.*s can't be read for the snapshot: GRANT USAGE ON SCHEMA \"%.*s\" and "
                        "GRANT SELECT ON %.*s to the role",
                        STR_ARG(quoted), STR_ARG(pg_field(tables, row, 2)), STR_ARG(quoted));
    return true;
}

static bool check_key(struct pg *pg, const struct preflight_table *table, struct arena *arena,
                      struct err *reterr)
{
    struct capture_facts facts = {0};
    const bool *published = NULL;
    struct arena_mark mark = arena_mark(arena);
    bool has_key = false;

    if (!catalogue_columns(pg, table->oid, arena, &facts, &published, reterr))
        return false;
    for (uint16_t i = 0; i < facts.columns_n; i++) {
        has_key |= facts.columns[i].key_at > 0;
        if (facts.columns[i].key_at > 0 && !published[i])
            return err_stop(reterr, EX_CONFIG,
                            "the publication's column list of %s leaves out the key column "
                            "\"%.*s\"",
                            table->quoted, STR_ARG(facts.columns[i].name));
    }
    arena_rewind(arena, mark);
    if (!has_key)
        return err_stop(reterr, EX_CONFIG,
                        "%s has REPLICA IDENTITY FULL but no key: ALTER TABLE %s ADD PRIMARY KEY "
                        "(...)",
                        table->quoted, table->quoted);
    return true;
}

static void take_table(const struct pg_result *tables, int row, struct arena *arena,
                       struct preflight_table *into)
{
    struct str filter = pg_field(tables, row, 9);

    *into =
        (struct preflight_table){.oid = (uint32_t)catalogue_number(tables, row, 1),
                                 .schema = arena_copy(arena, pg_field(tables, row, 2)).at,
                                 .name = arena_copy(arena, pg_field(tables, row, 3)).at,
                                 .quoted = arena_copy(arena, pg_field(tables, row, 4)).at,
                                 .filter = filter.at == NULL ? NULL : arena_copy(arena, filter).at,
                                 .partitioned = str_eq_c(pg_field(tables, row, 5), "p"),
                                 .about_rows = catalogue_number(tables, row, 11)};
}

static bool check_tables(struct pg *pg, const struct cdc_options *options, struct arena *arena,
                         const struct pg_result *tables, struct preflight *found,
                         struct err *reterr)
{
    int n = pg_rows(tables);
    struct preflight_table *taken = arena_zalloc(arena, ((size_t)n + 1) * sizeof(*taken));

    if (n == 0)
        return err_stop(reterr, EX_CONFIG,
                        "--publication: \"%s\" publishes no table: ALTER PUBLICATION \"%s\" ADD "
                        "TABLE ...",
                        options->publication, options->publication);
    for (int i = 0; i < n; i++) {
        if (!check_table(tables, i, options->publication, reterr))
            return false;
        take_table(tables, i, arena, &taken[i]);
        if (!check_key(pg, &taken[i], arena, reterr))
            return false;
    }
    found->tables = taken;
    found->tables_n = (size_t)n;
    return true;
}

static bool read_tables(struct pg *pg, struct pg_result **ret, struct err *reterr)
{
    struct pg_result *tables CLEANUP(pg_result) = NULL;

    if (!pg_query(pg, embedded_tables_sql, NULL, 0, &tables, reterr))
        return err_prefix(reterr, "--tables");
    for (int i = 0; i < pg_rows(tables); i++) {
        if (!check_exists(tables, i, reterr))
            return false;
    }
    *ret = tables;
    tables = NULL;
    return true;
}

bool preflight_run(struct pg *pg, const struct cdc_options *options, struct arena *arena,
                   struct preflight *ret, struct err *reterr)
{
    struct pg_result *publication CLEANUP(pg_result) = NULL;
    struct pg_result *tables CLEANUP(pg_result) = NULL;
    struct preflight found = {0};

    if (!catalogue_slot(pg, options, &found.slot, reterr) ||
        !check_server(pg, arena, &found, reterr) || !tell_idle_slots(pg, reterr) ||
        (!found.slot.exists && !check_waits(pg, reterr)) || !read_tables(pg, &tables, reterr) ||
        !pg_query(pg, embedded_publication_sql, NULL, 0, &publication, reterr))
        return false;
    if (pg_rows(publication) == 0) {
        if (!create_publication(pg, options, tables, reterr))
            return false;
        tables = pg_result_free(tables);
        if (!read_tables(pg, &tables, reterr))
            return false;
    } else if (!check_published_kinds(publication, options->publication, reterr)) {
        return false;
    }
    if (!check_tables(pg, options, arena, tables, &found, reterr))
        return false;
    *ret = found;
    return true;
}
