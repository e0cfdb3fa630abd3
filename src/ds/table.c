/* Linear hashing. With 2^k <= buckets < 2^(k+1), `mask` is 2^k - 1. An entry's home is given by the
 * low k+1 bits of its hash if that bucket exists yet, else by the low k. So bucket i and its twin i
 * + 2^k share the entries of the shorter address: adding a bucket splits exactly its twin, and
 * removing the last one merges it with its twin.
 *
 *   insert  put() into the home's chain; when two buckets have GROW_LOAD entries on average,
 *           split_one() makes the next bucket and rehashes the chain of its twin
 *   remove  clear_slot(); below SHRINK_LOAD, join_one() takes the last bucket away
 *   find    the tags of a bucket, seven bits of the hash with the top bit set, are compared at once
 *           in a 64-bit word; only entries with a matching tag are accessed
 *
 * Buckets are in segments of 512, so growing moves none; only segment 0 starts with FIRST buckets
 * and doubles by copying until it has full size. The directory of segments doubles too. Only
 * allocation can fail, which ends the process (base/mem).
 *
 * A chain: in a bucket whose tags[7] is 1, the last slot points to an overflow bucket instead of an
 * entry. An empty overflow bucket at the end of a chain is unlinked, so the last one always has an
 * entry. */
#include "ds/table.h"

#include "base/assert.h"
#include "base/mem.h"

#define SLOTS        7u
#define WALK_AHEAD   3u
#define SEGMENT_BITS 9u
#define SEGMENT      ((size_t)1 << SEGMENT_BITS)
_Static_assert(SEGMENT == TABLE_STEP, "a step is a segment");
#define FIRST 4u /* buckets of a new table */
/* Entries per two buckets on average above which a bucket is split, and below which two are merged.
 */
#define GROW_LOAD   9u
#define SHRINK_LOAD 3u

/* tags[7] is not a tag: 1 when slots[6] points to an overflow bucket. */
struct table_bucket {
    uint8_t tags[8];
    void *slots[SLOTS];
};

static uint8_t tag_of(uint64_t hash)
{
    return (uint8_t)(hash >> 57 | 0x80);
}

static struct table_bucket *bucket_at(const struct table *t, size_t i)
{
    return &t->segments[i >> SEGMENT_BITS][i & (SEGMENT - 1)];
}

static size_t home_of(const struct table *t, uint64_t hash)
{
    size_t i = hash & (t->mask << 1 | 1);
    return i < t->buckets ? i : i & t->mask;
}

static struct table_bucket *overflow_of(const struct table_bucket *b)
{
    return b->tags[7] ? b->slots[SLOTS - 1] : NULL;
}

/* The high bit of every byte that equals tag; rarely also of one above such a byte, which the
 * comparison of keys sorts out. */
static uint64_t matches(const struct table_bucket *b, uint8_t tag)
{
    uint64_t word;
    memcpy(&word, b->tags, 8);
    uint64_t x = word ^ 0x0101010101010101u * tag;
    return (x - 0x0101010101010101u) & ~x & 0x0080808080808080u;
}

void table_init(struct table *t, uint64_t (*hash)(struct bytes key))
{
    *t = (struct table){.hash = hash};
}

static struct table_bucket *new_bucket(void)
{
    struct table_bucket *b = mem_alloc_aligned(64, sizeof(*b));
    memset(b, 0, sizeof(*b));
    return b;
}

static void free_overflows(struct table *t, struct table_bucket *home)
{
    for (struct table_bucket *b = overflow_of(home); b;) {
        struct table_bucket *next = overflow_of(b);
        mem_free(b);
        t->overflows--;
        b = next;
    }
}

/* From the end, a segment at a time. */
bool table_clear_some(struct table *t)
{
    if (t->segment_count == 0) {
        ASSERT(t->overflows == 0);
        mem_free(t->segments);
        table_init(t, t->hash);
        return false;
    }
    size_t first = --t->segment_count << SEGMENT_BITS;
    for (; t->buckets > first; t->buckets--)
        free_overflows(t, bucket_at(t, t->buckets - 1));
    mem_free(t->segments[t->segment_count]);
    return true;
}

