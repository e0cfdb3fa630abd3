#include "replica/peer.h"

#include "engine_commands.h"
#include "peers.h"
#include "unit.h"

/* A replica that has everything, by the shortest way. */
static int online(struct peers *t)
{
    int i = peers_add(t);
    struct peer *p = peers_of(t, i);
    peer_wait(p);
    peer_join(p, t->replication->backlog.end + 1);
    p->state = PEER_COPYING;
    peer_is_copied(p, false);
    peers_turn(t);
    peers_got(t, i);
    return i;
}

TEST(the_first_replica_begins_a_history)
{
    struct peers *t = peers_begin(engine_commands);
    struct journal *j = t->bench->engine.journal;
    char before[HISTORY_ID_LENGTH + 1];
    memcpy(before, j->history.id, sizeof(before));
    int i = peers_add(t);
    CHECK(!peer_continue(peers_of(t, i), "?", 0) && !j->on);
    CHECK(t->replication->figures.partial_refused == 0);
    peer_wait(peers_of(t, i));
    CHECK(j->on && !history_same_id(before, j->history.id));
    CHECK((t->clients[i]->flags & CLIENT_REPLICA) && t->replication->peer_n == 1);
    CHECK(client_class(t->clients[i]) == CLASS_REPLICA);
    peers_end(t);
}

TEST(it_goes_on_where_the_backlog_reaches)
{
    struct peers *t = peers_begin(engine_commands);
    struct journal *j = t->bench->engine.journal;
    int first = online(t);
    peers_write(t, "a");
    uint64_t one = j->offset;
    peers_write(t, "b");
    peers_turn(t);
    CHECK(strcmp(peers_got(t, first),
                 "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*2\r\n$3\r\nDEL\r\n$1\r\na\r\n"
                 "*2\r\n$3\r\nDEL\r\n$1\r\nb\r\n") == 0);
    /* From within, at the end, beyond it, of another history. */
    int i = peers_add(t);
    peers_of(t, i)->psync2 = true;
    char upper[HISTORY_ID_LENGTH + 1];
    for (int k = 0; k <= HISTORY_ID_LENGTH; k++)
        upper[k] = (char)(j->history.id[k] >= 'a' ? j->history.id[k] - 32 : j->history.id[k]);
    CHECK(peer_continue(peers_of(t, i), upper, one + 1) && peers_of(t, i)->ack == one);
    peers_turn(t);
    char want[128];
    snprintf(want, sizeof(want), "+CONTINUE %s\r\n*2\r\n$3\r\nDEL\r\n$1\r\nb\r\n", j->history.id);
    CHECK(strcmp(peers_got(t, i), want) == 0);
    int last = peers_add(t), beyond = peers_add(t), other = peers_add(t);
    CHECK(!peer_continue(peers_of(t, beyond), j->history.id, j->offset + 2));
    CHECK(!peer_continue(peers_of(t, beyond), j->history.id, 0));
    CHECK(!peer_continue(peers_of(t, other), "0123456789012345678901234567890123456789", 1));
    CHECK(peer_continue(peers_of(t, last), j->history.id, j->offset + 1));
    CHECK(t->replication->figures.partial == 2 && t->replication->figures.partial_refused == 3);
    peers_turn(t);
    CHECK(strcmp(peers_got(t, last), "+CONTINUE\r\n") == 0);
    peers_end(t);
}

