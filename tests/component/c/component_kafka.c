/*
 * The Kafka room against a real broker, one case a run: `component_kafka NAME`; `component_kafka
 * --list` prints the names. SLUICE_KAFKA_BOOTSTRAP names the broker; the cases that stop it run
 * `$SLUICE_SERVERS pause kafka` and its like. `component_kafka --member GROUP TOPIC ID` is a group
 * member that waits to be killed.
 */
#include "base/clock.h"
#include "base/stop.h"
#include "kafka/client.h"
#include "kafka/consumer.h"
#include "kafka/dead_letter.h"
#include "kafka/producer.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/wait.h>

#include <cmocka.h>

enum { WAIT_MS = 30000, LONG_WAIT_MS = 90000, NAME_BYTES = 96, BATCH = 64 };

struct bench {
    struct kafka_config config;
    struct kafka_admin *admin;
    char topic[NAME_BYTES], group[NAME_BYTES], transactional_id[NAME_BYTES];
};

static void must(bool fine, const struct err *err)
{
    if (!fine)
        fail_msg("kind %d: %s", (int)err->kind, err->text);
}

static void make_topic(struct bench *bench, const char *name, int32_t partitions)
{
    const struct kafka_topic_spec spec = {
        .name = name, .partitions = partitions, .cleanup = KAFKA_DELETE};
    struct err err;

    must(kafka_ensure_topics(bench->admin, &spec, 1, WAIT_MS, &err), &err);
}

static int set_up(void **state)
{
    struct bench *bench = err_calloc(1, sizeof(*bench));
    char *bootstrap = getenv("SLUICE_KAFKA_BOOTSTRAP");
    struct err err;

    if (bootstrap == NULL) {
        print_error("SLUICE_KAFKA_BOOTSTRAP is not set\n");
        return -1;
    }
    bench->config = (struct kafka_config){.bootstrap = bootstrap,
                                          .topic_partitions = 1,
                                          .transaction_timeout_ms = 15000,
                                          .queue_bytes = 8 << 20};
    long long stamp = (long long)clock_wall_us();
    snprintf(bench->topic, NAME_BYTES, "room-%d-%lld", getpid(), stamp);
    snprintf(bench->group, NAME_BYTES, "group-%d-%lld", getpid(), stamp);
    snprintf(bench->transactional_id, NAME_BYTES, "txn-%d-%lld", getpid(), stamp);
    if (!kafka_admin_open(&bench->config, "room-test", &bench->admin, &err)) {
        print_error("%s\n", err.text);
        return -1;
    }
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;

    kafka_admin_close(bench->admin);
    free(bench);
    return 0;
}

static struct kafka_producer *open_producer(struct bench *bench)
{
    struct kafka_producer *producer = NULL;
    struct err err;

    must(kafka_producer_open(&bench->config, "room-test", bench->transactional_id, WAIT_MS,
                             &producer, &err),
         &err);
    return producer;
}

static struct kafka_consumer *open_reader(struct bench *bench, const char *topic, int64_t offset,
                                          bool read_uncommitted)
{
    const struct kafka_offset from = {topic, 0, offset};
    struct kafka_consumer *consumer = NULL;
    struct err err;

    must(kafka_consumer_open(&bench->config, "room-test", NULL, read_uncommitted, &consumer, &err),
         &err);
    must(kafka_assign(consumer, &from, 1, &err), &err);
    return consumer;
}

static void produce(struct kafka_producer *producer, const char *topic, const char *value)
{
    const struct kafka_record record = {
        .topic = topic, .partition = 0, .key = STR("k"), .value = str_of(value)};
    struct err err;

    must(kafka_produce(producer, &record, &err), &err);
}

/* Reads up to the first EOF; the values joined by spaces. Returns the offset of the EOF. */
static int64_t read_to_end(struct kafka_consumer *consumer, struct buf *values)
{
    int64_t end_ms = clock_mono_ms() + WAIT_MS;
    struct kafka_message messages[BATCH];
    int64_t reached = -1;
    size_t n = 0;
    struct err err;

    buf_clear(values);
    while (reached < 0) {
        assert_true(clock_mono_ms() < end_ms);
        must(kafka_poll(consumer, messages, BATCH, 100, &n, &err), &err);
        for (size_t i = 0; i < n; i++) {
            if (messages[i].kind == KAFKA_EOF)
                reached = messages[i].offset;
            else if (values->len > 0)
                buf_char(values, ' ');
            buf_put(values, messages[i].value);
            kafka_message_free(&messages[i]);
        }
    }
    return reached;
}

static void servers(const char *verb)
{
    char command[512];

    snprintf(command, sizeof(command), "\"$SLUICE_SERVERS\" %s kafka >/dev/null", verb);
    assert_int_equal(system(command), 0);
}

/* ---- transactions ---- */

