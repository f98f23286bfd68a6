#include "expr/regex.h"

#include <pthread.h>
#include <tcl8.6/tcl.h>

enum { STAND_IN_FIRST = 0xe000, STAND_IN_LAST = 0xf8ff };

/* Tcl wants to be started once in a process. */
static void start_tcl(void)
{
    Tcl_FindExecutable(NULL);
}

bool regex_read_flags(struct str text, struct regex_flags *ret, struct err *reterr)
{
    struct regex_flags flags = {0};

    for (size_t i = 0; i < text.len; i++) {
        switch (text.at[i]) {
        case 'g':
            flags.global = true;
            break;
        case 'i':
            flags.ignore_case = true;
            break;
        case 'c':
            flags.ignore_case = false;
            break;
        case 'm':
        case 'n':
            flags.newline_dot = flags.newline_anchor = true;
            break;
        case 's':
            flags.newline_dot = flags.newline_anchor = false;
            break;
        case 'p':
            flags.newline_dot = true;
            flags.newline_anchor = false;
            break;
        case 'w':
            flags.newline_dot = false;
            flags.newline_anchor = true;
            break;
        case 'x':
            flags.expanded = true;
            break;
        case 't':
            flags.expanded = false;
            break;
        case 'q':
            flags.quoted = true;
            break;
        case 'b':
            flags.basic = true;
            break;
        case 'e':
            flags.extended = true;
            break;
        default:
            return err_sql(reterr, ERR_DEAD_LETTER, "22023",
                           "invalid regular expression option: \"%.*s\"",
                           (int)utf8_at((struct str){text.at + i, text.len - i}, 1), text.at + i);
        }
    }
    *ret = flags;
    return true;
}

/* Which stand-in a character of the two texts has; few occur, so a list does. */
struct stand_ins {
    uint32_t points[64];
    unsigned n;
};

/* One unit for the character; 0 when there are too many kinds beyond the BMP. */
static Tcl_UniChar unit_of(struct stand_ins *stand_ins, uint32_t point)
{
    unsigned i = 0;

    if (point < STAND_IN_FIRST || (point > STAND_IN_LAST && point <= 0xffff))
        return (Tcl_UniChar)point;
    while (i < stand_ins->n && stand_ins->points[i] != point)
        i++;
    if (i == sizeof(stand_ins->points) / sizeof(stand_ins->points[0]))
        return 0;
    if (i == stand_ins->n)
        stand_ins->points[stand_ins->n++] = point;
    return (Tcl_UniChar)(STAND_IN_FIRST + i);
}

/* The text as units; false when it has too many kinds of characters beyond the BMP. */
static bool to_units(struct stand_ins *stand_ins, struct str s, struct arena *arena,
                     Tcl_UniChar **ret_units, uint32_t **ret_offsets, uint32_t *ret_n)
{
    Tcl_UniChar *units = arena_alloc(arena, (s.len + 1) * sizeof(*units));
    uint32_t *offsets = arena_alloc(arena, (s.len + 1) * sizeof(*offsets)), n = 0;

    for (size_t at = 0; at < s.len;) {
        struct str rest = {s.at + at, s.len - at};

        units[n] = unit_of(stand_ins, utf8_point(rest));
        offsets[n] = (uint32_t)at;
        if (units[n++] == 0)
            return false;
        at += utf8_at(rest, 1);
    }
    offsets[n] = (uint32_t)s.len;
    *ret_units = units;
    *ret_offsets = offsets;
    *ret_n = n;
    return true;
}

/* A pattern being rewritten. */
struct rewriter {
    struct str in;
    size_t at;
    struct buf out;
    bool has_word, non_ascii;
    const char *refused;
};

static const struct {
    const char *name, *members;
} classes[] = {
    {"alnum", "0-9A-Za-z"},
    {"alpha", "A-Za-z"},
    {"ascii", "\\u0001-\\u007f"},
    {"blank", " \\t"},
    {"cntrl", "\\u0001-\\u001f\\u007f"},
    {"digit", "0-9"},
    {"graph", "!-~"},
    {"lower", "a-z"},
    {"print", " -~"},
    {"punct", "!-/:-@\\[-`{-~"},
    {"space", " \\t-\\r"},
    {"upper", "A-Z"},
    {"word", "0-9A-Za-z_"},
    {"xdigit", "0-9A-Fa-f"},
};

/* [:name:] inside brackets; others of that kind stay. */
static bool rewrite_class(struct rewriter *rewriter)
{
    struct str rest = {rewriter->in.at + rewriter->at, rewriter->in.len - rewriter->at};

    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
        size_t n = strlen(classes[i].name);

        if (rest.len < n + 4 || memcmp(rest.at + 2, classes[i].name, n) != 0 ||
            memcmp(rest.at + 2 + n, ":]", 2) != 0)
            continue;
        buf_puts(&rewriter->out, classes[i].members);
        rewriter->at += n + 4;
        return true;
    }
    return false;
}

