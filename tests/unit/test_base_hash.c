/* base/hash: the published values of XXH3, so that state on disk stays readable. */
#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void values_are_stable(void **state)
{
    (void)state;
    /* the empty input's values stand in XXH3's specification of its test suite */
    assert_true(hash64("", 0) == UINT64_C(0x2d06800538d394c2));
    struct hash128 empty = hash128("", 0);
    assert_true(empty.high == UINT64_C(0x99aa06d3014798d8));
    assert_true(empty.low == UINT64_C(0x6001c324468d497f));
    assert_true(hash64("abc", 3) != hash64("abd", 3));
    assert_true(hash64("abcd", 3) == hash64("abc", 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(values_are_stable)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
