#include "ops/store_memory.h"
#include "views_build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* One test's plan, running. Changes are told as "view+row" and "view-key", sorted. */
struct run {
    struct build build;
    struct store_memory *memory;
    struct engine *engine;
    struct arena *arena;
    struct engine_event events[64];
    uint32_t events_n;
    uint64_t lsn;
    struct buf told;
};

static const enum type_id LEFT[] = {TYPE_INT8, TYPE_INT8, TYPE_TEXT};
static const enum type_id RIGHT[] = {TYPE_INT8, TYPE_TEXT};

static void begin(struct run *run)
{
    *run = (struct run){.lsn = 1};
    build_begin(&run->build);
}

static void start(struct run *run)
{
    struct err err;

    run->memory = store_memory_new();
    run->arena = arena_new(SIZE_MAX);
    assert_true(engine_new(&run->build.plan, &run->memory->store, &run->engine, &err));
}

static void end(struct run *run)
{
    engine_free(run->engine);
    store_memory_free(run->memory);
    arena_free(run->arena);
    build_end(&run->build);
    buf_done(&run->told);
}

static void event(struct run *run, uint32_t source, char op, const char *const *texts)
{
    const struct schema *schema = &run->build.sources[source].schema;
    const struct row *row = texts == NULL ? NULL : build_row(run->arena, schema, texts);

    run->events[run->events_n++] =
        (struct engine_event){source, op, op == 'd' ? NULL : row, op == 'd' ? row : NULL,
                              (struct position){run->lsn++, 1}};
}

#define EVENT(run, source, op, ...) event(run, source, op, (const char *const[]){__VA_ARGS__})

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void tell(struct run *run, const struct engine_output *output)
{
    const char *lines[128];
    uint32_t n = 0;
    struct buf line = {0};

    for (uint32_t i = 0; i < output->changes_n; i++) {
        const struct engine_change *change = &output->changes[i];
        const struct schema *schema = &run->build.views[change->view].schema;

        buf_clear(&line);
        buf_printf(&line, "%u%c", change->view, change->row != NULL ? '+' : '-');
        build_print(&line, schema, change->row != NULL ? change->row : change->key_row);
        lines[n++] = arena_printf(run->arena, "%s", buf_cstr(&line));
    }
    for (uint32_t i = 0; i < output->quarantines_n; i++) {
        const struct engine_quarantine *one = &output->quarantines[i];

        lines[n++] = arena_printf(run->arena, "q%u%s", one->node,
                                  one->gone ? " gone" : one->reason.sqlstate);
    }
    qsort(lines, n, sizeof(*lines), compare_lines);
    buf_clear(&run->told);
    for (uint32_t i = 0; i < n; i++)
        buf_printf(&run->told, "%s%s", i > 0 ? " " : "", lines[i]);
    buf_done(&line);
}

/* Runs the events collected so far as one step and tells what came of them. */
static const char *step(struct run *run)
{
    struct engine_output output;
    struct err err;

    assert_true(engine_step(run->engine, run->events, run->events_n, run->arena, &output, &err));
    run->events_n = 0;
    tell(run, &output);
    return buf_cstr(&run->told);
}

static void begin_left_join(struct run *run)
{
    begin(run);
    uint32_t left = build_source(&run->build, LEFT, 3);
    uint32_t right = build_source(&run->build, RIGHT, 2);
    build_view(&run->build, build_join(&run->build, PLAN_JOIN_LEFT, left, right, 1, 0));
    build_view(&run->build, build_join(&run->build, PLAN_JOIN_INNER, left, right, 1, 0));
    start(run);
}

