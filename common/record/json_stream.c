#include "record/json_stream.h"

#include "record/json_scan.h"

/* GO_ON: a step of the walk was made that is no step of the caller's. */
enum { TEXT_KEPT = 64 * 1024, GO_ON = STREAM_BROKEN + 1 };

void json_lines(struct json_stream *stream, size_t record_bytes_max)
{
    *stream = (struct json_stream){.lines = true};
    stream->window.limit = record_bytes_max;
}

bool json_elements(struct json_stream *stream, struct str root, size_t record_bytes_max,
                   struct err *reterr)
{
    struct json_stream made = {.place = JSON_AT_START};

    made.window.limit = record_bytes_max;
    made.object_is_record = str_eq(root, STR("."));
    if (made.object_is_record)
        root = STR("");
    while (root.len > 0) {
        const char *dot = memchr(root.at, '.', root.len);
        struct str name = str_between(root.at, dot == NULL ? root.at + root.len : dot);

        if (name.len == 0 || (dot != NULL && dot + 1 == root.at + root.len) ||
            made.root_n == JSON_ROOT_MAX)
            return err_stop(reterr, EX_USAGE, "--root: not 1 to %d names with dots between",
                            JSON_ROOT_MAX);
        made.root[made.root_n++] = name;
        root = dot == NULL ? STR("") : str_between(dot + 1, root.at + root.len);
    }
    *stream = made;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Takes `n` bytes off the front, counting lines. */
static void take(struct json_stream *stream, size_t n)
{
    struct window *window = &stream->window;
    const char *at = window->at + window->start, *end = at + n;

    while (at < end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        stream->line++;
        at++;
    }
    window->start += n;
    stream->scanned = 0;
}

static void skip_blanks(struct json_stream *stream)
{
    struct str text = window_str(&stream->window);
    size_t n = 0;

    while (n < text.len && is_blank(text.at[n]))
        n++;
    if (n > 0)
        take(stream, n);
}

/* Walks on in a string; behind its closing quote, or `end`. */
static const char *walk_string(struct json_span *span, const char *at, const char *end)
{
    bool high = false;

    while (at < end) {
        if (span->escaped) {
            span->escaped = false;
            at++;
            continue;
        }
        at = json_scan_run(at, end, false, &high);
        if (at == end)
            return end;
        if (*at == '"') {
            span->in_string = false;
            return at + 1;
        }
        span->escaped = *at == '\\';
        at++; /* a control character is json_read's to refuse */
    }
    return end;
}

/*
 * Walks to the end of the value. *ret_done: it ends at the result; else the bytes were all its
 * own. A scalar's end is seen only at the byte behind it.
 */
static const char *walk(struct json_span *span, const char *at, const char *end, bool *ret_done)
{
    *ret_done = false;
    while (at < end) {
        char c = *at;

        if (span->in_string) {
            at = walk_string(span, at, end);
            *ret_done = !span->in_string && span->depth == 0;
            if (*ret_done)
                return at;
            continue;
        }
        if (span->scalar && (is_blank(c) || c == ',' || c == ']' || c == '}')) {
            *ret_done = true;
            return at;
        }
        at++;
        span->begun = true;
        if (c == '"') {
            span->in_string = true;
        } else if (c == '{' || c == '[') {
            span->depth++;
        } else if (c == '}' || c == ']') {
            *ret_done = span->depth <= 1;
            if (*ret_done)
                return at;
            span->depth--;
        } else {
            span->scalar = span->depth == 0;
        }
    }
    return at;
}

static int report(struct json_stream *stream, struct json_record *ret, int step, const char *why,
                  struct err *reterr)
{
    struct str text = window_str(&stream->window);

    if (text.len > TEXT_KEPT)
        text.len = TEXT_KEPT;
    *ret = (struct json_record){text, stream->line, stream->ordinal + 1};
    err_set(reterr, ERR_DEAD_LETTER, "%s", why);
    return step;
}

static int broken(struct json_stream *stream, struct json_record *ret, const char *why,
                  struct err *reterr)
{
    int step = report(stream, ret, STREAM_BROKEN, why, reterr);

    stream->window.start = stream->window.end;
    stream->window.ended = true;
    stream->place = JSON_BEHIND;
    stream->depth = 0;
    return step;
}

/* The text ends where more was expected, or more may come. */
static int short_of(struct json_stream *stream, struct json_record *ret, struct err *reterr)
{
    if (!stream->window.ended)
        return STREAM_MORE;
    return broken(stream, ret, "the document is cut off", reterr);
}

static void begin_value(struct json_stream *stream)
{
    stream->span = (struct json_span){0};
    stream->scanned = 0;
}

/* Gives the record that is `n` bytes long. */
static int give(struct json_stream *stream, size_t n, struct json_record *ret)
{
    struct window *window = &stream->window;

    *ret = (struct json_record){{window->at + window->start, n}, stream->line, ++stream->ordinal};
    take(stream, n);
    return STREAM_RECORD;
}

/* Takes away a record that is too long, as far as it is there. */
static int give_up(struct json_stream *stream, size_t n, bool whole, struct json_record *ret,
                   struct err *reterr)
{
    int step = report(stream, ret, STREAM_BAD, "the record is longer than --record-size", reterr);