static void committed_is_seen_aborted_is_not(void **state)
{
    struct bench *bench = *state;
    CLEANUP(buf) struct buf values = {0};
    struct err err;

    make_topic(bench, bench->topic, 1);
    struct kafka_producer *producer = open_producer(bench);
    must(kafka_begin(producer, &err), &err);
    produce(producer, bench->topic, "committed");
    must(kafka_commit(producer, &err), &err);
    must(kafka_begin(producer, &err), &err);
    produce(producer, bench->topic, "aborted");
    must(kafka_flush(producer, &err), &err);
    must(kafka_abort(producer, &err), &err);
    must(kafka_begin(producer, &err), &err);
    produce(producer, bench->topic, "again");
    must(kafka_commit(producer, &err), &err);
    kafka_producer_close(producer);

    struct kafka_consumer *reader = open_reader(bench, bench->topic, 0, false);
    assert_int_equal(read_to_end(reader, &values), 6); /* three records, three control records */
    assert_string_equal(buf_cstr(&values), "committed again");
    kafka_consumer_close(reader);
    reader = open_reader(bench, bench->topic, 0, true);
    read_to_end(reader, &values);
    assert_string_equal(buf_cstr(&values), "committed aborted again");
    kafka_consumer_close(reader);
}

static void closing_aborts_what_is_open(void **state)
{
    struct bench *bench = *state;
    CLEANUP(buf) struct buf values = {0};
    struct err err;

    make_topic(bench, bench->topic, 1);
    struct kafka_producer *producer = open_producer(bench);
    must(kafka_begin(producer, &err), &err);
    produce(producer, bench->topic, "lost");
    must(kafka_flush(producer, &err), &err);
    kafka_producer_close(producer);
    struct kafka_consumer *reader = open_reader(bench, bench->topic, 0, false);
    assert_int_equal(read_to_end(reader, &values), 2);
    assert_int_equal(values.len, 0);
    kafka_consumer_close(reader);
}

static void second_producer_fences_the_first(void **state)
{
    struct bench *bench = *state;
    CLEANUP(buf) struct buf values = {0};
    struct err err;

    make_topic(bench, bench->topic, 1);
    struct kafka_producer *first = open_producer(bench);
    must(kafka_begin(first, &err), &err);
    produce(first, bench->topic, "zombie");
    must(kafka_flush(first, &err), &err);
    struct kafka_producer *second = open_producer(bench);
    must(kafka_begin(second, &err), &err);
    produce(second, bench->topic, "heir");
    must(kafka_commit(second, &err), &err);

    assert_false(kafka_commit(first, &err));
    assert_int_equal(err.kind, ERR_STOP);
    assert_int_equal(err.exit_status, EX_TEMPFAIL);
    assert_non_null(strstr(err.text, "another instance has taken over"));
    assert_true(kafka_producer_broken(first));
    kafka_producer_close(first);
    kafka_producer_close(second);
    struct kafka_consumer *reader = open_reader(bench, bench->topic, 0, false);
    read_to_end(reader, &values);
    assert_string_equal(buf_cstr(&values), "heir");
    kafka_consumer_close(reader);
}

/* A stand-still: nobody took over, so the caller may open a new producer and go on. */
static void timed_out_transaction_is_not_a_take_over(void **state)
{
    struct bench *bench = *state;
    int64_t end_ms = clock_mono_ms() + WAIT_MS;
    CLEANUP(buf) struct buf values = {0};
    struct err err;

    bench->config.transaction_timeout_ms = 2000;
    make_topic(bench, bench->topic, 1);
    struct kafka_producer *producer = open_producer(bench);
    must(kafka_begin(producer, &err), &err);
    produce(producer, bench->topic, "late");
    must(kafka_flush(producer, &err), &err);
    for (int64_t reached = 0; reached < 2;) { /* until the coordinator has aborted it */
        assert_true(clock_mono_ms() < end_ms);
        struct kafka_consumer *reader = open_reader(bench, bench->topic, 0, false);
        reached = read_to_end(reader, &values);
        kafka_consumer_close(reader);
    }
    assert_false(kafka_commit(producer, &err));
    assert_int_equal(err.kind, ERR_ABORT);
    assert_true(kafka_producer_broken(producer));
    assert_false(kafka_abort(producer, &err));
    assert_int_equal(err.kind, ERR_ABORT);
    kafka_producer_close(producer);
    producer = open_producer(bench);
    must(kafka_begin(producer, &err), &err);
    produce(producer, bench->topic, "anew");
    must(kafka_commit(producer, &err), &err);
    kafka_producer_close(producer);
}

