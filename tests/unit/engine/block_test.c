/* Waiting, being served, leaving. */
#include "engine/state.h"
#include "engine_commands.h"
#include "unit.h"

/* ---- Tests */

TEST(first_come_first_served)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *p = bench_client(b), *x = bench_client(b), *y = bench_client(b);
    bench_says(x, "TAKE k");
    bench_says(y, "TAKE j k");
    bench_says(p, "PUT k");
    CHECK(bench_heard(x, "$1|k|") && bench_heard(y, ""));
    bench_says(p, "PUT k");
    CHECK(bench_heard(y, "$1|k|") && b->engine.blocking.count == 0 &&
          b->engine.blocking.keys.used == 0);
    CHECK(counted(b, &take_command, 2, 0, 0));
    bench_end(b);
}

/* Faults D1. */
TEST(closing_clients_are_not_served)
{
    for (int way = 0; way < 4; way++)
        for (int others = 0; others < 2; others++) {
            struct bench *b = bench_begin(engine_commands);
            struct client *p = bench_client(b), *x = bench_client(b), *y = bench_client(b);
            bench_says(x, "TAKE k");
            if (others)
                bench_says(y, "TAKE k");
            if (way == 0)
                client_close(x);
            else if (way == 1)
                client_close_by(x, p);
            else if (way == 2)
                client_close_after_reply(x);
            else
                client_close_by(x, x);
            bench_says(p, "PUT k");
            CHECK(bench_heard(x, "") && bench_heard(y, others ? "$1|k|" : ""));
            CHECK(!block_end(x, false));
            bench_wait(b, 5000);
            CHECK(bench_heard(x, ""));
            bench_turn(b);
            bench_says(p, "HAS k");
            CHECK(bench_heard(p, others ? "+OK|:0|" : "+OK|:1|"));
            bench_end(b);
        }
}

/* Faults P1. */
TEST(a_key_that_is_named_twice_is_waited_for_once)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *p = bench_client(b), *x = bench_client(b);
    for (int i = 0; i < 3; i++) {
        bench_says(x, "TAKE k k j k j");
        CHECK(b->engine.blocking.keys.used == 2);
        CHECK(block_waiting_on(&b->engine, x->db, BYTES("k"), -1) == 1);
        bench_says(p, i % 2 ? "PUT j" : "PUT k");
        CHECK(bench_heard(x, i % 2 ? "$1|j|" : "$1|k|") && b->engine.blocking.keys.used == 0);
    }
    bench_end(b);
}

/* Faults K1 B5, compat 7.1. */
TEST(a_wait_ends_once_and_as_silently_as_it_began)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *p = bench_client(b), *x = bench_client(b);
    for (int how = 0; how < 4; how++) {
        for (int silent = 0; silent < 2; silent++) {
            if (silent)
                bench_says(x, "SKIP");
            bench_says(x, "TAKE k");
            CHECK(x->flags & CLIENT_BLOCKED);
            if (how == 0)
                bench_says(p, "PUT k");
            else if (how == 1)
                bench_wait(b, 1000);
            else
                CHECK(block_end(x, how == 3));
            const char *want = how == 0   ? "$1|k|"
                               : how == 3 ? "-UNBLOCKED client unblocked via CLIENT UNBLOCK|"
                                          : "*-1|";
            CHECK(bench_heard(x, silent ? "" : want));
            CHECK(!(x->flags & (CLIENT_REPLY_SKIP | CLIENT_BLOCKED)));
            bench_says(x, "HAS k");
            CHECK(bench_heard(x, ":0|"));
        }
        CHECK(counted(b, &take_command, 2 * ((uint64_t)how + 1), 0, how == 3 ? 2 : 0));
    }
    bench_end(b);
}

/* A key that expires is news for those who hear of its end. */
TEST(a_key_that_expires_wakes_its_waiters)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *x = bench_client(b);
    bench_says(x, "HEAR k");
    add_due(x->db, "k", 10);
    bench_wait(b, 10);
    CHECK(counted(b, &hear_command, 0, 0, 0) && dlist_empty(&b->engine.blocking.ready));
    CHECK(!db_read(x->db, BYTES("k")) && !dlist_empty(&b->engine.blocking.ready));
    CHECK(b->engine.blocking.nokey_keys == 1);
    bench_turn(b);
    CHECK(dlist_empty(&b->engine.blocking.ready) && (x->flags & CLIENT_BLOCKED));
    block_end(x, false);
    CHECK(bench_heard(x, "*-1|") && b->engine.blocking.nokey_keys == 0);
    bench_end(b);
}

