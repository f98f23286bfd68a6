/* What a pipeline file may not say: each refusal points at the place and says why. */
#include "sql/pipeline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Line 1 and 2; the statement under test is line 3. */
static const char sources[] =
    "CREATE FOREIGN TABLE b.t (id bigint PRIMARY KEY, k int, s text, j json, n numeric) SERVER "
    "kafka"
    " OPTIONS (topic 't');\n"
    "CREATE FOREIGN TABLE b.u (id bigint PRIMARY KEY, t_id bigint, s text) SERVER kafka"
    " OPTIONS (topic 'u');\n";

struct refusal {
    const char *text, *at, *words;
};

/* A SELECT behind "CREATE MATERIALIZED VIEW v AS " (30 characters). */
static const struct refusal selects[] = {
    {"SELECT id, now() FROM b.t", "3:42",
     "now() changes by itself, a view can't be kept equal to it; give the moment that it stands "
     "for with --as-of"},
    {"SELECT id, current_date FROM b.t", "3:42", "current_date changes by itself"},
    {"SELECT id, date 'today' FROM b.t", "3:47", "\"today\" changes by itself"},
    {"SELECT id, 'now'::timestamp FROM b.t", "3:42", "\"now\" changes by itself"},
    {"SELECT id, random() FROM b.t", "3:42", "use a column of the source"},
    {"SELECT id, row_number() OVER (ORDER BY k) FROM b.t", "3:42",
     "append to the window's ORDER BY: id"},
    {"SELECT id, lag(s) OVER w FROM b.t WINDOW w AS (PARTITION BY k)", "3:42",
     "append to the window's ORDER BY: id"},
    {"SELECT id, first_value(s) OVER (ORDER BY k) FROM b.t", "3:42",
     "append to the window's ORDER BY: id"},
    {"SELECT id, sum(id) OVER (ORDER BY k ROWS 1 PRECEDING) FROM b.t", "3:42",
     "append to the window's ORDER BY: id"},
    {"SELECT id, count(DISTINCT k) OVER () FROM b.t", "3:42", "DISTINCT is not implemented"},
    {"SELECT id, rank() FROM b.t", "3:42", "requires an OVER clause"},
    {"SELECT id, rank() OVER w FROM b.t", "3:54", "\"w\" does not exist"},
    {"SELECT id, upper(s) OVER () FROM b.t", "3:42", "is not a window function"},
    {"SELECT id FROM b.t WHERE rank() OVER (ORDER BY k) = 1", "3:56", "not allowed in WHERE"},
    {"SELECT id, sum(id) OVER (ORDER BY s RANGE 1 PRECEDING) FROM b.t", "3:73", "column type text"},
    {"SELECT id, sum(id) OVER (ORDER BY id ROWS k PRECEDING) FROM b.t", "3:73",
     "must be a constant"},
    {"SELECT id FROM b.t FOR UPDATE", "3:38", "FOR UPDATE"},
    {"SELECT id FROM b.t TABLESAMPLE system (10)", "3:62", "TABLESAMPLE"},
    {"SELECT k, string_agg(s, ',') FROM b.t GROUP BY k", "3:41", "append to its ORDER BY: id"},
    {"SELECT k, string_agg(s, ',' ORDER BY k) FROM b.t GROUP BY k", "3:41",
     "append to its ORDER BY: id"},
    {"SELECT k, jsonb_object_agg(s, id) FROM b.t GROUP BY k", "3:41", "append to its ORDER BY: id"},
    {"SELECT k, string_agg(DISTINCT s, ',' ORDER BY id) FROM b.t GROUP BY k", "3:77",
     "must appear in argument list"},
    {"SELECT k, mode(id) FROM b.t GROUP BY k", "3:41", "WITHIN GROUP"},
    {"SELECT k, count(*) FILTER (WHERE count(*) > 1) FROM b.t GROUP BY k", "3:64",
     "can't be nested"},
    {"SELECT id, upper(s) FILTER (WHERE true) FROM b.t", "3:42", "not an aggregate"},
    {"SELECT k, grouping(s) FROM b.t GROUP BY k", "3:41", "GROUPING"},
    {"SELECT id, s FROM b.t GROUP BY ROLLUP (id)", "3:42", "must be in GROUP BY"},
    {"SELECT k, sum(VARIADIC id) FROM b.t GROUP BY k", "3:41", "VARIADIC"},
    {"SELECT id FROM b.t UNION SELECT id, s FROM b.u", "3:63", "same number of columns"},
    {"SELECT id FROM b.t UNION SELECT s FROM b.u", "3:63", "no common type"},
    {"SELECT j FROM b.t EXCEPT SELECT j FROM b.t", "3:38", "can't"},
    {"VALUES (1, 2), (3)", "3:47", "same length"},
    {"SELECT id, (SELECT id, s FROM b.u) FROM b.t", "3:42", "only one column"},
    {"SELECT id FROM b.t WHERE (id, k) IN (SELECT id FROM b.u)", "3:64", "too few columns"},
    {"SELECT id FROM b.t WHERE k = (SELECT max(t.k) FROM b.u)", "3:68", "not allowed in WHERE"},
    {"SELECT id, (SELECT id FROM b.u ORDER BY s LIMIT 1) FROM b.t", "3:79",
     "append to ORDER BY: id"},
    {"SELECT id, ARRAY(SELECT s FROM b.u) FROM b.t", "3:42", "total order"},
    {"SELECT t.id FROM b.t FULL JOIN b.u ON (SELECT t.s < u.s)", "3:77",
     "an equality between both sides"},
    {"SELECT x.id FROM b.t x, (SELECT x.id) y", "3:63", "LATERAL"},
    {"SELECT t.id FROM b.t RIGHT JOIN LATERAL (SELECT t.id) y ON true", "3:79", "INNER or LEFT"},
    {"SELECT * FROM upper('a') u", "3:45", "no function that gives rows"},
    {"SELECT id FROM b.t WHERE unnest(ARRAY[1]) = 1", "3:56", "may stand in FROM"},
    {"SELECT id, jsonb_each('{}') FROM b.t", "3:42", "write (jsonb_each(...)).*"},
    {"SELECT id, (json_to_record('{}')).a FROM b.t", "3:43", "of unknown columns here"},
    {"SELECT (t.id).* FROM b.t", "3:39", "only a row has columns"},
    {"SELECT idd FROM b.t", "3:38", "perhaps you meant \"t.id\""},
    {"SELECT tt.id FROM b.t", "3:38", "perhaps you meant \"t\""},
    {"SELECT t.ss FROM b.t", "3:38", "perhaps you meant \"t.s\""},
    {"SELECT id, uper(s) FROM b.t", "3:42", "perhaps you meant \"upper\""},
    {"SELECT id FROM b.tt", "3:46", "perhaps you meant \"b.t\""},
    {"SELECT id FROM t", "3:46", "perhaps you meant \"b.t\""},
    {"SELECT id, k FROM b.t ORDER BY k LIMIT 3", "3:70", "append to ORDER BY: id"},
    {"SELECT id, k FROM b.t LIMIT 3", "3:59", "append to ORDER BY: id"},
    {"SELECT s, k, count(*) FROM b.t GROUP BY s, k ORDER BY 3, 2 LIMIT 3", "3:96",
     "append to ORDER BY: s"},
    {"SELECT u.id, t.s FROM b.u JOIN b.t ON t.id = u.t_id ORDER BY t.id LIMIT 3", "3:103",
     "append to ORDER BY: id"},
    {"SELECT id FROM b.t ORDER BY id LIMIT k", "3:68", "does not exist"},
    {"SELECT id FROM b.t UNION SELECT id FROM b.u ORDER BY id LIMIT k", "3:93", "does not exist"},
    {"SELECT k AS a, k AS b FROM b.t GROUP BY CUBE (a, b) ORDER BY b, a LIMIT 3", "3:46",
     "grouped under two names"},
    {"SELECT DISTINCT k AS a, k AS b FROM b.t GROUP BY CUBE (b, a)", "3:55",
     "grouped under two names"},
    {"SELECT id FROM b.t ORDER BY id LIMIT -1", "3:68", "not negative"},
    {"SELECT id FROM b.t ORDER BY k OFFSET 2", "3:68", "append to ORDER BY: id"},
    {"SELECT id FROM b.t ORDER BY id USING <=", "3:59", "valid ordering operator"},
    {"SELECT id FROM b.t ORDER BY 'x'", "3:59", "ORDER BY by a constant"},
    {"SELECT id FROM b.t ORDER BY 2", "3:59", "position 2"},
    {"SELECT DISTINCT id FROM b.t ORDER BY k", "3:68", "SELECT DISTINCT"},
    {"SELECT DISTINCT ON (k) k, id FROM b.t", "3:51", "append to ORDER BY: id"},
    {"SELECT DISTINCT ON (k) k, id FROM b.t ORDER BY id, k", "3:51", "must match initial"},
    {"SELECT id, nope FROM b.t", "3:42", "\"nope\" does not exist"},
    {"SELECT t.nope FROM b.t", "3:38", "has no column \"nope\""},
    {"SELECT x.id FROM b.t", "3:38", "no table \"x\""},
    {"SELECT t FROM b.t", "3:38", "whole row"},
    {"SELECT s FROM b.t JOIN b.u USING (id)", "3:38", "ambiguous"},
    {"SELECT id FROM b.t, b.t", "3:51", "used twice"},
    {"SELECT id, s + 1 FROM b.t", "3:44", "operator +(text, integer) is not known"},
    {"SELECT id, frob(k) FROM b.t", "3:42", "function frob(integer) is not known"},
    {"SELECT id, pg_temp.abs(k) FROM b.t", "3:42", "other schemas"},
    {"SELECT id, abs(a => k) FROM b.t", "3:46", "arguments of these names"},
    {"SELECT k, s FROM b.t GROUP BY k", "3:41", "\"s\" must be in GROUP BY"},
    {"SELECT count(*), s FROM b.t", "3:48", "\"s\" must be in GROUP BY"},
    {"SELECT id, s FROM b.t GROUP BY k, s HAVING k > 1", "3:38", "\"id\" must be in GROUP BY"},
    {"SELECT count(*) FROM b.t GROUP BY 1", "3:65", "aggregates are not allowed in GROUP BY"},
    {"SELECT id FROM b.t WHERE count(*) > 1", "3:56", "aggregates are not allowed in WHERE"},
    {"SELECT generate_series(1, count(*)) AS i FROM b.t GROUP BY 1", "3:57",
     "aggregates are not allowed in GROUP BY"},
    {"SELECT sum(max(k)) FROM b.t", "3:42", "nested"},
    {"SELECT k, sum(s) FROM b.t GROUP BY k", "3:41", "aggregate sum(text) is not known"},
    {"SELECT j, count(*) FROM b.t GROUP BY j", "3:68", "type json can't"},
    {"SELECT t.id FROM b.t JOIN b.u USING (k)", "3:57", "missing on one side"},
    {"SELECT t.id FROM b.t, b.u JOIN b.t AS x ON x.id = t.id", "3:81", "no table \"t\""},
    {"SELECT * FROM (SELECT id FROM b.t)", "3:45", "alias"},
    {"SELECT id FROM b.nope", "3:46", "\"b.nope\" is not defined above"},
    {"SELECT id FROM other.b.t", "3:46", "database name"},
    {"WITH RECURSIVE r AS (SELECT id FROM b.t) SELECT id FROM r", "3:31", "RECURSIVE"},
    {"SELECT id, s COLLATE \"de_DE\" FROM b.t", "3:44", "write COLLATE \"C\""},
    {"SELECT id, k COLLATE \"C\" FROM b.t", "3:44", "not supported by type integer"},
    {"SELECT x.a || x.b AS c FROM (SELECT s COLLATE \"de-x-icu\" AS a, s COLLATE \"sv-x-icu\" AS b "
     "FROM b.t) x",
     "3:26", "column \"c\" is made of texts of different collations"},
    {"SELECT id, id FROM b.t", "3:26", "two columns named \"id\""},
    {"SELECT id, k::interval FROM b.t", "3:42", "can't be cast from integer to interval"},
    {"SELECT id, k::point FROM b.t", "3:45", "type \"point\" is not supported"},
    {"SELECT id, k::int[] FROM b.t", "3:42", "can't be cast from integer to integer[]"},
    {"SELECT id, k::int[][] FROM b.t", "3:45", "more than one dimension"},
    {"SELECT id, s::numeric(2000) FROM b.t", "3:45", "between 1 and 1000"},
    {"SELECT id, j::int FROM b.t", "3:42", "can't be cast from json to integer"},
    {"SELECT id, CASE WHEN k = 1 THEN 'x' ELSE 5 END FROM b.t", "3:63", "invalid input syntax"},
    {"SELECT id, CASE WHEN k THEN 1 END FROM b.t", "3:52", "argument of WHEN"},
    {"SELECT id, coalesce(k, s) FROM b.t", "3:54", "no common type"},
    {"SELECT id FROM b.t WHERE k", "3:56", "argument of WHERE can't be cast"},
    {"SELECT id FROM b.t WHERE k = 'x'", "3:60", "invalid input syntax for type integer"},
    {"SELECT id FROM b.t WHERE NOT k", "3:60", "argument of NOT"},
    {"SELECT id, k = ANY (k) FROM b.t", "3:44", "requires array on right side"},
    {"SELECT id, $1 FROM b.t", "3:42", "parameter"},
    {"SELECT id, (1, 2) = (id, k, 3) FROM b.t", "3:49", "unequal number of entries"},
    {"SELECT id, b'101' FROM b.t", "3:42", "bit strings"},
    {"SELECT FROM b.t", "", "without columns"},
    {"SELECT id INTO x FROM b.t", "", "INTO"},
    {"SELEC id FROM b.t", "3:31", "syntax error at or near \"SELEC\""},
    {"SELECT id FROM b.t WITH NO DATA", "3:26", "WITH NO DATA"},
};