void table_clear(struct table *t)
{
    while (table_clear_some(t)) {
    }
}

struct entry **table_find(const struct table *t, uint64_t hash, struct bytes key)
{
    if (t->buckets == 0)
        return NULL;
    uint8_t tag = tag_of(hash);
    for (struct table_bucket *b = bucket_at(t, home_of(t, hash)); b; b = overflow_of(b)) {
        for (uint64_t m = matches(b, tag); m; m &= m - 1) {
            unsigned i = (unsigned)__builtin_ctzll(m) >> 3;
            struct entry *e = b->slots[i];
            if (e && b->tags[i] == tag && bytes_equal(entry_key(e), key))
                return (struct entry **)&b->slots[i];
        }
    }
    return NULL;
}

static void put(struct table *t, struct table_bucket *b, uint8_t tag, void *e)
{
    for (;;) {
        unsigned limit = b->tags[7] ? SLOTS - 1 : SLOTS;
        for (unsigned i = 0; i < limit; i++)
            if (b->tags[i] == 0) {
                b->tags[i] = tag;
                b->slots[i] = e;
                return;
            }
        if (!b->tags[7]) {
            struct table_bucket *more = new_bucket();
            t->overflows++;
            more->tags[0] = b->tags[SLOTS - 1];
            more->slots[0] = b->slots[SLOTS - 1];
            b->tags[SLOTS - 1] = 0;
            b->slots[SLOTS - 1] = more;
            b->tags[7] = 1;
        }
        b = overflow_of(b);
    }
}

/* Adds bucket t->buckets, empty. Segments have full size except the first of a small table. */
static void add_bucket(struct table *t)
{
    size_t i = t->buckets, segment = i >> SEGMENT_BITS;
    if (segment >= t->segment_count) {
        if ((segment & (segment - 1)) == 0)
            t->segments = mem_realloc(t->segments, (segment ? segment * 2 : 1) * sizeof(void *));
        size_t n = segment == 0 ? FIRST : SEGMENT;
        t->segments[segment] = mem_alloc_aligned(64, n * sizeof(struct table_bucket));
        t->segment_count = segment + 1;
    } else if (segment == 0 && i >= FIRST && (i & (i - 1)) == 0) {
        struct table_bucket *wider = mem_alloc_aligned(64, 2 * i * sizeof(*wider));
        memcpy(wider, t->segments[0], i * sizeof(*wider));
        mem_free(t->segments[0]);
        t->segments[0] = wider;
    }
    memset(bucket_at(t, i), 0, sizeof(struct table_bucket));
    t->buckets = i + 1;
    if (t->buckets == 2 * (t->mask + 1))
        t->mask = t->mask << 1 | 1;
}

bool table_reserve_some(struct table *t, size_t n)
{
    if (t->used)
        return false;
    ASSERT(t->overflows == 0);
    for (size_t i = 0; i < TABLE_STEP; i++) {
        if (t->buckets * GROW_LOAD >= n * 2 && (t->buckets == 0 || t->buckets >= FIRST))
            return false;
        add_bucket(t);
    }
    return true;
}

void table_reserve(struct table *t, size_t n)
{
    while (table_reserve_some(t, n)) {
    }
}

/* Moves a chain's entries to items. */
static size_t drain(struct table *t, struct table_bucket *home, struct entry ***items, size_t *cap)
{
    size_t n = 0;
    for (struct table_bucket *b = home; b; b = overflow_of(b))
        for (unsigned i = 0; i < SLOTS; i++)
            if (b->tags[i]) {
                if (n == *cap) {
                    struct entry **more = mem_alloc(*cap * 2 * sizeof(*more));
                    memcpy(more, *items, n * sizeof(*more));
                    if (*cap > 64)
                        mem_free(*items);
                    *items = more;
                    *cap *= 2;
                }
                (*items)[n++] = b->slots[i];
                __builtin_prefetch(b->slots[i]);
            }
    free_overflows(t, home);
    memset(home, 0, sizeof(*home));
    return n;
}

