/* sinks/report, pure: what a file declares, how a question by HTTP is understood, how a mail is written. */
#include "ask.h"
#include "message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char declared[] = "-- GET /analytics/orders\n"
                               "-- $1 status text = open, open|pending\n"
                               "-- $2 limit integer = 3, 1..1000\n"
                               "-- Orders, for people.\n"
                               "SELECT 1";

static struct report declare(struct arena *arena, const char *sql)
{
    struct report report = {.name = "orders", .sql = sql};
    struct err err;

    assert_true(report_declare(&report, arena, &err));
    return report;
}

static void a_file_declares_its_path_and_parameters(void **state)
{
    CLEANUP(arena) struct arena *arena = arena_new(4096);
    struct report report = declare(arena, declared);
    static const char *const wrong[] = {"-- GET orders\n",  "-- $2 n integer\n",
                                        "-- $1 n number\n", "-- $1 n integer = 3, 5..1\n",
                                        "-- GET /a b\n",    "-- $1 n integer = 3, 1..2 more\n"};

    (void)state;
    assert_string_equal(report.path, "/analytics/orders");
    assert_int_equal(report.parameters_n, 2);
    assert_string_equal(report.parameters[0].choices, "open|pending");
    assert_int_equal(report.parameters[1].max, 1000);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct report bad = {.name = "bad", .sql = wrong[i]};
        struct err err;

        assert_false(report_declare(&bad, arena, &err));
        assert_int_equal(err.exit_status, EX_DATAERR);
    }
}

struct question {
    const char *path, *accept, *name, *value;
    unsigned status;
    enum report_format format;
    const char *says; /* the refusal */
};

static void ask_one(const struct catalog *catalog, const struct question *question,
                    struct arena *arena)
{
    struct endpoint_request request = {.path = question->path, .accept = question->accept};
    struct asked asked;
    struct err err = {0};

    if (question->name != NULL)
        request.arguments[request.arguments_n++] =
            (struct endpoint_argument){str_of(question->name), str_of(question->value)};
    assert_int_equal(ask(catalog, &request, arena, &asked, &err), question->status);
    if (question->status == 200)
        assert_int_equal(asked.format, question->format);
    else
        assert_non_null(strstr(err.text, question->says));
}

static void a_question_is_understood_or_refused(void **state)
{
    CLEANUP(arena) struct arena *arena = arena_new(4096);
    const struct report report = declare(arena, declared);
    const struct catalog catalog = {&report, 1};
    static const struct question questions[] = {
        {"/analytics/orders", NULL, NULL, NULL, 200, FORMAT_JSON, NULL},
        {"/reports/orders", "", "limit", "1000", 200, FORMAT_JSON, NULL},
        {"/reports/orders", "text/csv, */*;q=0.5", NULL, NULL, 200, FORMAT_CSV, NULL},
        {"/reports/orders", "text/csv;q=0.2,application/xml; q=0.25", NULL, NULL, 200, FORMAT_XML,
         NULL},
        {"/reports/orders", "*/*,application/json;q=0.0", NULL, NULL, 200, FORMAT_CSV, NULL},
        {"/reports/orders", "text/html", "format", "table", 200, FORMAT_TABLE, NULL},
        {"/reports/orders", "text/html", NULL, NULL, 406, FORMAT_JSON, "text/csv"},
        {"/reports/orders", "text/csv;q=0", NULL, NULL, 406, FORMAT_JSON, "text/csv"},
        {"/reports/other", NULL, NULL, NULL, 404, FORMAT_JSON, "/reports lists them"},
        {"/analytics/orders/", NULL, NULL, NULL, 404, FORMAT_JSON, "no such report"},
        {"/reports/orders", NULL, "limit", "1001", 400, FORMAT_JSON, "from 1 to 1000"},
        {"/reports/orders", NULL, "limit", " 1", 400, FORMAT_JSON, "whole number"},
        {"/reports/orders", NULL, "limit", "99999999999999999999", 400, FORMAT_JSON, "whole"},
        {"/reports/orders", NULL, "status", "open|pending", 400, FORMAT_JSON, "one of"},
        {"/reports/orders", NULL, "status", "", 400, FORMAT_JSON, "one of"},
        {"/reports/orders", NULL, "$1", "open", 400, FORMAT_JSON, "but status, limit, format"}};

    (void)state;
    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
        ask_one(&catalog, &questions[i], arena);
}

static void the_list_names_what_can_be_asked(void **state)
{
    CLEANUP(arena) struct arena *arena = arena_new(4096);
    CLEANUP(buf) struct buf out = {0};
    const struct report report = declare(arena, declared);

    (void)state;
    ask_list(&out, &(struct catalog){&report, 1});
    assert_string_equal(
        buf_cstr(&out),
        "[\n{\"name\":\"orders\",\"path\":\"/analytics/orders\",\"parameters\":["
        "{\"name\":\"status\",\"type\":\"text\",\"default\":\"open\",\"choices\":\"open|pending\"},"
        "{\"name\":\"limit\",\"type\":\"integer\",\"default\":\"3\",\"min\":1,\"max\":1000}]}\n]"
        "\n");
}

static void a_mail_has_its_headers_and_parts(void **state)
{
    char ann[] = "ann@example.org", bo[] = "bo@example.org";
    char *items[] = {ann, bo};
    const struct option_list to = {items, 2, 0};
    const struct attachment attachment = {"a.csv", "text/csv; charset=utf-8", STR("i\n1\n")};
    const struct message message = {.from = "s@example.org",
                                    .to = &to,
                                    .subject = "Gr\xc3\xb6\xc3\x9f"
                                               "e",
                                    .text = STR("a.csv: 1 row\r\n"),
                                    .attachments = &attachment,
                                    .attachments_n = 1,
                                    .unix_us = 1767323045678000,
                                    .identity = 7};
    CLEANUP(buf) struct buf out = {0};

    (void)state;
    message_write(&out, &message);
    assert_string_equal(
        buf_cstr(&out),
        "Date: Fri, 2 Jan 2026 03:04:05 +0000\r\nFrom: <s@example.org>\r\n"
        "To: <ann@example.org>,\r\n <bo@example.org>\r\n"
        "Subject: =?UTF-8?B?R3LDtsOfZQ==?=\r\nMessage-ID: <6475ef6574bb0.7@example.org>\r\n"
        "MIME-Version: 1.0\r\nAuto-Submitted: auto-generated\r\n"
        "Content-Type: multipart/mixed; boundary=\"part-6475ef6574bb0-7\"\r\n\r\n"
        "--part-6475ef6574bb0-7\r\nContent-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\nYS5jc3Y6IDEgcm93DQo=\r\n"
        "--part-6475ef6574bb0-7\r\nContent-Type: text/csv; charset=utf-8\r\n"
        "Content-Transfer-Encoding: base64\r\n"
        "Content-Disposition: attachment; filename=\"a.csv\"\r\n\r\naQoxCg==\r\n"
        "--part-6475ef6574bb0-7--\r\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_declares_its_path_and_parameters),
        cmocka_unit_test(a_question_is_understood_or_refused),
        cmocka_unit_test(the_list_names_what_can_be_asked),
        cmocka_unit_test(a_mail_has_its_headers_and_parts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
