#include "snapshot_report.h"
#include "base/clock.h"
#include "base/log.h"
#include <inttypes.h>

/* The clock is looked at once in so many rows. */
enum { LOOK_ROWS = 256, BAR_EVERY_MS = 100, LINE_EVERY_MS = 10000, BAR_WIDTH = 30 };

void snapshot_report_begin(struct snapshot_report *report, int64_t attempt)
{
    *report = (struct snapshot_report){.terminal = isatty(STDERR_FILENO) == 1,
                                       .start_ms = clock_mono_ms(),
                                       .shown_ms = clock_mono_ms()};
    log_info("snapshot begins", LOG_INT("attempt", attempt));
}

void snapshot_report_table(struct snapshot_report *report, const char *table, int64_t about_rows)
{
    report->table_rows = 0;
    report->table_about = about_rows;
    snprintf(report->table, sizeof(report->table), "%s", table);
}

static void draw(const struct snapshot_report *report)
{
    int64_t about =
        report->table_about > report->table_rows ? report->table_about : report->table_rows;
    int filled = about == 0 ? BAR_WIDTH : (int)(report->table_rows * BAR_WIDTH / about);
    char bar[BAR_WIDTH + 1];

    for (int i = 0; i < BAR_WIDTH; i++)
        bar[i] = i < filled ? '#' : '.';
    bar[BAR_WIDTH] = '\0';
    fprintf(stderr, "\r\033[K[%s] %s %" PRId64 " rows", bar, report->table, report->table_rows);
    fflush(stderr);
}

static void show(struct snapshot_report *report)
{
    int64_t now_ms = clock_mono_ms();

    if (now_ms - report->shown_ms < (report->terminal ? BAR_EVERY_MS : LINE_EVERY_MS))
        return;
    report->shown_ms = now_ms;
    if (report->terminal)
        draw(report);
    else
        log_info("snapshot", LOG_STR("table", report->table), LOG_INT("rows", report->table_rows),
                 LOG_INT("about", report->table_about));
}

void snapshot_report_row(struct snapshot_report *report)
{
    report->rows++;
    if (++report->table_rows % LOOK_ROWS == 0)
        show(report);
}

static void clear_bar(const struct snapshot_report *report)
{
    if (report->terminal) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
    }
}

void snapshot_report_table_done(struct snapshot_report *report)
{
    clear_bar(report);
    log_info("table copied", LOG_STR("table", report->table), LOG_INT("rows", report->table_rows));
}

void snapshot_report_all_done(struct snapshot_report *report)
{
    log_info("snapshot done", LOG_INT("rows", report->rows),
             LOG_INT("ms", clock_mono_ms() - report->start_ms));
}

void snapshot_report_done(struct snapshot_report *report)
{
    clear_bar(report);
}
