#include "parquet.h"

#include "base/err.h"
#include "parquet_page.h"
#include "thrift.h"
#include <assert.h>

enum {
    PAGE_BYTES = 1024 * 1024,
    PAGE_ROWS_MAX = 1 << 20,
    ENCODING_PLAIN = 0,
    ENCODING_RLE = 3,
    OPTIONAL = 1,
    DATA_PAGE = 0
};

/* A column in the row group in hand. */
struct chunk {
    struct parquet_column column;
    struct buf values; /* of the page in hand, PLAIN */
    struct buf levels; /* its definition levels: runs of equal ones */
    uint64_t run;      /* length of the last run, not in `levels` yet */
    bool run_level;    /* 1: values, 0: NULLs */
    unsigned bit;      /* how many bits of the last byte are used: booleans */
    int64_t page_rows;
    struct buf pages; /* finished */
    int64_t rows, nulls, plain_bytes;
};

/* What the footer says about a column of a row group. */
struct chunk_about {
    int64_t offset, stored_bytes, plain_bytes, rows, nulls;
};

struct parquet {
    struct chunk *chunks;
    size_t n;
    enum parquet_codec codec;
    int64_t row_group_bytes;
    struct buf *out;
    struct buf page; /* scratch */
    int64_t written; /* bytes of the file so far */
    int64_t rows, group_rows;
    struct chunk_about *about; /* n for each row group */
    int64_t *group_sizes;      /* rows of each */
    size_t groups_n;
};

static void put_bytes(struct parquet *parquet, struct str bytes)
{
    buf_put(parquet->out, bytes);
    parquet->written += (int64_t)bytes.len;
}

struct parquet *parquet_new(const struct parquet_column *columns, size_t n,
                            enum parquet_codec codec, int64_t row_group_bytes, struct buf *out)
{
    struct parquet *parquet = err_calloc(1, sizeof(*parquet));

    parquet->chunks = err_calloc(n + 1, sizeof(*parquet->chunks));
    for (size_t i = 0; i < n; i++)
        parquet->chunks[i].column = columns[i];
    parquet->n = n;
    parquet->codec = codec;
    parquet->row_group_bytes = row_group_bytes > 0 ? row_group_bytes : PARQUET_ROW_GROUP_BYTES;
    parquet->out = out;
    put_bytes(parquet, STR("PAR1"));
    return parquet;
}

static void put_little(struct buf *out, uint64_t number, unsigned bytes)
{
    char text[8];

    for (unsigned i = 0; i < bytes; i++)
        text[i] = (char)(number >> 8 * i);
    buf_append(out, text, bytes);
}

static void end_run(struct chunk *chunk)
{
    if (chunk->run == 0)
        return;
    thrift_varint(&chunk->levels, chunk->run << 1);
    buf_char(&chunk->levels, chunk->run_level ? 1 : 0);
    chunk->run = 0;
}

static void add_level(struct chunk *chunk, bool present)
{
    if (chunk->run_level != present)
        end_run(chunk);
    chunk->run_level = present;
    chunk->run++;
    chunk->page_rows++;
    chunk->nulls += present ? 0 : 1;
}

static void put_page_header(struct buf *out, size_t plain, size_t stored, int64_t rows)
{
    struct thrift thrift = {.out = out};

    thrift_i32(&thrift, 1, DATA_PAGE);
    thrift_i32(&thrift, 2, (int32_t)plain);
    thrift_i32(&thrift, 3, (int32_t)stored);
    thrift_begin(&thrift, 5);
    thrift_i32(&thrift, 1, (int32_t)rows);
    thrift_i32(&thrift, 2, ENCODING_PLAIN);
    thrift_i32(&thrift, 3, ENCODING_RLE);
    thrift_i32(&thrift, 4, ENCODING_RLE);
    thrift_end(&thrift);
    thrift_end(&thrift);
}

/* Moves the page in hand to the finished ones. */
static void end_page(struct parquet *parquet, struct chunk *chunk)
{
    CLEANUP(buf) struct buf stored = {0};
    struct buf *page = &parquet->page;

    if (chunk->page_rows == 0)
        return;
    end_run(chunk);
    buf_clear(page);
    put_little(page, chunk->levels.len, 4);
    buf_put(page, buf_str(&chunk->levels));
    buf_put(page, buf_str(&chunk->values));
    parquet_compress(parquet->codec, buf_str(page), &stored);
    size_t before = chunk->pages.len;
    put_page_header(&chunk->pages, page->len, stored.len, chunk->page_rows);
    chunk->plain_bytes += (int64_t)(chunk->pages.len - before + page->len);
    buf_put(&chunk->pages, buf_str(&stored));
    chunk->rows += chunk->page_rows;
    chunk->page_rows = 0;
    chunk->bit = 0;
    buf_clear(&chunk->levels);
    buf_clear(&chunk->values);
}

