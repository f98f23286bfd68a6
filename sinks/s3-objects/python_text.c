#include "python_text.h"

#include "record/chars.h"
#include <ctype.h>
#include <math.h>

enum {
    EXACT_DIGITS = 15, /* of a decimal that always survive the way to a double and back */
    DIGITS_MAX = 17,
    REAL_CHARS = 64,
    FIXED_SCALE_MIN = -3,
    FIXED_SCALE_MAX = 16
};
#define LEAST_NORMAL 2.2250738585072014e-308

static bool is_integer(struct str lexeme)
{
    for (size_t i = 0; i < lexeme.len; i++)
        if (strchr(".eE", lexeme.at[i]) != NULL)
            return false;
    return true;
}

/*
 * A plain decimal of few digits is its own shortest text but for zeros at its end: at most
 * 15 digits survive the way to a double and back. Returns how much of the lexeme to print; 0: look
 * at the number itself.
 */
static size_t plain_decimal(struct str lexeme)
{
    size_t i = lexeme.at[0] == '-' ? 1 : 0, point = 0, end = lexeme.len;

    if (lexeme.len - i > EXACT_DIGITS + 1 ||
        str_starts((struct str){lexeme.at + i, lexeme.len - i}, STR("0.0000")))
        return 0;
    for (; i < lexeme.len; i++) {
        if (lexeme.at[i] == '.')
            point = i;
        else if (!isdigit((unsigned char)lexeme.at[i]))
            return 0;
    }
    while (end > point + 2 && lexeme.at[end - 1] == '0')
        end--;
    return end;
}

/* The shortest digits that give the number back, and the power of ten of 0.DIGITS. */
struct shortest {
    char digits[REAL_CHARS];
    int n, scale;
};

static struct shortest shortest_of(double number)
{
    struct shortest shortest = {.n = 0};
    char text[REAL_CHARS];
    int precision = number < LEAST_NORMAL ? 1 : EXACT_DIGITS;

    for (; precision <= DIGITS_MAX; precision++) { /* the last one always gives it back */
        snprintf(text, sizeof(text), "%.*e", precision - 1, number);
        if (strtod(text, NULL) == number)
            break;
    }
    const char *at = text;
    for (; *at != 'e' && *at != '\0'; at++)
        if (*at != '.')
            shortest.digits[shortest.n++] = *at;
    while (shortest.n > 0 && shortest.digits[shortest.n - 1] == '0')
        shortest.n--;
    shortest.scale = *at == 'e' ? atoi(at + 1) + 1 : 1;
    return shortest;
}

/* Python's repr of a float: fixed from 1e-4 to below 1e16, else with an exponent of at least two
 * digits. */
static void put_float(struct buf *out, double number)
{
    if (signbit(number))
        buf_char(out, '-');
    if (isinf(number) || number == 0) { /* infinite: a lexeme out of a double's range */
        buf_puts(out, number == 0 ? "0.0" : "inf");
        return;
    }
    const struct shortest it = shortest_of(fabs(number));
    if (it.scale > FIXED_SCALE_MAX || it.scale < FIXED_SCALE_MIN) {
        buf_char(out, it.digits[0]);
        if (it.n > 1)
            buf_printf(out, ".%.*s", it.n - 1, it.digits + 1);
        buf_printf(out, "e%c%02d", it.scale > 0 ? '+' : '-', abs(it.scale - 1));
    } else if (it.scale <= 0) {
        buf_printf(out, "0.%.*s%.*s", -it.scale, "000", it.n, it.digits);
    } else if (it.n <= it.scale) {
        buf_printf(out, "%.*s%.*s.0", it.n, it.digits, it.scale - it.n, "0000000000000000");
    } else {
        buf_printf(out, "%.*s.%.*s", it.scale, it.digits, it.n - it.scale, it.digits + it.scale);
    }
}

static void put_number(struct buf *out, struct str lexeme)
{
    char text[512];

    if (is_integer(lexeme)) {
        buf_put(out, str_eq_c(lexeme, "-0") ? STR("0") : lexeme);
        return;
    }
    size_t plain = plain_decimal(lexeme);
    if (plain > 0) {
        buf_put(out, (struct str){lexeme.at, plain});
        return;
    }
    CLEANUP(free) char *longer = lexeme.len < sizeof(text) ? NULL : err_malloc(lexeme.len + 1);
    char *copy = longer == NULL ? text : longer;

    memcpy(copy, lexeme.at, lexeme.len);
    copy[lexeme.len] = '\0';
    put_float(out, strtod(copy, NULL));
}

