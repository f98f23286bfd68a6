#include "witness.h"

#include "base/err.h"
#include "ops/store_memory.h"
#include "ops/table.h"
#include "record/json.h"
#include "record/key.h"
#include <assert.h>
#include <stdlib.h>

enum {
    BATCH = 4096,
    STEP_BYTES = 64 << 20,
    KEEP_BYTES = 1 << 30 /* told, not enforced: the rows that are there have to be somewhere */
};

/* A source row that is there, or was. */
struct origin {
    struct witness_record record;
    const struct row *row;
    struct position position;
    bool there, needed;
};

struct witness {
    const struct plan *plan;
    struct store_memory *memory;
    struct engine *engine;
    struct arena *keep, *step; /* as long as the witness; one step */
    struct table keys;         /* source, key -> number of its origin */
    struct origin *origins;
    uint32_t cap;
    struct engine_event batch[BATCH];
    uint32_t batch_n;
    uint64_t top; /* no position is above it */
    uint32_t view;
    struct str wanted;       /* the view's key, as JSON */
    struct buf now, example; /* the view's row and key as they are; some key of the view */
    struct buf text, goal;
    bool found; /* the row is there: `now` */
};

static void remember(struct witness *witness, const struct engine_output *output)
{
    const struct schema *schema = &witness->plan->views[witness->view].schema;

    for (uint32_t i = 0; i < output->changes_n; i++) {
        const struct engine_change *change = &output->changes[i];

        if (change->view != witness->view)
            continue;
        buf_clear(&witness->text);
        json_write_key(&witness->text, schema, change->key_row);
        if (!str_eq(buf_str(&witness->text), witness->wanted)) {
            buf_clear(&witness->example);
            buf_put(&witness->example, buf_str(&witness->text));
            continue;
        }
        witness->found = change->row != NULL;
        buf_clear(&witness->now);
        if (change->row != NULL)
            json_write_row(&witness->now, schema, change->row);
    }
}

static bool flush(struct witness *witness, struct err *reterr)
{
    struct engine_output output;

    if (witness->batch_n == 0)
        return true;
    if (!engine_step(witness->engine, witness->batch, witness->batch_n, witness->step, &output,
                     reterr))
        return false;
    remember(witness, &output);
    witness->batch_n = 0;
    arena_reset(witness->step);
    return true;
}

static bool push(struct witness *witness, struct engine_event event, struct err *reterr)
{
    if (event.position.lsn > witness->top)
        witness->top = event.position.lsn;
    witness->batch[witness->batch_n++] = event;
    return witness->batch_n < BATCH || flush(witness, reterr);
}

bool witness_new(const struct plan *plan, uint32_t view, struct str key, struct witness **ret,
                 struct err *reterr)
{
    struct witness *witness = err_calloc(1, sizeof(*witness));
    struct engine_output output;

    witness->plan = plan;
    witness->view = view;
    witness->wanted = key;
    witness->memory = store_memory_new();
    witness->keep = arena_new(KEEP_BYTES);
    witness->step = arena_new(STEP_BYTES);
    if (!engine_new(plan, &witness->memory->store, &witness->engine, reterr) ||
        !engine_first_step(witness->engine, witness->step, &output, reterr)) {
        witness_free(witness);
        return false;
    }
    remember(witness, &output);
    arena_reset(witness->step);
    *ret = witness;
    return true;
}

struct witness *witness_free(struct witness *witness)
{
    if (witness == NULL)
        return NULL;
    engine_free(witness->engine);
    store_memory_free(witness->memory);
    arena_free(witness->keep);
    arena_free(witness->step);
    buf_done(&witness->now);
    buf_done(&witness->example);
    buf_done(&witness->text);
    buf_done(&witness->goal);
    free(witness);
    return NULL;
}

struct engine *witness_engine(struct witness *witness)
{
    return witness->engine;
}

/* The origin of the event's key; a new one is not there yet. */
static struct origin *origin_of(struct witness *witness, const struct engine_event *event)
{
    const struct plan_source *source = &witness->plan->sources[event->source];
    const struct row *row = event->op == 'd' ? event->key : event->after;
    bool fresh;

    buf_clear(&witness->text);
    buf_be(&witness->text, event->source, 4);
    key_append_key(&witness->text, &source->schema, row);
    uint32_t i = table_enter(&witness->keys, witness->keep, buf_str(&witness->text), &fresh);
    witness->origins =
        array_grow(witness->keep, witness->origins, i, &witness->cap, sizeof(*witness->origins));
    if (fresh)
        witness->origins[i] = (struct origin){.row = NULL};
    return &witness->origins[i];
}

