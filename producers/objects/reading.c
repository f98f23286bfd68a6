#include "reading.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "decode.h"
#include <errno.h>
#include <sys/stat.h>

enum { ROWS_A_BEAT = 512 };

/* An object being read. */
struct reading {
    struct run *run;
    struct run_summary *summary;
    struct item *item;
    struct file_state state;
    struct bytes *bytes;
    struct decoder decoder;
    int64_t dead_before, rows_before; /* in all, when it was opened */
    int64_t dead_known;               /* of this content, in attempts before */
    uint64_t line;                    /* read so far */
    uint64_t skip;                    /* up to this line it is known what it holds */
    int64_t rows_known;               /* up to there */
    bool same;                        /* its content is what was read to its end before */
    bool begun;                       /* its columns are known */
    bool kept;                        /* where `state` says, as it came */
};

static void cleanup_fd_of(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

/* A record of the decoder becomes a row of the feed, or a dead letter. */
static bool take_record(struct reading *reading, const struct decoded *record,
                        const struct err *why, struct err *reterr)
{
    struct run *run = reading->run;
    const struct shape_place place = {run->feed.object.name, record->line};
    struct shaped row;
    struct err bad = *why;
    const char *rule = "decode";

    if (record->step == STREAM_RECORD) {
        bool ok = reading->decoder.format == FORMAT_CSV
                      ? shape_csv(&run->shape, &record->csv, place, &row, &bad)
                      : shape_json(&run->shape, record->json, place, &row, &bad);
        if (ok)
            return feed_row(&run->feed, &row, record->raw, record->line, reterr);
        rule = strcmp(bad.sqlstate, "23502") == 0 ? "not null key" : "decode";
    }
    return feed_bad(&run->feed, record->raw, record->line, rule, &bad, reterr);
}

static int64_t rows_of(const struct reading *reading)
{
    return reading->rows_known + reading->run->feed.counts.rows - reading->rows_before;
}

/* Notes how far the object is read. */
static void note_counts(struct reading *reading)
{
    const struct feed_counts *counts = &reading->run->feed.counts;
    struct file_state *state = &reading->state;

    state->line = reading->line > state->line ? reading->line : state->line;
    state->rows = rows_of(reading);
    state->dead = reading->dead_known + counts->dead - reading->dead_before;
}

/* Notes how far the object is read, and commits. */
static bool checkpoint(struct reading *reading, struct err *reterr)
{
    struct writer *writer = &reading->run->writer;

    if (reading->line > writer->reached.place.line)
        writer->reached = (struct seen_reached){{reading->run->feed.object.part, reading->line},
                                                rows_of(reading)};
    if (writer->open) {
        note_counts(reading);
        if (!writer_put_file(writer, reading->item->name, &reading->state, reterr))
            return false;
    }
    return writer_settle(writer, reterr);
}

static bool begin_csv(struct reading *reading, const struct decoded *record, bool *ret_taken,
                      struct err *reterr)
{
    struct shape *shape = &reading->run->shape;
    bool header = reading->run->options->header;

    *ret_taken = header;
    if (!header)
        return shape_begin(shape, NULL, 0, reterr);
    if (record->step != STREAM_RECORD)
        return err_stop(reterr, EX_DATAERR, "its header can't be read");
    return shape_begin(shape, record->csv.fields, record->csv.fields_n, reterr);
}

/* Before an object's first row: its columns, and what the registry must know of them. */
static bool begin_rows(struct reading *reading, const struct decoded *record, bool *ret_taken,
                       struct err *reterr)
{
    bool csv = reading->decoder.format == FORMAT_CSV;

    reading->begun = true;
    return (!csv || begin_csv(reading, record, ret_taken, reterr)) &&
           writer_describe(&reading->run->writer, &reading->run->shape, csv, reterr);
}

/* What became of an object's reading: `fatal` false, it concerns the object alone. */
struct outcome {
    bool ok, fatal, stopped;
};

#define FATAL ((struct outcome){.fatal = true})
#define FAILED ((struct outcome){.ok = false})

/* A CSV object that was cut before its header is no object without rows. */
static struct outcome end_of_rows(const struct reading *reading, struct err *reterr)
{
    bool headless =
        !reading->begun && reading->decoder.format == FORMAT_CSV && reading->run->options->header;

    if (headless)
        err_stop(reterr, EX_DATAERR, "it is empty, its header is missing");
    return headless ? FAILED : (struct outcome){.ok = true};
}

/* Hands on one record. */
static struct outcome one_record(struct reading *reading, bool *ret_end, struct err *reterr)
{
    struct decoded record;
    struct err why = {0};
    bool taken = false;

    if (!decoder_next(&reading->decoder, &record, &why, reterr))
        return FAILED;
    *ret_end = record.step == STREAM_END;
    if (*ret_end)
        return end_of_rows(reading, reterr);
    reading->line = record.line;
    if (!reading->begun && !begin_rows(reading, &record, &taken, reterr))
        return reterr->kind == ERR_STOP ? FAILED : FATAL;
    if (!taken && record.line > reading->skip && !take_record(reading, &record, &why, reterr))
        return FATAL;
    if (record.step != STREAM_BROKEN)
        return (struct outcome){.ok = true};
    *reterr = why;
    reterr->kind = ERR_STOP;
    return FAILED;
}

/* All records, a transaction after another. */
static struct outcome read_records(struct reading *reading, struct err *reterr)
{
    struct run *run = reading->run;
    bool end = false;

    for (unsigned n = 1;; n++) {
        struct outcome outcome = one_record(reading, &end, reterr);

        if (!outcome.ok || end)
            return outcome;
        run->writer.visits += reading->line > reading->skip;
        if (n % ROWS_A_BEAT != 0 && !writer_full(&run->writer, run->writer.begun_ms))
            continue;
        service_beat(run->service);
        bool stopping = service_stopping(run->service);
        if ((stopping || writer_full(&run->writer, clock_mono_ms())) &&
            !checkpoint(reading, reterr))
            return FATAL;
        if (stopping)
            return (struct outcome){.stopped = true};
    }
}

/* The object with its content: lines of another content are other places. */
static uint64_t part_of(const struct item *item)
{
    struct buf words CLEANUP(buf) = {0};

    buf_puts(&words, item->name);
    buf_char(&words, '\n');
    buf_puts(&words, item->tag);
    return hash64(words.at, words.len);
}

/* Goes on where the last life was, if this is what it read then. Reading another object in between
 * takes keys to other places. */
static void resume(struct reading *reading)
{
    struct run *run = reading->run;
    const struct seen_reached from = run->writer.resume;
    const struct feed_object *object = &run->feed.object;

    run->writer.resume = run->writer.reached = (struct seen_reached){0};
    if (!run->single || from.place.line == 0 || from.place.part != object->part ||
        from.place.line > object->done || object->done == UINT64_MAX)
        return;
    run->writer.reached = from;
    reading->skip = from.place.line;
    reading->rows_known = from.rows;
    seen_resume(run->writer.seen, from.place);
    log_info("goes on inside an object", LOG_STR("object", reading->item->name),
             LOG_INT("line", from.place.line), LOG_INT("rows", from.rows));
}

static void begin_object(struct reading *reading)
{
    struct run *run = reading->run;
    const struct item *item = reading->item;
    const struct file_attempt attempt = {item->tag, item->modified, run->writer.run.run,
                                         reading->same};
    uint64_t done = file_state_begin(&reading->state, &attempt);

    reading->dead_known = reading->state.dead;

    run->feed.object = (struct feed_object){
        .name = str_of(item->name),
        .tag = str_of(item->tag),
        .part = part_of(item),
        .done = done,
        .written = run->claims == NULL ? 0 : done,
        .read_unix_us = clock_wall_us(),
        .elements = reading->decoder.format == FORMAT_JSON,
    };
    if (run->claims == NULL)
        resume(reading);
}

/* Writes down under which key the object will be kept, unless that stands there since an earlier
 * attempt: so that the day, and all else the key is made of, is the same when it is tried again. */
static bool plan_raw(struct reading *reading, const struct raw_object *object, struct err *reterr)
{
    struct run *run = reading->run;
    struct file_state *state = &reading->state;
    struct buf place CLEANUP(buf) = {0};

    raw_place(run->raw, &place, object);
    snprintf(state->sha256, sizeof(state->sha256), "%s", object->sha256);
    snprintf(state->raw, sizeof(state->raw), "%s", buf_cstr(&place));
    state->size = object->size;
    reading->kept = false;
    return writer_put_file(&run->writer, reading->item->name, state, reterr) &&
           writer_commit(&run->writer, reterr);
}

/* Keeps the object as it came, before any of its rows is written. */
static struct outcome keep_raw(struct reading *reading, int fd, struct err *reterr)
{
    struct run *run = reading->run;
    struct file_state *state = &reading->state;
    struct stat about;
    char sum[65] = "";

    if (fstat(fd, &about) != 0)
        return err_stop(reterr, EX_IOERR, "%s", strerror(errno)), FAILED;
    if (!bytes_sum_file(fd, sum, reterr))
        return FAILED;
    struct raw_object object = {.name = reading->item->name,
                                .tag = reading->item->tag,
                                .sha256 = sum,
                                .size = about.st_size,
                                .read_unix_us = run->feed.object.read_unix_us};
    bool planned = strcmp(sum, state->sha256) == 0 && raw_key_of(run->raw, state->raw) != NULL;
    if (!planned && !plan_raw(reading, &object, reterr))
        return FATAL;
    object.key = raw_key_of(run->raw, state->raw);
    failpoint("objects.raw-planned");
    if (reading->kept || raw_put(run->raw, &object, fd, reterr)) {
        failpoint("objects.raw-stored");
        return (struct outcome){.ok = true};
    }
    return (struct outcome){.stopped = service_stopping(run->service)};
}

static bool open_decoder(struct reading *reading, int fd, struct err *reterr)
{
    const struct objects_options *options = reading->run->options;
    enum objects_format format = (enum objects_format)options->format;

    if (format == FORMAT_AUTO && !decoder_format(reading->item->name, &format, reterr))
        return false;
    reading->bytes = bytes_open(fd);
    return decoder_open(&reading->decoder, options, format, reading->bytes, reterr);
}

/* What was read; when the object is kept its sum is known since then. */
static void note_sum(struct reading *reading)
{
    struct file_state *state = &reading->state;
    int64_t size = 0;
    char sum[65];

    bytes_sum(reading->bytes, sum, &size);
    reading->summary->bytes += size;
    if (reading->run->raw != NULL)
        return;
    if (strcmp(state->sha256, sum) != 0)
        state->raw[0] = '\0'; /* of other bytes */
    snprintf(state->sha256, sizeof(state->sha256), "%s", sum);
    state->size = size;
}

static struct outcome read_object(struct reading *reading, int fd, struct err *reterr)
{
    struct run *run = reading->run;

    if (!open_decoder(reading, fd, reterr))
        return FAILED;
    begin_object(reading);
    struct outcome outcome = {.ok = true};
    if (run->raw != NULL)
        outcome = keep_raw(reading, fd, reterr);
    if (!outcome.ok)
        return outcome;
    outcome = read_records(reading, reterr);
    note_sum(reading);
    metric_add(&run->metrics[OBJECTS_ROWS], run->feed.counts.rows - reading->rows_before);
    if (outcome.ok && !input_same(run->input, reading->item, fd, reterr))
        return FAILED;
    return outcome;
}

/* Says in the progress topic, with the last rows, what became of the object. */
static bool end_object(struct reading *reading, bool ok, const struct err *why, struct err *reterr)
{
    struct run *run = reading->run;
    struct file_state *state = &reading->state;

    file_state_end(state, ok ? NULL : why->text, clock_wall_us());
    note_counts(reading);
    if (ok) {
        metric_add(&run->metrics[OBJECTS_READ], 1);
        return writer_put_file(&run->writer, reading->item->name, state, reterr);
    }
    log_error("object failed", LOG_STR("object", reading->item->name), LOG_STR("why", why->text),
              LOG_INT("attempts", state->attempts));
    metric_add(&run->metrics[OBJECTS_FAILED], 1);
    reading->summary->failed++;
    if (reading->summary->failed_status == 0)
        reading->summary->failed_status = why->exit_status == 0 ? EX_DATAERR : why->exit_status;
    return writer_put_file(&run->writer, reading->item->name, state, reterr);
}

static void reading_done(struct reading *reading)
{
    decoder_close(&reading->decoder);
    bytes_close(reading->bytes);
}

/* Whether the object's bytes are those that were read to the end before, though its tag is another
 * one: a file that was only touched, a URL without an ETag. */
static bool same_content(const struct reading *reading, int fd)
{
    const struct file_state *state = &reading->state;
    char sum[65];
    struct err ignored;

    return state->status == FILE_COMPLETED && reading->item->size >= 0 &&
           reading->item->size == state->size && bytes_sum_file(fd, sum, &ignored) &&
           strcmp(sum, state->sha256) == 0;
}

/* Opens the object. *ret_idle: it is as it was, and needs not be read. */
static bool attend(struct reading *reading, bool conditional, int *ret_fd, bool *ret_idle,
                   struct err *reterr)
{
    struct item *item = reading->item;
    const struct file_state before = reading->state;
    bool known = conditional && before.status == FILE_COMPLETED, unchanged = false;

    reading->kept = before.status == FILE_COMPLETED && before.raw[0] != '\0';
    reading->state.attempts = before.status == FILE_COMPLETED ? 1 : before.attempts + 1;
    if (!input_fetch(reading->run->input, item, known ? &before : NULL, ret_fd, &unchanged, reterr))
        return false;
    if (reading->run->claims != NULL && item->tag[0] == '\0') /* a pipe */
        return err_stop(reterr, EX_DATAERR, "what can be read but once can't be shared");
    reading->same = unchanged || same_content(reading, *ret_fd);
    *ret_idle = unchanged || (conditional && reading->same);
    return true;
}

/* Notes the tag of an object whose content is known. */
static bool keep_object(struct reading *reading, struct err *reterr)
{
    struct file_state *state = &reading->state;
    const struct item *item = reading->item;
    bool news = strcmp(state->tag, item->tag) != 0 || strcmp(state->modified, item->modified) != 0;

    reading->summary->skipped++;
    snprintf(state->tag, sizeof(state->tag), "%s", item->tag);
    snprintf(state->modified, sizeof(state->modified), "%s", item->modified);
    return !news || writer_put_file(&reading->run->writer, item->name, state, reterr);
}

/* An object that was told of, and removed since. */
static bool is_gone(const struct item *item, const struct err *why)
{
    return item->told && why->kind == ERR_STOP && why->exit_status == EX_NOINPUT;
}

bool reading_object(struct run *run, struct run_summary *summary, struct item *item,
                    bool conditional, bool *ret_whole, struct err *reterr)
{
    struct reading reading = {.run = run,
                              .summary = summary,
                              .item = item,
                              .rows_before = run->feed.counts.rows,
                              .dead_before = run->feed.counts.dead};
    struct outcome outcome = FAILED;
    int fd CLEANUP(fd_of) = -1;
    struct err why = {0};
    bool idle = false;

    summary->objects++;
    if (!writer_file(&run->writer, item->name, &reading.state, reterr))
        return false;
    if (!attend(&reading, conditional, &fd, &idle, &why)) {
        if (is_gone(item, &why)) {
            log_info("object is gone", LOG_STR("object", item->name));
            summary->skipped++;
            *ret_whole = true;
            return true;
        }
    } else if (idle) {
        outcome = (struct outcome){.ok = true};
    } else {
        outcome = read_object(&reading, fd, &why);
    }
    summary->stopped = outcome.stopped || service_stopping(run->service);
    reading_done(&reading);
    *ret_whole = outcome.ok;
    if (idle)
        return keep_object(&reading, reterr);
    if (outcome.fatal)
        *reterr = why;
    return !outcome.fatal && (outcome.stopped || end_object(&reading, outcome.ok, &why, reterr));
}
