/*
 * How fast one core reads CSV: rows shaped like the telco set (21 short fields), plain and with
 * every field quoted, in chunks; beside them memchr over the same bytes for line ends. Best of N
 * rounds, CPU seconds. Leaves with 1 below the goal of 300 MB/s.
 *
 *   bench_csv [megabytes [rounds]]
 */
#include "record/csv.h"

#include <inttypes.h>
#include <time.h>

static const double mb_per_s_goal = 300;

static double cpu_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void add_row(struct buf *out, unsigned i, bool quoted)
{
    static const char *const words[] = {"Female", "0",   "Yes", "No",          "No phone service",
                                        "DSL",    "Yes", "No",  "Fiber optic", "Month-to-month"};
    const char *quote = quoted ? "\"" : "";

    buf_printf(out, "%s%04u-VHVEG%s", quote, i % 10000, quote);
    for (unsigned field = 1; field < 18; field++)
        buf_printf(out, ",%s%s%s", quote, words[(i + field * 7) % 10], quote);
    buf_printf(out, ",%s%u.%02u%s,%u.5,No\r\n", quote, i % 118, i % 100, quote, i % 8000);
}

static void fill(struct csv *csv, struct str bytes, size_t *at)
{
    size_t room, left = bytes.len - *at;
    char *to = window_room(&csv->window, &room);
    size_t n = left < room ? left : room;

    if (n > 0)
        memcpy(to, bytes.at + *at, n);
    window_filled(&csv->window, n);
    csv->window.ended = n == 0;
    *at += n;
}

/* How many fields there are. */
static uint64_t read_all(struct str bytes)
{
    struct csv csv = {.delimiter = ',', .quote = '"'};
    struct csv_record record;
    uint64_t fields = 0;
    size_t at = 0;
    struct err err;

    csv.window.limit = 1 << 20;
    for (;;) {
        enum stream_step step = csv_next(&csv, &record, &err);

        if (step == STREAM_MORE)
            fill(&csv, bytes, &at);
        else if (step == STREAM_RECORD)
            fields += record.fields_n;
        else
            break;
    }
    csv_done(&csv);
    return fields;
}

static uint64_t count_lines(struct str bytes)
{
    uint64_t n = 0;
    const char *at = bytes.at, *end = bytes.at + bytes.len;

    while (at < end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        n++;
        at++;
    }
    return n;
}

static double best_mb_per_s(uint64_t (*run)(struct str bytes), struct str bytes, unsigned rounds,
                            uint64_t *ret_counted)
{
    double best_s = 1e9;

    for (unsigned i = 0; i < rounds; i++) {
        double start_s = cpu_s();

        *ret_counted = run(bytes);
        double took_s = cpu_s() - start_s;
        best_s = took_s < best_s ? took_s : best_s;
    }
    return (double)bytes.len / 1e6 / best_s;
}

int main(int argc, char **argv)
{
    size_t megabytes = argc > 1 ? strtoul(argv[1], NULL, 10) : 64;
    unsigned rounds = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 5;
    bool met = true;

    for (int quoted = 0; quoted < 2; quoted++) {
        struct buf bytes CLEANUP(buf) = {0};
        uint64_t fields = 0, lines = 0;

        for (unsigned i = 0; bytes.len < megabytes * 1000000; i++)
            add_row(&bytes, i, quoted);
        double mb_per_s = best_mb_per_s(read_all, buf_str(&bytes), rounds, &fields);
        double memchr_mb_per_s = best_mb_per_s(count_lines, buf_str(&bytes), rounds, &lines);
        printf("%-7s csv %6.0f MB/s, %5.1f million fields/s; memchr for line ends %6.0f MB/s\n",
               quoted ? "quoted" : "plain", mb_per_s, mb_per_s * (double)fields / (double)bytes.len,
               memchr_mb_per_s);
        met = met && mb_per_s >= mb_per_s_goal;
    }
    return met ? 0 : 1;
}
