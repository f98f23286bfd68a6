/* Patterns (chapter 9.7): ILIKE, LIKE ... ESCAPE, SIMILAR TO and POSIX regular expressions. */
#include "expr/regex.h"

#include "record/array.h"

static bool bad_escape(struct err *reterr)
{
    return err_sql(reterr, ERR_DEAD_LETTER, "22025", "invalid escape string");
}

/* Rewrites the pattern to the escape character that LIKE knows. */
static bool like_escape(const struct call *call, struct value *ret, struct err *reterr)
{
    struct str pattern = call->args[0].bytes, escape = call->args[1].bytes;
    CLEANUP(buf) struct buf out = {0};
    bool escaped = false;

    if (utf8_count(escape) > 1)
        return bad_escape(reterr);
    ret->bytes = pattern;
    if (str_eq(escape, STR("\\")))
        return true;
    for (size_t at = 0; at < pattern.len;) {
        struct str rest = {pattern.at + at, pattern.len - at};
        size_t n = utf8_at(rest, 1);

        if (escape.len > 0 && !escaped && str_starts(rest, escape)) {
            buf_char(&out, '\\');
            escaped = true;
        } else {
            if (*rest.at == '\\' && !escaped)
                buf_char(&out, '\\');
            buf_append(&out, rest.at, n);
            escaped = false;
        }
        at += n;
    }
    return buf_result(call, &out, ret, reterr);
}

/* A SIMILAR TO pattern being turned into a regular expression. */
struct similar {
    struct buf out;
    struct str escape;
    bool escaped, in_brackets;
};

/* Behind the escape character: a quote would split the pattern in three, whose greed the two
 * engines weigh differently; all else is literal. */
static bool similar_escaped(struct similar *similar, struct str character, struct err *reterr)
{
    if (*character.at == '"' && !similar->in_brackets)
        return err_sql(
            reterr, ERR_DEAD_LETTER, "0A000",
            "escape-double-quote separators are not supported; write SUBSTRING(text FROM "
            "pattern)");
    buf_char(&similar->out, '\\');
    buf_put(&similar->out, character);
    similar->escaped = false;
    return true;
}

static void similar_plain(struct similar *similar, struct str character)
{
    char c = *character.at;

    if (similar->in_brackets) {
        if (c == '\\')
            buf_char(&similar->out, '\\');
        buf_put(&similar->out, character);
        similar->in_brackets = c != ']';
        return;
    }
    switch (c) {
    case '%':
        buf_puts(&similar->out, ".*");
        return;
    case '_':
        buf_char(&similar->out, '.');
        return;
    case '(':
        buf_puts(&similar->out, "(?:");
        return;
    case '\\':
    case '.':
    case '^':
    case '$':
        buf_char(&similar->out, '\\');
        break;
    case '[':
        similar->in_brackets = true;
        break;
    default:
        break;
    }
    buf_put(&similar->out, character);
}

static bool similar_to_escape(const struct call *call, struct value *ret, struct err *reterr)
{
    struct str pattern = call->args[0].bytes;
    struct similar similar = {.escape = call->args_n > 1 ? call->args[1].bytes : STR("\\")};
    bool ok = true;

    if (utf8_count(similar.escape) > 1)
        return bad_escape(reterr);
    buf_puts(&similar.out, "^(?:");
    for (size_t at = 0; at < pattern.len && ok;) {
        struct str rest = {pattern.at + at, pattern.len - at};
        struct str character = {rest.at, utf8_at(rest, 1)};

        if (similar.escaped)
            ok = similar_escaped(&similar, character, reterr);
        else if (similar.escape.len > 0 && str_eq(character, similar.escape))
            similar.escaped = true;
        else
            similar_plain(&similar, character);
        at += character.len;
    }
    buf_puts(&similar.out, ")$");
    ok = ok && buf_result(call, &similar.out, ret, reterr);
    buf_done(&similar.out);
    return ok;
}

/* ---- ~ and its kin ---- */

