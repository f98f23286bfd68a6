/*
 * Lets tests/component/test_numeric_oracle.py ask the record room what it asks PostgreSQL, too.
 * Reads lines "op TAB a TAB b", prints for each its result, or "!" and a SQLSTATE.
 */
#include "record/key.h"
#include "record/numeric.h"
#include "record/text.h"
#include <math.h>

struct question {
    struct str a, b;
    struct arena *arena;
    struct buf *out;
};

typedef bool answer_function(struct question *question, struct err *reterr);

static bool parse_two(struct question *q, struct str *ret_a, struct str *ret_b, struct err *reterr)
{
    return numeric_parse(q->a, q->arena, ret_a, reterr) &&
           numeric_parse(q->b, q->arena, ret_b, reterr);
}

static bool print_number(struct question *q, struct str number, struct err *reterr)
{
    if (number.len == 0)
        return err_sql(reterr, ERR_DEAD_LETTER, "22003", "value overflows numeric format");
    if (!numeric_check(number))
        return err_set(reterr, ERR_STOP, "a malformed packed numeric");
    numeric_print(q->out, number);
    return true;
}

static bool answer_add(struct question *q, struct err *reterr)
{
    struct str a, b;

    return parse_two(q, &a, &b, reterr) && print_number(q, numeric_add(q->arena, a, b), reterr);
}

static bool answer_sub(struct question *q, struct err *reterr)
{
    struct str a, b;

    return parse_two(q, &a, &b, reterr) && print_number(q, numeric_sub(q->arena, a, b), reterr);
}

static bool answer_mul(struct question *q, struct err *reterr)
{
    struct str a, b;

    return parse_two(q, &a, &b, reterr) && print_number(q, numeric_mul(q->arena, a, b), reterr);
}

static bool answer_div(struct question *q, struct err *reterr)
{
    struct str a, b, made;

    return parse_two(q, &a, &b, reterr) && numeric_div(q->arena, a, b, &made, reterr) &&
           print_number(q, made, reterr);
}

static bool answer_mod(struct question *q, struct err *reterr)
{
    struct str a, b, made;

    return parse_two(q, &a, &b, reterr) && numeric_mod(q->arena, a, b, &made, reterr) &&
           print_number(q, made, reterr);
}

static int int_of(struct str text)
{
    char copy[16];

    snprintf(copy, sizeof(copy), "%.*s", STR_ARG(text));
    return (int)strtol(copy, NULL, 10);
}

static bool answer_round(struct question *q, struct err *reterr)
{
    struct str a;

    return numeric_parse(q->a, q->arena, &a, reterr) &&
           print_number(q, numeric_round(q->arena, a, int_of(q->b)), reterr);
}

static bool answer_trunc(struct question *q, struct err *reterr)
{
    struct str a;

    return numeric_parse(q->a, q->arena, &a, reterr) &&
           print_number(q, numeric_trunc(q->arena, a, int_of(q->b)), reterr);
}

static bool answer_negate(struct question *q, struct err *reterr)
{
    struct str a;

    return numeric_parse(q->a, q->arena, &a, reterr) &&
           print_number(q, numeric_negate(q->arena, a), reterr);
}

static bool answer_scale(struct question *q, struct err *reterr)
{
    struct str a;

    if (!numeric_parse(q->a, q->arena, &a, reterr))
        return false;
    buf_i64(q->out, numeric_scale(a));
    return true;
}

static int sign(int order)
{
    return (order > 0) - (order < 0);
}

static bool answer_cmp(struct question *q, struct err *reterr)
{
    struct str a, b;

    if (!parse_two(q, &a, &b, reterr))
        return false;
    buf_i64(q->out, sign(numeric_cmp(a, b)));
    return true;
}

static bool answer_to_i64(struct question *q, struct err *reterr)
{
    struct str a;
    int64_t number;

    if (!numeric_parse(q->a, q->arena, &a, reterr) || !numeric_to_i64(a, &number, reterr))
        return false;
    buf_i64(q->out, number);
    return true;
}

static bool answer_to_f64(struct question *q, struct err *reterr)
{
    struct str a, zero = numeric_from_i64(q->arena, 0);

    if (!numeric_parse(q->a, q->arena, &a, reterr))
        return false;
    double real = numeric_to_f64(a);
    if (!numeric_is_special(a) && (isinf(real) || (real == 0 && numeric_cmp(a, zero) != 0)))
        return err_sql(reterr, ERR_DEAD_LETTER, "22003", "out of range for double precision");
    text_print_real(q->out, real, false);
    return true;
}

static bool from_real(struct question *q, enum type_id id, struct err *reterr)
{
    struct value value;

    if (!text_parse((struct type){id, -1}, q->a, q->arena, &value, reterr))
        return false;
    return print_number(q,
                        id == TYPE_FLOAT4 ? numeric_from_f32(q->arena, value.real)
                                          : numeric_from_f64(q->arena, value.real),
                        reterr);
}

static bool answer_from_f64(struct question *q, struct err *reterr)
{
    return from_real(q, TYPE_FLOAT8, reterr);
}

