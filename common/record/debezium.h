/*
 * Debezium's change envelope (3.x, JSON without schema block), in and out.
 *
 * {"before":ROW|null,"after":ROW|null,"source":{...},"transaction":null,"op":"c","ts_ms":N,"ts_us":N,"ts_ns":N}
 *
 * Reading is directed by the table's declared columns: before and after go straight into packed
 * rows in one pass, what is not asked for is skipped unread. How a number is to be read, the
 * declared type says: date = days since 1970, timestamp(0-3) ms, (4-6) and bare us, time likewise,
 * numeric a string or number lexeme (or base64 / {scale,value} of decimal.handling.mode=precise),
 * timestamptz ISO text. Defaults of the writer: decimals as strings, adaptive time, NULL as null.
 */
#ifndef SLUICE_RECORD_DEBEZIUM_H
#define SLUICE_RECORD_DEBEZIUM_H

#include "record/batch.h"
#include "record/json.h"

/* How values are spelled; Debezium's own option names and values. */
enum debezium_decimal {
    DEBEZIUM_DECIMAL_STRING,
    DEBEZIUM_DECIMAL_PRECISE,
    DEBEZIUM_DECIMAL_DOUBLE
};
enum debezium_time {
    DEBEZIUM_TIME_ADAPTIVE,
    DEBEZIUM_TIME_ADAPTIVE_MICROSECONDS,
    DEBEZIUM_TIME_CONNECT
};

struct debezium_format {
    enum debezium_decimal decimal;
    enum debezium_time time;
};

/* One decoded event. Rows are NULL where the envelope says null. Columns that are declared but
 * absent from the record: an error unless allowed NULL. */
struct debezium_event {
    char op; /* 'c' 'u' 'd' 'r' 't' */
    const struct row *before, *after;
    uint64_t lsn;           /* source.lsn, 0 when absent */
    int64_t commit_unix_us; /* source.ts_us, 0 when absent */
};

/* A decoder for one table; keeps its scratch between records. */
struct debezium_decoder;

/* `schema` must outlive the decoder. Free with debezium_decoder_free. `want_before`: decode
 * `before` too. */
struct debezium_decoder *debezium_decoder_new(const struct schema *schema, bool want_before);

/* How the connector that wrote the records was set; the default is ours. Precise decimals can't be
 * told from decimal text by looking, so they must be said. */
void debezium_decoder_set_format(struct debezium_decoder *decoder, struct debezium_format format);

/* NULL is fine. Returns NULL. */
struct debezium_decoder *debezium_decoder_free(struct debezium_decoder *decoder);

/*
 * Decodes one value. Rows are in the arena. ERR_DEAD_LETTER when it is not such an envelope or a
 * column can't be read as declared (the text names the column, sqlstate is set where PostgreSQL has
 * one).
 */
WARN_UNUSED bool debezium_decode(struct debezium_decoder *decoder, struct str value,
                                 struct arena *arena, struct debezium_event *ret,
                                 struct err *reterr);

/* Decodes a key object ({"order_id":1}) into a row of the whole schema with only the key columns
 * set. */
WARN_UNUSED bool debezium_decode_key(struct debezium_decoder *decoder, struct str key,
                                     struct arena *arena, const struct row **ret_row,
                                     struct err *reterr);

/* A captured column: its PostgreSQL type by OID and typmod, as the Relation message names them. */
struct debezium_column {
    const char *name;
    uint32_t type_oid;
    int32_t typmod;
    bool key;
};

/* A value in PostgreSQL's text form as pgoutput or COPY sends it. */
enum debezium_presence { DEBEZIUM_NULL, DEBEZIUM_TEXT, DEBEZIUM_UNCHANGED_TOAST, DEBEZIUM_ABSENT };

struct debezium_datum {
    enum debezium_presence presence;
    struct str text;
};

/* What the source block says. All text UTF-8. `snapshot` is "false", "first",
 * "first_in_data_collection", "true", "last_in_data_collection", "last". */
struct debezium_source {
    const char *name, *database, *schema, *table, *snapshot;
    int64_t commit_unix_us;
    uint64_t last_commit_lsn; /* sequence[0]; 0 prints null */
    uint64_t lsn;
    uint32_t xid;
};

/* One event to write: tuples of `columns_n` data each, NULL for a null row. */
struct debezium_write {
    const struct debezium_column *columns;
    uint16_t columns_n;
    const struct debezium_datum *before, *after;
    const struct debezium_source *source;
    char op;
    int64_t now_unix_us; /* ts_ms, ts_us, ts_ns of the envelope */
    struct debezium_format format;
};

/* Appends the envelope. ERR_STOP when a value's text is not of its type (never seen from
 * PostgreSQL). */
WARN_UNUSED bool debezium_write_value(struct buf *out, const struct debezium_write *event,
                                      struct err *reterr);

/* Appends the key object of the tuple's key columns; false and nothing appended only on error.
 * *ret_has_key false: the table has no key, nothing is appended. */
WARN_UNUSED bool debezium_write_key(struct buf *out, const struct debezium_column *columns,
                                    uint16_t columns_n, const struct debezium_datum *tuple,
                                    struct debezium_format format, bool *ret_has_key,
                                    struct err *reterr);

/* "<prefix>.<schema>.<table>" with characters outside [A-Za-z0-9._-] replaced by '_'. Appends. */
void debezium_topic(struct buf *out, const char *prefix, const char *schema, const char *table);

#endif
