/* Blocking on keys.
 *
 * A wait (block_wait) belongs to one client and is linked into the queue of each key that it names
 * (wait_key, found by database and name), once per key. States of a wait:
 *
 *   waiting   --key is ready-->  the whole command runs again: it replies, and the wait is freed;
 *                                or it blocks again, and keeps its place in all queues
 *             --deadline------>  the reply for "nothing came", or (BLOCK_AGAIN) one last run
 *             --CLIENT UNBLOCK>  the same, or an error
 *             --client leaves->  freed; what it waited for is left to the next wait
 *
 * Commands only note that a key is ready (db_ready() ends in block_key_ready()). Waits are served
 * between commands, the oldest first, up to the one that was last when serving began, so one that
 * blocks again is not served twice in a round. Once a wait has found a group empty
 * (block_found_empty()), others for the same group are skipped: an entry for a thousand readers
 * costs as much as for one. Timers also only note what is due (note_due()); block_run_due() does
 * the work as a phase of the turn.
 *
 * The same queues hold waits that stay (block_stay). A subscription is visited, takes at most what
 * one visit gives, moves to the end of the queue, and keeps waiting. What a command makes ready
 * goes to the first of them that finds something; if there may be more, the key joins `later`, and
 * block_serve_stays() walks its queue as a phase of the turn with a budget. An interrupted walk
 * continues where it stopped, so no wait is starved.
 *
 * While a queue is walked any link may vanish, and the key with its last link: unlink() moves walks
 * forward, and `serving` keeps the key alive. A refusal (rights, a failed disk) is a reply and ends
 * the wait. */
#include "engine/block.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/glob.h"
#include "base/mem.h"
#include "engine/act.h"
#include "engine/argv.h"
#include "engine/block_wait.h"
#include "engine/exec.h"
#include "engine/key_name.h"

#define PAUSED_MS    50 /* between two checks of a pause, for commands due by a timer */
#define VISITED_MOST 64 /* waits that stay and find nothing, before other work has its turn */

/* A walk along a queue, up to its last link at the beginning. */
struct walk {
    struct dlist_node *next, *last; /* next NULL: at the end */
};

/* The queue of one key. */
struct wait_key {
    struct dlist_node waiters; /* links */
    struct dlist_node ready;   /* in engine.blocking.ready */
    struct dlist_node later;   /* in engine.blocking.later */
    struct walk now, slow;     /* of block_serve() and block_serve_stays() */
    bool again;                /* the slow walk met one that may get more */
    struct db *db;
    bool serving;
    uint64_t marked_by; /* number of the last wait linked here */
    uint64_t source;    /* common to all waits; 0: they have several, or none */
    size_t clients;     /* of the waits */
    size_t groups;      /* of which wait for a stream's group, and are woken at its end */
    size_t n;
    char key[];
};

bool block_allowed(const struct call *call)
{
    return !(call->client->flags &
             (CLIENT_IN_EXEC | CLIENT_REPLAY | CLIENT_INTERNAL | CLIENT_CONSOLE));
}

static struct wait_key *find_key(const struct engine *e, const struct db *db, struct bytes key)
{
    struct buf name = {0};
    struct wait_key *k = dict_get(&e->blocking.keys, key_name(&name, db, key));
    buf_free(&name);
    return k;
}

static struct wait_key *ensure_key(struct engine *e, struct db *db, struct bytes key)
{
    struct buf name = {0};
    struct dict_node *node = dict_ensure(&e->blocking.keys, key_name(&name, db, key));
    buf_free(&name);
    if (!node->value) {
        struct wait_key *k = mem_zalloc(sizeof(*k) + key.n);
        dlist_init(&k->waiters);
        k->db = db;
        k->n = key.n;
        memcpy(k->key, key.p, key.n);
        node->value = k;
        e->store->waited++;
    }
    return node->value;
}

static void drop_key_if_idle(struct engine *e, struct wait_key *k)
{
    if (!dlist_empty(&k->waiters) || dlist_linked(&k->ready) || k->serving)
        return;
    dlist_remove(&k->later);
    struct buf name = {0};
    dict_remove(&e->blocking.keys, key_name(&name, k->db, bytes_of(k->key, k->n)));
    buf_free(&name);
    e->store->waited--;
    ASSERT(k->groups == 0 && e->store->waited == e->blocking.keys.used);
    mem_free(k);
}

