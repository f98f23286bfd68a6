#include "base/err.h"

#include <stdarg.h>
#include <stdint.h>
#include <string.h>

static int default_status(enum err_kind kind)
{
    switch (kind) {
    case ERR_RETRY:
    case ERR_ABORT:
        return EX_UNAVAILABLE;
    case ERR_DEAD_LETTER:
        return EX_DATAERR;
    case ERR_NONE:
    case ERR_STOP:
        break;
    }
    return EX_SOFTWARE;
}

/* Formats before anything is written, since an argument may be the old text of *reterr itself. */
static bool set(struct err *reterr, struct err made, const char *format, va_list args)
{
    vsnprintf(made.text, sizeof(made.text), format, args);
    *reterr = made;
    return false;
}

bool err_set(struct err *reterr, enum err_kind kind, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    set(reterr, (struct err){.kind = kind, .exit_status = default_status(kind)}, format, args);
    va_end(args);
    return false;
}

bool err_stop(struct err *reterr, int exit_status, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    set(reterr, (struct err){.kind = ERR_STOP, .exit_status = exit_status}, format, args);
    va_end(args);
    return false;
}

bool err_sql(struct err *reterr, enum err_kind kind, const char *sqlstate, const char *format, ...)
{
    struct err made = {.kind = kind, .exit_status = default_status(kind)};
    va_list args;

    snprintf(made.sqlstate, sizeof(made.sqlstate), "%s", sqlstate);
    va_start(args, format);
    set(reterr, made, format, args);
    va_end(args);
    return false;
}

bool err_prefix(struct err *reterr, const char *format, ...)
{
    char prefix[256];
    char whole[sizeof(reterr->text)];
    va_list args;

    va_start(args, format);
    vsnprintf(prefix, sizeof(prefix), format, args);
    va_end(args);
    int length = snprintf(whole, sizeof(whole), "%s: %.*s", prefix,
                          (int)(sizeof(whole) - strlen(prefix) - 3), reterr->text);
    memcpy(reterr->text, whole, (size_t)length + 1);
    return false;
}

_Noreturn void err_no_memory(size_t wanted_bytes)
{
    fprintf(stderr, "level=fatal msg=\"out of memory\" wanted_bytes=%zu\n", wanted_bytes);
    abort();
}

void *err_malloc(size_t size)
{
    void *p = malloc(size == 0 ? 1 : size);

    if (p == NULL)
        err_no_memory(size);
    return p;
}

void *err_calloc(size_t count, size_t size)
{
    void *p = calloc(count == 0 ? 1 : count, size == 0 ? 1 : size);

    if (p == NULL)
        err_no_memory(count * size);
    return p;
}

void *err_realloc(void *old, size_t size)
{
    void *p = realloc(old, size == 0 ? 1 : size);

    if (p == NULL)
        err_no_memory(size);
    return p;
}

char *err_strdup(const char *text)
{
    if (text == NULL)
        return NULL;
    size_t size = strlen(text) + 1;
    return memcpy(err_malloc(size), text, size);
}
