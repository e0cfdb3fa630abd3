#include "engine/client.h"

#include "engine_commands.h"
#include "unit.h"

TEST(closing_is_counted_once_and_by_id_no_longer_found)
{
    struct bench *b = bench_begin(engine_commands);
    struct engine *e = &b->engine;
    struct client *c = bench_client(b), *d = bench_client(b);
    CHECK(d->id == c->id + 1 && e->clients.count == 2 && client_by_id(e, c->id) == c);
    client_close(c);
    client_close(c);
    CHECK(e->clients.closing_count == 1 && !client_by_id(e, c->id) && client_by_id(e, d->id) == d);
    CHECK(!client_is_staying(c) && !client_may_run(c) && client_may_run(d));
    bench_turn(b);
    CHECK(e->clients.count == 1 && e->clients.closing_count == 0 && e->clients.by_id.used == 1);
    uint64_t id = d->id;
    client_close_by(d, d); /* it gets its reply first */
    CHECK((d->flags & CLIENT_KILLED_SELF) && !(d->flags & CLIENT_CLOSING));
    CHECK(client_by_id(e, id) == d && dlist_linked(&d->outgoing) && !client_may_run(d));
    bench_end(b);
}

TEST(output_in_the_order_of_requests_then_pushes)
{
    struct bench *b = bench_begin(engine_commands);
    struct engine *e = &b->engine;
    struct client *c[4];
    for (int i = 0; i < 4; i++)
        c[i] = bench_client(b);
    client_has_output(c[0]);
    client_has_reply(c[1]);
    client_has_output(c[2]);
    client_has_reply(c[3]);
    client_has_reply(c[0]); /* keeps its place */
    client_has_output(c[1]);
    client_order_output(e);
    static const int want[] = {1, 3, 0, 2};
    struct dlist_node *n = e->clients.outgoing.next;
    for (int i = 0; i < 4; i++, n = n->next)
        CHECK(dlist_item(n, struct client, outgoing) == c[want[i]]);
    CHECK(n == &e->clients.outgoing && dlist_empty(&e->clients.replying));
    bench_end(b);
}

TEST(bytes_are_kept_wherever_they_lay)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *c = bench_client(b);
    char text[3000];
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (char)i;
    client_keep(c, text, 10);
    CHECK(c->in_n == 10 && c->in_cap == 1024 && memcmp(c->in, text, 10) == 0);
    client_keep(c, c->in + 3, 7); /* of its own */
    CHECK(c->in_n == 7 && memcmp(c->in, text + 3, 7) == 0);
    client_keep(c, text, 3000);
    CHECK(c->in_n == 3000 && c->in_cap == 3000 && memcmp(c->in, text, 3000) == 0);
    client_count_input(c);
    CHECK(c->input == 3000 && b->engine.clients.input == 3000);
    client_keep(c, c->in + 3000, 0);
    CHECK(!c->in && c->in_cap == 0);
    client_count_input(c);
    CHECK(b->engine.clients.input == 0);
    bench_end(b);
}

TEST(what_is_held_is_the_sum)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *c = bench_client(b), *d = bench_client(b);
    size_t empty = client_memory(c);
    client_holds(c, 100, 0);
    client_holds(d, 50, 0);
    client_holds(c, 0, 30);
    CHECK(c->held == 70 && b->engine.clients.held == 120 && client_memory(c) == empty + 70);
    client_holds(d, 0, 50);
    client_set_text(c, &c->name, str_new(BYTES("a name")));
    size_t named = c->held;
    CHECK(named > 70 && b->engine.clients.held == named);
    client_set_text(c, &c->name, NULL);
    CHECK(c->held == 70 && !c->name);
    client_close(c);
    bench_turn(b); /* what it held goes with it */
    CHECK(b->engine.clients.held == 0);
    bench_end(b);
}

