#include "survey/slots.h"

#include "base/rng.h"
#include "unit.h"

struct item {
    struct slot slot;
    uint32_t number;
};

TEST(records_keep_their_places)
{
    static struct item *at[2000];
    struct slots s;
    struct rng rng;
    uint32_t used = 0;
    slots_init(&s, sizeof(struct item));
    rng_seed(&rng, 1);
    for (int i = 0; i < 20000; i++) {
        unsigned k = (unsigned)rng_below(&rng, 2000);
        if (at[k]) {
            CHECK(slots_at(&s, at[k]->number) == at[k]);
            slots_give(&s, at[k]->number);
            at[k] = NULL;
            used--;
        } else {
            uint32_t number = slots_take(&s);
            at[k] = slots_at(&s, number);
            CHECK(number && number <= s.n && !at[k]->slot.seen && !at[k]->number);
            *at[k] = (struct item){{1}, number};
            used++;
        }
        CHECK(s.used == used);
    }
    slots_clear(&s);
    CHECK(!s.n && !s.used && !slots_memory(&s));
}

UNIT_MAIN(T(records_keep_their_places))
