#include "store/evict.h"

#include "base/assert.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/lru.h"

#define POOL        16
#define SAMPLE_MOST 64
/* Adjacent entries share cache lines of the table: sampling two costs little more than one. */
#define NEIGHBOURS 2

struct candidate {
    uint64_t rank; /* when it was sampled; the highest is evicted first */
    int db;
    struct str *key; /* a copy: the entry may be freed or move meanwhile */
};

struct evict {
    struct candidate pool[POOL]; /* by rank, ascending: the last one is evicted next */
    int n;
    enum evict_policy policy; /* under which the pool was filled */
    int next_db;              /* for the random policies */
};

struct evict *evict_new(void)
{
    return mem_zalloc(sizeof(struct evict));
}

static void drop(struct evict *v, int i)
{
    ASSERT(i >= 0 && i < v->n);
    str_unref(v->pool[i].key);
    memmove(&v->pool[i], &v->pool[i + 1], (size_t)(v->n - i - 1) * sizeof(v->pool[0]));
    v->n--;
}

void evict_free(struct evict *v)
{
    if (!v)
        return;
    while (v->n)
        drop(v, v->n - 1);
    mem_free(v);
}

static bool is_volatile(enum evict_policy p)
{
    return p <= EVICT_VOLATILE_TTL;
}

/* How suitable an entry is for eviction: idle, rarely used, or close to its deadline. */
static uint64_t rank_of(const struct store *s, const struct entry *e, enum evict_policy p)
{
    switch (p) {
    case EVICT_VOLATILE_LFU:
    case EVICT_ALL_LFU:
        return 255 - lru_frequency(&s->lru, e);
    case EVICT_VOLATILE_TTL:
        return UINT64_MAX - (uint64_t)entry_deadline_ms(e);
    default:
        return lru_idle_ticks(&s->lru, e);
    }
}

/* Lists and streams may be in use, for example by blocked clients. */
static bool is_protected(const struct db *db, const struct entry *e)
{
    struct store *s = db->store;
    return s->events.holds && (e->kind == VALUE_LIST || e->kind == VALUE_STREAM) &&
           s->events.holds(s->events.context, db, e);
}

static bool is_known(const struct evict *v, int db, struct bytes key)
{
    for (int i = 0; i < v->n; i++)
        if (v->pool[i].db == db && bytes_equal(str_bytes(v->pool[i].key), key))
            return true;
    return false;
}

static void consider(struct evict *v, const struct db *db, struct entry *e)
{
    uint64_t rank = rank_of(db->store, e, v->policy);
    if ((v->n == POOL && rank <= v->pool[0].rank) || is_known(v, db->id, entry_key(e)) ||
        is_protected(db, e))
        return;
    if (v->n == POOL)
        drop(v, 0);
    int i = v->n;
    for (; i > 0 && v->pool[i - 1].rank > rank; i--)
        v->pool[i] = v->pool[i - 1];
    v->pool[i] = (struct candidate){rank, db->id, str_new(entry_key(e))};
    v->n++;
    ASSERT(v->n <= POOL && (i == 0 || v->pool[i - 1].rank <= rank));
}

static const struct table *table_of(const struct db *db, enum evict_policy p)
{
    return is_volatile(p) ? &db->keys_with_ttl : &db->keys;
}

static void sample(struct evict *v, struct store *s, int samples)
{
    struct entry *found[SAMPLE_MOST];
    size_t most = (size_t)samples * NEIGHBOURS;
    for (int i = 0; i < s->count; i++) {
        struct db *db = &s->dbs[i];
        size_t n = table_sample(table_of(db, v->policy), &s->rng, found,
                                most < SAMPLE_MOST ? most : SAMPLE_MOST);
        for (size_t k = 0; k < n; k++)
            consider(v, db, found[k]);
    }
}

static void evict(struct db *db, struct entry *e)
{
    struct store *s = db->store;
    struct str *key = str_new(entry_key(e));
    s->evicted++;
    if (s->events.expired)
        s->events.expired(s->events.context, db, str_bytes(key));
    bool deleted = db_delete(db, str_bytes(key));
    ASSERT(deleted);
    db_changed(db, str_bytes(key), DB_EVENT_EVICTED, "evicted");
    db_ready(db, str_bytes(key));
    str_unref(key);
}

/* A random key of the next database that has any. */
static bool evict_random(struct evict *v, struct store *s)
{
    for (int i = 0; i < s->count; i++) {
        struct db *db = &s->dbs[(v->next_db + i) % s->count];
        for (int tries = 0; tries < SAMPLE_MOST; tries++) {
            struct entry *e = table_random(table_of(db, v->policy), &s->rng);
            if (!e)
                break;
            if (is_protected(db, e))
                continue;
            v->next_db = db->id + 1;
            evict(db, e);
            return true;
        }
    }
    return false;
}

bool evict_one(struct evict *v, struct store *s, enum evict_policy policy, int samples)
{
    if (policy == EVICT_NOTHING)
        return false;
    ASSERT(samples > 0 && v->n <= POOL);
    if (policy != v->policy)
        while (v->n)
            drop(v, v->n - 1);
    v->policy = policy;
    if (policy == EVICT_VOLATILE_RANDOM || policy == EVICT_ALL_RANDOM)
        return evict_random(v, s);
    /* Candidates may have been deleted or used since they were sampled: if none is left, more
     * samples are needed. The number of tries bounds this when all keys are protected. */
    for (int tries = 0; tries < SAMPLE_MOST; tries++) {
        sample(v, s, samples);
        while (v->n) {
            struct candidate *c = &v->pool[v->n - 1];
            struct db *db = &s->dbs[c->db];
            struct bytes key = str_bytes(c->key);
            struct entry **slot = table_find(table_of(db, policy), hash_key(key), key);
            bool good = slot && !is_protected(db, *slot);
            struct entry *e = good ? *slot : NULL;
            ASSERT(!e || !is_volatile(policy) || e->has_ttl);
            bool stale = e && rank_of(s, e, policy) < c->rank;
            drop(v, v->n - 1);
            if (!e || stale)
                continue;
            evict(db, e);
            return true;
        }
    }
    return false;
}

bool evict_is_sound(const struct evict *v)
{
    for (int i = 1; i < v->n; i++) {
        if (v->pool[i - 1].rank > v->pool[i].rank)
            return false;
        for (int k = 0; k < i; k++)
            if (v->pool[k].db == v->pool[i].db &&
                bytes_equal(str_bytes(v->pool[k].key), str_bytes(v->pool[i].key)))
                return false;
    }
    return v->n <= POOL;
}
