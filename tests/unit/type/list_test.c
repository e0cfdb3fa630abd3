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

/* Read in both directions. */
static bool same(const struct list *l)
{
    struct list_cursor c;
    if (l->count != m.n)
        return false;
    size_t i = 0;
    for (bool any = list_seek(l, 0, &c); any; any = list_next(&c), i++)
        if (!bytes_equal(list_get(&c), bytes_of(m.x[i].p, m.x[i].n)))
            return false;
    list_end(&c);
    if (i != m.n)
        return false;
    if (m.n) {
        for (bool any = list_seek(l, m.n - 1, &c); any; any = list_previous(&c)) {
            i--;
            if (!bytes_equal(list_get(&c), bytes_of(m.x[i].p, m.x[i].n)))
                return false;
        }
        list_end(&c);
    }
    return i == 0 && list_is_sound(l);
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
                list_replace(l, &c, x);
                list_end(&c);
                memcpy(m.x[at].p, p, n);
                m.x[at].n = n;
            }
            break;
        case 5:
        case 6:
            if (m.n && m.n + 1 < MOST) {
                bool before = rng_below(&rng, 2);
                CHECK(list_seek(l, at, &c));
                list_insert(l, &c, before, x);
                list_end(&c);
                model_insert(at + !before, p, n);
            }
            break;
        case 7:
            if (m.n) {
                CHECK(list_seek(l, at, &c));
                bool more = list_remove(l, &c);
                model_remove(at);
                CHECK(more == (at < m.n));
                if (more)
                    CHECK(bytes_equal(list_get(&c), bytes_of(m.x[at].p, m.x[at].n)));
                list_end(&c);
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

/* A list of 200 elements of 100 bytes, with a block for every ten and all but the ends compressed;
 * the model has the same. */
static struct list *compressed_list(void)
{
    struct list *l = list_new(10, 1);
    char p[100];
    m.n = 0;
    for (size_t i = 0; i < 200; i++) {
        memset(p, 'a' + (int)(i % 26), sizeof(p));
        list_push(l, false, bytes_of(p, sizeof(p)));
        model_insert(m.n, p, sizeof(p));
    }
    return l;
}

TEST(reading_changes_nothing)
{
    struct list *l = compressed_list();
    struct list_cursor c;
    size_t before = list_memory(l, 0);
    CHECK(before < 200 * 100 / 2);
    CHECK(same(l) && list_memory(l, 0) == before);
    /* From the middle of a compressed block in both directions, past its ends. */
    for (size_t from = 0; from < m.n; from += 7) {
        size_t at = from;
        CHECK(list_seek(l, from, &c));
        do
            CHECK(bytes_equal(list_get(&c), bytes_of(m.x[at].p, m.x[at].n)));
        while (++at < from + 25 && list_next(&c));
        at--;
        while (at > from && list_previous(&c)) {
            at--;
            CHECK(bytes_equal(list_get(&c), bytes_of(m.x[at].p, m.x[at].n)));
        }
        CHECK(at == from || at + 1 == m.n);
        list_end(&c);
    }
    CHECK(list_memory(l, 0) == before && list_is_sound(l));
    list_free(l);
}

TEST(a_cursor_stays_at_the_last_element)
{
    struct list *l = compressed_list();
    struct list_cursor c;
    CHECK(list_seek(l, 199, &c) && !list_next(&c) && list_get(&c).p[0] == m.x[199].p[0]);
    list_end(&c);
    CHECK(list_seek(l, 0, &c) && !list_previous(&c) && list_get(&c).p[0] == m.x[0].p[0]);
    list_end(&c);
    CHECK(!list_seek(l, 200, &c));
    list_end(&c);
    list_free(l);
}

TEST(changing_a_compressed_block_expands_that_one)
{
    struct list *l = compressed_list();
    struct list_cursor c;
    size_t before = list_memory(l, 0);
    CHECK(list_seek(l, 105, &c));
    list_replace(l, &c, BYTES("new"));
    list_end(&c);
    memcpy(m.x[105].p, "new", 3);
    m.x[105].n = 3;
    CHECK(same(l));
    CHECK(list_seek(l, 55, &c));
    CHECK(list_remove(l, &c) && bytes_equal(list_get(&c), bytes_of(m.x[56].p, m.x[56].n)));
    list_end(&c);
    model_remove(55);
    CHECK(same(l));
    size_t now = list_memory(l, 0);
    CHECK(now > before + 800 && now < before + 3000);
    /* What comes to an end of the list is expanded when it is taken. */
    while (m.n > 3) {
        struct bytes x;
        bool front = m.n % 2;
        CHECK(list_peek(l, front, &x));
        CHECK(bytes_equal(x, bytes_of(m.x[front ? 0 : m.n - 1].p, m.x[front ? 0 : m.n - 1].n)));
        list_drop(l, front);
        model_remove(front ? 0 : m.n - 1);
        CHECK(list_is_sound(l));
    }
    CHECK(same(l));
    list_free(l);
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

/* By each of the functions that make a list shorter or smaller. */
TEST(whatever_shrinks_a_list_makes_it_a_listpack_again)
{
    struct list_cursor c;
    struct list *l = list_of(16, 17, 2);
    list_trim(l, false, 8);
    CHECK(l->count == 9 && is_quicklist(l));
    CHECK(list_seek(l, 4, &c));
    list_remove(l, &c);
    list_end(&c);
    CHECK(l->count == 8 && !is_quicklist(l));
    list_free(l);
    l = list_of(16, 17, 2);
    list_trim(l, false, 8);
    CHECK(is_quicklist(l));
    list_trim(l, true, 1);
    CHECK(l->count == 8 && !is_quicklist(l));
    list_free(l);
    /* Three elements of 4000 bytes in blocks of 8 kB; two blocks become one, then that one half
     * full. */
    l = list_of(-2, 3, 4000);
    CHECK(is_quicklist(l) && list_blocks(l) == 2);
    list_drop(l, false);
    CHECK(is_quicklist(l) && list_blocks(l) == 1);
    CHECK(list_seek(l, 1, &c));
    list_replace(l, &c, BYTES("x"));
    list_end(&c);
    CHECK(!is_quicklist(l));
    list_free(l);
}

UNIT_MAIN(T(a_list_is_called_what_redis_would_make_of_it),
          T(a_list_becomes_a_listpack_again_at_half_its_limit),
          T(whatever_shrinks_a_list_makes_it_a_listpack_again), T(reading_changes_nothing),
          T(a_cursor_stays_at_the_last_element), T(changing_a_compressed_block_expands_that_one),
          T(behaves_like_an_array), T(takes_large_elements))
