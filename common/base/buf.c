#include "base/buf.h"

#include "base/err.h"
#include <stdarg.h>

void buf_done(struct buf *buf)
{
    free(buf->at);
    *buf = (struct buf){.limit = buf->limit};
}

bool buf_grow(struct buf *buf, size_t more)
{
    size_t limit = buf->limit == 0 ? BUF_LIMIT_DEFAULT : buf->limit;

    if (more > limit || buf->len > limit - more) {
        buf->overflowed = true;
        return false;
    }
    size_t cap = buf->cap == 0 ? 256 : buf->cap * 2;
    if (cap < buf->len + more)
        cap = buf->len + more;
    if (cap > limit)
        cap = limit;
    buf->at = err_realloc(buf->at, cap);
    buf->cap = cap;
    return true;
}

void buf_u64(struct buf *buf, uint64_t number)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    buf_append(buf, digits + at, sizeof(digits) - at);
}

void buf_i64(struct buf *buf, int64_t number)
{
    if (number < 0)
        buf_char(buf, '-');
    buf_u64(buf, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
}

void buf_be(struct buf *buf, uint64_t number, unsigned bytes)
{
    uint8_t out[8];

    for (unsigned i = 0; i < bytes; i++)
        out[i] = (uint8_t)(number >> (8 * (bytes - 1 - i)));
    buf_append(buf, out, bytes);
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args, again;

    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length > 0 && buf_reserve(buf, (size_t)length + 1)) {
        vsnprintf(buf->at + buf->len, (size_t)length + 1, format, again);
        buf->len += (size_t)length;
    }
    va_end(again);
}

const char *buf_cstr(struct buf *buf)
{
    if (!buf_reserve(buf, 1))
        return "";
    buf->at[buf->len] = '\0';
    return buf->at;
}
