/*
 * Planted defects, one broken rule of one operator each: for tests/equality/defects, which shows that
 * random queries find every one. In builds with SLUICE_DEFECTS alone; there SLUICE_DEFECT=NAME
 * chooses one. No ordinary build has them. Private to ops/.
 */
#ifndef SLUICE_VIEWS_OPS_DEFECT_H
#define SLUICE_VIEWS_OPS_DEFECT_H

#include <stdbool.h>

#ifdef SLUICE_DEFECTS
#include <stdlib.h>
#include <string.h>

/* The defect of that name is chosen. */
static inline bool defect(const char *name)
{
    const char *chosen = getenv("SLUICE_DEFECT");

    return chosen != NULL && strcmp(chosen, name) == 0;
}
#else
/* False: this build has no defects. */
static inline bool defect(const char *name)
{
    (void)name;
    return false;
}
#endif

#endif