TEST(a_replica_takes_an_id_only_once_it_has_the_history)
{
    struct peers *t = peers_begin(engine_commands);
    struct journal *j = t->bench->engine.journal;
    int first = online(t);
    peers_write(t, "a");
    journal_shift(j, NULL);
    peers_write(t, "b");
    peers_turn(t);
    peers_got(t, first);
    /* One of ours, who lacks the end of the old history, hears of that alone and is closed. */
    int ours = peers_add(t), foreign = peers_add(t), late = peers_add(t);
    peers_of(t, ours)->run = str_new(BYTES("x"));
    peers_of(t, ours)->psync2 = peers_of(t, foreign)->psync2 = true;
    CHECK(peer_continue(peers_of(t, ours), j->history.id2, 24));
    CHECK(peer_continue(peers_of(t, foreign), j->history.id2, 24));
    CHECK(!peer_continue(peers_of(t, late), j->history.id2, j->history.second_offset + 1));
    peers_turn(t);
    char want[160];
    snprintf(want, sizeof(want), "+CONTINUE %s\r\n*2\r\n$3\r\nDEL\r\n$1\r\na\r\n", j->history.id2);
    CHECK(strcmp(peers_got(t, ours), want) == 0 && peers_is_closed(t, ours));
    snprintf(want, sizeof(want),
             "+CONTINUE %s\r\n*2\r\n$3\r\nDEL\r\n$1\r\na\r\n*2\r\n$3\r\nDEL\r\n$1\r\nb\r\n",
             j->history.id);
    CHECK(strcmp(peers_got(t, foreign), want) == 0);
    peers_end(t);
}

TEST(a_full_socket_waits_and_holds_the_backlog)
{
    struct peers *t = peers_begin(engine_commands);
    struct replication *r = t->replication;
    t->bench->settings->repl_backlog_size = 16384;
    int i = online(t);
    struct peer *p = peers_of(t, i);
    uint64_t from = p->next;
    struct bytes argv[] = {BYTES("DEL"), bytes_of(mem_zalloc(100000), 100000)};
    for (int k = 0; k < 20; k++)
        journal_add(t->bench->engine.journal, 0, argv, 2, bytes_of(NULL, 0));
    mem_free((char *)(uintptr_t)argv[1].p);
    peers_turn(t);
    CHECK(p->full && peer_lacks(p) > 0 && t->clients[i]->lacks == peer_lacks(p));
    CHECK(r->backlog.first <= p->next);
    uint64_t got = 0;
    static char piece[1 << 16];
    for (int turns = 0; turns < 10000 && p->next <= r->backlog.end; turns++) {
        for (ssize_t n; (n = read(t->ends[i], piece, sizeof(piece))) > 0;)
            got += (uint64_t)n;
        peers_turn(t);
    }
    for (ssize_t n; (n = read(t->ends[i], piece, sizeof(piece))) > 0;)
        got += (uint64_t)n;
    CHECK(peer_lacks(p) == 0 && got == r->backlog.end + 1 - from);
    peers_turn(t);
    CHECK(backlog_length(&r->backlog) <= 16384 + BACKLOG_BLOCK);
    peers_end(t);
}

TEST(who_lacks_too_much_is_closed)
{
    struct peers *t = peers_begin(engine_commands);
    struct settings *s = t->bench->settings;
    s->repl_backlog_size = 16384;
    s->output_limits[CLASS_REPLICA].hard = 1000; /* below what is kept anyway: that counts */
    s->output_limits[CLASS_REPLICA].soft = 0;
    int i = online(t);
    peers_of(t, i)->awaits_ack = true; /* is sent nothing */
    struct bytes argv[] = {BYTES("DEL"), bytes_of(mem_zalloc(15000), 15000)};
    journal_add(t->bench->engine.journal, 0, argv, 2, bytes_of(NULL, 0));
    peers_turn(t);
    CHECK(t->clients[i]);
    journal_add(t->bench->engine.journal, 0, argv, 2, bytes_of(NULL, 0));
    mem_free((char *)(uintptr_t)argv[1].p);
    peers_turn(t);
    CHECK(!t->clients[i] && t->replication->peer_n == 0);
    peers_end(t);
}

TEST(a_soft_limit_is_one_of_time)
{
    struct peers *t = peers_begin(engine_commands);
    struct settings *s = t->bench->settings;
    s->repl_backlog_size = 16384;
    s->output_limits[CLASS_REPLICA] = (struct setting_limit){.soft = 16384, .seconds = 3};
    int i = online(t);
    peers_of(t, i)->awaits_ack = true;
    struct bytes argv[] = {BYTES("DEL"), bytes_of(mem_zalloc(20000), 20000)};
    journal_add(t->bench->engine.journal, 0, argv, 2, bytes_of(NULL, 0));
    mem_free((char *)(uintptr_t)argv[1].p);
    peers_wait(t, 1000);
    peers_wait(t, 2900);
    CHECK(t->clients[i]);
    peers_wait(t, 200);
    CHECK(!t->clients[i]);
    peers_end(t);
}

