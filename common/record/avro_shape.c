#include "record/avro_shape.h"

#include "record/json.h"
#include <assert.h>
#include <avro.h>

enum {
    SCHEMA_BYTES_MAX = 1 << 20,
    NODES_MAX = 1 << 15,
    SCALE_MAX = 16383,
    ARENA_BYTES = 64 * 1024
};

/* A named type and its node, for those that come back to it. */
struct named {
    avro_schema_t schema;
    uint32_t node;
};

/*
 * libavro has read the schema and knows what each name stands for; what it forgets (logicalType,
 * defaults, properties) is read from the text, which is walked beside its tree.
 */
struct making {
    struct avro_shape *shape;
    struct named *named;
    uint32_t nodes_max, named_n, named_max, depth;
};

static void cleanup_avro_schema(avro_schema_t *schema)
{
    if (*schema != NULL)
        avro_schema_decref(*schema);
}

static bool bad(struct err *reterr, const char *what)
{
    return err_stop(reterr, EX_DATAERR, "not an Avro schema: %s", what);
}

/* The member of an object; `ret->raw.at` NULL when it has none of that name. */
static bool member(struct making *making, const struct json_value *object, const char *wanted,
                   struct json_value *ret, struct err *reterr)
{
    struct json_cursor cursor = json_open(object->raw);
    bool first = true, more;
    struct json_value value;
    struct str name;

    *ret = (struct json_value){0};
    if (!json_object_begin(&cursor, reterr))
        return false;
    for (;;) {
        if (!json_object_next(&cursor, making->shape->arena, &first, &more, &name, reterr))
            return false;
        if (!more)
            return true;
        if (!json_read(&cursor, &value, reterr))
            return false;
        if (str_eq_c(name, wanted))
            *ret = value;
    }
}

/* The text of a member that is a string, in the arena; empty when there is none. */
static bool member_text(struct making *making, const struct json_value *object, const char *wanted,
                        struct str *ret, struct err *reterr)
{
    struct json_value value;

    *ret = STR("");
    if (object->kind != JSON_OBJECT)
        return true;
    if (!member(making, object, wanted, &value, reterr))
        return false;
    if (value.raw.at == NULL || value.kind != JSON_STRING)
        return true;
    if (!json_text(&value, making->shape->arena, ret, reterr))
        return false;
    *ret = arena_copy(making->shape->arena, *ret);
    return true;
}

/* The next element of an array; false behind the last one. */
static bool element(struct json_cursor *cursor, struct json_value *ret)
{
    struct err ignored;

    return json_array_more(cursor) && json_read(cursor, ret, &ignored);
}

static bool new_node(struct making *making, enum shape_kind kind, uint32_t *ret, struct err *reterr)
{
    struct avro_shape *shape = making->shape;

    if (shape->nodes_n == NODES_MAX)
        return bad(reterr, "it has too many types");
    if (shape->nodes_n == making->nodes_max) {
        making->nodes_max = making->nodes_max == 0 ? 32 : making->nodes_max * 2;
        shape->nodes = err_realloc(shape->nodes, making->nodes_max * sizeof(*shape->nodes));
    }
    shape->nodes[shape->nodes_n] = (struct shape_node){.kind = kind, .unit_us = 1};
    *ret = shape->nodes_n++;
    return true;
}

static void remember(struct making *making, avro_schema_t schema, uint32_t node)
{
    if (making->named_n == making->named_max) {
        making->named_max = making->named_max == 0 ? 8 : making->named_max * 2;
        making->named = err_realloc(making->named, making->named_max * sizeof(*making->named));
    }
    making->named[making->named_n++] = (struct named){schema, node};
}

static struct shape_field *new_fields(struct making *making, uint32_t node, size_t n)
{
    struct shape_field *fields = arena_zalloc(making->shape->arena, (n + 1) * sizeof(*fields));

    making->shape->nodes[node].fields = fields;
    making->shape->nodes[node].fields_n = (uint32_t)n;
    return fields;
}

