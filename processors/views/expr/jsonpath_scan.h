/* Words of SQL/JSON paths. Not for other rooms. */
#ifndef SLUICE_VIEWS_EXPR_JSONPATH_SCAN_H
#define SLUICE_VIEWS_EXPR_JSONPATH_SCAN_H

#include "expr/strings.h"

enum path_token {
    TOKEN_END,
    TOKEN_SIGN, /* text: one or two characters */
    TOKEN_WORD, /* a name without quotes; may be a keyword */
    TOKEN_STRING,
    TOKEN_VARIABLE,
    TOKEN_INTEGER,
    TOKEN_NUMBER
};

/* `text` is unescaped; `raw` is what is written, for messages. */
struct path_scan {
    struct str source;
    size_t at;
    struct arena *arena;
    enum path_token token;
    struct str text, raw;
};

/* Goes to the next word; 42601 where there is none. */
WARN_UNUSED bool path_scan_next(struct path_scan *scan, struct err *reterr);

/* Raises a syntax error at the present word. Returns false. */
bool path_scan_fail(const struct path_scan *scan, const char *what, struct err *reterr);

#endif