TEST(unauthenticated_clients_are_closed_after_a_timeout)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *c = bench_client(b), *d = bench_client(b);
    client_set_anonymous(c, true);
    client_set_anonymous(c, true);
    client_set_anonymous(d, true);
    CHECK(b->engine.clients.anonymous_count == 2);
    CHECK(dlist_linked(&c->anonymous) && dlist_linked(&d->anonymous));
    CHECK(b->engine.clients.anonymous.next == &c->anonymous); /* the oldest in front */
    bench_wait(b, 9999);
    client_set_anonymous(d, false);
    CHECK(b->engine.clients.anonymous_count == 1 && client_is_staying(c));
    bench_wait(b, 1);
    CHECK((c->flags & CLIENT_CLOSING) && client_is_staying(d));
    bench_wait(b, 20000);
    CHECK(client_is_staying(d));
    bench_turn(b);
    CHECK(b->engine.clients.anonymous_count == 0 && dlist_empty(&b->engine.clients.anonymous));
    bench_end(b);
}

TEST(wrong_passwords_delay_twice_as_long_each_time)
{
    static const int64_t delays[] = {100, 200, 400, 800, 1600, 3200, 3200, 3200};
    struct bench *b = bench_begin(engine_commands);
    struct client *c = bench_client(b);
    for (int i = 0; i < 8; i++) {
        client_delay_auth(c);
        CHECK((c->flags & CLIENT_AUTH_DELAYED) && !client_may_run(c));
        bench_wait(b, delays[i]); /* of which the turn may have taken a part before the guess */
        CHECK((c->flags & CLIENT_AUTH_DELAYED) && !dlist_linked(&c->resuming));
        bench_wait(b, 1);
        CHECK(client_may_run(c) && dlist_linked(&c->resuming));
        dlist_remove(&c->resuming);
    }
    client_delay_auth(c);
    client_close(c);
    bench_turn(b); /* the timer goes with it */
    bench_wait(b, 5000);
    bench_end(b);
}

/* So many bytes are held against the limit: in blocks beyond the free ones. */
static void fill(struct client *c, size_t n)
{
    c->out.memory = CHAIN_FREE + n;
}

TEST(the_soft_limit_counts_what_lasts)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *c = bench_client(b);
    struct settings *s = b->settings;
    s->output_limits[CLASS_NORMAL].hard = 0;
    s->output_limits[CLASS_NORMAL].soft = 1000;
    s->output_limits[CLASS_NORMAL].seconds = 2;
    for (int burst = 0; burst < 3; burst++) { /* short ones do no harm */
        fill(c, 1001);
        CHECK(!client_is_over_output_limit(c) && c->over_soft_ms);
        bench_wait(b, 1500);
        CHECK(!client_is_over_output_limit(c));
        fill(c, 1000);
        CHECK(!client_is_over_output_limit(c) && !c->over_soft_ms);
    }
    fill(c, 1001);
    CHECK(!client_is_over_output_limit(c));
    bench_wait(b, 2000);
    CHECK(!client_is_over_output_limit(c));
    bench_wait(b, 1);
    CHECK(client_is_over_output_limit(c));
    fill(c, 0);
    CHECK(!client_is_over_output_limit(c));
    s->output_limits[CLASS_NORMAL].soft = 0;
    s->output_limits[CLASS_NORMAL].hard = 500;
    fill(c, 500);
    CHECK(!client_is_over_output_limit(c));
    fill(c, 501);
    CHECK(client_is_over_output_limit(c));
    c->out.memory = 0;
    bench_end(b);
}

TEST(the_hard_limit_is_that_of_its_class_and_told_once)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *c = bench_client(b);
    b->settings->output_limits[CLASS_NORMAL].hard = 0;
    b->settings->output_limits[CLASS_PUBSUB].hard = 300;
    char piece[1000] = "";
    for (int i = 0; i < 100; i++)
        chain_add(&c->out, bytes_of(piece, sizeof(piece)));
    CHECK(client_class(c) == CLASS_NORMAL && client_is_staying(c) && chain_waiting(&c->out) > 300);
    chain_take(&c->out, chain_pending(&c->out));
    client_set_subscribed(c, true);
    CHECK(client_class(c) == CLASS_PUBSUB && (c->flags & CLIENT_SUBSCRIBED));
    for (int i = 0; i < 100; i++)
        chain_add(&c->out, bytes_of(piece, sizeof(piece)));
    CHECK((c->flags & CLIENT_CLOSING) && b->engine.stats.output_limit_disconnections == 1);
    client_over_output_limit(c);
    CHECK(b->engine.stats.output_limit_disconnections == 1);
    client_set_subscribed(c, false);
    CHECK(client_class(c) == CLASS_NORMAL);
    bench_end(b);
}

