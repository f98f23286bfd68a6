/* The heart, from pgoutput's bytes to records, with an edge that only remembers. */
#include "capture.h"
#include "pgoutput_messages.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the above */
#include <cmocka.h>

enum { OID = 77, OTHER = 78, UNWANTED = 79 };

/* What came out, one line a record: topic/partition op key position [before -> after]. */
struct world {
    struct buf out;
    struct buf value; /* the last one */
    struct capture *capture;
    struct progress progress;
    struct arena *arena;
    bool full_key; /* the catalogue names id as the key */
};

static bool describe(void *arg, const struct pgoutput_relation *relation, struct capture_facts *ret,
                     struct err *reterr)
{
    static const struct capture_fact facts[] = {
        {.name = {"id", 2}, .type_oid = 23, .typmod = -1, .key_at = 1},
        {.name = {"name", 4}, .type_oid = 25, .typmod = -1}};
    const struct world *world = arg;

    (void)reterr;
    *ret = (struct capture_facts){.wanted = relation->oid != UNWANTED};
    if (world->full_key) {
        ret->columns = facts;
        ret->columns_n = 2;
    }
    return true;
}

static bool open_topic(void *arg, const char *topic, int32_t *ret_partitions, struct err *reterr)
{
    (void)arg;
    (void)reterr;
    assert_true(str_starts(str_of(topic), STR("acme.shop.")));
    *ret_partitions = 3;
    return true;
}

static bool emit(void *arg, const struct capture_record *record, struct err *reterr)
{
    struct world *world = arg;

    (void)reterr;
    buf_printf(&world->out, "%s/%d %c %.*s %.*s %.*s\n", record->topic, record->partition,
               record->op == 0 ? '-' : record->op, STR_ARG(record->key), STR_ARG(record->position),
               STR_ARG(record->commit_time));
    assert_int_equal(record->op == 0, record->value.at == NULL);
    buf_clear(&world->value);
    buf_put(&world->value, record->value);
    return true;
}

static int setup(void **state)
{
    struct world *world = err_calloc(1, sizeof(*world));
    const struct capture_config config = {.prefix = "acme", .database = "db", .tombstones = true};
    const struct capture_edge edge = {world, describe, open_topic, emit};

    world->arena = arena_new(1 << 20);
    world->capture = capture_new(&config, &edge);
    world->progress = (struct progress){.state = PROGRESS_BETWEEN, .end_lsn = 50};
    world->full_key = true;
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;

    capture_free(world->capture);
    arena_free(world->arena);
    buf_done(&world->out);
    buf_done(&world->value);
    free(world);
    return 0;
}

static bool feed(struct world *world, const struct buf *payload, struct err *err)
{
    struct pgoutput_message message;

    arena_reset(world->arena);
    if (!pgoutput_decode(buf_str(payload), world->arena, &message, err))
        fail_msg("%s", err->text);
    return capture_message(world->capture, &world->progress, &message, 60, 2000000, err);
}

static void must(struct world *world, const struct buf *payload)
{
    struct err err = {0};

    if (!feed(world, payload, &err))
        fail_msg("%s", err.text);
}

static void begin(struct world *world, struct buf *payload, char identity)
{
    put_begin(payload, 100, 1000, 9);
    must(world, payload);
    put_relation(payload, OID, "orders", identity,
                 identity == 'f' ? VALUES("*id", "*name") : VALUES("*id", "name"));
    must(world, payload);
}

static void expect_records(struct world *world, const char *records)
{
    assert_string_equal(buf_cstr(&world->out), records);
    buf_clear(&world->out);
}

static void expect_starts(struct world *world, const char *rows)
{
    struct str value = buf_str(&world->value);

    if (!str_starts(value, str_of(rows)))
        fail_msg("%.*s", STR_ARG(value));
}

static void insert_update_delete(void **state)
{
    struct world *world = *state;
    struct buf payload CLEANUP(buf) = {0};

    begin(world, &payload, 'd');
    put_change(&payload, 'I', OID, 0, NULL, VALUES("1", "one"));
    must(world, &payload);
    expect_records(world, "acme.shop.orders/-1 c {\"id\":1} 100/1 1000\n");
    expect_starts(world, "{\"before\":null,\"after\":{\"id\":1,\"name\":\"one\"},\"source\":{");
    assert_non_null(
        strstr(buf_cstr(&world->value), "\"sequence\":\"[\\\"50\\\",\\\"60\\\"]\",\"ts_us\":1000"));
    put_change(&payload, 'U', OID, 0, NULL, VALUES("1", NULL_VALUE));
    must(world, &payload);
    expect_records(world, "acme.shop.orders/-1 u {\"id\":1} 100/2 1000\n");
    expect_starts(world, "{\"before\":null,\"after\":{\"id\":1,\"name\":null},");
    put_change(&payload, 'D', OID, 'K', VALUES("1", NULL_VALUE), NULL);
    must(world, &payload);
    expect_records(world, "acme.shop.orders/-1 d {\"id\":1} 100/3 1000\n"
                          "acme.shop.orders/-1 - {\"id\":1} 100/3 1000\n");
    put_commit(&payload, 100, 120, 1000);
    must(world, &payload);
    assert_true(world->progress.end_lsn == 120);
}

