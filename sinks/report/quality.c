#include "quality.h"

#include "base/hash.h"
#include "distinct.h"
#include "record/json.h"

enum { ARENA_BYTES = 1 << 20 };

struct tally {
    struct str name;
    uint64_t values, empty, seen_in; /* seen_in: the number of the last row that had it */
    struct distinct distinct;
};

struct quality {
    struct distinct_room room;
    struct arena *scratch, *names;
    uint64_t rows, keys, rows_with_nulls, cells, bytes;
    struct distinct distinct_keys, distinct_rows;
    struct tally columns[QUALITY_COLUMNS_MAX];
    size_t columns_n;
};

struct quality *quality_new(size_t limit_bytes)
{
    struct quality *made = err_calloc(1, sizeof(*made));

    made->room.limit = limit_bytes;
    made->scratch = arena_new(ARENA_BYTES);
    made->names = arena_new(ARENA_BYTES);
    return made;
}

struct quality *quality_free(struct quality *quality)
{
    if (quality == NULL)
        return NULL;
    for (size_t i = 0; i < quality->columns_n; i++)
        distinct_done(&quality->columns[i].distinct, &quality->room);
    distinct_done(&quality->distinct_keys, &quality->room);
    distinct_done(&quality->distinct_rows, &quality->room);
    arena_free(quality->scratch);
    arena_free(quality->names);
    free(quality);
    return NULL;
}

uint64_t quality_rows(const struct quality *quality)
{
    return quality->rows;
}

/* The column of that name; rows have their columns in the same order, so it is tried first where
 * the last row had it. NULL: one too many. */
static struct tally *column_of(struct quality *quality, struct str name, size_t guess)
{
    if (guess < quality->columns_n && str_eq(quality->columns[guess].name, name))
        return &quality->columns[guess];
    for (size_t i = 0; i < quality->columns_n; i++)
        if (str_eq(quality->columns[i].name, name))
            return &quality->columns[i];
    if (quality->columns_n == QUALITY_COLUMNS_MAX)
        return NULL;
    struct tally *made = &quality->columns[quality->columns_n++];
    made->name = (struct str){arena_printf(quality->names, "%.*s", STR_ARG(name)), name.len};
    return made;
}

static bool is_blank(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (strchr(" \t\r\n", text.at[i]) == NULL || text.at[i] == '\0')
            return false;
    return true;
}

/* "1" and 1 are different values. */
static bool take_value(struct quality *quality, struct tally *column,
                       const struct json_value *value, struct err *reterr)
{
    struct str text = value->raw;

    if (value->kind == JSON_STRING && !json_text(value, quality->scratch, &text, reterr))
        return false;
    uint64_t hash = hash64(text.at, text.len);
    column->values++;
    column->empty += value->kind == JSON_STRING && is_blank(text);
    distinct_add(&column->distinct, &quality->room,
                 value->kind == JSON_STRING ? hash : hash ^ UINT64_C(0x9E3779B97F4A7C15));
    return true;
}

/* Reads the members; with `count` they are counted, else only looked at, so that a row that can't
 * be read counts for nothing. */
static bool read_row(struct quality *quality, struct str row, bool count, struct err *reterr)
{
    struct json_cursor cursor = json_open(row);
    bool first = true, more = true;
    struct json_value value;
    struct str name;

    if (!json_object_begin(&cursor, reterr))
        return false;
    for (size_t i = 0;; i++) {
        if (!json_object_next(&cursor, quality->scratch, &first, &more, &name, reterr))
            return false;
        if (!more)
            return json_at_end(&cursor, reterr);
        if (!json_read(&cursor, &value, reterr))
            return false;
        struct tally *column = column_of(quality, name, i);
        if (column == NULL)
            return err_set(reterr, ERR_DEAD_LETTER, "more than %d columns", QUALITY_COLUMNS_MAX);
        if (!count || value.kind == JSON_NULL || column->seen_in == quality->rows)
            continue;
        column->seen_in = quality->rows;
        quality->cells++;
        if (!take_value(quality, column, &value, reterr))
            return false;
    }
}

bool quality_row(struct quality *quality, struct str key, struct str row, struct err *reterr)
{
    uint64_t cells = quality->cells;
    size_t columns = quality->columns_n;

    arena_reset(quality->scratch);
    if (!read_row(quality, row, false, reterr))
        return false;
    if (quality->columns_n > columns) /* which all rows so far did not have */
        quality->rows_with_nulls = quality->rows;
    quality->rows++;
    quality->bytes += row.len;
    if (!read_row(quality, row, true, reterr))
        return false;
    quality->rows_with_nulls += quality->cells - cells < quality->columns_n;
    distinct_add(&quality->distinct_rows, &quality->room, hash64(row.at, row.len));
    if (key.at != NULL) {
        quality->keys++;
        distinct_add(&quality->distinct_keys, &quality->room, hash64(key.at, key.len));
    }
    return true;
}

