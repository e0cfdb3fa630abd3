#include "engine/deliver.h"

#define SHARE_FROM 1024 /* bytes from which receivers share one copy */

/* Where a push goes now. */
static struct chain *way_to(struct client *c)
{
    struct engine *e = c->engine;
    for (struct client_running *r = e->running; r; r = r->outer)
        if (r->client == c)
            return &r->pushes;
    gate_push(c);
    client_has_output(c);
    return &c->out;
}

void deliver_push(struct client *c, struct bytes encoded)
{
    chain_add(way_to(c), encoded);
}

bool deliver_message(void *owner, struct pubsub_message *m)
{
    struct client *c = owner;
    if (c->flags & CLIENT_CLOSING)
        return false;
    struct str *encoded = pubsub_encoded(m, c->reply.resp);
    if (encoded->n >= SHARE_FROM)
        chain_add_str(way_to(c), encoded);
    else
        chain_add(way_to(c), str_bytes(encoded));
    return true;
}

void deliver_begin(struct client_running *r, struct client *c)
{
    *r = (struct client_running){.client = c, .outer = c->engine->running};
    c->engine->running = r;
}

void deliver_end(struct client_running *r)
{
    struct client *c = r->client;
    c->engine->running = r->outer;
    if (chain_pending(&r->pushes))
        chain_move(way_to(c), &r->pushes);
}

void deliver_event(struct engine *e, struct db *db, const char *name, struct bytes key)
{
    struct buf channel = {0};
    if (e->store->notify & DB_EVENT_KEYSPACE) {
        buf_printf(&channel, "__keyspace@%d__:", db->id);
        buf_add(&channel, key);
        pubsub_publish(e->pubsub, PUBSUB_CHANNEL, buf_bytes(&channel), bytes_text(name));
    }
    channel.n = 0;
    if (e->store->notify & DB_EVENT_KEYEVENT) {
        buf_printf(&channel, "__keyevent@%d__:%s", db->id, name);
        pubsub_publish(e->pubsub, PUBSUB_CHANNEL, buf_bytes(&channel), key);
    }
    buf_free(&channel);
}
