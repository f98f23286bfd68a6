/* The text of a test script, cut into statements and remarks. Private to local/test*.c. */
#ifndef SLUICE_VIEWS_LOCAL_TEST_TEXT_H
#define SLUICE_VIEWS_LOCAL_TEST_TEXT_H

#include "base/buf.h"
#include "base/err.h"

/* Where the reading stands. */
struct text_cursor {
    struct str text;
    size_t at;
};

/* A statement without its semicolon, or a remark: `-- test ...`, `-- then ...`. */
struct text_item {
    bool remark;
    struct str text; /* a view of the script; of a remark: behind the dashes, trimmed */
};

/* The next item; false at the end. Other comments are skipped. */
bool text_next(struct text_cursor *cursor, struct text_item *ret);

/* Skips blanks and comments, then takes a word, a quoted name, or one character; empty at the end. */
struct str text_word(struct str text, size_t *at);

/* It is a name, in quotes or not. */
bool text_is_name(struct str word);

/* Where, from `at` on, one of the words stands outside of parentheses, quotes and comments: the end of
 * the text when none does. `words` ends with NULL; "," is one too. */
size_t text_find(struct str text, size_t at, const char *const *words);

/* How many lines end before `at`, and one. */
unsigned long text_line(struct str text, size_t at);

/* The word, in any case. */
bool text_is(struct str word, const char *wanted);

#endif
