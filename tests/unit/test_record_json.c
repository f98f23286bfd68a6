/* The scanner against cJSON on random documents, its refusals, and the strings it writes. */
#include "record/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>

struct random {
    uint64_t state;
};

static uint32_t below(struct random *random, uint32_t bound)
{
    random->state = random->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((random->state >> 33) % bound);
}

/* --- a random document ------------------------------------------------------------------- */

static void put_blanks(struct buf *out, struct random *random)
{
    static const char blanks[] = " \n\t\r";

    while (below(random, 8) == 0)
        buf_char(out, blanks[below(random, 4)]);
}

static void put_string(struct buf *out, struct random *random)
{
    static const char *const pieces[] = {"a",
                                         "order_id",
                                         "\\n",
                                         "\\\"",
                                         "\\\\",
                                         "\\/",
                                         "\\u00e9",
                                         "\xC3\xA9",
                                         "\\uD83D\\uDE00",
                                         "{",
                                         "[",
                                         "}",
                                         ",",
                                         "\xF0\x9F\x98\x80",
                                         ":",
                                         "\\t",
                                         "\\b",
                                         "\\f",
                                         "\\r",
                                         "\xE2\x82\xAC",
                                         "0123456789abcdef"};

    buf_char(out, '"');
    for (uint32_t n = below(random, 6); n > 0; n--)
        buf_puts(out, pieces[below(random, sizeof(pieces) / sizeof(*pieces))]);
    buf_char(out, '"');
}

static void put_scalar(struct buf *out, struct random *random)
{
    static const char *const words[] = {"null", "true",  "false",   "0",
                                        "-0",   "12",    "-7.5",    "1e3",
                                        "1E-2", "0.001", "1.5e+10", "9007199254740993"};

    if (below(random, 2) == 0)
        put_string(out, random);
    else
        buf_puts(out, words[below(random, sizeof(words) / sizeof(*words))]);
}

static void put_value(struct buf *out, struct random *random, unsigned depth)
{
    uint32_t shape = depth == 0 ? 2 : below(random, 4);

    put_blanks(out, random);
    if (shape >= 2) {
        put_scalar(out, random);
    } else {
        buf_char(out, shape == 0 ? '{' : '[');
        for (uint32_t n = below(random, 5), i = 0; i < n; i++) {
            if (i > 0)
                buf_char(out, ',');
            put_blanks(out, random);
            if (shape == 0) {
                buf_printf(out, "\"k%u", i);
                buf_puts(out, below(random, 4) == 0 ? "\\u0041\"" : "\"");
                put_blanks(out, random);
                buf_char(out, ':');
            }
            put_value(out, random, depth - 1);
        }
        put_blanks(out, random);
        buf_char(out, shape == 0 ? '}' : ']');
    }
    put_blanks(out, random);
}

/* --- what cJSON lets pass and we do not --------------------------------------------------- */

/* A number as RFC 8259 has it. */
static bool strict_number(const char *at, size_t len)
{
    char text[64];

    if (len >= sizeof(text))
        return false;
    memcpy(text, at, len);
    text[len] = '\0';
    const char *p = text + (*text == '-');
    if (*p == '0' && p[1] >= '0' && p[1] <= '9')
        return false;
    size_t digits = strspn(p, "0123456789");
    if (digits == 0)
        return false;
    p += digits;
    if (*p == '.') {
        digits = strspn(p + 1, "0123456789");
        if (digits == 0)
            return false;
        p += 1 + digits;
    }
    if (*p == 'e' || *p == 'E') {
        p += 1 + (p[1] == '+' || p[1] == '-');
        digits = strspn(p, "0123456789");
        if (digits == 0)
            return false;
        p += digits;
    }
    return *p == '\0';
}

#define HEX "0123456789abcdefABCDEF"

/* cJSON takes raw controls and bytes that are no UTF-8 in strings, any control as a blank, \\u with
 * any four bytes, and what strtod takes as a number. */
static bool has_leniency(struct str text)
{
    bool in_string = false;

    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];

        if (in_string) {
            if (c < 0x20 || c >= 0x80)
                return true;
            if (c == '\\' && text.at[i + 1] == 'u' && strspn(text.at + i + 2, HEX) < 4)
                return true;
            if (c == '\\')
                i++;
            in_string = c != '"';
            continue;
        }
        in_string = c == '"';
        if (c < 0x20 && strchr("\n\t\r", c) == NULL)
            return true;
        if (strchr("+-.0123456789eE", c) == NULL || c == '\0')
            continue;
        size_t len = strspn(text.at + i, "+-.0123456789eE");
        /* letters of true and false */
        if (c != 'e' && !strict_number(text.at + i, len))
            return true;
        i += len - 1;
    }
    return false;
}

