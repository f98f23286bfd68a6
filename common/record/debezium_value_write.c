#include "record/debezium_value.h"

#include "base/clock.h"
#include "record/avro_derive.h"
#include "record/base64.h"
#include "record/text.h"

/* One average month, 365.25 / 12 days, as Debezium reckons intervals. */
#define MONTH_US INT64_C(2629800000000)
#define DAY_US INT64_C(86400000000)

static bool bad(struct err *reterr, const char *type)
{
    return err_set(reterr, ERR_STOP, "the source sent a text that is no %s", type);
}

static void write_quoted(struct buf *out, struct str plain)
{
    buf_char(out, '"');
    buf_put(out, plain);
    buf_char(out, '"');
}

/* Text without a letter of JSON's own: digits as they are. */
static bool write_integer(struct buf *out, struct str text, struct err *reterr)
{
    size_t sign = text.len > 0 && *text.at == '-';

    for (size_t i = sign; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return bad(reterr, "integer");
    }
    if (text.len == sign)
        return bad(reterr, "integer");
    buf_put(out, text);
    return true;
}

/* Parses a date or time by the one parser of text forms; nothing of it needs the arena. */
static bool parse_time(enum type_id id, struct str text, int64_t *ret, struct err *reterr)
{
    struct type type = {id, -1};
    struct value value;

    if (!text_parse(type, text, NULL, &value, reterr))
        return bad(reterr, type_name(id));
    *ret = value.slot;
    return true;
}

static bool write_date(struct buf *out, struct str text, struct err *reterr)
{
    int64_t days = 0;

    if (!parse_time(TYPE_DATE, text, &days, reterr))
        return false;
    if (days == INT32_MAX)
        days = DEBEZIUM_DATE_INFINITY;
    else if (days == INT32_MIN)
        days = DEBEZIUM_DATE_MINUS_INFINITY;
    else
        days += PG_EPOCH_UNIX_DAYS;
    buf_i64(out, days);
    return true;
}

static bool write_time(struct buf *out, const struct debezium_column *column, struct str text,
                       enum debezium_time time, struct err *reterr)
{
    int64_t us = 0;

    if (!parse_time(TYPE_TIME, text, &us, reterr))
        return false;
    buf_i64(out, us / debezium_unit_us(time, true, column->typmod));
    return true;
}

/* Milliseconds are cut towards the past, microseconds beyond the year 294246 wrap: as Debezium. */
static bool write_timestamp(struct buf *out, const struct debezium_column *column, struct str text,
                            enum debezium_time time, struct err *reterr)
{
    bool ms = debezium_unit_us(time, false, column->typmod) == 1000;
    int64_t us = 0;

    if (!parse_time(TYPE_TIMESTAMP, text, &us, reterr))
        return false;
    if (us == INT64_MAX || us == INT64_MIN)
        us = !ms ? us : us == INT64_MAX ? DEBEZIUM_MS_INFINITY : DEBEZIUM_MS_MINUS_INFINITY;
    else if (ms)
        us = us / 1000 - (us % 1000 < 0) + PG_EPOCH_UNIX_US / 1000;
    else
        us = (int64_t)((uint64_t)us + (uint64_t)PG_EPOCH_UNIX_US);
    buf_i64(out, us);
    return true;
}

/* The number in `n` digits at least, and the byte `after` behind it. */
static void write_digits(struct buf *out, uint32_t number, int n, char after)
{
    char digits[12];
    int at = sizeof(digits);

    digits[--at] = after;
    for (; number > 0 || n > 0; number /= 10, n--)
        digits[--at] = (char)('0' + number % 10);
    buf_append(out, digits + at, sizeof(digits) - (size_t)at);
}

/* "+10000-01-01T" beyond four digits, "-0043-03-15T" for 44 BC: Java's ISO_OFFSET_DATE_TIME. */
static void write_iso_date(struct buf *out, int32_t days)
{
    int year, month, day;

    text_date(days, &year, &month, &day);
    if (year < 0 || year > 9999)
        buf_char(out, year < 0 ? '-' : '+');
    write_digits(out, (uint32_t)abs(year), 4, '-');
    write_digits(out, (uint32_t)month, 2, '-');
    write_digits(out, (uint32_t)day, 2, 'T');
}

