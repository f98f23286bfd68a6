/*
 * .keyvalue(): an object's members as objects of key, value and id. The id says which object a
 * member is of: the number of the document it lies in, and where it lies there in PostgreSQL's
 * storage, which is counted out here.
 */
#include "expr/jsonpath_run.h"

#include "record/numeric.h"

enum { HEADER_BYTES = 4, ENTRY_BYTES = 4, DIGITS_A_GROUP = 4, SHORT_SCALE_MAX = 63 };
enum { SHORT_WEIGHT_MIN = -64, SHORT_WEIGHT_MAX = 63 };

static const int64_t ids_a_document = INT64_C(10000000000);

static uint64_t aligned(uint64_t at)
{
    return (at + 3) & ~UINT64_C(3);
}

/* The groups of four digits from the first to the last that are not zero, counted from the point:
 * group 0 is the last before it. */
struct groups {
    int64_t first, last;
    bool any;
};

static struct groups groups_of(struct str digits, size_t whole_n, size_t point)
{
    struct groups groups = {0};

    for (size_t i = 0; i < digits.len; i++) {
        int64_t place = i < point ? (int64_t)(whole_n - 1 - i) / DIGITS_A_GROUP
                                  : -1 - (int64_t)(i - point - 1) / DIGITS_A_GROUP;

        if (i == point || digits.at[i] == '0')
            continue;
        if (!groups.any)
            groups.first = place;
        groups.last = place;
        groups.any = true;
    }
    return groups;
}

/* A number's bytes: length, head, and its groups of four digits. */
static uint64_t number_bytes(struct str text)
{
    struct str digits = str_starts(text, STR("-")) ? (struct str){text.at + 1, text.len - 1} : text;
    const char *dot = memchr(digits.at, '.', digits.len);
    size_t whole_n = dot == NULL ? digits.len : (size_t)(dot - digits.at);
    struct groups groups = groups_of(digits, whole_n, whole_n);
    size_t scale = dot == NULL ? 0 : digits.len - whole_n - 1;
    int64_t weight = groups.any ? groups.first : 0;
    bool is_short =
        scale <= SHORT_SCALE_MAX && weight >= SHORT_WEIGHT_MIN && weight <= SHORT_WEIGHT_MAX;
    uint64_t groups_n = groups.any ? (uint64_t)(groups.first - groups.last) + 1 : 0;

    return HEADER_BYTES + (is_short ? 2U : 4U) + 2 * groups_n;
}

/* The place behind a value that begins at `at`; *ret is where `sought` begins, when it is within. */
static uint64_t lay_out(const struct jsonb *value, uint64_t at, const struct jsonb *sought,
                        uint64_t *ret)
{
    if (value->kind == JSON_STRING)
        return at + value->text.len;
    if (value->kind == JSON_NUMBER)
        return aligned(at) + number_bytes(value->text);
    if (!path_is_container(value))
        return at;
    at = aligned(at);
    if (value == sought)
        *ret = at;
    at += HEADER_BYTES + (uint64_t)ENTRY_BYTES * value->n * (value->kind == JSON_OBJECT ? 2 : 1);
    for (uint32_t i = 0; i < value->n && value->kind == JSON_OBJECT; i++)
        at += value->names[i].len;
    for (uint32_t i = 0; i < value->n; i++)
        at = lay_out(value->items[i], at, sought, ret);
    return at;
}

static struct jsonb *id_of(struct path_run *run, const struct jsonb *object)
{
    uint64_t place = 0;

    (void)lay_out(run->base, 0, object, &place);
    return path_make_number(
        run, numeric_from_i64(run->arena, (int64_t)place + run->base_id * ids_a_document));
}

/* {"id", "key", "value"}: in the order of their names. */
static struct jsonb *member_of(struct path_run *run, const struct jsonb *object, uint32_t i,
                               struct jsonb *id)
{
    struct jsonb *member = jsonb_container(run->arena, JSON_OBJECT, 3);

    member->names[0] = STR("id");
    member->items[0] = id;
    member->names[1] = STR("key");
    member->items[1] = jsonb_scalar(run->arena, JSON_STRING, object->names[i]);
    member->names[2] = STR("value");
    member->items[2] = object->items[i];
    return member;
}

enum outcome path_keyvalue(struct path_run *run, const struct path_node *node,
                           const struct jsonb *item, struct path_items *found)
{
    const struct jsonb *outer = run->base;
    int64_t outer_id = run->base_id;
    enum outcome outcome = NOTHING;
    struct jsonb *id;

    if (item->kind != JSON_OBJECT)
        return path_fail(run, "2203C",
                         "jsonpath item method .keyvalue() can only be applied to an object");
    if (item->n > 0 && node->next == NULL && found == NULL)
        return FOUND;
    id = id_of(run, item);
    for (uint32_t i = 0; i < item->n; i++) {
        struct jsonb *member = member_of(run, item, i, id);

        run->base = member;
        run->base_id = run->next_id++;
        outcome = path_follow(run, node->next, member, found);
        run->base = outer;
        run->base_id = outer_id;
        if (outcome == FAILED || (outcome == FOUND && found == NULL))
            break;
    }
    return outcome;
}
