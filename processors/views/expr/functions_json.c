/* Functions that make and look at json and jsonb (chapter 9.16). */
#include "expr/documents.h"

#include "record/array.h"
#include "record/numeric.h"
#include "record/text.h"

/* Appends the value as to_json does: what is no number, boolean, json or array is a string. */
static void put_value(struct buf *out, struct type type, struct value value)
{
    json_write_value(out, type, value);
}

static bool text_result(const struct call *call, const struct buf *out, struct value *ret,
                        struct err *reterr)
{
    if (call->result_type.id == TYPE_JSONB)
        return text_parse((struct type){TYPE_JSONB, -1}, buf_str(out), call->scratch, ret,
                          reterr) &&
               (ret->bytes = arena_copy(call->scratch, ret->bytes), true);
    return buf_result(call, out, ret, reterr);
}

static bool to_json(const struct call *call, struct value *ret, struct err *reterr)
{
    CLEANUP(buf) struct buf out = {0};

    put_value(&out, call->arg_types[0], call->args[0]);
    return text_result(call, &out, ret, reterr);
}

/* Each element of the array on a line of its own. */
static bool array_on_lines(const struct call *call, struct value *ret, struct err *reterr)
{
    struct type element = call->arg_types[0];
    CLEANUP(buf) struct buf out = {0};
    struct array_walk walk;
    struct value value;

    element.id = type_element(element.id);
    walk = array_open(call->args[0].bytes, element.id);
    buf_char(&out, '[');
    for (bool first = true; array_next(&walk, &value); first = false) {
        if (!first)
            buf_puts(&out, call->args[1].slot != 0 ? ",\n " : ",");
        put_value(&out, element, value);
    }
    buf_char(&out, ']');
    return buf_result(call, &out, ret, reterr);
}

static bool build_array(const struct call *call, struct value *ret, struct err *reterr)
{
    CLEANUP(buf) struct buf out = {0};

    buf_char(&out, '[');
    for (uint16_t i = 0; i < call->args_n; i++) {
        if (i > 0)
            buf_puts(&out, ", ");
        put_value(&out, call->arg_types[i], call->args[i]);
    }
    buf_char(&out, ']');
    return text_result(call, &out, ret, reterr);
}

static bool null_name(const struct call *call, uint16_t i, struct err *reterr)
{
    if (call->result_type.id == TYPE_JSONB)
        return err_sql(reterr, ERR_DEAD_LETTER, "22023", "argument %d: key must not be null",
                       i + 1);
    return err_sql(reterr, ERR_DEAD_LETTER, "22023", "argument %d cannot be null", i + 1);
}

static bool build_object(const struct call *call, struct value *ret, struct err *reterr)
{
    CLEANUP(buf) struct buf out = {0};

    if (call->args_n % 2 != 0)
        return err_sql(reterr, ERR_DEAD_LETTER, "22023",
                       "argument list must have even number of elements");
    buf_char(&out, '{');
    for (uint16_t i = 0; i < call->args_n; i = (uint16_t)(i + 2)) {
        enum type_id type = call->arg_types[i].id;

        if (call->args[i].null)
            return null_name(call, i, reterr);
        if (type == TYPE_JSON || type == TYPE_JSONB || type_is_array(type))
            return err_sql(reterr, ERR_DEAD_LETTER, "22023",
                           "key value must be scalar, not array, composite, or json");
        if (i > 0)
            buf_puts(&out, ", ");
        if (type == TYPE_BOOL)
            json_write_string(&out, call->args[i].slot != 0 ? STR("true") : STR("false"));
        else
            json_write_string(&out, output_of(call, i));
        buf_puts(&out, " : ");
        put_value(&out, call->arg_types[i + 1], call->args[i + 1]);
    }
    buf_char(&out, '}');
    return text_result(call, &out, ret, reterr);
}

/* (names, values) or ({name, value, ...}) */
static bool from_texts(const struct call *call, struct value *ret, struct err *reterr)
{
    struct array_walk names = array_open(call->args[0].bytes, TYPE_TEXT), values = names;
    struct type text = {TYPE_TEXT, -1};
    CLEANUP(buf) struct buf out = {0};
    struct value name, value;

    if (call->args_n > 1)
        values = array_open(call->args[1].bytes, TYPE_TEXT);
    if (call->args_n > 1 && names.n != values.n)
        return err_sql(reterr, ERR_DEAD_LETTER, "2202E", "mismatched array dimensions");
    if (call->args_n == 1 && names.n % 2 != 0)
        return err_sql(reterr, ERR_DEAD_LETTER, "2202E", "array must have even number of elements");
    buf_char(&out, '{');
    while (array_next(&names, &name)) {
        if (name.null)
            return err_sql(reterr, ERR_DEAD_LETTER, "22004",
                           "null value not allowed for object key");
        array_next(call->args_n > 1 ? &values : &names, &value);
        if (out.len > 1)
            buf_puts(&out, ", ");
        json_write_string(&out, name.bytes);
        buf_puts(&out, " : ");
        put_value(&out, text, value);
    }
    buf_char(&out, '}');
    return text_result(call, &out, ret, reterr);
}

