#include "expr/function.h"

#include "expr/body.h"
#include <assert.h>

const struct function *const function_tables[] = {
    functions_compare,   functions_number,  functions_math,     functions_numeric,
    functions_text,      functions_string,  functions_regex,    functions_time,
    functions_moment,    functions_json,    functions_jsonb,    functions_array,
    functions_bytes,     functions_format,  functions_cast,     functions_rows,
    functions_read,      functions_unicode, functions_jsonpath, functions_order,
    functions_collation, functions_record,  functions_member,   NULL,
};

/* PostgreSQL's pg_type.typcategory: only types of one category are weighed against each other. */
enum category { CATEGORY_NONE, BOOLEAN, NUMBER, STRING, MOMENT, SPAN, ARRAY, ENUM, PSEUDO, USER };

static enum category category_of(enum type_id type)
{
    if (type == TYPE_BOOL)
        return BOOLEAN;
    if (type_is_number(type))
        return NUMBER;
    if (type_is_text(type))
        return STRING;
    if (type == TYPE_DATE || type == TYPE_TIME || type == TYPE_TIMESTAMP ||
        type == TYPE_TIMESTAMPTZ || type == TYPE_TIMETZ)
        return MOMENT;
    if (type == TYPE_INTERVAL)
        return SPAN;
    if (type_is_array(type))
        return ARRAY;
    if (type_is_enum(type))
        return ENUM;
    if (type >= TYPE_ANY && type != TYPE_JSONPATH)
        return PSEUDO;
    return type == TYPE_UNKNOWN ? CATEGORY_NONE : USER;
}

/* PostgreSQL's pg_type.typispreferred. */
static bool is_preferred(enum type_id type)
{
    return type == TYPE_BOOL || type == TYPE_FLOAT8 || type == TYPE_TEXT ||
           type == TYPE_TIMESTAMPTZ || type == TYPE_INTERVAL;
}

static const struct function *cast_row(enum type_id from, enum type_id to)
{
    for (const struct function *row = functions_cast; row->name != NULL; row++) {
        if (row->args[0] == from && row->result == to)
            return row;
    }
    return NULL;
}

/* Arrays are cast element by element; through text goes whatever has no row. */
static const struct function *cast_general(enum type_id from, enum type_id to,
                                           enum cast_context context)
{
    if (type_is_array(from) && type_is_array(to)) {
        enum type_id a = type_element(from), b = type_element(to);

        return a == b || cast_find(a, b, context) != NULL ? cast_row(TYPE_ANYARRAY, TYPE_ANYARRAY)
                                                          : NULL;
    }
    if (from == to)
        return NULL;
    if (type_is_text(to) && context >= CAST_ASSIGNMENT)
        return cast_row(TYPE_ANY, to);
    if (type_is_text(from) && context >= CAST_EXPLICIT)
        return cast_row(from, TYPE_ANY);
    return NULL;
}

const struct function *cast_find(enum type_id from, enum type_id to, enum cast_context context)
{
    const struct function *row = cast_row(from, to);

    if (row != NULL)
        return row->context <= context ? row : NULL;
    return cast_general(from, to, context);
}

static bool coerces(enum type_id from, enum type_id to)
{
    switch (to) {
    case TYPE_ANY:
    case TYPE_ANYELEMENT:
    case TYPE_COMMON:
        return true;
    case TYPE_ANYNONARRAY:
        return !type_is_array(from);
    case TYPE_ANYARRAY:
    case TYPE_COMMON_ARRAY:
        return type_is_array(from) || from == TYPE_UNKNOWN;
    case TYPE_ANYENUM:
        return type_is_enum(from) || from == TYPE_UNKNOWN;
    default:
        return from == to || from == TYPE_UNKNOWN || cast_find(from, to, CAST_IMPLICIT) != NULL;
    }
}

static uint16_t args_count(const struct function *row)
{
    uint16_t n = 0;

    while (n < FUNCTION_ARGS_MAX && row->args[n] != 0)
        n++;
    return n;
}

