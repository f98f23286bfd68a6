#include "shape_options.h"

#include "table_file.h"

#define AT(field) offsetof(struct shape_options, field)

enum { SCHEMA_BYTES_MAX = 4 << 20, GZIP = 1 };

static const char *const compressions[] = {"none", "gzip", NULL};
static const char *const quotes[] = {"copy", "minimal", "all", NULL};
static const char *const headers[] = {"as-is", "upper", "lower", "none", NULL};
static const char *const nestings[] = {"json", "repr", NULL};
static const char *const xml_styles[] = {"rows", "tree", NULL};
static const char *const codecs[] = {"snappy", "zstd", "gzip", "none", NULL};

const struct option shape_option_rows[] = {
    {.name = "schema",
     .kind = OPTION_STRING,
     .offset = AT(schema),
     .value_name = "FILE",
     .help = "CREATE TABLE statements that declare the columns (schemas/PIPELINE/target.sql); for "
             "Parquet, and for CSV as psql prints it"},
    {.name = "columns",
     .kind = OPTION_LIST,
     .offset = AT(columns),
     .value_name = "COLUMN,...",
     .help = "write only these columns, in this order"},
    {.name = "without-columns",
     .kind = OPTION_LIST,
     .offset = AT(without),
     .value_name = "COLUMN,...",
     .help = "write all columns but these, for rows whose columns are not declared"},
    {.name = "row-from",
     .kind = OPTION_STRING,
     .offset = AT(row_from),
     .value_name = "MEMBER",
     .help = "the row is the object in this member of the record (after, for Debezium's envelope)"},
    {.name = "compression",
     .kind = OPTION_CHOICE,
     .offset = AT(compression),
     .fallback = "none",
     .choices = compressions,
     .value_name = "none|gzip",
     .help = "compression of the text formats"},
    {.name = "csv-delimiter",
     .kind = OPTION_STRING,
     .offset = AT(csv_delimiter),
     .value_name = "CHARACTER",
     .help = "one character or \"tab\"; without it a comma"},
    {.name = "csv-quote",
     .kind = OPTION_CHOICE,
     .offset = AT(csv_quote),
     .fallback = "copy",
     .choices = quotes,
     .value_name = "copy|minimal|all",
     .help = "quote as COPY does (an empty text is \"\"), only where needed, or every field"},
    {.name = "csv-header",
     .kind = OPTION_CHOICE,
     .offset = AT(csv_header),
     .fallback = "as-is",
     .choices = headers,
     .value_name = "as-is|upper|lower|none",
     .help = "first line of a CSV object"},
    {.name = "csv-null",
     .kind = OPTION_STRING,
     .offset = AT(csv_null),
     .value_name = "TEXT",
     .help = "text of NULL in CSV; without it nothing"},
    {.name = "csv-crlf",
     .kind = OPTION_BOOL,
     .offset = AT(csv_crlf),
     .fallback = "false",
     .help = "end the lines of CSV by CR LF"},
    {.name = "nested",
     .kind = OPTION_CHOICE,
     .offset = AT(nested),
     .fallback = "json",
     .choices = nestings,
     .value_name = "json|repr",
     .help = "arrays and objects in CSV: as their JSON, or as Python's repr"},
    {.name = "xml-style",
     .kind = OPTION_CHOICE,
     .offset = AT(xml_style),
     .fallback = "rows",
     .choices = xml_styles,
     .value_name = "rows|tree",
     .help = "a row a line as SQL/XML maps a table, or nested elements, indented"},
    {.name = "xml-root",
     .kind = OPTION_STRING,
     .offset = AT(xml_root),
     .value_name = "NAME",
     .help = "outermost element; without it rows"},
    {.name = "xml-record",
     .kind = OPTION_STRING,
     .offset = AT(xml_record),
     .value_name = "NAME",
     .help = "element of a row; without it row"},
    {.name = "xml-wrap",
     .kind = OPTION_LIST,
     .offset = AT(xml_wrap),
     .value_name = "ARRAY=ITEM,...",
     .help = "in the style tree, the element around each item of an array"},
    {.name = "parquet-compression",
     .kind = OPTION_CHOICE,
     .offset = AT(parquet_compression),
     .fallback = "snappy",
     .choices = codecs,
     .value_name = "snappy|zstd|gzip|none",
     .help = "compression of Parquet's pages"},
    {.name = "parquet-doubles",
     .kind = OPTION_BOOL,
     .offset = AT(parquet_doubles),
     .fallback = "false",
     .help = "write every numeric as DOUBLE in place of DECIMAL or text"},
    {.name = "parquet-row-group",
     .kind = OPTION_SIZE,
     .offset = AT(parquet_row_group_bytes),
     .fallback = "8MiB",
     .min = 4096,
     .max = INT64_C(512) * 1024 * 1024,
     .value_name = "SIZE",
     .help = "a row group ends when its pages in memory have reached this"},
    {0}};

