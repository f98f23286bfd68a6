#include "expr/body.h"

const struct function functions_json[] = {
    {0},
};
