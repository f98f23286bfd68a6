#include "record/csv.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { FIELDS_MAX = 65535, RAW_KEPT = 64 * 1024, BLOCK = 64 };

/* A record in the making. Breaks (delimiter, LF, CR) are found 64 bytes at a time and taken one
 * by one: `bits` are those of the block at `block` not yet taken, `next` is where the next
 * block begins. */
struct parse {
    struct csv *csv;
    const char *at, *end; /* of the window */
    const char *record;   /* where the record began */
    const char *block, *next;
    uint64_t bits;
    uint64_t newlines; /* inside quotes */
    bool quoted;       /* any field was */
};

enum outcome { DONE, SHORT, TOO_MANY };

static inline bool is_break(const struct csv *csv, char c)
{
    return c == csv->delimiter || c == '\n' || c == '\r';
}

/* Bit i is set when byte i of the 64 is a break. */
static inline uint64_t break_bits(const struct csv *csv, const char *at)
{
    uint64_t bits = 0;

#ifdef __SSE2__
    for (unsigned i = 0; i < BLOCK / 16; i++) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(at + (size_t)i * 16));
        __m128i hits = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(csv->delimiter)),
                                    _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n')),
                                                 _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\r'))));

        bits |= (uint64_t)(unsigned)_mm_movemask_epi8(hits) << (i * 16);
    }
#else
    for (unsigned i = 0; i < BLOCK; i++)
        bits |= (uint64_t)is_break(csv, at[i]) << i;
#endif
    return bits;
}

/* The next break, or the end of the window. */
static inline const char *next_break(struct parse *parse)
{
    while (parse->bits == 0) {
        if (parse->end - parse->next < BLOCK) {
            const char *at = parse->next;

            while (at < parse->end && !is_break(parse->csv, *at))
                at++;
            parse->next = at == parse->end ? at : at + 1;
            return at;
        }
        parse->block = parse->next;
        parse->bits = break_bits(parse->csv, parse->block);
        parse->next += BLOCK;
    }
    const char *at = parse->block + __builtin_ctzll(parse->bits);
    parse->bits &= parse->bits - 1;
    return at;
}

static inline void restart_at(struct parse *parse, const char *at)
{
    parse->next = at;
    parse->bits = 0;
}

static bool grow_fields(struct csv *csv)
{
    if (csv->fields_n == FIELDS_MAX)
        return false;
    csv->fields_cap = csv->fields_cap == 0 ? 64 : csv->fields_cap * 2;
    csv->fields = err_realloc(csv->fields, csv->fields_cap * sizeof(*csv->fields));
    return true;
}

static inline bool add_field(struct csv *csv, const char *from, const char *to)
{
    if ((csv->fields_n == csv->fields_cap || csv->fields_n == FIELDS_MAX) && !grow_fields(csv))
        return false;
    csv->fields[csv->fields_n++] = str_between(from, to);
    return true;
}

/* The closing quote of the quoted text that begins at `at`, doubled ones passed over; NULL: none is
 * there. */
static const char *closing_quote(const struct csv *csv, const char *at, const char *end,
                                 bool *ret_doubled)
{
    while (at < end) {
        const char *quote = memchr(at, csv->quote, (size_t)(end - at));

        if (quote == NULL || quote + 1 == end || quote[1] != csv->quote)
            return quote;
        *ret_doubled = true;
        at = quote + 2;
    }
    return NULL;
}

/* Appends quoted text with each doubled quote once. */
static void append_unquoted(struct csv *csv, const char *at, const char *end)
{
    while (at < end) {
        const char *quote = memchr(at, csv->quote, (size_t)(end - at));
        const char *to = quote == NULL ? end : quote + 1;

        buf_append(&csv->unquoted, at, (size_t)(to - at));
        at = quote == NULL ? end : quote + 2;
    }
}

