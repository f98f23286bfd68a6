#include "commit_time.h"

#include "base/clock.h"
#include "record/position.h"
#include "record/text.h"

static bool holds_moments(const struct target_column *column)
{
    return strcmp(column->type, "timestamp with time zone") == 0 ||
           strcmp(column->type, "timestamp without time zone") == 0;
}

bool commit_time_find(const struct option_list *names, struct target_table *table,
                      struct err *reterr)
{
    table->time_column = table->columns_n;
    for (size_t i = 0; i < names->n && table->time_column == table->columns_n; i++)
        table->time_column = table_column(table, str_of(names->items[i]), table->columns_n);
    if (table->time_column == table->columns_n)
        return true;
    const struct target_column *column = &table->columns[table->time_column];
    if (holds_moments(column) && !column->is_key)
        return true;
    return err_stop(
        reterr, EX_CONFIG,
        "--commit-time-columns names %s, which in %s is %s%s: it must be timestamp with "
        "time zone, and no part of the key",
        column->name, table->quoted, column->type, column->is_key ? " and a part of the key" : "");
}

/* Microseconds since 1970; 0: unknown. */
static int64_t unix_us_of(const struct kafka_message *message)
{
    struct str header;
    int64_t unix_us = 0;

    if (kafka_message_header(message, COMMIT_TIME_HEADER, &header) &&
        str_integer(header, &unix_us) && unix_us > 0)
        return unix_us;
    return message->timestamp_ms > 0 ? message->timestamp_ms * 1000 : 0;
}

struct str commit_time_of(const struct kafka_message *message, struct buf *scratch,
                          struct arena *arena)
{
    int64_t unix_us = unix_us_of(message);

    if (unix_us == 0)
        return STR_NONE;
    buf_clear(scratch);
    text_print(scratch, (struct type){TYPE_TIMESTAMPTZ, -1, NULL},
               (struct value){.slot = unix_us - PG_EPOCH_UNIX_US});
    return arena_copy(arena, buf_str(scratch));
}
