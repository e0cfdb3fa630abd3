#include "engine/argv.h"

#include "base/assert.h"
#include "base/mem.h"

struct bytes *argv_copy(const struct bytes *argv, int argc)
{
    ASSERT(argc > 0);
    size_t bytes = (size_t)argc * sizeof(*argv) + bytes_total(argv, (size_t)argc);
    struct bytes *copy = mem_alloc(bytes);
    char *at = (char *)(copy + argc);
    for (int i = 0; i < argc; i++) {
        if (argv[i].n)
            memcpy(at, argv[i].p, argv[i].n);
        copy[i] = bytes_of(at, argv[i].n);
        at += argv[i].n;
    }
    ASSERT(at == (char *)copy + bytes);
    return copy;
}
