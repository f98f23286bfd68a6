/*
 * Functions that give rows: unnest, generate_series, the members of documents, the parts of text
 * (chapters 9.25, 9.16, 9.4). A row more than ROWS_MAX raises.
 */
#include "expr/documents.h"
#include "expr/jsonpath.h"
#include "expr/moment.h"
#include "expr/regex.h"

#include "record/array.h"
#include "record/numeric.h"

enum { ROWS_MAX = 10000000 };

static bool add_row(struct rows_out *out, struct value first, struct value second,
                    struct err *reterr)
{
    size_t at = (size_t)out->n * out->columns_n;

    if (out->n >= ROWS_MAX)
        return err_sql(reterr, ERR_DEAD_LETTER, "54000", "a function gives more than %d rows",
                       ROWS_MAX);
    if (out->n == out->cap) {
        uint32_t cap = out->cap * 2 + 8;
        struct value *values =
            arena_alloc(out->arena, (size_t)cap * out->columns_n * sizeof(*values));

        if (at > 0)
            memcpy(values, out->values, at * sizeof(*values));
        out->values = values;
        out->cap = cap;
    }
    out->values[at] = first;
    if (out->columns_n > 1)
        out->values[at + 1] = second;
    out->n++;
    return true;
}

bool rows_add(struct rows_out *out, struct value value, struct err *reterr)
{
    return add_row(out, value, (struct value){0}, reterr);
}

static bool invalid(struct err *reterr, const char *message)
{
    return err_sql(reterr, ERR_DEAD_LETTER, "22023", "%s", message);
}

/* ---- arrays ---- */

static bool add_elements(struct rows_out *out, struct str packed, enum type_id element,
                         struct err *reterr)
{
    struct array_walk walk = array_open(packed, element);
    struct value value;

    while (array_next(&walk, &value))
        if (!rows_add(out, value, reterr))
            return false;
    return true;
}

static bool unnest(const struct call *call, struct rows_out *out, struct err *reterr)
{
    return add_elements(out, call->args[0].bytes, type_element(call->arg_types[0].id), reterr);
}

/* The indexes of the first dimension, the only one there is. */
static bool generate_subscripts(const struct call *call, struct rows_out *out, struct err *reterr)
{
    struct array_walk walk = array_open(call->args[0].bytes, type_element(call->arg_types[0].id));
    bool reverse = call->args_n > 2 && call->args[2].slot != 0;

    for (uint32_t i = 0; i < walk.n && call->args[1].slot == 1; i++) {
        uint32_t at = reverse ? walk.n - 1 - i : i;

        if (!rows_add(out, (struct value){.slot = (int64_t)walk.lower + at}, reterr))
            return false;
    }
    return true;
}

/* The rows are the elements of the text[] that another function gives. */
static bool elements_of(const char *name, const struct call *call, struct rows_out *out,
                        struct err *reterr)
{
    enum type_id types[FUNCTION_ARGS_MAX];
    struct call inner = *call;
    const struct function *function;
    struct value array = {0};
    bool ambiguous;

    for (uint16_t i = 0; i < call->args_n; i++)
        types[i] = call->arg_types[i].id;
    function = function_resolve(FUNCTION_NAMED, str_of(name), types, call->args_n, &ambiguous);
    assert(function != NULL);
    inner.result_type = (struct type){function->result, -1, NULL};
    if (!function->body(&inner, &array, reterr))
        return false;
    return array.null || add_elements(out, array.bytes, TYPE_TEXT, reterr);
}

static bool string_to_table(const struct call *call, struct rows_out *out, struct err *reterr)
{
    return elements_of("string_to_array", call, out, reterr);
}

static bool regexp_split_to_table(const struct call *call, struct rows_out *out, struct err *reterr)
{
    if (call->args_n > 2 && memchr(call->args[2].bytes.at, 'g', call->args[2].bytes.len) != NULL)
        return invalid(reterr, "regexp_split_to_table() does not support the \"global\" option");
    return elements_of("regexp_split_to_array", call, out, reterr);
}

