#include "primary.h"

#include "engine/gate.h"
#include "replica/promise.h"
#include "unit.h"

TEST(a_replica_is_one_at_once)
{
    struct play p;
    play_begin(&p);
    struct engine *e = &p.bench->engine;
    CHECK(e->role == ROLE_PRIMARY && !role_follows(p.r, BYTES("127.0.0.1"), p.port));
    role_follow(p.r, "127.0.0.1", p.port, false);
    CHECK(e->role == ROLE_REPLICA_DOWN && replication_is_replica(p.r));
    CHECK(role_follows(p.r, BYTES("127.0.0.1"), p.port) && !role_follows(p.r, BYTES("x"), p.port));
    CHECK(strncmp(e->settings->replicaof, "127.0.0.1 ", 10) == 0);
    replica_read(p.r);
    CHECK(e->journal->mode == JOURNAL_RAW && backlog_is_open(&p.r->backlog) && e->journal->on);
    play_end(&p);
}

TEST(its_state_is_that_of_the_link)
{
    struct play p;
    play_begin(&p);
    CHECK(play_connect(&p) && p.bench->engine.role == ROLE_REPLICA_UP);
    role_follow(p.r, "127.0.0.1", 1, false);
    CHECK(p.bench->engine.role == ROLE_REPLICA_DOWN && play_has_left(&p));
    CHECK(strcmp(p.bench->engine.settings->replicaof, "127.0.0.1 1") == 0);
    play_end(&p);
}

TEST(promotion_starts_a_history_after_the_old_one)
{
    struct play p;
    play_begin(&p);
    CHECK(play_connect(&p));
    struct engine *e = &p.bench->engine;
    role_promote(p.r);
    const struct history *h = &e->journal->history;
    CHECK(e->role == ROLE_PRIMARY && !replication_is_replica(p.r) && play_has_left(&p));
    CHECK(strcmp(h->id2, ID_A) == 0 && h->second_offset == 101 && strcmp(h->id, ID_A) != 0);
    CHECK(e->journal->mode == JOURNAL_EFFECTS && e->journal->db == -1 && !*e->settings->replicaof);
    play_end(&p);
}

/* Made a primary and a replica again, with nothing written in between: the stream goes on in the
 * database in which it was left. */
TEST(a_reconnected_replica_continues_in_the_selected_database)
{
    struct play p;
    play_begin(&p);
    p.load_db = 3;
    CHECK(play_connect(&p));
    role_promote(p.r);
    role_follow(p.r, "127.0.0.1", p.port, false);
    CHECK(play_accepts(&p) && play_shakes_hands(&p));
    CHECK(play_is(&p, "*3|$5|PSYNC|$40|" ID_A "|$3|101|"));
    play_says(&p, "+CONTINUE " ID_A "\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n");
    const struct store *s = p.bench->engine.store;
    CHECK(s->dbs[3].keys.used == 1 && s->dbs[0].keys.used == 0);
    play_end(&p);
}

/* A transaction may have written before it makes the server a replica: what it wrote belongs to
 * the old history. */
TEST(the_journal_waits_for_the_end_of_a_group)
{
    struct play p;
    play_begin(&p);
    struct engine *e = &p.bench->engine;
    bench_journal(p.bench);
    struct bytes set[] = {BYTES("SET"), BYTES("a"), BYTES("1")};
    journal_group_begin(e->journal);
    journal_add(e->journal, 0, set, 3, bytes_of(NULL, 0));
    role_follow(p.r, "127.0.0.1", p.port, false);
    CHECK(e->journal->mode == JOURNAL_EFFECTS);
    journal_group_end(e->journal);
    replica_read(p.r);
    CHECK(e->journal->mode == JOURNAL_RAW && e->journal->offset == 27);
    /* And a server that is made a primary again before has never been anything else. */
    role_promote(p.r);
    role_follow(p.r, "127.0.0.1", p.port, false);
    role_promote(p.r);
    CHECK(e->journal->mode == JOURNAL_EFFECTS && journal_is_sound(e->journal));
    play_end(&p);
}

TEST(waiting_clients_hear_of_it)
{
    struct play p;
    play_begin(&p);
    struct client *c = bench_client(p.bench);
    bench_says(c, "TAKE a");
    CHECK(c->wait);
    role_follow(p.r, "127.0.0.1", p.port, false);
    CHECK(!c->wait && !client_is_staying(c));
    CHECK(bench_heard(c, "-UNBLOCKED force unblock from blocking operation, instance state changed "
                         "(master -> replica?)|"));
    play_end(&p);
}

/* The new primary may lack what no replica has confirmed: nobody hears that it was written. */
TEST(what_no_replica_has_confirmed_is_never_answered)
{
    struct play p;
    play_begin(&p);
    struct engine *e = &p.bench->engine;
    struct client *held = bench_client(p.bench), *reads = bench_client(p.bench);
    bench_journal(p.bench);
    gate_tell_replicas(e, 0);
    bench_says(held, "SET a 1");
    bench_says(reads, "GET b");
    CHECK(gate_sendable(held) == 0);
    role_follow(p.r, "127.0.0.1", p.port, false);
    CHECK((held->flags & CLIENT_CLOSING) && !(reads->flags & CLIENT_CLOSING));
    CHECK(bench_heard(reads, "$-1|"));
    play_end(&p);
}

TEST(the_start_follows_the_setting)
{
    struct play p;
    play_begin(&p);
    role_begin(p.r);
    CHECK(!replication_is_replica(p.r));
    mem_free(p.bench->settings->replicaof);
    p.bench->settings->replicaof = mem_copy_text("localhost 7", 11);
    role_begin(p.r);
    CHECK(role_follows(p.r, BYTES("localhost"), 7));
    play_end(&p);
}

/* One that has nothing, too: promoted before it has got anything, it belongs to the family of those
 * who ask it, and fetches from them instead of copying its nothing over them. */
TEST(a_replica_without_data_is_of_no_family)
{
    struct play p;
    const char *other = "6d696c6c"
                        "00000007"
                        "0123456789abcdef"
                        "01234567";
    play_begin(&p);
    p.bench->settings->min_replicas_to_ack = 1;
    mem_free(p.bench->settings->replicaof);
    p.bench->settings->replicaof = mem_copy_text("localhost 7", 11);
    role_begin(p.r);
    CHECK(promise_is_related(p.r, other));
    role_promote(p.r);
    CHECK(promise_is_related(p.r, other) && replication_is_unconfirmed(p.r));
    CHECK(promise_is_ahead((struct promise_place){other, 1}, promise_our_place(p.r)));
    play_end(&p);
}

UNIT_MAIN(T(a_replica_is_one_at_once), T(its_state_is_that_of_the_link),
          T(promotion_starts_a_history_after_the_old_one),
          T(the_journal_waits_for_the_end_of_a_group), T(waiting_clients_hear_of_it),
          T(a_reconnected_replica_continues_in_the_selected_database),
          T(what_no_replica_has_confirmed_is_never_answered), T(the_start_follows_the_setting),
          T(a_replica_without_data_is_of_no_family))
