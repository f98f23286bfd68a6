/* Operators of json and jsonb, and functions that change a jsonb (chapter 9.16). */
#include "expr/documents.h"

#include "record/array.h"
#include "record/numeric.h"
#include <errno.h>

bool document_of(const struct call *call, uint16_t i, struct jsonb **ret, struct err *reterr)
{
    return jsonb_read(call->args[i].bytes, call->scratch, ret, reterr);
}

bool jsonb_result(const struct call *call, const struct jsonb *value, struct value *ret)
{
    ret->null = value == NULL;
    if (value != NULL)
        ret->bytes = jsonb_text(call->scratch, value);
    return true;
}

/* The text as an array's index; false when it is none. */
static bool index_of(struct str text, int64_t *ret)
{
    char copy[24], *end;

    if (text.len == 0 || text.len >= sizeof(copy))
        return false;
    memcpy(copy, text.at, text.len);
    copy[text.len] = '\0';
    errno = 0;
    *ret = strtol(copy, &end, 10);
    return *end == '\0' && errno == 0 && *ret >= INT32_MIN && *ret <= INT32_MAX;
}

/* The last of equal names. */
static bool raw_member(struct str object, struct arena *arena, struct str name, struct str *ret,
                       bool *ret_found, struct err *reterr)
{
    struct json_cursor in = json_open(object);
    bool first = true, more = true;
    struct json_value item;
    struct str at;

    if (!json_object_begin(&in, reterr))
        return false;
    while (json_object_next(&in, arena, &first, &more, &at, reterr) && more) {
        if (!json_read(&in, &item, reterr))
            return false;
        if (!str_eq(at, name))
            continue;
        *ret_found = true;
        *ret = json_whole(&item);
    }
    return !more;
}

bool json_count(struct str array, int64_t *ret, struct err *reterr)
{
    struct json_cursor in = json_array_open(array);
    struct json_value item;

    for (*ret = 0; json_array_more(&in); ++*ret) {
        if (!json_read(&in, &item, reterr))
            return false;
    }
    return true;
}

static bool raw_element(struct str array, int64_t number, struct str *ret, bool *ret_found,
                        struct err *reterr)
{
    struct json_cursor in = json_array_open(array);
    struct json_value item;
    int64_t n = 0;

    if (number < 0) {
        if (!json_count(array, &n, reterr))
            return false;
        number += n;
    }
    for (n = 0; json_array_more(&in); n++) {
        if (!json_read(&in, &item, reterr))
            return false;
        if (n != number)
            continue;
        *ret_found = true;
        *ret = json_whole(&item);
        return true;
    }
    return true;
}

/* A json keeps its text: the value's own bytes in the document. */
bool json_raw_step(struct str document, struct arena *arena, struct json_step step, struct str *ret,
                   bool *ret_found, struct err *reterr)
{
    struct json_cursor in = json_open(document);
    struct json_value value;

    *ret_found = false;
    if (!json_read(&in, &value, reterr))
        return false;
    if (value.kind == JSON_OBJECT && !step.by_number)
        return raw_member(value.raw, arena, step.name, ret, ret_found, reterr);
    if (value.kind != JSON_ARRAY || (!step.by_number && !index_of(step.name, &step.number)))
        return true;
    return raw_element(value.raw, step.number, ret, ret_found, reterr);
}

/* The document as text: of a string what it says, of null nothing. */
bool json_as_text(const struct call *call, struct str document, struct value *ret,
                  struct err *reterr)
{
    struct json_cursor in = json_open(document);
    struct json_value value;

    if (!json_read(&in, &value, reterr))
        return false;
    ret->null = value.kind == JSON_NULL;
    if (value.kind == JSON_STRING)
        return json_text(&value, call->scratch, &ret->bytes, reterr);
    ret->bytes = value.raw;
    return true;
}

static char first_byte(struct str document)
{
    size_t i = 0;

    while (i < document.len && strchr(" \t\r\n", document.at[i]) != NULL)
        i++;
    return i < document.len ? document.at[i] : '\0';
}

