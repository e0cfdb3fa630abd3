#include "primary.h"

#include "base/clock.h"
#include "base/crc.h"
#include "engine/state.h"
#include "replica/apply.h"
#include "replica/link.h"
#include "unit.h"

#define SET(k, v) "*3\r\n$3\r\nSET\r\n$1\r\n" k "\r\n$1\r\n" v "\r\n"
#define GETACK    "*3\r\n$8\r\nREPLCONF\r\n$6\r\nGETACK\r\n$1\r\n*\r\n"

static uint64_t offset_of(const struct play *p)
{
    return p->bench->engine.journal->offset;
}

/* A batch of these takes longer than a turn has. */
static void dawdle(void)
{
    clock_delay(LINK_TURN_US / APPLY_AHEAD + 50, 0);
}

TEST(everything_is_asked_for_received_and_loaded)
{
    struct play p;
    play_begin(&p);
    p.load_db = 2;
    role_follow(p.r, "127.0.0.1", p.port, true);
    CHECK(play_accepts(&p) && play_shakes_hands(&p));
    CHECK(play_is(&p, "*3|$5|PSYNC|$1|?|$2|-1|"));
    play_says(&p, "\n\n+FULLRESYNC " ID_A " 100\r\n\n");
    CHECK(play_state(&p) == FOLLOW_TRANSFER && play_is(&p, ""));
    play_sends_snapshot(&p);
    CHECK(play_is(&p, "|*3|$8|REPLCONF|$3|ACK|$3|100|") && play_state(&p) == FOLLOW_CONNECTED);
    CHECK(p.loads == 1 && p.load_ended == 1 && strncmp(p.loaded, "REDIS0010", 9) == 0);
    CHECK(strcmp(p.bench->engine.journal->history.id, ID_A) == 0 && offset_of(&p) == 100);
    play_says(&p, SET("a", "1"));
    CHECK(offset_of(&p) == 127 && p.bench->engine.store->dbs[2].keys.used == 1);
    CHECK(p.r->figures.bytes_in > 127);
    play_end(&p);
}

TEST(offsets_are_told_each_second_and_when_asked)
{
    struct play p;
    play_begin(&p);
    CHECK(play_connect(&p));
    play_says(&p, SET("a", "1") GETACK);
    CHECK(play_is(&p, "*3|$8|REPLCONF|$3|ACK|$3|127|"));
    play_wait(&p, 999);
    CHECK(play_is(&p, ""));
    play_wait(&p, 2);
    CHECK(play_is(&p, "*3|$8|REPLCONF|$3|ACK|$3|164|"));
    play_end(&p);
}

TEST(what_was_asked_for_is_told_when_the_file_has_it)
{
    struct play p;
    struct journal_reader file = {0};
    play_begin(&p);
    CHECK(play_connect(&p));
    journal_attach(p.bench->engine.journal, &file);
    play_says(&p, SET("a", "1") GETACK);
    CHECK(play_is(&p, "*3|$8|REPLCONF|$3|ACK|$3|100|") && offset_of(&p) == 164);
    play_turn(&p);
    CHECK(play_is(&p, ""));
    journal_skip(&file);
    play_turn(&p);
    CHECK(play_is(&p, "*3|$8|REPLCONF|$3|ACK|$3|164|"));
    play_turn(&p);
    CHECK(play_is(&p, ""));
    journal_detach(&file);
    play_end(&p);
}

TEST(a_cut_costs_the_missing_bytes)
{
    struct play p;
    play_begin(&p);
    CHECK(play_connect(&p));
    play_says(&p, SET("a", "1") "*1\r\n$5\r\nMULTI\r\n" SET("b", "2"));
    CHECK(play_accepts(&p) && play_shakes_hands(&p));
    CHECK(play_is(&p, "*3|$5|PSYNC|$40|" ID_A "|$3|128|"));
    play_says(&p, "+CONTINUE\r\n" SET("c", "3"));
    CHECK(play_is(&p, "*3|$8|REPLCONF|$3|ACK|$3|154|") && offset_of(&p) == 154);
    CHECK(p.loads == 1 && p.bench->engine.store->dbs[0].keys.used == 2);
    play_end(&p);
}

