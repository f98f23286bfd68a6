#include "base/stop.h"

#include "base/clock.h"
#include <stdatomic.h>

static _Atomic int64_t requested_ms; /* 0: not yet; a signal flag, so it may be global */

void stop_request(void)
{
    int64_t never = 0;

    atomic_compare_exchange_strong(&requested_ms, &never, clock_mono_ms());
}

bool stop_or_passed(int64_t end_ms)
{
    int64_t stop_ms = atomic_load(&requested_ms), now_ms = clock_mono_ms();

    return now_ms >= end_ms || (stop_ms > 0 && now_ms - stop_ms >= STOP_GRACE_MS);
}
