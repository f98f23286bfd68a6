/* What a store or a web server answers: its documents, the lines of its head, when to come again. Any bytes end, and what
 * is given out lies inside of what came in. The first byte chooses. */
#include "http/fetch.h"
#include "http/header.h"
#include "http/s3_answer.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool each_object(const struct s3_listed *object, void *arg)
{
    size_t *n = arg;

    if (object->key.at == NULL || object->size < -1)
        abort();
    return ++*n < 3;
}

static void as_page(struct str body)
{
    size_t n = 0;
    struct s3_page page = {.each = each_object, .arg = &n};
    struct err err = {0};

    if (!s3_answer_page(body, &page, &err) && err.kind != ERR_RETRY)
        abort();
    if (n > 3 || (n == 3 && !page.stopped))
        abort();
    buf_done(&page.token);
}

static void as_documents(struct str body)
{
    CLEANUP(buf) struct buf text = {0}, ids = {0};
    struct s3_error error;
    struct err err = {0};

    s3_answer_error(body, &error);
    (void)s3_answer_text(body, "InitiateMultipartUploadResult", "UploadId", &text);
    if (!s3_answer_uploads(body, "a/b.csv", &ids, &err) && err.kind != ERR_RETRY)
        abort();
}

static void as_head(struct str line)
{
    CLEANUP(buf) struct buf text = {0};
    struct str value;

    buf_put(&text, line);
    int64_t ms = fetch_retry_after_ms(buf_cstr(&text), 1764547200000);
    if (ms < -1 || ms > 3600000)
        abort();
    if (header_value(line, "etag", &value) &&
        (value.at < line.at || value.at + value.len > line.at + line.len))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct str rest = {(const char *)data + 1, size - 1};

    if (data[0] % 3 == 0)
        as_page(rest);
    else if (data[0] % 3 == 1)
        as_documents(rest);
    else
        as_head(rest);
    return 0;
}
