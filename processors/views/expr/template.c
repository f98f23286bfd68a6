#include "expr/template.h"

#include <ctype.h>

const char *const month_names[12] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};
const char *const day_names[7] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                  "Thursday", "Friday", "Saturday"};
const char *const roman_months[12] = {"I",   "II",   "III", "IV", "V",  "VI",
                                      "VII", "VIII", "IX",  "X",  "XI", "XII"};

struct word {
    const char *text; /* in upper case */
    enum pattern pattern;
    int digits;
    bool titled; /* "Month" is a word too */
};

/* Of words that begin alike the longer comes first. */
static const struct word words[] = {
    {"A.D.", PATTERN_AD_DOTS, 0, false}, {"A.M.", PATTERN_AM_DOTS, 0, false},
    {"AD", PATTERN_AD, 0, false},        {"AM", PATTERN_AM, 0, false},
    {"B.C.", PATTERN_AD_DOTS, 0, false}, {"BC", PATTERN_AD, 0, false},
    {"CC", PATTERN_CC, 2, false},        {"DAY", PATTERN_DAY, 0, true},
    {"DDD", PATTERN_DDD, 3, false},      {"DD", PATTERN_DD, 2, false},
    {"DY", PATTERN_DY, 0, true},         {"D", PATTERN_D, 1, false},
    {"FF1", PATTERN_FF, 1, false},       {"FF2", PATTERN_FF, 2, false},
    {"FF3", PATTERN_FF, 3, false},       {"FF4", PATTERN_FF, 4, false},
    {"FF5", PATTERN_FF, 5, false},       {"FF6", PATTERN_FF, 6, false},
    {"FX", PATTERN_FX, 0, false},        {"HH24", PATTERN_HH24, 2, false},
    {"HH12", PATTERN_HH12, 2, false},    {"HH", PATTERN_HH12, 2, false},
    {"IDDD", PATTERN_IDDD, 3, false},    {"ID", PATTERN_ID, 1, false},
    {"IW", PATTERN_IW, 2, false},        {"IYYY", PATTERN_IYEAR, 4, false},
    {"IYY", PATTERN_IYEAR, 3, false},    {"IY", PATTERN_IYEAR, 2, false},
    {"I", PATTERN_IYEAR, 1, false},      {"J", PATTERN_J, 1, false},
    {"MI", PATTERN_MI, 2, false},        {"MM", PATTERN_MM, 2, false},
    {"MONTH", PATTERN_MONTH, 0, true},   {"MON", PATTERN_MON, 0, true},
    {"MS", PATTERN_MS, 3, false},        {"OF", PATTERN_OF, 0, false},
    {"P.M.", PATTERN_AM_DOTS, 0, false}, {"PM", PATTERN_AM, 0, false},
    {"Q", PATTERN_Q, 1, false},          {"RM", PATTERN_RM, 0, false},
    {"SSSSS", PATTERN_SSSS, 5, false},   {"SSSS", PATTERN_SSSS, 4, false},
    {"SS", PATTERN_SS, 2, false},        {"TZH", PATTERN_TZH, 2, false},
    {"TZM", PATTERN_TZM, 2, false},      {"TZ", PATTERN_TZ, 0, false},
    {"US", PATTERN_US, 6, false},        {"WW", PATTERN_WW, 2, false},
    {"W", PATTERN_W, 1, false},          {"Y,YYY", PATTERN_YEAR_COMMA, 0, false},
    {"YYYY", PATTERN_YEAR, 4, false},    {"YYY", PATTERN_YEAR, 3, false},
    {"YY", PATTERN_YEAR, 2, false},      {"Y", PATTERN_YEAR, 1, false},
};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* The text begins with the word, all its letters in that case. */
static bool spelled(struct str text, const char *word, enum letters letters)
{
    size_t n = strlen(word);

    if (text.len < n)
        return false;
    for (size_t i = 0; i < n; i++) {
        bool low = letters == LETTERS_LOWER || (letters == LETTERS_TITLE && i > 0);
        char wanted = low ? lower(word[i]) : word[i];

        if (text.at[i] != wanted)
            return false;
    }
    return true;
}

static bool find_word(struct str text, struct piece *piece)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        const struct word *word = &words[i];

        for (enum letters letters = LETTERS_UPPER; letters <= LETTERS_LOWER; letters++) {
            if ((letters == LETTERS_TITLE && !word->titled) || !spelled(text, word->text, letters))
                continue;
            piece->pattern = word->pattern;
            piece->letters = letters;
            piece->digits = word->digits;
            piece->text = (struct str){text.at, strlen(word->text)};
            return true;
        }
    }
    return false;
}

static struct str behind(struct str text, size_t n)
{
    return (struct str){text.at + n, text.len - n};
}

static bool either_case(struct str text, const char *word)
{
    return spelled(text, word, LETTERS_UPPER) || spelled(text, word, LETTERS_LOWER);
}

/* A prefix, which no pattern needs to follow. */
static struct str take_prefix(struct str text, struct piece *piece)
{
    *piece = (struct piece){.fill = either_case(text, "FM")};
    piece->translated = either_case(text, "TM");
    return piece->fill || piece->translated ? behind(text, 2) : text;
}

/* Takes a pattern with its suffix; 0 bytes when there is none. */
static size_t take_pattern(struct str text, struct piece *piece)
{
    struct str rest;

    if (!find_word(text, piece))
        return 0;
    rest = behind(text, piece->text.len);
    if (either_case(rest, "TH")) {
        piece->ordinal = true;
        piece->ordinal_upper = rest.at[0] == 'T';
        rest = behind(rest, 2);
    } else if (spelled(rest, "SP", LETTERS_UPPER)) {
        rest = behind(rest, 2);
    }
    return text.len - rest.len;
}

static bool is_separator(char c)
{
    return c > 0x20 && c < 0x7f && !isalnum((unsigned char)c);
}

static struct piece character(struct str text, bool quoted)
{
    struct piece piece = {.quoted = quoted, .text = {text.at, utf8_at(text, 1)}};

    piece.separator = !quoted && is_separator(*text.at);
    piece.blank = !quoted && isspace((unsigned char)*text.at);
    return piece;
}

struct template template_cut(struct str text, bool standard, struct arena *arena)
{
    struct piece *pieces = arena_alloc(arena, (text.len + 1) * sizeof(*pieces));
    uint32_t n = 0;

    for (struct str rest = text; rest.len > 0;) {
        struct piece piece;
        size_t taken;

        rest = take_prefix(rest, &piece);
        taken = take_pattern(rest, &piece);
        if (rest.len == 0)
            break;
        if (taken > 0) {
            pieces[n++] = piece;
            rest = behind(rest, taken);
        } else if (*rest.at == '"') {
            for (rest = behind(rest, 1); rest.len > 0 && *rest.at != '"';) {
                if (*rest.at == '\\' && rest.len > 1)
                    rest = behind(rest, 1);
                pieces[n] = character(rest, true);
                rest = behind(rest, pieces[n++].text.len);
            }
            rest = behind(rest, rest.len > 0);
        } else {
            if (!standard && *rest.at == '\\' && rest.len > 1 && rest.at[1] == '"')
                rest = behind(rest, 1);
            pieces[n] = character(rest, false);
            rest = behind(rest, pieces[n++].text.len);
        }
    }
    return (struct template){pieces, n, standard};
}
