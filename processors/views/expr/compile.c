#include "expr/program.h"

#include "expr/body.h"

/* A program in the making. */
struct compiler {
    struct arena *arena;
    struct instruction *code;
    uint32_t n, cap;
    uint16_t registers_n, element; /* the register of EXPR_ELEMENT */
};

static void compile(struct compiler *compiler, const struct expr *expr, uint16_t dst);

static struct instruction *emit(struct compiler *compiler, enum opcode opcode, uint16_t dst)
{
    if (compiler->n == compiler->cap) {
        uint32_t cap = compiler->cap == 0 ? 16 : compiler->cap * 2;
        struct instruction *code = arena_alloc(compiler->arena, cap * sizeof(*code));

        if (compiler->n > 0)
            memcpy(code, compiler->code, compiler->n * sizeof(*code));
        compiler->code = code;
        compiler->cap = cap;
    }
    assert(compiler->n < UINT16_MAX && dst < UINT16_MAX - 1);
    if (dst >= compiler->registers_n)
        compiler->registers_n = (uint16_t)(dst + 1);
    compiler->code[compiler->n] = (struct instruction){.opcode = (uint8_t)opcode, .dst = dst};
    return &compiler->code[compiler->n++];
}

/* The instructions at these indexes jump to what comes next. */
static void land(struct compiler *compiler, const uint32_t *from, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        compiler->code[from[i]].jump = (uint16_t)compiler->n;
}

static const struct value *constant_of(struct compiler *compiler, const struct value *value)
{
    return memcpy(arena_alloc(compiler->arena, sizeof(*value)), value, sizeof(*value));
}

static void compile_constant(struct compiler *compiler, const struct value *value, uint16_t dst)
{
    const struct value *constant = constant_of(compiler, value);

    emit(compiler, OP_CONSTANT, dst)->constant = constant;
}

/* How a comparison can be done without a call. */
enum fast { FAST_NONE, FAST_SLOT, FAST_TEXT };

static bool slot_ordered(enum type_id type)
{
    return !type_is_bytes(type) && type != TYPE_FLOAT4 && type != TYPE_FLOAT8;
}

static enum fast fast_comparison(const struct function *function)
{
    enum type_id a = function->args[0], b = function->args[1];

    if (function->kind != FUNCTION_OPERATOR || comparison_mask(function->name) == 0)
        return FAST_NONE;
    if (a == TYPE_TEXT && b == TYPE_TEXT)
        return FAST_TEXT;
    if (a < TYPE_ANY && b < TYPE_ANY && slot_ordered(a) && slot_ordered(b) &&
        (a == b || (type_is_number(a) && type_is_number(b))))
        return FAST_SLOT;
    return FAST_NONE;
}

/* The casts that change no bytes are looked through. */
static const struct expr *stripped(const struct expr *expr)
{
    while (expr->kind == EXPR_CALL && expr->function->body == cast_same && expr->args_n == 1 &&
           (expr->function->kind != FUNCTION_CAST || expr->type.typmod < 0))
        expr = expr->args[0];
    return expr;
}

static void compile_comparison(struct compiler *compiler, const struct expr *expr, enum fast fast,
                               uint16_t dst)
{
    const struct expr *a = stripped(expr->args[0]), *b = stripped(expr->args[1]);
    struct instruction *made;

    if (a->kind == EXPR_COLUMN && b->kind == EXPR_CONST && !b->constant.null) {
        const struct value *constant = constant_of(compiler, &b->constant);

        made = emit(compiler, fast == FAST_SLOT ? OP_COLUMN_SLOT_CONST : OP_COLUMN_TEXT_CONST, dst);
        made->column = a->column;
        made->constant = constant;
    } else {
        compile(compiler, a, dst);
        compile(compiler, b, (uint16_t)(dst + 1));
        made = emit(compiler, fast == FAST_SLOT ? OP_COMPARE_SLOT : OP_COMPARE_TEXT, dst);
    }
    made->mask = (uint8_t)comparison_mask(expr->function->name);
}