static void take_truncate(struct witness *witness, const struct engine_event *event)
{
    for (uint32_t i = 0; i < witness->keys.n; i++) {
        struct origin *origin = &witness->origins[i];

        if (origin->record.source == event->source && origin->there &&
            position_cmp(origin->position, event->position) < 0)
            origin->there = false;
    }
}

static void take_in(struct witness *witness, const struct engine_event *event,
                    const struct witness_record *record, const struct row *row)
{
    struct origin *origin = origin_of(witness, event);

    if (origin->row != NULL && position_cmp(event->position, origin->position) <= 0)
        return;
    origin->position = event->position;
    origin->row = row;
    origin->record = *record;
    origin->there = event->op != 'd';
    origin->record.key = arena_copy(witness->keep, record->key);
    origin->record.value =
        origin->there ? arena_copy(witness->keep, record->value) : (struct str){0};
}

bool witness_add(struct witness *witness, const struct engine_event *event,
                 const struct witness_record *record, struct err *reterr)
{
    struct engine_event kept = *event;

    if (event->op == 't') {
        take_truncate(witness, event);
        return push(witness, kept, reterr);
    }
    const struct row *row = row_copy(witness->keep, event->op == 'd' ? event->key : event->after);
    kept.after = event->op == 'd' ? NULL : row;
    kept.key = row;
    take_in(witness, &kept, record, row);
    return push(witness, kept, reterr);
}

/* ---- as few as possible ---- */

/* Takes the rows away, or gives them back. */
static bool set_there(struct witness *witness, uint32_t *const *range, bool there,
                      struct err *reterr)
{
    for (const uint32_t *at = range[0]; at < range[1]; at++) {
        const struct origin *origin = &witness->origins[*at];
        struct engine_event event = {.source = origin->record.source,
                                     .op = there ? 'c' : 'd',
                                     .after = there ? origin->row : NULL,
                                     .key = origin->row,
                                     .position = {witness->top + 1, 0}};

        if (!push(witness, event, reterr))
            return false;
    }
    return flush(witness, reterr);
}

static bool is_goal(const struct witness *witness)
{
    return witness->found && str_eq(buf_str(&witness->now), buf_str(&witness->goal));
}

/* Spares what can be spared of the range. */
static bool reduce(struct witness *witness, uint32_t *from, uint32_t *to, struct err *reterr)
{
    uint32_t *const range[] = {from, to};
    uint32_t *middle = from + (to - from) / 2;

    if (from == to)
        return true;
    if (!set_there(witness, range, false, reterr))
        return false;
    if (is_goal(witness))
        return true;
    if (!set_there(witness, range, true, reterr))
        return false;
    if (!is_goal(witness))
        return err_stop(reterr, EX_SOFTWARE,
                        "the row is another one when its source rows come in another order");
    if (to - from == 1) {
        witness->origins[*from].needed = true;
        return true;
    }
    return reduce(witness, from, middle, reterr) && reduce(witness, middle, to, reterr);
}

static int by_place(const void *a, const void *b)
{
    const struct witness_record *left = a, *right = b;

    if (left->source != right->source)
        return left->source < right->source ? -1 : 1;
    if (left->partition != right->partition)
        return left->partition < right->partition ? -1 : 1;
    return (left->offset > right->offset) - (left->offset < right->offset);
}

static uint32_t collect(const struct witness *witness, struct witness_record *ret)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < witness->keys.n; i++)
        if (witness->origins[i].needed)
            ret[n++] = witness->origins[i].record;
    qsort(ret, n, sizeof(*ret), by_place);
    return n;
}

static bool no_such_row(const struct witness *witness, struct err *reterr)
{
    return err_stop(reterr, EX_DATAERR, "%s has no row with key %.*s%s%s",
                    witness->plan->views[witness->view].name, STR_ARG(witness->wanted),
                    witness->example.len > 0 ? "; a key looks like " : "",
                    witness->example.len > 0 ? witness->example.at : "");
}

bool witness_find(struct witness *witness, const struct witness_record **ret, uint32_t *ret_n,
                  uint32_t *ret_of, struct err *reterr)
{
    uint32_t n = 0, *there = arena_alloc(witness->keep, (witness->keys.n + 1) * sizeof(*there));
    struct witness_record *records;

    if (!flush(witness, reterr))
        return false;
    buf_cstr(&witness->example);
    if (!witness->found)
        return no_such_row(witness, reterr);
    buf_put(&witness->goal, buf_str(&witness->now));
    for (uint32_t i = 0; i < witness->keys.n; i++)
        if (witness->origins[i].there)
            there[n++] = i;
    if (!reduce(witness, there, there + n, reterr))
        return false;
    records = arena_alloc(witness->keep, (witness->keys.n + 1) * sizeof(*records));
    *ret_n = collect(witness, records);
    *ret = records;
    *ret_of = n;
    return true;
}
