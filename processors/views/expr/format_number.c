/* to_char and to_number of numbers (chapter 9.8). */
#include "expr/number_template.h"

#include "record/numeric.h"
#include "record/numeric_math.h"
#include "record/text.h"
#include <float.h>
#include <math.h>

/* A number being laid out. `text` is its digits without sign, with a point where there is one. */
struct layout {
    const struct number_template *template;
    struct buf out;
    struct str text;
    size_t at;         /* the next character of text */
    size_t relevant;   /* FM: the last that counts; NONE: all do */
    int blanks;        /* places before the first digit */
    int place, places; /* digit places worked off; all of them */
    bool negative, sign_done, inside;
};

#define NONE SIZE_MAX

static bool has(const struct layout *layout, unsigned flag)
{
    return (layout->template->flags & flag) != 0;
}

/* "0.5" under 9.9 shows no zero before the point. */
static bool hides_zero(const struct layout *layout)
{
    return !has(layout, NUMBER_ZERO) && layout->at == 0 && layout->text.at[0] == '0' &&
           layout->template->post != 0;
}

static bool relevant_is_point(const struct layout *layout)
{
    return layout->relevant != NONE && layout->text.at[layout->relevant] == '.';
}

static void put_sign(struct layout *layout)
{
    const struct number_template *template = layout->template;
    bool begins = layout->place >= layout->blanks ||
                  (has(layout, NUMBER_ZERO) && template->zero_start == layout->place);

    if (layout->sign_done || !begins || (hides_zero(layout) && !relevant_is_point(layout)))
        return;
    if (has(layout, NUMBER_SIGN)) {
        if (template->sign_behind)
            return;
        buf_char(&layout->out, layout->negative ? '-' : '+');
    } else if (has(layout, NUMBER_BRACKET)) {
        buf_char(&layout->out, layout->negative ? '<' : ' ');
    } else if (layout->negative) {
        buf_char(&layout->out, '-');
    } else if (!has(layout, NUMBER_FILL)) {
        buf_char(&layout->out, ' ');
    }
    layout->sign_done = true;
}

static void put_text(struct layout *layout, bool zero)
{
    char c = layout->at < layout->text.len ? layout->text.at[layout->at] : '\0';

    if (c == '.') {
        if (!relevant_is_point(layout) || has(layout, NUMBER_FILL))
            buf_char(&layout->out, '.');
    } else if (layout->relevant != NONE && layout->at > layout->relevant && !zero) {
        /* FM drops it */
    } else if (hides_zero(layout)) {
        if (!has(layout, NUMBER_FILL))
            buf_char(&layout->out, ' ');
        else if (relevant_is_point(layout))
            buf_char(&layout->out, '0');
    } else if (c != '\0') {
        buf_char(&layout->out, c);
        layout->inside = true;
    }
    if (c != '\0')
        layout->at++;
}

/* What stands behind the last digit. */
static void put_end(struct layout *layout)
{
    int end = layout->places + (layout->blanks > 0) + has(layout, NUMBER_POINT);

    if (layout->relevant != NONE && layout->relevant == layout->at)
        end = layout->place;
    if (layout->place + 1 != end)
        return;
    if (layout->sign_done && has(layout, NUMBER_BRACKET))
        buf_char(&layout->out, layout->negative ? '>' : ' ');
    else if (has(layout, NUMBER_SIGN) && layout->template->sign_behind)
        buf_char(&layout->out, layout->negative ? '-' : '+');
}

/* A place for a digit or the point. */
static void put_place(struct layout *layout, bool zero)
{
    bool before = layout->place < layout->blanks;
    bool zeros = has(layout, NUMBER_ZERO) && layout->template->zero_start <= layout->place;

    layout->inside = false;
    put_sign(layout);
    if (before && !zeros) {
        if (!has(layout, NUMBER_FILL))
            buf_char(&layout->out, ' ');
    } else if (before) {
        buf_char(&layout->out, '0');
        layout->inside = true;
    } else {
        put_text(layout, zero);
    }
    put_end(layout);
    layout->place++;
}

