#include "engine/session.h"

#include "acl/users.h"
#include "engine/observe.h"
#include "engine/tracking.h"
#include "engine_commands.h"
#include "unit.h"

/* Takes part in everything at once. */
static void join(struct client *c)
{
    struct engine *e = c->engine;
    txn_watch(c, c->db, BYTES("k"));
    bench_says(c, "MULTI");
    bench_says(c, "HAS k");
    c->subscriber = pubsub_join(c);
    pubsub_subscribe(e->pubsub, c->subscriber, PUBSUB_CHANNEL, BYTES("c"));
    client_set_subscribed(c, true);
    observe_monitor(c);
    tracking_enable(c, TRACKING_BCAST, 0, NULL, 0);
    client_set_text(c, &c->name, str_new(BYTES("name")));
    rights_set_user(c, users_add(e->users, BYTES("u")));
    c->db = &e->store->dbs[3];
    c->reply.resp = 3;
    c->flags |= CLIENT_REPLY_OFF | CLIENT_NO_TOUCH | CLIENT_NO_EVICT | CLIENT_DURABLE;
}

static bool nobody_takes_part(struct bench *b)
{
    struct engine *e = &b->engine;
    return e->watched.used == 0 && e->store->watched == 0 && dlist_empty(&e->observe->monitors) &&
           e->tracking->client_n == 0 && e->tracking->broadcasting == 0 && e->slow_path == 0 &&
           e->clients.held == 0 && pubsub_audience(e->pubsub, PUBSUB_CHANNEL, BYTES("c")) == 0;
}

TEST(reset_is_as_if_it_had_just_connected)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *c = bench_client(b), *fresh = bench_client(b);
    join(c);
    CHECK(!nobody_takes_part(b));
    session_reset(c);
    CHECK(nobody_takes_part(b) && c->flags == fresh->flags && !c->txn && !c->subscriber);
    CHECK(c->db == fresh->db && c->reply.resp == 2 && !c->name && c->user == fresh->user);
    bench_end(b);
}

TEST(closing_lets_go_of_everything)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *c = bench_client(b), *w = bench_client(b);
    bench_says(w, "TAKE j k");
    join(c);
    session_close(c);
    CHECK(nobody_takes_part(b) || b->engine.clients.held == w->held);
    CHECK(b->engine.clients.count == 1 && b->engine.blocking.count == 1);
    session_close(w);
    CHECK(nobody_takes_part(b) && b->engine.clients.count == 0);
    CHECK(b->engine.blocking.keys.used == 0 && b->engine.blocking.count == 0);
    CHECK(b->engine.store->waited == 0);
    bench_end(b);
}

TEST(leaving_channels_ends_being_a_subscriber)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *c = bench_client(b);
    join(c);
    session_leave_channels(c);
    CHECK(!c->subscriber && !(c->flags & CLIENT_SUBSCRIBED) && client_class(c) == CLASS_NORMAL);
    CHECK(pubsub_publish(b->engine.pubsub, PUBSUB_CHANNEL, BYTES("c"), BYTES("x")) == 0);
    session_leave_channels(c);
    CHECK(c->flags & CLIENT_MULTI);
    bench_end(b);
}

UNIT_MAIN(T(reset_is_as_if_it_had_just_connected), T(closing_lets_go_of_everything),
          T(leaving_channels_ends_being_a_subscriber))
