/* What a pipeline file is planned to: types, keys, joins, shared nodes, contracts. */
#include "sql/pipeline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char sources[] =
    "CREATE FOREIGN TABLE b.t (id bigint PRIMARY KEY, k int, s2 smallint, s text, v varchar(20),"
    " c char(5), n numeric(12,2), f4 real, f8 double precision, b boolean NOT NULL, d date,"
    " ts timestamp(3)) SERVER kafka OPTIONS (topic 't');\n"
    "CREATE FOREIGN TABLE b.u (id bigint PRIMARY KEY, t_id bigint, name text NOT NULL, x int)"
    " SERVER kafka OPTIONS (topic 'u', format 'json');\n"
    "CREATE FOREIGN TABLE b.w (y int, x int, t_id bigint, PRIMARY KEY (y, x))"
    " SERVER kafka OPTIONS (topic 'w');\n";

static struct arena *arena;

static int setup(void **state)
{
    (void)state;
    arena = arena_new(1 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena = arena_free(arena);
    return 0;
}

/* The plan of the sources above and the statements; fails the test when it is refused. */
static const struct plan *planned(const char *statements)
{
    const char *text = arena_printf(arena, "%s%s", sources, statements);
    const struct plan *plan = NULL;
    struct err err;

    if (!pipeline_plan(arena, "test.sql", str_of(text), "p", &plan, &err))
        fail_msg("%s", err.text);
    return plan;
}

/* The plan of one view over a SELECT. */
static const struct plan *view_of(const char *select)
{
    return planned(arena_printf(arena, "CREATE MATERIALIZED VIEW g.v AS %s;", select));
}

static const char *text_of(struct buf *buf)
{
    const char *text = arena_printf(arena, "%s", buf_cstr(buf));

    buf_done(buf);
    return text;
}

static const char *type_text(struct type type)
{
    struct buf buf = {0};

    type_print(&buf, type);
    return text_of(&buf);
}

/* "id, y": the key's column names. */
static const char *key_text(const struct schema *schema)
{
    struct buf buf = {0};

    for (uint16_t i = 0; i < schema->key_n; i++)
        buf_printf(&buf, "%s%s", i > 0 ? ", " : "", schema->columns[schema->key[i]].name);
    return text_of(&buf);
}

static const char *explained(const struct plan *plan)
{
    struct buf buf = {0};

    pipeline_explain(&buf, plan);
    return text_of(&buf);
}

static uint32_t count_kind(const struct plan *plan, enum plan_kind kind)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < plan->nodes_n; i++)
        n += plan->nodes[i].kind == kind;
    return n;
}

static void assert_shows(const struct plan *plan, const char *part)
{
    const char *text = explained(plan);

    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in:\n%s", part, text);
}

/* ---- types, as format_type of PostgreSQL 15 prints those of the same view ---- */

static const struct {
    const char *expr, *type;
} scalar_types[] = {
    {"k + id", "bigint"},
    {"k + s2", "integer"},
    {"k * 2.5", "numeric"},
    {"n * 2", "numeric"},
    {"f4 + f4", "real"},
    {"f4 + f8", "double precision"},
    {"f4 + 1", "double precision"},
    {"upper(v)", "text"},
    {"v || s", "text"},
    {"coalesce(n, 0)", "numeric"},
    {"coalesce(v, '')", "character varying"},
    {"CASE WHEN b THEN n ELSE n END", "numeric(12,2)"},
    {"CASE WHEN b THEN n END", "numeric"},
    {"CASE k WHEN 1 THEN 'one' WHEN 2 THEN v END", "character varying"},
    {"nullif(v, 'x')", "text"},
    {"nullif(k, id)", "integer"},
    {"k::numeric(10,3)", "numeric(10,3)"},
    {"v::varchar(5)", "character varying(5)"},
    {"s::char(3)", "character(3)"},
    {"'lit'", "text"},
    {"NULL", "text"},
    {"1", "integer"},
    {"99999999999", "bigint"},
    {"99999999999999999999", "numeric"},
    {"true", "boolean"},
    {"date '2020-01-01'", "date"},
    {"d - d", "integer"},
    {"d + 1", "date"},
    {"ts", "timestamp(3) without time zone"},
    {"greatest(k, s2, id)", "bigint"},
    {"k BETWEEN 1 AND 2.5", "boolean"},
    {"v IN ('a', s)", "boolean"},
    {"k IS DISTINCT FROM id", "boolean"},
    {"s LIKE 'a%'", "boolean"},
};

static void test_scalar_types(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(scalar_types) / sizeof(scalar_types[0]); i++) {
        const struct plan *plan =
            view_of(arena_printf(arena, "SELECT id, %s AS e FROM b.t", scalar_types[i].expr));

        assert_string_equal(type_text(plan->views[0].schema.columns[1].type), scalar_types[i].type);
    }
}

