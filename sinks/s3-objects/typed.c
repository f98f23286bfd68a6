#include "typed.h"

#include "record/chars.h"
#include "record/numeric.h"
#include "record/text.h"

bool typed_as_text(enum type_id id)
{
    switch (id) {
    case TYPE_BOOL:
    case TYPE_INT2:
    case TYPE_INT4:
    case TYPE_INT8:
    case TYPE_FLOAT4:
    case TYPE_FLOAT8:
    case TYPE_NUMERIC:
    case TYPE_BYTEA:
    case TYPE_DATE:
    case TYPE_TIME:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMPTZ:
        return false;
    default:
        return true;
    }
}

/* As many always fit, a sign among them. */
enum { DIGITS_MAX = 18 };

/* Plain digits that fit, without the general way; false: take that. */
static bool read_integer(enum type_id id, struct str lexeme, int64_t *ret)
{
    int64_t most = id == TYPE_INT8 ? INT64_MAX : id == TYPE_INT4 ? INT32_MAX : INT16_MAX;
    bool negative = lexeme.len > 0 && lexeme.at[0] == '-';
    int64_t number = 0;

    if (id != TYPE_INT8 && id != TYPE_INT4 && id != TYPE_INT2)
        return false;
    if (lexeme.len > DIGITS_MAX)
        return false;
    for (size_t i = negative ? 1 : 0; i < lexeme.len; i++) {
        if (lexeme.at[i] < '0' || lexeme.at[i] > '9')
            return false;
        number = number * 10 + (lexeme.at[i] - '0');
    }
    *ret = negative ? -number : number;
    return number <= most;
}

bool typed_value(const struct column *column, const struct object_member *member,
                 struct arena *arena, struct value *ret, struct err *reterr)
{
    const struct json_value *json = member == NULL ? NULL : &member->value;
    CLEANUP(buf) struct buf unescaped = {0};

    *ret = (struct value){.null = true};
    if (json == NULL || json->kind == JSON_NULL)
        return true;
    ret->null = false;
    if (json->kind == JSON_NUMBER && read_integer(column->type.id, json->raw, &ret->slot))
        return true;
    if (json->kind == JSON_OBJECT || json->kind == JSON_ARRAY)
        return err_set(reterr, ERR_DEAD_LETTER, "column %s: a nested value is no %s", column->name,
                       type_name(column->type.id));
    struct str text = json->raw;
    if (json->escaped) {
        chars_text(&unescaped, json);
        text = arena_copy(arena, buf_str(&unescaped));
    }
    return text_parse(column->type, text, arena, ret, reterr) ||
           err_prefix(reterr, "column %s", column->name);
}

static bool is_finite(enum type_id id, struct value value)
{
    if (id == TYPE_DATE)
        return value.slot != INT32_MIN && value.slot != INT32_MAX;
    if (id == TYPE_TIMESTAMP || id == TYPE_TIMESTAMPTZ)
        return value.slot != INT64_MIN && value.slot != INT64_MAX;
    return id != TYPE_NUMERIC || !numeric_is_special(value.bytes);
}

bool typed_row_check(const struct object_shape *shape, const struct object_row *row,
                     struct arena *arena, struct err *reterr)
{
    const struct schema *schema = shape->schema;

    for (uint16_t i = 0; schema != NULL && i < schema->columns_n; i++) {
        const struct column *column = &schema->columns[i];
        struct value value;

        if (typed_as_text(column->type.id))
            continue;
        if (!typed_value(column, object_row_find(row, str_of(column->name), i), arena, &value,
                         reterr))
            return false;
        if (shape->finite && !value.null && !is_finite(column->type.id, value))
            return err_set(reterr, ERR_DEAD_LETTER, "column %s: %s is not finite", column->name,
                           type_name(column->type.id));
    }
    return true;
}
