#include "engine/txn.h"

#include "engine_commands.h"
#include "unit.h"

/* Faults P4, compat 2.6. */
TEST(watches_are_kept_by_key)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *c = bench_client(b), *d = bench_client(b);
    struct entry *e = string_new(BYTES("due"), BYTES("x"));
    db_add(c->db, e);
    db_set_deadline(c->db, e, 1);
    for (int i = 0; i < 3; i++)
        txn_watch(c, c->db, BYTES("due")), txn_watch(c, c->db, BYTES("k"));
    txn_watch(d, c->db, BYTES("k"));
    CHECK(txn_watch_count(c) == 2 && b->engine.watched.used == 2);
    db_flush(c->db);
    CHECK(!(c->flags & CLIENT_TXN_STALE) && !txn_watched_expired(c));
    bench_says(d, "PUT due");
    CHECK((c->flags & CLIENT_TXN_STALE) && !(d->flags & CLIENT_TXN_STALE));
    txn_unwatch(c);
    CHECK(txn_watch_count(c) == 0 && b->engine.watched.used == 1);
    bench_end(b);
}

/* Faults B7. */
TEST(a_transaction_is_whole_though_it_ends_its_client)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *x = bench_client(b);
    bench_says(x, "MULTI");
    bench_says(x, "PUT a");
    bench_says(x, "END");
    bench_says(x, "PUT b");
    bench_says(x, "EXEC");
    CHECK(bench_heard(x, "+OK|+QUEUED|+QUEUED|+QUEUED|*3|+OK|+OK|+OK|"));
    CHECK(!client_is_staying(x) && x->db->keys.used == 2);
    bench_says(x, "PUT c");
    CHECK(bench_heard(x, "") && x->db->keys.used == 2);
    bench_end(b);
}

TEST(the_queue_is_counted_and_let_go)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *c = bench_client(b);
    bench_says(c, "MULTI");
    for (int i = 0; i < 20; i++) {
        size_t held = c->held;
        bench_says(c, i == 7 ? "PUT k" : "HAS k");
        CHECK(c->txn->n == (size_t)i + 1 && c->held > held && c->held == c->txn->memory);
    }
    CHECK((c->txn->flags & COMMAND_WRITE) && (c->txn->flags & COMMAND_READONLY));
    CHECK((c->txn->lacking & COMMAND_WRITE) && (c->txn->lacking & COMMAND_READONLY));
    CHECK(c->txn->commands[7].command == &put_command && c->txn->commands[7].argc == 2);
    CHECK(bytes_is(c->txn->commands[19].argv[0], "HAS"));
    CHECK(bytes_is(c->txn->commands[19].argv[1], "k") && !db_read(c->db, BYTES("k")));
    c->flags |= CLIENT_TXN_BROKEN | CLIENT_TXN_STALE;
    txn_end(c);
    CHECK(!c->txn && c->held == 0 && b->engine.clients.held == 0);
    CHECK(!(c->flags & (CLIENT_MULTI | CLIENT_TXN_BROKEN | CLIENT_TXN_STALE)));
    bench_end(b);
}

TEST(a_change_of_another_key_or_database_is_none)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *c = bench_client(b), *d = bench_client(b);
    CHECK(txn_watch_count(c) == 0);
    txn_watch(c, c->db, BYTES("k"));
    CHECK(txn_watch_count(c) == 1);
    bench_says(d, "PUT j");
    bench_says(d, "HAS k");
    d->db = &b->engine.store->dbs[1];
    bench_says(d, "PUT k");
    CHECK(!(c->flags & CLIENT_TXN_STALE) && b->engine.store->watched == 1);
    d->db = c->db;
    bench_says(d, "PUT k");
    CHECK(c->flags & CLIENT_TXN_STALE);
    txn_unwatch(c);
    CHECK(!(c->flags & CLIENT_TXN_STALE) && b->engine.store->watched == 0 && c->txn &&
          c->held == 0);
    bench_end(b);
}

TEST(flushing_and_swapping_change_what_was_or_will_be_there)
{
    for (int there = 0; there < 2; there++)
        for (int other = 0; other < 2; other++)
            for (int swap = 0; swap < 2; swap++) {
                struct bench *b = bench_begin(engine_commands);
                struct store *s = b->engine.store;
                struct client *c = bench_client(b);
                if (there)
                    db_add(&s->dbs[0], string_new(BYTES("k"), BYTES("x")));
                if (other)
                    db_add(&s->dbs[1], string_new(BYTES("k"), BYTES("x")));
                db_add(&s->dbs[0], string_new(BYTES("unwatched"), BYTES("x")));
                txn_watch(c, &s->dbs[0], BYTES("k"));
                if (swap)
                    db_swap(s, 0, 1);
                else
                    db_flush(&s->dbs[0]);
                bool changed = there || (swap && other);
                CHECK(((c->flags & CLIENT_TXN_STALE) != 0) == changed);
                bench_end(b);
            }
}

TEST(a_watched_key_that_expires_is_noticed)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *c = bench_client(b);
    add_due(c->db, "k", 10);
    add_due(c->db, "was", -1); /* is due when it is watched: absent then and now */
    txn_watch(c, c->db, BYTES("k"));
    txn_watch(c, c->db, BYTES("was"));
    CHECK(!txn_watched_expired(c));
    bench_wait(b, 10);
    CHECK(txn_watched_expired(c));
    CHECK(!db_read(c->db, BYTES("was")) && !(c->flags & CLIENT_TXN_STALE));
    CHECK(!db_read(c->db, BYTES("k")) && (c->flags & CLIENT_TXN_STALE));
    bench_end(b);
}

/* Keys are watched in both of the databases that are swapped, and in a third one. */
TEST(swapping_changes_keys_of_both)
{
    for (int has = 0; has < 3; has++) {
        struct bench *b = bench_begin(engine_commands);
        struct store *s = b->engine.store;
        struct client *c[3];
        db_add(&s->dbs[has], string_new(BYTES("k"), BYTES("x")));
        for (int i = 0; i < 3; i++) {
            c[i] = bench_client(b);
            txn_watch(c[i], &s->dbs[i], BYTES("k"));
        }
        db_swap(s, 0, 1);
        for (int i = 0; i < 3; i++)
            CHECK(((c[i]->flags & CLIENT_TXN_STALE) != 0) == (has < 2 && i < 2));
        bench_end(b);
    }
}

UNIT_MAIN(T(watches_are_kept_by_key), T(a_transaction_is_whole_though_it_ends_its_client),
          T(the_queue_is_counted_and_let_go), T(a_change_of_another_key_or_database_is_none),
          T(flushing_and_swapping_change_what_was_or_will_be_there),
          T(a_watched_key_that_expires_is_noticed), T(swapping_changes_keys_of_both))
