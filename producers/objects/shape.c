#include "shape.h"

#include "record/json.h"
#include "record/text.h"

enum { ARENA_BYTES = 1 << 20, ROW_BYTES_MAX = 128 << 20 };

static char *label_of(const char *name)
{
    struct buf label CLEANUP(buf) = {0};

    json_write_string(&label, str_of(name));
    buf_char(&label, ':');
    return err_strdup(buf_cstr(&label));
}

/* Cuts "a.b.c" into words; the default name of what is lifted is "a_b_c". */
static bool split_path(struct key_part *part)
{
    char *rest = part->words;

    while (rest != NULL) {
        if (part->path_n == KEY_PATH_MAX)
            return false;
        char *dot = strchr(rest, '.');
        part->path[part->path_n++] = rest;
        if (dot != NULL)
            *dot++ = '\0';
        if (part->path[part->path_n - 1][0] == '\0')
            return false;
        rest = dot;
    }
    return true;
}

static char *underscored(const char *path)
{
    char *name = err_strdup(path);

    for (char *c = name; *c != '\0'; c++)
        *c = *c == '.' ? '_' : *c;
    return name;
}

/* "customerID", "name.common", "country=name.common", "_file", "line=_line". */
static bool read_part(const char *text, struct key_part *part)
{
    const char *equals = strchr(text, '=');
    const char *path = equals == NULL ? text : equals + 1;

    part->words = err_strdup(path);
    if (strcmp(path, "_file") == 0)
        part->kind = KEY_FILE;
    else if (strcmp(path, "_line") == 0)
        part->kind = KEY_LINE;
    else if (equals != NULL || strchr(path, '.') != NULL)
        part->kind = KEY_LIFTED;
    if (equals != NULL) {
        part->name = err_strdup(text);
        part->name[equals - text] = '\0';
    } else {
        part->name = part->kind == KEY_LIFTED ? underscored(path) : err_strdup(path);
    }
    part->label = label_of(part->name);
    return split_path(part) && part->name[0] != '\0';
}

bool shape_make(struct shape *shape, char *const *key, size_t key_n, const char *columns,
                struct err *reterr)
{
    static char file[] = "_file", line[] = "_line";
    char *const fallback[] = {file, line};

    shape->arena = arena_new(ARENA_BYTES);
    shape->key_text.limit = shape->after.limit = ROW_BYTES_MAX;
    shape->key = err_calloc(key_n + 2, sizeof(*shape->key));
    shape->key_n = key_n == 0 ? 2 : key_n;
    for (size_t i = 0; i < shape->key_n; i++) {
        const char *text = key_n == 0 ? fallback[i] : key[i];

        if (!read_part(text, &shape->key[i]))
            return err_stop(reterr, EX_USAGE, "--key: \"%s\" names no column", text);
    }
    return declared_parse(columns, &shape->declared, reterr);
}

static void columns_done(struct shape *shape)
{
    for (size_t i = 0; i < shape->columns_n; i++) {
        buf_done(&shape->columns[i].label);
        free(shape->columns[i].name);
    }
    free(shape->columns);
    shape->columns = NULL;
    shape->columns_n = 0;
}

void shape_done(struct shape *shape)
{
    for (size_t i = 0; i < shape->key_n; i++) {
        free(shape->key[i].name);
        free(shape->key[i].label);
        free(shape->key[i].words);
    }
    free(shape->key);
    columns_done(shape);
    declared_done(&shape->declared);
    arena_free(shape->arena);
    buf_done(&shape->key_text);
    buf_done(&shape->after);
    *shape = (struct shape){0};
}

static bool check_utf8(struct str text, struct arena *arena, struct err *reterr)
{
    struct value ignored;

    return text_parse((struct type){TYPE_TEXT, -1}, text, arena, &ignored, reterr);
}

static bool find_field(const struct str *names, size_t n, const char *name, size_t *ret)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq_c(names[i], name)) {
            *ret = i;
            return true;
        }
    }
    return false;
}

static bool header_bad(struct err *reterr, const char *what, struct str name)
{
    return err_stop(reterr, EX_DATAERR, "the header %s \"%.*s\"", what,
                    name.len > 60 ? 60 : (int)name.len, name.at);
}

/* The key's columns and the declared ones must be there. */
static bool check_header(struct shape *shape, const struct str *names, size_t n, struct err *reterr)
{
    size_t ignored;

    for (size_t i = 0; i < n; i++) {
        if (!check_utf8(names[i], shape->arena, reterr))
            return err_stop(reterr, EX_DATAERR, "the header is not UTF-8");
        if (find_field(names, i, arena_copy(shape->arena, names[i]).at, &ignored))
            return header_bad(reterr, "has twice", names[i]);
    }
    for (size_t i = 0; i < shape->key_n; i++) {
        struct key_part *part = &shape->key[i];

        if (part->kind == KEY_LIFTED)
            return err_stop(reterr, EX_USAGE, "--key: \"%s\" lifts a member, CSV has none",
                            part->name);
        if (part->kind == KEY_MEMBER && !find_field(names, n, part->name, &part->field))
            return header_bad(reterr, "lacks the key's column", str_of(part->name));
    }
    for (size_t i = 0; i < shape->declared.n; i++) {
        if (!find_field(names, n, shape->declared.items[i].name, &ignored))
            return header_bad(reterr, "lacks the declared column",
                              str_of(shape->declared.items[i].name));
    }
    return true;
}

