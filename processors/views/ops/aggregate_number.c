/* count, sum and avg over integers and numerics. */
#include "ops/aggregate_ops.h"

#include "record/numeric.h"

__extension__ typedef __int128 wide;
__extension__ typedef unsigned __int128 wide_bits;

static void count_add(void *at, const struct aggregate_site *site, struct arena *arena,
                      const struct value *args, int64_t weight)
{
    (void)site;
    (void)arena;
    (void)args;
    *(int64_t *)at += weight;
}

static bool count_result(const void *at, const struct aggregate_site *site, struct arena *arena,
                         struct value *ret, struct err *reterr)
{
    (void)site;
    (void)arena;
    (void)reterr;
    *ret = (struct value){.slot = *(const int64_t *)at};
    return true;
}

const struct aggregate_ops aggregate_count = {
    .size = sizeof(int64_t), .add = count_add, .result = count_result};

/* 128 bits hold 2^64 values of 63 bits. The halves are kept apart: accumulators are 8-aligned. */
struct int_sum {
    int64_t n, high;
    uint64_t low;
};

static wide int_total(const struct int_sum *sum)
{
    return (wide)((wide_bits)(uint64_t)sum->high << 64 | sum->low);
}

static void int_add(void *at, const struct aggregate_site *site, struct arena *arena,
                    const struct value *args, int64_t weight)
{
    struct int_sum *sum = at;
    wide total = int_total(sum) + (wide)args[0].slot * weight;

    (void)site;
    (void)arena;
    sum->n += weight;
    sum->high = (int64_t)(total >> 64);
    sum->low = (uint64_t)total;
}

static struct str wide_numeric(struct arena *arena, wide number)
{
    static const int64_t unit = INT64_C(1000000000000000000);

    if (number >= INT64_MIN && number <= INT64_MAX)
        return numeric_from_i64(arena, (int64_t)number);
    struct str high = wide_numeric(arena, number / unit);
    struct str scaled = numeric_mul(arena, high, numeric_from_i64(arena, unit));
    return numeric_add(arena, scaled, numeric_from_i64(arena, (int64_t)(number % unit)));
}

static bool int_sum_result(const void *at, const struct aggregate_site *site, struct arena *arena,
                           struct value *ret, struct err *reterr)
{
    const struct int_sum *sum = at;
    wide total = int_total(sum);

    *ret = (struct value){.null = sum->n == 0};
    if (ret->null)
        return true;
    if (site->result.id == TYPE_NUMERIC) {
        ret->bytes = wide_numeric(arena, total);
        return true;
    }
    if (total < INT64_MIN || total > INT64_MAX)
        return err_sql(reterr, ERR_DEAD_LETTER, "22003", "bigint out of range");
    ret->slot = (int64_t)total;
    return true;
}

static bool int_avg_result(const void *at, const struct aggregate_site *site, struct arena *arena,
                           struct value *ret, struct err *reterr)
{
    const struct int_sum *sum = at;

    (void)site;
    *ret = (struct value){.null = sum->n == 0};
    return ret->null || numeric_div(arena, wide_numeric(arena, int_total(sum)),
                                    numeric_from_i64(arena, sum->n), &ret->bytes, reterr);
}

const struct aggregate_ops aggregate_sum_int = {
    .size = sizeof(struct int_sum), .add = int_add, .result = int_sum_result};
const struct aggregate_ops aggregate_avg_int = {
    .size = sizeof(struct int_sum), .add = int_add, .result = int_avg_result};

/*
 * numeric: the exact sum, and how many values there are of each display scale, so that the scale of
 * the result goes down again when the values that had it are taken back.
 */
struct scale_count {
    int64_t scale, n;
};

struct numeric_sum {
    struct special_counts counts;
    struct str sum; /* empty: 0 at scale 0 */
    struct scale_count *scales;
    uint32_t scales_n, scales_cap;
};

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
    if (sum->scales[i].n == 0)
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