TEST(the_deadline_is_exact_and_belongs_to_the_wait)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *x = bench_client(b), *y = bench_client(b), *p = bench_client(b);
    bench_says(x, "TAKE k");
    bench_wait(b, 500);
    bench_says(y, "TAKE k");
    CHECK(b->engine.blocking.with_deadline == 2 && b->engine.blocking.count == 2);
    bench_says(p, "PUT k"); /* x is served; its deadline goes with its wait */
    CHECK(bench_heard(x, "$1|k|") && b->engine.blocking.with_deadline == 1);
    bench_says(x, "TAKE j");
    bench_wait(b, 999);
    CHECK(bench_heard(x, "") && bench_heard(y, ""));
    bench_wait(b, 1);
    CHECK(bench_heard(x, "*-1|") && bench_heard(y, "*-1|"));
    CHECK(b->engine.blocking.with_deadline == 0 && b->engine.blocking.count == 0);
    CHECK(x->held == 0 && y->held == 0);
    bench_end(b);
}

/* A command that asked to run again at a time does so, and not during a pause. */
static int64_t wake_ms;

static void do_nap(struct call *call)
{
    struct block_options o = {.wake_ms = wake_ms};
    wake_ms = 0;
    if (call->retry && !o.wake_ms)
        reply_int(call->reply, call->engine->steady_ms);
    else
        block_on(call, &o);
}

static const struct command nap_command = {.name = "nap", .arity = 1, .handler = do_nap};
static const struct command *const nappers[] = {&nap_command, NULL};

TEST(a_wait_may_ask_to_be_woken)
{
    struct bench *b = bench_begin(nappers);
    struct client *x = bench_client(b);
    int64_t now = b->engine.steady_ms;
    wake_ms = now + 20;
    bench_says(x, "NAP");
    bench_wait(b, 19);
    CHECK(bench_heard(x, ""));
    pause_begin(&b->engine, now + 40, true);
    bench_wait(b, 1);
    CHECK(bench_heard(x, "") && (x->flags & CLIENT_BLOCKED));
    bench_wait(b, 20); /* the pause is over, the next look is not there yet */
    CHECK(bench_heard(x, ""));
    bench_wait(b, 29);
    CHECK(bench_heard(x, ""));
    bench_wait(b, 1);
    CHECK(bench_heard(x, ":1070|") && !(x->flags & CLIENT_BLOCKED));
    wake_ms = b->engine.steady_ms + 20;
    bench_says(x, "NAP");
    block_forget(x); /* its timers go with it */
    CHECK(timer_sleep_ms(&b->engine.timers, 0, 0) == -1);
    bench_end(b);
}

TEST(all_keys_of_a_database_may_be_ready_at_once)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *x = bench_client(b), *y = bench_client(b);
    bench_says(x, "TAKE k");
    y->db = &b->engine.store->dbs[1];
    bench_says(y, "TAKE k");
    db_add(x->db, string_new(BYTES("k"), BYTES("x")));
    db_add(y->db, string_new(BYTES("k"), BYTES("x")));
    block_db_ready(&b->engine, x->db);
    bench_turn(b);
    CHECK(bench_heard(x, "$1|k|") && bench_heard(y, ""));
    CHECK(block_waiting_on(&b->engine, y->db, BYTES("k"), -1) == 1);
    CHECK(block_waiting_on(&b->engine, x->db, BYTES("k"), -1) == 0);
    bench_end(b);
}

/* Answers by itself what there is when its time has come. */
static void do_patient(struct call *call)
{
    struct block_options o = {.deadline_ms = call->engine->steady_ms + 100, .null = BLOCK_AGAIN};
    if (block_has_ended(call))
        reply_int(call->reply, 7);
    else
        block_on(call, &o);
}

static const struct command patient_command = {
    .name = "patient", .arity = 1, .handler = do_patient};
static const struct command *const patients[] = {&patient_command, NULL};

TEST(a_command_may_have_the_last_word)
{
    struct bench *b = bench_begin(patients);
    struct client *x = bench_client(b);
    bench_says(x, "PATIENT");
    bench_wait(b, 99);
    CHECK(bench_heard(x, "") && (x->flags & CLIENT_BLOCKED));
    bench_wait(b, 1);
    CHECK(bench_heard(x, ":7|") && !(x->flags & CLIENT_BLOCKED));
    bench_says(x, "PATIENT");
    CHECK(block_end(x, false) && bench_heard(x, ":7|") && !block_end(x, false));
    bench_says(x, "PATIENT");
    CHECK(block_end(x, true));
    CHECK(bench_heard(x, "-UNBLOCKED client unblocked via CLIENT UNBLOCK|"));
    bench_end(b);
}

