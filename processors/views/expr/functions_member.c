/*
 * What the planner calls for the columns of a record out of a document: the member as a value of
 * the column's type, as json[b]_to_record and json[b]_populate_record read it; and, where the
 * document has none, the column of the row that is populated.
 */
#include "expr/documents.h"

#include "record/array.h"
#include "record/text.h"

static bool take(struct type type, const struct json_value *from, struct arena *arena,
                 struct value *ret, struct err *reterr);

/* The document itself. PostgreSQL writes a string of a json anew, and leaves what else it finds. */
static bool take_document(struct type type, const struct json_value *from, struct arena *arena,
                          struct value *ret, struct err *reterr)
{
    CLEANUP(buf) struct buf out = {0};
    struct str text;

    if (type.id == TYPE_JSONB)
        return text_parse(type, json_whole(from), arena, ret, reterr);
    if (from->kind == JSON_STRING) {
        if (!json_text(from, arena, &text, reterr))
            return false;
        json_write_string(&out, text);
        ret->bytes = arena_copy(arena, buf_str(&out));
        return true;
    }
    ret->bytes = json_whole(from);
    return true;
}

static bool take_text(struct type type, const struct json_value *from, struct arena *arena,
                      struct value *ret, struct err *reterr)
{
    struct str text = from->raw;

    if (from->kind == JSON_STRING && !json_text(from, arena, &text, reterr))
        return false;
    return text_parse(type, text, arena, ret, reterr);
}

/* An array within an array: only without anything in it is it of one dimension, of none. */
static bool pass_nested(const struct json_value *item, struct err *reterr)
{
    if (item->kind != JSON_ARRAY)
        return err_sql(reterr, ERR_DEAD_LETTER, "22P02", "expected JSON array");
    for (size_t i = 0; i < item->raw.len; i++)
        if (strchr("[], \t\r\n", item->raw.at[i]) == NULL)
            return err_sql(reterr, ERR_DEAD_LETTER, "0A000",
                           "arrays of more than one dimension are not supported");
    return true;
}

/* The first element says whether arrays within are dimensions or elements. */
static bool take_elements(struct type element, struct str array, struct array_maker *maker,
                          struct arena *arena, struct err *reterr)
{
    struct json_cursor in = json_array_open(array);
    struct json_value item;
    bool nested = false;

    for (bool first = true; json_array_more(&in); first = false) {
        struct value value = {0};

        if (!json_read(&in, &item, reterr))
            return false;
        nested = first ? item.kind == JSON_ARRAY : nested;
        if (nested ? !pass_nested(&item, reterr) : !take(element, &item, arena, &value, reterr))
            return false;
        if (!nested)
            array_add(maker, value);
    }
    return true;
}

static bool take_array(struct type type, const struct json_value *from, struct arena *arena,
                       struct value *ret, struct err *reterr)
{
    struct type element = {type_element(type.id), type.typmod, type.labels, type.collation};
    CLEANUP(array_maker) struct array_maker maker = {0};

    if (from->kind != JSON_ARRAY)
        return err_sql(reterr, ERR_DEAD_LETTER, "22P02", "expected JSON array");
    array_begin(&maker, element.id, 1);
    if (!take_elements(element, from->raw, &maker, arena, reterr))
        return false;
    ret->bytes = array_finish(&maker, arena);
    return true;
}

static bool take(struct type type, const struct json_value *from, struct arena *arena,
                 struct value *ret, struct err *reterr)
{
    ret->null = from->kind == JSON_NULL;
    if (ret->null)
        return true;
    if (type.id == TYPE_JSON || type.id == TYPE_JSONB)
        return take_document(type, from, arena, ret, reterr);
    if (type_is_array(type.id) && from->kind != JSON_STRING)
        return take_array(type, from, arena, ret, reterr);
    return take_text(type, from, arena, ret, reterr);
}

static bool find(const struct call *call, struct str *ret, bool *ret_found, struct err *reterr)
{
    struct json_step step = {.name = call->args[1].bytes};

    return json_raw_step(call->args[0].bytes, call->scratch, step, ret, ret_found, reterr);
}

/* (object, name) */
static bool record_member(const struct call *call, struct value *ret, struct err *reterr)
{
    struct json_value value;
    struct json_cursor in;
    struct str raw;
    bool found = false;

    if (!find(call, &raw, &found, reterr))
        return false;
    ret->null = true;
    if (!found)
        return true;
    in = json_open(raw);
    return json_read(&in, &value, reterr) &&
           take(call->result_type, &value, call->scratch, ret, reterr);
}

/* (object, name) */
static bool record_has(const struct call *call, struct value *ret, struct err *reterr)
{
    bool found = false;
    struct str raw;

    if (!find(call, &raw, &found, reterr))
        return false;
    ret->slot = found;
    return true;
}

/* (texts, number): of a row, what "row texts" made of the column. */
static bool record_base(const struct call *call, struct value *ret, struct err *reterr)
{
    struct array_walk walk = array_open(call->args[0].bytes, TYPE_TEXT);
    struct value text = {.null = true};

    for (int64_t i = 0; i <= call->args[1].slot; i++)
        if (!array_next(&walk, &text))
            break;
    ret->null = text.null;
    return text.null || text_parse(call->result_type, text.bytes, call->scratch, ret, reterr);
}

const struct function functions_member[] = {
    {.name = "record member",
     .args = {TYPE_ANY, TYPE_TEXT},
     .result = TYPE_ANY,
     .body = record_member},
    {.name = "record base",
     .args = {(enum type_id)(TYPE_TEXT | TYPE_ARRAY), TYPE_INT4},
     .result = TYPE_ANY,
     .body = record_base},
    {.name = "record has", .args = {TYPE_ANY, TYPE_TEXT}, .result = TYPE_BOOL, .body = record_has},
    {0},
};
