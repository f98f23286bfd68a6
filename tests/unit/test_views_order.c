/* The sort by ranks gives what qsort gives. */
#include "ops/order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { KEYS_MAX = 700 };

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

static int compare(const void *left, const void *right)
{
    return str_cmp(*(const struct str *)left, *(const struct str *)right);
}

/* Keys of some beginning, a middle of few values and an end of one byte or none. */
static size_t random_key(uint64_t *state, const char *prefix, char *into)
{
    size_t end = next_random(state) % 2;
    int n = sprintf(into, "%s%0*d", prefix, (int)(next_random(state) % 20),
                    (int)(next_random(state) % 300));

    into[n] = (char)next_random(state);
    return (size_t)n + end;
}

static void run(uint64_t seed, const char *prefix)
{
    static char bytes[KEYS_MAX][64];
    static struct str keys[KEYS_MAX], expected[KEYS_MAX];
    static struct ranked ranks[2 * KEYS_MAX];
    uint64_t state = seed;
    uint32_t n = (uint32_t)(next_random(&state) % KEYS_MAX);

    for (uint32_t i = 0; i < n; i++) {
        keys[i] = (struct str){bytes[i], random_key(&state, prefix, bytes[i])};
        expected[i] = keys[i];
        ranks[i] = ranked_of(&keys[i], strlen(prefix));
    }
    qsort(expected, n, sizeof(*expected), compare);
    ranked_sort(ranks, ranks + n, n);
    for (uint32_t i = 0; i < n; i++)
        assert_true(str_eq(*ranks[i].key, expected[i]));
}

static void test_equals_qsort(void **unused)
{
    (void)unused;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        run(seed, "");
        run(seed, "fingerpr");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_equals_qsort)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
