#include "http/header.h"

#include <string.h>
#include <strings.h>

bool header_value(struct str line, const char *name, struct str *ret)
{
    size_t length = strlen(name);

    if (line.len <= length || line.at[length] != ':' || strncasecmp(line.at, name, length) != 0)
        return false;
    *ret = str_trim((struct str){line.at + length + 1, line.len - length - 1}, STR_BLANKS);
    return true;
}
