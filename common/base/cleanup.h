/*
 * Ownership made visible: a local variable marked with one of these is released when it leaves its
 * scope. Not for what outlives the function: hand that over by setting the variable to NULL.
 */
#ifndef SLUICE_BASE_CLEANUP_H
#define SLUICE_BASE_CLEANUP_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define WARN_UNUSED __attribute__((warn_unused_result))
#define PRINTF_LIKE(format_at, args_at) __attribute__((format(printf, format_at, args_at)))

/* Declares `cleanup_NAME(TYPE *p)`, which calls FREE(*p): the hand that `_cleanup_(NAME)` invokes.
 */
#define DEFINE_CLEANUP(name, type, free_function)                                                  \
    /* NOLINTNEXTLINE(bugprone-macro-parentheses): a type takes none */                            \
    static inline void cleanup_##name(type *p)                                                     \
    {                                                                                              \
        free_function(*p);                                                                         \
    }                                                                                              \
    struct cleanup_semicolon_##name

/* Runs cleanup_NAME at the end of the variable's scope. */
#define CLEANUP(name) __attribute__((cleanup(cleanup_##name)))

/* Frees malloc'ed memory; NULL is fine. */
static inline void cleanup_free(void *p)
{
    free(*(void **)p);
}

/* Closes a file descriptor; -1 is fine. */
static inline void cleanup_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

/* Closes a stdio stream; NULL is fine. */
static inline void cleanup_file(FILE **file)
{
    if (*file != NULL)
        fclose(*file);
}

#endif
