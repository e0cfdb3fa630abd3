/* Client-side caching.
 *
 * Two tables. `keys`: clients that have read a key and are to be told of its next change, once (the
 * audience is forgotten then). `changed`: keys that changed in this turn, for clients with prefixes
 * (BCAST); tracking_broadcast() sends them at its end, each once, and the table knows which client
 * changed the key, for NOLOOP.
 *
 * While a client's request runs (tracking_begin(), tracking_end()), its own invalidations are
 * collected in `own` and follow its reply. FLUSHALL is sent as one message for everything, and
 * forgets what was remembered until then.
 *
 * The table of keys is bounded by tracking-table-max-keys and by bytes. Beyond either, the oldest
 * keys are given up: their audience is told that they changed, which is always safe. Clients are
 * remembered by id, so a client that is closed needs no walk; clients that redirect to it are told
 * that their redirection is broken. */
#include "engine/tracking.h"

#include "base/assert.h"
#include "base/mem.h"
#include "command/keys.h"
#include "engine/deliver.h"

#define KEY_BYTES   128 /* the average on which the limit in bytes is based */
#define BYTES_LEAST (1u << 20)
#define GIVEN_UP    4096 /* keys, at the end of each turn */

/* The clients that are told when a key changes. */
struct audience {
    struct dlist_node age; /* in tracking.ages, the oldest first */
    struct dict_node *key; /* whose value this is */
    size_t n, cap;
    uint64_t ids[];
};

void tracking_init(struct tracking *t)
{
    dlist_init(&t->clients);
    dlist_init(&t->ages);
}

static size_t bytes_of_key(const struct dict_node *n)
{
    return sizeof(*n) + n->key_n + sizeof(struct audience);
}

static void forget_keys(struct tracking *t)
{
    struct dict_walk w = {0};
    for (struct dict_node *n; (n = dict_next(&t->keys, &w));)
        mem_free(n->value);
    dict_clear(&t->keys);
    dlist_init(&t->ages);
    t->items = t->bytes = 0;
}

void tracking_free(struct tracking *t)
{
    forget_keys(t);
    dict_clear(&t->changed);
    buf_free(&t->own);
}

/* ---- Sending invalidations */

static void add_bulk(struct buf *b, struct bytes x)
{
    buf_printf(b, "$%zu\r\n", x.n);
    buf_add(b, x);
    buf_add_text(b, "\r\n");
}

/* Sends an invalidation. keys: n bulk strings in RESP; n == SIZE_MAX: everything. */
static void send_invalidation(struct client *c, struct bytes keys, size_t n)
{
    struct engine *e = c->engine;
    struct tracking_client *t = c->tracking;
    struct client *to = c;
    struct buf b = {0};
    if (t->redirect) {
        to = client_by_id(e, t->redirect);
        if (!to || (to->flags & CLIENT_CLOSING)) {
            t->flags |= TRACKING_BROKEN;
            if (c->reply.resp == 3) {
                buf_printf(&b, ">2\r\n$21\r\ntracking-redir-broken\r\n:%llu\r\n",
                           (unsigned long long)t->redirect);
                deliver_push(c, buf_bytes(&b));
                buf_free(&b);
            }
            return;
        }
    }
    bool resp3 = to->reply.resp == 3;
    if (resp3)
        buf_add_text(&b, ">2\r\n$10\r\ninvalidate\r\n");
    else if (t->redirect && (to->flags & CLIENT_SUBSCRIBED))
        buf_add_text(&b, "*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n");
    else
        return; /* in RESP2 without redirection it would look like a reply */
    if (n == SIZE_MAX) {
        buf_add_text(&b, resp3 ? "_\r\n" : "$-1\r\n");
    } else {
        buf_printf(&b, "*%zu\r\n", n);
        buf_add(&b, keys);
    }
    deliver_push(to, buf_bytes(&b));
    buf_free(&b);
}

/* given_up: the key has not changed, so NOLOOP does not apply. */
static void invalidate_key(struct engine *e, uint64_t id, struct bytes key, bool given_up)
{
    struct tracking *t = e->tracking;
    struct client *c = client_by_id(e, id);
    if (!c || !c->tracking || (c->tracking->flags & TRACKING_BCAST) || (c->flags & CLIENT_CLOSING))
        return;
    if (c == t->running) {
        if (given_up || !(c->tracking->flags & TRACKING_NOLOOP)) {
            buf_add(&t->own, bytes_of(&key.n, sizeof(key.n)));
            buf_add(&t->own, key);
        }
        return;
    }
    struct buf b = {0};
    add_bulk(&b, key);
    send_invalidation(c, buf_bytes(&b), 1);
    buf_free(&b);
}