static bool answer_from_f32(struct question *q, struct err *reterr)
{
    return from_real(q, TYPE_FLOAT4, reterr);
}

/* "numeric(5,2)", "varchar(3)", "date" */
static struct type type_of(struct str text)
{
    struct type type = {TYPE_UNKNOWN, -1};
    size_t len = 0;

    while (len < text.len && text.at[len] != '(')
        len++;
    bool found = type_find((struct str){text.at, len}, &type.id);
    assert(found);
    (void)found;
    if (len == text.len)
        return type;
    struct str rest = {text.at + len + 1, text.len - len - 2};
    int first = int_of(rest), second = 0;
    for (size_t i = 0; i < rest.len; i++) {
        if (rest.at[i] == ',')
            second = int_of((struct str){rest.at + i + 1, rest.len - i - 1});
    }
    type.typmod = first;
    if (type.id == TYPE_NUMERIC)
        type.typmod = type_numeric_make_typmod(first, second);
    else if (type_is_text(type.id))
        type.typmod = first + 4;
    return type;
}

static bool answer_parse(struct question *q, struct err *reterr)
{
    struct type type = type_of(q->b);
    struct value value;

    if (!text_parse(type, q->a, q->arena, &value, reterr))
        return false;
    text_print(q->out, type, value);
    return true;
}

static bool answer_cast(struct question *q, struct err *reterr)
{
    struct type type = type_of(q->b);
    struct value value;

    if (!text_parse((struct type){type.id, -1}, q->a, q->arena, &value, reterr) ||
        !text_apply_typmod(type, value, q->arena, &value, reterr))
        return false;
    text_print(q->out, type, value);
    return true;
}

/* a is "left|right", b the type. Appends a second column to see that the first delimits itself. */
static bool answer_order(struct question *q, struct err *reterr)
{
    struct type type = type_of(q->b);
    const char *bar = memchr(q->a.at, '|', q->a.len);
    struct str texts[2] = {str_between(q->a.at, bar), str_between(bar + 1, q->a.at + q->a.len)};
    struct buf up[2] = {{0}, {0}}, down[2] = {{0}, {0}};
    bool ok = true;

    for (int i = 0; i < 2 && ok; i++) {
        struct value value;

        ok = text_parse(type, texts[i], q->arena, &value, reterr);
        if (!ok)
            break;
        key_append(&up[i], type.id, value, KEY_ASCENDING);
        key_append(&down[i], type.id, value, (struct key_order){true, true});
        key_append(&up[i], TYPE_BOOL, (struct value){.slot = 1}, KEY_ASCENDING);
    }
    if (ok) {
        int order = sign(str_cmp(buf_str(&up[0]), buf_str(&up[1])));

        if (sign(str_cmp(buf_str(&down[0]), buf_str(&down[1]))) != -order)
            ok = err_set(reterr, ERR_STOP, "descending is not the reverse of ascending");
        else
            buf_i64(q->out, order);
    }
    for (int i = 0; i < 2; i++) {
        buf_done(&up[i]);
        buf_done(&down[i]);
    }
    return ok;
}

static const struct {
    const char *op;
    answer_function *answer;
} answers[] = {
    {"add", answer_add},           {"sub", answer_sub},       {"mul", answer_mul},
    {"div", answer_div},           {"mod", answer_mod},       {"round", answer_round},
    {"trunc", answer_trunc},       {"negate", answer_negate}, {"scale", answer_scale},
    {"cmp", answer_cmp},           {"to_i64", answer_to_i64}, {"to_f64", answer_to_f64},
    {"from_f64", answer_from_f64}, {"parse", answer_parse},   {"from_f32", answer_from_f32},
    {"cast", answer_cast},         {"order", answer_order},
};

static void answer(struct question *q, struct str op)
{
    struct err err = {0};

    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        if (!str_eq_c(op, answers[i].op))
            continue;
        if (!answers[i].answer(q, &err)) {
            buf_clear(q->out);
            buf_printf(q->out, "!%s", err.sqlstate[0] != '\0' ? err.sqlstate : err.text);
        }
        return;
    }
    buf_puts(q->out, "?");
}

int main(void)
{
    CLEANUP(free) char *line = NULL;
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);
    CLEANUP(buf) struct buf out = {0};
    size_t size = 0;
    ssize_t len;

    while ((len = getline(&line, &size, stdin)) > 0) {
        const char *end = line + len - (line[len - 1] == '\n');
        const char *a = memchr(line, '\t', (size_t)(end - line));
        const char *b = a == NULL ? NULL : memchr(a + 1, '\t', (size_t)(end - a - 1));

        if (b == NULL)
            return EX_USAGE;
        struct question q = {str_between(a + 1, b), str_between(b + 1, end), arena, &out};
        buf_clear(&out);
        answer(&q, str_between(line, a));
        buf_char(&out, '\n');
        fwrite(out.at, 1, out.len, stdout);
        arena_reset(arena);
    }
    return EX_OK;
}
