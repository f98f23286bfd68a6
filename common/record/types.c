#include "record/types.h"

#include <assert.h>

/* PostgreSQL keeps a varlena header's size in the typmods of text and numeric. */
enum { TYPMOD_HEADER = 4 };

struct type_info {
    const char *name;   /* as format_type prints it, up to where the typmod goes */
    const char *suffix; /* what follows the typmod */
    const char *bare;   /* format_type of the type with typmod -1, when it differs */
    bool bytes, number, text;
};

static const struct type_info infos[] = {
    [TYPE_BOOL] = {.name = "boolean"},
    [TYPE_INT2] = {.name = "smallint", .number = true},
    [TYPE_INT4] = {.name = "integer", .number = true},
    [TYPE_INT8] = {.name = "bigint", .number = true},
    [TYPE_FLOAT4] = {.name = "real", .number = true},
    [TYPE_FLOAT8] = {.name = "double precision", .number = true},
    [TYPE_NUMERIC] = {.name = "numeric", .bytes = true, .number = true},
    [TYPE_TEXT] = {.name = "text", .bytes = true, .text = true},
    [TYPE_VARCHAR] = {.name = "character varying", .bytes = true, .text = true},
    [TYPE_BPCHAR] = {.name = "character", .bare = "bpchar", .bytes = true, .text = true},
    [TYPE_BYTEA] = {.name = "bytea", .bytes = true},
    [TYPE_DATE] = {.name = "date"},
    [TYPE_TIME] = {.name = "time", .suffix = " without time zone"},
    [TYPE_TIMESTAMP] = {.name = "timestamp", .suffix = " without time zone"},
    [TYPE_TIMESTAMPTZ] = {.name = "timestamp", .suffix = " with time zone"},
    [TYPE_UUID] = {.name = "uuid", .bytes = true},
    [TYPE_JSON] = {.name = "json", .bytes = true},
    [TYPE_JSONB] = {.name = "jsonb", .bytes = true},
    [TYPE_UNKNOWN] = {.name = "unknown", .bytes = true},
    [TYPE_INTERVAL] = {.name = "interval", .bytes = true},
    [TYPE_TIMETZ] = {.name = "time", .suffix = " with time zone", .bytes = true},
    [TYPE_ANY] = {.name = "\"any\"", .bytes = true},
    [TYPE_ANYELEMENT] = {.name = "anyelement", .bytes = true},
    [TYPE_ANYARRAY] = {.name = "anyarray", .bytes = true},
    [TYPE_ANYENUM] = {.name = "anyenum", .bytes = true},
    [TYPE_COMMON] = {.name = "anycompatible", .bytes = true},
    [TYPE_COMMON_ARRAY] = {.name = "anycompatiblearray", .bytes = true},
    [TYPE_ANYNONARRAY] = {.name = "anynonarray", .bytes = true},
    [TYPE_JSONPATH] = {.name = "jsonpath", .bytes = true},
};

/* "char" is missing on purpose: as a name of the catalog it is the one-byte type; the grammar turns
 * the keyword into bpchar. */
static const struct {
    const char *name;
    enum type_id id;
} names[] = {
    {"bool", TYPE_BOOL},
    {"boolean", TYPE_BOOL},
    {"int2", TYPE_INT2},
    {"smallint", TYPE_INT2},
    {"int4", TYPE_INT4},
    {"int", TYPE_INT4},
    {"integer", TYPE_INT4},
    {"int8", TYPE_INT8},
    {"bigint", TYPE_INT8},
    {"float4", TYPE_FLOAT4},
    {"real", TYPE_FLOAT4},
    {"float8", TYPE_FLOAT8},
    {"double precision", TYPE_FLOAT8},
    {"numeric", TYPE_NUMERIC},
    {"decimal", TYPE_NUMERIC},
    {"text", TYPE_TEXT},
    {"varchar", TYPE_VARCHAR},
    {"character varying", TYPE_VARCHAR},
    {"bpchar", TYPE_BPCHAR},
    {"character", TYPE_BPCHAR},
    {"bytea", TYPE_BYTEA},
    {"date", TYPE_DATE},
    {"time", TYPE_TIME},
    {"time without time zone", TYPE_TIME},
    {"timestamp", TYPE_TIMESTAMP},
    {"timestamp without time zone", TYPE_TIMESTAMP},
    {"timestamptz", TYPE_TIMESTAMPTZ},
    {"timestamp with time zone", TYPE_TIMESTAMPTZ},
    {"timetz", TYPE_TIMETZ},
    {"time with time zone", TYPE_TIMETZ},
    {"interval", TYPE_INTERVAL},
    {"uuid", TYPE_UUID},
    {"json", TYPE_JSON},
    {"jsonb", TYPE_JSONB},
    {"jsonpath", TYPE_JSONPATH},
};

