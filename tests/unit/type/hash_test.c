#include "type/hash.h"

#include "base/hash.h"
#include "base/str.h"
#include "unit.h"

#include <stdio.h>

enum { FIELDS = 400 };

struct model {
    bool in;
    int value, length;
    int64_t deadline_ms;
};

static struct bytes name_of(char *to, unsigned i)
{
    return bytes_of(to, (size_t)sprintf(to, "field:%u", i));
}

static struct bytes value_of(char *to, int value, int length)
{
    int n = sprintf(to, "%d", value);
    memset(to + n, '.', (size_t)length);
    return bytes_of(to, (size_t)(n + length));
}

static bool agrees(const struct hash *h, const struct model *model, int64_t now_ms)
{
    static char text[4000];
    char name[32];
    size_t live = 0, walked = 0;
    struct hash_field f;
    struct hash_walk w;
    for (unsigned i = 0; i < FIELDS; i++) {
        const struct model *m = &model[i];
        bool seen = m->in && !(m->deadline_ms >= 0 && m->deadline_ms <= now_ms);
        live += seen;
        if (hash_find(h, name_of(name, i), now_ms, &f) != seen)
            return false;
        if (seen && (!bytes_equal(f.value, value_of(text, m->value, m->length)) ||
                     f.deadline_ms != m->deadline_ms))
            return false;
    }
    hash_walk_start(&w, h, now_ms);
    while (hash_walk_next(&w, &f))
        walked++;
    return walked == live && hash_live(h, now_ms) == live;
}

/* limit: when the large form begins. */
static void play(unsigned seed, size_t limit)
{
    static struct model model[FIELDS];
    static char text[4000];
    char name[32];
    struct rng r;
    struct hash_limits limits = {limit, 64};
    struct hash *h = hash_new();
    int64_t now_ms = 1000;
    rng_seed(&r, seed);
    memset(model, 0, sizeof(model));
    for (int step = 0; step < 6000; step++) {
        unsigned i = (unsigned)rng_below(&r, limit < 50 ? 30 : FIELDS);
        struct model *m = &model[i];
        bool there = m->in;
        struct bytes n = name_of(name, i);
        switch (rng_below(&r, 6)) {
        case 0:
        case 1: {
            m->value = step;
            m->length = (int)rng_below(&r, rng_below(&r, 500) ? 40 : 3000);
            int64_t deadline_ms = rng_below(&r, 2)   ? HASH_NO_TTL
                                  : rng_below(&r, 2) ? HASH_KEEP_TTL
                                                     : now_ms + 1 + (int64_t)rng_below(&r, 300);
            CHECK(hash_set(&h, n, value_of(text, m->value, m->length), deadline_ms, &limits) ==
                  !there);
            if (deadline_ms != HASH_KEEP_TTL)
                m->deadline_ms = deadline_ms;
            else if (!there)
                m->deadline_ms = HASH_NO_TTL;
            m->in = true;
            break;
        }
        case 2:
            CHECK(hash_remove(&h, n) == there);
            m->in = false;
            break;
        case 3: {
            int64_t deadline_ms =
                rng_below(&r, 3) ? now_ms + 1 + (int64_t)rng_below(&r, 300) : HASH_NO_TTL;
            CHECK(hash_set_deadline(&h, n, deadline_ms) == there);
            if (there)
                m->deadline_ms = deadline_ms;
            break;
        }
        case 4:
            now_ms += (int64_t)rng_below(&r, 20);
            break;
        default: {
            struct str *names[7];
            size_t gone;
            do {
                gone = hash_purge(&h, now_ms, names, 7);
                for (size_t k = 0; k < gone; k++)
                    str_unref(names[k]);
            } while (gone == 7);
            for (unsigned k = 0; k < FIELDS; k++)
                if (model[k].in && model[k].deadline_ms >= 0 && model[k].deadline_ms <= now_ms)
                    model[k].in = false;
            CHECK(hash_next_due_ms(h) > now_ms);
        }
        }
        if (step % 50 == 0) {
            bool with_ttl = false;
            for (unsigned k = 0; k < FIELDS; k++)
                with_ttl = with_ttl || (model[k].in && model[k].deadline_ms >= 0);
            CHECK(hash_has_ttl(h) == with_ttl);
            CHECK(agrees(h, model, now_ms) && agrees(h, model, HASH_ALL));
            struct hash *copy = hash_copy(h);
            CHECK(agrees(copy, model, HASH_ALL) && hash_is_sound(h) && hash_is_sound(copy));
            hash_free(copy);
        }
    }
    hash_free(h);
}

TEST(small_form_agrees_with_a_model)
{
    play(1, 1000);
    play(2, 1000);
}

TEST(large_form_agrees_with_a_model)
{
    play(3, 0);
    play(4, 12);
}

