/* The functions and operators over SQL/JSON paths (chapter 9.16.2). */
#include "expr/documents.h"
#include "expr/jsonpath.h"

const void *jsonpath_prepare(const struct value *args, const bool *known, uint16_t args_n,
                             struct arena *arena)
{
    struct jsonpath *path = arena_alloc(arena, sizeof(*path));
    struct err ignored;

    if (args_n < 2 || !known[1] || !jsonpath_parse(args[1].bytes, arena, path, &ignored))
        return NULL;
    return path;
}

/* By what a path is asked. */
enum asker { FUNCTION, ZONES_FUNCTION, OPERATOR };

/* What the call asks: (document, path [, vars [, silent]]). Operators have no variables and are
 * silent. */
static bool question_of(const struct call *call, enum asker asker, struct path_question *ret,
                        struct err *reterr)
{
    struct jsonpath *path = arena_alloc(call->scratch, sizeof(*path));

    *ret = (struct path_question){.path = call->prepared,
                                  .document = jsonb_open(call->args[0].bytes, call->scratch),
                                  .plain = asker == OPERATOR,
                                  .zones = asker == ZONES_FUNCTION,
                                  .silent = asker == OPERATOR};
    if (call->args_n > 3)
        ret->silent = call->args[3].slot != 0;
    ret->vars = call->args_n > 2 ? jsonb_open(call->args[2].bytes, call->scratch)
                                 : jsonb_container(call->scratch, JSON_OBJECT, 0);
    if (ret->path != NULL)
        return true;
    ret->path = path;
    return jsonpath_parse(call->args[1].bytes, call->scratch, path, reterr);
}

static bool exists(const struct call *call, enum asker asker, struct value *ret, struct err *reterr)
{
    enum path_answer answer = PATH_NOTHING;
    struct path_question question;

    if (!question_of(call, asker, &question, reterr))
        return false;
    question.first = true;
    if (!jsonpath_run(&question, call->scratch, NULL, &answer, reterr))
        return false;
    ret->null = answer == PATH_UNKNOWN;
    ret->slot = answer == PATH_FOUND;
    return true;
}

static bool path_exists(const struct call *call, struct value *ret, struct err *reterr)
{
    return exists(call, FUNCTION, ret, reterr);
}

static bool path_exists_tz(const struct call *call, struct value *ret, struct err *reterr)
{
    return exists(call, ZONES_FUNCTION, ret, reterr);
}

static bool path_exists_operator(const struct call *call, struct value *ret, struct err *reterr)
{
    return exists(call, OPERATOR, ret, reterr);
}

/* All items; of a silent question those up to where it failed. */
static bool find(const struct call *call, enum asker asker, struct path_items *items, bool *silent,
                 struct err *reterr)
{
    enum path_answer answer = PATH_NOTHING;
    struct path_question question;

    if (!question_of(call, asker, &question, reterr))
        return false;
    *silent = question.silent;
    return jsonpath_run(&question, call->scratch, items, &answer, reterr);
}

static bool match(const struct call *call, enum asker asker, struct value *ret, struct err *reterr)
{
    struct path_items items = {0};
    bool silent = false;

    if (!find(call, asker, &items, &silent, reterr))
        return false;
    if (items.n == 1 && (items.at[0]->kind == JSON_TRUE || items.at[0]->kind == JSON_FALSE)) {
        ret->slot = items.at[0]->kind == JSON_TRUE;
        return true;
    }
    ret->null = true;
    return silent || (items.n == 1 && items.at[0]->kind == JSON_NULL) ||
           err_sql(reterr, ERR_DEAD_LETTER, "22038", "single boolean result is expected");
}

static bool path_match(const struct call *call, struct value *ret, struct err *reterr)
{
    return match(call, FUNCTION, ret, reterr);
}

static bool path_match_tz(const struct call *call, struct value *ret, struct err *reterr)
{
    return match(call, ZONES_FUNCTION, ret, reterr);
}

static bool path_match_operator(const struct call *call, struct value *ret, struct err *reterr)
{
    return match(call, OPERATOR, ret, reterr);
}