TEST(another_history_may_go_on_where_ours_ends)
{
    struct play p;
    play_begin(&p);
    CHECK(play_connect(&p));
    const struct history *h = &p.bench->engine.journal->history;
    CHECK(play_accepts(&p) && play_shakes_hands(&p));
    CHECK(play_is(&p, "*3|$5|PSYNC|$40|" ID_A "|$3|101|"));
    play_says(&p, "+CONTINUE " ID_B "\r\n");
    CHECK(strcmp(h->id, ID_B) == 0 && strcmp(h->id2, ID_A) == 0 && h->second_offset == 101);
    /* Nothing of it has come: what we hold is a place in the one before. */
    CHECK(play_accepts(&p) && play_shakes_hands(&p));
    CHECK(play_is(&p, "*3|$5|PSYNC|$40|" ID_A "|$3|101|"));
    play_says(&p, "+CONTINUE " ID_B "\r\n" SET("a", "1"));
    CHECK(play_accepts(&p) && play_shakes_hands(&p));
    CHECK(play_is(&p, "*3|$5|PSYNC|$40|" ID_B "|$3|128|"));
    play_end(&p);
}

TEST(a_former_primary_asks_for_the_rest)
{
    struct play p;
    char want[128];
    play_begin(&p);
    bench_journal(p.bench);
    struct client *c = bench_client(p.bench);
    bench_says(c, "SET a 1");
    snprintf(want, sizeof(want), "*3|$5|PSYNC|$40|%s|$2|28|", p.bench->engine.journal->history.id);
    role_follow(p.r, "127.0.0.1", p.port, false);
    CHECK(play_accepts(&p) && play_shakes_hands(&p) && play_is(&p, want));
    play_end(&p);
}

TEST(names_and_passwords_are_told)
{
    struct play p;
    play_begin(&p);
    struct settings *s = p.bench->settings;
    mem_free(s->masterauth);
    s->masterauth = mem_copy_text("pw", 2);
    mem_free(s->replica_announce_ip);
    s->replica_announce_ip = mem_copy_text("1.2.3.4", 7);
    s->replica_announce_port = 77;
    role_follow(p.r, "127.0.0.1", p.port, true);
    CHECK(play_accepts(&p) && play_is(&p, "*1|$4|PING|"));
    play_says(&p, "-NOAUTH Authentication required.\r\n");
    CHECK(strncmp(play_hears(&p),
                  "*2|$4|AUTH|$2|pw|*3|$8|REPLCONF|$14|listening-port|$2|77|"
                  "*3|$8|REPLCONF|$10|ip-address|$7|1.2.3.4|*5|$8|REPLCONF|$4|capa|",
                  100) == 0);
    play_says(&p, "-WRONGPASS no\r\n");
    CHECK(play_has_left(&p) && play_state(&p) == FOLLOW_CONNECT);
    mem_free(s->masteruser);
    s->masteruser = mem_copy_text("me", 2);
    play_wait(&p, 1000);
    CHECK(play_accepts(&p) && play_is(&p, "*1|$4|PING|"));
    play_says(&p, "+PONG\r\n");
    CHECK(strncmp(play_hears(&p), "*3|$4|AUTH|$2|me|$2|pw|", 23) == 0);
    play_end(&p);
}

TEST(a_primary_that_is_busy_is_retried)
{
    struct play p;
    play_begin(&p);
    CHECK(play_connect(&p));
    CHECK(play_accepts(&p) && play_shakes_hands(&p));
    play_hears(&p);
    play_says(&p, "-NOMASTERLINK Can't SYNC while not connected with my master\r\n");
    CHECK(play_has_left(&p) && play_state(&p) == FOLLOW_CONNECT);
    play_wait(&p, 100);
    CHECK(play_accepts(&p) && play_shakes_hands(&p));
    CHECK(play_is(&p, "*3|$5|PSYNC|$40|" ID_A "|$3|101|"));
    play_end(&p);
}

/* Up to PSYNC, with a primary that waits for its confirmation. */
static bool asks_unconfirmed(struct play *p)
{
    bool same = play_accepts(p) && play_is(p, "*1|$4|PING|");
    play_says(p, "+PONG\r\n");
    play_hears(p);
    play_says(p, "+OK\r\n+OK\r\n+OK\r\n+OK 6d696c6c00000001aaaaaaaa1111111111111111 100\r\n");
    return same && play_is(p, "*3|$5|PSYNC|$40|" ID_A "|$3|101|");
}

