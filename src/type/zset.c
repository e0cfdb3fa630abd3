/* A sorted set begins as a pack of ordered items and becomes, permanently, a hash table plus a
 * B+tree when it exceeds a limit. Both forms begin with a byte that identifies them, which is all
 * that struct zset has; every function first checks it.
 *
 *   small  an item is two elements of the pack: the member, and a tail of the score and the size of
 *          the member's element. Every search walks from the front; walking backwards steps over a
 *          tail, whose size is fixed, and then over the member, whose size the tail tells.
 *   large  the table finds a member's entry, whose word is the score; the tree (ds/ranked) has the
 *          same entries in order. Both are changed together: an item is taken out of the tree by
 *          its old score before the entry gets the new one.
 *
 * The order is by score, then by the member's bytes. -0 is stored as 0, so that equal scores have
 * equal bits; NaN does not occur. Nothing fails; a moved set is returned through the caller's
 * pointer. */
#include "type/zset.h"

#include "base/assert.h"
#include "base/hash.h"
#include "base/mem.h"
#include "ds/pack.h"

enum form { PACKED, LARGE };

/* The byte that both forms begin with. */
struct zset {
    uint8_t form;
};

struct large {
    uint8_t form;
    struct table table;
    struct ranked order;
    size_t member_bytes; /* bytes allocated for the members */
};

#define TAIL      12u /* size of an item's second element */
#define TAIL_SIZE (TAIL + 1)

static const struct pack *pack_of(const struct zset *z)
{
    return (const struct pack *)z;
}

static const struct large *large_of(const struct zset *z)
{
    ASSERT(z->form == LARGE);
    return (const struct large *)z;
}

static struct large *large_to_change(struct zset *z)
{
    ASSERT(z->form == LARGE);
    return (struct large *)z;
}

struct zset *zset_new(void)
{
    return (struct zset *)pack_new(PACKED);
}

void zset_free(struct zset *z)
{
    if (!z)
        return;
    if (z->form == PACKED) {
        pack_free((struct pack *)z);
        return;
    }
    struct large *l = large_to_change(z);
    struct table_walk w;
    ranked_free(&l->order);
    table_walk_start(&w, &l->table);
    for (struct entry *e; (e = table_walk_next(&w));)
        entry_free(e);
    table_clear(&l->table);
    mem_free(l);
}

size_t zset_count(const struct zset *z)
{
    if (z->form == LARGE)
        return large_of(z)->table.used;
    return pack_of(z)->count / 2u;
}

/* ---- The small form */

static uint32_t zpack_item(const struct pack *p, uint32_t at, struct zset_item *out)
{
    struct bytes tail;
    at = pack_get(p, at, &out->member);
    at = pack_get(p, at, &tail);
    ASSERT(tail.n == TAIL);
    memcpy(&out->score, tail.p, 8);
    return at;
}

static void make_tail(unsigned char *tail, struct bytes member, double score)
{
    uint32_t size = pack_size_of(member.n);
    memcpy(tail, &score, 8);
    memcpy(tail + 8, &size, 4);
}

static bool is_before(const struct ranked_bound *b, const struct zset_item *x)
{
    if (b->by != RANKED_BY_KEY) {
        if (x->score != b->score)
            return x->score < b->score;
        if (b->by == RANKED_BY_SCORE)
            return b->after;
    }
    int order = bytes_compare(x->member, b->key);
    return order < 0 || (order == 0 && b->after);
}

/* The number of items before the bound, and the offset after them. */
static size_t zpack_before(const struct pack *p, const struct ranked_bound *b, uint32_t *place)
{
    struct zset_item x;
    size_t n = 0;
    uint32_t at = 0;
    while (at < p->used) {
        uint32_t next = zpack_item(p, at, &x);
        if (!is_before(b, &x))
            break;
        at = next;
        n++;
    }
    *place = at;
    return n;
}

static struct pack *zpack_insert(struct pack *p, struct bytes member, double score)
{
    unsigned char tail[TAIL];
    uint32_t at;
    struct ranked_bound b = {.by = RANKED_BY_ITEM, .score = score, .key = member};
    make_tail(tail, member, score);
    struct bytes add[] = {member, bytes_of(tail, TAIL)};
    zpack_before(p, &b, &at);
    return pack_splice(p, at, at, 0, add, 2);
}

/* ---- The large form */

static struct large *large_new(void)
{
    struct large *l = mem_zalloc(sizeof(*l));
    l->form = LARGE;
    table_init(&l->table, hash_key);
    return l;
}

static double score_of(const struct entry *e)
{
    uint64_t word = entry_word(e);
    double score;
    memcpy(&score, &word, 8);
    return score;
}

static uint64_t word_of(double score)
{
    uint64_t word;
    memcpy(&word, &score, 8);
    return word;
}

/* The member must be new. */
static void large_insert(struct large *l, uint64_t hash, struct bytes member, double score)
{
    struct entry *e = entry_new_word(member, 0, word_of(score));
    l->member_bytes += mem_class_size(entry_size(e));
    table_insert(&l->table, hash, e);
    ranked_insert(&l->order, score, e);
}

