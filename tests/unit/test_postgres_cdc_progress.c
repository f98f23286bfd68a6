/* The position protocol: every edge of the state machine, and every other pair is refused. */
#include "progress.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the above */
#include <cmocka.h>

enum event { SNAPSHOT_BEGINS, SNAPSHOT_ENDS, ADOPT, BEGINS, CHANGE, COMMITS, ADVANCE, EVENTS };

/* A progress in each state: the end lies at 100, an unfinished transaction at 200 with 2 changes.
 */
static struct progress in_state(enum progress_state state)
{
    struct progress progress = {.state = state, .system_id = "123", .timeline = 1, .slot = "s"};

    if (state != PROGRESS_NONE)
        progress.end_lsn = 100;
    if (state == PROGRESS_RESUME || state == PROGRESS_REPEAT || state == PROGRESS_INSIDE) {
        progress.final_lsn = 200;
        progress.changes = 2;
    }
    if (state == PROGRESS_INSIDE)
        progress.seen = 2;
    return progress;
}

static bool happen(struct progress *progress, enum event event, struct err *err)
{
    uint64_t ordinal;
    bool is_new;

    switch (event) {
    case SNAPSHOT_BEGINS:
        return progress_snapshot_begins(progress, 150, err);
    case SNAPSHOT_ENDS:
        return progress_snapshot_ends(progress, err);
    case ADOPT:
        return progress_adopt(progress, 150, err);
    case BEGINS:
        return progress_begins(progress, 200, err);
    case CHANGE:
        return progress_change(progress, &ordinal, &is_new, err);
    case COMMITS:
        return progress_commits(progress, 300, err);
    case ADVANCE:
        return progress_advance(progress, 150, err);
    case EVENTS:
        break;
    }
    return false;
}

static void every_edge(void **state)
{
    enum { NO = -1 };
    static const int next[PROGRESS_STATES][EVENTS] = {
        [PROGRESS_NONE] = {PROGRESS_SNAPSHOT, NO, PROGRESS_BETWEEN, NO, NO, NO, NO},
        [PROGRESS_SNAPSHOT] = {PROGRESS_SNAPSHOT, PROGRESS_BETWEEN, NO, NO, NO, NO, NO},
        [PROGRESS_BETWEEN] = {NO, NO, NO, PROGRESS_INSIDE, NO, NO, PROGRESS_BETWEEN},
        [PROGRESS_RESUME] = {NO, NO, NO, PROGRESS_REPEAT, NO, NO, NO},
        [PROGRESS_REPEAT] = {NO, NO, NO, NO, PROGRESS_REPEAT, NO, NO},
        [PROGRESS_INSIDE] = {NO, NO, NO, NO, PROGRESS_INSIDE, PROGRESS_BETWEEN, NO},
    };

    (void)state;
    for (int from = 0; from < PROGRESS_STATES; from++) {
        for (int event = 0; event < EVENTS; event++) {
            struct progress progress = in_state((enum progress_state)from);
            struct err err = {0};
            bool went = happen(&progress, (enum event)event, &err);

            assert_int_equal(went, next[from][event] != NO);
            assert_int_equal(progress.state, went ? next[from][event] : from);
            assert_int_equal(err.kind, went ? ERR_NONE : ERR_STOP);
        }
    }
}

/* An unfinished transaction is repeated: its first changes are not new, the rest are. */
static void resume(void **state)
{
    struct progress progress = in_state(PROGRESS_RESUME);
    struct err err;

    (void)state;
    assert_true(progress_begins(&progress, 200, &err));
    for (uint64_t i = 1; i <= 4; i++) {
        uint64_t ordinal = 0;
        bool is_new = false;

        assert_true(progress_change(&progress, &ordinal, &is_new, &err));
        assert_true(ordinal == i);
        assert_int_equal(is_new, i > 2);
        assert_true(progress.changes == (i < 2 ? 2 : i));
    }
    assert_true(progress_commits(&progress, 260, &err));
    assert_true(progress.end_lsn == 260 && progress.changes == 0 && progress.final_lsn == 0);
}

