/* base/arena: alignment, growth, marks, limits, reuse. */
#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void everything_is_aligned_and_apart(void **state)
{
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);
    uint8_t *last = NULL;

    (void)state;
    for (size_t size = 1; size < 300; size++) {
        uint8_t *p = arena_alloc(arena, size);
        assert_int_equal((uintptr_t)p % 8, 0);
        memset(p, (int)size, size);
        if (last != NULL)
            assert_int_equal(last[size - 2], (uint8_t)(size - 1));
        last = p;
    }
}

static void it_grows_past_a_block_and_counts(void **state)
{
    CLEANUP(arena) struct arena *arena = arena_new(100 * 1024);

    (void)state;
    assert_int_equal(arena_used(arena), 0);
    memset(arena_alloc(arena, 90 * 1024), 1, 90 * 1024);
    assert_false(arena_full(arena));
    assert_int_equal(arena_used(arena), 90 * 1024);
    memset(arena_alloc(arena, 11 * 1024), 1, 11 * 1024);
    assert_true(arena_full(arena));
    assert_int_equal(arena_used(arena), 101 * 1024);
    arena_reset(arena);
    assert_int_equal(arena_used(arena), 0);
    assert_false(arena_full(arena));
}

static void a_reset_keeps_the_blocks(void **state)
{
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);

    (void)state;
    void *first = arena_alloc(arena, 40 * 1024);
    void *second = arena_alloc(arena, 40 * 1024);
    arena_reset(arena);
    assert_ptr_equal(arena_alloc(arena, 40 * 1024), first);
    assert_ptr_equal(arena_alloc(arena, 40 * 1024), second);
}

static void a_block_too_small_is_passed_over(void **state)
{
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);

    (void)state;
    arena_alloc(arena, 60 * 1024);
    arena_alloc(arena, 60 * 1024);
    arena_reset(arena);
    arena_alloc(arena, 60 * 1024);
    uint8_t *big = arena_alloc(arena, 9 << 20); /* the kept next block can't hold it */
    memset(big, 7, 9 << 20);
    assert_int_equal(big[(9 << 20) - 1], 7);
}

static void a_mark_is_come_back_to(void **state)
{
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);

    (void)state;
    arena_alloc(arena, 100);
    size_t used = arena_used(arena);
    struct arena_mark mark = arena_mark(arena);
    void *next = arena_alloc(arena, 8);
    for (int i = 0; i < 100; i++)
        arena_alloc(arena, 10000);
    arena_rewind(arena, mark);
    assert_int_equal(arena_used(arena), used);
    assert_ptr_equal(arena_alloc(arena, 8), next);
}

static void texts_are_terminated(void **state)
{
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);

    (void)state;
    struct str copy = arena_copy(arena, (struct str){"abcdef", 3});
    assert_int_equal(copy.len, 3);
    assert_string_equal(copy.at, "abc");
    copy = arena_copy(arena, STR_NONE);
    assert_string_equal(copy.at, "");
    assert_string_equal(arena_printf(arena, "%s-%d", "x", 7), "x-7");
    const uint8_t *zeros = arena_zalloc(arena, 64);
    for (int i = 0; i < 64; i++)
        assert_int_equal(zeros[i], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_aligned_and_apart),
        cmocka_unit_test(it_grows_past_a_block_and_counts),
        cmocka_unit_test(a_reset_keeps_the_blocks),
        cmocka_unit_test(a_block_too_small_is_passed_over),
        cmocka_unit_test(a_mark_is_come_back_to),
        cmocka_unit_test(texts_are_terminated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
