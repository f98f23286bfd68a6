/* The reading of one statement or remark of a test, word by word. Private to local/test*.c. */
#ifndef SLUICE_VIEWS_LOCAL_TEST_READING_H
#define SLUICE_VIEWS_LOCAL_TEST_READING_H

#include "local/test_query.h"

/* What is read, a part of the script, and how far. */
struct test_reading {
    const struct test_subject *subject;
    struct str text;
    size_t at;
};

/* Columns by number. */
struct test_columns {
    uint16_t *at; /* freed by test_columns_done */
    uint16_t n;
};

/* CLEANUP(test_columns) for a local struct. */
void cleanup_test_columns(struct test_columns *columns);

/* Takes the word if it is the next one, in any case. */
bool test_take_word(struct test_reading *reading, const char *word);

/* Takes what stands before the first of the words outside of parentheses; `words` ends with NULL. */
struct str test_take_until(struct test_reading *reading, const char *const *words);

/* What is left. */
struct str test_rest(const struct test_reading *reading);

/* Takes a name as PostgreSQL reads it, of up to two parts; "" when there is none. In `into`. */
const char *test_take_name(struct test_reading *reading, char *into, size_t size);

/* Takes the name of a column. ERR_STOP when there is none of it. */
WARN_UNUSED bool test_take_column(struct test_reading *reading, const struct schema *schema,
                                  uint16_t *ret, struct err *reterr);

/* Takes a list of columns in parentheses, all of them when there is none. */
WARN_UNUSED bool test_take_columns(struct test_reading *reading, const struct schema *schema,
                                   struct test_columns *ret, struct err *reterr);

/* As test_refuse, at the next word. */
bool test_refuse_here(const struct test_reading *reading, struct err *reterr, const char *reason);

#endif
