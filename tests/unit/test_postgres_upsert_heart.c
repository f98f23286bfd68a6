/* The heart of postgres-upsert: routes, decoding, reducing, ordering, statements and their
 * parameters. */
#include "array_text.h"
#include "batch.h"
#include "decode.h"
#include "key.h"
#include "params.h"
#include "route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* ---- what is needed everywhere ---- */

struct state {
    struct arena *arena;
    struct target_table tables[3];
};

static struct target_column column(const char *name, const char *type, enum wire wire,
                                   enum form form, bool key)
{
    return (struct target_column){.name = name,
                                  .type = type,
                                  .wire = wire,
                                  .form = form,
                                  .is_key = key,
                                  .same_by_bytes = strcmp(type, "numeric") != 0};
}

static void make_tables(struct state *state)
{
    static struct target_column one[4], two[2], single[1];
    static uint32_t one_key[] = {0}, two_key[] = {0, 1};

    one[0] = column("id", "bigint", WIRE_INT8, FORM_TEXT, true);
    one[1] = column("small", "smallint", WIRE_INT2, FORM_TEXT, false);
    one[2] = column("note", "text", WIRE_TEXT, FORM_TEXT, false);
    one[3] = column("doc", "jsonb", WIRE_TEXT, FORM_JSON, false);
    two[0] = column("a \"b", "integer", WIRE_INT4, FORM_TEXT, true);
    two[0].nullable = true;
    two[1] = column("k", "numeric", WIRE_TEXT, FORM_TEXT, true);
    single[0] = column("n", "bigint", WIRE_INT8, FORM_TEXT, false);
    state->tables[0] = (struct target_table){.topic = "t.one",
                                             .quoted = "\"s\".\"one\"",
                                             .columns = one,
                                             .columns_n = 4,
                                             .key = one_key,
                                             .key_n = 1};
    state->tables[1] = (struct target_table){.topic = "t.two",
                                             .quoted = "\"s\".\"two\"",
                                             .columns = two,
                                             .columns_n = 2,
                                             .key = two_key,
                                             .key_n = 2,
                                             .key_nullable = true};
    state->tables[2] = (struct target_table){
        .topic = "t.single", .quoted = "\"s\".\"single\"", .columns = single, .columns_n = 1};
    for (unsigned i = 0; i < 3; i++)
        table_statements(state->arena, &state->tables[i], i);
}

static int set_up(void **ret)
{
    struct state *state = err_calloc(1, sizeof(*state));

    state->arena = arena_new(1 << 20);
    make_tables(state);
    *ret = state;
    return 0;
}

static int tear_down(void **given)
{
    struct state *state = *given;

    arena_free(state->arena);
    free(state);
    return 0;
}

static void assert_str(struct str actual, const char *expected)
{
    if (!str_eq_c(actual, expected))
        fail_msg("\"%.*s\" instead of \"%s\"", STR_ARG(actual), expected);
}

/* ---- routes ---- */

static void target_file_is_scanned(void **given)
{
    struct state *state = *given;
    struct route *routes = NULL;
    size_t n = 0;
    struct err err;
    struct str sql = STR(
        "-- create table no.no (\nCREATE SCHEMA gold; /* create table x.x */\n"
        "create  Table if NOT exists Gold . \"Odd \"\"name\" (a text DEFAULT 'create table y.y');"
        "CREATE UNLOGGED TABLE silver.plain(id int);CREATE TABLE silver.plain(id int);"
        "COMMENT ON TABLE silver.plain IS 'it''s create table z.z';"
        "CREATE UNIQUE INDEX i ON silver.plain (id);");

    assert_true(route_scan(state->arena, "acme", sql, &routes, &n, &err));
    assert_int_equal(n, 2);
    assert_string_equal(routes[0].topic, "acme.gold.Odd \"name");
    assert_string_equal(routes[0].table, "Odd \"name");
    assert_string_equal(routes[1].topic, "acme.silver.plain");
    assert_string_equal(routes[1].schema, "silver");
    assert_false(
        route_scan(state->arena, "acme", STR("CREATE TABLE bare (a int)"), &routes, &n, &err));
    assert_int_equal(err.exit_status, EX_CONFIG);
    assert_true(route_scan(state->arena, "acme", STR("SELECT '"), &routes, &n, &err));
    assert_int_equal(n, 0);
}

