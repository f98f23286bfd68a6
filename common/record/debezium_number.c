/* Numbers in Java's spelling: BigDecimal's unscaled bytes, Double.toString and Float.toString. */
#include "record/debezium_value.h"

#include "record/base64.h"
#include <assert.h>
#include <float.h>
#include <math.h>

/* 8 KiB of two's complement are 19,728 decimal digits. */
enum { UNSCALED_BYTES_MAX = 8192, LIMB = 1000000000 };

/* bytes (little-endian, `n` of them) = bytes * 10 + digit; returns the new length. */
static size_t times_ten(unsigned char *bytes, size_t n, unsigned digit)
{
    unsigned carry = digit;

    for (size_t i = 0; i < n; i++) {
        carry += bytes[i] * 10U;
        bytes[i] = (unsigned char)carry;
        carry >>= 8;
    }
    if (carry != 0)
        bytes[n++] = (unsigned char)carry;
    return n;
}

static void negate(unsigned char *bytes, size_t n)
{
    unsigned carry = 1;

    for (size_t i = 0; i < n; i++) {
        carry += (unsigned char)~bytes[i];
        bytes[i] = (unsigned char)carry;
        carry >>= 8;
    }
}

static void reverse(unsigned char *bytes, size_t n)
{
    for (size_t i = 0; i < n / 2; i++) {
        unsigned char byte = bytes[i];

        bytes[i] = bytes[n - 1 - i];
        bytes[n - 1 - i] = byte;
    }
}

void debezium_unscaled_bytes(struct buf *out, struct str decimal)
{
    unsigned char *bytes CLEANUP(free) = err_calloc(decimal.len / 2 + 2, 1);
    bool negative = decimal.len > 0 && *decimal.at == '-';
    size_t n = 0;

    for (size_t i = 0; i < decimal.len; i++) {
        if (decimal.at[i] >= '0' && decimal.at[i] <= '9')
            n = times_ten(bytes, n, (unsigned)(decimal.at[i] - '0'));
    }
    bytes[n++] = 0;
    if (negative)
        negate(bytes, n);
    while (n > 1 && ((bytes[n - 1] == 0 && bytes[n - 2] < 0x80) ||
                     (bytes[n - 1] == 0xFF && bytes[n - 2] >= 0x80)))
        n--;
    reverse(bytes, n);
    buf_append(out, bytes, n);
}

void debezium_unscaled_write(struct buf *out, struct str decimal)
{
    CLEANUP(buf) struct buf bytes = {0};

    debezium_unscaled_bytes(&bytes, decimal);
    base64_write(out, buf_str(&bytes));
}

/* limbs (base 10^9, little-endian) = limbs * 256 + byte; returns the new count. */
static size_t limbs_push(uint32_t *limbs, size_t n, unsigned char byte)
{
    uint64_t carry = byte;

    for (size_t i = 0; i < n; i++) {
        carry += (uint64_t)limbs[i] * 256U;
        limbs[i] = (uint32_t)(carry % LIMB);
        carry /= LIMB;
    }
    if (carry != 0)
        limbs[n++] = (uint32_t)carry;
    return n;
}

bool debezium_unscaled_read(struct str bytes, int64_t scale, struct arena *arena, struct str *ret,
                            struct err *reterr)
{
    struct buf text CLEANUP(buf) = {0};

    if (bytes.len == 0 || bytes.len > UNSCALED_BYTES_MAX)
        return err_sql(reterr, ERR_DEAD_LETTER, "22003", "a decimal of %zu bytes", bytes.len);
    unsigned char *magnitude = arena_alloc(arena, bytes.len);
    uint32_t *limbs = arena_alloc(arena, (bytes.len / 3 + 2) * sizeof(*limbs));
    bool negative = (unsigned char)*bytes.at >= 0x80;
    size_t n = 0;

    memcpy(magnitude, bytes.at, bytes.len);
    if (negative) {
        reverse(magnitude, bytes.len);
        negate(magnitude, bytes.len);
        reverse(magnitude, bytes.len);
    }
    for (size_t i = 0; i < bytes.len; i++)
        n = limbs_push(limbs, n, magnitude[i]);
    buf_printf(&text, "%s%u", negative ? "-" : "", n == 0 ? 0 : limbs[n - 1]);
    for (size_t i = n; i-- > 1;)
        buf_printf(&text, "%09u", limbs[i - 1]);
    buf_printf(&text, "e%lld", -(long long)scale);
    *ret = arena_copy(arena, buf_str(&text));
    return true;
}

/*
 * Java before 19 takes a decimal only when it is nearer to the number than half the gap to the next
 * one, as PostgreSQL does (1e23 lies half-way and gives 9.999999999999999E22), but of powers of two
 * only within a quarter. Exact enough in long double, and in double for floats.
 */