static uint64_t count_newlines(const char *at, const char *end)
{
    uint64_t n = 0;

    for (; at < end; at++)
        n += *at == '\n' || (*at == '\r' && (at + 1 == end || at[1] != '\n'));
    return n;
}

/* A field that begins with a quote at `at`; *ret_end: the break behind it. */
static enum outcome quoted_field(struct parse *parse, const char *at, const char **ret_end)
{
    struct csv *csv = parse->csv;
    bool doubled = false;
    const char *quote = closing_quote(csv, at + 1, parse->end, &doubled);

    parse->quoted = true;
    if (quote == NULL || (quote + 1 == parse->end && !csv->window.ended))
        return SHORT;
    parse->newlines += count_newlines(at + 1, quote);
    restart_at(parse, quote + 1);
    const char *end = next_break(parse);
    *ret_end = end;
    if (!doubled && end == quote + 1)
        return add_field(csv, at + 1, quote) ? DONE : TOO_MANY;
    if (csv->unquoted.len == 0) /* all that may come, so that what is there does not move */
        buf_reserve(&csv->unquoted, (size_t)(parse->end - parse->record));
    size_t from = csv->unquoted.len;
    append_unquoted(csv, at + 1, quote);
    buf_append(&csv->unquoted, quote + 1, (size_t)(end - quote - 1));
    return add_field(csv, csv->unquoted.at + from, csv->unquoted.at + csv->unquoted.len) ? DONE
                                                                                         : TOO_MANY;
}

/* The fields of the record, up to the line end, where parse->at is left. */
static enum outcome parse_fields(struct parse *parse)
{
    struct csv *csv = parse->csv;
    const char *field = parse->at;

    for (;;) {
        const char *end = NULL;

        if (csv->quote != '\0' && field < parse->end && *field == csv->quote) {
            enum outcome outcome = quoted_field(parse, field, &end);

            if (outcome != DONE)
                return outcome;
        } else {
            end = next_break(parse);
            if (!add_field(csv, field, end))
                return TOO_MANY;
        }
        if (end == parse->end && !csv->window.ended)
            return SHORT;
        if (end == parse->end || *end != csv->delimiter) {
            parse->at = end;
            return DONE;
        }
        field = end + 1;
    }
}

/* Behind the line end at `at`. NULL: whether an LF follows a CR can't be told yet. */
static const char *behind_line_end(const struct csv *csv, const char *at, const char *end)
{
    if (at == end || *at == '\n')
        return at == end ? at : at + 1;
    if (at + 1 == end)
        return csv->window.ended ? end : NULL;
    return at[1] == '\n' ? at + 2 : at + 1;
}

/* Looks for bytes that matter to the whole record. */
static void look_at_bytes(struct str raw, bool *ret_ascii, bool *ret_nul)
{
    const char *at = raw.at, *end = raw.at + raw.len;
    unsigned high = 0, nul = 0;

#ifdef __SSE2__
    for (; end - at >= 16; at += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);

        high |= (unsigned)_mm_movemask_epi8(bytes);
        nul |= (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_setzero_si128()));
    }
#endif
    for (; at < end; at++) {
        high |= (unsigned char)*at & 0x80U;
        nul |= *at == '\0';
    }
    *ret_ascii = high == 0;
    *ret_nul = nul != 0;
}

static enum stream_step bad(struct csv *csv, struct csv_record *ret, const char *to,
                            const char *why, struct err *reterr)
{
    struct window *window = &csv->window;
    struct str raw = str_between(window->at + window->start, to);

    if (raw.len > RAW_KEPT)
        raw.len = RAW_KEPT;
    *ret = (struct csv_record){.raw = raw, .line = csv->line};
    err_set(reterr, ERR_DEAD_LETTER, "%s", why);
    return STREAM_BAD;
}

/* Gives up the line that the record begins with, and goes on behind it. */
static enum stream_step give_up_line(struct csv *csv, struct csv_record *ret, const char *why,
                                     struct err *reterr)
{
    struct window *window = &csv->window;
    const char *start = window->at + window->start, *end = window->at + window->end;
    const char *to = start;

