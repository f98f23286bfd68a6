/* Cron expressions, durations and sizes: any text is one or is refused, and the minute that comes next is one that the
 * expression names, the first behind the moment. */
#include "base/clock.h"
#include "base/cron.h"

#include <stdlib.h>
#include <time.h>

enum { MINUTE_MS = 60000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool names(const struct cron *cron, int64_t unix_ms)
{
    time_t at = (time_t)(unix_ms / 1000);
    struct tm utc;

    gmtime_r(&at, &utc);
    bool day = (cron->days >> utc.tm_mday) & 1U, weekday = (cron->weekdays >> utc.tm_wday) & 1U;
    return utc.tm_sec == 0 && ((cron->minutes >> utc.tm_min) & 1U) &&
           ((cron->hours >> utc.tm_hour) & 1U) && ((cron->months >> (utc.tm_mon + 1)) & 1U) &&
           (cron->any_day ? day && weekday : day || weekday);
}

static void as_cron(struct str text)
{
    const int64_t after_ms = 1764547230000; /* half a minute past a full hour */
    struct cron cron;
    struct err err = {0};

    if (!cron_parse(text, &cron, &err)) {
        if (err.kind != ERR_STOP)
            abort();
        return;
    }
    int64_t next_ms = cron_next_ms(&cron, after_ms);
    if (next_ms == -1)
        return;
    if (next_ms <= after_ms || !names(&cron, next_ms))
        abort();
    int64_t looked = 0;
    for (int64_t ms = after_ms + MINUTE_MS / 2; ms < next_ms && looked < 2000; ms += MINUTE_MS)
        if (looked++, names(&cron, ms))
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    int64_t value = 0;
    struct err err = {0};

    as_cron(text);
    if (clock_parse_duration(text, &value, &err) && value < 0)
        abort();
    if (clock_parse_size(text, &value, &err) && value < 0)
        abort();
    return 0;
}
