/* What the store tells reaches those whom it concerns. */
#include "engine/assemble.h"

#include "acl/users.h"
#include "engine/tracking.h"
#include "engine_commands.h"
#include "type/hash.h"
#include "unit.h"

TEST(an_engine_begins_with_nothing_in_it)
{
    struct bench *b = bench_begin(engine_commands);
    struct engine *e = &b->engine;
    CHECK(e->debug.active_expire && !e->commands_renamed && e->slow_path == 0);
    CHECK(e->store->count == b->settings->databases && e->users->default_user);
    CHECK(e->clients.count == 0 && dlist_empty(&e->clients.all) && e->act.client);
    CHECK(e->store->notify == b->settings->notify_flags && e->timing.slow_ticks > 0);
    bench_end(b);
}

TEST(a_change_is_told_to_watchers_and_trackers)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *w = bench_client(b), *t = bench_client(b), *p = bench_client(b);
    txn_watch(w, w->db, BYTES("k"));
    t->reply.resp = 3;
    tracking_enable(t, 0, 0, NULL, 0);
    bench_says(t, "HAS k");
    bench_says(p, "PUT k");
    CHECK(w->flags & CLIENT_TXN_STALE);
    CHECK(bench_heard(t, ":0|>2|$10|invalidate|*1|$1|k|"));
    bench_end(b);
}

TEST(what_is_flushed_is_told_to_trackers_and_what_is_swapped_is_not)
{
    struct bench *b = bench_begin(engine_commands);
    struct engine *e = &b->engine;
    struct client *t = bench_client(b), *x = bench_client(b);
    t->reply.resp = 3;
    tracking_enable(t, 0, 0, NULL, 0);
    db_swap(e->store, 0, 1);
    tracking_broadcast(e);
    CHECK(bench_heard(t, ""));
    db_flush(&e->store->dbs[0]);
    tracking_broadcast(e);
    CHECK(bench_heard(t, ">2|$10|invalidate|_|"));
    /* And who waits is served by what is swapped in. */
    bench_says(x, "TAKE k");
    db_add(&e->store->dbs[1], string_new(BYTES("k"), BYTES("x")));
    db_swap(e->store, 0, 1);
    bench_turn(b);
    CHECK(bench_heard(x, "$1|k|"));
    bench_end(b);
}

TEST(what_expires_is_journalled)
{
    struct bench *b = bench_begin_journal();
    struct engine *e = &b->engine;
    struct db *db = &e->store->dbs[0];
    add_due(db, "k", 10);
    const struct hash_limits limits = {128, 64};
    struct hash *h = hash_new();
    hash_set(&h, BYTES("f"), BYTES("1"), HASH_NO_TTL, &limits);
    hash_set(&h, BYTES("g"), BYTES("2"), HASH_NO_TTL, &limits);
    hash_set(&h, BYTES("stays"), BYTES("3"), HASH_NO_TTL, &limits);
    hash_set_deadline(&h, BYTES("f"), e->now_ms + 10);
    hash_set_deadline(&h, BYTES("g"), e->now_ms + 10);
    db_add(db, entry_new_word(BYTES("h"), VALUE_HASH, (uintptr_t)h));
    db_note_fields(db, db_find(db, BYTES("h")));
    bench_wait(b, 10);
    CHECK(!db_read(db, BYTES("k")) && bench_journalled(b, RAW_DEL("k")));
    CHECK(db_read(db, BYTES("h")));
    CHECK(bench_journalled(b, "*4\r\n$4\r\nHDEL\r\n$1\r\nh\r\n$1\r\nf\r\n$1\r\ng\r\n"));
    bench_end(b);
}

/* Something of everything that an engine holds or makes on the way. */
static void live_and_end(void)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *t = bench_client(b), *p = bench_client(b), *w = bench_client(b);
    t->reply.resp = 3;
    tracking_enable(t, 0, 0, NULL, 0);
    txn_watch(p, p->db, BYTES("k"));
    bench_says(t, "HAS k");
    bench_says(p, "PUT k");
    bench_says(p, "NOSUCH k");
    bench_says(w, "TAKE l");
    bench_says(p, "PUT l");
    bench_turn(b);
    bench_says(w, "TAKE l"); /* still waits at the end */
    rights_authenticate(p, BYTES("AUTH"), BYTES("nobody"), BYTES("x"));
    bench_end(b);
}

TEST(an_engine_that_ends_gives_back_its_memory)
{
    mem_thread_begin();
    live_and_end(); /* what the process keeps from now on */
    size_t before = mem_balance();
    live_and_end();
    CHECK(mem_balance() == before);
}

UNIT_MAIN(T(an_engine_that_ends_gives_back_its_memory), T(an_engine_begins_with_nothing_in_it),
          T(a_change_is_told_to_watchers_and_trackers),
          T(what_is_flushed_is_told_to_trackers_and_what_is_swapped_is_not),
          T(what_expires_is_journalled))
