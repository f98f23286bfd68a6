/* The plan of changes, told as one line an event; and the states that the progress topic holds. */
#include "feed.h"
#include "file_state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static char directory[64];

static bool note_event(void *arg, const struct feed_event *event, struct err *reterr)
{
    (void)reterr;
    buf_printf(arg, "%c %.*s %.*s|", event->op == 0 ? '0' : event->op, STR_ARG(event->key),
               STR_ARG(event->position));
    return true;
}

static bool note_dead(void *arg, const struct feed_dead *dead, struct err *reterr)
{
    (void)reterr;
    buf_printf(arg, "dead %d of %d %s|", (int)dead->line, (int)dead->first_line, dead->rule);
    return true;
}

static void row(struct feed *feed, const char *key, const char *after, uint64_t line)
{
    const struct shaped shaped = {str_of(key), str_of(after)};
    struct err err;

    assert_true(feed_row(feed, &shaped, STR("raw"), line, &err));
}

static void expect(struct buf *out, const char *expected)
{
    assert_string_equal(buf_cstr(out), expected);
    buf_clear(out);
}

static void sweep(struct feed *feed)
{
    bool more = true;
    struct err err;

    while (more)
        assert_true(feed_sweep(feed, 2, &more, &err));
}

static void test_feed(void **state)
{
    struct seen_config config = {directory, 64 << 20, "boot"};
    struct buf out CLEANUP(buf) = {0};
    struct feed feed = {.edge = {.arg = &out, .emit = note_event, .dead = note_dead},
                        .topic = "t",
                        .tombstones = true};
    struct err err;

    (void)state;
    assert_true(seen_open(&config, &feed.seen, &err));
    feed_begin_run(&feed, 1);
    feed.object = (struct feed_object){.name = STR("a"), .tag = STR(""), .part = 1};
    row(&feed, "k1", "{\"x\":1}", 2);
    row(&feed, "k2", "{\"x\":1}", 3);
    row(&feed, "k1", "{\"x\":2}", 4);
    sweep(&feed);
    expect(&out, "c k1 1/1|c k2 1/2|dead 4 of 2 duplicate key|");
    feed_begin_run(&feed, 2);
    feed.object = (struct feed_object){.name = STR("b"), .tag = STR(""), .part = 2};
    row(&feed, "k1", "{\"x\":1}", 2);
    row(&feed, "k3", "{\"x\":1}", 3);
    feed.object = (struct feed_object){.name = STR("a"), .tag = STR(""), .part = 1, .done = 3};
    row(&feed, "k3", "{\"x\":9}", 2); /* the other object spoke first */
    row(&feed, "k1", "{\"x\":9}", 3);
    assert_true(feed_bad(&feed, STR("raw"), 3, "decode", &err, &err)); /* told before */
    assert_true(feed_bad(&feed, STR("raw"), 4, "decode", &err, &err));
    sweep(&feed);
    expect(&out, "c k3 2/1|dead 4 of 0 decode|d k2 2/2|0 k2 2/2|");
    feed_begin_run(&feed, 3);
    row(&feed, "k1", "{\"x\":2}", 1);
    feed.tombstones = false;
    sweep(&feed);
    expect(&out, "u k1 3/1|d k3 3/2|");
    assert_int_equal(feed.counts.rows, 10);
    assert_int_equal(feed.counts.created, 3);
    assert_int_equal(feed.counts.updated, 1);
    assert_int_equal(feed.counts.deleted, 2);
    assert_int_equal(feed.counts.unchanged, 3);
    assert_int_equal(feed.counts.dead, 2);
    seen_close(feed.seen, true);
    feed_done(&feed);
}

static void test_states(void **state)
{
    struct file_state about = {.status = FILE_FAILED,
                               .tag = "\"e\"",
                               .error = "no",
                               .rows = 7,
                               .line = 9,
                               .run = 3,
                               .attempts = 2};
    struct file_state read;
    struct run_state run = {7, 9, true}, run_read;
    struct buf out CLEANUP(buf) = {0};
    struct err err;

    (void)state;
    file_state_print(&out, &about);
    assert_true(file_state_parse(buf_str(&out), &read, &err));
    assert_int_equal(read.status, FILE_FAILED);
    assert_string_equal(read.tag, "\"e\"");
    assert_string_equal(read.error, "no");
    assert_int_equal(read.line, 9);
    assert_int_equal(read.run, 3);
    assert_int_equal(read.attempts, 2);
    assert_true(file_state_parse(STR(""), &read, &err));
    assert_int_equal(read.status, FILE_NONE);
    assert_true(file_state_parse(STR("{\"later\":[1],\"status\":\"COMPLETED\"}"), &read, &err));
    assert_int_equal(read.status, FILE_COMPLETED);
    assert_false(file_state_parse(STR("{\"rows\":\"x\"}"), &read, &err));
    assert_int_equal(err.kind, ERR_STOP);
    assert_false(file_state_parse(STR("[]"), &read, &err));
    buf_clear(&out);
    run_state_print(&out, &run);
    assert_true(run_state_parse(buf_str(&out), &run_read, &err));
    assert_int_equal(run_read.run, 7);
    assert_int_equal(run_read.commits, 9);
    assert_true(run_read.complete);
}

