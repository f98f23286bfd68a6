/* JSON arrays as PostgreSQL's array literals. Pure. */
#ifndef SLUICE_POSTGRES_UPSERT_ARRAY_TEXT_H
#define SLUICE_POSTGRES_UPSERT_ARRAY_TEXT_H

#include "base/arena.h"
#include "base/err.h"

/*
 * The literal of a JSON array that the scanner has accepted, its brackets included: [1,null,"a b"]
 * gives {1,NULL,"a b"}; nested arrays are dimensions, objects are text. In the arena.
 */
WARN_UNUSED bool array_text(struct str json, struct arena *arena, struct str *ret,
                            struct err *reterr);

#endif