static bool is_near(const char *text, double number, bool single)
{
    int exponent;
    bool power_of_two = frexp(number, &exponent) == 0.5;
    double away = number < (single ? (double)FLT_MAX : DBL_MAX) ? INFINITY : 0;
    double next = single ? (double)nextafterf((float)number, (float)away) : nextafter(number, away);
    long double gap = fabsl((long double)next - number);
    long double distance = fabsl((single ? strtod(text, NULL) : strtold(text, NULL)) - number);

    return distance < gap * (power_of_two ? 0.25L : 0.5L);
}

/*
 * "d.ddde[-]xx": the shortest digits, at least two, that give the number back. Of normal numbers
 * the nearest decimal of 15 (6) digits is the only one of them that can, so the search begins
 * there.
 */
static void shortest(char out[32], double number, bool single)
{
    bool normal = number >= (single ? 1e-36 : 1e-300);
    int least = !normal ? 1 : single ? 5 : 14;
    int most = single ? 8 : 16;

    for (int precision = least; precision <= most; precision++) {
        snprintf(out, 32, "%.*e", precision, number);
        if (is_near(out, number, single))
            return;
    }
}

enum { DIGITS_MAX = 24 };

/* Splits "0.0150" or "1.50e-02" into the digits "15" and the exponent -2 of the first of them;
 * returns their count, DIGITS_MAX when there are more. The number is not 0. */
static int split_digits(const char *text, char digits[DIGITS_MAX], int *ret_exponent)
{
    int n = 0, exponent = -1;
    bool point = false;

    for (text += *text == '-'; *text != '\0' && *text != 'e'; text++) {
        point |= *text == '.';
        if (n == 0 && *text == '0')
            exponent -= point;
        if (*text == '.' || (n == 0 && *text == '0'))
            continue;
        exponent += !point;
        if (n < DIGITS_MAX)
            digits[n++] = *text;
    }
    while (n > 1 && n < DIGITS_MAX && digits[n - 1] == '0')
        n--;
    *ret_exponent = exponent + (*text == 'e' ? atoi(text + 1) : 0);
    return n;
}

/* Plain from 0.001 up to below 10^7, else "d.dddE[-]x"; one digit behind the point at least. */
static void layout(struct buf *out, const char *digits, int n, int exponent)
{
    if (exponent < -3 || exponent > 6) {
        buf_printf(out, "%c.%.*sE%d", digits[0], n > 1 ? n - 1 : 1, n > 1 ? digits + 1 : "0",
                   exponent);
        return;
    }
    if (exponent < 0) {
        buf_printf(out, "0.%.*s%.*s", -exponent - 1, "00", n, digits);
        return;
    }
    for (int i = 0; i <= exponent; i++)
        buf_char(out, i < n ? digits[i] : '0');
    buf_char(out, '.');
    buf_append(out, n > exponent + 1 ? digits + exponent + 1 : "0",
               n > exponent + 1 ? (size_t)(n - exponent - 1) : 1);
}

/* Appends a number that is finite and not 0; `text` is PostgreSQL's form of it, or a longer one. */
static void write_finite(struct buf *out, const char *text, double number, bool single)
{
    char digits[DIGITS_MAX] = "", computed[32] = "";
    double size = fabs(number);
    int exponent, n = split_digits(text, digits, &exponent);

    /* So few digits are the shortest themselves, and no half-way point lies in this range. */
    bool short_enough = n <= (single ? 6 : 15) && size >= 1e-3 && size < (single ? 1e6 : 1e15);
    if (!short_enough) {
        shortest(computed, size, single);
        n = split_digits(computed, digits, &exponent);
    }
    if (number < 0)
        buf_char(out, '-');
    layout(out, digits, n, exponent);
}

bool debezium_real_write(struct buf *out, struct str text, bool single, struct err *reterr)
{
    char *copy CLEANUP(free) = err_malloc(text.len + 1);
    char *end = NULL;

    if (text.len > 0)
        memcpy(copy, text.at, text.len);
    copy[text.len] = '\0';
    double number = single ? (double)strtof(copy, &end) : strtod(copy, &end);
    if (text.len == 0 || *end != '\0')
        return err_set(reterr, ERR_STOP, "the source sent a text that is no real number");
    if (isnan(number))
        buf_puts(out, "\"NaN\"");
    else if (isinf(number))
        buf_puts(out, number > 0 ? "\"Infinity\"" : "\"-Infinity\"");
    else if (number == 0)
        buf_puts(out, signbit(number) ? "-0.0" : "0.0");
    else
        write_finite(out, copy, number, single);
    return true;
}
