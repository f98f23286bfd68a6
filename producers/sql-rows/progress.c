#include "progress.h"
#include "record/json.h"
#include <inttypes.h>

static const char *const classes[] = {[SOURCE_NULL] = "null",
                                      [SOURCE_TEXT] = "text",
                                      [SOURCE_INTEGER] = "integer",
                                      [SOURCE_REAL] = "real",
                                      [SOURCE_BLOB] = "blob"};

void progress_done(struct progress *progress)
{
    buf_done(&progress->bytes);
    *progress = (struct progress){0};
}

void progress_begins(struct progress *progress, int64_t now_us)
{
    uint64_t now = now_us < 0 ? 0 : (uint64_t)now_us;

    progress->run = now > progress->run ? now : progress->run + 1;
    progress->began_us = now_us;
    progress->state = PROGRESS_RUNNING;
}

void progress_late_done(struct progress *progress, const struct source_moment *moment)
{
    progress->has_horizon = moment->has_horizon;
    progress->horizon = moment->horizon;
}

void progress_ends(struct progress *progress)
{
    progress->state = PROGRESS_ENDED;
    progress->whole = true;
}

void progress_after(struct progress *progress, const struct source_value *values, size_t n)
{
    size_t starts[STATEMENT_COLUMNS_MAX];

    buf_clear(&progress->bytes);
    for (size_t i = 0; i < n; i++) {
        starts[i] = progress->bytes.len;
        buf_put(&progress->bytes, values[i].text);
        buf_char(&progress->bytes, '\0');
    }
    for (size_t i = 0; i < n; i++)
        progress->after[i] = (struct source_value){
            values[i].class, {progress->bytes.at + starts[i], values[i].text.len}};
    progress->after_n = n;
}

void progress_print(struct buf *out, const struct progress *progress)
{
    struct buf text CLEANUP(buf) = {0};

    buf_printf(out,
               "{\"shape\":\"%016" PRIx64 "\",\"state\":\"%s\",\"serial\":%" PRIu64
               ",\"run\":%" PRIu64,
               progress->shape, progress->state == PROGRESS_ENDED ? "ended" : "running",
               progress->serial, progress->run);
    buf_printf(out, ",\"began_us\":%" PRId64 ",\"whole\":%s,\"horizon\":", progress->began_us,
               progress->whole ? "true" : "false");
    if (progress->has_horizon)
        buf_u64(out, progress->horizon);
    else
        buf_puts(out, "null");
    buf_printf(out, ",\"csv\":\"%016" PRIx64 "\",\"after\":[", progress->csv);
    for (size_t i = 0; i < progress->after_n; i++) {
        buf_clear(&text);
        buf_printf(&text, "%s:", classes[progress->after[i].class]);
        buf_put(&text, progress->after[i].text);
        buf_puts(out, i == 0 ? "" : ",");
        json_write_string(out, buf_str(&text));
    }
    buf_puts(out, "]}");
}

static bool read_u64(struct str text, unsigned base, uint64_t *ret)
{
    uint64_t number = 0;

    if (text.len == 0 || text.len > 20)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        static const char digits[] = "0123456789abcdef";
        const char *digit = text.at[i] == '\0' ? NULL : strchr(digits, text.at[i]);

        if (digit == NULL || (unsigned)(digit - digits) >= base ||
            number > (UINT64_MAX - (unsigned)(digit - digits)) / base)
            return false;
        number = number * base + (unsigned)(digit - digits);
    }
    *ret = number;
    return true;
}

static bool read_value(struct str text, struct source_value *ret)
{
    for (size_t i = 0; i < sizeof(classes) / sizeof(*classes); i++) {
        size_t len = strlen(classes[i]);

        if (text.len > len && text.at[len] == ':' && memcmp(text.at, classes[i], len) == 0) {
            *ret = (struct source_value){(enum source_class)i,
                                         {text.at + len + 1, text.len - len - 1}};
            return true;
        }
    }
    return false;
}

