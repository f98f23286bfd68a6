#include "http/header.h"

#include <string.h>
#include <strings.h>

bool header_value(struct str line, const char *name, struct str *ret)
{
    size_t length = strlen(name);

    if (line.len <= length || line.at[length] != ':' || strncasecmp(line.at, name, length) != 0)
        return false;
    struct str value = {line.at + length + 1, line.len - length - 1};
    while (value.len > 0 && (value.at[0] == ' ' || value.at[0] == '\t'))
        value = (struct str){value.at + 1, value.len - 1};
    while (value.len > 0 && (unsigned char)value.at[value.len - 1] <= ' ')
        value.len--;
    *ret = value;
    return true;
}
