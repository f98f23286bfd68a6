/*
 * A thin program over the heart of s3-objects for test_object_formats.py and the benchmark of formats: JSON objects, a line
 * of stdin each, become one object on stdout. `--repeat N` writes the rows N times over; `--discard` only says how many bytes
 * went in and came out, and what the writing took of this processor's time.
 */
#include "object_stream.h"
#include "shape_options.h"
#include "typed.h"

#include <stdio.h>
#include <time.h>

struct driver {
    char *format, *topic;
    bool discard;
    int64_t repeat;
    struct shape_options rows;
};

#define AT(field) offsetof(struct driver, field)

static const struct option options[] = {
    {"format", OPTION_STRING, AT(format), "csv", 0, 0, NULL, false, "FORMAT", "format"},
    {"topic", OPTION_STRING, AT(topic), "t", 0, 0, NULL, false, "TOPIC", "topic"},
    {"envelope", OPTION_BOOL, AT(rows.envelope), NULL, 0, 0, NULL, false, NULL,
     "with __op and __offset"},
    {"discard", OPTION_BOOL, AT(discard), NULL, 0, 0, NULL, false, NULL, "measure"},
    {"repeat", OPTION_INT, AT(repeat), "1", 1, 1000000, NULL, false, "N", "how often"},
    {0}};

/* All of stdin, split into lines. */
static struct str *read_lines(struct buf *text, size_t *ret_n)
{
    struct str *lines = NULL;
    size_t n = 0, got = 0;

    while (buf_reserve(text, 1 << 16) && (got = fread(text->at + text->len, 1, 1 << 16, stdin)) > 0)
        text->len += got;
    for (const char *at = text->at, *end = at + text->len; at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));

        stop = stop == NULL ? end : stop;
        if ((n & (n - 1)) == 0)
            lines = err_realloc(lines, (n == 0 ? 1 : 2 * n) * sizeof(*lines));
        lines[n++] = str_between(at, stop);
        at = stop + 1;
    }
    *ret_n = n;
    return lines;
}

static void drain(struct buf *out, bool discard, size_t *written)
{
    if (!discard)
        fwrite(out->at, 1, out->len, stdout);
    *written += out->len;
    buf_clear(out);
}

static bool write_rows(const struct driver *driver, const struct object_shape *shape,
                       const struct str *lines, size_t n, struct err *reterr)
{
    CLEANUP(arena) struct arena *arena = arena_new(0);
    CLEANUP(object_stream) struct object_stream stream;
    CLEANUP(buf) struct buf out = {0};
    size_t in = 0, written = 0;
    struct object_row row;
    clock_t began = clock();

    object_stream_begin(&stream, object_format_find(driver->format), shape, &out);
    for (int64_t round = 0; round < driver->repeat; round++)
        for (size_t i = 0; i < n; i++) {
            arena_reset(arena);
            if (!object_row_read(shape, STR("{}"), lines[i], arena, &row, reterr) ||
                !typed_row_check(shape, &row, arena, reterr))
                return false;
            row.offset = (int64_t)i;
            object_stream_row(&stream, &row);
            in += lines[i].len + 1;
            if (out.len > 1 << 20)
                drain(&out, driver->discard, &written);
        }
    object_stream_end(&stream);
    drain(&out, driver->discard, &written);
    if (driver->discard)
        printf("%zu %zu %.6f\n", in, written, (double)(clock() - began) / CLOCKS_PER_SEC);
    return true;
}

static bool run(struct driver *driver, struct err *reterr)
{
    CLEANUP(arena) struct arena *arena = arena_new(0);
    CLEANUP(buf) struct buf text = {0};
    const struct object_format *const formats[] = {object_format_find(driver->format), NULL};
    const struct option_list topics = {&driver->topic, 1, 0};
    struct object_shape *shape = NULL;
    size_t n = 0;

    if (formats[0] == NULL)
        return err_stop(reterr, EX_USAGE, "--format");
    if (!shape_options_build(&driver->rows, &topics, formats, arena, &shape, reterr))
        return false;
    CLEANUP(free) struct str *lines = read_lines(&text, &n);
    return write_rows(driver, shape, lines, n, reterr);
}

int main(int argc, char **argv)
{
    struct driver driver = {0};
    struct option_group groups[] = {
        {"Driver", options, &driver}, {"Rows", shape_option_rows, &driver.rows}, {0}};
    const struct option_set set = {"object-driver", "rows to an object", "[options]", groups, NULL};
    enum options_outcome outcome = OPTIONS_DONE;
    struct err err = {0};
    bool well = options_parse(&set, argc, argv, &outcome, &err) &&
                (outcome == OPTIONS_DONE || run(&driver, &err));

    if (!well)
        fprintf(stderr, "%d %s\n", (int)err.kind, err.text);
    options_done(&set);
    return well ? 0 : err.exit_status;
}
