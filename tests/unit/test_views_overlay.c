#include "base/buf.h"
#include "ops/overlay.h"
#include "ops/store_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* The model: a small array sorted by key. */
enum { MODEL_MAX = 400 };

struct model {
    char key[MODEL_MAX][32];
    int value[MODEL_MAX]; /* -1: deleted */
    int n;
};

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

static int model_find(const struct model *model, const char *key)
{
    int i = 0;

    while (i < model->n && strcmp(model->key[i], key) < 0)
        i++;
    return i;
}

static void model_put(struct model *model, const char *key, int value)
{
    int i = model_find(model, key);

    if (i == model->n || strcmp(model->key[i], key) != 0) {
        assert_true(model->n < MODEL_MAX);
        for (int j = model->n++; j > i; j--) {
            memcpy(model->key[j], model->key[j - 1], sizeof(model->key[j]));
            model->value[j] = model->value[j - 1];
        }
        snprintf(model->key[i], sizeof(model->key[i]), "%s", key);
    }
    model->value[i] = value;
}

static void assert_entry(const struct overlay_entry *entry, const struct model *model, int i)
{
    if (i < 0 || i >= model->n) {
        assert_null(entry);
        return;
    }
    assert_non_null(entry);
    assert_true(str_eq_c(entry->key, model->key[i]));
    if (model->value[i] < 0)
        assert_null(entry->value.at);
    else
        assert_int_equal(*(const int *)(const void *)entry->value.at, model->value[i]);
}

/* Keys with a common beginning, with beginnings of their own, and the beginnings alone. */
static void random_key(uint64_t *state, char *key)
{
    static const char *const beginnings[] = {"", "prefix-1", "prefix-2", "prefix-2\xff"};
    const char *beginning = beginnings[next_random(state) % 4];

    if (next_random(state) % 20 == 0)
        snprintf(key, 32, "%s", beginning);
    else
        snprintf(key, 32, "%s%0*d", beginning, (int)(next_random(state) % 4) + 1,
                 (int)(next_random(state) % 100));
}

static void run_against_model(uint64_t seed)
{
    struct overlay *overlay = overlay_new(1 << 20);
    struct model model = {.n = 0};
    uint64_t state = seed;
    char key[32];

    for (int round = 0; round < 400; round++) {
        random_key(&state, key);
        int at = model_find(&model, key);
        bool found = at < model.n && strcmp(model.key[at], key) == 0;

        switch (next_random(&state) % 8) {
        case 0:
            assert_entry(overlay_seek(overlay, str_of(key), false), &model, at);
            break;
        case 1:
            assert_entry(overlay_seek(overlay, str_of(key), true), &model, found ? at + 1 : at);
            break;
        case 2:
            assert_entry(overlay_before(overlay, str_of(key)), &model, at - 1);
            break;
        case 3:
            assert_entry(overlay_get(overlay, str_of(key)), &model, found ? at : -1);
            if (found)
                assert_entry(overlay_next(overlay, overlay_get(overlay, str_of(key))), &model,
                             at + 1);
            break;
        case 4:
            overlay_put(overlay, str_of(key), STR_NONE);
            model_put(&model, key, -1);
            break;
        default:
            overlay_put(overlay, str_of(key), (struct str){(const char *)&round, sizeof(round)});
            model_put(&model, key, round);
            break;
        }
        if (next_random(&state) % 200 == 0) {
            overlay_clear(overlay);
            model.n = 0;
        }
        assert_int_equal(overlay_count(overlay), model.n);
    }
    overlay_free(overlay);
}

static void test_equals_a_sorted_array(void **unused)
{
    (void)unused;
    for (uint64_t seed = 1; seed <= 500; seed++)
        run_against_model(seed);
}

static void test_an_older_value_stays_readable(void **unused)
{
    (void)unused;
    struct overlay *overlay = overlay_new(1 << 20);

    overlay_put(overlay, STR("k"), STR("first"));
    struct str first = overlay_get(overlay, STR("k"))->value;
    for (int i = 0; i < 10000; i++)
        overlay_put(overlay, (struct str){(const char *)&i, sizeof(i)}, STR("other"));
    overlay_put(overlay, STR("k"), STR("second"));
    assert_true(str_eq_c(first, "first"));
    assert_true(str_eq_c(overlay_get(overlay, STR("k"))->value, "second"));
    assert_false(overlay_full(overlay) && overlay_bytes(overlay) <= 1 << 20);
    overlay_free(overlay);
}

static void test_an_empty_value_is_no_delete(void **unused)
{
    (void)unused;
    struct overlay *overlay = overlay_new(1 << 20);

    overlay_put(overlay, STR("k"), STR(""));
    assert_non_null(overlay_get(overlay, STR("k"))->value.at);
    overlay_free(overlay);
}

static void put(struct store_memory *memory, const char *key, const char *value)
{
    store_put(&memory->store, str_of(key), str_of(value));
}

static void assert_walk(struct store_memory *memory, const char *prefix, bool reverse,
                        const char *want)
{
    struct store_cursor cursor = store_scan(str_of(prefix), reverse);
    struct buf seen = {0};
    struct err err;
    bool more;

    for (;;) {
        assert_true(store_next(&memory->store, &cursor, &more, &err));
        if (!more)
            break;
        buf_put(&seen, cursor.key);
        buf_char(&seen, '=');
        buf_put(&seen, cursor.value);
        buf_char(&seen, ' ');
    }
    assert_string_equal(buf_cstr(&seen), want);
    buf_done(&seen);
}

static void test_store_walks_a_prefix_both_ways(void **unused)
{
    (void)unused;
    struct store_memory *memory = store_memory_new();

    put(memory, "a", "0");
    put(memory, "b1", "1");
    put(memory, "b2", "2");
    put(memory, "b3", "3");
    put(memory, "c", "4");
    put(memory, "\xff\xff", "5");
    put(memory, "\xff\xff\x01", "6");
    store_delete(&memory->store, STR("b2"));
    assert_walk(memory, "b", false, "b1=1 b3=3 ");
    assert_walk(memory, "b", true, "b3=3 b1=1 ");
    assert_walk(memory, "d", false, "");
    assert_walk(memory, "d", true, "");
    assert_walk(memory, "\xff\xff", true, "\xff\xff\x01=6 \xff\xff=5 ");
    assert_int_equal(store_memory_count(memory), 6);
    store_memory_free(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equals_a_sorted_array),
        cmocka_unit_test(test_an_older_value_stays_readable),
        cmocka_unit_test(test_an_empty_value_is_no_delete),
        cmocka_unit_test(test_store_walks_a_prefix_both_ways),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
