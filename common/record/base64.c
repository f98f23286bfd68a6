#include "record/base64.h"

void base64_write(struct buf *out, struct str bytes)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *at = (const unsigned char *)bytes.at;

    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t n = bytes.len - i < 3 ? bytes.len - i : 3;
        uint32_t group = (uint32_t)at[i] << 16;
        char quad[4];

        group |= n > 1 ? (uint32_t)at[i + 1] << 8 : 0;
        group |= n > 2 ? at[i + 2] : 0;
        quad[0] = alphabet[group >> 18];
        quad[1] = alphabet[group >> 12 & 63];
        quad[2] = n > 1 ? alphabet[group >> 6 & 63] : '=';
        quad[3] = n > 2 ? alphabet[group & 63] : '=';
        buf_append(out, quad, 4);
    }
}

int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+')
        return 62;
    return c == '/' ? 63 : -1;
}

bool base64_read(struct str text, struct arena *arena, struct str *ret)
{
    size_t digits = text.len, n = 0;
    uint32_t group = 0;

    if (text.len % 4 != 0)
        return false;
    for (int i = 0; i < 2 && digits > 0 && text.at[digits - 1] == '='; i++)
        digits--;
    char *bytes = arena_alloc(arena, text.len / 4 * 3 + 1);
    for (size_t i = 0; i < digits; i++) {
        int six = base64_digit(text.at[i]);

        if (six < 0)
            return false;
        group = group << 6 | (uint32_t)six;
        if (i % 4 != 0)
            bytes[n++] = (char)(group >> (6 - i % 4 * 2));
    }
    *ret = (struct str){bytes, n};
    return true;
}