/* The first delay is 0: the clock does not move on. */
TEST(a_primary_that_looks_for_its_confirmation_is_asked_again_at_once)
{
    struct play p;
    play_begin(&p);
    CHECK(play_connect(&p));
    CHECK(asks_unconfirmed(&p));
    play_says(&p, "-NOMASTERLINK The ID has changed: ask again\r\n");
    CHECK(asks_unconfirmed(&p));
    play_says(&p, "-NOMASTERLINK Fetching what this replica has and I have not\r\n");
    CHECK(play_state(&p) == FOLLOW_CONNECT);
    play_wait(&p, 19);
    CHECK(play_state(&p) == FOLLOW_CONNECT);
    play_wait(&p, 1);
    CHECK(asks_unconfirmed(&p));
    play_says(&p, "+CONTINUE\r\n");
    CHECK(play_state(&p) == FOLLOW_CONNECTED);
    play_end(&p);
}

/* It is restarting: tried again as if it were unreachable. */
TEST(a_primary_that_loads_is_tried_again_soon)
{
    struct play p;
    play_begin(&p);
    CHECK(play_connect(&p));
    CHECK(play_accepts(&p) && play_is(&p, "*1|$4|PING|"));
    play_says(&p, "-LOADING Redis is loading the dataset in memory\r\n");
    CHECK(play_has_left(&p) && play_state(&p) == FOLLOW_CONNECT);
    play_wait(&p, 100);
    CHECK(play_accepts(&p) && play_is(&p, "*1|$4|PING|"));
    play_end(&p);
}

TEST(an_old_primary_is_asked_by_sync)
{
    struct play p;
    play_begin(&p);
    role_follow(p.r, "127.0.0.1", p.port, false);
    CHECK(play_accepts(&p) && play_shakes_hands(&p));
    play_hears(&p);
    play_says(&p, "-ERR unknown command 'PSYNC'\r\n");
    CHECK(play_is(&p, "SYNC|"));
    play_sends_snapshot(&p);
    CHECK(play_state(&p) == FOLLOW_CONNECTED && offset_of(&p) == 0);
    play_says(&p, SET("a", "1"));
    CHECK(offset_of(&p) == 27);
    play_hears(&p);
    play_wait(&p, 1001);
    CHECK(play_is(&p, "|"));
    CHECK(play_accepts(&p) && play_shakes_hands(&p) && play_is(&p, "*3|$5|PSYNC|$1|?|$2|-1|"));
    play_end(&p);
}

/* What it says is refused, the link dropped, and what we hold kept. */
static bool drops(const char *state, const char *text)
{
    struct play p;
    play_begin(&p);
    bool good = play_connect(&p) && play_accepts(&p);
    if (*state != 'p')
        good = good && play_shakes_hands(&p);
    play_hears(&p);
    if (*state == 't') {
        play_says(&p, "+FULLRESYNC " ID_B " 7\r\n");
    }
    play_says(&p, text);
    good = good && play_has_left(&p) && play_state(&p) == FOLLOW_CONNECT && p.loads == 1;
    good = good && strcmp(p.bench->engine.journal->history.id, ID_A) == 0;
    play_end(&p);
    return good;
}

TEST(what_it_should_not_say_drops_the_link)
{
    CHECK(drops("ping", "-ERR no\r\n"));
    CHECK(drops("ask", "+FULLRESYNC\r\n") && drops("ask", "+FULLRESYNC " ID_B "\r\n"));
    CHECK(drops("ask", "+FULLRESYNC " ID_B " x\r\n") && drops("ask", "+WHAT\r\n"));
    CHECK(drops("transfer", "-ERR no\r\n") && drops("transfer", "$x\r\n"));
    CHECK(drops("transfer", "$18\r\nREDIS0010\xff"
                            "12345678"));
    char long_line[5000];
    memset(long_line, 'x', sizeof(long_line));
    long_line[sizeof(long_line) - 1] = 0;
    CHECK(drops("ask", long_line));
}

/* Redis crashes on this. */
TEST(continue_is_invalid_for_a_full_resync_request)
{
    struct play p;
    play_begin(&p);
    role_follow(p.r, "127.0.0.1", p.port, true);
    CHECK(play_accepts(&p) && play_shakes_hands(&p));
    CHECK(play_is(&p, "*3|$5|PSYNC|$1|?|$2|-1|"));
    play_says(&p, "+CONTINUE " ID_B "\r\n");
    CHECK(play_has_left(&p) && play_state(&p) == FOLLOW_CONNECT);
    play_end(&p);
}