/* Every edge: from what is known, at an object with this tag. */
static void test_attempts(void **state)
{
    static const struct {
        enum file_status before;
        const char *tag;
        bool same;
        uint64_t done, line;
        int attempts;
    } edges[] = {
        {FILE_NONE, "new", false, 0, 0, 1},        {FILE_IN_PROGRESS, "old", false, 9, 9, 3},
        {FILE_IN_PROGRESS, "new", false, 0, 0, 1}, {FILE_COMPLETED, "old", false, UINT64_MAX, 9, 3},
        {FILE_COMPLETED, "new", false, 0, 0, 1},   {FILE_COMPLETED, "new", true, UINT64_MAX, 9, 3},
        {FILE_FAILED, "old", false, 9, 9, 3},      {FILE_FAILED, "new", false, 0, 0, 1},
        {FILE_IN_PROGRESS, "", false, 0, 0, 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(edges) / sizeof(*edges); i++) {
        struct file_state about = {.status = edges[i].before};
        const struct file_attempt attempt = {edges[i].tag, "m", 7, edges[i].same};

        if (edges[i].before != FILE_NONE)
            about = (struct file_state){.status = edges[i].before,
                                        .tag = "old",
                                        .error = "no",
                                        .line = 9,
                                        .dead = 2,
                                        .attempts = 3};
        assert_int_equal(file_state_done(&about, edges[i].tag),
                         edges[i].before == FILE_COMPLETED && strcmp(edges[i].tag, "old") == 0);
        assert_int_equal(file_state_begin(&about, &attempt), edges[i].done);
        assert_int_equal(about.status, FILE_IN_PROGRESS);
        assert_int_equal(about.line, edges[i].line);
        assert_int_equal(about.dead, edges[i].line == 0 ? 0 : 2);
        assert_int_equal(about.attempts, edges[i].attempts);
        assert_int_equal(about.run, 7);
        assert_string_equal(about.tag, edges[i].tag);
        assert_string_equal(about.error, "");
        assert_false(file_state_done(&about, edges[i].tag));
        struct file_state failed = about;
        file_state_end(&failed, "why", 5);
        assert_int_equal(failed.status, FILE_FAILED);
        assert_string_equal(failed.error, "why");
        assert_false(file_state_done(&failed, edges[i].tag));
        file_state_end(&about, NULL, 5);
        assert_int_equal(about.status, FILE_COMPLETED);
        assert_int_equal(about.updated_unix_us, 5);
        assert_int_equal(file_state_done(&about, edges[i].tag), edges[i].tag[0] != '\0');
    }
}

/* Who knows of no content but this object's goes by the line. */
static void test_written(void **state)
{
    struct seen_config config = {directory, 64 << 20, "boot"};
    struct buf out CLEANUP(buf) = {0};
    struct feed feed = {.edge = {.arg = &out, .emit = note_event, .dead = note_dead}, .topic = "t"};
    struct err err;

    (void)state;
    assert_true(seen_open(&config, &feed.seen, &err));
    assert_true(seen_empty(feed.seen, &err));
    feed_begin_run(&feed, 9);
    feed.object =
        (struct feed_object){.name = STR("a"), .tag = STR(""), .part = 1, .done = 3, .written = 3};
    row(&feed, "k1", "{\"x\":1}", 1);
    row(&feed, "k1", "{\"x\":1}", 2); /* told before */
    row(&feed, "k2", "{\"x\":1}", 3);
    row(&feed, "k1", "{\"x\":1}", 4);
    row(&feed, "k3", "{\"x\":1}", 5);
    expect(&out, "dead 4 of 1 duplicate key|c k3 9/1|");
    assert_int_equal(feed.counts.unchanged, 2);
    seen_close(feed.seen, true);
    feed_done(&feed);
}

static int set_up(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/sluice-feed-XXXXXX");
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_feed), cmocka_unit_test(test_states),
                                       cmocka_unit_test(test_attempts),
                                       cmocka_unit_test(test_written)};

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
