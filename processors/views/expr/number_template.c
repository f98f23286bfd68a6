#include "expr/number_template.h"

/* How a word of the template is read. */
enum word {
    WORD_COMMA,
    WORD_POINT,
    WORD_0,
    WORD_9,
    WORD_B,
    WORD_D,
    WORD_EEEE,
    WORD_FM,
    WORD_G,
    WORD_L,
    WORD_MI,
    WORD_PL,
    WORD_PR,
    WORD_RN,
    WORD_SG,
    WORD_S,
    WORD_TH,
    WORD_V
};

static const struct {
    const char *text;
    enum word word;
    enum number_kind kind;
} words[] = {
    {",", WORD_COMMA, NUMBER_COMMA},   {".", WORD_POINT, NUMBER_D},   {"0", WORD_0, NUMBER_0},
    {"9", WORD_9, NUMBER_9},           {"B", WORD_B, NUMBER_OTHER},   {"D", WORD_D, NUMBER_D},
    {"EEEE", WORD_EEEE, NUMBER_OTHER}, {"FM", WORD_FM, NUMBER_OTHER}, {"G", WORD_G, NUMBER_COMMA},
    {"L", WORD_L, NUMBER_L},           {"MI", WORD_MI, NUMBER_MI},    {"PL", WORD_PL, NUMBER_PL},
    {"PR", WORD_PR, NUMBER_OTHER},     {"RN", WORD_RN, NUMBER_RN},    {"SG", WORD_SG, NUMBER_SG},
    {"S", WORD_S, NUMBER_OTHER},       {"TH", WORD_TH, NUMBER_TH},    {"V", WORD_V, NUMBER_OTHER},
};

static bool fail(struct err *reterr, const char *text)
{
    return err_sql(reterr, ERR_DEAD_LETTER, "42601", "%s", text);
}

static bool set_digit(struct number_template *out, bool zero, struct err *reterr)
{
    if (out->flags & NUMBER_BRACKET)
        return fail(reterr,
                    zero ? "\"0\" must be ahead of \"PR\"" : "\"9\" must be ahead of \"PR\"");
    if (zero && !(out->flags & (NUMBER_ZERO | NUMBER_POINT))) {
        out->flags |= NUMBER_ZERO;
        out->zero_start = out->pre;
    }
    if ((out->flags & NUMBER_SHIFT) && !zero)
        out->shift++;
    else if (out->flags & NUMBER_POINT)
        out->post++;
    else
        out->pre++;
    if (zero)
        out->zero_end = out->pre + out->post;
    return true;
}

static bool set_sign(struct number_template *out, struct err *reterr)
{
    if (out->flags & NUMBER_SIGN)
        return fail(reterr, "cannot use \"S\" twice");
    if (out->flags & (NUMBER_PLUS | NUMBER_MINUS | NUMBER_BRACKET))
        return fail(reterr, "cannot use \"S\" and \"PL\"/\"MI\"/\"SG\"/\"PR\" together");
    out->flags |= NUMBER_SIGN;
    out->sign_behind = (out->flags & NUMBER_POINT) != 0;
    if (!out->sign_behind)
        out->pre_sign = out->pre;
    return true;
}

static bool set_flag(struct number_template *out, unsigned flag, const char *with_sign,
                     struct err *reterr)
{
    if (out->flags & NUMBER_SIGN)
        return fail(reterr, with_sign);
    out->flags |= flag;
    return true;
}

