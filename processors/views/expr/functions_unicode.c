/* Unicode's normal forms, by ICU (chapter 9.4). */
#include "expr/unicode.h"

#include <unicode/unorm2.h>

bool icu_failed(struct err *reterr, const char *what, UErrorCode code)
{
    return err_sql(reterr, ERR_DEAD_LETTER, "XX000", "%s failed: %s", what, u_errorName(code));
}

bool units_of(struct str text, struct units *ret, struct err *reterr)
{
    UErrorCode code = U_ZERO_ERROR;

    if (text.len > INT32_MAX / 4)
        return err_sql(reterr, ERR_DEAD_LETTER, "54000", "text is too long");
    ret->at = err_calloc(text.len + 1, sizeof(UChar));
    u_strFromUTF8(ret->at, (int32_t)text.len + 1, &ret->n, text.at, (int32_t)text.len, &code);
    return U_SUCCESS(code) || icu_failed(reterr, "conversion to UTF-16", code);
}

bool units_result(const struct call *call, const struct units *units, struct value *ret,
                  struct err *reterr)
{
    int32_t cap = units->n * 3 + 1, n = 0;
    char *text = arena_alloc(call->scratch, (size_t)cap);
    UErrorCode code = U_ZERO_ERROR;

    u_strToUTF8(text, cap, &n, units->at, units->n, &code);
    ret->bytes = (struct str){text, (size_t)n};
    return U_SUCCESS(code) || icu_failed(reterr, "conversion to UTF-8", code);
}

/* The form by its name, in any case; NULL: raised. */
static const UNormalizer2 *form_of(const struct call *call, struct err *reterr)
{
    struct str name = call->args_n > 1 ? call->args[1].bytes : STR("NFC");
    UErrorCode code = U_ZERO_ERROR;
    const UNormalizer2 *form = NULL;
    char upper[5] = "";

    for (size_t i = 0; i < name.len && name.len < sizeof(upper); i++)
        upper[i] = (char)(name.at[i] >= 'a' && name.at[i] <= 'z' ? name.at[i] - 32 : name.at[i]);
    if (strcmp(upper, "NFC") == 0)
        form = unorm2_getNFCInstance(&code);
    else if (strcmp(upper, "NFD") == 0)
        form = unorm2_getNFDInstance(&code);
    else if (strcmp(upper, "NFKC") == 0)
        form = unorm2_getNFKCInstance(&code);
    else if (strcmp(upper, "NFKD") == 0)
        form = unorm2_getNFKDInstance(&code);
    else
        err_sql(reterr, ERR_DEAD_LETTER, "22023", "invalid normalization form: %.*s",
                STR_ARG(name));
    if (U_FAILURE(code))
        icu_failed(reterr, "normalization", code);
    return form;
}

static bool normalize(const struct call *call, struct value *ret, struct err *reterr)
{
    const UNormalizer2 *form = form_of(call, reterr);
    CLEANUP(units) struct units in = {0};
    CLEANUP(units) struct units out = {0};
    UErrorCode code = U_ZERO_ERROR;
    int32_t cap;

    if (form == NULL || !units_of(call->args[0].bytes, &in, reterr))
        return false;
    cap = in.n * 18 + 1; /* the longest decomposition has 18 units */
    out.at = err_calloc((size_t)cap, sizeof(UChar));
    out.n = unorm2_normalize(form, in.at, in.n, out.at, cap, &code);
    return U_SUCCESS(code) ? units_result(call, &out, ret, reterr)
                           : icu_failed(reterr, "normalization", code);
}

static bool is_normalized(const struct call *call, struct value *ret, struct err *reterr)
{
    const UNormalizer2 *form = form_of(call, reterr);
    CLEANUP(units) struct units in = {0};
    UErrorCode code = U_ZERO_ERROR;

    if (form == NULL || !units_of(call->args[0].bytes, &in, reterr))
        return false;
    ret->slot = unorm2_isNormalized(form, in.at, in.n, &code);
    return U_SUCCESS(code) || icu_failed(reterr, "normalization", code);
}

const struct function functions_unicode[] = {
    FUNCTION_ROW("normalize", TYPE_TEXT, normalize, TYPE_TEXT),
    FUNCTION_ROW("normalize", TYPE_TEXT, normalize, TYPE_TEXT, TYPE_TEXT),
    FUNCTION_ROW("is_normalized", TYPE_BOOL, is_normalized, TYPE_TEXT),
    FUNCTION_ROW("is_normalized", TYPE_BOOL, is_normalized, TYPE_TEXT, TYPE_TEXT),
    {0},
};