static const struct refusal statements[] = {
    {"CREATE TABLE x (id int)", "3:1", "CREATE TABLE is not supported"},
    {"INSERT INTO b.t VALUES (1)", "3:1", "INSERT is not supported"},
    {"SET TimeZone = 'UTC'", "3:1", "SET is not supported"},
    {"SELECT 1", "3:1", "a SELECT by itself"},
    {"/* why */ DROP TABLE b.t", "3:11", "DROP is not supported"},
    {"CREATE TABLE x AS SELECT id FROM b.t", "3:14", "CREATE MATERIALIZED VIEW"},
    {"CREATE VIEW x WITH (security_barrier) AS SELECT id FROM b.t", "3:21", "options of ViewStmt"},
    {"CREATE VIEW x AS SELECT id FROM b.t WITH CHECK OPTION", "3:13", "WITH CHECK OPTION"},
    {"CREATE VIEW \"b.c\".x AS SELECT id FROM b.u", "3:13", "a dot in it"},
    {"CREATE TEMP VIEW x AS SELECT id FROM b.u", "3:18", "TEMPORARY"},
    {"CREATE VIEW b.t AS SELECT id FROM b.u", "3:13", "defined already"},
    {"CREATE MATERIALIZED VIEW v WITH (format = 'csv') AS SELECT id FROM b.t", "3:34",
     "there are json and avro"},
    {"CREATE MATERIALIZED VIEW v WITH (topc = 'x') AS SELECT id FROM b.t", "3:34", "topc"},
    {"CREATE MATERIALIZED VIEW v WITH (partitions = 0) AS SELECT id FROM b.t", "3:34", "between"},
    {"CREATE MATERIALIZED VIEW v WITH (topic = 't') AS SELECT id FROM b.t", "3:26", "a source's"},
    {"CREATE MATERIALIZED VIEW v WITH (topic = 'a b') AS SELECT id FROM b.t", "3:26",
     "no topic name"},
    {"CREATE MATERIALIZED VIEW v (a, c) AS SELECT id FROM b.t", "3:26", "names 2 columns"},
    {"CREATE MATERIALIZED VIEW v TABLESPACE x AS SELECT id FROM b.t", "3:26", "TABLESPACE"},
    {"COMMENT ON VIEW b.nope IS 'x'", "3:1", "not defined above"},
    {"COMMENT ON FUNCTION f() IS 'x'", "3:1", "COMMENT ON this kind"},
    {"CREATE FOREIGN TABLE b.x (id bigint) SERVER kafka OPTIONS (topic 'x')", "3:22",
     "PRIMARY KEY"},
    {"CREATE FOREIGN TABLE b.x (id int PRIMARY KEY) SERVER kafka", "3:22", "no topic"},
    {"CREATE FOREIGN TABLE b.x (id int PRIMARY KEY) SERVER foo OPTIONS (topic 'x')", "3:22",
     "SERVER kafka"},
    {"CREATE FOREIGN TABLE b.x (id int PRIMARY KEY) SERVER kafka OPTIONS (topic 't')", "3:69",
     "read by b.t"},
    {"CREATE FOREIGN TABLE b.x (id int PRIMARY KEY) SERVER kafka OPTIONS (topic 'x', behind "
     "'trusted')",
     "3:80", "\"behind\" is not known"},
    {"CREATE FOREIGN TABLE b.x (id int PRIMARY KEY) SERVER kafka OPTIONS (topic 'x', before "
     "'always')",
     "3:80", "before is 'derived' (the default) or 'trusted'"},
    {"CREATE FOREIGN TABLE b.x (id int PRIMARY KEY) SERVER kafka OPTIONS (topic 'x', format "
     "'json', before 'trusted')",
     "3:22", "needs format debezium"},
    {"CREATE FOREIGN TABLE b.x (id int PRIMARY KEY, o bigint OPTIONS (metadata 'offset')) SERVER "
     "kafka OPTIONS (topic 'x', before 'trusted')",
     "3:22", "without columns of metadata"},
    {"CREATE FOREIGN TABLE b.x (id numeric PRIMARY KEY) SERVER kafka OPTIONS (topic 'x', before "
     "'trusted')",
     "3:22", "column \"id\" is numeric"},
    {"CREATE FOREIGN TABLE b.x (id int PRIMARY KEY) SERVER kafka OPTIONS (topic 'x', format 'csv')",
     "3:80", "there are debezium, debezium-avro, json and avro"},
    {"CREATE FOREIGN TABLE b.x (id int PRIMARY KEY) SERVER kafka OPTIONS (topic 'x', versions "
     "'some')",
     "3:80", "versions is 'last' (the default) or 'all'"},
    {"CREATE FOREIGN TABLE b.x (id int PRIMARY KEY, p text OPTIONS (metadata 'line')) SERVER kafka "
     "OPTIONS (topic 'x')",
     "3:63", "metadata is one of op, commit_ts, position, topic, partition, offset"},
    {"CREATE FOREIGN TABLE b.x (id int PRIMARY KEY, p text OPTIONS (metadata 'offset')) SERVER "
     "kafka OPTIONS (topic 'x')",
     "3:63", "metadata 'offset' is of type bigint"},
    {"CREATE FOREIGN TABLE b.x (id int PRIMARY KEY, p text OPTIONS (color 'red')) SERVER kafka "
     "OPTIONS (topic 'x')",
     "3:63", "a column has metadata and warn"},
    {"CREATE FOREIGN TABLE b.x (id int, p text OPTIONS (metadata 'position') PRIMARY KEY) SERVER "
     "kafka OPTIONS (topic 'x')",
     "3:22", "only with versions 'all'"},
    {"CREATE FOREIGN TABLE b.x (id int, p text OPTIONS (metadata 'position') PRIMARY KEY) SERVER "
     "kafka OPTIONS (topic 'x', versions 'all')",
     "3:22", "must tell records apart"},
    {"CREATE FOREIGN TABLE b.x (id int PRIMARY KEY) SERVER kafka OPTIONS (topic 'x', warn 'nope')",
     "3:80", "\"nope\""},
    {"CREATE FOREIGN TABLE b.x (id int PRIMARY KEY) SERVER kafka OPTIONS (topic 'x', warn 'id not "
     "null')",
     "3:80", "key column can't be NULL"},
    {"CREATE FOREIGN TABLE b.x (id int PRIMARY KEY, d text DEFAULT 'x') SERVER kafka OPTIONS "
     "(topic 'x')",
     "3:54", "default has no meaning"},
    {"CREATE FOREIGN TABLE b.x (id int PRIMARY KEY, d text REFERENCES b.t) SERVER kafka OPTIONS "
     "(topic 'x')",
     "3:54", "REFERENCES"},
    {"CREATE FOREIGN TABLE b.x (id int PRIMARY KEY, d text UNIQUE) SERVER kafka OPTIONS (topic "
     "'x')",
     "3:54", "UNIQUE"},
    {"CREATE FOREIGN TABLE b.x (id int PRIMARY KEY, d mood) SERVER kafka OPTIONS (topic 'x')",
     "3:49", "type \"mood\" is not supported"},
    {"CREATE FOREIGN TABLE b.x (id int PRIMARY KEY, d text COLLATE \"de_DE\") SERVER kafka OPTIONS "
     "(topic 'x')",
     "3:54", "COLLATE \"C\""},
    {"CREATE FOREIGN TABLE b.x (id int PRIMARY KEY, id int) SERVER kafka OPTIONS (topic 'x')",
     "3:47", "declared twice"},
    {"CREATE FOREIGN TABLE b.x (id int PRIMARY KEY, CHECK (nope > 1)) SERVER kafka OPTIONS (topic "
     "'x')",
     "3:54", "\"nope\" does not exist"},
    {"CREATE FOREIGN TABLE b.x (id int PRIMARY KEY, CHECK (now() > '2020-01-01')) SERVER kafka "
     "OPTIONS (topic 'x')",
     "3:54", "now() changes by itself"},
    {"CREATE FOREIGN TABLE b.x (id int PRIMARY KEY, CHECK (count(*) > 1)) SERVER kafka OPTIONS "
     "(topic 'x')",
     "3:54", "not allowed in CHECK"},
};