/* "07:44:15.123456Z"; what stands behind `digits` digits of the fraction is cut off. */
static void write_iso_clock(struct buf *out, int64_t us, int digits)
{
    uint32_t second = (uint32_t)(us / 1000000), fraction = (uint32_t)(us % 1000000);

    write_digits(out, second / 3600, 2, ':');
    write_digits(out, second / 60 % 60, 2, ':');
    write_digits(out, second % 60, 2, digits == 0 ? 'Z' : '.');
    for (int cut = digits; cut < 6; cut++)
        fraction /= 10;
    if (digits > 0)
        write_digits(out, fraction, digits, 'Z');
}

static bool write_timestamptz(struct buf *out, const struct debezium_column *column,
                              struct str text, struct err *reterr)
{
    int64_t us = 0;

    if (!parse_time(TYPE_TIMESTAMPTZ, text, &us, reterr))
        return false;
    if (us == INT64_MAX || us == INT64_MIN) {
        buf_puts(out, us == INT64_MAX ? "\"infinity\"" : "\"-infinity\"");
        return true;
    }
    int64_t day = us / DAY_US - (us % DAY_US < 0);
    int digits = column->typmod >= 0 && column->typmod <= 6 ? column->typmod : 6;
    buf_char(out, '"');
    write_iso_date(out, (int32_t)day);
    write_iso_clock(out, us - day * DAY_US, digits);
    buf_char(out, '"');
    return true;
}

/* The signed offset "+05:30[:15]" in seconds. */
static bool parse_offset(struct str text, int *ret_s)
{
    int hours = 0, minutes = 0, seconds = 0;
    char copy[16];

    if (text.len < 3 || text.len >= sizeof(copy))
        return false;
    memcpy(copy, text.at, text.len);
    copy[text.len] = '\0';
    if (sscanf(copy + 1, "%2d:%2d:%2d", &hours, &minutes, &seconds) < 1)
        return false;
    *ret_s = (hours * 60 + minutes) * 60 + seconds;
    *ret_s = *copy == '-' ? -*ret_s : *ret_s;
    return true;
}

/* In UTC, the fraction without trailing zeros; 24:00:00 UTC stays. */
static bool write_timetz(struct buf *out, struct str text, struct err *reterr)
{
    size_t clock = 0;
    int64_t us = 0;
    int offset_s = 0;

    while (clock < text.len && text.at[clock] != '+' && text.at[clock] != '-')
        clock++;
    if (!parse_offset((struct str){text.at + clock, text.len - clock}, &offset_s))
        return bad(reterr, "time with time zone");
    if (!parse_time(TYPE_TIME, (struct str){text.at, clock}, &us, reterr))
        return false;
    if (offset_s != 0)
        us = ((us - offset_s * INT64_C(1000000)) % DAY_US + DAY_US) % DAY_US;
    buf_char(out, '"');
    int digits = us % 1000000 == 0 ? 0 : 6;
    for (int64_t rest = us % 1000000; digits > 0 && rest % 10 == 0; rest /= 10)
        digits--;
    write_iso_clock(out, us, digits);
    buf_char(out, '"');
    return true;
}

/* Java's saturation: what does not fit is the greatest long. */
static int64_t add_clamped(int64_t sum, int64_t number, int64_t unit_us)
{
    int64_t product;

    if (__builtin_mul_overflow(number, unit_us, &product) ||
        __builtin_add_overflow(sum, product, &sum))
        return INT64_MAX;
    return sum;
}

/* "-04:05:06.5" -> microseconds. */
static bool parse_interval_clock(const char *text, int64_t *ret_us)
{
    long long hours, minutes;
    char fraction[7] = "000000";
    int seconds, read = 0, digits = 0;
    bool negative = *text == '-';

    text += *text == '-' || *text == '+';
    if (sscanf(text, "%lld:%lld:%2d%n", &hours, &minutes, &seconds, &read) != 3 || hours < 0)
        return false;
    if (text[read] == '.') {
        for (text += read + 1; digits < 6 && *text >= '0' && *text <= '9'; text++)
            fraction[digits++] = *text;
    }
    int64_t us = add_clamped((minutes * 60 + seconds) * INT64_C(1000000) + atoi(fraction), hours,
                             INT64_C(3600000000));
    *ret_us = negative ? -us : us;
    return true;
}