static void link(struct wait_key *k, struct block_link *l, uint64_t source)
{
    k->source = dlist_empty(&k->waiters) || k->source == source ? source : 0;
    l->key = k;
    dlist_append(&k->waiters, &l->node);
}

/* Moves walks past the link. */
static void unlink(struct block_link *l)
{
    struct walk *const walks[] = {&l->key->now, &l->key->slow};
    for (int i = 0; i < 2; i++) {
        struct walk *w = walks[i];
        if (w->next == &l->node)
            w->next = w->next == w->last ? NULL : l->node.next;
        else if (w->next && w->last == &l->node)
            w->last = l->node.prev;
    }
    dlist_remove(&l->node);
}

static void note_due(struct timer *timer)
{
    struct block_wait_timer *t = dlist_item(timer, struct block_wait_timer, timer);
    struct engine *e = t->wait->client->engine;
    if (!dlist_linked(&t->due))
        dlist_append(&e->blocking.due, &t->due);
}

static void set_timer(struct block_wait_timer *t, int64_t at_ms)
{
    timer_set(&t->wait->client->engine->timers, &t->timer, TIMER_STEADY, at_ms, note_due);
}

static void stop_timer(struct block_wait_timer *t)
{
    timer_stop(&t->wait->client->engine->timers, &t->timer);
    dlist_remove(&t->due);
}

static size_t memory_of(const struct wait_key *k)
{
    return mem_block_size(k) + mem_class_size(sizeof(struct dict_node) + k->n) + 2 * sizeof(void *);
}

void block_on(struct call *call, const struct block_options *o)
{
    struct client *c = call->client;
    struct engine *e = call->engine;
    ASSERT(block_allowed(call));
    call->wants_block = true;
    if (c->wait) {
        c->wait->source = o->source;
        for (int i = 0; i < c->wait->link_count; i++)
            if (c->wait->links[i].key->source != o->source)
                c->wait->links[i].key->source = 0;
        stop_timer(&c->wait->wake);
        if (o->wake_ms)
            set_timer(&c->wait->wake, o->wake_ms);
        return;
    }
    struct block_wait *w =
        mem_zalloc(sizeof(*w) + (size_t)o->key_count * sizeof(struct block_link));
    w->client = c;
    w->command = call->command;
    w->argc = o->argv ? o->argc : call->argc;
    w->argv = argv_copy(o->argv ? o->argv : call->argv, w->argc);
    w->pattern = o->pattern;
    w->type = o->type;
    w->null = o->null;
    w->group = o->group;
    w->source = o->source;
    w->readers = o->readers;
    w->deadline.wait = w->wake.wait = w;
    uint64_t number = ++e->blocking.last_number;
    for (int i = 0; i < o->key_count; i++) {
        struct wait_key *k = ensure_key(e, call->db, o->keys[i]);
        if (k->marked_by == number)
            continue; /* the key is named twice */
        k->marked_by = number;
        struct block_link *l = &w->links[w->link_count++];
        l->wait = w;
        if (dlist_empty(&k->waiters))
            w->memory += memory_of(k);
        link(k, l, w->source);
        e->blocking.client_keys += k->clients++ == 0;
        e->blocking.nokey_keys += w->group && k->groups++ == 0;
    }
    ASSERT(w->link_count <= o->key_count && e->blocking.keys.used >= (size_t)(w->link_count > 0));
    w->has_deadline = o->deadline_ms != 0;
    if (o->deadline_ms)
        set_timer(&w->deadline, o->deadline_ms);
    if (o->wake_ms)
        set_timer(&w->wake, o->wake_ms);
    w->memory += mem_block_size(w) + mem_block_size(w->argv);
    client_holds(c, w->memory, 0);
    if (o->pattern)
        dlist_append(&e->blocking.patterns, &w->patterns);
    c->wait = w;
    c->flags |= CLIENT_BLOCKED;
    e->blocking.count++;
    e->blocking.with_deadline += w->has_deadline;
}

