#include "ops/forms.h"

bool forms_possible(enum type_id type)
{
    switch (type_is_array(type) ? type_element(type) : type) {
    case TYPE_NUMERIC:
    case TYPE_FLOAT4:
    case TYPE_FLOAT8:
    case TYPE_BPCHAR:
    case TYPE_INTERVAL:
    case TYPE_JSONB:
        return true;
    default:
        return false;
    }
}

void forms_add(struct forms *forms, struct arena *arena, const struct row *row, int64_t weight)
{
    uint32_t i = 0;

    while (i < forms->n && !row_same(forms->at[i].row, row))
        i++;
    if (i == forms->n) {
        forms->at = array_grow(arena, forms->at, i, &forms->cap, sizeof(*forms->at));
        forms->at[forms->n++] = (struct delta){.row = row};
    }
    forms->at[i].weight += weight;
    if (forms->at[i].weight == 0)
        forms->at[i] = forms->at[--forms->n];
}

static bool is_smaller(const struct row *a, const struct row *b)
{
    return str_cmp(row_str(a), row_str(b)) < 0;
}

const struct row *forms_pick(const struct forms *forms)
{
    const struct row *best = NULL;

    for (uint32_t i = 0; i < forms->n; i++) {
        const struct delta *form = &forms->at[i];

        if (form->weight > 0 && (best == NULL || is_smaller(form->row, best)))
            best = form->row;
    }
    return best;
}

void forms_save(const struct forms *forms, struct buf *out)
{
    uint64_t n = forms->n;

    buf_append(out, &n, sizeof(n));
    for (uint32_t i = 0; i < forms->n; i++) {
        buf_append(out, &forms->at[i].weight, sizeof(forms->at[i].weight));
        buf_put(out, row_str(forms->at[i].row));
    }
}

static struct str behind(struct str from, size_t n)
{
    assert(n <= from.len);
    return (struct str){from.at + n, from.len - n};
}

void forms_load(struct forms *forms, struct arena *arena, struct str *from)
{
    uint64_t n;
    int64_t weight;

    *forms = (struct forms){.cap = 0};
    assert(from->len >= sizeof(n));
    memcpy(&n, from->at, sizeof(n));
    *from = behind(*from, sizeof(n));
    for (uint64_t i = 0; i < n; i++) {
        assert(from->len >= sizeof(weight));
        memcpy(&weight, from->at, sizeof(weight));
        *from = behind(*from, sizeof(weight));
        const struct row *row = state_row(arena, *from);
        *from = behind(*from, row->len);
        forms_add(forms, arena, row, weight);
    }
}
