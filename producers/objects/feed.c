#include "feed.h"

#include "record/envelope.h"
#include "record/json.h"
#include "record/position.h"
#include "seen/restore.h"

void feed_begin_run(struct feed *feed, uint64_t run)
{
    feed->run = run;
    feed->ordinal = 0;
    seen_begin_run(feed->seen);
}

void feed_done(struct feed *feed)
{
    buf_done(&feed->value);
    buf_done(&feed->source);
    buf_done(&feed->numbers);
}

static void write_source(struct feed *feed, uint64_t line)
{
    const struct feed_object *object = &feed->object;
    struct buf *out = &feed->source;

    buf_clear(out);
    envelope_source_begin(out, "sluice-objects", feed->topic, object->read_unix_us);
    buf_puts(out, ",\"run\":");
    buf_u64(out, feed->run);
    buf_puts(out, ",\"file\":");
    if (object->name.at == NULL)
        buf_puts(out, "null");
    else
        json_write_string(out, object->name);
    buf_puts(out, ",\"etag\":");
    json_write_string(out, object->tag);
    if (line > 0) {
        buf_puts(out, object->elements ? ",\"element\":" : ",\"line\":");
        buf_u64(out, line);
    }
    buf_char(out, '}');
}

/* One event: `before` and `after` are JSON objects, or empty. */
static bool emit(struct feed *feed, struct str key, const struct envelope *envelope, uint64_t line,
                 struct err *reterr)
{
    struct envelope event = *envelope;
    struct position position = {feed->run, ++feed->ordinal};

    write_source(feed, line);
    event.source = buf_str(&feed->source);
    event.now_unix_us = feed->object.read_unix_us;
    buf_clear(&feed->value);
    envelope_write(&feed->value, &event);
    buf_clear(&feed->numbers);
    position_print(&feed->numbers, position);
    size_t split = feed->numbers.len;
    buf_i64(&feed->numbers, feed->object.read_unix_us);
    struct str numbers = buf_str(&feed->numbers);
    struct feed_event out = {.key = key,
                             .value = buf_str(&feed->value),
                             .after = event.after,
                             .position = {numbers.at, split},
                             .commit_time = {numbers.at + split, numbers.len - split},
                             .op = event.op};
    if (!feed->edge.emit(feed->edge.arg, &out, reterr))
        return false;
    if (event.op != 'd' || !feed->tombstones)
        return true;
    out.value = out.after = STR_NONE;
    out.op = 0;
    return feed->edge.emit(feed->edge.arg, &out, reterr);
}

static bool dead(struct feed *feed, const struct feed_dead *letter, struct err *reterr)
{
    if (letter->line <= feed->object.done)
        return true; /* told before */
    feed->counts.dead++;
    return feed->edge.dead(feed->edge.arg, letter, reterr);
}

bool feed_bad(struct feed *feed, struct str raw, uint64_t line, const char *rule,
              const struct err *why, struct err *reterr)
{
    const struct feed_dead letter = {
        .raw = raw, .file = feed->object.name, .line = line, .rule = rule, .why = why};

    feed->counts.rows++;
    return dead(feed, &letter, reterr);
}

/* The key was met in this run: in this object it is a second row, in another one that one counts. */
static bool again(struct feed *feed, struct str raw, uint64_t line, struct seen_place first,
                  struct err *reterr)
{
    const char *unit = feed->object.elements ? "element" : "line";
    struct err why;

    if (first.part != feed->object.part) {
        feed->counts.unchanged++;
        return true;
    }
    err_sql(&why, ERR_DEAD_LETTER, "23505", "%s %llu has the key of %s %llu", unit,
            (unsigned long long)line, unit, (unsigned long long)first.line);
    const struct feed_dead letter = {.raw = raw,
                                     .file = feed->object.name,
                                     .line = line,
                                     .first_line = first.line,
                                     .rule = "duplicate key",
                                     .why = &why};
    return dead(feed, &letter, reterr);
}

bool feed_row(struct feed *feed, const struct shaped *row, struct str raw, uint64_t line,
              struct err *reterr)
{
    struct seen_found found = {0};
    const struct seen_place place = {feed->object.part, line};
    struct envelope event = {.after = row->after};
    struct str key = row->key;

    if ((feed->edge.key != NULL && !feed->edge.key(feed->edge.arg, row->key, &key, reterr)) ||
        !seen_visit(feed->seen, key, seen_content(row->after), place, &found, reterr))
        return false;
    feed->counts.rows++;
    if (found.verdict != SEEN_AGAIN && line <= feed->object.written) {
        feed->counts.unchanged++;
        return true;
    }
    switch (found.verdict) {
    case SEEN_NEW:
        event.op = 'c';
        feed->counts.created++;
        break;
    case SEEN_CHANGED:
        event.op = 'u';
        feed->counts.updated++;
        break;
    case SEEN_SAME:
        feed->counts.unchanged++;
        return true;
    case SEEN_AGAIN:
        return again(feed, raw, line, found.first, reterr);
    }
    return emit(feed, key, &event, line, reterr);
}

static bool delete_key(void *arg, struct str key, struct err *reterr)
{
    struct feed *feed = arg;
    struct envelope event = {.before = key, .op = 'd'};

    if (feed->edge.key_json != NULL &&
        !feed->edge.key_json(feed->edge.arg, key, &event.before, reterr))
        return false;
    feed->counts.deleted++;
    return emit(feed, key, &event, 0, reterr);
}

bool feed_sweep(struct feed *feed, size_t max, bool *ret_more, struct err *reterr)
{
    struct seen_sweep sweep = {delete_key, feed, max, false};

    if (!seen_sweep(feed->seen, &sweep, reterr))
        return false;
    *ret_more = sweep.more;
    return true;
}
