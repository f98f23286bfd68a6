/* What is printed of a plan: --ddl, --oracle, --explain, and the freshness of the kept files. */
#include "sql/pipeline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char pipeline[] =
    "-- a comment\n"
    "CREATE SCHEMA b;\n"
    "CREATE SERVER kafka FOREIGN DATA WRAPPER x;\n"
    "CREATE FOREIGN TABLE b.t (\n"
    "  id bigint PRIMARY KEY, -- the key\n"
    "  \"order\" varchar(5) OPTIONS (warn 't_order_check') NOT NULL CHECK (\"order\" <> ';'),\n"
    "  n numeric(12,2)\n"
    ") SERVER kafka OPTIONS (topic 't', format 'json', warn 'order not null');\n"
    "COMMENT ON FOREIGN TABLE b.t IS 'x';\n"
    "CREATE MATERIALIZED VIEW g.a WITH (topic = 'x', partitions = 2) AS\n"
    "  SELECT id, \"order\", n FROM b.t ORDER BY n DESC NULLS LAST, id LIMIT 3;\n"
    "COMMENT ON MATERIALIZED VIEW g.a IS E'it''s \\\\';\n"
    "CREATE MATERIALIZED VIEW g.one AS SELECT count(*), max(n) FROM b.t;\n";

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "r");
    struct buf text = {0};
    char chunk[4096];
    size_t n;

    if (file == NULL)
        fail_msg("%s can't be read", path);
    while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0)
        buf_append(&text, chunk, n);
    fclose(file);
    (void)buf_cstr(&text);
    return text.at;
}

static const struct plan *planned(struct arena *arena, const char *text, const char *name)
{
    const struct plan *plan = NULL;
    struct err err;

    if (!pipeline_plan(arena, "test.sql", str_of(text), name, &plan, &err))
        fail_msg("%s", err.text);
    return plan;
}

static void test_ddl(void **state)
{
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);
    CLEANUP(buf) struct buf out = {0};

    (void)state;
    pipeline_ddl(&out, planned(arena, pipeline, "p"));
    assert_string_equal(buf_cstr(&out),
                        "-- The tables of pipeline p's views, one a topic. Printed by sluice-views "
                        "--ddl: change the "
                        "pipeline, not this file.\n\n"
                        "CREATE SCHEMA IF NOT EXISTS g;\n"
                        "\n"
                        "CREATE TABLE IF NOT EXISTS g.a (\n"
                        "  id bigint NOT NULL,\n"
                        "  \"order\" character varying(5),\n"
                        "  n numeric(12,2),\n"
                        "  PRIMARY KEY (id)\n"
                        ");\n"
                        "COMMENT ON TABLE g.a IS E'it''s \\\\';\n"
                        "\n"
                        "CREATE TABLE IF NOT EXISTS g.one (\n"
                        "  count bigint NOT NULL,\n"
                        "  max numeric\n"
                        ");\n"
                        "CREATE UNIQUE INDEX IF NOT EXISTS one_one_row ON g.one ((true));\n");
}

static void test_oracle(void **state)
{
    CLEANUP(buf) struct buf out = {0};
    struct err err;

    (void)state;
    const struct pipeline_file file = {.path = "test.sql", .text = str_of(pipeline)};

    assert_true(pipeline_oracle(&out, &file, &err));
    assert_string_equal(
        buf_cstr(&out),
        "-- For PostgreSQL 15, in a database made with: createdb --template=template0 "
        "--encoding=UTF8 --locale=C\n"
        "SET TimeZone = 'UTC';\n"
        "SET DateStyle = 'ISO';\n"
        "SET IntervalStyle = 'postgres';\n"
        "CREATE SCHEMA IF NOT EXISTS b;\n"
        "CREATE SCHEMA IF NOT EXISTS g;\n"
        "\n"
        "CREATE TABLE b.t (\n"
        "  id bigint PRIMARY KEY, -- the key\n"
        "  \"order\" varchar(5)  NOT NULL CHECK (\"order\" <> ';'),\n"
        "  n numeric(12,2)\n"
        ");\n"
        "ALTER TABLE b.t ALTER COLUMN \"order\" TYPE character varying(5) COLLATE \"C\";\n"
        "ALTER TABLE b.t ALTER COLUMN \"order\" DROP NOT NULL;\n"
        "ALTER TABLE b.t DROP CONSTRAINT t_order_check;\n"
        "\n"
        "COMMENT ON TABLE b.t IS 'x';\n"
        "\n"
        "CREATE MATERIALIZED VIEW g.a  AS\n"
        "  SELECT id, \"order\", n FROM b.t ORDER BY n DESC NULLS LAST, id LIMIT 3;\n"
        "\n"
        "COMMENT ON MATERIALIZED VIEW g.a IS E'it''s \\\\';\n"
        "\n"
        "CREATE MATERIALIZED VIEW g.one AS SELECT count(*), max(n) FROM b.t;\n");
}

static const char with_now[] =
    "CREATE DOMAIN past AS date CHECK (VALUE <= current_date);\n"
    "CREATE FOREIGN TABLE t (id int PRIMARY KEY, ts timestamptz CHECK (ts < now() AND age(ts) < '9 "
    "years')) SERVER kafka "
    "OPTIONS (topic 't', format 'json');\n"
    "CREATE MATERIALIZED VIEW v AS SELECT id, 'now()' AS s, Now(), LOCALTIMESTAMP(2) FROM t "
    "WHERE ts > pg_catalog.now() - interval '1 day' AND age((ts)) > age(ts, ts);\n";