/* The view's key has the right row's key in it, so a change of match is a tombstone and a row. */
static void test_left_join_transitions(void **state)
{
    struct run run;

    (void)state;
    begin_left_join(&run);
    EVENT(&run, 0, 'c', "1", "7", "a");
    assert_string_equal(step(&run), "0+1|7|a|~|~");
    EVENT(&run, 1, 'c', "7", "x");
    assert_string_equal(step(&run), "0+1|7|a|7|x 0-1|7|a|~|~ 1+1|7|a|7|x");
    EVENT(&run, 1, 'u', "7", "y");
    assert_string_equal(step(&run), "0+1|7|a|7|y 1+1|7|a|7|y");
    EVENT(&run, 0, 'u', "1", "8", "a");
    assert_string_equal(step(&run), "0+1|8|a|~|~ 0-1|7|a|7|y 1-1|7|a|7|y");
    EVENT(&run, 0, 'u', "1", "7", "b");
    assert_string_equal(step(&run), "0+1|7|b|7|y 0-1|8|a|~|~ 1+1|7|b|7|y");
    EVENT(&run, 1, 'd', "7", NULL);
    assert_string_equal(step(&run), "0+1|7|b|~|~ 0-1|7|b|7|y 1-1|7|b|7|y");
    EVENT(&run, 0, 'd', "1", NULL, NULL);
    assert_string_equal(step(&run), "0-1|7|b|~|~");
    assert_int_equal(store_memory_count(run.memory), 0);
    end(&run);
}

static void test_left_join_within_one_step(void **state)
{
    struct run run;

    (void)state;
    begin_left_join(&run);
    EVENT(&run, 0, 'c', "1", "7", "a");
    EVENT(&run, 1, 'c', "7", "x");
    assert_string_equal(step(&run), "0+1|7|a|7|x 1+1|7|a|7|x");
    EVENT(&run, 1, 'd', "7", NULL);
    EVENT(&run, 0, 'c', "2", "7", "b");
    EVENT(&run, 1, 'c', "8", "z");
    EVENT(&run, 0, 'u', "1", "8", "a");
    assert_string_equal(step(&run), "0+1|8|a|8|z 0+2|7|b|~|~ 0-1|7|a|7|x 1+1|8|a|8|z 1-1|7|a|7|x");
    EVENT(&run, 1, 'd', "8", NULL);
    EVENT(&run, 1, 'c', "8", "z");
    assert_string_equal(step(&run), "");
    end(&run);
}

static void test_null_keys_match_nothing(void **state)
{
    struct run run;

    (void)state;
    begin_left_join(&run);
    EVENT(&run, 0, 'c', "1", NULL, "a");
    assert_string_equal(step(&run), "0+1|~|a|~|~");
    EVENT(&run, 0, 'u', "1", "7", "a");
    EVENT(&run, 1, 'c', "7", "x");
    assert_string_equal(step(&run), "0+1|7|a|7|x 0-1|~|a|~|~ 1+1|7|a|7|x");
    EVENT(&run, 0, 'u', "1", NULL, "a");
    assert_string_equal(step(&run), "0+1|~|a|~|~ 0-1|7|a|7|x 1-1|7|a|7|x");
    end(&run);
}

/* Right rows that are many for a key: the lone left row goes with the first, comes back with the
 * last, never in between. */
static void test_left_join_of_many(void **state)
{
    struct run run;

    (void)state;
    begin(&run);
    uint32_t left = build_source(&run.build, RIGHT, 2);
    uint32_t right = build_source(&run.build, LEFT, 3);
    build_view(&run.build, build_join(&run.build, PLAN_JOIN_LEFT, left, right, 0, 1));
    start(&run);
    EVENT(&run, 0, 'c', "7", "x");
    EVENT(&run, 1, 'c', "1", "7", "a");
    EVENT(&run, 1, 'c', "2", "7", "b");
    assert_string_equal(step(&run), "0+7|x|1|7|a 0+7|x|2|7|b");
    EVENT(&run, 1, 'd', "1", NULL, NULL);
    assert_string_equal(step(&run), "0-7|x|1|7|a");
    EVENT(&run, 1, 'u', "2", "9", "b");
    assert_string_equal(step(&run), "0+7|x|~|~|~ 0-7|x|2|7|b");
    EVENT(&run, 1, 'u', "2", "7", "c");
    EVENT(&run, 1, 'c', "3", "7", "d");
    assert_string_equal(step(&run), "0+7|x|2|7|c 0+7|x|3|7|d 0-7|x|~|~|~");
    end(&run);
}

