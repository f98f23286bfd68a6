#include "record/text.h"

#include "record/array.h"
#include "record/interval.h"
#include "record/numeric.h"
#include "record/text_parts.h"
#include <ctype.h>
#include <strings.h>

/* PostgreSQL keeps a varlena header's size in the typmod of varchar and char. */
enum { TYPMOD_HEADER = 4, UUID_SIZE = 16 };

struct str text_trimmed(struct str text)
{
    while (text.len > 0 && isspace((unsigned char)text.at[0]))
        text = (struct str){text.at + 1, text.len - 1};
    while (text.len > 0 && isspace((unsigned char)text.at[text.len - 1]))
        text.len--;
    return text;
}

bool text_same_word(struct str text, const char *word)
{
    return text.len == strlen(word) && strncasecmp(text.at, word, text.len) == 0;
}

/* How much of a value an error shows. */
static struct str shown(struct str text)
{
    return (struct str){text.at, text.len < 200 ? text.len : 200};
}

bool text_bad_syntax(const char *sqlstate, enum type_id type, struct str text, struct err *reterr)
{
    const char *name = type == TYPE_TIME        ? "time" /* as PostgreSQL's own message has it */
                       : type == TYPE_TIMESTAMP ? "timestamp"
                                                : type_name(type);

    return err_sql(reterr, ERR_DEAD_LETTER, sqlstate, "invalid input syntax for type %s: \"%.*s\"",
                   name, STR_ARG(shown(text)));
}

bool text_out_of_range(enum type_id type, struct str text, struct err *reterr)
{
    return err_sql(reterr, ERR_DEAD_LETTER, "22003", "value \"%.*s\" is out of range for type %s",
                   STR_ARG(shown(text)), type_name(type));
}

/* The text is a beginning of the word of at least `least` letters. */
static bool abbreviates(struct str text, const char *word, size_t least)
{
    return text.len >= least && text.len <= strlen(word) &&
           strncasecmp(text.at, word, text.len) == 0;
}

static bool parse_bool(struct str text, int64_t *ret, struct err *reterr)
{
    struct str bare = text_trimmed(text);

    if (abbreviates(bare, "true", 1) || abbreviates(bare, "yes", 1) || abbreviates(bare, "on", 2) ||
        abbreviates(bare, "1", 1))
        *ret = 1;
    else if (abbreviates(bare, "false", 1) || abbreviates(bare, "no", 1) ||
             abbreviates(bare, "off", 2) || abbreviates(bare, "0", 1))
        *ret = 0;
    else
        return text_bad_syntax("22P02", TYPE_BOOL, text, reterr);
    return true;
}

static int64_t int_max(enum type_id type)
{
    return type == TYPE_INT2 ? INT16_MAX : type == TYPE_INT4 ? INT32_MAX : INT64_MAX;
}

static bool parse_int(enum type_id type, struct str text, int64_t *ret, struct err *reterr)
{
    struct str bare = text_trimmed(text);
    const char *at = bare.at, *end = bare.at + bare.len;
    bool negative = false, beyond = false;
    int64_t number = 0, most = int_max(type);

    if (at < end && (*at == '-' || *at == '+'))
        negative = *at++ == '-';
    if (at == end)
        return text_bad_syntax("22P02", type, text, reterr);
    /* counted downwards: the lowest number has no counterpart */
    for (; at < end; at++) {
        unsigned digit = (unsigned)(unsigned char)*at - '0';

        if (digit > 9)
            return text_bad_syntax("22P02", type, text, reterr);
        beyond |= __builtin_mul_overflow(number, 10, &number);
        beyond |= __builtin_sub_overflow(number, (int64_t)digit, &number);
    }
    if (beyond || number < -most - 1 || (!negative && number < -most))
        return text_out_of_range(type, text, reterr);
    *ret = negative ? number : -number;
    return true;
}

static bool is_ascii(const char *at, size_t len)
{
    uint64_t seen = 0, word;

    for (; len >= sizeof(word); at += sizeof(word), len -= sizeof(word)) {
        memcpy(&word, at, sizeof(word));
        seen |= word;
    }
    for (; len > 0; at++, len--)
        seen |= (uint64_t)(unsigned char)*at << 56;
    return (seen & UINT64_C(0x8080808080808080)) == 0;
}

