/* Waiting for keys.
 *
 * A wait (block_wait) belongs to one client and lies in the list of each key that it names
 * (wait_key, found by database and name), once, however often the key is named. States of a wait:
 *
 *   waiting   --key is ready-->  the command runs again, whole: it answers, and the wait is gone;
 *                                or it blocks again, and the wait keeps its place in all lists
 *             --deadline------>  the answer for "nothing came", or (BLOCK_AGAIN) one last run
 *             --CLIENT UNBLOCK>  the same, or an error
 *             --client leaves->  forgotten; what it waited for stays for the next
 *
 * Commands only note that a key is ready (db_ready() ends in block_key_ready()); serving happens
 * between commands, the oldest wait first, up to the one that was the last when serving began: who
 * blocks again behind it is not served in the same round, and when one has found a group empty
 * (block_found_empty()), those who wait for the same group are not asked: an entry that comes to a
 * thousand readers costs what it costs one. Timers only note, too (note_due());
 * block_run_due() does the work as a phase of the turn.
 *
 * While a key's list is walked the wait that is served may vanish, and the key with its last wait:
 * `serving` keeps the key. A refusal (rights, a failed disk) is an answer and ends the wait. */
#include "engine/block.h"

#include "base/assert.h"
#include "base/mem.h"
#include "engine/argv.h"
#include "engine/exec.h"
#include "engine/key_name.h"

#define PAUSED_MS 50 /* from one look at a pause to the next, for who is to run by the clock */

/* All who wait for one key. */
struct wait_key {
    struct dlist_node waiters;
    struct dlist_node ready; /* in engine.blocking.ready */
    struct db *db;
    bool serving;
    uint64_t marked_by; /* number of the wait that linked itself last */
    size_t groups;      /* waiters that hear of its end: of a stream's group */
    size_t n;
    char key[];
};

struct wait_link {
    struct dlist_node node; /* in wait_key.waiters */
    struct block_wait *wait;
    struct wait_key *key;
};

struct wait_timer {
    struct timer timer;
    struct dlist_node due; /* in engine.blocking.due */
    struct block_wait *wait;
};

struct block_wait {
    struct client *client;
    const struct command *command;
    struct wait_timer deadline; /* the wait ends */
    struct wait_timer wake;     /* the command runs again */
    struct bytes *argv;         /* one allocation with the bytes */
    int argc;
    enum value_type type;
    enum block_null null;
    uint64_t readers, source;
    bool group, has_deadline, ended;
    size_t memory; /* with the keys that nobody waited for before */
    int link_count;
    struct wait_link links[];
};

bool block_allowed(const struct call *call)
{
    return !(call->client->flags & (CLIENT_IN_EXEC | CLIENT_REPLAY | CLIENT_INTERNAL));
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
    struct buf name = {0};
    dict_remove(&e->blocking.keys, key_name(&name, k->db, bytes_of(k->key, k->n)));
    buf_free(&name);
    e->store->waited--;
    ASSERT(k->groups == 0 && e->store->waited == e->blocking.keys.used);
    mem_free(k);
}

static void note_due(struct timer *timer)
{
    struct wait_timer *t = dlist_item(timer, struct wait_timer, timer);
    struct engine *e = t->wait->client->engine;
    if (!dlist_linked(&t->due))
        dlist_append(&e->blocking.due, &t->due);
}

static void set_timer(struct wait_timer *t, int64_t at_ms)
{
    timer_set(&t->wait->client->engine->timers, &t->timer, TIMER_STEADY, at_ms, note_due);
}

static void stop_timer(struct wait_timer *t)
{
    timer_stop(&t->wait->client->engine->timers, &t->timer);
    dlist_remove(&t->due);
}

