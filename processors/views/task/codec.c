#include "task/codec.h"

#include "record/json.h"
#include <assert.h>

enum { ARENA_BYTES = 64 * 1024 };

/* Of a view that is Avro. Its schemas are texts of their own. */
struct view_codec {
    struct buf key_schema, value_schema;
    struct avro_shape *key_shape;
    int32_t key_id, value_id;
};

struct codec {
    const struct plan *plan;
    struct registry *registry;
    struct view_codec *views;
    struct arena *arena; /* of one key */
    struct buf json;
};

struct codec *codec_new(const struct plan *plan, struct registry *registry)
{
    struct codec *codec = err_calloc(1, sizeof(*codec));

    codec->plan = plan;
    codec->registry = registry;
    codec->views = err_calloc(plan->views_n, sizeof(*codec->views));
    codec->arena = arena_new(ARENA_BYTES);
    return codec;
}

struct codec *codec_free(struct codec *codec)
{
    if (codec == NULL)
        return NULL;
    for (uint32_t i = 0; i < codec->plan->views_n; i++) {
        buf_done(&codec->views[i].key_schema);
        buf_done(&codec->views[i].value_schema);
        avro_shape_free(codec->views[i].key_shape);
    }
    buf_done(&codec->json);
    arena_free(codec->arena);
    free(codec->views);
    free(codec);
    return NULL;
}

static bool is_avro(const struct codec *codec, uint32_t view)
{
    return codec->plan->views[view].format == PLAN_VIEW_AVRO;
}

static bool derive(const struct plan_view *view, struct view_codec *made, struct err *reterr)
{
    if (made->key_shape != NULL)
        return true;
    buf_clear(&made->key_schema);
    buf_clear(&made->value_schema);
    return avro_derive_row_key(&made->key_schema, view->topic, &view->schema, reterr) &&
           avro_derive_row(&made->value_schema, view->topic, &view->schema, reterr) &&
           avro_shape_parse(buf_str(&made->key_schema), &made->key_shape, reterr);
}

static const char *subject(struct codec *codec, uint32_t view, const char *which)
{
    return arena_printf(codec->arena, "%s-%s", codec->plan->views[view].topic, which);
}

/* Nothing may be registered when one of the schemas would be refused. */
static bool check(struct codec *codec, uint32_t view, const char *which, struct str schema,
                  struct err *reterr)
{
    CLEANUP(buf) struct buf why = {0};
    const char *name = subject(codec, view, which);
    bool compatible = false;

    if (!registry_check(codec->registry, name, schema, &compatible, &why, reterr))
        return false;
    return compatible ||
           err_stop(reterr, EX_CONFIG,
                    "view %s: its schema is not compatible with what subject %s holds; add columns "
                    "that may be NULL, or write to another topic: %.*s",
                    codec->plan->views[view].name, name, (int)(why.len < 500 ? why.len : 500),
                    why.at);
}

bool codec_register(struct codec *codec, struct err *reterr)
{
    arena_reset(codec->arena);
    for (uint32_t i = 0; i < codec->plan->views_n; i++) {
        struct view_codec *view = &codec->views[i];

        if (!is_avro(codec, i))
            continue;
        if (!derive(&codec->plan->views[i], view, reterr))
            return err_prefix(reterr, "view %s", codec->plan->views[i].name);
        if (!check(codec, i, "key", buf_str(&view->key_schema), reterr) ||
            !check(codec, i, "value", buf_str(&view->value_schema), reterr))
            return false;
    }
    for (uint32_t i = 0; i < codec->plan->views_n; i++) {
        struct view_codec *view = &codec->views[i];

        if (is_avro(codec, i) &&
            (!registry_register(codec->registry, subject(codec, i, "key"),
                                buf_str(&view->key_schema), &view->key_id, reterr) ||
             !registry_register(codec->registry, subject(codec, i, "value"),
                                buf_str(&view->value_schema), &view->value_id, reterr)))
            return false;
    }
    return true;
}

/* The canonical key is JSON's: one form of equal values is enough. */
bool codec_key(struct codec *codec, const struct engine_change *change, struct buf *out,
               struct err *reterr)
{
    const struct plan_view *view = &codec->plan->views[change->view];
    const struct view_codec *made = &codec->views[change->view];

    if (!is_avro(codec, change->view)) {
        json_write_key(out, &view->schema, change->key_row);
        return true;
    }
    assert(made->key_id > 0);
    buf_clear(&codec->json);
    arena_reset(codec->arena);
    json_write_key(&codec->json, &view->schema, change->key_row);
    avro_frame_write(out, made->key_id);
    return avro_from_json(made->key_shape, buf_str(&codec->json), codec->arena, out, reterr) ||
           err_prefix(reterr, "key of view %s", view->name);
}

bool codec_value(struct codec *codec, const struct engine_change *change, struct buf *out,
                 struct err *reterr)
{
    const struct plan_view *view = &codec->plan->views[change->view];

    assert(change->row != NULL);
    if (!is_avro(codec, change->view)) {
        json_write_row(out, &view->schema, change->row);
        return true;
    }
    assert(codec->views[change->view].value_id > 0);
    avro_frame_write(out, codec->views[change->view].value_id);
    return avro_write_row(out, &view->schema, change->row, reterr) ||
           err_prefix(reterr, "row of view %s", view->name);
}