static bool matches(const struct call *call, bool ignore_case, bool *ret, struct err *reterr)
{
    struct regex_flags flags = {.ignore_case = ignore_case};
    struct regex_match found[REGEX_SUBS_MAX];
    CLEANUP(regex) struct regex regex = {0};

    return regex_open(call->args[1].bytes, flags, call->args[0].bytes, call->scratch, &regex,
                      reterr) &&
           regex_search(&regex, 0, found, ret, reterr);
}

#define MATCH(name, ignore_case, wanted)                                                           \
    static bool name(const struct call *call, struct value *ret, struct err *reterr)               \
    {                                                                                              \
        bool found = false;                                                                        \
                                                                                                   \
        if (!matches(call, ignore_case, &found, reterr))                                           \
            return false;                                                                          \
        ret->slot = found == (wanted);                                                             \
        return true;                                                                               \
    }

MATCH(regex_match_case, false, true)
MATCH(regex_match_any_case, true, true)
MATCH(regex_not_case, false, false)
MATCH(regex_not_any_case, true, false)

/* ---- the functions ---- */

/* Where the arguments of the regexp_ functions stand; 0: not there. */
struct places {
    uint16_t start, n, option, flags, sub;
};

/* What the arguments ask for. */
struct request {
    struct regex regex;
    struct regex_flags flags;
    int64_t start, n, option, sub;
};

static bool invalid_parameter(struct err *reterr, const char *name, int64_t value)
{
    return err_sql(reterr, ERR_DEAD_LETTER, "22023", "invalid value for parameter \"%s\": %lld",
                   name, (long long)value);
}

static bool no_global(struct err *reterr, const char *function)
{
    return err_sql(reterr, ERR_DEAD_LETTER, "22023", "%s does not support the \"global\" option",
                   function);
}

static int64_t number_at(const struct call *call, uint16_t place, int64_t otherwise)
{
    return place != 0 && place < call->args_n ? call->args[place].slot : otherwise;
}

static bool open_request(const struct call *call, struct places places, const char *function,
                         struct request *ret, struct err *reterr)
{
    struct str flags =
        places.flags != 0 && places.flags < call->args_n ? call->args[places.flags].bytes : STR("");

    *ret = (struct request){.start = number_at(call, places.start, 1),
                            .n = number_at(call, places.n, 1),
                            .option = number_at(call, places.option, 0),
                            .sub = number_at(call, places.sub, 0)};
    if (ret->start <= 0)
        return invalid_parameter(reterr, "start", ret->start);
    if (ret->n < (function == NULL ? 0 : 1))
        return invalid_parameter(reterr, "n", ret->n);
    if (ret->option != 0 && ret->option != 1)
        return invalid_parameter(reterr, "endoption", ret->option);
    if (ret->sub < 0)
        return invalid_parameter(reterr, "subexpr", ret->sub);
    if (!regex_read_flags(flags, &ret->flags, reterr))
        return false;
    if (function != NULL && ret->flags.global)
        return no_global(reterr, function);
    return regex_open(call->args[1].bytes, ret->flags, call->args[0].bytes, call->scratch,
                      &ret->regex, reterr);
}

static void cleanup_request(struct request *request)
{
    regex_close(&request->regex);
}

/* The next search begins behind the match, one further behind an empty one. */
static uint32_t behind(struct regex_match match)
{
    return (uint32_t)(match.end + (match.start == match.end));
}

/* Finds match number n from the start on. */
static bool find_nth(struct request *request, struct regex_match *found, bool *ret_found,
                     struct err *reterr)
{
    *ret_found = false;
    if (request->start - 1 > request->regex.length)
        return true;
    for (uint32_t from = (uint32_t)(request->start - 1); from <= request->regex.length;
         from = behind(found[0])) {
        if (!regex_search(&request->regex, from, found, ret_found, reterr))
            return false;
        if (!*ret_found || --request->n == 0)
            return true;
    }
    *ret_found = false;
    return true;
}

