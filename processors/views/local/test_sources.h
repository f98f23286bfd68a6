/* What the sources hold at a moment of a test: rows by key. Private to local/test*.c. */
#ifndef SLUICE_VIEWS_LOCAL_TEST_SOURCES_H
#define SLUICE_VIEWS_LOCAL_TEST_SOURCES_H

#include "record/row.h"
#include "sql/plan.h"

struct test_sources;

/* Empty sources of a plan, which must outlive them. Free with test_sources_free. */
struct test_sources *test_sources_new(const struct plan *plan);

/* NULL is fine. Returns NULL. */
struct test_sources *test_sources_free(struct test_sources *sources);

/* Holds a copy of the row; false when its key is there. */
WARN_UNUSED bool test_sources_add(struct test_sources *sources, uint32_t source,
                                  const struct row *row);

/* Forgets the row with the key columns of `row`; false when there is none. */
bool test_sources_remove(struct test_sources *sources, uint32_t source, const struct row *row);

/* Forgets all rows of a source. */
void test_sources_empty(struct test_sources *sources, uint32_t source);

/* The rows of a source; they live until the next change of it. */
const struct row *const *test_sources_rows(const struct test_sources *sources, uint32_t source,
                                           size_t *ret_n);

#endif
