/* What the planner calls where a whole row is a value: its forms as json, as text and as a key. */
#include "expr/strings.h"

#include "record/array.h"
#include "record/json.h"
#include "record/key.h"
#include "record/text.h"

/* (names, line feeds, values ...): as row_to_json prints them. */
static bool row_object(const struct call *call, struct value *ret, struct err *reterr)
{
    enum { FIXED = 2 };
    struct array_walk names = array_open(call->args[0].bytes, TYPE_TEXT);
    CLEANUP(buf) struct buf out = {0};
    struct value name;

    ret->null = call->args[1].null;
    buf_char(&out, '{');
    for (uint16_t i = FIXED; i < call->args_n && array_next(&names, &name); i++) {
        if (i > FIXED)
            buf_puts(&out, call->args[1].slot != 0 ? ",\n " : ",");
        json_write_string(&out, name.bytes);
        buf_char(&out, ':');
        json_write_value(&out, call->arg_types[i], call->args[i]);
    }
    buf_char(&out, '}');
    return ret->null || buf_result(call, &out, ret, reterr);
}

static bool needs_quotes(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (strchr("\"\\(), \t\n\r\v\f", text.at[i]) != NULL)
            return true;
    return text.len == 0;
}

static void put_field(struct buf *out, struct str text)
{
    bool quotes = needs_quotes(text);

    if (quotes)
        buf_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '"' || text.at[i] == '\\')
            buf_char(out, text.at[i]);
        buf_char(out, text.at[i]);
    }
    if (quotes)
        buf_char(out, '"');
}

/* (1,a,"b c",): NULL is nothing. */
static bool row_text(const struct call *call, struct value *ret, struct err *reterr)
{
    CLEANUP(buf) struct buf out = {0};

    buf_char(&out, '(');
    for (uint16_t i = 0; i < call->args_n; i++) {
        if (i > 0)
            buf_char(&out, ',');
        if (!call->args[i].null)
            put_field(&out, output_of(call, i));
    }
    buf_char(&out, ')');
    return buf_result(call, &out, ret, reterr);
}

/* The values' texts, from which their types read them again. */
static bool row_texts(const struct call *call, struct value *ret, struct err *reterr)
{
    CLEANUP(array_maker) struct array_maker maker = {0};

    (void)reterr;
    array_begin(&maker, TYPE_TEXT, 1);
    for (uint16_t i = 0; i < call->args_n; i++) {
        struct value text = {.null = call->args[i].null};

        if (!text.null)
            text.bytes = output_of(call, i);
        array_add(&maker, text);
    }
    ret->bytes = array_finish(&maker, call->scratch);
    return true;
}

/* Bytes that are the same for rows which are equal as records: NULL equals NULL. */
static bool row_key(const struct call *call, struct value *ret, struct err *reterr)
{
    CLEANUP(buf) struct buf out = {0};

    for (uint16_t i = 0; i < call->args_n; i++)
        key_append(&out, call->arg_types[i].id, call->args[i], KEY_ASCENDING);
    return buf_result(call, &out, ret, reterr);
}

#define OVER_VALUES(name_, r, body_)                                                               \
    {                                                                                              \
        .name = (name_), .args = {TYPE_ANY}, .result = (r), .variadic = true, .not_strict = true,  \
        .stable = true, .body = (body_)                                                            \
    }

const struct function functions_record[] = {
    OVER_VALUES("row object", TYPE_JSON, row_object),
    OVER_VALUES("row text", TYPE_TEXT, row_text),
    OVER_VALUES("row texts", (enum type_id)(TYPE_TEXT | TYPE_ARRAY), row_texts),
    OVER_VALUES("row key", TYPE_BYTEA, row_key),
    {0},
};