static const struct {
    const char *expr, *type;
} aggregate_types[] = {
    {"count(*)", "bigint"},
    {"count(s)", "bigint"},
    {"sum(s2)", "bigint"},
    {"sum(k)", "bigint"},
    {"sum(id)", "numeric"},
    {"sum(n)", "numeric"},
    {"sum(f4)", "real"},
    {"sum(f8)", "double precision"},
    {"avg(k)", "numeric"},
    {"avg(n)", "numeric"},
    {"avg(f4)", "double precision"},
    {"min(v)", "text"},
    {"max(n)", "numeric"},
    {"min(c)", "character"},
    {"max(ts)", "timestamp without time zone"},
    {"max(s2)", "smallint"},
    {"sum(k) + count(*)", "bigint"},
    {"coalesce(sum(k), 0)", "bigint"},
};

static void test_aggregate_types(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(aggregate_types) / sizeof(aggregate_types[0]); i++) {
        const struct plan *plan = view_of(
            arena_printf(arena, "SELECT b, %s AS e FROM b.t GROUP BY b", aggregate_types[i].expr));
        const char *type = type_text(plan->views[0].schema.columns[1].type);

        if (strcmp(type, "bpchar") == 0)
            type = "character";
        assert_string_equal(type, aggregate_types[i].type);
    }
}

static void test_output_names(void **state)
{
    const struct plan *plan = view_of(
        "SELECT id, k::text, upper(s), coalesce(k, 1), k + 1, CASE WHEN b THEN 1 ELSE s2 END,"
        " nullif(k, 1), '1'::int, CASE WHEN b THEN 1 END FROM b.t");
    static const char *const names[] = {"id", "k",      "upper", "coalesce", "?column?",
                                        "s2", "nullif", "int4",  "case"};

    (void)state;
    assert_int_equal(plan->views[0].schema.columns_n, sizeof(names) / sizeof(names[0]));
    for (uint16_t i = 0; i < plan->views[0].schema.columns_n; i++)
        assert_string_equal(plan->views[0].schema.columns[i].name, names[i]);
}

/* ---- keys ---- */

static const struct {
    const char *select, *key;
} keys[] = {
    {"SELECT k, id FROM b.t WHERE k > 1", "id"},
    {"SELECT x, y FROM b.w", "y, x"},
    {"SELECT k, s, count(*) FROM b.t GROUP BY s, k", "s, k"},
    {"SELECT count(*) FROM b.t", ""},
    /* the right side's key is joined: the left side's key alone */
    {"SELECT u.id, u.name, t.s FROM b.u LEFT JOIN b.t ON t.id = u.t_id", "id"},
    {"SELECT u.id, t.s FROM b.t JOIN b.u ON t.id = u.t_id", "id"},
    /* a pair of keys */
    {"SELECT t.id, y, x FROM b.t LEFT JOIN b.w ON w.t_id = t.k", "id, y, x"},
    {"SELECT t.id, u.id AS u FROM b.t JOIN b.u ON t.s = u.name", "id, u"},
    /* an equal column stands for the key */
    {"SELECT t_id, t.s FROM b.t JOIN (SELECT DISTINCT t_id FROM b.u) u ON t.id = u.t_id", "t_id"},
    {"SELECT id, s FROM b.t WHERE id = 5", "id"},
    {"SELECT DISTINCT k, s FROM b.t", "k, s"},
    {"SELECT DISTINCT id, s FROM b.t", "id"},
    {"SELECT k AS a, id AS bb FROM b.t ORDER BY 2 LIMIT 1", "bb"},
    /* a column fixed by a grouped primary key */
    {"SELECT t.id, t.s, count(u.x) FROM b.t LEFT JOIN b.u ON u.t_id = t.id GROUP BY t.id", "id"},
};

static void test_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const struct plan *plan = view_of(keys[i].select);

        assert_true(plan->nodes[plan->views[0].node].has_key);
        assert_string_equal(key_text(&plan->views[0].schema), keys[i].key);
    }
}

/* ---- joins ---- */

