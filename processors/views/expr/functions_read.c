/* Numbers and names read out of text: to_number (chapter 9.8) and parse_ident (9.4). */
#include "expr/number_template.h"

#include "record/array.h"
#include "record/numeric.h"
#include "record/numeric_math.h"
#include "record/types.h"

/* ---- to_number ---- */

/* A number being read along a template: `digits` is what was found, with its point. */
struct reading {
    const struct number_template *template;
    struct str text;
    size_t at;
    struct buf digits;
    char sign; /* ' ': none seen */
    int before, behind;
    bool point;
};

static bool at_end(const struct reading *reading)
{
    return reading->at >= reading->text.len;
}

/* The next byte, which there must be. */
static char next_of(const struct reading *reading)
{
    return reading->text.at[reading->at];
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool asks(const struct reading *reading, unsigned flag)
{
    return (reading->template->flags & flag) != 0;
}

/* A sign in front of the first digit. */
static void read_sign(struct reading *reading)
{
    char c = next_of(reading);

    if (c != '-' && c != '+' && !(c == '<' && asks(reading, NUMBER_BRACKET)))
        return;
    if (c == '<' && asks(reading, NUMBER_SIGN) && !reading->template->sign_behind)
        return;
    reading->sign = c == '+' ? '+' : '-';
    reading->at++;
}

/* A sign behind what was read last. */
static void read_sign_behind(struct reading *reading, bool is_read)
{
    size_t next = reading->at + 1;

    if (asks(reading, NUMBER_SIGN) && is_read) {
        if (next < reading->text.len && strchr("+-", reading->text.at[next]) != NULL &&
            reading->text.at[next] != '\0')
            reading->sign = reading->text.at[reading->at = next];
    } else if (!is_read && !asks(reading, NUMBER_SIGN) &&
               asks(reading, NUMBER_PLUS | NUMBER_MINUS) &&
               (next_of(reading) == '-' || next_of(reading) == '+')) {
        reading->sign = next_of(reading);
    }
}

/* A digit or the point, and the signs around it; the cursor is left on the last byte taken. */
static void read_place(struct reading *reading, bool is_digit_place)
{
    bool is_read = false, started;

    if (next_of(reading) == ' ')
        reading->at++;
    started = reading->before + reading->behind > 0;
    if (!at_end(reading) && reading->sign == ' ' && is_digit_place && !started)
        read_sign(reading);
    if (at_end(reading))
        return;
    if (is_digit(next_of(reading))) {
        if (reading->point && reading->behind == reading->template->post)
            return;
        buf_char(&reading->digits, next_of(reading));
        *(reading->point ? &reading->behind : &reading->before) += 1;
        is_read = true;
    } else if (asks(reading, NUMBER_POINT) && !reading->point && next_of(reading) == '.') {
        buf_char(&reading->digits, '.');
        reading->point = true;
        is_read = true;
    }
    if (reading->sign == ' ' && reading->before + reading->behind > 0)
        read_sign_behind(reading, is_read);
}

/* Passes up to n characters that can't belong to the number. */
static void pass_others(struct reading *reading, int n)
{
    while (n-- > 0 && !at_end(reading) && strchr("0123456789.,+-", next_of(reading)) == NULL)
        reading->at += utf8_at(
            (struct str){reading->text.at + reading->at, reading->text.len - reading->at}, 1);
}

/* MI, PL, SG: the sign that stands there, or one character that is no part of the number. */
static void read_own_sign(struct reading *reading, const char *signs)
{
    char c = next_of(reading);

    if (c == '\0' || strchr(signs, c) == NULL) {
        pass_others(reading, 1);
        return;
    }
    reading->sign = c;
    reading->at++;
}

static void read_mark(struct reading *reading, const struct number_mark *mark)
{
    switch (mark->kind) {
    case NUMBER_9:
    case NUMBER_0:
    case NUMBER_D:
        read_place(reading, mark->kind != NUMBER_D);
        reading->at++;
        return;
    case NUMBER_COMMA:
        if (next_of(reading) == ',' && !asks(reading, NUMBER_FILL))
            reading->at++;
        return;
    case NUMBER_TH:
        pass_others(reading, 2);
        return;
    case NUMBER_L:
        pass_others(reading, 1);
        return;
    case NUMBER_MI:
        read_own_sign(reading, "-");
        return;
    case NUMBER_PL:
        read_own_sign(reading, "+");
        return;
    case NUMBER_SG:
        read_own_sign(reading, "+-");
        return;
    case NUMBER_TEXT:
        reading->at += utf8_at(
            (struct str){reading->text.at + reading->at, reading->text.len - reading->at}, 1);
        return;
    case NUMBER_RN:
    case NUMBER_OTHER:
        return;
    }
}

/* V: the digits behind it are a fraction that has no point. */
static bool unshift(const struct call *call, int shift, struct value *ret, struct err *reterr)
{
    struct str by;

    if (shift == 0)
        return true;
    if (!numeric_power(call->scratch, numeric_from_i64(call->scratch, 10),
                       numeric_from_i64(call->scratch, -shift), &by, reterr))
        return false;
    ret->bytes = numeric_mul(call->scratch, ret->bytes, by);
    return true;
}

/* The typmod that PostgreSQL makes of what was read: of a precision of 0 or above 1000 too, which no column has. */
static int32_t typmod_of(int precision, int scale)
{
    return (int32_t)(((uint32_t)precision << 16 | (uint32_t)scale) + 4U);
}

static bool number_of(const struct call *call, struct reading *reading, struct value *ret,
                      struct err *reterr)
{
    const struct number_template *template = reading->template;
    int precision = template->pre + template->shift + reading->behind;
    CLEANUP(buf) struct buf text = {0};
    struct str number = buf_str(&reading->digits);

    if (number.len > 0 && number.at[number.len - 1] == '.')
        number.len--;
    buf_char(&text, reading->sign);
    buf_put(&text, number);
    return numeric_parse(buf_str(&text), call->scratch, &number, reterr) &&
           numeric_apply_typmod(call->scratch, number, typmod_of(precision, reading->behind),
                                &ret->bytes, reterr) &&
           unshift(call, template->shift, ret, reterr);
}

static void cleanup_reading(struct reading *reading)
{
    buf_done(&reading->digits);
}

static bool to_number(const struct call *call, struct value *ret, struct err *reterr)
{
    CLEANUP(reading) struct reading reading = {.text = call->args[0].bytes, .sign = ' '};
    struct number_template template;

    ret->null = call->args[1].bytes.len == 0;
    if (ret->null)
        return true;
    if (!number_template_read(call->args[1].bytes, call->scratch, &template, reterr))
        return false;
    if (template.flags & (NUMBER_EXPONENT | NUMBER_ROMAN))
        return err_sql(reterr, ERR_DEAD_LETTER, "0A000", "\"%s\" not supported for input",
                       template.flags & NUMBER_EXPONENT ? "EEEE" : "RN");
    reading.template = &template;
    for (uint32_t i = 0; i < template.n && !at_end(&reading); i++)
        read_mark(&reading, &template.marks[i]);
    return number_of(call, &reading, ret, reterr);
}

/* ---- parse_ident ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static void skip_blanks(struct str text, size_t *at)
{
    while (*at < text.len && is_blank(text.at[*at]))
        ++*at;
}

static bool not_identifier(struct err *reterr, struct str text)
{
    return err_sql(reterr, ERR_DEAD_LETTER, "22023", "string is not a valid identifier: \"%.*s\"",
                   STR_ARG(text));
}

static bool begins_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0;
}

/* A name in quotes; false: none, or it does not end. */
static bool quoted_name(struct str text, size_t *at, struct buf *out)
{
    for (++*at; *at < text.len; ++*at) {
        if (text.at[*at] == '"' && (*at + 1 >= text.len || text.at[*at + 1] != '"')) {
            ++*at;
            return out->len > 0;
        }
        *at += text.at[*at] == '"';
        buf_char(out, text.at[*at]);
    }
    return false;
}

/* A plain name, in lower case. */
static bool plain_name(struct str text, size_t *at, struct buf *out)
{
    if (*at >= text.len || !begins_name(text.at[*at]))
        return false;
    for (; *at < text.len &&
           (begins_name(text.at[*at]) || is_digit(text.at[*at]) || text.at[*at] == '$');
         ++*at) {
        char c = text.at[*at];

        buf_char(out, c >= 'A' && c <= 'Z' ? (char)(c + 32) : c);
    }
    return true;
}

static bool parse_ident(const struct call *call, struct value *ret, struct err *reterr)
{
    CLEANUP(array_maker) struct array_maker maker = {0};
    bool strict = call->args_n < 2 || call->args[1].slot != 0;
    struct str text = call->args[0].bytes;
    size_t at = 0;

    array_begin(&maker, TYPE_TEXT, 1);
    for (;;) {
        CLEANUP(buf) struct buf name = {0};

        skip_blanks(text, &at);
        if (!(at < text.len && text.at[at] == '"' ? quoted_name(text, &at, &name)
                                                  : plain_name(text, &at, &name)))
            return not_identifier(reterr, text);
        array_add(&maker, (struct value){.bytes = buf_str(&name)});
        skip_blanks(text, &at);
        if (at >= text.len || text.at[at] != '.')
            break;
        at++;
    }
    if (at < text.len && strict)
        return not_identifier(reterr, text);
    ret->bytes = array_finish(&maker, call->scratch);
    return true;
}

const struct function functions_read[] = {
    FUNCTION_ROW("to_number", TYPE_NUMERIC, to_number, TYPE_TEXT, TYPE_TEXT),
    FUNCTION_ROW("parse_ident", type_text_array, parse_ident, TYPE_TEXT),
    FUNCTION_ROW("parse_ident", type_text_array, parse_ident, TYPE_TEXT, TYPE_BOOL),
    {0},
};
