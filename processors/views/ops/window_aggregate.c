#include "ops/window.h"

/*
 * An aggregate over each row's frame. One accumulator follows the frames: rows that come in are
 * added, rows that go out are taken back. Where an aggregate can't take back, it starts anew when a
 * row goes out.
 */
struct follower {
    const struct window_function *function;
    const struct aggregate_ops *ops;
    struct step *step;
    const struct value *args; /* of all rows, one row after another */
    const bool *seen;         /* by row */
    void *at;
    uint32_t from, to; /* the rows that are in */
    bool takes_back;
};

static void add_one(const struct follower *follower, void *at, uint32_t row, int64_t weight)
{
    const struct aggregate_site *site = &follower->function->site;

    if (follower->seen[row])
        follower->ops->add(at, site, follower->step->arena,
                           follower->args + (size_t)row * site->args_n, weight);
}

static void start_anew(struct follower *follower, uint32_t from)
{
    memset(follower->at, 0, follower->ops->size);
    follower->from = follower->to = from;
}

static void follow(struct follower *follower, const struct window_frame *frame)
{
    bool goes_out = frame->start > follower->from || frame->end < follower->to;
    bool apart = frame->start >= follower->to || frame->end <= follower->from;

    if (apart || frame->start < follower->from || (goes_out && !follower->takes_back))
        start_anew(follower, frame->start);
    while (follower->to < frame->end)
        add_one(follower, follower->at, follower->to++, 1);
    while (follower->from < frame->start)
        add_one(follower, follower->at, follower->from++, -1);
    while (follower->to > frame->end)
        add_one(follower, follower->at, --follower->to, -1);
}

/* Takes what the frame leaves out away, or puts it back. */
static void leave_out(const struct follower *follower, const struct window_frame *frame,
                      int64_t weight)
{
    for (uint32_t i = frame->out_start; i < frame->out_end; i++)
        if (i >= frame->start && i < frame->end && i != frame->kept)
            add_one(follower, follower->at, i, weight);
}

/* All that is in the frame, in a new accumulator. */
static void *add_all(const struct follower *follower, const struct window_frame *frame)
{
    void *at = arena_zalloc(follower->step->arena, follower->ops->size);

    for (uint32_t i = frame->start; i < frame->end; i++)
        if (window_frame_has(frame, i))
            add_one(follower, at, i, 1);
    return at;
}

static void give(const struct follower *follower, const void *at, uint32_t i,
                 struct window_result *result)
{
    struct err raised;

    result->values[i] = (struct value){0};
    result->raised[i] = NULL;
    if (!follower->ops->result(at, &follower->function->site, follower->step->arena,
                               &result->values[i], &raised)) {
        struct err *kept = arena_alloc(follower->step->arena, sizeof(*kept));

        *kept = raised;
        result->raised[i] = kept;
    }
}

static void one_row(struct follower *follower, const struct window_frame *frame, uint32_t i,
                    struct window_result *result)
{
    bool leaves_out = frame->out_end > frame->out_start;

    if (leaves_out && !follower->takes_back) {
        give(follower, add_all(follower, frame), i, result);
        return;
    }
    follow(follower, frame);
    if (leaves_out)
        leave_out(follower, frame, -1);
    give(follower, follower->at, i, result);
    if (leaves_out)
        leave_out(follower, frame, 1);
}

static void evaluate(struct follower *follower, const struct window_rows *rows)
{
    const struct window_function *function = follower->function;
    uint16_t n = function->site.args_n;
    struct value *args =
        arena_alloc(follower->step->arena, ((size_t)rows->n * n + 1) * sizeof(*args));
    bool *seen = arena_alloc(follower->step->arena, rows->n);
    struct err ignored;

    for (uint32_t i = 0; i < rows->n; i++) {
        struct value *mine = args + (size_t)i * n;

        seen[i] =
            function->filter == NULL || (program_true(function->filter, rows->rows[i],
                                                      follower->step->arena, &seen[i], &ignored) &&
                                         seen[i]);
        for (uint16_t arg = 0; arg < n && seen[i]; arg++)
            mine[arg] = window_arg(function, arg, follower->step, rows->rows[i]);
        seen[i] = seen[i] && !aggregate_skips(&function->site, mine);
    }
    follower->args = args;
    follower->seen = seen;
}

static bool same_frame(const struct window_frame *a, const struct window_frame *b)
{
    return a->start == b->start && a->end == b->end && a->out_start == a->out_end &&
           b->out_start == b->out_end;
}

void window_aggregate_run(const struct window_function *function, const struct window_rows *rows,
                          struct step *step, struct window_result *result)
{
    const struct aggregate *aggregate = function->site.aggregate;
    struct window_frames frames = window_frames_of(function, rows, step);
    struct follower follower = {.function = function,
                                .ops = aggregate->ops,
                                .step = step,
                                .at = arena_zalloc(step->arena, aggregate->ops->size),
                                .takes_back = aggregate->state == AGGREGATE_SUMS};
    struct window_frame last = {0};

    evaluate(&follower, rows);
    for (uint32_t i = 0; i < rows->n; i++) {
        struct window_frame frame = window_frame_at(&frames, i);

        if (i > 0 && same_frame(&frame, &last)) {
            result->values[i] = result->values[i - 1];
            result->raised[i] = result->raised[i - 1];
        } else {
            one_row(&follower, &frame, i, result);
        }
        last = frame;
    }
}
