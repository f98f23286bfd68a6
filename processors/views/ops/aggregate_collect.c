/* string_agg and array_agg: all values, in the order in which they are added. */
#include "ops/collected.h"

#include "record/array.h"

void collected_add(void *at, const struct aggregate_site *site, struct arena *arena,
                   const struct value *args, int64_t weight)
{
    struct collected *list = at;

    for (int64_t i = 0; i < weight; i++) {
        list->rows = array_grow(arena, list->rows, list->n, &list->cap, sizeof(*list->rows));
        memcpy(list->rows[list->n++].args, args, site->args_n * sizeof(*args));
    }
}

/* Every value but the first comes behind its own delimiter. */
static bool string_result(const void *at, const struct aggregate_site *site, struct arena *arena,
                          struct value *ret, struct err *reterr)
{
    const struct collected *list = at;
    size_t len = 0, to = 0;

    (void)site;
    ret->null = list->n == 0;
    for (uint32_t i = 0; i < list->n; i++)
        len += list->rows[i].args[0].bytes.len + list->rows[i].args[1].bytes.len;
    if (len >= COLLECTED_BYTES_MAX)
        return collected_refuse(reterr);
    char *bytes = arena_alloc(arena, len + 1);
    for (uint32_t i = 0; i < list->n; i++) {
        const struct value *args = list->rows[i].args;

        if (i > 0 && !args[1].null && args[1].bytes.len > 0)
            memcpy(bytes + to, args[1].bytes.at, args[1].bytes.len);
        to += i > 0 && !args[1].null ? args[1].bytes.len : 0;
        if (args[0].bytes.len > 0)
            memcpy(bytes + to, args[0].bytes.at, args[0].bytes.len);
        to += args[0].bytes.len;
    }
    ret->bytes = (struct str){bytes, to};
    return true;
}

static bool array_result(const void *at, const struct aggregate_site *site, struct arena *arena,
                         struct value *ret, struct err *reterr)
{
    CLEANUP(array_maker) struct array_maker maker = {0};
    const struct collected *list = at;

    ret->null = list->n == 0;
    if (ret->null)
        return true;
    array_begin(&maker, site->arg_types[0].id, 1);
    for (uint32_t i = 0; i < list->n; i++) {
        array_add(&maker, list->rows[i].args[0]);
        if (maker.bytes.len >= COLLECTED_BYTES_MAX)
            return collected_refuse(reterr);
    }
    ret->bytes = array_finish(&maker, arena);
    return true;
}

bool collected_refuse(struct err *reterr)
{
    return err_sql(reterr, ERR_DEAD_LETTER, "54000", "result of an aggregate is larger than 1 GB");
}

const struct aggregate_ops aggregate_string = {
    .size = sizeof(struct collected), .add = collected_add, .result = string_result};
const struct aggregate_ops aggregate_array = {
    .size = sizeof(struct collected), .add = collected_add, .result = array_result};
