/* Numerics from and to text, integers and doubles. */
#include "record/numeric.h"

#include "record/numeric_digits.h"

#include <assert.h>
#include <ctype.h>
#include <float.h>
#include <limits.h>
#include <math.h>
#include <strings.h>

/* PostgreSQL's bound of an exponent as written. */
enum { EXPONENT_MAX = INT_MAX / 2 };

static struct str special(struct arena *arena, enum numeric_form form)
{
    char *at = arena_alloc(arena, 1);

    *at = (char)form;
    return (struct str){at, 1};
}

/* [sign] digits [. digits] with no more than 18 digits: what nearly all numbers look like. */
static bool parse_small(struct str text, struct arena *arena, struct str *ret)
{
    const char *at = text.at, *end = text.at + text.len, *point = NULL;
    bool negative = false;
    int64_t number = 0;

    if (text.len == 0 || text.len > NUMERIC_SMALL_SCALE_MAX)
        return false;
    if (*at == '-' || *at == '+')
        negative = *at++ == '-';
    if (at == end || (*at == '.' && end - at == 1))
        return false;
    for (; at < end; at++) {
        unsigned digit = (unsigned)(unsigned char)*at - '0';

        if (digit <= 9)
            number = number * 10 + digit;
        else if (*at == '.' && point == NULL)
            point = at;
        else
            return false;
    }
    *ret = digits_pack_i128(arena, negative ? -number : number,
                            point == NULL ? 0 : (int)(end - point - 1));
    return true;
}

/* What a number's text consists of. */
struct lexeme {
    struct str digits; /* with at most one point inside */
    int64_t whole_n, fraction_n, exponent;
    bool negative;
};

static bool bad_syntax(struct str text, struct err *reterr)
{
    return err_sql(reterr, ERR_DEAD_LETTER, "22P02",
                   "invalid input syntax for type numeric: \"%.*s\"", STR_ARG(text));
}

static bool overflows(struct err *reterr)
{
    return err_sql(reterr, ERR_DEAD_LETTER, "22003", "value overflows numeric format");
}

static const char *skip_digits(const char *at, const char *end, int64_t *ret_n)
{
    const char *start = at;

    while (at < end && *at >= '0' && *at <= '9')
        at++;
    *ret_n = at - start;
    return at;
}

/* Reads "e[sign]digits"; NULL when it is none. A huge exponent comes out as EXPONENT_MAX. */
static const char *read_exponent(const char *at, const char *end, int64_t *ret)
{
    int64_t n, exponent = 0;

    at++;
    while (at < end && isspace((unsigned char)*at)) /* PostgreSQL lets blanks pass here */
        at++;
    bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    const char *digits = at;
    at = skip_digits(at, end, &n);
    if (n == 0)
        return NULL;
    for (; digits < at; digits++)
        exponent = exponent >= EXPONENT_MAX ? EXPONENT_MAX : exponent * 10 + (*digits - '0');
    *ret = negative ? -exponent : exponent;
    return at;
}

static struct str trimmed(struct str text)
{
    while (text.len > 0 && isspace((unsigned char)text.at[0]))
        text = (struct str){text.at + 1, text.len - 1};
    while (text.len > 0 && isspace((unsigned char)text.at[text.len - 1]))
        text.len--;
    return text;
}

static bool read_lexeme(struct str text, struct lexeme *ret)
{
    struct lexeme lexeme = {0};
    const char *at = text.at, *end = text.at + text.len;

    if (at < end && (*at == '-' || *at == '+'))
        lexeme.negative = *at++ == '-';
    const char *digits = at;
    at = skip_digits(at, end, &lexeme.whole_n);
    if (at < end && *at == '.')
        at = skip_digits(at + 1, end, &lexeme.fraction_n);
    if (lexeme.whole_n + lexeme.fraction_n == 0)
        return false;
    lexeme.digits = str_between(digits, at);
    if (at < end && (*at == 'e' || *at == 'E'))
        at = read_exponent(at, end, &lexeme.exponent);
    *ret = lexeme;
    return at == end;
}

/* floor(number / 4) */
static int64_t floor4(int64_t number)
{
    return number >= 0 ? number / 4 : -((3 - number) / 4);
}