static const struct {
    const char *select, *shows;
} joins[] = {
    /* conditions sink, unread columns go */
    {"SELECT t.id, u.id AS u FROM b.t JOIN b.u ON u.t_id = t.id AND t.s = 'a' WHERE u.x > 1",
     "inner join on id = t_id"},
    {"SELECT t.id, u.id AS u FROM b.t JOIN b.u ON u.t_id = t.id AND t.s = 'a' WHERE u.x > 1",
     "project id, t_id\n        #"},
    {"SELECT t.id, u.id AS u FROM b.t, b.u WHERE u.t_id = t.id", "inner join on id = t_id"},
    /* in WHERE above a LEFT join: the left side's sink, the right side's stay */
    {"SELECT u.id FROM b.u LEFT JOIN b.t ON u.t_id = t.id WHERE u.x = 1 AND t.k IS NULL",
     "filter (k IS NULL)\n      #"},
    {"SELECT u.id FROM b.u LEFT JOIN b.t ON u.t_id = t.id WHERE u.x = 1 AND t.k IS NULL",
     "filter (x = 1)"},
    /* in ON of a LEFT join: the right side's sink, the left side's become a key */
    {"SELECT u.id, t.s FROM b.u LEFT JOIN b.t ON u.t_id = t.id AND u.x = 1 AND t.k = 2",
     "left join on t_id = id AND (x = 1) = true"},
    {"SELECT u.id, t.s FROM b.u LEFT JOIN b.t ON u.t_id = t.id AND u.x = 1 AND t.k = 2",
     "filter (k = 2)"},
    {"SELECT u.id, t.s FROM b.t RIGHT JOIN b.u ON u.t_id = t.id", "left join on t_id = id"},
    /* keys of different types meet in their common type */
    {"SELECT t.id, w.y, w.x FROM b.t JOIN b.w ON w.x = t.id", "inner join on id = x::bigint"},
    /* a condition over both sides that is no equality */
    {"SELECT t.id, u.id AS u FROM b.t JOIN b.u ON u.t_id = t.id AND u.x > t.k", "filter (x > k)"},
    /* written in an order that has no equality between neighbours */
    {"SELECT t.id, u.id AS u, w.y, w.x FROM b.u, b.w, b.t WHERE u.t_id = t.id AND w.t_id = t.id",
     "inner join on t_id = id"},
    {"SELECT id, t.s, u.name FROM b.t JOIN b.u USING (id)", "inner join on id = id"},
    {"WITH a AS (SELECT id, k FROM b.t), c (i, j) AS (SELECT * FROM a) SELECT i, j FROM c WHERE j "
     "= 3",
     "filter (k = 3)"},
};

static void test_joins(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(joins) / sizeof(joins[0]); i++)
        assert_shows(view_of(joins[i].select), joins[i].shows);
}

/* ---- LIMIT ---- */

static const char *const total_orders[] = {
    "SELECT id, s FROM b.t ORDER BY s, id LIMIT 2",
    "SELECT id, s FROM b.t ORDER BY id + 0, id DESC NULLS LAST LIMIT 2 OFFSET 1",
    "SELECT s, count(*) FROM b.t GROUP BY s ORDER BY 2 DESC, s LIMIT 2",
    /* a name fixed by the joined primary key */
    ("SELECT u.t_id, t.s, count(*) AS n FROM b.u LEFT JOIN b.t ON t.id = u.t_id GROUP BY 1, 2"
     " ORDER BY n DESC, u.t_id LIMIT 3"),
    "SELECT u.id, t.s FROM b.u JOIN b.t ON t.id = u.t_id ORDER BY u.id LIMIT 3",
    "SELECT x, y FROM b.w WHERE x = 3 ORDER BY y LIMIT 3",
    "SELECT count(*) FROM b.t LIMIT 1",
    "SELECT DISTINCT k, s FROM b.t ORDER BY s, k LIMIT 3",
};

static void test_total_orders(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(total_orders) / sizeof(total_orders[0]); i++)
        assert_int_equal(count_kind(view_of(total_orders[i]), PLAN_TOP), 1);
}

static void test_order_of_a_view(void **state)
{
    const struct plan *plan = view_of("SELECT id, s AS name FROM b.t ORDER BY name DESC, id");

    (void)state;
    assert_int_equal(count_kind(plan, PLAN_TOP), 0);
    assert_int_equal(plan->views[0].order_n, 2);
    assert_int_equal(plan->views[0].order[0].expr->column, 1);
    assert_true(plan->views[0].order[0].order.descending);
    assert_true(plan->views[0].order[0].order.nulls_first);
}

/* ---- sharing ---- */

static void test_equal_subplans_are_one_node(void **state)
{
    const struct plan *plan = planned(
        "CREATE MATERIALIZED VIEW s.t AS SELECT id, k, upper(s) AS s FROM b.t;"
        "CREATE MATERIALIZED VIEW g.a AS SELECT s, count(*) AS n FROM s.t WHERE k > 0 GROUP BY s;"
        "CREATE MATERIALIZED VIEW g.c AS SELECT s AS name, count(*) AS m FROM s.t AS z WHERE z.k > "
        "0"
        " GROUP BY 1;");

    (void)state;
    assert_int_equal(plan->views[1].node, plan->views[2].node);
    assert_int_equal(plan->nodes_n, 4);
    assert_string_equal(plan->views[2].schema.columns[0].name, "name");
    assert_string_equal(plan->views[1].schema.columns[0].name, "s");
}

