#include "expr/body.h"

const struct function functions_moment[] = {
    {0},
};