static void oversize_record_is_for_the_dead_letters(void **state)
{
    struct bench *bench = *state;
    CLEANUP(buf) struct buf values = {0};
    CLEANUP(free) char *large = err_calloc(1, 2 << 20);
    struct err err;

    make_topic(bench, bench->topic, 1);
    struct kafka_producer *producer = open_producer(bench);
    must(kafka_begin(producer, &err), &err);
    const struct kafka_record record = {
        .topic = bench->topic, .partition = 0, .value = {large, 2 << 20}};
    assert_false(kafka_produce(producer, &record, &err));
    assert_int_equal(err.kind, ERR_DEAD_LETTER);
    produce(producer, bench->topic, "next");
    must(kafka_commit(producer, &err), &err);
    kafka_producer_close(producer);
    struct kafka_consumer *reader = open_reader(bench, bench->topic, 0, false);
    read_to_end(reader, &values);
    assert_string_equal(buf_cstr(&values), "next");
    kafka_consumer_close(reader);
}

/* The topic takes less than the client knows: loud, for a retry would meet it again. */
static void record_refused_by_the_topic_stops(void **state)
{
    struct bench *bench = *state;
    static const char *const small[] = {"max.message.bytes=1000", NULL};
    const struct kafka_topic_spec spec = {
        .name = bench->topic, .partitions = 1, .cleanup = KAFKA_DELETE, .extra = small};
    CLEANUP(free) char *text = err_calloc(1, 100001);
    struct err err;

    must(kafka_ensure_topics(bench->admin, &spec, 1, WAIT_MS, &err), &err);
    for (uint32_t i = 0, noise = 1; i < 100000; i++) { /* does not compress below the limit */
        noise = noise * 1664525 + 1013904223;
        text[i] = (char)('a' + (noise >> 24) % 26);
    }
    struct kafka_producer *producer = open_producer(bench);
    must(kafka_begin(producer, &err), &err);
    produce(producer, bench->topic, text);
    assert_false(kafka_commit(producer, &err));
    assert_int_equal(err.kind, ERR_STOP);
    assert_non_null(strstr(err.text, "max.message.bytes"));
    kafka_producer_close(producer);
}

/* Where Java's murmur2 partitioner puts these keys. */
static void keys_land_where_java_puts_them(void **state)
{
    static const struct {
        const char *key;
        int32_t partition;
    } golden[] = {{"{\"id\":1}", 0}, {"{\"id\":1001}", 2}};
    struct bench *bench = *state;
    struct err err;

    make_topic(bench, bench->topic, 6);
    for (size_t i = 0; i < 2; i++) {
        int64_t low = 0, high = 0;
        struct kafka_producer *producer = open_producer(bench);
        const struct kafka_record record = {.topic = bench->topic,
                                            .partition = -1,
                                            .key = str_of(golden[i].key),
                                            .value = STR("v")};

        must(kafka_begin(producer, &err), &err);
        must(kafka_produce(producer, &record, &err), &err);
        must(kafka_commit(producer, &err), &err);
        kafka_producer_close(producer);
        must(kafka_watermarks(bench->admin, bench->topic, golden[i].partition, &low, &high, &err),
             &err);
        assert_int_equal(low, 0);
        assert_in_range(high, 1, 2); /* the commit's control record may still be on its way */
    }
}

/* ---- reading ---- */

static bool next_record(struct kafka_consumer *consumer, struct kafka_message *ret)
{
    int64_t end_ms = clock_mono_ms() + WAIT_MS;
    size_t n = 0;
    struct err err;

    while (clock_mono_ms() < end_ms) {
        must(kafka_poll(consumer, ret, 1, 100, &n, &err), &err);
        if (n == 1 && ret->kind == KAFKA_RECORD)
            return true;
    }
    return false;
}

static void check_header(const struct kafka_header *header, const char *name, struct str value)
{
    assert_true(str_eq_c(header->name, name));
    assert_true(str_eq(header->value, value));
    assert_int_equal(header->value.at == NULL, value.at == NULL);
}

