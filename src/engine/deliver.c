#include "engine/deliver.h"

#include "engine/client.h"

#define SHARE_FROM 1024 /* bytes from which receivers share one copy */

void deliver_message(void *owner, struct pubsub_message *m)
{
    struct client *c = owner;
    struct str *encoded = pubsub_encoded(m, c->reply.resp);
    if (c->flags & CLIENT_CLOSING)
        return;
    gate_push(c);
    if (encoded->n >= SHARE_FROM)
        chain_add_str(&c->out, encoded);
    else
        chain_add(&c->out, str_bytes(encoded));
    client_has_output(c);
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
