#include "record/debezium_value.h"

#include "base/clock.h"
#include "record/array.h"
#include "record/base64.h"
#include "record/numeric.h"
#include "record/text.h"
#include <assert.h>

/* The ends of PostgreSQL's ranges: a date in days, a timestamp in microseconds, since 2000-01-01.
 */
#define DATE_MIN INT64_C(-2451545)
#define DATE_END INT64_C(2145031949)
#define TIMESTAMP_MIN INT64_C(-211813488000000000)
#define TIMESTAMP_END INT64_C(9223371331200000000)
#define DAY_US INT64_C(86400000000)

static bool wrong_kind(struct type type, const struct json_value *value, struct err *reterr)
{
    static const char *const kinds[] = {"null",     "false",     "true",    "a number",
                                        "a string", "an object", "an array"};

    return err_sql(reterr, ERR_DEAD_LETTER, "22P02", "%s can't be read as %s", kinds[value->kind],
                   type_name(type.id));
}

static bool out_of_range(struct type type, const char *sqlstate, struct err *reterr)
{
    return err_sql(reterr, ERR_DEAD_LETTER, sqlstate, "value out of range for type %s",
                   type_name(type.id));
}

/* Parses the text as PostgreSQL would and sets the column. */
static bool set_parsed(struct debezium_reader *reader, struct type type, uint16_t i,
                       struct str text, struct err *reterr)
{
    struct value value;

    if (!text_parse(type, text, reader->arena, &value, reterr))
        return false;
    row_set_value(reader->builder, i, type.id, value);
    return true;
}

/* Sets a time value; a declared precision rounds it (milliseconds are round already). */
static bool set_time(struct debezium_reader *reader, struct type type, uint16_t i, int64_t us,
                     struct err *reterr)
{
    struct value value = {.slot = us};
    bool round = type.typmod < 0 || type.typmod >= 6 || (type.typmod == 3 && us % 1000 == 0);

    if (!round && !text_apply_typmod(type, value, reader->arena, &value, reterr))
        return false;
    row_set_slot(reader->builder, i, value.slot);
    return true;
}

static bool set_date(struct debezium_reader *reader, struct type type, uint16_t i, int64_t days,
                     struct err *reterr)
{
    if (days == DEBEZIUM_DATE_INFINITY || days == DEBEZIUM_DATE_INFINITY_SNAPSHOT) {
        row_set_slot(reader->builder, i, INT32_MAX);
        return true;
    }
    if (days == DEBEZIUM_DATE_MINUS_INFINITY || days == DEBEZIUM_DATE_MINUS_INFINITY_SNAPSHOT) {
        row_set_slot(reader->builder, i, INT32_MIN);
        return true;
    }
    if (days < DATE_MIN + PG_EPOCH_UNIX_DAYS || days >= DATE_END + PG_EPOCH_UNIX_DAYS)
        return out_of_range(type, "22008", reterr);
    row_set_slot(reader->builder, i, days - PG_EPOCH_UNIX_DAYS);
    return true;
}

static bool set_clock(struct debezium_reader *reader, struct type type, uint16_t i, int64_t number,
                      struct err *reterr)
{
    int64_t unit_us = debezium_unit_us(reader->format.time, true, type.typmod);

    if (number < 0 || number > DAY_US / unit_us)
        return out_of_range(type, "22008", reterr);
    return set_time(reader, type, i, number * unit_us, reterr);
}

/* Microseconds since 1970 wrap beyond the year 294246, in Debezium and back here alike. */
static bool set_timestamp(struct debezium_reader *reader, struct type type, uint16_t i,
                          int64_t number, struct err *reterr)
{
    bool ms = debezium_unit_us(reader->format.time, false, type.typmod) == 1000;
    int64_t us = number, infinity = ms ? DEBEZIUM_MS_INFINITY : INT64_MAX;

    if (number == infinity || number == (ms ? DEBEZIUM_MS_MINUS_INFINITY : INT64_MIN)) {
        row_set_slot(reader->builder, i, number == infinity ? INT64_MAX : INT64_MIN);
        return true;
    }
    if (ms && (__builtin_sub_overflow(number, PG_EPOCH_UNIX_US / 1000, &us) ||
               __builtin_mul_overflow(us, 1000, &us)))
        return out_of_range(type, "22008", reterr);
    if (!ms)
        us = (int64_t)((uint64_t)number - (uint64_t)PG_EPOCH_UNIX_US);
    if (us < TIMESTAMP_MIN || us >= TIMESTAMP_END)
        return out_of_range(type, "22008", reterr);
    return set_time(reader, type, i, us, reterr);
}