static void redistribute(struct table *t, struct table_bucket *from)
{
    struct entry *few[64], **items = few;
    size_t cap = 64, n = drain(t, from, &items, &cap);
    for (size_t i = 0; i < n; i++) {
        uint64_t hash = t->hash(entry_key(items[i]));
        put(t, bucket_at(t, home_of(t, hash)), tag_of(hash), items[i]);
    }
    if (items != few)
        mem_free(items);
}

static void split_one(struct table *t)
{
    size_t from = t->buckets & t->mask;
    add_bucket(t);
    ASSERT(from < t->buckets - 1);
    redistribute(t, bucket_at(t, from));
}

static void join_one(struct table *t)
{
    ASSERT(t->buckets > FIRST);
    size_t last = t->buckets - 1;
    struct entry *few[64], **items = few;
    size_t cap = 64, n = drain(t, bucket_at(t, last), &items, &cap);
    t->buckets = last;
    if (t->buckets == t->mask)
        t->mask >>= 1;
    for (size_t i = 0; i < n; i++) {
        uint64_t hash = t->hash(entry_key(items[i]));
        put(t, bucket_at(t, home_of(t, hash)), tag_of(hash), items[i]);
    }
    if (items != few)
        mem_free(items);
    size_t segments = (t->buckets + SEGMENT - 1) >> SEGMENT_BITS;
    /* One spare segment is kept, so that an oscillating size does not allocate. */
    while (t->segment_count > segments + 1) {
        mem_free(t->segments[--t->segment_count]);
        if ((t->segment_count & (t->segment_count - 1)) == 0)
            t->segments = mem_realloc(t->segments, t->segment_count * sizeof(void *));
    }
}

void table_insert(struct table *t, uint64_t hash, struct entry *e)
{
    if (t->buckets == 0) {
        for (unsigned i = 0; i < FIRST; i++)
            add_bucket(t);
    }
    put(t, bucket_at(t, home_of(t, hash)), tag_of(hash), e);
    t->used++;
    if (t->used * 2 > t->buckets * GROW_LOAD)
        split_one(t);
}

struct entry **table_find_address(const struct table *t, uint64_t hash, const void *e)
{
    if (t->buckets == 0)
        return NULL;
    for (struct table_bucket *b = bucket_at(t, home_of(t, hash)); b; b = overflow_of(b))
        for (unsigned i = 0; i < SLOTS; i++)
            if (b->tags[i] && b->slots[i] == e)
                return (struct entry **)&b->slots[i];
    return NULL;
}

static bool is_empty(const struct table_bucket *b)
{
    uint64_t word;
    memcpy(&word, b->tags, 8);
    return word == 0;
}

/* Unlinks an overflow bucket; returns the one before it. */
static struct table_bucket *unlink_overflow(struct table *t, struct table_bucket *home,
                                            struct table_bucket *b)
{
    struct table_bucket *before = home;
    while (overflow_of(before) != b)
        before = overflow_of(before);
    before->tags[7] = 0;
    before->slots[SLOTS - 1] = NULL;
    mem_free(b);
    t->overflows--;
    return before;
}

/* Empties the slot; may remove a bucket. */
static void clear_slot(struct table *t, uint64_t hash, struct entry **slot)
{
    struct table_bucket *home = bucket_at(t, home_of(t, hash)), *b = home;
    while (slot < (struct entry **)&b->slots[0] || slot > (struct entry **)&b->slots[SLOTS - 1])
        b = overflow_of(b);
    size_t i = (size_t)(slot - (struct entry **)&b->slots[0]);
    b->tags[i] = 0;
    b->slots[i] = NULL;
    /* Its predecessor may be empty too and have been kept only for the link. */
    while (b != home && is_empty(b))
        b = unlink_overflow(t, home, b);
    ASSERT(t->used > 0);
    t->used--;
    if (t->buckets > FIRST && t->used * 2 < t->buckets * SHRINK_LOAD)
        join_one(t);
}