/* \1 to \9 and \& stand for what was matched; another letter behind \ for both. */
static void put_replacement(struct buf *out, struct str by, const struct regex *regex,
                            const struct regex_match *found)
{
    for (size_t i = 0; i < by.len; i++) {
        char next = by.at[i] == '\\' && i + 1 < by.len ? by.at[i + 1] : '\0';
        uint32_t sub = next == '&' ? 0 : (uint32_t)(next - '0');

        if (next == '\\') {
            buf_char(out, '\\');
            i++;
        } else if (next == '&' || (next >= '1' && next <= '9')) {
            if (sub <= regex->subs_n && found[sub].start >= 0)
                buf_put(out, regex_text(regex, found[sub]));
            i++;
        } else {
            buf_char(out, by.at[i]);
        }
    }
}

/* n 0: all. */
static bool replace(const struct call *call, struct request *request, int64_t n, struct value *ret,
                    struct err *reterr)
{
    struct regex *regex = &request->regex;
    struct regex_match found[REGEX_SUBS_MAX], gap = {0, 0};
    CLEANUP(buf) struct buf out = {0};
    int64_t seen = 0;
    bool is_found;

    for (int64_t from = request->start - 1; from <= regex->length; from = behind(found[0])) {
        if (!regex_search(regex, (uint32_t)from, found, &is_found, reterr))
            return false;
        if (!is_found)
            break;
        seen++;
        if (n > 0 && seen != n)
            continue;
        gap.end = found[0].start;
        buf_put(&out, regex_text(regex, gap));
        put_replacement(&out, call->args[2].bytes, regex, found);
        gap.start = found[0].end;
        if (n > 0)
            break;
    }
    gap.end = regex->length;
    buf_put(&out, regex_text(regex, gap));
    return buf_result(call, &out, ret, reterr);
}

static bool regexp_replace(const struct call *call, struct value *ret, struct err *reterr)
{
    CLEANUP(request) struct request request = {0};

    /* a digit in the flags is meant to be `start` */
    if (call->args_n == 4 && call->args[3].bytes.len > 0 && call->args[3].bytes.at[0] >= '0' &&
        call->args[3].bytes.at[0] <= '9')
        return err_sql(reterr, ERR_DEAD_LETTER, "22023",
                       "invalid regular expression option: \"%.*s\"", 1, call->args[3].bytes.at);
    return open_request(call, (struct places){.flags = 3}, NULL, &request, reterr) &&
           replace(call, &request, request.flags.global ? 0 : 1, ret, reterr);
}

static bool regexp_replace_from(const struct call *call, struct value *ret, struct err *reterr)
{
    CLEANUP(request) struct request request = {0};
    struct places places = {.start = 3, .n = 4, .flags = 5};

    if (!open_request(call, places, NULL, &request, reterr))
        return false;
    int64_t n = call->args_n > 4 ? call->args[4].slot : 1;
    return replace(call, &request, n, ret, reterr);
}

/* The parentheses of a match, or the whole when there are none. */
static void add_subs(struct array_maker *maker, const struct regex *regex,
                     const struct regex_match *found)
{
    for (uint32_t i = regex->subs_n > 0 ? 1 : 0; i <= regex->subs_n; i++) {
        struct value value = {.null = found[i].start < 0};

        if (!value.null)
            value.bytes = regex_text(regex, found[i]);
        array_add(maker, value);
    }
}

static bool regexp_match(const struct call *call, struct value *ret, struct err *reterr)
{
    CLEANUP(request) struct request request = {0};
    CLEANUP(array_maker) struct array_maker maker = {0};
    struct regex_match found[REGEX_SUBS_MAX];
    bool is_found = false;

    if (!open_request(call, (struct places){.flags = 2}, "regexp_match()", &request, reterr) ||
        !regex_search(&request.regex, 0, found, &is_found, reterr))
        return false;
    ret->null = !is_found;
    if (!is_found)
        return true;
    array_begin(&maker, TYPE_TEXT, 1);
    add_subs(&maker, &request.regex, found);
    ret->bytes = array_finish(&maker, call->scratch);
    return true;
}