    while (to < end && *to != '\n' && *to != '\r')
        to++;
    enum stream_step step = bad(csv, ret, to, why, reterr);
    const char *next = behind_line_end(csv, to, end);
    csv->skipping = to == end && !window->ended;
    csv->line += !csv->skipping;
    window->start = (size_t)((next == NULL ? end : next) - window->at);
    return step;
}

/* Drops what is left of a line that was too long. False: more of it may come. */
static bool skip_line(struct csv *csv)
{
    struct window *window = &csv->window;
    const char *at = window->at + window->start, *end = window->at + window->end;

    while (at < end && *at != '\n' && *at != '\r')
        at++;
    window->start = (size_t)(at - window->at);
    const char *next = behind_line_end(csv, at, end);
    if ((at == end && !window->ended) || next == NULL)
        return false;
    window->start = (size_t)(next - window->at);
    csv->skipping = false;
    csv->line++;
    return true;
}

/* Blank lines are passed over. False: the window is empty, or ends where it can't be told. */
static bool skip_blank_lines(struct csv *csv)
{
    struct window *window = &csv->window;
    const char *end = window->at + window->end;

    for (;;) {
        const char *at = window->at + window->start;

        if (at == end)
            return false;
        if (*at != '\n' && *at != '\r')
            return true;
        const char *next = behind_line_end(csv, at, end);
        if (next == NULL)
            return false;
        window->start = (size_t)(next - window->at);
        csv->line++;
    }
}

/* What the record that was parsed to its end is. */
static enum stream_step finish(struct parse *parse, struct csv_record *ret, struct err *reterr)
{
    struct csv *csv = parse->csv;
    struct window *window = &csv->window;
    struct str raw = str_between(parse->record, parse->at);
    bool nul;

    const char *next = behind_line_end(csv, parse->at, parse->end);
    if (raw.len > window->limit)
        return give_up_line(csv, ret, "the record is longer than --record-size", reterr);
    if (next == NULL)
        return STREAM_MORE;
    *ret = (struct csv_record){
        .fields = csv->fields, .fields_n = csv->fields_n, .raw = raw, .line = csv->line};
    look_at_bytes(raw, &ret->ascii, &nul);
    window->start = (size_t)(next - window->at);
    csv->line += 1 + parse->newlines;
    if (!nul)
        return STREAM_RECORD;
    err_set(reterr, ERR_DEAD_LETTER, "the record holds a NUL byte");
    return STREAM_BAD;
}

enum stream_step csv_next(struct csv *csv, struct csv_record *ret, struct err *reterr)
{
    struct window *window = &csv->window;

    if (csv->line == 0) {
        if (!window_skip_bom(window))
            return STREAM_MORE;
        csv->line = 1;
    }
    if ((csv->skipping && !skip_line(csv)) || !skip_blank_lines(csv))
        return window->ended ? STREAM_END : STREAM_MORE;
    struct parse parse = {.csv = csv,
                          .at = window->at + window->start,
                          .end = window->at + window->end,
                          .record = window->at + window->start,
                          .next = window->at + window->start};
    csv->fields_n = 0;
    buf_clear(&csv->unquoted);
    switch (parse_fields(&parse)) {
    case DONE:
        return finish(&parse, ret, reterr);
    case TOO_MANY:
        return give_up_line(csv, ret, "the record has more than 65535 fields", reterr);
    case SHORT:
        break;
    }
    if (!window->ended && !window_over(window))
        return STREAM_MORE;
    return give_up_line(csv, ret,
                        parse.quoted ? "a quote is never closed"
                                     : "the record is longer than --record-size",
                        reterr);
}

void csv_done(struct csv *csv)
{
    window_done(&csv->window);
    buf_done(&csv->unquoted);
    free(csv->fields);
    csv->fields = NULL;
    csv->fields_n = csv->fields_cap = 0;
}
