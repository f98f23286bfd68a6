/* How a snapshot tells where it is: a bar that is redrawn at a terminal, else a log line now and
 * then. */
#ifndef SLUICE_POSTGRES_CDC_SNAPSHOT_REPORT_H
#define SLUICE_POSTGRES_CDC_SNAPSHOT_REPORT_H

#include <stdbool.h>
#include <stdint.h>

struct snapshot_report {
    bool terminal;
    int64_t start_ms, shown_ms;
    int64_t rows, table_rows, table_about; /* table_about: what the planner believes */
    char table[160];
};

/* The attempt begins. */
void snapshot_report_begin(struct snapshot_report *report, int64_t attempt);

/* A table begins. */
void snapshot_report_table(struct snapshot_report *report, const char *table, int64_t about_rows);

/* A row was read. Cheap. */
void snapshot_report_row(struct snapshot_report *report);

/* The table, and all of it, is through. */
void snapshot_report_table_done(struct snapshot_report *report);
void snapshot_report_all_done(struct snapshot_report *report);

/* Leaves a clean line behind, whatever happened. */
void snapshot_report_done(struct snapshot_report *report);

#endif
