#include "record/window.h"

#include "base/err.h"
#include <assert.h>

char *window_room(struct window *window, size_t *ret_size)
{
    size_t held = window->end - window->start;

    if (window->start > 0 && held > 0)
        memmove(window->at, window->at + window->start, held);
    window->start = 0;
    window->end = held;
    if (window->cap - held < WINDOW_CHUNK) {
        window->cap = held + WINDOW_CHUNK + held / 2;
        window->at = err_realloc(window->at, window->cap);
    }
    *ret_size = window->cap - held;
    return window->at + held;
}

void window_filled(struct window *window, size_t n)
{
    assert(n <= window->cap - window->end);
    window->end += n;
}

void window_done(struct window *window)
{
    free(window->at);
    *window = (struct window){0};
}

bool window_skip_bom(struct window *window)
{
    static const char bom[] = {(char)0xEF, (char)0xBB, (char)0xBF};
    size_t held = window->end - window->start;
    size_t compared = held < sizeof(bom) ? held : sizeof(bom);

    if (held == 0)
        return window->ended;
    if (memcmp(window->at + window->start, bom, compared) != 0)
        return true;
    if (compared < sizeof(bom))
        return window->ended;
    window->start += sizeof(bom);
    return true;
}
