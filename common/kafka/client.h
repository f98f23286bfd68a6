/*
 * What every Kafka handle of Sluice has in common: the options, the cluster's identity, topics. The
 * only room that includes rdkafka.h; it hides librdkafka whole. Knows nothing of PostgreSQL, S3 or
 * SQL. Each librdkafka trap that is handled is named where it is handled.
 */
#ifndef SLUICE_KAFKA_CLIENT_H
#define SLUICE_KAFKA_CLIENT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/options.h"
#include "base/str.h"

/* Filled from kafka_options. */
struct kafka_config {
    char *bootstrap;           /* --kafka-bootstrap HOST:PORT,... [localhost:9092] */
    char *username, *password; /* --kafka-username, --kafka-password-file: turn SASL on */
    int sasl_mechanism;        /* PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 */
    char *ca_file;             /* --kafka-ca-file: turns TLS on */
    bool tls;                  /* --kafka-tls: TLS with the system's authorities */
    struct option_list
        properties;            /* --kafka-config name=value, passed to librdkafka untouched, last */
    int64_t topic_partitions;  /* --topic-partitions: for topics created here */
    int64_t topic_replication; /* --topic-replication */
    int64_t transaction_timeout_ms;
    int64_t queue_bytes; /* --kafka-queue-size: most bytes a consumer holds fetched and unread */
    bool prompt;         /* no option: a reader is told within 10 ms that a topic ends, not 500 */
};

/* The rows that fill struct kafka_config; use as an option group "Kafka". */
extern const struct option kafka_options[];

/* One header of a record. `value.at` NULL: a null header value. */
struct kafka_header {
    struct str name, value;
};

/* A topic and partition with an offset. `topic` must outlive the struct's use. */
struct kafka_offset {
    const char *topic;
    int32_t partition;
    int64_t offset;
};

/* A handle for questions and topic administration. Blocking calls, one thread at a time. */
struct kafka_admin;

/* `config` outlives it; `client_id` is the service's folder name. The handle connects lazily. Free
 * with kafka_admin_close. */
WARN_UNUSED bool kafka_admin_open(const struct kafka_config *config, const char *client_id,
                                  struct kafka_admin **ret, struct err *reterr);

/* NULL is fine. Returns NULL. */
struct kafka_admin *kafka_admin_close(struct kafka_admin *admin);

/* The cluster's id, waiting at most `timeout_ms`; ERR_RETRY when no broker answers. `into` holds at
 * least 64 bytes. */
WARN_UNUSED bool kafka_cluster_id(struct kafka_admin *admin, int64_t timeout_ms, char *into,
                                  struct err *reterr);

enum kafka_cleanup { KAFKA_DELETE, KAFKA_COMPACT };

/*
 * A topic to exist. partitions/replication 0: the configured defaults. KAFKA_DELETE gets
 * retention.ms=-1 (bronze keeps all); KAFKA_COMPACT gets min.compaction.lag.ms one day and
 * delete.retention.ms seven days. `extra` are more "name=value" settings, ended by NULL; may be
 * NULL.
 */
struct kafka_topic_spec {
    const char *name;
    int32_t partitions, replication;
    enum kafka_cleanup cleanup;
    const char *const *extra;
};

/*
 * Creates what does not exist and waits until every partition has a leader. An existing topic is
 * left as it is, but one with fewer partitions than an explicit spec.partitions, or with another
 * cleanup policy, is ERR_STOP naming both. ERR_RETRY when no broker answers.
 */
WARN_UNUSED bool kafka_ensure_topics(struct kafka_admin *admin,
                                     const struct kafka_topic_spec *specs, size_t specs_n,
                                     int64_t timeout_ms, struct err *reterr);

/* The number of partitions, or 0 when the topic does not exist. */
WARN_UNUSED bool kafka_partitions(struct kafka_admin *admin, const char *topic, int32_t *ret,
                                  struct err *reterr);

/* The topic's settings make it keep every record: ERR_STOP naming the one that does not. ERR_RETRY
 * when no broker answers. */
WARN_UNUSED bool kafka_check_keeps_all(struct kafka_admin *admin, const char *topic,
                                       struct err *reterr);

/* First offset and end (high watermark, open transactions included) of a partition. */
WARN_UNUSED bool kafka_watermarks(struct kafka_admin *admin, const char *topic, int32_t partition,
                                  int64_t *ret_low, int64_t *ret_high, struct err *reterr);

/*
 * The group's committed offset of a partition with its metadata text (appended to `metadata` when
 * not NULL); *ret_offset -1: none. Waits for pending transactions.
 */
WARN_UNUSED bool kafka_committed(struct kafka_admin *admin, const char *group, const char *topic,
                                 int32_t partition, int64_t *ret_offset, struct buf *metadata,
                                 struct err *reterr);

#endif
