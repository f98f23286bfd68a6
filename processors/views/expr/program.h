/*
 * The inside of a program: instructions over numbered registers, each register one value. Known to
 * compile.c, which writes it, and program.c, which runs it.
 */
#ifndef SLUICE_VIEWS_EXPR_PROGRAM_H
#define SLUICE_VIEWS_EXPR_PROGRAM_H

#include "expr/expr.h"

/* What an instruction does to register `dst`; `jump` is an index of an instruction. */
enum opcode {
    OP_COLUMN_SLOT,       /* column `column` of a type that lies in the slot */
    OP_COLUMN_BYTES,      /* column `column` of a bytes type */
    OP_CONSTANT,          /* *constant */
    OP_CALL,              /* site, over registers dst, dst+1, ...; NULL when strict and one is */
    OP_COMPARE_SLOT,      /* dst (mask) dst+1, both slots */
    OP_COMPARE_TEXT,      /* dst (mask) dst+1, both bytes in C order */
    OP_COLUMN_SLOT_CONST, /* column (mask) *constant, slots */
    OP_COLUMN_TEXT_CONST, /* column (mask) *constant, bytes */
    OP_AND,               /* dst AND dst+1; jumps when that is false */
    OP_OR,                /* dst OR dst+1; jumps when that is true */
    OP_NOT,
    OP_IS_NULL,
    OP_DISTINCT, /* dst IS DISTINCT FROM dst+1, values of `type` */
    OP_ELEMENT,  /* register `column` */
    OP_EACH,     /* dst, an array of `type`: the instructions before `jump`, for each element in
                         dst+1; dst is whether none has left false in dst+2 */
    OP_TRY,      /* the instructions before `jump`; dst is NULL when one raises */
    OP_JUMP,     /* always */
    OP_JUMP_NOT_TRUE, /* when dst is false or NULL */
    OP_JUMP_NOT_NULL  /* when dst is there */
};

/* What a call needs beside its registers. */
struct call_site {
    const struct function *function;
    const struct type *arg_types;
    struct type result_type;
    const void *prepared;
    uint16_t args_n;
    bool applies_typmod; /* a cast to a type with one */
    bool reads_escapes;  /* function_reads_escapes */
};

struct instruction {
    uint8_t opcode, mask;
    uint16_t dst, column, jump;
    union {
        const struct value *constant;
        const struct call_site *site;
        enum type_id type;
    };
};

struct program {
    const struct instruction *code;
    uint16_t code_n, registers_n;
};

/* Runs over registers of the caller's; the result is in the first. */
WARN_UNUSED bool program_run(const struct program *program, const struct row *row,
                             struct arena *scratch, struct value *registers, struct err *reterr);

#endif
