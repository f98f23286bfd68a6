#include "format.h"

#include "record/json.h"
#include "record/xml_text.h"
#include <time.h>

const char *const format_names[] = {"table", "csv", "json", "xml", "document", NULL};

const char *format_extension(enum report_format kind)
{
    static const char *const extensions[] = {"txt", "csv", "json", "xml", "json"};

    return extensions[kind];
}

const char *format_media_type(enum report_format kind)
{
    static const char *const types[] = {"text/plain; charset=utf-8", "text/csv; charset=utf-8",
                                        "application/json", "application/xml", "application/json"};

    return types[kind];
}

static struct str cell(const struct part *part, size_t row, size_t column)
{
    return part->cells[row * part->columns_n + column];
}

/* ---- table ---- */

/* Characters of UTF-8 text: every byte that does not continue one. */
static size_t width_of(struct str text)
{
    size_t width = 0;

    for (size_t i = 0; i < text.len; i++)
        width += ((unsigned char)text.at[i] & 0xc0) != 0x80;
    return width;
}

static size_t column_width(const struct part *part, size_t column)
{
    size_t widest = width_of(str_of(part->columns[column].name));

    for (size_t row = 0; row < part->rows; row++) {
        size_t width = width_of(cell(part, row, column));

        widest = width > widest ? width : widest;
    }
    return widest;
}

static void draw_cell(struct buf *out, struct str text, size_t width, bool right)
{
    size_t taken = width_of(text), blanks = width > taken ? width - taken : 0;

    buf_printf(out, " %*s%.*s%*s ", right ? (int)blanks : 0, "", STR_ARG(text),
               right ? 0 : (int)blanks, "");
}

static void draw_heading(struct format *format, const struct part *part)
{
    format->widths = err_calloc(part->columns_n, sizeof(*format->widths));
    for (size_t i = 0; i < part->columns_n; i++) {
        format->widths[i] = column_width(part, i);
        buf_puts(format->out, i == 0 ? "" : "|");
        draw_cell(format->out, str_of(part->columns[i].name), format->widths[i], false);
    }
    buf_char(format->out, '\n');
    for (size_t i = 0; i < part->columns_n; i++) {
        buf_puts(format->out, i == 0 ? "" : "+");
        for (size_t dashes = format->widths[i] + 2; dashes > 0; dashes--)
            buf_char(format->out, '-');
    }
    buf_char(format->out, '\n');
}

static void draw_row(struct format *format, const struct part *part, size_t row)
{
    for (size_t i = 0; i < part->columns_n; i++) {
        buf_puts(format->out, i == 0 ? "" : "|");
        draw_cell(format->out, cell(part, row, i), format->widths[i],
                  part->columns[i].kind == COLUMN_NUMBER);
    }
    buf_char(format->out, '\n');
}

/* ---- CSV ---- */