/* IntervalStyle postgres: "1 year 2 mons -3 days 04:05:06.789012". */
static bool write_interval(struct buf *out, struct str text, struct err *reterr)
{
    char copy[128], *rest = NULL;
    int64_t us = 0, clock_us;

    if (text.len >= sizeof(copy))
        return bad(reterr, "interval");
    memcpy(copy, text.at, text.len);
    copy[text.len] = '\0';
    for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        if (strchr(word, ':') != NULL) {
            if (!parse_interval_clock(word, &clock_us))
                return bad(reterr, "interval");
            us = add_clamped(us, clock_us, 1);
            continue;
        }
        int64_t number = strtoll(word, NULL, 10);
        const char *unit = strtok_r(NULL, " ", &rest);
        if (unit == NULL || strchr("ymd", *unit) == NULL)
            return bad(reterr, "interval");
        us = add_clamped(us, number,
                         *unit == 'y'   ? 12 * MONTH_US
                         : *unit == 'm' ? MONTH_US
                                        : DAY_US);
    }
    buf_i64(out, us);
    return true;
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool write_bytea(struct buf *out, struct str text, struct err *reterr)
{
    struct buf bytes CLEANUP(buf) = {0};

    if (text.len % 2 != 0 || !str_starts(text, STR("\\x")))
        return bad(reterr, "bytea in hex");
    for (size_t i = 2; i < text.len; i += 2) {
        int high = nibble(text.at[i]), low = nibble(text.at[i + 1]);

        if (high < 0 || low < 0)
            return bad(reterr, "bytea in hex");
        buf_char(&bytes, (char)(high << 4 | low));
    }
    buf_char(out, '"');
    base64_write(out, buf_str(&bytes));
    buf_char(out, '"');
    return true;
}

/* bit(1) is a boolean; other bit strings are base64 of little-endian bytes without the high zero
 * bytes. */
static bool write_bits(struct buf *out, const struct debezium_column *column, struct str text)
{
    struct buf bytes CLEANUP(buf) = {0};

    if (column->typmod == 1) {
        buf_puts(out, str_eq(text, STR("1")) ? "true" : "false");
        return true;
    }
    for (size_t done = 0; done < text.len; done += 8) {
        unsigned byte = 0;

        for (size_t bit = 0; bit < 8 && done + bit < text.len; bit++)
            byte |= (unsigned)(text.at[text.len - 1 - done - bit] == '1') << bit;
        buf_char(&bytes, (char)byte);
    }
    while (bytes.len > 0 && bytes.at[bytes.len - 1] == 0)
        bytes.len--;
    buf_char(out, '"');
    base64_write(out, buf_str(&bytes));
    buf_char(out, '"');
    return true;
}

/* Without a precision, trailing zeros behind the point are dropped and the scale is told. */
static void write_precise(struct buf *out, int32_t typmod, struct str text)
{
    const char *point = memchr(text.at, '.', text.len);
    int precision, scale;

    if (type_numeric_typmod(typmod, &precision, &scale)) {
        if (scale < 0)
            text.len -= str_eq(text, STR("0")) ? 0 : (size_t)-scale;
        buf_char(out, '"');
        debezium_unscaled_write(out, text);
        buf_char(out, '"');
        return;
    }
    while (point != NULL && text.at[text.len - 1] == '0')
        text.len--;
    buf_puts(out, "{\"scale\":");
    buf_i64(out, point == NULL ? 0 : text.at + text.len - 1 - point);
    buf_puts(out, ",\"value\":\"");
    debezium_unscaled_write(out, text);
    buf_puts(out, "\"}");
}

/* NaN and the infinities have no precise form: null, as Debezium. */
static bool write_special_decimal(struct buf *out, struct str text, enum debezium_decimal mode)
{
    if (mode == DEBEZIUM_DECIMAL_PRECISE)
        buf_puts(out, "null");
    else if (mode == DEBEZIUM_DECIMAL_DOUBLE)
        write_quoted(out, text);
    else if (str_eq(text, STR("NaN")))
        buf_puts(out, "\"NAN\"");
    else
        buf_puts(out, *text.at == '-' ? "\"NEGATIVE_INFINITY\"" : "\"POSITIVE_INFINITY\"");
    return true;
}