static const char *escape_members(char c)
{
    return c == 'w' || c == 'W'   ? "0-9A-Za-z_"
           : c == 'd' || c == 'D' ? "0-9"
           : c == 's' || c == 'S' ? " \\t-\\r"
                                  : NULL;
}

/* From "[" to behind its "]". */
static void rewrite_brackets(struct rewriter *rewriter)
{
    struct str in = rewriter->in;
    size_t *at = &rewriter->at;

    if (in.len - *at >= 7 &&
        (memcmp(in.at + *at, "[[:<:]]", 7) == 0 || memcmp(in.at + *at, "[[:>:]]", 7) == 0)) {
        buf_append(&rewriter->out, in.at + *at, 7);
        *at += 7;
        rewriter->has_word = true;
        return;
    }
    buf_char(&rewriter->out, in.at[(*at)++]);
    if (*at < in.len && in.at[*at] == '^')
        buf_char(&rewriter->out, in.at[(*at)++]);
    for (bool first = true; *at < in.len; first = false) {
        char c = in.at[*at];

        if (c == ']' && !first) {
            buf_char(&rewriter->out, c);
            (*at)++;
            return;
        }
        if (c == '[' && *at + 1 < in.len && in.at[*at + 1] == ':' && rewrite_class(rewriter))
            continue;
        if (c == '\\' && *at + 1 < in.len) {
            const char *members = escape_members(in.at[*at + 1]);

            if (members != NULL && in.at[*at + 1] < 'a')
                rewriter->refused = "negated classes inside brackets";
            if (members != NULL)
                buf_puts(&rewriter->out, members);
            else
                buf_append(&rewriter->out, in.at + *at, 2);
            *at += 2;
            continue;
        }
        buf_char(&rewriter->out, c);
        (*at)++;
    }
}

static void rewrite_escape(struct rewriter *rewriter, bool newline)
{
    char c = rewriter->in.at[rewriter->at + 1];
    const char *members = escape_members(c);

    rewriter->at += 2;
    if (members != NULL) {
        if (c < 'a' && newline)
            rewriter->refused = "negated classes in newline-sensitive mode";
        buf_printf(&rewriter->out, "[%s%s]", c < 'a' ? "^" : "", members);
        return;
    }
    if (c == 'm' || c == 'M' || c == 'y' || c == 'Y')
        rewriter->has_word = true;
    buf_char(&rewriter->out, '\\');
    buf_char(&rewriter->out, c);
}

/* Notes what needs care and gives classes the members they have in the C locale. */
static void rewrite(struct rewriter *rewriter, bool newline)
{
    struct str in = rewriter->in;

    while (rewriter->at < in.len) {
        char c = in.at[rewriter->at];

        rewriter->non_ascii |= (unsigned char)c >= 0x80;
        if (c == '\\' && rewriter->at + 1 < in.len) {
            rewrite_escape(rewriter, newline);
        } else if (c == '[') {
            size_t start = rewriter->at;

            rewrite_brackets(rewriter);
            for (size_t i = start; i < rewriter->at; i++)
                rewriter->non_ascii |= (unsigned char)in.at[i] >= 0x80;
        } else {
            if (c == '(' && in.len - rewriter->at >= 4 &&
                memcmp(in.at + rewriter->at, "(?<", 3) == 0)
                rewriter->refused = "lookbehind";
            buf_char(&rewriter->out, c);
            rewriter->at++;
        }
    }
}

static bool refuse(struct err *reterr, const char *what)
{
    return err_sql(reterr, ERR_DEAD_LETTER, "0A000",
                   "regular expressions with %s are not supported", what);
}

/* The message that Tcl has for the pattern, which is PostgreSQL's too. */
static bool fail_compile(Tcl_Obj *pattern, int flags, struct err *reterr)
{
    Tcl_Interp *interp = Tcl_CreateInterp();
    const char *text = "invalid", *colon;

    if (Tcl_GetRegExpFromObj(interp, pattern, flags) == NULL)
        text = Tcl_GetStringResult(interp);
    colon = strrchr(text, ':');
    err_sql(reterr, ERR_DEAD_LETTER, "2201B", "invalid regular expression: %s",
            colon == NULL ? text : colon + 2);
    Tcl_DeleteInterp(interp);
    return false;
}

static int tcl_flags(struct regex_flags flags)
{
    int out = flags.quoted     ? TCL_REG_QUOTE
              : flags.basic    ? TCL_REG_BASIC
              : flags.extended ? TCL_REG_EXTENDED
                               : TCL_REG_ADVANCED;

    out |= flags.ignore_case ? TCL_REG_NOCASE : 0;
    out |= flags.newline_dot ? TCL_REG_NLSTOP : 0;
    out |= flags.newline_anchor ? TCL_REG_NLANCH : 0;
    return out | (flags.expanded ? TCL_REG_EXPANDED : 0);
}

