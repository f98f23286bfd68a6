#include "expr/program.h"

#include "expr/body.h"
#include "record/array.h"
#include "record/json.h"
#include "record/text.h"

/* Registers beyond this number come from the scratch arena. */
enum { REGISTERS_ON_STACK = 16 };

static bool any_null(const struct value *args, uint16_t n)
{
    for (uint16_t i = 0; i < n; i++) {
        if (args[i].null)
            return true;
    }
    return false;
}

static bool run_call(const struct call_site *site, struct arena *scratch, struct value *registers,
                     struct err *reterr)
{
    struct call call = {.args = registers,
                        .arg_types = site->arg_types,
                        .result_type = site->result_type,
                        .scratch = scratch,
                        .prepared = site->prepared,
                        .args_n = site->args_n};
    struct value result = {0};

    if (!site->function->not_strict && any_null(registers, site->args_n)) {
        registers[0] = (struct value){.null = true};
        return true;
    }
    if (site->reads_escapes && !registers[0].null &&
        !json_check_escapes(registers[0].bytes, reterr))
        return false;
    if (!site->function->body(&call, &result, reterr))
        return false;
    registers[0] = result;
    if (!site->applies_typmod || result.null)
        return true;
    return text_apply_typmod(site->result_type, result, scratch, &registers[0], reterr);
}

static void set_bool(struct value *dst, bool truth)
{
    dst->null = false;
    dst->slot = truth;
}

static void compare_slots(struct value *dst, unsigned mask)
{
    dst[0].null = dst[0].null || dst[1].null;
    dst[0].slot = comparison_holds(mask, (dst[0].slot > dst[1].slot) - (dst[0].slot < dst[1].slot));
}

/* Equality needs no order, so it looks at the lengths first. */
static bool bytes_compare(struct str a, struct str b, unsigned mask)
{
    if (mask == 2 || mask == 5)
        return str_eq(a, b) == (mask == 2);
    return comparison_holds(mask, str_cmp(a, b));
}

static void compare_texts(struct value *dst, unsigned mask)
{
    if (dst[0].null || dst[1].null)
        dst[0].null = true;
    else
        dst[0].slot = bytes_compare(dst[0].bytes, dst[1].bytes, mask);
}

static void compare_slot_constant(const struct instruction *at, const struct row *row,
                                  struct value *dst)
{
    int64_t slot = row_slot(row, at->column), constant = at->constant->slot;

    dst->null = row_is_null(row, at->column);
    dst->slot = comparison_holds(at->mask, (slot > constant) - (slot < constant));
}

static void compare_text_constant(const struct instruction *at, const struct row *row,
                                  struct value *dst)
{
    dst->null = row_is_null(row, at->column);
    dst->slot = bytes_compare(row_bytes(row, at->column), at->constant->bytes, at->mask);
}

/* dst AND/OR dst+1, where `decides` is the value that settles it; true when settled. */
static bool merge_logic(struct value *dst, bool decides)
{
    if (!dst[1].null && (dst[1].slot != 0) == decides) {
        set_bool(dst, decides);
        return true;
    }
    dst[0].null = dst[0].null || dst[1].null;
    return false;
}

static void distinct(struct value *dst, enum type_id type)
{
    if (dst[0].null || dst[1].null)
        set_bool(dst, dst[0].null != dst[1].null);
    else
        set_bool(dst, value_compare(type, dst[0], dst[1]) != 0);
}

/* What all instructions of a run have in common. */
struct run {
    const struct instruction *code; /* the program's first */
    const struct row *row;
    struct arena *scratch;
    struct value *registers;
};

static bool run_range(const struct run *run, const struct instruction *at,
                      const struct instruction *end, struct err *reterr);

/* Another error than the row's own is passed on. */
static bool run_try(const struct run *run, const struct instruction *at, struct err *reterr)
{
    struct err raised;

    if (run_range(run, at + 1, run->code + at->jump, &raised))
        return true;
    run->registers[at->dst] = (struct value){.null = true};
    if (raised.kind != ERR_DEAD_LETTER)
        *reterr = raised;
    return raised.kind == ERR_DEAD_LETTER;
}

