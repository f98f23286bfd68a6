/* Paths: takes any bytes; what is read prints as a path that reads and prints the same, and runs over a document. */
#include "expr/jsonpath.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void run_over(const struct jsonpath *path, struct str document, bool silent,
                     struct arena *arena)
{
    struct path_question question = {.path = path,
                                     .document = jsonb_open(document, arena),
                                     .vars = jsonb_open(STR("{\"x\": [1, 2]}"), arena),
                                     .silent = silent};
    enum path_answer all = PATH_NOTHING, first = PATH_NOTHING;
    struct path_items items = {0};
    struct err err;
    bool ran = jsonpath_run(&question, arena, &items, &all, &err);

    for (uint32_t i = 0; i < items.n; i++)
        if (jsonb_text(arena, items.at[i]).len == 0)
            abort();
    question.first = true;
    /* what exists is among what is found */
    if (jsonpath_run(&question, arena, NULL, &first, &err) && ran && all == PATH_FOUND &&
        (first == PATH_FOUND) != (items.n > 0))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena CLEANUP(arena) = arena_new(1 << 20);
    struct str text = {(const char *)data, size}, printed, again;
    struct jsonpath path;
    struct err err = {0};

    /* regular expressions are Tcl's; a NUL is never in a text */
    if (memmem(data, size, "egex", 4) != NULL || memchr(data, '\0', size) != NULL)
        return 0;
    if (!jsonpath_parse(text, arena, &path, &err)) {
        if (err.kind != ERR_DEAD_LETTER)
            abort();
        return 0;
    }
    if (!jsonpath_value(text, arena, &printed, &err))
        return 0; /* it nests too deeply once it has all its parentheses */
    if (!jsonpath_value(printed, arena, &again, &err) || !str_eq(printed, again))
        abort();
    run_over(&path,
             STR("{\"a\": [1, {\"b\": \"x\", \"c\": null}, [true, 2.50]], \"b\": {\"a\": -3}}"),
             true, arena);
    run_over(&path, STR("[[1, 2], \"abc\", {\"a\": 1e3}]"), false, arena);
    return 0;
}