static void numeric_sum_add(void *at, const struct aggregate_site *site, struct arena *arena,
                            const struct value *args, int64_t weight)
{
    struct numeric_sum *sum = at;
    struct str x = args[0].bytes;

    (void)site;
    sum->counts.n += weight;
    if (numeric_is_special(x)) {
        count_special(&sum->counts, arena, x, weight);
        return;
    }
    count_scale(sum, arena, numeric_scale(x), weight);
    if (weight != 1 && weight != -1)
        x = numeric_mul(arena, x, numeric_from_i64(arena, weight));
    else if (weight == -1)
        x = numeric_negate(arena, x);
    sum->sum = sum->sum.len == 0 ? x : numeric_add(arena, sum->sum, x);
}

static bool numeric_total(const struct numeric_sum *sum, struct arena *arena, struct str *ret,
                          struct err *reterr)
{
    static const char *const texts[] = {
        [SUM_NAN] = "NaN", [SUM_PLUS] = "Infinity", [SUM_MINUS] = "-Infinity"};
    enum special_sum special = special_sum(&sum->counts);
    int64_t scale = 0;

    if (special != SUM_FINITE)
        return numeric_parse(str_of(texts[special]), arena, ret, reterr);
    for (uint32_t i = 0; i < sum->scales_n; i++) {
        if (sum->scales[i].n > 0 && sum->scales[i].scale > scale)
            scale = sum->scales[i].scale;
    }
    *ret =
        sum->sum.len == 0 ? numeric_from_i64(arena, 0) : numeric_round(arena, sum->sum, (int)scale);
    return true;
}

static bool numeric_sum_result(const void *at, const struct aggregate_site *site,
                               struct arena *arena, struct value *ret, struct err *reterr)
{
    const struct numeric_sum *sum = at;

    (void)site;
    *ret = (struct value){.null = sum->counts.n == 0};
    return ret->null || numeric_total(sum, arena, &ret->bytes, reterr);
}

static bool numeric_avg_result(const void *at, const struct aggregate_site *site,
                               struct arena *arena, struct value *ret, struct err *reterr)
{
    const struct numeric_sum *sum = at;
    struct str total;

    (void)site;
    *ret = (struct value){.null = sum->counts.n == 0};
    return ret->null ||
           (numeric_total(sum, arena, &total, reterr) &&
            numeric_div(arena, total, numeric_from_i64(arena, sum->counts.n), &ret->bytes, reterr));
}

static void numeric_sum_save(const void *at, struct buf *out)
{
    const struct numeric_sum *sum = at;
    uint64_t sizes[2] = {sum->scales_n, sum->sum.len};

    buf_append(out, &sum->counts, sizeof(sum->counts));
    buf_append(out, sizes, sizeof(sizes));
    buf_append(out, sum->scales, sum->scales_n * sizeof(*sum->scales));
    buf_put(out, sum->sum);
}

static void numeric_sum_load(void *at, struct arena *arena, struct str *from)
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

/* No value is in when no scale has a count and the sum is 0, at whatever scale it is written. */
static bool numeric_sum_is_zero(const void *at)
{
    static const char zero[10] = {0};
    const struct numeric_sum *sum = at;
    const struct special_counts *counts = &sum->counts;

    return counts->n == 0 && counts->nan == 0 && counts->plus == 0 && counts->minus == 0 &&
           sum->scales_n == 0 &&
           (sum->sum.len == 0 || numeric_cmp(sum->sum, (struct str){zero, sizeof(zero)}) == 0);
}

const struct aggregate_ops aggregate_sum_numeric = {.size = sizeof(struct numeric_sum),
                                                    .add = numeric_sum_add,
                                                    .result = numeric_sum_result,
                                                    .save = numeric_sum_save,
                                                    .load = numeric_sum_load,
                                                    .is_zero = numeric_sum_is_zero};
const struct aggregate_ops aggregate_avg_numeric = {.size = sizeof(struct numeric_sum),
                                                    .add = numeric_sum_add,
                                                    .result = numeric_avg_result,
                                                    .save = numeric_sum_save,
                                                    .load = numeric_sum_load,
                                                    .is_zero = numeric_sum_is_zero};