/* ---- series ---- */

static bool series_int(const struct call *call, struct rows_out *out, struct err *reterr)
{
    int64_t at = call->args[0].slot, end = call->args[1].slot;
    int64_t by = call->args_n > 2 ? call->args[2].slot : 1;

    if (by == 0)
        return invalid(reterr, "step size cannot equal zero");
    while (by > 0 ? at <= end : at >= end)
        if (!rows_add(out, (struct value){.slot = at}, reterr))
            return false;
        else if (__builtin_add_overflow(at, by, &at))
            break;
    return true;
}

/* Neither NaN nor infinity. */
static bool check_numeric(struct str number, const char *what, struct err *reterr)
{
    CLEANUP(buf) struct buf text = {0};

    if (!numeric_is_special(number))
        return true;
    numeric_print(&text, number);
    return err_sql(reterr, ERR_DEAD_LETTER, "22023", "%s cannot be %s", what,
                   strcmp(buf_cstr(&text), "NaN") == 0 ? "NaN" : "infinity");
}

static bool series_numeric(const struct call *call, struct rows_out *out, struct err *reterr)
{
    struct arena *arena = call->scratch;
    struct str at = call->args[0].bytes, end = call->args[1].bytes, zero;
    struct str by = call->args_n > 2 ? call->args[2].bytes : numeric_from_i64(arena, 1);
    int sign;

    if (!check_numeric(at, "start value", reterr) || !check_numeric(end, "stop value", reterr) ||
        !check_numeric(by, "step size", reterr))
        return false;
    zero = numeric_from_i64(arena, 0);
    sign = numeric_cmp(by, zero);
    if (sign == 0)
        return invalid(reterr, "step size cannot equal zero");
    while (sign > 0 ? numeric_cmp(at, end) <= 0 : numeric_cmp(at, end) >= 0) {
        if (!rows_add(out, (struct value){.bytes = at}, reterr))
            return false;
        at = numeric_add(arena, at, by);
    }
    return true;
}

static bool series_moment(const struct call *call, struct rows_out *out, struct err *reterr)
{
    struct interval by = interval_open(call->args[2].bytes), none = {0};
    int64_t at = call->args[0].slot, end = call->args[1].slot;
    int sign = interval_compare(by, none);

    if (sign == 0)
        return invalid(reterr, "step size cannot equal zero");
    while (sign > 0 ? at <= end : at >= end) {
        if (!rows_add(out, (struct value){.slot = at}, reterr) || !moment_add(at, by, &at, reterr))
            return false;
        if (moment_infinite(at))
            return invalid(reterr, "a series of infinitely many moments");
    }
    return true;
}

/* ---- documents ---- */

/* The kind of the whole document. */
static bool kind_of(struct str document, enum json_kind *ret, struct err *reterr)
{
    struct json_cursor in = json_open(document);
    struct json_value whole;

    if (!json_read(&in, &whole, reterr))
        return false;
    *ret = whole.kind;
    return true;
}

static const char *a_kind(enum json_kind kind)
{
    return kind == JSON_OBJECT ? "an object" : kind == JSON_ARRAY ? "an array" : "a scalar";
}

/* A part of a document as a json value or as text. */
static bool part_value(const struct call *call, bool as_text, struct str part, struct value *ret,
                       struct err *reterr)
{
    *ret = (struct value){.bytes = part};
    return !as_text || json_as_text(call, part, ret, reterr);
}

static bool elements(const struct call *call, bool as_text, const char *name, struct rows_out *out,
                     struct err *reterr)
{
    struct json_cursor in;
    struct json_value item;
    struct value value;
    enum json_kind kind;