static void dead_letter_is_whole(void **state)
{
    struct bench *bench = *state;
    char dead[NAME_BYTES + 8];
    const struct kafka_header original[] = {{STR("sluice.position"), STR("12/3")},
                                            {STR("bytes"), STR("a\0b\xff")},
                                            {STR("bytes"), {NULL, 0}},
                                            {STR("empty"), STR("")}};
    const struct str key = STR("k\0\x01"), value = STR("{not json\xfe\0");
    struct kafka_record record = {
        .topic = bench->topic, .key = key, .value = value, .headers = original, .headers_n = 4};
    struct kafka_header headers[16];
    struct kafka_message message;
    struct err reason, err;

    snprintf(dead, sizeof(dead), "%s-dead", bench->topic);
    make_topic(bench, bench->topic, 1);
    make_topic(bench, dead, 1);
    struct kafka_producer *producer = open_producer(bench);
    must(kafka_begin(producer, &err), &err);
    must(kafka_produce(producer, &record, &err), &err);
    must(kafka_commit(producer, &err), &err);
    struct kafka_consumer *reader = open_reader(bench, bench->topic, 0, false);
    assert_true(next_record(reader, &message));
    err_sql(&reason, ERR_DEAD_LETTER, "22P02", "not JSON at byte %d", 1);
    must(kafka_begin(producer, &err), &err);
    must(kafka_dead_letter(producer, dead, &message, "decode", &reason, &err), &err);
    must(kafka_commit(producer, &err), &err);
    kafka_message_free(&message);
    kafka_consumer_close(reader);
    kafka_producer_close(producer);

    reader = open_reader(bench, dead, 0, false);
    assert_true(next_record(reader, &message));
    assert_true(str_eq(message.key, key));
    assert_true(str_eq(message.value, value));
    assert_int_equal(kafka_message_headers(&message, headers, 16), 10);
    for (size_t i = 0; i < 4; i++) {
        char name[32];

        snprintf(name, sizeof(name), "%.*s", STR_ARG(original[i].name));
        check_header(&headers[i], name, original[i].value);
    }
    check_header(&headers[4], "sluice.error.topic", str_of(bench->topic));
    check_header(&headers[5], "sluice.error.partition", STR("0"));
    check_header(&headers[6], "sluice.error.offset", STR("0"));
    check_header(&headers[7], "sluice.error.rule", STR("decode"));
    check_header(&headers[8], "sluice.error.sqlstate", STR("22P02"));
    check_header(&headers[9], "sluice.error.message", STR("not JSON at byte 1"));
    struct str found;
    assert_true(kafka_message_header(&message, "sluice.error.rule", &found));
    assert_true(str_eq_c(found, "decode"));
    assert_false(kafka_message_header(&message, "absent", &found));
    kafka_message_free(&message);
    kafka_consumer_close(reader);
}

static void eof_comes_again_after_more(void **state)
{
    struct bench *bench = *state;
    CLEANUP(buf) struct buf values = {0};
    struct err err;

    make_topic(bench, bench->topic, 1);
    struct kafka_consumer *reader = open_reader(bench, bench->topic, 0, false);
    assert_int_equal(read_to_end(reader, &values), 0);
    struct kafka_producer *producer = open_producer(bench);
    must(kafka_begin(producer, &err), &err);
    produce(producer, bench->topic, "one");
    produce(producer, bench->topic, "two");
    must(kafka_commit(producer, &err), &err);
    int64_t reached = 0;
    CLEANUP(buf) struct buf all = {0};
    while (reached < 3) { /* the end may show once before the commit's control record */
        reached = read_to_end(reader, &values);
        buf_put(&all, buf_str(&values));
    }
    assert_int_equal(reached, 3);
    assert_string_equal(buf_cstr(&all), "one two");
    kafka_producer_close(producer);
    kafka_consumer_close(reader);
}

static void offset_out_of_range_stops(void **state)
{
    struct bench *bench = *state;
    int64_t end_ms = clock_mono_ms() + WAIT_MS;
    struct kafka_message message;
    struct err err = {0};
    size_t n = 0;

    make_topic(bench, bench->topic, 1);
    struct kafka_consumer *reader = open_reader(bench, bench->topic, 1000, false);
    while (kafka_poll(reader, &message, 1, 100, &n, &err)) {
        assert_int_equal(n, 0);
        assert_true(clock_mono_ms() < end_ms);
    }
    assert_int_equal(err.kind, ERR_STOP);
    assert_non_null(strstr(err.text, bench->topic));
    kafka_consumer_close(reader);
}

static void new_assignment_replaces_the_old(void **state)
{
    struct bench *bench = *state;
    char other[NAME_BYTES + 8];
    struct kafka_message message;
    struct err err;

    snprintf(other, sizeof(other), "%s-other", bench->topic);
    make_topic(bench, bench->topic, 1);
    make_topic(bench, other, 1);
    struct kafka_producer *producer = open_producer(bench);
    must(kafka_begin(producer, &err), &err);
    for (int i = 0; i < 100; i++) {
        produce(producer, bench->topic, "old");
        produce(producer, other, "new");
    }
    must(kafka_commit(producer, &err), &err);
    kafka_producer_close(producer);
    struct kafka_consumer *reader = open_reader(bench, bench->topic, 0, false);
    assert_true(next_record(reader, &message));
    assert_true(str_eq_c(message.value, "old"));
    kafka_message_free(&message);
    const struct kafka_offset both[] = {{bench->topic, 0, KAFKA_OFFSET_END}, {other, 0, 98}};
    must(kafka_assign(reader, both, 2, &err), &err);
    for (int64_t offset = 98; offset < 100; offset++) {
        assert_true(next_record(reader, &message));
        assert_string_equal(message.topic, other);
        assert_int_equal(message.assigned_index, 1);
        assert_int_equal(message.offset, offset);
        kafka_message_free(&message);
    }
    kafka_consumer_close(reader);
}

