/* What of the room needs no server: quoting, LSNs, what to do about a SQLSTATE, refused URLs. */
#include "postgres/replication.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the above */
#include <cmocka.h>

static void quotes(void **state)
{
    struct buf out CLEANUP(buf) = {0};

    (void)state;
    pg_quote_identifier(&out, "a\"b");
    buf_char(&out, ' ');
    pg_quote_literal(&out, "it's \\");
    assert_string_equal(buf_cstr(&out), "\"a\"\"b\" 'it''s \\'");
}

static void lsn_round_trip(void **state)
{
    static const uint64_t numbers[] = {0, 1, 0xB374D848, 0x16B374D848, UINT64_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
        struct buf out CLEANUP(buf) = {0};
        struct err err;
        uint64_t back = 0;

        pg_lsn_print(&out, numbers[i]);
        assert_true(pg_lsn_parse(buf_str(&out), &back, &err));
        assert_true(back == numbers[i]);
    }
}

static void lsn_refused(void **state)
{
    static const char *const bad[] = {"",    "/",    "1",           "1/",          "/1",   "1/2/3",
                                      "G/1", "1/ 2", "123456789/1", "1/123456789", "0x1/2"};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct err err;
        uint64_t lsn;

        assert_false(pg_lsn_parse(str_of(bad[i]), &lsn, &err));
        assert_int_equal(err.kind, ERR_STOP);
    }
}

static void kinds(void **state)
{
    static const struct {
        const char *sqlstate;
        enum err_kind kind;
    } cases[] = {{"", ERR_RETRY},      {"08006", ERR_RETRY},       {"53300", ERR_RETRY},
                 {"55P03", ERR_RETRY}, {"57P01", ERR_RETRY},       {"57P03", ERR_RETRY},
                 {"40001", ERR_RETRY}, {"40P01", ERR_RETRY},       {"25006", ERR_RETRY},
                 {"58030", ERR_RETRY}, {"22003", ERR_DEAD_LETTER}, {"23505", ERR_DEAD_LETTER},
                 {"42501", ERR_STOP},  {"55006", ERR_STOP},        {"28P01", ERR_STOP},
                 {"40002", ERR_STOP},  {"25001", ERR_STOP}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_int_equal(pg_error_kind(cases[i].sqlstate), cases[i].kind);
}

static void refused_urls(void **state)
{
    static const char *const bad[] = {"host=h password=geheim", "postgresql://u:geheim@h/d",
                                      "host=h nonsense=geheim", "host=h port=12x"};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        char url[64];
        struct postgres_config config = {.url = url, .connect_timeout_ms = 100};
        struct pg *pg = NULL;
        struct err err;

        snprintf(url, sizeof(url), "%s", bad[i]);
        assert_false(pg_connect(&config, "test", PG_ORDINARY, &pg, &err));
        assert_int_equal(err.kind, ERR_STOP);
        assert_int_equal(err.exit_status, EX_CONFIG);
        assert_non_null(strstr(err.text, "--postgres-url"));
        assert_null(strstr(err.text, "geheim"));
    }
}

static void nobody_listens(void **state)
{
    char url[] = "host=127.0.0.1 port=1 user=nobody";
    struct postgres_config config = {.url = url, .connect_timeout_ms = 1000};
    struct pg *pg = NULL;
    struct err err;

    (void)state;
    assert_false(pg_connect(&config, "test", PG_ORDINARY, &pg, &err));
    assert_int_equal(err.kind, ERR_RETRY);
    assert_null(strchr(err.text, '\n'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotes),       cmocka_unit_test(lsn_round_trip),
        cmocka_unit_test(lsn_refused),  cmocka_unit_test(kinds),
        cmocka_unit_test(refused_urls), cmocka_unit_test(nobody_listens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
