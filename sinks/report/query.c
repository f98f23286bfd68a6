#include "query.h"

#include "base/arena.h"

enum { PART_ROWS = 5000, ARENA_BYTES = 4 << 20 };

DEFINE_CLEANUP(pg_result, struct pg_result *, pg_result_free);

/* Of the types that a report tells apart, by their OIDs in pg_type. */
static enum column_kind kind_of(uint32_t type)
{
    switch (type) {
    case 16:
        return COLUMN_BOOLEAN;
    case 20:
    case 21:
    case 23:
    case 26:
    case 700:
    case 701:
    case 1700:
        return COLUMN_NUMBER;
    case 114:
    case 3802:
        return COLUMN_JSON;
    default:
        return COLUMN_TEXT;
    }
}

static struct part part_of(const struct pg_result *result, struct arena *arena)
{
    size_t columns = (size_t)pg_columns(result), rows = (size_t)pg_rows(result);
    struct heading *heading = arena_zalloc(arena, (columns + 1) * sizeof(*heading));
    struct str *cells = arena_zalloc(arena, (rows * columns + 1) * sizeof(*cells));

    for (size_t column = 0; column < columns; column++) {
        int32_t typmod = 0;

        heading[column].name = pg_column_name(result, (int)column);
        heading[column].kind = kind_of(pg_column_type(result, (int)column, &typmod));
        for (size_t row = 0; row < rows; row++)
            cells[row * columns + column] = pg_field(result, (int)row, (int)column);
    }
    return (struct part){heading, columns, cells, rows};
}

static bool fetch_parts(struct pg *pg, const struct query *query, struct err *reterr)
{
    struct arena *arena CLEANUP(arena) = arena_new(ARENA_BYTES);
    char fetch[64];

    snprintf(fetch, sizeof(fetch), "FETCH FORWARD %d FROM report", PART_ROWS);
    for (bool first = true;; first = false) {
        CLEANUP(pg_result) struct pg_result *result = NULL;

        if (!pg_query(pg, fetch, NULL, 0, &result, reterr))
            return err_prefix(reterr, "report %s", query->report->name);
        struct part part = part_of(result, arena);
        if ((first || part.rows > 0) && !query->each(query->arg, &part, reterr))
            return false;
        if (part.rows < PART_ROWS)
            return true;
        arena_reset(arena);
    }
}

bool query_run(struct pg *pg, const struct query *query, struct err *reterr)
{
    CLEANUP(buf) struct buf sql = {0};
    struct err ignored;

    buf_printf(&sql, "DECLARE report NO SCROLL CURSOR FOR %s", query->report->sql);
    if (!pg_query(pg, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", NULL, 0, NULL, reterr))
        return false;
    bool ok =
        pg_query(pg, buf_cstr(&sql), query->values, (int)query->report->parameters_n, NULL, reterr);
    if (!ok)
        err_prefix(reterr, "report %s", query->report->name);
    ok = ok && fetch_parts(pg, query, reterr);
    if (!pg_query(pg, ok ? "COMMIT" : "ROLLBACK", NULL, 0, NULL, ok ? reterr : &ignored))
        ok = false;
    return ok;
}