bool shape_begin(struct shape *shape, const struct str *fields, size_t fields_n, struct err *reterr)
{
    size_t n = fields == NULL ? shape->declared.n : fields_n;
    struct str *names CLEANUP(free) = err_calloc(n + 1, sizeof(*names));
    bool first = true;

    arena_reset(shape->arena);
    for (size_t i = 0; i < n; i++)
        names[i] = fields == NULL ? str_of(shape->declared.items[i].name) : fields[i];
    if (!check_header(shape, names, n, reterr))
        return false;
    columns_done(shape);
    shape->columns = err_calloc(n + 1, sizeof(*shape->columns));
    shape->columns_n = n;
    for (size_t i = 0; i < shape->key_n; i++)
        first = first && shape->key[i].kind == KEY_MEMBER;
    for (size_t i = 0; i < n; i++) {
        struct shape_column *column = &shape->columns[i];

        column->name = err_strdup(arena_copy(shape->arena, names[i]).at);
        buf_char(&column->label, first && i == 0 ? '{' : ',');
        json_write_string(&column->label, names[i]);
        buf_char(&column->label, ':');
        column->declared = declared_find(&shape->declared, names[i]);
    }
    return true;
}

void shape_put_place(struct buf *out, const struct key_part *part, struct shape_place place)
{
    if (part->kind == KEY_FILE)
        json_write_string(out, place.file);
    else
        buf_u64(out, place.line);
}

bool shape_finish(struct shape *shape, struct shaped *ret, struct err *reterr)
{
    if (!buf_ok(&shape->after) || !buf_ok(&shape->key_text))
        return err_set(reterr, ERR_DEAD_LETTER, "the row is too large");
    *ret = (struct shaped){buf_str(&shape->key_text), buf_str(&shape->after)};
    return true;
}

static bool put_field(struct shape *shape, struct buf *out, size_t i, struct str field,
                      struct err *reterr)
{
    const struct declared *declared = shape->columns[i].declared;

    if (shape->null_text != NULL && str_eq_c(field, shape->null_text)) {
        buf_puts(out, "null");
        return true;
    }
    if (declared == NULL) {
        json_write_string(out, field);
        return true;
    }
    return declared_write(out, declared, field, shape->arena, reterr) ||
           err_prefix(reterr, "column \"%s\"", declared->name);
}

/* The key, and the columns that it adds in front of the row. */
static bool put_key(struct shape *shape, const struct csv_record *record, struct shape_place place,
                    struct err *reterr)
{
    struct buf *key = &shape->key_text, *after = &shape->after;

    for (size_t i = 0; i < shape->key_n; i++) {
        const struct key_part *part = &shape->key[i];
        size_t from;

        buf_char(key, i == 0 ? '{' : ',');
        buf_puts(key, part->label);
        from = key->len;
        if (part->kind != KEY_MEMBER) {
            buf_char(after, after->len == 0 ? '{' : ',');
            buf_puts(after, part->label);
            shape_put_place(after, part, place);
            shape_put_place(key, part, place);
            continue;
        }
        if (!put_field(shape, key, part->field, record->fields[part->field], reterr))
            return false;
        if (buf_ok(key) && str_eq_c((struct str){key->at + from, key->len - from}, "null"))
            return err_sql(reterr, ERR_DEAD_LETTER, "23502", "the key's column \"%s\" is NULL",
                           part->name);
    }
    buf_char(key, '}');
    return true;
}

bool shape_csv(struct shape *shape, const struct csv_record *record, struct shape_place place,
               struct shaped *ret, struct err *reterr)
{
    buf_clear(&shape->key_text);
    buf_clear(&shape->after);
    arena_reset(shape->arena);
    if (record->fields_n != shape->columns_n)
        return err_set(reterr, ERR_DEAD_LETTER, "%zu fields, the header has %zu", record->fields_n,
                       shape->columns_n);
    if (!record->ascii && !check_utf8(record->raw, shape->arena, reterr))
        return false;
    if (!put_key(shape, record, place, reterr))
        return false;
    for (size_t i = 0; i < shape->columns_n; i++) {
        buf_put(&shape->after, buf_str(&shape->columns[i].label));
        if (!put_field(shape, &shape->after, i, record->fields[i], reterr))
            return false;
    }
    buf_char(&shape->after, '}');
    return shape_finish(shape, ret, reterr);
}
