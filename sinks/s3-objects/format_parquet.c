/*
 * parquet: the declared columns, typed, each one optional. A numeric with a precision of at most 38
 * digits is a DECIMAL, any other a text, which keeps every digit; or all of them are DOUBLE
 * (shape.h).
 */
#include "format.h"

#include "parquet.h"
#include "record/chars.h"
#include "record/numeric.h"
#include "typed.h"
#include <assert.h>

enum {
    DIGITS_INT32 = 9,
    DIGITS_INT64 = 18,
    DIGITS_MAX = 38,
    DECIMAL_BYTES = 16,
    DAYS_1970 = 10957 /* from there to 2000-01-01 */
};
#define US_1970 (DAYS_1970 * INT64_C(86400000000))

struct state {
    struct parquet *parquet;
    struct arena *arena;
    struct buf text;
    struct parquet_column *columns;
};

/* Bytes of the shortest two's complement that holds so many digits. */
static int decimal_length(int digits)
{
    return digits <= DIGITS_INT64 ? 8 : (digits * 3322 / 1000 + 2 + 7) / 8;
}

static struct parquet_column numeric_column(struct type type, const struct parquet_style *style)
{
    int precision = 0, scale = 0;
    bool fits = type_numeric_typmod(type.typmod, &precision, &scale) && precision <= DIGITS_MAX &&
                scale >= 0 && scale <= precision;

    if (style->doubles)
        return (struct parquet_column){.type = PARQUET_DOUBLE};
    if (!fits)
        return (struct parquet_column){.type = PARQUET_BYTES, .meaning = PARQUET_TEXT};
    return (struct parquet_column){.type = precision <= DIGITS_INT32   ? PARQUET_INT32
                                           : precision <= DIGITS_INT64 ? PARQUET_INT64
                                                                       : PARQUET_FIXED,
                                   .meaning = PARQUET_DECIMAL,
                                   .length = decimal_length(precision),
                                   .precision = precision,
                                   .scale = scale};
}

static struct parquet_column map_column(const struct column *column,
                                        const struct parquet_style *style)
{
    static const struct parquet_column known[] = {
        [TYPE_BOOL] = {.type = PARQUET_BOOLEAN},
        [TYPE_INT2] = {.type = PARQUET_INT32, .meaning = PARQUET_INT16},
        [TYPE_INT4] = {.type = PARQUET_INT32},
        [TYPE_INT8] = {.type = PARQUET_INT64},
        [TYPE_FLOAT4] = {.type = PARQUET_FLOAT},
        [TYPE_FLOAT8] = {.type = PARQUET_DOUBLE},
        [TYPE_BYTEA] = {.type = PARQUET_BYTES},
        [TYPE_DATE] = {.type = PARQUET_INT32, .meaning = PARQUET_DATE},
        [TYPE_TIME] = {.type = PARQUET_INT64, .meaning = PARQUET_TIME},
        [TYPE_TIMESTAMP] = {.type = PARQUET_INT64, .meaning = PARQUET_TIMESTAMP},
        [TYPE_TIMESTAMPTZ] = {.type = PARQUET_INT64, .meaning = PARQUET_TIMESTAMP_UTC}};
    enum type_id id = column->type.id;
    struct parquet_column mapped = {.type = PARQUET_BYTES, .meaning = PARQUET_TEXT};

    if (id == TYPE_JSON || id == TYPE_JSONB)
        mapped.meaning = PARQUET_JSON;
    else if (id == TYPE_NUMERIC)
        mapped = numeric_column(column->type, style);
    else if (!typed_as_text(id))
        mapped = known[id];
    mapped.name = str_of(column->name);
    return mapped;
}

static void parquet_begin(struct object_writer *writer)
{
    const struct schema *schema = writer->shape->schema;
    size_t n = schema->columns_n;
    struct state *state = err_calloc(1, sizeof(*state));

    state->arena = arena_new(0);
    state->columns = err_calloc(n + 2, sizeof(*state->columns));
    for (size_t i = 0; i < n; i++)
        state->columns[i] = map_column(&schema->columns[i], &writer->shape->parquet);
    if (writer->shape->envelope) {
        state->columns[n++] = (struct parquet_column){
            .name = STR("__op"), .type = PARQUET_BYTES, .meaning = PARQUET_TEXT};
        state->columns[n++] =
            (struct parquet_column){.name = STR("__offset"), .type = PARQUET_INT64};
    }
    state->parquet = parquet_new(state->columns, n, writer->shape->parquet.codec,
                                 writer->shape->parquet.row_group_bytes, writer->out);
    writer->state = state;
}

/* The number that the digits of a printed decimal make without their point, in big-endian two's
 * complement. */
static void decimal_bytes(struct str text, unsigned char *into)
{
    bool negative = text.len > 0 && text.at[0] == '-';

    memset(into, 0, DECIMAL_BYTES);
    for (size_t i = 0; i < text.len; i++) {
        unsigned carry = (unsigned)(text.at[i] - '0');

        if (text.at[i] < '0' || text.at[i] > '9')
            continue;
        for (int at = DECIMAL_BYTES; at-- > 0; carry >>= 8) {
            carry += into[at] * 10U;
            into[at] = (unsigned char)carry;
        }
    }
    for (int at = DECIMAL_BYTES, carry = 1; negative && at-- > 0; carry >>= 8) {
        carry += (unsigned char)~into[at];
        into[at] = (unsigned char)carry;
    }
}

