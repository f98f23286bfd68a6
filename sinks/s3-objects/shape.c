#include "shape.h"

#include <inttypes.h>

static void describe_columns(struct buf *out, const struct object_shape *shape)
{
    for (size_t i = 0; shape->columns != NULL && i < shape->columns->n; i++)
        buf_printf(out, " column=%s", shape->columns->items[i]);
    for (size_t i = 0; shape->without != NULL && i < shape->without->n; i++)
        buf_printf(out, " without=%s", shape->without->items[i]);
    for (size_t i = 0; shape->schema != NULL && i < shape->schema->columns_n; i++) {
        buf_printf(out, " typed=%s ", shape->schema->columns[i].name);
        type_print(out, shape->schema->columns[i].type);
    }
}

static void describe_csv(struct buf *out, const struct csv_dialect *csv)
{
    if (csv->delimiter != '\0' || csv->quote != 0 || csv->header != 0 || csv->nested != 0 ||
        csv->crlf || csv->null_text != NULL)
        buf_printf(out, " csv=%d,%d,%d,%d,%d,%s", csv->delimiter, csv->quote, csv->header,
                   csv->nested, csv->crlf, csv->null_text == NULL ? "" : csv->null_text);
}

static void describe_xml(struct buf *out, const struct xml_style_of *xml)
{
    if (xml->style != 0 || xml->root != NULL || xml->record != NULL)
        buf_printf(out, " xml=%d,%s,%s", xml->style, xml->root == NULL ? "" : xml->root,
                   xml->record == NULL ? "" : xml->record);
    for (size_t i = 0; i < xml->wraps_n; i++)
        buf_printf(out, " wrap=%.*s,%.*s", STR_ARG(xml->wraps[i].name),
                   STR_ARG(xml->wraps[i].item));
}

void object_shape_describe(struct buf *out, const struct object_shape *shape)
{
    const struct parquet_style *parquet = &shape->parquet;

    if (!shape->envelope)
        buf_puts(out, " bare");
    if (shape->row_from != NULL)
        buf_printf(out, " from=%s", shape->row_from);
    if (shape->gzip)
        buf_puts(out, " gzip");
    describe_columns(out, shape);
    describe_csv(out, &shape->csv);
    describe_xml(out, &shape->xml);
    if (parquet->codec != PARQUET_NONE || parquet->doubles || parquet->row_group_bytes != 0)
        buf_printf(out, " parquet=%d,%d,%" PRId64, (int)parquet->codec, parquet->doubles,
                   parquet->row_group_bytes);
}
