/* Every message, and every message cut short anywhere or with a byte too many. */
#include "pgoutput.h"
#include "pgoutput_messages.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the above */
#include <cmocka.h>

static struct pgoutput_message decode(const struct buf *payload, struct arena *arena)
{
    struct pgoutput_message message;
    struct err err;

    if (!pgoutput_decode(buf_str(payload), arena, &message, &err))
        fail_msg("%s", err.text);
    return message;
}

/* The payload in a block of exactly its size, so that a sanitizer sees a read behind it. */
static bool refused(const char *at, size_t len, struct arena *arena)
{
    struct pgoutput_message message;
    struct err err = {0};
    char *copy CLEANUP(free) = err_malloc(len == 0 ? 1 : len);

    memcpy(copy, at, len);
    if (pgoutput_decode((struct str){copy, len}, arena, &message, &err))
        return false;
    return err.kind == ERR_STOP && err.text[0] != '\0';
}

static void check_every_cut(const struct buf *payload, struct arena *arena)
{
    struct buf longer CLEANUP(buf) = {0};

    for (size_t len = 0; len < payload->len; len++)
        assert_true(refused(payload->at, len, arena));
    buf_put(&longer, buf_str(payload));
    buf_char(&longer, 0);
    assert_true(refused(longer.at, longer.len, arena));
}

static void begin_and_commit(void **state)
{
    struct buf payload CLEANUP(buf) = {0};
    struct arena *arena CLEANUP(arena) = arena_new(1 << 20);

    (void)state;
    put_begin(&payload, 0x16B374D848, 1700000000123456, 4000000000);
    struct pgoutput_message message = decode(&payload, arena);
    assert_int_equal(message.kind, PGOUTPUT_BEGIN);
    assert_true(message.begin.final_lsn == 0x16B374D848);
    assert_true(message.begin.commit_unix_us == 1700000000123456);
    assert_true(message.begin.xid == 4000000000);
    check_every_cut(&payload, arena);

    put_commit(&payload, 7, 9, -5);
    message = decode(&payload, arena);
    assert_int_equal(message.kind, PGOUTPUT_COMMIT);
    assert_true(message.commit.commit_lsn == 7 && message.commit.end_lsn == 9);
    assert_true(message.commit.commit_unix_us == -5);
    check_every_cut(&payload, arena);
    payload.at[1] = 1; /* flags, none of which exist */
    assert_true(refused(payload.at, payload.len, arena));
}

static void relation(void **state)
{
    struct buf payload CLEANUP(buf) = {0};
    struct arena *arena CLEANUP(arena) = arena_new(1 << 20);

    (void)state;
    put_relation(&payload, 77, "orders", 'd', VALUES("*id", "name"));
    struct pgoutput_message message = decode(&payload, arena);
    assert_int_equal(message.relation.oid, 77);
    assert_string_equal(message.relation.schema, "shop");
    assert_string_equal(message.relation.table, "orders");
    assert_int_equal(message.relation.identity, 'd');
    assert_int_equal(message.relation.columns_n, 2);
    assert_true(message.relation.columns[0].identity && !message.relation.columns[1].identity);
    assert_string_equal(message.relation.columns[1].name, "name");
    assert_int_equal(message.relation.columns[1].type_oid, 25);
    assert_int_equal(message.relation.columns[1].typmod, -1);
    check_every_cut(&payload, arena);

    /* a count that the payload can't hold */
    put_relation(&payload, 77, "orders", 'd', VALUES("*id"));
    payload.at[1 + 4 + 5 + 7 + 1] = (char)0xFF;
    assert_true(refused(payload.at, payload.len, arena));
}