    stream->ordinal++;
    stream->skipping_record = !whole;
    take(stream, n);
    return step;
}

/* Takes away what is left of a value; true when it is over. */
static bool skip_value(struct json_stream *stream)
{
    struct str text = window_str(&stream->window);
    bool done;
    const char *to = walk(&stream->span, text.at, text.at + text.len, &done);

    take(stream, (size_t)(to - text.at));
    return done;
}

/* Reads the element at the front. */
static int element(struct json_stream *stream, struct json_record *ret, struct err *reterr)
{
    struct window *window = &stream->window;
    struct str text = window_str(window);
    bool done;
    const char *to = walk(&stream->span, text.at + stream->scanned, text.at + text.len, &done);
    size_t n = (size_t)(to - text.at);
    bool whole = done || (window->ended && stream->span.scalar);

    stream->scanned = n;
    stream->first = false;
    if (n > window->limit)
        return give_up(stream, n, whole, ret, reterr);
    if (!whole)
        return short_of(stream, ret, reterr);
    return give(stream, n, ret);
}

/* The array is over: what is open around it remains to be closed. */
static int leave_array(struct json_stream *stream)
{
    take(stream, 1);
    begin_value(stream);
    stream->span = (struct json_span){.depth = (uint32_t)stream->depth, .begun = true};
    stream->place = JSON_BEHIND;
    return GO_ON;
}

/* Before an element, its comma, or the end of the array. */
static int between(struct json_stream *stream, struct json_record *ret, struct err *reterr)
{
    skip_blanks(stream);
    struct str text = window_str(&stream->window);

    if (text.len == 0)
        return short_of(stream, ret, reterr);
    if (*text.at == ']' && !stream->comma)
        return leave_array(stream);
    if (!stream->first && !stream->comma) {
        if (*text.at != ',')
            return broken(stream, ret, "a comma was expected between two elements", reterr);
        take(stream, 1);
        stream->comma = true;
        return GO_ON;
    }
    if (strchr(",}]:", *text.at) != NULL)
        return broken(stream, ret, "an element was expected", reterr);
    begin_value(stream);
    stream->comma = false;
    stream->in_element = true;
    return GO_ON;
}

static int in_array(struct json_stream *stream, struct json_record *ret, struct err *reterr)
{
    if (stream->skipping_record) {
        if (!skip_value(stream))
            return short_of(stream, ret, reterr);
        stream->skipping_record = false;
    }
    if (!stream->in_element)
        return between(stream, ret, reterr);
    int step = element(stream, ret, reterr);
    stream->in_element = step == STREAM_MORE;
    return step;
}

/* The name at the front with its colon: its length in bytes; 0: it is not whole; -1: it is none. */
static long member_name(const struct json_stream *stream, struct str *ret_name)
{
    struct str text = window_str(&stream->window);
    struct json_span span = {0};
    bool done = false;

    if (*text.at != '"')
        return -1;
    const char *end = text.at + text.len;
    const char *at = walk(&span, text.at, end, &done);
    if (!done)
        return 0;
    *ret_name = str_between(text.at + 1, at - 1);
    while (at < end && is_blank(*at))
        at++;
    if (at == end)
        return 0;
    return *at == ':' ? (long)(at + 1 - text.at) : -1;
}

/* Goes into the value at the front: the next object on the way, or the array at its end. */
static int descend(struct json_stream *stream, struct json_record *ret, struct err *reterr)
{
    skip_blanks(stream);
    struct str text = window_str(&stream->window);

    if (text.len == 0)
        return short_of(stream, ret, reterr);
    bool last = stream->depth == stream->root_n;
    if (*text.at != (last ? '[' : '{'))
        return broken(stream, ret,
                      last ? "an array of rows was expected"
                           : "an object was expected on --root's way",
                      reterr);
    take(stream, 1);
    stream->first = true;
    stream->place = last ? JSON_IN_ARRAY : JSON_IN_OBJECT;
    return GO_ON;
}

/* Takes the name of a member, and says what becomes of its value. */
static int member(struct json_stream *stream, struct json_record *ret, struct err *reterr)
{
    struct str name = {0};
    long n = member_name(stream, &name);

    if (n == 0 && window_over(&stream->window))
        n = -1;
    if (n < 0)
        return broken(stream, ret, "a member was expected", reterr);
    if (n == 0)
        return short_of(stream, ret, reterr);
    bool wanted = str_eq(name, stream->root[stream->depth]);
    take(stream, (size_t)n);
    stream->first = stream->comma = false;
    begin_value(stream);
    stream->depth += wanted;
    stream->place = wanted ? JSON_AT_START : JSON_SKIPPING;
    return GO_ON;
}

/* Between the members of an object on the way. */
static int in_object(struct json_stream *stream, struct json_record *ret, struct err *reterr)
{
    skip_blanks(stream);
    struct str text = window_str(&stream->window);

    if (text.len == 0)
        return short_of(stream, ret, reterr);
    if (*text.at == '}')
        return broken(stream, ret, "the document has no such member as --root names", reterr);
    if (stream->first || stream->comma)
        return member(stream, ret, reterr);
    if (*text.at != ',')
        return broken(stream, ret, "a comma was expected between two members", reterr);
    take(stream, 1);
    stream->comma = true;
    return GO_ON;
}

/* Skips the blanks before a value that is to be skipped, then the value. */
static int skipping(struct json_stream *stream, struct json_record *ret, struct err *reterr)
{
    if (!stream->span.begun)
        skip_blanks(stream);
    if (!skip_value(stream))
        return short_of(stream, ret, reterr);
    stream->place = JSON_IN_OBJECT;
    return GO_ON;
}

/* The document's own beginning: an array, or one object that may be the only record. */
static int at_start(struct json_stream *stream, struct json_record *ret, struct err *reterr)
{
    if (stream->line == 0) {
        if (!window_skip_bom(&stream->window))
            return STREAM_MORE;
        stream->line = 1;
    }
    skip_blanks(stream);
    struct str text = window_str(&stream->window);
    if (!stream->object_is_record || text.len == 0 || *text.at != '{')
        return descend(stream, ret, reterr);
    if (stream->scanned == 0)
        begin_value(stream);
    int step = element(stream, ret, reterr);
    if (step == STREAM_RECORD || step == STREAM_BAD)
        stream->place = JSON_BEHIND;
    return step;
}

/* Behind the array: what is open must be closed, and nothing may follow. */
static int behind(struct json_stream *stream, struct json_record *ret, struct err *reterr)
{
    if (stream->skipping_record || stream->depth > 0) {
        if (!skip_value(stream))
            return short_of(stream, ret, reterr);
        stream->skipping_record = false;
        stream->depth = 0;
    }
    skip_blanks(stream);
    if (stream->window.start < stream->window.end)
        return broken(stream, ret, "something stands behind the document", reterr);
    return stream->window.ended ? STREAM_END : STREAM_MORE;
}

/* Drops what is left of a line that was too long. */
static bool skip_line(struct json_stream *stream)
{
    struct str text = window_str(&stream->window);
    const char *end = text.len == 0 ? NULL : memchr(text.at, '\n', text.len);

    take(stream, end == NULL ? text.len : (size_t)(end + 1 - text.at));
    stream->skipping_record = end == NULL;
    return end != NULL;
}

/* The line of `n` bytes at the front, with its end if it has one. */
static int whole_line(struct json_stream *stream, size_t n, struct json_record *ret,
                      struct err *reterr)
{
    struct str line = {window_str(&stream->window).at, n};

