#include "task/metadata.h"

#include "base/arena.h"
#include "base/clock.h"
#include <inttypes.h>
#include <stdio.h>

const struct schema *metadata_decoded(struct arena *arena, const struct plan_source *source)
{
    struct schema *schema = arena_alloc(arena, sizeof(*schema));
    struct column *columns;

    if (source->metadata == NULL)
        return &source->schema;
    *schema = source->schema;
    columns = arena_alloc(arena, schema->columns_n * sizeof(*columns));
    memcpy(columns, schema->columns, schema->columns_n * sizeof(*columns));
    for (uint16_t i = 0; i < schema->columns_n; i++)
        if (source->metadata[i] != METADATA_NONE)
            columns[i].not_null = false;
    schema->columns = columns;
    return schema;
}

/* Of one width, so that texts are ordered as positions are. */
static void set_position(struct row_builder *builder, uint16_t i, struct position position)
{
    char text[40];
    int len =
        snprintf(text, sizeof(text), "%016" PRIX64 "/%016" PRIX64, position.lsn, position.ordinal);

    row_set_bytes(builder, i, (struct str){text, (size_t)len});
}

static void set_one(const struct plan_source *source, const struct record_facts *facts,
                    struct row_builder *builder, uint16_t i)
{
    switch (source->metadata[i]) {
    case METADATA_OP:
        row_set_bytes(builder, i, (struct str){&facts->op, 1});
        break;
    case METADATA_COMMIT_TS:
        if (facts->commit_unix_us != 0)
            row_set_slot(builder, i, facts->commit_unix_us - PG_EPOCH_UNIX_US);
        break;
    case METADATA_POSITION:
        set_position(builder, i, facts->position);
        break;
    case METADATA_TOPIC:
        row_set_bytes(builder, i, str_of(source->topic));
        break;
    case METADATA_PARTITION:
        row_set_slot(builder, i, facts->partition);
        break;
    case METADATA_OFFSET:
        row_set_slot(builder, i, facts->offset);
        break;
    case METADATA_NONE:
    case METADATA_KINDS:
        break;
    }
}

const struct row *metadata_fill(const struct plan_source *source, const struct record_facts *facts,
                                const struct row *row, struct row_builder *builder,
                                struct arena *arena)
{
    const struct schema *schema = &source->schema;

    if (source->metadata == NULL)
        return row;
    row_begin(builder, schema->columns_n);
    for (uint16_t i = 0; i < schema->columns_n; i++) {
        enum type_id type = schema->columns[i].type.id;

        if (source->metadata[i] == METADATA_NONE)
            row_set_value(builder, i, type, row_value(row, i, type));
        else
            set_one(source, facts, builder, i);
    }
    return row_finish(builder, arena);
}