static void enlarge(struct zset **z)
{
    struct large *l = large_new();
    struct pack *p = (struct pack *)*z;
    struct zset_item x;
    for (uint32_t at = 0; at < p->used;) {
        at = zpack_item(p, at, &x);
        large_insert(l, hash_key(x.member), x.member, x.score);
    }
    ASSERT(l->table.used == p->count / 2 && l->order.count == l->table.used);
    pack_free(p);
    *z = (struct zset *)l;
}

/* ---- Both */

bool zset_score(const struct zset *z, struct bytes member, double *score)
{
    if (z->form == LARGE) {
        struct entry **slot = table_find(&large_of(z)->table, hash_key(member), member);
        if (slot)
            *score = score_of(*slot);
        return slot != NULL;
    }
    struct zset_item x;
    uint32_t at = pack_find(pack_of(z), 0, 2, member);
    if (at == PACK_NONE)
        return false;
    zpack_item(pack_of(z), at, &x);
    *score = x.score;
    return true;
}

static bool large_set(struct large *l, struct bytes member, double score)
{
    uint64_t hash = hash_key(member);
    struct entry **slot = table_find(&l->table, hash, member);
    if (!slot) {
        large_insert(l, hash, member, score);
        return true;
    }
    struct entry *e = *slot;
    double old = score_of(e);
    if (old == score)
        return false;
    ranked_remove(&l->order, old, entry_key(e));
    entry_put_word(e, word_of(score));
    ranked_insert(&l->order, score, e);
    ASSERT(l->order.count == l->table.used);
    return false;
}

bool zset_set(struct zset **z, struct bytes member, double score, const struct zset_limits *limits)
{
    ASSERT(score == score);
    score += 0.0; /* -0 becomes 0 */
    if ((*z)->form == LARGE)
        return large_set(large_to_change(*z), member, score);
    struct pack *p = (struct pack *)*z;
    uint32_t at = pack_find(p, 0, 2, member);
    if (at != PACK_NONE) {
        struct zset_item x;
        uint32_t end = zpack_item(p, at, &x);
        if (x.score == score)
            return false;
        /* Remove it, then insert it where the new score belongs. */
        p = pack_splice(p, at, end, 2, NULL, 0);
        *z = (struct zset *)zpack_insert(p, member, score);
        return false;
    }
    if (member.n > limits->value || p->count / 2 >= limits->entries ||
        !pack_has_room(p, 2, member.n + TAIL)) {
        enlarge(z);
        return large_set(large_to_change(*z), member, score);
    }
    *z = (struct zset *)zpack_insert(p, member, score);
    return true;
}

/* Frees an entry that is no longer in the table. */
static void large_drop(struct large *l, struct entry *e)
{
    size_t size = mem_class_size(entry_size(e));
    ASSERT(l->member_bytes >= size);
    ranked_remove(&l->order, score_of(e), entry_key(e));
    l->member_bytes -= size;
    entry_free(e);
    ASSERT(l->order.count == l->table.used);
}

bool zset_remove(struct zset **z, struct bytes member)
{
    if ((*z)->form == LARGE) {
        struct large *l = large_to_change(*z);
        struct entry *e = table_remove(&l->table, hash_key(member), member);
        if (e)
            large_drop(l, e);
        return e != NULL;
    }
    struct pack *p = (struct pack *)*z;
    uint32_t at = pack_find(p, 0, 2, member);
    if (at == PACK_NONE)
        return false;
    *z = (struct zset *)pack_splice(p, at, pack_skip(p, at, 2), 2, NULL, 0);
    return true;
}

void zset_remove_ranks(struct zset **z, size_t rank, size_t n)
{
    ASSERT(rank <= zset_count(*z) && n <= zset_count(*z) - rank);
    if (n == 0)
        return;
    if ((*z)->form == PACKED) {
        struct pack *p = (struct pack *)*z;
        uint32_t at = pack_skip(p, 0, 2 * (uint32_t)rank);
        uint32_t end = pack_skip(p, at, 2 * (uint32_t)n);
        *z = (struct zset *)pack_splice(p, at, end, 2 * (uint32_t)n, NULL, 0);
        return;
    }
    /* The following items move up, so the rank stays the same. */
    struct large *l = large_to_change(*z);
    for (; n; n--) {
        struct ranked_cursor c;
        double score;
        ranked_seek(&l->order, rank, &c);
        struct entry *e = ranked_get(&c, &score);
        table_remove(&l->table, hash_key(entry_key(e)), entry_key(e));
        large_drop(l, e);
    }
}

size_t zset_before(const struct zset *z, const struct ranked_bound *bound)
{
    uint32_t place;
    return z->form == LARGE ? ranked_before(&large_of(z)->order, bound)
                            : zpack_before(pack_of(z), bound, &place);
}

bool zset_rank(const struct zset *z, struct bytes member, size_t *rank, double *score)
{
    if (!zset_score(z, member, score))
        return false;
    struct ranked_bound b = {.by = RANKED_BY_ITEM, .score = *score, .key = member};
    *rank = zset_before(z, &b);
    return true;
}

bool zset_is_large(const struct zset *z)
{
    return z->form == LARGE;
}