/* -> and ->> */
static bool get(const struct call *call, bool as_text, struct value *ret, struct err *reterr)
{
    bool by_number = call->arg_types[1].id == TYPE_INT4, found = false;
    struct json_step step = {.by_number = by_number};
    struct str item = STR_NONE;

    if (by_number)
        step.number = call->args[1].slot;
    else
        step.name = call->args[1].bytes;

    char first = first_byte(call->args[0].bytes);

    if (by_number && first != '[' && first != '{' && call->arg_types[0].id == TYPE_JSONB) {
        item = call->args[0].bytes; /* a scalar passes for an array of itself */
        found = call->args[1].slot == 0 || call->args[1].slot == -1;
    } else if (!by_number && first == '[') {
        found = false; /* a text never counts as a number here */
    } else if (!json_raw_step(call->args[0].bytes, call->scratch, step, &item, &found, reterr)) {
        return false;
    }
    ret->null = !found;
    if (!found)
        return true;
    ret->bytes = item;
    return !as_text || json_as_text(call, item, ret, reterr);
}

static bool get_value(const struct call *call, struct value *ret, struct err *reterr)
{
    return get(call, false, ret, reterr);
}

static bool get_text(const struct call *call, struct value *ret, struct err *reterr)
{
    return get(call, true, ret, reterr);
}

/* #> and #>>: a path with a NULL leads nowhere. */
static bool follow(const struct call *call, struct array_walk path, bool as_text, struct value *ret,
                   struct err *reterr)
{
    struct str at = call->args[0].bytes;
    struct value step;
    bool found = true;

    while (found && array_next(&path, &step)) {
        if (step.null)
            found = false;
        else if (!json_raw_step(at, call->scratch, (struct json_step){.name = step.bytes}, &at,
                                &found, reterr))
            return false;
    }
    ret->null = !found;
    ret->bytes = at;
    return !found || !as_text || json_as_text(call, at, ret, reterr);
}

static struct array_walk path_of(const struct call *call, uint16_t i)
{
    return array_open(call->args[i].bytes, TYPE_TEXT);
}

static bool follow_value(const struct call *call, struct value *ret, struct err *reterr)
{
    return follow(call, path_of(call, 1), false, ret, reterr);
}

static bool follow_text(const struct call *call, struct value *ret, struct err *reterr)
{
    return follow(call, path_of(call, 1), true, ret, reterr);
}

/* The arguments from the second on as a path. */
static struct str steps_of(const struct call *call)
{
    CLEANUP(array_maker) struct array_maker maker = {0};

    array_begin(&maker, TYPE_TEXT, 1);
    for (uint16_t i = 1; i < call->args_n; i++)
        array_add(&maker, call->args[i]);
    return array_finish(&maker, call->scratch);
}

static bool extract_path(const struct call *call, struct value *ret, struct err *reterr)
{
    return follow(call, array_open(steps_of(call), TYPE_TEXT), false, ret, reterr);
}

static bool extract_path_text(const struct call *call, struct value *ret, struct err *reterr)
{
    return follow(call, array_open(steps_of(call), TYPE_TEXT), true, ret, reterr);
}

/* ---- questions ---- */

static bool is_scalar(const struct jsonb *value)
{
    return value->kind != JSON_OBJECT && value->kind != JSON_ARRAY;
}

static bool contains(const struct jsonb *a, const struct jsonb *b);

/* Some element of the array is it, or holds it. */
static bool array_has(const struct jsonb *array, const struct jsonb *value)
{
    for (uint32_t i = 0; i < array->n; i++) {
        const struct jsonb *item = array->items[i];

        if (is_scalar(value) ? jsonb_same(item, value)
                             : item->kind == value->kind && contains(item, value))
            return true;
    }
    return false;
}

/* b's structure and values are found in a. */
static bool contains(const struct jsonb *a, const struct jsonb *b)
{
    if (a->kind != b->kind)
        return false;
    if (is_scalar(a))
        return jsonb_same(a, b);
    for (uint32_t i = 0; i < b->n; i++) {
        if (b->kind == JSON_ARRAY) {
            if (!array_has(a, b->items[i]))
                return false;
            continue;
        }
        const struct jsonb *member = jsonb_member(a, b->names[i]);
        if (member == NULL || !contains(member, b->items[i]))
            return false;
    }
    return true;
}

