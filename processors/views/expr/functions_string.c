#include "expr/body.h"

const struct function functions_string[] = {
    {0},
};
