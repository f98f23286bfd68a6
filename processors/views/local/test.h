/*
 * --test: a user's own tests of a pipeline, in SQL, without a broker.
 *
 *   -- test an order is open until it is completed
 *   INSERT INTO bronze.orders (order_id, status) VALUES (1, 'PENDING');
 *   -- then gold.open_orders (status, open_orders)
 *   VALUES ('PENDING', 1);
 *   UPDATE bronze.orders SET status = 'COMPLETED' WHERE order_id = 1;
 *   -- then gold.open_orders: no rows
 *
 * Statements change sources, each in a step of its own unless they stand between BEGIN and COMMIT; the
 * query behind `-- then` gives the rows expected, in any order. Each test starts over empty sources.
 */
#ifndef SLUICE_VIEWS_LOCAL_TEST_H
#define SLUICE_VIEWS_LOCAL_TEST_H

#include "local/test_query.h"
#include <stdio.h>

/*
 * Runs the tests of a script and prints TAP (the Test Anything Protocol): a line for each and, below one
 * that failed, the rows that are missing, too many or different; a test that can't be understood failed,
 * too, and the next one goes on. *ret_failed: how many failed. False when the engine failed.
 */
WARN_UNUSED bool views_test(const struct test_subject *subject, FILE *out, uint32_t *ret_failed,
                            struct err *reterr);

#endif