TEST(a_load_that_fails_leaves_nothing_to_go_on_with)
{
    struct play p;
    play_begin(&p);
    p.load_ends = REPLICATION_LOAD_FAILED;
    role_follow(p.r, "127.0.0.1", p.port, false);
    CHECK(play_accepts(&p) && play_shakes_hands(&p));
    play_hears(&p);
    play_says(&p, "+FULLRESYNC " ID_A " 100\r\n");
    play_sends_snapshot(&p);
    CHECK(play_state(&p) == FOLLOW_CONNECT && p.load_ended == 1 && offset_of(&p) == 0);
    play_wait(&p, 100);
    CHECK(play_accepts(&p) && play_shakes_hands(&p) && play_is(&p, "*3|$5|PSYNC|$1|?|$2|-1|"));
    play_end(&p);
}

/* What there was is kept, and asked from there. */
TEST(a_load_beside_that_fails_changes_nothing)
{
    struct play p;
    play_begin(&p);
    p.bench->settings->repl_diskless_load = 2;
    CHECK(play_connect(&p));
    p.load_ends = REPLICATION_KEPT;
    CHECK(play_accepts(&p) && play_shakes_hands(&p));
    play_hears(&p);
    play_says(&p, "+FULLRESYNC " ID_B " 7\r\n");
    play_sends_snapshot(&p);
    CHECK(p.loads == 2 && play_state(&p) == FOLLOW_CONNECT && offset_of(&p) == 100);
    play_wait(&p, 100);
    CHECK(play_accepts(&p) && play_shakes_hands(&p));
    CHECK(play_is(&p, "*3|$5|PSYNC|$40|" ID_A "|$3|101|"));
    play_end(&p);
}

TEST(garbage_in_the_stream_means_everything_anew)
{
    struct play p;
    play_begin(&p);
    CHECK(play_connect(&p));
    play_says(&p, "garbage\r\n");
    CHECK(play_has_left(&p));
    play_wait(&p, 1000);
    CHECK(play_accepts(&p) && play_shakes_hands(&p) && play_is(&p, "*3|$5|PSYNC|$1|?|$2|-1|"));
    play_end(&p);
}

TEST(silence_ends_a_link_in_any_state)
{
    static const char *const answers[] = {"+PONG\r\n", "+OK\r\n+OK\r\n+OK\r\n+OK\r\n",
                                          "+FULLRESYNC " ID_A " 100\r\n", "$100\r\n"};
    for (int n = 0; n <= 4; n++) {
        struct play p;
        play_begin(&p);
        role_follow(p.r, "127.0.0.1", p.port, false);
        CHECK(play_accepts(&p));
        for (int i = 0; i < n; i++) {
            play_hears(&p);
            play_says(&p, answers[i]);
        }
        play_hears(&p);
        play_wait(&p, 59000);
        play_wait(&p, 900);
        CHECK(play_state(&p) > FOLLOW_CONNECTING && play_state(&p) < FOLLOW_CONNECTED);
        play_wait(&p, 1101);
        CHECK(play_has_left(&p));
        play_end(&p);
    }
}

/* It puts nothing into the stream, and waits for up to repl-timeout with a single replica. */
TEST(a_primary_that_is_not_confirmed_may_be_silent_for_longer)
{
    for (int open = 0; open < 2; open++) {
        struct play p;
        play_begin(&p);
        role_follow(p.r, "127.0.0.1", p.port, false);
        CHECK(play_accepts(&p));
        play_hears(&p);
        play_says(&p, "+PONG\r\n");
        play_hears(&p);
        play_says(&p, "+OK\r\n+OK\r\n+OK\r\n");
        play_says(&p, open ? "+OK 6d696c6c00000001aaaaaaaa1111111111111111 100\r\n"
                           : "+OK " ID_A " 0\r\n");
        play_hears(&p);
        play_says(&p, "+FULLRESYNC " ID_A " 100\r\n");
        play_sends_snapshot(&p);
        play_hears(&p);
        for (int seconds = 0; seconds < 62; seconds++)
            play_wait(&p, 1000);
        CHECK((play_state(&p) == FOLLOW_CONNECTED) == open);
        for (int seconds = 0; seconds < 60; seconds++)
            play_wait(&p, 1000);
        CHECK(play_state(&p) != FOLLOW_CONNECTED);
        play_end(&p);
    }
}

