/* Bytes (chapter 9.5): encodings, digests, parts; and uuid. */
#include "expr/strings.h"

#include "record/array.h"
#include "record/base64.h"
#include "record/text.h"
#include <openssl/evp.h>

static bool invalid(struct err *reterr, const char *text)
{
    return err_sql(reterr, ERR_DEAD_LETTER, "22023", "%s", text);
}

static const char digits[] = "0123456789abcdef";

static void put_hex(struct buf *out, struct str bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        buf_char(out, digits[(unsigned char)bytes.at[i] >> 4]);
        buf_char(out, digits[(unsigned char)bytes.at[i] & 15]);
    }
}

/* Lines of 76 characters, as MIME has them. */
static void put_base64(struct buf *out, struct str bytes)
{
    CLEANUP(buf) struct buf plain = {0};

    base64_write(&plain, bytes);
    for (size_t at = 0; at < plain.len; at += 76) {
        if (at > 0)
            buf_char(out, '\n');
        buf_append(out, plain.at + at, plain.len - at < 76 ? plain.len - at : 76);
    }
}

static void put_escaped(struct buf *out, struct str bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char c = (unsigned char)bytes.at[i];

        if (c == '\\')
            buf_puts(out, "\\\\");
        else if (c == 0 || c >= 0x80)
            buf_printf(out, "\\%03o", c);
        else
            buf_char(out, (char)c);
    }
}

static bool unknown_encoding(struct str name, struct err *reterr)
{
    return err_sql(reterr, ERR_DEAD_LETTER, "22023", "unrecognized encoding: \"%.*s\"",
                   STR_ARG(name));
}

static bool same_name(struct str name, const char *other)
{
    return name.len == strlen(other) && strncasecmp(name.at, other, name.len) == 0;
}

static bool encode(const struct call *call, struct value *ret, struct err *reterr)
{
    struct str format = call->args[1].bytes;
    CLEANUP(buf) struct buf out = {0};

    if (same_name(format, "hex"))
        put_hex(&out, call->args[0].bytes);
    else if (same_name(format, "base64"))
        put_base64(&out, call->args[0].bytes);
    else if (same_name(format, "escape"))
        put_escaped(&out, call->args[0].bytes);
    else
        return unknown_encoding(format, reterr);
    return buf_result(call, &out, ret, reterr);
}

static bool bad_hex(struct str rest, struct err *reterr)
{
    return err_sql(reterr, ERR_DEAD_LETTER, "22023", "invalid hexadecimal digit: \"%.*s\"",
                   (int)utf8_at(rest, 1), rest.at);
}

static bool take_hex(struct buf *out, struct str text, struct err *reterr)
{
    for (size_t i = 0; i < text.len;) {
        if (strchr(" \n\t\r", text.at[i]) != NULL) {
            i++;
            continue;
        }
        if (hex_digit(text.at[i]) < 0)
            return bad_hex((struct str){text.at + i, text.len - i}, reterr);
        if (i + 1 == text.len)
            return invalid(reterr, "invalid hexadecimal data: odd number of digits");
        if (hex_digit(text.at[i + 1]) < 0)
            return bad_hex((struct str){text.at + i + 1, text.len - i - 1}, reterr);
        buf_char(out, (char)(hex_digit(text.at[i]) << 4 | hex_digit(text.at[i + 1])));
        i += 2;
    }
    return true;
}

/* A symbol's six bits; = counts as 0 and sets *end, the bytes that the last group has, plus 1. */
static bool base64_symbol(struct str rest, int place, int *end, int *ret, struct err *reterr)
{
    *ret = base64_digit(*rest.at);
    if (*ret >= 0)
        return true;
    if (*rest.at != '=')
        return err_sql(reterr, ERR_DEAD_LETTER, "22023",
                       "invalid symbol \"%.*s\" found while decoding base64 sequence",
                       (int)utf8_at(rest, 1), rest.at);
    if (*end == 0 && place < 2)
        return err_sql(reterr, ERR_DEAD_LETTER, "22023",
                       "unexpected \"=\" while decoding base64 sequence");
    if (*end == 0)
        *end = place == 2 ? 1 : 2;
    *ret = 0;
    return true;
}

static bool take_base64(struct buf *out, struct str text, struct err *reterr)
{
    unsigned group = 0;
    int n = 0, end = 0; /* end: how many = stand for the group's last */

    for (size_t i = 0; i < text.len; i++) {
        struct str rest = {text.at + i, text.len - i};
        int value;

        if (strchr(" \t\n\r", *rest.at) != NULL)
            continue;
        if (!base64_symbol(rest, n, &end, &value, reterr))
            return false;
        group = group << 6 | (unsigned)value;
        if (++n < 4)
            continue;
        buf_char(out, (char)(group >> 16));
        if (end == 0 || end > 1)
            buf_char(out, (char)(group >> 8 & 255));
        if (end == 0 || end > 2)
            buf_char(out, (char)(group & 255));
        group = 0;
        n = 0;
    }
    return n == 0 || invalid(reterr, "invalid base64 end sequence");
}