    while (line.len > 0 && is_blank(line.at[line.len - 1]))
        line.len--;
    if (line.len == 0) {
        take(stream, n);
        return GO_ON;
    }
    if (line.len > stream->window.limit)
        return give_up(stream, n, true, ret, reterr);
    *ret = (struct json_record){line, stream->line, ++stream->ordinal};
    take(stream, n);
    return STREAM_RECORD;
}

static int next_line(struct json_stream *stream, struct json_record *ret, struct err *reterr)
{
    struct window *window = &stream->window;

    if (stream->line == 0) {
        if (!window_skip_bom(window))
            return STREAM_MORE;
        stream->line = 1;
    }
    if (stream->skipping_record && !skip_line(stream))
        return window->ended ? STREAM_END : STREAM_MORE;
    struct str text = window_str(window);
    size_t scanned = stream->scanned;
    const char *end =
        text.len == scanned ? NULL : memchr(text.at + scanned, '\n', text.len - scanned);
    if (end != NULL)
        return whole_line(stream, (size_t)(end + 1 - text.at), ret, reterr);
    if (window->ended)
        return text.len == 0 ? STREAM_END : whole_line(stream, text.len, ret, reterr);
    if (window_over(window))
        return give_up(stream, text.len, false, ret, reterr);
    stream->scanned = text.len;
    return STREAM_MORE;
}

static int one_step(struct json_stream *stream, struct json_record *ret, struct err *reterr)
{
    if (stream->lines)
        return next_line(stream, ret, reterr);
    switch (stream->place) {
    case JSON_AT_START:
        return at_start(stream, ret, reterr);
    case JSON_IN_OBJECT:
        return in_object(stream, ret, reterr);
    case JSON_SKIPPING:
        return skipping(stream, ret, reterr);
    case JSON_IN_ARRAY:
        return in_array(stream, ret, reterr);
    case JSON_BEHIND:
        break;
    }
    return behind(stream, ret, reterr);
}

enum stream_step json_stream_next(struct json_stream *stream, struct json_record *ret,
                                  struct err *reterr)
{
    int step = GO_ON;

    while (step == GO_ON)
        step = one_step(stream, ret, reterr);
    return (enum stream_step)step;
}
