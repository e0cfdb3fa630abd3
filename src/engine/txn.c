#include "engine/txn.h"

#include "base/assert.h"
#include "base/mem.h"
#include "engine/argv.h"
#include "engine/engine.h"
#include "engine/key_name.h"

/* A client's watch of a key. */
struct watch {
    struct dlist_node of_key;    /* in the list under engine.watched */
    struct dlist_node of_client; /* in txn.watches */
    struct client *client;
    struct db *db;
    bool was_due; /* had expired but was not deleted yet, so it counted as absent, when it was
                     watched */
    size_t n;
    size_t memory; /* including the list, if it is the first of the key */
    char key[];
};

struct txn *txn_of(struct client *c)
{
    if (!c->txn) {
        c->txn = mem_zalloc(sizeof(*c->txn));
        dlist_init(&c->txn->watches);
    }
    return c->txn;
}

void txn_queue(struct client *c, const struct command *command, uint32_t flags,
               const struct bytes *argv, int argc)
{
    struct txn *t = txn_of(c);
    /* EXEC will answer nil or EXECABORT whatever else is queued, and nothing is refused for lack of
     * memory or replicas either. */
    if (c->flags & (CLIENT_TXN_STALE | CLIENT_TXN_BROKEN))
        return;
    if (t->n == t->cap) {
        size_t more = t->cap ? t->cap : 8;
        t->cap += more;
        t->commands = mem_realloc(t->commands, t->cap * sizeof(*t->commands));
        t->memory += more * sizeof(*t->commands);
        client_holds(c, more * sizeof(*t->commands), 0);
    }
    struct bytes *copy = argv_copy(argv, argc);
    size_t bytes = mem_block_size(copy);
    t->commands[t->n++] = (struct txn_command){command, argc, copy};
    t->memory += bytes;
    client_holds(c, bytes, 0);
    t->flags |= flags;
    t->lacking |= ~flags;
}

void txn_watch(struct client *c, struct db *db, struct bytes key)
{
    struct engine *e = c->engine;
    struct txn *t = txn_of(c);
    struct buf name = {0};
    struct dict_node *own = dict_ensure(&t->watched, key_name(&name, db, key));
    if (own->value) {
        buf_free(&name);
        return;
    }
    struct dict_node *node = dict_ensure(&e->watched, buf_bytes(&name));
    buf_free(&name);
    size_t memory = mem_class_size(sizeof(struct watch) + key.n) +
                    mem_class_size(sizeof(*own) + sizeof(db->id) + key.n) + 2 * sizeof(void *);
    if (!node->value) {
        node->value = mem_alloc(sizeof(struct dlist_node));
        dlist_init(node->value);
        memory += mem_class_size(sizeof(*node) + sizeof(db->id) + key.n) +
                  sizeof(struct dlist_node) + 2 * sizeof(void *);
    }
    struct watch *w = mem_alloc(sizeof(*w) + key.n);
    *w = (struct watch){.client = c, .db = db, .n = key.n, .memory = memory};
    client_holds(c, memory, 0);
    memcpy(w->key, key.p, key.n);
    own->value = w;
    struct entry **slot = table_find(&db->keys, db->keys.hash(key), key);
    w->was_due = slot && db_is_due(db->store, *slot);
    dlist_append(node->value, &w->of_key);
    dlist_append(&t->watches, &w->of_client);
    e->store->watched++;
}

static void drop_watch(struct watch *w)
{
    struct engine *e = w->client->engine;
    struct dlist_node *head = w->of_key.prev;
    dlist_remove(&w->of_key);
    dlist_remove(&w->of_client);
    struct buf name = {0};
    key_name(&name, w->db, bytes_of(w->key, w->n));
    dict_remove(&w->client->txn->watched, buf_bytes(&name));
    if (dlist_empty(head))
        mem_free(dict_remove(&e->watched, buf_bytes(&name)));
    buf_free(&name);
    ASSERT(e->store->watched > 0);
    e->store->watched--;
    client_holds(w->client, 0, w->memory);
    mem_free(w);
}

void txn_unwatch(struct client *c)
{
    c->flags &= ~(unsigned)CLIENT_TXN_STALE;
    if (!c->txn)
        return;
    while (!dlist_empty(&c->txn->watches))
        drop_watch(dlist_item(c->txn->watches.next, struct watch, of_client));
}

void txn_end(struct client *c)
{
    txn_unwatch(c);
    c->flags &= ~(unsigned)(CLIENT_MULTI | CLIENT_TXN_BROKEN | CLIENT_TXN_STALE);
    if (!c->txn)
        return;
    for (size_t i = 0; i < c->txn->n; i++)
        mem_free(c->txn->commands[i].argv);
    mem_free(c->txn->commands);
    ASSERT(c->txn->watched.used == 0 && c->held >= c->txn->memory);
    dict_clear(&c->txn->watched);
    client_holds(c, 0, c->txn->memory);
    mem_free(c->txn);
    c->txn = NULL;
}

/* Whether a key is stored, and (*due) has expired but was not deleted yet. */
static bool look(const struct db *db, struct bytes key, bool *due)
{
    struct entry **slot = table_find(&db->keys, db->keys.hash(key), key);
    *due = slot && db_is_due(db->store, *slot);
    return slot != NULL;
}

/* Marks the clients that watch a key which changed, unless it was absent before and still is. */
static void mark_stale(struct dlist_node *head)
{
    for (struct dlist_node *n = head->next; n != head; n = n->next) {
        struct watch *w = dlist_item(n, struct watch, of_key);
        bool due, there = look(w->db, bytes_of(w->key, w->n), &due);
        if (w->was_due && (!there || due))
            w->was_due = due;
        else
            w->client->flags |= CLIENT_TXN_STALE;
    }
}

void txn_touch(struct engine *e, struct db *db, struct bytes key)
{
    struct buf name = {0};
    struct dlist_node *head = dict_get(&e->watched, key_name(&name, db, key));
    buf_free(&name);
    if (head)
        mark_stale(head);
}

/* Before a key of `from` gets the value it has in `to` (NULL: absent). */
static void replace(struct dlist_node *head, const struct db *from, const struct db *to,
                    struct bytes key)
{
    bool was_due, due = false, was = look(from, key, &was_due), is = to && look(to, key, &due);
    for (struct dlist_node *n = head->next; n != head; n = n->next) {
        struct watch *w = dlist_item(n, struct watch, of_key);
        if ((was && !w->was_due) || (is && !due))
            w->client->flags |= CLIENT_TXN_STALE;
        else
            w->was_due = due;
    }
}

void txn_touch_db(struct engine *e, struct db *db, struct db *other)
{
    struct dict_walk walk = {0};
    for (struct dict_node *n; (n = dict_next(&e->watched, &walk));) {
        int id = key_name_db(dict_key(n));
        struct bytes key = key_name_key(dict_key(n));
        if (id == db->id)
            replace(n->value, db, other, key);
        else if (other && id == other->id)
            replace(n->value, other, db, key);
    }
}

bool txn_watched_expired(struct client *c)
{
    if (!c->txn)
        return false;
    for (struct dlist_node *n = c->txn->watches.next; n != &c->txn->watches; n = n->next) {
        struct watch *w = dlist_item(n, struct watch, of_client);
        struct bytes key = bytes_of(w->key, w->n);
        struct entry **slot = table_find(&w->db->keys, w->db->keys.hash(key), key);
        if (!w->was_due && slot && db_is_due(w->db->store, *slot))
            return true;
    }
    return false;
}

size_t txn_watch_count(const struct client *c)
{
    return c->txn ? c->txn->watched.used : 0;
}
