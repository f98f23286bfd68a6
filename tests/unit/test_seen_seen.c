/* What was seen: verdicts of visits, the sweep, batches that stand or don't, keys of any length, and what a
 * restart keeps. */
#include "base/buf.h"
#include "seen/restore.h"
#include "seen/seen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char directory[64];
static uint64_t position;

static struct seen *open_at(const char *boot_id)
{
    struct seen_config config = {directory, 256 << 20, boot_id};
    struct seen *seen = NULL;
    struct err err;

    assert_true(seen_open(&config, &seen, &err));
    return seen;
}

static enum seen_verdict visit_at(struct seen *seen, struct str key, const char *content,
                                  uint64_t line, struct seen_place *ret_first)
{
    struct seen_found found;
    struct seen_place place = {1, line};
    struct err err;

    assert_true(seen_visit(seen, key, seen_content(str_of(content)), place, &found, &err));
    if (ret_first != NULL)
        *ret_first = found.first;
    return found.verdict;
}

static enum seen_verdict visit(struct seen *seen, const char *key, const char *content)
{
    return visit_at(seen, str_of(key), content, 1, NULL);
}

static void commit(struct seen *seen)
{
    struct seen_mark mark = *seen_mark(seen);
    struct err err;

    mark.position = ++position;
    assert_true(seen_commit(seen, &mark, &err));
}

static bool note(void *arg, struct str key, struct err *reterr)
{
    struct buf *out = arg;

    (void)reterr;
    buf_put(out, key);
    buf_char(out, ' ');
    return true;
}

/* Sweeps `max` at a time and joins the keys with blanks, the calls with bars. */
static void expect_swept(struct seen *seen, size_t max, const char *expected)
{
    struct buf out CLEANUP(buf) = {0};
    struct seen_sweep sweep = {note, &out, max, true};
    struct err err;

    while (sweep.more) {
        assert_true(seen_sweep(seen, &sweep, &err));
        if (sweep.more)
            buf_puts(&out, "| ");
    }
    assert_string_equal(buf_cstr(&out), expected);
}

/* What stands in a file up to a line is met by a run that goes on behind it, in another life too. */
static void test_resume(void **state)
{
    struct seen *seen = open_at("a");
    struct seen_mark mark;
    struct seen_place first;
    struct err err;

    (void)state;
    assert_true(seen_empty(seen, &err));
    assert_int_equal(visit_at(seen, STR("old"), "x", 2, NULL), SEEN_NEW);
    assert_int_equal(visit_at(seen, STR("r1"), "x", 3, NULL), SEEN_NEW);
    assert_int_equal(visit_at(seen, STR("r2"), "x", 5, NULL), SEEN_NEW);
    assert_int_equal(visit_at(seen, STR("r3"), "x", 6, NULL), SEEN_NEW);
    assert_true(seen_put(seen, STR("restored"), seen_content(STR("x")), &err));
    mark = *seen_mark(seen);
    mark.reached = (struct seen_reached){{1, 5}, 4};
    assert_true(seen_commit(seen, &mark, &err));
    seen_close(seen, false);
    seen = open_at("a");
    assert_int_equal(seen_mark(seen)->reached.place.line, 5);
    assert_int_equal(seen_mark(seen)->reached.rows, 4);
    seen_begin_run(seen);
    seen_resume(seen, (struct seen_place){2, 5}); /* of another content */
    assert_int_equal(visit_at(seen, STR("old"), "x", 2, NULL), SEEN_SAME);
    seen_begin_run(seen);
    seen_resume(seen, (struct seen_place){1, 5});
    assert_int_equal(visit_at(seen, STR("r2"), "y", 7, &first), SEEN_AGAIN);
    assert_int_equal(first.line, 5);
    assert_int_equal(visit_at(seen, STR("r3"), "y", 8, NULL), SEEN_CHANGED);
    assert_int_equal(visit_at(seen, STR("r3"), "z", 9, NULL), SEEN_AGAIN);
    expect_swept(seen, 9, "restored ");
    seen_begin_run(seen); /* that one read nothing */
    expect_swept(seen, 9, "old r1 r2 r3 ");
    assert_true(seen_empty(seen, &err));
    seen_close(seen, true);
}