/* Sets a column whose values Debezium writes as integers. */
static bool set_integer(struct debezium_reader *reader, struct type type, uint16_t i,
                        int64_t number, struct err *reterr)
{
    switch (type.id) {
    case TYPE_INT2:
        if (number < INT16_MIN || number > INT16_MAX)
            return out_of_range(type, "22003", reterr);
        break;
    case TYPE_INT4:
        if (number < INT32_MIN || number > INT32_MAX)
            return out_of_range(type, "22003", reterr);
        break;
    case TYPE_DATE:
        return set_date(reader, type, i, number, reterr);
    case TYPE_TIME:
        return set_clock(reader, type, i, number, reterr);
    case TYPE_TIMESTAMP:
        return set_timestamp(reader, type, i, number, reterr);
    default:
        assert(type.id == TYPE_INT8);
    }
    row_set_slot(reader->builder, i, number);
    return true;
}

static bool is_integer(enum type_id id)
{
    return id == TYPE_INT2 || id == TYPE_INT4 || id == TYPE_INT8 || id == TYPE_DATE ||
           id == TYPE_TIME || id == TYPE_TIMESTAMP;
}

/* Takes a plain integer of at most 18 digits that ends the member; false leaves the cursor. */
static bool take_integer(struct json_cursor *cursor, int64_t *ret)
{
    const char *begin = cursor->at;
    bool negative = begin < cursor->end && *begin == '-';
    int64_t number = 0;

    begin += negative;
    const char *at = begin;
    const char *digits_end = cursor->end - begin > 18 ? begin + 18 : cursor->end;
    for (; at < digits_end && *at >= '0' && *at <= '9'; at++)
        number = number * 10 + (*at - '0');
    if (at == cursor->end || at == begin || (*begin == '0' && at - begin > 1) ||
        (*at != ',' && *at != '}'))
        return false;
    cursor->at = at;
    *ret = negative ? -number : number;
    return true;
}

/* A number of another form than take_integer's, or a string as the isostring mode has it. */
static bool read_integer(struct debezium_reader *reader, struct type type, uint16_t i,
                         const struct json_value *value, struct err *reterr)
{
    struct type int8 = {TYPE_INT8, -1};
    struct value number;
    struct str text;

    if (value->kind == JSON_STRING)
        return json_text(value, reader->arena, &text, reterr) &&
               set_parsed(reader, type, i, text, reterr);
    if (value->kind != JSON_NUMBER)
        return wrong_kind(type, value, reterr);
    if (!text_parse(int8, value->raw, reader->arena, &number, reterr))
        return false;
    return set_integer(reader, type, i, number.slot, reterr);
}

static bool read_bool(struct debezium_reader *reader, struct type type, uint16_t i,
                      const struct json_value *value, struct err *reterr)
{
    struct str text;

    if (value->kind == JSON_STRING)
        return json_text(value, reader->arena, &text, reterr) &&
               set_parsed(reader, type, i, text, reterr);
    if (value->kind != JSON_TRUE && value->kind != JSON_FALSE)
        return wrong_kind(type, value, reterr);
    row_set_slot(reader->builder, i, value->kind == JSON_TRUE);
    return true;
}

/* The string's text, or the lexeme of a number or boolean; json takes any value's text. */
static bool lexeme(struct debezium_reader *reader, struct type type, const struct json_value *value,
                   struct str *ret, struct err *reterr)
{
    bool json = type.id == TYPE_JSON || type.id == TYPE_JSONB;

    if (value->kind == JSON_STRING)
        return json_text(value, reader->arena, ret, reterr);
    if (!json && (value->kind == JSON_OBJECT || value->kind == JSON_ARRAY))
        return wrong_kind(type, value, reterr);
    *ret = value->raw;
    return true;
}

