/*
 * A line of an answer's head. Private to the room; what curl reads itself is none of it.
 */
#ifndef SLUICE_HTTP_HEADER_H
#define SLUICE_HTTP_HEADER_H

#include "base/str.h"
#include <stdbool.h>

/* The value behind "name:", in any case and without blanks around it, as a view of the line; false when the line has
 * another name. */
bool header_value(struct str line, const char *name, struct str *ret);

#endif