static void paused_consumer_goes_on_where_it_was(void **state)
{
    struct bench *bench = *state;
    CLEANUP(buf) struct buf values = {0};
    struct kafka_message message;
    struct err err;
    size_t n = 0;

    make_topic(bench, bench->topic, 1);
    struct kafka_producer *producer = open_producer(bench);
    must(kafka_begin(producer, &err), &err);
    produce(producer, bench->topic, "one");
    produce(producer, bench->topic, "two");
    produce(producer, bench->topic, "three");
    must(kafka_commit(producer, &err), &err);
    kafka_producer_close(producer);
    struct kafka_consumer *reader = open_reader(bench, bench->topic, 0, false);
    assert_true(next_record(reader, &message));
    kafka_message_free(&message);
    kafka_pause(reader, true);
    must(kafka_poll(reader, &message, 1, 10, &n, &err), &err);
    assert_int_equal(n, 0);
    kafka_pause(reader, false);
    read_to_end(reader, &values);
    assert_string_equal(buf_cstr(&values), "two three");
    kafka_consumer_close(reader);
}

/* ---- membership and offsets ---- */

static struct kafka_membership *join(struct bench *bench, const char *instance_id)
{
    struct kafka_membership *member = NULL;
    struct err err;

    must(kafka_membership_open(&bench->config, "room-test", bench->group, bench->topic, instance_id,
                               &member, &err),
         &err);
    return member;
}

/* Polls until the member owns (or does not own) task 0. */
static void await_owner(struct kafka_membership *member, bool wanted)
{
    int64_t end_ms = clock_mono_ms() + WAIT_MS;
    bool changed = false;
    struct err err;

    while (kafka_membership_owns(member, 0) != wanted) {
        assert_true(clock_mono_ms() < end_ms);
        must(kafka_membership_poll(member, 50, &changed, &err), &err);
    }
}

static void offsets_need_a_valid_membership(void **state)
{
    struct bench *bench = *state;
    const struct kafka_offset offset = {bench->topic, 0, 7};
    int64_t committed = 0;
    struct err err;

    make_topic(bench, bench->topic, 1);
    struct kafka_producer *producer = open_producer(bench);
    struct kafka_membership *member = join(bench, "one");
    must(kafka_begin(producer, &err), &err);
    assert_false(kafka_send_offsets(producer, bench->group, &offset, 1, member, &err));
    assert_int_equal(err.kind, ERR_ABORT);
    assert_int_equal(kafka_membership_generation(member), -1);
    await_owner(member, true);
    assert_true(kafka_membership_generation(member) >= 0);
    must(kafka_send_offsets(producer, bench->group, &offset, 1, member, &err), &err);
    must(kafka_commit(producer, &err), &err);
    must(kafka_committed(bench->admin, bench->group, bench->topic, 0, &committed, NULL, &err),
         &err);
    assert_int_equal(committed, 7);
    kafka_producer_close(producer);
    kafka_membership_close(member, true);
}

/* A second process under the same instance id: what the first still holds must not be committed. */
static void offsets_of_a_replaced_member_are_refused(void **state)
{
    struct bench *bench = *state;
    const struct kafka_offset offset = {bench->topic, 0, 7};
    int64_t end_ms = clock_mono_ms() + WAIT_MS;
    bool changed = false;
    int64_t committed = 0;
    struct err err;

    make_topic(bench, bench->topic, 1);
    struct kafka_producer *producer = open_producer(bench);
    struct kafka_membership *first = join(bench, "a");
    await_owner(first, true);
    struct kafka_membership *second = join(bench, "a");
    await_owner(second, true);
    must(kafka_begin(producer, &err), &err);
    assert_false(kafka_send_offsets(producer, bench->group, &offset, 1, first, &err));
    assert_int_equal(err.kind, ERR_ABORT);
    must(kafka_abort(producer, &err), &err);
    must(kafka_committed(bench->admin, bench->group, bench->topic, 0, &committed, NULL, &err),
         &err);
    assert_int_equal(committed, -1);
    while (kafka_membership_poll(first, 50, &changed, &err))
        assert_true(clock_mono_ms() < end_ms);
    assert_int_equal(err.kind, ERR_STOP);
    assert_non_null(strstr(err.text, "same instance id"));
    assert_false(kafka_membership_owns(first, 0));
    kafka_producer_close(producer);
    kafka_membership_close(first, false);
    kafka_membership_close(second, true);
}