TEST(acks_count_up_and_lies_are_closed)
{
    struct peers *t = peers_begin(engine_commands);
    int i = online(t), liar = online(t);
    struct peer *p = peers_of(t, i);
    peers_write(t, "a");
    peers_turn(t);
    CHECK(!p->acked);
    peer_ack(p, 20, &(uint64_t){10});
    peer_ack(p, 19, NULL);
    CHECK(p->acked && p->ack == 20 && p->fack == 10 && t->replication->ack_came);
    bench_wait(t->bench, 5000);
    CHECK(peer_lag_s(p) == 5 && peer_is_good(p, 5) && !peer_is_good(p, 4));
    peer_ack(peers_of(t, liar), t->bench->engine.journal->offset + 1, NULL);
    peers_turn(t);
    CHECK(!t->clients[liar] && t->clients[i]);
    peers_end(t);
}

/* It had applied more than its file held when it asked. */
TEST(the_first_ack_may_be_less_than_it_asked_from)
{
    struct peers *t = peers_begin(engine_commands);
    online(t);
    peers_write(t, "a");
    peers_turn(t);
    int i = peers_add(t);
    struct peer *p = peers_of(t, i);
    uint64_t end = t->bench->engine.journal->offset;
    CHECK(peer_continue(p, t->bench->engine.journal->history.id, end + 1));
    CHECK(p->ack == end && !p->acked);
    peer_ack(p, end - 3, NULL);
    CHECK(p->ack == end - 3 && p->acked);
    peer_ack(p, end, NULL);
    peer_ack(p, end - 1, NULL);
    CHECK(p->ack == end);
    peers_end(t);
}

TEST(time_outs)
{
    struct peers *t = peers_begin(engine_commands);
    int waits = peers_add(t), silent = online(t), old = online(t), copies = peers_add(t);
    peer_wait(peers_of(t, waits));
    peers_of(t, old)->by_sync = true; /* tells no offsets */
    peer_wait(peers_of(t, copies));
    peer_join(peers_of(t, copies), t->replication->backlog.end + 1);
    peers_of(t, copies)->state = PEER_COPYING;
    peers_turn(t);
    peers_got(t, waits);
    peers_wait(t, 1000);
    CHECK(strcmp(peers_got(t, waits), "\n") == 0); /* signs of life, as long as it takes */
    peers_wait(t, 59000);
    CHECK(t->clients[silent] && t->clients[copies]);
    peers_wait(t, 1001);
    CHECK(!t->clients[silent] && !t->clients[copies] && t->clients[old]);
    peers_wait(t, 100000);
    CHECK(t->clients[old]);
    peers_end(t);
}

TEST(names)
{
    struct peers *t = peers_begin(engine_commands);
    int i = peers_add(t);
    struct peer *p = peers_of(t, i);
    CHECK(strcmp(peer_name(p).text, "127.0.0.1:<unknown-replica-port>") == 0);
    p->port = 6380;
    snprintf(t->clients[i]->address, sizeof(t->clients[i]->address), "[::1]:5");
    CHECK(strcmp(peer_name(p).text, "::1:6380") == 0);
    p->ip = str_new(BYTES("replica.example"));
    CHECK(strcmp(peer_name(p).text, "replica.example:6380") == 0);
    CHECK(strcmp(peer_name(p).ip, "replica.example") == 0);
    peers_end(t);
}

UNIT_MAIN(T(the_first_replica_begins_a_history), T(it_goes_on_where_the_backlog_reaches),
          T(a_replica_takes_an_id_only_once_it_has_the_history),
          T(a_full_socket_waits_and_holds_the_backlog), T(who_lacks_too_much_is_closed),
          T(a_soft_limit_is_one_of_time), T(acks_count_up_and_lies_are_closed),
          T(the_first_ack_may_be_less_than_it_asked_from), T(time_outs), T(names))