void python_scalar(struct buf *out, const struct json_value *value)
{
    if (value->kind == JSON_NULL)
        buf_puts(out, "None");
    else if (value->kind == JSON_NUMBER)
        put_number(out, value->raw);
    else
        buf_puts(out, value->kind == JSON_TRUE ? "True" : "False");
}

/* What str.isprintable refuses: the categories Cc, Cf, Cs, Co, Zl, Zp and Zs but the blank. Code
 * points that Unicode has not assigned differ by Python's release and are taken as printable. */
static bool is_printable(uint32_t c)
{
    static const uint32_t refused[][2] = {
        {0x00, 0x1F},       {0x7F, 0xA0},       {0xAD, 0xAD},       {0x600, 0x605},
        {0x61C, 0x61C},     {0x6DD, 0x6DD},     {0x70F, 0x70F},     {0x890, 0x891},
        {0x8E2, 0x8E2},     {0x1680, 0x1680},   {0x180E, 0x180E},   {0x2000, 0x200F},
        {0x2028, 0x202F},   {0x205F, 0x206F},   {0x3000, 0x3000},   {0xD800, 0xF8FF},
        {0xFEFF, 0xFEFF},   {0xFFF0, 0xFFFB},   {0xFFFE, 0xFFFF},   {0x110BD, 0x110BD},
        {0x110CD, 0x110CD}, {0x13430, 0x1343F}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A},
        {0xE0000, 0xE00FF}, {0xE01F0, 0x10FFFF}};

    for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
        if (c >= refused[i][0] && c <= refused[i][1])
            return false;
    return true;
}

static void put_repr_char(struct buf *out, uint32_t c, char quote)
{
    if (c == (unsigned char)quote || c == '\\')
        buf_printf(out, "\\%c", (int)c);
    else if (c == '\n')
        buf_puts(out, "\\n");
    else if (c == '\r')
        buf_puts(out, "\\r");
    else if (c == '\t')
        buf_puts(out, "\\t");
    else if (is_printable(c))
        chars_put(out, c);
    else if (c < 0x100)
        buf_printf(out, "\\x%02x", c);
    else if (c < 0x10000)
        buf_printf(out, "\\u%04x", c);
    else
        buf_printf(out, "\\U%08x", c);
}

/* Single quotes, unless the text has one and no double ones. */
static void put_string(struct buf *out, struct str raw, bool escaped)
{
    const char *end = raw.at + raw.len;
    bool single = false, doubled = false;

    for (const char *at = raw.at; at < end;) {
        uint32_t c = chars_take(&at, end, escaped);

        single = single || c == '\'';
        doubled = doubled || c == '"';
    }
    char quote = single && !doubled ? '"' : '\'';
    buf_char(out, quote);
    for (const char *at = raw.at; at < end;)
        put_repr_char(out, chars_take(&at, end, escaped), quote);
    buf_char(out, quote);
}

/* Nested at most as deep as the scanner allows. NOLINTNEXTLINE(misc-no-recursion) */
static void put_list(struct buf *out, struct str raw)
{
    struct json_cursor cursor = json_array_open(raw);
    struct json_value value;
    struct err ignored;

    buf_char(out, '[');
    for (bool first = true; json_array_more(&cursor) && json_read(&cursor, &value, &ignored);
         first = false) {
        buf_puts(out, first ? "" : ", ");
        python_repr(out, &value);
    }
    buf_char(out, ']');
}

/* NOLINTNEXTLINE(misc-no-recursion) */
static void put_dict(struct buf *out, struct str raw)
{
    CLEANUP(arena) struct arena *arena = arena_new(0);
    struct json_cursor cursor = json_open(raw);
    bool first = true, more = true;
    struct str name = {0};
    struct json_value value;
    struct err ignored;

    buf_char(out, '{');
    if (!json_object_begin(&cursor, &ignored))
        return;
    for (const char *comma = ""; json_object_next(&cursor, arena, &first, &more, &name, &ignored) &&
                                 more && json_read(&cursor, &value, &ignored);
         comma = ", ") {
        buf_puts(out, comma);
        put_string(out, name, false);
        buf_puts(out, ": ");
        python_repr(out, &value);
    }
    buf_char(out, '}');
}

/* NOLINTNEXTLINE(misc-no-recursion) */
void python_repr(struct buf *out, const struct json_value *value)
{
    if (value->kind == JSON_OBJECT)
        put_dict(out, value->raw);
    else if (value->kind == JSON_ARRAY)
        put_list(out, value->raw);
    else if (value->kind == JSON_STRING)
        put_string(out, value->raw, value->escaped);
    else
        python_scalar(out, value);
}
