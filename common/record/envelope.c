#include "record/envelope.h"

#include "record/json.h"

/* ts_ms, ts_us and ts_ns of one moment; nanoseconds wrap in the year 2262, as Java's long does. */
static void write_ms(struct buf *out, const char *label, int64_t us)
{
    buf_puts(out, label);
    buf_i64(out, us / 1000 - (us % 1000 < 0));
}

static void write_us_ns(struct buf *out, int64_t us)
{
    buf_puts(out, ",\"ts_us\":");
    buf_i64(out, us);
    buf_puts(out, ",\"ts_ns\":");
    buf_i64(out, (int64_t)((uint64_t)us * 1000U));
}

static void write_row(struct buf *out, const char *label, struct str row)
{
    buf_puts(out, label);
    buf_put(out, row.len == 0 ? STR("null") : row);
}

void envelope_write(struct buf *out, const struct envelope *event)
{
    write_row(out, "{\"before\":", event->before);
    write_row(out, ",\"after\":", event->after);
    write_row(out, ",\"source\":", event->source);
    buf_puts(out, ",\"transaction\":null,\"op\":\"");
    buf_char(out, event->op);
    write_ms(out, "\",\"ts_ms\":", event->now_unix_us);
    write_us_ns(out, event->now_unix_us);
    buf_char(out, '}');
}

void envelope_source_begin(struct buf *out, const char *connector, const char *name,
                           int64_t commit_unix_us)
{
    buf_puts(out, "{\"version\":\"" SLUICE_VERSION "\",\"connector\":");
    json_write_string(out, str_of(connector));
    buf_puts(out, ",\"name\":");
    json_write_string(out, str_of(name));
    write_ms(out, ",\"ts_ms\":", commit_unix_us);
    buf_puts(out, ",\"snapshot\":\"false\"");
    write_us_ns(out, commit_unix_us);
}
