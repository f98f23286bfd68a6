#include "seen/restore.h"

#include "kafka/progress.h"
#include "record/avro.h"
#include "record/json.h"
#include <inttypes.h>

enum { BROKER_MS = 10000, BATCH = 8192, ARENA_BYTES = 1 << 20 };

struct reading {
    struct seen *seen;
    struct arena *arena;
    struct seen_mark mark;
    uint64_t records;
    bool plain, avro;
};

struct hash128 seen_content(struct str after)
{
    return hash128(after.at, after.len);
}

struct kafka_header seen_content_header(struct str after, char into[SEEN_CONTENT_DIGITS + 1])
{
    struct hash128 hash = seen_content(after);

    into[0] = '\0';
    if (after.at != NULL)
        snprintf(into, SEEN_CONTENT_DIGITS + 1, "%016" PRIx64 "%016" PRIx64, hash.high, hash.low);
    return (struct kafka_header){STR(SEEN_CONTENT_HEADER), str_of(into)};
}

/* Reads 16 hexadecimal digits. */
static bool read_half(struct str digits, uint64_t *ret)
{
    *ret = 0;
    for (size_t i = 0; i < digits.len; i++) {
        char c = digits.at[i];

        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
            return false;
        *ret = *ret << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    return true;
}

bool seen_after(struct str value, struct arena *arena, struct str *ret, struct err *reterr)
{
    struct json_value member;
    bool found;

    if (!json_member(value, "after", arena, &member, &found, reterr))
        return false;
    if (!found)
        return err_set(reterr, ERR_DEAD_LETTER, "not a Debezium envelope: it has no after");
    if (member.kind != JSON_OBJECT && member.kind != JSON_NULL)
        return err_set(reterr, ERR_DEAD_LETTER, "not a Debezium envelope: after is no row");
    *ret = member.kind == JSON_OBJECT ? member.raw : STR_NONE;
    return true;
}

/* A topic holds one format: equal keys of two formats are two keys to Kafka. */
static bool check_format(const struct reading *reading, const struct kafka_message *message,
                         struct err *reterr)
{
    bool avro = avro_is_framed(message->key);

    return avro == reading->avro ||
           err_stop(reterr, EX_CONFIG, "it holds records as %s: write %s to another topic",
                    avro ? "Avro" : "JSON", avro ? "JSON" : "Avro");
}

/* Takes a record in Avro over by its header. */
static bool take_avro(struct reading *reading, const struct kafka_message *message,
                      struct err *reterr)
{
    struct str digits = STR("");
    struct hash128 content;

    if (message->value.at != NULL && !kafka_message_header(message, SEEN_CONTENT_HEADER, &digits))
        return err_set(reterr, ERR_STOP, "the header " SEEN_CONTENT_HEADER " is missing");
    if (digits.len == 0)
        return seen_remove(reading->seen, message->key, reterr);
    if (digits.len != SEEN_CONTENT_DIGITS ||
        !read_half((struct str){digits.at, 16}, &content.high) ||
        !read_half((struct str){digits.at + 16, 16}, &content.low))
        return err_set(reterr, ERR_STOP, "the header " SEEN_CONTENT_HEADER " is no hash");
    return seen_put(reading->seen, message->key, content, reterr);
}

/* Takes one bronze record over into the store. */
static bool take(struct reading *reading, const struct kafka_message *message, struct err *reterr)
{
    struct str after = STR_NONE;

    if (!check_format(reading, message, reterr))
        return false;
    if (reading->avro)
        return take_avro(reading, message, reterr);
    if (message->value.at != NULL && reading->plain)
        after = message->value;
    else if (message->value.at != NULL &&
             !seen_after(message->value, reading->arena, &after, reterr))
        return false;
    if (after.at == NULL)
        return seen_remove(reading->seen, message->key, reterr);
    return seen_put(reading->seen, message->key, seen_content(after), reterr);
}

static bool on_record(void *arg, const struct kafka_message *message, struct err *reterr)
{
    struct reading *reading = arg;

    if (message->key.at == NULL)
        return true;
    if (!take(reading, message, reterr)) {
        if (reterr->kind == ERR_DEAD_LETTER)
            reterr->kind = ERR_STOP;
        return err_prefix(reterr, "%s/%" PRId32 " offset %" PRId64, message->topic,
                          message->partition, message->offset);
    }
    arena_reset(reading->arena);
    reading->mark.next[message->partition] = message->offset + 1;
    return ++reading->records % BATCH != 0 || seen_commit(reading->seen, &reading->mark, reterr);
}

/* Starts from the store's own mark, or empties it and starts from the beginning. */
static bool start(struct reading *reading, const char *identity, uint64_t position,
                  bool *ret_from_start, struct err *reterr)
{
    const struct seen_mark *mark = seen_mark(reading->seen);

    *ret_from_start = strcmp(mark->identity, identity) != 0 ||
                      mark->partitions != reading->mark.partitions || mark->position > position;
    if (*ret_from_start) {
        snprintf(reading->mark.identity, sizeof(reading->mark.identity), "%s", identity);
        return seen_empty(reading->seen, reterr);
    }
    reading->mark = *mark;
    return true;
}

static bool read_partitions(struct reading *reading, const struct seen_source *source,
                            struct err *reterr)
{
    const struct kafka_reading from_kafka = {source->config, source->client_id, source->admin,
                                             on_record, reading};

    for (uint32_t i = 0; i < reading->mark.partitions; i++) {
        struct kafka_offset from = {source->topic, (int32_t)i, reading->mark.next[i]};

        if (!kafka_read_to_end(&from_kafka, &from, &reading->mark.next[i], reterr))
            return false;
    }
    return true;
}

bool seen_restore(struct seen *seen, const struct seen_source *source, struct seen_restored *ret,
                  struct err *reterr)
{
    struct arena *arena CLEANUP(arena) = arena_new(ARENA_BYTES);
    struct reading reading = {
        .seen = seen, .arena = arena, .plain = source->plain, .avro = source->avro};
    char cluster[64], identity[SEEN_IDENTITY_MAX];
    int32_t partitions = 0;
    bool from_start = false;

    if (!kafka_cluster_id(source->admin, BROKER_MS, cluster, reterr) ||
        !kafka_partitions(source->admin, source->topic, &partitions, reterr))
        return false;
    if (partitions > SEEN_PARTITIONS_MAX)
        return err_stop(reterr, EX_CONFIG, "%s has more than %d partitions", source->topic,
                        SEEN_PARTITIONS_MAX);
    snprintf(identity, sizeof(identity), "%s %s%s", cluster, source->topic,
             source->avro ? " avro" : "");
    reading.mark.partitions = (uint32_t)partitions;
    if (!start(&reading, identity, source->position, &from_start, reterr))
        return false;
    if ((from_start || reading.mark.position != source->position) &&
        !read_partitions(&reading, source, reterr))
        return false;
    reading.mark.position = source->position;
    *ret = (struct seen_restored){reading.records, from_start};
    return seen_commit(seen, &reading.mark, reterr);
}