struct entry *table_remove(struct table *t, uint64_t hash, struct bytes key)
{
    struct entry **slot = table_find(t, hash, key);
    if (!slot)
        return NULL;
    struct entry *e = *slot;
    clear_slot(t, hash, slot);
    return e;
}

void table_remove_address(struct table *t, uint64_t hash, const void *e)
{
    struct entry **slot = table_find_address(t, hash, e);
    ASSERT(slot != NULL);
    clear_slot(t, hash, slot);
}

static void visit_chain(const struct table_bucket *home, table_visit *visit, void *context)
{
    for (const struct table_bucket *b = home; b; b = overflow_of(b))
        for (unsigned i = 0; i < SLOTS; i++)
            if (b->tags[i])
                visit(context, b->slots[i]);
}

static uint64_t reversed(uint64_t v)
{
    v = __builtin_bswap64(v);
    v = (v >> 4 & 0x0f0f0f0f0f0f0f0fu) | (v & 0x0f0f0f0f0f0f0f0fu) << 4;
    v = (v >> 2 & 0x3333333333333333u) | (v & 0x3333333333333333u) << 2;
    return (v >> 1 & 0x5555555555555555u) | (v & 0x5555555555555555u) << 1;
}

/* The bits of the cursor above the mask are counted up from the highest, so that buckets already
 * visited are never visited again after the table has grown. */
uint64_t table_scan(const struct table *t, uint64_t cursor, table_visit *visit, void *context)
{
    if (t->buckets == 0)
        return 0;
    size_t i = cursor & t->mask, twin = i + t->mask + 1;
    visit_chain(bucket_at(t, i), visit, context);
    if (twin < t->buckets)
        visit_chain(bucket_at(t, twin), visit, context);
    return reversed(reversed(cursor | ~(uint64_t)t->mask) + 1);
}

struct entry *table_random(const struct table *t, struct rng *rng)
{
    if (t->used == 0)
        return NULL;
    for (;;) {
        const struct table_bucket *b = bucket_at(t, rng_below(rng, t->buckets));
        unsigned slot = (unsigned)rng_below(rng, SLOTS * 4);
        for (; slot >= SLOTS && b; slot -= SLOTS)
            b = overflow_of(b);
        if (b && b->tags[slot])
            return b->slots[slot];
    }
}

size_t table_sample(const struct table *t, struct rng *rng, struct entry **out, size_t max)
{
    size_t n = 0;
    if (t->used == 0)
        return 0;
    size_t at = rng_below(rng, t->buckets);
    for (size_t i = 0; i < t->buckets && n < max; i++) {
        const struct table_bucket *b = bucket_at(t, at);
        for (; b && n < max; b = overflow_of(b)) {
            size_t first = n;
            for (unsigned slot = 0; slot < SLOTS && n < max; slot++)
                if (b->tags[slot])
                    out[n++] = b->slots[slot];
            for (size_t k = first; k < n; k++)
                __builtin_prefetch(out[k]);
        }
        at = at + 1 == t->buckets ? 0 : at + 1;
    }
    return n;
}

size_t table_memory(const struct table *t)
{
    size_t whole = t->segment_count > 1 ? t->segment_count * SEGMENT : t->buckets;
    return (whole + t->overflows) * sizeof(struct table_bucket);
}

/* To the compiler a function that only prefetches has no effect, so it would remove the calls. */
#define HAS_AN_EFFECT() __asm__ volatile("")

void table_prefetch_bucket(const struct table *t, uint64_t hash)
{
    HAS_AN_EFFECT();
    if (t->buckets)
        __builtin_prefetch(bucket_at(t, home_of(t, hash)));
}

