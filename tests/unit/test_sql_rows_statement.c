/* The statements of a run: what is asked around the query, and how its parameters are numbered. */
#include "statement.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the above */
#include <cmocka.h>

static const char *const key[] = {"a", "b\"c"};

static struct statement_shape shape(void)
{
    return (struct statement_shape){.from = "\"s\".\"t\"",
                                    .params_n = 1,
                                    .key = key,
                                    .key_n = 2,
                                    .order = {"at", "a"},
                                    .order_n = 2,
                                    .page_rows = 7};
}

static void check(enum statement_pass pass, enum statement_bound bound, const char *expected)
{
    struct buf sql CLEANUP(buf) = {0};
    const struct statement_shape of = shape();

    statement_print(&sql, &of, pass, bound);
    assert_string_equal(buf_cstr(&sql), expected);
}

static void every_pass(void **state)
{
    (void)state;
    check(PASS_WHOLE, BOUND_NONE, "SELECT q.* FROM \"s\".\"t\" AS q");
    check(PASS_ALL, BOUND_NONE,
          "SELECT q.* FROM \"s\".\"t\" AS q ORDER BY q.\"a\", q.\"b\"\"c\" LIMIT 7");
    check(PASS_ALL, BOUND_BEHIND,
          "SELECT q.* FROM \"s\".\"t\" AS q WHERE (q.\"a\", q.\"b\"\"c\") > ($2, $3)"
          " ORDER BY q.\"a\", q.\"b\"\"c\" LIMIT 7");
    check(PASS_NEW, BOUND_NONE,
          "SELECT q.* FROM \"s\".\"t\" AS q WHERE (q.\"at\" IS NOT NULL AND q.\"a\" IS NOT NULL)"
          " ORDER BY q.\"at\", q.\"a\" LIMIT 7");
    check(PASS_NEW, BOUND_FROM,
          "SELECT q.* FROM \"s\".\"t\" AS q WHERE (q.\"at\") >= ($2) AND"
          " (q.\"at\" IS NOT NULL AND q.\"a\" IS NOT NULL) ORDER BY q.\"at\", q.\"a\" LIMIT 7");
    check(PASS_NEW, BOUND_BEHIND,
          "SELECT q.* FROM \"s\".\"t\" AS q WHERE (q.\"at\", q.\"a\") > ($2, $3) AND"
          " (q.\"at\" IS NOT NULL AND q.\"a\" IS NOT NULL) ORDER BY q.\"at\", q.\"a\" LIMIT 7");
    check(PASS_LATE, BOUND_BEHIND,
          "SELECT q.* FROM \"s\".\"t\" AS q WHERE (q.\"a\", q.\"b\"\"c\") > ($2, $3) AND"
          " (($4::bigint - q.xmin::text::bigint) & 4294967295) <= $4::bigint - $5::bigint AND"
          " (q.\"at\", q.\"a\") <= ($6, $7) ORDER BY q.\"a\", q.\"b\"\"c\" LIMIT 7");
    check(PASS_UNSTAMPED, BOUND_NONE,
          "SELECT q.* FROM \"s\".\"t\" AS q WHERE (q.\"at\" IS NULL OR q.\"a\" IS NULL)"
          " ORDER BY q.\"a\", q.\"b\"\"c\" LIMIT 7");
    check(PASS_KEYLESS, BOUND_NONE,
          "SELECT q.* FROM \"s\".\"t\" AS q WHERE (q.\"a\" IS NULL OR q.\"b\"\"c\" IS NULL)");
    check(PASS_KEYS, BOUND_NONE,
          "SELECT q.\"a\", q.\"b\"\"c\" FROM \"s\".\"t\" AS q"
          " ORDER BY q.\"a\", q.\"b\"\"c\" LIMIT 7");
}

static void names_are_quoted(void **state)
{
    struct buf name CLEANUP(buf) = {0};

    (void)state;
    statement_identifier(&name, "sh\"op.or.ders", true);
    assert_string_equal(buf_cstr(&name), "\"sh\"\"op\".\"or.ders\"");
    buf_clear(&name);
    statement_identifier(&name, "a.b", false);
    assert_string_equal(buf_cstr(&name), "\"a.b\"");
}

static void parameters_are_numbered(void **state)
{
    static const char query[] =
        "SELECT ':no', \":no\", a::text, $t$:no$t$, b[1:2] -- :no\n"
        "/* :no */ WHERE x = :one AND y < :as_of::date AND z = :one AND ':'";
    struct buf sql CLEANUP(buf) = {0};
    struct statement_names names;
    struct err err;

    (void)state;
    assert_true(statement_bind(&sql, str_of(query), true, &names, &err));
    assert_string_equal(
        buf_cstr(&sql),
        "SELECT ':no', \":no\", a::text, $t$:no$t$, b[1:2] -- :no\n"
        "/* :no */ WHERE x = $1 AND y < ($2::timestamptz)::date AND z = $1 AND ':'");
    assert_int_equal(names.n, 2);
    assert_true(str_eq(names.names[0], STR("one")) && str_eq(names.names[1], STR("as_of")));
    buf_clear(&sql);
    assert_true(statement_bind(&sql, STR("date(:as_of, 'it''s :no')"), false, &names, &err));
    assert_string_equal(buf_cstr(&sql), "date($1, 'it''s :no')");
}

/* What never ends is copied to the end; the database says what is wrong with it. */
static void what_does_not_end(void **state)
{
    static const char *const queries[] = {"'", "\"a", "$a$ :b", "/*",   "--",
                                          ":", "a:",  "$",      "$1:b$"};
    struct statement_names names;
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof(queries) / sizeof(*queries); i++) {
        struct buf sql CLEANUP(buf) = {0};

        assert_true(statement_bind(&sql, str_of(queries[i]), false, &names, &err));
        if (i + 1 < sizeof(queries) / sizeof(*queries))
            assert_string_equal(buf_cstr(&sql), queries[i]);
    }
    assert_int_equal(names.n, 1);
}

static void too_many_parameters(void **state)
{
    struct buf query CLEANUP(buf) = {0}, sql CLEANUP(buf) = {0};
    struct statement_names names;
    struct err err;

    (void)state;
    for (int i = 0; i <= STATEMENT_COLUMNS_MAX; i++)
        buf_printf(&query, " :p%d", i);
    assert_false(statement_bind(&sql, buf_str(&query), false, &names, &err));
    assert_int_equal(err.exit_status, EX_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pass),
        cmocka_unit_test(names_are_quoted),
        cmocka_unit_test(parameters_are_numbered),
        cmocka_unit_test(what_does_not_end),
        cmocka_unit_test(too_many_parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