static void end_group(struct parquet *parquet)
{
    size_t group = parquet->groups_n;

    if (parquet->group_rows == 0)
        return;
    parquet->about =
        err_realloc(parquet->about, (group + 1) * (parquet->n + 1) * sizeof(*parquet->about));
    parquet->group_sizes =
        err_realloc(parquet->group_sizes, (group + 1) * sizeof(*parquet->group_sizes));
    for (size_t i = 0; i < parquet->n; i++) {
        struct chunk *chunk = &parquet->chunks[i];

        end_page(parquet, chunk);
        assert(chunk->rows == parquet->group_rows);
        parquet->about[group * parquet->n + i] =
            (struct chunk_about){parquet->written, (int64_t)chunk->pages.len, chunk->plain_bytes,
                                 chunk->rows, chunk->nulls};
        put_bytes(parquet, buf_str(&chunk->pages));
        buf_clear(&chunk->pages);
        chunk->rows = chunk->nulls = chunk->plain_bytes = 0;
    }
    parquet->group_sizes[group] = parquet->group_rows;
    parquet->groups_n++;
    parquet->group_rows = 0;
}

void parquet_null(struct parquet *parquet, size_t column)
{
    add_level(&parquet->chunks[column], false);
}

void parquet_bool(struct parquet *parquet, size_t column, bool value)
{
    struct chunk *chunk = &parquet->chunks[column];

    add_level(chunk, true);
    if (chunk->bit == 0)
        buf_char(&chunk->values, 0);
    if (value)
        chunk->values.at[chunk->values.len - 1] =
            (char)(chunk->values.at[chunk->values.len - 1] | 1 << chunk->bit);
    chunk->bit = (chunk->bit + 1) % 8;
}

void parquet_i32(struct parquet *parquet, size_t column, int32_t value)
{
    add_level(&parquet->chunks[column], true);
    put_little(&parquet->chunks[column].values, (uint32_t)value, 4);
}

void parquet_i64(struct parquet *parquet, size_t column, int64_t value)
{
    add_level(&parquet->chunks[column], true);
    put_little(&parquet->chunks[column].values, (uint64_t)value, 8);
}

void parquet_float(struct parquet *parquet, size_t column, float value)
{
    uint32_t bits = 0;

    memcpy(&bits, &value, sizeof(bits));
    parquet_i32(parquet, column, (int32_t)bits);
}

void parquet_double(struct parquet *parquet, size_t column, double value)
{
    int64_t bits = 0;

    memcpy(&bits, &value, sizeof(bits));
    parquet_i64(parquet, column, bits);
}

void parquet_bytes(struct parquet *parquet, size_t column, struct str bytes)
{
    struct chunk *chunk = &parquet->chunks[column];

    add_level(chunk, true);
    assert(chunk->column.type == PARQUET_BYTES || (int)bytes.len == chunk->column.length);
    if (chunk->column.type == PARQUET_BYTES)
        put_little(&chunk->values, bytes.len, 4);
    buf_put(&chunk->values, bytes);
}

void parquet_row_end(struct parquet *parquet)
{
    int64_t bytes = 0;

    parquet->rows++;
    parquet->group_rows++;
    for (size_t i = 0; i < parquet->n; i++) {
        struct chunk *chunk = &parquet->chunks[i];

        if (chunk->values.len >= PAGE_BYTES || chunk->page_rows >= PAGE_ROWS_MAX)
            end_page(parquet, chunk);
        bytes += (int64_t)(chunk->values.len + chunk->levels.len + chunk->pages.len);
    }
    if (bytes >= parquet->row_group_bytes)
        end_group(parquet);
}

static void put_time_unit(struct thrift *thrift, bool utc)
{
    thrift_bool(thrift, 1, utc);
    thrift_begin(thrift, 2);
    thrift_begin(thrift, 2); /* microseconds */
    thrift_end(thrift);
    thrift_end(thrift);
}

/* The old and the new way to say what values mean; a timestamp without time zone has no old one. */
static void put_meaning(struct thrift *thrift, const struct parquet_column *column)
{
    static const struct {
        int16_t converted, logical; /* -1: none */
    } of[] = {[PARQUET_PLAIN] = {-1, -1},       [PARQUET_INT16] = {16, 10},
              [PARQUET_TEXT] = {0, 1},          [PARQUET_JSON] = {19, 12},
              [PARQUET_DECIMAL] = {5, 5},       [PARQUET_DATE] = {6, 6},
              [PARQUET_TIME] = {-1, 7},         [PARQUET_TIMESTAMP] = {-1, 8},
              [PARQUET_TIMESTAMP_UTC] = {10, 8}};
    bool decimal = column->meaning == PARQUET_DECIMAL;

    if (of[column->meaning].converted >= 0)
        thrift_i32(thrift, 6, of[column->meaning].converted);
    if (decimal) {
        thrift_i32(thrift, 7, column->scale);
        thrift_i32(thrift, 8, column->precision);
    }
    if (of[column->meaning].logical < 0)
        return;
    thrift_begin(thrift, 10);
    thrift_begin(thrift, of[column->meaning].logical);
    if (decimal) {
        thrift_i32(thrift, 1, column->scale);
        thrift_i32(thrift, 2, column->precision);
    } else if (column->meaning == PARQUET_INT16) {
        thrift_byte(thrift, 1, 16);
        thrift_bool(thrift, 2, true);
    } else if (of[column->meaning].logical == 7 || of[column->meaning].logical == 8) {
        put_time_unit(thrift, column->meaning == PARQUET_TIMESTAMP_UTC);
    }
    thrift_end(thrift);
    thrift_end(thrift);
}