/* What JSON calls the field, and its label. */
static void name_field(struct making *making, struct shape_field *field, struct str name)
{
    CLEANUP(buf) struct buf label = {0};

    json_write_string(&label, name);
    buf_char(&label, ':');
    field->name = arena_copy(making->shape->arena, name);
    field->label = arena_copy(making->shape->arena, buf_str(&label));
}

static bool read_decimal(struct making *making, const struct json_value *json,
                         struct shape_node *node, struct err *reterr)
{
    struct json_value scale;

    if (!member(making, json, "scale", &scale, reterr))
        return false;
    if (scale.raw.at != NULL && scale.kind == JSON_NUMBER)
        node->scale = atoi(arena_copy(making->shape->arena, scale.raw).at);
    if (node->scale < 0 || node->scale > SCALE_MAX)
        return bad(reterr, "a decimal's scale is out of range");
    node->meaning = MEANS_DECIMAL;
    return true;
}

/* Times in the unit that the name ends with. */
static void read_time(struct str logical, struct shape_node *node)
{
    static const struct {
        const char *name;
        enum shape_kind kind;
        enum shape_meaning meaning;
        int64_t unit_us;
    } table[] = {
        {"date", SHAPE_INT, MEANS_DATE, 1},
        {"time-millis", SHAPE_INT, MEANS_TIME, 1000},
        {"time-micros", SHAPE_LONG, MEANS_TIME, 1},
        {"timestamp-millis", SHAPE_LONG, MEANS_TIMESTAMPTZ, 1000},
        {"timestamp-micros", SHAPE_LONG, MEANS_TIMESTAMPTZ, 1},
        {"local-timestamp-millis", SHAPE_LONG, MEANS_TIMESTAMP, 1000},
        {"local-timestamp-micros", SHAPE_LONG, MEANS_TIMESTAMP, 1},
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
        if (str_eq_c(logical, table[i].name) && node->kind == table[i].kind) {
            node->meaning = table[i].meaning;
            node->unit_us = table[i].unit_us;
        }
}

/* What the type's properties say beyond its kind. */
static bool read_meaning(struct making *making, const struct json_value *json, uint32_t at,
                         struct err *reterr)
{
    struct shape_node *node = &making->shape->nodes[at];
    struct str logical, type, connect;

    if (!member_text(making, json, "logicalType", &logical, reterr) ||
        !member_text(making, json, "connect.name", &connect, reterr) ||
        !member_text(making, json, "sluice.type", &type, reterr))
        return false;
    if (str_eq_c(logical, "decimal") && (node->kind == SHAPE_BYTES || node->kind == SHAPE_FIXED))
        return read_decimal(making, json, node, reterr);
    read_time(logical, node);
    /* Debezium's time.precision.mode=connect: a timestamp without a zone */
    if (str_eq_c(connect, "org.apache.kafka.connect.data.Timestamp"))
        node->meaning = MEANS_TIMESTAMP;
    bool array = type.len > 2 && memcmp(type.at + type.len - 2, "[]", 2) == 0;
    if (node->kind == SHAPE_STRING && (array || str_eq_c(type, "json") || str_eq_c(type, "jsonb")))
        node->meaning = MEANS_JSON;
    else if (node->kind == SHAPE_STRING && str_starts(type, STR("numeric")))
        node->meaning = MEANS_NUMBER;
    else if (node->kind == SHAPE_BYTES && str_eq_c(type, "bytea"))
        node->meaning = MEANS_HEXADECIMAL_TEXT;
    return true;
}

static bool compile(struct making *making, avro_schema_t schema, const struct json_value *json,
                    uint32_t *ret, struct err *reterr);

/* Items of an array, values of a map. */
static bool compile_items(struct making *making, avro_schema_t schema,
                          const struct json_value *json, uint32_t node, struct err *reterr)
{
    bool array = is_avro_array(schema);
    struct json_value items;
    struct shape_field *fields = new_fields(making, node, 1);

    return member(making, json, array ? "items" : "values", &items, reterr) &&
           compile(making, array ? avro_schema_array_items(schema) : avro_schema_map_values(schema),
                   &items, &fields[0].node, reterr);
}

static bool compile_union(struct making *making, avro_schema_t schema,
                          const struct json_value *json, uint32_t node, struct err *reterr)
{
    size_t n = avro_schema_union_size(schema);
    struct shape_field *fields = new_fields(making, node, n);
    struct json_cursor cursor = json_array_open(json->raw);
    struct json_value branch;

    for (size_t i = 0; i < n; i++) {
        if (!element(&cursor, &branch))
            return bad(reterr, "a union's branches");
        if (!compile(making, avro_schema_union_branch(schema, (int)i), &branch, &fields[i].node,
                     reterr))
            return false;
    }
    return true;
}

static bool compile_field(struct making *making, avro_schema_t schema, int i,
                          const struct json_value *json, struct shape_field *field,
                          struct err *reterr)
{
    struct json_value type, fallback;
    struct str name;

    if (!member_text(making, json, "sluice.name", &name, reterr) ||
        !member(making, json, "type", &type, reterr) ||
        !member(making, json, "default", &fallback, reterr))
        return false;
    name_field(making, field,
               name.len > 0 ? name : str_of(avro_schema_record_field_name(schema, i)));
    if (fallback.raw.at != NULL) /* a string's quotes belong to it */
        field->fallback = arena_copy(making->shape->arena, json_whole(&fallback));
    return compile(making, avro_schema_record_field_get_by_index(schema, i), &type, &field->node,
                   reterr);
}

static bool compile_record(struct making *making, avro_schema_t schema,
                           const struct json_value *json, uint32_t node, struct err *reterr)
{
    size_t n = avro_schema_record_size(schema);
    struct shape_field *fields = new_fields(making, node, n);
    struct json_value list, field;

    remember(making, schema, node);
    if (!member(making, json, "fields", &list, reterr))
        return false;
    if (list.raw.at == NULL || list.kind != JSON_ARRAY)
        return bad(reterr, "a record without fields");
    struct json_cursor cursor = json_array_open(list.raw);
    for (size_t i = 0; i < n; i++) {
        if (!element(&cursor, &field))
            return bad(reterr, "a record's fields");
        if (!compile_field(making, schema, (int)i, &field, &fields[i], reterr))
            return false;
    }
    return true;
}

static void compile_enum(struct making *making, avro_schema_t schema, uint32_t node)
{
    int n = avro_schema_enum_number_of_symbols(schema);
    struct shape_field *fields = new_fields(making, node, (size_t)n);

    for (int i = 0; i < n; i++)
        name_field(making, &fields[i], str_of(avro_schema_enum_get(schema, i)));
    remember(making, schema, node);
}

static enum shape_kind kind_of(avro_schema_t schema)
{
    switch (avro_typeof(schema)) {
    case AVRO_NULL:
        return SHAPE_NULL;
    case AVRO_BOOLEAN:
        return SHAPE_BOOLEAN;
    case AVRO_INT32:
        return SHAPE_INT;
    case AVRO_INT64:
        return SHAPE_LONG;
    case AVRO_FLOAT:
        return SHAPE_FLOAT;
    case AVRO_DOUBLE:
        return SHAPE_DOUBLE;
    case AVRO_BYTES:
        return SHAPE_BYTES;
    case AVRO_STRING:
        return SHAPE_STRING;
    case AVRO_FIXED:
        return SHAPE_FIXED;
    case AVRO_ENUM:
        return SHAPE_ENUM;
    case AVRO_ARRAY:
        return SHAPE_ARRAY;
    case AVRO_MAP:
        return SHAPE_MAP;
    case AVRO_UNION:
        return SHAPE_UNION;
    default:
        return SHAPE_RECORD;
    }
}

static bool compile_node(struct making *making, avro_schema_t schema, const struct json_value *json,
                         uint32_t node, struct err *reterr)
{
    switch (making->shape->nodes[node].kind) {
    case SHAPE_RECORD:
        return compile_record(making, schema, json, node, reterr);
    case SHAPE_UNION:
        return compile_union(making, schema, json, node, reterr);
    case SHAPE_ARRAY:
    case SHAPE_MAP:
        return compile_items(making, schema, json, node, reterr);
    case SHAPE_ENUM:
        compile_enum(making, schema, node);
        return true;
    case SHAPE_FIXED:
        making->shape->nodes[node].size = (uint32_t)avro_schema_fixed_size(schema);
        remember(making, schema, node);
        return true;
    default:
        return true;
    }
}

/* A name that stands for a type met before. */
static bool find_named(const struct making *making, avro_schema_t target, uint32_t *ret,
                       struct err *reterr)
{
    for (uint32_t i = 0; i < making->named_n; i++)
        if (making->named[i].schema == target) {
            *ret = making->named[i].node;
            return true;
        }
    return bad(reterr, "a name stands before its type");
}

static bool compile(struct making *making, avro_schema_t schema, const struct json_value *json,
                    uint32_t *ret, struct err *reterr)
{
    uint32_t node = 0;

    if (schema == NULL || json->raw.at == NULL)
        return bad(reterr, "a type is missing");
    if (is_avro_link(schema))
        return find_named(making, avro_schema_link_target(schema), ret, reterr);
    if (making->depth == SHAPE_DEPTH_MAX)
        return bad(reterr, "it nests too deep");
    if (!new_node(making, kind_of(schema), &node, reterr) ||
        !read_meaning(making, json, node, reterr))
        return false;
    making->depth++;
    bool ok = compile_node(making, schema, json, node, reterr);
    making->depth--;
    *ret = ok ? node : *ret;
    return ok;
}

static bool parse(struct making *making, struct str text, struct err *reterr)
{
    __attribute__((cleanup(cleanup_avro_schema))) avro_schema_t schema = NULL;
    struct json_cursor cursor = json_open(text);
    struct json_value json;
    uint32_t root = 0;

    if (text.len > SCHEMA_BYTES_MAX)
        return bad(reterr, "it is larger than 1 MiB");
    /* our scanner first: it bounds the depth that libavro's parser then walks */
    if (!json_read(&cursor, &json, reterr) || !json_at_end(&cursor, reterr)) {
        err_prefix(reterr, "not an Avro schema");
        reterr->kind = ERR_STOP;
        reterr->exit_status = EX_DATAERR;
        return false;
    }
    if (json.kind == JSON_STRING) { /* "string" alone: libavro takes objects and arrays */
        CLEANUP(buf) struct buf wrapped = {0};

        buf_printf(&wrapped, "{\"type\":\"%.*s\"}", STR_ARG(json.raw));
        return json.raw.len < 64 &&
               parse(making, arena_copy(making->shape->arena, buf_str(&wrapped)), reterr);
    }
    if (avro_schema_from_json_length(text.at, text.len, &schema) != 0)
        return bad(reterr, avro_strerror());
    return compile(making, schema, &json, &root, reterr);
}

bool avro_shape_parse(struct str json, struct avro_shape **ret, struct err *reterr)
{
    struct avro_shape *shape = err_calloc(1, sizeof(*shape));
    struct making making = {.shape = shape};

    shape->arena = arena_new(ARENA_BYTES);
    *reterr = (struct err){0};
    bool ok = parse(&making, json, reterr);
    free(making.named);
    if (!ok) {
        avro_shape_free(shape);
        if (reterr->kind != ERR_STOP)
            err_stop(reterr, EX_DATAERR, "not an Avro schema");
        return false;
    }
    *ret = shape;
    return true;
}

struct avro_shape *avro_shape_free(struct avro_shape *shape)
{
    if (shape == NULL)
        return NULL;
    arena_free(shape->arena);
    free(shape->nodes);
    free(shape);
    return NULL;
}
