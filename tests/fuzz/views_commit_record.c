/* The commit record out of a task's state or changelog: any bytes end; what is taken is written, taken again and the same. */
#include "task/commit_record.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

DEFINE_CLEANUP(inputs, struct inputs *, inputs_free);

static struct inputs *inputs_of_orders(void)
{
    static struct plan_source source = {.topic = "finance_db.operations.orders", .node = 0};
    static const struct plan plan = {.sources = &source, .sources_n = 1};
    static const int32_t partitions[] = {4};

    return inputs_new(&plan, partitions, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(inputs) struct inputs *inputs = inputs_of_orders(), *others = inputs_of_orders();
    CLEANUP(buf) struct buf once = {0}, twice = {0};
    struct commit_record record = {0}, again = {0};
    struct err err = {0};

    if (!commit_record_parse((struct str){(const char *)data, size}, &record, inputs, &err)) {
        if (err.kind != ERR_STOP)
            abort();
        return 0;
    }
    commit_record_print(&once, &record, inputs);
    if (!commit_record_parse(buf_str(&once), &again, others, &err))
        abort();
    commit_record_print(&twice, &again, others);
    if (!str_eq(buf_str(&once), buf_str(&twice)))
        abort();
    return 0;
}
