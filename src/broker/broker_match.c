#include "broker/broker_match.h"

#include "base/glob.h"
#include "base/mem.h"
#include "engine/key_name.h"

static struct broker_mark *mark_at(struct dlist_node *n)
{
    return dlist_item(n, struct broker_mark, in_ring);
}

static struct broker_ring *find(const struct broker *b, const struct db *db, struct bytes group)
{
    struct buf name = {0};
    struct broker_ring *r = b->rings.used ? dict_get(&b->rings, key_name(&name, db, group)) : NULL;
    buf_free(&name);
    return r;
}

static void note_news(struct broker *b, struct broker_mark *m)
{
    struct broker_ring *r = m->ring;
    if (dlist_empty(&r->waiters) && !r->serving)
        return;
    if (!dlist_linked(&m->fresh))
        dlist_append(&r->fresh, &m->fresh);
    if (!dlist_linked(&r->news))
        dlist_append(&b->news, &r->news);
}

static void make_ready(struct broker_mark *m)
{
    if (!m->ready) {
        m->ready = true;
        m->ring->ready_n++;
        dlist_remove(&m->in_ring);
        dlist_append(&m->ring->ready, &m->in_ring);
    }
    note_news(m->watch->broker, m);
}

static enum block_visit visit(struct block_stay *s)
{
    make_ready(dlist_item(s, struct broker_mark, stay));
    return BLOCK_VISIT_NOTHING;
}

static void add(struct broker_ring *r, struct broker_watch *w)
{
    struct broker_mark *m = mem_zalloc(sizeof(*m));
    m->stay.visit = visit;
    m->watch = w;
    m->ring = r;
    w->mark = m;
    dlist_append(&r->idle, &m->in_ring);
    block_stay(w->broker->engine, w->db, str_bytes(w->key), &m->stay);
    make_ready(m);
}

static void on_placed(struct broker_watch *w)
{
    struct broker_ring *r = find(w->broker, w->db, str_bytes(w->group));
    if (r)
        add(r, w);
}

static void on_taken(struct broker_watch *w)
{
    struct broker_mark *m = w->mark;
    w->mark = NULL;
    m->ring->ready_n -= m->ready;
    dlist_remove(&m->in_ring);
    dlist_remove(&m->fresh);
    block_stay_end(&m->stay);
    mem_free(m);
}

static struct broker_ring *make(struct broker *b, struct db *db, struct bytes group)
{
    struct buf name = {0};
    struct broker_ring *r = mem_zalloc(sizeof(*r));
    r->db = db;
    r->group = str_new(group);
    dlist_init(&r->ready);
    dlist_init(&r->idle);
    dlist_init(&r->waiters);
    dlist_init(&r->fresh);
    dict_ensure(&b->rings, key_name(&name, db, group))->value = r;
    buf_free(&name);
    for (struct dlist_node *n = b->watches.next; n != &b->watches; n = n->next) {
        struct broker_watch *w = dlist_item(n, struct broker_watch, all);
        if (w->db == db && w->key && bytes_equal(str_bytes(w->group), group))
            add(r, w);
    }
    return r;
}

static void release(struct broker_ring *r)
{
    dlist_remove(&r->news);
    str_unref(r->group);
    mem_free(r);
}

/* Frees unused rings: clients choose the names. */
static void sweep(struct broker *b)
{
    struct dict_walk walk = {0};
    for (struct dict_node *n; (n = dict_next(&b->rings, &walk));) {
        struct broker_ring *r = n->value;
        struct buf name = {0};
        if (!dlist_empty(&r->ready) || !dlist_empty(&r->idle) || !dlist_empty(&r->waiters))
            continue;
        dict_remove(&b->rings, key_name(&name, r->db, str_bytes(r->group)));
        buf_free(&name);
        release(r);
    }
}

struct broker_ring *broker_match_ring(struct broker *b, struct db *db, struct bytes group)
{
    struct broker_ring *r = find(b, db, group);
    if (!r) {
        sweep(b);
        r = make(b, db, group);
    }
    block_visit_marks(b->engine); /* that the running transaction has made ready */
    return r;
}

void broker_match_all(struct broker_ring *r)
{
    while (!dlist_empty(&r->idle))
        make_ready(mark_at(r->idle.next));
}

size_t broker_match_count(const struct broker_ring *r, struct bytes pattern)
{
    size_t n = 0;
    for (struct dlist_node *at = r->ready.next; at != &r->ready; at = at->next)
        n += glob_match(pattern, str_bytes(mark_at(at)->watch->key));
    return n;
}

struct broker_mark *broker_match_take(struct broker_ring *r)
{
    struct broker_mark *m = mark_at(r->ready.next);
    ASSERT(r->ready_n > 0 && m->ready);
    dlist_remove(&m->in_ring);
    dlist_append(&r->ready, &m->in_ring);
    return m;
}

void broker_match_rest(struct broker_mark *m)
{
    ASSERT(m->ready && m->ring->ready_n > 0);
    m->ready = false;
    m->ring->ready_n--;
    dlist_remove(&m->fresh);
    dlist_remove(&m->in_ring);
    dlist_append(&m->ring->idle, &m->in_ring);
}

void broker_match_wait(struct broker_ring *r, struct client *c)
{
    ASSERT(block_pattern(c).p);
    if (!dlist_linked(&c->confirming))
        dlist_append(&r->waiters, &c->confirming);
}

static bool any_fits(const struct dlist_node *fresh, struct bytes pattern)
{
    for (const struct dlist_node *n = fresh->next; n != fresh; n = n->next) {
        const struct broker_mark *m =
            dlist_item((struct dlist_node *)(uintptr_t)n, struct broker_mark, fresh);
        if (glob_match(pattern, str_bytes(m->watch->key)))
            return true;
    }
    return false;
}

/* Clients that keep waiting keep their order. A stream that becomes idle meanwhile is no longer
 * fresh; one that becomes ready meanwhile is announced the next time. */
static void serve(struct broker_ring *r)
{
    struct dlist_node all, fresh;
    dlist_init(&all);
    dlist_init(&fresh);
    dlist_splice(&all, &r->waiters);
    dlist_splice(&fresh, &r->fresh);
    r->serving = true;
    while (!dlist_empty(&all) && !dlist_empty(&fresh)) {
        struct client *c = dlist_item(all.next, struct client, confirming);
        dlist_remove(&c->confirming);
        if (any_fits(&fresh, block_pattern(c)))
            block_again(c);
        else
            dlist_append(&r->waiters, &c->confirming);
    }
    r->serving = false;
    dlist_splice(&r->waiters, &all);
    while (!dlist_empty(&fresh))
        dlist_remove(fresh.next);
}

void broker_match_serve(struct broker *b)
{
    struct dlist_node all;
    dlist_init(&all);
    dlist_splice(&all, &b->news);
    while (!dlist_empty(&all)) {
        struct broker_ring *r = dlist_item(all.next, struct broker_ring, news);
        dlist_remove(&r->news);
        serve(r);
    }
}

void broker_match_init(struct broker *b)
{
    dlist_init(&b->news);
    b->watch_placed = on_placed;
    b->watch_taken = on_taken;
}

void broker_match_end(struct broker *b)
{
    struct dict_walk walk = {0};
    for (struct dict_node *n; (n = dict_next(&b->rings, &walk));) {
        struct broker_ring *r = n->value;
        while (!dlist_empty(&r->waiters))
            dlist_remove(r->waiters.next);
        release(r);
    }
    dict_clear(&b->rings);
}
