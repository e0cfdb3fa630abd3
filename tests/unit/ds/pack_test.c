#include "ds/pack.h"

#include "base/rng.h"
#include "unit.h"

#include <stdlib.h>

TEST(elements_are_found_and_spliced)
{
    struct pack *p = pack_new(7);
    struct bytes x, all[] = {BYTES("a"), BYTES(""), BYTES("ccc")};
    p = pack_splice(p, 0, 0, 0, all, 3);
    CHECK(p->form == 7 && p->count == 3 && p->used == 7);
    CHECK(pack_find(p, 0, 1, BYTES("")) == 2);
    CHECK(pack_find(p, 0, 1, BYTES("ccc")) == 3);
    CHECK(pack_find(p, 0, 1, BYTES("cc")) == PACK_NONE);
    p = pack_splice(p, 2, 3, 1, all, 1);
    pack_get(p, 2, &x);
    CHECK(p->count == 3 && bytes_equal(x, BYTES("a")));
    p = pack_splice(p, 0, p->used, 3, NULL, 0);
    CHECK(p->count == 0 && p->used == 0);
    pack_free(p);
}

TEST(bytes_that_are_no_elements_are_not_sound)
{
    struct pack *p = pack_new(0);
    struct bytes all[] = {BYTES("a"), BYTES("bcd")};
    p = pack_splice(p, 0, 0, 0, all, 2);
    CHECK(pack_is_sound(p));
    p->data[0] = 2;
    CHECK(!pack_is_sound(p));
    p->data[0] = 1;
    p->data[2] = 4;
    CHECK(!pack_is_sound(p));
    p->data[2] = 255;
    CHECK(!pack_is_sound(p));
    p->data[2] = 3;
    p->count = 3;
    CHECK(!pack_is_sound(p));
    p->count = 2;
    CHECK(pack_is_sound(p));
    pack_free(p);
}

/* Against an array of lengths: element i is `length[i]` times the letter i. */
TEST(random_splices_keep_all_others)
{
    enum { MOST = 40 };
    struct rng r;
    rng_seed(&r, 11);
    struct pack *p = pack_new(0);
    unsigned lengths[MOST], marks[MOST], n = 0;
    static char text[1000];
    for (int round = 0; round < 20000; round++) {
        unsigned i = (unsigned)rng_below(&r, n + 1u);
        if (n == MOST || (n && rng_below(&r, 3) == 0)) {
            i = (unsigned)rng_below(&r, n);
            uint32_t at = pack_skip(p, 0, i);
            p = pack_splice(p, at, pack_skip(p, at, 1), 1, NULL, 0);
            for (n--; i < n; i++) {
                lengths[i] = lengths[i + 1];
                marks[i] = marks[i + 1];
            }
        } else {
            unsigned length = (unsigned)rng_below(&r, rng_below(&r, 4) ? 300 : 1000);
            memset(text, (int)('a' + round % 26), length);
            struct bytes x = {text, length};
            uint32_t at = pack_skip(p, 0, i);
            p = pack_splice(p, at, at, 0, &x, 1);
            for (unsigned k = n++; k > i; k--) {
                lengths[k] = lengths[k - 1];
                marks[k] = marks[k - 1];
            }
            lengths[i] = length;
            marks[i] = (unsigned)('a' + round % 26);
        }
        CHECK(p->count == n);
        uint32_t at = 0;
        for (unsigned k = 0; k < n; k++) {
            struct bytes x;
            at = pack_get(p, at, &x);
            CHECK(x.n == lengths[k]);
            CHECK(x.n == 0 ||
                  ((unsigned char)x.p[0] == marks[k] && (unsigned char)x.p[x.n - 1] == marks[k]));
        }
        CHECK(at == p->used && pack_is_sound(p));
    }
    struct pack *copy = pack_copy(p);
    CHECK(copy->used == p->used && memcmp(copy->data, p->data, p->used) == 0);
    pack_free(copy);
    pack_free(p);
}

UNIT_MAIN(T(elements_are_found_and_spliced), T(bytes_that_are_no_elements_are_not_sound),
          T(random_splices_keep_all_others))