/* At the top an array may hold a scalar. */
static bool document_contains(const struct call *call, struct str a, struct str b)
{
    struct jsonb *left = jsonb_open(a, call->scratch), *right = jsonb_open(b, call->scratch);

    if (left->kind == JSON_ARRAY && is_scalar(right))
        return array_has(left, right);
    return contains(left, right);
}

static bool jsonb_contains(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    ret->slot = document_contains(call, call->args[0].bytes, call->args[1].bytes);
    return true;
}

static bool jsonb_contained(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    ret->slot = document_contains(call, call->args[1].bytes, call->args[0].bytes);
    return true;
}

/* A member's name, or a string that stands in the array or alone. */
static bool exists(const struct jsonb *value, struct str name)
{
    if (value->kind == JSON_OBJECT)
        return jsonb_member(value, name) != NULL;
    if (value->kind == JSON_STRING)
        return str_eq(value->text, name);
    if (value->kind != JSON_ARRAY)
        return false;
    for (uint32_t i = 0; i < value->n; i++) {
        if (value->items[i]->kind == JSON_STRING && str_eq(value->items[i]->text, name))
            return true;
    }
    return false;
}

static bool jsonb_exists(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    ret->slot = exists(jsonb_open(call->args[0].bytes, call->scratch), call->args[1].bytes);
    return true;
}

static bool exists_among(const struct call *call, bool all, struct value *ret)
{
    struct jsonb *value = jsonb_open(call->args[0].bytes, call->scratch);
    struct array_walk names = path_of(call, 1);
    struct value name;

    ret->slot = all;
    while (array_next(&names, &name)) {
        if (!name.null && exists(value, name.bytes) != all) {
            ret->slot = !all;
            break;
        }
    }
    return true;
}

static bool jsonb_exists_any(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    return exists_among(call, false, ret);
}

static bool jsonb_exists_all(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    return exists_among(call, true, ret);
}

/* ---- changes ---- */

static bool invalid(struct err *reterr, const char *text)
{
    return err_sql(reterr, ERR_DEAD_LETTER, "22023", "%s", text);
}

static void append(struct jsonb *to, const struct jsonb *from)
{
    for (uint32_t i = 0; i < from->n; i++, to->n++) {
        to->items[to->n] = from->items[i];
        if (to->kind == JSON_OBJECT)
            to->names[to->n] = from->names[i];
    }
}

static struct jsonb *as_array(const struct call *call, struct jsonb *value)
{
    struct jsonb *array;

    if (value->kind == JSON_ARRAY)
        return value;
    array = jsonb_container(call->scratch, JSON_ARRAY, 1);
    array->items[0] = value;
    return array;
}

static bool jsonb_concat(const struct call *call, struct value *ret, struct err *reterr)
{
    struct jsonb *a = jsonb_open(call->args[0].bytes, call->scratch), *made;
    struct jsonb *b = jsonb_open(call->args[1].bytes, call->scratch);
    bool objects = a->kind == JSON_OBJECT && b->kind == JSON_OBJECT;

    (void)reterr;
    if (!objects) {
        a = as_array(call, a);
        b = as_array(call, b);
    }
    made = jsonb_container(call->scratch, objects ? JSON_OBJECT : JSON_ARRAY, a->n + b->n);
    made->n = 0;
    append(made, a);
    append(made, b);
    if (objects)
        jsonb_settle(made);
    return jsonb_result(call, made, ret);
}

static void drop_at(struct jsonb *value, uint32_t i)
{
    value->n--;
    for (; i < value->n; i++) {
        value->items[i] = value->items[i + 1];
        if (value->names != NULL)
            value->names[i] = value->names[i + 1];
    }
}

static void drop_name(struct jsonb *value, struct str name)
{
    for (uint32_t i = value->n; i > 0; i--) {
        const struct jsonb *item = value->items[i - 1];
        bool meant = value->kind == JSON_OBJECT
                         ? str_eq(value->names[i - 1], name)
                         : item->kind == JSON_STRING && str_eq(item->text, name);

        if (meant)
            drop_at(value, i - 1);
    }
}

