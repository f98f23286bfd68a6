/* record/row: building, equal bytes, what a check of foreign bytes refuses. */
#include "record/row.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka needs the four above */
#include "record/numeric.h"
#include <cmocka.h>

static const struct column columns[] = {
    {"id", {TYPE_INT8, -1}, true},      {"name", {TYPE_TEXT, -1}, false},
    {"real", {TYPE_FLOAT8, -1}, false}, {"amount", {TYPE_NUMERIC, -1}, false},
    {"uuid", {TYPE_UUID, -1}, false},
};
static const struct schema schema = {.columns = columns, .columns_n = 5};

static const struct row *make_row(struct arena *arena)
{
    struct row_builder builder = {0};

    row_begin(&builder, 5);
    row_set_bytes(&builder, 3, numeric_from_i64(arena, 1));
    row_set_slot(&builder, 0, -5);
    row_set_value(&builder, 1, TYPE_TEXT, (struct value){.bytes = STR("abc")});
    row_set_value(&builder, 2, TYPE_FLOAT8, (struct value){.real = 0.5});
    row_set_value(&builder, 4, TYPE_UUID, (struct value){.null = true});
    const struct row *row = row_finish(&builder, arena);
    row_builder_done(&builder);
    return row;
}

static void gives_back_what_was_set(void **state)
{
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);
    const struct row *row = make_row(arena);

    (void)state;
    assert_int_equal(row->columns_n, 5);
    assert_int_equal(row->len % 8, 0);
    assert_int_equal((uintptr_t)row % 8, 0);
    assert_int_equal(row_slot(row, 0), -5);
    assert_true(str_eq(row_bytes(row, 1), STR("abc")));
    assert_true(row_real(row, 2) == 0.5);
    assert_true(row_is_null(row, 4));
    assert_int_equal(row_bytes(row, 4).len, 0);
    assert_false(row_is_null(row, 3));
    assert_true(str_eq(row_value(row, 1, TYPE_TEXT).bytes, STR("abc")));
    assert_int_equal(row_value(row, 0, TYPE_INT8).slot, -5);
    assert_true(row_value(row, 4, TYPE_UUID).null);
}

static void equal_rows_have_equal_bytes(void **state)
{
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);
    struct row_builder builder = {0};

    (void)state;
    memset(arena_alloc(arena, 4096), 0xff, 4096); /* what lay there before must not show */
    arena_reset(arena);
    const struct row *a = make_row(arena), *b = make_row(arena);
    assert_true(row_same(a, b));
    assert_true(row_same(a, row_copy(arena, a)));

    row_begin(&builder, 1);
    row_set_bytes(&builder, 0, STR("a long row before"));
    (void)row_finish(&builder, arena);
    row_begin(&builder, 1);
    row_set_bytes(&builder, 0, STR("x"));
    const struct row *c = row_finish(&builder, arena);
    struct row_builder fresh = {0};
    row_begin(&fresh, 1);
    row_set_bytes(&fresh, 0, STR("x"));
    assert_true(row_same(c, row_finish(&fresh, arena)));
    assert_false(row_same(a, c));
    row_builder_done(&builder);
    row_builder_done(&fresh);
}

static void holds_any_number_of_columns(void **state)
{
    static const uint16_t counts[] = {0, 1, 63, 64, 65, 128, 129, 1600};
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);
    struct row_builder builder = {0};

    (void)state;
    for (size_t k = 0; k < sizeof(counts) / sizeof(counts[0]); k++) {
        uint16_t n = counts[k];

        row_begin(&builder, n);
        for (uint16_t i = 0; i < n; i++) {
            if (i % 3 != 0)
                row_set_slot(&builder, i, i);
        }
        const struct row *row = row_finish(&builder, arena);
        for (uint16_t i = 0; i < n; i++) {
            assert_int_equal(row_is_null(row, i), i % 3 == 0);
            assert_int_equal(row_slot(row, i), i % 3 == 0 ? 0 : i);
        }
        if (n % 64 != 0)
            assert_int_equal(row->words[n / 64] >> (n % 64), 0);
    }
    row_builder_done(&builder);
}

/* Runs row_check over the row with one 64-bit word changed. */
static bool passes_with(struct arena *arena, const struct row *row, uint32_t word, uint64_t value)
{
    char *copy = arena_alloc(arena, row->len);
    const struct row *found = NULL;
    struct err err = {0};

    memcpy(copy, row, row->len);
    memcpy(copy + 8 * (size_t)word, &value, sizeof(value));
    bool ok = row_check((struct str){copy, row->len}, &schema, &found, &err);
    assert_int_equal(ok, found != NULL);
    assert_int_equal(ok ? ERR_NONE : ERR_STOP, err.kind);
    return ok;
}

static void checks_what_comes_from_outside(void **state)
{
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);
    const struct row *row = make_row(arena), *found = NULL;
    struct err err;
    uint64_t head, name = row->words[2], amount = row->words[4];

    (void)state;
    memcpy(&head, row, sizeof(head));
    assert_true(row_check(row_str(row), &schema, &found, &err));
    assert_ptr_equal(found, row);
    assert_false(row_check((struct str){(const char *)row, row->len - 8}, &schema, &found, &err));
    assert_false(row_check((struct str){(const char *)row, row->len - 1}, &schema, &found, &err));
    assert_false(row_check((struct str){(const char *)row, 0}, &schema, &found, &err));

    assert_true(passes_with(arena, row, 0, head));
    assert_false(passes_with(arena, row, 0, head + 8));                   /* length */
    assert_false(passes_with(arena, row, 0, head + (UINT64_C(1) << 32))); /* columns */
    assert_false(passes_with(arena, row, 0, head | (UINT64_C(1) << 48))); /* the zero */
    assert_false(passes_with(arena, row, 1, row->words[0] | 1U << 5));    /* a sixth column's bit */
    assert_false(passes_with(arena, row, 1, row->words[0] | 1U));         /* NULL with a slot */
    assert_true(passes_with(arena, row, 2, 77));                          /* any number is good */
    assert_false(passes_with(arena, row, 3, name - 48));                  /* before the area */
    assert_false(passes_with(arena, row, 3, name + row->len));            /* behind the end */
    assert_false(passes_with(arena, row, 3, name | UINT64_C(0xffffffff) << 32));
    assert_false(passes_with(arena, row, 5, amount + (UINT64_C(1) << 32))); /* not a numeric */
    assert_false(
        passes_with(arena, row, 1, row->words[0] & ~UINT64_C(16))); /* uuid without bytes */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_back_what_was_set),
        cmocka_unit_test(equal_rows_have_equal_bytes),
        cmocka_unit_test(holds_any_number_of_columns),
        cmocka_unit_test(checks_what_comes_from_outside),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
