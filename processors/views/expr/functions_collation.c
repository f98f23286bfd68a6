/* What the planner calls where text has one of ICU's collations. */
#include "expr/collation.h"
#include "expr/unicode.h"

#include <unicode/ucol.h>
#include <unicode/uloc.h>

#define SUFFIX "-x-icu"

enum { NAME_BYTES = 64 };

/* PostgreSQL's name of ICU's locale. */
static bool is_name_of(const char *locale, const char *name)
{
    char tag[NAME_BYTES];
    UErrorCode code = U_ZERO_ERROR;
    int32_t n = uloc_toLanguageTag(locale, tag, NAME_BYTES - (int32_t)sizeof(SUFFIX), true, &code);

    if (U_FAILURE(code))
        return false;
    memcpy(tag + n, SUFFIX, sizeof(SUFFIX));
    return strcmp(tag, name) == 0;
}

bool collation_is_known(const char *name)
{
    if (is_name_of("", name))
        return true;
    for (int32_t i = 0; i < uloc_countAvailable(); i++)
        if (is_name_of(uloc_getAvailable(i), name))
            return true;
    return false;
}

/* The name without what PostgreSQL appends. */
static void tag_of(struct str name, char *ret)
{
    size_t n = name.len - (sizeof(SUFFIX) - 1);

    n = n < NAME_BYTES ? n : NAME_BYTES - 1;
    memcpy(ret, name.at, n);
    ret[n] = '\0';
}

static void cleanup_collator(UCollator **collator)
{
    if (*collator != NULL)
        ucol_close(*collator);
}

/* ICU keeps what a collator is made from, so opening one costs little. */
static bool open_collator(struct str name, UCollator **ret, struct err *reterr)
{
    UErrorCode code = U_ZERO_ERROR;
    char tag[NAME_BYTES];

    tag_of(name, tag);
    *ret = ucol_open(tag, &code);
    return U_SUCCESS(code) || icu_failed(reterr, "collator", code);
}

/* (text, collation): ICU's sort key with its zero at the end, then the text. */
static bool collation_key(const struct call *call, struct value *ret, struct err *reterr)
{
    CLEANUP(collator) UCollator *collator = NULL;
    CLEANUP(units) struct units units = {0};
    struct str text = call->args[0].bytes;
    int32_t n, cap;
    uint8_t *key;

    while (call->arg_types[0].id == TYPE_BPCHAR && text.len > 0 && text.at[text.len - 1] == ' ')
        text.len--;
    if (!units_of(text, &units, reterr) || !open_collator(call->args[1].bytes, &collator, reterr))
        return false;
    cap = units.n * 4 + 16;
    key = arena_alloc(call->scratch, (size_t)cap + text.len);
    n = ucol_getSortKey(collator, units.at, units.n, key, cap);
    if (n > cap) {
        key = arena_alloc(call->scratch, (size_t)n + text.len);
        n = ucol_getSortKey(collator, units.at, units.n, key, n);
    }
    if (n == 0)
        return icu_failed(reterr, "sort key", U_INTERNAL_PROGRAM_ERROR);
    if (text.len > 0)
        memcpy(key + n, text.at, text.len);
    ret->bytes = (struct str){(const char *)key, (size_t)n + text.len};
    return true;
}

/* What stands behind the key's zero. */
static bool text_of_key(const struct call *call, struct value *ret, struct err *reterr)
{
    struct str key = call->args[0].bytes;
    const char *end = memchr(key.at, '\0', key.len);

    (void)reterr;
    ret->bytes = end == NULL ? key : str_between(end + 1, key.at + key.len);
    return true;
}

static bool with_collation(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    *ret = call->args[0];
    return true;
}

typedef int32_t change_case(UChar *to, int32_t cap, const UChar *from, int32_t n,
                            const char *locale, UErrorCode *code);

static int32_t to_title(UChar *to, int32_t cap, const UChar *from, int32_t n, const char *locale,
                        UErrorCode *code)
{
    return u_strToTitle(to, cap, from, n, NULL, locale, code);
}

static bool change(const struct call *call, change_case *by, struct value *ret, struct err *reterr)
{
    CLEANUP(units) struct units in = {0};
    CLEANUP(units) struct units out = {0};
    UErrorCode code = U_ZERO_ERROR;
    char tag[NAME_BYTES];
    int32_t cap;

    if (!units_of(call->args[0].bytes, &in, reterr))
        return false;
    tag_of(call->args[1].bytes, tag);
    cap = in.n * 3 + 1; /* no letter becomes more than three */
    out.at = err_calloc((size_t)cap, sizeof(UChar));
    out.n = by(out.at, cap, in.at, in.n, tag, &code);
    return U_SUCCESS(code) ? units_result(call, &out, ret, reterr)
                           : icu_failed(reterr, "case conversion", code);
}

static bool upper(const struct call *call, struct value *ret, struct err *reterr)
{
    return change(call, u_strToUpper, ret, reterr);
}

static bool lower(const struct call *call, struct value *ret, struct err *reterr)
{
    return change(call, u_strToLower, ret, reterr);
}

static bool initcap(const struct call *call, struct value *ret, struct err *reterr)
{
    return change(call, to_title, ret, reterr);
}

const struct function functions_collation[] = {
    FUNCTION_ROW("collation key", TYPE_BYTEA, collation_key, TYPE_ANYELEMENT, TYPE_TEXT),
    FUNCTION_ROW("text of collation key", TYPE_TEXT, text_of_key, TYPE_BYTEA),
    FUNCTION_ROW("with collation", TYPE_ANYELEMENT, with_collation, TYPE_ANYELEMENT, TYPE_TEXT),
    FUNCTION_ROW("upper by collation", TYPE_TEXT, upper, TYPE_TEXT, TYPE_TEXT),
    FUNCTION_ROW("lower by collation", TYPE_TEXT, lower, TYPE_TEXT, TYPE_TEXT),
    FUNCTION_ROW("initcap by collation", TYPE_TEXT, initcap, TYPE_TEXT, TYPE_TEXT),
    {0},
};
