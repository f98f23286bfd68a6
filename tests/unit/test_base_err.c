/* base/err: kinds, statuses, texts that never run over. */
#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void kinds_have_their_status(void **state)
{
    struct err err;

    (void)state;
    assert_false(err_set(&err, ERR_RETRY, "a %d", 1));
    assert_int_equal(err.kind, ERR_RETRY);
    assert_int_equal(err.exit_status, EX_UNAVAILABLE);
    assert_string_equal(err.text, "a 1");
    assert_string_equal(err.sqlstate, "");
    assert_false(err_set(&err, ERR_ABORT, "x"));
    assert_int_equal(err.exit_status, EX_UNAVAILABLE);
    assert_false(err_set(&err, ERR_DEAD_LETTER, "x"));
    assert_int_equal(err.exit_status, EX_DATAERR);
    assert_false(err_set(&err, ERR_STOP, "x"));
    assert_int_equal(err.exit_status, EX_SOFTWARE);
    assert_false(err_stop(&err, EX_NOPERM, "x"));
    assert_int_equal(err.kind, ERR_STOP);
    assert_int_equal(err.exit_status, EX_NOPERM);
    assert_false(err_sql(&err, ERR_DEAD_LETTER, "22P02", "bad \"%s\"", "z"));
    assert_string_equal(err.sqlstate, "22P02");
    assert_string_equal(err.text, "bad \"z\"");
}

static void an_error_may_quote_itself(void **state)
{
    struct err err;

    (void)state;
    err_set(&err, ERR_STOP, "inner");
    err_set(&err, ERR_RETRY, "outer: %s", err.text);
    assert_string_equal(err.text, "outer: inner");
    err_prefix(&err, "reading %s", "x");
    assert_string_equal(err.text, "reading x: outer: inner");
    assert_int_equal(err.kind, ERR_RETRY);
}

static void long_texts_are_cut(void **state)
{
    struct err err;
    char big[4000];

    (void)state;
    memset(big, 'x', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    err_set(&err, ERR_STOP, "%s", big);
    assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
    err_prefix(&err, "%s", big);
    assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
    err_prefix(&err, "p");
    assert_memory_equal(err.text, "p: xxx", 6);
    assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

static void memory_is_never_null(void **state)
{
    (void)state;
    void *nothing = err_malloc(0);
    assert_non_null(nothing);
    nothing = err_realloc(nothing, 0);
    assert_non_null(nothing);
    free(nothing);
    nothing = err_calloc(0, 8);
    assert_non_null(nothing);
    free(nothing);
    assert_null(err_strdup(NULL));
    char *copy = err_strdup("");
    assert_string_equal(copy, "");
    free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_have_their_status),
        cmocka_unit_test(an_error_may_quote_itself),
        cmocka_unit_test(long_texts_are_cut),
        cmocka_unit_test(memory_is_never_null),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
