/* float4 and float8 from and to text. */
#include "record/text.h"

#include "record/numeric_digits.h"
#include "record/text_parts.h"
#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>

enum {
    EXACT_POWER_MAX = 22,     /* 10^22 is the last power of ten that a double holds */
    FIXED_EXPONENT_MIN = -4,  /* smaller numbers are written with an exponent */
    FIXED_EXPONENT_END8 = 15, /* float8 from 1e15 on, too */
    FIXED_EXPONENT_END4 = 6   /* float4 from 1e6 on, too */
};

static const double exact_powers[EXACT_POWER_MAX + 1] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* [sign] digits [. digits] where number and power are exact, so that one division rounds right. */
static bool parse_exactly(struct str text, double *ret)
{
    const char *at = text.at, *end = text.at + text.len, *point = NULL;
    bool negative = false;
    int64_t number = 0;

    if (text.len == 0 || text.len > 17)
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
    if (number > INT64_C(1) << DBL_MANT_DIG)
        return false;
    double real = (double)number / exact_powers[point == NULL ? 0 : end - point - 1];
    *ret = negative ? -real : real;
    return true;
}

bool text_parse_real(enum type_id type, struct str text, double *ret, struct err *reterr)
{
    bool single = type == TYPE_FLOAT4;
    struct str bare = text_trimmed(text);
    char *end;

    if (!single && parse_exactly(bare, ret))
        return true;
    if (bare.len == 0 || memchr(bare.at, '\0', bare.len) != NULL)
        return text_bad_syntax("22P02", type, text, reterr);
    CLEANUP(buf) struct buf copy = {0};
    buf_put(&copy, bare);
    const char *start = buf_cstr(&copy);

    errno = 0;
    double real = single ? (double)strtof(start, &end) : strtod(start, &end);
    if (end != start + bare.len)
        return text_bad_syntax("22P02", type, text, reterr);
    if (errno == ERANGE && (real == 0 || isinf(real)))
        return text_out_of_range(type, text, reterr);
    *ret = isnan(real) ? (double)NAN : real;
    return true;
}

/* The number digits * 10^exponent. */
struct decimal {
    uint64_t digits;
    int exponent;
};

/* Prints the integer or the few places of a common number without trying precisions: with at most
 * 15 digits the division rounds as reading the text would, and no shorter text reads the same. */
static bool decimal_exactly(double real, struct decimal *ret)
{
    enum { PLACES_MAX = 9 };

    for (int places = 0; places <= PLACES_MAX; places++) {
        double whole = rint(real * exact_powers[places]);

        if (whole >= 1e15)
            return false;
        if (whole / exact_powers[places] == real) {
            *ret = (struct decimal){(uint64_t)whole, -places};
            return true;
        }
    }
    return false;
}

static struct decimal nearest_decimal(double real, int significant)
{
    char text[40];
    const char *at = text;
    struct decimal decimal = {0, 0};

    snprintf(text, sizeof(text), "%.*e", significant - 1, real);
    for (; *at != 'e'; at++) {
        if (*at != '.')
            decimal.digits = decimal.digits * 10 + (uint64_t)(*at - '0');
    }
    decimal.exponent = (int)strtol(at + 1, NULL, 10) - (significant - 1);
    return decimal;
}

static numeric_u128 power5(int exponent)
{
    numeric_u128 power = 1;

    while (exponent-- > 0)
        power *= 5;
    return power;
}

/* The decimal is exactly odd * 2^exponent, where odd is below 2^55. Larger powers of 5 than these
 * can't be in it. */
static bool decimal_is(struct decimal decimal, uint64_t odd, int exponent)
{
    enum { POWER5_MAX = 24 };

    if (decimal.exponent > POWER5_MAX || decimal.exponent < -POWER5_MAX)
        return false;
    int twos = __builtin_ctzll(decimal.digits);
    numeric_u128 left = decimal.digits >> twos, right = odd;
    if (decimal.exponent >= 0)
        left *= power5(decimal.exponent);
    else
        right *= power5(-decimal.exponent);
    return left == right && twos + decimal.exponent == exponent;
}