static bool parse_lexeme(struct lexeme lexeme, struct arena *arena, struct str *ret,
                         struct err *reterr)
{
    int64_t places = lexeme.fraction_n - lexeme.exponent;
    int64_t top = lexeme.whole_n - 1 + lexeme.exponent; /* the first digit is worth 10^top */
    int64_t weight = floor4(top);
    int64_t place = (weight + 1) * NUMERIC_BASE_DIGITS - 1 - top;
    int64_t n = (place + lexeme.whole_n + lexeme.fraction_n + 3) / NUMERIC_BASE_DIGITS;

    if (lexeme.exponent >= EXPONENT_MAX || lexeme.exponent <= -EXPONENT_MAX ||
        places > NUMERIC_SCALE_MAX)
        return overflows(reterr);
    struct digits_work work = digits_new(arena, (int)n, (int)weight);
    static const uint16_t worth[NUMERIC_BASE_DIGITS] = {1000, 100, 10, 1};
    for (size_t i = 0; i < lexeme.digits.len; i++) {
        unsigned digit = (unsigned)(unsigned char)lexeme.digits.at[i] - '0';

        if (lexeme.digits.at[i] == '.')
            continue;
        uint16_t *at = &work.digits[place / NUMERIC_BASE_DIGITS];
        *at = (uint16_t)(*at + digit * worth[place % NUMERIC_BASE_DIGITS]);
        place++;
    }
    struct str packed = digits_pack(arena, work, lexeme.negative, places > 0 ? (int)places : 0);
    if (packed.len == 0)
        return overflows(reterr);
    *ret = packed;
    return true;
}

static bool same_word(struct str text, const char *word)
{
    return text.len == strlen(word) && strncasecmp(text.at, word, text.len) == 0;
}

static bool parse_special(struct str text, struct arena *arena, struct str *ret)
{
    bool negative = text.len > 0 && text.at[0] == '-';

    if (same_word(text, "nan")) {
        *ret = special(arena, NUMERIC_NAN);
        return true;
    }
    if (text.len > 0 && (text.at[0] == '-' || text.at[0] == '+'))
        text = (struct str){text.at + 1, text.len - 1};
    if (!same_word(text, "infinity") && !same_word(text, "inf"))
        return false;
    *ret = special(arena, negative ? NUMERIC_MINUS_INFINITY : NUMERIC_PLUS_INFINITY);
    return true;
}

bool numeric_parse(struct str text, struct arena *arena, struct str *ret, struct err *reterr)
{
    struct lexeme lexeme;

    if (parse_small(text, arena, ret))
        return true;
    struct str bare = trimmed(text);
    if (parse_special(bare, arena, ret))
        return true;
    if (!read_lexeme(bare, &lexeme))
        return bad_syntax(text, reterr);
    return parse_lexeme(lexeme, arena, ret, reterr);
}