static bool is_ascii(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if ((unsigned char)s.at[i] >= 0x80)
            return false;
    }
    return true;
}

/* "(?i)" and "***" at the start change the flags behind our back. */
static bool check_start(struct str pattern, struct regex_flags *flags)
{
    if (str_starts(pattern, STR("***")))
        return false;
    if (!str_starts(pattern, STR("(?")) || pattern.len < 4 || pattern.at[2] < 'a')
        return true;
    for (size_t i = 2; i < pattern.len && pattern.at[i] != ')'; i++) {
        flags->ignore_case |= pattern.at[i] == 'i';
        if (pattern.at[i] != 'i' && pattern.at[i] != 'c')
            return false;
        if (pattern.at[i] == 'c')
            flags->ignore_case = false;
    }
    return true;
}

static bool compile_units(struct regex *regex, Tcl_UniChar *units, uint32_t n, int flags,
                          struct err *reterr)
{
    Tcl_RegExpInfo info;
    Tcl_Obj *pattern = Tcl_NewUnicodeObj(units, (int)n);

    Tcl_IncrRefCount(pattern);
    regex->pattern = pattern;
    regex->compiled = Tcl_GetRegExpFromObj(NULL, pattern, flags);
    if (regex->compiled == NULL)
        return fail_compile(pattern, flags, reterr);
    Tcl_RegExpGetInfo(regex->compiled, &info);
    regex->subs_n = (uint32_t)info.nsubs;
    return regex->subs_n < REGEX_SUBS_MAX || refuse(reterr, "more than 63 parentheses");
}

bool regex_open(struct str pattern, struct regex_flags flags, struct str s, struct arena *arena,
                struct regex *ret, struct err *reterr)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct rewriter rewriter = {.in = pattern};
    struct stand_ins stand_ins = {0};
    Tcl_UniChar *units = NULL, *text_units = NULL;
    uint32_t n = 0, *offsets = NULL;

    *ret = (struct regex){.s = s};
    pthread_once(&once, start_tcl);
    if (!check_start(pattern, &flags))
        return refuse(reterr, "embedded options other than i and c");
    if (!flags.quoted)
        rewrite(&rewriter, flags.newline_dot);
    if (rewriter.refused == NULL && flags.ignore_case && !is_ascii(pattern))
        rewriter.refused = "letters beyond ASCII without case";
    if (rewriter.refused == NULL && rewriter.has_word && !is_ascii(s))
        rewriter.refused = "word boundaries in text beyond ASCII";
    struct str rewritten = flags.quoted ? pattern : arena_copy(arena, buf_str(&rewriter.out));
    buf_done(&rewriter.out);
    if (rewriter.refused != NULL)
        return refuse(reterr, rewriter.refused);
    ret->newline_anchor = flags.newline_anchor;
    ret->has_word = rewriter.has_word;
    if (!to_units(&stand_ins, rewritten, arena, &units, &offsets, &n) ||
        !to_units(&stand_ins, s, arena, &text_units, &ret->offsets, &ret->length))
        return refuse(reterr, "more than 64 different characters beyond the BMP");
    Tcl_Obj *text = Tcl_NewUnicodeObj(text_units, (int)ret->length);
    Tcl_IncrRefCount(text);
    ret->text = text;
    return compile_units(ret, units, n, tcl_flags(flags), reterr);
}

bool regex_search(struct regex *regex, uint32_t from, struct regex_match *matches, bool *ret_found,
                  struct err *reterr)
{
    bool at_line =
        from > 0 && regex->newline_anchor && regex->s.at[regex->offsets[from - 1]] == '\n';
    int flags = from > 0 && !at_line ? TCL_REG_NOTBOL : 0;
    Tcl_RegExpInfo info;

    if (from > 0 && regex->has_word)
        return refuse(reterr, "word boundaries in repeated searches");
    int found = Tcl_RegExpExecObj(NULL, regex->compiled, regex->text, (int)from, -1, flags);
    if (found < 0)
        return err_sql(reterr, ERR_DEAD_LETTER, "2201B", "regular expression failed");
    *ret_found = found > 0;
    if (!*ret_found)
        return true;
    Tcl_RegExpGetInfo(regex->compiled, &info);
    for (int i = 0; i <= info.nsubs; i++) {
        bool took_part = info.matches[i].start >= 0;

        matches[i] = took_part ? (struct regex_match){info.matches[i].start + from,
                                                      info.matches[i].end + from}
                               : (struct regex_match){-1, -1};
    }
    return true;
}

struct str regex_text(const struct regex *regex, struct regex_match match)
{
    uint32_t from = regex->offsets[match.start], to = regex->offsets[match.end];

    return (struct str){regex->s.at + from, to - from};
}

void regex_close(struct regex *regex)
{
    if (regex->pattern != NULL)
        Tcl_DecrRefCount((Tcl_Obj *)regex->pattern);
    if (regex->text != NULL)
        Tcl_DecrRefCount((Tcl_Obj *)regex->text);
}
