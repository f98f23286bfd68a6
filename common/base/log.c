#include "base/log.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/log_file.h"
#include <time.h>

static struct {
    const char *service;
    enum log_format format;
    enum log_level least;
} config = {"sluice", LOG_LOGFMT, LOG_INFO};

static const char *const level_names[] = {"debug", "info", "warn", "error"};

void log_configure(const char *service, enum log_format format, enum log_level least)
{
    config.service = service;
    config.format = format;
    config.least = least;
}

/* A JSON string or a quoted logfmt value: both escape the same way. */
static void put_quoted(struct buf *line, struct str text)
{
    buf_char(line, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];

        if (c == '"' || c == '\\')
            buf_printf(line, "\\%c", c);
        else if (c == '\n')
            buf_puts(line, "\\n");
        else if (c < 0x20)
            buf_printf(line, "\\u%04x", c);
        else
            buf_char(line, (char)c);
    }
    buf_char(line, '"');
}

static bool needs_quotes(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.at[i] <= ' ' || text.at[i] == '"' || text.at[i] == '=' ||
            text.at[i] == '\\')
            return true;
    return text.len == 0;
}

static void put_pair(struct buf *line, const char *name, struct str value, bool bare)
{
    if (config.format == LOG_JSON) {
        buf_printf(line, "%s\"%s\":", line->len == 0 ? "{" : ",", name);
    } else {
        buf_printf(line, "%s%s=", line->len == 0 ? "" : " ", name);
    }
    if (bare || (config.format == LOG_LOGFMT && !needs_quotes(value)))
        buf_put(line, value);
    else
        put_quoted(line, value);
}

static void put_field(struct buf *line, const struct log_field *field)
{
    char number[24];

    switch (field->kind) {
    case LOG_FIELD_INT:
        snprintf(number, sizeof(number), "%lld", (long long)field->number);
        put_pair(line, field->name, str_of(number), true);
        break;
    case LOG_FIELD_SECRET:
        put_pair(line, field->name, STR("***"), false);
        break;
    case LOG_FIELD_STR:
    case LOG_FIELD_END:
        put_pair(line, field->name, field->text, false);
        break;
    }
}

static void put_time(struct buf *line, int64_t now_us)
{
    time_t seconds = (time_t)(now_us / 1000000);
    struct tm utc;
    char text[48];

    gmtime_r(&seconds, &utc);
    size_t length = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text + length, sizeof(text) - length, ".%03dZ", (int)(now_us / 1000 % 1000));
    put_pair(line, "ts", str_of(text), false);
}

/* One line to stderr and to the log file. False: the file has news, see log_files_write. */
static bool put_line(enum log_level level, const char *msg, const struct log_field *fields,
                     struct err *reterr)
{
    CLEANUP(buf) struct buf line = {.limit = 1 << 20};
    int64_t now_us = clock_wall_us();

    put_time(&line, now_us);
    put_pair(&line, "level", str_of(level_names[level]), false);
    put_pair(&line, "service", str_of(config.service), false);
    put_pair(&line, "msg", str_of(msg), false);
    for (const struct log_field *field = fields; field->kind != LOG_FIELD_END; field++)
        put_field(&line, field);
    buf_puts(&line, config.format == LOG_JSON ? "}\n" : "\n");
    ssize_t written = write(STDERR_FILENO, line.at, line.len);
    (void)written; /* a closed stderr leaves nobody to tell */
    return log_files_write(buf_str(&line), now_us, reterr);
}

void log_fields(enum log_level level, const char *msg, const struct log_field *fields)
{
    static const struct log_field none = {0};
    struct err news;

    if (level < config.least)
        return;
    while (!put_line(level, msg, fields, &news)) {
        level = LOG_WARN;
        msg = news.text;
        fields = &none;
    }
}

void log_err(enum log_level level, const char *doing, const struct err *err)
{
    if (err->sqlstate[0] != '\0')
        log_event(level, err->text, LOG_STR("doing", doing), LOG_STR("sqlstate", err->sqlstate));
    else
        log_event(level, err->text, LOG_STR("doing", doing));
}