static void topics_are_listed(void **given)
{
    struct state *state = *given;
    struct route *routes = NULL;
    size_t n = 0;
    struct err err;
    char *good[] = {(char[]){"acme.gold.a"}, (char[]){"other=silver.b.c"}};
    char *bad[] = {(char[]){"beta.gold.a"}, (char[]){"x=nodot"}, (char[]){"=a.b"},
                   (char[]){"acme"}};
    char *twice[] = {(char[]){"x=a.b"}, (char[]){"y=a.b"}};
    struct option_list list = {.items = good, .n = 2};

    assert_true(route_list(state->arena, "acme", &list, &routes, &n, &err));
    assert_int_equal(n, 2);
    assert_string_equal(routes[0].schema, "gold");
    assert_string_equal(routes[1].topic, "other");
    assert_string_equal(routes[1].table, "b.c");
    for (size_t i = 0; i < 4; i++) {
        list = (struct option_list){.items = &bad[i], .n = 1};
        assert_false(route_list(state->arena, "acme", &list, &routes, &n, &err));
        assert_int_equal(err.exit_status, EX_USAGE);
    }
    list = (struct option_list){.items = twice, .n = 2};
    assert_false(route_list(state->arena, "acme", &list, &routes, &n, &err));
}

/* ---- statements ---- */

static void statements_are_built(void **given)
{
    struct state *state = *given;

    assert_string_equal(
        state->tables[0].upsert_sql,
        "INSERT INTO \"s\".\"one\" AS t (\"id\",\"small\",\"note\",\"doc\") SELECT "
        "x.c0::bigint,x.c1::smallint,"
        "x.c2::text,x.c3::jsonb FROM unnest($1::int8[],$2::int2[],$3::text[],$4::text[]) AS "
        "x(c0,c1,c2,c3) "
        "ON CONFLICT (\"id\") DO UPDATE SET "
        "\"small\"=EXCLUDED.\"small\",\"note\"=EXCLUDED.\"note\","
        "\"doc\"=EXCLUDED.\"doc\" WHERE ROW(t.\"small\",t.\"note\",t.\"doc\")::record *<> "
        "ROW(EXCLUDED.\"small\",EXCLUDED.\"note\",EXCLUDED.\"doc\")::record");
    assert_string_equal(state->tables[0].delete_sql,
                        "DELETE FROM \"s\".\"one\" AS t USING unnest($1::int8[]) AS x(c0) WHERE "
                        "t.\"id\"=x.c0::bigint");
    /* a numeric key is written again: 1.0 and 1.00 are one key */
    assert_non_null(
        strstr(state->tables[1].upsert_sql, "DO UPDATE SET \"k\"=EXCLUDED.\"k\" WHERE"));
    assert_string_equal(
        state->tables[1].delete_null_sql,
        "DELETE FROM \"s\".\"two\" AS t USING unnest($1::int4[],$2::text[]) AS x(c0,c1) WHERE "
        "(t.\"a \"\"b\"=x.c0::integer OR (t.\"a \"\"b\" IS NULL AND x.c0 IS NULL)) AND "
        "t.\"k\"=x.c1::numeric");
    assert_non_null(strstr(state->tables[2].upsert_sql, "ON CONFLICT ((true)) DO UPDATE"));
    assert_string_equal(state->tables[2].delete_sql, "DELETE FROM \"s\".\"single\" AS t");
}

/* ---- decoding ---- */

static struct str *decode(struct state *state, unsigned table, const char *key, const char *value,
                          struct err *reterr)
{
    struct str *fields = NULL;

    return decode_record(&state->tables[table], str_of(key), str_of(value), state->arena, &fields,
                         reterr)
               ? fields
               : NULL;
}

static void a_row_is_decoded(void **given)
{
    struct state *state = *given;
    struct err err;
    struct str *fields = decode(
        state, 0, "{\"id\":1}",
        "{\"note\":\"a\\u00e9\\n\",\"doc\":\"x\",\"small\":-2,\"id\":-9223372036854775808}", &err);

    assert_non_null(fields);
    assert_memory_equal(fields[0].at, "\x80\0\0\0\0\0\0\0", 8);
    assert_memory_equal(fields[1].at, "\xff\xfe", 2);
    assert_str(fields[2], "a\xc3\xa9\n");
    assert_str(fields[3], "\"x\"");

    fields = decode(state, 0, "{\"id\":7}", "{\"doc\":{\"a\":[1]},\"note\":null}", &err);
    assert_non_null(fields); /* the key column comes from the key, what is missing is NULL */
    assert_int_equal(fields[0].at[7], 7);
    assert_null(fields[1].at);
    assert_null(fields[2].at);
    assert_str(fields[3], "{\"a\":[1]}");
    fields = decode(state, 1, "{\"k\":1.50,\"a \\\"b\":null}", NULL, &err);
    assert_non_null(fields);
    assert_null(fields[0].at);
    assert_str(fields[1], "1.50");
}

