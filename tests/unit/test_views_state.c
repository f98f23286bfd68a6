/* The durable store: reads see the overlay over LMDB in both directions, an apply is one step,
 * another boot empties. */
#include "state/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char directory[64];

static struct state *open_at(const char *boot_id, bool *ret_emptied)
{
    struct state_config config = {directory, 64 << 20, 1 << 20, boot_id};
    struct state *state = NULL;
    struct err err;

    assert_true(state_open(&config, &state, ret_emptied, &err));
    return state;
}

static void put(struct state *state, const char *key, const char *value)
{
    store_put(state_store(state), str_of(key), str_of(value));
}

static void apply(struct state *state, uint64_t seq)
{
    struct state_mark mark = {.transaction_seq = seq};
    struct err err;

    assert_true(state_apply(state, &mark, &err));
}

/* Walks the prefix and joins "key=value" with blanks. */
static void walked(struct state *state, const char *prefix, bool reverse, char *into)
{
    struct store_cursor cursor = store_scan(str_of(prefix), reverse);
    bool more = true;
    struct err err;

    into[0] = '\0';
    for (;;) {
        assert_true(store_next(state_store(state), &cursor, &more, &err));
        if (!more)
            return;
        sprintf(into + strlen(into), "%.*s=%.*s ", STR_ARG(cursor.key), STR_ARG(cursor.value));
    }
}

static void expect_get(struct state *state, const char *key, const char *value)
{
    struct str got;
    struct err err;

    assert_true(store_get(state_store(state), str_of(key), &got, &err));
    if (value == NULL)
        assert_null(got.at);
    else
        assert_true(str_eq_c(got, value));
}

static void test_overlay_hides_and_adds(void **unused)
{
    bool emptied = false;
    char text[512];
    struct state *state = open_at("a", &emptied);

    (void)unused;
    put(state, "a1", "one");
    put(state, "a3", "three");
    put(state, "b1", "other");
    apply(state, 1);
    put(state, "a2", "two");
    put(state, "a3", "THREE");
    store_delete(state_store(state), STR("a1"));
    walked(state, "a", false, text);
    assert_string_equal(text, "a2=two a3=THREE ");
    walked(state, "a", true, text);
    assert_string_equal(text, "a3=THREE a2=two ");
    walked(state, "b", true, text);
    assert_string_equal(text, "b1=other ");
    walked(state, "c", false, text);
    assert_string_equal(text, "");
    walked(state, "", false, text);
    assert_string_equal(text, "a2=two a3=THREE b1=other ");
    expect_get(state, "a1", NULL);
    expect_get(state, "b1", "other");
    state_close(state, true); /* not committed: forgotten */
    state = open_at("a", &emptied);
    walked(state, "a", false, text);
    assert_string_equal(text, "a1=one a3=three ");
    state_close(state, true);
}

static void test_highest_prefix_walks_back(void **unused)
{
    bool emptied = false;
    char text[512];
    struct state *state = open_at("a", &emptied);

    (void)unused;
    put(state,
        "\xff\xff"
        "1",
        "x");
    apply(state, 1);
    put(state,
        "\xff\xff"
        "2",
        "y");
    walked(state, "\xff\xff", true, text);
    assert_string_equal(text, "\xff\xff"
                              "2=y \xff\xff"
                              "1=x ");
    state_close(state, true);
}

static void test_early_end_and_nesting(void **unused)
{
    bool emptied = false, more = false;
    struct state *state = open_at("a", &emptied);
    struct store *store = state_store(state);
    struct err err;

    (void)unused;
    for (int round = 0; round < 20; round++) {
        struct store_cursor outer = store_scan(STR("a"), false),
                            inner = store_scan(STR("b"), false);

        put(state, "a1", "x");
        put(state, "b1", "y");
        assert_true(store_next(store, &outer, &more, &err) && more);
        assert_true(store_next(store, &inner, &more, &err) && more);
        store_end(store, &inner);
        store_end(store, &outer);
    }
    state_close(state, true);
}

static void test_mark_moves_with_the_entries(void **unused)
{
    bool emptied = false;
    struct state *state = open_at("a", &emptied);

    (void)unused;
    put(state, "k", "v");
    apply(state, 7);
    put(state, "k", "lost");
    state_close(state, false); /* as a kill would leave it: same boot, no clean mark */
    state = open_at("a", &emptied);
    assert_false(emptied);
    assert_int_equal(state_mark(state)->transaction_seq, 7);
    expect_get(state, "k", "v");
    state_close(state, false);
}

static void commit(struct state *state, uint64_t seq, int64_t unix_ms)
{
    struct state_mark mark = {.transaction_seq = seq, .applied_unix_ms = unix_ms};
    struct err err;

    assert_true(state_commit(state, &mark, &err));
}

static const char *written(struct state *state, char *into)
{
    const struct overlay_entry *entry = overlay_written(state_overlay(state));

    for (into[0] = '\0'; entry != NULL; entry = overlay_written_next(entry))
        sprintf(into + strlen(into), "%.*s ", STR_ARG(entry->key));
    return into;
}