bool quality_row_of(struct str value, struct arena *arena, struct str *ret, struct err *reterr)
{
    struct json_cursor cursor = json_open(value);
    bool first = true, more = true, has_after = false, has_op = false;
    struct str name, after = STR_NONE;
    struct json_value member;

    if (!json_object_begin(&cursor, reterr))
        return false;
    for (;;) {
        if (!json_object_next(&cursor, arena, &first, &more, &name, reterr))
            return false;
        if (!more)
            break;
        if (!json_read(&cursor, &member, reterr))
            return false;
        has_op |= str_eq_c(name, "op") && member.kind == JSON_STRING;
        if (!str_eq_c(name, "after") || (member.kind != JSON_OBJECT && member.kind != JSON_NULL))
            continue;
        has_after = true;
        after = member.kind == JSON_OBJECT ? member.raw : STR_NONE;
    }
    *ret = has_after && has_op ? after : value;
    return true;
}

/* ---- the result ---- */

static const struct heading headings[] = {
    {"column", COLUMN_TEXT},       {"rows", COLUMN_NUMBER},
    {"nulls", COLUMN_NUMBER},      {"completeness_percent", COLUMN_NUMBER},
    {"empty", COLUMN_NUMBER},      {"distinct", COLUMN_NUMBER},
    {"duplicates", COLUMN_NUMBER}, {"counted", COLUMN_TEXT}};

enum { HEADINGS = sizeof(headings) / sizeof(headings[0]) };

/* A row of the result, before it is text. */
struct line {
    struct str name;
    uint64_t rows, nulls, of, there, empty, values;
    const struct distinct *distinct;
};

static struct str number(struct arena *arena, uint64_t n)
{
    return str_of(arena_printf(arena, "%llu", (unsigned long long)n));
}

/* Percent with two digits, rounded half up; of nothing it is NULL. */
static struct str percent(struct arena *arena, uint64_t part, uint64_t whole)
{
    if (whole == 0)
        return STR_NONE;
    uint64_t hundredths = (part * 20000 / whole + 1) / 2;
    return str_of(arena_printf(arena, "%llu.%02llu", (unsigned long long)(hundredths / 100),
                               (unsigned long long)(hundredths % 100)));
}

static void write_line(struct arena *arena, struct str *cells, const struct line *line)
{
    bool exact = true;
    uint64_t distinct = distinct_count(line->distinct, &exact);

    if (distinct > line->values) /* an estimate can be */
        distinct = line->values;
    const struct str made[HEADINGS] = {line->name,
                                       number(arena, line->rows),
                                       number(arena, line->nulls),
                                       percent(arena, line->there, line->of),
                                       number(arena, line->empty),
                                       number(arena, distinct),
                                       number(arena, line->values - distinct),
                                       exact ? STR("exactly") : STR("about")};
    memcpy(cells, made, sizeof(made));
}

struct part quality_result(const struct quality *quality, struct arena *arena)
{
    size_t rows = quality->columns_n + 2;
    struct str *cells = arena_zalloc(arena, rows * HEADINGS * sizeof(*cells));
    uint64_t n = quality->rows, empty = 0;

    for (size_t i = 0; i < quality->columns_n; i++) {
        const struct tally *column = &quality->columns[i];

        empty += column->empty;
        write_line(arena, cells + (i + 2) * HEADINGS,
                   &(struct line){column->name, n, n - column->values, n, column->values,
                                  column->empty, column->values, &column->distinct});
    }
    write_line(arena, cells,
               &(struct line){STR("(row)"), n, quality->rows_with_nulls, n * quality->columns_n,
                              quality->cells, empty, n, &quality->distinct_rows});
    write_line(arena, cells + HEADINGS,
               &(struct line){STR("(key)"), n, n - quality->keys, n, quality->keys, 0,
                              quality->keys, &quality->distinct_keys});
    return (struct part){headings, HEADINGS, cells, rows};
}

/* The columns' names as an array; with `nulls` of those alone that lack a value somewhere. */
static void put_columns(struct buf *out, const struct quality *quality, bool nulls)
{
    bool first = true;

    buf_char(out, '[');
    for (size_t i = 0; i < quality->columns_n; i++) {
        if (nulls && quality->columns[i].values == quality->rows)
            continue;
        buf_puts(out, first ? "" : ",");
        json_write_string(out, quality->columns[i].name);
        first = false;
    }
    buf_char(out, ']');
}

struct part quality_document(const struct quality *quality, int64_t unix_us, struct arena *arena)
{
    static const struct heading heading[] = {{"validation", COLUMN_JSON}};
    struct buf text CLEANUP(buf) = {0};
    char stamp[32];

    format_moment(stamp, unix_us);
    buf_printf(&text, "{\"file_exists\":true,\"row_count\":%llu,\"column_count\":%zu,\"columns\":",
               (unsigned long long)quality->rows, quality->columns_n);
    put_columns(&text, quality, false);
    buf_printf(&text, ",\"memory_usage_mb\":%.2f,\"has_nulls\":%s,\"null_columns\":",
               (double)quality->bytes / (1 << 20), quality->rows_with_nulls > 0 ? "true" : "false");
    put_columns(&text, quality, true);
    buf_printf(&text, ",\"validation_timestamp\":\"%s\"}", stamp);
    struct str *cell = arena_zalloc(arena, sizeof(*cell));
    *cell = arena_copy(arena, buf_str(&text));
    return (struct part){heading, 1, cell, 1};
}