static bool unavailable(struct err *reterr)
{
    return err_set(reterr, ERR_DEAD_LETTER,
                   "the source did not send this unchanged TOASTed value (REPLICA IDENTITY FULL "
                   "makes it)");
}

static bool read_text(struct debezium_reader *reader, struct type type, uint16_t i,
                      const struct json_value *value, struct err *reterr)
{
    struct str text = {0};

    if (!lexeme(reader, type, value, &text, reterr))
        return false;
    if (str_eq(text, STR(DEBEZIUM_UNAVAILABLE)))
        return unavailable(reterr);
    bool fits = type.typmod < 0 || text.len <= (size_t)(type.typmod - 4);
    if (type.id != TYPE_TEXT && !(type.id == TYPE_VARCHAR && fits))
        return set_parsed(reader, type, i, text, reterr);
    row_set_bytes(reader->builder, i, text);
    return true;
}

static bool read_bytea(struct debezium_reader *reader, struct type type, uint16_t i,
                       const struct json_value *value, struct err *reterr)
{
    struct str text, bytes;

    if (value->kind != JSON_STRING)
        return wrong_kind(type, value, reterr);
    if (!json_text(value, reader->arena, &text, reterr))
        return false;
    if (!base64_read(text, reader->arena, &bytes))
        return err_sql(reterr, ERR_DEAD_LETTER, "22P02", "not base64");
    if (str_eq(bytes, STR(DEBEZIUM_UNAVAILABLE)))
        return unavailable(reterr);
    row_set_bytes(reader->builder, i, bytes);
    return true;
}

/* Base64 of the unscaled number, as decimal.handling.mode=precise writes it. */
static bool set_unscaled(struct debezium_reader *reader, struct type type, uint16_t i,
                         struct str text, int64_t scale, struct err *reterr)
{
    struct str bytes, decimal;

    if (!base64_read(text, reader->arena, &bytes))
        return err_sql(reterr, ERR_DEAD_LETTER, "22P02", "not base64 of a decimal");
    return debezium_unscaled_read(bytes, scale, reader->arena, &decimal, reterr) &&
           set_parsed(reader, type, i, decimal, reterr);
}

/* {"scale":2,"value":"BM4="}, what precise mode writes for a numeric without precision. */
static bool read_variable_scale(struct debezium_reader *reader, struct type type, uint16_t i,
                                struct str object, struct err *reterr)
{
    struct json_cursor cursor = json_open(object);
    struct json_value value, scale = {0}, unscaled = {0};
    struct str name, text;
    struct value number;
    bool first = true, more;

    if (!json_object_begin(&cursor, reterr))
        return false;
    for (;;) {
        if (!json_object_next(&cursor, reader->arena, &first, &more, &name, reterr))
            return false;
        if (!more)
            break;
        if (!json_read(&cursor, &value, reterr))
            return false;
        if (str_eq(name, STR("scale")))
            scale = value;
        else if (str_eq(name, STR("value")))
            unscaled = value;
    }
    if (scale.kind != JSON_NUMBER || unscaled.kind != JSON_STRING)
        return err_sql(reterr, ERR_DEAD_LETTER, "22P02", "an object without scale and value");
    return text_parse((struct type){TYPE_INT4, -1}, scale.raw, reader->arena, &number, reterr) &&
           json_text(&unscaled, reader->arena, &text, reterr) &&
           set_unscaled(reader, type, i, text, number.slot, reterr);
}

static bool read_numeric(struct debezium_reader *reader, struct type type, uint16_t i,
                         const struct json_value *value, struct err *reterr)
{
    int precision, scale;
    struct str text;

    if (value->kind == JSON_OBJECT)
        return read_variable_scale(reader, type, i, value->raw, reterr);
    if (value->kind == JSON_NUMBER)
        return set_parsed(reader, type, i, value->raw, reterr);
    if (value->kind != JSON_STRING)
        return wrong_kind(type, value, reterr);
    if (!json_text(value, reader->arena, &text, reterr))
        return false;
    if (reader->format.decimal == DEBEZIUM_DECIMAL_PRECISE &&
        type_numeric_typmod(type.typmod, &precision, &scale))
        return set_unscaled(reader, type, i, text, scale, reterr);
    if (str_eq(text, STR("POSITIVE_INFINITY")))
        text = STR("Infinity");
    else if (str_eq(text, STR("NEGATIVE_INFINITY")))
        text = STR("-Infinity");
    return set_parsed(reader, type, i, text, reterr);
}