static bool set_word(struct number_template *out, enum word word, struct err *reterr)
{
    if ((out->flags & NUMBER_EXPONENT) && word != WORD_EEEE)
        return fail(reterr, "\"EEEE\" must be the last pattern used");
    switch (word) {
    case WORD_9:
    case WORD_0:
        return set_digit(out, word == WORD_0, reterr);
    case WORD_POINT:
    case WORD_D:
        if (out->flags & NUMBER_POINT)
            return fail(reterr, "multiple decimal points");
        if (out->flags & NUMBER_SHIFT)
            return fail(reterr, "cannot use \"V\" and decimal point together");
        out->flags |= NUMBER_POINT;
        return true;
    case WORD_FM:
        out->flags |= NUMBER_FILL;
        return true;
    case WORD_S:
        return set_sign(out, reterr);
    case WORD_MI:
        return set_flag(out, NUMBER_MINUS, "cannot use \"S\" and \"MI\" together", reterr);
    case WORD_PL:
        return set_flag(out, NUMBER_PLUS, "cannot use \"S\" and \"PL\" together", reterr);
    case WORD_SG:
        return set_flag(out, NUMBER_MINUS | NUMBER_PLUS, "cannot use \"S\" and \"SG\" together",
                        reterr);
    case WORD_PR:
        if (out->flags & (NUMBER_SIGN | NUMBER_PLUS | NUMBER_MINUS))
            return fail(reterr, "cannot use \"PR\" and \"S\"/\"PL\"/\"MI\"/\"SG\" together");
        out->flags |= NUMBER_BRACKET;
        return true;
    case WORD_RN:
        out->flags |= NUMBER_ROMAN;
        return true;
    case WORD_V:
        if (out->flags & NUMBER_POINT)
            return fail(reterr, "cannot use \"V\" and decimal point together");
        out->flags |= NUMBER_SHIFT;
        return true;
    case WORD_EEEE:
        if (out->flags & NUMBER_EXPONENT)
            return fail(reterr, "cannot use \"EEEE\" twice");
        if (out->flags & ~(unsigned)(NUMBER_ZERO | NUMBER_POINT))
            return fail(reterr, "\"EEEE\" is incompatible with other formats");
        out->flags |= NUMBER_EXPONENT;
        return true;
    default:
        return true;
    }
}

/* The word the text begins with, in one case throughout; -1: none. */
static int find_word(struct str text, bool *ret_upper)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        size_t len = strlen(words[i].text), upper = 0, lower = 0;

        if (text.len < len)
            continue;
        for (size_t k = 0; k < len; k++) {
            char c = words[i].text[k];

            upper += text.at[k] == c;
            lower += text.at[k] == (c >= 'A' && c <= 'Z' ? (char)(c + 32) : c);
        }
        if (upper != len && lower != len)
            continue;
        *ret_upper = upper == len;
        return (int)i;
    }
    return -1;
}

static bool take_word(struct number_template *out, struct str *rest, struct err *reterr)
{
    bool upper = false;
    int word = find_word(*rest, &upper);
    struct number_mark mark = {NUMBER_TEXT, false, {rest->at, utf8_at(*rest, 1)}};

    if (word >= 0) {
        mark = (struct number_mark){words[word].kind, upper, {rest->at, strlen(words[word].text)}};
        if (!set_word(out, words[word].word, reterr))
            return false;
    }
    out->marks[out->n++] = mark;
    *rest = (struct str){rest->at + mark.text.len, rest->len - mark.text.len};
    return true;
}

bool number_template_read(struct str text, struct arena *arena, struct number_template *ret,
                          struct err *reterr)
{
    struct number_template out = {.pre_sign = -1};
    bool quoted = false;

    out.marks = arena_alloc(arena, (text.len + 1) * sizeof(*out.marks));
    for (struct str rest = text; rest.len > 0;) {
        if (*rest.at == '"') {
            quoted = !quoted;
            rest = (struct str){rest.at + 1, rest.len - 1};
        } else if (quoted || (*rest.at == '\\' && rest.len > 1 && rest.at[1] == '"')) {
            if (*rest.at == '\\' && rest.len > 1)
                rest = (struct str){rest.at + 1, rest.len - 1};
            size_t n = utf8_at(rest, 1);

            out.marks[out.n++] = (struct number_mark){NUMBER_TEXT, false, {rest.at, n}};
            rest = (struct str){rest.at + n, rest.len - n};
        } else if (!take_word(&out, &rest, reterr)) {
            return false;
        }
    }
    *ret = out;
    return true;
}
