#include "bronze.h"

#include "record/avro_envelope.h"
#include <assert.h>

enum { ARENA_BYTES = 1 << 16 };

/* A topic's key and value. */
struct side {
    struct avro_shape *shape;
    int32_t id;
};

struct described {
    char *topic;
    struct side key, value;
};

struct bronze {
    struct registry *registry;
    struct debezium_format format;
    struct arena *arena; /* of one record */
    struct described *topics;
    size_t topics_n, last;
};

struct bronze *bronze_new(struct registry *registry, struct debezium_format format)
{
    struct bronze *bronze = err_calloc(1, sizeof(*bronze));

    bronze->registry = registry;
    bronze->format = format;
    bronze->arena = arena_new(ARENA_BYTES);
    return bronze;
}

struct bronze *bronze_free(struct bronze *bronze)
{
    if (bronze == NULL)
        return NULL;
    for (size_t i = 0; i < bronze->topics_n; i++) {
        free(bronze->topics[i].topic);
        avro_shape_free(bronze->topics[i].key.shape);
        avro_shape_free(bronze->topics[i].value.shape);
    }
    free(bronze->topics);
    arena_free(bronze->arena);
    free(bronze);
    return NULL;
}

/* The topic's entry, or NULL. */
static struct described *find(struct bronze *bronze, const char *topic)
{
    for (size_t n = 0; n < bronze->topics_n; n++) {
        size_t i = (bronze->last + n) % bronze->topics_n;

        if (strcmp(bronze->topics[i].topic, topic) == 0) {
            bronze->last = i;
            return &bronze->topics[i];
        }
    }
    return NULL;
}

static struct described *find_or_add(struct bronze *bronze, const char *topic)
{
    struct described *described = find(bronze, topic);

    if (described != NULL)
        return described;
    bronze->topics = err_realloc(bronze->topics, (bronze->topics_n + 1) * sizeof(*bronze->topics));
    bronze->topics[bronze->topics_n] = (struct described){.topic = err_strdup(topic)};
    return &bronze->topics[bronze->topics_n++];
}

/* Parses and registers; the side is replaced when both went well. */
static bool set_side(struct bronze *bronze, const char *topic, const char *which, struct str schema,
                     struct side *side, struct err *reterr)
{
    CLEANUP(buf) struct buf subject = {0};
    struct avro_shape *shape = NULL;
    int32_t id = 0;

    buf_printf(&subject, "%s-%s", topic, which);
    if (!registry_register(bronze->registry, buf_cstr(&subject), schema, &id, reterr) ||
        !avro_shape_parse(schema, &shape, reterr))
        return false;
    avro_shape_free(side->shape);
    *side = (struct side){shape, id};
    return true;
}

bool bronze_describe(struct bronze *bronze, const struct capture_shape *shape, struct err *reterr)
{
    CLEANUP(buf) struct buf key = {0}, value = {0};
    struct described *described = find_or_add(bronze, shape->topic);

    return avro_derive_envelope_key(&key, shape->topic, shape->key_columns, shape->key_n,
                                    bronze->format, reterr) &&
           avro_derive_envelope(&value, shape->topic, shape->columns, shape->columns_n,
                                bronze->format, reterr) &&
           set_side(bronze, shape->topic, "key", buf_str(&key), &described->key, reterr) &&
           set_side(bronze, shape->topic, "value", buf_str(&value), &described->value, reterr);
}

static bool put(struct bronze *bronze, const struct side *side, struct str json, struct buf *out,
                struct err *reterr)
{
    assert(side->shape != NULL);
    arena_reset(bronze->arena);
    avro_frame_write(out, side->id);
    return avro_from_json(side->shape, json, bronze->arena, out, reterr);
}

bool bronze_key(struct bronze *bronze, const char *topic, struct str json, struct buf *out,
                struct err *reterr)
{
    return put(bronze, &find(bronze, topic)->key, json, out, reterr);
}

bool bronze_value(struct bronze *bronze, const char *topic, struct str json, struct buf *out,
                  struct err *reterr)
{
    return put(bronze, &find(bronze, topic)->value, json, out, reterr);
}