static void a_key_change_is_delete_and_create_under_one_ordinal(void **state)
{
    struct world *world = *state;
    struct buf payload CLEANUP(buf) = {0};

    begin(world, &payload, 'd');
    put_change(&payload, 'U', OID, 'K', VALUES("1", NULL_VALUE), VALUES("2", "two"));
    must(world, &payload);
    expect_records(world, "acme.shop.orders/-1 d {\"id\":1} 100/1 1000\n"
                          "acme.shop.orders/-1 - {\"id\":1} 100/1 1000\n"
                          "acme.shop.orders/-1 c {\"id\":2} 100/1 1000\n");
    expect_starts(world, "{\"before\":null,\"after\":{\"id\":2,\"name\":\"two\"},");
    put_change(&payload, 'I', OID, 0, NULL, VALUES("3", "three"));
    must(world, &payload);
    expect_records(world, "acme.shop.orders/-1 c {\"id\":3} 100/2 1000\n");
}

static void full_identity(void **state)
{
    struct world *world = *state;
    struct buf payload CLEANUP(buf) = {0};

    begin(world, &payload, 'f');
    /* every column is marked; the key is the catalogue's; what is unchanged comes from the old row
     */
    put_change(&payload, 'U', OID, 'O', VALUES("1", "long"), VALUES("1", UNCHANGED));
    must(world, &payload);
    expect_records(world, "acme.shop.orders/-1 u {\"id\":1} 100/1 1000\n");
    expect_starts(world, "{\"before\":{\"id\":1,\"name\":\"long\"},\"after\":{\"id\":1,\"name\":"
                         "\"long\"},");
    put_change(&payload, 'U', OID, 'O', VALUES("1", "long"), VALUES("4", UNCHANGED));
    must(world, &payload);
    expect_records(world, "acme.shop.orders/-1 d {\"id\":1} 100/2 1000\n"
                          "acme.shop.orders/-1 - {\"id\":1} 100/2 1000\n"
                          "acme.shop.orders/-1 c {\"id\":4} 100/2 1000\n");
    expect_starts(world, "{\"before\":null,\"after\":{\"id\":4,\"name\":\"long\"},");
}

static void unchanged_toast_under_default(void **state)
{
    struct world *world = *state;
    struct buf payload CLEANUP(buf) = {0};

    begin(world, &payload, 'd');
    put_change(&payload, 'U', OID, 0, NULL, VALUES("1", UNCHANGED));
    must(world, &payload);
    expect_starts(world, "{\"before\":null,\"after\":{\"id\":1,\"name\":"
                         "\"__debezium_unavailable_value\"},");
}

static void truncate_goes_to_every_partition(void **state)
{
    struct world *world = *state;
    struct buf payload CLEANUP(buf) = {0};

    begin(world, &payload, 'd');
    put_relation(&payload, OTHER, "items", 'd', VALUES("*id", "name"));
    must(world, &payload);
    put_truncate(&payload, OID, OTHER);
    must(world, &payload);
    expect_records(world, "acme.shop.orders/0 t  100/1 1000\nacme.shop.orders/1 t  100/1 1000\n"
                          "acme.shop.orders/2 t  100/1 1000\nacme.shop.items/0 t  100/1 1000\n"
                          "acme.shop.items/1 t  100/1 1000\nacme.shop.items/2 t  100/1 1000\n");
    expect_starts(world, "{\"before\":null,\"after\":null,");
}

static void what_is_not_wanted_counts_but_gives_no_record(void **state)
{
    struct world *world = *state;
    struct buf payload CLEANUP(buf) = {0};

    begin(world, &payload, 'd');
    put_relation(&payload, UNWANTED, "secret", 'd', VALUES("id", "name"));
    must(world, &payload);
    put_change(&payload, 'I', UNWANTED, 0, NULL, VALUES("1", "one"));
    must(world, &payload);
    put_truncate(&payload, UNWANTED, 0);
    must(world, &payload);
    expect_records(world, "");
    put_change(&payload, 'I', OID, 0, NULL, VALUES("1", "one"));
    must(world, &payload);
    expect_records(world, "acme.shop.orders/-1 c {\"id\":1} 100/3 1000\n");
}