/* Who waits for the disk is looked at again when the journal moves on. */
TEST(waits_for_the_disk_are_served_on_demand)
{
    struct bench *b = bench_begin(nappers);
    struct engine *e = &b->engine;
    struct client *x = bench_client(b), *y = bench_client(b);
    int64_t later = e->steady_ms + 500;
    wake_ms = later;
    bench_says(x, "NAP");
    wake_ms = later;
    bench_says(y, "NAP");
    dlist_append(&e->clients.confirming, &x->confirming);
    wake_ms = later;
    block_serve_confirming(e); /* not yet */
    CHECK(bench_heard(x, "") && bench_heard(y, "") && dlist_empty(&e->clients.confirming));
    dlist_append(&e->clients.confirming, &x->confirming);
    dlist_append(&e->clients.confirming, &y->confirming);
    block_forget(y); /* leaves the list as well */
    block_serve_confirming(e);
    CHECK(bench_heard(x, ":1000|") && bench_heard(y, "") && dlist_empty(&e->clients.confirming));
    bench_end(b);
}

static int looks;

static void do_doze(struct call *call)
{
    struct block_options o = {.wake_ms = wake_ms};
    looks++;
    block_on(call, &o);
}

static const struct command doze_command = {.name = "doze", .arity = 1, .handler = do_doze};
static const struct command *const dozers[] = {&doze_command, NULL};

TEST(a_client_that_blocks_again_uses_its_new_wake_time)
{
    struct bench *b = bench_begin(dozers);
    struct engine *e = &b->engine;
    struct client *x = bench_client(b);
    looks = 0;
    wake_ms = e->steady_ms + 20;
    bench_says(x, "DOZE");
    wake_ms = e->steady_ms + 50;
    dlist_append(&e->clients.confirming, &x->confirming);
    block_serve_confirming(e);
    CHECK(looks == 2);
    bench_wait(b, 49);
    CHECK(looks == 2); /* what was asked for before counts no more */
    wake_ms = 0;
    bench_wait(b, 1);
    CHECK(looks == 3);
    bench_wait(b, 1000);
    CHECK(looks == 3 && (x->flags & CLIENT_BLOCKED));
    wake_ms = e->steady_ms + 20;
    dlist_append(&e->clients.confirming, &x->confirming);
    block_serve_confirming(e);
    wake_ms = 0;
    dlist_append(&e->clients.confirming, &x->confirming);
    block_serve_confirming(e);
    bench_wait(b, 1000);
    CHECK(looks == 5);
    bench_end(b);
}

TEST(a_refusal_ends_the_wait)
{
    struct bench *b = bench_begin(engine_commands);
    struct engine *e = &b->engine;
    struct client *x = bench_client(b);
    bench_says(x, "TAKE k");
    dlist_remove(&x->outgoing);
    state_set(e, ENGINE_DISK_FAILED, true);
    db_add(x->db, string_new(BYTES("k"), BYTES("x")));
    db_ready(x->db, BYTES("k"));
    block_serve(e);
    CHECK(!(x->flags & CLIENT_BLOCKED) && dlist_linked(&x->outgoing) && dlist_linked(&x->resuming));
    CHECK(db_find(x->db, BYTES("k")) && chain_pending(&x->out) > 0);
    bench_end(b);
}

TEST(a_key_is_ready_once_however_often_it_is_made)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *x = bench_client(b), *y = bench_client(b), *p = bench_client(b);
    bench_says(x, "TAKE k");
    bench_says(y, "TAKE l");
    bench_says(p, "MULTI");
    bench_says(p, "PUT k");
    bench_says(p, "PUT nobody");
    bench_says(p, "PUT l");
    bench_says(p, "PUT k");
    bench_says(p, "EXEC");
    CHECK(bench_heard(x, "$1|k|") && bench_heard(y, "$1|l|"));
    CHECK(dlist_empty(&b->engine.blocking.ready) && b->engine.blocking.keys.used == 0);
    bench_end(b);
}

/* ---- Those who stay */

struct guest {
    struct block_stay stay;
    enum block_visit says;
    struct guest *ends; /* in a visit */
    bool behind;
    int visits;
};

static enum block_visit visit(struct block_stay *s)
{
    struct guest *g = dlist_item(s, struct guest, stay);
    g->visits++;
    if (g->ends)
        block_stay_end(&g->ends->stay);
    if (g->behind)
        block_stay_behind(s);
    return g->says;
}