static bool run_each(const struct run *run, const struct instruction *at, struct err *reterr)
{
    struct value *dst = &run->registers[at->dst];
    struct array_walk walk = {0};
    bool holds = true;

    if (!dst->null)
        walk = array_open(dst->bytes, at->type);
    while (holds && array_next(&walk, &dst[1])) {
        if (!run_range(run, at + 1, run->code + at->jump, reterr))
            return false;
        holds = dst[2].null || dst[2].slot != 0;
    }
    set_bool(dst, holds);
    return true;
}

/* NOLINTNEXTLINE(readability-function-size): one case an instruction */
static bool run_range(const struct run *run, const struct instruction *at,
                      const struct instruction *end, struct err *reterr)
{
    const struct row *row = run->row;

    while (at != end) {
        struct value *dst = run->registers + at->dst;
        bool jumps = false;

        switch ((enum opcode)at->opcode) {
        case OP_COLUMN_SLOT:
            dst->null = row_is_null(row, at->column);
            dst->slot = row_slot(row, at->column);
            break;
        case OP_COLUMN_BYTES:
            dst->null = row_is_null(row, at->column);
            dst->bytes = row_bytes(row, at->column);
            break;
        case OP_CONSTANT:
            *dst = *at->constant;
            break;
        case OP_CALL:
            if (!run_call(at->site, run->scratch, dst, reterr))
                return false;
            break;
        case OP_COMPARE_SLOT:
            compare_slots(dst, at->mask);
            break;
        case OP_COMPARE_TEXT:
            compare_texts(dst, at->mask);
            break;
        case OP_COLUMN_SLOT_CONST:
            compare_slot_constant(at, row, dst);
            break;
        case OP_COLUMN_TEXT_CONST:
            compare_text_constant(at, row, dst);
            break;
        case OP_AND:
            jumps = merge_logic(dst, false);
            break;
        case OP_OR:
            jumps = merge_logic(dst, true);
            break;
        case OP_NOT:
            dst->slot = dst->slot == 0;
            break;
        case OP_IS_NULL:
            set_bool(dst, dst->null);
            break;
        case OP_DISTINCT:
            distinct(dst, at->type);
            break;
        case OP_ELEMENT:
            *dst = run->registers[at->column];
            break;
        case OP_EACH:
            if (!run_each(run, at, reterr))
                return false;
            jumps = true;
            break;
        case OP_TRY:
            if (!run_try(run, at, reterr))
                return false;
            jumps = true;
            break;
        case OP_JUMP:
            jumps = true;
            break;
        case OP_JUMP_NOT_TRUE:
            jumps = dst->null || dst->slot == 0;
            break;
        case OP_JUMP_NOT_NULL:
            jumps = !dst->null;
            break;
        }
        at = jumps ? run->code + at->jump : at + 1;
    }
    return true;
}

bool program_run(const struct program *program, const struct row *row, struct arena *scratch,
                 struct value *registers, struct err *reterr)
{
    const struct run run = {program->code, row, scratch, registers};

    return run_range(&run, program->code, program->code + program->code_n, reterr);
}

bool program_eval(const struct program *program, const struct row *row, struct arena *scratch,
                  struct value *ret, struct err *reterr)
{
    struct value few[REGISTERS_ON_STACK];
    struct value *registers = few;

    if (program->registers_n > REGISTERS_ON_STACK)
        registers = arena_alloc(scratch, program->registers_n * sizeof(*registers));
    if (!program_run(program, row, scratch, registers, reterr))
        return false;
    *ret = registers[0];
    return true;
}

bool program_true(const struct program *program, const struct row *row, struct arena *scratch,
                  bool *ret_true, struct err *reterr)
{
    struct arena_mark mark = arena_mark(scratch);
    struct value value;
    bool ok = program_eval(program, row, scratch, &value, reterr);

    if (ok)
        *ret_true = !value.null && value.slot != 0;
    arena_rewind(scratch, mark);
    return ok;
}