/* --- both walk the document ---------------------------------------------------------------- */

static void same_value(struct str text, const cJSON *expected, struct arena *arena);

static void same_object(struct str text, const cJSON *expected, struct arena *arena)
{
    struct json_cursor cursor = json_open(text);
    struct json_value value;
    bool first = true, more = true;
    struct err err;
    struct str name;
    const cJSON *child = expected->child;

    assert_true(json_object_begin(&cursor, &err));
    for (;;) {
        assert_true(json_object_next(&cursor, arena, &first, &more, &name, &err));
        if (!more)
            break;
        assert_non_null(child);
        assert_true(str_eq_c(name, child->string));
        assert_true(json_read(&cursor, &value, &err));
        same_value(value.kind == JSON_STRING ? str_between(value.raw.at - 1, cursor.at) : value.raw,
                   child, arena);
        child = child->next;
    }
    assert_null(child);
    assert_true(json_at_end(&cursor, &err));
}

static void same_array(struct str text, const cJSON *expected, struct arena *arena)
{
    struct json_cursor cursor = json_open(text);
    struct json_value value;
    struct err err;
    const cJSON *child = expected->child;

    cursor.at++;
    for (; child != NULL; child = child->next) {
        assert_true(json_read(&cursor, &value, &err));
        same_value(value.kind == JSON_STRING ? str_between(value.raw.at - 1, cursor.at) : value.raw,
                   child, arena);
        while (cursor.at < cursor.end && *cursor.at <= ' ')
            cursor.at++;
        assert_true(*cursor.at == (child->next != NULL ? ',' : ']'));
        cursor.at++;
    }
}

static void same_value(struct str text, const cJSON *expected, struct arena *arena)
{
    struct json_cursor cursor = json_open(text);
    struct json_value value;
    struct str string;
    struct err err;

    assert_true(json_read(&cursor, &value, &err));
    assert_true(json_at_end(&cursor, &err));
    switch (value.kind) {
    case JSON_NULL:
        assert_true(cJSON_IsNull(expected));
        break;
    case JSON_FALSE:
    case JSON_TRUE:
        assert_true(cJSON_IsBool(expected));
        assert_int_equal(value.kind == JSON_TRUE, cJSON_IsTrue(expected));
        break;
    case JSON_NUMBER:
        assert_true(cJSON_IsNumber(expected));
        assert_true(strtod(value.raw.at, NULL) == expected->valuedouble);
        break;
    case JSON_STRING:
        assert_true(cJSON_IsString(expected));
        assert_true(json_text(&value, arena, &string, &err));
        assert_true(str_eq_c(string, expected->valuestring));
        break;
    case JSON_OBJECT:
        assert_true(cJSON_IsObject(expected));
        same_object(value.raw, expected, arena);
        break;
    case JSON_ARRAY:
        assert_true(cJSON_IsArray(expected));
        same_array(value.raw, expected, arena);
        break;
    }
}

static bool accepts(struct str text)
{
    struct json_cursor cursor = json_open(text);
    struct json_value value;
    struct err err = {0};
    bool accepted = json_read(&cursor, &value, &err) && json_at_end(&cursor, &err);

    assert_true(accepted || err.kind == ERR_DEAD_LETTER);
    return accepted;
}

/* cJSON judges surrogates and \u0000 while it parses, we when the text is asked for. */
static bool escapes_u(struct str text)
{
    return memmem(text.at, text.len, "\\u", 2) != NULL;
}

static void test_random_documents(void **state)
{
    struct random random = {42};
    struct buf text CLEANUP(buf) = {0};
    struct arena *arena CLEANUP(arena) = arena_new(1 << 20);
    int accepted = 0, refused = 0;

    (void)state;
    for (int round = 0; round < 60000; round++) {
        bool mutated = round % 2 == 1;

        buf_clear(&text);
        arena_reset(arena);
        put_value(&text, &random, 4);
        for (uint32_t n = mutated ? 1 + below(&random, 3) : 0; n > 0; n--) {
            static const char bytes[] = "{}[]\",:\\ue01-+.ntf \n\001x";

            text.at[below(&random, (uint32_t)text.len)] = bytes[below(&random, sizeof(bytes) - 1)];
        }
        const char *document = buf_cstr(&text);
        cJSON *tree = cJSON_ParseWithOpts(document, NULL, 1);
        bool ours = accepts(buf_str(&text));
        if (ours && tree != NULL)
            same_value(buf_str(&text), tree, arena);
        else if (ours && !escapes_u(buf_str(&text)))
            fail_msg("cJSON refuses: %s", document);
        else if (!ours && tree != NULL && !has_leniency(buf_str(&text)))
            fail_msg("the scanner refuses: %s", document);
        if (!mutated)
            assert_true(ours && tree != NULL);
        accepted += ours;
        refused += !ours;
        cJSON_Delete(tree);
    }
    assert_true(accepted > 30000 && refused > 10000);
}