/* PostgreSQL gets the moment where the file says now(), and the names of the columns stay. */
static void test_oracle_as_of(void **state)
{
    const struct pipeline_file file = {
        .path = "t.sql", .text = STR(with_now), .pipeline = "p", .as_of = "2024-03-10 10:00+01"};
    CLEANUP(buf) struct buf out = {0};
    struct err err;

    (void)state;
    assert_true(pipeline_oracle(&out, &file, &err));
    assert_non_null(
        strstr(buf_cstr(&out), "CHECK (VALUE <= ('2024-03-10 10:00+01'::timestamptz::date));"));
    assert_non_null(strstr(out.at,
                           "CHECK (ts < ('2024-03-10 10:00+01'::timestamptz) AND "
                           "age('2024-03-10 10:00+01'::timestamptz::date, ts) < '9 years'));"));
    assert_non_null(
        strstr(out.at, "age('2024-03-10 10:00+01'::timestamptz::date, (ts)) > age(ts, ts);"));
    assert_non_null(
        strstr(out.at,
               "SELECT id, 'now()' AS s, (SELECT '2024-03-10 10:00+01'::timestamptz AS now), "
               "(SELECT '2024-03-10 10:00+01'::timestamptz::timestamp(2) AS localtimestamp) FROM t "
               "WHERE ts > (SELECT '2024-03-10 10:00+01'::timestamptz AS now) - interval"));
}

static uint64_t hash_as_of(const char *text, const char *as_of)
{
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);
    const struct pipeline_file file = {
        .path = "t.sql", .text = str_of(text), .pipeline = "p", .as_of = as_of};
    const struct plan *plan = NULL;
    struct err err;

    if (!pipeline_plan_file(arena, &file, &plan, &err))
        fail_msg("%s", err.text);
    return plan->hash;
}

/* Another moment is another plan, where the file asks for it. */
static void test_as_of(void **state)
{
    const struct pipeline_file file = {
        .path = "t.sql", .text = STR(with_now), .pipeline = "p", .as_of = "now"};
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);
    const struct plan *plan = NULL;
    struct err err;

    (void)state;
    assert_true(hash_as_of(with_now, "2024-03-10") == hash_as_of(with_now, "2024-03-10 00:00+00"));
    assert_true(hash_as_of(with_now, "2024-03-10") != hash_as_of(with_now, "2024-03-11"));
    assert_true(hash_as_of(pipeline, "2024-03-10") == hash_as_of(pipeline, NULL));
    assert_false(pipeline_plan_file(arena, &file, &plan, &err));
    assert_int_equal(err.exit_status, EX_USAGE);
}

static void test_explain(void **state)
{
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);
    CLEANUP(buf) struct buf out = {0};
    static const char expected[] =
        "g.a -> topic x, key (id), 2 partitions\n"
        "  #1 top 3 by n DESC NULLS LAST, id; state: all rows of its input in this order\n"
        "    #0 source b.t from topic t (json), key (id), 3 rules; state: last row and position of "
        "each key\n"
        "\n"
        "g.one -> topic p.g.one, key (): one row\n"
        "  #2 aggregate count(*), max(n); state: one entry, and for min, max and DISTINCT one a "
        "distinct value\n"
        "    #0 source of b.t, shared (see above)\n"
        "\n"
        "1 source, 2 views, 3 operators (3 with state, 0 joins), plan ";

    (void)state;
    pipeline_explain(&out, planned(arena, pipeline, "p"));
    (void)buf_cstr(&out);
    out.at[sizeof(expected) - 1] = '\0';
    assert_string_equal(out.at, expected);
}

/* The kept target.sql of acme is what --ddl prints of its pipeline. */
static void test_acme_target_is_fresh(void **state)
{
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);
    CLEANUP(free) char *text = read_file(SOURCE_DIR "/schemas/acme/pipeline.sql");
    CLEANUP(free) char *target = read_file(SOURCE_DIR "/schemas/acme/target.sql");
    CLEANUP(buf) struct buf out = {0};

    (void)state;
    pipeline_ddl(&out, planned(arena, text, "acme"));
    assert_string_equal(buf_cstr(&out), target);
}

/* The gold views of acme share what they have in common. */
static void test_acme_shares(void **state)
{
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);
    CLEANUP(free) char *text = read_file(SOURCE_DIR "/schemas/acme/pipeline.sql");
    const struct plan *plan = planned(arena, text, "acme");
    uint32_t joins = 0;

    (void)state;
    for (uint32_t i = 0; i < plan->nodes_n; i++)
        joins += plan->nodes[i].kind == PLAN_JOIN;
    assert_int_equal(plan->sources_n, 4);
    assert_int_equal(plan->views_n, 12);
    assert_int_equal(joins, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ddl),         cmocka_unit_test(test_oracle),
        cmocka_unit_test(test_explain),     cmocka_unit_test(test_acme_target_is_fresh),
        cmocka_unit_test(test_acme_shares), cmocka_unit_test(test_oracle_as_of),
        cmocka_unit_test(test_as_of),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