static void test_commits_gather(void **unused)
{
    bool emptied = false;
    char text[512];
    struct state *state = open_at("a", &emptied);

    (void)unused;
    put(state, "b", "1");
    put(state, "a", "1");
    put(state, "b", "2");
    assert_string_equal(written(state, text), "b a ");
    commit(state, 1, 5);
    assert_string_equal(written(state, text), "");
    put(state, "a", "2");
    assert_string_equal(written(state, text), "a ");
    commit(state, 2, 6);
    assert_int_equal(state_mark(state)->transaction_seq, 2);
    walked(state, "", false, text);
    assert_string_equal(text, "a=2 b=2 ");
    state_close(state, false); /* a kill: the changelog has it */
    state = open_at("a", &emptied);
    assert_int_equal(state_mark(state)->transaction_seq, 0);
    expect_get(state, "a", NULL);
    state_close(state, true);
}

static void test_commits_are_applied_in_time_and_at_the_end(void **unused)
{
    bool emptied = false;
    struct state *state = open_at("a", &emptied);

    (void)unused;
    put(state, "a", "1");
    commit(state, 1, 10000);
    assert_int_equal(overlay_count(state_overlay(state)), 0);
    put(state, "b", "1");
    commit(state, 2, 19999);
    assert_int_equal(overlay_count(state_overlay(state)), 1);
    state_close(state, true);
    state = open_at("a", &emptied);
    assert_int_equal(state_mark(state)->transaction_seq, 2);
    expect_get(state, "b", "1");
    put(state, "c", "1");
    commit(state, 3, 20000);
    put(state, "d", "1");
    state_close(state, true); /* d is not committed: c waits in the changelog with it */
    state = open_at("a", &emptied);
    assert_int_equal(state_mark(state)->transaction_seq, 2);
    expect_get(state, "c", NULL);
    state_close(state, true);
}

static void test_another_boot_empties_unless_clean(void **unused)
{
    bool emptied = false;
    struct state *state = open_at("a", &emptied);

    (void)unused;
    put(state, "k", "v");
    apply(state, 9);
    state_close(state, true);
    state = open_at("b", &emptied);
    assert_false(emptied);
    expect_get(state, "k", "v");
    state_close(state, false);
    state = open_at("c", &emptied);
    assert_true(emptied);
    expect_get(state, "k", NULL);
    assert_int_equal(state_mark(state)->transaction_seq, 0);
    state_close(state, true);
}

static void test_one_owner(void **unused)
{
    bool emptied = false;
    struct state *state = open_at("a", &emptied), *second = NULL;
    struct state_config config = {directory, 64 << 20, 1 << 20, "a"};
    struct err err;

    (void)unused;
    assert_false(state_open(&config, &second, &emptied, &err));
    assert_int_equal(err.kind, ERR_RETRY);
    state_close(state, true);
}

static void test_refusals(void **unused)
{
    struct state_config config = {"/proc/sluice", 64 << 20, 1 << 20, "a"};
    struct state *state = NULL;
    bool emptied = false;
    struct err err;

    (void)unused;
    assert_false(state_open(&config, &state, &emptied, &err));
    assert_int_equal(err.kind, ERR_STOP);
    assert_int_equal(err.exit_status, EX_CANTCREAT);
    assert_non_null(strstr(err.text, "--state-dir"));
}

static void test_full_store_names_the_option(void **unused)
{
    struct state_config config = {directory, 1 << 20, 64 << 20, "a"};
    struct state *state = NULL;
    bool emptied = false;
    struct err err;
    static char big[4000];

    (void)unused;
    memset(big, 'x', sizeof(big) - 1);
    assert_true(state_open(&config, &state, &emptied, &err));
    for (int i = 0; i < 1000; i++) {
        char key[16];

        sprintf(key, "key%d", i);
        put(state, key, big);
    }
    struct state_mark mark = {0};
    assert_false(state_apply(state, &mark, &err));
    assert_non_null(strstr(err.text, "--state-size"));
    state_close(state, false);
}

static int fresh_directory(void **unused)
{
    (void)unused;
    strcpy(directory, "/tmp/sluice-state-XXXXXX");
    return mkdtemp(directory) == NULL;
}

static int remove_directory(void **unused)
{
    char command[128];

    (void)unused;
    snprintf(command, sizeof(command), "rm -r %s", directory);
    return system(command);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, fresh_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {FRESH(test_overlay_hides_and_adds),
                                       FRESH(test_highest_prefix_walks_back),
                                       FRESH(test_early_end_and_nesting),
                                       FRESH(test_mark_moves_with_the_entries),
                                       FRESH(test_commits_gather),
                                       FRESH(test_commits_are_applied_in_time_and_at_the_end),
                                       FRESH(test_another_boot_empties_unless_clean),
                                       FRESH(test_one_owner),
                                       FRESH(test_refusals),
                                       FRESH(test_full_store_names_the_option)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
