#include "decode.h"

static bool ends_with(struct str name, const char *end)
{
    size_t n = strlen(end);

    return name.len > n && memcmp(name.at + name.len - n, end, n) == 0;
}

bool decoder_format(const char *name, enum objects_format *ret, struct err *reterr)
{
    static const struct {
        const char *end;
        enum objects_format format;
    } known[] = {{".csv", FORMAT_CSV},       {".tsv", FORMAT_CSV},      {".json", FORMAT_JSON},
                 {".ndjson", FORMAT_NDJSON}, {".jsonl", FORMAT_NDJSON}, {".xml", FORMAT_XML}};
    struct str text = str_of(name);

    if (ends_with(text, ".gz"))
        text.len -= 3;
    else if (ends_with(text, ".zip"))
        text.len -= 4;
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        if (ends_with(text, known[i].end)) {
            *ret = known[i].format;
            return true;
        }
    }
    return err_stop(reterr, EX_USAGE, "its name does not say its format: give --format");
}

bool decoder_open(struct decoder *decoder, const struct objects_options *options,
                  enum objects_format format, struct bytes *bytes, struct err *reterr)
{
    size_t limit = (size_t)options->record_bytes;

    *decoder = (struct decoder){.format = format, .bytes = bytes};
    switch (format) {
    case FORMAT_CSV:
        decoder->csv = (struct csv){.delimiter = options->delimiter[0], .quote = '"'};
        decoder->csv.window.limit = limit;
        return true;
    case FORMAT_NDJSON:
        json_lines(&decoder->json, limit);
        return true;
    case FORMAT_XML:
        if (options->record_element == NULL)
            return err_stop(reterr, EX_USAGE, "XML needs --record-element");
        decoder->xml = xml_stream_new(options->record_element, limit);
        return true;
    case FORMAT_JSON:
    case FORMAT_AUTO:
        break;
    }
    return json_elements(&decoder->json, str_of(options->root), limit, reterr);
}

void decoder_close(struct decoder *decoder)
{
    csv_done(&decoder->csv);
    window_done(&decoder->json.window);
    decoder->xml = xml_stream_free(decoder->xml);
}

static bool fill(struct decoder *decoder, struct window *window, struct err *reterr)
{
    size_t room, n = 0;
    char *at = window_room(window, &room);

    if (!bytes_read(decoder->bytes, at, room, &n, reterr))
        return false;
    window_filled(window, n);
    window->ended = n == 0;
    return true;
}

static enum stream_step next_csv(struct decoder *decoder, struct decoded *ret, struct err *why)
{
    enum stream_step step = csv_next(&decoder->csv, &ret->csv, why);

    ret->raw = ret->csv.raw;
    ret->line = ret->csv.line;
    return step;
}

static enum stream_step next_json(struct decoder *decoder, struct decoded *ret, struct err *why)
{
    struct json_record record = {{0}};
    enum stream_step step = json_stream_next(&decoder->json, &record, why);

    ret->json = ret->raw = record.text;
    ret->line = decoder->format == FORMAT_NDJSON ? record.line : record.ordinal;
    return step;
}

static enum stream_step next_xml(struct decoder *decoder, struct decoded *ret, struct err *why)
{
    struct xml_record record = {{0}};
    enum stream_step step = xml_stream_next(decoder->xml, &record, why);

    ret->json = ret->raw = record.json;
    ret->line = record.line;
    return step;
}

static struct window *window_of(struct decoder *decoder)
{
    return decoder->format == FORMAT_CSV   ? &decoder->csv.window
           : decoder->format == FORMAT_XML ? xml_stream_window(decoder->xml)
                                           : &decoder->json.window;
}

bool decoder_next(struct decoder *decoder, struct decoded *ret, struct err *why, struct err *reterr)
{
    for (;;) {
        *ret = (struct decoded){.step = STREAM_END};
        ret->step = decoder->format == FORMAT_CSV   ? next_csv(decoder, ret, why)
                    : decoder->format == FORMAT_XML ? next_xml(decoder, ret, why)
                                                    : next_json(decoder, ret, why);
        if (ret->step != STREAM_MORE)
            return true;
        if (!fill(decoder, window_of(decoder), reterr))
            return false;
    }
}
