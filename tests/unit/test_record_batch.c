/* record/batch: growth and consolidation. */
#include "record/batch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka needs the four above */
#include <cmocka.h>

static const struct row *row_of(struct arena *arena, int64_t number)
{
    struct row_builder builder = {0};

    row_begin(&builder, 1);
    row_set_slot(&builder, 0, number);
    const struct row *row = row_finish(&builder, arena);
    row_builder_done(&builder);
    return row;
}

static void keeps_what_is_added(void **state)
{
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);
    struct batch batch = {0};

    (void)state;
    for (int i = 0; i < 1000; i++)
        batch_add(&batch, arena, row_of(arena, i), i % 2 == 0 ? 0 : i);
    assert_int_equal(batch.n, 500);
    for (uint32_t i = 0; i < batch.n; i++) {
        assert_int_equal(row_slot(batch.deltas[i].row, 0), 2 * i + 1);
        assert_int_equal(batch.deltas[i].weight, 2 * i + 1);
    }
}

static void adds_up_equal_rows(void **state)
{
    static const int in[][2] = {{5, 1}, {7, 2}, {5, -1}, {9, 1}, {7, 3}, {5, 1}, {8, -1}, {9, -1}};
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);
    struct batch batch = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(in) / sizeof(in[0]); i++)
        batch_add(&batch, arena, row_of(arena, in[i][0]), in[i][1]);
    size_t used = arena_used(arena);
    batch_consolidate(&batch, arena);
    assert_int_equal(arena_used(arena), used);
    assert_int_equal(batch.n, 3);
    assert_int_equal(row_slot(batch.deltas[0].row, 0), 5);
    assert_int_equal(batch.deltas[0].weight, 1);
    assert_int_equal(row_slot(batch.deltas[1].row, 0), 7);
    assert_int_equal(batch.deltas[1].weight, 5);
    assert_int_equal(row_slot(batch.deltas[2].row, 0), 8);
    assert_int_equal(batch.deltas[2].weight, -1);
}

static void vanishes_with_its_reverse(void **state)
{
    enum { N = 3000 };
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);
    struct batch batch = {0};

    (void)state;
    batch_consolidate(&batch, arena);
    assert_int_equal(batch.n, 0);
    for (int i = 0; i < N; i++)
        batch_add(&batch, arena, row_of(arena, i % 1000), 1);
    for (int i = 0; i < N; i++)
        batch_add(&batch, arena, row_of(arena, i * 7 % 1000), -1);
    batch_consolidate(&batch, arena);
    assert_int_equal(batch.n, 0);
    batch_add(&batch, arena, row_of(arena, 1), 1);
    batch_consolidate(&batch, arena);
    assert_int_equal(batch.n, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_what_is_added),
        cmocka_unit_test(adds_up_equal_rows),
        cmocka_unit_test(vanishes_with_its_reverse),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
