#include "expr/expr.h"
#include "record/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static struct arena *arena;

static struct expr *node(enum expr_kind kind, enum type_id type, uint16_t args_n)
{
    struct expr *expr = arena_zalloc(arena, sizeof(*expr));

    expr->kind = kind;
    expr->type = (struct type){type, -1};
    expr->args = arena_zalloc(arena, 8 * sizeof(*expr->args));
    expr->args_n = args_n;
    return expr;
}

/* A constant from its text; NULL is NULL. */
static struct expr *lit(enum type_id type, const char *text)
{
    struct expr *expr = node(EXPR_CONST, type, 0);
    struct err err;

    if (text == NULL)
        expr->constant.null = true;
    else if (type == TYPE_UNKNOWN)
        expr->constant.bytes = str_of(text);
    else if (!text_parse(expr->type, str_of(text), arena, &expr->constant, &err))
        fail_msg("%s", err.text);
    return expr;
}

static struct expr *column(uint16_t i, enum type_id type)
{
    struct expr *expr = node(EXPR_COLUMN, type, 0);

    expr->column = i;
    return expr;
}

/* As sql/ would cast it. */
static struct expr *cast(struct expr *from, enum type_id to, int32_t typmod)
{
    struct expr *expr;

    if (from->type.id == TYPE_UNKNOWN)
        return lit(to, from->constant.null ? NULL : from->constant.bytes.at);
    if (from->type.id == to && typmod < 0)
        return from;
    expr = node(EXPR_CALL, to, 1);
    expr->args[0] = from;
    expr->type.typmod = typmod;
    expr->function = cast_find(from->type.id, to, CAST_EXPLICIT);
    assert_non_null(expr->function);
    return expr;
}

static struct expr *call(enum function_kind kind, const char *name, struct expr *a, struct expr *b,
                         struct expr *c)
{
    struct expr *args[3] = {a, b, c};
    enum type_id types[3];
    uint16_t n = 0;
    bool ambiguous;

    for (; n < 3 && args[n] != NULL; n++)
        types[n] = args[n]->type.id;
    struct expr *expr = node(EXPR_CALL, TYPE_UNKNOWN, n);
    expr->function = function_resolve(kind, str_of(name), types, n, &ambiguous);
    if (expr->function == NULL)
        fail_msg("%s: %s", name, ambiguous ? "ambiguous" : "not found");
    enum type_id taken[3];
    assert_true(function_concrete(expr->function, types, n, taken, &expr->type.id));
    for (uint16_t i = 0; i < n; i++)
        expr->args[i] = cast(args[i], taken[i], -1);
    return expr;
}

static struct expr *op(const char *name, struct expr *a, struct expr *b)
{
    return call(FUNCTION_OPERATOR, name, a, b, NULL);
}

static struct expr *many(enum expr_kind kind, enum type_id type, unsigned n, ...)
{
    struct expr *expr = node(kind, type, (uint16_t)n);
    va_list args;

    va_start(args, n);
    for (unsigned i = 0; i < n; i++)
        expr->args[i] = va_arg(args, struct expr *);
    va_end(args);
    return expr;
}

/* The test over the elements of an array of int8. */
static struct expr *each(const char *array, struct expr *test)
{
    return many(EXPR_EACH, TYPE_BOOL, 2, lit(type_array_of(TYPE_INT8), array), test);
}

static struct expr *element(void)
{
    return node(EXPR_ELEMENT, TYPE_INT8, 0);
}

/* "type value", or the SQLSTATE. Over a row whose columns are text 'abc', int8 7, NULL, numeric
 * 1.50. */