/* n of them wait for key k; all say the same. */
static void invite(struct bench *b, struct guest *g, int n, enum block_visit says)
{
    for (int i = 0; i < n; i++) {
        g[i] = (struct guest){.stay = {.source = 7, .visit = visit}, .says = says};
        block_stay(&b->engine, &b->engine.store->dbs[0], BYTES("k"), &g[i].stay);
    }
}

static void ready(struct bench *b)
{
    block_key_ready(&b->engine, &b->engine.store->dbs[0], BYTES("k"));
    block_serve(&b->engine);
}

static void leave(struct guest *g, int n)
{
    for (int i = 0; i < n; i++)
        block_stay_end(&g[i].stay);
}

TEST(blocked_clients_are_visited_until_one_is_served)
{
    struct bench *b = bench_begin(engine_commands);
    struct guest g[4];
    invite(b, g, 4, BLOCK_VISIT_NOTHING);
    ready(b);
    CHECK(g[0].visits == 1 && g[3].visits == 1 && !block_stays_have_work(&b->engine));
    g[1].says = BLOCK_VISIT_EMPTY; /* nobody behind it finds anything */
    ready(b);
    CHECK(g[0].visits == 2 && g[1].visits == 2 && g[2].visits == 1);
    g[2].stay.source = 8; /* who waits for something else does */
    block_stay_for(&g[2].stay, 8);
    ready(b);
    CHECK(g[1].visits == 3 && g[2].visits == 2 && g[3].visits == 1);
    leave(g, 4);
    CHECK(b->engine.store->waited == 0);
    bench_end(b);
}

TEST(a_line_that_was_left_goes_on_where_it_stood)
{
    struct bench *b = bench_begin(engine_commands);
    struct engine *e = &b->engine;
    struct guest g[3];
    invite(b, g, 3, BLOCK_VISIT_SERVED);
    for (int i = 0; i < 3; i++)
        g[i].behind = true;
    ready(b);
    CHECK(g[0].visits == 1 && g[1].visits == 0 && block_stays_have_work(e));
    ready(b); /* it has its turn later */
    CHECK(g[0].visits == 1 && g[1].visits == 0);
    block_serve_stays(e, 0);
    CHECK(g[1].visits == 1 && g[2].visits == 0);
    block_serve_stays(e, 0);
    CHECK(g[2].visits == 1 && g[0].visits == 1);
    block_serve_stays(e, 0);
    CHECK(g[0].visits == 2);
    /* One that ends moves nobody's place. */
    block_stay_end(&g[1].stay);
    for (int i = 0; i < 3; i++)
        g[i].says = BLOCK_VISIT_EMPTY;
    while (block_stays_have_work(e))
        block_serve_stays(e, 0);
    CHECK(g[1].visits == 1 && g[0].visits + g[2].visits <= 6);
    leave(g, 3);
    CHECK(dlist_empty(&e->blocking.later) && e->store->waited == 0);
    bench_end(b);
}

TEST(a_visit_may_unblock_any_client)
{
    for (int who = 0; who < 4; who++) {
        struct bench *b = bench_begin(engine_commands);
        struct guest g[4];
        invite(b, g, 4, BLOCK_VISIT_NOTHING);
        g[1].ends = &g[who];
        ready(b);
        for (int i = 0; i < 4; i++)
            CHECK(g[i].visits == (i == who && who > 1 ? 0 : 1));
        CHECK(!block_stay_waits(&g[who].stay));
        leave(g, 4);
        CHECK(b->engine.blocking.keys.used == 0);
        bench_end(b);
    }
}

UNIT_MAIN(T(first_come_first_served), T(closing_clients_are_not_served),
          T(a_key_that_is_named_twice_is_waited_for_once),
          T(a_wait_ends_once_and_as_silently_as_it_began), T(a_key_that_expires_wakes_its_waiters),
          T(the_deadline_is_exact_and_belongs_to_the_wait), T(a_wait_may_ask_to_be_woken),
          T(all_keys_of_a_database_may_be_ready_at_once), T(a_command_may_have_the_last_word),
          T(waits_for_the_disk_are_served_on_demand),
          T(a_client_that_blocks_again_uses_its_new_wake_time), T(a_refusal_ends_the_wait),
          T(a_key_is_ready_once_however_often_it_is_made),
          T(blocked_clients_are_visited_until_one_is_served),
          T(a_line_that_was_left_goes_on_where_it_stood), T(a_visit_may_unblock_any_client))