static const struct type_info *info_of(enum type_id id)
{
    static const struct type_info of_enum = {.name = "enum", .bytes = true};
    static const struct type_info of_array = {.name = "array", .bytes = true};

    if (type_is_array(id))
        return &of_array;
    if (type_is_enum(id))
        return &of_enum;
    assert(id >= TYPE_BOOL && id <= TYPE_JSONPATH);
    return &infos[id];
}

/* format_type of the array of each type in the list. */
static const char *array_name(enum type_id element)
{
    static const char *const names_of[] = {
        [TYPE_BOOL] = "boolean[]",
        [TYPE_INT2] = "smallint[]",
        [TYPE_INT4] = "integer[]",
        [TYPE_INT8] = "bigint[]",
        [TYPE_FLOAT4] = "real[]",
        [TYPE_FLOAT8] = "double precision[]",
        [TYPE_NUMERIC] = "numeric[]",
        [TYPE_TEXT] = "text[]",
        [TYPE_VARCHAR] = "character varying[]",
        [TYPE_BPCHAR] = "character[]",
        [TYPE_BYTEA] = "bytea[]",
        [TYPE_DATE] = "date[]",
        [TYPE_TIME] = "time without time zone[]",
        [TYPE_TIMESTAMP] = "timestamp without time zone[]",
        [TYPE_TIMESTAMPTZ] = "timestamp with time zone[]",
        [TYPE_UUID] = "uuid[]",
        [TYPE_JSON] = "json[]",
        [TYPE_JSONB] = "jsonb[]",
        [TYPE_INTERVAL] = "interval[]",
        [TYPE_TIMETZ] = "time with time zone[]",
        [TYPE_JSONPATH] = "jsonpath[]",
    };

    if ((size_t)element < sizeof(names_of) / sizeof(names_of[0]) && names_of[element] != NULL)
        return names_of[element];
    return "enum[]";
}

bool type_is_bytes(enum type_id id)
{
    return info_of(id)->bytes;
}

bool type_is_number(enum type_id id)
{
    return info_of(id)->number;
}

bool type_is_text(enum type_id id)
{
    return info_of(id)->text;
}

const char *type_name(enum type_id id)
{
    if (type_is_array(id))
        return array_name(type_element(id));
    switch (id) {
    case TYPE_TIMETZ:
        return "time with time zone";
    case TYPE_TIME:
        return "time without time zone";
    case TYPE_TIMESTAMP:
        return "timestamp without time zone";
    case TYPE_TIMESTAMPTZ:
        return "timestamp with time zone";
    default:
        return info_of(id)->name;
    }
}

void type_print(struct buf *out, struct type type)
{
    const struct type_info *info = info_of(type.id);
    int precision, scale;

    if (type.labels != NULL) {
        buf_printf(out, "%s%s", type.labels->name, type_is_array(type.id) ? "[]" : "");
        return;
    }
    if (type_is_array(type.id)) {
        type_print(out, (struct type){type_element(type.id), type.typmod});
        buf_puts(out, "[]");
        return;
    }
    if (type.typmod < 0 || type.id == TYPE_INTERVAL) {
        buf_puts(out, info->bare != NULL ? info->bare : type_name(type.id));
        return;
    }
    buf_puts(out, info->name);
    if (type.id == TYPE_NUMERIC && type_numeric_typmod(type.typmod, &precision, &scale))
        buf_printf(out, "(%d,%d)", precision, scale);
    else if (type.id == TYPE_VARCHAR || type.id == TYPE_BPCHAR)
        buf_printf(out, "(%d)", type.typmod - TYPMOD_HEADER);
    else if (info->suffix != NULL)
        buf_printf(out, "(%d)", type.typmod);
    if (info->suffix != NULL)
        buf_puts(out, info->suffix);
}

bool type_find(struct str name, enum type_id *ret)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (str_eq_c(name, names[i].name)) {
            *ret = names[i].id;
            return true;
        }
    }
    return false;
}

/* The scale is the low 11 bits, signed; the precision lies above 16 bits. */
bool type_numeric_typmod(int32_t typmod, int *ret_precision, int *ret_scale)
{
    if (typmod < TYPMOD_HEADER)
        return false;
    *ret_precision = ((typmod - TYPMOD_HEADER) >> 16) & 0xffff;
    *ret_scale = (((typmod - TYPMOD_HEADER) & 0x7ff) ^ 1024) - 1024;
    return true;
}

int32_t type_numeric_make_typmod(int precision, int scale)
{
    assert(precision >= 1 && precision <= 1000 && scale >= -1000 && scale <= 1000);
    return ((precision << 16) | (scale & 0x7ff)) + TYPMOD_HEADER;
}

int schema_find(const struct schema *schema, struct str name)
{
    for (uint16_t i = 0; i < schema->columns_n; i++) {
        if (str_eq_c(name, schema->columns[i].name))
            return i;
    }
    return -1;
}
