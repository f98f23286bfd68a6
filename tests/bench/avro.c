/*
 * How fast one core writes and reads rows in Avro: acme's orders, packed rows -> Avro, Avro -> the
 * JSON that sinks take; beside it libavro's generic values (the same bytes, checked) and the writer
 * of JSON. Best of N rounds, CPU seconds.
 *
 *   bench_avro [records [rounds]]
 */
#include "record/avro.h"

#include "record/json.h"
#include "record/text.h"
#include <avro.h>
#include <inttypes.h>
#include <time.h>

enum { COLUMNS_N = 7, ROWS_N = 1024, SPACE = 512 };

static const struct column columns[COLUMNS_N] = {
    {"order_id", {TYPE_INT8, -1, NULL}, true},
    {"order_date", {TYPE_DATE, -1, NULL}, false},
    {"customer_id", {TYPE_INT8, -1, NULL}, false},
    {"status", {TYPE_VARCHAR, -1, NULL}, true},
    {"amount", {TYPE_NUMERIC, (12 << 16 | 2) + 4, NULL}, false},
    {"updated_at", {TYPE_TIMESTAMP, 3, NULL}, false},
    {"note", {TYPE_TEXT, -1, NULL}, false},
};
static const struct schema schema = {columns, NULL, COLUMNS_N, 0};

/* What each way is measured on. */
struct load {
    const struct row *rows[ROWS_N];
    struct buf bodies[ROWS_N];
    struct avro_shape *shape;
    struct buf out;
    avro_value_t value;
    avro_reader_t reader;
    avro_writer_t writer;
    char space[SPACE];
};

static double cpu_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void die(const char *what, const char *why)
{
    fprintf(stderr, "bench_avro: %s: %s\n", what, why);
    exit(EX_SOFTWARE);
}

static const struct row *make_row(struct arena *arena, int i)
{
    CLEANUP(row_builder) struct row_builder builder = {0};
    char texts[COLUMNS_N][64];
    struct err err;

    snprintf(texts[0], 64, "%d", 1000000 + i);
    snprintf(texts[1], 64, "2025-%02d-%02d", 1 + i % 12, 1 + i % 28);
    snprintf(texts[2], 64, "%d", i * 7 % 5000);
    snprintf(texts[3], 64, "%s", i % 3 == 0 ? "COMPLETED" : "PENDING");
    snprintf(texts[4], 64, "%d.%02d", i * 13 % 10000, i % 100);
    snprintf(texts[5], 64, "2025-04-07 %02d:00:20.961", i % 24);
    snprintf(texts[6], 64, "order number %d of the day", i);
    row_begin(&builder, COLUMNS_N);
    for (uint16_t c = 0; c < COLUMNS_N; c++) {
        struct value value = {0};

        if (c == 6 && i % 2 == 0)
            continue;
        if (!text_parse(columns[c].type, str_of(texts[c]), arena, &value, &err))
            die("row", err.text);
        row_set_value(&builder, c, columns[c].type.id, value);
    }
    return row_finish(&builder, arena);
}

static void ours_write(struct load *load, int i)
{
    struct err err;

    buf_clear(&load->out);
    if (!avro_write_row(&load->out, &schema, load->rows[i], &err))
        die("write", err.text);
}

static void ours_read(struct load *load, int i)
{
    struct err err;

    buf_clear(&load->out);
    if (!avro_to_json(load->shape, buf_str(&load->bodies[i]), &load->out, &err))
        die("read", err.text);
}

static void json_write(struct load *load, int i)
{
    buf_clear(&load->out);
    json_write_row(&load->out, &schema, load->rows[i]);
}

static void theirs_read(struct load *load, int i)
{
    avro_reader_memory_set_source(load->reader, load->bodies[i].at, (int64_t)load->bodies[i].len);
    if (avro_value_read(load->reader, &load->value) != 0)
        die("libavro reads", avro_strerror());
}

/* The value that stands there from the last reading. */
static void theirs_write(struct load *load, int i)
{
    (void)i;
    avro_writer_reset(load->writer);
    if (avro_value_write(load->writer, &load->value) != 0)
        die("libavro writes", avro_strerror());
}

static double measure(struct load *load, void (*way)(struct load *, int), int records, int rounds)
{
    double best = 0;

    for (int round = 0; round < rounds; round++) {
        double start = cpu_s();

        for (int i = 0; i < records; i++)
            way(load, i % ROWS_N);
        double rate = records / (cpu_s() - start);
        best = rate > best ? rate : best;
    }
    return best;
}

/* Each row's bytes, which libavro must give back when it has read them. */
static void prepare(struct load *load, struct arena *arena)
{
    CLEANUP(buf) struct buf text = {0};
    avro_schema_t theirs;
    struct err err;

    if (!avro_derive_row(&text, "acme.silver.orders", &schema, &err) ||
        !avro_shape_parse(buf_str(&text), &load->shape, &err))
        die("schema", err.text);
    if (avro_schema_from_json_length(text.at, text.len, &theirs) != 0)
        die("schema", avro_strerror());
    avro_generic_value_new(avro_generic_class_from_schema(theirs), &load->value);
    load->reader = avro_reader_memory("", 0);
    load->writer = avro_writer_memory(load->space, SPACE);
    for (int i = 0; i < ROWS_N; i++) {
        load->rows[i] = make_row(arena, i);
        ours_write(load, i);
        buf_put(&load->bodies[i], buf_str(&load->out));
        theirs_read(load, i);
        theirs_write(load, i);
        if (avro_writer_tell(load->writer) != (int64_t)load->bodies[i].len ||
            memcmp(load->space, load->bodies[i].at, load->bodies[i].len) != 0)
            die("libavro", "it writes other bytes");
    }
}

int main(int argc, char **argv)
{
    static struct load load;
    int records = argc > 1 ? atoi(argv[1]) : 1000000, rounds = argc > 2 ? atoi(argv[2]) : 5;
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);

    prepare(&load, arena);
    double write = measure(&load, ours_write, records, rounds);
    double their_write = measure(&load, theirs_write, records, rounds);
    double json = measure(&load, json_write, records, rounds);
    double read = measure(&load, ours_read, records, rounds);
    double their_read = measure(&load, theirs_read, records, rounds);
    printf(
        "write  %8.0f krows/s, from packed rows (libavro from a value already filled: %.0f; JSON "
        "of the same rows: %.0f)\n",
        write / 1e3, their_write / 1e3, json / 1e3);
    printf("read   %8.0f krows/s, to JSON text (libavro to its generic value, no text yet: %.0f)\n",
           read / 1e3, their_read / 1e3);
    return write > their_write && read > their_read ? 0 : 1;
}
