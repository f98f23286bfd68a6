/*
 * Templates of to_char for numbers. Not for other rooms.
 */
#ifndef SLUICE_VIEWS_EXPR_NUMBER_TEMPLATE_H
#define SLUICE_VIEWS_EXPR_NUMBER_TEMPLATE_H

#include "expr/strings.h"

enum {
    NUMBER_ZERO = 1,
    NUMBER_POINT = 2,
    NUMBER_FILL = 4,
    NUMBER_SIGN = 8,
    NUMBER_BRACKET = 16,
    NUMBER_MINUS = 32,
    NUMBER_PLUS = 64,
    NUMBER_ROMAN = 128,
    NUMBER_EXPONENT = 256,
    NUMBER_SHIFT = 512
};

enum number_kind {
    NUMBER_9,
    NUMBER_0,
    NUMBER_D,
    NUMBER_COMMA,
    NUMBER_L,
    NUMBER_MI,
    NUMBER_PL,
    NUMBER_SG,
    NUMBER_RN,
    NUMBER_TH,
    NUMBER_TEXT,
    NUMBER_OTHER /* said its part while the template was read */
};

struct number_mark {
    enum number_kind kind;
    bool upper;
    struct str text;
};

/* `pre` and `post`: digits on either side of the point; `shift`: those behind V. zero_start: the
 * place of the first 0; zero_end: places up to the last. */
struct number_template {
    struct number_mark *marks;
    uint32_t n;
    unsigned flags;
    int pre, post, shift, zero_start, zero_end, pre_sign;
    bool sign_behind;
};

/* Reads a template into the arena; 42601 where its parts contradict each other. */
WARN_UNUSED bool number_template_read(struct str text, struct arena *arena,
                                      struct number_template *ret, struct err *reterr);

#endif
