#include "run.h"
#include "asked.h"
#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "described.h"
#include "load.h"
#include "seen/restore.h"
#include "service/service.h"
#include "stamp.h"
#include "tick.h"

enum { SWEEP_KEYS = 1000, LOOK_ROWS = 1024, PARAMS_MAX = 4 * STATEMENT_COLUMNS_MAX };

/* The keys under which rows that could not be used are remembered; no JSON begins so. */
static const char dead_mark = '!';

/* The work of one run. */
struct work {
    struct session *session;
    struct summary *summary;
    struct source *source;
    struct asked asked;
    struct source_moment moment;
    bool snapshot; /* no run has ended before */
    enum statement_pass pass;
    uint64_t ordinal; /* of the last record */
    int64_t row;      /* of the last row read */
    struct buf key, record_row, value, last_bytes;
    struct source_value last[STATEMENT_COLUMNS_MAX]; /* where the next page begins */
};

static void work_done(struct work *work)
{
    asked_done(&work->asked);
    source_close(work->source);
    buf_done(&work->key);
    buf_done(&work->record_row);
    buf_done(&work->value);
    buf_done(&work->last_bytes);
}

static void cleanup_work(struct work *work)
{
    work_done(work);
}

/* The Kafka transaction first, then what was seen: never ahead of it. */
static bool commit(struct work *work, struct err *reterr)
{
    struct session *session = work->session;

    if (!writer_commit(&session->writer, &session->progress, reterr))
        return false;
    if (session->seen == NULL)
        return true;
    struct seen_mark mark = *seen_mark(session->seen);
    mark.position = session->progress.serial;
    return seen_commit(session->seen, &mark, reterr);
}

static bool commit_when_full(struct work *work, struct err *reterr)
{
    service_beat(work->session->service);
    return work->session->seen == NULL || !writer_full(&work->session->writer) ||
           commit(work, reterr);
}

/* The row that can't be used is dead-lettered once, as long as it stays as it is. */
static bool already_dead(struct work *work, struct str raw, bool *ret, struct err *reterr)
{
    struct hash128 hash = hash128(raw.at, raw.len);
    struct seen_found found = {SEEN_NEW, {0}};
    char key[1 + sizeof(hash)];

    *ret = false;
    if (work->session->seen == NULL)
        return true;
    key[0] = dead_mark;
    memcpy(key + 1, &hash, sizeof(hash));
    if (!seen_visit(work->session->seen, (struct str){key, sizeof(key)}, hash,
                    (struct seen_place){0, (uint64_t)work->row}, &found, reterr))
        return false;
    *ret = found.verdict != SEEN_NEW;
    return true;
}

/* The key at hand as it stands in the topic, and in what was seen. */
static bool topic_key(struct work *work, struct str *ret, struct err *reterr)
{
    struct str json = work->asked.shape.key_n > 0 ? buf_str(&work->key) : STR_NONE;

    return writer_key(&work->session->writer, json, ret, reterr);
}

/* Its key, when that can be told, is still there: what was last good of it stays. */
static bool keep_key(struct work *work, const struct source_value *values, struct err *reterr)
{
    struct source_value key[STATEMENT_COLUMNS_MAX];
    struct err unkeyed;
    struct str stored;
    bool known;

    for (size_t i = 0; i < work->asked.shape.key_n; i++)
        key[i] = values[work->asked.key_at[i]];
    if (work->session->seen == NULL ||
        !encode_key(work->asked.encoder, key, &work->key, &unkeyed) ||
        !topic_key(work, &stored, &unkeyed)) {
        buf_clear(&work->key);
        return true;
    }
    return seen_keep(work->session->seen, stored, &known, reterr);
}

static const char *place_name(const struct work *work)
{
    const struct rows_options *options = work->session->options;

    return options->table != NULL ? options->table : "query";
}

static bool bury(struct work *work, const struct source_value *values, const char *rule,
                 const struct err *reason, struct err *reterr)
{
    bool already = false;

    buf_clear(&work->value);
    encode_raw(work->asked.encoder, values, &work->value);
    if (!already_dead(work, buf_str(&work->value), &already, reterr) || already)
        return already;
    const struct writer_dead dead = {.key = work->key.len > 0 ? buf_str(&work->key) : STR_NONE,
                                     .value = buf_str(&work->value),
                                     .from = place_name(work),
                                     .rule = rule,
                                     .line = work->row,
                                     .reason = reason};
    work->summary->dead++;
    return writer_dead_letter(&work->session->writer, &dead, reterr);
}