/* Empty matches at the ends and right behind another match split nothing. */
bool regexp_matches(const struct call *call, struct rows_out *out, struct err *reterr)
{
    CLEANUP(request) struct request request = {0};
    struct regex_match found[REGEX_SUBS_MAX];
    bool is_found = true;

    if (!open_request(call, (struct places){.flags = 2}, NULL, &request, reterr))
        return false;
    for (uint32_t from = 0; from <= request.regex.length; from = behind(found[0])) {
        CLEANUP(array_maker) struct array_maker maker = {0};

        if (!regex_search(&request.regex, from, found, &is_found, reterr))
            return false;
        if (!is_found)
            return true;
        array_begin(&maker, TYPE_TEXT, 1);
        add_subs(&maker, &request.regex, found);
        if (!rows_add(out, (struct value){.bytes = array_finish(&maker, out->arena)}, reterr))
            return false;
        if (!request.flags.global)
            return true;
    }
    return true;
}

static bool regexp_split_to_array(const struct call *call, struct value *ret, struct err *reterr)
{
    CLEANUP(request) struct request request = {0};
    CLEANUP(array_maker) struct array_maker maker = {0};
    struct regex_match found[REGEX_SUBS_MAX], gap = {0, 0};
    int64_t last_end = 0;
    bool is_found;

    if (!open_request(call, (struct places){.flags = 2}, "regexp_split_to_array()", &request,
                      reterr))
        return false;
    array_begin(&maker, TYPE_TEXT, 1);
    for (uint32_t from = 0; from <= request.regex.length; from = behind(found[0])) {
        if (!regex_search(&request.regex, from, found, &is_found, reterr))
            return false;
        if (!is_found)
            break;
        if (found[0].start < request.regex.length && found[0].end > last_end) {
            gap.end = found[0].start;
            array_add(&maker, (struct value){.bytes = regex_text(&request.regex, gap)});
            gap.start = found[0].end;
        }
        last_end = found[0].end;
    }
    gap.end = request.regex.length;
    array_add(&maker, (struct value){.bytes = regex_text(&request.regex, gap)});
    ret->bytes = array_finish(&maker, call->scratch);
    return true;
}

static bool regexp_like(const struct call *call, struct value *ret, struct err *reterr)
{
    CLEANUP(request) struct request request = {0};
    struct regex_match found[REGEX_SUBS_MAX];
    bool is_found = false;

    if (!open_request(call, (struct places){.flags = 2}, "regexp_like()", &request, reterr) ||
        !regex_search(&request.regex, 0, found, &is_found, reterr))
        return false;
    ret->slot = is_found;
    return true;
}

static bool regexp_count(const struct call *call, struct value *ret, struct err *reterr)
{
    CLEANUP(request) struct request request = {0};
    struct places places = {.start = 2, .flags = 3};
    struct regex_match found[REGEX_SUBS_MAX];
    bool is_found = true;

    if (!open_request(call, places, "regexp_count()", &request, reterr))
        return false;
    ret->slot = 0;
    for (int64_t from = request.start - 1; from <= request.regex.length; from = behind(found[0])) {
        if (!regex_search(&request.regex, (uint32_t)from, found, &is_found, reterr))
            return false;
        if (!is_found)
            break;
        ret->slot++;
    }
    return true;
}

static bool regexp_instr(const struct call *call, struct value *ret, struct err *reterr)
{
    CLEANUP(request) struct request request = {0};
    struct places places = {.start = 2, .n = 3, .option = 4, .flags = 5, .sub = 6};
    struct regex_match found[REGEX_SUBS_MAX];
    bool is_found = false;

    if (!open_request(call, places, "regexp_instr()", &request, reterr) ||
        !find_nth(&request, found, &is_found, reterr))
        return false;
    ret->slot = 0;
    if (!is_found || request.sub > request.regex.subs_n || found[request.sub].start < 0)
        return true;
    const struct regex_match *match = &found[request.sub];
    ret->slot = (request.option == 1 ? match->end : match->start) + 1;
    return true;
}

