/*
 * What the files of the window operator share: one partition in a step, its frames, its functions.
 * Private to window*.c.
 */
#ifndef SLUICE_VIEWS_OPS_WINDOW_H
#define SLUICE_VIEWS_OPS_WINDOW_H

#include "ops/aggregate_ops.h"
#include "ops/op.h"

/* A function made ready. */
struct window_function {
    const struct plan_window_function *plan;
    struct aggregate_site site;
    const struct getter *args;
    const struct program *filter;                             /* NULL: every row */
    const struct getter *start_limit, *end_limit, *range_key; /* of a RANGE with offsets */
    struct key_order range_order;
};

/* A partition's rows in order, each as often as it is there. Peers compare equal by ORDER BY. */
struct window_rows {
    const struct row **rows;
    uint32_t *group_of; /* by row: the number of its group of peers */
    uint32_t *starts;   /* by group: its first row; behind the last group: n */
    uint32_t n, groups_n;
};

/* What a function gives for each row. */
struct window_result {
    struct value *values;
    const struct err **raised; /* NULL where it did not */
};

/* The rows that a function sees: [start, end) but for [out_start, out_end), in which `kept` stays.
 */
struct window_frame {
    uint32_t start, end;
    uint32_t out_start, out_end;
    uint32_t kept; /* UINT32_MAX: none */
};

/* Frames of one function over one partition. */
struct window_frames {
    const struct window_function *function;
    const struct window_rows *rows;
    const struct str *range_keys; /* by row, of a RANGE with offsets */
    struct step *step;
};

/* window_frame.c: makes the frames ready. */
struct window_frames window_frames_of(const struct window_function *function,
                                      const struct window_rows *rows, struct step *step);

/* The frame of row i. */
struct window_frame window_frame_at(const struct window_frames *frames, uint32_t i);

/* Row j is in the frame. */
static inline bool window_frame_has(const struct window_frame *frame, uint32_t j)
{
    return j >= frame->start && j < frame->end &&
           (j < frame->out_start || j >= frame->out_end || j == frame->kept);
}

/* window_function.c: runs the function over a partition of one row or more. */
void window_function_run(const struct window_function *function, const struct window_rows *rows,
                         struct step *step, struct window_result *result);

/* window_aggregate.c: an aggregate over each row's frame. */
void window_aggregate_run(const struct window_function *function, const struct window_rows *rows,
                          struct step *step, struct window_result *result);

/* The value of an argument over a row; the operator has seen before that it does not raise. */
struct value window_arg(const struct window_function *function, uint16_t arg, struct step *step,
                        const struct row *row);

#endif