enum type_id function_arg(const struct function *function, uint16_t i)
{
    uint16_t n = args_count(function);

    return function->args[i < n ? i : n - 1];
}

static bool takes(const struct function *row, uint16_t args_n)
{
    uint16_t n = args_count(row);

    return args_n == n || (row->variadic && args_n > n);
}

/* Where one kind of polymorphic arguments comes to rest; 0: nothing said yet. */
static bool settle(enum type_id *known, enum type_id type)
{
    if (type == TYPE_UNKNOWN)
        return true;
    if (*known != 0 && *known != type)
        return false;
    *known = type;
    return true;
}

/* The type of ANYELEMENT in the call; 0 when only unknown literals say so. */
static bool element_of_call(const struct function *row, const enum type_id *args, uint16_t args_n,
                            enum type_id *ret)
{
    *ret = 0;
    for (uint16_t i = 0; i < args_n; i++) {
        enum type_id taken = function_arg(row, i), type = args[i];

        if (taken == TYPE_ANYARRAY && type != TYPE_UNKNOWN)
            type = type_element(type);
        if ((taken == TYPE_ANYARRAY || taken == TYPE_ANYELEMENT || taken == TYPE_ANYENUM ||
             taken == TYPE_ANYNONARRAY) &&
            !settle(ret, type))
            return false;
    }
    return true;
}

/* The common type of ANYCOMPATIBLE in the call; 0 when the row has none. */
static bool common_of_call(const struct function *row, const enum type_id *args, uint16_t args_n,
                           enum type_id *ret)
{
    enum type_id types[CALL_ARGS_MAX];
    uint16_t n = 0;

    *ret = 0;
    for (uint16_t i = 0; i < args_n; i++) {
        enum type_id taken = function_arg(row, i);

        if (taken == TYPE_COMMON)
            types[n++] = args[i];
        else if (taken == TYPE_COMMON_ARRAY)
            types[n++] = args[i] == TYPE_UNKNOWN ? TYPE_UNKNOWN : type_element(args[i]);
    }
    return n == 0 || type_common(types, n, ret);
}

static enum type_id concrete(enum type_id declared, enum type_id asked, enum type_id element,
                             enum type_id common)
{
    switch (declared) {
    case TYPE_ANY:
        return asked;
    case TYPE_ANYELEMENT:
    case TYPE_ANYENUM:
    case TYPE_ANYNONARRAY:
        return element;
    case TYPE_ANYARRAY:
        return element == 0 ? 0 : type_array_of(element);
    case TYPE_COMMON:
        return common;
    case TYPE_COMMON_ARRAY:
        return type_array_of(common);
    default:
        return declared;
    }
}

bool function_reads_escapes(const struct function *function)
{
    static const char *const names[] = {"->",
                                        "->>",
                                        "#>",
                                        "#>>",
                                        "json_extract_path",
                                        "json_extract_path_text",
                                        "json_strip_nulls",
                                        "json_array_elements_text",
                                        "json_each",
                                        "json_each_text",
                                        "json_object_keys",
                                        "json_populate_record",
                                        "json_populate_recordset",
                                        "json_to_record",
                                        "json_to_recordset",
                                        "record document"};

    for (size_t i = 0; function->args[0] == TYPE_JSON && i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(function->name, names[i]) == 0)
            return true;
    return false;
}

bool function_concrete(const struct function *function, const enum type_id *args, uint16_t args_n,
                       enum type_id *ret_args, enum type_id *ret_result)
{
    enum type_id element, common;

    if (!element_of_call(function, args, args_n, &element) ||
        !common_of_call(function, args, args_n, &common))
        return false;
    for (uint16_t i = 0; i < args_n; i++) {
        ret_args[i] = concrete(function_arg(function, i), args[i], element, common);
        if (ret_args[i] == 0)
            return false;
    }
    *ret_result = concrete(function->result, TYPE_UNKNOWN, element, common);
    return *ret_result != 0;
}

