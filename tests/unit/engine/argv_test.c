#include "engine/argv.h"

#include "base/mem.h"
#include "unit.h"

TEST(a_copy_is_apart_from_what_was_copied)
{
    char text[] = "SET\0key";
    const struct bytes argv[] = {bytes_of(text, 3), bytes_of(text, 7), bytes_of(NULL, 0)};
    struct bytes *copy = argv_copy(argv, 3);
    memset(text, 'x', sizeof(text));
    CHECK(bytes_is(copy[0], "SET") && bytes_equal(copy[1], bytes_of("SET\0key", 7)));
    CHECK(copy[2].n == 0 && mem_block_size(copy) >= 3 * sizeof(*copy) + 10);
    mem_free(copy);
}

UNIT_MAIN(T(a_copy_is_apart_from_what_was_copied))