static void put_ordinal(struct layout *layout, bool upper)
{
    static const char *const words[] = {"th", "st", "nd", "rd"};
    struct str text = layout->text;
    unsigned last = (unsigned)(unsigned char)text.at[text.len - 1] - '0';
    bool teen = text.len > 1 && text.at[text.len - 2] == '1';

    if (has(layout, NUMBER_ROMAN | NUMBER_POINT) || text.at[0] == '#' || layout->negative)
        return;
    const char *word = words[teen || last > 3 ? 0 : last];
    buf_char(&layout->out, upper ? (char)(word[0] - 32) : word[0]);
    buf_char(&layout->out, upper ? (char)(word[1] - 32) : word[1]);
}

static void put_roman(struct layout *layout, bool upper)
{
    static const struct {
        int value;
        const char *text;
    } parts[] = {{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"},
                 {90, "XC"},  {50, "L"},   {40, "XL"}, {10, "X"},   {9, "IX"},
                 {5, "V"},    {4, "IV"},   {1, "I"}};
    char number[16] = "";
    CLEANUP(buf) struct buf roman = {0};
    int left;

    snprintf(number, sizeof(number), "%.*s", (int)(layout->text.len > 9 ? 9 : layout->text.len),
             layout->text.at);
    left = (int)strtol(number, NULL, 10);
    if (layout->negative || left < 1 || left > 3999) {
        buf_puts(&roman, "###############");
    } else {
        for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
            for (; left >= parts[i].value; left -= parts[i].value)
                buf_puts(&roman, parts[i].text);
        }
    }
    for (size_t i = 0; !upper && i < roman.len; i++)
        roman.at[i] = (char)(roman.at[i] >= 'A' ? roman.at[i] + 32 : roman.at[i]);
    buf_printf(&layout->out, has(layout, NUMBER_FILL) ? "%s" : "%15s", buf_cstr(&roman));
}

static void put_choice(struct layout *layout, bool shown, char c)
{
    if (shown)
        buf_char(&layout->out, c);
    else if (!has(layout, NUMBER_FILL))
        buf_char(&layout->out, ' ');
}

static void put_mark(struct layout *layout, const struct number_mark *mark)
{
    switch (mark->kind) {
    case NUMBER_9:
    case NUMBER_0:
    case NUMBER_D:
        if (!has(layout, NUMBER_ROMAN))
            put_place(layout, mark->kind == NUMBER_0);
        return;
    case NUMBER_COMMA:
        put_choice(layout, layout->inside, ',');
        return;
    case NUMBER_L:
        buf_char(&layout->out, ' ');
        return;
    case NUMBER_MI:
        put_choice(layout, layout->negative, '-');
        return;
    case NUMBER_PL:
        put_choice(layout, !layout->negative, '+');
        return;
    case NUMBER_SG:
        buf_char(&layout->out, layout->negative ? '-' : '+');
        return;
    case NUMBER_RN:
        put_roman(layout, mark->upper);
        return;
    case NUMBER_TH:
        put_ordinal(layout, mark->upper);
        return;
    case NUMBER_TEXT:
        buf_put(&layout->out, mark->text);
        return;
    case NUMBER_OTHER:
        return;
    }
}

/* FM: behind the last digit that is not 0, or that a 0 of the template keeps. */
static size_t last_relevant(const struct layout *layout)
{
    const char *point = memchr(layout->text.at, '.', layout->text.len);
    size_t last, kept = 0;

    if (point == NULL)
        return NONE;
    last = (size_t)(point - layout->text.at);
    for (size_t i = last; i < layout->text.len; i++) {
        if (layout->text.at[i] != '0')
            last = i;
    }
    if (layout->template->zero_end > layout->blanks)
        kept = (size_t)(layout->template->zero_end - layout->blanks);
    kept = kept > layout->text.len - 1 ? layout->text.len - 1 : kept;
    return kept > last ? kept : last;
}