static void offset_metadata_comes_back(void **state)
{
    struct bench *bench = *state;
    const struct kafka_offset offset = {bench->topic, 0, 41};
    CLEANUP(buf) struct buf metadata = {0};
    struct kafka_consumer *consumer = NULL;
    int64_t committed = 0;
    char plan[4096];
    struct err err;

    memset(plan, 'p', sizeof(plan));
    make_topic(bench, bench->topic, 1);
    must(kafka_consumer_open(&bench->config, "room-test", bench->group, false, &consumer, &err),
         &err);
    must(kafka_committed(bench->admin, bench->group, bench->topic, 0, &committed, &metadata, &err),
         &err);
    assert_int_equal(committed, -1);
    must(kafka_commit_offset(consumer, &offset, STR("{\"plan\":1}"), NULL, &err), &err);
    must(kafka_committed(bench->admin, bench->group, bench->topic, 0, &committed, &metadata, &err),
         &err);
    assert_int_equal(committed, 41);
    assert_string_equal(buf_cstr(&metadata), "{\"plan\":1}");

    struct kafka_membership *member = join(bench, "one");
    assert_false(kafka_commit_offset(consumer, &offset, STR("x"), member, &err));
    assert_int_equal(err.kind, ERR_ABORT);
    await_owner(member, true);
    must(kafka_commit_offset(consumer, &offset, (struct str){plan, sizeof(plan)}, member, &err),
         &err);
    buf_clear(&metadata);
    must(kafka_committed(bench->admin, bench->group, bench->topic, 0, &committed, &metadata, &err),
         &err);
    assert_int_equal(metadata.len, sizeof(plan));
    assert_memory_equal(metadata.at, plan, sizeof(plan));
    kafka_membership_close(member, true);
    kafka_consumer_close(consumer);
}

static void standby_takes_over_when_the_owner_leaves(void **state)
{
    struct bench *bench = *state;
    struct kafka_membership *owner, *standby;

    make_topic(bench, bench->topic, 1);
    owner = join(bench, "a");
    await_owner(owner, true);
    kafka_membership_close(owner, true);
    int64_t began_ms = clock_mono_ms();
    standby = join(bench, "b");
    await_owner(standby, true);
    assert_true(clock_mono_ms() - began_ms < 8000); /* not by the session's time-out of 10 s */
    kafka_membership_close(standby, true);
}

static pid_t start_member(struct bench *bench)
{
    pid_t pid = fork();

    if (pid == 0) {
        execl("/proc/self/exe", "component_kafka", "--member", bench->group, bench->topic, "a",
              (char *)NULL);
        _exit(127);
    }
    return pid;
}

static void standby_takes_over_when_the_owner_is_killed(void **state)
{
    struct bench *bench = *state;
    char ready[256];
    int64_t end_ms = clock_mono_ms() + WAIT_MS;

    make_topic(bench, bench->topic, 1);
    snprintf(ready, sizeof(ready), "/tmp/%s.owns", bench->group);
    pid_t pid = start_member(bench);
    while (access(ready, F_OK) != 0) {
        assert_true(clock_mono_ms() < end_ms);
        usleep(20000);
    }
    unlink(ready);
    struct kafka_membership *standby = join(bench, "b");
    int64_t killed_ms = clock_mono_ms();
    assert_int_equal(kill(pid, SIGKILL), 0);
    waitpid(pid, NULL, 0);
    await_owner(standby, true);
    print_message("taken over %lld ms after the kill\n", (long long)(clock_mono_ms() - killed_ms));
    kafka_membership_close(standby, true);
}

static int member_main(char **argv)
{
    struct kafka_config config = {.bootstrap = getenv("SLUICE_KAFKA_BOOTSTRAP")};
    struct kafka_membership *member = NULL;
    char ready[256];
    bool changed = false;
    struct err err;

    snprintf(ready, sizeof(ready), "/tmp/%s.owns", argv[0]);
    if (!kafka_membership_open(&config, "room-test", argv[0], argv[1], argv[2], &member, &err))
        return 1;
    for (;;) {
        if (!kafka_membership_poll(member, 100, &changed, &err))
            return 1;
        if (changed && kafka_membership_owns(member, 0)) {
            FILE *file = fopen(ready, "w");

            if (file == NULL)
                return 1;
            fclose(file);
        }
    }
}

/* ---- topics ---- */

