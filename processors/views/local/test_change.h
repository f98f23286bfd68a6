/* INSERT, UPDATE, DELETE and TRUNCATE of a test. Private to local/test*.c. */
#ifndef SLUICE_VIEWS_LOCAL_TEST_CHANGE_H
#define SLUICE_VIEWS_LOCAL_TEST_CHANGE_H

#include "local/test_query.h"

/* Where changes go: what the sources hold, and the run that is tested. */
struct test_target {
    const struct test_subject *subject;
    struct test_sources *sources;
    struct local *local;
};

/* Runs the statement, a part of the script: INSERT INTO source [(columns)] query; UPDATE source
 * [alias] SET column = expression, ... [WHERE]; DELETE FROM source [alias] [WHERE]; TRUNCATE [TABLE]
 * source, ... . ERR_STOP points at what can't be understood. */
WARN_UNUSED bool test_change(const struct test_target *target, struct str statement,
                             struct err *reterr);

#endif
