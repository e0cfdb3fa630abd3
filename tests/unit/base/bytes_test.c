#include "base/bytes.h"

#include "base/mem.h"
#include "unit.h"

/* In allocations of their exact size, so that the sanitizer sees a byte too many being read. */
TEST(a_difference_anywhere_is_seen_at_every_length)
{
    for (size_t n = 0; n < 70; n++) {
        char *a = mem_alloc(n ? n : 1), *b = mem_alloc(n ? n : 1);
        memset(a, 'x', n);
        memset(b, 'x', n);
        CHECK(bytes_equal(bytes_of(a, n), bytes_of(b, n)));
        CHECK(n == 0 || !bytes_equal(bytes_of(a, n), bytes_of(b, n - 1)));
        for (size_t i = 0; i < n; i++) {
            b[i] = 'y';
            CHECK(!bytes_equal(bytes_of(a, n), bytes_of(b, n)));
            b[i] = 'x';
        }
        mem_free(a);
        mem_free(b);
    }
    CHECK(bytes_equal(bytes_of(NULL, 0), BYTES("")));
}

UNIT_MAIN(T(a_difference_anywhere_is_seen_at_every_length))
