#include "engine/deliver.h"
#include "engine/gate.h"

#include "base/assert.h"

#define SHARE_FROM 1024 /* bytes; from here on receivers share one copy */

struct chain *deliver_way(struct client *c)
{
    struct engine *e = c->engine;
    for (struct client_running *r = e->running; r; r = r->outer)
        if (r->client == c)
            return &r->pushes;
    if (gate_holds_pushes(e))
        gate_push(c);
    if (!dlist_linked(&c->outgoing))
        client_has_output(c);
    return &c->out;
}

void deliver_push(struct client *c, struct bytes encoded)
{
    chain_add(deliver_way(c), encoded);
}

bool deliver_message(void *owner, struct pubsub_message *m)
{
    struct client *c = owner;
    if (c->flags & CLIENT_CLOSING)
        return false;
    struct str *encoded = pubsub_encoded(m, c->reply.resp);
    struct chain *to = deliver_way(c);
    if (encoded->n >= SHARE_FROM)
        chain_add_str(to, encoded);
    else
        chain_add(to, str_bytes(encoded));
    return true;
}

void deliver_begin(struct client_running *r, struct client *c)
{
    *r = (struct client_running){
        .client = c, .outer = c->engine->running, .pushes = {.pool = c->out.pool}};
    c->engine->running = r;
}

void deliver_end(struct client_running *r)
{
    struct client *c = r->client;
    ASSERT(c->engine->running == r);
    c->engine->running = r->outer;
    if (chain_pending(&r->pushes))
        chain_move(deliver_way(c), &r->pushes);
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

static struct bytes field_at(struct db_fields fields, size_t i)
{
    return fields.names[i * fields.step];
}

/* "length:text" */
static void add_counted(struct buf *to, struct bytes text)
{
    buf_printf(to, "%zu:", text.n);
    buf_add(to, text);
}

static void publish(struct engine *e, const struct buf *channel, struct bytes text)
{
    pubsub_publish(e->pubsub, PUBSUB_CHANNEL, buf_bytes(channel), text);
}

/* One channel for each field. Keys with a newline are left out, since the channel's name would be
 * ambiguous. */
static void deliver_items(struct engine *e, struct db *db, const char *name, struct bytes key,
                          struct db_fields fields)
{
    struct buf channel = {0};
    if (memchr(key.p, '\n', key.n))
        return;
    buf_printf(&channel, "__subkeyspaceitem@%d__:", db->id);
    buf_add(&channel, key);
    buf_add_char(&channel, '\n');
    size_t head = channel.n;
    for (size_t i = 0; i < fields.n; i++) {
        channel.n = head;
        buf_add(&channel, field_at(fields, i));
        publish(e, &channel, bytes_text(name));
    }
    buf_free(&channel);
}

void deliver_fields(struct engine *e, struct db *db, const char *name, struct bytes key,
                    struct db_fields fields)
{
    unsigned wanted = e->store->notify;
    struct buf channel = {0}, list = {0}, text = {0};
    for (size_t i = 0; i < fields.n; i++) {
        if (i)
            buf_add_char(&list, ',');
        add_counted(&list, field_at(fields, i));
    }
    if (wanted & DB_EVENT_SUBKEYSPACE) {
        buf_printf(&channel, "__subkeyspace@%d__:", db->id);
        buf_add(&channel, key);
        buf_printf(&text, "%s|", name);
        buf_add(&text, buf_bytes(&list));
        publish(e, &channel, buf_bytes(&text));
    }
    if (wanted & DB_EVENT_SUBKEYEVENT) {
        channel.n = text.n = 0;
        buf_printf(&channel, "__subkeyevent@%d__:%s", db->id, name);
        add_counted(&text, key);
        buf_add_char(&text, '|');
        buf_add(&text, buf_bytes(&list));
        publish(e, &channel, buf_bytes(&text));
    }
    if (wanted & DB_EVENT_SUBKEYSPACEITEM)
        deliver_items(e, db, name, key, fields);
    if (wanted & DB_EVENT_SUBKEYSPACEEVENT) {
        channel.n = 0;
        buf_printf(&channel, "__subkeyspaceevent@%d__:%s|", db->id, name);
        buf_add(&channel, key);
        publish(e, &channel, buf_bytes(&list));
    }
    buf_free(&channel);
    buf_free(&list);
    buf_free(&text);
}