void block_on(struct call *call, const struct block_options *o)
{
    struct client *c = call->client;
    struct engine *e = call->engine;
    ASSERT(block_allowed(call));
    call->wants_block = true;
    if (c->wait) {
        c->wait->source = o->source;
        stop_timer(&c->wait->wake);
        if (o->wake_ms)
            set_timer(&c->wait->wake, o->wake_ms);
        return;
    }
    struct block_wait *w = mem_zalloc(sizeof(*w) + (size_t)o->key_count * sizeof(struct wait_link));
    w->client = c;
    w->command = call->command;
    w->argc = o->argv ? o->argc : call->argc;
    w->argv = argv_copy(o->argv ? o->argv : call->argv, w->argc);
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
        struct wait_link *l = &w->links[w->link_count++];
        l->wait = w;
        l->key = k;
        if (dlist_empty(&k->waiters))
            w->memory += mem_block_size(k) + mem_class_size(sizeof(struct dict_node) + k->n) +
                         2 * sizeof(void *);
        dlist_append(&k->waiters, &l->node);
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
        dlist_remove(&w->links[i].node);
        ASSERT(!w->group || (k->groups > 0 && e->blocking.nokey_keys > 0));
        e->blocking.nokey_keys -= w->group && --k->groups == 0;
        drop_key_if_idle(e, k);
    }
    dlist_remove(&c->confirming);
    c->wait = NULL;
    c->flags &= ~(unsigned)CLIENT_BLOCKED;
    ASSERT(e->blocking.count > 0);
    e->blocking.count--;
    e->blocking.with_deadline -= w->has_deadline;
    client_holds(c, 0, w->memory);
    mem_free(w->argv);
    mem_free(w);
    if (c->attached)
        e->client_events.unblocked(e->client_events.context, c);
}

/* The client goes on with what it sent meanwhile. */
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

/* The command runs again, unless its client is leaving: what it waited for goes to the next. */
static void serve_one(struct block_wait *w)
{
    struct client *c = w->client;
    struct exec_request q = {.argv = w->argv, .argc = w->argc};
    if (!client_is_staying(c))
        return;
    if (exec_again(c, w->command, &q, w->link_count > 0) == EXEC_DONE)
        resume(c);
}

void block_found_empty(struct call *call, uint64_t source)
{
    call->engine->blocking.empty = source;
}

/* Who waits for a group hears of everything; the others only of what can serve them. */
static bool is_served(const struct wait_key *k, const struct block_wait *w)
{
    const struct entry *e = w->group ? NULL : db_find(k->db, bytes_of(k->key, k->n));
    return w->group || (e && value_type(e) == w->type);
}

static void serve_key(struct engine *engine, struct wait_key *k)
{
    engine->blocking.empty = 0;
    struct dlist_node *end = k->waiters.prev;
    for (struct dlist_node *n = k->waiters.next; n != &k->waiters;) {
        struct wait_link *l = dlist_item(n, struct wait_link, node);
        struct dlist_node *next = n->next;
        bool last = n == end;
        struct block_wait *w = l->wait;
        bool empty = w->source && w->source == engine->blocking.empty;
        if (!empty && is_served(k, w))
            serve_one(w);
        if (last)
            break;
        n = next;
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
        k->serving = true; /* it must not be freed under us */
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

void block_serve_confirming(struct engine *e)
{
    struct dlist_node all;
    dlist_init(&all);
    dlist_splice(&all, &e->clients.confirming);
    while (!dlist_empty(&all)) {
        struct client *c = dlist_item(all.next, struct client, confirming);
        dlist_remove(&c->confirming);
        if (c->wait)
            serve_one(c->wait);
    }
}

void block_run_due(struct engine *e)
{
    while (!dlist_empty(&e->blocking.due)) {
        struct wait_timer *t = dlist_item(e->blocking.due.next, struct wait_timer, due);
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

size_t block_count_readers(const struct engine *e, const struct db *db, struct bytes key,
                           uint64_t readers)
{
    const struct wait_key *k = find_key(e, db, key);
    size_t n = 0;
    if (k)
        for (const struct dlist_node *w = k->waiters.next; w != &k->waiters; w = w->next)
            n += dlist_item((struct dlist_node *)(uintptr_t)w, struct wait_link, node)
                     ->wait->readers == readers;
    return n;
}

size_t block_waiting_on(const struct engine *e, const struct db *db, struct bytes key)
{
    struct wait_key *k = find_key(e, db, key);
    size_t n = 0;
    if (k)
        for (struct dlist_node *w = k->waiters.next; w != &k->waiters; w = w->next)
            n++;
    return n;
}
