#include "raw_key.h"

#include <string.h>
#include <time.h>

enum word { TOPIC, NAME, DATE, SHA256, WORDS };

static const char *const words_table[WORDS] = {"{topic}", "{name}", "{date}", "{sha256}"};

/* Which word stands there; WORDS: none. */
static enum word word_at(const char *at)
{
    for (int i = 0; i < WORDS; i++) {
        if (strncmp(at, words_table[i], strlen(words_table[i])) == 0)
            return (enum word)i;
    }
    return WORDS;
}

bool raw_key_check(const char *template, struct err *reterr)
{
    if (template[0] == '\0')
        return err_stop(reterr, EX_USAGE, "--raw-key: it is empty");
    for (const char *at = template; *at != '\0'; at++) {
        enum word word = word_at(at);

        if (word < WORDS)
            at += strlen(words_table[word]) - 1;
        else if (*at == '{' || *at == '}')
            return err_stop(reterr, EX_USAGE,
                            "--raw-key: \"%.40s\" is none of {topic}, {name}, {date}, {sha256}",
                            at);
    }
    return true;
}

bool raw_key_by_content(const char *template)
{
    return strstr(template, words_table[SHA256]) != NULL;
}

static void print_date(struct buf *out, int64_t unix_us)
{
    time_t seconds = (time_t)(unix_us / 1000000);
    struct tm utc;
    char text[16];

    gmtime_r(&seconds, &utc);
    strftime(text, sizeof(text), "%Y-%m-%d", &utc);
    buf_puts(out, text);
}

static void print_name(struct buf *out, const char *name)
{
    const char *scheme = strstr(name, "://");
    bool first = true;

    for (const char *at = scheme == NULL ? name : scheme + 3; *at != '\0';) {
        struct str segment = str_between(at, strchrnul(at, '/'));

        at = segment.at + segment.len;
        at += *at == '/';
        if (segment.len == 0 || str_eq_c(segment, ".") || str_eq_c(segment, ".."))
            continue;
        if (!first)
            buf_char(out, '/');
        for (size_t i = 0; i < segment.len; i++)
            buf_char(out, segment.at[i] == '\\' ? '_' : segment.at[i]);
        first = false;
    }
}

void raw_key_print(struct buf *out, const char *template, const struct raw_key_words *words)
{
    for (const char *at = template; *at != '\0';) {
        enum word word = word_at(at);

        switch (word) {
        case TOPIC:
            buf_puts(out, words->topic);
            break;
        case NAME:
            print_name(out, words->name);
            break;
        case DATE:
            print_date(out, words->read_unix_us);
            break;
        case SHA256:
            buf_puts(out, words->sha256);
            break;
        case WORDS:
            buf_char(out, *at);
            break;
        }
        at += word < WORDS ? strlen(words_table[word]) : 1;
    }
}
