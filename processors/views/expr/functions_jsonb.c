#include "expr/body.h"

const struct function functions_jsonb[] = {
    {0},
};
