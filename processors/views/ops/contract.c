#include "ops/engine_own.h"

void contract_start(struct engine *engine)
{
    const struct plan *plan = engine->plan;

    engine->contracts = arena_zalloc(engine->arena, plan->sources_n * sizeof(*engine->contracts));
    for (uint32_t s = 0; s < plan->sources_n; s++) {
        const struct plan_source *source = &plan->sources[s];

        struct compiled_rule *rules = arena_zalloc(engine->arena, source->rules_n * sizeof(*rules));

        engine->contracts[s].rules = rules;
        for (uint16_t i = 0; i < source->rules_n; i++) {
            if (source->rules[i].expr != NULL)
                rules[i].program = expr_compile(engine->arena, source->rules[i].expr);
        }
    }
}

/* A CHECK is kept by NULL as by true. */
static bool keeps_check(const struct program *program, const struct plan_source *source,
                        const struct plan_rule *rule, const struct row *row, struct arena *scratch,
                        struct err *ret_reason)
{
    struct arena_mark mark = arena_mark(scratch);
    struct value value;
    bool ok = program_eval(program, row, scratch, &value, ret_reason);

    arena_rewind(scratch, mark);
    if (!ok)
        return false;
    if (value.null || value.slot != 0)
        return true;
    return err_sql(ret_reason, ERR_DEAD_LETTER, "23514",
                   "new row for relation \"%s\" violates check constraint \"%s\"", source->name,
                   rule->name);
}

static bool keeps_not_null(const struct plan_source *source, const struct plan_rule *rule,
                           const struct row *row, struct err *ret_reason)
{
    if (!row_is_null(row, rule->column))
        return true;
    return err_sql(ret_reason, ERR_DEAD_LETTER, "23502",
                   "null value in column \"%s\" of relation \"%s\" violates not-null constraint",
                   source->schema.columns[rule->column].name, source->name);
}

void engine_check(struct engine *engine, uint32_t source_index, const struct row *row,
                  struct arena *scratch, const struct plan_rule **ret_rule, struct err *ret_reason)
{
    const struct plan_source *source = &engine->plan->sources[source_index];
    struct compiled_rule *compiled = engine->contracts[source_index].rules;

    *ret_rule = NULL;
    for (uint16_t i = 0; i < source->rules_n; i++) {
        const struct plan_rule *rule = &source->rules[i];

        if (compiled[i].program == NULL
                ? keeps_not_null(source, rule, row, ret_reason)
                : keeps_check(compiled[i].program, source, rule, row, scratch, ret_reason))
            continue;
        if (rule->warning) {
            compiled[i].warnings++;
            continue;
        }
        *ret_rule = rule;
        return;
    }
}

uint64_t engine_take_warnings(struct engine *engine, uint32_t source, uint16_t rule)
{
    uint64_t *warnings = &engine->contracts[source].rules[rule].warnings, taken = *warnings;

    *warnings = 0;
    return taken;
}