/* Every prefix of a document is refused, with ASan watching the byte behind it. */
static void test_prefixes(void **state)
{
    struct str document = STR("{\"a\":[1,-2.5e3,\"x\\u00e9\\n\"],\"b\":{\"c\":null,\"d\":true}}");

    (void)state;
    assert_true(accepts(document));
    for (size_t len = 0; len < document.len; len++) {
        char *copy CLEANUP(free) = malloc(len + 1);

        memcpy(copy, document.at, len);
        char *exact CLEANUP(free) = len == 0 ? NULL : malloc(len);
        if (exact != NULL)
            memcpy(exact, copy, len);
        assert_false(accepts((struct str){exact, len}));
    }
}

static void test_refusals(void **state)
{
    static const char *const documents[] = {"",
                                            " ",
                                            "01",
                                            "1.",
                                            ".5",
                                            "+1",
                                            "-",
                                            "1e",
                                            "1e+",
                                            "tru",
                                            "nul",
                                            "nullx",
                                            "[1,]",
                                            "[,1]",
                                            "{\"a\"}",
                                            "{a:1}",
                                            "{\"a\":1,}",
                                            "[1 2]",
                                            "\"\\x\"",
                                            "\"\\u12g4\"",
                                            "\"a\nb\"",
                                            "\"",
                                            "\"\\\"",
                                            "[1}",
                                            "{\"a\":1]",
                                            "\"\xFF\"",
                                            "\"\xC0\xAF\"",
                                            "\"\xED\xA0\x80\"",
                                            "\"\xF4\x90\x80\x80\"",
                                            "\"\xE2\x82\"",
                                            "1 2",
                                            "\xEF\xBB\xBF{}",
                                            "{\"a\":1}x"};

    (void)state;
    for (size_t i = 0; i < sizeof(documents) / sizeof(*documents); i++) {
        if (accepts(str_of(documents[i])))
            fail_msg("accepted: %s", documents[i]);
    }
}

static void test_depth(void **state)
{
    char text[131];

    (void)state;
    memset(text, '[', 64);
    memset(text + 64, ']', 64);
    assert_true(accepts((struct str){text, 128}));
    memset(text, '[', 65);
    memset(text + 65, ']', 65);
    assert_false(accepts((struct str){text, 130}));
}

static void test_text_refuses(void **state)
{
    static const char *const strings[] = {"\"\\u0000\"", "\"\\uD800\"", "\"\\uDC00\"",
                                          "\"\\uD800x\"", "\"\\uD800\\u0041\""};
    struct arena *arena CLEANUP(arena) = arena_new(1 << 16);

    (void)state;
    for (size_t i = 0; i < sizeof(strings) / sizeof(*strings); i++) {
        struct json_cursor cursor = json_open(str_of(strings[i]));
        struct json_value value;
        struct str text;
        struct err err;

        assert_true(json_read(&cursor, &value, &err));
        assert_false(json_text(&value, arena, &text, &err));
        assert_string_equal(err.sqlstate, i == 0 ? "22P05" : "22P02");
        assert_false(json_check_escapes(str_of(strings[i]), &err));
        assert_string_equal(err.sqlstate, i == 0 ? "22P05" : "22P02");
    }
}

static void test_escapes_are_checked(void **state)
{
    struct err err;

    (void)state;
    assert_true(
        json_check_escapes(STR("{\"a\\u0041\": [\"\\\\u0000\", \"\\ud83d\\ude04\"]}"), &err));
    assert_true(json_check_escapes(STR("[]"), &err));
    assert_false(json_check_escapes(STR("{\"a\": [1, {\"x\\ude04\": 2}]}"), &err));
    assert_string_equal(err.sqlstate, "22P02");
}

static void test_write_string(void **state)
{
    struct buf out CLEANUP(buf) = {0};

    (void)state;
    json_write_string(
        &out, STR("a\"\\\b\f\n\r\t\001\037\177/\xC3\xA9\xF0\x9F\x98\x80 0123456789 0123456789\""));
    assert_string_equal(buf_cstr(&out),
                        "\"a\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\177/\xC3\xA9\xF0\x9F\x98\x80"
                        " 0123456789 0123456789\\\"\"");
    buf_clear(&out);
    json_write_string(&out, (struct str){NULL, 0});
    assert_string_equal(buf_cstr(&out), "\"\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_documents), cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_refusals),         cmocka_unit_test(test_depth),
        cmocka_unit_test(test_text_refuses),     cmocka_unit_test(test_escapes_are_checked),
        cmocka_unit_test(test_write_string),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
