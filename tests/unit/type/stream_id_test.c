#include "type/stream/stream_id.h"

#include "base/rng.h"
#include "unit.h"

#include <stdio.h>

/* Against the library's own printing, in an order in which neighbours share digits and do not. */
TEST(ids_print_as_the_library_prints_them)
{
    static const uint64_t edges[] = {0,
                                     1,
                                     9,
                                     10,
                                     99,
                                     9999,
                                     10000,
                                     10001,
                                     19999,
                                     20000,
                                     99999999,
                                     100000000,
                                     1700000000000,
                                     1700000000001,
                                     1700000009999,
                                     1700000010000,
                                     18446744073709550000u,
                                     UINT64_MAX};
    size_t n = sizeof(edges) / sizeof(edges[0]);
    char got[STREAM_ID_TEXT_MAX + 1], want[64];
    for (size_t round = 0; round < 3; round++)
        for (size_t i = 0; i < n; i++)
            for (size_t k = 0; k < n; k++) {
                struct stream_id id = {edges[round == 1 ? n - 1 - i : i], edges[k]};
                size_t len = stream_id_print(got, id);
                got[len] = 0;
                snprintf(want, sizeof(want), "%llu-%llu", (unsigned long long)id.ms,
                         (unsigned long long)id.seq);
                CHECK(strcmp(got, want) == 0);
            }
}

TEST(printed_ids_read_back)
{
    struct rng r;
    rng_seed(&r, 7);
    for (int i = 0; i < 100000; i++) {
        char text[STREAM_ID_TEXT_MAX];
        struct stream_id id = {rng_next(&r) >> (i % 64), rng_next(&r) >> (i * 7 % 64)}, back;
        size_t n = stream_id_print(text, id);
        CHECK(stream_id_parse(bytes_of(text, n), 0, &back));
        CHECK(stream_id_compare(id, back) == 0);
    }
}

UNIT_MAIN(T(ids_print_as_the_library_prints_them), T(printed_ids_read_back))