static void count(struct work *work, char op)
{
    struct metric *metrics = work->session->metrics;
    struct summary *summary = work->summary;

    summary->created += op == 'c';
    summary->updated += op == 'u';
    summary->deleted += op == 'd';
    summary->snapshot += op == 'r';
    metric_add(&metrics[ROWS_CREATED], op == 'c');
    metric_add(&metrics[ROWS_UPDATED], op == 'u');
    metric_add(&metrics[ROWS_DELETED], op == 'd');
    metric_add(&metrics[ROWS_SNAPSHOT], op == 'r');
}

/* `row` at NULL: a delete. */
static bool put(struct work *work, struct str key, struct str value, struct str row,
                struct err *reterr)
{
    const struct writer_record record = {.key = key,
                                         .value = value,
                                         .row = row,
                                         .run = work->session->progress.run,
                                         .ordinal = work->ordinal,
                                         .read_us = work->session->progress.began_us};

    return writer_put(&work->session->writer, &record, reterr);
}

/* An event of the row at hand, or of a key that is gone. */
static bool put_event(struct work *work, struct str key, struct str row, char op,
                      struct err *reterr)
{
    struct str gone = STR_NONE;

    if (op == 'd' && !writer_key_json(&work->session->writer, key, &gone, reterr))
        return false;
    const struct encode_event event = {.op = op,
                                       .snapshot = op == 'r',
                                       .run = work->session->progress.run,
                                       .ordinal = ++work->ordinal,
                                       .read_us = work->session->progress.began_us,
                                       .now_us = tick_now_us(),
                                       .key = gone,
                                       .row = row};

    buf_clear(&work->value);
    return encode_value(work->asked.encoder, &event, &work->value, reterr) &&
           put(work, key, buf_str(&work->value), row, reterr);
}

/* The row at hand can't be written: too large, or its key or value has no form in Avro. */
static bool refuse(struct work *work, const struct source_value *values, const struct err *reason,
                   struct err *reterr)
{
    if (reason->kind == ERR_DEAD_LETTER)
        return bury(work, values, "unwritable", reason, reterr);
    *reterr = *reason;
    return false;
}

/* Writes the row that was encoded. */
static bool write_row(struct work *work, const struct source_value *values, char op,
                      struct err *reterr)
{
    struct err reason = {0};
    struct str key;

    if (topic_key(work, &key, &reason) &&
        put_event(work, key, buf_str(&work->record_row), op, &reason)) {
        count(work, op);
        return true;
    }
    return refuse(work, values, &reason, reterr);
}

static bool compare_row(struct work *work, const struct source_value *values, struct err *reterr)
{
    struct seen_place place = {0, (uint64_t)work->row};
    struct seen_found found = {SEEN_SAME, {0}};
    struct err reason = {0};
    struct str key;

    if (!topic_key(work, &key, &reason))
        return refuse(work, values, &reason, reterr);
    if (!seen_visit(work->session->seen, key, seen_content(buf_str(&work->record_row)), place,
                    &found, reterr))
        return false;
    switch (found.verdict) {
    case SEEN_NEW:
        return write_row(work, values, work->snapshot ? 'r' : 'c', reterr);
    case SEEN_CHANGED:
        return write_row(work, values, 'u', reterr);
    case SEEN_AGAIN:
        err_sql(&reason, ERR_DEAD_LETTER, "23505",
                "the key was met before in this run, in row %llu",
                (unsigned long long)found.first.line);
        return bury(work, values, "duplicate key", &reason, reterr);
    case SEEN_SAME:
        break;
    }
    return true;
}

/* Where the next page begins: behind this row. */
static void keep_last(struct work *work, const struct source_value *values, const uint16_t *at,
                      size_t n)
{
    size_t starts[STATEMENT_COLUMNS_MAX];

    buf_clear(&work->last_bytes);
    for (size_t i = 0; i < n; i++) {
        starts[i] = work->last_bytes.len;
        buf_put(&work->last_bytes, at == NULL ? values[i].text : values[at[i]].text);
        buf_char(&work->last_bytes, '\0');
    }
    for (size_t i = 0; i < n; i++) {
        const struct source_value *value = at == NULL ? &values[i] : &values[at[i]];

        work->last[i] =
            (struct source_value){value->class, {work->last_bytes.at + starts[i], value->text.len}};
    }
}