static void test_source_drops_what_is_not_newer(void **state)
{
    struct run run;
    struct engine_output output;
    struct err err;

    (void)state;
    begin(&run);
    build_view(&run.build, build_source(&run.build, RIGHT, 2));
    start(&run);
    EVENT(&run, 0, 'c', "1", "a");
    EVENT(&run, 0, 'u', "1", "b");
    struct engine_event older = run.events[0], same = run.events[1];
    assert_string_equal(step(&run), "0+1|b");
    run.events[0] = older;
    run.events[1] = same;
    run.events[2] = (struct engine_event){0, 'd', NULL, older.after, older.position};
    assert_true(engine_step(run.engine, run.events, 3, run.arena, &output, &err));
    assert_int_equal(output.changes_n, 0);
    assert_int_equal(output.events_stale, 3);
    EVENT(&run, 0, 'd', "2", NULL);
    assert_string_equal(step(&run), "");
    EVENT(&run, 0, 'u', "1", "b");
    assert_string_equal(step(&run), "");
    end(&run);
}

static void test_truncate_removes_what_is_older(void **state)
{
    struct run run;
    struct engine_output output;
    struct err err;

    (void)state;
    begin(&run);
    build_view(&run.build, build_source(&run.build, RIGHT, 2));
    start(&run);
    EVENT(&run, 0, 'c', "1", "a");
    EVENT(&run, 0, 'c', "2", "b");
    assert_string_equal(step(&run), "0+1|a 0+2|b");
    EVENT(&run, 0, 'c', "5", "late");
    struct engine_event late = run.events[0];
    run.events_n = 0;
    EVENT(&run, 0, 't', NULL, NULL);
    struct engine_event truncate = run.events[0];
    EVENT(&run, 0, 'c', "2", "new");
    EVENT(&run, 0, 'c', "3", "c");
    assert_string_equal(step(&run), "0+2|new 0+3|c 0-1|a");
    /* The same truncate from another partition, and a row from before it. */
    run.events[0] = truncate;
    run.events[1] = late;
    assert_true(engine_step(run.engine, run.events, 2, run.arena, &output, &err));
    assert_int_equal(output.changes_n, 0);
    assert_int_equal(output.events_stale, 2);
    end(&run);
}

static const struct expr **exprs(struct run *run, struct expr *a, struct expr *b)
{
    const struct expr **list = arena_alloc(run->build.arena, 2 * sizeof(*list));

    list[0] = a;
    list[1] = b;
    return list;
}

static void test_groups_come_and_go(void **state)
{
    struct run run;

    (void)state;
    begin(&run);
    uint32_t source = build_source(&run.build, LEFT, 3);
    struct plan_aggregate aggregates[] = {
        build_aggregate("count", NULL), build_aggregate("sum", build_column(&run.build, source, 0)),
        build_aggregate("min", build_column(&run.build, source, 2)),
        build_aggregate("max", build_column(&run.build, source, 0))};
    build_view(&run.build, build_group(&run.build, source,
                                       exprs(&run, build_column(&run.build, source, 1), NULL), 1,
                                       aggregates, 4));
    start(&run);
    EVENT(&run, 0, 'c', "1", "7", "b");
    EVENT(&run, 0, 'c', "2", "7", "a");
    EVENT(&run, 0, 'c', "3", NULL, NULL);
    assert_string_equal(step(&run), "0+7|2|3|a|2 0+~|1|3|~|3");
    EVENT(&run, 0, 'u', "2", "8", "a");
    assert_string_equal(step(&run), "0+7|1|1|b|1 0+8|1|2|a|2");
    EVENT(&run, 0, 'u', "2", "8", "a");
    assert_string_equal(step(&run), "");
    EVENT(&run, 0, 'd', "1", NULL, NULL);
    EVENT(&run, 0, 'd', "3", NULL, NULL);
    assert_string_equal(step(&run), "0-7|1|1|b|1 0-~|1|3|~|3");
    EVENT(&run, 0, 'd', "2", NULL, NULL);
    assert_string_equal(step(&run), "0-8|1|2|a|2");
    assert_int_equal(store_memory_count(run.memory), 0);
    end(&run);
}

