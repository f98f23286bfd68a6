#include "http/avro_topics.h"

#include <assert.h>

enum { ARENA_BYTES = 1 << 16 };

/* A topic's keys or values, and the one in hand. */
struct side {
    struct avro_shape *shape;
    int32_t id;
};

struct described {
    char *topic;
    struct side key, value;
};

struct avro_topics {
    struct registry *registry;
    struct arena *arena; /* of one record */
    struct buf key, value;
    struct described *items;
    size_t n, last;
};

struct avro_topics *avro_topics_new(struct registry *registry)
{
    struct avro_topics *topics = err_calloc(1, sizeof(*topics));

    topics->registry = registry;
    topics->arena = arena_new(ARENA_BYTES);
    return topics;
}

struct avro_topics *avro_topics_free(struct avro_topics *topics)
{
    if (topics == NULL)
        return NULL;
    for (size_t i = 0; i < topics->n; i++) {
        free(topics->items[i].topic);
        avro_shape_free(topics->items[i].key.shape);
        avro_shape_free(topics->items[i].value.shape);
    }
    free(topics->items);
    buf_done(&topics->key);
    buf_done(&topics->value);
    arena_free(topics->arena);
    free(topics);
    return NULL;
}

/* The topic's entry, looked for from the last one found; NULL when it was not described. */
static struct described *find(struct avro_topics *topics, const char *topic)
{
    for (size_t n = 0; n < topics->n; n++) {
        size_t i = (topics->last + n) % topics->n;

        if (strcmp(topics->items[i].topic, topic) == 0) {
            topics->last = i;
            return &topics->items[i];
        }
    }
    return NULL;
}

static struct described *find_or_add(struct avro_topics *topics, const char *topic)
{
    struct described *described = find(topics, topic);

    if (described != NULL)
        return described;
    topics->items = err_realloc(topics->items, (topics->n + 1) * sizeof(*topics->items));
    topics->items[topics->n] = (struct described){.topic = err_strdup(topic)};
    return &topics->items[topics->n++];
}

/* Registers and parses; the side is replaced when both went well. */
static bool set_side(struct avro_topics *topics, const char *topic, const char *which,
                     struct str schema, struct side *side, struct err *reterr)
{
    CLEANUP(buf) struct buf subject = {0};
    struct avro_shape *shape = NULL;
    int32_t id = 0;

    buf_printf(&subject, "%s-%s", topic, which);
    if (!registry_register(topics->registry, buf_cstr(&subject), schema, &id, reterr) ||
        !avro_shape_parse(schema, &shape, reterr))
        return false;
    avro_shape_free(side->shape);
    *side = (struct side){shape, id};
    return true;
}

bool avro_topics_describe(struct avro_topics *topics, const char *topic, struct str key_schema,
                          struct str value_schema, struct err *reterr)
{
    struct described *described = find_or_add(topics, topic);

    return set_side(topics, topic, "key", key_schema, &described->key, reterr) &&
           set_side(topics, topic, "value", value_schema, &described->value, reterr);
}

static bool encode(struct avro_topics *topics, const struct side *side, struct str json,
                   struct buf *out, struct str *ret, struct err *reterr)
{
    assert(side->shape != NULL);
    arena_reset(topics->arena);
    buf_clear(out);
    avro_frame_write(out, side->id);
    if (!avro_from_json(side->shape, json, topics->arena, out, reterr))
        return false;
    *ret = buf_str(out);
    return true;
}

bool avro_topics_key(struct avro_topics *topics, const char *topic, struct str json,
                     struct str *ret, struct err *reterr)
{
    *ret = json;
    return json.at == NULL ||
           encode(topics, &find(topics, topic)->key, json, &topics->key, ret, reterr);
}

bool avro_topics_value(struct avro_topics *topics, const char *topic, struct str json,
                       struct str *ret, struct err *reterr)
{
    *ret = json;
    return json.at == NULL ||
           encode(topics, &find(topics, topic)->value, json, &topics->value, ret, reterr);
}