/* ---- looking ---- */

static bool type_of_document(const struct call *call, struct value *ret, struct err *reterr)
{
    static const char *const kinds[] = {
        [JSON_NULL] = "null",     [JSON_FALSE] = "boolean", [JSON_TRUE] = "boolean",
        [JSON_NUMBER] = "number", [JSON_STRING] = "string", [JSON_OBJECT] = "object",
        [JSON_ARRAY] = "array"};
    struct json_cursor in = json_open(call->args[0].bytes);
    struct json_value value;

    if (!json_read(&in, &value, reterr))
        return false;
    ret->bytes = str_of(kinds[value.kind]);
    return true;
}

static bool document_array_length(const struct call *call, struct value *ret, struct err *reterr)
{
    struct json_cursor in = json_open(call->args[0].bytes);
    struct json_value value;

    if (!json_read(&in, &value, reterr))
        return false;
    if (value.kind == JSON_OBJECT)
        return err_sql(reterr, ERR_DEAD_LETTER, "22023", "cannot get array length of a non-array");
    if (value.kind != JSON_ARRAY)
        return err_sql(reterr, ERR_DEAD_LETTER, "22023", "cannot get array length of a scalar");
    return json_count(value.raw, &ret->slot, reterr);
}

static struct jsonb *without_nulls(struct arena *arena, const struct jsonb *value)
{
    struct jsonb *made;

    if (value->kind != JSON_OBJECT && value->kind != JSON_ARRAY)
        return jsonb_scalar(arena, value->kind, value->text);
    made = jsonb_container(arena, value->kind, value->n);
    made->n = 0;
    for (uint32_t i = 0; i < value->n; i++) {
        if (value->kind == JSON_OBJECT && value->items[i]->kind == JSON_NULL)
            continue;
        if (made->names != NULL)
            made->names[made->n] = value->names[i];
        made->items[made->n++] = without_nulls(arena, value->items[i]);
    }
    return made;
}

static bool jsonb_strip_nulls(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    return jsonb_result(
        call, without_nulls(call->scratch, jsonb_open(call->args[0].bytes, call->scratch)), ret);
}

static bool strip_raw(struct str document, struct arena *arena, struct buf *out,
                      struct err *reterr);

/* A walk over an object's members or an array's elements. */
struct items {
    struct json_cursor in;
    bool object, first, more;
    struct str name; /* of the member */
};

/* Moves to the next item, whose value is left to read; `more` is false at the end. */
static bool next_item(struct items *items, struct arena *arena, struct err *reterr)
{
    if (items->object)
        return json_object_next(&items->in, arena, &items->first, &items->more, &items->name,
                                reterr);
    items->more = json_array_more(&items->in);
    return true;
}

static bool strip_items(struct str container, struct arena *arena, struct buf *out,
                        struct err *reterr)
{
    struct items items = {json_open(container), *container.at == '{', true, true, STR_NONE};
    bool object = items.object, any = false;
    struct json_value item;

    buf_char(out, *container.at);
    for (items.in.at++;;) {
        if (!next_item(&items, arena, reterr))
            return false;
        if (!items.more)
            break;
        if (!json_read(&items.in, &item, reterr))
            return false;
        if (object && item.kind == JSON_NULL)
            continue;
        if (any)
            buf_char(out, ',');
        any = true;
        if (object) {
            json_write_string(out, items.name);
            buf_char(out, ':');
        }
        if (!strip_raw(json_whole(&item), arena, out, reterr))
            return false;
    }
    buf_char(out, object ? '}' : ']');
    return true;
}

/* json keeps the order, the numbers' lexemes and no blanks. */
static bool strip_raw(struct str document, struct arena *arena, struct buf *out, struct err *reterr)
{
    struct json_cursor in = json_open(document);
    struct json_value value;
    struct str text;

    if (!json_read(&in, &value, reterr))
        return false;
    if (value.kind == JSON_OBJECT || value.kind == JSON_ARRAY)
        return strip_items(value.raw, arena, out, reterr);
    if (value.kind != JSON_STRING) {
        buf_put(out, value.raw);
        return true;
    }
    if (!json_text(&value, arena, &text, reterr))
        return false;
    json_write_string(out, text);
    return true;
}

static bool json_strip_nulls(const struct call *call, struct value *ret, struct err *reterr)
{
    CLEANUP(buf) struct buf out = {0};

    return strip_raw(call->args[0].bytes, call->scratch, &out, reterr) &&
           buf_result(call, &out, ret, reterr);
}

