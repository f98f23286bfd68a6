/* s3-objects: the plan in the offset's metadata, and the names of objects. */
#include "plan.h"

#include "key_template.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_plan_goes_there_and_back(void **state)
{
    static const struct plan plans[] = {
        {true, 99, 100, 1764000000000, "0123456789abcdef"},
        {true, 0, 1, 0, "ffffffffffffffff"},
        {true, INT64_MAX, INT64_MAX, INT64_MAX, "0000000000000000"},
        {true, 5, PLAN_COUNT_UNKNOWN, 0, "0000000000000000"},
        {false, 0, 0, 0, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(plans) / sizeof(*plans); i++) {
        CLEANUP(buf) struct buf text = {0};
        struct plan got = {true, 1, 1, 1, "x"};
        struct err err;

        plan_encode(&text, &plans[i]);
        assert_true(text.len < 4096);
        if (!plan_decode(buf_str(&text), &got, &err))
            fail_msg("%s", err.text);
        assert_int_equal(got.standing, plans[i].standing);
        assert_int_equal(got.end, plans[i].end);
        assert_int_equal(got.count, plans[i].count);
        assert_int_equal(got.wall_ms, plans[i].wall_ms);
        assert_string_equal(got.cfg, plans[i].cfg);
    }
}

static void the_text_is_the_documented_one(void **state)
{
    const struct plan plan = {true, 99, 100, 5, "0123456789abcdef"};
    CLEANUP(buf) struct buf text = {0};

    (void)state;
    plan_encode(&text, &plan);
    assert_string_equal(buf_cstr(&text), "{\"v\":1,\"plan\":{\"end\":99,\"count\":100,\"wall\":5,"
                                         "\"cfg\":\"0123456789abcdef\"}}");
}

static void other_metadata_is_refused(void **state)
{
#define CFG "\"cfg\":\"0123456789abcdef\""
    static const char *const bad[] = {
        "x",
        " ",
        "{}",
        "null",
        "{\"v\":2,\"plan\":{\"end\":1,\"count\":1,\"wall\":1," CFG "}}",
        "{\"v\":1}",
        "{\"v\":1,\"plan\":null}",
        "{\"v\":1,\"plan\":{}}",
        "{\"v\":1,\"plan\":{\"end\":1,\"count\":1,\"wall\":1}}",
        "{\"v\":1,\"plan\":{\"end\":1,\"count\":1," CFG "}}",
        "{\"v\":1,\"plan\":{\"end\":1,\"wall\":1," CFG "}}",
        "{\"v\":1,\"plan\":{\"count\":1,\"wall\":1," CFG "}}",
        "{\"v\":1,\"plan\":{\"end\":-1,\"count\":1,\"wall\":1," CFG "}}",
        "{\"v\":1,\"plan\":{\"end\":1,\"count\":0,\"wall\":1," CFG "}}",
        "{\"v\":1,\"plan\":{\"end\":1,\"count\":-2,\"wall\":1," CFG "}}",
        "{\"v\":1,\"plan\":{\"end\":1.5,\"count\":1,\"wall\":1," CFG "}}",
        "{\"v\":1,\"plan\":{\"end\":\"1\",\"count\":1,\"wall\":1," CFG "}}",
        "{\"v\":1,\"plan\":{\"end\":99999999999999999999,\"count\":1,\"wall\":1," CFG "}}",
        "{\"v\":1,\"plan\":{\"end\":1,\"count\":1,\"wall\":1,\"cfg\":\"short\"}}",
        "{\"v\":1,\"plan\":{\"end\":1,\"count\":1,\"wall\":1," CFG ",\"more\":1}}",
        "{\"v\":1,\"plan\":{\"end\":1,\"count\":1,\"wall\":1," CFG "},\"more\":1}",
        "{\"v\":1,\"plan\":{\"end\":1,\"count\":1,\"wall\":1," CFG "}} x",
        "{\"v\":1,\"plan\":{\"end\":1,\"count\":1,\"wall\":1," CFG "}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct plan got = {.end = 7};
        struct err err;

        if (plan_decode(str_of(bad[i]), &got, &err))
            fail_msg("taken: %s", bad[i]);
        assert_int_equal(err.kind, ERR_STOP);
        assert_int_equal(got.end, 7);
        assert_non_null(strstr(err.text, bad[i]));
    }
}

static void the_configuration_tells_bucket_and_formats_apart(void **state)
{
    static const struct object_format *const json[] = {&format_json, NULL};
    static const struct object_format *const both[] = {&format_json, &format_xml, NULL};
    char a[PLAN_CFG_CHARS + 1], b[PLAN_CFG_CHARS + 1];

    (void)state;
    plan_configuration("bucket", json, STR(""), a);
    assert_int_equal(strlen(a), PLAN_CFG_CHARS);
    plan_configuration("bucket", json, STR(""), b);
    assert_string_equal(a, b);
    plan_configuration("bucket", both, STR(""), b);
    assert_string_not_equal(a, b);
    plan_configuration("other", json, STR(""), b);
    assert_string_not_equal(a, b);
}

static void keys_have_twenty_digits(void **state)
{
    CLEANUP(buf) struct buf key = {0};
    const struct key_parts parts = {
        .topic = "acme.gold.top", .partition = 3, .start = 7, .end = INT64_MAX, .ext = "json"};
    int64_t start = -1, end = -1;

    (void)state;
    key_template_render(&key, KEY_TEMPLATE_APPEND, &parts);
    assert_string_equal(
        buf_cstr(&key),
        "acme.gold.top/3/acme.gold.top+3+00000000000000000007-09223372036854775807.json");
    assert_true(key_template_parse(buf_str(&key), KEY_TEMPLATE_APPEND, &parts, &start, &end));
    assert_int_equal(start, 7);
    assert_true(end == INT64_MAX);
}

static void foreign_keys_are_none(void **state)
{
#define N "00000000000000000001-00000000000000000002"
    static const char *const keys[] = {
        "",
        "t/0/",
        "t/0/t+0+" N ".xml",
        "t/0/t+0+" N ".json.gz",
        "t/0/t+0+" N "json",
        "t/0/t+0+" N,
        "t/0/t+1+" N ".json",
        "t/1/t+0+" N ".json",
        "u/0/u+0+" N ".json",
        "t/0/t+0+1-2.json",
        "t/0/t+0+00000000000000000002-00000000000000000001.json",
        "t/0/t+0+0000000000000000000x-00000000000000000002.json",
        "t/0/t+0+99999999999999999999-99999999999999999999.json",
        "prefix/t/0/t+0+" N ".json",
    };
    const struct key_parts parts = {.topic = "t", .ext = "json"};
    int64_t start = -5, end = -5;

    (void)state;
    assert_true(
        key_template_parse(STR("t/0/t+0+" N ".json"), KEY_TEMPLATE_APPEND, &parts, &start, &end));
    assert_int_equal(start, 1);
    assert_int_equal(end, 2);
    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
        if (key_template_parse(str_of(keys[i]), KEY_TEMPLATE_APPEND, &parts, &start, &end))
            fail_msg("taken: %s", keys[i]);
}

static void templates_name_what_they_know(void **state)
{
    static const char *const known[] = {"topic", "table", "start", "end", "ext", "by", NULL};
    static const char *const needed[] = {"start", NULL}, *const stop[] = {"start", "end", NULL};
    const struct key_parts parts = {.topic = "a.gold.t",
                                    .start = 1,
                                    .end = 2,
                                    .ext = "csv.gz",
                                    .by = "day=2026-01-14/",
                                    .sha256 = "0123456789abcdef0123"};
    CLEANUP(buf) struct buf key = {0}, prefix = {0};
    int64_t start = 0, end = 0;
    struct err err;

    (void)state;
    key_template_render(&key, "x/{by}{table}-{start}-{start}+{end}-{sha256}.{ext}", &parts);
    assert_string_equal(buf_cstr(&key),
                        "x/day=2026-01-14/t-00000000000000000001-00000000000000000001+"
                        "00000000000000000002-0123456789abcdef.csv.gz");
    assert_true(key_template_parse(
        buf_str(&key), "x/{by}{table}-{start}-{start}+{end}-{sha256}.{ext}", &parts, &start, &end));
    key_template_prefix(&prefix, "x/{table}/{start}", &parts, stop);
    assert_string_equal(buf_cstr(&prefix), "x/t/");
    assert_true(key_template_check("{start}{end}{", known, needed, &err));
    assert_false(key_template_check("{end}", known, needed, &err));
    assert_non_null(strstr(err.text, "{start}"));
    assert_false(key_template_check("{start}{day}", known, needed, &err));
    assert_non_null(strstr(err.text, "{day}"));
    assert_int_equal(err.exit_status, EX_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_goes_there_and_back),
        cmocka_unit_test(the_text_is_the_documented_one),
        cmocka_unit_test(other_metadata_is_refused),
        cmocka_unit_test(the_configuration_tells_bucket_and_formats_apart),
        cmocka_unit_test(keys_have_twenty_digits),
        cmocka_unit_test(foreign_keys_are_none),
        cmocka_unit_test(templates_name_what_they_know),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
