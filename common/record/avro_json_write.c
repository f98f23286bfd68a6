/* JSON -> Avro, along a shape. */
#include "record/avro_write.h"

#include "record/base64.h"
#include "record/numeric.h"
#include "record/text.h"

struct writing {
    const struct avro_shape *shape;
    struct arena *arena;
    struct buf *out;
};

static bool put(struct writing *to, uint32_t at, const struct json_value *value,
                struct err *reterr);

static bool unfit(struct err *reterr, const char *type)
{
    return err_stop(reterr, EX_DATAERR, "it is no %s", type);
}

/* What a parser of the room says of a value is no dead letter here: we have written it. */
static bool stop(struct err *reterr)
{
    reterr->kind = ERR_STOP;
    reterr->exit_status = EX_DATAERR;
    return false;
}

static bool text_of(struct writing *to, const struct json_value *value, struct str *ret,
                    struct err *reterr)
{
    return json_text(value, to->arena, ret, reterr) || stop(reterr);
}

static bool parse(struct writing *to, enum type_id id, struct str text, struct value *ret,
                  struct err *reterr)
{
    return text_parse((struct type){id, -1, NULL}, text, to->arena, ret, reterr) || stop(reterr);
}

/* A number as it stands there, or the text of a date or time. */
static bool put_integer(struct writing *to, const struct shape_node *node,
                        const struct json_value *json, struct err *reterr)
{
    static const enum type_id types[] = {[MEANS_DATE] = TYPE_DATE,
                                         [MEANS_TIME] = TYPE_TIME,
                                         [MEANS_TIMESTAMP] = TYPE_TIMESTAMP,
                                         [MEANS_TIMESTAMPTZ] = TYPE_TIMESTAMPTZ};
    bool is_time = node->meaning >= MEANS_DATE && node->meaning <= MEANS_TIMESTAMPTZ;
    struct value value = {0};
    struct str text;

    if (json->kind == JSON_NUMBER) {
        if (!parse(to, node->kind == SHAPE_INT ? TYPE_INT4 : TYPE_INT8, json->raw, &value, reterr))
            return false;
        avro_put_long(to->out, value.slot);
        return true;
    }
    if (json->kind != JSON_STRING || !is_time)
        return unfit(reterr, node->kind == SHAPE_INT ? "int" : "long");
    return text_of(to, json, &text, reterr) &&
           parse(to, types[node->meaning], text, &value, reterr) &&
           avro_put_slot(to->out, types[node->meaning], value.slot, node->unit_us, reterr);
}

static bool put_real(struct writing *to, const struct shape_node *node,
                     const struct json_value *json, struct err *reterr)
{
    struct value value = {0};
    struct str text = json->raw;

    if (json->kind == JSON_STRING && !text_of(to, json, &text, reterr))
        return false;
    if (json->kind != JSON_STRING && json->kind != JSON_NUMBER)
        return unfit(reterr, "number");
    if (!parse(to, node->kind == SHAPE_FLOAT ? TYPE_FLOAT4 : TYPE_FLOAT8, text, &value, reterr))
        return false;
    avro_put_real(to->out, value.real, node->kind == SHAPE_FLOAT);
    return true;
}