static const void *prepare(struct compiler *compiler, const struct expr *expr)
{
    struct value *values;
    bool *known;

    if (expr->function->prepare == NULL)
        return NULL;
    values = arena_zalloc(compiler->arena, (expr->args_n + 1U) * sizeof(*values));
    known = arena_zalloc(compiler->arena, expr->args_n + 1U);
    for (uint16_t i = 0; i < expr->args_n; i++) {
        known[i] = expr->args[i]->kind == EXPR_CONST && !expr->args[i]->constant.null;
        values[i] = expr->args[i]->constant;
    }
    return expr->function->prepare(values, known, expr->args_n, compiler->arena);
}

static void compile_call(struct compiler *compiler, const struct expr *expr, uint16_t dst)
{
    enum fast fast = fast_comparison(expr->function);
    struct call_site *site;
    struct type *types;

    if (fast != FAST_NONE) {
        compile_comparison(compiler, expr, fast, dst);
        return;
    }
    for (uint16_t i = 0; i < expr->args_n; i++)
        compile(compiler, expr->args[i], (uint16_t)(dst + i));
    site = arena_alloc(compiler->arena, sizeof(*site));
    types = arena_alloc(compiler->arena, expr->args_n * sizeof(*types));
    for (uint16_t i = 0; i < expr->args_n; i++)
        types[i] = expr->args[i]->type;
    *site = (struct call_site){.function = expr->function,
                               .arg_types = types,
                               .result_type = expr->type,
                               .prepared = prepare(compiler, expr),
                               .args_n = expr->args_n,
                               .reads_escapes = function_reads_escapes(expr->function),
                               .applies_typmod =
                                   expr->function->kind == FUNCTION_CAST && expr->type.typmod >= 0};
    emit(compiler, OP_CALL, dst)->site = site;
}

/* dst holds the result so far; each argument is computed behind it and merged. */
static void compile_logic(struct compiler *compiler, const struct expr *expr, uint16_t dst)
{
    enum opcode opcode = expr->kind == EXPR_AND ? OP_AND : OP_OR;
    uint32_t *jumps = arena_alloc(compiler->arena, expr->args_n * sizeof(*jumps));

    compile_constant(compiler, &(struct value){.slot = expr->kind == EXPR_AND}, dst);
    for (uint16_t i = 0; i < expr->args_n; i++) {
        compile(compiler, expr->args[i], (uint16_t)(dst + 1));
        jumps[i] = compiler->n;
        emit(compiler, opcode, dst);
    }
    land(compiler, jumps, expr->args_n);
}

static void compile_case(struct compiler *compiler, const struct expr *expr, uint16_t dst)
{
    uint32_t *ends = arena_alloc(compiler->arena, expr->args_n * sizeof(*ends));
    uint32_t ends_n = 0;

    assert(expr->args_n % 2 == 1);
    for (uint16_t i = 0; i + 1U < expr->args_n; i = (uint16_t)(i + 2)) {
        uint32_t skip;

        compile(compiler, expr->args[i], dst);
        skip = compiler->n;
        emit(compiler, OP_JUMP_NOT_TRUE, dst);
        compile(compiler, expr->args[i + 1], dst);
        ends[ends_n++] = compiler->n;
        emit(compiler, OP_JUMP, dst);
        land(compiler, &skip, 1);
    }
    compile(compiler, expr->args[expr->args_n - 1], dst);
    land(compiler, ends, ends_n);
}

static void compile_coalesce(struct compiler *compiler, const struct expr *expr, uint16_t dst)
{
    uint32_t *ends = arena_alloc(compiler->arena, expr->args_n * sizeof(*ends));

    for (uint16_t i = 0; i < expr->args_n; i++) {
        compile(compiler, expr->args[i], dst);
        ends[i] = compiler->n;
        emit(compiler, OP_JUMP_NOT_NULL, dst);
    }
    land(compiler, ends, expr->args_n);
}

static void compile_try(struct compiler *compiler, const struct expr *expr, uint16_t dst)
{
    uint32_t at = compiler->n;

    emit(compiler, OP_TRY, dst);
    compile(compiler, expr->args[0], dst);
    land(compiler, &at, 1);
}