/* Bytes of the well-formed UTF-8 character at `at`; 0 when it is none. */
static size_t character_size(const unsigned char *at, size_t left)
{
    unsigned lead = at[0], low = 0x80, high = 0xbf;
    size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;

    if (size == 1)
        return 1;
    if (lead < 0xc2 || lead > 0xf4 || size > left)
        return 0;
    if (lead == 0xe0)
        low = 0xa0; /* overlong */
    if (lead == 0xed)
        high = 0x9f; /* surrogates */
    if (lead == 0xf0)
        low = 0x90; /* overlong */
    if (lead == 0xf4)
        high = 0x8f; /* beyond U+10FFFF */
    if (at[1] < low || at[1] > high)
        return 0;
    for (size_t i = 2; i < size; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    }
    return size;
}

/* Names the bytes that the first says belong together, as PostgreSQL does. */
static bool bad_utf8(const unsigned char *at, size_t left, struct err *reterr)
{
    size_t n = (*at & 0xe0) == 0xc0 ? 2 : (*at & 0xf0) == 0xe0 ? 3 : (*at & 0xf8) == 0xf0 ? 4 : 1;
    char bytes[4 * 5 + 1] = "";

    for (size_t i = 0; i < n && i < left; i++)
        snprintf(bytes + strlen(bytes), sizeof(bytes) - strlen(bytes), "%s0x%02x", i > 0 ? " " : "",
                 at[i]);
    return err_sql(reterr, ERR_DEAD_LETTER, "22021",
                   "invalid byte sequence for encoding \"UTF8\": %s", bytes);
}

static bool check_utf8(struct str text, struct err *reterr)
{
    if (text.len > 0 && memchr(text.at, '\0', text.len) != NULL)
        return err_sql(reterr, ERR_DEAD_LETTER, "22021",
                       "invalid byte sequence for encoding \"UTF8\": 0x00");
    if (is_ascii(text.at, text.len))
        return true;
    const unsigned char *at = (const unsigned char *)text.at, *end = at + text.len;
    while (at < end) {
        size_t size = character_size(at, (size_t)(end - at));

        if (size == 0)
            return bad_utf8(at, (size_t)(end - at), reterr);
        at += size;
    }
    return true;
}

/* The byte length of the first `most` characters; *ret_n is how many there are up to there. */
static size_t prefix_of(struct str text, size_t most, size_t *ret_n)
{
    size_t n = 0, i = 0;

    for (; i < text.len; i++) {
        bool starts = (text.at[i] & 0xc0) != 0x80;

        if (starts && n == most)
            break;
        n += starts;
    }
    *ret_n = n;
    return i;
}

static struct str padded(struct str text, size_t blanks, struct arena *arena)
{
    if (blanks == 0)
        return text;
    char *at = arena_alloc(arena, text.len + blanks);
    if (text.len > 0)
        memcpy(at, text.at, text.len);
    memset(at + text.len, ' ', blanks);
    return (struct str){at, text.len + blanks};
}

static bool only_blanks(const char *at, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (at[i] != ' ')
            return false;
    }
    return true;
}

/* Fits text to varchar(n) or char(n). Too long: a cast cuts, input cuts blanks and refuses the
 * rest. */
static bool fit_text(struct type type, struct str text, bool cast, struct arena *arena,
                     struct str *ret, struct err *reterr)
{
    size_t most, n;

    if (type.id == TYPE_TEXT || type.typmod < TYPMOD_HEADER) {
        *ret = text;
        return true;
    }
    most = (size_t)(type.typmod - TYPMOD_HEADER);
    if (type.id == TYPE_VARCHAR && text.len <= most) {
        *ret = text;
        return true;
    }
    size_t len = prefix_of(text, most, &n);
    if (!cast && !only_blanks(text.at + len, text.len - len))
        return err_sql(reterr, ERR_DEAD_LETTER, "22001", "value too long for type %s(%zu)",
                       type_name(type.id), most);
    text.len = len;
    *ret = type.id == TYPE_BPCHAR ? padded(text, most - n, arena) : text;
    return true;
}

