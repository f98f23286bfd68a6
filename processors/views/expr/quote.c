/* SQL's quotes and characters of UTF-8. */
#include "expr/strings.h"

#include "record/text.h"
#include <stdlib.h>

/* PostgreSQL's keywords that are not unreserved: as identifiers they need quotes. */
static const char *const keywords[] = {
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "authorization",
    "between",
    "bigint",
    "binary",
    "bit",
    "boolean",
    "both",
    "case",
    "cast",
    "char",
    "character",
    "check",
    "coalesce",
    "collate",
    "collation",
    "column",
    "concurrently",
    "constraint",
    "create",
    "cross",
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "dec",
    "decimal",
    "default",
    "deferrable",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "exists",
    "extract",
    "false",
    "fetch",
    "float",
    "for",
    "foreign",
    "freeze",
    "from",
    "full",
    "grant",
    "greatest",
    "group",
    "grouping",
    "having",
    "ilike",
    "in",
    "initially",
    "inner",
    "inout",
    "int",
    "integer",
    "intersect",
    "interval",
    "into",
    "is",
    "isnull",
    "join",
    "lateral",
    "leading",
    "least",
    "left",
    "like",
    "limit",
    "localtime",
    "localtimestamp",
    "national",
    "natural",
    "nchar",
    "none",
    "normalize",
    "not",
    "notnull",
    "null",
    "nullif",
    "numeric",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "out",
    "outer",
    "overlaps",
    "overlay",
    "placing",
    "position",
    "precision",
    "primary",
    "real",
    "references",
    "returning",
    "right",
    "row",
    "select",
    "session_user",
    "setof",
    "similar",
    "smallint",
    "some",
    "substring",
    "symmetric",
    "table",
    "tablesample",
    "then",
    "time",
    "timestamp",
    "to",
    "trailing",
    "treat",
    "trim",
    "true",
    "union",
    "unique",
    "user",
    "using",
    "values",
    "varchar",
    "variadic",
    "verbose",
    "when",
    "where",
    "window",
    "with",
    "xmlattributes",
    "xmlconcat",
    "xmlelement",
    "xmlexists",
    "xmlforest",
    "xmlnamespaces",
    "xmlparse",
    "xmlpi",
    "xmlroot",
    "xmlserialize",
    "xmltable",
};

static int compare_keywords(const void *word, const void *at)
{
    return strcmp(word, *(const char *const *)at);
}

static bool is_safe(struct str text)
{
    char word[64];

    if (text.len == 0 || (text.at[0] >= '0' && text.at[0] <= '9'))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_')
            return false;
    }
    if (text.len >= sizeof(word))
        return true;
    memcpy(word, text.at, text.len);
    word[text.len] = '\0';
    return bsearch(word, keywords, sizeof(keywords) / sizeof(keywords[0]), sizeof(keywords[0]),
                   compare_keywords) == NULL;
}

void quote_identifier(struct buf *out, struct str text)
{
    if (is_safe(text)) {
        buf_put(out, text);
        return;
    }
    buf_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '"')
            buf_char(out, '"');
        buf_char(out, text.at[i]);
    }
    buf_char(out, '"');
}

void quote_literal(struct buf *out, struct str text)
{
    if (text.len > 0 && memchr(text.at, '\\', text.len) != NULL)
        buf_char(out, 'E');
    buf_char(out, '\'');
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '\'' || text.at[i] == '\\')
            buf_char(out, text.at[i]);
        buf_char(out, text.at[i]);
    }
    buf_char(out, '\'');
}

uint32_t utf8_point(struct str s)
{
    unsigned char lead = (unsigned char)s.at[0];
    size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    uint32_t point = size == 1 ? lead : lead & (0x7fU >> size);

    for (size_t i = 1; i < size && i < s.len; i++)
        point = point << 6 | ((unsigned char)s.at[i] & 0x3fU);
    return point;
}

void utf8_append(struct buf *out, uint32_t point)
{
    if (point < 0x80) {
        buf_char(out, (char)point);
        return;
    }
    if (point >= 0x10000) {
        buf_char(out, (char)(0xf0 | point >> 18));
        buf_char(out, (char)(0x80 | (point >> 12 & 0x3f)));
    } else if (point >= 0x800) {
        buf_char(out, (char)(0xe0 | point >> 12));
    }
    if (point >= 0x800)
        buf_char(out, (char)(0x80 | (point >> 6 & 0x3f)));
    else
        buf_char(out, (char)(0xc0 | point >> 6));
    buf_char(out, (char)(0x80 | (point & 0x3f)));
}

struct str output_of(const struct call *call, uint16_t i)
{
    CLEANUP(buf) struct buf out = {0};

    if (call->arg_types[i].id == TYPE_TEXT || call->arg_types[i].id == TYPE_VARCHAR)
        return call->args[i].bytes;
    text_print(&out, call->arg_types[i], call->args[i]);
    return arena_copy(call->scratch, buf_str(&out));
}

bool buf_result(const struct call *call, const struct buf *out, struct value *ret,
                struct err *reterr)
{
    if (!buf_ok(out))
        return err_sql(reterr, ERR_DEAD_LETTER, "54000", "requested length too large");
    ret->bytes = arena_copy(call->scratch, buf_str(out));
    return true;
}