/* Lays the number out; `text` has as many digits behind its point as the template. */
static bool lay_out(const struct call *call, struct number_template *template, struct str text,
                    bool negative, struct value *ret, struct err *reterr)
{
    const char *point = memchr(text.at, '.', text.len);
    int before = (int)(point == NULL ? text.len : (size_t)(point - text.at));
    struct layout layout = {.template = template, .text = text, .negative = negative};
    bool ok, signs = (template->flags & (NUMBER_PLUS | NUMBER_MINUS)) != 0;

    if (before > template->pre && !has(&layout, NUMBER_ROMAN)) {
        size_t len = (size_t) template->pre + (size_t) template->post + 1;
        char *sharps = memset(arena_alloc(call->scratch, len), '#', len);

        sharps[template->pre] = '.';
        layout.text = (struct str){sharps, len};
    }
    layout.blanks = before < template->pre ? template->pre - before : 0;
    if (signs) {
        bool plus_alone = (template->flags & (NUMBER_PLUS | NUMBER_MINUS)) == NUMBER_PLUS;

        layout.sign_done = !plus_alone;
    } else {
        if (!negative && has(&layout, NUMBER_FILL))
            template->flags &= ~(unsigned)NUMBER_BRACKET;
        layout.sign_done = !negative && has(&layout, NUMBER_FILL) && !has(&layout, NUMBER_SIGN);
        if (!template->sign_behind && template->pre == template->pre_sign)
            template->sign_behind = true;
    }
    layout.places = template->post + template->pre - 1;
    layout.relevant =
        has(&layout, NUMBER_FILL) && has(&layout, NUMBER_POINT) ? last_relevant(&layout) : NONE;
    if (!layout.sign_done && layout.blanks == 0)
        layout.places++;
    for (uint32_t i = 0; i < template->n; i++)
        put_mark(&layout, &template->marks[i]);
    ok = buf_result(call, &layout.out, ret, reterr);
    buf_done(&layout.out);
    return ok;
}

/* ---- the types ---- */

static struct str unsigned_text(const struct call *call, struct str number, bool *ret_negative)
{
    CLEANUP(buf) struct buf text = {0};

    numeric_print(&text, number);
    struct str all = arena_copy(call->scratch, buf_str(&text));
    *ret_negative = *all.at == '-';
    return *ret_negative ? (struct str){all.at + 1, all.len - 1} : all;
}

static bool scientific(const struct call *call, const struct number_template *template, double real,
                       struct value *ret, struct err *reterr)
{
    CLEANUP(buf) struct buf out = {0};

    if (!isfinite(real)) { /* "#" in every place */
        buf_char(&out, ' ');
        for (int i = 0; i < template->pre + template->post + 5; i++)
            buf_char(&out, i == template->pre ? '.' : '#');
    } else {
        buf_printf(&out, "% .*e", template->post, real);
    }
    return buf_result(call, &out, ret, reterr);
}

/* A numeric's own way: the digits are cut to one before the point first, and may round up to ten.
 */
static bool scientific_numeric(const struct call *call, const struct number_template *template,
                               struct str number, struct value *ret, struct err *reterr)
{
    CLEANUP(buf) struct buf out = {0};
    bool negative = false;
    int exponent = 0;
    struct str text, part;
    size_t i = 0;

    if (numeric_is_special(number))
        return scientific(call, template, NAN, ret, reterr);
    text = unsigned_text(call, number, &negative);
    while (i < text.len && (text.at[i] == '0' || text.at[i] == '.'))
        i++;
    const char *point = memchr(text.at, '.', text.len);
    int before = (int)(point == NULL ? text.len : (size_t)(point - text.at));
    if (i < text.len)
        exponent = before - (int)i - ((int)i < before);
    if (!numeric_parse(str_of(arena_printf(call->scratch, "1e%d", exponent)), call->scratch, &part,
                       reterr))
        return false;
    number = numeric_div_at(call->scratch, number, part, template->post);
    text = unsigned_text(call, number, &negative);
    buf_printf(&out, "%c%.*se%c%02d", negative ? '-' : ' ', STR_ARG(text), exponent < 0 ? '-' : '+',
               exponent < 0 ? -exponent : exponent);
    return buf_result(call, &out, ret, reterr);
}

/* Roman numbers are made of an integer. */
static bool roman(const struct call *call, struct number_template *template, struct str number,
                  struct value *ret, struct err *reterr)
{
    struct value whole = {0};
    int64_t wide = 0;

    if (numeric_is_special(number))
        return err_sql(reterr, ERR_DEAD_LETTER, "0A000", "cannot convert %s to integer",
                       isnan(numeric_to_f64(number)) ? "NaN" : "infinity");
    if (!numeric_to_i64(number, &wide, reterr) || !int_result(TYPE_INT4, wide, &whole, reterr))
        return err_out_of_range(reterr, TYPE_INT4);
    return lay_out(call, template,
                   str_of(arena_printf(call->scratch, "%lld",
                                       (long long)(whole.slot < 0 ? -whole.slot : whole.slot))),
                   whole.slot < 0, ret, reterr);
}

static bool has_ordinal(const struct number_template *template)
{
    for (uint32_t i = 0; i < template->n; i++) {
        if (template->marks[i].kind == NUMBER_TH)
            return true;
    }
    return false;
}

