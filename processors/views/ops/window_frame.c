#include "ops/defect.h"
#include "ops/window.h"

static struct value value_of(const struct getter *getter, struct step *step, const struct row *row)
{
    struct value value = {0};
    struct err ignored;

    if (!getter_eval(getter, row, step->arena, &value, &ignored))
        value = (struct value){.null = true};
    return value;
}

static struct str key_of(const struct window_function *function, const struct getter *getter,
                         struct step *step, const struct row *row)
{
    buf_clear(step->key);
    key_append(step->key, getter->type.id, value_of(getter, step, row), function->range_order);
    return arena_copy(step->arena, buf_str(step->key));
}

struct window_frames window_frames_of(const struct window_function *function,
                                      const struct window_rows *rows, struct step *step)
{
    struct window_frames frames = {.function = function, .rows = rows, .step = step};

    if (function->range_key != NULL) {
        struct str *keys = arena_alloc(step->arena, rows->n * sizeof(*keys));

        for (uint32_t i = 0; i < rows->n; i++)
            keys[i] = key_of(function, function->range_key, step, rows->rows[i]);
        frames.range_keys = keys;
    }
    return frames;
}

/* How many rows lie before the limit, those that reach it included when `with`. */
static uint32_t rows_before(const struct window_frames *frames, const struct getter *limit,
                            uint32_t i, bool with)
{
    struct str key = key_of(frames->function, limit, frames->step, frames->rows->rows[i]);
    uint32_t low = 0, high = frames->rows->n;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = str_cmp(frames->range_keys[middle], key);

        if (order < 0 || (with && order == 0))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* place + offset, within [0, most]. */
static uint32_t moved(uint32_t place, int64_t offset, uint32_t most)
{
    int64_t to;

    if (__builtin_add_overflow((int64_t)place, offset, &to))
        to = offset < 0 ? 0 : most;
    return to < 0 ? 0 : to > most ? most : (uint32_t)to;
}

static int64_t signed_offset(const struct plan_bound *bound)
{
    return bound->kind == BOUND_CURRENT     ? 0
           : bound->kind == BOUND_PRECEDING ? -bound->offset
                                            : bound->offset;
}

/* The first row of the frame, or one behind the last. */
static uint32_t rows_bound(const struct window_rows *rows, const struct plan_bound *bound,
                           uint32_t i, bool is_end)
{
    return moved(i + is_end, signed_offset(bound), rows->n);
}

static uint32_t groups_bound(const struct window_rows *rows, const struct plan_bound *bound,
                             uint32_t i, bool is_end)
{
    return rows->starts[moved(rows->group_of[i] + is_end, signed_offset(bound), rows->groups_n)];
}

static uint32_t bound_at(const struct window_frames *frames, uint32_t i, bool is_end)
{
    const struct window_function *function = frames->function;
    const struct plan_frame *frame = &function->plan->frame;
    const struct plan_bound *bound = is_end ? &frame->end : &frame->start;

    if (bound->kind == BOUND_UNBOUNDED)
        return is_end ? frames->rows->n : 0;
    if (frame->unit == FRAME_ROWS)
        return rows_bound(frames->rows, bound, i, is_end);
    if (frame->unit == FRAME_RANGE && bound->kind != BOUND_CURRENT)
        return rows_before(frames, is_end ? function->end_limit : function->start_limit, i, is_end);
    return groups_bound(frames->rows, bound, i, is_end);
}

struct window_frame window_frame_at(const struct window_frames *frames, uint32_t i)
{
    const struct window_rows *rows = frames->rows;
    uint32_t group = rows->group_of[i];
    struct window_frame frame = {bound_at(frames, i, false), bound_at(frames, i, true), 0, 0,
                                 UINT32_MAX};

    if (frame.end < frame.start)
        frame.end = frame.start;
    switch (frames->function->plan->frame.exclusion) {
    case EXCLUDE_NONE:
        break;
    case EXCLUDE_CURRENT:
        frame.out_start = i;
        frame.out_end = i + 1;
        break;
    case EXCLUDE_TIES:
        frame.kept = defect("frame-no-ties") ? UINT32_MAX : i;
        frame.out_start = rows->starts[group];
        frame.out_end = rows->starts[group + 1];
        break;
    case EXCLUDE_GROUP:
        frame.out_start = rows->starts[group];
        frame.out_end = rows->starts[group + 1];
        break;
    }
    return frame;
}