static void what_can_not_be_a_row_is_refused(void **given)
{
    static const struct {
        const char *key, *value, *sqlstate, *word;
        enum err_kind kind;
    } cases[] = {
        {"{\"id\":1}", "not json", "", "value", ERR_DEAD_LETTER},
        {"{\"id\":1}", "[1]", "", "object", ERR_DEAD_LETTER},
        {"{\"id\":1}", "{\"id\":1}x", "", "after the value", ERR_DEAD_LETTER},
        {NULL, "{\"id\":1}", "", "no key", ERR_DEAD_LETTER},
        {"{}", NULL, "23502", "id", ERR_DEAD_LETTER},
        {"{\"id\":1}", "{\"id\":null}", "23502", "null value in column \"id\"", ERR_DEAD_LETTER},
        {"1", NULL, "", "key", ERR_DEAD_LETTER},
        {"{\"id\":1}", "{\"note\":\"a\\u0000\"}", "22P05", "u0000", ERR_DEAD_LETTER},
        {"{\"id\":1}", "{\"small\":32768}", "22003", "small", ERR_DEAD_LETTER},
        {"{\"id\":1}", "{\"small\":-32769}", "22003", "small", ERR_DEAD_LETTER},
        {"{\"id\":9223372036854775808}", NULL, "22P02", "id", ERR_DEAD_LETTER},
        {"{\"id\":\"\"}", NULL, "22P02", "id", ERR_DEAD_LETTER},
        {"{\"id\":1}", "{\"small\":true}", "22P02", "small", ERR_DEAD_LETTER},
        {"{\"id\":1}", "{\"small\":1.5}", "22P02", "small", ERR_DEAD_LETTER},
        {"{\"id\":1}", "{\"other\":1}", "", "ADD COLUMN \"other\"", ERR_STOP},
    };
    struct state *state = *given;

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct err err = {0};

        assert_null(decode(state, 0, cases[i].key, cases[i].value, &err));
        assert_int_equal(err.kind, cases[i].kind);
        if (strcmp(err.sqlstate, cases[i].sqlstate) != 0 || strstr(err.text, cases[i].word) == NULL)
            fail_msg("case %zu: %s %s", i, err.sqlstate, err.text);
    }
}

static void json_arrays_become_literals(void **given)
{
    static const char *const cases[][2] = {
        {"[]", "{}"},
        {"[1, null ,\"a b\"]", "{1,NULL,\"a b\"}"},
        {"[[1,2],[3,4]]", "{{1,2},{3,4}}"},
        {"[\"\\\"\\\\\",\"\",\"NULL\",true]", "{\"\\\"\\\\\",\"\",\"NULL\",true}"},
        {"[{},{\"a\":1}]", "{\"{}\",\"{\\\"a\\\":1}\"}"},
    };
    struct state *state = *given;

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct str text;
        struct err err;

        assert_true(array_text(str_of(cases[i][0]), state->arena, &text, &err));
        assert_str(text, cases[i][1]);
    }
}

/* ---- keys ---- */