static bool is_decimal(char c)
{
    return (c >= '0' && c <= '9') || c == '.' || c == '-';
}

static bool write_decimal(struct buf *out, const struct debezium_column *column, struct str text,
                          enum debezium_decimal mode, struct err *reterr)
{
    if (str_eq(text, STR("NaN")) || str_eq(text, STR("Infinity")) || str_eq(text, STR("-Infinity")))
        return write_special_decimal(out, text, mode);
    for (size_t i = 0; i < text.len; i++) {
        if (!is_decimal(text.at[i]))
            return bad(reterr, "numeric");
    }
    if (text.len == 0)
        return bad(reterr, "numeric");
    if (mode == DEBEZIUM_DECIMAL_DOUBLE)
        return debezium_real_write(out, text, false, reterr);
    if (mode == DEBEZIUM_DECIMAL_PRECISE)
        write_precise(out, column->typmod, text);
    else
        write_quoted(out, text);
    return true;
}

/* "-$1,234.56" as the decimal it stands for; the mark and the grouping are the locale's. */
static bool write_money(struct buf *out, struct str text, enum debezium_decimal mode,
                        struct err *reterr)
{
    struct debezium_column as_numeric = {.type_oid = OID_NUMERIC,
                                         .typmod = type_numeric_make_typmod(19, 2)};
    char plain[40];
    size_t n = 0;

    for (size_t i = 0; i < text.len && n < sizeof(plain); i++) {
        if (is_decimal(text.at[i]))
            plain[n++] = text.at[i];
    }
    return write_decimal(out, &as_numeric, (struct str){plain, n}, mode, reterr);
}

/* Types whose large values lie out of line and that have no text to hold the placeholder. */
static void write_unavailable(struct buf *out, uint32_t oid)
{
    buf_char(out, '"');
    if (oid == OID_BYTEA)
        base64_write(out, STR(DEBEZIUM_UNAVAILABLE));
    else
        buf_puts(out, DEBEZIUM_UNAVAILABLE);
    buf_char(out, '"');
}

static bool write_text(struct buf *out, const struct debezium_column *column, struct str text,
                       struct debezium_format format, struct err *reterr)
{
    switch (column->type_oid) {
    case OID_BOOL:
        buf_puts(out, str_eq(text, STR("t")) ? "true" : "false");
        return str_eq(text, STR("t")) || str_eq(text, STR("f")) || bad(reterr, "boolean");
    case OID_INT2:
    case OID_INT4:
    case OID_INT8:
    case OID_OID:
        return write_integer(out, text, reterr);
    case OID_FLOAT4:
    case OID_FLOAT8:
        return debezium_real_write(out, text, column->type_oid == OID_FLOAT4, reterr);
    case OID_NUMERIC:
        return write_decimal(out, column, text, format.decimal, reterr);
    case OID_MONEY:
        return write_money(out, text, format.decimal, reterr);
    case OID_DATE:
        return write_date(out, text, reterr);
    case OID_TIME:
        return write_time(out, column, text, format.time, reterr);
    case OID_TIMESTAMP:
        return write_timestamp(out, column, text, format.time, reterr);
    case OID_TIMESTAMPTZ:
        return write_timestamptz(out, column, text, reterr);
    case OID_TIMETZ:
        return write_timetz(out, text, reterr);
    case OID_INTERVAL:
        return write_interval(out, text, reterr);
    case OID_BYTEA:
        return write_bytea(out, text, reterr);
    case OID_BIT:
    case OID_VARBIT:
        return write_bits(out, column, text);
    default:
        debezium_string_write(out, text);
        return true;
    }
}

bool debezium_value_write(struct buf *out, const struct debezium_column *column,
                          const struct debezium_datum *datum, struct debezium_format format,
                          struct err *reterr)
{
    switch (datum->presence) {
    case DEBEZIUM_TEXT:
        return write_text(out, column, datum->text, format, reterr);
    case DEBEZIUM_UNCHANGED_TOAST:
        if (column->type_oid != OID_NUMERIC && column->type_oid != OID_VARBIT) {
            write_unavailable(out, column->type_oid);
            return true;
        }
        break;
    case DEBEZIUM_NULL:
    case DEBEZIUM_ABSENT:
        break;
    }
    buf_puts(out, "null");
    return true;
}
