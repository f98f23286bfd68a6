#include "record/debezium.h"

#include "record/debezium_value.h"
#include "record/json_scan.h"

/* Escapes a byte that stops a run, in Jackson's spelling. */
static void write_escape(struct buf *out, unsigned char c)
{
    static const char hex[] = "0123456789ABCDEF";
    static const char letters[0x20] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    char escape[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};

    if (c >= 0x20)
        escape[1] = (char)c;
    else if (letters[c] != 0)
        escape[1] = letters[c];
    buf_append(out, escape, escape[1] == 'u' ? 6 : 2);
}

/* Writes the four bytes of a character beyond the BMP as two escaped surrogates. */
static void write_surrogates(struct buf *out, const char *at)
{
    const unsigned char *b = (const unsigned char *)at;
    uint32_t point = (uint32_t)(b[0] & 7) << 18 | (uint32_t)(b[1] & 0x3F) << 12 |
                     (uint32_t)(b[2] & 0x3F) << 6 | (b[3] & 0x3FU);

    point -= 0x10000;
    buf_printf(out, "\\u%04X\\u%04X", 0xD800U + (point >> 10), 0xDC00U + (point & 0x3FFU));
}

/* Whether a whole character of four bytes stands there; a text of a database without an encoding may
 * hold anything. */
static bool is_four_bytes(const char *at, const char *end)
{
    if (end - at < 4 || (unsigned char)*at > 0xF4)
        return false;
    for (int i = 1; i < 4; i++) {
        if (((unsigned char)at[i] & 0xC0) != 0x80)
            return false;
    }
    return (unsigned char)*at != 0xF0 || (unsigned char)at[1] >= 0x90;
}

void debezium_string_write(struct buf *out, struct str text)
{
    const char *at = text.at;
    const char *end = text.len == 0 ? at : at + text.len;
    bool high = false;

    buf_char(out, '"');
    while (at < end) {
        const char *stop = json_scan_run(at, end, true, &high);

        buf_append(out, at, (size_t)(stop - at));
        at = stop;
        if (at == end)
            break;
        if ((unsigned char)*at < 0xF0) {
            write_escape(out, (unsigned char)*at++);
        } else if (is_four_bytes(at, end)) {
            write_surrogates(out, at);
            at += 4;
        } else {
            buf_append(out, at++, 1); /* as it is: a reader refuses it */
        }
    }
    buf_char(out, '"');
}

static void member(struct buf *out, const char *label, int64_t number)
{
    buf_puts(out, label);
    buf_i64(out, number);
}

static void member_text(struct buf *out, const char *label, const char *text)
{
    buf_puts(out, label);
    debezium_string_write(out, str_of(text));
}

static int64_t floor_ms(int64_t us)
{
    return us / 1000 - (us % 1000 < 0);
}

/* Nanoseconds wrap in the year 2262, as Java's long does. */
static int64_t wrap_ns(int64_t us)
{
    return (int64_t)((uint64_t)us * 1000U);
}

static void write_source(struct buf *out, const struct debezium_source *source)
{
    buf_puts(out, "{\"version\":\"" SLUICE_VERSION "\",\"connector\":\"postgresql\"");
    member_text(out, ",\"name\":", source->name);
    member(out, ",\"ts_ms\":", floor_ms(source->commit_unix_us));
    member_text(out, ",\"snapshot\":", source->snapshot);
    member_text(out, ",\"db\":", source->database);
    buf_puts(out, ",\"sequence\":\"[");
    if (source->last_commit_lsn == 0) {
        buf_puts(out, "null");
    } else {
        buf_puts(out, "\\\"");
        buf_u64(out, source->last_commit_lsn);
        buf_puts(out, "\\\"");
    }
    buf_puts(out, ",\\\"");
    buf_u64(out, source->lsn);
    buf_puts(out, "\\\"]\"");
    member(out, ",\"ts_us\":", source->commit_unix_us);
    member(out, ",\"ts_ns\":", wrap_ns(source->commit_unix_us));
    member_text(out, ",\"schema\":", source->schema);
    member_text(out, ",\"table\":", source->table);
    member(out, ",\"txId\":", source->xid);
    buf_puts(out, ",\"lsn\":");
    buf_u64(out, source->lsn);
    buf_puts(out, ",\"xmin\":null,\"origin\":null,\"origin_lsn\":null}");
}

static bool write_column(struct buf *out, const struct debezium_column *column,
                         const struct debezium_datum *datum, struct debezium_format format,
                         struct err *reterr)
{
    debezium_string_write(out, str_of(column->name));
    buf_char(out, ':');
    return debezium_value_write(out, column, datum, format, reterr) ||
           err_prefix(reterr, "column \"%s\"", column->name);
}

static bool write_row(struct buf *out, const struct debezium_write *event,
                      const struct debezium_datum *tuple, struct err *reterr)
{
    if (tuple == NULL) {
        buf_puts(out, "null");
        return true;
    }
    for (uint16_t i = 0; i < event->columns_n; i++) {
        buf_char(out, i == 0 ? '{' : ',');
        if (!write_column(out, &event->columns[i], &tuple[i], event->format, reterr))
            return false;
    }
    buf_puts(out, event->columns_n == 0 ? "{}" : "}");
    return true;
}

bool debezium_write_value(struct buf *out, const struct debezium_write *event, struct err *reterr)
{
    buf_puts(out, "{\"before\":");
    if (!write_row(out, event, event->before, reterr))
        return false;
    buf_puts(out, ",\"after\":");
    if (!write_row(out, event, event->after, reterr))
        return false;
    buf_puts(out, ",\"source\":");
    write_source(out, event->source);
    buf_puts(out, ",\"transaction\":null,\"op\":\"");
    buf_char(out, event->op);
    member(out, "\",\"ts_ms\":", floor_ms(event->now_unix_us));
    member(out, ",\"ts_us\":", event->now_unix_us);
    member(out, ",\"ts_ns\":", wrap_ns(event->now_unix_us));
    buf_char(out, '}');
    return buf_ok(out) || err_set(reterr, ERR_STOP, "the record passes the buffer's limit");
}

/* NOLINTNEXTLINE(readability-function-size): seven parameters say it best */
bool debezium_write_key(struct buf *out, const struct debezium_column *columns, uint16_t columns_n,
                        const struct debezium_datum *tuple, struct debezium_format format,
                        bool *ret_has_key, struct err *reterr)
{
    size_t start = out->len;
    bool has_key = false;

    for (uint16_t i = 0; i < columns_n; i++) {
        if (!columns[i].key)
            continue;
        buf_char(out, has_key ? ',' : '{');
        has_key = true;
        if (!write_column(out, &columns[i], &tuple[i], format, reterr)) {
            out->len = start;
            return false;
        }
    }
    if (has_key)
        buf_char(out, '}');
    if (!buf_ok(out)) {
        out->len = start;
        return err_set(reterr, ERR_STOP, "the key passes the buffer's limit");
    }
    *ret_has_key = has_key;
    return true;
}

static void topic_part(struct buf *out, const char *part)
{
    for (; *part != '\0'; part++) {
        bool plain = (*part >= 'A' && *part <= 'Z') || (*part >= 'a' && *part <= 'z') ||
                     (*part >= '0' && *part <= '9') || *part == '.' || *part == '_' || *part == '-';

        buf_char(out, plain ? *part : '_');
    }
}

void debezium_topic(struct buf *out, const char *prefix, const char *schema, const char *table)
{
    topic_part(out, prefix);
    buf_char(out, '.');
    topic_part(out, schema);
    buf_char(out, '.');
    topic_part(out, table);
}
