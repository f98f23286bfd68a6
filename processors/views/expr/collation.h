/*
 * ICU's collations under PostgreSQL's names ("de-x-icu"): the list, and keys that order by them. A
 * key ends in the text itself, so that only equal bytes are equal. Not for other rooms but sql/.
 */
#ifndef SLUICE_VIEWS_EXPR_COLLATION_H
#define SLUICE_VIEWS_EXPR_COLLATION_H

#include <stdbool.h>

/* PostgreSQL has a collation of ICU of that name. */
bool collation_is_known(const char *name);

#endif