static void a_table_keyed_otherwise_is_refused(void **given)
{
    static const struct {
        unsigned table;
        const char *key, *mending; /* NULL: it fits */
        bool tombstone, told;
    } cases[] = {
        {0, "{\"id\":1}", NULL, false, true},
        {0, "{\"id\":1}", NULL, true, true},
        {1, "{\"k\":1,\"a \\\"b\":null}", NULL, false, true}, /* in any order */
        {2, "{}", NULL, false, true},
        {2, "{}", NULL, true, true},
        /* what says nothing of the topic is left to decode_record */
        {0, NULL, NULL, false, false},
        {0, "1", NULL, false, false},
        {0, "{\"id\":1", NULL, false, false},
        {0, "{}", NULL, true, false},
        {0, "{\"note\":1}", NULL, true, false},
        {1, "{\"k\":1}", NULL, true, false},
        /* rows of several keys in one */
        {0, "{\"id\":1,\"small\":2}",
         "DROP it; ALTER TABLE \"s\".\"one\" ADD PRIMARY KEY (\"id\", \"small\")", false, false},
        {0, "{\"id\":1,\"small\":2}", "DROP it; ALTER TABLE", true, false},
        {0, "{\"note\":1}", "ADD PRIMARY KEY (\"note\")", false, false},
        {0, "{\"other\":1}", "sluice-views --ddl", false, false},
        {2, "{\"n\":1}", "ADD PRIMARY KEY (\"n\")", false, false},
        /* rows that stay beside the ones that replace them */
        {1, "{\"a \\\"b\":1}", "ADD UNIQUE NULLS NOT DISTINCT (\"a \"\"b\")", false, false},
        {0, "{}", "CREATE UNIQUE INDEX ON \"s\".\"one\" ((true))", false, false},
    };
    struct state *state = *given;

    state->tables[0].key_drop_sql = "DROP it";
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        bool told = !cases[i].told;
        struct err err = {0};
        bool fits = key_fits(&state->tables[cases[i].table], str_of(cases[i].key),
                             cases[i].tombstone, state->arena, &told, &err);

        if (fits != (cases[i].mending == NULL) || told != cases[i].told)
            fail_msg("case %zu: %d %d %s", i, fits, told, err.text);
        if (cases[i].mending == NULL)
            continue;
        assert_int_equal(err.exit_status, EX_CONFIG);
        if (strstr(err.text, cases[i].mending) == NULL || strstr(err.text, "topic t.") == NULL)
            fail_msg("case %zu: %s", i, err.text);
    }
}

static void keys_are_compared_once_a_schema(void **given)
{
    struct key_check check = {0};
    uint32_t id = 1;

    (void)given;
    assert_true(key_unknown(&check, STR("{\"id\":1}"), &id));
    assert_int_equal(id, 0);
    check.told = true;
    assert_false(key_unknown(&check, STR("{\"id\":2}"), &id));
    assert_true(key_unknown(&check, (struct str){"\0\0\0\1\2x", 6}, &id));
    assert_int_equal(id, 258);
    check.schema_id = id;
    assert_false(key_unknown(&check, (struct str){"\0\0\0\1\2y", 6}, &id));
    assert_true(key_unknown(&check, (struct str){"\0\0\0\1\3y", 6}, &id));
}

/* ---- batches ---- */

static void add(struct batch *batch, uint32_t table, const char *key, const char *value,
                uint32_t tag)
{
    struct err err;

    if (!batch_add(batch, table, str_of(key), str_of(value), tag, &err))
        fail_msg("%s", err.text);
}

static void the_last_of_a_key_stays_in_key_order(void **given)
{
    static const uint32_t expected[] = {3, 5, 2, 8, 6, 7};
    struct state *state = *given;
    struct batch *batch = batch_new(state->tables, 16);
    int64_t upserts = 0, deletes = 0;

    for (int round = 0; round < 2; round++) {
        add(batch, 0, "{\"id\":10}", "{\"id\":10}", 0);
        add(batch, 1, "{\"a \\\"b\":1,\"k\":2}", "{\"a \\\"b\":1,\"k\":2}", 1);
        add(batch, 0, "{\"id\":9}", "{\"id\":9}", 2);
        add(batch, 0, "{\"id\":-5}", "{\"id\":-5}", 3);
        add(batch, 0, "{\"id\":10}", NULL, 4);
        add(batch, 0, "{\"id\":2}", NULL, 5);
        add(batch, 1, "{\"a \\\"b\":1,\"k\":2}", NULL, 6);
        add(batch, 1, "{\"a \\\"b\":null,\"k\":2}", NULL, 7);
        add(batch, 0, "{\"id\":10}", "{\"id\":10,\"small\":1}", 8);
        batch_seal(batch);
        assert_int_equal(batch->order_n, 6);
        for (uint32_t i = 0; i < 6; i++)
            assert_int_equal(batch->entries[batch->order[i]].tag, expected[i]);
        assert_int_equal(batch->entries[8].previous, 4);
        assert_int_equal(batch->entries[4].previous, 0);
        assert_int_equal(batch->entries[0].previous, BATCH_NONE);
        batch_count(batch, &upserts, &deletes);
        assert_int_equal(upserts, 3);
        assert_int_equal(deletes, 3);
        batch_clear(batch);
    }
    batch_free(batch);
}