static const char *eval(const struct expr *expr)
{
    struct row_builder builder = {0};
    struct buf out = {0};
    struct value value = {0};
    struct err err;

    row_begin(&builder, 4);
    row_set_bytes(&builder, 0, STR("abc"));
    row_set_slot(&builder, 1, 7);
    row_set_value(&builder, 3, TYPE_NUMERIC, lit(TYPE_NUMERIC, "1.50")->constant);
    const struct row *row = row_finish(&builder, arena);
    row_builder_done(&builder);

    const struct program *program = expr_compile(arena, expr);
    if (!program_eval(program, row, arena, &value, &err)) {
        assert_int_equal(err.kind, ERR_DEAD_LETTER);
        return arena_printf(arena, "%s", err.sqlstate);
    }
    buf_printf(&out, "%s ", type_name(expr->type.id));
    if (value.null)
        buf_puts(&out, "NULL");
    else
        text_print(&out, expr->type, value);
    const char *text = arena_copy(arena, buf_str(&out)).at;
    buf_done(&out);
    return text;
}

static int setup(void **state)
{
    (void)state;
    arena = arena_new(1 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena = arena_free(arena);
    return 0;
}

#define I2(text) lit(TYPE_INT2, text)
#define I4(text) lit(TYPE_INT4, text)
#define I8(text) lit(TYPE_INT8, text)
#define F8(text) lit(TYPE_FLOAT8, text)
#define NUM(text) lit(TYPE_NUMERIC, text)
#define TXT(text) lit(TYPE_TEXT, text)
#define ANY(text) lit(TYPE_UNKNOWN, text)
#define DAY(text) lit(TYPE_DATE, text)
#define BOOL(text) lit(TYPE_BOOL, text)

static void test_integers(void **state)
{
    (void)state;
    assert_string_equal(eval(op("+", I2("1"), I4("2"))), "integer 3");
    assert_string_equal(eval(op("+", I4("2147483647"), I4("1"))), "22003");
    assert_string_equal(eval(op("*", I8("9223372036854775807"), I4("2"))), "22003");
    assert_string_equal(eval(op("-", I2("-32768"), NULL)), "22003");
    assert_string_equal(eval(op("/", I4("-7"), I4("2"))), "integer -3");
    assert_string_equal(eval(op("/", I8("-9223372036854775808"), I8("-1"))), "22003");
    assert_string_equal(eval(op("%", I4("-7"), I4("2"))), "integer -1");
    assert_string_equal(eval(op("%", I8("-9223372036854775808"), I8("-1"))), "bigint 0");
    assert_string_equal(eval(op("/", column(1, TYPE_INT8), I4("0"))), "22012");
    assert_string_equal(eval(call(FUNCTION_NAMED, "abs", I4("-5"), NULL, NULL)), "integer 5");
    assert_string_equal(eval(op("+", column(1, TYPE_INT8), column(2, TYPE_INT8))), "bigint NULL");
}

static void test_numbers_of_other_kinds(void **state)
{
    (void)state;
    assert_string_equal(eval(op("+", I4("1"), NUM("0.10"))), "numeric 1.10");
    assert_string_equal(eval(op("/", NUM("1"), NUM("3"))), "numeric 0.33333333333333333333");
    assert_string_equal(eval(op("/", NUM("1"), NUM("0"))), "22012");
    assert_string_equal(eval(op("*", column(3, TYPE_NUMERIC), NUM("2"))), "numeric 3.00");
    assert_string_equal(eval(op("/", F8("1"), F8("0"))), "22012");
    assert_string_equal(eval(op("*", F8("1e300"), F8("1e300"))), "22003");
    assert_string_equal(eval(op("*", F8("1e-300"), F8("1e-300"))), "22003");
    assert_string_equal(eval(op("=", F8("NaN"), F8("NaN"))), "boolean t");
    assert_string_equal(eval(op(">", F8("NaN"), F8("Infinity"))), "boolean t");
    assert_string_equal(eval(op("+", lit(TYPE_FLOAT4, "0.1"), F8("0"))),
                        "double precision 0.10000000149011612");
    assert_string_equal(eval(call(FUNCTION_NAMED, "round", NUM("2.345"), I4("2"), NULL)),
                        "numeric 2.35");
    assert_string_equal(eval(call(FUNCTION_NAMED, "round", NUM("-2.5"), NULL, NULL)), "numeric -3");
    assert_string_equal(eval(call(FUNCTION_NAMED, "round", I4("3"), NULL, NULL)),
                        "double precision 3");
    assert_string_equal(eval(call(FUNCTION_NAMED, "floor", NUM("-1.5"), NULL, NULL)), "numeric -2");
    assert_string_equal(eval(call(FUNCTION_NAMED, "ceil", NUM("1.5"), NULL, NULL)), "numeric 2");
}

static void test_text(void **state)
{
    (void)state;
    assert_string_equal(eval(call(FUNCTION_NAMED, "upper", ANY("aé"), NULL, NULL)), "text Aé");
    assert_string_equal(
        eval(call(FUNCTION_NAMED, "btrim", column(0, TYPE_VARCHAR), ANY("ac"), NULL)), "text b");
    assert_string_equal(eval(call(FUNCTION_NAMED, "btrim", TXT("  x y "), NULL, NULL)), "text x y");
    assert_string_equal(eval(call(FUNCTION_NAMED, "length", TXT("aéü"), NULL, NULL)), "integer 3");
    assert_string_equal(eval(call(FUNCTION_NAMED, "length", lit(TYPE_BPCHAR, "ab  "), NULL, NULL)),
                        "integer 2");
    assert_string_equal(eval(call(FUNCTION_NAMED, "substr", TXT("héllo"), I4("-1"), I4("4"))),
                        "text hé");
    assert_string_equal(eval(call(FUNCTION_NAMED, "substr", TXT("hello"), I4("2"), NULL)),
                        "text ello");
    assert_string_equal(eval(call(FUNCTION_NAMED, "substr", TXT("hello"), I4("2"), I4("-1"))),
                        "22011");
    assert_string_equal(eval(call(FUNCTION_NAMED, "replace", TXT("aXbX"), TXT("X"), TXT("yy"))),
                        "text ayybyy");
    assert_string_equal(eval(call(FUNCTION_NAMED, "right", TXT("hello"), I4("-2"), NULL)),
                        "text llo");
    assert_string_equal(eval(op("||", TXT("a"), I4("5"))), "text a5");
    assert_string_equal(eval(op("||", BOOL("t"), TXT("a"))), "text truea");
    assert_string_equal(eval(op("||", column(0, TYPE_VARCHAR), ANY("x"))), "text abcx");
    assert_string_equal(eval(op("||", ANY("x"), ANY("y"))), "text xy");
}

static void test_like(void **state)
{
    (void)state;
    assert_string_equal(eval(op("~~", TXT("abcabd"), ANY("%ab_"))), "boolean t");
    assert_string_equal(eval(op("~~", TXT("é"), ANY("_"))), "boolean t");
    assert_string_equal(eval(op("~~", TXT("50%"), ANY("50\\%"))), "boolean t");
    assert_string_equal(eval(op("~~", TXT("505"), ANY("50\\%"))), "boolean f");
    assert_string_equal(eval(op("!~~", TXT("abc"), ANY("a%c%d"))), "boolean t");
    assert_string_equal(eval(op("~~", TXT(""), ANY("%"))), "boolean t");
    assert_string_equal(eval(op("~~", TXT("a"), ANY("\\"))), "22025");
}

static void test_time(void **state)
{
    (void)state;
    assert_string_equal(eval(op("+", DAY("2024-02-28"), I4("2"))), "date 2024-03-01");
    assert_string_equal(eval(op("-", DAY("2024-03-01"), DAY("2023-03-01"))), "integer 366");
    assert_string_equal(eval(op("+", DAY("infinity"), I4("2"))), "date infinity");
    assert_string_equal(eval(op("-", DAY("infinity"), DAY("2024-03-01"))), "22008");
    assert_string_equal(
        eval(op("<", DAY("2024-03-01"), lit(TYPE_TIMESTAMP, "2024-03-01 00:00:01"))), "boolean t");
    assert_string_equal(eval(op("<", DAY("300000-01-01"), lit(TYPE_TIMESTAMP, "infinity"))),
                        "boolean t");
    assert_string_equal(eval(cast(lit(TYPE_TIMESTAMP, "1999-12-31 23:59:59.5"), TYPE_DATE, -1)),
                        "date 1999-12-31");
    assert_string_equal(eval(cast(lit(TYPE_TIMESTAMP, "1999-12-31 23:59:59.5"), TYPE_TIME, -1)),
                        "time without time zone 23:59:59.5");
    assert_string_equal(eval(cast(DAY("300000-01-01"), TYPE_TIMESTAMP, -1)), "22008");
}

static void test_casts(void **state)
{
    (void)state;
    assert_string_equal(eval(cast(TXT("12x"), TYPE_INT4, -1)), "22P02");
    assert_string_equal(eval(cast(column(0, TYPE_TEXT), TYPE_VARCHAR, 4 + 2)),
                        "character varying ab");
    assert_string_equal(eval(cast(NUM("1.235"), TYPE_NUMERIC, type_numeric_make_typmod(4, 2))),
                        "numeric 1.24");
    assert_string_equal(eval(cast(NUM("123.4"), TYPE_NUMERIC, type_numeric_make_typmod(4, 2))),
                        "22003");
    assert_string_equal(eval(cast(F8("2.5"), TYPE_INT4, -1)), "integer 2");
    assert_string_equal(eval(cast(F8("1e10"), TYPE_INT4, -1)), "22003");
    assert_string_equal(eval(cast(NUM("2.5"), TYPE_INT4, -1)), "integer 3");
    assert_string_equal(eval(cast(NUM("NaN"), TYPE_INT4, -1)), "0A000");
    assert_string_equal(eval(cast(lit(TYPE_FLOAT4, "0.1"), TYPE_NUMERIC, -1)), "numeric 0.1");
    assert_string_equal(eval(cast(BOOL("f"), TYPE_TEXT, -1)), "text false");
    assert_string_equal(eval(cast(lit(TYPE_BPCHAR, "ab  "), TYPE_TEXT, -1)), "text ab");
    assert_string_equal(eval(cast(I8("70000"), TYPE_INT2, -1)), "22003");
}

static struct expr *raises(void)
{
    return op("=", op("/", column(1, TYPE_INT8), I8("0")), I8("1"));
}

static void test_three_valued_logic(void **state)
{
    struct expr *t = BOOL("t"), *f = BOOL("f"), *null = BOOL(NULL);
    struct expr *unknown = op("=", column(2, TYPE_INT8), I8("1"));

    (void)state;
    assert_string_equal(eval(many(EXPR_AND, TYPE_BOOL, 2, unknown, f)), "boolean f");
    assert_string_equal(eval(many(EXPR_AND, TYPE_BOOL, 2, unknown, t)), "boolean NULL");
    assert_string_equal(eval(many(EXPR_OR, TYPE_BOOL, 2, unknown, f)), "boolean NULL");
    assert_string_equal(eval(many(EXPR_OR, TYPE_BOOL, 3, unknown, f, t)), "boolean t");
    assert_string_equal(eval(many(EXPR_AND, TYPE_BOOL, 3, t, t, t)), "boolean t");
    assert_string_equal(eval(many(EXPR_NOT, TYPE_BOOL, 1, unknown)), "boolean NULL");
    assert_string_equal(eval(many(EXPR_NOT, TYPE_BOOL, 1, f)), "boolean t");
    assert_string_equal(eval(many(EXPR_IS_NULL, TYPE_BOOL, 1, unknown)), "boolean t");
    assert_string_equal(eval(many(EXPR_AND, TYPE_BOOL, 2, f, raises())), "boolean f");
    assert_string_equal(eval(many(EXPR_AND, TYPE_BOOL, 2, null, raises())), "22012");
    assert_string_equal(eval(many(EXPR_OR, TYPE_BOOL, 2, t, raises())), "boolean t");
}

static void test_case_and_coalesce(void **state)
{
    (void)state;
    struct expr *unknown = op("=", column(2, TYPE_INT8), I8("1"));

    assert_string_equal(
        eval(many(EXPR_CASE, TYPE_INT4, 5, unknown, I4("1"), BOOL("t"), I4("2"), I4("3"))),
        "integer 2");
    assert_string_equal(eval(many(EXPR_CASE, TYPE_BOOL, 3, BOOL("f"), raises(), BOOL(NULL))),
                        "boolean NULL");
    assert_string_equal(eval(many(EXPR_COALESCE, TYPE_INT8, 3, column(2, TYPE_INT8),
                                  column(1, TYPE_INT8), op("/", I8("1"), I8("0")))),
                        "bigint 7");
    assert_string_equal(eval(many(EXPR_COALESCE, TYPE_INT8, 2, column(2, TYPE_INT8), I8(NULL))),
                        "bigint NULL");
    assert_string_equal(eval(many(EXPR_DISTINCT, TYPE_BOOL, 2, column(2, TYPE_INT8), I8(NULL))),
                        "boolean f");
    assert_string_equal(eval(many(EXPR_DISTINCT, TYPE_BOOL, 2, column(2, TYPE_INT8), I8("1"))),
                        "boolean t");
    assert_string_equal(eval(many(EXPR_DISTINCT, TYPE_BOOL, 2, NUM("1.0"), NUM("1.00"))),
                        "boolean f");
    assert_string_equal(eval(each("{1,NULL,7}", op("<=", element(), column(1, TYPE_INT8)))),
                        "boolean t");
    assert_string_equal(eval(each("{1,8,NULL}", op("<=", element(), column(1, TYPE_INT8)))),
                        "boolean f");
    assert_string_equal(eval(each("{}", op(">", element(), I8("0")))), "boolean t");
    assert_string_equal(eval(each(NULL, op(">", element(), I8("0")))), "boolean t");
    assert_string_equal(eval(each("{1,2}", each("{1,2,3}", op(">", element(), I8("0"))))),
                        "boolean t");
    assert_string_equal(eval(each("{2,0}", op(">", op("/", I8("4"), element()), I8("0")))),
                        "22012");
    assert_string_equal(eval(many(EXPR_TRY, TYPE_INT8, 1, op("/", column(1, TYPE_INT8), I8("0")))),
                        "bigint NULL");
    assert_string_equal(eval(many(EXPR_TRY, TYPE_INT8, 1, op("/", column(1, TYPE_INT8), I8("2")))),
                        "bigint 3");
    assert_string_equal(
        eval(many(EXPR_COALESCE, TYPE_INT8, 2,
                  many(EXPR_TRY, TYPE_INT8, 1,
                       op("+", I8("1"),
                          many(EXPR_TRY, TYPE_INT8, 1, op("/", column(1, TYPE_INT8), I8("0"))))),
                  column(1, TYPE_INT8))),
        "bigint 7");
}

static void test_comparisons_over_columns(void **state)
{
    (void)state;
    assert_string_equal(eval(op("<>", column(0, TYPE_VARCHAR), ANY("abc"))), "boolean f");
    assert_string_equal(eval(op("<", column(0, TYPE_TEXT), ANY("abd"))), "boolean t");
    assert_string_equal(eval(op(">=", ANY("b"), column(0, TYPE_TEXT))), "boolean t");
    assert_string_equal(eval(op("=", column(1, TYPE_INT8), I4("7"))), "boolean t");
    assert_string_equal(eval(op("=", column(2, TYPE_INT8), column(1, TYPE_INT8))), "boolean NULL");
    assert_string_equal(eval(op("=", lit(TYPE_BPCHAR, "a "), lit(TYPE_BPCHAR, "a"))), "boolean t");
    assert_string_equal(eval(op("=", NUM("1.0"), I4("1"))), "boolean t");
}

static enum type_id common(unsigned n, ...)
{
    enum type_id types[4], found = 0;
    va_list args;

    va_start(args, n);
    for (unsigned i = 0; i < n; i++)
        types[i] = (enum type_id)va_arg(args, int);
    va_end(args);
    return type_common(types, (uint16_t)n, &found) ? found : 0;
}

static void test_common_types(void **state)
{
    (void)state;
    assert_int_equal(common(2, TYPE_INT4, TYPE_INT8), TYPE_INT8);
    assert_int_equal(common(2, TYPE_INT8, TYPE_INT4), TYPE_INT8);
    assert_int_equal(common(3, TYPE_INT4, TYPE_NUMERIC, TYPE_UNKNOWN), TYPE_NUMERIC);
    assert_int_equal(common(2, TYPE_NUMERIC, TYPE_FLOAT8), TYPE_FLOAT8);
    assert_int_equal(common(2, TYPE_UNKNOWN, TYPE_UNKNOWN), TYPE_TEXT);
    assert_int_equal(common(2, TYPE_VARCHAR, TYPE_TEXT), TYPE_VARCHAR);
    assert_int_equal(common(2, TYPE_DATE, TYPE_TIMESTAMP), TYPE_TIMESTAMP);
    assert_int_equal(common(2, TYPE_INT4, TYPE_TEXT), 0);
}

static void test_resolution_fails_where_postgres_does(void **state)
{
    enum type_id bools[] = {TYPE_BOOL, TYPE_INT4}, moments[] = {TYPE_DATE, TYPE_DATE};
    enum type_id json[] = {TYPE_JSON, TYPE_JSON};
    bool ambiguous;

    (void)state;
    assert_null(function_resolve(FUNCTION_OPERATOR, STR("="), bools, 2, &ambiguous));
    assert_null(function_resolve(FUNCTION_OPERATOR, STR("+"), moments, 2, &ambiguous));
    assert_null(function_resolve(FUNCTION_OPERATOR, STR("="), json, 2, &ambiguous));
    assert_null(cast_find(TYPE_BOOL, TYPE_DATE, CAST_EXPLICIT));
    assert_null(cast_find(TYPE_TEXT, TYPE_INT4, CAST_ASSIGNMENT));
    assert_null(cast_find(TYPE_INT8, TYPE_INT4, CAST_IMPLICIT));
}

static void test_every_row_is_the_only_one_of_its_kind(void **state)
{
    (void)state;
    for (size_t t = 0; function_tables[t] != NULL; t++) {
        for (const struct function *a = function_tables[t]; a->name != NULL; a++) {
            for (const struct function *b = a + 1; b->name != NULL; b++)
                assert_false(strcmp(a->name, b->name) == 0 && a->kind == b->kind &&
                             memcmp(a->args, b->args, sizeof(a->args)) == 0 &&
                             (a->kind != FUNCTION_CAST || a->result == b->result));
            assert_true(a->body != NULL || a->rows != NULL);
        }
    }
}

static void test_printing(void **state)
{
    struct column columns[] = {{.name = "status"}, {.name = "Id"}, {.name = "x"}, {.name = "x"}};
    struct schema schema = {.columns = columns, .columns_n = 4};
    struct buf out = {0};
    struct expr *expr =
        many(EXPR_AND, TYPE_BOOL, 2, op("=", column(0, TYPE_TEXT), TXT("it's")),
             many(EXPR_IS_NULL, TYPE_BOOL, 1, cast(column(1, TYPE_INT4), TYPE_INT8, -1)));

    (void)state;
    expr_print(&out, expr, &schema);
    assert_string_equal(buf_cstr(&out), "((status = 'it''s'::text) AND (\"Id\"::bigint IS NULL))");
    buf_clear(&out);
    expr_print(&out, column(3, TYPE_INT4), &schema);
    assert_string_equal(buf_cstr(&out), "x$4");
    assert_true(expr_same(expr, expr));
    assert_false(expr_same(expr, expr->args[0]));
    buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_numbers_of_other_kinds),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_like),
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_casts),
        cmocka_unit_test(test_three_valued_logic),
        cmocka_unit_test(test_case_and_coalesce),
        cmocka_unit_test(test_comparisons_over_columns),
        cmocka_unit_test(test_common_types),
        cmocka_unit_test(test_resolution_fails_where_postgres_does),
        cmocka_unit_test(test_every_row_is_the_only_one_of_its_kind),
        cmocka_unit_test(test_printing),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
