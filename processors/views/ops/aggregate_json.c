/* json_agg, jsonb_agg, json_object_agg and jsonb_object_agg. */
#include "ops/collected.h"

#include "record/json.h"
#include "record/text.h"

static void put_value(struct buf *out, struct type type, struct value value)
{
    if (value.null)
        buf_puts(out, "null");
    else
        json_write_value(out, type, value);
}

/* A member's name: the value's text as a string. */
static void put_name(struct buf *out, struct type type, struct value value)
{
    size_t from = out->len;

    json_write_value(out, type, value);
    if (out->len > from && out->at[from] == '"')
        return;
    out->len = from;
    buf_char(out, '"');
    json_write_value(out, type, value);
    buf_char(out, '"');
}

static bool give(struct buf *out, struct arena *arena, struct value *ret, struct err *reterr)
{
    if (out->len >= COLLECTED_BYTES_MAX)
        return collected_refuse(reterr);
    ret->bytes = arena_copy(arena, buf_str(out));
    return true;
}

/* As a cast from json: members in jsonb's order, the last of equal names. */
static bool give_jsonb(struct buf *out, struct arena *arena, struct value *ret, struct err *reterr)
{
    struct type jsonb = {TYPE_JSONB, -1, NULL};

    return give(out, arena, ret, reterr) && text_parse(jsonb, ret->bytes, arena, ret, reterr);
}

/* PostgreSQL breaks the line before each array and row but the first. */
static void put_elements(struct buf *out, const struct collected *list,
                         const struct aggregate_site *site, bool breaks)
{
    buf_char(out, '[');
    for (uint32_t i = 0; i < list->n; i++) {
        buf_puts(out, i == 0 ? "" : breaks ? ", \n " : ", ");
        put_value(out, site->arg_types[0], list->rows[i].args[0]);
    }
    buf_char(out, ']');
}

static bool put_members(struct buf *out, const struct collected *list,
                        const struct aggregate_site *site, struct err *reterr)
{
    buf_puts(out, "{ ");
    for (uint32_t i = 0; i < list->n; i++) {
        const struct value *args = list->rows[i].args;

        if (args[0].null)
            return err_sql(reterr, ERR_DEAD_LETTER, "22023", "field name must not be null");
        buf_puts(out, i == 0 ? "" : ", ");
        put_name(out, site->arg_types[0], args[0]);
        buf_puts(out, " : ");
        put_value(out, site->arg_types[1], args[1]);
    }
    buf_puts(out, " }");
    return true;
}

#define RESULT(name_)                                                                              \
    static bool name_(const void *at, const struct aggregate_site *site, struct arena *arena,      \
                      struct value *ret, struct err *reterr)

RESULT(json_elements)
{
    CLEANUP(buf) struct buf out = {0};
    const struct collected *list = at;

    ret->null = list->n == 0;
    put_elements(&out, list, site, type_is_array(site->arg_types[0].id));
    return ret->null || give(&out, arena, ret, reterr);
}

RESULT(json_row_elements)
{
    CLEANUP(buf) struct buf out = {0};
    const struct collected *list = at;

    ret->null = list->n == 0;
    put_elements(&out, list, site, true);
    return ret->null || give(&out, arena, ret, reterr);
}

RESULT(jsonb_elements)
{
    CLEANUP(buf) struct buf out = {0};
    const struct collected *list = at;

    ret->null = list->n == 0;
    put_elements(&out, list, site, false);
    return ret->null || give_jsonb(&out, arena, ret, reterr);
}

RESULT(json_members)
{
    CLEANUP(buf) struct buf out = {0};
    const struct collected *list = at;

    ret->null = list->n == 0;
    return ret->null || (put_members(&out, list, site, reterr) && give(&out, arena, ret, reterr));
}

RESULT(jsonb_members)
{
    CLEANUP(buf) struct buf out = {0};
    const struct collected *list = at;

    ret->null = list->n == 0;
    return ret->null ||
           (put_members(&out, list, site, reterr) && give_jsonb(&out, arena, ret, reterr));
}

#define JSON_OPS(name_, result_)                                                                   \
    const struct aggregate_ops aggregate_##name_ = {                                               \
        .size = sizeof(struct collected),                                                          \
        .add = collected_add,                                                                      \
        .result = (result_),                                                                       \
    };

JSON_OPS(json_elements, json_elements)
JSON_OPS(json_rows, json_row_elements)
JSON_OPS(jsonb_elements, jsonb_elements)
JSON_OPS(json_members, json_members)
JSON_OPS(jsonb_members, jsonb_members)
