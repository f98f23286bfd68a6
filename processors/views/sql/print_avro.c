/* --avro-schemas: what the records of a view look like in Avro, laid out so that a change shows. */
#include "sql/pipeline.h"

#include "record/avro.h"

/* Every field on a line of its own: only fields begin so, names within strings are escaped. */
static void lay_out(struct buf *out, struct str schema)
{
    static const struct str field = {"{\"name\":", sizeof("{\"name\":") - 1};

    for (const char *at = schema.at, *end = at + schema.len; at < end; at++) {
        if (str_starts(str_between(at, end), field))
            buf_puts(out, "\n  ");
        buf_char(out, *at);
    }
    buf_char(out, '\n');
}

bool pipeline_avro(struct buf *out, const struct plan_view *view, bool key, struct err *reterr)
{
    CLEANUP(buf) struct buf schema = {0};

    if (!(key ? avro_derive_row_key(&schema, view->topic, &view->schema, reterr)
              : avro_derive_row(&schema, view->topic, &view->schema, reterr)))
        return err_prefix(reterr, "view %s", view->name);
    lay_out(out, buf_str(&schema));
    return true;
}