TEST(blocked_paused_and_subscribed_clients_are_not_idle)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *c = bench_client(b);
    static const unsigned waits[] = {CLIENT_BLOCKED, CLIENT_PAUSED, CLIENT_AUTH_DELAYED,
                                     CLIENT_SUBSCRIBED};
    b->settings->timeout = 5;
    bench_wait(b, 5000);
    CHECK(!client_is_idle(c));
    bench_wait(b, 1);
    CHECK(client_is_idle(c));
    for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
        c->flags |= waits[i];
        CHECK(!client_is_idle(c));
        c->flags &= ~waits[i];
    }
    CHECK(client_is_idle(c));
    b->settings->timeout = 0;
    CHECK(!client_is_idle(c));
    bench_end(b);
}

TEST(freed_clients_are_in_no_list)
{
    struct bench *b = bench_begin(engine_commands);
    struct engine *e = &b->engine;
    struct client *c = bench_client(b);
    client_has_output(c);
    dlist_append(&e->clients.resuming, &c->resuming);
    dlist_append(&e->gate.pushed, &c->pushed);
    client_set_anonymous(c, true);
    client_delay_auth(c);
    client_close(c);
    bench_turn(b);
    CHECK(e->clients.count == 0 && dlist_empty(&e->clients.all));
    CHECK(dlist_empty(&e->clients.outgoing) && dlist_empty(&e->clients.replying));
    CHECK(dlist_empty(&e->clients.resuming) && dlist_empty(&e->clients.closing));
    CHECK(dlist_empty(&e->gate.pushed) && dlist_empty(&e->clients.anonymous));
    CHECK(timer_sleep_ms(&e->timers, 0, 0) == -1);
    bench_end(b);
}

TEST(strangers_may_let_little_wait)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *c = bench_client(b);
    char piece[1024] = "";
    b->settings->output_limits[CLASS_NORMAL].hard = 0;
    b->settings->output_limits[CLASS_NORMAL].soft = 0;
    for (int i = 0; i < 16; i++)
        chain_add(&c->out, bytes_of(piece, sizeof(piece)));
    client_set_anonymous(c, true);
    CHECK(!client_is_over_output_limit(c));
    chain_add(&c->out, BYTES("x"));
    CHECK(client_is_over_output_limit(c));
    client_set_anonymous(c, false);
    CHECK(!client_is_over_output_limit(c));
    bench_end(b);
}

TEST(our_primary_has_no_limit)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *c = bench_client(b);
    for (int k = 0; k < CLASS_COUNT; k++)
        b->settings->output_limits[k].hard = 1;
    c->flags |= CLIENT_PRIMARY;
    client_set_subscribed(c, false); /* chooses anew */
    CHECK(*c->out.most == 0 && !client_is_over_output_limit(c));
    bench_end(b);
}

UNIT_MAIN(T(our_primary_has_no_limit), T(closing_is_counted_once_and_by_id_no_longer_found),
          T(output_in_the_order_of_requests_then_pushes), T(bytes_are_kept_wherever_they_lay),
          T(what_is_held_is_the_sum), T(unauthenticated_clients_are_closed_after_a_timeout),
          T(wrong_passwords_delay_twice_as_long_each_time), T(the_soft_limit_counts_what_lasts),
          T(the_hard_limit_is_that_of_its_class_and_told_once),
          T(blocked_paused_and_subscribed_clients_are_not_idle), T(freed_clients_are_in_no_list),
          T(strangers_may_let_little_wait))
