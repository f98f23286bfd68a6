/*
 * The innermost loop of JSON, shared by the scanner and the writers of this room: where does a run
 * of plain string bytes end? SSE2 looks at 16 bytes at a time; other machines go byte by byte. Not
 * for users of the room.
 */
#ifndef SLUICE_RECORD_JSON_SCAN_H
#define SLUICE_RECORD_JSON_SCAN_H

#include <stdbool.h>
#include <stdint.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Bytes that JSON must escape: quote, backslash, controls; with `astral` also the first byte of a
 * four-byte UTF-8 sequence. */
static inline bool json_scan_stops(unsigned char c, bool astral)
{
    return c < 0x20 || c == '"' || c == '\\' || (astral && c >= 0xF0);
}

#ifdef __SSE2__
/* Bit i is set when byte i of the 16 stops the run. */
static inline unsigned json_scan_stop_bits(__m128i bytes, bool astral)
{
    __m128i stops = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                              _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))),
                                 _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes));

    if (astral)
        stops = _mm_or_si128(stops,
                             _mm_cmpeq_epi8(_mm_max_epu8(bytes, _mm_set1_epi8((char)0xF0)), bytes));
    return (unsigned)_mm_movemask_epi8(stops);
}
#endif

/*
 * The first byte from `at` on that stops the run, or `end`. *ret_high is or-ed with "a byte above
 * 0x7F was passed".
 */
static inline const char *json_scan_run(const char *at, const char *end, bool astral,
                                        bool *ret_high)
{
#ifdef __SSE2__
    for (; end - at >= 16; at += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
        unsigned stops = json_scan_stop_bits(bytes, astral);
        unsigned high = (unsigned)_mm_movemask_epi8(bytes);

        if (stops != 0) {
            unsigned first = (unsigned)__builtin_ctz(stops);

            *ret_high |= (high & ((1U << first) - 1U)) != 0;
            return at + first;
        }
        *ret_high |= high != 0;
    }
#endif
    for (; at < end && !json_scan_stops((unsigned char)*at, astral); at++)
        *ret_high |= (unsigned char)*at >= 0x80;
    return at;
}

#endif
