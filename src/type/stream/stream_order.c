/* Nodes are in pages and have dense numbers: when a node is removed, the last one gets its number.
 * A hash table has two chains in each bucket: by ID, of all nodes, and by value, of the nodes that
 * lead their value. The other nodes of a value are in a ring with the leader:
 *
 *   the leader, others that take the value, those that wait by rising IDs, and back to the leader
 *
 * So the last waiting node precedes the leader, which is where a new one usually belongs; and when
 * the last node that takes the value is removed, the next one is the first that waits.
 *
 * The table grows and shrinks by one bucket at a time (linear hashing): with `mask` one less than a
 * power of two, bucket i holds the hashes whose low bits are i, or, if the bucket that these bits
 * name does not exist yet, those with one bit less. There is one bucket for two nodes. */
#include "type/stream/stream_order.h"

#include "base/assert.h"
#include "base/hash.h"
#include "base/mem.h"

#define PAGE 128u /* nodes or buckets in a page; the first page starts small and doubles */

/* Node numbers are below these. Nodes that do not lead have no next node by value, and store their
 * state in its place. */
#define NONE      UINT32_MAX
#define WAITS     (UINT32_MAX - 1)
#define FOLLOWS   (UINT32_MAX - 2) /* it takes the value too */
#define ASIDE     (UINT32_MAX - 3)
#define NODE_MOST (UINT32_MAX - 4)

enum chain { BY_ID, BY_VALUE };

struct stream_order_node {
    struct stream_id id;
    uint64_t value;
    uint32_t chain[2];   /* the next in the bucket: by ID; by value, or the state */
    uint32_t next, prev; /* in the ring; unused when aside */
};

struct stream_order_bucket {
    uint32_t first[2];
};

static struct stream_order_node *at(const struct stream_order *o, uint32_t i)
{
    ASSERT(i < o->n);
    return (struct stream_order_node *)o->nodes.pages[i / PAGE] + i % PAGE;
}

static uint32_t *first(const struct stream_order *o, uint32_t bucket, enum chain k)
{
    struct stream_order_bucket *page = o->table.pages[bucket / PAGE];
    return &page[bucket % PAGE].first[k];
}

void stream_order_init(struct stream_order *o)
{
    *o = (struct stream_order){0};
}

static void free_pages(struct stream_order_pages *p)
{
    for (uint32_t i = 0; i < p->n; i++)
        mem_free(p->pages[i]);
    mem_free(p->pages);
    *p = (struct stream_order_pages){0};
}

void stream_order_free(struct stream_order *o)
{
    free_pages(&o->nodes);
    free_pages(&o->table);
    o->n = o->buckets = o->mask = o->waiting = o->following = 0;
}

/* ---- Chains */

static uint64_t hash_id(struct stream_id id)
{
    return hash_key(bytes_of(&id, sizeof(id)));
}

static uint64_t hash_of(const struct stream_order_node *x, enum chain k)
{
    return k == BY_ID ? hash_id(x->id) : x->value;
}

static uint32_t bucket_of(const struct stream_order *o, uint64_t hash)
{
    uint32_t i = (uint32_t)hash & o->mask;
    return i < o->buckets ? i : i & (o->mask >> 1);
}

static void chain_add(struct stream_order *o, uint32_t i, enum chain k)
{
    struct stream_order_node *x = at(o, i);
    uint32_t *head = first(o, bucket_of(o, hash_of(x, k)), k);
    x->chain[k] = *head;
    *head = i;
}

/* The link that points to the node in its chain. */
static uint32_t *chain_link(const struct stream_order *o, uint32_t i, enum chain k)
{
    uint32_t *link = first(o, bucket_of(o, hash_of(at(o, i), k)), k);
    while (*link != i)
        link = &at(o, *link)->chain[k];
    return link;
}

static void chain_remove(struct stream_order *o, uint32_t i, enum chain k)
{
    *chain_link(o, i, k) = at(o, i)->chain[k];
}