static void topics_are_made_once_and_checked(void **state)
{
    struct bench *bench = *state;
    struct kafka_topic_spec spec = {
        .name = bench->topic, .partitions = 3, .cleanup = KAFKA_COMPACT};
    int32_t partitions = -1;
    char id[64] = "", again[64] = "";
    struct err err;

    must(kafka_cluster_id(bench->admin, WAIT_MS, id, &err), &err);
    must(kafka_cluster_id(bench->admin, WAIT_MS, again, &err), &err);
    assert_true(strlen(id) > 0);
    assert_string_equal(id, again);
    must(kafka_partitions(bench->admin, bench->topic, &partitions, &err), &err);
    assert_int_equal(partitions, 0);
    must(kafka_ensure_topics(bench->admin, &spec, 1, WAIT_MS, &err), &err);
    must(kafka_ensure_topics(bench->admin, &spec, 1, WAIT_MS, &err), &err);
    must(kafka_partitions(bench->admin, bench->topic, &partitions, &err), &err);
    assert_int_equal(partitions, 3);
    spec.partitions = 4;
    assert_false(kafka_ensure_topics(bench->admin, &spec, 1, WAIT_MS, &err));
    assert_int_equal(err.kind, ERR_STOP);
    assert_non_null(strstr(err.text, "3 partitions; 4"));
    spec.partitions = 0;
    spec.cleanup = KAFKA_DELETE;
    assert_false(kafka_ensure_topics(bench->admin, &spec, 1, WAIT_MS, &err));
    assert_int_equal(err.kind, ERR_STOP);
    assert_non_null(strstr(err.text, "cleanup.policy=compact"));
    print_message("topic=%s\n", bench->topic);
}

/* ---- what goes wrong at the start ---- */

static void unreachable_broker_is_named(void **state)
{
    struct bench *bench = *state;
    struct kafka_producer *producer = NULL;
    struct kafka_admin *admin = NULL;
    char nowhere[] = "127.0.0.1:9", unknown[] = "no-such-host.invalid:9092", id[64];
    struct err err;

    bench->config.bootstrap = nowhere;
    int64_t began_ms = clock_mono_ms();
    assert_false(kafka_producer_open(&bench->config, "t", "x", WAIT_MS, &producer, &err));
    assert_int_equal(err.kind, ERR_RETRY);
    assert_non_null(strstr(err.text, "no Kafka broker answers at 127.0.0.1:9"));
    assert_non_null(strstr(err.text, "Connection refused"));
    assert_true(clock_mono_ms() - began_ms < WAIT_MS / 2); /* not by running into the limit */
    bench->config.bootstrap = unknown;
    must(kafka_admin_open(&bench->config, "t", &admin, &err), &err);
    assert_false(kafka_cluster_id(admin, WAIT_MS, id, &err));
    assert_int_equal(err.kind, ERR_RETRY);
    assert_non_null(strstr(err.text, "no-such-host.invalid:9092"));
    kafka_admin_close(admin);
}

static void bad_property_is_named(void **state)
{
    static const struct {
        const char *given, *expected, *hidden;
    } cases[] = {{"no.such=1", "no.such", NULL},
                 {"fetch.min.bytes=many", "fetch.min.bytes", NULL},
                 {"linger.ms", "not NAME=VALUE", NULL},
                 {"isolation.level=read_uncommitted", "decided by Sluice", NULL},
                 {"enable.ssl.password=hunter2", "enable.ssl.password", "hunter2"}};
    struct bench *bench = *state;
    struct kafka_consumer *consumer = NULL;

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        CLEANUP(free) char *text = err_strdup(cases[i].given);
        char *given[] = {text};
        struct err err;

        bench->config.properties = (struct option_list){given, 1};
        assert_false(kafka_consumer_open(&bench->config, "t", "g", false, &consumer, &err));
        assert_int_equal(err.kind, ERR_STOP);
        assert_int_equal(err.exit_status, EX_USAGE);
        assert_non_null(strstr(err.text, "--kafka-config"));
        assert_non_null(strstr(err.text, cases[i].expected));
        assert_true(cases[i].hidden == NULL || strstr(err.text, cases[i].hidden) == NULL);
    }
}

/* ---- a broker that goes away ---- */

/* Produces and commits one record, opening the producer anew as often as it breaks. */
static void commit_in_the_end(struct bench *bench, struct kafka_producer **producer,
                              const char *value)
{
    int64_t end_ms = clock_mono_ms() + LONG_WAIT_MS;
    const struct kafka_record record = {
        .topic = bench->topic, .partition = 0, .key = STR("k"), .value = str_of(value)};

    for (;;) {
        struct err err = {0};

        assert_true(clock_mono_ms() < end_ms);
        if (*producer == NULL &&
            !kafka_producer_open(&bench->config, "room-test", bench->transactional_id, 5000,
                                 producer, &err)) {
            assert_int_equal(err.kind, ERR_RETRY);
            continue;
        }
        if (kafka_begin(*producer, &err) && kafka_produce(*producer, &record, &err) &&
            kafka_commit(*producer, &err))
            return;
        assert_int_equal(err.kind, ERR_ABORT);
        if (!kafka_abort(*producer, &err))
            *producer = kafka_producer_close(*producer);
    }
}

