/*
 * Writes the load of a workload of bench_views to the topics of its sources: its first rows, as many
 * as belong to a million changes for each million, then the changes; the same bytes each time. Keys
 * choose partitions as Debezium's do. Prints records=N bytes=N.
 *
 *   bench_publish select WORKLOAD                         prints the workload's query
 *   bench_publish load BROKERS FOLDER CHANGES WORKLOAD    writes; the rows that are there at the end
 *       go to FOLDER/TABLE.jsonl. WORKLOAD "all": what filter-313, group, join and top read at once
 */
#include "views/load.h"

#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <sysexits.h>

enum { CHUNK = 20000, WAIT_MS = 100, FLUSH_MS = 120000, FULL_CHANGES = 1000000 };

struct publisher {
    rd_kafka_t *producer;
    struct load load;
    uint64_t records, bytes, failed;
};

static void die(const char *what, const char *why)
{
    fprintf(stderr, "bench_publish: %s: %s\n", what, why);
    exit(EX_SOFTWARE);
}

static void on_report(rd_kafka_t *producer, const rd_kafka_message_t *message, void *publisher)
{
    (void)producer;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
        ((struct publisher *)publisher)->failed++;
}

static void open_producer(struct publisher *publisher, const char *brokers)
{
    static const char *const properties[][2] = {
        {"enable.idempotence", "true"}, {"partitioner", "murmur2_random"}, {"linger.ms", "20"}};
    rd_kafka_conf_t *config = rd_kafka_conf_new();
    char why[256];

    if (rd_kafka_conf_set(config, "bootstrap.servers", brokers, why, sizeof(why)) != 0)
        die("bootstrap.servers", why);
    for (size_t i = 0; i < sizeof(properties) / sizeof(*properties); i++)
        if (rd_kafka_conf_set(config, properties[i][0], properties[i][1], why, sizeof(why)) != 0)
            die(properties[i][0], why);
    rd_kafka_conf_set_dr_msg_cb(config, on_report);
    rd_kafka_conf_set_opaque(config, publisher);
    publisher->producer = rd_kafka_new(RD_KAFKA_PRODUCER, config, why, sizeof(why));
    if (publisher->producer == NULL)
        die("producer", why);
}

static void send_record(struct publisher *publisher, uint32_t i)
{
    const struct load *load = &publisher->load;
    const char *topic = load->workload->tables[load->records[i].table].kind->name;
    struct str key = load_key(load, i), value = load_value(load, i);
    char *payload = value.at == NULL ? NULL : load->bytes.at + load->records[i].value;
    rd_kafka_resp_err_t code;

    while (code = rd_kafka_producev(publisher->producer, RD_KAFKA_V_TOPIC(topic),
                                    RD_KAFKA_V_KEY(key.at, key.len),
                                    RD_KAFKA_V_VALUE(payload, value.len),
                                    RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END),
           code == RD_KAFKA_RESP_ERR__QUEUE_FULL)
        rd_kafka_poll(publisher->producer, WAIT_MS);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        die(topic, rd_kafka_err2str(code));
    publisher->bytes += key.len + value.len;
}

static void send_chunk(struct publisher *publisher)
{
    for (uint32_t i = 0; i < publisher->load.n; i++)
        send_record(publisher, i);
    rd_kafka_poll(publisher->producer, 0);
    publisher->records += publisher->load.n;
    load_clear(&publisher->load);
}

static void send_all(struct publisher *publisher, uint32_t changes)
{
    struct load *load = &publisher->load;
    const struct table_use *tables = load->workload->tables;

    for (uint32_t t = 0; t < TABLES_MAX && tables[t].kind != NULL; t++) {
        uint64_t held = (uint64_t)tables[t].held * changes / FULL_CHANGES;

        for (uint64_t i = 0; i < held; i++) {
            load_create(load, t);
            if (load->n == CHUNK)
                send_chunk(publisher);
        }
    }
    for (uint32_t i = 0; i < changes; i++) {
        load_change(load);
        if (load->n >= CHUNK)
            send_chunk(publisher);
    }
    send_chunk(publisher);
    rd_kafka_resp_err_t code = rd_kafka_flush(publisher->producer, FLUSH_MS);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR || publisher->failed > 0)
        die("flush", code ? rd_kafka_err2str(code) : "records were not taken");
}

/* Writes the rows that a table holds, one JSON object a line. */
static void keep_rows(const struct load *load, uint32_t table, const char *folder)
{
    CLEANUP(buf) struct buf row = {0};
    CLEANUP(buf) struct buf path = {0};

    buf_printf(&path, "%s/%s.jsonl", folder, load->workload->tables[table].kind->name);
    CLEANUP(file) FILE *file = fopen(buf_cstr(&path), "we");
    if (file == NULL) {
        perror(buf_cstr(&path));
        exit(EX_CANTCREAT);
    }
    for (uint64_t id = 0; id < load->tables[table].next; id++) {
        buf_clear(&row);
        if (!load_row(load, table, id, &row))
            continue;
        buf_char(&row, '\n');
        if (fwrite(row.at, 1, row.len, file) != row.len)
            die(buf_cstr(&path), "can't be written");
    }
}

static const struct workload *find(const char *name)
{
    if (strcmp(name, all_at_once.name) == 0)
        return &all_at_once;
    for (size_t i = 0; i < workloads_n; i++)
        if (strcmp(name, workloads[i].name) == 0)
            return &workloads[i];
    fprintf(stderr, "bench_publish: no workload %s\n", name);
    exit(EX_USAGE);
}

static void publish(char **argv)
{
    struct publisher publisher = {0};
    const struct workload *workload = find(argv[5]);

    load_start(&publisher.load, workload);
    open_producer(&publisher, argv[2]);
    send_all(&publisher, (uint32_t)strtoul(argv[4], NULL, 10));
    for (uint32_t t = 0; t < TABLES_MAX && workload->tables[t].kind != NULL; t++)
        keep_rows(&publisher.load, t, argv[3]);
    printf("records=%" PRIu64 " bytes=%" PRIu64 "\n", publisher.records, publisher.bytes);
    rd_kafka_destroy(publisher.producer);
    load_done(&publisher.load);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "select") == 0 && find(argv[2])->select != NULL) {
        puts(find(argv[2])->select);
    } else if (argc == 6 && strcmp(argv[1], "load") == 0) {
        publish(argv);
    } else {
        fprintf(stderr, "usage: bench_publish select WORKLOAD\n"
                        "       bench_publish load BROKERS FOLDER CHANGES WORKLOAD\n");
        return EX_USAGE;
    }
    return 0;
}
