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
    struct stream_id_memo memo = {0};
    for (size_t round = 0; round < 3; round++)
        for (size_t i = 0; i < n; i++)
            for (size_t k = 0; k < n; k++) {
                struct stream_id id = {edges[round == 1 ? n - 1 - i : i], edges[k]};
                size_t len = stream_id_print(got, id);
                got[len] = 0;
                snprintf(want, sizeof(want), "%llu-%llu", (unsigned long long)id.ms,
                         (unsigned long long)id.seq);
                CHECK(strcmp(got, want) == 0);
                len = stream_id_print_near(&memo, got, id);
                got[len] = 0;
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

static size_t looks;

static struct stream_id one_of(const void *context, size_t i)
{
    looks++;
    return ((const struct stream_id *)context)[i];
}

/* IDs that come evenly, in bursts, in one millisecond, or as far apart as can be. */
static void ascending(struct stream_id *ids, size_t n, int kind, struct rng *r)
{
    struct stream_id id = {rng_below(r, 1000), rng_below(r, 3)};
    for (size_t i = 0; i < n; i++) {
        ids[i] = id;
        if (kind == 0)
            id.ms += 10;
        else if (kind == 1 && rng_below(r, 20) == 0)
            id = (struct stream_id){id.ms + 1 + rng_below(r, 1000000), 0};
        else if (kind == 2 && id.ms < UINT64_MAX / 2)
            id.ms = id.ms * 2 + 1;
        else
            id.seq += 1 + rng_below(r, 3);
    }
}

TEST(a_search_finds_what_a_walk_finds_in_few_looks)
{
    static struct stream_id ids[3000];
    struct rng r;
    rng_seed(&r, 3);
    for (int round = 0; round < 40000; round++) {
        size_t n = rng_below(&r, rng_below(&r, 50) ? 60 : 3000), want = 0, most = 4;
        ascending(ids, n, round % 4, &r);
        struct stream_id id =
            n && rng_below(&r, 4) ? ids[rng_below(&r, n)] : (struct stream_id){rng_next(&r), 0};
        if (rng_below(&r, 3) == 0)
            id.seq += rng_below(&r, 3) - 1;
        while (want < n && stream_id_compare(ids[want], id) < 0)
            want++;
        for (size_t k = n; k; k /= 2)
            most += 2;
        looks = 0;
        size_t got = n ? stream_id_search(id, n, one_of, ids, ids[0], ids[n - 1])
                       : stream_id_search(id, 0, one_of, ids, id, id);
        CHECK(got == want && looks <= most);
        if (round % 4 == 0)
            CHECK(looks <= 6); /* evenly spread: the guess is as good as right */
    }
}

TEST(neighbours_up_to_the_ends)
{
    static const struct {
        struct stream_id id, next;
    } pairs[] = {{{0, 0}, {0, 1}},
                 {{5, 7}, {5, 8}},
                 {{5, UINT64_MAX}, {6, 0}},
                 {{UINT64_MAX - 1, UINT64_MAX}, {UINT64_MAX, 0}},
                 {{UINT64_MAX, UINT64_MAX - 1}, {UINT64_MAX, UINT64_MAX}}};
    for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
        struct stream_id id = pairs[i].id;
        CHECK(stream_id_next(&id) && stream_id_compare(id, pairs[i].next) == 0);
        CHECK(stream_id_previous(&id) && stream_id_compare(id, pairs[i].id) == 0);
    }
    struct stream_id last = STREAM_ID_MAX, first = STREAM_ID_MIN;
    CHECK(!stream_id_next(&last) && stream_id_compare(last, STREAM_ID_MAX) == 0);
    CHECK(!stream_id_previous(&first) && stream_id_compare(first, STREAM_ID_MIN) == 0);
}

UNIT_MAIN(T(ids_print_as_the_library_prints_them), T(printed_ids_read_back),
          T(a_search_finds_what_a_walk_finds_in_few_looks), T(neighbours_up_to_the_ends))