static void a_row_gets_its_commit_time(void **given)
{
    struct state *state = *given;
    struct batch *batch = batch_new(state->tables, 4);
    const uint32_t note = 2;

    state->tables[0].time_column = note;
    add(batch, 0, "{\"id\":1}", "{\"id\":1}", 0);
    batch_set_time(batch, STR("12:00"));
    add(batch, 0, "{\"id\":2}", "{\"id\":2,\"note\":\"said\"}", 1);
    batch_set_time(batch, STR("13:00"));
    add(batch, 0, "{\"id\":3}", NULL, 2);
    batch_set_time(batch, STR("14:00"));
    assert_true(str_eq(batch->entries[0].fields[note], STR("12:00")));
    assert_true(str_eq(batch->entries[1].fields[note], STR("said")));
    assert_null(batch->entries[2].fields[note].at);
    batch_free(batch);
}

static void a_refused_record_leaves_no_trace(void **given)
{
    struct state *state = *given;
    struct batch *batch = batch_new(state->tables, 4);
    struct err err;

    add(batch, 0, "{\"id\":1}", "{\"id\":1}", 0);
    assert_false(batch_add(batch, 0, STR("{\"id\":1}"), STR("{"), 1, &err));
    batch_seal(batch);
    assert_int_equal(batch->order_n, 1);
    assert_int_equal(batch->entries[batch->order[0]].tag, 0);
    batch_free(batch);
}

static void statements_go_by_table_and_kind(void **given)
{
    static const char *const names[] = {"delete_0 of \"s\".\"one\"", "upsert_0 of \"s\".\"one\"",
                                        "seen_0", "delete_1 of \"s\".\"two\"",
                                        "delete_null_1 of \"s\".\"two\""};
    struct state *state = *given;
    struct batch *batch = batch_new(state->tables, 8);
    int n = 0;

    add(batch, 0, "{\"id\":1}", "{\"id\":1,\"small\":5,\"note\":\"x\"}", 0);
    add(batch, 0, "{\"id\":2}", NULL, 1);
    add(batch, 1, "{\"a \\\"b\":1,\"k\":2}", NULL, 2);
    add(batch, 1, "{\"a \\\"b\":null,\"k\":2}", NULL, 3);
    batch_seal(batch);
    const struct pg_statement *statements = batch_statements(batch, 0, batch->order_n, true, &n);
    assert_int_equal(n, 5);
    for (int i = 0; i < n; i++)
        assert_string_equal(statements[i].name, names[i]);
    assert_int_equal(statements[1].params_n, 4);
    /* one dimension, no NULLs, of int2, one element from index 1: two bytes, 5 */
    assert_int_equal(statements[1].lengths[1], 26);
    assert_memory_equal(statements[1].values[1],
                        "\0\0\0\1\0\0\0\0\0\0\0\x15\0\0\0\1\0\0\0\1\0\0\0\2\0\5", 26);
    /* a NULL is a length of -1 */
    assert_int_equal(statements[1].lengths[3], 24);
    assert_memory_equal(statements[1].values[3],
                        "\0\0\0\1\0\0\0\1\0\0\0\x19\0\0\0\1\0\0\0\1\xff\xff\xff\xff", 24);
    batch_statements(batch, 0, batch->order_n, false, &n);
    assert_int_equal(n, 4);
    batch_statements(batch, 1, 2, false, &n);
    assert_int_equal(n, 1);
    batch_statements(batch, 2, 2, false, &n);
    assert_int_equal(n, 0);
    batch_free(batch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(target_file_is_scanned, set_up, tear_down),
        cmocka_unit_test_setup_teardown(topics_are_listed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(statements_are_built, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_row_is_decoded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_can_not_be_a_row_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_table_keyed_otherwise_is_refused, set_up, tear_down),
        cmocka_unit_test(keys_are_compared_once_a_schema),
        cmocka_unit_test_setup_teardown(json_arrays_become_literals, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_last_of_a_key_stays_in_key_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_refused_record_leaves_no_trace, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_row_gets_its_commit_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(statements_go_by_table_and_kind, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
