#include "xml_tree.h"

#include "python_text.h"
#include "record/xml_text.h"

struct tree {
    struct buf *out;
    const struct object_shape *shape;
    struct arena *arena; /* for names with escapes */
    size_t replaced;
};

static void indent(struct buf *out, int depth)
{
    for (int i = 0; i < depth; i++)
        buf_puts(out, "  ");
}

static void open_tag(struct tree *tree, int depth, struct str name)
{
    indent(tree->out, depth);
    buf_char(tree->out, '<');
    xml_name(tree->out, name);
    buf_char(tree->out, '>');
}

static void close_tag(struct tree *tree, struct str name)
{
    buf_puts(tree->out, "</");
    xml_name(tree->out, name);
    buf_puts(tree->out, ">\n");
}

static void put_element(struct tree *tree, int depth, struct str name,
                        const struct json_value *value);

/* Nested at most as deep as the scanner allows. NOLINTNEXTLINE(misc-no-recursion) */
static void put_members(struct tree *tree, int depth, struct str raw)
{
    struct json_cursor cursor = json_open(raw);
    bool first = true, more = true;
    struct str name = {0};
    struct json_value value;
    struct err ignored;

    if (!json_object_begin(&cursor, &ignored))
        return;
    while (json_object_next(&cursor, tree->arena, &first, &more, &name, &ignored) && more &&
           json_read(&cursor, &value, &ignored))
        put_element(tree, depth, name, &value);
}

static const struct str *wrapper_of(const struct tree *tree, struct str name)
{
    const struct xml_style_of *xml = &tree->shape->xml;

    for (size_t i = 0; i < xml->wraps_n; i++)
        if (str_eq(xml->wraps[i].name, name))
            return &xml->wraps[i].item;
    return NULL;
}

/* NOLINTNEXTLINE(misc-no-recursion) */
static void put_items(struct tree *tree, int depth, struct str name, struct str raw)
{
    const struct str *wrapper = wrapper_of(tree, name);
    struct json_cursor cursor = json_array_open(raw);
    struct json_value value;
    struct err ignored;

    while (json_array_more(&cursor) && json_read(&cursor, &value, &ignored))
        if (wrapper == NULL && value.kind == JSON_OBJECT)
            put_members(tree, depth, value.raw);
        else
            put_element(tree, depth, wrapper == NULL ? STR("item") : *wrapper, &value);
}

/* NOLINTNEXTLINE(misc-no-recursion) */
static void put_element(struct tree *tree, int depth, struct str name,
                        const struct json_value *value)
{
    open_tag(tree, depth, name);
    if (value->kind == JSON_OBJECT || value->kind == JSON_ARRAY) {
        buf_char(tree->out, '\n');
        if (value->kind == JSON_OBJECT)
            put_members(tree, depth + 1, value->raw);
        else
            put_items(tree, depth + 1, name, value->raw);
        indent(tree->out, depth);
    } else if (value->kind == JSON_STRING) {
        tree->replaced += xml_text(tree->out, value->raw, value->escaped);
    } else {
        python_scalar(tree->out, value);
    }
    close_tag(tree, name);
}

size_t xml_tree_row(struct buf *out, const struct object_shape *shape, struct str record,
                    const struct object_row *row, struct arena *arena)
{
    struct tree tree = {.out = out, .shape = shape, .arena = arena};

    open_tag(&tree, 1, record);
    buf_char(out, '\n');
    for (size_t i = 0; i < row->n; i++)
        put_element(&tree, 2, row->members[i].name, &row->members[i].value);
    if (shape->envelope)
        buf_printf(out, "    <__op>%s</__op>\n    <__offset>%lld</__offset>\n",
                   row->deleted ? "d" : "u", (long long)row->offset);
    indent(out, 1);
    close_tag(&tree, record);
    return tree.replaced;
}
