#include "persist/rdb_checksum.h"

#include "base/crc.h"
#include "base/mem.h"
#include "unit.h"

/* At any place, whatever was asked before: within a step, at its end, across several. */
TEST(the_checksum_is_that_of_everything_in_front)
{
    size_t n = 700001;
    unsigned char *data = mem_alloc(n);
    crc_init();
    for (size_t i = 0; i < n; i++)
        data[i] = (unsigned char)(i * 31 >> 3);
    static const size_t places[] = {0, 1, 131071, 131072, 131073, 400000, 700000, 700001};
    struct rdb_checksum c = rdb_checksum_begin(data);
    for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
        CHECK(rdb_checksum_at(&c, data + places[i], data + n) == crc_64(0, data, places[i]));
        struct rdb_checksum alone = rdb_checksum_begin(data);
        CHECK(rdb_checksum_at(&alone, data + places[i], data + n) == crc_64(0, data, places[i]));
    }
    mem_free(data);
}

UNIT_MAIN(T(the_checksum_is_that_of_everything_in_front))