static bool take_row(struct work *work, const struct source_value *values, struct err *reterr)
{
    struct err reason = {0};

    if (!encode_row(work->asked.encoder, values, &work->key, &work->record_row, &reason))
        return keep_key(work, values, reterr) && bury(work, values, "decode", &reason, reterr);
    return work->session->seen == NULL ? write_row(work, values, 'r', reterr)
                                       : compare_row(work, values, reterr);
}

static bool stopped(const struct work *work, struct err *reterr)
{
    return service_stopping(work->session->service) &&
           !err_set(reterr, ERR_RETRY, "stopped inside a run");
}

static bool on_row(void *arg, const struct source_value *values, uint16_t n, struct err *reterr)
{
    struct work *work = arg;
    size_t order_n;

    if (n != work->asked.columns.n)
        return err_set(reterr, ERR_RETRY, "the table's columns have changed");
    work->row++;
    work->summary->read++;
    metric_add(&work->session->metrics[ROWS_READ], 1);
    if (work->row % LOOK_ROWS == 0 && stopped(work, reterr))
        return false;
    statement_order(&work->asked.shape, work->pass, &order_n);
    if (work->pass != PASS_WHOLE && work->pass != PASS_KEYLESS)
        keep_last(work, values, work->pass == PASS_NEW ? work->asked.order_at : work->asked.key_at,
                  order_n);
    if (!take_row(work, values, reterr))
        return false;
    if (work->pass == PASS_NEW)
        progress_after(&work->session->progress, work->last, order_n);
    return commit_when_full(work, reterr);
}

/* A key that is still there. */
static bool on_key(void *arg, const struct source_value *values, uint16_t n, struct err *reterr)
{
    struct work *work = arg;
    struct err unkeyed;
    struct str stored;
    bool known;

    keep_last(work, values, NULL, n);
    return !encode_key(work->asked.encoder, values, &work->key, &unkeyed) ||
           !topic_key(work, &stored, &unkeyed) ||
           seen_keep(work->session->seen, stored, &known, reterr);
}

static void add_value(struct source_value *params, size_t *n, struct source_value value)
{
    params[(*n)++] = value;
}

/* The parameters as statement_print numbers them. */
static size_t make_params(const struct work *work, enum statement_bound bound,
                          struct source_value *params, struct buf *numbers)
{
    const struct progress *progress = &work->session->progress;
    size_t n = 0, order_n;

    for (size_t i = 0; i < work->asked.shape.params_n; i++)
        add_value(params, &n, work->asked.params[i]);
    statement_order(&work->asked.shape, work->pass, &order_n);
    order_n = bound == BOUND_NONE ? 0 : bound == BOUND_FROM ? 1 : order_n;
    for (size_t i = 0; i < order_n; i++)
        add_value(params, &n, work->last[i]);
    if (work->pass != PASS_LATE)
        return n;
    buf_u64(numbers, work->moment.next_xid);
    size_t split = numbers->len;
    buf_u64(numbers, progress->horizon);
    add_value(params, &n, (struct source_value){SOURCE_TEXT, {numbers->at, split}});
    add_value(params, &n,
              (struct source_value){SOURCE_TEXT, {numbers->at + split, numbers->len - split}});
    for (size_t i = 0; i < progress->after_n; i++)
        add_value(params, &n, progress->after[i]);
    return n;
}

static bool ask_page(struct work *work, enum statement_bound bound, int64_t *ret_rows,
                     struct err *reterr)
{
    struct buf sql CLEANUP(buf) = {0}, numbers CLEANUP(buf) = {0};
    /* the last row's values, which are written over while the page is read */
    struct buf bytes = work->last_bytes;
    struct source_value params[PARAMS_MAX];
    bool whole = work->pass == PASS_WHOLE || work->pass == PASS_KEYLESS;

    statement_print(&sql, &work->asked.shape, work->pass, bound);
    const struct source_query query = {.sql = buf_cstr(&sql),
                                       .params = params,
                                       .params_n = make_params(work, bound, params, &numbers),
                                       .whole = whole};
    work->last_bytes = (struct buf){0};
    source_row_fn *each = work->pass == PASS_KEYS ? on_key : on_row;
    bool ok = work->source->kind->fetch(work->source, &query, each, work, ret_rows, reterr);
    buf_done(&bytes);
    return ok;
}

/* All pages of a pass, the first at `bound`. */
static bool read_pass(struct work *work, enum statement_pass pass, enum statement_bound bound,
                      struct err *reterr)
{
    int64_t rows = 0;