static bool jsonb_delete_name(const struct call *call, struct value *ret, struct err *reterr)
{
    struct jsonb *value = jsonb_open(call->args[0].bytes, call->scratch);

    if (is_scalar(value))
        return invalid(reterr, "cannot delete from scalar");
    drop_name(value, call->args[1].bytes);
    return jsonb_result(call, value, ret);
}

static bool jsonb_delete_names(const struct call *call, struct value *ret, struct err *reterr)
{
    struct jsonb *value = jsonb_open(call->args[0].bytes, call->scratch);
    struct array_walk names = path_of(call, 1);
    struct value name;

    if (is_scalar(value))
        return invalid(reterr, "cannot delete from scalar");
    while (array_next(&names, &name)) {
        if (!name.null)
            drop_name(value, name.bytes);
    }
    return jsonb_result(call, value, ret);
}

static bool jsonb_delete_at(const struct call *call, struct value *ret, struct err *reterr)
{
    struct jsonb *value = jsonb_open(call->args[0].bytes, call->scratch);
    int64_t i = call->args[1].slot;

    if (is_scalar(value))
        return invalid(reterr, "cannot delete from scalar");
    if (value->kind == JSON_OBJECT)
        return invalid(reterr, "cannot delete from object using integer index");
    i += i < 0 ? value->n : 0;
    if (i >= 0 && i < value->n)
        drop_at(value, (uint32_t)i);
    return jsonb_result(call, value, ret);
}

/* What is done at the end of a path. */
enum edit { EDIT_DELETE, EDIT_SET, EDIT_REPLACE, EDIT_INSERT_BEFORE, EDIT_INSERT_AFTER };

struct editor {
    struct arena *arena;
    struct value *steps;
    uint32_t steps_n;
    enum edit edit;
    struct jsonb *value;
    struct err *reterr;
};

static void insert_at(struct editor *editor, struct jsonb *value, uint32_t at, struct str name)
{
    struct jsonb *larger = jsonb_container(editor->arena, value->kind, value->n + 1);

    for (uint32_t i = 0, from = 0; i < larger->n; i++) {
        bool is_new = i == at;

        larger->items[i] = is_new ? editor->value : value->items[from];
        if (value->kind == JSON_OBJECT)
            larger->names[i] = is_new ? name : value->names[from];
        from += !is_new;
    }
    *value = *larger;
    if (value->kind == JSON_OBJECT)
        jsonb_settle(value);
}

static bool edit_at(struct editor *editor, struct jsonb *value, uint32_t level);

static bool edit_member(struct editor *editor, struct jsonb *object, uint32_t level)
{
    struct str name = editor->steps[level].bytes;
    bool last = level + 1 == editor->steps_n;
    uint32_t i = 0;

    while (i < object->n && !str_eq(object->names[i], name))
        i++;
    bool found = i < object->n;
    if (!last)
        return !found || edit_at(editor, object->items[i], level + 1);
    switch (editor->edit) {
    case EDIT_DELETE:
        if (found)
            drop_at(object, i);
        return true;
    case EDIT_INSERT_BEFORE:
    case EDIT_INSERT_AFTER:
        if (found)
            return err_sql(editor->reterr, ERR_DEAD_LETTER, "22023", "cannot replace existing key");
        break;
    case EDIT_SET:
    case EDIT_REPLACE:
        if (found)
            object->items[i] = editor->value;
        break;
    }
    if (!found && editor->edit != EDIT_REPLACE)
        insert_at(editor, object, object->n, name);
    return true;
}

static bool edit_element(struct editor *editor, struct jsonb *array, uint32_t level)
{
    struct str step = editor->steps[level].bytes;
    bool last = level + 1 == editor->steps_n;
    int64_t i;

    if (!index_of(step, &i))
        return err_sql(editor->reterr, ERR_DEAD_LETTER, "22P02",
                       "path element at position %u is not an integer: \"%.*s\"", level + 1,
                       STR_ARG(step));
    bool before = i < 0 && -i > array->n;
    i += i < 0 && !before ? array->n : 0;
    bool found = !before && i < array->n;
    if (!last)
        return !found || edit_at(editor, array->items[i], level + 1);
    if (editor->edit == EDIT_DELETE) {
        if (found)
            drop_at(array, (uint32_t)i);
    } else if (editor->edit == EDIT_REPLACE || (editor->edit == EDIT_SET && found)) {
        if (found)
            array->items[i] = editor->value;
    } else if (found) {
        insert_at(editor, array, (uint32_t)i + (editor->edit == EDIT_INSERT_AFTER), STR_NONE);
    } else {
        insert_at(editor, array, before ? 0 : array->n, STR_NONE);
    }
    return true;
}

