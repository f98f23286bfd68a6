#include "local/progress.h"

#include "base/clock.h"
#include <stdio.h>
#include <unistd.h>

enum { SHOW_EVERY_MS = 100, ASK_EVERY_ROWS = 256, BAR = 30 };

void progress_begin(struct progress *progress, uint64_t total_bytes)
{
    *progress = (struct progress){.total_bytes = total_bytes,
                                  .began_ms = clock_mono_ms(),
                                  .terminal = isatty(STDERR_FILENO) == 1};
    progress->shown_ms = progress->began_ms;
}

static void show(const struct progress *progress, const char *name, int64_t now_ms)
{
    static const char full[] = "##############################",
                      none[] = "..............................";
    double part = (double)progress->bytes / (double)progress->total_bytes;
    int done = (int)(part * BAR);

    fprintf(stderr, "\r\033[K%s [%.*s%.*s] %3.0f%%  %llu rows, %.0f a second", name, done, full,
            BAR - done, none, part * 100, (unsigned long long)progress->rows,
            (double)progress->rows * 1000 / (double)(now_ms - progress->began_ms + 1));
    fflush(stderr);
}

void progress_add(struct progress *progress, const char *name, uint64_t bytes)
{
    progress->rows++;
    progress->bytes += bytes;
    if (!progress->terminal || progress->rows % ASK_EVERY_ROWS != 0)
        return;
    int64_t now_ms = clock_mono_ms();
    if (now_ms - progress->shown_ms < SHOW_EVERY_MS || progress->bytes > progress->total_bytes)
        return;
    progress->shown_ms = now_ms;
    show(progress, name, now_ms);
}

void progress_clear(struct progress *progress)
{
    if (progress->terminal && progress->shown_ms != progress->began_ms)
        fputs("\r\033[K", stderr);
}
