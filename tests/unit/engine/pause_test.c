#include "engine/pause.h"

#include "engine.h"
#include "unit.h"

static void do_change(struct call *call)
{
    reply_ok(call->reply);
}

static const struct command change_command = {
    .name = "change", .arity = 1, .flags = COMMAND_WRITE, .handler = do_change};
static const struct command look_command = {
    .name = "look", .arity = 1, .flags = COMMAND_READONLY, .handler = do_change};
static const struct command *const commands[] = {&change_command, &look_command, NULL};

/* Who was held goes on, as the next turn does it. */
static void resume(struct bench *b)
{
    struct dlist_node *list = &b->engine.clients.resuming;
    while (!dlist_empty(list)) {
        struct client *c = dlist_item(list->next, struct client, resuming);
        dlist_remove(&c->resuming);
        feed_begin(b->feed);
        feed_add(b->feed, c, c->in, c->in_n);
        feed_run(b->feed);
    }
}

TEST(ends_at_its_millisecond)
{
    struct bench *b = bench_begin(commands);
    struct client *c = bench_client(b), *d = bench_client(b);
    pause_begin(&b->engine, b->engine.steady_ms + 100, false);
    bench_says(c, "CHANGE");
    bench_says(d, "LOOK");
    CHECK(bench_heard(c, "") && bench_heard(d, ""));
    CHECK((c->flags & d->flags & CLIENT_PAUSED) && !client_may_run(c));
    bench_wait(b, 99);
    CHECK((b->engine.slow_path & ENGINE_PAUSED) && dlist_empty(&b->engine.clients.resuming));
    bench_wait(b, 1);
    CHECK(!(b->engine.slow_path & ENGINE_PAUSED) && !(c->flags & CLIENT_PAUSED));
    CHECK(dlist_item(b->engine.clients.resuming.next, struct client, resuming) == c);
    resume(b);
    CHECK(bench_heard(c, "+OK|") && bench_heard(d, "+OK|"));
    bench_end(b);
}

TEST(a_pause_in_force_is_never_weakened)
{
    struct bench *b = bench_begin(commands);
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
    struct bench *b = bench_begin(commands);
    struct engine *e = &b->engine;
    struct client *c = bench_client(b);
    pause_begin(e, e->steady_ms + 100, false);
    pause_end(e);
    CHECK(!(e->slow_path & ENGINE_PAUSED) && !timer_is_set(&e->pause.timer));
    pause_begin(e, e->steady_ms + 300, true);
    bench_wait(b, 200);
    CHECK(e->slow_path & ENGINE_PAUSED);
    bench_says(c, "LOOK");
    bench_says(c, "CHANGE");
    CHECK(bench_heard(c, "+OK|") && (c->flags & CLIENT_PAUSED));
    client_close(c);
    bench_turn(b); /* who is held may go */
    CHECK(dlist_empty(&e->pause.clients));
    bench_end(b);
}

UNIT_MAIN(T(ends_at_its_millisecond), T(a_pause_in_force_is_never_weakened),
          T(ended_early_it_does_not_end_the_next_one))
