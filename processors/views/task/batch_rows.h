/*
 * How many records a batch may have, so that it takes --batch-size of memory with all that is made of
 * it. What a record takes shows only when its batch is done. Pure.
 */
#ifndef SLUICE_VIEWS_TASK_BATCH_ROWS_H
#define SLUICE_VIEWS_TASK_BATCH_ROWS_H

#include <stddef.h>
#include <stdint.h>

/* Records that the first batch may have, and any batch whatever they take: what is read at a time
 * would be cut otherwise. `most`: --batch-rows. */
uint32_t batch_rows_least(uint32_t most);

/*
 * Records that the next batch may have, after one that might have had `now`, had `had` of them and took
 * `used` of `limit` bytes: as many as would have taken the limit, at most twice as many as now. A batch
 * of fewer than half of what it might have had says nothing for more.
 */
uint32_t batch_rows_next(uint32_t now, uint32_t had, size_t used, size_t limit, uint32_t most);

#endif
