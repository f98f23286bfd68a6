/*
 * The limits that the pipeline is measured against: what bare librdkafka does with the same topics
 * on the same machine, no record looked into. Reads each topic from its beginning to its end
 * (read_committed) and prints one line of key=value pairs.
 *
 *   bench_limits consume BROKERS TOPIC...                  reads and drops
 *   bench_limits copy BROKERS TARGET INTERVAL_MS TOPIC...  writes key, value and headers to TARGET
 *       in transactions that hold the offsets too, one each INTERVAL_MS
 */
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <time.h>

enum { BATCH = 2000, WAIT_MS = 100, CALL_MS = 30000 };

/* A run: the clients, where each partition stands, and what was counted. */
struct run {
    rd_kafka_t *consumer, *producer; /* producer: NULL when only reading */
    const char *target;
    rd_kafka_topic_partition_list_t *positions;
    int open; /* partitions not at their end */
    double interval_s, began_s, commit_s;
    int64_t records, bytes, transactions;
};

static void die(const char *what, const char *why)
{
    fprintf(stderr, "bench_limits: %s: %s\n", what, why);
    exit(EX_SOFTWARE);
}

static void check(const char *what, rd_kafka_error_t *error)
{
    if (error != NULL)
        die(what, rd_kafka_error_string(error));
}

static void check_code(const char *what, rd_kafka_resp_err_t code)
{
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        die(what, rd_kafka_err2str(code));
}

static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* `properties`: names and values in turn, NULL at the end. */
static rd_kafka_t *client(rd_kafka_type_t type, const char *brokers, const char *const *properties)
{
    rd_kafka_conf_t *config = rd_kafka_conf_new();
    char why[256];

    if (rd_kafka_conf_set(config, "bootstrap.servers", brokers, why, sizeof(why)) != 0)
        die("bootstrap.servers", why);
    for (; properties[0] != NULL; properties += 2) {
        if (rd_kafka_conf_set(config, properties[0], properties[1], why, sizeof(why)) != 0)
            die(properties[0], why);
    }
    rd_kafka_t *rk = rd_kafka_new(type, config, why, sizeof(why));
    if (rk == NULL)
        die("client", why);
    return rk;
}

static void open_consumer(struct run *run, const char *brokers)
{
    static const char *const properties[] = {"group.id",
                                             "bench-limits",
                                             "enable.auto.commit",
                                             "false",
                                             "enable.partition.eof",
                                             "true",
                                             "isolation.level",
                                             "read_committed",
                                             "auto.offset.reset",
                                             "error",
                                             "queued.min.messages",
                                             "100000",
                                             "queued.max.messages.kbytes",
                                             "65536",
                                             NULL};

    run->consumer = client(RD_KAFKA_CONSUMER, brokers, properties);
    check_code("poll_set_consumer", rd_kafka_poll_set_consumer(run->consumer));
}

static void open_producer(struct run *run, const char *brokers)
{
    static const char *const properties[] = {"transactional.id", "bench-limits", "partitioner",
                                             "murmur2_random",   "linger.ms",    "5",
                                             "compression.type", "lz4",          NULL};

    run->producer = client(RD_KAFKA_PRODUCER, brokers, properties);
    check("init_transactions", rd_kafka_init_transactions(run->producer, CALL_MS));
    check("begin_transaction", rd_kafka_begin_transaction(run->producer));
}

/* Every partition of the topics, from the beginning. */
static void assign(struct run *run, char **topics, int n)
{
    run->positions = rd_kafka_topic_partition_list_new(n);
    for (int t = 0; t < n; t++) {
        rd_kafka_topic_t *topic = rd_kafka_topic_new(run->consumer, topics[t], NULL);
        const struct rd_kafka_metadata *about;

        check_code(topics[t], rd_kafka_metadata(run->consumer, 0, topic, &about, CALL_MS));
        check_code(topics[t], about->topics[0].err);
        for (int p = 0; p < about->topics[0].partition_cnt; p++)
            rd_kafka_topic_partition_list_add(run->positions, topics[t], p)->offset = 0;
        rd_kafka_metadata_destroy(about);
        rd_kafka_topic_destroy(topic);
    }
    run->open = run->positions->cnt;
    check_code("assign", rd_kafka_assign(run->consumer, run->positions));
}

