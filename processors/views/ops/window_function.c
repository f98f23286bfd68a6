/* The functions that stand over windows alone. A new one is one function and one line in the
 * table. */
#include "ops/window.h"

struct value window_arg(const struct window_function *function, uint16_t arg, struct step *step,
                        const struct row *row)
{
    struct value value = {0};
    struct err ignored;

    if (!getter_eval(&function->args[arg], row, step->arena, &value, &ignored))
        value = (struct value){.null = true};
    return value;
}

/* One partition and where the answers go. */
struct run {
    const struct window_function *function;
    const struct window_rows *rows;
    struct step *step;
    struct window_result *result;
};

static void raise_at(const struct run *run, uint32_t i, const char *sqlstate, const char *text)
{
    struct err *raised = arena_alloc(run->step->arena, sizeof(*raised));

    (void)err_sql(raised, ERR_DEAD_LETTER, sqlstate, "%s", text);
    run->result->raised[i] = raised;
}

static uint32_t first_peer(const struct run *run, uint32_t i)
{
    return run->rows->starts[run->rows->group_of[i]];
}

static uint32_t behind_peers(const struct run *run, uint32_t i)
{
    return run->rows->starts[run->rows->group_of[i] + 1];
}

static struct value row_number(const struct run *run, uint32_t i)
{
    (void)run;
    return (struct value){.slot = (int64_t)i + 1};
}

static struct value rank(const struct run *run, uint32_t i)
{
    return (struct value){.slot = (int64_t)first_peer(run, i) + 1};
}

static struct value dense_rank(const struct run *run, uint32_t i)
{
    return (struct value){.slot = (int64_t)run->rows->group_of[i] + 1};
}

static struct value percent_rank(const struct run *run, uint32_t i)
{
    if (run->rows->n <= 1)
        return (struct value){.real = 0};
    return (struct value){.real = (double)first_peer(run, i) / (double)(run->rows->n - 1)};
}

static struct value cume_dist(const struct run *run, uint32_t i)
{
    return (struct value){.real = (double)behind_peers(run, i) / (double)run->rows->n};
}

/* The first buckets have one row more where the rows can't be divided evenly. */
static struct value ntile(const struct run *run, uint32_t i)
{
    struct value buckets = window_arg(run->function, 0, run->step, run->rows->rows[0]);
    int64_t n = run->rows->n, size, larger;

    if (buckets.null)
        return buckets;
    if (buckets.slot <= 0) {
        raise_at(run, i, "22014", "argument of ntile must be greater than zero");
        return buckets;
    }
    size = n / buckets.slot;
    larger = n % buckets.slot;
    if ((int64_t)i < larger * (size + 1))
        return (struct value){.slot = (int64_t)i / (size + 1) + 1};
    return (struct value){.slot = larger + ((int64_t)i - larger * (size + 1)) / size + 1};
}

/* The argument `away` rows on; out of the partition, the default. */
static struct value at_distance(const struct run *run, uint32_t i, int sign)
{
    const struct window_function *function = run->function;
    const struct row *row = run->rows->rows[i];
    struct value away = {.slot = 1};

    if (function->site.args_n > 1)
        away = window_arg(function, 1, run->step, row);
    if (away.null)
        return away;
    int64_t to = (int64_t)i + sign * away.slot;
    if (to >= 0 && to < run->rows->n)
        return window_arg(function, 0, run->step, run->rows->rows[to]);
    if (function->site.args_n > 2)
        return window_arg(function, 2, run->step, row);
    return (struct value){.null = true};
}

static struct value lag(const struct run *run, uint32_t i)
{
    return at_distance(run, i, -1);
}

static struct value lead(const struct run *run, uint32_t i)
{
    return at_distance(run, i, 1);
}

/* The argument over the row of the frame at that place, from 0. */
static struct value nth_of(const struct run *run, const struct window_frame *frame, int64_t place)
{
    for (uint32_t j = frame->start; j < frame->end; j++) {
        if (window_frame_has(frame, j) && place-- == 0)
            return window_arg(run->function, 0, run->step, run->rows->rows[j]);
    }
    return (struct value){.null = true};
}

static struct value last_of(const struct run *run, const struct window_frame *frame)
{
    for (uint32_t j = frame->end; j-- > frame->start;) {
        if (window_frame_has(frame, j))
            return window_arg(run->function, 0, run->step, run->rows->rows[j]);
    }
    return (struct value){.null = true};
}

static struct value nth_value(const struct run *run, const struct window_frame *frame, uint32_t i)
{
    struct value place = window_arg(run->function, 1, run->step, run->rows->rows[i]);

    if (place.null)
        return place;
    if (place.slot <= 0) {
        raise_at(run, i, "22016", "argument of nth_value must be greater than zero");
        return place;
    }
    return nth_of(run, frame, place.slot - 1);
}

static void run_over_frames(const struct run *run)
{
    struct window_frames frames = window_frames_of(run->function, run->rows, run->step);

    for (uint32_t i = 0; i < run->rows->n; i++) {
        struct window_frame frame = window_frame_at(&frames, i);
        struct value *value = &run->result->values[i];

        if (run->function->plan->kind == WINDOW_FIRST_VALUE)
            *value = nth_of(run, &frame, 0);
        else if (run->function->plan->kind == WINDOW_LAST_VALUE)
            *value = last_of(run, &frame);
        else
            *value = nth_value(run, &frame, i);
    }
}

typedef struct value window_body(const struct run *run, uint32_t i);

/* Those that look at places alone. */
static window_body *const bodies[] = {
    [WINDOW_ROW_NUMBER] = row_number,
    [WINDOW_RANK] = rank,
    [WINDOW_DENSE_RANK] = dense_rank,
    [WINDOW_PERCENT_RANK] = percent_rank,
    [WINDOW_CUME_DIST] = cume_dist,
    [WINDOW_NTILE] = ntile,
    [WINDOW_LAG] = lag,
    [WINDOW_LEAD] = lead,
    [WINDOW_NTH_VALUE] = NULL, /* with first_value and last_value: over frames */
};

void window_function_run(const struct window_function *function, const struct window_rows *rows,
                         struct step *step, struct window_result *result)
{
    struct run run = {function, rows, step, result};
    window_body *body = bodies[function->plan->kind];

    if (function->plan->kind == WINDOW_AGGREGATE) {
        window_aggregate_run(function, rows, step, result);
        return;
    }
    memset(result->raised, 0, rows->n * sizeof(void *));
    if (body == NULL) {
        run_over_frames(&run);
        return;
    }
    for (uint32_t i = 0; i < rows->n; i++)
        result->values[i] = body(&run, i);
}
