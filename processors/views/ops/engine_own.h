/* The inside of an engine: known to engine.c and contract.c. */
#ifndef SLUICE_VIEWS_OPS_ENGINE_OWN_H
#define SLUICE_VIEWS_OPS_ENGINE_OWN_H

#include "ops/arrangement.h"

/* One rule of a source's contract, compiled; NULL for a NOT NULL rule. */
struct compiled_rule {
    const struct program *program;
    uint64_t warnings; /* rows that broke it, when it only warns */
};

/* The rules of a source. */
struct contract {
    struct compiled_rule *rules;
};

struct engine {
    const struct plan *plan;
    struct store *store;
    struct arena *arena; /* what lives as long as the engine */
    struct op *ops;      /* one a node, in the plan's order */
    bool *repeats;       /* by node: equal rows may stand in its output more than once */
    struct arrangement *arrangements;
    uint32_t arrangements_n;
    struct contract *contracts; /* by source */
    struct buf key, value;      /* scratch of the steps */
    struct row_builder builder;
};

/* Compiles the contracts' rules into engine->contracts. */
void contract_start(struct engine *engine);

#endif