void table_prefetch_entry(const struct table *t, uint64_t hash)
{
    HAS_AN_EFFECT();
    if (t->buckets == 0)
        return;
    const struct table_bucket *b = bucket_at(t, home_of(t, hash));
    for (uint64_t m = matches(b, tag_of(hash)); m; m &= m - 1) {
        const char *e = b->slots[__builtin_ctzll(m) >> 3];
        __builtin_prefetch(e);
        __builtin_prefetch(e + 64);
    }
    if (b->tags[7])
        __builtin_prefetch(b->slots[SLOTS - 1]);
}

const struct entry *table_guess(const struct table *t, uint64_t hash)
{
    if (t->buckets == 0)
        return NULL;
    const struct table_bucket *b = bucket_at(t, home_of(t, hash));
    uint64_t m = matches(b, tag_of(hash));
    return m ? b->slots[__builtin_ctzll(m) >> 3] : NULL;
}

/* Prefetches for a walk, which would mostly wait for entries scattered in memory. */
static void prefetch_entries(const struct table_bucket *b)
{
    HAS_AN_EFFECT();
    for (unsigned i = 0; i < SLOTS; i++)
        if (b->tags[i]) {
            __builtin_prefetch(b->slots[i]);
            __builtin_prefetch((const char *)b->slots[i] + 64);
        }
}

void table_walk_start(struct table_walk *w, const struct table *t)
{
    *w = (struct table_walk){.table = t, .at = t->buckets ? bucket_at(t, 0) : NULL};
}

struct entry *table_walk_next(struct table_walk *w)
{
    while (w->at) {
        while (w->slot < SLOTS) {
            unsigned i = w->slot++;
            if (w->at->tags[i])
                return w->at->slots[i];
        }
        w->slot = 0;
        w->at = overflow_of(w->at);
        if (!w->at && ++w->bucket < w->table->buckets) {
            w->at = bucket_at(w->table, w->bucket);
            if (w->bucket + WALK_AHEAD < w->table->buckets)
                prefetch_entries(bucket_at(w->table, w->bucket + WALK_AHEAD));
        }
    }
    return NULL;
}

void table_chains(const struct table *t, size_t chains[TABLE_CHAINS])
{
    memset(chains, 0, TABLE_CHAINS * sizeof(*chains));
    for (size_t i = 0; i < t->buckets; i++) {
        size_t n = 0;
        for (struct table_bucket *b = bucket_at(t, i); b; b = overflow_of(b))
            for (unsigned k = 0; k < SLOTS; k++)
                n += b->tags[k] != 0;
        chains[n < TABLE_CHAINS ? n : TABLE_CHAINS - 1]++;
    }
}

/* Adds the entries and overflow buckets of a chain to the counts. */
static bool chain_is_sound(const struct table *t, size_t i, size_t *used, size_t *overflows)
{
    for (const struct table_bucket *b = bucket_at(t, i); b; b = overflow_of(b)) {
        size_t before = *used;
        for (unsigned k = 0; k < SLOTS; k++) {
            if (!b->tags[k])
                continue;
            uint64_t hash = t->hash(entry_key(b->slots[k]));
            if (b->tags[k] != tag_of(hash) || home_of(t, hash) != i)
                return false;
            ++*used;
        }
        if (b->tags[7] && b->tags[SLOTS - 1])
            return false; /* an entry in place of the link */
        if (b != bucket_at(t, i) && *used == before && !b->tags[7])
            return false; /* an empty overflow bucket */
        *overflows += b->tags[7];
    }
    return true;
}

bool table_is_sound(const struct table *t)
{
    size_t used = 0, overflows = 0;
    if (t->buckets == 0)
        return t->used == 0 && t->overflows == 0 && t->segment_count == 0;
    if ((t->mask & (t->mask + 1)) || t->mask + 1 > t->buckets || t->buckets > 2 * t->mask + 1 ||
        t->segment_count << SEGMENT_BITS < t->buckets)
        return false;
    for (size_t i = 0; i < t->buckets; i++)
        if (!chain_is_sound(t, i, &used, &overflows))
            return false;
    return used == t->used && overflows == t->overflows;
}