/* Plans the text, which must be refused; false, and the message printed, when it says something
 * else than expected. */
static bool refuses(const char *text, const struct refusal *expected)
{
    struct arena *arena = arena_new(1 << 20);
    const struct plan *plan = NULL;
    char place[32];
    struct err err = {0};
    bool ok;

    snprintf(place, sizeof(place), "f.sql:%s%s", expected->at, expected->at[0] == '\0' ? "" : ": ");
    ok = !pipeline_plan(arena, "f.sql", str_of(text), "p", &plan, &err) &&
         err.exit_status == EX_DATAERR && strncmp(err.text, place, strlen(place)) == 0 &&
         strstr(err.text, expected->words) != NULL;
    if (!ok)
        print_error("%s\nexpected %s ... %s, got %s\n", expected->text, expected->at,
                    expected->words, plan == NULL ? err.text : "a plan");
    arena_free(arena);
    return ok;
}

static void test_selects(void **state)
{
    bool ok = true;

    (void)state;
    for (size_t i = 0; i < sizeof(selects) / sizeof(selects[0]); i++) {
        char text[2048];

        snprintf(text, sizeof(text), "%sCREATE MATERIALIZED VIEW v AS %s;\n", sources,
                 selects[i].text);
        ok = refuses(text, &selects[i]) && ok;
    }
    assert_true(ok);
}