/* The decimal lies on the border to a neighbour: reading it back depends on the reader's rounding,
 * so PostgreSQL does not print it. */
static bool is_border(struct decimal decimal, double real, bool single)
{
    int exponent, bits = single ? FLT_MANT_DIG : DBL_MANT_DIG;
    int least = (single ? FLT_MIN_EXP - FLT_MANT_DIG : DBL_MIN_EXP - DBL_MANT_DIG);
    double fraction = frexp(real, &exponent);

    exponent = exponent - bits > least ? exponent - bits : least;
    uint64_t mantissa = (uint64_t)ldexp(real, -exponent);
    return decimal_is(decimal, 2 * mantissa + 1, exponent - 1) ||
           decimal_is(decimal, 2 * mantissa - 1, exponent - 1) ||
           (fraction == 0.5 && decimal_is(decimal, 4 * mantissa - 1, exponent - 2));
}

static bool reads_back(struct decimal decimal, double real, bool single)
{
    char text[40];

    snprintf(text, sizeof(text), "%" PRIu64 "e%d", decimal.digits, decimal.exponent);
    double back = single ? (double)strtof(text, NULL) : strtod(text, NULL);
    return back == real && !is_border(decimal, real, single);
}

/* The shortest decimal that only this number is nearest to, and of those the nearest. A power of
 * two is farther from its upper neighbour than from its lower, so there the nearest decimal may
 * miss where the next one above hits. */
static struct decimal shortest_decimal(double real, bool single)
{
    bool normal = real >= (single ? (double)FLT_MIN : DBL_MIN);
    int most = single ? FLT_DECIMAL_DIG : DBL_DECIMAL_DIG;
    int significant = !normal ? 1 : single ? FLT_DIG : DBL_DIG;

    for (; significant < most; significant++) {
        struct decimal decimal = nearest_decimal(real, significant);

        if (reads_back(decimal, real, single))
            return decimal;
        decimal.digits++;
        if (reads_back(decimal, real, single))
            return decimal;
    }
    return nearest_decimal(real, most);
}

/* Digits with a point, or d.ddde+xx, as PostgreSQL lays them out. */
static void print_decimal(struct buf *out, struct decimal decimal, bool single)
{
    char digits[24];
    int n = 0, at = (int)sizeof(digits);

    for (; decimal.digits % 10 == 0; decimal.digits /= 10)
        decimal.exponent++;
    for (; decimal.digits > 0; decimal.digits /= 10, n++)
        digits[--at] = (char)('0' + decimal.digits % 10);
    int exponent = decimal.exponent + n - 1; /* of the first digit */
    if (exponent < FIXED_EXPONENT_MIN ||
        exponent >= (single ? FIXED_EXPONENT_END4 : FIXED_EXPONENT_END8)) {
        buf_char(out, digits[at]);
        if (n > 1)
            buf_char(out, '.');
        buf_append(out, digits + at + 1, (size_t)(n - 1));
        buf_puts(out, exponent < 0 ? "e-" : "e+");
        exponent = exponent < 0 ? -exponent : exponent;
        if (exponent < 10)
            buf_char(out, '0');
        buf_i64(out, exponent);
        return;
    }
    int whole_n = exponent + 1; /* digits before the point */
    if (whole_n <= 0)
        buf_char(out, '0');
    for (int i = 0; i < whole_n; i++)
        buf_char(out, i < n ? digits[at + i] : '0');
    if (whole_n >= n)
        return;
    buf_char(out, '.');
    for (int i = whole_n; i < n; i++)
        buf_char(out, i < 0 ? '0' : digits[at + i]);
}

void text_print_real(struct buf *out, double real, bool single)
{
    struct decimal decimal;

    if (isnan(real)) {
        buf_puts(out, "NaN");
        return;
    }
    if (signbit(real))
        buf_char(out, '-');
    real = fabs(real);
    if (isinf(real))
        buf_puts(out, "Infinity");
    else if (real == 0)
        buf_char(out, '0');
    else {
        if (single || !decimal_exactly(real, &decimal))
            decimal = shortest_decimal(real, single);
        print_decimal(out, decimal, single);
    }
}
