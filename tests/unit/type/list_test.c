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

static bool is_quicklist(const struct list *l)
{
    return strcmp(list_encoding(l), "quicklist") == 0;
}

static struct list *list_of(int64_t fill, unsigned count, size_t n)
{
    static char text[20000];
    struct list *l = list_new(fill, 0);
    memset(text, 'x', sizeof(text));
    for (unsigned i = 0; i < count; i++)
        list_push(l, false, bytes_of(text, n));
    return l;
}

static bool quicklist_of(int64_t fill, unsigned count, size_t n)
{
    struct list *l = list_of(fill, count, n);
    bool is = is_quicklist(l);
    list_free(l);
    return is;
}

/* compat 12.6 */
TEST(a_list_is_called_what_redis_would_make_of_it)
{
    CHECK(quicklist_of(-2, 1, 8192) && !quicklist_of(-2, 1, 8185));
    CHECK(quicklist_of(-1, 1, 4096) && !quicklist_of(-1, 1, 4089));
    CHECK(!quicklist_of(-5, 3, 20000) && quicklist_of(-5, 4, 20000));
    CHECK(quicklist_of(16, 1, 8192) && !quicklist_of(16, 1, 8185));
    CHECK(!quicklist_of(16, 16, 2) && quicklist_of(16, 17, 2));
    CHECK(!quicklist_of(0, 1, 2) && quicklist_of(0, 2, 2));
    CHECK(!quicklist_of(1, 1, 2) && quicklist_of(1, 2, 2));
    CHECK(!quicklist_of(-2, 80, 100 - 3) && quicklist_of(-2, 90, 100 - 3));
}

TEST(a_list_becomes_a_listpack_again_at_half_its_limit)
{
    struct list *l = list_of(16, 17, 2);
    while (l->count > 9)
        list_drop(l, false);
    CHECK(is_quicklist(l));
    list_drop(l, false);
    CHECK(l->count == 8 && !is_quicklist(l));
    list_free(l);
    l = list_of(-2, 90, 98);
    /* 100 bytes each. */
    while (l->count > 41)
        list_drop(l, false);
    CHECK(is_quicklist(l));
    while (l->count > 40)
        list_drop(l, false);
    CHECK(!is_quicklist(l));
    list_trim(l, true, 40);
    CHECK(!is_quicklist(l) && l->count == 0);
    list_free(l);
}

UNIT_MAIN(T(a_list_is_called_what_redis_would_make_of_it),
          T(a_list_becomes_a_listpack_again_at_half_its_limit), T(behaves_like_an_array),
          T(takes_large_elements))