const char *zset_encoding(const struct zset *z)
{
    return z->form == LARGE ? "skiplist" : "listpack";
}

/* Copies in order: appending leaves the nodes of the new tree full. */
struct zset *zset_copy(const struct zset *z)
{
    if (z->form == PACKED)
        return (struct zset *)pack_copy(pack_of(z));
    struct large *l = large_new();
    struct zset_walk w;
    struct zset_item x;
    zset_walk_start(&w, z, 0, zset_count(z), false);
    while (zset_walk_next(&w, &x))
        large_insert(l, hash_key(x.member), x.member, x.score);
    return (struct zset *)l;
}

size_t zset_memory(const struct zset *z, size_t samples)
{
    (void)samples; /* the size is known exactly */
    if (z->form == PACKED)
        return pack_memory(pack_of(z));
    const struct large *l = large_of(z);
    return mem_block_size(l) + table_memory(&l->table) + ranked_memory(&l->order) + l->member_bytes;
}

void zset_walk_start(struct zset_walk *w, const struct zset *z, size_t rank, size_t n,
                     bool backwards)
{
    ASSERT(n == 0 || (rank < zset_count(z) && n <= (backwards ? rank + 1 : zset_count(z) - rank)));
    *w = (struct zset_walk){.z = z, .backwards = backwards, .left = n};
    if (n == 0)
        return;
    if (z->form == LARGE) {
        ranked_seek(&large_of(z)->order, rank, &w->cursor);
        return;
    }
    const struct pack *p = pack_of(z);
    if (backwards && rank + 1 == p->count / 2)
        w->at = p->used;
    else
        w->at = pack_skip(p, 0, 2 * (uint32_t)(rank + backwards));
}

bool zset_walk_next(struct zset_walk *w, struct zset_item *out)
{
    if (w->left == 0)
        return false;
    w->left--;
    if (w->z->form == LARGE) {
        if (w->begun) {
            if (w->backwards)
                ranked_previous(&w->cursor);
            else
                ranked_next(&w->cursor);
        }
        w->begun = true;
        out->member = entry_key(ranked_get(&w->cursor, &out->score));
        return true;
    }
    const struct pack *p = pack_of(w->z);
    if (!w->backwards) {
        w->at = zpack_item(p, w->at, out);
        return true;
    }
    uint32_t size;
    memcpy(&size, p->data + w->at - 4, 4);
    ASSERT(w->at >= TAIL_SIZE + size);
    w->at -= TAIL_SIZE + size;
    zpack_item(p, w->at, out);
    return true;
}

struct scan {
    zset_visit *visit;
    void *context;
};

static void scan_one(void *context, struct entry *e)
{
    struct scan *s = context;
    struct zset_item x = {entry_key(e), score_of(e)};
    s->visit(s->context, &x);
}

uint64_t zset_scan(const struct zset *z, uint64_t cursor, zset_visit *visit, void *context)
{
    struct scan scan = {visit, context};
    if (z->form == LARGE)
        return table_scan(&large_of(z)->table, cursor, scan_one, &scan);
    const struct pack *p = pack_of(z);
    struct zset_item x;
    for (uint32_t at = 0; at < p->used;) {
        at = zpack_item(p, at, &x);
        visit(context, &x);
    }
    return 0;
}

const struct table *zset_table(const struct zset *z)
{
    return z->form == LARGE ? &large_of(z)->table : NULL;
}

static bool small_is_sound(const struct pack *p)
{
    struct zset_item last = {0}, x;
    if (!pack_is_sound(p) || p->count % 2)
        return false;
    for (uint32_t at = 0, next; at < p->used; at = next, last = x) {
        struct bytes tail;
        uint32_t size;
        pack_get(p, pack_skip(p, at, 1), &tail);
        if (tail.n != TAIL)
            return false;
        next = zpack_item(p, at, &x);
        memcpy(&size, tail.p + 8, 4);
        struct ranked_bound here = {.by = RANKED_BY_ITEM, .score = x.score, .key = x.member};
        if (size != pack_size_of(x.member.n) || pack_find(p, 0, 2, x.member) != at ||
            (at > 0 && !is_before(&here, &last)))
            return false;
    }
    return true;
}

bool zset_is_sound(const struct zset *z)
{
    if (z->form == PACKED)
        return small_is_sound(pack_of(z));
    const struct large *l = large_of(z);
    struct table_walk w;
    size_t member_bytes = 0;
    table_walk_start(&w, &l->table);
    for (const struct entry *e; (e = table_walk_next(&w));) {
        struct ranked_bound b = {.by = RANKED_BY_ITEM, .score = score_of(e), .key = entry_key(e)};
        struct ranked_cursor c;
        double score;
        size_t rank = ranked_before(&l->order, &b);
        if (rank >= l->order.count)
            return false;
        ranked_seek(&l->order, rank, &c);
        if (ranked_get(&c, &score) != e || score != score_of(e))
            return false;
        member_bytes += mem_class_size(entry_size(e));
    }
    return member_bytes == l->member_bytes && l->order.count == l->table.used &&
           table_is_sound(&l->table) && ranked_is_sound(&l->order);
}