enum { CANDIDATES_MAX = 256 };

/* The rows that may be meant, and what is asked for. */
struct search {
    const struct function *rows[CANDIDATES_MAX];
    unsigned n;
    const enum type_id *args;
    uint16_t args_n;
};

static bool row_fits(const struct search *search, const struct function *row)
{
    for (uint16_t i = 0; i < search->args_n; i++) {
        if (!coerces(search->args[i], function_arg(row, i)))
            return false;
    }
    enum type_id element, common;
    return element_of_call(row, search->args, search->args_n, &element) &&
           common_of_call(row, search->args, search->args_n, &common);
}

static void collect(struct search *search, enum function_kind kind, struct str name)
{
    for (const struct function *const *table = function_tables; *table != NULL; table++) {
        for (const struct function *row = *table; row->name != NULL; row++) {
            if (row->kind != kind || !str_eq_c(name, row->name) || !takes(row, search->args_n) ||
                !row_fits(search, row))
                continue;
            assert(search->n < CANDIDATES_MAX);
            search->rows[search->n++] = row;
        }
    }
}

/* The row whose arguments are exactly these. */
static const struct function *exact(const struct search *search, const enum type_id *args)
{
    for (unsigned i = 0; i < search->n; i++) {
        uint16_t same = 0;

        while (same < search->args_n && function_arg(search->rows[i], same) == args[same])
            same++;
        if (same == search->args_n)
            return search->rows[i];
    }
    return NULL;
}

/* Keeps the rows with the highest score. */
static void keep_best(struct search *search,
                      unsigned (*score)(const struct search *, const struct function *))
{
    unsigned best = 0, kept = 0;

    for (unsigned i = 0; i < search->n; i++) {
        unsigned points = score(search, search->rows[i]);

        if (points > best) {
            best = points;
            kept = 0;
        }
        if (points == best)
            search->rows[kept++] = search->rows[i];
    }
    search->n = kept;
}

static unsigned score_exact(const struct search *search, const struct function *row)
{
    unsigned points = 0;

    for (uint16_t i = 0; i < search->args_n; i++)
        points += search->args[i] == function_arg(row, i);
    return points;
}

static unsigned score_preferred(const struct search *search, const struct function *row)
{
    unsigned points = 0;

    for (uint16_t i = 0; i < search->args_n; i++) {
        enum type_id asked = search->args[i], taken = function_arg(row, i);

        if (asked == TYPE_UNKNOWN)
            continue;
        points +=
            asked == taken || (is_preferred(taken) && category_of(taken) == category_of(asked));
    }
    return points;
}

/* What category an unknown argument is taken for: string when some row takes a string there, else
 * the one that all rows take, else none. */
static enum category category_at(const struct search *search, uint16_t i)
{
    enum category category = category_of(function_arg(search->rows[0], i));

    for (unsigned k = 0; k < search->n; k++) {
        enum category other = category_of(function_arg(search->rows[k], i));

        if (other == STRING)
            return STRING;
        if (other != category)
            category = CATEGORY_NONE;
    }
    return category;
}

static bool some_preferred_at(const struct search *search, uint16_t i, enum category category)
{
    for (unsigned k = 0; k < search->n; k++) {
        enum type_id type = function_arg(search->rows[k], i);

        if (category_of(type) == category && is_preferred(type))
            return true;
    }
    return false;
}

/* Narrows by the unknown arguments; false when their category can't be told. */
static void narrow_unknown(struct search *search)
{
    enum category categories[CALL_ARGS_MAX];
    bool preferred[CALL_ARGS_MAX];
    unsigned kept = 0;

    for (uint16_t i = 0; i < search->args_n; i++) {
        if (search->args[i] != TYPE_UNKNOWN)
            continue;
        categories[i] = category_at(search, i);
        preferred[i] = some_preferred_at(search, i, categories[i]);
        if (categories[i] == CATEGORY_NONE)
            return;
    }
    for (unsigned k = 0; k < search->n; k++) {
        bool fits = true;

        for (uint16_t i = 0; i < search->args_n; i++) {
            enum type_id type = function_arg(search->rows[k], i);

            if (search->args[i] == TYPE_UNKNOWN)
                fits = fits && category_of(type) == categories[i] &&
                       (!preferred[i] || is_preferred(type));
        }
        if (fits)
            search->rows[kept++] = search->rows[k];
    }
    if (kept > 0)
        search->n = kept;
}

