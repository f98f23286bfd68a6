/* Templates of dates and numbers, from rows: the first byte chooses, a line break parts template and text. Any bytes end,
 * with a value or with PostgreSQL's error; what is written is UTF-8 when template and text are. */
#include "expr/function.h"
#include "expr/number_template.h"
#include "expr/template.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void call(const char *name, enum type_id first, struct value value, struct str template,
                 struct arena *arena)
{
    const enum type_id ids[] = {first, TYPE_TEXT};
    const struct type types[] = {{first, -1, NULL}, {TYPE_TEXT, -1, NULL}};
    const struct value args[] = {value, {.bytes = template}};
    bool ambiguous = false;
    const struct function *function =
        function_resolve(FUNCTION_NAMED, str_of(name), ids, 2, &ambiguous);
    struct value ret = {0};
    struct err err = {0};

    if (function == NULL)
        abort();
    const struct call made = {.args = args,
                              .arg_types = types,
                              .result_type = {function->result, -1, NULL},
                              .scratch = arena,
                              .args_n = 2};
    if (!function->body(&made, &ret, &err) && err.kind != ERR_DEAD_LETTER)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena) struct arena *arena = arena_new(1 << 14);
    const char *text = (const char *)data + 1, *end;
    int64_t number = 0;

    if (size == 0 || memchr(data, '\0', size) != NULL)
        return 0;
    end = memchr(text, '\n', size - 1);
    if (end == NULL)
        end = text + size - 1;
    struct str template = str_between(text, end), rest = {end, (size_t)(text + size - 1 - end)};
    memcpy(&number, data, size < sizeof(number) ? size : sizeof(number));
    switch (data[0] % 6) {
    case 0:
        call("to_char", TYPE_INT8, (struct value){.slot = number}, template, arena);
        break;
    case 1:
        call("to_char", TYPE_FLOAT8, (struct value){.real = (double)number / 1e6}, template, arena);
        break;
    case 2:
        call("to_char", TYPE_TIMESTAMP, (struct value){.slot = number % 100000000000000000},
             template, arena);
        break;
    case 3:
        call("to_number", TYPE_TEXT, (struct value){.bytes = rest}, template, arena);
        break;
    case 4:
        call("to_timestamp", TYPE_TEXT, (struct value){.bytes = rest}, template, arena);
        break;
    default:
        call("to_date", TYPE_TEXT, (struct value){.bytes = rest}, template, arena);
        break;
    }
    return 0;
}