/* ---- Tracked keys */

void tracking_enable(struct client *c, unsigned flags, uint64_t redirect, struct str **prefixes,
                     size_t n)
{
    struct engine *e = c->engine;
    struct tracking *all = e->tracking;
    struct tracking_client *t = c->tracking;
    if (!t) {
        t = c->tracking = mem_zalloc(sizeof(*t));
        t->client = c;
        dlist_insert_before(flags & TRACKING_BCAST ? all->clients.next : &all->clients, &t->node);
        all->client_n++;
        all->broadcasting += (flags & TRACKING_BCAST) != 0;
        e->store->watched++; /* makes the store report changes */
        c->flags |= CLIENT_TRACKING;
    }
    t->flags = flags;
    t->redirect = redirect;
    if (n) {
        t->prefixes = mem_realloc(t->prefixes, (t->prefix_n + n) * sizeof(struct str *));
        memcpy(t->prefixes + t->prefix_n, prefixes, n * sizeof(struct str *));
        t->prefix_n += n;
        size_t memory = n * sizeof(struct str *);
        for (size_t i = 0; i < n; i++)
            memory += mem_block_size(prefixes[i]);
        t->memory += memory;
        client_holds(c, memory, 0);
    }
}

void tracking_disable(struct client *c)
{
    struct tracking_client *t = c->tracking;
    if (!t)
        return;
    for (size_t i = 0; i < t->prefix_n; i++)
        str_unref(t->prefixes[i]);
    mem_free(t->prefixes);
    client_holds(c, 0, t->memory);
    ASSERT(c->engine->tracking->client_n > 0 && c->engine->store->watched > 0);
    dlist_remove(&t->node);
    c->engine->tracking->client_n--;
    c->engine->tracking->broadcasting -= (t->flags & TRACKING_BCAST) != 0;
    c->engine->store->watched--;
    c->flags &= ~(unsigned)CLIENT_TRACKING;
    c->tracking = NULL;
    mem_free(t);
}

static void remember(struct tracking *t, struct bytes key, uint64_t id)
{
    struct dict_node *n = dict_ensure(&t->keys, key);
    struct audience *a = n->value;
    for (size_t i = 0; a && i < a->n; i++)
        if (a->ids[i] == id)
            return;
    if (!a || a->n == a->cap) {
        struct dlist_node *behind = a ? a->age.next : &t->ages;
        size_t cap = a ? a->cap * 2 : 2, had = a ? a->n : 0;
        if (a)
            dlist_remove(&a->age);
        else
            t->bytes += bytes_of_key(n);
        n->value = a = mem_realloc(a, sizeof(*a) + cap * sizeof(a->ids[0]));
        a->age = (struct dlist_node){0};
        a->key = n;
        a->n = had;
        a->cap = cap;
        dlist_insert_before(behind, &a->age);
    }
    ASSERT(a->n < a->cap);
    a->ids[a->n++] = id;
    t->items++;
}

static void forget(struct engine *e, struct bytes key, bool given_up)
{
    struct tracking *t = e->tracking;
    struct dict_node *n = dict_find(&t->keys, key);
    if (!n)
        return;
    struct audience *a = n->value;
    ASSERT(a->key == n && t->items >= a->n && t->bytes >= bytes_of_key(n));
    t->items -= a->n;
    t->bytes -= bytes_of_key(n);
    dlist_remove(&a->age);
    for (size_t i = 0; i < a->n; i++)
        invalidate_key(e, a->ids[i], key, given_up);
    dict_remove(&t->keys, key);
    mem_free(a);
}

/* The limit is a number of keys, and bytes in proportion, at most an eighth of maxmemory. */
static bool is_full(const struct engine *e)
{
    const struct tracking *t = e->tracking;
    long long keys = e->settings->tracking_table_max_keys, data = e->settings->maxmemory, most;
    if (t->keys.used == 0 || keys == 0)
        return false;
    most = keys < INT64_MAX / KEY_BYTES ? keys * KEY_BYTES : INT64_MAX;
    if (data && data / 8 < most)
        most = data / 8;
    if (most < BYTES_LEAST)
        most = BYTES_LEAST;
    return (long long)t->keys.used > keys || (long long)t->bytes > most;
}

/* Gives up the oldest keys while there are too many, and announces them as changed. */
static void give_up(struct engine *e, size_t most)
{
    struct tracking *t = e->tracking;
    for (size_t n = 0; n < most && is_full(e); n++) {
        const struct audience *a = dlist_item(t->ages.next, struct audience, age);
        struct str *key = str_new(dict_key(a->key));
        forget(e, str_bytes(key), true);
        str_unref(key);
    }
}

