/* How many records a batch of views may have. */
#include "task/batch_rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

enum { MB = 1 << 20, MOST = 10000 };

static void light_records_come_in_ever_larger_batches(void **state)
{
    uint32_t now = batch_rows_least(MOST);

    (void)state;
    assert_int_equal(now, 2000);
    now = batch_rows_next(now, now, MB, 6 * MB, MOST);
    assert_int_equal(now, 4000);
    now = batch_rows_next(now, now, 2 * MB, 6 * MB, MOST);
    assert_int_equal(now, 8000);
    now = batch_rows_next(now, now, 4 * MB, 6 * MB, MOST);
    assert_int_equal(now, MOST);
}

static void heavy_ones_come_in_batches_that_fit(void **state)
{
    (void)state;
    assert_in_range(batch_rows_next(8000, 8000, 12 * MB, 6 * MB, MOST), 3990, 4000);
    assert_int_equal(batch_rows_next(4000, 4000, 600 * MB, 6 * MB, MOST), 2000);
    assert_in_range(batch_rows_next(MOST, 100, MB, 6 * MB, MOST), 2000, 2000); /* few, but heavy */
}

static void a_small_batch_says_nothing_for_more(void **state)
{
    (void)state;
    assert_int_equal(batch_rows_next(4000, 10, 1000, 6 * MB, MOST), 4000);
    assert_int_equal(batch_rows_next(4000, 2000, MB, 6 * MB, MOST), 8000);
}

static void batch_rows_has_the_last_word(void **state)
{
    (void)state;
    assert_int_equal(batch_rows_least(7), 7);
    assert_int_equal(batch_rows_next(7, 7, 0, 6 * MB, 7), 7);
    assert_int_equal(batch_rows_next(7, 7, 600 * MB, 6 * MB, 7), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(light_records_come_in_ever_larger_batches),
        cmocka_unit_test(heavy_ones_come_in_batches_that_fit),
        cmocka_unit_test(a_small_batch_says_nothing_for_more),
        cmocka_unit_test(batch_rows_has_the_last_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
