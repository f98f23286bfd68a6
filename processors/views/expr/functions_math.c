#include "expr/body.h"

const struct function functions_math[] = {
    {0},
};