/* A plain number that has the column's scale already: its digits, without the general way. */
static bool quick_decimal(const struct parquet_column *column, const struct json_value *json,
                          int64_t *ret)
{
    struct str lexeme = json->raw;
    size_t first = lexeme.at[0] == '-' ? 1 : 0;
    int behind = -1;
    int64_t number = 0;

    if (json->kind != JSON_NUMBER || lexeme.len - first > DIGITS_INT64)
        return false;
    for (size_t i = first; i < lexeme.len; i++) {
        if (lexeme.at[i] == '.') {
            behind = 0;
            continue;
        }
        if (lexeme.at[i] < '0' || lexeme.at[i] > '9')
            return false;
        number = number * 10 + (lexeme.at[i] - '0');
        behind += behind >= 0 ? 1 : 0;
    }
    *ret = first == 1 ? -number : number;
    return (behind < 0 ? 0 : behind) == column->scale;
}

static void put_decimal(struct state *state, size_t i, const struct column *declared,
                        const struct object_member *member)
{
    const struct parquet_column *column = &state->columns[i];
    unsigned char bytes[DECIMAL_BYTES];
    struct value value = {.null = true};
    int64_t number = 0;
    struct err ignored;

    if (column->type == PARQUET_FIXED || !quick_decimal(column, &member->value, &number)) {
        bool read = typed_value(declared, member, state->arena, &value, &ignored);

        assert(read);
        if (!read)
            return;
        buf_clear(&state->text);
        numeric_print(&state->text, value.bytes);
        decimal_bytes(buf_str(&state->text), bytes);
        number = (int64_t)be_get(bytes + 8, 8);
    }
    if (column->type == PARQUET_INT32)
        parquet_i32(state->parquet, i, (int32_t)number);
    else if (column->type == PARQUET_INT64)
        parquet_i64(state->parquet, i, number);
    else
        parquet_bytes(
            state->parquet, i,
            (struct str){(char *)bytes + DECIMAL_BYTES - column->length, (size_t)column->length});
}

static void put_typed(struct state *state, size_t i, const struct column *declared,
                      const struct object_member *member)
{
    struct parquet *parquet = state->parquet;
    struct value value = {.null = true};
    struct err ignored;
    /* typed_row_check has taken this row */
    bool read = typed_value(declared, member, state->arena, &value, &ignored);

    assert(read);
    if (!read)
        return;
    switch (declared->type.id) {
    case TYPE_BOOL:
        parquet_bool(parquet, i, value.slot != 0);
        return;
    case TYPE_FLOAT4:
        parquet_float(parquet, i, (float)value.real);
        return;
    case TYPE_FLOAT8:
        parquet_double(parquet, i, value.real);
        return;
    case TYPE_NUMERIC:
        parquet_double(parquet, i, numeric_to_f64(value.bytes));
        return;
    case TYPE_BYTEA:
        parquet_bytes(parquet, i, value.bytes);
        return;
    case TYPE_DATE:
        parquet_i32(parquet, i, (int32_t)(value.slot + DAYS_1970));
        return;
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMPTZ:
        parquet_i64(parquet, i, value.slot + US_1970);
        return;
    default:
        break;
    }
    if (state->columns[i].type == PARQUET_INT32)
        parquet_i32(parquet, i, (int32_t)value.slot);
    else
        parquet_i64(parquet, i, value.slot);
}

static void put_value(struct object_writer *writer, size_t i, const struct column *declared,
                      const struct object_member *member)
{
    struct state *state = writer->state;
    const struct parquet_column *column = &state->columns[i];

    if (member == NULL || member->value.kind == JSON_NULL) {
        parquet_null(state->parquet, i);
    } else if (column->meaning == PARQUET_DECIMAL) {
        put_decimal(state, i, declared, member);
    } else if (column->meaning != PARQUET_TEXT && column->meaning != PARQUET_JSON) {
        put_typed(state, i, declared, member);
    } else if (member->value.kind == JSON_STRING && column->meaning == PARQUET_JSON) {
        buf_clear(&state->text); /* a string is JSON with its quotes */
        buf_printf(&state->text, "\"%.*s\"", STR_ARG(member->value.raw));
        parquet_bytes(state->parquet, i, buf_str(&state->text));
    } else {
        buf_clear(&state->text);
        writer->replaced += chars_text(&state->text, &member->value);
        parquet_bytes(state->parquet, i, buf_str(&state->text));
    }
}

static void parquet_row(struct object_writer *writer, const struct object_row *row)
{
    const struct schema *schema = writer->shape->schema;
    struct state *state = writer->state;
    size_t n = schema->columns_n;

    arena_reset(state->arena);
    for (size_t i = 0; i < n; i++)
        put_value(writer, i, &schema->columns[i],
                  object_row_find(row, str_of(schema->columns[i].name), i));
    if (writer->shape->envelope) {
        parquet_bytes(state->parquet, n, row->deleted ? STR("d") : STR("u"));
        parquet_i64(state->parquet, n + 1, row->offset);
    }
    parquet_row_end(state->parquet);
}

static void parquet_end(struct object_writer *writer)
{
    struct state *state = writer->state;

    parquet_finish(state->parquet);
}

static void parquet_drop(struct object_writer *writer)
{
    struct state *state = writer->state;

    parquet_free(state->parquet);
    arena_free(state->arena);
    buf_done(&state->text);
    free(state->columns);
    free(state);
}

const struct object_format format_parquet = {.name = "parquet",
                                             .extension = "parquet",
                                             .content_type = "application/vnd.apache.parquet",
                                             .version = 1,
                                             .needs_columns = true,
                                             .needs_types = true,
                                             .binary = true,
                                             .begin = parquet_begin,
                                             .row = parquet_row,
                                             .end = parquet_end,
                                             .drop = parquet_drop};