/* A number's digits; a string is what it is in bytes already. */
static bool put_decimal(struct writing *to, const struct shape_node *node,
                        const struct json_value *json, struct err *reterr)
{
    CLEANUP(buf) struct buf digits = {0};
    struct str packed;

    if (!numeric_parse(json->raw, to->arena, &packed, reterr))
        return stop(reterr);
    numeric_print(&digits, packed);
    return avro_put_decimal(to->out, buf_str(&digits), node->scale, reterr);
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "\x00ff" as PostgreSQL prints bytea. */
static bool put_hexadecimal(struct writing *to, struct str text, struct err *reterr)
{
    if (text.len % 2 != 0 || !str_starts(text, STR("\\x")))
        return unfit(reterr, "bytea in hex");
    avro_put_long(to->out, (int64_t)(text.len / 2 - 1));
    for (size_t i = 2; i < text.len; i += 2) {
        int high = nibble(text.at[i]), low = nibble(text.at[i + 1]);

        if (high < 0 || low < 0)
            return unfit(reterr, "bytea in hex");
        buf_char(to->out, (char)(high << 4 | low));
    }
    return true;
}

static bool put_bytes(struct writing *to, const struct shape_node *node,
                      const struct json_value *json, struct err *reterr)
{
    struct str text, bytes;

    if (node->meaning == MEANS_DECIMAL && json->kind == JSON_NUMBER && node->kind == SHAPE_BYTES)
        return put_decimal(to, node, json, reterr);
    if (json->kind != JSON_STRING)
        return unfit(reterr, "string of bytes");
    if (!text_of(to, json, &text, reterr))
        return false;
    if (node->meaning == MEANS_HEXADECIMAL_TEXT)
        return put_hexadecimal(to, text, reterr);
    if (!base64_read(text, to->arena, &bytes))
        return unfit(reterr, "base64");
    if (node->kind == SHAPE_BYTES) {
        avro_put_bytes(to->out, bytes);
        return true;
    }
    buf_put(to->out, bytes);
    return bytes.len == node->size || unfit(reterr, "fixed of that size");
}

static bool put_string(struct writing *to, const struct shape_node *node,
                       const struct json_value *json, struct err *reterr)
{
    bool quoted = json->kind == JSON_STRING;
    struct str text = json_whole(json);

    if (node->meaning != MEANS_JSON && !(node->meaning == MEANS_NUMBER && !quoted)) {
        if (!quoted)
            return unfit(reterr, "string");
        if (!text_of(to, json, &text, reterr))
            return false;
    }
    avro_put_bytes(to->out, text);
    return true;
}

static bool put_enum(struct writing *to, const struct shape_node *node,
                     const struct json_value *json, struct err *reterr)
{
    struct str text;

    if (json->kind != JSON_STRING)
        return unfit(reterr, "symbol");
    if (!text_of(to, json, &text, reterr))
        return false;
    for (uint32_t i = 0; i < node->fields_n; i++)
        if (str_eq(node->fields[i].name, text)) {
            avro_put_long(to->out, i);
            return true;
        }
    return unfit(reterr, "symbol of its enum");
}

/* Null, or the one other type: the unions that are written here. */
static bool put_union(struct writing *to, const struct shape_node *node,
                      const struct json_value *json, struct err *reterr)
{
    for (uint32_t i = 0; i < node->fields_n; i++) {
        bool null = to->shape->nodes[node->fields[i].node].kind == SHAPE_NULL;

        if (null == (json->kind == JSON_NULL)) {
            avro_put_long(to->out, i);
            return put(to, node->fields[i].node, json, reterr);
        }
    }
    return unfit(reterr, "branch of its union");
}

/* The field called `name`; `guess` is looked at first. fields_n when there is none. */
static uint32_t find_field(const struct shape_node *node, struct str name, uint32_t guess)
{
    if (guess < node->fields_n && str_eq(node->fields[guess].name, name))
        return guess;
    for (uint32_t i = 0; i < node->fields_n; i++)
        if (str_eq(node->fields[i].name, name))
            return i;
    return node->fields_n;
}

/* The members by field; a `raw.at` of NULL: not there. */
static bool read_members(struct writing *to, const struct shape_node *node, struct str object,
                         struct json_value *members, struct err *reterr)
{
    struct json_cursor cursor = json_open(object);
    bool first = true, more = true;
    struct str name;
    uint32_t i = 0;

    if (!json_object_begin(&cursor, reterr))
        return stop(reterr);
    for (;; i++) {
        if (!json_object_next(&cursor, to->arena, &first, &more, &name, reterr))
            return stop(reterr);
        if (!more)
            return true;
        i = find_field(node, name, i);
        if (i == node->fields_n)
            return err_stop(reterr, EX_DATAERR, "its schema has no field %.*s", STR_ARG(name));
        if (!json_read(&cursor, &members[i], reterr))
            return stop(reterr);
    }
}

static bool put_record(struct writing *to, const struct shape_node *node,
                       const struct json_value *json, struct err *reterr)
{
    size_t size = (node->fields_n + 1) * sizeof(struct json_value);
    struct json_value *members = arena_zalloc(to->arena, size);

    if (json->kind != JSON_OBJECT)
        return unfit(reterr, "record");
    if (!read_members(to, node, json->raw, members, reterr))
        return false;
    for (uint32_t i = 0; i < node->fields_n; i++) {
        const struct shape_field *field = &node->fields[i];

        if (members[i].raw.at == NULL) {
            struct json_cursor cursor = json_open(field->fallback);

            if (field->fallback.at == NULL)
                return err_stop(reterr, EX_DATAERR, "field %.*s is missing", STR_ARG(field->name));
            if (!json_read(&cursor, &members[i], reterr))
                return stop(reterr);
        }
        if (!put(to, field->node, &members[i], reterr))
            return err_prefix(reterr, "%.*s", STR_ARG(field->name));
    }
    return true;
}

static bool put_array(struct writing *to, const struct shape_node *node,
                      const struct json_value *json, struct err *reterr)
{
    struct json_cursor cursor, walk;
    struct json_value item;
    int64_t n = 0;

    if (json->kind != JSON_ARRAY)
        return unfit(reterr, "array");
    cursor = json_array_open(json->raw);
    for (walk = cursor; json_array_more(&walk); n++)
        if (!json_read(&walk, &item, reterr))
            return stop(reterr);
    if (n > 0)
        avro_put_long(to->out, n);
    while (json_array_more(&cursor))
        if (!json_read(&cursor, &item, reterr) || !put(to, node->fields[0].node, &item, reterr))
            return stop(reterr);
    avro_put_long(to->out, 0);
    return true;
}

static bool put_map(struct writing *to, const struct shape_node *node,
                    const struct json_value *json, struct err *reterr)
{
    struct json_cursor cursor = json_open(json->raw);
    bool first = true, more = true;
    struct json_value value;
    struct str name;

    if (json->kind != JSON_OBJECT)
        return unfit(reterr, "map");
    if (!json_object_begin(&cursor, reterr))
        return stop(reterr);
    for (;;) {
        if (!json_object_next(&cursor, to->arena, &first, &more, &name, reterr))
            return stop(reterr);
        if (!more)
            break;
        if (!json_read(&cursor, &value, reterr))
            return stop(reterr);
        avro_put_long(to->out, 1); /* blocks of one: nothing is counted ahead */
        avro_put_bytes(to->out, name);
        if (!put(to, node->fields[0].node, &value, reterr))
            return false;
    }
    avro_put_long(to->out, 0);
    return true;
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the JSON, which its scanner has bounded */
static bool put(struct writing *to, uint32_t at, const struct json_value *value, struct err *reterr)
{
    const struct shape_node *node = &to->shape->nodes[at];

    switch (node->kind) {
    case SHAPE_NULL:
        return value->kind == JSON_NULL || unfit(reterr, "null");
    case SHAPE_BOOLEAN:
        buf_char(to->out, value->kind == JSON_TRUE);
        return value->kind == JSON_TRUE || value->kind == JSON_FALSE || unfit(reterr, "boolean");
    case SHAPE_INT:
    case SHAPE_LONG:
        return put_integer(to, node, value, reterr);
    case SHAPE_FLOAT:
    case SHAPE_DOUBLE:
        return put_real(to, node, value, reterr);
    case SHAPE_BYTES:
    case SHAPE_FIXED:
        return put_bytes(to, node, value, reterr);
    case SHAPE_STRING:
        return put_string(to, node, value, reterr);
    case SHAPE_ENUM:
        return put_enum(to, node, value, reterr);
    case SHAPE_UNION:
        return put_union(to, node, value, reterr);
    case SHAPE_ARRAY:
        return put_array(to, node, value, reterr);
    case SHAPE_MAP:
        return put_map(to, node, value, reterr);
    default:
        return put_record(to, node, value, reterr);
    }
}

bool avro_from_json(const struct avro_shape *shape, struct str json, struct arena *arena,
                    struct buf *out, struct err *reterr)
{
    struct json_cursor cursor = json_open(json);
    struct writing to = {shape, arena, out};
    struct json_value value;

    if (!json_read(&cursor, &value, reterr) || !json_at_end(&cursor, reterr))
        return stop(reterr);
    if (!put(&to, 0, &value, reterr))
        return err_prefix(reterr, "in Avro");
    return buf_ok(out) || err_set(reterr, ERR_STOP, "the record passes the buffer's limit");
}
