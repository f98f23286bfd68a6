#include "record/position.h"

void position_print(struct buf *out, struct position position)
{
    buf_u64(out, position.lsn);
    buf_char(out, '/');
    buf_u64(out, position.ordinal);
}

/* Reads a decimal number of *text and moves past it; no leading zeros, no sign. */
static bool take_u64(struct str *text, uint64_t *ret)
{
    uint64_t number = 0;
    size_t n = 0;

    for (; n < text->len && text->at[n] >= '0' && text->at[n] <= '9'; n++) {
        uint64_t digit = (uint64_t)(text->at[n] - '0');

        if (__builtin_mul_overflow(number, 10U, &number) ||
            __builtin_add_overflow(number, digit, &number))
            return false;
    }
    if (n == 0 || (n > 1 && text->at[0] == '0'))
        return false;
    *text = (struct str){text->at + n, text->len - n};
    *ret = number;
    return true;
}

bool position_parse(struct str text, struct position *ret, struct err *reterr)
{
    struct position position;
    struct str rest = text;
    bool good = take_u64(&rest, &position.lsn) && rest.len > 1 && *rest.at == '/';

    if (good) {
        rest = (struct str){rest.at + 1, rest.len - 1};
        good = take_u64(&rest, &position.ordinal) && rest.len == 0;
    }
    if (!good)
        return err_set(reterr, ERR_DEAD_LETTER, "not a position (LSN/ordinal): \"%.*s\"",
                       text.len > 60 ? 60 : (int)text.len, text.at == NULL ? "" : text.at);
    *ret = position;
    return true;
}