static bool bad(struct err *reterr)
{
    return err_stop(reterr, EX_DATAERR, "the stored position can't be read");
}

/* The array's strings. */
static bool read_after(struct str array, struct arena *arena, struct progress *progress,
                       struct err *reterr)
{
    struct json_cursor cursor = json_array_open(array);
    struct source_value values[STATEMENT_COLUMNS_MAX];
    size_t n = 0;

    while (json_array_more(&cursor)) {
        struct json_value value;
        struct str text;

        if (n == STATEMENT_COLUMNS_MAX || !json_read(&cursor, &value, reterr) ||
            value.kind != JSON_STRING || !json_text(&value, arena, &text, reterr) ||
            !read_value(text, &values[n++]))
            return bad(reterr);
    }
    progress_after(progress, values, n);
    return true;
}

static bool read_number(const struct json_value *value, uint64_t *ret)
{
    return value->kind == JSON_NUMBER && read_u64(value->raw, 10, ret);
}

static bool read_hex(const struct json_value *value, uint64_t *ret)
{
    return value->kind == JSON_STRING && read_u64(value->raw, 16, ret);
}

/* Which members were met: all are needed. */
enum {
    MET_SHAPE = 1,
    MET_STATE = 2,
    MET_RUN = 4,
    MET_BEGAN = 8,
    MET_AFTER = 16,
    MET_SERIAL = 32,
    MET_ALL = 63
};

static bool read_member(struct progress *ret, struct str name, const struct json_value *value,
                        struct arena *arena, unsigned *met, struct err *reterr)
{
    uint64_t began = 0;

    if (str_eq_c(name, "shape")) {
        *met |= MET_SHAPE;
        return read_hex(value, &ret->shape) || bad(reterr);
    }
    if (str_eq_c(name, "state")) {
        *met |= MET_STATE;
        ret->state = str_eq_c(value->raw, "ended") ? PROGRESS_ENDED : PROGRESS_RUNNING;
        return value->kind == JSON_STRING || bad(reterr);
    }
    if (str_eq_c(name, "run")) {
        *met |= MET_RUN;
        return read_number(value, &ret->run) || bad(reterr);
    }
    if (str_eq_c(name, "serial")) {
        *met |= MET_SERIAL;
        return read_number(value, &ret->serial) || bad(reterr);
    }
    if (str_eq_c(name, "began_us")) {
        *met |= MET_BEGAN;
        bool ok = read_number(value, &began) && began <= INT64_MAX;
        ret->began_us = (int64_t)began;
        return ok || bad(reterr);
    }
    if (str_eq_c(name, "whole"))
        ret->whole = value->kind == JSON_TRUE;
    if (str_eq_c(name, "csv"))
        return read_hex(value, &ret->csv) || bad(reterr);
    if (str_eq_c(name, "horizon") && value->kind != JSON_NULL) {
        ret->has_horizon = read_number(value, &ret->horizon);
        return ret->has_horizon || bad(reterr);
    }
    if (str_eq_c(name, "after")) {
        *met |= MET_AFTER;
        return (value->kind == JSON_ARRAY && read_after(value->raw, arena, ret, reterr)) ||
               bad(reterr);
    }
    return true;
}

bool progress_parse(struct str json, struct progress *ret, struct err *reterr)
{
    struct arena *arena CLEANUP(arena) = arena_new(1 << 16);
    struct json_cursor cursor = json_open(json);
    bool first = true, more = true;
    unsigned met = 0;

    if (!json_object_begin(&cursor, reterr))
        return bad(reterr);
    for (;;) {
        struct json_value value;
        struct str name;

        if (!json_object_next(&cursor, arena, &first, &more, &name, reterr))
            return bad(reterr);
        if (!more)
            return met == MET_ALL || bad(reterr);
        if (!json_read(&cursor, &value, reterr) ||
            !read_member(ret, name, &value, arena, &met, reterr))
            return bad(reterr);
    }
}
