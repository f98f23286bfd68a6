/* Reads CSV from stdin in chunks of a given size and prints each record as a JSON array, a bad
 * one as {"bad":line}: what component/test_csv_oracle.py puts beside Python's csv. */
#include "record/csv.h"
#include "record/json.h"

#include <stdio.h>
#include <stdlib.h>

static void print_record(const struct csv_record *record)
{
    struct buf out CLEANUP(buf) = {0};

    for (size_t i = 0; i < record->fields_n; i++) {
        buf_char(&out, i == 0 ? '[' : ',');
        json_write_string(&out, record->fields[i]);
    }
    buf_char(&out, ']');
    puts(buf_cstr(&out));
}

static void fill(struct csv *csv, size_t chunk)
{
    size_t room;
    char *at = window_room(&csv->window, &room);
    size_t n = fread(at, 1, chunk < room ? chunk : room, stdin);

    window_filled(&csv->window, n);
    csv->window.ended = n == 0;
}

int main(int argc, char **argv)
{
    size_t chunk = argc > 1 ? (size_t)atol(argv[1]) : 4096;
    struct csv csv = {.delimiter = argc > 2 ? argv[2][0] : ',', .quote = '"'};
    struct csv_record record;
    struct err err;

    csv.window.limit = argc > 3 ? (size_t)atol(argv[3]) : 1 << 20;
    for (;;) {
        switch (csv_next(&csv, &record, &err)) {
        case STREAM_RECORD:
            print_record(&record);
            break;
        case STREAM_MORE:
            fill(&csv, chunk);
            break;
        case STREAM_BAD:
            printf("{\"bad\":%llu}\n", (unsigned long long)record.line);
            break;
        default:
            csv_done(&csv);
            return 0;
        }
    }
}