/* Expiry costs O(log n) for each expired field, and nothing for the others. */
TEST(a_purge_looks_at_what_is_due)
{
    enum { MANY = 50000, LOG = 16 };
    struct hash_limits limits = {0, 64};
    struct hash *h = hash_new(), *without = hash_new();
    struct str *names[64];
    char name[32], text[32];
    struct hash_field f;
    for (unsigned i = 0; i < MANY; i++) {
        struct bytes n = name_of(name, i * 7919 % MANY), value = value_of(text, 1, i % 16);
        hash_set(&h, n, value, 1000 + 10 * (int64_t)(i * 7919 % MANY), &limits);
        hash_set(&without, n, value, HASH_NO_TTL, &limits);
    }
    CHECK(hash_count(h) == MANY && hash_is_sound(h));
    /* The deadline and what its order takes, on the average of all lengths. */
    CHECK(hash_memory(h, 0) - hash_memory(without, 0) <= MANY * (8 + 16));
    uint32_t before = hash_compared(h);
    for (int i = 0; i < 1000; i++)
        CHECK(hash_purge(&h, 999, names, 64) == 0 && hash_next_due_ms(h) == 1000 &&
              hash_find(h, BYTES("field:20"), 999, &f) && hash_live(h, 999) == MANY);
    CHECK(hash_compared(h) == before);
    /* One after the other, as they become due, and the earliest first. */
    for (unsigned i = 0; i < 2000; i++) {
        CHECK(hash_purge(&h, 1000 + 10 * (int64_t)i, names, 64) == 1);
        CHECK(bytes_equal(str_bytes(names[0]), name_of(name, i)));
        str_unref(names[0]);
        CHECK(hash_next_due_ms(h) == 1010 + 10 * (int64_t)i);
    }
    CHECK(hash_compared(h) - before <= 2000 * (2 * LOG + 1));
    CHECK(hash_is_sound(h) && hash_count(h) == MANY - 2000);
    hash_free(h);
    hash_free(without);
}

/* A value stays the same while its field gets, keeps and loses a TTL, around the length from which
 * on it is a string of its own. */
TEST(values_of_all_lengths_survive_changes_of_the_ttl)
{
    static char text[4000];
    struct hash_limits limits = {0, 64};
    for (int length = 1000; length < 1040; length++) {
        struct bytes value = value_of(text, 5, length);
        struct hash *h = hash_new();
        struct hash_field f;
        hash_set(&h, BYTES("a"), value, length % 2 ? HASH_NO_TTL : 70, &limits);
        for (int step = 0; step < 8; step++) {
            int64_t deadline_ms = step % 3 ? 80 + step : HASH_NO_TTL;
            if (step < 4)
                hash_set_deadline(&h, BYTES("a"), deadline_ms);
            else
                hash_set(&h, BYTES("a"), value, deadline_ms, &limits);
            CHECK(hash_find(h, BYTES("a"), 0, &f) && bytes_equal(f.value, value) &&
                  f.deadline_ms == deadline_ms && hash_is_sound(h));
        }
        hash_free(h);
    }
}

TEST(forms_change_at_the_limits)
{
    struct hash_limits limits = {3, 5};
    struct hash *h = hash_new();
    hash_set(&h, BYTES("a"), BYTES("1"), HASH_NO_TTL, &limits);
    hash_set(&h, BYTES("b"), BYTES("12345"), HASH_NO_TTL, &limits);
    hash_set(&h, BYTES("c"), BYTES("1"), HASH_NO_TTL, &limits);
    CHECK(!hash_is_large(h) && strcmp(hash_encoding(h), "listpack") == 0);
    hash_set(&h, BYTES("c"), BYTES("1"), 5, &limits);
    CHECK(strcmp(hash_encoding(h), "listpackex") == 0);
    hash_set(&h, BYTES("d"), BYTES("1"), HASH_NO_TTL, &limits);
    CHECK(hash_is_large(h) && hash_count(h) == 4 && hash_has_ttl(h) && hash_next_due_ms(h) == 5);
    hash_free(h);
    h = hash_new();
    hash_set(&h, BYTES("a"), BYTES("123456"), HASH_NO_TTL, &limits);
    CHECK(hash_is_large(h) && hash_count(h) == 1);
    hash_free(h);
}

static void count_visit(void *context, const struct hash_field *f)
{
    unsigned *seen = context, i = 0;
    sscanf(f->name.p, "field:%u", &i);
    seen[i]++;
}

/* What is there from the beginning to the end of a scan is seen, however much comes and goes. */
TEST(scans_see_all_that_stays)
{
    enum { STAY = 300, COME = 4000 };
    struct hash_limits limits = {0, 64};
    struct rng r;
    char name[32];
    rng_seed(&r, 9);
    for (int round = 0; round < 20; round++) {
        struct hash *h = hash_new();
        static unsigned seen[STAY + COME];
        memset(seen, 0, sizeof(seen));
        for (unsigned i = 0; i < STAY; i++)
            hash_set(&h, name_of(name, i), BYTES("x"), HASH_NO_TTL, &limits);
        uint64_t cursor = 0;
        unsigned grown = round % 2 ? 0 : COME;
        for (unsigned i = 0; i < COME - grown; i++)
            hash_set(&h, name_of(name, STAY + i), BYTES("x"), HASH_NO_TTL, &limits);
        do {
            cursor = hash_scan(h, cursor, HASH_ALL, count_visit, seen);
            for (unsigned k = 0; k < 40; k++) {
                unsigned i = STAY + (unsigned)rng_below(&r, COME);
                if (round % 2)
                    hash_remove(&h, name_of(name, i));
                else
                    hash_set(&h, name_of(name, i), BYTES("x"), HASH_NO_TTL, &limits);
            }
        } while (cursor);
        for (unsigned i = 0; i < STAY; i++)
            CHECK(seen[i] >= 1);
        hash_free(h);
    }
}

static void start(void)
{
    static const char seed[192] = "fixed";
    hash_init(seed, sizeof(seed));
}

TEST(prepare)
{
    start();
}

UNIT_MAIN(T(prepare), T(small_form_agrees_with_a_model), T(large_form_agrees_with_a_model),
          T(a_purge_looks_at_what_is_due), T(values_of_all_lengths_survive_changes_of_the_ttl),
          T(forms_change_at_the_limits), T(scans_see_all_that_stays))