static int hex_byte(const char *at)
{
    int high = hex_digit(at[0]), low = hex_digit(at[1]);

    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* 32 digits with a hyphen allowed behind every four, braces allowed around. */
static bool parse_uuid(struct str text, struct arena *arena, struct str *ret, struct err *reterr)
{
    const char *at = text.at, *end = text.at + text.len;
    uint8_t *bytes = arena_alloc(arena, UUID_SIZE);
    bool braced = at < end && *at == '{';

    at += braced;
    for (int i = 0; i < UUID_SIZE; i++) {
        int byte = end - at >= 2 ? hex_byte(at) : -1;

        if (byte < 0)
            return text_bad_syntax("22P02", TYPE_UUID, text, reterr);
        bytes[i] = (uint8_t)byte;
        at += 2;
        if (i % 2 == 1 && i < UUID_SIZE - 1 && at < end && *at == '-')
            at++;
    }
    if (braced && at < end && *at == '}')
        at++;
    else if (braced)
        at = NULL;
    if (at != end)
        return text_bad_syntax("22P02", TYPE_UUID, text, reterr);
    *ret = (struct str){(const char *)bytes, UUID_SIZE};
    return true;
}

static void print_hex(struct buf *out, const char *at, size_t len)
{
    static const char digits[] = "0123456789abcdef";

    if (!buf_reserve(out, 2 * len))
        return;
    for (size_t i = 0; i < len; i++) {
        out->at[out->len++] = digits[(unsigned char)at[i] >> 4];
        out->at[out->len++] = digits[(unsigned char)at[i] & 15];
    }
}

static void print_uuid(struct buf *out, struct str bytes)
{
    static const size_t parts[] = {4, 2, 2, 2, 6};
    const char *at = bytes.at;

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (i > 0)
            buf_char(out, '-');
        print_hex(out, at, parts[i]);
        at += parts[i];
    }
}

static bool parse_hex_bytea(struct str text, struct arena *arena, struct str *ret,
                            struct err *reterr)
{
    char *bytes = arena_alloc(arena, text.len / 2);
    size_t len = 0;

    for (size_t i = 2; i < text.len;) {
        if (isspace((unsigned char)text.at[i]) && text.at[i] != '\v' && text.at[i] != '\f') {
            i++;
            continue;
        }
        if (hex_digit(text.at[i]) < 0)
            return err_sql(reterr, ERR_DEAD_LETTER, "22023",
                           "invalid hexadecimal digit at byte %zu", i);
        if (i + 1 == text.len)
            return err_sql(reterr, ERR_DEAD_LETTER, "22023",
                           "invalid hexadecimal data: odd number of digits");
        int byte = hex_byte(text.at + i);
        if (byte < 0)
            return err_sql(reterr, ERR_DEAD_LETTER, "22023",
                           "invalid hexadecimal digit at byte %zu", i + 1);
        bytes[len++] = (char)byte;
        i += 2;
    }
    *ret = (struct str){bytes, len};
    return true;
}

static bool is_octal(const char *at, char most)
{
    return *at >= '0' && *at <= most;
}

/* The old escape form: \\ is a backslash, \ooo a byte. */
static bool parse_escaped_bytea(struct str text, struct arena *arena, struct str *ret,
                                struct err *reterr)
{
    char *bytes = arena_alloc(arena, text.len);
    size_t len = 0;

    for (size_t i = 0; i < text.len;) {
        const char *at = text.at + i;
        size_t left = text.len - i;

        if (*at != '\\') {
            bytes[len++] = *at;
            i++;
        } else if (left >= 2 && at[1] == '\\') {
            bytes[len++] = '\\';
            i += 2;
        } else if (left >= 4 && is_octal(at + 1, '3') && is_octal(at + 2, '7') &&
                   is_octal(at + 3, '7')) {
            bytes[len++] = (char)((at[1] - '0') << 6 | (at[2] - '0') << 3 | (at[3] - '0'));
            i += 4;
        } else {
            return text_bad_syntax("22P02", TYPE_BYTEA, text, reterr);
        }
    }
    *ret = (struct str){bytes, len};
    return true;
}

