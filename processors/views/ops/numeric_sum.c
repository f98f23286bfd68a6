#include "ops/numeric_sum.h"
#include "ops/defect.h"

#include "record/numeric.h"

static void count_scale(struct numeric_sum *sum, struct arena *arena, int64_t scale, int64_t weight)
{
    uint32_t i = 0;

    while (i < sum->scales_n && sum->scales[i].scale != scale)
        i++;
    if (i == sum->scales_n) {
        if (sum->scales_n == sum->scales_cap) {
            uint32_t cap = sum->scales_cap * 2 + 4;
            struct scale_count *scales = arena_alloc(arena, cap * sizeof(*scales));

            if (sum->scales_n > 0)
                memcpy(scales, sum->scales, sum->scales_n * sizeof(*scales));
            sum->scales = scales;
            sum->scales_cap = cap;
        }
        sum->scales[sum->scales_n++] = (struct scale_count){scale, 0};
    }
    sum->scales[i].n += weight;
    if (sum->scales[i].n == 0 && !defect("sum-scale-stays"))
        sum->scales[i] = sum->scales[--sum->scales_n];
}

/* NaN is above +Infinity, so its negative, NaN again, is above it too. */
static void count_special(struct special_counts *counts, struct arena *arena, struct str packed,
                          int64_t weight)
{
    struct str zero = numeric_from_i64(arena, 0);
    int sign = numeric_cmp(packed, zero);

    if (sign > 0 && numeric_cmp(numeric_negate(arena, packed), zero) > 0)
        counts->nan += weight;
    else if (sign > 0)
        counts->plus += weight;
    else
        counts->minus += weight;
}

struct str numeric_sum_plus(struct arena *arena, struct str a, struct str b, int64_t weight)
{
    if (weight != 1 && weight != -1)
        b = numeric_wide_mul(arena, b, numeric_from_i64(arena, weight));
    else if (weight == -1)
        b = numeric_negate(arena, b);
    return a.len == 0 ? b : numeric_wide_add(arena, a, b);
}

void numeric_sum_put(struct numeric_sum *sum, struct arena *arena, struct str packed,
                     int64_t weight)
{
    sum->counts.n += weight;
    if (numeric_is_special(packed)) {
        count_special(&sum->counts, arena, packed, weight);
        return;
    }
    count_scale(sum, arena, numeric_scale(packed), weight);
    sum->sum = numeric_sum_plus(arena, sum->sum, packed, weight);
}

int numeric_sum_scale(const struct numeric_sum *sum)
{
    int64_t scale = 0;

    for (uint32_t i = 0; i < sum->scales_n; i++) {
        bool counts = sum->scales[i].n > 0 || defect("sum-scale-stays");

        if (counts && sum->scales[i].scale > scale)
            scale = sum->scales[i].scale;
    }
    return (int)scale;
}

struct str numeric_sum_finite(const struct numeric_sum *sum, struct arena *arena)
{
    return sum->sum.len == 0 ? numeric_from_i64(arena, 0)
                             : numeric_wide_round(arena, sum->sum, numeric_sum_scale(sum));
}

bool numeric_sum_total(const struct numeric_sum *sum, struct arena *arena, struct str *ret,
                       struct err *reterr)
{
    static const char *const texts[] = {
        [SUM_NAN] = "NaN", [SUM_PLUS] = "Infinity", [SUM_MINUS] = "-Infinity"};
    enum special_sum special = special_sum(&sum->counts);

    if (special != SUM_FINITE)
        return numeric_parse(str_of(texts[special]), arena, ret, reterr);
    return numeric_narrow(numeric_sum_finite(sum, arena), ret, reterr);
}

void numeric_sum_save(const void *at, struct buf *out)
{
    const struct numeric_sum *sum = at;
    uint64_t sizes[2] = {sum->scales_n, sum->sum.len};

    buf_append(out, &sum->counts, sizeof(sum->counts));
    buf_append(out, sizes, sizeof(sizes));
    buf_append(out, sum->scales, sum->scales_n * sizeof(*sum->scales));
    buf_put(out, sum->sum);
}

void numeric_sum_load(void *at, struct arena *arena, struct str *from)
{
    struct numeric_sum *sum = at;
    uint64_t sizes[2];

    *sum = (struct numeric_sum){0};
    take_bytes(from, &sum->counts, sizeof(sum->counts));
    take_bytes(from, sizes, sizeof(sizes));
    sum->scales_n = sum->scales_cap = (uint32_t)sizes[0];
    sum->scales = arena_alloc(arena, sum->scales_n * sizeof(*sum->scales));
    take_bytes(from, sum->scales, sum->scales_n * sizeof(*sum->scales));
    char *packed = arena_alloc(arena, sizes[1]);
    take_bytes(from, packed, sizes[1]);
    sum->sum = (struct str){packed, sizes[1]};
}

bool numeric_sum_is_zero(const void *at)
{
    static const char zero[10] = {0};
    const struct numeric_sum *sum = at;
    const struct special_counts *counts = &sum->counts;

    return counts->n == 0 && counts->nan == 0 && counts->plus == 0 && counts->minus == 0 &&
           sum->scales_n == 0 &&
           (sum->sum.len == 0 || numeric_cmp(sum->sum, (struct str){zero, sizeof(zero)}) == 0);
}