void block_forget(struct client *c)
{
    struct block_wait *w = c->wait;
    struct engine *e = c->engine;
    if (!w)
        return;
    stop_timer(&w->deadline);
    stop_timer(&w->wake);
    for (int i = 0; i < w->link_count; i++) {
        struct wait_key *k = w->links[i].key;
        unlink(&w->links[i]);
        ASSERT(!w->group || (k->groups > 0 && e->blocking.nokey_keys > 0));
        ASSERT(k->clients > 0 && e->blocking.client_keys > 0);
        e->blocking.client_keys -= --k->clients == 0;
        e->blocking.nokey_keys -= w->group && --k->groups == 0;
        drop_key_if_idle(e, k);
    }
    dlist_remove(&c->confirming);
    dlist_remove(&w->patterns);
    c->wait = NULL;
    c->flags &= ~(unsigned)CLIENT_BLOCKED;
    ASSERT(e->blocking.count > 0);
    e->blocking.count--;
    e->blocking.with_deadline -= w->has_deadline;
    client_holds(c, 0, w->memory);
    mem_free(w->argv);
    mem_free(w);
    if (c->awaiting)
        e->client_events.unblocked(e->client_events.context, c);
}

/* The client goes on with its buffered input. */
static void resume(struct client *c)
{
    block_forget(c);
    client_has_output(c);
    if (!dlist_linked(&c->resuming))
        dlist_append(&c->engine->clients.resuming, &c->resuming);
}

void block_key_ready(struct engine *e, struct db *db, struct bytes key)
{
    struct wait_key *k = find_key(e, db, key);
    if (k && !dlist_linked(&k->ready))
        dlist_append(&e->blocking.ready, &k->ready);
}

void block_db_ready(struct engine *e, struct db *db)
{
    struct dict_walk walk = {0};
    for (struct dict_node *n; (n = dict_next(&e->blocking.keys, &walk));) {
        struct wait_key *k = n->value;
        if (k->db == db && !dlist_linked(&k->ready))
            dlist_append(&e->blocking.ready, &k->ready);
    }
}

/* Runs the command again, unless its client is being closed: then the next wait is served. */
static void serve_one(struct block_wait *w)
{
    struct client *c = w->client;
    struct exec_request q = {.argv = w->argv, .argc = w->argc};
    bool judged = w->link_count > 0 || (w->command->flags & COMMAND_WRITE);
    if (!client_is_staying(c))
        return;
    if (exec_again(c, w->command, &q, judged) == EXEC_DONE)
        resume(c);
}

void block_found_empty(struct call *call, uint64_t source)
{
    call->engine->blocking.empty = source;
}

/* Waits for a group are woken by any change; others only by a value that can serve them. */
static bool is_served(const struct wait_key *k, const struct block_wait *w)
{
    const struct entry *e = w->group ? NULL : db_find(k->db, bytes_of(k->key, k->n));
    return w->group || (e && value_type(e) == w->type);
}

/* ---- Waits that stay (block_stay) */

void block_stay(struct engine *e, struct db *db, struct bytes key, struct block_stay *s)
{
    ASSERT(!s->link.key && !s->link.wait);
    s->engine = e;
    link(ensure_key(e, db, key), &s->link, s->source);
}

void block_stay_end(struct block_stay *s)
{
    struct wait_key *k = s->link.key;
    if (!k)
        return;
    unlink(&s->link);
    s->link.key = NULL;
    drop_key_if_idle(s->engine, k);
}

void block_stay_behind(struct block_stay *s)
{
    struct wait_key *k = s->link.key;
    unlink(&s->link);
    dlist_append(&k->waiters, &s->link.node);
}

void block_stay_for(struct block_stay *s, uint64_t source)
{
    struct wait_key *k = s->link.key;
    s->source = source;
    if (k && k->source != source)
        k->source = 0;
}

/* ---- Serving */

static void walk_begin(struct walk *w, struct wait_key *k)
{
    bool any = !dlist_empty(&k->waiters);
    *w = (struct walk){any ? k->waiters.next : NULL, k->waiters.prev};
}

/* The next link; NULL: at the end. */
static struct block_link *walk_take(struct walk *w)
{
    struct dlist_node *n = w->next;
    if (!n)
        return NULL;
    w->next = n == w->last ? NULL : n->next;
    return dlist_item(n, struct block_link, node);
}

/* Serves one link and returns the outcome. Skips a source known to be empty and, unless `stays`,
 * waits that stay and take something. */