static uint32_t find(const struct stream_order *o, struct stream_id id)
{
    uint32_t i = o->n ? *first(o, bucket_of(o, hash_id(id)), BY_ID) : NONE;
    while (i != NONE && stream_id_compare(at(o, i)->id, id) != 0)
        i = at(o, i)->chain[BY_ID];
    return i;
}

static uint32_t find_leader(const struct stream_order *o, uint64_t value)
{
    uint32_t i = o->n ? *first(o, bucket_of(o, value), BY_VALUE) : NONE;
    while (i != NONE && at(o, i)->value != value)
        i = at(o, i)->chain[BY_VALUE];
    return i;
}

/* ---- Pages and buckets */

/* Makes room for one more than n: the first page doubles up to full size, then pages are added. */
static void need_room(struct stream_order_pages *p, uint32_t n, size_t size)
{
    if (n < p->room)
        return;
    if (p->room && p->room < PAGE) {
        p->room *= 2;
        p->pages[0] = mem_realloc(p->pages[0], p->room * size);
        return;
    }
    if (p->n == p->cap) {
        p->cap = p->cap ? p->cap * 2 : 1;
        p->pages = mem_realloc(p->pages, p->cap * sizeof(*p->pages));
    }
    uint32_t more = p->room ? PAGE : 4;
    p->pages[p->n++] = mem_alloc(more * size);
    p->room += more;
}

/* Keeps one spare page, so that a number near a page's border does not cost an allocation each
 * time. */
static void give_room(struct stream_order_pages *p, uint32_t n)
{
    if (p->n > 1 && n + 2 * PAGE <= p->room) {
        mem_free(p->pages[--p->n]);
        p->room -= PAGE;
    }
}

/* Redistributes the chain of one bucket. */
static void deal(struct stream_order *o, uint32_t bucket, enum chain k)
{
    uint32_t *head = first(o, bucket, k), i = *head;
    *head = NONE;
    while (i != NONE) {
        uint32_t next = at(o, i)->chain[k];
        chain_add(o, i, k);
        i = next;
    }
}

static void add_bucket(struct stream_order *o)
{
    need_room(&o->table, o->buckets, sizeof(struct stream_order_bucket));
    uint32_t i = o->buckets++;
    if (i > o->mask)
        o->mask = o->mask * 2 + 1;
    for (enum chain k = BY_ID; k <= BY_VALUE; k++) {
        *first(o, i, k) = NONE;
        if (i)
            deal(o, i & (o->mask >> 1), k);
    }
}

static void remove_bucket(struct stream_order *o)
{
    uint32_t last = o->buckets - 1;
    for (enum chain k = BY_ID; k <= BY_VALUE; k++) {
        uint32_t *end = first(o, last & (o->mask >> 1), k);
        while (*end != NONE)
            end = &at(o, *end)->chain[k];
        *end = *first(o, last, k);
    }
    o->buckets--;
    if (o->buckets == (o->mask >> 1) + 1)
        o->mask >>= 1;
    give_room(&o->table, o->buckets);
}

/* ---- States */

static enum stream_order_state state_of(const struct stream_order_node *x)
{
    return x->chain[BY_VALUE] == WAITS   ? STREAM_ORDER_WAITS
           : x->chain[BY_VALUE] == ASIDE ? STREAM_ORDER_ASIDE
                                         : STREAM_ORDER_TAKES;
}

static bool leads(const struct stream_order_node *x)
{
    return x->chain[BY_VALUE] == NONE || x->chain[BY_VALUE] < NODE_MOST;
}

static void insert_behind(struct stream_order *o, uint32_t before, uint32_t i)
{
    struct stream_order_node *x = at(o, i);
    x->prev = before;
    x->next = at(o, before)->next;
    at(o, x->next)->prev = i;
    at(o, before)->next = i;
}

/* Removes a node from the ring: it stands aside. Returns the waiting node that leads now, or NONE.
 */