static void test_the_one_group_is_always_there(void **state)
{
    struct run run;
    struct engine_output output;
    struct err err;

    (void)state;
    begin(&run);
    uint32_t source = build_source(&run.build, LEFT, 3);
    struct plan_aggregate aggregates[] = {
        build_aggregate("count", NULL),
        build_aggregate("sum", build_column(&run.build, source, 1))};
    build_view(&run.build, build_group(&run.build, source, NULL, 0, aggregates, 2));
    start(&run);
    assert_true(engine_first_step(run.engine, run.arena, &output, &err));
    tell(&run, &output);
    assert_string_equal(buf_cstr(&run.told), "0+0|~");
    assert_int_equal(store_memory_count(run.memory), 0);
    EVENT(&run, 0, 'c', "1", "7", "b");
    assert_string_equal(step(&run), "0+1|7");
    EVENT(&run, 0, 'd', "1", NULL, NULL);
    assert_string_equal(step(&run), "0+0|~");
    assert_int_equal(store_memory_count(run.memory), 0);
    end(&run);
}

static void test_top_moves_with_its_rows(void **state)
{
    struct run run;

    (void)state;
    begin(&run);
    uint32_t source = build_source(&run.build, LEFT, 3);
    struct plan_order order[] = {{build_column(&run.build, source, 1), {true, true}},
                                 {build_column(&run.build, source, 0), {false, false}}};
    build_view(&run.build, build_top(&run.build, source, order, 2, 2, 1));
    start(&run);
    for (const char *const *id = (const char *const[]){"1", "2", "3", "4", NULL}; *id != NULL; id++)
        EVENT(&run, 0, 'c', *id, *id, "x");
    assert_string_equal(step(&run), "0+2|2|x 0+3|3|x");
    EVENT(&run, 0, 'd', "4", NULL, NULL);
    assert_string_equal(step(&run), "0+1|1|x 0-3|3|x");
    EVENT(&run, 0, 'c', "5", NULL, "n");
    assert_string_equal(step(&run), "0+3|3|x 0-1|1|x");
    EVENT(&run, 0, 'u', "1", "2", "y");
    assert_string_equal(step(&run), "0+1|2|y 0-2|2|x");
    EVENT(&run, 0, 'd', "3", NULL, NULL);
    assert_string_equal(step(&run), "0+2|2|x 0-3|3|x");
    end(&run);
}

/* Keys that the store cuts at the same prefix are still in order. */
static void test_order_of_long_keys(void **state)
{
    struct run run;
    char text[6][801];

    (void)state;
    begin(&run);
    uint32_t source = build_source(&run.build, LEFT, 3);
    struct plan_order order[] = {{build_column(&run.build, source, 2), {false, false}}};
    struct plan_aggregate aggregates[] = {
        build_aggregate("min", build_column(&run.build, source, 2)),
        build_aggregate("max", build_column(&run.build, source, 2))};
    build_view(&run.build, build_top(&run.build, source, order, 1, 2, 0));
    uint32_t extremes = build_group(&run.build, source, NULL, 0, aggregates, 2);
    build_view(&run.build, extremes);
    start(&run);
    for (int i = 0; i < 6; i++) {
        memset(text[i], 'x', 800);
        text[i][799] = (char)('a' + i);
        text[i][800] = '\0';
        EVENT(&run, 0, 'c', (const char *const[]){"4", "2", "5", "1", "6", "3"}[i], "0", text[i]);
    }
    const char *told = step(&run);
    assert_non_null(strstr(told, "0+4|0|"));
    assert_non_null(strstr(told, "0+2|0|"));
    assert_null(strstr(told, "0+5|0|"));
    assert_string_equal(strrchr(told, '|') + 800, "f");
    EVENT(&run, 0, 'd', "4", NULL, NULL);
    EVENT(&run, 0, 'd', "3", NULL, NULL);
    told = step(&run);
    assert_non_null(strstr(told, "0+5|0|"));
    assert_non_null(strstr(told, "0-4|0|"));
    assert_string_equal(strrchr(told, '|') + 800, "e");
    end(&run);
}