/* When all known arguments are of one type, the unknown ones are taken for it too. */
static bool assume_known(const struct search *search, enum type_id *ret_args)
{
    enum type_id known = TYPE_UNKNOWN;

    for (uint16_t i = 0; i < search->args_n; i++) {
        if (search->args[i] == TYPE_UNKNOWN)
            continue;
        if (known != TYPE_UNKNOWN && known != search->args[i])
            return false;
        known = search->args[i];
    }
    for (uint16_t i = 0; i < search->args_n; i++)
        ret_args[i] = known;
    return known != TYPE_UNKNOWN;
}

static void narrow_assumed(struct search *search)
{
    enum type_id args[CALL_ARGS_MAX];
    struct search assumed = {.args = args, .args_n = search->args_n};

    if (!assume_known(search, args))
        return;
    for (unsigned i = 0; i < search->n; i++) {
        if (row_fits(&assumed, search->rows[i]))
            assumed.rows[assumed.n++] = search->rows[i];
    }
    if (assumed.n == 1) {
        search->rows[0] = assumed.rows[0];
        search->n = 1;
    }
}

static bool has_unknown(const struct search *search)
{
    for (uint16_t i = 0; i < search->args_n; i++) {
        if (search->args[i] == TYPE_UNKNOWN)
            return true;
    }
    return false;
}

const struct function *function_resolve(enum function_kind kind, struct str name,
                                        const enum type_id *args, uint16_t args_n,
                                        bool *ret_ambiguous)
{
    struct search search = {.args = args, .args_n = args_n};
    enum type_id assumed[CALL_ARGS_MAX];
    const struct function *found;

    *ret_ambiguous = false;
    if (args_n > CALL_ARGS_MAX)
        return NULL;
    collect(&search, kind, name);
    found = exact(&search, args);
    if (found == NULL && kind == FUNCTION_OPERATOR && args_n == 2 && assume_known(&search, assumed))
        found = exact(&search, assumed);
    if (found != NULL)
        return found;
    if (search.n > 1)
        keep_best(&search, score_exact);
    if (search.n > 1)
        keep_best(&search, score_preferred);
    if (search.n > 1 && has_unknown(&search)) {
        narrow_unknown(&search);
        if (search.n > 1)
            narrow_assumed(&search);
    }
    *ret_ambiguous = search.n > 1;
    return search.n == 1 ? search.rows[0] : NULL;
}

const struct function *function_named(const char *name)
{
    for (const struct function *const *table = function_tables; *table != NULL; table++) {
        for (const struct function *row = *table; row->name != NULL; row++) {
            if (row->kind == FUNCTION_NAMED && strcmp(name, row->name) == 0)
                return row;
        }
    }
    return NULL;
}

unsigned comparison_of(const char *name)
{
    return comparison_mask(name);
}

bool type_common(const enum type_id *types, uint16_t n, enum type_id *ret)
{
    enum type_id common = TYPE_UNKNOWN;

    for (uint16_t i = 0; i < n; i++) {
        enum type_id type = types[i];

        if (type == TYPE_UNKNOWN || type == common)
            continue;
        if (common == TYPE_UNKNOWN) {
            common = type;
            continue;
        }
        if (category_of(type) != category_of(common))
            return false;
        if (!is_preferred(common) && coerces(common, type) && !coerces(type, common))
            common = type;
    }
    if (common == TYPE_UNKNOWN)
        common = TYPE_TEXT;
    for (uint16_t i = 0; i < n; i++) {
        if (!coerces(types[i], common))
            return false;
    }
    *ret = common;
    return true;
}