static bool regexp_substr(const struct call *call, struct value *ret, struct err *reterr)
{
    CLEANUP(request) struct request request = {0};
    struct places places = {.start = 2, .n = 3, .flags = 4, .sub = 5};
    struct regex_match found[REGEX_SUBS_MAX];
    bool is_found = false;

    if (!open_request(call, places, "regexp_substr()", &request, reterr) ||
        !find_nth(&request, found, &is_found, reterr))
        return false;
    ret->null = !is_found || request.sub > request.regex.subs_n || found[request.sub].start < 0;
    if (!ret->null)
        ret->bytes = regex_text(&request.regex, found[request.sub]);
    return true;
}

/* The first parentheses' text, or the whole match's. */
static bool substring_regex(const struct call *call, struct value *ret, struct err *reterr)
{
    CLEANUP(request) struct request request = {0};
    struct regex_match found[REGEX_SUBS_MAX];
    bool is_found = false;

    if (!open_request(call, (struct places){0}, NULL, &request, reterr) ||
        !regex_search(&request.regex, 0, found, &is_found, reterr))
        return false;
    uint32_t sub = request.regex.subs_n > 0 ? 1 : 0;
    ret->null = !is_found || found[sub].start < 0;
    if (!ret->null)
        ret->bytes = regex_text(&request.regex, found[sub]);
    return true;
}

static bool substring_similar(const struct call *call, struct value *ret, struct err *reterr)
{
    struct value pattern = {0};
    struct call inner = *call;

    inner.args = call->args + 1;
    inner.args_n = 2;
    if (!similar_to_escape(&inner, &pattern, reterr))
        return false;
    struct value args[2] = {call->args[0], pattern};
    inner.args = args;
    return substring_regex(&inner, ret, reterr);
}

/* ILIKE: both sides in lower case. */
static bool ilike(const struct call *call, bool wanted, struct value *ret, struct err *reterr)
{
    struct value args[2] = {call->args[0], call->args[1]};
    struct call inner = *call;

    for (int i = 0; i < 2; i++) {
        char *made = arena_alloc(call->scratch, args[i].bytes.len + 1);

        for (size_t k = 0; k < args[i].bytes.len; k++) {
            char c = args[i].bytes.at[k];

            made[k] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
        }
        args[i].bytes.at = made;
    }
    inner.args = args;
    if (!text_like(&inner, ret, reterr))
        return false;
    ret->slot = (ret->slot != 0) == wanted;
    return true;
}

static bool text_ilike(const struct call *call, struct value *ret, struct err *reterr)
{
    return ilike(call, true, ret, reterr);
}

static bool text_not_ilike(const struct call *call, struct value *ret, struct err *reterr)
{
    return ilike(call, false, ret, reterr);
}

/* The pattern of a constant must be one that both engines take alike. */
static bool check_pattern(const struct value *args, const bool *known, struct regex_flags flags,
                          struct arena *arena, struct err *reterr)
{
    CLEANUP(regex) struct regex regex = {0};

    return !known[1] || regex_open(args[1].bytes, flags, STR(""), arena, &regex, reterr) ||
           strcmp(reterr->sqlstate, "0A000") != 0;
}

static bool check_match(const struct value *args, const bool *known, uint16_t args_n,
                        struct arena *arena, struct err *reterr)
{
    (void)args_n;
    return check_pattern(args, known, (struct regex_flags){0}, arena, reterr);
}

static bool check_any_case(const struct value *args, const bool *known, uint16_t args_n,
                           struct arena *arena, struct err *reterr)
{
    (void)args_n;
    return check_pattern(args, known, (struct regex_flags){.ignore_case = true}, arena, reterr);
}