    if (!kind_of(call->args[0].bytes, &kind, reterr))
        return false;
    if (kind != JSON_ARRAY && call->arg_types[0].id == TYPE_JSONB)
        return err_sql(reterr, ERR_DEAD_LETTER, "22023", "cannot extract elements from %s",
                       a_kind(kind));
    if (kind != JSON_ARRAY)
        return err_sql(reterr, ERR_DEAD_LETTER, "22023", "cannot call %s on %s", name,
                       kind == JSON_OBJECT ? "a non-array" : "a scalar");
    in = json_array_open(call->args[0].bytes);
    while (json_array_more(&in))
        if (!json_read(&in, &item, reterr) ||
            !part_value(call, as_text, json_whole(&item), &value, reterr) ||
            !rows_add(out, value, reterr))
            return false;
    return true;
}

static bool array_elements(const struct call *call, struct rows_out *out, struct err *reterr)
{
    return elements(call, false, "json_array_elements", out, reterr);
}

static bool array_elements_text(const struct call *call, struct rows_out *out, struct err *reterr)
{
    return elements(call, true, "json_array_elements_text", out, reterr);
}

/* Each member of an object, of equal names in a json all: its name and its value, or the name
 * alone. */
static bool members(const struct call *call, bool as_text, struct rows_out *out, struct err *reterr)
{
    struct json_cursor in = json_open(call->args[0].bytes);
    bool first = true, more = true;
    struct json_value item;
    struct value value;
    struct str name;

    if (!json_object_begin(&in, reterr))
        return false;
    while (json_object_next(&in, call->scratch, &first, &more, &name, reterr) && more)
        if (!json_read(&in, &item, reterr) ||
            !part_value(call, as_text, json_whole(&item), &value, reterr) ||
            !add_row(out, (struct value){.bytes = name}, value, reterr))
            return false;
    return !more;
}

static bool each_of(const struct call *call, bool as_text, struct rows_out *out, struct err *reterr)
{
    enum json_kind kind;

    if (!kind_of(call->args[0].bytes, &kind, reterr))
        return false;
    if (kind != JSON_OBJECT && call->arg_types[0].id == TYPE_JSONB)
        return err_sql(reterr, ERR_DEAD_LETTER, "22023", "cannot call %s on a non-object",
                       as_text ? "jsonb_each_text" : "jsonb_each");
    if (kind != JSON_OBJECT)
        return invalid(reterr, kind == JSON_ARRAY ? "cannot deconstruct an array as an object"
                                                  : "cannot deconstruct a scalar");
    return members(call, as_text, out, reterr);
}

static bool each_member(const struct call *call, struct rows_out *out, struct err *reterr)
{
    return each_of(call, false, out, reterr);
}

static bool each_member_text(const struct call *call, struct rows_out *out, struct err *reterr)
{
    return each_of(call, true, out, reterr);
}

static bool object_keys(const struct call *call, struct rows_out *out, struct err *reterr)
{
    enum json_kind kind;

    if (!kind_of(call->args[0].bytes, &kind, reterr))
        return false;
    if (kind != JSON_OBJECT)
        return err_sql(reterr, ERR_DEAD_LETTER, "22023", "cannot call %s_object_keys on %s",
                       call->arg_types[0].id == TYPE_JSONB ? "jsonb" : "json", a_kind(kind));
    return members(call, false, out, reterr);
}

/* ---- records ---- */

static const char *prefix_of(const struct call *call)
{
    return call->arg_types[0].id == TYPE_JSONB ? "jsonb" : "json";
}

/* The document, and behind it the row to populate, as texts, where there is one. */
static bool add_document(const struct call *call, struct rows_out *out, struct value document,
                         struct err *reterr)
{
    return add_row(out, document, call->args_n > 1 ? call->args[1] : (struct value){0}, reterr);
}

