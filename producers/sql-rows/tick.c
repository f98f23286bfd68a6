#include "tick.h"
#include "base/clock.h"

enum { LOOK_MS = 1000 };

#ifdef SLUICE_FAILPOINTS
enum { LOOK_TEST_MS = 20 };

int64_t tick_now_us(void)
{
    const char *path = getenv("SLUICE_TEST_CLOCK");
    FILE *file CLEANUP(file) = path == NULL ? NULL : fopen(path, "re");
    long long seconds = 0;

    if (file == NULL || fscanf(file, "%15lld", &seconds) != 1)
        return clock_wall_us();
    return (int64_t)seconds * 1000000;
}

int64_t tick_look_ms(void)
{
    return getenv("SLUICE_TEST_CLOCK") == NULL ? LOOK_MS : LOOK_TEST_MS;
}
#else
int64_t tick_now_us(void)
{
    return clock_wall_us();
}

int64_t tick_look_ms(void)
{
    return LOOK_MS;
}
#endif
