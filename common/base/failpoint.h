/*
 * Named places where a test makes the process die or misbehave. Compiled out unless
 * SLUICE_FAILPOINTS is defined; then SLUICE_FAILPOINT="name:action[,name:action...]" arms them:
 *
 *   name:kill[@N]    SIGKILL to oneself at the N-th pass (default 1)
 *   name:stop[@N]    SIGSTOP to oneself at the N-th pass
 *   name:on          failpoint_on(name) is true: a deliberate defect, to prove that a test would
 *                    notice it
 *
 * Before it kills or stops, one line `msg=failpoint name=... ` goes to stderr, so that a test can
 * tell where it fell. Names are `service.place`, as in "views.before-commit".
 */
#ifndef SLUICE_BASE_FAILPOINT_H
#define SLUICE_BASE_FAILPOINT_H

#include <stdbool.h>

#ifdef SLUICE_FAILPOINTS
/* Passes the named place: may not return. Any thread. */
void failpoint(const char *name);

/* The named defect is switched on. Any thread. */
bool failpoint_on(const char *name);
#else
/* Nothing: this build has no failpoints. */
static inline void failpoint(const char *name)
{
    (void)name;
}

/* False: this build has no failpoints. */
static inline bool failpoint_on(const char *name)
{
    (void)name;
    return false;
}
#endif

#endif
