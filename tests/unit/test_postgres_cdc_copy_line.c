/* Lines of COPY's text format. */
#include "copy_line.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the above */
#include <cmocka.h>

static bool split(const char *line, struct debezium_datum *row, uint16_t n, char *room)
{
    struct err err = {0};
    size_t len = strlen(line);

    memcpy(room, line, len);
    return copy_line_split(room, len, row, n, &err);
}

static void values(void **state)
{
    struct debezium_datum row[4];
    char room[128];

    (void)state;
    assert_true(split("1\t\\N\t\ta\\tb\\nc\\\\d\\r\\b\\f\\v", row, 4, room));
    assert_true(str_eq_c(row[0].text, "1"));
    assert_int_equal(row[1].presence, DEBEZIUM_NULL);
    assert_int_equal(row[2].presence, DEBEZIUM_TEXT);
    assert_int_equal(row[2].text.len, 0);
    assert_true(str_eq_c(row[3].text, "a\tb\nc\\d\r\b\f\v"));
    assert_true(split("\\\\N", row, 1, room)); /* the two characters, not a null */
    assert_true(str_eq_c(row[0].text, "\\N"));
    assert_true(split("", row, 1, room));
    assert_int_equal(row[0].presence, DEBEZIUM_TEXT);
    assert_true(split("", row, 0, room));
}

static void refused(void **state)
{
    struct debezium_datum row[4];
    char room[128];

    (void)state;
    assert_false(split("1", row, 2, room));
    assert_false(split("1\t2\t3", row, 2, room));
    assert_false(split("1\\", row, 1, room));
    assert_false(split("x", row, 0, room));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(values), cmocka_unit_test(refused)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