static bool edit_at(struct editor *editor, struct jsonb *value, uint32_t level)
{
    if (editor->steps[level].null)
        return err_sql(editor->reterr, ERR_DEAD_LETTER, "22004",
                       "path element at position %u is null", level + 1);
    if (value->kind == JSON_OBJECT)
        return edit_member(editor, value, level);
    if (value->kind == JSON_ARRAY)
        return edit_element(editor, value, level);
    return true;
}

static bool edit(const struct call *call, enum edit edit, struct jsonb *value, const char *scalar,
                 struct value *ret, struct err *reterr)
{
    struct jsonb *document = jsonb_open(call->args[0].bytes, call->scratch);
    struct array_walk path = path_of(call, 1);
    struct editor editor = {.arena = call->scratch, .edit = edit, .value = value, .reterr = reterr};
    struct value step;

    if (is_scalar(document))
        return invalid(reterr, scalar);
    if (document->n == 0 && (edit == EDIT_DELETE || edit == EDIT_REPLACE))
        return jsonb_result(call, document, ret); /* whatever the path is */
    editor.steps = arena_alloc(call->scratch, (path.n + 1) * sizeof(*editor.steps));
    while (array_next(&path, &step))
        editor.steps[editor.steps_n++] = step;
    if (editor.steps_n > 0 && !edit_at(&editor, document, 0))
        return false;
    return jsonb_result(call, document, ret);
}

static bool jsonb_delete_path(const struct call *call, struct value *ret, struct err *reterr)
{
    return edit(call, EDIT_DELETE, NULL, "cannot delete path in scalar", ret, reterr);
}

static bool jsonb_set(const struct call *call, struct value *ret, struct err *reterr)
{
    bool create = call->args_n < 4 || call->args[3].slot != 0;

    return edit(call, create ? EDIT_SET : EDIT_REPLACE,
                jsonb_open(call->args[2].bytes, call->scratch), "cannot set path in scalar", ret,
                reterr);
}

static bool jsonb_insert(const struct call *call, struct value *ret, struct err *reterr)
{
    bool after = call->args_n > 3 && call->args[3].slot != 0;

    return edit(call, after ? EDIT_INSERT_AFTER : EDIT_INSERT_BEFORE,
                jsonb_open(call->args[2].bytes, call->scratch), "cannot set path in scalar", ret,
                reterr);
}

/* (target, path, new, create, what a NULL does) */
static bool jsonb_set_lax(const struct call *call, struct value *ret, struct err *reterr)
{
    bool create = call->args_n < 4 || call->args[3].slot != 0;
    struct str on_null = call->args_n > 4 ? call->args[4].bytes : STR("use_json_null");

    if (call->args[0].null || call->args[1].null || (call->args_n > 3 && call->args[3].null)) {
        ret->null = true;
        return true;
    }
    if (call->args_n > 4 && call->args[4].null)
        return invalid(reterr, "null_value_treatment must be \"delete_key\", \"return_target\", "
                               "\"use_json_null\", or \"raise_exception\"");
    if (!call->args[2].null)
        return edit(call, create ? EDIT_SET : EDIT_REPLACE,
                    jsonb_open(call->args[2].bytes, call->scratch), "cannot set path in scalar",
                    ret, reterr);
    if (str_eq(on_null, STR("raise_exception")))
        return err_sql(reterr, ERR_DEAD_LETTER, "22004", "JSON value must not be null");
    if (str_eq(on_null, STR("use_json_null")))
        return edit(call, create ? EDIT_SET : EDIT_REPLACE,
                    jsonb_scalar(call->scratch, JSON_NULL, STR_NONE), "cannot set path in scalar",
                    ret, reterr);
    if (str_eq(on_null, STR("delete_key")))
        return edit(call, EDIT_DELETE, NULL, "cannot delete path in scalar", ret, reterr);
    if (str_eq(on_null, STR("return_target"))) {
        *ret = call->args[0];
        return true;
    }
    return invalid(reterr, "null_value_treatment must be \"delete_key\", \"return_target\", "
                           "\"use_json_null\", or \"raise_exception\"");
}