static void test_statements(void **state)
{
    bool ok = true;

    (void)state;
    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
        char text[2048];

        snprintf(text, sizeof(text), "%s%s;\n", sources, statements[i].text);
        ok = refuses(text, &statements[i]) && ok;
    }
    assert_true(ok);
}

static void test_line_and_caret(void **state)
{
    static const char text[] = "-- Gr\xc3\xb6\xc3\x9f"
                               "e\nCREATE FOREIGN TABLE t (id int PRIMARY KEY, \"gr\xc3\xb6\xc3\x9f"
                               "e\" text, x nope) SERVER"
                               " kafka OPTIONS (topic 't');\n";
    struct arena *arena = arena_new(1 << 20);
    const struct plan *plan = NULL;
    struct err err = {0};

    (void)state;
    assert_false(pipeline_plan(arena, "f.sql", STR(text), "p", &plan, &err));
    /* columns count characters, and the caret stands under the one meant */
    assert_non_null(strstr(err.text, "f.sql:2:61: type \"nope\""));
    assert_non_null(
        strstr(err.text, "\n                                                            ^"));
    arena_free(arena);
}

static void test_nothing_to_keep(void **state)
{
    struct arena *arena = arena_new(1 << 20);
    const struct plan *plan = NULL;
    struct err err = {0};

    (void)state;
    assert_false(pipeline_plan(arena, "f.sql", STR(sources), "p", &plan, &err));
    assert_non_null(strstr(err.text, "no CREATE MATERIALIZED VIEW"));
    assert_false(pipeline_plan(arena, "f.sql", STR(""), "p", &plan, &err));
    assert_false(pipeline_plan(arena, "f.sql", STR("a\0b"), "p", &plan, &err));
    assert_non_null(strstr(err.text, "NUL"));
    arena_free(arena);
}

