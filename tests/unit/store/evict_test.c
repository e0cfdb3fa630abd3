/* How good eviction chooses, against the ideal. */
#include "store/evict.h"

#include "base/hash.h"
#include "base/num.h"
#include "type/string.h"
#include "unit.h"

#include <math.h>
#include <stdlib.h>

enum { KEYS = 20000, ROOM = 4000, USES = 400000 };

static struct bytes name_of(char *to, unsigned i)
{
    return bytes_of(to, num_print_uint(to, i));
}

/* Ranks drawn with a probability proportional to 1 / rank^0.9. */
static double cumulative[KEYS];

static void prepare_zipf(void)
{
    double sum = 0;
    for (unsigned i = 0; i < KEYS; i++)
        cumulative[i] = sum += pow(i + 1.0, -0.9);
    for (unsigned i = 0; i < KEYS; i++)
        cumulative[i] /= sum;
}

static unsigned zipf(struct rng *r)
{
    double x = (double)(rng_next(r) >> 11) * 0x1p-53;
    unsigned low = 0, high = KEYS - 1;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (cumulative[middle] < x)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static double hit_ratio(enum evict_policy policy, int samples, unsigned seed)
{
    struct store *s = db_store_new(1, seed);
    struct evict *v = evict_new();
    struct db *db = &s->dbs[0];
    struct rng r;
    char text[NUM_INT_MAX];
    unsigned hits = 0, counted = 0;
    rng_seed(&r, seed);
    s->lru.lfu = policy == EVICT_ALL_LFU;
    for (unsigned i = 0; i < USES; i++) {
        /* A hundred uses a second. */
        s->now_ms = 1000000 + (int64_t)i * 10;
        lru_set_time(&s->lru, s->now_ms);
        struct bytes key = name_of(text, zipf(&r));
        bool hit = db_read(db, key) != NULL;
        if (i > USES / 4) {
            counted++;
            hits += hit;
        }
        if (hit)
            continue;
        while (db->keys.used >= ROOM)
            if (!evict_one(v, s, policy, samples) || (i % 1000 == 0 && !evict_is_sound(v)))
                return 0;
        db_add(db, string_new(key, BYTES("x")));
    }
    evict_free(v);
    db_store_free(s);
    return (double)hits / counted;
}

/* The same by a list in the exact order of use, and by never changing the ROOM best keys. */
static double ideal_lru(unsigned seed)
{
    static unsigned next[KEYS + 1], previous[KEYS + 1];
    static bool in[KEYS];
    unsigned used = 0, hits = 0, counted = 0;
    struct rng r;
    rng_seed(&r, seed);
    memset(in, 0, sizeof(in));
    next[KEYS] = previous[KEYS] = KEYS;
    for (unsigned i = 0; i < USES; i++) {
        unsigned k = zipf(&r);
        if (i > USES / 4) {
            counted++;
            hits += in[k];
        }
        if (in[k]) {
            next[previous[k]] = next[k];
            previous[next[k]] = previous[k];
        } else if (used == ROOM) {
            unsigned last = previous[KEYS];
            in[last] = false;
            previous[KEYS] = previous[last];
            next[previous[last]] = KEYS;
        } else {
            used++;
        }
        in[k] = true;
        next[k] = next[KEYS];
        previous[k] = KEYS;
        previous[next[KEYS]] = k;
        next[KEYS] = k;
    }
    return (double)hits / counted;
}

static double ideal_lfu(void)
{
    return cumulative[ROOM - 1];
}

/* Each ratio is a mean of 300,000 draws: its standard error is below 0.1 points, so that half a
 * point is more than four of them. */
TEST(lru_comes_near_the_exact_order)
{
    hash_init("fixed", 5);
    prepare_zipf();
    for (unsigned seed = 1; seed <= 2; seed++) {
        double ideal = ideal_lru(seed), five = hit_ratio(EVICT_ALL_LRU, 5, seed),
               ten = hit_ratio(EVICT_ALL_LRU, 10, seed),
               chance = hit_ratio(EVICT_ALL_RANDOM, 5, seed);
        printf("# lru: ideal %.4f, 10 samples %.4f, 5 samples %.4f, random %.4f\n", ideal, ten,
               five, chance);
        CHECK(five > ideal - 0.015 && ten > ideal - 0.01 && five > chance + 0.01);
    }
}

TEST(lfu_beats_lru_where_it_should)
{
    prepare_zipf();
    double lfu = hit_ratio(EVICT_ALL_LFU, 5, 3), lru = hit_ratio(EVICT_ALL_LRU, 5, 3);
    printf("# lfu: ideal %.4f, 5 samples %.4f, lru %.4f\n", ideal_lfu(), lfu, lru);
    CHECK(lfu > lru && lfu > ideal_lfu() - 0.1);
}

static bool hold(void *context, const struct db *db, const struct entry *e)
{
    (void)context;
    (void)db;
    (void)e;
    return true;
}

TEST(policies_choose_among_what_they_may)
{
    struct store *s = db_store_new(2, 1);
    struct evict *v = evict_new();
    char text[NUM_INT_MAX];
    s->now_ms = 1000;
    for (unsigned i = 0; i < 100; i++) {
        struct entry *e = string_new(name_of(text, i), BYTES("x"));
        if (i % 2)
            e = entry_set_deadline(e, 1000000 + i);
        db_add(&s->dbs[i % 3 == 0], e);
    }
    /* The nearest deadline goes first. */
    for (unsigned i = 1; i < 30; i += 2) {
        CHECK(evict_one(v, s, EVICT_VOLATILE_TTL, 64));
        CHECK(!db_find(&s->dbs[i % 3 == 0], name_of(text, i)));
    }
    while (evict_one(v, s, EVICT_VOLATILE_LRU, 5))
        ;
    CHECK(s->dbs[0].keys.used + s->dbs[1].keys.used == 50);
    CHECK(!evict_one(v, s, EVICT_VOLATILE_RANDOM, 5) && !evict_one(v, s, EVICT_NOTHING, 5));
    CHECK(!evict_one(v, s, EVICT_VOLATILE_TTL, 64) && !evict_one(v, s, EVICT_VOLATILE_LFU, 64));
    while (evict_one(v, s, EVICT_ALL_RANDOM, 5))
        ;
    CHECK(s->dbs[0].keys.used + s->dbs[1].keys.used == 0 && s->evicted == 100);
    /* What is held stays. */
    s->events.holds = hold;
    struct bytes key = BYTES("stream");
    db_add(&s->dbs[0], entry_new_word(key, VALUE_LIST, 0));
    CHECK(!evict_one(v, s, EVICT_ALL_LRU, 5) && !evict_one(v, s, EVICT_ALL_RANDOM, 5));
    db_add(&s->dbs[0],
           string_new(BYTES("a"), BYTES("x"))); /* only lists and streams are asked for */
    CHECK(evict_one(v, s, EVICT_ALL_LRU, 5) && !db_find(&s->dbs[0], BYTES("a")));
    entry_free(db_take(&s->dbs[0], key, DB_GOES));
    db_add(&s->dbs[0], entry_new_word(key, VALUE_STREAM, 0));
    CHECK(!evict_one(v, s, EVICT_ALL_LRU, 5));
    entry_free(db_take(&s->dbs[0], key, DB_GOES));
    evict_free(v);
    db_store_free(s);
}

/* A key that is sampled again and again is one candidate: the pool is for different ones. */
TEST(the_pool_holds_no_key_twice)
{
    struct store *s = db_store_new(2, 3);
    struct evict *v = evict_new();
    char text[NUM_INT_MAX];
    for (unsigned i = 0; i < 40; i++) {
        lru_set_time(&s->lru, (int64_t)i * 1000);
        db_add(&s->dbs[i % 2], string_new(name_of(text, i), BYTES("x")));
    }
    lru_set_time(&s->lru, 100000);
    /* All are looked at each time, so they go in the exact order of their age. */
    for (unsigned i = 0; i < 40; i++) {
        CHECK(db_find(&s->dbs[i % 2], name_of(text, i)) != NULL);
        CHECK(evict_one(v, s, EVICT_ALL_LRU, 32) && evict_is_sound(v));
        CHECK(db_find(&s->dbs[i % 2], name_of(text, i)) == NULL);
    }
    CHECK(!evict_one(v, s, EVICT_ALL_LRU, 32) && s->evicted == 40);
    evict_free(v);
    db_store_free(s);
}

/* Without a pool from before one call looks at all of them and finds the oldest. */
TEST(one_call_finds_the_best_of_its_samples)
{
    struct store *s = db_store_new(1, 4);
    char text[NUM_INT_MAX];
    for (unsigned i = 0; i < 30; i++) {
        lru_set_time(&s->lru, (int64_t)i * 1000);
        db_add(&s->dbs[0], string_new(name_of(text, i), BYTES("x")));
    }
    for (unsigned i = 0; i < 30; i++) {
        struct evict *v = evict_new();
        CHECK(evict_one(v, s, EVICT_ALL_LRU, 32) && !db_find(&s->dbs[0], name_of(text, i)));
        evict_free(v);
    }
    db_store_free(s);
}

/* Who was used after it was seen does not go by what was seen. */
TEST(a_candidate_that_was_used_since_stays)
{
    struct store *s = db_store_new(1, 3);
    struct evict *v = evict_new();
    char text[NUM_INT_MAX];
    for (unsigned i = 0; i < 20; i++) {
        lru_set_time(&s->lru, (int64_t)i * 1000);
        db_add(&s->dbs[0], string_new(name_of(text, i), BYTES("x")));
    }
    lru_set_time(&s->lru, 100000);
    CHECK(evict_one(v, s, EVICT_ALL_LRU, 32) && !db_find(&s->dbs[0], name_of(text, 0)));
    CHECK(db_read(&s->dbs[0], name_of(text, 1)) && db_read(&s->dbs[0], name_of(text, 2)));
    CHECK(evict_one(v, s, EVICT_ALL_LRU, 32) && !db_find(&s->dbs[0], name_of(text, 3)));
    CHECK(db_find(&s->dbs[0], name_of(text, 1)) && db_find(&s->dbs[0], name_of(text, 2)));
    evict_free(v);
    db_store_free(s);
}

struct told {
    int expired, ready;
    char event[32];
};

static void on_expired(void *context, struct db *db, struct bytes key)
{
    (void)db;
    ((struct told *)context)->expired += bytes_is(key, "k");
}

static void on_ready(void *context, struct db *db, struct bytes key)
{
    (void)db;
    ((struct told *)context)->ready += bytes_is(key, "k");
}

static void on_event(void *context, struct db *db, unsigned class_, const char *name,
                     struct bytes key)
{
    struct told *t = context;
    (void)db;
    (void)class_;
    (void)key;
    snprintf(t->event, sizeof(t->event), "%s", name);
}

TEST(evictions_are_reported_to_observers)
{
    struct told told = {0};
    struct store *s = db_store_new(1, 1);
    struct evict *v = evict_new();
    s->events = (struct store_events){
        .context = &told, .expired = on_expired, .ready = on_ready, .event = on_event};
    s->notify = DB_EVENT_EVICTED;
    s->waited = 1;
    db_add(&s->dbs[0], string_new(BYTES("k"), BYTES("x")));
    CHECK(evict_one(v, s, EVICT_ALL_LRU, 5) && s->evicted == 1);
    CHECK(told.expired == 1 && told.ready == 1 && strcmp(told.event, "evicted") == 0);
    s->waited = 0;
    evict_free(v);
    db_store_free(s);
}

UNIT_MAIN(T(the_pool_holds_no_key_twice), T(one_call_finds_the_best_of_its_samples),
          T(a_candidate_that_was_used_since_stays), T(lru_comes_near_the_exact_order),
          T(lfu_beats_lru_where_it_should), T(policies_choose_among_what_they_may),
          T(evictions_are_reported_to_observers))