static void put_pretty(struct buf *out, const struct jsonb *value, int depth)
{
    bool object = value->kind == JSON_OBJECT;

    if (!object && value->kind != JSON_ARRAY) {
        jsonb_write(out, value);
        return;
    }
    buf_char(out, object ? '{' : '[');
    for (uint32_t i = 0; i < value->n; i++) {
        buf_printf(out, "%s\n%*s", i > 0 ? "," : "", 4 * (depth + 1), "");
        if (object) {
            json_write_string(out, value->names[i]);
            buf_puts(out, ": ");
        }
        put_pretty(out, value->items[i], depth + 1);
    }
    buf_printf(out, "\n%*s%c", 4 * depth, "", object ? '}' : ']');
}

static bool jsonb_pretty(const struct call *call, struct value *ret, struct err *reterr)
{
    CLEANUP(buf) struct buf out = {0};

    put_pretty(&out, jsonb_open(call->args[0].bytes, call->scratch), 0);
    return buf_result(call, &out, ret, reterr);
}

static bool array_to_json(const struct call *call, struct value *ret, struct err *reterr)
{
    return to_json(call, ret, reterr);
}

static bool spread_array(const struct call *call, struct value *ret, struct err *reterr)
{
    return call_spread(call, build_array, ret, reterr);
}

static bool spread_object(const struct call *call, struct value *ret, struct err *reterr)
{
    return call_spread(call, build_object, ret, reterr);
}

#define SPREAD_ROW(name_, r, body_)                                                                \
    {                                                                                              \
        .name = (name_), .args = {TYPE_ANYARRAY}, .result = (r), .stable = true, .body = (body_)   \
    }
#define BUILD_ROWS(name_, r, body_)                                                                \
    {.name = (name_),                                                                              \
     .args = {TYPE_ANY},                                                                           \
     .result = (r),                                                                                \
     .variadic = true,                                                                             \
     .not_strict = true,                                                                           \
     .stable = true,                                                                               \
     .body = (body_)},                                                                             \
    {                                                                                              \
        .name = (name_), .result = (r), .stable = true, .body = (body_)                            \
    }

const struct function functions_json[] = {
    FUNCTION_ROW("to_json", TYPE_JSON, to_json, TYPE_ANYELEMENT),
    FUNCTION_ROW("to_jsonb", TYPE_JSONB, to_json, TYPE_ANYELEMENT),
    FUNCTION_ROW("array_to_json", TYPE_JSON, array_to_json, TYPE_ANYARRAY),
    FUNCTION_ROW("array_to_json", TYPE_JSON, array_on_lines, TYPE_ANYARRAY, TYPE_BOOL),
    BUILD_ROWS("json_build_array", TYPE_JSON, build_array),
    BUILD_ROWS("jsonb_build_array", TYPE_JSONB, build_array),
    BUILD_ROWS("json_build_object", TYPE_JSON, build_object),
    BUILD_ROWS("jsonb_build_object", TYPE_JSONB, build_object),
    SPREAD_ROW("json_build_array spread", TYPE_JSON, spread_array),
    SPREAD_ROW("jsonb_build_array spread", TYPE_JSONB, spread_array),
    SPREAD_ROW("json_build_object spread", TYPE_JSON, spread_object),
    SPREAD_ROW("jsonb_build_object spread", TYPE_JSONB, spread_object),
    FUNCTION_ROW("json_object", TYPE_JSON, from_texts, type_text_array),
    FUNCTION_ROW("json_object", TYPE_JSON, from_texts, type_text_array, type_text_array),
    FUNCTION_ROW("jsonb_object", TYPE_JSONB, from_texts, type_text_array),
    FUNCTION_ROW("jsonb_object", TYPE_JSONB, from_texts, type_text_array, type_text_array),
    FUNCTION_ROW("json_typeof", TYPE_TEXT, type_of_document, TYPE_JSON),
    FUNCTION_ROW("jsonb_typeof", TYPE_TEXT, type_of_document, TYPE_JSONB),
    FUNCTION_ROW("json_array_length", TYPE_INT4, document_array_length, TYPE_JSON),
    FUNCTION_ROW("jsonb_array_length", TYPE_INT4, document_array_length, TYPE_JSONB),
    FUNCTION_ROW("json_strip_nulls", TYPE_JSON, json_strip_nulls, TYPE_JSON),
    FUNCTION_ROW("jsonb_strip_nulls", TYPE_JSONB, jsonb_strip_nulls, TYPE_JSONB),
    FUNCTION_ROW("jsonb_pretty", TYPE_TEXT, jsonb_pretty, TYPE_JSONB),
    {0},
};