static void compile_each(struct compiler *compiler, const struct expr *expr, uint16_t dst)
{
    uint16_t around = compiler->element;
    uint32_t at;

    compile(compiler, expr->args[0], dst);
    at = compiler->n;
    emit(compiler, OP_EACH, dst)->type = type_element(expr->args[0]->type.id);
    compiler->element = (uint16_t)(dst + 1);
    compile(compiler, expr->args[1], (uint16_t)(dst + 2));
    compiler->element = around;
    land(compiler, &at, 1);
}

static void compile_unfolded(struct compiler *compiler, const struct expr *expr, uint16_t dst)
{
    switch (expr->kind) {
    case EXPR_CONST:
        compile_constant(compiler, &expr->constant, dst);
        return;
    case EXPR_COLUMN:
        emit(compiler, type_is_bytes(expr->type.id) ? OP_COLUMN_BYTES : OP_COLUMN_SLOT, dst)
            ->column = expr->column;
        return;
    case EXPR_CALL:
        compile_call(compiler, expr, dst);
        return;
    case EXPR_AND:
    case EXPR_OR:
        compile_logic(compiler, expr, dst);
        return;
    case EXPR_NOT:
        compile(compiler, expr->args[0], dst);
        emit(compiler, OP_NOT, dst);
        return;
    case EXPR_IS_NULL:
        compile(compiler, expr->args[0], dst);
        emit(compiler, OP_IS_NULL, dst);
        return;
    case EXPR_CASE:
        compile_case(compiler, expr, dst);
        return;
    case EXPR_COALESCE:
        compile_coalesce(compiler, expr, dst);
        return;
    case EXPR_TRY:
        compile_try(compiler, expr, dst);
        return;
    case EXPR_DISTINCT:
        compile(compiler, expr->args[0], dst);
        compile(compiler, expr->args[1], (uint16_t)(dst + 1));
        emit(compiler, OP_DISTINCT, dst)->type = expr->args[0]->type.id;
        return;
    case EXPR_EACH:
        compile_each(compiler, expr, dst);
        return;
    case EXPR_ELEMENT:
        emit(compiler, OP_ELEMENT, dst)->column = compiler->element;
        return;
    }
}

static bool is_constant(const struct expr *expr)
{
    if (expr->kind == EXPR_COLUMN || expr->kind == EXPR_ELEMENT)
        return false;
    for (uint16_t i = 0; i < expr->args_n; i++) {
        if (!is_constant(expr->args[i]))
            return false;
    }
    return true;
}

/* Computes what has no column in it; what raises is left to raise when it is reached. */
static bool fold(struct compiler *compiler, const struct expr *expr, struct value *ret)
{
    static const struct row no_row = {.len = sizeof(no_row)}; /* a constant reads no column */
    struct compiler inner = {.arena = compiler->arena};
    struct err ignored;

    if (expr->kind == EXPR_CONST || !is_constant(expr))
        return false;
    compile_unfolded(&inner, expr, 0);
    struct program program = {inner.code, (uint16_t)inner.n, (uint16_t)(inner.registers_n + 1)};
    struct value *registers =
        arena_alloc(compiler->arena, program.registers_n * sizeof(*registers));
    if (!program_run(&program, &no_row, compiler->arena, registers, &ignored))
        return false;
    *ret = registers[0];
    return true;
}

static void compile(struct compiler *compiler, const struct expr *expr, uint16_t dst)
{
    struct value folded;

    expr = stripped(expr);
    if (fold(compiler, expr, &folded))
        compile_constant(compiler, &folded, dst);
    else
        compile_unfolded(compiler, expr, dst);
}

struct program *expr_compile(struct arena *arena, const struct expr *expr)
{
    struct compiler compiler = {.arena = arena};
    struct program *program = arena_alloc(arena, sizeof(*program));

    compile(&compiler, expr, 0);
    *program =
        (struct program){compiler.code, (uint16_t)compiler.n, (uint16_t)(compiler.registers_n + 1)};
    return program;
}