static uint64_t quarantined(const struct run *run)
{
    struct err err;
    uint64_t n = 0;

    assert_true(engine_quarantined(run->engine, &n, &err));
    return n;
}

static void test_a_raising_row_is_withheld_until_mended(void **state)
{
    struct run run;

    (void)state;
    begin(&run);
    uint32_t source = build_source(&run.build, LEFT, 3);
    struct expr *quotient = build_op(&run.build, "/", build_const(&run.build, TYPE_INT8, "10"),
                                     build_column(&run.build, source, 1));
    build_view(&run.build,
               build_project(&run.build, source,
                             exprs(&run, build_column(&run.build, source, 0), quotient), 2));
    start(&run);
    EVENT(&run, 0, 'c', "1", "0", "a");
    EVENT(&run, 0, 'c', "2", "5", "a");
    assert_string_equal(step(&run), "0+2|2 q122012");
    assert_int_equal(quarantined(&run), 1);
    EVENT(&run, 0, 'u', "1", "0", "a");
    assert_string_equal(step(&run), "");
    EVENT(&run, 0, 'u', "1", "2", "a");
    assert_string_equal(step(&run), "0+1|5 q1 gone");
    assert_int_equal(quarantined(&run), 0);
    EVENT(&run, 0, 'd', "1", NULL, NULL);
    EVENT(&run, 0, 'd', "2", NULL, NULL);
    step(&run);
    assert_int_equal(store_memory_count(run.memory), 0);
    end(&run);
}

/* What a scalar subquery reads: any one of the values, NULL too; the last that is left. */
static void test_first_is_one_of_the_rows(void **state)
{
    struct run run;

    (void)state;
    begin(&run);
    uint32_t source = build_source(&run.build, LEFT, 3);
    struct plan_aggregate aggregates[] = {
        build_aggregate("first", build_column(&run.build, source, 2))};
    build_view(&run.build, build_group(&run.build, source,
                                       exprs(&run, build_column(&run.build, source, 1), NULL), 1,
                                       aggregates, 1));
    start(&run);
    EVENT(&run, 0, 'c', "1", "7", "a");
    EVENT(&run, 0, 'c', "2", "8", NULL);
    assert_string_equal(step(&run), "0+7|a 0+8|~");
    EVENT(&run, 0, 'c', "3", "7", "a");
    EVENT(&run, 0, 'c', "4", "8", "b");
    step(&run);
    EVENT(&run, 0, 'd', "2", NULL, NULL);
    step(&run);
    EVENT(&run, 0, 'u', "4", "8", "c");
    assert_string_equal(step(&run), "0+8|c");
    EVENT(&run, 0, 'd', "1", NULL, NULL);
    EVENT(&run, 0, 'd', "3", NULL, NULL);
    EVENT(&run, 0, 'd', "4", NULL, NULL);
    step(&run);
    assert_int_equal(store_memory_count(run.memory), 0);
    end(&run);
}

