/*
 * A query of a test, asked of the engine itself: it is planned as one view more of the pipeline and run
 * over what the sources hold, so that there is one SQL, the pipeline's, and its messages point into the
 * script. Private to local/test*.c.
 */
#ifndef SLUICE_VIEWS_LOCAL_TEST_QUERY_H
#define SLUICE_VIEWS_LOCAL_TEST_QUERY_H

#include "local/local.h"
#include "local/test_sources.h"
#include "sql/pipeline.h"

/* What is tested and by what. */
struct test_subject {
    const struct plan *plan;
    const struct pipeline_file *pipeline;
    const char *path; /* the script's */
    struct str text;
};

/* A query in the making: words of ours and parts of the script. Use zeroed but for `subject`. */
struct test_query {
    const struct test_subject *subject;
    struct buf text;
    struct pipeline_part *parts;
    size_t parts_n, parts_cap;
};

/* Starts a query; `statement` is the part of the script that it is of. */
void test_query_begin(struct test_query *query, const struct test_subject *subject,
                      struct str statement);

/* CLEANUP(test_query) for a local struct. */
void cleanup_test_query(struct test_query *query);

/* Appends a part of the script as it stands there. */
void test_query_quote(struct test_query *query, struct str part);

/* CAST(`text` AS the column's type) AS "its name" */
void test_query_cast(struct test_query *query, struct str text, const struct column *column);

/* FROM (rows) AS ...(c0, c1, ...) with n columns; `rows` is a part of the script. */
void test_query_from(struct test_query *query, struct str rows, uint16_t n);

/* The rows of a query. */
struct test_answer {
    struct arena *arena;
    const struct schema *schema;
    const struct row *const *rows;
    uint32_t rows_n;
};

/* Runs the query over the sources. ERR_STOP points into the script; a row that raises is one. Release
 * with test_answer_done whatever it returns. */
WARN_UNUSED bool test_query_ask(struct test_query *query, const struct test_sources *sources,
                                struct test_answer *ret, struct err *reterr);

/* Frees what the answer holds. */
void test_answer_done(struct test_answer *answer);

/* CLEANUP(test_answer) for a local struct. */
static inline void cleanup_test_answer(struct test_answer *answer)
{
    test_answer_done(answer);
}

/* Sets *reterr: path, line of the part of the script, reason. Returns false. */
bool test_refuse(const struct test_subject *subject, struct str part, struct err *reterr,
                 const char *format, ...) PRINTF_LIKE(4, 5);

#endif
