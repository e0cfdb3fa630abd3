#include "engine/pause.h"

#include "engine_commands.h"
#include "unit.h"

/* Who was held goes on, as the next turn does it. */
static void resume(struct bench *b)
{
    struct dlist_node *list = &b->engine.clients.resuming;
    while (!dlist_empty(list)) {
        struct client *c = dlist_item(list->next, struct client, resuming);
        dlist_remove(&c->resuming);
        feed_begin(b->feed, FEED_NO_END);
        feed_add(b->feed, c, c->in, c->in_n);
        feed_run(b->feed);
    }
}

TEST(ends_at_its_millisecond)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *c = bench_client(b), *d = bench_client(b);
    pause_begin(&b->engine, b->engine.steady_ms + 100, false);
    bench_says(c, "PUT k");
    bench_says(d, "HAS k");
    CHECK(bench_heard(c, "") && bench_heard(d, ""));
    CHECK((c->flags & d->flags & CLIENT_PAUSED) && !client_may_run(c));
    bench_wait(b, 99);
    CHECK((b->engine.slow_path & ENGINE_PAUSED) && dlist_empty(&b->engine.clients.resuming));
    bench_wait(b, 1);
    CHECK(!(b->engine.slow_path & ENGINE_PAUSED) && !(c->flags & CLIENT_PAUSED));
    CHECK(dlist_item(b->engine.clients.resuming.next, struct client, resuming) == c);
    resume(b);
    CHECK(bench_heard(c, "+OK|") && bench_heard(d, ":1|"));
    bench_end(b);
}

TEST(a_pause_in_force_is_never_weakened)
{
    struct bench *b = bench_begin(engine_commands);
    struct engine *e = &b->engine;
    int64_t now = e->steady_ms;
    pause_begin(e, now + 500, false);
    pause_begin(e, now + 100, true); /* neither shorter nor for writes only */
    CHECK(e->pause.until_ms == now + 500 && !e->pause.writes_only);
    bench_wait(b, 100);
    CHECK(e->slow_path & ENGINE_PAUSED);
    bench_wait(b, 400);
    CHECK(!(e->slow_path & ENGINE_PAUSED));
    now = e->steady_ms;
    pause_begin(e, now + 100, true);
    pause_begin(e, now + 300, true);
    CHECK(e->pause.until_ms == now + 300 && e->pause.writes_only);
    bench_wait(b, 100);
    CHECK(e->slow_path & ENGINE_PAUSED);
    pause_begin(e, now + 300, false);
    CHECK(!e->pause.writes_only);
    bench_wait(b, 200);
    CHECK(!(e->slow_path & ENGINE_PAUSED));
    bench_end(b);
}

TEST(ended_early_it_does_not_end_the_next_one)
{
    struct bench *b = bench_begin(engine_commands);
    struct engine *e = &b->engine;
    struct client *c = bench_client(b);
    pause_begin(e, e->steady_ms + 100, false);
    pause_end(e);
    CHECK(!(e->slow_path & ENGINE_PAUSED) && !timer_is_set(&e->pause.timer));
    pause_begin(e, e->steady_ms + 300, true);
    bench_wait(b, 200);
    CHECK(e->slow_path & ENGINE_PAUSED);
    bench_says(c, "HAS k");
    bench_says(c, "PUT k");
    CHECK(bench_heard(c, ":0|") && (c->flags & CLIENT_PAUSED));
    client_close(c);
    bench_turn(b); /* who is held may go */
    CHECK(dlist_empty(&e->pause.clients));
    bench_end(b);
}

/* Compat 2.2: a pause of writes holds what may write, and nothing else. */
TEST(a_pause_of_writes_holds_what_may_replicate)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *c = bench_client(b), *w = bench_client(b);
    pause_begin(&b->engine, 5000, true);
    bench_says(c, "HAS k");
    CHECK(bench_heard(c, ":0|"));
    bench_says(c, "TELL k");
    bench_says(w, "PUT k");
    CHECK(bench_heard(c, "") && bench_heard(w, "") && (c->flags & w->flags & CLIENT_PAUSED));
    pause_end(&b->engine);
    CHECK(!(c->flags & CLIENT_PAUSED) && !dlist_empty(&b->engine.clients.resuming));
    bench_end(b);
}

/* Replicas confirm writes, and there are too few: what may write waits, all else goes on. */
TEST(want_of_replicas_holds_writes_and_refuses_them_in_the_end)
{
    struct bench *b = bench_begin(engine_commands);
    struct engine *e = &b->engine;
    struct client *c = bench_client(b), *d = bench_client(b);
    pause_set(e, PAUSE_REPLICAS, true);
    pause_set(e, PAUSE_REPLICAS, true);
    bench_says(c, "PUT k");
    bench_says(d, "HAS k");
    CHECK(bench_heard(c, "") && bench_heard(d, ":0|") && (c->flags & CLIENT_PAUSED));
    bench_wait(b, 40);
    bench_says(d, "PUT l");
    pause_refuse_since(e, e->steady_ms - 40);
    CHECK(!(c->flags & CLIENT_PAUSED) && (d->flags & CLIENT_PAUSED));
    resume(b);
    CHECK(bench_heard(c, "-NOREPLICAS Not enough good replicas to write.|") && bench_heard(d, ""));
    /* That was one request: the next one waits as long. */
    bench_says(c, "PUT k");
    CHECK(bench_heard(c, "") && c->held_since_ms == e->steady_ms);
    pause_set(e, PAUSE_REPLICAS, false);
    CHECK(!(e->slow_path & ENGINE_PAUSED) && c->held_since_ms == 0);
    resume(b);
    CHECK(bench_heard(c, "+OK|") && bench_heard(d, "+OK|"));
    /* Offered again in the moment in which there are enough: it runs. */
    pause_set(e, PAUSE_REPLICAS, true);
    bench_says(c, "PUT m");
    pause_refuse_since(e, e->steady_ms);
    pause_set(e, PAUSE_REPLICAS, false);
    resume(b);
    CHECK(bench_heard(c, "+OK|") && !(c->flags & CLIENT_HELD_LONG));
    bench_end(b);
}

TEST(a_pause_ends_with_its_last_reason)
{
    struct bench *b = bench_begin(engine_commands);
    struct engine *e = &b->engine;
    struct client *c = bench_client(b), *d = bench_client(b);
    pause_begin(e, e->steady_ms + 100, false);
    pause_set(e, PAUSE_FAILOVER, true);
    bench_says(c, "PUT k");
    bench_says(d, "HAS k");
    bench_wait(b, 100);
    CHECK((e->slow_path & ENGINE_PAUSED) && e->pause.reasons == 1u << PAUSE_FAILOVER);
    int64_t since = c->held_since_ms;
    resume(b);
    CHECK(bench_heard(c, "") && bench_heard(d, ":0|") && (c->flags & CLIENT_PAUSED));
    CHECK(c->held_since_ms == since && d->held_since_ms == 0);
    pause_set(e, PAUSE_FAILOVER, false);
    resume(b);
    CHECK(bench_heard(c, "+OK|") && e->pause.reasons == 0);
    bench_end(b);
}

UNIT_MAIN(T(want_of_replicas_holds_writes_and_refuses_them_in_the_end),
          T(a_pause_ends_with_its_last_reason), T(ends_at_its_millisecond),
          T(a_pause_in_force_is_never_weakened), T(ended_early_it_does_not_end_the_next_one),
          T(a_pause_of_writes_holds_what_may_replicate))