/* The document is an object or NULL. */
static bool check_record(const struct call *call, const char *name, struct err *reterr)
{
    enum json_kind kind;

    if (call->args[0].null)
        return true;
    if (!kind_of(call->args[0].bytes, &kind, reterr))
        return false;
    return kind == JSON_OBJECT ||
           err_sql(reterr, ERR_DEAD_LETTER, "22023", "cannot call %s_%s on %s", prefix_of(call),
                   name, kind == JSON_ARRAY ? "an array" : "a scalar");
}

/* An object; NULL is a row of NULLs. */
static bool one_record(const struct call *call, const char *name, struct rows_out *out,
                       struct err *reterr)
{
    return check_record(call, name, reterr) && add_document(call, out, call->args[0], reterr);
}

/* The document from which a row is populated where it is a value. */
static bool record_document(const struct call *call, struct value *ret, struct err *reterr)
{
    *ret = call->args[0];
    return check_record(call, "populate_record", reterr);
}

static const char *no_array(const struct call *call, enum json_kind kind)
{
    if (call->arg_types[0].id == TYPE_JSONB)
        return "a non-array";
    return kind == JSON_OBJECT ? "an object" : "a scalar";
}

/* An array of objects. */
static bool all_records(const struct call *call, const char *name, struct rows_out *out,
                        struct err *reterr)
{
    struct json_cursor in;
    struct json_value item;
    enum json_kind kind;

    if (call->args[0].null)
        return true;
    if (!kind_of(call->args[0].bytes, &kind, reterr))
        return false;
    if (kind != JSON_ARRAY)
        return err_sql(reterr, ERR_DEAD_LETTER, "22023", "cannot call %s_%s on %s", prefix_of(call),
                       name, no_array(call, kind));
    in = json_array_open(call->args[0].bytes);
    while (json_array_more(&in)) {
        if (!json_read(&in, &item, reterr))
            return false;
        if (item.kind != JSON_OBJECT)
            return err_sql(reterr, ERR_DEAD_LETTER, "22023",
                           "argument of %s_%s must be an array of objects", prefix_of(call), name);
        if (!add_document(call, out, (struct value){.bytes = json_whole(&item)}, reterr))
            return false;
    }
    return true;
}

static bool to_record(const struct call *call, struct rows_out *out, struct err *reterr)
{
    return one_record(call, "to_record", out, reterr);
}

static bool populate_record(const struct call *call, struct rows_out *out, struct err *reterr)
{
    return one_record(call, "populate_record", out, reterr);
}

static bool to_recordset(const struct call *call, struct rows_out *out, struct err *reterr)
{
    return all_records(call, "to_recordset", out, reterr);
}

static bool populate_recordset(const struct call *call, struct rows_out *out, struct err *reterr)
{
    return all_records(call, "populate_recordset", out, reterr);
}

/* ---- scalar subqueries ---- */

/* The value of a subquery, of which there were so many rows. */
static bool single_row(const struct call *call, struct value *ret, struct err *reterr)
{
    if (!call->args[0].null && call->args[0].slot > 1)
        return err_sql(reterr, ERR_DEAD_LETTER, "21000",
                       "more than one row returned by a subquery used as an expression");
    *ret = call->args[1];
    return true;
}

/* The second value, once the first was computed without an error. */
static bool having_computed(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    *ret = call->args[1];
    return true;
}

/* The value's bytes: the same for two values that are the same in every respect, 1.0 and 1.00 are not. */
static bool exact_form(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    if (type_is_bytes(call->arg_types[0].id))
        ret->bytes = call->args[0].bytes;
    else
        ret->bytes = arena_copy(call->scratch, (struct str){(const char *)&call->args[0].slot,
                                                            sizeof(call->args[0].slot)});
    return true;
}

/* ---- the table ---- */

#define ROWS(name_, r, rows_, ...)                                                                 \
    {                                                                                              \
        .name = (name_), .kind = FUNCTION_ROWS, .args = {__VA_ARGS__}, .result = (r),              \
        .rows = (rows_)                                                                            \
    }