/* For the functions: with the flags, wherever among the arguments they stand. */
static bool check_function(const struct value *args, const bool *known, uint16_t at,
                           uint16_t args_n, struct arena *arena, struct err *reterr)
{
    struct regex_flags flags = {0};

    if (at < args_n && known[at] && !regex_read_flags(args[at].bytes, &flags, reterr))
        return true; /* each row says so */
    return check_pattern(args, known, flags, arena, reterr);
}

#define CHECK_AT(at)                                                                               \
    static bool check_at_##at(const struct value *args, const bool *known, uint16_t args_n,        \
                              struct arena *arena, struct err *reterr)                             \
    {                                                                                              \
        return check_function(args, known, at, args_n, arena, reterr);                             \
    }

static bool check_similar(const struct value *args, const bool *known, uint16_t args_n,
                          struct arena *arena, struct err *reterr)
{
    struct call call = {.args = args + 1, .scratch = arena, .args_n = 2};
    struct value regex = {0};

    if (args_n < 3 || !known[1] || !known[2])
        return true;
    return similar_to_escape(&call, &regex, reterr) || strcmp(reterr->sqlstate, "0A000") != 0;
}

CHECK_AT(2)
CHECK_AT(3)
CHECK_AT(4)
CHECK_AT(5)

#define PAIR_ROW(symbol, type, body_, check_)                                                      \
    {                                                                                              \
        .name = (symbol), .kind = FUNCTION_OPERATOR, .args = {(type), TYPE_TEXT},                  \
        .result = TYPE_BOOL, .body = (body_), .check = (check_)                                    \
    }
#define MATCH_ROWS(symbol, body, check)                                                            \
    PAIR_ROW(symbol, TYPE_TEXT, body, check), PAIR_ROW(symbol, TYPE_BPCHAR, body, check)
#define CHECKED_ROW(name_, r, body_, check_, ...)                                                  \
    {                                                                                              \
        .name = (name_), .args = {__VA_ARGS__}, .result = (r), .body = (body_), .check = (check_)  \
    }