static void a_repeated_transaction_must_be_whole(void **state)
{
    struct progress progress = in_state(PROGRESS_RESUME);
    struct err err;
    uint64_t ordinal;
    bool is_new;

    (void)state;
    assert_true(progress_begins(&progress, 200, &err));
    assert_true(progress_change(&progress, &ordinal, &is_new, &err));
    assert_false(progress_commits(&progress, 260, &err)); /* two were done */
    progress = in_state(PROGRESS_RESUME);
    assert_false(progress_begins(&progress, 201, &err)); /* another transaction */
}

static void nothing_goes_backwards(void **state)
{
    struct progress progress = in_state(PROGRESS_BETWEEN);
    struct err err;

    (void)state;
    assert_false(progress_begins(&progress, 99, &err));
    assert_false(progress_advance(&progress, 99, &err));
    assert_true(progress_begins(&progress, 100, &err)); /* a commit record may stand right there */
    assert_false(progress_commits(&progress, 100, &err));
    progress = in_state(PROGRESS_SNAPSHOT);
    assert_false(progress_snapshot_begins(&progress, 99, &err));
}

static void round_trip(void **state)
{
    static const enum progress_state stored[] = {PROGRESS_SNAPSHOT, PROGRESS_BETWEEN,
                                                 PROGRESS_INSIDE, PROGRESS_REPEAT};
    static const enum progress_state loaded[] = {PROGRESS_SNAPSHOT, PROGRESS_BETWEEN,
                                                 PROGRESS_RESUME, PROGRESS_RESUME};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct progress progress = in_state(stored[i]), back;
        struct buf out CLEANUP(buf) = {0};
        struct err err;

        progress.end_lsn = 0xFFFFFFFF00000001;
        progress.attempt = 3;
        progress_print(&out, &progress);
        if (!progress_parse(buf_str(&out), &back, &err))
            fail_msg("%s", err.text);
        assert_int_equal(back.state, loaded[i]);
        assert_true(back.end_lsn == progress.end_lsn && back.final_lsn == progress.final_lsn);
        assert_true(back.changes == progress.changes && back.attempt == 3 && back.seen == 0);
        assert_string_equal(back.system_id, "123");
        assert_string_equal(back.slot, "s");
        assert_int_equal(back.timeline, 1);
    }
}

static void an_open_transaction_without_changes_is_between(void **state)
{
    struct progress progress = in_state(PROGRESS_BETWEEN), back;
    struct buf out CLEANUP(buf) = {0};
    struct err err;

    (void)state;
    assert_true(progress_begins(&progress, 200, &err));
    progress_print(&out, &progress);
    assert_string_equal(buf_cstr(&out),
                        "{\"system_id\":\"123\",\"timeline\":1,\"slot\":\"s\",\"state\":"
                        "\"streaming\",\"end_lsn\":\"0/64\",\"final_lsn\":null,\"changes\":0,"
                        "\"attempt\":0}");
    assert_true(progress_parse(buf_str(&out), &back, &err));
    assert_int_equal(back.state, PROGRESS_BETWEEN);
}

static void bad_objects(void **state)
{
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "{\"system_id\":\"1\"}",
        "{\"system_id\":\"1\",\"timeline\":1,\"slot\":\"s\",\"state\":\"elsewhere\",\"end_lsn\":"
        "\"0/1\"}",
        "{\"system_id\":\"1\",\"timeline\":1,\"slot\":\"s\",\"state\":\"streaming\",\"end_lsn\":"
        "\"01\"}",
        "{\"system_id\":\"1\",\"timeline\":-1,\"slot\":\"s\",\"state\":\"streaming\",\"end_lsn\":"
        "\"0/1\"}",
        /* changes without the transaction, and the other way round */
        "{\"system_id\":\"1\",\"timeline\":1,\"slot\":\"s\",\"state\":\"streaming\",\"end_lsn\":"
        "\"0/1\",\"changes\":1}",
        "{\"system_id\":\"1\",\"timeline\":1,\"slot\":\"s\",\"state\":\"streaming\",\"end_lsn\":"
        "\"0/1\",\"final_lsn\":\"0/2\"}",
        "{\"system_id\":\"1\",\"timeline\":1,\"slot\":\"s\",\"state\":\"snapshot\",\"end_lsn\":\"0/"
        "1\",\"final_lsn\":\"0/2\",\"changes\":1}",
        "{\"system_id\":\"1234567890123456789012345\",\"timeline\":1,\"slot\":\"s\",\"state\":"
        "\"streaming\",\"end_lsn\":\"0/1\"}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct progress progress;
        struct err err = {0};

        assert_false(progress_parse(str_of(bad[i]), &progress, &err));
        assert_int_equal(err.kind, ERR_STOP);
    }
}