#define OP FUNCTION_OPERATOR_ROW
#define PATH_ROWS(type)                                                                            \
    OP("->", type, TYPE_TEXT, type, get_value), OP("->", type, TYPE_INT4, type, get_value),        \
        OP("->>", type, TYPE_TEXT, TYPE_TEXT, get_text),                                           \
        OP("->>", type, TYPE_INT4, TYPE_TEXT, get_text),                                           \
        OP("#>", type, type_text_array, type, follow_value),                                       \
        OP("#>>", type, type_text_array, TYPE_TEXT, follow_text)
#define STEPS_ROW(name_, type, r, body_)                                                           \
    {                                                                                              \
        .name = (name_), .args = {(type), TYPE_TEXT}, .result = (r), .variadic = true,             \
        .body = (body_)                                                                            \
    }

const struct function functions_jsonb[] = {
    PATH_ROWS(TYPE_JSON),
    PATH_ROWS(TYPE_JSONB),
    STEPS_ROW("json_extract_path", TYPE_JSON, TYPE_JSON, extract_path),
    STEPS_ROW("jsonb_extract_path", TYPE_JSONB, TYPE_JSONB, extract_path),
    STEPS_ROW("json_extract_path_text", TYPE_JSON, TYPE_TEXT, extract_path_text),
    STEPS_ROW("jsonb_extract_path_text", TYPE_JSONB, TYPE_TEXT, extract_path_text),
    OP("@>", TYPE_JSONB, TYPE_JSONB, TYPE_BOOL, jsonb_contains),
    OP("<@", TYPE_JSONB, TYPE_JSONB, TYPE_BOOL, jsonb_contained),
    OP("?", TYPE_JSONB, TYPE_TEXT, TYPE_BOOL, jsonb_exists),
    OP("?|", TYPE_JSONB, type_text_array, TYPE_BOOL, jsonb_exists_any),
    OP("?&", TYPE_JSONB, type_text_array, TYPE_BOOL, jsonb_exists_all),
    OP("||", TYPE_JSONB, TYPE_JSONB, TYPE_JSONB, jsonb_concat),
    OP("-", TYPE_JSONB, TYPE_TEXT, TYPE_JSONB, jsonb_delete_name),
    OP("-", TYPE_JSONB, type_text_array, TYPE_JSONB, jsonb_delete_names),
    OP("-", TYPE_JSONB, TYPE_INT4, TYPE_JSONB, jsonb_delete_at),
    OP("#-", TYPE_JSONB, type_text_array, TYPE_JSONB, jsonb_delete_path),
    FUNCTION_ROW("jsonb_set", TYPE_JSONB, jsonb_set, TYPE_JSONB, type_text_array, TYPE_JSONB),
    FUNCTION_ROW("jsonb_set", TYPE_JSONB, jsonb_set, TYPE_JSONB, type_text_array, TYPE_JSONB,
                 TYPE_BOOL),
    FUNCTION_ROW("jsonb_insert", TYPE_JSONB, jsonb_insert, TYPE_JSONB, type_text_array, TYPE_JSONB),
    FUNCTION_ROW("jsonb_insert", TYPE_JSONB, jsonb_insert, TYPE_JSONB, type_text_array, TYPE_JSONB,
                 TYPE_BOOL),
    FUNCTION_LOOSE_ROW("jsonb_set_lax", TYPE_JSONB, jsonb_set_lax, TYPE_JSONB, type_text_array,
                       TYPE_JSONB),
    FUNCTION_LOOSE_ROW("jsonb_set_lax", TYPE_JSONB, jsonb_set_lax, TYPE_JSONB, type_text_array,
                       TYPE_JSONB, TYPE_BOOL),
    FUNCTION_LOOSE_ROW("jsonb_set_lax", TYPE_JSONB, jsonb_set_lax, TYPE_JSONB, type_text_array,
                       TYPE_JSONB, TYPE_BOOL, TYPE_TEXT),
    {0},
};
