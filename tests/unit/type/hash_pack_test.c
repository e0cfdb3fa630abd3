#include "type/hash_pack.h"

#include "base/rng.h"
#include "unit.h"

enum { FIELDS = 20 };

static struct bytes name_of(char *to, unsigned i)
{
    return bytes_of(to, (size_t)sprintf(to, "f%u", i));
}

TEST(agrees_with_a_model)
{
    struct {
        bool in;
        char value;
        size_t n;
        int64_t deadline_ms;
    } model[FIELDS] = {0};
    struct pack *p = pack_new(HASH_PACK_PLAIN);
    struct rng r;
    char name[16], value[400];
    size_t count = 0;
    rng_seed(&r, 1);
    for (int step = 0; step < 20000; step++) {
        unsigned i = (unsigned)rng_below(&r, FIELDS);
        struct bytes n = name_of(name, i);
        int64_t at_ms =
            rng_below(&r, 3) == 0 && step > 5000 ? (int64_t)rng_below(&r, 1000) : HASH_NO_TTL;
        switch (rng_below(&r, 3)) {
        case 0: {
            size_t length = (size_t)rng_below(&r, sizeof(value));
            bool keep = rng_below(&r, 2);
            memset(value, 'a' + step % 26, length);
            CHECK(hash_pack_set(&p, n, bytes_of(value, length), keep ? HASH_KEEP_TTL : at_ms) ==
                  !model[i].in);
            if (!keep)
                model[i].deadline_ms = at_ms;
            else if (!model[i].in)
                model[i].deadline_ms = HASH_NO_TTL;
            count += !model[i].in;
            model[i].in = true;
            model[i].value = (char)('a' + step % 26);
            model[i].n = length;
            break;
        }
        case 1:
            CHECK(hash_pack_remove(&p, n) == model[i].in);
            count -= model[i].in;
            model[i].in = false;
            break;
        default:
            CHECK(hash_pack_set_deadline(&p, n, at_ms) == model[i].in);
            if (model[i].in)
                model[i].deadline_ms = at_ms;
        }
        CHECK(hash_pack_is_sound(p) && hash_pack_count(p) == count);
        /* No TTL, no room for one. */
        CHECK(step > 5000 || p->form == HASH_PACK_PLAIN);
        for (unsigned k = 0; k < FIELDS; k++) {
            struct hash_field f;
            bool found = hash_pack_find(p, name_of(name, k), &f);
            CHECK(found == model[k].in);
            CHECK(!found || (f.value.n == model[k].n && f.deadline_ms == model[k].deadline_ms &&
                             (!f.value.n || f.value.p[f.value.n - 1] == model[k].value)));
        }
    }
    pack_free(p);
}

TEST(fields_keep_the_order_of_their_coming)
{
    struct pack *p = pack_new(HASH_PACK_PLAIN);
    struct hash_field f;
    hash_pack_set(&p, BYTES("b"), BYTES("1"), HASH_NO_TTL);
    hash_pack_set(&p, BYTES("a"), BYTES("2"), HASH_NO_TTL);
    hash_pack_set(&p, BYTES("b"), BYTES("3"), 500);
    uint32_t at = hash_pack_get(p, hash_pack_first(p), &f);
    CHECK(bytes_equal(f.name, BYTES("b")) && bytes_equal(f.value, BYTES("3")) &&
          f.deadline_ms == 500);
    at = hash_pack_get(p, at, &f);
    CHECK(bytes_equal(f.name, BYTES("a")) && f.deadline_ms == HASH_NO_TTL && at == p->used);
    pack_free(p);
}

TEST(the_next_due_moment_is_never_too_late)
{
    struct pack *p = pack_new(HASH_PACK_PLAIN);
    CHECK(hash_pack_next_due_ms(p) == INT64_MAX);
    hash_pack_set(&p, BYTES("a"), BYTES("1"), 900);
    hash_pack_set(&p, BYTES("b"), BYTES("1"), 300);
    hash_pack_set(&p, BYTES("c"), BYTES("1"), 600);
    CHECK(hash_pack_next_due_ms(p) == 300);
    hash_pack_remove(&p, BYTES("b"));
    CHECK(hash_pack_next_due_ms(p) <= 600);
    hash_pack_put_next_due(p, 600);
    CHECK(hash_pack_next_due_ms(p) == 600 && hash_pack_is_sound(p));
    hash_pack_put_next_due(p, 601);
    CHECK(!hash_pack_is_sound(p));
    pack_free(p);
}

UNIT_MAIN(T(agrees_with_a_model), T(fields_keep_the_order_of_their_coming),
          T(the_next_due_moment_is_never_too_late))