#define ROWS_LOOSE(name_, r, rows_, ...)                                                           \
    {                                                                                              \
        .name = (name_), .kind = FUNCTION_ROWS, .args = {__VA_ARGS__}, .result = (r),              \
        .rows = (rows_), .not_strict = true                                                        \
    }
/* One column with a name of its own. */
#define ROWS_NAMED(name_, column, r, rows_, ...)                                                   \
    {                                                                                              \
        .name = (name_), .kind = FUNCTION_ROWS, .args = {__VA_ARGS__}, .result = (r),              \
        .rows = (rows_), .names = (column)                                                         \
    }
/* Two columns: key text, and value. */
#define ROWS_PAIR(name_, second_, rows_, ...)                                                      \
    {                                                                                              \
        .name = (name_), .kind = FUNCTION_ROWS, .args = {__VA_ARGS__}, .result = TYPE_TEXT,        \
        .second = (second_), .rows = (rows_), .names = "key value"                                 \
    }

/* The same over the texts of a row's columns, which come behind each document. */
#define RECORD_ROWS_FROM(name_, type, rows_)                                                       \
    {                                                                                              \
        .name = name_ " from", .kind = FUNCTION_ROWS,                                              \
        .args = {type, (enum type_id)(TYPE_TEXT | TYPE_ARRAY)}, .result = (type),                  \
        .second = (enum type_id)(TYPE_TEXT | TYPE_ARRAY), .rows = (rows_), .not_strict = true,     \
        .names = "document row"                                                                    \
    }

/* The documents that the planner takes columns from. */
#define RECORD_ROWS(prefix, type)                                                                  \
    ROWS_LOOSE(prefix "_to_record", type, to_record, type),                                        \
        ROWS_LOOSE(prefix "_populate_record", type, populate_record, type),                        \
        ROWS(prefix "_to_recordset", type, to_recordset, type),                                    \
        ROWS(prefix "_populate_recordset", type, populate_recordset, type),                        \
        RECORD_ROWS_FROM(prefix "_populate_record", type, populate_record),                        \
        RECORD_ROWS_FROM(prefix "_populate_recordset", type, populate_recordset)

/* (document, path [, vars [, silent]]) */
#define PATH_ROW(name_, rows_, ...)                                                                \
    {                                                                                              \
        .name = (name_), .kind = FUNCTION_ROWS, .args = {TYPE_JSONB, TYPE_JSONPATH, __VA_ARGS__},  \
        .result = TYPE_JSONB, .rows = (rows_), .prepare = jsonpath_prepare                         \
    }
#define PATH_ROWS(name, rows)                                                                      \
    PATH_ROW(name, rows, 0), PATH_ROW(name, rows, TYPE_JSONB),                                     \
        PATH_ROW(name, rows, TYPE_JSONB, TYPE_BOOL)

