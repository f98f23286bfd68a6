#include "expr/body.h"

#include <stdlib.h>

static int compare_rows(const void *left, const void *right)
{
    const struct function *a = *(const struct function *const *)left;
    const struct function *b = *(const struct function *const *)right;

    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    int order = strcmp(a->name, b->name);
    return order != 0 ? order : (a > b) - (a < b);
}

static void print_args(struct buf *out, const struct function *row, const char *between)
{
    for (uint16_t i = 0; i < FUNCTION_ARGS_MAX && row->args[i] != 0; i++) {
        bool last = i + 1 == FUNCTION_ARGS_MAX || row->args[i + 1] == 0;

        buf_printf(out, "%s%s%s", i > 0 ? between : "", last && row->variadic ? "VARIADIC " : "",
                   type_name(row->args[i]));
    }
}

void function_signature(struct buf *out, const struct function *row)
{
    if (row->kind == FUNCTION_NAMED || row->kind == FUNCTION_ROWS) {
        buf_printf(out, "%s(", row->name);
        print_args(out, row, ", ");
        buf_char(out, ')');
    } else if (row->kind == FUNCTION_CAST) {
        buf_printf(out, "cast(%s as %s)", type_name(row->args[0]), type_name(row->result));
    } else if (row->args[1] == 0) {
        buf_printf(out, "%s %s", row->name, type_name(row->args[0]));
    } else {
        buf_printf(out, "%s %s %s", type_name(row->args[0]), row->name, type_name(row->args[1]));
    }
}

static void print_row(struct buf *out, const struct function *row)
{
    static const char *const contexts[] = {"implicit", "assignment", "explicit"};
    size_t start = out->len;

    function_signature(out, row);
    do
        buf_char(out, ' ');
    while (out->len - start < 64);
    buf_printf(out, "%-28s %s", type_name(row->result), row->stable ? "stable" : "immutable");
    if (row->kind == FUNCTION_CAST)
        buf_printf(out, " %s", contexts[row->context]);
    buf_char(out, '\n');
}

/* Those with a blank in their name are the planner's own. */
static bool is_public(const struct function *row)
{
    return strchr(row->name, ' ') == NULL;
}

void function_list(struct buf *out)
{
    size_t n = 0, i = 0;

    for (const struct function *const *table = function_tables; *table != NULL; table++)
        for (const struct function *row = *table; row->name != NULL; row++)
            n += is_public(row);
    CLEANUP(free) const struct function **rows = err_calloc(n, sizeof(const struct function *));
    for (const struct function *const *table = function_tables; *table != NULL; table++)
        for (const struct function *row = *table; row->name != NULL; row++)
            if (is_public(row))
                rows[i++] = row;
    qsort(rows, n, sizeof(const struct function *), compare_rows);
    for (i = 0; i < n; i++)
        print_row(out, rows[i]);
}