static bool parse_bytea(struct str text, struct arena *arena, struct str *ret, struct err *reterr)
{
    if (str_starts(text, STR("\\x")))
        return parse_hex_bytea(text, arena, ret, reterr);
    return parse_escaped_bytea(text, arena, ret, reterr);
}

static struct str pack_enum(struct arena *arena, uint16_t order, struct str label)
{
    char *at = arena_alloc(arena, label.len + 2);

    at[0] = (char)(order >> 8);
    at[1] = (char)(order & 0xff);
    memcpy(at + 2, label.at, label.len);
    return (struct str){at, label.len + 2};
}

static bool parse_enum(struct type type, struct str text, struct arena *arena, struct str *ret,
                       struct err *reterr)
{
    const struct enum_labels *labels = type.labels;

    for (uint16_t i = 0; labels != NULL && i < labels->n; i++) {
        if (str_eq(labels->labels[i], text)) {
            *ret = pack_enum(arena, i, labels->labels[i]);
            return true;
        }
    }
    return err_sql(reterr, ERR_DEAD_LETTER, "22P02", "invalid input value for enum %s: \"%.*s\"",
                   labels == NULL ? "" : labels->name, STR_ARG(shown(text)));
}

static bool parse_interval(struct type type, struct str text, struct arena *arena, struct str *ret,
                           struct err *reterr)
{
    struct interval interval;

    if (!interval_parse(text, type.typmod, &interval, reterr))
        return false;
    *ret = interval_pack(arena, interval_fit(interval, type.typmod));
    return true;
}

static bool parse_timetz(struct type type, struct str text, struct arena *arena, struct str *ret,
                         struct err *reterr)
{
    struct timetz time;

    if (!timetz_parse(text, &time, reterr))
        return false;
    time.us = text_round_time(type, time.us);
    *ret = timetz_pack(arena, time);
    return true;
}

static bool parse_bytes(struct type type, struct str text, struct arena *arena, struct str *ret,
                        struct err *reterr)
{
    struct str number;

    if (type_is_array(type.id))
        return check_utf8(text, reterr) && array_parse(type, text, arena, ret, reterr);
    if (type_is_enum(type.id))
        return parse_enum(type, text, arena, ret, reterr);
    switch (type.id) {
    case TYPE_INTERVAL:
        return parse_interval(type, text, arena, ret, reterr);
    case TYPE_TIMETZ:
        return parse_timetz(type, text, arena, ret, reterr);
    case TYPE_NUMERIC:
        return numeric_parse(text, arena, &number, reterr) &&
               numeric_apply_typmod(arena, number, type.typmod, ret, reterr);
    case TYPE_TEXT:
    case TYPE_VARCHAR:
    case TYPE_BPCHAR:
        return check_utf8(text, reterr) && fit_text(type, text, false, arena, ret, reterr);
    case TYPE_BYTEA:
        return parse_bytea(text, arena, ret, reterr);
    case TYPE_UUID:
        return parse_uuid(text, arena, ret, reterr);
    case TYPE_JSON:
    case TYPE_JSONB:
        return check_utf8(text, reterr) && text_parse_json(type.id, text, arena, ret, reterr);
    default:
        assert(type.id == TYPE_UNKNOWN || type.id == TYPE_JSONPATH);
        *ret = text;
        return true;
    }
}

bool text_parse(struct type type, struct str text, struct arena *arena, struct value *ret,
                struct err *reterr)
{
    struct value value = {.null = false};
    bool ok;

    switch (type.id) {
    case TYPE_BOOL:
        ok = parse_bool(text, &value.slot, reterr);
        break;
    case TYPE_INT2:
    case TYPE_INT4:
    case TYPE_INT8:
        ok = parse_int(type.id, text, &value.slot, reterr);
        break;
    case TYPE_FLOAT4:
    case TYPE_FLOAT8:
        ok = text_parse_real(type.id, text, &value.real, reterr);
        break;
    case TYPE_DATE:
    case TYPE_TIME:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMPTZ:
        ok = text_parse_time(type, text, &value.slot, reterr);
        break;
    default:
        ok = parse_bytes(type, text, arena, &value.bytes, reterr);
        break;
    }
    if (ok)
        *ret = value;
    return ok;
}

