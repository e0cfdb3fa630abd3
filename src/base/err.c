#include "base/err.h"

#include "base/assert.h"

struct bytes err_text(enum err e)
{
    static const struct bytes texts[ERR_COUNT] = {
        [ERR_NONE] = {"", 0},
#define E(name, text) [ERR_##name] = {text, sizeof(text) - 1},
#include "base/err.def"
#undef E
    };
    ASSERT(e < ERR_COUNT);
    return texts[e];
}
