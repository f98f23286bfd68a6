/* The commit record out of a task's state or changelog: any bytes end; what is taken is written, taken again and the same. */
#include "task/commit_record.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct commit_record record = {0};
    struct err err = {0};

    if (!commit_record_parse((struct str){(const char *)data, size}, &record, NULL, &err) &&
        err.kind != ERR_STOP)
        abort();
    return 0;
}
