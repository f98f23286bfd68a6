/*
 * Structured log to stderr, one line an event: logfmt, or JSON with log_configure(LOG_JSON). For
 * services; shared rooms return errors instead. Thread-safe: a line is written by one write(2). A
 * value marked LOG_SECRET prints as "***".
 *
 *   log_info("snapshot done", LOG_STR("table", name), LOG_INT("rows", rows));
 *   ts=2026-01-02T03:04:05.678Z level=info service=postgres-cdc msg="snapshot done" table=public.t
 * rows=12
 */
#ifndef SLUICE_BASE_LOG_H
#define SLUICE_BASE_LOG_H

#include "base/err.h"
#include "base/str.h"
#include <stdint.h>

enum log_format { LOG_LOGFMT, LOG_JSON };
enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

enum log_field_kind { LOG_FIELD_END = 0, LOG_FIELD_STR, LOG_FIELD_INT, LOG_FIELD_SECRET };

struct log_field {
    enum log_field_kind kind;
    const char *name;
    struct str text;
    int64_t number;
};

#define LOG_STR(name, value) ((struct log_field){LOG_FIELD_STR, (name), str_of(value), 0})
#define LOG_VIEW(name, value) ((struct log_field){LOG_FIELD_STR, (name), (value), 0})
#define LOG_INT(name, value) ((struct log_field){LOG_FIELD_INT, (name), {0}, (int64_t)(value)})
#define LOG_SECRET(name) ((struct log_field){LOG_FIELD_SECRET, (name), {0}, 0})

/* log_event(level, msg, fields...): the level is a value. The rest name theirs. */
#define log_event(level, ...) log_with((level), __VA_ARGS__, {0})
#define log_debug(...) log_with(LOG_DEBUG, __VA_ARGS__, {0})
#define log_info(...) log_with(LOG_INFO, __VA_ARGS__, {0})
#define log_warn(...) log_with(LOG_WARN, __VA_ARGS__, {0})
#define log_error(...) log_with(LOG_ERROR, __VA_ARGS__, {0})
#define log_with(level, msg, ...)                                                                  \
    log_fields((level), (msg), (const struct log_field[]){__VA_ARGS__})

/* Names the service and chooses format and least level; called once, before any thread starts.
 * `service` must stay alive. */
void log_configure(const char *service, enum log_format format, enum log_level least);

/* Writes one line; `fields` ends with a field of kind LOG_FIELD_END. Use the macros. Any thread. */
void log_fields(enum log_level level, const char *msg, const struct log_field *fields);

/* Writes err->text at the level, with sqlstate and what was being done. Any thread. */
void log_err(enum log_level level, const char *doing, const struct err *err);

#endif