void tracking_remember(struct client *c, const struct command *command, const struct bytes *argv,
                       int argc)
{
    struct tracking_client *t = c->tracking;
    bool asked = t->flags & TRACKING_CACHING;
    if ((t->flags & TRACKING_BCAST) || ((t->flags & TRACKING_OPTIN) && !asked) ||
        ((t->flags & TRACKING_OPTOUT) && asked))
        return;
    /* A script need not read the keys it is given; its reads are remembered when they run. */
    if (command->group == GROUP_SCRIPTING)
        return;
    struct keys keys;
    keys_find(&keys, command, argv, argc);
    for (int i = 0; i < keys.n; i++)
        remember(c->engine->tracking, argv[keys.at[i].index], c->id);
    give_up(c->engine, (size_t)keys.n + GIVEN_UP);
    keys_free(&keys);
}

void tracking_changed(struct engine *e, struct bytes key)
{
    struct tracking *t = e->tracking;
    if (t->client_n == 0)
        return;
    if (t->broadcasting) {
        size_t used = t->changed.used;
        struct dict_node *n = dict_ensure(&t->changed, key);
        if (t->changed.used != used)
            t->changed_memory += sizeof(*n) + key.n + 2 * sizeof(void *);
        intptr_t who = t->running ? (intptr_t)t->running->id : -1;
        n->value = (void *)(n->value && (intptr_t)n->value != who ? -1 : who);
    }
    if (t->keys.used) {
        struct str *copy = str_new(key); /* the argument may belong to the table */
        forget(e, str_bytes(copy), false);
        str_unref(copy);
    }
}

size_t tracking_pending(const struct engine *e)
{
    return e->tracking->changed_memory + e->tracking->own.cap;
}

static void forget_changed(struct tracking *t)
{
    dict_clear(&t->changed);
    t->changed_memory = 0;
}

void tracking_flushed(struct engine *e)
{
    struct tracking *t = e->tracking;
    /* Sent once, even if a command empties several databases. */
    t->flushed = t->client_n > 0;
    t->flusher = t->running;
    t->own_flush = t->running != NULL;
    forget_keys(t);
    forget_changed(t);
    t->own.n = 0;
}

void tracking_begin(struct client *c)
{
    c->engine->tracking->running = c;
}

void tracking_end(struct client *c)
{
    struct tracking *t = c->engine->tracking;
    t->running = NULL;
    if (!c->tracking) {
        t->own.n = 0;
        t->own_flush = false;
        return;
    }
    if (t->own_flush)
        send_invalidation(c, bytes_of(NULL, 0), SIZE_MAX);
    for (size_t at = 0; at < t->own.n;) {
        struct buf b = {0};
        size_t n;
        memcpy(&n, t->own.p + at, sizeof(n));
        add_bulk(&b, bytes_of(t->own.p + at + sizeof(n), n));
        send_invalidation(c, buf_bytes(&b), 1);
        buf_free(&b);
        at += sizeof(n) + n;
    }
    t->own_flush = false;
    t->own.n = 0;
}

static void broadcast_prefix(struct client *c, struct bytes prefix)
{
    struct tracking *t = c->engine->tracking;
    struct buf b = {0};
    size_t n = 0;
    struct dict_walk w = {0};
    for (struct dict_node *at; (at = dict_next(&t->changed, &w));) {
        if (at->key_n < prefix.n || memcmp(at->key, prefix.p, prefix.n) != 0)
            continue;
        if ((c->tracking->flags & TRACKING_NOLOOP) && (intptr_t)at->value == (intptr_t)c->id)
            continue;
        add_bulk(&b, dict_key(at));
        n++;
    }
    if (n)
        send_invalidation(c, buf_bytes(&b), n);
    buf_free(&b);
}

void tracking_broadcast(struct engine *e)
{
    struct tracking *t = e->tracking;
    for (struct dlist_node *n = t->clients.next; t->flushed && n != &t->clients; n = n->next) {
        struct client *c = dlist_item(n, struct tracking_client, node)->client;
        if (c != t->flusher)
            send_invalidation(c, bytes_of(NULL, 0), SIZE_MAX);
    }
    t->flushed = false;
    t->flusher = NULL;
    give_up(e, GIVEN_UP); /* the limit may have been lowered */
    if (t->changed.used == 0)
        return;
    for (struct dlist_node *n = t->clients.next; n != &t->clients; n = n->next) {
        struct tracking_client *x = dlist_item(n, struct tracking_client, node);
        if (!(x->flags & TRACKING_BCAST))
            break;
        for (size_t i = 0; i < x->prefix_n; i++)
            broadcast_prefix(x->client, str_bytes(x->prefixes[i]));
    }
    forget_changed(t);
}
