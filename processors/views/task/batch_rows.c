#include "task/batch_rows.h"

enum { LEAST = 2000 };

uint32_t batch_rows_least(uint32_t most)
{
    return most < LEAST ? most : LEAST;
}

uint32_t batch_rows_next(uint32_t now, uint32_t had, size_t used, size_t limit, uint32_t most)
{
    uint64_t fitting = (uint64_t)had * limit / (used + 1), next = now;

    if (fitting < now || had >= now / 2)
        next = fitting < 2 * (uint64_t)now ? fitting : 2 * (uint64_t)now;
    if (next < batch_rows_least(most))
        next = batch_rows_least(most);
    return next > most ? most : (uint32_t)next;
}
