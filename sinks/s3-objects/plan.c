#include "plan.h"

#include "base/hash.h"
#include "record/json.h"
#include <inttypes.h>

enum { VERSION = 1 };

void plan_encode(struct buf *out, const struct plan *plan)
{
    if (plan->standing)
        buf_printf(out,
                   "{\"v\":%d,\"plan\":{\"end\":%" PRId64 ",\"count\":%" PRId64 ",\"wall\":%" PRId64
                   ",\"cfg\":\"%s\"}}",
                   VERSION, plan->end, plan->count, plan->wall_ms, plan->cfg);
}

static bool whole_number(const struct json_value *value, int64_t *ret)
{
    struct str digits = value->raw;
    bool negative = digits.len > 0 && digits.at[0] == '-';
    int64_t number = 0;

    if (value->kind != JSON_NUMBER)
        return false;
    for (size_t i = negative ? 1 : 0; i < digits.len; i++)
        if (digits.at[i] < '0' || digits.at[i] > '9' ||
            __builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, digits.at[i] - '0', &number))
            return false;
    *ret = negative ? -number : number;
    return true;
}

static bool read_plan(struct str text, struct arena *arena, struct plan *plan, struct err *reterr)
{
    struct json_cursor cursor = json_open(text);
    bool first = true, more = true, well = json_object_begin(&cursor, reterr);
    int64_t end = -1, count = -2, wall_ms = -1;
    struct str cfg = {0};

    while (well) {
        struct str name = {0};
        struct json_value value = {0};

        well = json_object_next(&cursor, arena, &first, &more, &name, reterr);
        if (!well || !more)
            break;
        well = json_read(&cursor, &value, reterr);
        if (well && str_eq_c(name, "end"))
            well = whole_number(&value, &end);
        else if (well && str_eq_c(name, "count"))
            well = whole_number(&value, &count);
        else if (well && str_eq_c(name, "wall"))
            well = whole_number(&value, &wall_ms);
        else if (well && str_eq_c(name, "cfg") && value.kind == JSON_STRING)
            cfg = value.raw;
        else
            well = false;
    }
    if (!well || end < 0 || count < PLAN_COUNT_UNKNOWN || count == 0 || wall_ms < 0 ||
        cfg.len != PLAN_CFG_CHARS)
        return false;
    *plan = (struct plan){.standing = true, .end = end, .count = count, .wall_ms = wall_ms};
    memcpy(plan->cfg, cfg.at, cfg.len);
    return true;
}

static bool read_metadata(struct str text, struct arena *arena, struct plan *plan,
                          struct err *reterr)
{
    struct json_cursor cursor = json_open(text);
    bool first = true, more = true;
    int64_t version = 0;
    struct str name = {0};
    struct json_value value = {0};

    return json_object_begin(&cursor, reterr) &&
           json_object_next(&cursor, arena, &first, &more, &name, reterr) && more &&
           str_eq_c(name, "v") && json_read(&cursor, &value, reterr) &&
           whole_number(&value, &version) && version == VERSION &&
           json_object_next(&cursor, arena, &first, &more, &name, reterr) && more &&
           str_eq_c(name, "plan") && json_read(&cursor, &value, reterr) &&
           value.kind == JSON_OBJECT && read_plan(value.raw, arena, plan, reterr) &&
           json_object_next(&cursor, arena, &first, &more, &name, reterr) && !more &&
           json_at_end(&cursor, reterr);
}

bool plan_decode(struct str text, struct plan *ret, struct err *reterr)
{
    CLEANUP(arena) struct arena *arena = arena_new(4096);
    struct plan plan = {0};

    if (text.len > 0 && !read_metadata(text, arena, &plan, reterr))
        return err_stop(reterr, EX_DATAERR,
                        "the metadata of the committed offset is no plan of this version: %.*s",
                        (int)(text.len > 300 ? 300 : text.len), text.at);
    *ret = plan;
    return true;
}

void plan_configuration(const char *bucket, const struct object_format *const *formats,
                        struct str more, char *cfg)
{
    CLEANUP(buf) struct buf text = {0};

    buf_printf(&text, "%s\n", bucket);
    for (; *formats != NULL; formats++)
        buf_printf(&text, "%s %d\n", (*formats)->name, (*formats)->version);
    buf_put(&text, more);
    snprintf(cfg, PLAN_CFG_CHARS + 1, "%016" PRIx64, hash64(text.at, text.len));
}