static void judgement(void **state)
{
    enum { REFUSED = -1 };
    static const struct {
        enum progress_state stored;
        const char *system_id, *slot;
        uint32_t timeline;
        bool exists;
        uint64_t confirmed;
        bool wanted;
        int verdict;
    } cases[] = {
        {PROGRESS_NONE, "123", "s", 1, false, 0, true, PROGRESS_DO_SNAPSHOT},
        {PROGRESS_NONE, "123", "s", 1, true, 500, true, PROGRESS_DO_SNAPSHOT},
        {PROGRESS_NONE, "123", "s", 1, true, 500, false, PROGRESS_DO_ADOPT},
        {PROGRESS_SNAPSHOT, "123", "s", 1, true, 500, true, PROGRESS_DO_SNAPSHOT},
        {PROGRESS_SNAPSHOT, "123", "s", 1, false, 0, true, PROGRESS_DO_SNAPSHOT},
        {PROGRESS_SNAPSHOT, "123", "s", 1, true, 50, false, PROGRESS_DO_SNAPSHOT},
        {PROGRESS_BETWEEN, "123", "s", 1, true, 100, true, PROGRESS_DO_STREAM},
        {PROGRESS_BETWEEN, "123", "s", 1, true, 99, false, PROGRESS_DO_STREAM},
        {PROGRESS_RESUME, "123", "s", 1, true, 100, true, PROGRESS_DO_STREAM},
        {PROGRESS_BETWEEN, "123", "s", 1, true, 101, true, REFUSED}, /* advanced, recreated */
        {PROGRESS_RESUME, "123", "s", 1, true, 101, true, REFUSED},
        {PROGRESS_BETWEEN, "123", "s", 1, false, 0, true, REFUSED},  /* gone */
        {PROGRESS_BETWEEN, "124", "s", 1, true, 100, true, REFUSED}, /* another cluster */
        {PROGRESS_BETWEEN, "123", "s", 2, true, 100, true, REFUSED}, /* after a failover */
        {PROGRESS_BETWEEN, "123", "t", 1, true, 100, true, REFUSED}, /* another slot */
        {PROGRESS_SNAPSHOT, "124", "s", 1, true, 50, true, REFUSED},
        {PROGRESS_SNAPSHOT, "123", "s", 2, true, 50, true, REFUSED},
        {PROGRESS_SNAPSHOT, "123", "t", 1, true, 50, true, REFUSED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct progress stored = in_state(cases[i].stored);
        const struct progress_found found = {.system_id = cases[i].system_id,
                                             .slot = cases[i].slot,
                                             .timeline = cases[i].timeline,
                                             .slot_exists = cases[i].exists,
                                             .slot_confirmed_lsn = cases[i].confirmed};
        enum progress_verdict verdict = PROGRESS_DO_SNAPSHOT;
        struct err err = {0};
        bool ok = progress_judge(&stored, &found, cases[i].wanted, &verdict, &err);

        assert_int_equal(ok, cases[i].verdict != REFUSED);
        if (ok)
            assert_int_equal(verdict, cases[i].verdict);
        else
            assert_int_equal(err.exit_status, EX_CONFIG);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_edge),
        cmocka_unit_test(resume),
        cmocka_unit_test(a_repeated_transaction_must_be_whole),
        cmocka_unit_test(nothing_goes_backwards),
        cmocka_unit_test(round_trip),
        cmocka_unit_test(an_open_transaction_without_changes_is_between),
        cmocka_unit_test(bad_objects),
        cmocka_unit_test(judgement),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
