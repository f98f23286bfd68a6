/* s3-objects: manifests, and the store of a view's rows. */
#include "manifest.h"

#include "view_store.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_manifest_goes_there_and_back(void **state)
{
    CLEANUP(arena) struct arena *arena = arena_new(0);
    CLEANUP(buf) struct buf text = {0}, again = {0};
    struct manifest manifest = {.version = 42, .offsets = "[12,0]"}, got;
    struct err err;

    (void)state;
    for (int i = 0; i < 40; i++)
        manifest_add(&manifest, arena,
                     (struct manifest_entry){.by = arena_printf(arena, "day=%d/", i),
                                             .ext = "csv.gz",
                                             .key = "a\"b",
                                             .sha256 = "00ff",
                                             .rows = i,
                                             .bytes = INT64_MAX});
    manifest_write(&text, "p.gold.t", &manifest);
    assert_true(manifest_read(buf_str(&text), arena, &got, &err));
    manifest_write(&again, "p.gold.t", &got);
    assert_string_equal(buf_cstr(&text), buf_cstr(&again));
    assert_int_equal(manifest_find(&got, "day=7/", "csv.gz")->rows, 7);
    assert_null(manifest_find(&got, "day=7/", "csv"));
    assert_true(manifest_has_key(&got, "a\"b"));
    assert_false(manifest_has_key(&got, "a"));
}

static void other_documents_are_no_manifests(void **state)
{
    static const char *const bad[] = {
        "",
        "{}",
        "[1]",
        "{\"format\":2,\"version\":1,\"offsets\":[],\"objects\":[]}",
        "{\"format\":1,\"version\":0,\"offsets\":[],\"objects\":[]}",
        "{\"format\":1,\"version\":1,\"objects\":[]}",
        "{\"format\":1,\"version\":1,\"offsets\":[],\"objects\":[{}]}",
        "{\"format\":1,\"version\":1,\"offsets\":[],\"objects\":[{\"by\":\"\",\"ext\":\"\",\"key\":"
        "\"\","
        "\"sha256\":\"\",\"rows\":-1,\"bytes\":1}]}"};
    CLEANUP(arena) struct arena *arena = arena_new(0);

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct manifest got;
        struct err err;

        if (manifest_read(str_of(bad[i]), arena, &got, &err))
            fail_msg("taken: %s", bad[i]);
        assert_int_equal(err.kind, ERR_STOP);
    }
}

static void versions_stand_in_keys(void **state)
{
    CLEANUP(buf) struct buf key = {0}, present = {0};

    (void)state;
    manifest_key(&present, "t", 0);
    assert_string_equal(buf_cstr(&present), "t/manifest.json");
    manifest_key(&key, "t", 42);
    assert_string_equal(buf_cstr(&key), "t/versions/0000000042.json");
    assert_int_equal(manifest_key_version(buf_str(&key), "t"), 42);
    assert_int_equal(manifest_key_version(buf_str(&key), "u"), -1);
    assert_int_equal(manifest_key_version(buf_str(&present), "t"), -1);
    assert_int_equal(manifest_key_version(STR("t/versions/000000004x.json"), "t"), -1);
}

static bool note_row(void *arg, const struct view_row *row, struct err *reterr)
{
    (void)reterr;
    buf_printf(arg, "%.*s@%d/%d ", STR_ARG(row->key), row->partition, (int)row->offset);
    return true;
}

static bool note_part(void *arg, struct str by, int64_t rows, struct err *reterr)
{
    (void)reterr;
    buf_printf(arg, "%.*s:%d ", STR_ARG(by), (int)rows);
    return true;
}

static void put(struct view_store *store, const char *key, const char *value, const char *by,
                int partition, int64_t offset)
{
    const struct view_row row = {.topic = 0,
                                 .partition = partition,
                                 .offset = offset,
                                 .key = str_of(key),
                                 .value = str_of(value),
                                 .by = str_of(by)};
    struct err err;

    assert_true(view_store_put(store, &row, &err));
}

static void the_store_knows_rows_and_changes(void **state)
{
    char column[] = "n", odd[] = "it's";
    char *names[] = {column, odd};
    const struct option_list order = {names, 2, 0};
    CLEANUP(buf) struct buf seen = {0};
    struct view_store *store = NULL;
    struct err err;

    (void)state;
    assert_true(view_store_open(&order, "after", &store, &err));
    put(store, "a", "{\"after\":{\"n\":10}}", "x/", 0, 1);
    put(store, "b", "{\"after\":{\"n\":9}}", "x/", 1, 1);
    put(store, "c", "{\"after\":{\"n\":9,\"it's\":1}}", "x/", 0, 2);
    put(store, "d", "{\"after\":{}}", "y/", 0, 3);
    assert_true(view_store_changed(store, 0, note_part, &seen, &err));
    assert_string_equal(buf_cstr(&seen), "x/:3 y/:1 ");
    buf_clear(&seen);
    assert_true(view_store_rows(store, 0, STR("x/"), note_row, &seen, &err));
    assert_string_equal(buf_cstr(&seen), "b@1/1 c@0/2 a@0/1 ");
    buf_clear(&seen);
    assert_true(view_store_settle(store, 0, &err));
    put(store, "a", "{\"after\":{\"n\":1}}", "z/", 0, 4); /* both parts have changed */
    assert_true(view_store_remove(store, 0, STR("d"), &err));
    assert_true(view_store_remove(store, 0, STR("nobody"), &err));
    assert_true(view_store_remove(store, 1, STR("a"), &err)); /* another topic's */
    assert_true(view_store_touch(store, 0, STR(""), &err));
    assert_true(view_store_changed(store, 0, note_part, &seen, &err));
    assert_string_equal(buf_cstr(&seen), ":0 x/:2 y/:0 z/:1 ");
    store = view_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_manifest_goes_there_and_back),
        cmocka_unit_test(other_documents_are_no_manifests),
        cmocka_unit_test(versions_stand_in_keys),
        cmocka_unit_test(the_store_knows_rows_and_changes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