static uint32_t leave(struct stream_order *o, uint32_t i)
{
    struct stream_order_node *x = at(o, i);
    uint32_t heir = NONE;
    if (state_of(x) == STREAM_ORDER_ASIDE)
        return NONE;
    if (state_of(x) == STREAM_ORDER_WAITS)
        o->waiting--;
    else if (x->chain[BY_VALUE] == FOLLOWS) {
        o->following--;
        o->freed = true;
    }
    if (leads(x)) {
        chain_remove(o, i, BY_VALUE);
        if (x->next != i) {
            bool waited = at(o, x->next)->chain[BY_VALUE] == WAITS;
            heir = waited ? x->next : NONE;
            o->waiting -= waited;
            o->following -= !waited;
            o->freed |= !waited;
            chain_add(o, x->next, BY_VALUE);
        }
    }
    at(o, x->prev)->next = x->next;
    at(o, x->next)->prev = x->prev;
    x->chain[BY_VALUE] = ASIDE;
    return heir;
}

/* A node that stands aside takes its value. The leader has the lowest ID of those present when it
 * came. */
static void take(struct stream_order *o, uint32_t i)
{
    struct stream_order_node *x = at(o, i);
    uint32_t leader = find_leader(o, x->value);
    if (leader == NONE) {
        x->next = x->prev = i;
        chain_add(o, i, BY_VALUE);
        return;
    }
    struct stream_order_node *l = at(o, leader);
    o->following++;
    if (stream_id_compare(x->id, l->id) > 0) {
        x->chain[BY_VALUE] = FOLLOWS;
        insert_behind(o, leader, i);
        return;
    }
    chain_remove(o, leader, BY_VALUE);
    l->chain[BY_VALUE] = FOLLOWS;
    chain_add(o, i, BY_VALUE);
    insert_behind(o, l->prev, i);
}

static void wait_behind(struct stream_order *o, uint32_t leader, uint32_t i)
{
    struct stream_order_node *x = at(o, i);
    uint32_t before = at(o, leader)->prev;
    while (at(o, before)->chain[BY_VALUE] == WAITS &&
           stream_id_compare(at(o, before)->id, x->id) > 0)
        before = at(o, before)->prev;
    x->chain[BY_VALUE] = WAITS;
    insert_behind(o, before, i);
    o->waiting++;
}

/* ---- Entries */

void stream_order_add(struct stream_order *o, struct stream_id id, uint64_t value)
{
    ASSERT(o->n < NODE_MOST && find(o, id) == NONE);
    need_room(&o->nodes, o->n, sizeof(struct stream_order_node));
    if (o->buckets < o->n / 2 + 1)
        add_bucket(o);
    uint32_t i = o->n++;
    *at(o, i) = (struct stream_order_node){.id = id, .value = value};
    chain_add(o, i, BY_ID);
    at(o, i)->chain[BY_VALUE] = ASIDE;
}

enum stream_order_state stream_order_state(const struct stream_order *o, struct stream_id id)
{
    uint32_t i = find(o, id);
    return i == NONE ? STREAM_ORDER_NONE : state_of(at(o, i));
}

bool stream_order_is_taken(const struct stream_order *o, uint64_t value)
{
    return find_leader(o, value) != NONE;
}

bool stream_order_leads(const struct stream_order *o, struct stream_id id)
{
    uint32_t i = find(o, id);
    return i != NONE && leads(at(o, i));
}

struct stream_id stream_order_next_taker(const struct stream_order *o, struct stream_id id)
{
    uint32_t i = find(o, id);
    ASSERT(i != NONE && state_of(at(o, i)) == STREAM_ORDER_TAKES);
    uint32_t next = at(o, i)->next;
    if (state_of(at(o, next)) == STREAM_ORDER_WAITS)
        next = find_leader(o, at(o, i)->value);
    return at(o, next)->id;
}

void stream_order_take(struct stream_order *o, struct stream_id id)
{
    uint32_t i = find(o, id);
    if (i == NONE || state_of(at(o, i)) == STREAM_ORDER_TAKES)
        return;
    leave(o, i);
    take(o, i);
}