/* Neighbours share a page, scattered keys have one each; a commit gives them back. */
static void test_batch_bytes(void **state)
{
    enum { KEYS = 20000 };
    struct seen *seen = open_at("a");
    struct err err;
    char key[32];

    (void)state;
    assert_true(seen_empty(seen, &err));
    for (unsigned i = 0; i < KEYS; i++) {
        snprintf(key, sizeof(key), "%08u", i);
        assert_int_equal(visit(seen, key, "x"), SEEN_NEW);
    }
    size_t in_order = seen_batch_bytes(seen);
    assert_in_range(in_order, KEYS * 40, KEYS * 400);
    commit(seen);
    assert_int_equal(seen_batch_bytes(seen), 0);
    seen_begin_run(seen);
    for (unsigned i = 0; i < KEYS; i++) {
        snprintf(key, sizeof(key), "%08u", i * 7919U % KEYS);
        assert_int_equal(visit(seen, key, "y"), SEEN_CHANGED);
    }
    assert_true(seen_batch_bytes(seen) > 10 * in_order);
    seen_abort(seen);
    assert_int_equal(seen_batch_bytes(seen), 0);
    assert_true(seen_empty(seen, &err));
    seen_close(seen, true);
}

static void test_verdicts(void **state)
{
    struct seen *seen = open_at("a");
    struct seen_place first;

    (void)state;
    assert_int_equal(visit_at(seen, STR("k1"), "x", 7, NULL), SEEN_NEW);
    assert_int_equal(visit_at(seen, STR("k1"), "x", 9, &first), SEEN_AGAIN);
    assert_int_equal(first.line, 7);
    assert_int_equal(visit(seen, "k2", "x"), SEEN_NEW);
    seen_begin_run(seen);
    assert_int_equal(visit_at(seen, STR("k1"), "x", 8, NULL), SEEN_SAME);
    assert_int_equal(visit_at(seen, STR("k1"), "y", 9, &first), SEEN_AGAIN);
    assert_int_equal(first.line, 8);
    commit(seen);
    seen_begin_run(seen);
    assert_int_equal(visit(seen, "k1", "y"), SEEN_CHANGED);
    assert_int_equal(seen_count(seen), 2);
    commit(seen);
    seen_close(seen, true);
}

static void test_sweep(void **state)
{
    struct seen *seen = open_at("a");
    bool known;
    struct err err;

    (void)state;
    assert_true(seen_empty(seen, &err));
    for (const char *key = "abcdefgh"; *key != '\0'; key++)
        assert_int_equal(visit_at(seen, (struct str){key, 1}, "x", 1, NULL), SEEN_NEW);
    expect_swept(seen, 3, "");
    commit(seen);
    seen_begin_run(seen);
    assert_int_equal(visit(seen, "b", "x"), SEEN_SAME);
    assert_int_equal(visit(seen, "h", "z"), SEEN_CHANGED);
    assert_true(seen_keep(seen, STR("d"), &known, &err));
    assert_true(known);
    assert_true(seen_keep(seen, STR("zz"), &known, &err));
    assert_false(known);
    expect_swept(seen, 2, "a c | e f | g ");
    assert_int_equal(seen_count(seen), 3);
    commit(seen);
    seen_begin_run(seen);
    expect_swept(seen, 2, "b d | h ");
    assert_int_equal(visit(seen, "a", "x"), SEEN_NEW);
    commit(seen);
    seen_close(seen, true);
}

/* A sweep goes on behind a commit where it stood. */
static void test_sweep_over_commits(void **state)
{
    struct seen *seen = open_at("a");
    struct buf out CLEANUP(buf) = {0};
    struct seen_sweep sweep = {note, &out, 1, true};
    struct err err;

    (void)state;
    assert_true(seen_empty(seen, &err));
    visit(seen, "a", "x");
    visit(seen, "b", "x");
    visit(seen, "c", "x");
    commit(seen);
    seen_begin_run(seen);
    while (sweep.more) {
        assert_true(seen_sweep(seen, &sweep, &err));
        commit(seen);
    }
    assert_string_equal(buf_cstr(&out), "a b c ");
    assert_int_equal(seen_count(seen), 0);
    seen_close(seen, true);
}

static void test_abort(void **state)
{
    struct seen *seen = open_at("a");
    struct err err;

    (void)state;
    assert_true(seen_empty(seen, &err));
    visit(seen, "a", "x");
    commit(seen);
    seen_begin_run(seen);
    assert_int_equal(visit(seen, "a", "y"), SEEN_CHANGED);
    assert_int_equal(visit(seen, "b", "y"), SEEN_NEW);
    seen_abort(seen);
    assert_int_equal(visit(seen, "a", "x"), SEEN_SAME);
    assert_int_equal(visit(seen, "b", "x"), SEEN_NEW);
    assert_true(seen_remove(seen, STR("a"), &err));
    assert_true(seen_remove(seen, STR("not there"), &err));
    commit(seen);
    assert_int_equal(seen_count(seen), 1);
    seen_close(seen, true);
}