TEST(refused_connections_are_tried_often_at_first)
{
    struct play p;
    play_begin(&p);
    close(p.listening);
    p.listening = -1;
    role_follow(p.r, "127.0.0.1", p.port, false);
    /* Ten seconds in steps of 100 ms, then each second. */
    for (int i = 0; i < 104; i++) {
        int64_t delay = i < 100 ? 100 : 1000;
        for (int k = 0; k < 20 && (k < 3 || play_state(&p) != FOLLOW_CONNECT); k++)
            play_turn(&p);
        CHECK(play_state(&p) == FOLLOW_CONNECT && !follow_has_work(p.r->follow));
        bench_wait(p.bench, delay - 1);
        replica_read(p.r);
        CHECK(play_state(&p) == FOLLOW_CONNECT);
        bench_wait(p.bench, 1);
        replica_read(p.r);
        struct follow_figures f;
        follow_figures(p.r->follow, &f);
        CHECK(f.state == FOLLOW_CONNECTING || f.state == FOLLOW_CONNECT);
    }
    play_end(&p);
}

static int64_t waiting(const struct play *p)
{
    struct follow_figures f;
    follow_figures(p->r->follow, &f);
    return f.waiting;
}

/* What has come and is not applied is told: half a command, too. */
TEST(how_much_of_the_stream_waits_is_known_while_the_link_is_up)
{
    struct play p;
    play_begin(&p);
    CHECK(play_connect(&p) && waiting(&p) == 0);
    play_says(&p, "*3\r\n$3\r\nSET\r\n");
    CHECK(waiting(&p) == 13 && offset_of(&p) == 100);
    play_says(&p, "$1\r\na\r\n$1\r\n1\r\n");
    CHECK(waiting(&p) == 0 && offset_of(&p) == 127);
    close(p.link);
    p.link = -1;
    for (int i = 0; i < 100 && waiting(&p) >= 0; i++)
        play_turn(&p);
    CHECK(waiting(&p) == -1);
    play_end(&p);
}

/* What our file cannot take is not applied either, unless that is asked for. */
TEST(a_disk_that_fails_holds_the_stream)
{
    struct play p;
    play_begin(&p);
    struct engine *e = &p.bench->engine;
    CHECK(play_connect(&p));
    state_set_disk_error(e, -ENOSPC);
    play_turn(&p);
    play_says(&p, SET("a", "1"));
    CHECK(offset_of(&p) == 100 && !follow_has_work(p.r->follow));
    CHECK(waiting(&p) == 27);
    play_wait(&p, 1001);
    CHECK(play_is(&p, "*3|$8|REPLCONF|$3|ACK|$3|100|") && offset_of(&p) == 100);
    /* However long: the primary is not silent, we do not listen. */
    for (int i = 0; i < 130; i++)
        play_wait(&p, 1001);
    CHECK(play_state(&p) == FOLLOW_CONNECTED && offset_of(&p) == 100);
    play_hears(&p);
    state_set_disk_error(e, 0);
    play_wait(&p, 1001);
    CHECK(play_is(&p, "*3|$8|REPLCONF|$3|ACK|$3|100|") && offset_of(&p) == 127);
    state_set_disk_error(e, -ENOSPC);
    e->settings->replica_ignore_disk_write_errors = 1;
    play_says(&p, SET("a", "2"));
    CHECK(offset_of(&p) == 154);
    play_end(&p);
}

/* CLIENT KILL TYPE master. */
TEST(a_killed_link_comes_back)
{
    struct play p;
    play_begin(&p);
    CHECK(play_connect(&p));
    struct dlist_node *n = p.bench->engine.clients.all.next;
    struct client *c = dlist_item(n, struct client, all);
    CHECK(c->flags & CLIENT_PRIMARY);
    client_close(c);
    play_turn(&p);
    CHECK(p.bench->engine.clients.count == 0 && play_accepts(&p) && play_shakes_hands(&p));
    CHECK(play_is(&p, "*3|$5|PSYNC|$40|" ID_A "|$3|101|"));
    play_end(&p);
}