static enum block_visit serve_link(struct engine *e, struct wait_key *k, struct block_link *l,
                                   bool stays)
{
    struct block_stay *s = l->wait ? NULL : dlist_item(l, struct block_stay, link);
    uint64_t source = s ? s->source : l->wait->source;
    if (source && source == e->blocking.empty)
        return BLOCK_VISIT_NOTHING;
    if (!s) {
        if (is_served(k, l->wait))
            serve_one(l->wait);
        return BLOCK_VISIT_NOTHING;
    }
    if (!stays && source)
        return BLOCK_VISIT_NOTHING;
    enum block_visit v = s->visit(s);
    if (v == BLOCK_VISIT_EMPTY)
        e->blocking.empty = s->source;
    return v;
}

/* Nobody in the queue can find anything. */
static bool is_empty(const struct engine *e, const struct wait_key *k)
{
    return k->source && k->source == e->blocking.empty;
}

static void serve_key(struct engine *e, struct wait_key *k)
{
    bool stays = !dlist_linked(&k->later), more = false;
    int visited = 0;
    e->blocking.empty = 0;
    walk_begin(&k->now, k);
    for (struct block_link *l; !is_empty(e, k) && (l = walk_take(&k->now));) {
        bool visits = stays && !l->wait;
        enum block_visit v = serve_link(e, k, l, stays);
        if (v == BLOCK_VISIT_SERVED || (visits && ++visited == VISITED_MOST)) {
            more = true;
            stays = false;
        }
    }
    k->now.next = NULL;
    if (more && !dlist_linked(&k->later)) {
        k->slow.next = NULL;
        dlist_append(&e->blocking.later, &k->later);
    }
}

/* False: the time is up, and the walk is to be continued. */
static bool serve_slowly(struct engine *e, struct wait_key *k, int64_t until_us)
{
    e->blocking.empty = 0;
    if (!k->slow.next) {
        walk_begin(&k->slow, k);
        k->again = false;
    }
    for (struct block_link *l; !is_empty(e, k) && (l = walk_take(&k->slow));) {
        if (serve_link(e, k, l, true) == BLOCK_VISIT_SERVED)
            k->again = true;
        if (k->slow.next && clock_mono_us() >= until_us)
            return false;
    }
    k->slow.next = NULL;
    return true;
}

bool block_stays_have_work(const struct engine *e)
{
    return !dlist_empty(&e->blocking.later) && act_may(e);
}

void block_serve_stays(struct engine *e, int64_t until_us)
{
    bool late = false;
    while (!late && block_stays_have_work(e)) {
        struct wait_key *k = dlist_item(e->blocking.later.next, struct wait_key, later);
        k->serving = true;
        bool ended = serve_slowly(e, k, until_us);
        k->serving = false;
        dlist_remove(&k->later);
        if (!ended || k->again)
            dlist_append(&e->blocking.later, &k->later);
        drop_key_if_idle(e, k);
        late = clock_mono_us() >= until_us;
    }
}

void block_forget_ready(struct engine *e)
{
    while (!dlist_empty(&e->blocking.ready)) {
        struct wait_key *k = dlist_item(e->blocking.ready.next, struct wait_key, ready);
        dlist_remove(&k->ready);
        drop_key_if_idle(e, k);
    }
}

void block_serve(struct engine *e)
{
    while (block_has_work(e)) {
        struct wait_key *k = dlist_item(e->blocking.ready.next, struct wait_key, ready);
        dlist_remove(&k->ready);
        k->serving = true; /* must not be freed meanwhile */
        serve_key(e, k);
        k->serving = false;
        drop_key_if_idle(e, k);
    }
}

static void reply_unblocked(struct reply *r)
{
    reply_error(r, ERR_UNBLOCKED);
}

bool block_end(struct client *c, bool with_error)
{
    struct block_wait *w = c->wait;
    if (!w || !client_is_staying(c))
        return false;
    if (!with_error && w->null == BLOCK_AGAIN) {
        w->ended = true;
        serve_one(w);
        return true;
    }
    struct exec_request q = {.argv = w->argv, .argc = w->argc};
    exec_give_up(c, w->command, &q,
                 with_error              ? reply_unblocked
                 : w->null == BLOCK_NULL ? reply_null
                                         : reply_null_array);
    resume(c);
    return true;
}

static void reply_role_changed(struct reply *r)
{
    reply_error(r, ERR_UNBLOCKED_BY_ROLE);
}

