#include "columns.h"

#include "record/debezium_value.h"
#include "record/text.h"

/* The types a column may have, with PostgreSQL's OIDs. */
static const struct {
    enum type_id id;
    uint32_t oid;
} oids[] = {{TYPE_BOOL, 16},      {TYPE_INT2, 21},        {TYPE_INT4, 23},
            {TYPE_INT8, 20},      {TYPE_FLOAT4, 700},     {TYPE_FLOAT8, 701},
            {TYPE_NUMERIC, 1700}, {TYPE_TEXT, 25},        {TYPE_VARCHAR, 1043},
            {TYPE_BPCHAR, 1042},  {TYPE_BYTEA, 17},       {TYPE_DATE, 1082},
            {TYPE_TIME, 1083},    {TYPE_TIMESTAMP, 1114}, {TYPE_TIMESTAMPTZ, 1184},
            {TYPE_UUID, 2950},    {TYPE_JSON, 114},       {TYPE_JSONB, 3802}};

static uint32_t oid_of(enum type_id id)
{
    for (size_t i = 0; i < sizeof(oids) / sizeof(*oids); i++) {
        if (oids[i].id == id)
            return oids[i].oid;
    }
    return 0;
}

static const char blanks[] = " \t\n\r";

/* Takes the text up to the next comma outside parentheses and quotes. */
static struct str next_item(struct str *rest)
{
    bool quoted = false;
    int depth = 0;
    size_t n = 0;

    for (; n < rest->len; n++) {
        char c = rest->at[n];

        quoted ^= c == '"';
        depth += !quoted && c == '(';
        depth -= !quoted && c == ')';
        if (c == ',' && !quoted && depth == 0)
            break;
    }
    struct str item = {rest->at, n};
    *rest = n == rest->len ? STR_NONE : (struct str){rest->at + n + 1, rest->len - n - 1};
    return str_trim(item, blanks);
}

/* Takes the name off the front, without its quotes. */
static bool take_name(struct str *item, struct buf *name)
{
    size_t n = 0;

    if (item->len > 0 && item->at[0] == '"') {
        for (n = 1; n < item->len; n++) {
            bool quote = item->at[n] == '"';
            bool doubled = quote && n + 1 < item->len && item->at[n + 1] == '"';

            if (quote && !doubled)
                break;
            buf_char(name, item->at[n]);
            n += doubled;
        }
        if (n == item->len)
            return false;
        n++;
    } else {
        for (; n < item->len && !char_is_in(item->at[n], blanks); n++)
            buf_char(name, item->at[n]);
    }
    *item = str_trim((struct str){item->at + n, item->len - n}, blanks);
    return name->len > 0;
}

/* "10", "10,2" between the parentheses. */
static bool read_numbers(struct str text, int *numbers, int *ret_n)
{
    *ret_n = 0;
    while (text.at != NULL) {
        struct str item = next_item(&text);
        int number = 0;

        if (item.len == 0 || item.len > 7 || *ret_n == 2)
            return false;
        for (size_t i = 0; i < item.len; i++) {
            if (item.at[i] < '0' || item.at[i] > '9')
                return false;
            number = number * 10 + (item.at[i] - '0');
        }
        numbers[(*ret_n)++] = number;
    }
    return true;
}

static bool make_typmod(struct type *type, const int *numbers, int n)
{
    bool time = type->id == TYPE_TIME || type->id == TYPE_TIMESTAMP || type->id == TYPE_TIMESTAMPTZ;

    if (type->id == TYPE_NUMERIC && numbers[0] >= 1 && numbers[0] <= 1000) {
        type->typmod = type_numeric_make_typmod(numbers[0], n == 2 ? numbers[1] : 0);
        return n == 1 || numbers[1] <= numbers[0];
    }
    if ((type->id == TYPE_VARCHAR || type->id == TYPE_BPCHAR) && n == 1 && numbers[0] >= 1) {
        type->typmod = numbers[0] + 4;
        return true;
    }
    type->typmod = numbers[0];
    return time && n == 1 && numbers[0] <= 6;
}

/* "numeric(10,2)", "timestamp(3) with time zone" is written as "timestamptz(3)". */
static bool read_type(struct str text, struct type *ret)
{
    struct type type = {.typmod = -1};
    const char *open = text.len == 0 ? NULL : memchr(text.at, '(', text.len);
    struct str name = text;
    int numbers[2] = {0}, n = 0;

    if (open != NULL) {
        if (text.at[text.len - 1] != ')' ||
            !read_numbers(str_between(open + 1, text.at + text.len - 1), numbers, &n) || n == 0)
            return false;
        name = str_trim(str_between(text.at, open), blanks);
    }
    if (!type_find(name, &type.id) || oid_of(type.id) == 0 ||
        (n > 0 && !make_typmod(&type, numbers, n)))
        return false;
    *ret = type;
    return true;
}

static bool bad(struct declared_list *list, struct str item, const char *what, struct err *reterr)
{
    declared_done(list);
    return err_stop(reterr, EX_USAGE, "--columns: %s in \"%.*s\"", what,
                    item.len > 60 ? 60 : (int)item.len, item.at);
}

bool declared_parse(const char *text, struct declared_list *ret, struct err *reterr)
{
    struct declared_list list = {0};
    struct str rest = text == NULL ? STR_NONE : str_of(text);

    while (rest.at != NULL) {
        struct str item = next_item(&rest), left = item;
        struct buf name CLEANUP(buf) = {0};
        struct type type;

        if (!take_name(&left, &name))
            return bad(&list, item, "no name", reterr);
        if (!read_type(left, &type))
            return bad(&list, item, "no type that is known", reterr);
        if (declared_find(&list, buf_str(&name)) != NULL)
            return bad(&list, item, "a name that was there before", reterr);
        list.items = err_realloc(list.items, (list.n + 1) * sizeof(*list.items));
        list.items[list.n++] = (struct declared){err_strdup(buf_cstr(&name)), type};
    }
    *ret = list;
    return true;
}

void declared_done(struct declared_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->items[i].name);
    free(list->items);
    *list = (struct declared_list){0};
}

const struct declared *declared_find(const struct declared_list *list, struct str name)
{
    for (size_t i = 0; i < list->n; i++) {
        if (str_eq_c(name, list->items[i].name))
            return &list->items[i];
    }
    return NULL;
}

struct debezium_column declared_column(const char *name, const struct declared *declared)
{
    struct type type = declared == NULL ? (struct type){TYPE_TEXT, -1, NULL} : declared->type;

    return (struct debezium_column){
        .name = name, .type_oid = oid_of(type.id), .typmod = type.typmod};
}

bool declared_write(struct buf *out, const struct declared *column, struct str field,
                    struct arena *arena, struct err *reterr)
{
    const struct debezium_column as = declared_column(column->name, column);
    struct buf text CLEANUP(buf) = {0};
    struct value value;

    if (field.len == 0 && !type_is_text(column->type.id)) {
        buf_puts(out, "null");
        return true;
    }
    if (!text_parse(column->type, field, arena, &value, reterr))
        return false;
    text_print(&text, column->type, value);
    const struct debezium_datum datum = {DEBEZIUM_TEXT, buf_str(&text)};
    return debezium_value_write(out, &as, &datum, (struct debezium_format){0}, reterr);
}
