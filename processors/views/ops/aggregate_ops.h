/*
 * What is behind a row of the aggregate table. An accumulator is `size` bytes, all zero when
 * nothing was added or everything was taken back. In memory it may point into the step's arena;
 * `save` and `load` carry it to and from the store (both NULL: the bytes as they are).
 */
#ifndef SLUICE_VIEWS_OPS_AGGREGATE_OPS_H
#define SLUICE_VIEWS_OPS_AGGREGATE_OPS_H

#include "ops/aggregate.h"

/* One aggregate as it is called. */
struct aggregate_site {
    const struct aggregate *aggregate;
    const struct type *arg_types;
    struct type result;
    uint16_t args_n;
};

struct aggregate_ops {
    size_t size; /* a multiple of 8 */
    /* Adds a row's arguments `weight` times (negative: takes them back, where the state is
     * AGGREGATE_SUMS). */
    void (*add)(void *at, const struct aggregate_site *site, struct arena *arena,
                const struct value *args, int64_t weight);
    /* The aggregate over all that is in; ret->null is false on entry. */
    bool (*result)(const void *at, const struct aggregate_site *site, struct arena *arena,
                   struct value *ret, struct err *reterr);
    void (*save)(const void *at, struct buf *out);
    /* Reads what save wrote and moves `from` behind it. */
    void (*load)(void *at, struct arena *arena, struct str *from);
    /* Nothing is in; NULL: all bytes are zero. */
    bool (*is_zero)(const void *at);
    /* No further value changes the result; NULL: every one may. */
    bool (*enough)(const void *at);
};

extern const struct aggregate_ops aggregate_count, aggregate_sum_int, aggregate_avg_int,
    aggregate_sum_numeric, aggregate_avg_numeric, aggregate_sum_real, aggregate_avg_real,
    aggregate_first, aggregate_min, aggregate_max, aggregate_all, aggregate_some, aggregate_odd,
    aggregate_string, aggregate_array, aggregate_json_elements, aggregate_json_rows,
    aggregate_jsonb_elements, aggregate_json_members, aggregate_jsonb_members,
    aggregate_percentile_cont, aggregate_percentile_disc, aggregate_mode, aggregate_sum_interval,
    aggregate_avg_interval;
extern const struct aggregate_ops aggregate_var_samp_int, aggregate_var_pop_int,
    aggregate_stddev_samp_int, aggregate_stddev_pop_int, aggregate_var_samp_numeric,
    aggregate_var_pop_numeric, aggregate_stddev_samp_numeric, aggregate_stddev_pop_numeric,
    aggregate_var_samp_real, aggregate_var_pop_real, aggregate_stddev_samp_real,
    aggregate_stddev_pop_real, aggregate_regr_count, aggregate_regr_sxx, aggregate_regr_syy,
    aggregate_regr_sxy, aggregate_regr_avgx, aggregate_regr_avgy, aggregate_regr_r2,
    aggregate_regr_slope, aggregate_regr_intercept, aggregate_covar_pop, aggregate_covar_samp,
    aggregate_corr;

/* Appends the accumulator as stored bytes. */
void accumulator_save(const struct aggregate_ops *ops, const void *at, struct buf *out);

/* Reads what accumulator_save wrote and moves `from` behind it. */
void accumulator_load(const struct aggregate_ops *ops, void *at, struct arena *arena,
                      struct str *from);

/* The row's arguments are among those that the aggregate does not see. */
bool aggregate_skips(const struct aggregate_site *site, const struct value *args);

/* Nothing is in it. */
bool accumulator_is_zero(const struct aggregate_ops *ops, const void *at);

/* Counts of numbers that are no numbers; kept apart so that they can be taken back. */
struct special_counts {
    int64_t n; /* all that were not NULL, the special ones too */
    int64_t nan, plus, minus;
};

/* What the special ones make of the sum. */
enum special_sum { SUM_FINITE, SUM_NAN, SUM_PLUS, SUM_MINUS };

/* NaN, or infinities of both signs, make NaN. */
enum special_sum special_sum(const struct special_counts *counts);

/* Copies `size` bytes out of `from` and moves it behind them. */
void take_bytes(struct str *from, void *to, size_t size);

#endif