    work->pass = pass;
    do {
        if (stopped(work, reterr) || !ask_page(work, bound, &rows, reterr))
            return false;
        failpoint("sql-rows.page");
        if (!commit_when_full(work, reterr))
            return false;
        bound = BOUND_BEHIND;
    } while (rows == work->asked.shape.page_rows && pass != PASS_WHOLE && pass != PASS_KEYLESS);
    return true;
}

/* Where the rows behind the last position begin. */
static bool first_bound(struct work *work, enum statement_bound *ret, struct err *reterr)
{
    const struct progress *progress = &work->session->progress;
    struct buf back CLEANUP(buf) = {0};

    *ret = progress->after_n == 0 ? BOUND_NONE : BOUND_BEHIND;
    if (progress->after_n == 0)
        return true;
    keep_last(work, progress->after, NULL, progress->after_n);
    if (work->session->options->late != ROWS_LATE_OVERLAP)
        return true;
    if (!stamp_back(&back, &progress->after[0], work->session->options->overlap_ms, reterr))
        return false;
    const struct source_value from = {progress->after[0].class, buf_str(&back)};
    keep_last(work, &from, NULL, 1);
    *ret = BOUND_FROM;
    return true;
}

static bool read_incremental(struct work *work, struct err *reterr)
{
    struct progress *progress = &work->session->progress;
    bool horizon = work->session->options->late == ROWS_LATE_HORIZON;
    enum statement_bound bound;

    if (horizon && progress->after_n > 0 && !read_pass(work, PASS_LATE, BOUND_NONE, reterr))
        return false;
    if (horizon)
        progress_late_done(progress, &work->moment);
    return read_pass(work, PASS_UNSTAMPED, BOUND_NONE, reterr) &&
           first_bound(work, &bound, reterr) && read_pass(work, PASS_NEW, bound, reterr);
}

static bool on_gone(void *arg, struct str key, struct err *reterr)
{
    struct work *work = arg;
    const struct rows_options *options = work->session->options;

    if (*key.at == dead_mark)
        return true;
    if (options->format == ROWS_JSON)
        work->ordinal++;
    else if (!put_event(work, key, STR_NONE, 'd', reterr))
        return false;
    count(work, 'd');
    return (options->format == ROWS_DEBEZIUM && !options->tombstones) ||
           put(work, key, STR_NONE, STR_NONE, reterr);
}

static bool sweep(struct work *work, struct err *reterr)
{
    struct seen_sweep walk = {.each = on_gone, .arg = work, .max = SWEEP_KEYS, .more = true};

    if (work->session->options->mode == ROWS_INCREMENTAL &&
        !read_pass(work, PASS_KEYS, BOUND_NONE, reterr))
        return false;
    while (walk.more) {
        if (stopped(work, reterr) || !seen_sweep(work->session->seen, &walk, reterr) ||
            !commit_when_full(work, reterr))
            return false;
    }
    return true;
}

static bool read_all(struct work *work, struct err *reterr)
{
    const struct rows_options *options = work->session->options;

    if (work->session->seen == NULL)
        return read_pass(work, PASS_WHOLE, BOUND_NONE, reterr);
    seen_begin_run(work->session->seen);
    /* by pages a key that stands twice could be passed over */
    bool whole = options->mode == ROWS_FULL && !work->asked.key_unique;
    if (!whole && work->asked.key_nullable && !read_pass(work, PASS_KEYLESS, BOUND_NONE, reterr))
        return false;
    return (whole                        ? read_pass(work, PASS_WHOLE, BOUND_NONE, reterr)
            : options->mode == ROWS_FULL ? read_pass(work, PASS_ALL, BOUND_NONE, reterr)
                                         : read_incremental(work, reterr)) &&
           (!options->detect_deletes || sweep(work, reterr));
}

/* What is asked must be what the position is of. */
static bool check_shape(struct work *work, struct err *reterr)
{
    struct session *session = work->session;
    struct progress *progress = &session->progress;
    const struct rows_options *options = session->options;

    if (session->seen != NULL && work->asked.shape.key_n == 0)
        return err_stop(reterr, EX_CONFIG,
                        "%s has no primary key: give --key-columns, or --emit=all",
                        place_name(work));
    if (options->resync && !session->resynced) {
        progress->after_n = 0;
        progress->has_horizon = false;
        session->resynced = true;
    } else if (options->mode == ROWS_INCREMENTAL && progress->serial > 0 &&
               progress->shape != work->asked.hash) {
        return err_stop(reterr, EX_CONFIG,
                        "the stored position is of another query, key or order: --resync reads "
                        "every row and writes those that differ");
    }
    progress->shape = work->asked.hash;
    return true;
}