static void changes(void **state)
{
    struct buf payload CLEANUP(buf) = {0};
    struct arena *arena CLEANUP(arena) = arena_new(1 << 20);

    (void)state;
    put_change(&payload, 'I', 5, 0, NULL, VALUES("1", NULL_VALUE, "x\ty", UNCHANGED, ""));
    struct pgoutput_message message = decode(&payload, arena);
    assert_int_equal(message.kind, PGOUTPUT_INSERT);
    assert_int_equal(message.change.old_kind, PGOUTPUT_OLD_NONE);
    assert_null(message.change.old.data);
    assert_int_equal(message.change.row.n, 5);
    assert_true(str_eq_c(message.change.row.data[0].text, "1"));
    assert_int_equal(message.change.row.data[1].presence, DEBEZIUM_NULL);
    assert_true(str_eq_c(message.change.row.data[2].text, "x\ty"));
    assert_int_equal(message.change.row.data[3].presence, DEBEZIUM_UNCHANGED_TOAST);
    assert_int_equal(message.change.row.data[4].presence, DEBEZIUM_TEXT);
    check_every_cut(&payload, arena);

    for (size_t i = 0; i < 3; i++) {
        static const char letters[] = {0, 'K', 'O'};

        put_change(&payload, 'U', 5, letters[i], VALUES("1", "old"), VALUES("2", "new"));
        message = decode(&payload, arena);
        assert_int_equal(message.kind, PGOUTPUT_UPDATE);
        assert_int_equal(message.change.old_kind, letters[i]);
        assert_int_equal(message.change.old.n, letters[i] == 0 ? 0 : 2);
        assert_true(str_eq_c(message.change.row.data[1].text, "new"));
        check_every_cut(&payload, arena);
        if (letters[i] == 0)
            continue;
        put_change(&payload, 'D', 5, letters[i], VALUES("1", "old"), NULL);
        message = decode(&payload, arena);
        assert_int_equal(message.kind, PGOUTPUT_DELETE);
        assert_int_equal(message.change.old_kind, letters[i]);
        assert_true(str_eq_c(message.change.old.data[1].text, "old"));
        assert_null(message.change.row.data);
        check_every_cut(&payload, arena);
    }
}

static void bad_letters(void **state)
{
    struct buf payload CLEANUP(buf) = {0};
    struct arena *arena CLEANUP(arena) = arena_new(1 << 20);

    (void)state;
    put_change(&payload, 'I', 5, 0, NULL, VALUES("1"));
    payload.at[5] = 'K'; /* an insert has no old row */
    assert_true(refused(payload.at, payload.len, arena));
    put_change(&payload, 'I', 5, 0, NULL, VALUES("1"));
    payload.at[8] = 'b'; /* binary was not asked for */
    assert_true(refused(payload.at, payload.len, arena));
    put_change(&payload, 'D', 5, 'K', VALUES("1"), NULL);
    payload.at[5] = 'N'; /* a delete has no new row */
    assert_true(refused(payload.at, payload.len, arena));
    put_change(&payload, 'I', 5, 0, NULL, VALUES("1"));
    memset(payload.at + 9, 0xFF, 4); /* a length of 4 GiB */
    assert_true(refused(payload.at, payload.len, arena));
    assert_true(refused("S", 1, arena)); /* version 2 */
    assert_true(refused("", 0, arena));
}

static void the_rest(void **state)
{
    struct buf payload CLEANUP(buf) = {0};
    struct arena *arena CLEANUP(arena) = arena_new(1 << 20);

    (void)state;
    put_truncate(&payload, 8, 9);
    struct pgoutput_message message = decode(&payload, arena);
    assert_int_equal(message.truncate.oids_n, 2);
    assert_int_equal(message.truncate.oids[1], 9);
    assert_true(message.truncate.cascade && message.truncate.restart_identity);
    check_every_cut(&payload, arena);
    memset(payload.at + 1, 0xFF, 4);
    assert_true(refused(payload.at, payload.len, arena));

    buf_clear(&payload);
    buf_char(&payload, 'O');
    buf_be(&payload, 3, 8);
    put_text(&payload, "elsewhere");
    message = decode(&payload, arena);
    assert_true(message.origin.lsn == 3);
    assert_string_equal(message.origin.name, "elsewhere");
    check_every_cut(&payload, arena);

    buf_clear(&payload);
    buf_char(&payload, 'Y');
    buf_be(&payload, 16400, 4);
    put_text(&payload, "public");
    put_text(&payload, "mood");
    message = decode(&payload, arena);
    assert_int_equal(message.type.oid, 16400);
    assert_string_equal(message.type.name, "mood");
    check_every_cut(&payload, arena);

    buf_clear(&payload);
    buf_char(&payload, 'M');
    buf_char(&payload, 1);
    buf_be(&payload, 12, 8);
    put_text(&payload, "app");
    buf_be(&payload, 3, 4);
    buf_puts(&payload, "abc");
    message = decode(&payload, arena);
    assert_true(message.logical.transactional && message.logical.lsn == 12);
    assert_string_equal(message.logical.prefix, "app");
    assert_true(str_eq_c(message.logical.content, "abc"));
    check_every_cut(&payload, arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(begin_and_commit), cmocka_unit_test(relation), cmocka_unit_test(changes),
        cmocka_unit_test(bad_letters),      cmocka_unit_test(the_rest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