static void put_schema(struct thrift *thrift, const struct parquet *parquet)
{
    thrift_list(thrift, 2, THRIFT_STRUCT, parquet->n + 1);
    thrift_item_begin(thrift);
    thrift_text(thrift, 4, STR("schema"));
    thrift_i32(thrift, 5, (int32_t)parquet->n);
    thrift_end(thrift);
    for (size_t i = 0; i < parquet->n; i++) {
        const struct parquet_column *column = &parquet->chunks[i].column;

        thrift_item_begin(thrift);
        thrift_i32(thrift, 1, (int32_t)column->type);
        if (column->type == PARQUET_FIXED)
            thrift_i32(thrift, 2, column->length);
        thrift_i32(thrift, 3, OPTIONAL);
        thrift_text(thrift, 4, column->name);
        put_meaning(thrift, column);
        thrift_end(thrift);
    }
}

static void put_chunk(struct thrift *thrift, const struct parquet *parquet, size_t i,
                      const struct chunk_about *about)
{
    const struct parquet_column *column = &parquet->chunks[i].column;

    thrift_item_begin(thrift);
    thrift_i64(thrift, 2, about->offset);
    thrift_begin(thrift, 3);
    thrift_i32(thrift, 1, (int32_t)column->type);
    thrift_list(thrift, 2, THRIFT_I32, 2);
    thrift_item_i32(thrift, ENCODING_PLAIN);
    thrift_item_i32(thrift, ENCODING_RLE);
    thrift_list(thrift, 3, THRIFT_BINARY, 1);
    thrift_item_text(thrift, column->name);
    thrift_i32(thrift, 4, (int32_t)parquet->codec);
    thrift_i64(thrift, 5, about->rows);
    thrift_i64(thrift, 6, about->plain_bytes);
    thrift_i64(thrift, 7, about->stored_bytes);
    thrift_i64(thrift, 9, about->offset);
    thrift_begin(thrift, 12);
    thrift_i64(thrift, 3, about->nulls);
    thrift_end(thrift);
    thrift_end(thrift);
    thrift_end(thrift);
}

static void put_groups(struct thrift *thrift, const struct parquet *parquet)
{
    thrift_list(thrift, 4, THRIFT_STRUCT, parquet->groups_n);
    for (size_t group = 0; group < parquet->groups_n; group++) {
        const struct chunk_about *about = &parquet->about[group * parquet->n];
        int64_t bytes = 0;

        thrift_item_begin(thrift);
        thrift_list(thrift, 1, THRIFT_STRUCT, parquet->n);
        for (size_t i = 0; i < parquet->n; i++) {
            put_chunk(thrift, parquet, i, &about[i]);
            bytes += about[i].plain_bytes;
        }
        thrift_i64(thrift, 2, bytes);
        thrift_i64(thrift, 3, parquet->group_sizes[group]);
        thrift_end(thrift);
    }
}

void parquet_finish(struct parquet *parquet)
{
    CLEANUP(buf) struct buf footer = {0};
    struct thrift thrift = {.out = &footer};

    end_group(parquet);
    thrift_i32(&thrift, 1, 1);
    put_schema(&thrift, parquet);
    thrift_i64(&thrift, 3, parquet->rows);
    put_groups(&thrift, parquet);
    thrift_text(&thrift, 6, STR("sluice"));
    thrift_end(&thrift);
    size_t length = footer.len;
    put_little(&footer, length, 4);
    buf_puts(&footer, "PAR1");
    put_bytes(parquet, buf_str(&footer));
}

struct parquet *parquet_free(struct parquet *parquet)
{
    if (parquet == NULL)
        return NULL;
    for (size_t i = 0; i < parquet->n; i++) {
        buf_done(&parquet->chunks[i].values);
        buf_done(&parquet->chunks[i].levels);
        buf_done(&parquet->chunks[i].pages);
    }
    free(parquet->chunks);
    free(parquet->about);
    free(parquet->group_sizes);
    buf_done(&parquet->page);
    free(parquet);
    return NULL;
}
