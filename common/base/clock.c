#include "base/clock.h"

#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

int64_t clock_wall_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

int64_t clock_mono_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

struct unit {
    const char *name;
    int64_t factor;
};

/* Digits, then one of the units; false when the text is anything else or the product does not fit.
 */
static bool parse_number_and_unit(struct str text, const struct unit *units, int64_t *ret)
{
    int64_t number = 0;
    size_t at = 0;

    for (; at < text.len && text.at[at] >= '0' && text.at[at] <= '9'; at++)
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, text.at[at] - '0', &number))
            return false;
    if (at == 0)
        return false;
    struct str suffix = {text.at + at, text.len - at};
    if (suffix.len == 0 && number == 0) {
        *ret = 0;
        return true;
    }
    for (const struct unit *unit = units; unit->name != NULL; unit++)
        if (str_eq_c(suffix, unit->name)) {
            bool fits = !__builtin_mul_overflow(number, unit->factor, &number);
            *ret = fits ? number : *ret;
            return fits;
        }
    return false;
}

bool clock_parse_duration(struct str text, int64_t *ret_ms, struct err *reterr)
{
    static const struct unit units[] = {{"ms", 1},      {"s", 1000},     {"m", 60000},
                                        {"h", 3600000}, {"d", 86400000}, {NULL, 0}};

    if (parse_number_and_unit(text, units, ret_ms))
        return true;
    return err_stop(
        reterr, EX_USAGE,
        "\"%.*s\" is not a duration: write a number and its unit, as in 500ms, 10s, 5m, 2h or 7d",
        STR_ARG(text));
}

bool clock_parse_size(struct str text, int64_t *ret_bytes, struct err *reterr)
{
    static const struct unit units[] = {{"", 1},          {"B", 1},         {"kB", 1000},
                                        {"KB", 1000},     {"MB", 1000000},  {"GB", 1000000000},
                                        {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30},
                                        {NULL, 0}};

    if (parse_number_and_unit(text, units, ret_bytes))
        return true;
    return err_stop(
        reterr, EX_USAGE,
        "\"%.*s\" is not a size: write a number and its unit, as in 4096B, 512KiB, 64MiB or 1GiB",
        STR_ARG(text));
}

int64_t clock_backoff_ms(unsigned attempt, int64_t base_ms, int64_t cap_ms)
{
    int64_t ceiling = base_ms;
    uint32_t dice = 0;

    while (attempt-- > 0 && ceiling < cap_ms)
        ceiling *= 2;
    if (ceiling > cap_ms)
        ceiling = cap_ms;
    if (ceiling < 1)
        ceiling = 1;
    if (getrandom(&dice, sizeof(dice), GRND_NONBLOCK) != sizeof(dice))
        dice = UINT32_MAX / 2;
    return 1 + (int64_t)((double)(ceiling - 1) * ((double)dice / (double)UINT32_MAX));
}