static bool decode(const struct call *call, struct value *ret, struct err *reterr)
{
    struct str text = call->args[0].bytes, format = call->args[1].bytes;
    CLEANUP(buf) struct buf out = {0};

    if (same_name(format, "escape")) {
        if (str_starts(text, STR("\\x")))
            return err_sql(reterr, ERR_DEAD_LETTER, "22P02", "invalid input syntax for type bytea");
        return text_parse((struct type){TYPE_BYTEA, -1}, text, call->scratch, ret, reterr);
    }
    if (same_name(format, "hex")) {
        if (!take_hex(&out, text, reterr))
            return false;
    } else if (same_name(format, "base64")) {
        if (!take_base64(&out, text, reterr))
            return false;
    } else {
        return unknown_encoding(format, reterr);
    }
    return buf_result(call, &out, ret, reterr);
}

static bool digest(const struct call *call, const EVP_MD *kind, struct buf *out, struct err *reterr)
{
    unsigned char made[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    struct str in = call->args[0].bytes;

    if (EVP_Digest(in.at, in.len, made, &len, kind, NULL) != 1)
        return err_sql(reterr, ERR_DEAD_LETTER, "XX000", "could not compute the hash");
    buf_append(out, made, len);
    return true;
}

static bool md5(const struct call *call, struct value *ret, struct err *reterr)
{
    CLEANUP(buf) struct buf bytes = {0};
    CLEANUP(buf) struct buf out = {0};

    if (!digest(call, EVP_md5(), &bytes, reterr))
        return false;
    put_hex(&out, buf_str(&bytes));
    return buf_result(call, &out, ret, reterr);
}

#define SHA(bits)                                                                                  \
    static bool sha##bits(const struct call *call, struct value *ret, struct err *reterr)          \
    {                                                                                              \
        CLEANUP(buf) struct buf out = {0};                                                         \
                                                                                                   \
        return digest(call, EVP_sha##bits(), &out, reterr) && buf_result(call, &out, ret, reterr); \
    }

SHA(224)
SHA(256)
SHA(384)
SHA(512)

static bool bad_index(const struct call *call, int64_t i, int64_t size, struct err *reterr)
{
    (void)call;
    return err_sql(reterr, ERR_DEAD_LETTER, "2202E", "index %lld out of valid range, 0..%lld",
                   (long long)i, (long long)size - 1);
}

static bool get_byte(const struct call *call, struct value *ret, struct err *reterr)
{
    struct str bytes = call->args[0].bytes;
    int64_t i = call->args[1].slot;

    if (i < 0 || i >= (int64_t)bytes.len)
        return bad_index(call, i, (int64_t)bytes.len, reterr);
    ret->slot = (unsigned char)bytes.at[i];
    return true;
}

static bool get_bit(const struct call *call, struct value *ret, struct err *reterr)
{
    struct str bytes = call->args[0].bytes;
    int64_t i = call->args[1].slot;

    if (i < 0 || i >= (int64_t)bytes.len * 8)
        return bad_index(call, i, (int64_t)bytes.len * 8, reterr);
    ret->slot = (unsigned char)bytes.at[i / 8] >> (i % 8) & 1;
    return true;
}

static bool set_byte(const struct call *call, struct value *ret, struct err *reterr)
{
    struct str bytes = call->args[0].bytes;
    int64_t i = call->args[1].slot;

    if (i < 0 || i >= (int64_t)bytes.len)
        return bad_index(call, i, (int64_t)bytes.len, reterr);
    char *made = memcpy(arena_alloc(call->scratch, bytes.len), bytes.at, bytes.len);
    made[i] = (char)call->args[2].slot;
    ret->bytes = (struct str){made, bytes.len};
    return true;
}

static bool set_bit(const struct call *call, struct value *ret, struct err *reterr)
{
    struct str bytes = call->args[0].bytes;
    int64_t i = call->args[1].slot, bit = call->args[2].slot;

    if (i < 0 || i >= (int64_t)bytes.len * 8)
        return bad_index(call, i, (int64_t)bytes.len * 8, reterr);
    if (bit != 0 && bit != 1)
        return invalid(reterr, "new bit must be 0 or 1");
    char *made = memcpy(arena_alloc(call->scratch, bytes.len), bytes.at, bytes.len);
    unsigned mask = 1U << (i % 8), byte = (unsigned char)made[i / 8];
    made[i / 8] = (char)(bit != 0 ? byte | mask : byte & ~mask);
    ret->bytes = (struct str){made, bytes.len};
    return true;
}

static bool bit_count(const struct call *call, struct value *ret, struct err *reterr)
{
    struct str bytes = call->args[0].bytes;

    (void)reterr;
    ret->slot = 0;
    for (size_t i = 0; i < bytes.len; i++)
        ret->slot += __builtin_popcount((unsigned char)bytes.at[i]);
    return true;
}

static bool bytes_substring(const struct call *call, struct value *ret, struct err *reterr)
{
    struct str bytes = call->args[0].bytes;
    int64_t from = call->args[1].slot, end = INT64_MAX, size = (int64_t)bytes.len;

    if (call->args_n > 2) {
        if (call->args[2].slot < 0)
            return err_sql(reterr, ERR_DEAD_LETTER, "22011",
                           "negative substring length not allowed");
        end = from + call->args[2].slot;
    }
    from = from < 1 ? 1 : from > size ? size + 1 : from;
    end = end > size ? size + 1 : end < from ? from : end;
    ret->bytes = (struct str){bytes.at + from - 1, (size_t)(end - from)};
    return true;
}

static bool bytes_position(const struct call *call, struct value *ret, struct err *reterr)
{
    struct str bytes = call->args[0].bytes, what = call->args[1].bytes;
    const char *found = what.len == 0 ? bytes.at : memmem(bytes.at, bytes.len, what.at, what.len);

    (void)reterr;
    ret->slot = found == NULL && what.len > 0 ? 0 : found - bytes.at + 1;
    return true;
}

static bool bytes_overlay(const struct call *call, struct value *ret, struct err *reterr)
{
    struct str bytes = call->args[0].bytes, by = call->args[1].bytes;
    int64_t from = call->args[2].slot, size = (int64_t)bytes.len, rest;
    int64_t n = call->args_n > 3 ? call->args[3].slot : (int64_t)by.len;
    CLEANUP(buf) struct buf out = {0};

    if (from <= 0)
        return err_sql(reterr, ERR_DEAD_LETTER, "22011", "negative substring length not allowed");
    if (from + n > INT32_MAX)
        return err_out_of_range(reterr, TYPE_INT4);
    rest = from + n < 1 ? 1 : from + n;
    buf_append(&out, bytes.at, (size_t)(from - 1 > size ? size : from - 1));
    buf_put(&out, by);
    if (rest <= size)
        buf_append(&out, bytes.at + rest - 1, (size_t)(size - rest + 1));
    return buf_result(call, &out, ret, reterr);
}

static bool bytes_trim(const struct call *call, bool left, bool right, struct value *ret)
{
    struct str s = call->args[0].bytes, set = call->args[1].bytes;

    while (left && s.len > 0 && set.len > 0 && memchr(set.at, *s.at, set.len) != NULL)
        s = (struct str){s.at + 1, s.len - 1};
    while (right && s.len > 0 && set.len > 0 && memchr(set.at, s.at[s.len - 1], set.len) != NULL)
        s.len--;
    ret->bytes = s;
    return true;
}

static bool bytes_btrim(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    return bytes_trim(call, true, true, ret);
}

static bool bytes_ltrim(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    return bytes_trim(call, true, false, ret);
}

static bool bytes_rtrim(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    return bytes_trim(call, false, true, ret);
}

/* The database is UTF-8: the one conversion that changes nothing. */
static bool is_utf8_name(struct str name)
{
    return same_name(name, "UTF8") || same_name(name, "UTF-8");
}

static bool convert_to(const struct call *call, struct value *ret, struct err *reterr)
{
    if (!is_utf8_name(call->args[1].bytes))
        return err_sql(reterr, ERR_DEAD_LETTER, "0A000", "only conversions to UTF8 are supported");
    ret->bytes = call->args[0].bytes;
    return true;
}

static bool convert_from(const struct call *call, struct value *ret, struct err *reterr)
{
    if (!is_utf8_name(call->args[1].bytes))
        return err_sql(reterr, ERR_DEAD_LETTER, "0A000",
                       "only conversions from UTF8 are supported");
    return text_parse((struct type){TYPE_TEXT, -1}, call->args[0].bytes, call->scratch, ret,
                      reterr);
}

/* ---- enums ---- */

static bool enum_edge(const struct call *call, bool first, struct value *ret, struct err *reterr)
{
    struct type type = call->arg_types[0];

    if (type.labels == NULL || type.labels->n == 0)
        return err_sql(reterr, ERR_DEAD_LETTER, "55000", "enum contains no values");
    return text_parse(type, type.labels->labels[first ? 0 : type.labels->n - 1], call->scratch, ret,
                      reterr);
}

static bool enum_first(const struct call *call, struct value *ret, struct err *reterr)
{
    return enum_edge(call, true, ret, reterr);
}

static bool enum_last(const struct call *call, struct value *ret, struct err *reterr)
{
    return enum_edge(call, false, ret, reterr);
}

/* The labels from one to another; NULL: from the first, to the last. */
static bool enum_range(const struct call *call, struct value *ret, struct err *reterr)
{
    CLEANUP(array_maker) struct array_maker maker = {0};
    struct type type = call->arg_types[0];
    bool between = call->args_n > 1;
    struct value label;

    if (type.labels == NULL)
        return err_sql(reterr, ERR_DEAD_LETTER, "55000", "enum contains no values");
    array_begin(&maker, type.id, 1);
    for (uint16_t i = 0; i < type.labels->n; i++) {
        if (!text_parse(type, type.labels->labels[i], call->scratch, &label, reterr))
            return false;
        if ((!between || call->args[0].null || value_compare(type.id, call->args[0], label) <= 0) &&
            (!between || call->args[1].null || value_compare(type.id, label, call->args[1]) <= 0))
            array_add(&maker, label);
    }
    ret->bytes = array_finish(&maker, call->scratch);
    return true;
}

#define BYTEA_ROW(name, r, body, ...) FUNCTION_ROW(name, r, body, TYPE_BYTEA, __VA_ARGS__)

const struct function functions_bytes[] = {
    BYTEA_ROW("encode", TYPE_TEXT, encode, TYPE_TEXT),
    FUNCTION_ROW("decode", TYPE_BYTEA, decode, TYPE_TEXT, TYPE_TEXT),
    FUNCTION_ROW("md5", TYPE_TEXT, md5, TYPE_TEXT),
    FUNCTION_ROW("md5", TYPE_TEXT, md5, TYPE_BYTEA),
    FUNCTION_ROW("sha224", TYPE_BYTEA, sha224, TYPE_BYTEA),
    FUNCTION_ROW("sha256", TYPE_BYTEA, sha256, TYPE_BYTEA),
    FUNCTION_ROW("sha384", TYPE_BYTEA, sha384, TYPE_BYTEA),
    FUNCTION_ROW("sha512", TYPE_BYTEA, sha512, TYPE_BYTEA),
    BYTEA_ROW("get_byte", TYPE_INT4, get_byte, TYPE_INT4),
    BYTEA_ROW("get_bit", TYPE_INT4, get_bit, TYPE_INT8),
    BYTEA_ROW("set_byte", TYPE_BYTEA, set_byte, TYPE_INT4, TYPE_INT4),
    BYTEA_ROW("set_bit", TYPE_BYTEA, set_bit, TYPE_INT8, TYPE_INT4),
    FUNCTION_ROW("bit_count", TYPE_INT8, bit_count, TYPE_BYTEA),
    BYTEA_ROW("substring", TYPE_BYTEA, bytes_substring, TYPE_INT4),
    BYTEA_ROW("substring", TYPE_BYTEA, bytes_substring, TYPE_INT4, TYPE_INT4),
    BYTEA_ROW("substr", TYPE_BYTEA, bytes_substring, TYPE_INT4),
    BYTEA_ROW("substr", TYPE_BYTEA, bytes_substring, TYPE_INT4, TYPE_INT4),
    BYTEA_ROW("position", TYPE_INT4, bytes_position, TYPE_BYTEA),
    BYTEA_ROW("overlay", TYPE_BYTEA, bytes_overlay, TYPE_BYTEA, TYPE_INT4),
    BYTEA_ROW("overlay", TYPE_BYTEA, bytes_overlay, TYPE_BYTEA, TYPE_INT4, TYPE_INT4),
    BYTEA_ROW("btrim", TYPE_BYTEA, bytes_btrim, TYPE_BYTEA),
    BYTEA_ROW("ltrim", TYPE_BYTEA, bytes_ltrim, TYPE_BYTEA),
    BYTEA_ROW("rtrim", TYPE_BYTEA, bytes_rtrim, TYPE_BYTEA),
    FUNCTION_ROW("convert_to", TYPE_BYTEA, convert_to, TYPE_TEXT, TYPE_TEXT),
    BYTEA_ROW("convert_from", TYPE_TEXT, convert_from, TYPE_TEXT),
    FUNCTION_LOOSE_ROW("enum_first", TYPE_ANYENUM, enum_first, TYPE_ANYENUM),
    FUNCTION_LOOSE_ROW("enum_last", TYPE_ANYENUM, enum_last, TYPE_ANYENUM),
    FUNCTION_LOOSE_ROW("enum_range", TYPE_ANYARRAY, enum_range, TYPE_ANYENUM),
    FUNCTION_LOOSE_ROW("enum_range", TYPE_ANYARRAY, enum_range, TYPE_ANYENUM, TYPE_ANYENUM),
    {0},
};
