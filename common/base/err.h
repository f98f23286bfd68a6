/*
 * The one error type. Its kind says what the caller must do; its text says what happened, for a
 * person. Not an exception: a function that can fail returns bool and has `struct err *reterr` as
 * its last parameter; false means that reterr is set. Nothing is allocated, so an error can always
 * be reported.
 */
#ifndef SLUICE_BASE_ERR_H
#define SLUICE_BASE_ERR_H

#include "base/cleanup.h"
#include <stdbool.h>
#include <sysexits.h>

/*
 * What the caller does:
 *
 *   ERR_RETRY        the same call may succeed later: back off and call again (a server is away, a
 * lock is held) ERR_ABORT        the transaction is void: abort it, go back to the last committed
 * position, go on ERR_DEAD_LETTER  this one record is bad and no retry mends it: dead-letter it
 * with its reason, go on ERR_STOP         nothing here can mend it: report once, leave with
 * err.exit_status
 */
enum err_kind { ERR_NONE = 0, ERR_RETRY, ERR_ABORT, ERR_DEAD_LETTER, ERR_STOP };

/* `exit_status` is a value of <sysexits.h>, used when the process ends by this error. */
struct err {
    enum err_kind kind;
    int exit_status;
    char sqlstate[6]; /* PostgreSQL's SQLSTATE, or "" */
    char text[1024];  /* one line, no full stop, no secret */
};

/*
 * Sets *reterr and returns false, so that `return err_set(...)` reads well. `exit_status` is
 * EX_SOFTWARE for ERR_STOP, EX_UNAVAILABLE for ERR_RETRY and ERR_ABORT, EX_DATAERR for
 * ERR_DEAD_LETTER; err_stop() chooses another.
 */
bool err_set(struct err *reterr, enum err_kind kind, const char *format, ...) PRINTF_LIKE(3, 4);

/* An ERR_STOP with an exit status of <sysexits.h>: EX_USAGE, EX_CONFIG, EX_NOINPUT, EX_NOPERM,
 * EX_UNAVAILABLE ... */
bool err_stop(struct err *reterr, int exit_status, const char *format, ...) PRINTF_LIKE(3, 4);

/* As err_set, with a SQLSTATE of five characters. */
bool err_sql(struct err *reterr, enum err_kind kind, const char *sqlstate, const char *format, ...)
    PRINTF_LIKE(4, 5);

/* Puts "prefix: " before the text; kind and status stay. Returns false. */
bool err_prefix(struct err *reterr, const char *format, ...) PRINTF_LIKE(2, 3);

/* Out of memory: writes one line to stderr and aborts. There is nothing better to do in a service
 * that can be killed anywhere. */
_Noreturn void err_no_memory(size_t wanted_bytes);

/* malloc that never returns NULL (see err_no_memory). The caller frees. */
void *err_malloc(size_t size) __attribute__((malloc));

/* calloc that never returns NULL. The caller frees. */
void *err_calloc(size_t count, size_t size) __attribute__((malloc));

/* realloc that never returns NULL. */
void *err_realloc(void *old, size_t size);

/* strdup that never returns NULL; NULL in gives NULL. The caller frees. */
char *err_strdup(const char *text);

#endif