static bool read_real(struct debezium_reader *reader, struct type type, uint16_t i,
                      const struct json_value *value, struct err *reterr)
{
    struct str text = value->raw;

    if (value->kind == JSON_STRING && !json_text(value, reader->arena, &text, reterr))
        return false;
    if (value->kind != JSON_STRING && value->kind != JSON_NUMBER)
        return wrong_kind(type, value, reterr);
    return set_parsed(reader, type, i, text, reterr);
}

/* Takes exactly `n` digits and, when it is not 0, the byte `after` behind them. */
static bool take_digits(struct str *text, size_t n, char after, int *ret)
{
    size_t len = n + (after != '\0');
    int number = 0;

    if (text->len < len || (after != '\0' && text->at[n] != after))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (text->at[i] < '0' || text->at[i] > '9')
            return false;
        number = number * 10 + (text->at[i] - '0');
    }
    *text = (struct str){text->at + len, text->len - len};
    *ret = number;
    return true;
}

/* Takes the rest: "Z" or ".123456Z" with up to six digits. */
static bool take_fraction(struct str text, int64_t *ret_us)
{
    int64_t us = 0;

    if (str_eq(text, STR("Z"))) {
        *ret_us = 0;
        return true;
    }
    if (text.len < 3 || text.len > 8 || text.at[0] != '.' || text.at[text.len - 1] != 'Z')
        return false;
    for (size_t i = 1; i <= 6; i++) {
        char c = i < text.len - 1 ? text.at[i] : '0';

        if (c < '0' || c > '9')
            return false;
        us = us * 10 + (c - '0');
    }
    *ret_us = us;
    return true;
}

/* "-0043-" (44 BC), "2026-", "+10000-": the year as astronomers count. */
static bool take_year(struct str *text, int *ret)
{
    bool sign = text->len > 0 && (*text->at == '-' || *text->at == '+');
    bool negative = sign && *text->at == '-';
    size_t n = 0;

    if (sign)
        *text = (struct str){text->at + 1, text->len - 1};
    while (n < text->len && n < 7 && text->at[n] >= '0' && text->at[n] <= '9')
        n++;
    if (n < 4 || n > 6 || !take_digits(text, n, '-', ret))
        return false;
    *ret = negative ? -*ret : *ret;
    return true;
}

static int month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return days[month - 1] + (month == 2 && leap);
}

/* Parses Java's ISO form in UTC ("2026-02-28T11:14:15.123456Z"); false when it has another form. */
static bool parse_instant(struct str text, int64_t *ret_us)
{
    int year, month, day, hour, minute, second;
    int64_t us;

    if (!take_year(&text, &year) || !take_digits(&text, 2, '-', &month) ||
        !take_digits(&text, 2, 'T', &day) || !take_digits(&text, 2, ':', &hour) ||
        !take_digits(&text, 2, ':', &minute) || !take_digits(&text, 2, '\0', &second) ||
        !take_fraction(text, &us))
        return false;
    if (year < -4712 || year > 294276 || month < 1 || month > 12 || day < 1 ||
        day > month_days(year, month) || hour > 23 || minute > 59 || second > 59)
        return false;
    *ret_us = text_days(year, month, day) * DAY_US +
              ((hour * 60 + minute) * 60 + second) * INT64_C(1000000) + us;
    return true;
}

static bool read_timestamptz(struct debezium_reader *reader, struct type type, uint16_t i,
                             const struct json_value *value, struct err *reterr)
{
    struct str text;
    int64_t us;

    if (value->kind != JSON_STRING)
        return wrong_kind(type, value, reterr);
    if (!json_text(value, reader->arena, &text, reterr))
        return false;
    if (!parse_instant(text, &us))
        return set_parsed(reader, type, i, text, reterr);
    return set_time(reader, type, i, us, reterr);
}

