/*
 * Evaluates expressions over rows: expression_driver SOURCE.sql ROWS.tsv < EXPRESSIONS, one a line.
 * SOURCE.sql begins a pipeline and declares public.t with the key id; ROWS.tsv holds its rows as
 * COPY writes them. Prints one line for each expression and row: "type<TAB>JSON" or
 * "!SQLSTATE message", or once "refused: why".
 */
#include "record/json.h"
#include "record/text.h"
#include "sql/pipeline.h"
#include <stdio.h>

static struct str read_file(const char *path, struct arena *arena)
{
    CLEANUP(buf) struct buf out = {0};
    char chunk[4096];
    size_t n;
    CLEANUP(file) FILE *file = fopen(path, "re");

    if (file == NULL)
        exit(2);
    while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0)
        buf_append(&out, chunk, n);
    return arena_copy(arena, buf_str(&out));
}

/* One field of COPY's text form, unescaped. */
static struct str field(const char **at, struct arena *arena, bool *ret_null)
{
    CLEANUP(buf) struct buf out = {0};

    *ret_null = (*at)[0] == '\\' && (*at)[1] == 'N';
    for (; **at != '\t' && **at != '\n' && **at != '\0'; (*at)++) {
        char c = **at;

        if (c == '\\') {
            c = *++*at;
            c = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
        }
        buf_char(&out, c);
    }
    return arena_copy(arena, buf_str(&out));
}

static const struct row *read_row(const char **at, const struct schema *schema,
                                  struct row_builder *builder, struct arena *arena)
{
    struct err err;

    row_begin(builder, schema->columns_n);
    for (uint16_t i = 0; i < schema->columns_n; i++) {
        struct type type = schema->columns[i].type;
        struct value value;
        bool null;
        struct str text = field(at, arena, &null);

        if (!null && !text_parse(type, text, arena, &value, &err)) {
            fprintf(stderr, "row: %s\n", err.text);
            exit(2);
        }
        if (!null)
            row_set_value(builder, i, type.id, value);
        *at += **at == '\t';
    }
    *at += **at == '\n';
    return row_finish(builder, arena);
}

static void escape_line(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '\n')
            fputs("\\n", stdout);
        else
            putchar(text.at[i]);
    }
    putchar('\n');
}

static void print_result(const struct expr *expr, const struct row *row, struct arena *arena)
{
    CLEANUP(buf) struct buf out = {0};
    struct program *program = expr_compile(arena, expr);
    struct value value;
    struct err err;

    if (!program_eval(program, row, arena, &value, &err)) {
        buf_printf(&out, "!%s %s", err.sqlstate, err.text);
    } else {
        if (expr->type.id == TYPE_BPCHAR)
            buf_puts(&out, "character");
        else
            type_print(&out, (struct type){expr->type.id, -1, expr->type.labels});
        buf_char(&out, '\t');
        json_write_value(&out, expr->type, value);
    }
    escape_line(buf_str(&out));
}

static void evaluate(struct str source, const char *rows, const char *text, uint32_t number)
{
    CLEANUP(arena) struct arena *arena = arena_new(64 << 20);
    struct row_builder builder = {0};
    const struct plan *plan = NULL;
    struct err err;
    struct str file = str_of(arena_printf(
        arena, "%.*s;\nCREATE MATERIALIZED VIEW public.v AS SELECT id, (%s) AS e FROM t;\n",
        STR_ARG(source), text));

    if (!pipeline_plan(arena, "test", file, "test", &plan, &err)) {
        printf("%u\trefused: ", number);
        escape_line(str_of(err.text));
        return;
    }
    const struct plan_node *node = &plan->nodes[plan->views[0].node];
    const struct schema *schema = &plan->sources[0].schema;
    for (const char *at = rows; *at != '\0';) {
        const struct row *row = read_row(&at, schema, &builder, arena);

        printf("%u\t", number);
        if (node->kind == PLAN_PROJECT)
            print_result(node->exprs[1], row, arena);
        else
            puts("refused: no projection");
    }
    row_builder_done(&builder);
}

int main(int argc, char **argv)
{
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);
    CLEANUP(free) char *line = NULL;
    size_t cap = 0;
    ssize_t length;

    if (argc != 3)
        return 2;
    struct str source = read_file(argv[1], arena);
    const char *rows = read_file(argv[2], arena).at;
    for (uint32_t number = 0; (length = getline(&line, &cap, stdin)) >= 0; number++) {
        if (length > 0 && line[length - 1] == '\n')
            line[length - 1] = '\0';
        evaluate(source, rows, line, number);
        fflush(stdout);
    }
    return 0;
}
