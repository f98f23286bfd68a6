/* What a test says that a view then holds. Private to local/test*.c. */
#ifndef SLUICE_VIEWS_LOCAL_TEST_EXPECT_H
#define SLUICE_VIEWS_LOCAL_TEST_EXPECT_H

#include "local/test_query.h"

/* What a test has been told that the views do not get. */
struct test_left_out {
    struct arena *arena;
    struct test_dead_letter {
        const char *source, *rule, *reason;
    } * at; /* in the order they came */
    uint32_t n, cap;
};

/* What is looked at. */
struct test_found {
    const struct test_subject *subject;
    const struct test_sources *sources;
    struct local *local;
    const struct test_left_out *left_out;
};

/*
 * Compares what stands in the relation of the remark `then RELATION [(columns)] [no rows]` with the rows of
 * the query, a part of the script (at NULL: no rows), as multisets; the query's columns are cast to the
 * relation's. RELATION is a materialized view, or dead_letters with the columns source, rule and reason.
 * Appends a line to `notes` for each row that is missing, too many or different. ERR_STOP points at
 * what can't be understood.
 */
WARN_UNUSED bool test_expect(const struct test_found *found, struct str remark, struct str query,
                             struct buf *notes, struct err *reterr);

/* The remark says that there are no rows: no query follows. */
bool test_expects_nothing(struct str remark);

#endif
