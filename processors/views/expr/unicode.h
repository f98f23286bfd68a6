/* Texts as ICU takes them. Not for other rooms. */
#ifndef SLUICE_VIEWS_EXPR_UNICODE_H
#define SLUICE_VIEWS_EXPR_UNICODE_H

#include "expr/strings.h"

#include <unicode/ustring.h>

/* UTF-16; freed by cleanup_units. */
struct units {
    UChar *at;
    int32_t n;
};

/* CLEANUP(units) for a local struct. */
static inline void cleanup_units(struct units *units)
{
    free(units->at);
}

/* "what failed: U_..." as an internal error. Returns false. */
bool icu_failed(struct err *reterr, const char *what, UErrorCode code);

/* The text as UTF-16. */
WARN_UNUSED bool units_of(struct str text, struct units *ret, struct err *reterr);

/* UTF-16 as the result. */
WARN_UNUSED bool units_result(const struct call *call, const struct units *units, struct value *ret,
                              struct err *reterr);

#endif
