#include "service/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void print_head(struct buf *out, const char *name, const char *help, const char *type)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void print_row(struct buf *out, const struct metric *row, bool first)
{
    static const char *const kinds[] = {"counter", "gauge"};
    int64_t value = atomic_load_explicit(&row->value, memory_order_relaxed);

    if (first)
        print_head(out, row->name, row->help, kinds[row->kind]);
    buf_puts(out, row->name);
    if (row->labels != NULL)
        buf_printf(out, "{%s}", row->labels);
    if (row->scale == 0 || row->scale == 1)
        buf_printf(out, " %" PRId64 "\n", value);
    else
        buf_printf(out, " %.15g\n", (double)value * row->scale);
}

/* One number behind `label` in a file of /proc, or 0. */
static int64_t proc_number(const char *path, const char *label)
{
    CLEANUP(file) FILE *file = fopen(path, "re");
    char line[512];
    long long number = 0;

    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, label, strlen(label)) == 0) {
            number = strtoll(line + strlen(label), NULL, 10);
            break;
        }
    return number;
}

/* Clock ticks of user and system time spent, and of the start since boot. */
static void process_ticks(int64_t *ret_cpu, int64_t *ret_start)
{
    CLEANUP(file) FILE *file = fopen("/proc/self/stat", "re");
    char line[1024] = "";

    *ret_cpu = *ret_start = 0;
    if (file == NULL || fgets(line, sizeof(line), file) == NULL)
        return;
    /* the second field, the name, may hold blanks: fields are counted from behind its bracket */
    const char *at = strrchr(line, ')');
    for (int field = 3; at != NULL && field <= 22; field++) {
        at = strchr(at + 1, ' ');
        if (at == NULL)
            break;
        if (field == 14 || field == 15)
            *ret_cpu += strtoll(at, NULL, 10);
        else if (field == 22)
            *ret_start = strtoll(at, NULL, 10);
    }
}

static void print_process(struct buf *out)
{
    double hertz = (double)sysconf(_SC_CLK_TCK);
    int64_t cpu_ticks = 0, start_ticks = 0;

    process_ticks(&cpu_ticks, &start_ticks);
    print_head(out, "process_resident_memory_bytes", "Resident memory, file pages included.",
               "gauge");
    buf_printf(out, "process_resident_memory_bytes %" PRId64 "\n",
               proc_number("/proc/self/status", "VmRSS:") * 1024);
    print_head(out, "sluice_resident_anonymous_bytes", "Resident memory without file pages.",
               "gauge");
    buf_printf(out, "sluice_resident_anonymous_bytes %" PRId64 "\n",
               proc_number("/proc/self/status", "RssAnon:") * 1024);
    print_head(out, "process_cpu_seconds_total", "User and system CPU time.", "counter");
    buf_printf(out, "process_cpu_seconds_total %.15g\n", (double)cpu_ticks / hertz);
    print_head(out, "process_start_time_seconds", "Start, since the Unix epoch.", "gauge");
    buf_printf(out, "process_start_time_seconds %.15g\n",
               (double)proc_number("/proc/stat", "btime ") + (double)start_ticks / hertz);
}

void metric_label(struct buf *out, const char *name, const char *value)
{
    buf_printf(out, "%s%s=\"", out->len > 0 ? "," : "", name);
    for (; *value != '\0'; value++) {
        if (*value == '\n')
            buf_puts(out, "\\n");
        else if (*value == '"' || *value == '\\')
            buf_printf(out, "\\%c", *value);
        else
            buf_char(out, *value);
    }
    buf_char(out, '"');
}

static void print_table(struct buf *out, const struct metric *rows)
{
    const char *previous = "";

    for (const struct metric *row = rows; row != NULL && row->name != NULL; row++) {
        print_row(out, row, strcmp(row->name, previous) != 0);
        previous = row->name;
    }
}

void metrics_print(struct buf *out, const struct metrics *metrics, const char *service)
{
    print_table(out, metrics->rows);
    print_table(out, metrics->others);
    print_process(out);
    print_head(out, "sluice_build_info", "Service and version.", "gauge");
    buf_printf(out, "sluice_build_info{service=\"%s\",version=\"%s\"} 1\n", service,
               SLUICE_VERSION);
}
