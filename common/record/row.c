#include "record/row.h"

#include "record/array.h"
#include "record/interval.h"
#include "record/numeric.h"

static uint32_t fixed_size(uint16_t columns_n)
{
    return (uint32_t)sizeof(struct row) + 8 * (row_null_words(columns_n) + columns_n);
}

static struct row *head_of(struct row_builder *builder)
{
    return (struct row *)(void *)builder->head.at;
}

/* The slot of column i, which stops being NULL. */
static uint64_t *take_slot(struct row_builder *builder, uint16_t i)
{
    struct row *row = head_of(builder);

    assert(i < builder->columns_n);
    row->words[i / 64U] &= ~(UINT64_C(1) << (i % 64U));
    return &row->words[row_null_words(builder->columns_n) + i];
}

void row_builder_done(struct row_builder *builder)
{
    buf_done(&builder->head);
    buf_done(&builder->bytes);
    builder->columns_n = 0;
}

void row_begin(struct row_builder *builder, uint16_t columns_n)
{
    uint32_t fixed = fixed_size(columns_n);
    uint32_t null_words = row_null_words(columns_n);

    builder->columns_n = columns_n;
    buf_clear(&builder->bytes);
    buf_clear(&builder->head);
    bool reserved = buf_reserve(&builder->head, fixed);
    assert(reserved);
    (void)reserved;
    builder->head.len = fixed;

    struct row *row = head_of(builder);
    memset(row, 0, fixed);
    row->columns_n = columns_n;
    for (uint32_t i = 0; i < null_words; i++)
        row->words[i] = UINT64_MAX;
    if (columns_n % 64U != 0)
        row->words[null_words - 1] = (UINT64_C(1) << (columns_n % 64U)) - 1;
}

void row_set_slot(struct row_builder *builder, uint16_t i, int64_t slot)
{
    *take_slot(builder, i) = (uint64_t)slot;
}

void row_set_bytes(struct row_builder *builder, uint16_t i, struct str bytes)
{
    size_t offset = builder->head.len + builder->bytes.len;

    buf_put(&builder->bytes, bytes);
    assert(buf_ok(&builder->bytes));
    *take_slot(builder, i) = (uint64_t)bytes.len << 32 | offset;
}

void row_set_value(struct row_builder *builder, uint16_t i, enum type_id type, struct value value)
{
    if (value.null)
        return;
    if (type_is_bytes(type))
        row_set_bytes(builder, i, value.bytes);
    else
        row_set_slot(builder, i, value.slot);
}

const struct row *row_finish(struct row_builder *builder, struct arena *arena)
{
    size_t used = builder->head.len + builder->bytes.len;
    size_t len = (used + 7) & ~(size_t)7;

    assert(builder->head.len == fixed_size(builder->columns_n));
    head_of(builder)->len = (uint32_t)len;
    char *at = arena_alloc(arena, len);
    memcpy(at, builder->head.at, builder->head.len);
    if (builder->bytes.len > 0)
        memcpy(at + builder->head.len, builder->bytes.at, builder->bytes.len);
    memset(at + used, 0, len - used);
    return (const struct row *)(const void *)at;
}

const struct row *row_copy(struct arena *arena, const struct row *row)
{
    return memcpy(arena_alloc(arena, row->len), row, row->len);
}

static bool column_fits(const struct row *row, uint16_t i, enum type_id type)
{
    uint64_t slot = (uint64_t)row_slot(row, i);
    uint64_t offset = slot & UINT32_MAX, len = slot >> 32;

    if (row_is_null(row, i))
        return slot == 0;
    if (!type_is_bytes(type))
        return true;
    if ((type == TYPE_UUID && len != 16) || (type == TYPE_INTERVAL && len != INTERVAL_SIZE) ||
        (type == TYPE_TIMETZ && len != TIMETZ_SIZE))
        return false;
    if (offset < fixed_size(row->columns_n) || offset + len > row->len)
        return false;
    if (type_is_array(type))
        return array_check(row_bytes(row, i), type_element(type));
    if (type_is_enum(type))
        return len >= 2;
    return type != TYPE_NUMERIC || numeric_check(row_bytes(row, i));
}

bool row_check(struct str bytes, const struct schema *schema, const struct row **ret_row,
               struct err *reterr)
{
    const struct row *row = (const struct row *)(const void *)bytes.at;
    uint16_t n = schema->columns_n;

    assert((uintptr_t)bytes.at % 8 == 0);
    if (bytes.len < fixed_size(schema->columns_n) || bytes.len % 8 != 0 || row->len != bytes.len)
        return err_stop(reterr, EX_DATAERR, "bad row: %zu bytes can't be a row of %u columns",
                        bytes.len, n);
    if (row->columns_n != n || row->zero != 0)
        return err_stop(reterr, EX_DATAERR, "bad row: %u columns instead of %u", row->columns_n, n);
    if (n % 64 != 0 && row->words[n / 64] >> (n % 64) != 0)
        return err_stop(reterr, EX_DATAERR, "bad row: NULL marks beyond column %u", n);
    for (uint16_t i = 0; i < n; i++) {
        if (!column_fits(row, i, schema->columns[i].type.id))
            return err_stop(reterr, EX_DATAERR, "bad row: column %s can't be read",
                            schema->columns[i].name);
    }
    *ret_row = row;
    return true;
}
