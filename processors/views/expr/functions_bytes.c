#include "expr/body.h"

const struct function functions_bytes[] = {
    {0},
};