void block_end_all(struct engine *e)
{
    for (struct dlist_node *n = e->clients.all.next; n != &e->clients.all; n = n->next) {
        struct client *c = dlist_item(n, struct client, all);
        const struct block_wait *w = c->wait;
        if (c->pushing && c->pushing->subscriptions && client_is_staying(c))
            client_close_after_reply(c); /* the present primary gives its entries to it again */
        if (!w || !client_is_staying(c))
            continue;
        struct exec_request q = {.argv = w->argv, .argc = w->argc};
        exec_give_up(c, w->command, &q, reply_role_changed);
        block_forget(c);
        client_close_after_reply(c);
    }
}

bool block_has_ended(const struct call *call)
{
    return call->client->wait && call->client->wait->ended;
}

void block_again(struct client *c)
{
    if (c->wait)
        serve_one(c->wait);
}

struct bytes block_pattern(const struct client *c)
{
    return c->wait->argv[c->wait->pattern];
}

void block_visit_marks(struct engine *e)
{
    for (struct dlist_node *n = e->blocking.ready.next; n != &e->blocking.ready; n = n->next) {
        struct wait_key *k = dlist_item(n, struct wait_key, ready);
        for (struct dlist_node *at = k->waiters.next; at != &k->waiters; at = at->next) {
            struct block_link *l = dlist_item(at, struct block_link, node);
            struct block_stay *s = l->wait ? NULL : dlist_item(l, struct block_stay, link);
            if (s && !s->source)
                s->visit(s);
        }
    }
}

void block_serve_confirming(struct engine *e)
{
    struct dlist_node all;
    dlist_init(&all);
    dlist_splice(&all, &e->clients.confirming);
    while (!dlist_empty(&all)) {
        struct client *c = dlist_item(all.next, struct client, confirming);
        dlist_remove(&c->confirming);
        block_again(c);
    }
}

void block_run_due(struct engine *e)
{
    while (!dlist_empty(&e->blocking.due)) {
        struct block_wait_timer *t = dlist_item(e->blocking.due.next, struct block_wait_timer, due);
        struct block_wait *w = t->wait;
        dlist_remove(&t->due);
        ASSERT(w->client->wait == w);
        if (t == &w->deadline)
            block_end(w->client, false);
        else if (e->slow_path & (ENGINE_PAUSED | ENGINE_MOVING))
            set_timer(t, e->steady_ms + PAUSED_MS);
        else
            serve_one(w);
    }
}

bool block_is_awaited(const struct engine *e, const struct db *db, struct bytes key)
{
    const struct wait_key *k = e->store->waited ? find_key(e, db, key) : NULL;
    return k && !dlist_empty(&k->waiters);
}

static size_t count_matching(const struct engine *e, const struct db *db, struct bytes key,
                             uint64_t readers)
{
    size_t n = 0;
    for (struct dlist_node *at = e->blocking.patterns.next; at != &e->blocking.patterns;
         at = at->next) {
        const struct block_wait *w = dlist_item(at, struct block_wait, patterns);
        n += w->readers == readers && w->client->db == db && glob_match(w->argv[w->pattern], key);
    }
    return n;
}

size_t block_count_readers(const struct engine *e, const struct db *db, struct bytes key,
                           struct bytes group, bool matching)
{
    struct wait_key *k = e->store->waited ? find_key(e, db, key) : NULL;
    if (!k && !matching)
        return 0; /* usual: the survey asks this of every group */
    uint64_t readers = block_readers(group);
    size_t n = matching ? count_matching(e, db, key, readers) : 0;
    for (struct dlist_node *w = k ? k->waiters.next : NULL; k && w != &k->waiters; w = w->next) {
        const struct block_link *l = dlist_item(w, struct block_link, node);
        n += l->wait && l->wait->readers == readers;
    }
    return n;
}

size_t block_waiting_on(const struct engine *e, const struct db *db, struct bytes key, int type)
{
    struct wait_key *k = find_key(e, db, key);
    size_t n = 0;
    for (struct dlist_node *w = k ? k->waiters.next : NULL; k && w != &k->waiters; w = w->next)
        n += type < 0 || (dlist_item(w, struct block_link, node)->wait &&
                          (int)dlist_item(w, struct block_link, node)->wait->type == type);
    return n;
}