static void await_value(struct kafka_consumer *reader, const char *value, bool *ret_retried)
{
    int64_t end_ms = clock_mono_ms() + LONG_WAIT_MS;
    struct kafka_message message;
    size_t n = 0;

    for (bool found = false; !found;) {
        struct err err;

        assert_true(clock_mono_ms() < end_ms);
        if (!kafka_poll(reader, &message, 1, 100, &n, &err)) {
            assert_int_equal(err.kind, ERR_RETRY);
            *ret_retried = true;
            continue;
        }
        found = n == 1 && message.kind == KAFKA_RECORD && str_eq_c(message.value, value);
        if (n == 1)
            kafka_message_free(&message);
    }
}

static void broker_away_and_back(struct bench *bench, const char *leave, const char *come)
{
    bool retried = false;
    struct err err;

    bench->config.transaction_timeout_ms = 5000;
    make_topic(bench, bench->topic, 1);
    struct kafka_consumer *reader = open_reader(bench, bench->topic, 0, false);
    struct kafka_producer *producer = open_producer(bench);
    commit_in_the_end(bench, &producer, "before");
    await_value(reader, "before", &retried);
    assert_false(retried);
    must(kafka_begin(producer, &err), &err);
    produce(producer, bench->topic, "meanwhile");
    servers(leave);
    assert_false(kafka_commit(producer, &err)); /* it lasts longer than the transaction may */
    assert_int_equal(err.kind, ERR_ABORT);
    struct kafka_message message;
    size_t n = 0;
    int64_t end_ms = clock_mono_ms() + WAIT_MS;
    while (kafka_poll(reader, &message, 1, 100, &n, &err)) {
        assert_int_equal(n, 0);
        assert_true(clock_mono_ms() < end_ms);
    }
    assert_int_equal(err.kind, ERR_RETRY);
    assert_non_null(strstr(err.text, bench->config.bootstrap));
    servers(come);
    if (!kafka_abort(producer, &err))
        producer = kafka_producer_close(producer);
    commit_in_the_end(bench, &producer, "after");
    await_value(reader, "after", &retried);
    end_ms = clock_mono_ms() + WAIT_MS;
    while (!kafka_poll(reader, &message, 1, 100, &n, &err)) { /* until a broker was heard again */
        assert_int_equal(err.kind, ERR_RETRY);
        assert_true(clock_mono_ms() < end_ms);
    }
    if (n == 1)
        kafka_message_free(&message);
    kafka_producer_close(producer);
    kafka_consumer_close(reader);
}

static void broker_stands_still_and_goes_on(void **state)
{
    broker_away_and_back(*state, "pause", "resume");
}

static void broker_crashes_and_comes_back(void **state)
{
    broker_away_and_back(*state, "crash", "start");
}

/* Once a stop is asked for, no question waits as long as it would have: a stop has ten seconds in all. */
static void broker_stands_still_and_a_stop_is_heard(void **state)
{
    enum { BELOW_STOP_TIMEOUT_MS = 9000 };
    struct bench *bench = *state;
    int64_t low = 0, high = 0;
    struct err err;

    make_topic(bench, bench->topic, 1);
    servers("pause");
    stop_request();
    int64_t began_ms = clock_mono_ms();
    bool answered = kafka_watermarks(bench->admin, bench->topic, 0, &low, &high, &err);
    int64_t took_ms = clock_mono_ms() - began_ms;
    servers("resume");
    assert_false(answered);
    assert_int_equal(err.kind, ERR_RETRY);
    assert_true(took_ms < BELOW_STOP_TIMEOUT_MS);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        CASE(committed_is_seen_aborted_is_not),
        CASE(closing_aborts_what_is_open),
        CASE(second_producer_fences_the_first),
        CASE(timed_out_transaction_is_not_a_take_over),
        CASE(oversize_record_is_for_the_dead_letters),
        CASE(record_refused_by_the_topic_stops),
        CASE(keys_land_where_java_puts_them),
        CASE(dead_letter_is_whole),
        CASE(eof_comes_again_after_more),
        CASE(offset_out_of_range_stops),
        CASE(new_assignment_replaces_the_old),
        CASE(paused_consumer_goes_on_where_it_was),
        CASE(offsets_need_a_valid_membership),
        CASE(offsets_of_a_replaced_member_are_refused),
        CASE(offset_metadata_comes_back),
        CASE(standby_takes_over_when_the_owner_leaves),
        CASE(standby_takes_over_when_the_owner_is_killed),
        CASE(topics_are_made_once_and_checked),
        CASE(unreachable_broker_is_named),
        CASE(bad_property_is_named),
        CASE(broker_stands_still_and_goes_on),
        CASE(broker_crashes_and_comes_back),
        CASE(broker_stands_still_and_a_stop_is_heard),
    };

    if (argc == 5 && strcmp(argv[1], "--member") == 0)
        return member_main(argv + 2);
    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
            printf("%s\n", cases[i].name);
        return 0;
    }
    if (argc == 2)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(cases, NULL, NULL);
}