void text_print(struct buf *out, struct type type, struct value value)
{
    if (type_is_array(type.id)) {
        array_print(out, type, value.bytes);
        return;
    }
    if (type_is_enum(type.id)) {
        buf_append(out, value.bytes.at + 2, value.bytes.len - 2);
        return;
    }
    switch (type.id) {
    case TYPE_INTERVAL:
        interval_print(out, interval_open(value.bytes));
        return;
    case TYPE_TIMETZ:
        timetz_print(out, timetz_open(value.bytes));
        return;
    case TYPE_BOOL:
        buf_char(out, value.slot != 0 ? 't' : 'f');
        return;
    case TYPE_INT2:
    case TYPE_INT4:
    case TYPE_INT8:
        buf_i64(out, value.slot);
        return;
    case TYPE_FLOAT4:
    case TYPE_FLOAT8:
        text_print_real(out, value.real, type.id == TYPE_FLOAT4);
        return;
    case TYPE_NUMERIC:
        numeric_print(out, value.bytes);
        return;
    case TYPE_BYTEA:
        buf_puts(out, "\\x");
        print_hex(out, value.bytes.at, value.bytes.len);
        return;
    case TYPE_DATE:
    case TYPE_TIME:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMPTZ:
        text_print_time(out, type.id, value.slot);
        return;
    case TYPE_UUID:
        print_uuid(out, value.bytes);
        return;
    case TYPE_TEXT:
    case TYPE_VARCHAR:
    case TYPE_BPCHAR:
    case TYPE_JSON:
    case TYPE_JSONB:
    case TYPE_UNKNOWN:
    case TYPE_JSONPATH:
        buf_put(out, value.bytes);
        return;
    case TYPE_ANY:
    case TYPE_ANYELEMENT:
    case TYPE_ANYARRAY:
    case TYPE_ANYENUM:
    case TYPE_COMMON:
    case TYPE_COMMON_ARRAY:
    case TYPE_ANYNONARRAY:
        assert(false); /* never of a value */
    }
}

static struct str fit_timetz(struct type type, struct str packed, struct arena *arena)
{
    struct timetz time = timetz_open(packed);

    time.us = text_round_time(type, time.us);
    return timetz_pack(arena, time);
}

static bool fit_elements(struct type type, struct value value, struct arena *arena,
                         struct value *ret, struct err *reterr)
{
    struct type element = {type_element(type.id), type.typmod, type.labels};
    struct array_walk walk = array_open(value.bytes, element.id);
    CLEANUP(array_maker) struct array_maker maker = {0};
    struct value item;

    array_begin(&maker, element.id, walk.lower);
    while (array_next(&walk, &item)) {
        if (!item.null && !text_apply_typmod(element, item, arena, &item, reterr))
            return false;
        array_add(&maker, item);
    }
    *ret = (struct value){.bytes = array_finish(&maker, arena)};
    return true;
}

bool text_apply_typmod(struct type type, struct value value, struct arena *arena, struct value *ret,
                       struct err *reterr)
{
    struct value made = value;
    bool ok = true;

    if (value.null || type.typmod < 0) {
        *ret = value;
        return true;
    }
    if (type_is_array(type.id))
        return fit_elements(type, value, arena, ret, reterr);
    if (type.id == TYPE_INTERVAL)
        made.bytes = interval_pack(arena, interval_fit(interval_open(value.bytes), type.typmod));
    else if (type.id == TYPE_TIMETZ)
        made.bytes = fit_timetz(type, value.bytes, arena);
    else if (type.id == TYPE_NUMERIC)
        ok = numeric_apply_typmod(arena, value.bytes, type.typmod, &made.bytes, reterr);
    else if (type_is_text(type.id))
        ok = fit_text(type, value.bytes, true, arena, &made.bytes, reterr);
    else if (type.id == TYPE_TIME || type.id == TYPE_TIMESTAMP || type.id == TYPE_TIMESTAMPTZ)
        made.slot = text_round_time(type, value.slot);
    if (ok)
        *ret = made;
    return ok;
}