const struct function functions_rows[] = {
    ROWS("unnest", TYPE_ANYELEMENT, unnest, TYPE_ANYARRAY),
    ROWS("generate_subscripts", TYPE_INT4, generate_subscripts, TYPE_ANYARRAY, TYPE_INT4),
    ROWS("generate_subscripts", TYPE_INT4, generate_subscripts, TYPE_ANYARRAY, TYPE_INT4,
         TYPE_BOOL),
    ROWS("generate_series", TYPE_INT4, series_int, TYPE_INT4, TYPE_INT4),
    ROWS("generate_series", TYPE_INT4, series_int, TYPE_INT4, TYPE_INT4, TYPE_INT4),
    ROWS("generate_series", TYPE_INT8, series_int, TYPE_INT8, TYPE_INT8),
    ROWS("generate_series", TYPE_INT8, series_int, TYPE_INT8, TYPE_INT8, TYPE_INT8),
    ROWS("generate_series", TYPE_NUMERIC, series_numeric, TYPE_NUMERIC, TYPE_NUMERIC),
    ROWS("generate_series", TYPE_NUMERIC, series_numeric, TYPE_NUMERIC, TYPE_NUMERIC, TYPE_NUMERIC),
    ROWS("generate_series", TYPE_TIMESTAMP, series_moment, TYPE_TIMESTAMP, TYPE_TIMESTAMP,
         TYPE_INTERVAL),
    ROWS("generate_series", TYPE_TIMESTAMPTZ, series_moment, TYPE_TIMESTAMPTZ, TYPE_TIMESTAMPTZ,
         TYPE_INTERVAL),
    ROWS("regexp_split_to_table", TYPE_TEXT, regexp_split_to_table, TYPE_TEXT, TYPE_TEXT),
    ROWS("regexp_split_to_table", TYPE_TEXT, regexp_split_to_table, TYPE_TEXT, TYPE_TEXT,
         TYPE_TEXT),
    ROWS("regexp_matches", type_text_array, regexp_matches, TYPE_TEXT, TYPE_TEXT),
    ROWS("regexp_matches", type_text_array, regexp_matches, TYPE_TEXT, TYPE_TEXT, TYPE_TEXT),
    ROWS_LOOSE("string_to_table", TYPE_TEXT, string_to_table, TYPE_TEXT, TYPE_TEXT),
    ROWS_LOOSE("string_to_table", TYPE_TEXT, string_to_table, TYPE_TEXT, TYPE_TEXT, TYPE_TEXT),
    ROWS_NAMED("json_array_elements", "value", TYPE_JSON, array_elements, TYPE_JSON),
    ROWS_NAMED("jsonb_array_elements", "value", TYPE_JSONB, array_elements, TYPE_JSONB),
    ROWS_NAMED("json_array_elements_text", "value", TYPE_TEXT, array_elements_text, TYPE_JSON),
    ROWS_NAMED("jsonb_array_elements_text", "value", TYPE_TEXT, array_elements_text, TYPE_JSONB),
    ROWS_PAIR("json_each", TYPE_JSON, each_member, TYPE_JSON),
    ROWS_PAIR("jsonb_each", TYPE_JSONB, each_member, TYPE_JSONB),
    ROWS_PAIR("json_each_text", TYPE_TEXT, each_member_text, TYPE_JSON),
    ROWS_PAIR("jsonb_each_text", TYPE_TEXT, each_member_text, TYPE_JSONB),
    RECORD_ROWS("json", TYPE_JSON),
    RECORD_ROWS("jsonb", TYPE_JSONB),
    PATH_ROWS("jsonb_path_query", jsonpath_rows),
    PATH_ROWS("jsonb_path_query_tz", jsonpath_rows_tz),
    ROWS("json_object_keys", TYPE_TEXT, object_keys, TYPE_JSON),
    ROWS("jsonb_object_keys", TYPE_TEXT, object_keys, TYPE_JSONB),
    FUNCTION_LOOSE_ROW("record document", TYPE_JSON, record_document, TYPE_JSON),
    FUNCTION_LOOSE_ROW("record document", TYPE_JSONB, record_document, TYPE_JSONB),
    {.name = "single row",
     .args = {TYPE_INT8, TYPE_ANYELEMENT},
     .result = TYPE_ANYELEMENT,
     .not_strict = true,
     .body = single_row},
    {.name = "having computed",
     .args = {TYPE_ANY, TYPE_ANYELEMENT},
     .result = TYPE_ANYELEMENT,
     .not_strict = true,
     .body = having_computed},
    {.name = "group apart",
     .args = {TYPE_INT4, TYPE_ANYELEMENT},
     .result = TYPE_ANYELEMENT,
     .not_strict = true,
     .body = having_computed},
    {.name = "of exact form", .args = {TYPE_BYTEA}, .result = TYPE_JSON, .body = cast_same},
    {.name = "exact form", .args = {TYPE_ANY}, .result = TYPE_BYTEA, .body = exact_form},
    {0},
};

const struct function *rows_functions(void)
{
    return functions_rows;
}
