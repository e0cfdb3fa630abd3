#include "engine/session.h"

#include "base/assert.h"
#include "engine/block.h"
#include "engine/engine.h"
#include "engine/observe.h"
#include "engine/rights.h"
#include "engine/tracking.h"
#include "engine/txn.h"
#include "pubsub/pubsub.h"

void session_leave_channels(struct client *c)
{
    if (c->subscriber)
        pubsub_leave(c->engine->pubsub, c->subscriber);
    c->subscriber = NULL;
    client_set_subscribed(c, false);
}

void session_leave_streams(struct client *c)
{
    if (c->pushing)
        c->pushing->leave(c);
    ASSERT(!c->pushing);
}

/* The module that attached it takes note. */
static void leave_attached(struct client *c)
{
    const struct engine_client_events *events = &c->engine->client_events;
    if (c->attached)
        events->left(events->context, c);
    ASSERT(!c->attached);
}

void session_close(struct client *c)
{
    block_forget(c);
    txn_end(c);
    session_leave_streams(c);
    leave_attached(c);
    session_leave_channels(c);
    observe_unmonitor(c);
    tracking_disable(c);
    rights_leave(c);
    client_free(c);
}

void session_reset(struct client *c)
{
    txn_end(c);
    session_leave_streams(c);
    leave_attached(c);
    session_leave_channels(c);
    observe_unmonitor(c);
    tracking_disable(c);
    c->db = &c->engine->store->dbs[0];
    c->reply.resp = 2;
    client_set_text(c, &c->name, NULL);
    c->flags &= ~(unsigned)(CLIENT_REPLY_OFF | CLIENT_REPLY_SKIP | CLIENT_NO_TOUCH |
                            CLIENT_NO_EVICT | CLIENT_DURABLE);
    rights_begin(c);
    ASSERT(!c->txn && !c->subscriber && !c->tracking && !c->wait);
}
