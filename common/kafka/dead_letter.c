#include "kafka/dead_letter.h"

#include "kafka/pure.h"

/* All headers of the message, with room for ours behind them. The caller frees. */
static struct kafka_header *original_headers(const struct kafka_message *message, size_t *ret_n)
{
    struct kafka_header *headers = NULL;
    size_t room = 8;

    do {
        room *= 2;
        headers = err_realloc(headers, (room + DEAD_LETTER_HEADERS) * sizeof(*headers));
        *ret_n = kafka_message_headers(message, headers, room);
    } while (*ret_n == room);
    return headers;
}

bool kafka_dead_letter(struct kafka_producer *producer, const char *topic,
                       const struct kafka_message *message, const char *rule,
                       const struct err *reason, struct err *reterr)
{
    size_t kept = 0;
    CLEANUP(free) struct kafka_header *headers = original_headers(message, &kept);
    struct dead_letter_reason why = {.topic = message->topic,
                                     .rule = rule,
                                     .partition = message->partition,
                                     .offset = message->offset,
                                     .err = reason};

    dead_letter_headers(&why, headers + kept);
    const struct kafka_record record = {.topic = topic,
                                        .partition = -1,
                                        .key = message->key,
                                        .value = message->value,
                                        .headers = headers,
                                        .headers_n = kept + DEAD_LETTER_HEADERS};
    return kafka_produce(producer, &record, reterr);
}