static bool read_array(struct debezium_reader *reader, struct type type, uint16_t i,
                       const struct json_value *value, struct err *reterr);

static bool read_interval(struct debezium_reader *reader, struct type type, uint16_t i,
                          const struct json_value *value, struct err *reterr)
{
    if (value->kind == JSON_NUMBER)
        return err_sql(reterr, ERR_DEAD_LETTER, "22P02",
                       "an interval as a number has lost its months and days; set "
                       "interval.handling.mode=string at the source");
    return read_text(reader, type, i, value, reterr);
}

static bool read_value(struct debezium_reader *reader, struct type type, uint16_t i,
                       const struct json_value *value, struct err *reterr)
{
    if (type_is_array(type.id))
        return read_array(reader, type, i, value, reterr);
    switch (type.id) {
    case TYPE_INTERVAL:
        return read_interval(reader, type, i, value, reterr);
    case TYPE_BOOL:
        return read_bool(reader, type, i, value, reterr);
    case TYPE_INT2:
    case TYPE_INT4:
    case TYPE_INT8:
    case TYPE_DATE:
    case TYPE_TIME:
    case TYPE_TIMESTAMP:
        return read_integer(reader, type, i, value, reterr);
    case TYPE_FLOAT4:
    case TYPE_FLOAT8:
        return read_real(reader, type, i, value, reterr);
    case TYPE_NUMERIC:
        return read_numeric(reader, type, i, value, reterr);
    case TYPE_TIMESTAMPTZ:
        return read_timestamptz(reader, type, i, value, reterr);
    case TYPE_BYTEA:
        return read_bytea(reader, type, i, value, reterr);
    case TYPE_TEXT:
    case TYPE_VARCHAR:
    case TYPE_BPCHAR:
    case TYPE_UUID:
    case TYPE_JSON:
    case TYPE_JSONB:
    case TYPE_UNKNOWN:
    default:
        break;
    }
    return read_text(reader, type, i, value, reterr);
}

/* Reads an element as a column of a row of its own. */
static bool read_element(struct debezium_reader *reader, struct row_builder *builder,
                         struct type type, const struct json_value *value,
                         struct array_maker *maker, struct err *reterr)
{
    struct debezium_reader inner = {
        .arena = reader->arena, .builder = builder, .format = reader->format};

    row_begin(builder, 1);
    inner.cursor = json_open(value->raw);
    if (value->kind == JSON_NULL) {
        array_add(maker, (struct value){.null = true});
        return true;
    }
    if (!read_value(&inner, type, 0, value, reterr))
        return false;
    array_add(maker, row_value(row_finish(builder, reader->arena), 0, type.id));
    return true;
}

/* A JSON array of elements, or PostgreSQL's text of the array in a string. */
static bool read_array(struct debezium_reader *reader, struct type type, uint16_t i,
                       const struct json_value *value, struct err *reterr)
{
    struct type element = {type_element(type.id), type.typmod, type.labels};
    struct json_cursor in;
    CLEANUP(array_maker) struct array_maker maker = {0};
    CLEANUP(row_builder) struct row_builder builder = {0};
    struct json_value item;

    if (value->kind == JSON_STRING)
        return read_text(reader, type, i, value, reterr);
    if (value->kind != JSON_ARRAY)
        return wrong_kind(type, value, reterr);
    array_begin(&maker, element.id, 1);
    in = json_array_open(value->raw);
    while (json_array_more(&in)) {
        if (!json_read(&in, &item, reterr) ||
            !read_element(reader, &builder, element, &item, &maker, reterr))
            return false;
    }
    row_set_bytes(reader->builder, i, array_finish(&maker, reader->arena));
    return true;
}

bool debezium_value_read(struct debezium_reader *reader, struct type type, uint16_t i,
                         struct err *reterr)
{
    struct json_value value;
    int64_t number;

    if (is_integer(type.id) && take_integer(&reader->cursor, &number))
        return set_integer(reader, type, i, number, reterr);
    if (!json_read(&reader->cursor, &value, reterr))
        return false;
    if (value.kind == JSON_NULL)
        return true;
    return read_value(reader, type, i, &value, reterr);
}