static void print_small(struct buf *out, struct str packed)
{
    char text[24];
    size_t at = sizeof(text);
    int scale = numeric_small_scale(packed);
    int64_t number;

    memcpy(&number, packed.at + 2, sizeof(number));
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    for (int i = 0; i < scale; i++, rest /= 10)
        text[--at] = (char)('0' + rest % 10);
    if (scale > 0)
        text[--at] = '.';
    do {
        text[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (number < 0)
        text[--at] = '-';
    buf_append(out, text + at, sizeof(text) - at);
}

/* One base-10000 digit as four characters. */
static void spell(char text[4], unsigned digit)
{
    text[0] = (char)('0' + digit / 1000);
    text[1] = (char)('0' + digit / 100 % 10);
    text[2] = (char)('0' + digit / 10 % 10);
    text[3] = (char)('0' + digit % 10);
}

static void print_large(struct buf *out, struct str packed)
{
    struct digits_view view;
    char text[NUMERIC_BASE_DIGITS];

    digits_open(&view, packed);
    if (view.negative)
        buf_char(out, '-');
    if (view.n == 0 || view.weight < 0)
        buf_char(out, '0');
    else
        buf_u64(out, digits_get(&view, 0));
    for (int weight = view.weight - 1; weight >= 0; weight--) {
        spell(text, digits_at(&view, weight));
        buf_append(out, text, sizeof(text));
    }
    if (view.scale > 0)
        buf_char(out, '.');
    for (int left = view.scale, weight = -1; left > 0; left -= NUMERIC_BASE_DIGITS, weight--) {
        spell(text, digits_at(&view, weight));
        buf_append(out, text, left < NUMERIC_BASE_DIGITS ? (size_t)left : sizeof(text));
    }
}

void numeric_print(struct buf *out, struct str packed)
{
    assert(packed.len > 0);
    switch ((enum numeric_form)packed.at[0]) {
    case NUMERIC_SMALL:
        print_small(out, packed);
        return;
    case NUMERIC_LARGE:
    case NUMERIC_WIDE:
        print_large(out, packed);
        return;
    case NUMERIC_NAN:
        buf_puts(out, "NaN");
        return;
    case NUMERIC_PLUS_INFINITY:
        buf_puts(out, "Infinity");
        return;
    case NUMERIC_MINUS_INFINITY:
        buf_puts(out, "-Infinity");
        return;
    }
}

struct str numeric_from_i64(struct arena *arena, int64_t number)
{
    return digits_pack_i128(arena, number, 0);
}

static struct str from_real(struct arena *arena, double number, int significant_digits)
{
    char text[40];
    struct lexeme lexeme;
    struct str packed = {NULL, 0};
    struct err ignored;

    if (isnan(number))
        return special(arena, NUMERIC_NAN);
    if (isinf(number))
        return special(arena, number < 0 ? NUMERIC_MINUS_INFINITY : NUMERIC_PLUS_INFINITY);
    int len = snprintf(text, sizeof(text), "%.*g", significant_digits, number);
    bool ok = read_lexeme((struct str){text, (size_t)len}, &lexeme) &&
              parse_lexeme(lexeme, arena, &packed, &ignored);
    assert(ok);
    (void)ok;
    return packed;
}

struct str numeric_from_f64(struct arena *arena, double number)
{
    return from_real(arena, number, DBL_DIG);
}

struct str numeric_from_f32(struct arena *arena, double number)
{
    return from_real(arena, number, FLT_DIG);
}

static bool out_of_range(struct err *reterr)
{
    return err_sql(reterr, ERR_DEAD_LETTER, "22003", "bigint out of range");
}

static bool large_to_i64(struct str packed, int64_t *ret, struct err *reterr)
{
    struct digits_view view;
    numeric_i128 sum = 0;

    digits_open(&view, packed);
    if (view.weight > 4)
        return out_of_range(reterr);
    for (int weight = view.weight; weight >= 0; weight--)
        sum = sum * NUMERIC_BASE + digits_at(&view, weight);
    sum += digits_at(&view, -1) >= NUMERIC_BASE / 2;
    if (sum > (numeric_i128)INT64_MAX + view.negative)
        return out_of_range(reterr);
    *ret = (int64_t)(view.negative ? -sum : sum);
    return true;
}

bool numeric_to_i64(struct str packed, int64_t *ret, struct err *reterr)
{
    int64_t number;

    assert(packed.len > 0);
    if (packed.at[0] == NUMERIC_NAN)
        return err_sql(reterr, ERR_DEAD_LETTER, "0A000", "cannot convert NaN to bigint");
    if (numeric_is_special(packed))
        return err_sql(reterr, ERR_DEAD_LETTER, "0A000", "cannot convert infinity to bigint");
    if (packed.at[0] == NUMERIC_LARGE)
        return large_to_i64(packed, ret, reterr);

    memcpy(&number, packed.at + 2, sizeof(number));
    int64_t unit = (int64_t)numeric_power10(numeric_small_scale(packed));
    int64_t rest = number % unit;
    number /= unit;
    if (unit > 1 && (rest >= unit / 2 || rest <= -(unit / 2)))
        number += rest < 0 ? -1 : 1;
    *ret = number;
    return true;
}

/* Number and power are exact as doubles, so one division rounds correctly. */
static bool small_to_f64(struct str packed, double *ret)
{
    int64_t number;

    if (packed.at[0] != NUMERIC_SMALL)
        return false;
    memcpy(&number, packed.at + 2, sizeof(number));
    if (number > INT64_C(1) << DBL_MANT_DIG || number < -(INT64_C(1) << DBL_MANT_DIG))
        return false;
    *ret = (double)number / (double)(uint64_t)numeric_power10(numeric_small_scale(packed));
    return true;
}

double numeric_to_f64(struct str packed)
{
    double real;

    assert(packed.len > 0);
    if (packed.at[0] == NUMERIC_NAN)
        return NAN;
    if (numeric_is_special(packed))
        return packed.at[0] == NUMERIC_MINUS_INFINITY ? -INFINITY : INFINITY;
    if (small_to_f64(packed, &real))
        return real;
    CLEANUP(buf) struct buf text = {0};
    numeric_print(&text, packed);
    return strtod(buf_cstr(&text), NULL);
}