static bool on_bad_line(void *arg, int64_t line, struct str text, const struct err *reason,
                        struct err *reterr)
{
    struct work *work = arg;
    const struct writer_dead dead = {.value = text,
                                     .from = work->session->options->csv,
                                     .rule = "load-csv",
                                     .line = line,
                                     .reason = reason};

    work->summary->dead++;
    return writer_dead_letter(&work->session->writer, &dead, reterr);
}

/* Bad lines of a file that was loaded before are in the dead letters already. */
static bool load(struct work *work, struct err *reterr)
{
    struct progress *progress = &work->session->progress;
    struct loaded loaded = {0};

    if (work->session->options->csv == NULL)
        return true;
    const struct load_dead dead = {progress->csv, on_bad_line, work};
    if (!load_csv(work->source, work->session->options, &dead, &loaded, reterr))
        return false;
    progress->csv = loaded.content;
    log_info("loaded", LOG_STR("file", work->session->options->csv), LOG_INT("rows", loaded.rows),
             LOG_INT("dead", loaded.dead));
    return true;
}

/* From now on a restart need not read the topic below these offsets. Best effort. */
static void remember_ends(struct work *work)
{
    struct session *session = work->session;
    struct seen_mark mark = *seen_mark(session->seen);
    struct err ignored;

    for (uint32_t i = 0; i < mark.partitions; i++) {
        int64_t low, high;

        if (!kafka_watermarks(session->writer.admin, session->options->topic, (int32_t)i, &low,
                              &high, &ignored))
            return;
        mark.next[i] = high;
    }
    if (!seen_commit(session->seen, &mark, &ignored))
        log_err(LOG_WARN, "remembering the topic's ends", &ignored);
}

static bool open_source(struct work *work, struct err *reterr)
{
    const struct rows_options *options = work->session->options;

    return options->sqlite == NULL ? source_postgres_open(options, &work->source, reterr)
                                   : source_sqlite_open(options, &work->source, reterr);
}

static bool ask(struct work *work, struct err *reterr)
{
    const struct asked_moment moment = {work->summary->began_us, work->moment.database};

    return asked_make(&work->asked, work->source, work->session->options, &moment, reterr);
}

/* The registry knows the columns before a row is read. */
static bool describe(struct work *work, struct err *reterr)
{
    const struct rows_options *options = work->session->options;
    const struct described_rows rows = {options->topic, &work->asked.columns, work->asked.key_at,
                                        work->asked.shape.key_n};
    struct buf key CLEANUP(buf) = {0}, value CLEANUP(buf) = {0};

    if (work->session->avro == NULL)
        return true;
    return described_schemas(&rows, options->format == ROWS_JSON, &key, &value, reterr) &&
           avro_topics_describe(work->session->avro, options->topic, buf_str(&key), buf_str(&value),
                                reterr);
}

static void stage(struct work *work, const char *name)
{
    account_stage(&work->summary->account, name, clock_mono_ms());
}

static bool load_source(struct work *work, struct err *reterr)
{
    bool ok = open_source(work, reterr) && load(work, reterr);

    stage(work, "load");
    return ok;
}

static bool read_source(struct work *work, struct err *reterr)
{
    bool ok = work->source->kind->begin(work->source, &work->moment, reterr) && ask(work, reterr) &&
              check_shape(work, reterr) && describe(work, reterr) && read_all(work, reterr) &&
              work->source->kind->end(work->source, reterr);

    stage(work, "read");
    return ok;
}

static bool do_run(struct work *work, struct err *reterr)
{
    struct session *session = work->session;

    progress_begins(&session->progress, work->summary->began_us);
    work->snapshot = !session->progress.whole;
    if (!load_source(work, reterr) || !read_source(work, reterr))
        return false;
    progress_ends(&session->progress);
    failpoint("sql-rows.before-end");
    if (!commit(work, reterr))
        return false;
    if (session->seen != NULL && work->ordinal > 0)
        remember_ends(work);
    stage(work, "commit");
    return true;
}

bool run_once(struct session *session, struct summary *ret, struct err *reterr)
{
    struct work work CLEANUP(work) = {.session = session, .summary = ret};

    summary_begin(ret, session->options, tick_now_us(), clock_mono_ms());
    service_beat(session->service);
    bool ok = do_run(&work, reterr);
    if (ok)
        summary_end(ret, NULL, clock_mono_ms());
    else if (reterr->kind == ERR_DEAD_LETTER)
        reterr->kind = ERR_STOP;
    return ok;
}