/* The primary died: sending the ACK fails before the rest of its stream was read. */
TEST(what_a_dead_primary_sent_is_applied)
{
    struct play p;
    play_begin(&p);
    CHECK(play_connect(&p));
    state_set_disk_error(&p.bench->engine, -ENOSPC); /* nothing is read */
    CHECK(send(p.link, SET("a", "1"), sizeof(SET("a", "1")) - 1, 0) > 0);
    CHECK(setsockopt(p.link, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1},
                     sizeof(struct linger)) == 0);
    close(p.link);
    p.link = -1;
    play_wait(&p, 1001);
    play_wait(&p, 1001);
    CHECK(offset_of(&p) == 100);
    state_set_disk_error(&p.bench->engine, 0);
    CHECK(play_accepts(&p) && offset_of(&p) == 127);
    CHECK(p.bench->engine.store->dbs[0].keys.used == 1);
    play_end(&p);
}

/* What was received is applied over several turns before more is read. */
TEST(a_long_stream_is_applied_in_turns)
{
    enum { SETS = 40000 };
    struct play p;
    struct buf b = {0};
    play_begin(&p);
    CHECK(play_connect(&p));
    for (int i = 0; i < SETS; i++)
        buf_add_text(&b, SET("a", "1"));
    uint64_t most = 0;
    for (size_t sent = 0; offset_of(&p) < 100 + b.n;) {
        ssize_t n = send(p.link, b.p + sent, b.n - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        sent += n > 0 ? (size_t)n : 0;
        uint64_t before = offset_of(&p);
        play_turn(&p);
        most = offset_of(&p) - before > most ? offset_of(&p) - before : most;
    }
    CHECK(most < LINK_TURN_BYTES + (128 << 10) + 27);
    buf_free(&b);
    play_end(&p);
}

/* The primary is not silent while what it has sent is still being applied. */
TEST(what_takes_long_to_apply_is_no_silence)
{
    enum { LOOKS = APPLY_AHEAD * 8 };
    struct play p;
    struct buf b = {0};
    play_begin(&p);
    CHECK(play_connect(&p));
    look = dawdle;
    for (int i = 0; i < LOOKS; i++)
        buf_add_text(&b, "*1\r\n$4\r\nLOOK\r\n");
    CHECK(send(p.link, b.p, b.n, 0) == (ssize_t)b.n);
    for (int i = 0; i < LOOKS && offset_of(&p) < 100 + b.n; i++) {
        play_wait(&p, p.bench->settings->repl_timeout * 600);
        CHECK(play_state(&p) == FOLLOW_CONNECTED);
    }
    CHECK(offset_of(&p) == 100 + b.n);
    play_wait(&p, p.bench->settings->repl_timeout * 1000 + 1);
    CHECK(play_state(&p) != FOLLOW_CONNECTED);
    buf_free(&b);
    play_end(&p);
}

int main(void)
{
    static const struct unit_test tests[] = {
        T(everything_is_asked_for_received_and_loaded),
        T(offsets_are_told_each_second_and_when_asked),
        T(what_was_asked_for_is_told_when_the_file_has_it),
        T(a_cut_costs_the_missing_bytes),
        T(another_history_may_go_on_where_ours_ends),
        T(a_former_primary_asks_for_the_rest),
        T(names_and_passwords_are_told),
        T(a_primary_that_is_busy_is_retried),
        T(a_primary_that_looks_for_its_confirmation_is_asked_again_at_once),
        T(a_primary_that_loads_is_tried_again_soon),
        T(an_old_primary_is_asked_by_sync),
        T(what_it_should_not_say_drops_the_link),
        T(continue_is_invalid_for_a_full_resync_request),
        T(a_load_that_fails_leaves_nothing_to_go_on_with),
        T(a_load_beside_that_fails_changes_nothing),
        T(garbage_in_the_stream_means_everything_anew),
        T(silence_ends_a_link_in_any_state),
        T(a_primary_that_is_not_confirmed_may_be_silent_for_longer),
        T(refused_connections_are_tried_often_at_first),
        T(how_much_of_the_stream_waits_is_known_while_the_link_is_up),
        T(a_disk_that_fails_holds_the_stream),
        T(what_a_dead_primary_sent_is_applied),
        T(a_long_stream_is_applied_in_turns),
        T(what_takes_long_to_apply_is_no_silence),
        T(a_killed_link_comes_back)};
    crc_init();
    return unit_run(tests, sizeof(tests) / sizeof(*tests));
}
