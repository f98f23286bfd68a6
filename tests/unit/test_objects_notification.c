/* S3 event notifications: AWS's and MinIO's own documents, and what is none. */
#include "base/buf.h"
#include "notification.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void note(void *arg, const struct notification *one)
{
    buf_printf(arg, "%c %.*s %.*s %.*s %d|", one->removed ? '-' : '+', STR_ARG(one->bucket),
               STR_ARG(one->key), STR_ARG(one->etag), (int)one->size);
}

static void test_notifications(void **state)
{
    static const char aws[] =
        "{\"Records\":[{\"eventVersion\":\"2.1\",\"eventSource\":\"aws:s3\",\"awsRegion\":\"eu-"
        "central-1\",\"eventTime\":\"2026-01-01T00:00:00.000Z\",\"eventName\":\"ObjectCreated:"
        "Put\","
        "\"s3\":{\"s3SchemaVersion\":\"1.0\",\"bucket\":{\"name\":\"b\",\"arn\":\"arn:aws:s3:::b\"}"
        ","
        "\"object\":{\"key\":\"in/red+fl%C3%B6wer%2B1.csv\",\"size\":1024,\"eTag\":\"d41d\","
        "\"sequencer\":\"00\"}}},"
        "{\"eventName\":\"ObjectRemoved:DeleteMarkerCreated\",\"s3\":{\"bucket\":{\"name\":\"b\"},"
        "\"object\":{\"key\":\"x%zz%4\"}}},"
        "{\"eventName\":\"ObjectTagging:Put\"},"
        "{\"eventName\":\"LifecycleExpiration:Delete\",\"s3\":{\"bucket\":{\"name\":\"b\"},"
        "\"object\":{\"key\":\"old\"}}}]}";
    static const char minio[] =
        "{\"EventName\":\"s3:ObjectCreated:CompleteMultipartUpload\",\"Key\":\"b/in/a.csv\","
        "\"Records\":[{\"eventName\":\"s3:ObjectCreated:CompleteMultipartUpload\",\"s3\":{"
        "\"bucket\":"
        "{\"name\":\"b\"},\"object\":{\"key\":\"in%2Fa.csv\",\"size\":7,\"eTag\":\"ab-2\"}}}]}";
    static const struct {
        const char *text, *told;
    } cases[] = {
        {aws, "+ b in/red fl\xc3\xb6wer+1.csv \"d41d\" 1024|- b x%zz%4  -1|- b old  -1|"},
        {minio, "+ b in/a.csv \"ab-2\" 7|"},
        {"{\"Service\":\"Amazon S3\",\"Event\":\"s3:TestEvent\",\"Bucket\":\"b\"}", ""},
        {"{\"Records\":[]}", ""},
        {"{\"Records\":[{\"eventName\":\"ObjectCreated:Put\",\"s3\":{\"bucket\":{\"name\":\"b\"},"
         "\"object\":{\"key\":\"a\",\"size\":-5}}}]}",
         "+ b a  -1|"},
    };
    static const char *const none[] = {
        "",
        "{}",
        "[]",
        "hello",
        "{\"Records\":{}}",
        "{\"Records\":[1]}",
        "{\"Records\":[{}]}",
        "{\"Records\":[{\"eventName\":7}]}",
        "{\"Records\":[{\"eventName\":\"ObjectCreated:Put\"}]}",
        "{\"Records\":[{\"eventName\":\"ObjectCreated:Put\",\"s3\":{\"bucket\":{\"name\":\"b\"},"
        "\"object\":{\"key\":\"\"}}}]}",
        "{\"Records\":[{\"eventName\":\"ObjectCreated:Put\",\"s3\":{\"bucket\":{\"name\":\"b\"},"
        "\"object\":{\"key\":\"a%00b\"}}}]}",
        /* one good and one bad: none is told of */
        "{\"Records\":[{\"eventName\":\"ObjectCreated:Put\",\"s3\":{\"bucket\":{\"name\":\"b\"},"
        "\"object\":{\"key\":\"a\"}}},{}]}",
        "{\"Records\":[]} x",
    };
    struct arena *arena CLEANUP(arena) = arena_new(1 << 16);
    struct buf out CLEANUP(buf) = {0};
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        buf_clear(&out);
        assert_true(notification_read(str_of(cases[i].text), arena, note, &out, &err));
        assert_string_equal(buf_cstr(&out), cases[i].told);
    }
    buf_clear(&out);
    for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
        assert_false(notification_read(str_of(none[i]), arena, note, &out, &err));
        assert_int_equal(err.kind, ERR_DEAD_LETTER);
    }
    assert_false(notification_read(STR_NONE, arena, note, &out, &err));
    assert_int_equal(err.kind, ERR_DEAD_LETTER);
    assert_int_equal(out.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_notifications)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