/* Hands the message's headers over; its key and value are copied. */
static void copy(struct run *run, rd_kafka_message_t *message)
{
    rd_kafka_headers_t *headers = NULL;
    rd_kafka_resp_err_t code;

    rd_kafka_message_detach_headers(message, &headers);
    while (code = rd_kafka_producev(run->producer, RD_KAFKA_V_TOPIC(run->target),
                                    RD_KAFKA_V_KEY(message->key, message->key_len),
                                    RD_KAFKA_V_VALUE(message->payload, message->len),
                                    RD_KAFKA_V_HEADERS(headers),
                                    RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END),
           code == RD_KAFKA_RESP_ERR__QUEUE_FULL)
        rd_kafka_poll(run->producer, WAIT_MS);
    check_code("produce", code);
}

static void take(struct run *run, rd_kafka_message_t *message)
{
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        run->open--;
        return;
    }
    check_code("consume", message->err);
    run->records++;
    run->bytes += (int64_t)(message->len + message->key_len);
    if (run->producer == NULL)
        return;
    rd_kafka_topic_partition_list_find(run->positions, rd_kafka_topic_name(message->rkt),
                                       message->partition)
        ->offset = message->offset + 1;
    copy(run, message);
}

static void commit(struct run *run)
{
    rd_kafka_consumer_group_metadata_t *group = rd_kafka_consumer_group_metadata(run->consumer);

    check("send_offsets",
          rd_kafka_send_offsets_to_transaction(run->producer, run->positions, group, CALL_MS));
    rd_kafka_consumer_group_metadata_destroy(group);
    check("commit", rd_kafka_commit_transaction(run->producer, CALL_MS));
    run->transactions++;
    if (run->open > 0)
        check("begin_transaction", rd_kafka_begin_transaction(run->producer));
    run->commit_s = now_s();
}

static void drain(struct run *run)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(run->consumer);
    static rd_kafka_message_t *messages[BATCH];

    run->began_s = run->commit_s = now_s();
    while (run->open > 0) {
        ssize_t n = rd_kafka_consume_batch_queue(queue, WAIT_MS, messages, BATCH);

        for (ssize_t i = 0; i < n; i++) {
            take(run, messages[i]);
            rd_kafka_message_destroy(messages[i]);
        }
        if (run->producer == NULL)
            continue;
        rd_kafka_poll(run->producer, 0);
        if (run->open == 0 || now_s() - run->commit_s >= run->interval_s)
            commit(run);
    }
    rd_kafka_queue_destroy(queue);
}

static void report(const struct run *run)
{
    double wall_s = now_s() - run->began_s;
    struct rusage used;

    getrusage(RUSAGE_SELF, &used);
    double cpu_s = (double)used.ru_utime.tv_sec + (double)used.ru_utime.tv_usec / 1e6 +
                   (double)used.ru_stime.tv_sec + (double)used.ru_stime.tv_usec / 1e6;
    printf("records=%" PRId64 " bytes=%" PRId64 " transactions=%" PRId64
           " wall_s=%.3f cpu_s=%.3f rss_kb=%ld\n",
           run->records, run->bytes, run->transactions, wall_s, cpu_s, used.ru_maxrss);
}

int main(int argc, char **argv)
{
    bool copying = argc >= 6 && strcmp(argv[1], "copy") == 0;
    struct run run = {.target = copying ? argv[3] : NULL};
    int first = copying ? 5 : 3;

    if (!copying && (argc < 4 || strcmp(argv[1], "consume") != 0)) {
        fprintf(stderr, "usage: bench_limits consume BROKERS TOPIC...\n"
                        "       bench_limits copy BROKERS TARGET INTERVAL_MS TOPIC...\n");
        return EX_USAGE;
    }
    open_consumer(&run, argv[2]);
    if (copying) {
        run.interval_s = strtod(argv[4], NULL) / 1e3;
        open_producer(&run, argv[2]);
    }
    assign(&run, argv + first, argc - first);
    drain(&run);
    report(&run);
    if (run.producer != NULL)
        rd_kafka_destroy(run.producer);
    rd_kafka_topic_partition_list_destroy(run.positions);
    rd_kafka_consumer_close(run.consumer);
    rd_kafka_destroy(run.consumer);
    return 0;
}