/* NULL is nothing, an empty text is "": as COPY tells them apart. */
static void write_csv_field(struct buf *out, struct str text, bool alone)
{
    bool quoted = text.at != NULL && (text.len == 0 || (alone && str_eq_c(text, "\\.")));

    for (size_t i = 0; i < text.len && !quoted; i++)
        quoted = strchr(",\"\r\n", text.at[i]) != NULL && text.at[i] != '\0';
    if (!quoted) {
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

static void write_csv_heading(struct format *format, const struct part *part)
{
    for (size_t i = 0; i < part->columns_n; i++) {
        buf_puts(format->out, i == 0 ? "" : ",");
        write_csv_field(format->out, str_of(part->columns[i].name), part->columns_n == 1);
    }
    buf_char(format->out, '\n');
}

static void write_csv_row(struct format *format, const struct part *part, size_t row)
{
    for (size_t i = 0; i < part->columns_n; i++) {
        buf_puts(format->out, i == 0 ? "" : ",");
        write_csv_field(format->out, cell(part, row, i), part->columns_n == 1);
    }
    buf_char(format->out, '\n');
}

/* ---- JSON ---- */

/* NaN and Infinity are no numbers of JSON. */
static bool is_bare_number(struct str text)
{
    return text.len > 0 && (text.at[text.len - 1] >= '0' && text.at[text.len - 1] <= '9');
}

static void write_json_value(struct buf *out, const struct heading *column, struct str text)
{
    if (text.at == NULL)
        buf_puts(out, "null");
    else if (column->kind == COLUMN_BOOLEAN)
        buf_puts(out, str_starts(text, STR("t")) ? "true" : "false");
    else if (column->kind == COLUMN_JSON || (column->kind == COLUMN_NUMBER && is_bare_number(text)))
        buf_put(out, text);
    else
        json_write_string(out, text);
}

static void write_json_row(struct format *format, const struct part *part, size_t row)
{
    buf_puts(format->out, format->rows == 0 && row == 0 ? "\n" : ",\n");
    for (size_t i = 0; i < part->columns_n; i++) {
        buf_puts(format->out, i == 0 ? "{" : ",");
        json_write_string(format->out, str_of(part->columns[i].name));
        buf_char(format->out, ':');
        write_json_value(format->out, &part->columns[i], cell(part, row, i));
    }
    buf_puts(format->out, part->columns_n == 0 ? "{}" : "}");
}

/* ---- XML ---- */

static void write_xml_row(struct format *format, const struct part *part, size_t row)
{
    struct buf *out = format->out;

    buf_puts(out, "  <row>\n");
    for (size_t i = 0; i < part->columns_n; i++) {
        struct str text = cell(part, row, i), name = str_of(part->columns[i].name);

        if (text.at == NULL)
            continue;
        buf_puts(out, "    <");
        xml_name(out, name);
        buf_char(out, '>');
        if (part->columns[i].kind == COLUMN_BOOLEAN)
            buf_puts(out, str_starts(text, STR("t")) ? "true" : "false");
        else
            xml_text(out, text, false);
        buf_puts(out, "</");
        xml_name(out, name);
        buf_puts(out, ">\n");
    }
    buf_puts(out, "  </row>\n");
}

/* ---- document ---- */

static bool write_document(struct format *format, const struct part *part, struct err *reterr)
{
    if (part->columns_n != 1 || format->rows + part->rows > 1)
        return err_stop(reterr, EX_DATAERR,
                        "report %s: a document is one row of one column, this is more",
                        format->name);
    if (part->rows == 1) {
        buf_put(format->out, cell(part, 0, 0));
        buf_char(format->out, '\n');
    }
    return true;
}

/* ---- parts ---- */

static void begin(struct format *format, const struct part *part)
{
    switch (format->kind) {
    case FORMAT_TABLE:
        draw_heading(format, part);
        break;
    case FORMAT_CSV:
        write_csv_heading(format, part);
        break;
    case FORMAT_JSON:
        buf_char(format->out, '[');
        break;
    case FORMAT_XML:
        buf_puts(format->out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<");
        xml_name(format->out, str_of(format->name));
        buf_puts(format->out, ">\n");
        break;
    default:
        break;
    }
}

bool format_part(struct format *format, const struct part *part, struct err *reterr)
{
    static void (*const writers[])(struct format *, const struct part *, size_t) = {
        draw_row, write_csv_row, write_json_row, write_xml_row};

    if (!format->begun)
        begin(format, part);
    format->begun = true;
    if (format->kind == FORMAT_DOCUMENT && !write_document(format, part, reterr))
        return false;
    for (size_t row = 0; row < part->rows && format->kind != FORMAT_DOCUMENT; row++)
        writers[format->kind](format, part, row);
    format->rows += part->rows;
    return true;
}

void format_done(struct format *format)
{
    free(format->widths);
    format->widths = NULL;
}

bool format_end(struct format *format, struct err *reterr)
{
    format_done(format);
    switch (format->kind) {
    case FORMAT_TABLE:
        buf_printf(format->out, "(%llu row%s)\n", (unsigned long long)format->rows,
                   format->rows == 1 ? "" : "s");
        break;
    case FORMAT_JSON:
        buf_puts(format->out, format->rows == 0 ? "]\n" : "\n]\n");
        break;
    case FORMAT_XML:
        buf_puts(format->out, "</");
        xml_name(format->out, str_of(format->name));
        buf_puts(format->out, ">\n");
        break;
    case FORMAT_DOCUMENT:
        return format->rows == 1 ||
               err_stop(reterr, EX_DATAERR, "report %s: a document is one row, this has none",
                        format->name);
    default:
        break;
    }
    return true;
}

void format_moment(char into[32], int64_t unix_us)
{
    time_t seconds = (time_t)(unix_us / 1000000);
    struct tm utc;

    gmtime_r(&seconds, &utc);
    strftime(into, 32, "%Y-%m-%dT%H:%M:%SZ", &utc);
}
