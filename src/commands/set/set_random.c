#include "commands/set/set_random.h"

#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "ds/dict.h"

struct str **set_random_choose(struct call *call, const struct set *s, size_t n)
{
    struct str **chosen = mem_alloc((n + 1) * sizeof(struct str *));
    struct rng *rng = &call->store->rng;
    size_t left = set_count(s), k = 0;
    char scratch[NUM_INT_MAX];
    struct bytes x;
    if (n * 3 < left) {
        /* Few of many: draws until they differ. */
        struct dict seen = {0};
        while (k < n) {
            x = set_random(s, rng, scratch);
            dict_ensure(&seen, x);
            if (seen.used > k)
                chosen[k++] = str_new(x);
        }
        dict_clear(&seen);
        return chosen;
    }
    /* Selection sampling: takes each member with probability wanted / left. */
    struct set_walk w;
    set_walk_start(&w, s);
    for (; k < n && set_walk_next(&w, &x); left--)
        if (rng_below(rng, left) < n - k)
            chosen[k++] = str_new(x);
    return chosen;
}

void set_random_free(struct str **chosen, size_t n)
{
    for (size_t i = 0; i < n; i++)
        str_unref(chosen[i]);
    mem_free(chosen);
}