static void done_changes_are_not_written_again(void **state)
{
    struct world *world = *state;
    struct buf payload CLEANUP(buf) = {0};

    world->progress =
        (struct progress){.state = PROGRESS_RESUME, .end_lsn = 50, .final_lsn = 100, .changes = 2};
    begin(world, &payload, 'd');
    put_change(&payload, 'I', OID, 0, NULL, VALUES("1", "one"));
    must(world, &payload);
    put_truncate(&payload, OID, 0);
    must(world, &payload);
    expect_records(world, "");
    put_change(&payload, 'I', OID, 0, NULL, VALUES("2", "two"));
    must(world, &payload);
    expect_records(world, "acme.shop.orders/-1 c {\"id\":2} 100/3 1000\n");
}

static void refused(void **state)
{
    struct world *world = *state;
    struct buf payload CLEANUP(buf) = {0};
    struct err err = {0};

    put_change(&payload, 'I', OID, 0, NULL, VALUES("1", "one"));
    assert_false(feed(world, &payload, &err)); /* a table that was not named */
    begin(world, &payload, 'd');
    put_change(&payload, 'I', OID, 0, NULL, VALUES("1"));
    assert_false(feed(world, &payload, &err)); /* a column is missing */
    put_change(&payload, 'U', OID, 'K', VALUES("1"), VALUES("1", "one"));
    assert_false(feed(world, &payload, &err));
    world->full_key = false;
    put_relation(&payload, OTHER, "keyless", 'f', VALUES("*id", "*name"));
    assert_false(feed(world, &payload, &err)); /* nobody knows its key */
    assert_int_equal(err.exit_status, EX_CONFIG);
    assert_non_null(strstr(err.text, "ADD PRIMARY KEY"));
    expect_records(world, "");
}

static void a_changed_shape_replaces_the_old(void **state)
{
    struct world *world = *state;
    struct buf payload CLEANUP(buf) = {0};

    begin(world, &payload, 'd');
    put_relation(&payload, OID, "orders", 'd', VALUES("*id", "name", "more"));
    must(world, &payload);
    put_change(&payload, 'I', OID, 0, NULL, VALUES("1", "one", "x"));
    must(world, &payload);
    expect_starts(world, "{\"before\":null,\"after\":{\"id\":1,\"name\":\"one\",\"more\":\"x\"},");
}

static void snapshot_rows_and_retractions(void **state)
{
    struct world *world = *state;
    const struct pgoutput_column columns[] = {{"id", 23, -1, false}, {"name", 25, -1, false}};
    const struct pgoutput_relation relation = {.oid = OID,
                                               .schema = "shop",
                                               .table = "orders",
                                               .identity = '?',
                                               .columns = columns,
                                               .columns_n = 2};
    const struct capture_snapshot at = {
        .consistent_lsn = 90, .taken_unix_us = 5000, .now_unix_us = 6000};
    const struct debezium_datum row[] = {{DEBEZIUM_TEXT, STR("1")}, {DEBEZIUM_NULL, {0}}};
    const struct capture_table *table = NULL;
    struct buf key CLEANUP(buf) = {0};
    int32_t partitions = 0;
    struct err err;

    assert_true(capture_describe(world->capture, &relation, &table, &err));
    assert_string_equal(capture_topic(table, &partitions), "acme.shop.orders");
    assert_int_equal(partitions, 3);
    assert_true(capture_row(world->capture, table, &at, row, "first", &err));
    expect_records(world, "acme.shop.orders/-1 r {\"id\":1} 90/0 5000\n");
    expect_starts(world, "{\"before\":null,\"after\":{\"id\":1,\"name\":null},\"source\":{");
    assert_non_null(strstr(buf_cstr(&world->value), "\"snapshot\":\"first\",\"db\":\"db\","
                                                    "\"sequence\":\"[null,\\\"90\\\"]\""));
    assert_true(capture_key(world->capture, table, row, &key, &err));
    assert_string_equal(buf_cstr(&key), "{\"id\":1}");
    assert_true(capture_retract(world->capture, table, &at, STR("{\"id\":7}"),
                                STR("{\"id\":7,\"name\":\"old\"}"), &err));
    expect_records(world, "acme.shop.orders/-1 d {\"id\":7} 90/0 5000\n"
                          "acme.shop.orders/-1 - {\"id\":7} 90/0 5000\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(insert_update_delete, setup, teardown),
        cmocka_unit_test_setup_teardown(a_key_change_is_delete_and_create_under_one_ordinal, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(full_identity, setup, teardown),
        cmocka_unit_test_setup_teardown(unchanged_toast_under_default, setup, teardown),
        cmocka_unit_test_setup_teardown(truncate_goes_to_every_partition, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_not_wanted_counts_but_gives_no_record, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(done_changes_are_not_written_again, setup, teardown),
        cmocka_unit_test_setup_teardown(refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_changed_shape_replaces_the_old, setup, teardown),
        cmocka_unit_test_setup_teardown(snapshot_rows_and_retractions, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
