#include "base/mem.h"
#include "base/rng.h"
#include "type/list.h"
#include "unit.h"

#define MOST 3000

struct model {
    struct {
        char p[200];
        size_t n;
    } x[MOST];
    size_t n;
};

static struct model m;

static void model_insert(size_t at, const char *p, size_t n)
{
    memmove(&m.x[at + 1], &m.x[at], (m.n - at) * sizeof(m.x[0]));
    memcpy(m.x[at].p, p, n);
    m.x[at].n = n;
    m.n++;
}

static void model_remove(size_t at)
{
    memmove(&m.x[at], &m.x[at + 1], (m.n - at - 1) * sizeof(m.x[0]));
    m.n--;
}

static bool same(struct list *l)
{
    struct list_cursor c;
    if (l->count != m.n)
        return false;
    size_t i = 0;
    for (bool any = list_seek(l, 0, &c); any; any = list_next(&c), i++)
        if (!bytes_equal(list_get(&c), bytes_of(m.x[i].p, m.x[i].n)))
            return false;
    if (i != m.n)
        return false;
    if (m.n)
        for (bool any = list_seek(l, m.n - 1, &c); any; any = list_previous(&c)) {
            i--;
            if (!bytes_equal(list_get(&c), bytes_of(m.x[i].p, m.x[i].n)))
                return false;
        }
    return true;
}

static void run(unsigned seed, int64_t fill, uint32_t depth)
{
    struct list *l = list_new(fill, depth);
    struct rng rng;
    struct list_cursor c;
    rng_seed(&rng, seed);
    m.n = 0;
    for (int step = 0; step < 3000; step++) {
        char p[200];
        size_t n = (size_t)rng_below(&rng, 180), at = m.n ? (size_t)rng_below(&rng, m.n) : 0;
        memset(p, 'a' + (int)rng_below(&rng, 26), sizeof(p));
        struct bytes x = {p, n};
        switch (rng_below(&rng, 9)) {
        case 0:
        case 1:
        case 2: {
            bool front = rng_below(&rng, 2);
            if (m.n + 1 >= MOST)
                break;
            list_push(l, front, x);
            model_insert(front ? 0 : m.n, p, n);
            break;
        }
        case 3:
            if (m.n) {
                bool front = rng_below(&rng, 2);
                list_drop(l, front);
                model_remove(front ? 0 : m.n - 1);
            }
            break;
        case 4:
            if (m.n) {
                CHECK(list_seek(l, at, &c));
                list_replace(&c, x);
                memcpy(m.x[at].p, p, n);
                m.x[at].n = n;
            }
            break;
        case 5:
        case 6:
            if (m.n && m.n + 1 < MOST) {
                bool before = rng_below(&rng, 2);
                CHECK(list_seek(l, at, &c));
                list_insert(&c, before, x);
                model_insert(at + !before, p, n);
            }
            break;
        case 7:
            if (m.n) {
                CHECK(list_seek(l, at, &c));
                bool more = list_remove(&c);
                model_remove(at);
                CHECK(more == (at < m.n));
                if (more)
                    CHECK(bytes_equal(list_get(&c), bytes_of(m.x[at].p, m.x[at].n)));
            }
            break;
        default:
            if (m.n > 50 && rng_below(&rng, 20) == 0) {
                size_t k = (size_t)rng_below(&rng, 50);
                bool front = rng_below(&rng, 2);
                list_trim(l, front, k);
                while (k--)
                    model_remove(front ? 0 : m.n - 1);
            }
        }
        if (step % 50 == 0)
            CHECK(same(l));
    }
    CHECK(same(l));
    struct list *copy = list_copy(l);
    CHECK(same(copy));
    list_free(copy);
    list_free(l);
}

TEST(behaves_like_an_array)
{
    for (unsigned seed = 1; seed < 6; seed++) {
        run(seed, -2, 0);
        run(seed, -1, 1);
        run(seed, 5, 0);
        run(seed, 7, 2);
    }
}

TEST(takes_large_elements)
{
    struct list *l = list_new(-2, 0);
    static char big[300000];
    memset(big, 'x', sizeof(big));
    struct bytes out;
    for (size_t n = 1; n <= sizeof(big); n *= 3) {
        list_push(l, true, bytes_of(big, n));
        CHECK(list_peek(l, true, &out) && out.n == n);
        list_push(l, false, bytes_of(big, n));
        CHECK(list_peek(l, false, &out) && out.n == n);
    }
    while (l->count)
        list_drop(l, l->count % 2);
    CHECK(!list_peek(l, true, &out));
    list_free(l);
}

UNIT_MAIN(T(behaves_like_an_array), T(takes_large_elements))