const struct function functions_regex[] = {
    MATCH_ROWS("~~*", text_ilike, NULL),
    MATCH_ROWS("!~~*", text_not_ilike, NULL),
    MATCH_ROWS("~", regex_match_case, check_match),
    MATCH_ROWS("~*", regex_match_any_case, check_any_case),
    MATCH_ROWS("!~", regex_not_case, check_match),
    MATCH_ROWS("!~*", regex_not_any_case, check_any_case),
    FUNCTION_ROW("like_escape", TYPE_TEXT, like_escape, TYPE_TEXT, TYPE_TEXT),
    FUNCTION_ROW("similar_to_escape", TYPE_TEXT, similar_to_escape, TYPE_TEXT),
    FUNCTION_ROW("similar_to_escape", TYPE_TEXT, similar_to_escape, TYPE_TEXT, TYPE_TEXT),
    CHECKED_ROW("regexp_replace", TYPE_TEXT, regexp_replace, check_at_3, TYPE_TEXT, TYPE_TEXT,
                TYPE_TEXT),
    CHECKED_ROW("regexp_replace", TYPE_TEXT, regexp_replace, check_at_3, TYPE_TEXT, TYPE_TEXT,
                TYPE_TEXT, TYPE_TEXT),
    CHECKED_ROW("regexp_replace", TYPE_TEXT, regexp_replace_from, check_at_5, TYPE_TEXT, TYPE_TEXT,
                TYPE_TEXT, TYPE_INT4),
    CHECKED_ROW("regexp_replace", TYPE_TEXT, regexp_replace_from, check_at_5, TYPE_TEXT, TYPE_TEXT,
                TYPE_TEXT, TYPE_INT4, TYPE_INT4),
    CHECKED_ROW("regexp_replace", TYPE_TEXT, regexp_replace_from, check_at_5, TYPE_TEXT, TYPE_TEXT,
                TYPE_TEXT, TYPE_INT4, TYPE_INT4, TYPE_TEXT),
    CHECKED_ROW("regexp_match", type_text_array, regexp_match, check_at_2, TYPE_TEXT, TYPE_TEXT),
    CHECKED_ROW("regexp_match", type_text_array, regexp_match, check_at_2, TYPE_TEXT, TYPE_TEXT,
                TYPE_TEXT),
    CHECKED_ROW("regexp_split_to_array", type_text_array, regexp_split_to_array, check_at_2,
                TYPE_TEXT, TYPE_TEXT),
    CHECKED_ROW("regexp_split_to_array", type_text_array, regexp_split_to_array, check_at_2,
                TYPE_TEXT, TYPE_TEXT, TYPE_TEXT),
    CHECKED_ROW("regexp_like", TYPE_BOOL, regexp_like, check_at_2, TYPE_TEXT, TYPE_TEXT),
    CHECKED_ROW("regexp_like", TYPE_BOOL, regexp_like, check_at_2, TYPE_TEXT, TYPE_TEXT, TYPE_TEXT),
    CHECKED_ROW("regexp_count", TYPE_INT4, regexp_count, check_at_3, TYPE_TEXT, TYPE_TEXT),
    CHECKED_ROW("regexp_count", TYPE_INT4, regexp_count, check_at_3, TYPE_TEXT, TYPE_TEXT,
                TYPE_INT4),
    CHECKED_ROW("regexp_count", TYPE_INT4, regexp_count, check_at_3, TYPE_TEXT, TYPE_TEXT,
                TYPE_INT4, TYPE_TEXT),
    CHECKED_ROW("regexp_instr", TYPE_INT4, regexp_instr, check_at_5, TYPE_TEXT, TYPE_TEXT),
    CHECKED_ROW("regexp_instr", TYPE_INT4, regexp_instr, check_at_5, TYPE_TEXT, TYPE_TEXT,
                TYPE_INT4),
    CHECKED_ROW("regexp_instr", TYPE_INT4, regexp_instr, check_at_5, TYPE_TEXT, TYPE_TEXT,
                TYPE_INT4, TYPE_INT4),
    CHECKED_ROW("regexp_instr", TYPE_INT4, regexp_instr, check_at_5, TYPE_TEXT, TYPE_TEXT,
                TYPE_INT4, TYPE_INT4, TYPE_INT4),
    CHECKED_ROW("regexp_instr", TYPE_INT4, regexp_instr, check_at_5, TYPE_TEXT, TYPE_TEXT,
                TYPE_INT4, TYPE_INT4, TYPE_INT4, TYPE_TEXT),
    CHECKED_ROW("regexp_instr", TYPE_INT4, regexp_instr, check_at_5, TYPE_TEXT, TYPE_TEXT,
                TYPE_INT4, TYPE_INT4, TYPE_INT4, TYPE_TEXT, TYPE_INT4),
    CHECKED_ROW("regexp_substr", TYPE_TEXT, regexp_substr, check_at_4, TYPE_TEXT, TYPE_TEXT),
    CHECKED_ROW("regexp_substr", TYPE_TEXT, regexp_substr, check_at_4, TYPE_TEXT, TYPE_TEXT,
                TYPE_INT4),
    CHECKED_ROW("regexp_substr", TYPE_TEXT, regexp_substr, check_at_4, TYPE_TEXT, TYPE_TEXT,
                TYPE_INT4, TYPE_INT4),
    CHECKED_ROW("regexp_substr", TYPE_TEXT, regexp_substr, check_at_4, TYPE_TEXT, TYPE_TEXT,
                TYPE_INT4, TYPE_INT4, TYPE_TEXT),
    CHECKED_ROW("regexp_substr", TYPE_TEXT, regexp_substr, check_at_4, TYPE_TEXT, TYPE_TEXT,
                TYPE_INT4, TYPE_INT4, TYPE_TEXT, TYPE_INT4),
    CHECKED_ROW("substring", TYPE_TEXT, substring_regex, check_match, TYPE_TEXT, TYPE_TEXT),
    CHECKED_ROW("substring", TYPE_TEXT, substring_similar, check_similar, TYPE_TEXT, TYPE_TEXT,
                TYPE_TEXT),
    {0},
};