static bool array_of(const struct call *call, enum asker asker, struct value *ret,
                     struct err *reterr)
{
    struct path_items items = {0};
    struct jsonb *array;
    bool silent = false;

    if (!find(call, asker, &items, &silent, reterr))
        return false;
    array = jsonb_container(call->scratch, JSON_ARRAY, items.n);
    if (items.n > 0)
        memcpy(array->items, items.at, items.n * sizeof(struct jsonb *));
    return jsonb_result(call, array, ret);
}

static bool query_array(const struct call *call, struct value *ret, struct err *reterr)
{
    return array_of(call, FUNCTION, ret, reterr);
}

static bool query_array_tz(const struct call *call, struct value *ret, struct err *reterr)
{
    return array_of(call, ZONES_FUNCTION, ret, reterr);
}

static bool first_of(const struct call *call, enum asker asker, struct value *ret,
                     struct err *reterr)
{
    struct path_items items = {0};
    bool silent = false;

    return find(call, asker, &items, &silent, reterr) &&
           jsonb_result(call, items.n > 0 ? items.at[0] : NULL, ret);
}

static bool query_first(const struct call *call, struct value *ret, struct err *reterr)
{
    return first_of(call, FUNCTION, ret, reterr);
}

static bool query_first_tz(const struct call *call, struct value *ret, struct err *reterr)
{
    return first_of(call, ZONES_FUNCTION, ret, reterr);
}

static bool rows_of(const struct call *call, enum asker asker, struct rows_out *out,
                    struct err *reterr)
{
    struct path_items items = {0};
    bool silent = false;

    if (!find(call, asker, &items, &silent, reterr))
        return false;
    for (uint32_t i = 0; i < items.n; i++)
        if (!rows_add(out, (struct value){.bytes = jsonb_text(out->arena, items.at[i])}, reterr))
            return false;
    return true;
}

bool jsonpath_rows(const struct call *call, struct rows_out *out, struct err *reterr)
{
    return rows_of(call, FUNCTION, out, reterr);
}

bool jsonpath_rows_tz(const struct call *call, struct rows_out *out, struct err *reterr)
{
    return rows_of(call, ZONES_FUNCTION, out, reterr);
}

bool text_to_jsonpath(const struct call *call, struct value *ret, struct err *reterr)
{
    return jsonpath_value(call->args[0].bytes, call->scratch, &ret->bytes, reterr);
}

#define PATH_ROW(name_, r, body_, ...)                                                             \
    {                                                                                              \
        .name = (name_), .args = {TYPE_JSONB, TYPE_JSONPATH, __VA_ARGS__}, .result = (r),          \
        .body = (body_), .prepare = jsonpath_prepare                                               \
    }
#define PATH_ROWS(name, r, body)                                                                   \
    PATH_ROW(name, r, body, 0), PATH_ROW(name, r, body, TYPE_JSONB),                               \
        PATH_ROW(name, r, body, TYPE_JSONB, TYPE_BOOL)
#define OPERATOR_ROW(symbol, body_)                                                                \
    {                                                                                              \
        .name = (symbol), .kind = FUNCTION_OPERATOR, .args = {TYPE_JSONB, TYPE_JSONPATH},          \
        .result = TYPE_BOOL, .body = (body_), .prepare = jsonpath_prepare                          \
    }

const struct function functions_jsonpath[] = {
    OPERATOR_ROW("@?", path_exists_operator),
    OPERATOR_ROW("@@", path_match_operator),
    PATH_ROWS("jsonb_path_exists", TYPE_BOOL, path_exists),
    PATH_ROWS("jsonb_path_match", TYPE_BOOL, path_match),
    PATH_ROWS("jsonb_path_query_array", TYPE_JSONB, query_array),
    PATH_ROWS("jsonb_path_query_first", TYPE_JSONB, query_first),
    PATH_ROWS("jsonb_path_exists_tz", TYPE_BOOL, path_exists_tz),
    PATH_ROWS("jsonb_path_match_tz", TYPE_BOOL, path_match_tz),
    PATH_ROWS("jsonb_path_query_array_tz", TYPE_JSONB, query_array_tz),
    PATH_ROWS("jsonb_path_query_first_tz", TYPE_JSONB, query_first_tz),
    {0},
};