static void test_inputs_come_first(void **state)
{
    const struct plan *plan =
        planned("CREATE VIEW s.j AS SELECT u.id, t.s FROM b.u JOIN b.t ON t.id = u.t_id;"
                "CREATE MATERIALIZED VIEW g.a AS SELECT s, count(*) FROM s.j GROUP BY s;");

    (void)state;
    assert_int_equal(plan->views_n, 1);
    for (uint32_t i = 0; i < plan->nodes_n; i++) {
        const struct plan_node *node = &plan->nodes[i];

        if (node->kind != PLAN_SOURCE)
            assert_true(node->inputs[0] < i);
        if (node->kind == PLAN_JOIN)
            assert_true(node->inputs[1] < i);
        if (node->kind == PLAN_SOURCE)
            assert_int_equal(plan->sources[node->source].node, i);
    }
    assert_int_equal(plan->sources[2].node, UINT32_MAX);
}

static void test_hash_follows_the_meaning(void **state)
{
    uint64_t hash = view_of("SELECT id, k FROM b.t WHERE k > 1")->hash;

    (void)state;
    assert_true(hash == view_of("select id , t.k from b.t where k>1 -- the same\n")->hash);
    assert_false(hash == view_of("SELECT id, k FROM b.t WHERE k > 2")->hash);
    assert_false(hash == view_of("SELECT id, k AS kk FROM b.t WHERE k > 1")->hash);
    assert_false(hash == view_of("SELECT id, k::bigint AS k FROM b.t WHERE k > 1")->hash);
}

/* ---- contracts ---- */

static void test_rules(void **state)
{
    const struct plan *plan = planned(
        "CREATE FOREIGN TABLE b.r (id int PRIMARY KEY, a int NOT NULL CHECK (a > 0) CHECK (a < 9),"
        " c text OPTIONS (warn 'r_c_check') CHECK (c <> ''), CHECK (a > 1 AND c <> 'x'),"
        " CONSTRAINT named CHECK (c ~~ 'a%')) SERVER kafka OPTIONS (topic 'r', warn 'a not null');"
        "CREATE MATERIALIZED VIEW g.r AS SELECT * FROM b.r;");
    const struct plan_source *source = &plan->sources[3];
    static const struct {
        const char *name, *text;
        bool warning;
    } expected[] = {
        {"id not null", "id IS NOT NULL", false},
        {"a not null", "a IS NOT NULL", true},
        {"named", "c ~~ 'a%'", false},
        {"r_a_check", "a > 0", false},
        {"r_a_check1", "a < 9", false},
        {"r_c_check", "c <> ''", true},
        {"r_check", "a > 1 AND c <> 'x'", false},
    };

    (void)state;
    assert_int_equal(source->rules_n, sizeof(expected) / sizeof(expected[0]));
    for (uint16_t i = 0; i < source->rules_n; i++) {
        assert_string_equal(source->rules[i].name, expected[i].name);
        assert_string_equal(source->rules[i].text, expected[i].text);
        assert_int_equal(source->rules[i].warning, expected[i].warning);
    }
    assert_true(source->schema.columns[0].not_null);
    assert_false(source->schema.columns[1].not_null);
}

static void test_view_options(void **state)
{
    const struct plan *plan = planned(
        "CREATE MATERIALIZED VIEW g.a WITH (topic = 'x.y', partitions = 3) AS SELECT id FROM b.t;"
        "CREATE MATERIALIZED VIEW g.bb (one, two) AS SELECT id, k FROM b.t;"
        "COMMENT ON MATERIALIZED VIEW g.bb IS 'it''s';");

    (void)state;
    assert_string_equal(plan->views[0].topic, "x.y");
    assert_int_equal(plan->views[0].partitions, 3);
    assert_string_equal(plan->views[1].topic, "p.g.bb");
    assert_string_equal(plan->views[1].comment, "it's");
    assert_string_equal(plan->views[1].schema.columns[1].name, "two");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_scalar_types, setup, teardown),
        cmocka_unit_test_setup_teardown(test_aggregate_types, setup, teardown),
        cmocka_unit_test_setup_teardown(test_keys, setup, teardown),
        cmocka_unit_test_setup_teardown(test_joins, setup, teardown),
        cmocka_unit_test_setup_teardown(test_total_orders, setup, teardown),
        cmocka_unit_test_setup_teardown(test_order_of_a_view, setup, teardown),
        cmocka_unit_test_setup_teardown(test_equal_subplans_are_one_node, setup, teardown),
        cmocka_unit_test_setup_teardown(test_inputs_come_first, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hash_follows_the_meaning, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rules, setup, teardown),
        cmocka_unit_test_setup_teardown(test_view_options, setup, teardown),
        cmocka_unit_test_setup_teardown(test_output_names, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