/* V: shifted left by the digits behind it. */
static struct str shifted(const struct call *call, const struct number_template *template,
                          struct str number)
{
    struct str ten = numeric_from_i64(call->scratch, 10);

    for (int i = 0; i < template->shift; i++)
        number = numeric_mul(call->scratch, number, ten);
    return number;
}

/* An integer is shifted as one. */
static bool fits_integer(enum type_id type, struct str number)
{
    struct value value;
    int64_t wide;
    struct err err;

    return type == TYPE_NUMERIC ||
           (numeric_to_i64(number, &wide, &err) && int_result(type, wide, &value, &err));
}

static bool number_to_char(const struct call *call, struct str number, struct value *ret,
                           struct err *reterr)
{
    struct number_template template;
    bool negative = false;
    struct str text;

    if (!number_template_read(call->args[1].bytes, call->scratch, &template, reterr))
        return false;
    if (template.flags & NUMBER_EXPONENT)
        return scientific_numeric(call, &template, number, ret, reterr);
    if (template.flags & NUMBER_ROMAN)
        return roman(call, &template, number, ret, reterr);
    if (numeric_is_special(number)) {
        text = unsigned_text(call, number, &negative);
        if (has_ordinal(&template))
            return err_sql(reterr, ERR_DEAD_LETTER, "22P02", "\"%.*s\" is not a number",
                           STR_ARG(text));
        template.pre += template.shift;
        return lay_out(call, &template, text, negative, ret, reterr);
    }
    template.pre += template.shift;
    number = shifted(call, &template, number);
    number = numeric_round(call->scratch, number, template.post);
    if (template.shift > 0 && !fits_integer(call->arg_types[0].id, number))
        return err_out_of_range(reterr, call->arg_types[0].id);
    text = unsigned_text(call, number, &negative);
    return lay_out(call, &template, text, negative, ret, reterr);
}

static bool numeric_to_char(const struct call *call, struct value *ret, struct err *reterr)
{
    return number_to_char(call, call->args[0].bytes, ret, reterr);
}

static bool int_to_char(const struct call *call, struct value *ret, struct err *reterr)
{
    return number_to_char(call, numeric_from_i64(call->scratch, call->args[0].slot), ret, reterr);
}

/* Shows no more digits than the type holds. */
static bool real_to_char(const struct call *call, struct value *ret, struct err *reterr)
{
    double real = call->args[0].real;
    int digits = call->arg_types[0].id == TYPE_FLOAT4 ? FLT_DIG : DBL_DIG, before;
    struct number_template template;
    char *text;

    if (!number_template_read(call->args[1].bytes, call->scratch, &template, reterr))
        return false;
    if (template.flags & NUMBER_EXPONENT)
        return scientific(call, &template, real, ret, reterr);
    if (template.flags & NUMBER_ROMAN)
        return lay_out(call, &template,
                       str_of(arena_printf(call->scratch, "%.0f", fabs(rint(real)))), real < 0, ret,
                       reterr);
    if (template.shift > 0) {
        real *= pow(10, template.shift);
        template.pre += template.shift;
    }
    before = isinf(real) ? (int)strlen("Infinity")
                         : (int)strlen(arena_printf(call->scratch, "%.0f", fabs(real)));
    if (before >= digits)
        template.post = 0;
    else if (before + template.post > digits)
        template.post = digits - before;
    text = isnan(real)   ? arena_printf(call->scratch, "NaN")
           : isinf(real) ? arena_printf(call->scratch, "Infinity")
                         : arena_printf(call->scratch, "%.*f", template.post, fabs(real));
    return lay_out(call, &template, str_of(text), signbit(real) && !isnan(real), ret, reterr);
}

#define TO_CHAR(type, body_)                                                                       \
    {                                                                                              \
        .name = "to_char", .args = {(type), TYPE_TEXT}, .result = TYPE_TEXT, .stable = true,       \
        .body = (body_)                                                                            \
    }

const struct function functions_format[] = {
    TO_CHAR(TYPE_INT4, int_to_char),        TO_CHAR(TYPE_INT8, int_to_char),
    TO_CHAR(TYPE_FLOAT4, real_to_char),     TO_CHAR(TYPE_FLOAT8, real_to_char),
    TO_CHAR(TYPE_NUMERIC, numeric_to_char), {0},
};