static void test_a_raising_group_is_withheld(void **state)
{
    static const enum type_id types[] = {TYPE_INT8, TYPE_FLOAT8};
    struct run run;

    (void)state;
    begin(&run);
    uint32_t source = build_source(&run.build, types, 2);
    struct plan_aggregate aggregates[] = {
        build_aggregate("sum", build_column(&run.build, source, 1))};
    build_view(&run.build, build_group(&run.build, source, NULL, 0, aggregates, 1));
    start(&run);
    EVENT(&run, 0, 'c', "1", "1e308");
    assert_string_equal(step(&run), "0+1e+308");
    EVENT(&run, 0, 'c', "2", "1e308");
    assert_string_equal(step(&run), "0-1e+308 q122003");
    EVENT(&run, 0, 'c', "3", "-1e308");
    assert_string_equal(step(&run), "0+1e+308 q1 gone");
    end(&run);
}

static void test_contract(void **state)
{
    struct run run;
    const struct plan_rule *broken;
    struct err reason;

    (void)state;
    begin(&run);
    uint32_t source = build_source(&run.build, LEFT, 3);
    struct plan_rule rules[] = {
        {.name = "k not null", .column = 1},
        {.name = "s_check",
         .expr = build_op(&run.build, "<>", build_column(&run.build, source, 2),
                          build_const(&run.build, TYPE_TEXT, ""))},
        {.name = "k_check",
         .expr = build_op(&run.build, ">",
                          build_op(&run.build, "/", build_const(&run.build, TYPE_INT8, "1"),
                                   build_column(&run.build, source, 1)),
                          build_const(&run.build, TYPE_INT8, "-5"))},
        {.name = "s_short",
         .warning = true,
         .expr = build_op(&run.build, "<", build_column(&run.build, source, 2),
                          build_const(&run.build, TYPE_TEXT, "b"))}};
    run.build.sources[0].rules = rules;
    run.build.sources[0].rules_n = 4;
    start(&run);
    const struct schema *schema = &run.build.sources[0].schema;
    static const struct {
        const char *texts[3];
        int rule;
        const char *sqlstate;
    } cases[] = {{{"1", "2", "a"}, -1, ""},      {{"1", "2", NULL}, -1, ""},
                 {{"1", "2", "c"}, -1, ""},      {{"1", "3", "b"}, -1, ""},
                 {{"1", NULL, "a"}, 0, "23502"}, {{"1", "2", ""}, 1, "23514"},
                 {{"1", "0", "a"}, 2, "22012"},  {{"1", NULL, ""}, 0, "23502"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        engine_check(run.engine, 0, build_row(run.arena, schema, cases[i].texts), run.arena,
                     &broken, &reason);
        if (cases[i].rule < 0) {
            assert_null(broken);
        } else {
            assert_ptr_equal(broken, &rules[cases[i].rule]);
            assert_string_equal(reason.sqlstate, cases[i].sqlstate);
        }
    }
    assert_int_equal(engine_take_warnings(run.engine, 0, 3), 2);
    assert_int_equal(engine_take_warnings(run.engine, 0, 3), 0);
    assert_int_equal(engine_take_warnings(run.engine, 0, 1), 0);
    end(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_left_join_transitions),
        cmocka_unit_test(test_left_join_within_one_step),
        cmocka_unit_test(test_null_keys_match_nothing),
        cmocka_unit_test(test_left_join_of_many),
        cmocka_unit_test(test_source_drops_what_is_not_newer),
        cmocka_unit_test(test_truncate_removes_what_is_older),
        cmocka_unit_test(test_groups_come_and_go),
        cmocka_unit_test(test_the_one_group_is_always_there),
        cmocka_unit_test(test_top_moves_with_its_rows),
        cmocka_unit_test(test_order_of_long_keys),
        cmocka_unit_test(test_a_raising_row_is_withheld_until_mended),
        cmocka_unit_test(test_first_is_one_of_the_rows),
        cmocka_unit_test(test_a_raising_group_is_withheld),
        cmocka_unit_test(test_contract),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
