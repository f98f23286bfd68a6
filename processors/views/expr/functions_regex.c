#include "expr/body.h"

const struct function functions_regex[] = {
    {0},
};