bool stream_order_wait(struct stream_order *o, struct stream_id id)
{
    uint32_t i = find(o, id);
    if (i == NONE)
        return false;
    const struct stream_order_node *x = at(o, i);
    if (state_of(x) == STREAM_ORDER_WAITS)
        return true;
    if (state_of(x) == STREAM_ORDER_ASIDE) {
        uint32_t leader = find_leader(o, x->value);
        if (leader == NONE)
            take(o, i);
        else
            wait_behind(o, leader, i);
        return leader != NONE;
    }
    if (leads(x) && at(o, x->next)->chain[BY_VALUE] != FOLLOWS)
        return false; /* it is the only one */
    leave(o, i);
    wait_behind(o, find_leader(o, at(o, i)->value), i);
    return true;
}

bool stream_order_set_aside(struct stream_order *o, struct stream_id id, struct stream_id *next)
{
    uint32_t i = find(o, id), heir = i == NONE ? NONE : leave(o, i);
    if (heir != NONE)
        *next = at(o, heir)->id;
    return heir != NONE;
}

/* Gives the node `from` the unused number `to`. */
static void renumber(struct stream_order *o, uint32_t from, uint32_t to)
{
    struct stream_order_node *x = at(o, from);
    *chain_link(o, from, BY_ID) = to;
    if (leads(x))
        *chain_link(o, from, BY_VALUE) = to;
    if (x->next == from) { /* alone in its ring; irrelevant when aside */
        x->next = x->prev = to;
    } else if (state_of(x) != STREAM_ORDER_ASIDE) {
        at(o, x->prev)->next = to;
        at(o, x->next)->prev = to;
    }
    *at(o, to) = *x;
}

bool stream_order_remove(struct stream_order *o, struct stream_id id, struct stream_id *next)
{
    uint32_t i = find(o, id);
    if (i == NONE)
        return false;
    bool freed = stream_order_set_aside(o, id, next);
    chain_remove(o, i, BY_ID);
    if (i != o->n - 1)
        renumber(o, o->n - 1, i);
    if (--o->n == 0) {
        stream_order_free(o);
        return freed;
    }
    if (o->buckets > o->n / 2 + 1)
        remove_bucket(o);
    give_room(&o->nodes, o->n);
    return freed;
}

/* ---- As a whole */

static size_t pages_memory(const struct stream_order_pages *p)
{
    size_t n = mem_block_size(p->pages);
    for (uint32_t i = 0; i < p->n; i++)
        n += mem_block_size(p->pages[i]);
    return n;
}

size_t stream_order_memory(const struct stream_order *o)
{
    return mem_block_size(o) + pages_memory(&o->nodes) + pages_memory(&o->table);
}

/* The ring from the leader on: others that take the value, then those that wait, by rising IDs. */
static bool ring_is_sound(const struct stream_order *o, uint32_t leader, uint32_t *n)
{
    uint32_t before = leader;
    for (uint32_t i = at(o, leader)->next; i != leader; before = i, i = at(o, i)->next, ++*n) {
        const struct stream_order_node *x = at(o, i), *b = at(o, before);
        bool waits = x->chain[BY_VALUE] == WAITS, waited = b->chain[BY_VALUE] == WAITS;
        if (*n > o->n || x->prev != before || x->value != b->value ||
            (!waits && (x->chain[BY_VALUE] != FOLLOWS || waited)) ||
            (waits && waited && stream_id_compare(b->id, x->id) >= 0))
            return false;
    }
    ++*n;
    return at(o, leader)->prev == before;
}

bool stream_order_is_sound(const struct stream_order *o)
{
    uint32_t ringed = 0, in_rings = 0, waiting = 0, leading = 0;
    for (uint32_t i = 0; i < o->n; i++) {
        const struct stream_order_node *x = at(o, i);
        if (find(o, x->id) != i)
            return false;
        ringed += state_of(x) != STREAM_ORDER_ASIDE;
        waiting += state_of(x) == STREAM_ORDER_WAITS;
        leading += leads(x);
        if (leads(x) && (find_leader(o, x->value) != i || !ring_is_sound(o, i, &in_rings)))
            return false;
    }
    return ringed == in_rings && waiting == o->waiting &&
           ringed == leading + waiting + o->following && o->n <= o->nodes.room &&
           (!o->n || o->buckets == o->n / 2 + 1 || o->buckets == (o->n + 1) / 2);
}