static bool read_delimiter(const char *text, char *ret, struct err *reterr)
{
    bool tab = text != NULL && (strcmp(text, "tab") == 0 || strcmp(text, "\\t") == 0);

    if (text == NULL || tab) {
        *ret = tab ? '\t' : '\0';
        return true;
    }
    if (strlen(text) != 1 || strchr("\"\r\n", text[0]) != NULL || ((unsigned char)text[0] & 0x80))
        return err_stop(reterr, EX_USAGE, "--csv-delimiter \"%s\": it must be one character", text);
    *ret = text[0];
    return true;
}

static bool read_wraps(const struct option_list *list, struct arena *arena,
                       struct xml_style_of *xml, struct err *reterr)
{
    struct xml_wrap *wraps = arena_zalloc(arena, (list->n + 1) * sizeof(*wraps));

    for (size_t i = 0; i < list->n; i++) {
        const char *text = list->items[i], *equals = strchr(text, '=');

        if (equals == NULL || equals == text || equals[1] == '\0')
            return err_stop(reterr, EX_USAGE, "--xml-wrap \"%s\": it must be ARRAY=ITEM", text);
        wraps[i] = (struct xml_wrap){str_between(text, equals), str_of(equals + 1)};
    }
    xml->wraps = wraps;
    xml->wraps_n = list->n;
    return true;
}

static bool check_needs(const struct shape_options *options,
                        const struct object_format *const *formats, struct object_shape *shape,
                        struct err *reterr)
{
    static const enum parquet_codec by_choice[] = {PARQUET_SNAPPY, PARQUET_ZSTD, PARQUET_GZIP,
                                                   PARQUET_NONE};

    if (options->without.n > 0 && (options->schema != NULL || options->columns.n > 0))
        return err_stop(reterr, EX_USAGE,
                        "--without-columns: with --schema or --columns, give --columns without "
                        "them");
    for (; *formats != NULL; formats++) {
        if ((*formats)->needs_types && options->schema == NULL)
            return err_stop(reterr, EX_USAGE,
                            "--format %s needs the types of the columns: give --schema FILE (as "
                            "sluice-views --ddl prints it)",
                            (*formats)->name);
        if ((*formats)->needs_columns && options->schema == NULL && options->columns.n == 0)
            return err_stop(reterr, EX_USAGE,
                            "--format %s needs the columns: give --schema FILE or --columns",
                            (*formats)->name);
        if (!(*formats)->needs_types)
            continue;
        shape->finite = true;
        shape->parquet =
            (struct parquet_style){by_choice[options->parquet_compression],
                                   options->parquet_doubles, options->parquet_row_group_bytes};
    }
    return true;
}

/* What all topics share. */
static bool build_common(const struct shape_options *options,
                         const struct object_format *const *formats, struct arena *arena,
                         struct object_shape *shape, struct err *reterr)
{
    shape->row_from = options->row_from;
    shape->columns = options->columns.n > 0 ? &options->columns : NULL;
    shape->without = options->without.n > 0 ? &options->without : NULL;
    shape->gzip = options->compression == GZIP;
    shape->csv = (struct csv_dialect){.quote = options->csv_quote,
                                      .header = options->csv_header,
                                      .nested = options->nested,
                                      .crlf = options->csv_crlf,
                                      .null_text = options->csv_null};
    shape->xml = (struct xml_style_of){
        .style = options->xml_style, .root = options->xml_root, .record = options->xml_record};
    return read_delimiter(options->csv_delimiter, &shape->csv.delimiter, reterr) &&
           read_wraps(&options->xml_wrap, arena, &shape->xml, reterr) &&
           check_needs(options, formats, shape, reterr);
}

bool shape_options_build(const struct shape_options *options, const struct option_list *topics,
                         const struct object_format *const *formats, struct arena *arena,
                         struct object_shape **ret, struct err *reterr)
{
    CLEANUP(free) char *text = NULL;
    struct object_shape common = {.envelope = options->envelope};
    struct object_shape *shapes = arena_zalloc(arena, (topics->n + 1) * sizeof(*shapes));

    if (!build_common(options, formats, arena, &common, reterr))
        return false;
    if (options->schema != NULL &&
        !options_read_file(options->schema, SCHEMA_BYTES_MAX, &text, reterr))
        return err_prefix(reterr, "--schema");
    for (size_t i = 0; i < topics->n; i++) {
        shapes[i] = common;
        if (text != NULL && !table_file_columns(str_of(text), topics->items[i], &options->columns,
                                                arena, &shapes[i].schema, reterr))
            return false;
    }
    *ret = shapes;
    return true;
}
