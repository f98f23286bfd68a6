#include "dead.h"

enum { OPEN_TIMEOUT_MS = 10 * 1000 };

struct dead_letters {
    const struct kafka_config *config;
    char *topic;
    struct kafka_producer *producer; /* NULL: not needed yet, or broken */
};

struct dead_letters *dead_letters_new(const struct kafka_config *config, const char *topic)
{
    struct dead_letters *dead = err_calloc(1, sizeof(*dead));

    dead->config = config;
    dead->topic = err_strdup(topic);
    return dead;
}

struct dead_letters *dead_letters_free(struct dead_letters *dead)
{
    if (dead == NULL)
        return NULL;
    kafka_producer_close(dead->producer);
    free(dead->topic);
    free(dead);
    return NULL;
}

/* What failed is sent again with the batch, by a new handle. */
static bool give_up(struct dead_letters *dead, struct err *reterr)
{
    dead->producer = kafka_producer_close(dead->producer);
    if (reterr->kind == ERR_ABORT)
        reterr->kind = ERR_RETRY;
    if (reterr->kind == ERR_DEAD_LETTER) /* too large for the topic: it must not be lost */
        reterr->kind = ERR_STOP;
    return err_prefix(reterr, "writing a dead letter to %s", dead->topic);
}

bool dead_letters_send(struct dead_letters *dead, const struct kafka_message *message,
                       const char *rule, const struct err *reason, struct err *reterr)
{
    if (dead->producer == NULL && !kafka_producer_open(dead->config, "postgres-upsert", NULL,
                                                       OPEN_TIMEOUT_MS, &dead->producer, reterr)) {
        dead->producer = NULL;
        return err_prefix(reterr, "writing a dead letter to %s", dead->topic);
    }
    return kafka_dead_letter(dead->producer, dead->topic, message, rule, reason, reterr) ||
           give_up(dead, reterr);
}

bool dead_letters_flush(struct dead_letters *dead, struct err *reterr)
{
    return dead->producer == NULL || kafka_flush(dead->producer, reterr) || give_up(dead, reterr);
}
