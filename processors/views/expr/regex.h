/*
 * PostgreSQL's regular expressions by Tcl's engine, from which PostgreSQL's own grew. Classes are
 * rewritten to those of the C locale; text goes in as one unit a character, those beyond the BMP by
 * stand-ins. What the two engines do differently is refused with 0A000: lookbehind, letters beyond
 * ASCII without case, word boundaries beside such letters or in repeated searches. Not for other
 * rooms.
 */
#ifndef SLUICE_VIEWS_EXPR_REGEX_H
#define SLUICE_VIEWS_EXPR_REGEX_H

#include "expr/strings.h"

enum { REGEX_SUBS_MAX = 64 };

/* What the letters of a flags argument say. */
struct regex_flags {
    bool ignore_case, newline_dot, newline_anchor, expanded, quoted, basic, extended, global;
};

/* A pattern ready to search in one text. Freed by regex_close. */
struct regex {
    void *pattern, *text; /* Tcl_Obj */
    void *compiled;
    struct str s;
    uint32_t *offsets; /* the byte at which each character begins, and the end */
    uint32_t length;   /* characters of the text */
    uint32_t subs_n;
    bool newline_anchor, has_word;
};

/* Characters from start up to before end; start -1: did not take part. */
struct regex_match {
    int64_t start, end;
};

/* Reads the flags argument; 22023 for a letter that is none. */
WARN_UNUSED bool regex_read_flags(struct str text, struct regex_flags *ret, struct err *reterr);

/* Compiles the pattern for searches in `s`; memory is the arena's beside Tcl's own. */
WARN_UNUSED bool regex_open(struct str pattern, struct regex_flags flags, struct str s,
                            struct arena *arena, struct regex *ret, struct err *reterr);

/* Searches from character `from`; *ret_found; matches[0] is the whole, then the parentheses. */
WARN_UNUSED bool regex_search(struct regex *regex, uint32_t from, struct regex_match *matches,
                              bool *ret_found, struct err *reterr);

/* The text of a match. */
struct str regex_text(const struct regex *regex, struct regex_match match);

/* regexp_matches(text, pattern [, flags]): a row of the parentheses for each match. */
bool regexp_matches(const struct call *call, struct rows_out *out, struct err *reterr);

/* Frees Tcl's objects. */
void regex_close(struct regex *regex);

/* CLEANUP(regex) for a local struct. */
static inline void cleanup_regex(struct regex *regex)
{
    regex_close(regex);
}

#endif
