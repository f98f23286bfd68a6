#include "base/failpoint.h"

#ifdef SLUICE_FAILPOINTS
#include "base/str.h"
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { ARMED_MAX = 16 };

/* Finds "name:" in the environment's list; the action's text, or an empty view. `ret_slot` numbers
 * the entry. */
static struct str armed_action(const char *name, unsigned *ret_slot)
{
    const char *list = getenv("SLUICE_FAILPOINT");
    unsigned slot = 0;

    for (const char *at = list; at != NULL && *at != '\0' && slot < ARMED_MAX; slot++) {
        const char *end = strchrnul(at, ',');
        size_t length = strlen(name);

        if ((size_t)(end - at) > length && strncmp(at, name, length) == 0 && at[length] == ':') {
            *ret_slot = slot;
            return str_between(at + length + 1, end);
        }
        at = *end == ',' ? end + 1 : end;
    }
    return STR_NONE;
}

void failpoint(const char *name)
{
    static atomic_uint passes[ARMED_MAX];
    unsigned slot = 0;
    struct str action = armed_action(name, &slot);

    if (!str_starts(action, STR("kill")) && !str_starts(action, STR("stop")))
        return;
    unsigned wanted = action.len > 5 && action.at[4] == '@' ? (unsigned)atoi(action.at + 5) : 1;
    if (atomic_fetch_add(&passes[slot], 1) + 1 != wanted)
        return;
    fprintf(stderr, "level=warn msg=failpoint name=%s action=%.4s\n", name, action.at);
    fflush(stderr);
    raise(action.at[0] == 'k' ? SIGKILL : SIGSTOP);
}

bool failpoint_on(const char *name)
{
    unsigned slot = 0;

    return str_eq(armed_action(name, &slot), STR("on"));
}
#else
/* Nothing to arm in this build. */
struct failpoint_nothing;
#endif
