/*
 * A bound on how deep the syntax tree can get, from the tokens alone: libpg_query and the reader of
 * its tree recurse without a limit of their own, and a file must not be able to end the process by
 * its stack.
 */
#include "sql/ast.h"

enum { DEPTH_TOKENS_MAX = 1000, LEVELS_MAX = 500 };

/* Of one open parenthesis (or CASE): what each of its parts starts from, and what the part at hand
 * has come to. */
struct level {
    uint32_t base, count;
};

/* Ends a part: what follows is its sibling. */
static bool separates(PgQuery__Token token)
{
    switch (token) {
    case PG_QUERY__TOKEN__ASCII_44: /* , */
    case PG_QUERY__TOKEN__ASCII_59: /* ; */
    case PG_QUERY__TOKEN__AND:
    case PG_QUERY__TOKEN__OR:
    case PG_QUERY__TOKEN__WHEN:
    case PG_QUERY__TOKEN__THEN:
    case PG_QUERY__TOKEN__ELSE:
    case PG_QUERY__TOKEN__SELECT:
    case PG_QUERY__TOKEN__FROM:
    case PG_QUERY__TOKEN__WHERE:
    case PG_QUERY__TOKEN__GROUP_P:
    case PG_QUERY__TOKEN__HAVING:
    case PG_QUERY__TOKEN__ORDER:
        return true;
    default:
        return false;
    }
}

static bool opens(PgQuery__Token token)
{
    return token == PG_QUERY__TOKEN__ASCII_40 || token == PG_QUERY__TOKEN__ASCII_91 ||
           token == PG_QUERY__TOKEN__CASE;
}

static bool closes(PgQuery__Token token)
{
    return token == PG_QUERY__TOKEN__ASCII_41 || token == PG_QUERY__TOKEN__ASCII_93 ||
           token == PG_QUERY__TOKEN__END_P;
}

/* Set operations and joins nest to the left across their parts. */
static bool chains(PgQuery__Token token)
{
    return token == PG_QUERY__TOKEN__UNION || token == PG_QUERY__TOKEN__INTERSECT ||
           token == PG_QUERY__TOKEN__EXCEPT || token == PG_QUERY__TOKEN__JOIN;
}

bool ast_check_depth(struct ast *ast)
{
    struct level levels[LEVELS_MAX] = {{0}};
    uint32_t open = 0;

    for (size_t i = 0; i < ast->tokens->n_tokens; i++) {
        const PgQuery__ScanToken *token = ast->tokens->tokens[i];
        struct level *level = &levels[open];

        level->count++;
        if (token->token == PG_QUERY__TOKEN__ASCII_59)
            level->base = 0;
        if (chains(token->token))
            level->base++;
        if (separates(token->token))
            level->count = level->base;
        if (level->count > DEPTH_TOKENS_MAX || (opens(token->token) && open + 1 == LEVELS_MAX))
            return ast_refuse(ast, token->start,
                              "the expression is nested too deeply; split it over several views");
        if (opens(token->token))
            levels[++open] = (struct level){level->count, level->count};
        else if (closes(token->token) && open > 0)
            open--;
    }
    return true;
}