/* Nesting of every kind, far deeper than a stack holds. */
static void test_depth_is_bounded(void **state)
{
    static const struct {
        const char *before, *open, *middle, *close;
    } nestings[] = {
        {"SELECT id FROM b.t WHERE k = 1", "", "", " + 1"},
        {"SELECT id FROM b.t WHERE k = ", "abs(", "1", ")"},
        {"SELECT id FROM b.t WHERE k = ", "- ", "1", ""},
        {"SELECT id FROM b.t WHERE ", "NOT ", "true", ""},
        {"SELECT id, ", "CASE WHEN true THEN ", "1", " END"},
        {"", "SELECT id FROM (", "SELECT id FROM b.t", ") x"},
        {"SELECT id, k FROM b.t", "", "", " UNION SELECT id, k FROM b.t"},
        {"SELECT id FROM b.t", "", "", " JOIN b.u USING (id, s)"},
        {"SELECT id FROM b.t", "", "", " JOIN b.u ON id = t_id AND true"},
        {"SELECT id, k", "", "", "::int"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(nestings) / sizeof(nestings[0]); i++) {
        struct arena *arena = arena_new(1 << 20);
        const struct plan *plan = NULL;
        struct buf text = {0};
        struct err err = {0};

        buf_printf(&text, "%sCREATE MATERIALIZED VIEW v AS %s", sources, nestings[i].before);
        for (int j = 0; j < 20000; j++)
            buf_puts(&text, nestings[i].open);
        buf_puts(&text, nestings[i].middle);
        for (int j = 0; j < 20000; j++)
            buf_puts(&text, nestings[i].close);
        assert_false(pipeline_plan(arena, "f.sql", buf_str(&text), "p", &plan, &err));
        assert_non_null(strstr(err.text, "nested too deeply"));
        buf_done(&text);
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_selects),          cmocka_unit_test(test_statements),
        cmocka_unit_test(test_line_and_caret),   cmocka_unit_test(test_nothing_to_keep),
        cmocka_unit_test(test_depth_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
