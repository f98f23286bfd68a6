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
    struct buf key, value, key_json;
    struct described *items;
    size_t n, last;
};

const char *const value_format_names[] = {"json", "avro", NULL};

bool avro_topics_open(int format, const struct registry_config *config, struct avro_topics **ret,
                      struct err *reterr)
{
    struct avro_topics *topics;

    if (format == VALUE_JSON) {
        *ret = NULL;
        return true;
    }
    if (config->url == NULL)
        return err_stop(reterr, EX_USAGE, "--value-format avro: give --schema-registry-url");
    topics = err_calloc(1, sizeof(*topics));
    topics->registry = registry_open(config);
    topics->arena = arena_new(ARENA_BYTES);
    *ret = topics;
    return true;
}

struct registry *avro_topics_registry(const struct avro_topics *topics)
{
    return topics == NULL ? NULL : topics->registry;
}

struct avro_topics *avro_topics_close(struct avro_topics *topics)
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
    buf_done(&topics->key_json);
    arena_free(topics->arena);
    registry_close(topics->registry);
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

static const char *subject(struct avro_topics *topics, const char *topic, const char *which)
{
    return arena_printf(topics->arena, "%s-%s", topic, which);
}

/* Registers and parses; the side is replaced when both went well. An empty schema: nothing. */
static bool set_side(struct avro_topics *topics, const char *name, struct str schema,
                     struct side *side, struct err *reterr)
{
    struct avro_shape *shape = NULL;
    int32_t id = 0;

    if (schema.len == 0)
        return true;
    if (!registry_register(topics->registry, name, schema, &id, reterr) ||
        !avro_shape_parse(schema, &shape, reterr))
        return false;
    avro_shape_free(side->shape);
    *side = (struct side){shape, id};
    return true;
}

/* ERR_STOP when the subject's readers could not read it: said before the other side is registered. */
static bool check_side(struct avro_topics *topics, const char *name, struct str schema,
                       struct err *reterr)
{
    CLEANUP(buf) struct buf why = {0};
    bool compatible = true;

    if (schema.len == 0 || registry_knows(topics->registry, name, schema))
        return true;
    if (!registry_check(topics->registry, name, schema, &compatible, &why, reterr))
        return false;
    return compatible || registry_refuses(name, buf_str(&why), reterr);
}

bool avro_topics_describe(struct avro_topics *topics, const char *topic, struct str key_schema,
                          struct str value_schema, struct err *reterr)
{
    arena_reset(topics->arena);
    const char *key = subject(topics, topic, "key"), *value = subject(topics, topic, "value");

    if (!check_side(topics, key, key_schema, reterr) ||
        !check_side(topics, value, value_schema, reterr))
        return false;
    struct described *described = find_or_add(topics, topic);
    return set_side(topics, key, key_schema, &described->key, reterr) &&
           set_side(topics, value, value_schema, &described->value, reterr);
}

bool avro_topics_describe_envelope(struct avro_topics *topics, const struct avro_table *table,
                                   struct err *reterr)
{
    CLEANUP(buf) struct buf key = {0}, value = {0};

    if (table->key_n > 0 && !avro_derive_envelope_key(&key, table, reterr))
        return false;
    return avro_derive_envelope(&value, table, reterr) &&
           avro_topics_describe(topics, table->topic, buf_str(&key), buf_str(&value), reterr);
}

bool avro_topics_recall(struct avro_topics *topics, const char *topic, struct err *reterr)
{
    struct described *described = find(topics, topic);
    struct side key = {0}, value = {0};

    if (described != NULL && described->value.shape != NULL)
        return true;
    arena_reset(topics->arena);
    if (!registry_latest(topics->registry, subject(topics, topic, "key"), &key.id, &key.shape,
                         reterr))
        return false;
    if (!registry_latest(topics->registry, subject(topics, topic, "value"), &value.id, &value.shape,
                         reterr)) {
        avro_shape_free(key.shape);
        return false;
    }
    described = find_or_add(topics, topic);
    avro_shape_free(described->key.shape);
    described->key = key;
    described->value = value;
    return true;
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
    return topics == NULL || json.at == NULL ||
           encode(topics, &find(topics, topic)->key, json, &topics->key, ret, reterr);
}

bool avro_topics_value(struct avro_topics *topics, const char *topic, struct str json,
                       struct str *ret, struct err *reterr)
{
    *ret = json;
    return topics == NULL || json.at == NULL ||
           encode(topics, &find(topics, topic)->value, json, &topics->value, ret, reterr);
}

/* The shape of a described topic's keys by their id; NULL: the registry must tell. */
static const struct avro_shape *own_shape(const struct avro_topics *topics, int32_t id)
{
    for (size_t i = 0; i < topics->n; i++) {
        if (topics->items[i].key.shape != NULL && topics->items[i].key.id == id)
            return topics->items[i].key.shape;
    }
    return NULL;
}

bool avro_topics_key_json(struct avro_topics *topics, struct str key, struct str *ret,
                          struct err *reterr)
{
    const struct avro_shape *shape;
    struct str body;
    int32_t id;

    *ret = key;
    if (topics == NULL)
        return true;
    if (!avro_frame_read(key, &id, &body, reterr))
        return false;
    shape = own_shape(topics, id);
    if (shape == NULL && !registry_shape(topics->registry, id, &shape, reterr))
        return false;
    buf_clear(&topics->key_json);
    if (!avro_to_json(shape, body, &topics->key_json, reterr))
        return false;
    *ret = buf_str(&topics->key_json);
    return true;
}