/* Longer than LMDB's keys, equal in what LMDB would keep of them. */
static void test_long_keys(void **state)
{
    struct seen *seen = open_at("a");
    char long_key[3000];
    struct err err;

    (void)state;
    assert_true(seen_empty(seen, &err));
    memset(long_key, 'k', sizeof(long_key));
    for (size_t len = 509; len < 515; len++)
        assert_int_equal(visit_at(seen, (struct str){long_key, len}, "x", 1, NULL), SEEN_NEW);
    assert_int_equal(visit_at(seen, (struct str){long_key, 3000}, "x", 1, NULL), SEEN_NEW);
    seen_begin_run(seen);
    for (size_t len = 509; len < 515; len++)
        assert_int_equal(visit_at(seen, (struct str){long_key, len}, "x", 1, NULL), SEEN_SAME);
    struct buf out CLEANUP(buf) = {0};
    struct seen_sweep sweep = {note, &out, 10, true};
    assert_true(seen_sweep(seen, &sweep, &err));
    assert_int_equal(out.len, 3000 + 1); /* the longest key, whole */
    commit(seen);
    seen_close(seen, true);
}

/* Keys that come and go: the bits stay as few as the keys. */
static void test_many(void **state)
{
    struct seen *seen = open_at("a");
    struct buf out CLEANUP(buf) = {0};
    char key[32];
    struct seen_sweep sweep = {note, &out, 100000, true};
    struct err err;

    (void)state;
    assert_true(seen_empty(seen, &err));
    for (int run = 0; run < 3; run++) {
        seen_begin_run(seen);
        for (int i = 0; i < 20000; i++) {
            snprintf(key, sizeof(key), "%d-%d", run, i * 7919 % 20000);
            assert_int_equal(visit(seen, key, "x"), SEEN_NEW);
        }
        buf_clear(&out);
        assert_true(seen_sweep(seen, &sweep, &err));
        assert_false(sweep.more);
        commit(seen);
        assert_int_equal(seen_count(seen), 20000);
    }
    seen_close(seen, true);
}

static void test_restart(void **state)
{
    struct seen *seen = open_at("a");
    struct err err;

    (void)state;
    assert_true(seen_empty(seen, &err));
    visit(seen, "a", "x");
    commit(seen);
    visit(seen, "b", "x");
    seen_close(seen, false); /* the process was killed */
    seen = open_at("a");
    assert_int_equal(seen_mark(seen)->position, position);
    assert_int_equal(visit(seen, "a", "x"), SEEN_SAME);
    assert_int_equal(visit(seen, "b", "x"), SEEN_NEW);
    commit(seen);
    struct seen_config config = {directory, 64 << 20, "a"};
    struct seen *second = NULL;
    assert_false(seen_open(&config, &second, &err));
    assert_int_equal(err.kind, ERR_RETRY);
    seen_close(seen, true);
    seen = open_at("b"); /* the machine was restarted after a clean stop */
    assert_int_equal(seen_count(seen), 2);
    seen_close(seen, false);
    seen = open_at("c"); /* and without one */
    assert_int_equal(seen_count(seen), 0);
    assert_int_equal(seen_mark(seen)->position, 0);
    seen_close(seen, true);
}

static void test_after(void **state)
{
    struct arena *arena = arena_new(1 << 16);
    struct str after;
    struct err err;

    (void)state;
    assert_true(seen_after(STR("{\"before\":null,\"after\":{\"a\":[1]},\"op\":\"c\"}"), arena,
                           &after, &err));
    assert_true(str_eq_c(after, "{\"a\":[1]}"));
    assert_true(seen_after(STR("{\"before\":{},\"after\":null}"), arena, &after, &err));
    assert_null(after.at);
    assert_false(seen_after(STR("{\"before\":{}}"), arena, &after, &err));
    assert_false(seen_after(STR("{\"after\":3}"), arena, &after, &err));
    assert_false(seen_after(STR("[]"), arena, &after, &err));
    arena_free(arena);
}

static int set_up(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/sluice-seen-XXXXXX");
    return mkdtemp(directory) == NULL;
}

static int tear_down(void **state)
{
    static const char *const files[] = {"data.mdb", "lock.mdb", "owner"};
    char path[128];

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof(path), "%s/%s", directory, files[i]);
        unlink(path);
    }
    return rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resume),
        cmocka_unit_test(test_batch_bytes),
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_sweep),
        cmocka_unit_test(test_sweep_over_commits),
        cmocka_unit_test(test_abort),
        cmocka_unit_test(test_long_keys),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_restart),
        cmocka_unit_test(test_after),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
