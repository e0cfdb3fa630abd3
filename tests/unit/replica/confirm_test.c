/* A primary with min-replicas-to-ack, whose replicas tell what the test says; and the one from
 * which it fetches, whose every byte the test says. The rules bear the names of
 * docs/decisions/0039. */
#include "replica/confirm.h"

#include "engine/gate.h"
#include "engine/state.h"
#include "peers.h"
#include "primary.h"
#include "replica/quorum.h"
#include "unit.h"

#include <stdlib.h>

#define OF_A(generation, more) "6d696c6c0000000" #generation "aaaaaaaa" more
#define G1                     OF_A(1, "1111111111111111")
#define G2                     OF_A(2, "2222222222222222")
#define G2_TOO                 OF_A(2, "9999999999999999")
#define G3                     OF_A(3, "3333333333333333")
#define G7                     OF_A(7, "7777777777777777")
#define OF_B                   "6d696c6c00000007bbbbbbbb3333333333333333"
#define PUT_KEY(k)             "*3\r\n$3\r\nSET\r\n$1\r\n" k "\r\n$1\r\n1\r\n" /* 27 bytes */

#define OTHER_MASTER "NOMASTERLINK Another server may be the master: retry"
#define ID_CHANGED   "NOMASTERLINK The replication ID has changed: retry"
#define FETCHING     "NOMASTERLINK Fetching writes from this replica"
#define HAS_LESS     "NOMASTERLINK This replica is behind you"
#define A_MASTER     "NOMASTERLINK This server is a master itself"

/* A server that lives in p and t, which share all of it. */
struct stage {
    struct peers *t;
    struct play p;
    struct replication *r;
    struct journal *j;
    struct confirmation *c;
};

static struct play *on_stage;

static enum replication_load load(void *context, const char *path, enum replication_how how,
                                  int *db)
{
    (void)context;
    return play_load(on_stage, path, how, db);
}

static void load_ended(void *context)
{
    (void)context;
    play_load_ended(on_stage);
}

/* A server at `offset` of the history `id` ("": of one of which nobody has heard), with n to
 * acknowledge, as it is in front of role_begin(). */
static void begin(struct stage *s, int n, const char *id, uint64_t offset)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(a);
    struct peers *t = peers_begin(replica_commands);
    *s = (struct stage){.t = t, .r = t->replication, .j = t->bench->engine.journal};
    s->c = &s->r->confirmation;
    s->p = (struct play){.bench = t->bench, .loop = t->loop, .r = s->r, .link = -1};
    on_stage = &s->p;
    s->r->services.load = load;
    s->r->services.load_ended = load_ended;
    s->p.listening = socket(AF_INET, SOCK_STREAM, 0);
    bind(s->p.listening, (struct sockaddr *)&a, size);
    listen(s->p.listening, 5);
    getsockname(s->p.listening, (struct sockaddr *)&a, &size);
    s->p.port = ntohs(a.sin_port);
    t->bench->settings->min_replicas_to_ack = n;
    t->bench->settings->repl_timeout = 60;
    t->bench->settings->repl_ping_replica_period = 3600;
    t->bench->settings->replica_ack_timeout = 5000;
    if (*id) {
        char tail[64];
        memset(tail, '\n', sizeof(tail));
        journal_adopt(s->j, id, offset);
        replica_begin(s->r, bytes_of(tail, offset < sizeof(tail) ? (size_t)offset : sizeof(tail)));
    }
}

/* The same that has begun, as a primary. */
static void begin_primary(struct stage *s, int n, const char *id, uint64_t offset)
{
    begin(s, n, id, offset);
    role_begin(s->r);
}

static void end(struct stage *s)
{
    struct peers *t = s->t;
    replica_part(s->r);
    close(s->p.listening);
    if (s->p.link >= 0)
        close(s->p.link);
    peers_end(t);
}

/* What the server does in a turn. */
static void turn(struct stage *s)
{
    play_turn(&s->p);
    replica_serve(s->r);
    peers_turn(s->t);
}

static void wait(struct stage *s, int64_t ms)
{
    peers_wait(s->t, ms);
    turn(s);
}

/* ---- Who asks */

struct asks {
    const char *id; /* "?": has nothing */
    uint64_t next;
    const char *promise;
    bool whole, fetches, is_redis;
};

/* A client that has told what it is. */
static int comes(struct stage *s, struct asks a)
{
    int i = peers_add(s->t);
    struct peer *p = peers_of(s->t, i);
    uint64_t offset;
    p->port = s->p.port;
    p->psync2 = true;
    p->fetches = a.fetches;
    if (a.is_redis)
        return i;
    p->run = str_new(BYTES("2222222222222222222222222222222222222222"));
    p->whole = a.whole;
    snprintf(p->promise, sizeof(p->promise), "%s", a.promise ? a.promise : "");
    confirm_tell(s->r, p, &offset);
    return i;
}

/* What its question is answered; "": it is served, and is a replica. */
static const char *asks(struct stage *s, int i, struct asks a)
{
    struct peer *p = peers_of(s->t, i);
    const char *why = confirm_judge(s->r, p, a.id, a.next);
    if (!why && !peer_continue(p, a.id, a.next))
        peer_wait(p);
    return why ? why : "";
}

static const char *answer(struct stage *s, struct asks a)
{
    return asks(s, comes(s, a), a);
}

#define ANSWER(s, want, ...) (strcmp(answer(s, (struct asks){__VA_ARGS__}), want) == 0)

/* A replica that is at the end of the stream of ID_A, online, and has told this offset. */
static int attached(struct stage *s, bool whole, uint64_t ack)
{
    struct asks a = {.id = history_last_id(&s->j->history, s->j->offset),
                     .next = s->j->offset + 1,
                     .whole = whole};
    int i = comes(s, a);
    CHECK(strcmp(asks(s, i, a), "") == 0 && peers_of(s->t, i)->state == PEER_ONLINE);
    peer_ack(peers_of(s->t, i), ack, NULL);
    turn(s);
    return i;
}

static bool is_unconfirmed(const struct stage *s)
{
    bool is = replication_is_unconfirmed(s->r);
    CHECK(is ==
          ((s->t->bench->engine.pause.reasons >> PAUSE_REPLICAS & 1) && s->j->mode == JOURNAL_RAW));
    return is;
}

static uint32_t proposed(const struct stage *s)
{
    return history_generation(s->c->proposal);
}

/* Confirmed by a whole replica, under an ID of generation 1 with a byte of it. */
static void begin_confirmed(struct stage *s)
{
    begin_primary(s, 1, ID_A, 100);
    s->c->whole = true;
    attached(s, true, 100);
    CHECK(!replication_is_unconfirmed(s->r) && history_generation(s->j->history.id) == 1);
    turn(s);
    CHECK(s->j->offset == 114 && s->r->peer_n == 0);
}

/* ---- Proposing */

TEST(a_start_is_unconfirmed_and_proposes)
{
    struct stage s;
    begin_primary(&s, 1, ID_A, 100);
    CHECK(is_unconfirmed(&s) && proposed(&s) == 1 && history_same_family(s.c->proposal, ID_A));
    CHECK(strcmp(s.c->promise, s.c->proposal) == 0); /* OWN_PROMISE */
    CHECK(strcmp(s.j->history.id, ID_A) == 0 && !s.c->whole && !s.c->blank);
    CHECK(backlog_is_open(&s.r->backlog) && s.t->bench->engine.role == ROLE_PRIMARY);
    end(&s);
    begin_primary(&s, 0, ID_A, 100);
    CHECK(!replication_is_unconfirmed(s.r) && !*s.c->promise && s.j->mode == JOURNAL_EFFECTS);
    CHECK(s.t->bench->engine.pause.reasons == 0);
    end(&s);
}

TEST(a_promotion_is_unconfirmed_until_others_agree)
{
    struct stage s;
    begin(&s, 1, ID_A, 100);
    role_follow(s.r, "127.0.0.1", s.p.port, true);
    CHECK(!replication_is_unconfirmed(s.r));
    role_promote(s.r);
    turn(&s);
    CHECK(is_unconfirmed(&s) && proposed(&s) == 1 && strcmp(s.j->history.id, ID_A) == 0);
    role_follow(s.r, "127.0.0.1", s.p.port, false);
    CHECK(!replication_is_unconfirmed(s.r) && !s.c->fetch);
    /* What it has promised stays: the next proposal is greater. */
    role_promote(s.r);
    turn(&s);
    CHECK(is_unconfirmed(&s) && proposed(&s) == 2);
    end(&s);
    begin(&s, 0, ID_A, 100);
    role_follow(s.r, "127.0.0.1", s.p.port, true);
    turn(&s);
    role_promote(s.r);
    CHECK(!replication_is_unconfirmed(s.r) && s.j->mode == JOURNAL_EFFECTS);
    CHECK(history_generation(s.j->history.id) == 0 && strcmp(s.j->history.id2, ID_A) == 0);
    end(&s);
}

TEST(a_proposal_is_above_all_that_was_seen)
{
    struct stage s;
    begin_primary(&s, 1, G3, 100);
    CHECK(proposed(&s) == 4);
    end(&s);
    begin(&s, 1, G2, 100);
    snprintf(s.c->promise, sizeof(s.c->promise), G3);
    role_begin(s.r);
    CHECK(proposed(&s) == 4);
    /* Whoever has promised somebody else, or has bytes under an ID, raises it. */
    CHECK(ANSWER(&s, OTHER_MASTER, .id = "?", .promise = G7) && proposed(&s) == 8);
    CHECK(ANSWER(&s, FETCHING, .id = OF_A(9, "1111111111111111"), .next = 50));
    CHECK(proposed(&s) == 8 && s.c->seen == 9);
    end(&s);
    /* Strangers do not. */
    begin_primary(&s, 1, ID_A, 100);
    CHECK(ANSWER(&s, "", .id = OF_B, .next = 50, .promise = OF_B) && proposed(&s) == 1);
    CHECK(s.c->seen == 1);
    end(&s);
    /* There is a greatest one, and nothing behind it. */
    begin_primary(&s, 1, "6d696c6c7fffffffaaaaaaaa3333333333333333", 100);
    CHECK(proposed(&s) == HISTORY_MOST_GENERATION && is_unconfirmed(&s));
    end(&s);
}

/* ---- What is told */

TEST(replicas_are_told_the_id_and_how_far_it_asks)
{
    struct stage s;
    uint64_t offset = 7;
    begin_primary(&s, 0, ID_A, 100);
    struct peer *p = peers_of(s.t, comes(&s, (struct asks){.id = "?"}));
    CHECK(!confirm_tell(s.r, p, &offset) && !*p->told && offset == 7);
    s.t->bench->settings->min_replicas_to_ack = 1; /* and it stays confirmed as it is */
    CHECK(confirm_tell(s.r, p, &offset) && strcmp(p->told, ID_A) == 0 && offset == 0);
    end(&s);
    begin_primary(&s, 1, ID_A, 100);
    p = peers_of(s.t, comes(&s, (struct asks){.id = "?"}));
    CHECK(confirm_tell(s.r, p, &offset) && strcmp(p->told, s.c->proposal) == 0 && offset == 100);
    end(&s);
    begin_confirmed(&s);
    p = peers_of(s.t, comes(&s, (struct asks){.id = "?"}));
    CHECK(confirm_tell(s.r, p, &offset) && strcmp(p->told, s.j->history.id) == 0);
    CHECK(offset == 100); /* what was confirmed: more may not have come to anybody */
    role_follow(s.r, "127.0.0.1", s.p.port, false);
    CHECK(!confirm_tell(s.r, p, &offset) && !*p->told);
    end(&s);
}

/* ---- QUORUM, EXACT, WHOLE */

TEST(a_whole_server_needs_one_more_at_its_offset)
{
    struct stage s;
    begin_primary(&s, 1, ID_A, 100);
    s.c->whole = true;
    int i = attached(&s, true, 99);
    CHECK(is_unconfirmed(&s)); /* EXACT */
    peer_ack(peers_of(s.t, i), 100, NULL);
    turn(&s);
    CHECK(!replication_is_unconfirmed(s.r) && s.c->whole && s.j->mode == JOURNAL_EFFECTS);
    turn(&s);
    const struct history *h = &s.j->history;
    CHECK(history_generation(h->id) == 1 && strcmp(h->id, s.c->promise) == 0);
    CHECK(strcmp(h->id2, ID_A) == 0 && h->second_offset == 101);
    CHECK(s.j->offset == 114); /* PING */
    CHECK(strcmp(peers_got(s.t, i), "+CONTINUE " ID_A "\r\n") == 0);
    CHECK(s.r->peer_n == 0 && peers_is_closed(s.t, i));
    end(&s);
}

TEST(an_incomplete_replica_is_not_the_required_witness)
{
    struct stage s;
    begin_primary(&s, 1, ID_A, 100);
    attached(&s, true, 100); /* but the server itself has just started */
    CHECK(is_unconfirmed(&s));
    end(&s);
    begin_primary(&s, 1, ID_A, 100);
    s.c->whole = true;
    attached(&s, false, 100);
    CHECK(is_unconfirmed(&s));
    /* Two of them, and all three agree. */
    attached(&s, false, 100);
    CHECK(!replication_is_unconfirmed(s.r) && s.c->whole);
    end(&s);
    begin_primary(&s, 1, ID_A, 100);
    attached(&s, true, 100);
    attached(&s, true, 100); /* two whole ones are enough without the server */
    CHECK(!replication_is_unconfirmed(s.r) && s.c->whole);
    end(&s);
}

TEST(replicas_without_a_promise_do_not_count)
{
    struct stage s;
    begin_primary(&s, 1, ID_A, 100);
    s.c->whole = true;
    int i = attached(&s, true, 99);
    struct peer *p = peers_of(s.t, i);
    char told[HISTORY_ID_LENGTH + 1];
    memcpy(told, p->told, sizeof(told));
    snprintf(p->told, sizeof(p->told), G1); /* what was proposed before */
    peer_ack(p, 100, NULL);
    turn(&s);
    CHECK(is_unconfirmed(&s));
    p->told[0] = 0; /* a Redis */
    s.r->ack_came = true;
    turn(&s);
    CHECK(is_unconfirmed(&s));
    memcpy(p->told, told, sizeof(told));
    p->acked = false; /* where it asked from */
    s.r->ack_came = true;
    turn(&s);
    CHECK(is_unconfirmed(&s));
    p->acked = true;
    p->state = PEER_COPYING;
    s.r->ack_came = true;
    confirm_update(s.r);
    CHECK(is_unconfirmed(&s));
    p->state = PEER_ONLINE;
    client_close(s.t->clients[i]);
    confirm_update(s.r);
    CHECK(is_unconfirmed(&s));
    end(&s);
}

TEST(as_many_as_are_asked_for_have_to_agree)
{
    struct stage s;
    begin_primary(&s, 2, ID_A, 100);
    s.c->whole = true;
    attached(&s, true, 100);
    attached(&s, false, 100);
    CHECK(is_unconfirmed(&s));
    attached(&s, true, 100);
    CHECK(!replication_is_unconfirmed(s.r));
    end(&s);
    begin_primary(&s, 2, ID_A, 100);
    attached(&s, false, 100);
    attached(&s, false, 100);
    CHECK(is_unconfirmed(&s));
    attached(&s, false, 100);
    CHECK(!replication_is_unconfirmed(s.r));
    end(&s);
}

/* "At least N, and nobody else for repl-timeout": replicas, the server not among them. */
TEST(a_pair_is_confirmed_after_repl_timeout_without_rivals)
{
    struct stage s;
    begin_primary(&s, 1, ID_A, 100);
    wait(&s, 200000);
    CHECK(is_unconfirmed(&s)); /* alone, for ever */
    int i = attached(&s, false, 100);
    for (int k = 0; k < 6; k++) {
        wait(&s, 9990);
        peer_ack(peers_of(s.t, i), 100, NULL);
        CHECK(is_unconfirmed(&s));
    }
    /* Somebody asks, and gets nothing. */
    CHECK(ANSWER(&s, A_MASTER, .id = ID_A, .next = 101, .fetches = true) && s.r->peer_n == 1);
    for (int k = 0; k < 6; k++) {
        wait(&s, 9990);
        peer_ack(peers_of(s.t, i), 100, NULL);
        CHECK(is_unconfirmed(&s));
    }
    wait(&s, 100);
    CHECK(!replication_is_unconfirmed(s.r));
    end(&s);
    /* Another one that is attached and does not agree is no silence. */
    begin_primary(&s, 1, ID_A, 100);
    i = attached(&s, false, 100);
    int k = attached(&s, false, 99);
    for (int n = 0; n < 10; n++) {
        wait(&s, 9990);
        peer_ack(peers_of(s.t, i), 100, NULL);
        peer_ack(peers_of(s.t, k), 99, NULL);
        CHECK(is_unconfirmed(&s));
    }
    end(&s);
}

/* COVER: and of what was confirmed nothing leaves without a byte of the new ID behind it. */
TEST(nothing_is_released_before_an_ack_covers_the_ping)
{
    struct stage s;
    begin_confirmed(&s);
    int i = attached(&s, true, 100);
    CHECK(s.r->quorum.reached <= 100 && s.t->bench->engine.gate.replicated <= 100);
    peer_ack(peers_of(s.t, i), 113, NULL);
    turn(&s);
    CHECK(s.r->quorum.reached == 113); /* within it: there is one */
    peer_ack(peers_of(s.t, i), 114, NULL);
    turn(&s);
    CHECK(s.r->quorum.reached == 114 && s.t->bench->engine.pause.reasons == 0);
    end(&s);
}

/* What replicas hold is nobody's to hear while somebody else may be the primary. */
TEST(an_unconfirmed_primary_releases_nothing)
{
    struct stage s;
    begin_confirmed(&s);
    peers_write(s.t, "a");
    turn(&s);
    uint64_t end_of = s.j->offset, reached = s.r->quorum.reached;
    CHECK(reached < end_of);
    CHECK(ANSWER(&s, OTHER_MASTER, .id = "?", .promise = G2) && replication_is_unconfirmed(s.r));
    s.c->whole = false;
    attached(&s, true, end_of);
    CHECK(is_unconfirmed(&s) && s.r->quorum.reached == reached);
    CHECK(s.t->bench->engine.gate.replicated == reached);
    s.c->whole = true;
    wait(&s, 100);
    CHECK(!replication_is_unconfirmed(s.r) && s.r->quorum.reached == reached);
    /* COVER: what was confirmed with it waits for a byte behind it. */
    int i = attached(&s, true, end_of);
    CHECK(s.r->quorum.reached == reached);
    peer_ack(peers_of(s.t, i), end_of + 1, NULL);
    turn(&s);
    CHECK(s.r->quorum.reached == end_of + 1);
    end(&s);
}

/* ---- Who is answered what */

TEST(a_primary_does_not_serve_one_that_fetches)
{
    struct stage s;
    begin_primary(&s, 1, ID_A, 100);
    CHECK(ANSWER(&s, A_MASTER, .id = ID_A, .next = 50, .fetches = true));
    CHECK(ANSWER(&s, A_MASTER, .id = "?", .fetches = true));
    CHECK(is_unconfirmed(&s) && !s.c->fetch);
    end(&s);
    begin_confirmed(&s);
    CHECK(ANSWER(&s, A_MASTER, .id = ID_A, .next = 50, .fetches = true));
    end(&s);
    begin_primary(&s, 0, ID_A, 100);
    CHECK(ANSWER(&s, "", .id = ID_A, .next = 101, .fetches = true));
    end(&s);
}

TEST(a_redis_is_served_and_does_not_count)
{
    struct stage s;
    begin_primary(&s, 1, ID_A, 100);
    CHECK(ANSWER(&s, "", .id = ID_A, .next = 101, .is_redis = true));
    CHECK(ANSWER(&s, "", .id = ID_A, .next = 200, .is_redis = true)); /* what it has more is lost */
    CHECK(!s.c->fetch && s.r->peer_n == 2);
    s.c->whole = true;
    peer_ack(peers_of(s.t, 0), 100, NULL);
    turn(&s);
    wait(&s, 59000);
    CHECK(is_unconfirmed(&s));
    end(&s);
    begin_confirmed(&s);
    CHECK(ANSWER(&s, "", .id = G7, .next = 500, .is_redis = true));
    CHECK(!replication_is_unconfirmed(s.r));
    end(&s);
}

/* PROMISE, UNSEATING */
TEST(a_promise_of_no_lower_generation_unseats)
{
    struct stage s;
    begin_confirmed(&s);
    int i = attached(&s, true, 100);
    char own[HISTORY_ID_LENGTH + 1];
    memcpy(own, s.j->history.id, sizeof(own));
    CHECK(ANSWER(&s, "", .id = ID_A, .next = 101, .promise = own));  /* ours */
    CHECK(ANSWER(&s, "", .id = ID_A, .next = 101, .promise = OF_B)); /* another family's */
    CHECK(!replication_is_unconfirmed(s.r));
    CHECK(ANSWER(&s, OTHER_MASTER, .id = ID_A, .next = 101, .promise = G1));
    turn(&s);
    CHECK(is_unconfirmed(&s) && proposed(&s) == 2 && strcmp(s.j->history.id, own) == 0);
    CHECK(strcmp(s.c->promise, s.c->proposal) == 0);
    peers_got(s.t, i);
    CHECK(peers_is_closed(s.t, i) && s.r->peer_n == 0);
    /* Now it counts what is proposed: a greater one is proposed against that. */
    CHECK(ANSWER(&s, OTHER_MASTER, .id = ID_A, .next = 101, .promise = G2) && proposed(&s) == 3);
    CHECK(ANSWER(&s, OTHER_MASTER, .id = ID_A, .next = 101, .promise = G7) && proposed(&s) == 8);
    CHECK(ANSWER(&s, "", .id = ID_A, .next = 101, .promise = G7));
    end(&s);
    /* One of a lower generation is void. */
    begin(&s, 1, G2, 100);
    s.c->whole = true;
    role_begin(s.r);
    attached(&s, true, 100);
    CHECK(!replication_is_unconfirmed(s.r) && history_generation(s.j->history.id) == 3);
    CHECK(ANSWER(&s, "", .id = G2, .next = 101, .promise = G2_TOO));
    CHECK(!replication_is_unconfirmed(s.r));
    end(&s);
}

/* BYTES */
TEST(bytes_under_an_id_of_no_lower_generation_unseat)
{
    struct stage s;
    begin_confirmed(&s);
    CHECK(ANSWER(&s, "", .id = s.j->history.id, .next = 101));
    CHECK(ANSWER(&s, "", .id = OF_B, .next = 500) && ANSWER(&s, "", .id = ID_A, .next = 500));
    CHECK(ANSWER(&s, "", .id = "?") && !replication_is_unconfirmed(s.r));
    CHECK(ANSWER(&s, OTHER_MASTER, .id = G1, .next = 2));
    turn(&s);
    CHECK(is_unconfirmed(&s) && proposed(&s) == 2);
    /* Who is not confirmed is not unseated by them: it fetches. */
    CHECK(ANSWER(&s, FETCHING, .id = G7, .next = 2) && s.c->fetch && proposed(&s) == 2);
    end(&s);
    begin_confirmed(&s);
    CHECK(ANSWER(&s, OTHER_MASTER, .id = G7, .next = 2));
    turn(&s);
    CHECK(is_unconfirmed(&s) && proposed(&s) == 8);
    end(&s);
    begin_primary(&s, 0, ID_A, 100); /* confirmed as it is: such IDs have no order */
    s.t->bench->settings->min_replicas_to_ack = 1;
    CHECK(ANSWER(&s, "", .id = "aaaaaaaabbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", .next = 200));
    CHECK(!replication_is_unconfirmed(s.r));
    CHECK(ANSWER(&s, OTHER_MASTER, .id = G1, .next = 2));
    end(&s);
}

TEST(a_replica_with_an_outdated_proposal_is_told_to_retry)
{
    struct stage s;
    struct asks a = {.id = ID_A, .next = 101};
    begin_primary(&s, 1, ID_A, 100);
    int i = comes(&s, a), silent = comes(&s, a);
    CHECK(ANSWER(&s, OTHER_MASTER, .id = ID_A, .next = 101, .promise = G1));
    CHECK(strcmp(asks(&s, i, a), ID_CHANGED) == 0 && s.r->peer_n == 0);
    peers_of(s.t, silent)->told[0] = 0;
    CHECK(strcmp(asks(&s, silent, a), ID_CHANGED) == 0);
    uint64_t offset;
    CHECK(confirm_tell(s.r, peers_of(s.t, i), &offset) && strcmp(asks(&s, i, a), "") == 0);
    end(&s);
}

/* REFUSAL: a replica that is asked by one which is ahead of it. */
TEST(a_replica_does_not_serve_one_ahead_of_it)
{
    struct stage s;
    begin(&s, 1, G2, 100);
    role_follow(s.r, "127.0.0.1", s.p.port, true);
    CHECK(ANSWER(&s, HAS_LESS, .id = G2, .next = 102));
    CHECK(ANSWER(&s, HAS_LESS, .id = G3, .next = 50));
    CHECK(ANSWER(&s, HAS_LESS, .id = G2, .next = 102, .fetches = true));
    CHECK(ANSWER(&s, "", .id = G2, .next = 101) && ANSWER(&s, "", .id = G1, .next = 500));
    CHECK(ANSWER(&s, "", .id = OF_B, .next = 500) && ANSWER(&s, "", .id = "?", .next = 0));
    end(&s);
    begin(&s, 1, G2, 100);
    role_follow(s.r, "127.0.0.1", s.p.port, true);
    CHECK(ANSWER(&s, "", .id = G2, .next = 102, .is_redis = true));
    end(&s);
    begin(&s, 0, G2, 100);
    role_follow(s.r, "127.0.0.1", s.p.port, true);
    CHECK(ANSWER(&s, "", .id = G2, .next = 102));
    end(&s);
    /* Who has nothing has less than anybody. */
    begin(&s, 1, "", 0);
    role_follow(s.r, "127.0.0.1", s.p.port, true);
    s.c->blank = true;
    CHECK(ANSWER(&s, HAS_LESS, .id = OF_B, .next = 2) && ANSWER(&s, "", .id = "?"));
    end(&s);
}

TEST(with_min_replicas_to_ack_0_no_replica_is_fetched_from)
{
    struct stage s;
    begin_primary(&s, 0, ID_A, 100);
    CHECK(ANSWER(&s, "", .id = G7, .next = 500, .promise = G7) && !s.c->fetch);
    CHECK(!replication_is_unconfirmed(s.r));
    end(&s);
}

/* ---- FETCH */

static const char *fetches_from(const struct stage *s)
{
    return confirm_fetches_from(s->r);
}

static const char *on_millrace = "+OK\r\n"; /* what the source answers to that */

/* The handshake of one that fetches, up to its question. */
static bool shakes_hands(struct stage *s)
{
    char want[512];
    if (!play_accepts(&s->p) || !play_is(&s->p, "*1|$4|PING|"))
        return false;
    play_says(&s->p, "+PONG\r\n");
    snprintf(want, sizeof(want),
             "*3|$8|REPLCONF|$14|listening-port|$4|6379|"
             "*5|$8|REPLCONF|$4|capa|$3|eof|$4|capa|$6|psync2|"
             "*3|$8|REPLCONF|$7|version|$5|9.0.0|*3|$8|REPLCONF|$5|fetch|$1|1|"
             "*6|$8|REPLCONF|$8|millrace|$1|1|$40|%s|$40|%s|$1|0|",
             s->r->run_id, s->c->proposal);
    bool same = play_is(&s->p, want);
    play_says(&s->p, "+OK\r\n+OK\r\n+OK\r\n+OK\r\n");
    play_says(&s->p, on_millrace);
    return same;
}

/* A primary at 100 of ID_A, which has heard of 154 and has asked for it. */
static void begin_fetch(struct stage *s)
{
    char want[64];
    begin_primary(s, 1, ID_A, 100);
    CHECK(!*fetches_from(s));
    CHECK(ANSWER(s, FETCHING, .id = ID_A, .next = 155));
    snprintf(want, sizeof(want), "127.0.0.1:%d", s->p.port);
    CHECK(strcmp(fetches_from(s), want) == 0 && s->c->fetch_until == 154);
    CHECK(shakes_hands(s) && play_is(&s->p, "*3|$5|PSYNC|$40|" ID_A "|$3|101|"));
}

TEST(a_primary_fetches_from_a_replica_ahead_then_proposes_anew)
{
    struct stage s;
    char before[HISTORY_ID_LENGTH + 1];
    begin_fetch(&s);
    memcpy(before, s.c->proposal, sizeof(before));
    /* Nobody is served meanwhile. */
    CHECK(ANSWER(&s, FETCHING, .id = ID_A, .next = 101));
    play_says(&s.p, "+CONTINUE " ID_A "\r\n" PUT_KEY("a"));
    CHECK(s.j->offset == 127 && s.c->fetch && strcmp(before, s.c->proposal) == 0);
    CHECK(is_unconfirmed(&s) && s.t->bench->engine.role == ROLE_PRIMARY);
    confirm_update(s.r);
    CHECK(s.c->fetch);
    play_says(&s.p, PUT_KEY("b"));
    CHECK(s.j->offset == 154 && !s.c->fetch && !*fetches_from(&s) && play_has_left(&s.p));
    /* Promises to what was proposed for less are void. */
    CHECK(is_unconfirmed(&s) && proposed(&s) == 2 && strcmp(before, s.c->proposal) != 0);
    CHECK(s.t->bench->engine.store->dbs[0].keys.used == 2 && s.p.loads == 0);
    CHECK(ANSWER(&s, "", .id = ID_A, .next = 155));
    end(&s);
}

/* Exactly as far as the source had told; a fetch does not confirm what it fetches. */
TEST(a_fetch_promises_nothing_and_takes_an_id_on)
{
    struct stage s;
    on_millrace = "+OK " G7 " 0\r\n";
    begin_fetch(&s);
    on_millrace = "+OK\r\n";
    play_says(&s.p, "+CONTINUE " G2 "\r\n" PUT_KEY("a"));
    CHECK(strcmp(s.j->history.id, G2) == 0 && strcmp(s.j->history.id2, ID_A) == 0);
    CHECK(strcmp(s.c->promise, s.c->proposal) == 0);
    play_says(&s.p, PUT_KEY("b"));
    CHECK(!s.c->fetch && proposed(&s) == 3);
    end(&s);
}

TEST(a_fetch_of_everything_takes_what_is_more)
{
    struct stage s;
    begin_fetch(&s);
    play_says(&s.p, "+FULLRESYNC " G1 " 90\r\n"); /* fewer bytes of a later generation are more */
    play_sends_snapshot(&s.p);
    CHECK(s.p.loads == 1 && strcmp(s.j->history.id, G1) == 0 && s.j->offset == 90);
    CHECK(s.t->bench->engine.role == ROLE_PRIMARY && s.c->fetch && is_unconfirmed(&s));
    play_says(&s.p, PUT_KEY("a") PUT_KEY("b") PUT_KEY("c"));
    CHECK(!s.c->fetch && s.j->offset == 171 && proposed(&s) == 2);
    end(&s);
    begin_fetch(&s);
    play_says(&s.p, "+FULLRESYNC " ID_A " 160\r\n");
    play_sends_snapshot(&s.p);
    CHECK(s.p.loads == 1 && !s.c->fetch && s.j->offset == 160 && proposed(&s) == 2);
    end(&s);
}

/* LOOKING_AGAIN: it may have lost it since. */
TEST(a_fetch_that_gains_nothing_takes_nothing)
{
    static const char *const answers[] = {"+FULLRESYNC " ID_A " 100\r\n",
                                          "+FULLRESYNC " ID_A " 50\r\n",
                                          "+FULLRESYNC " ID_A " 0\r\n",
                                          "+FULLRESYNC " ID_B " 100\r\n",
                                          "-NOMASTERLINK no\r\n",
                                          "-ERR unknown command\r\n",
                                          "-LOADING wait\r\n",
                                          "+FULLRESYNC what\r\n",
                                          "+OK\r\n"};
    for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
        struct stage s;
        char before[HISTORY_ID_LENGTH + 1];
        begin_fetch(&s);
        memcpy(before, s.c->proposal, sizeof(before));
        play_says(&s.p, answers[i]);
        CHECK(!s.c->fetch && s.p.loads == 0 && play_has_left(&s.p) && s.j->offset == 100);
        CHECK(is_unconfirmed(&s) && strcmp(before, s.c->proposal) == 0);
        CHECK(strcmp(s.j->history.id, ID_A) == 0);
        /* Whoever asks next decides. */
        CHECK(ANSWER(&s, "", .id = ID_A, .next = 101));
        CHECK(ANSWER(&s, FETCHING, .id = ID_A, .next = 102) && s.c->fetch);
        end(&s);
    }
}

TEST(a_fetch_is_given_up_when_nothing_comes)
{
    struct stage s;
    begin_fetch(&s);
    wait(&s, 5000);
    CHECK(s.c->fetch);
    wait(&s, 1);
    CHECK(!s.c->fetch && is_unconfirmed(&s) && proposed(&s) == 1 && play_has_left(&s.p));
    end(&s);
    /* Nobody answers where it is said to be. */
    begin_primary(&s, 1, ID_A, 100);
    close(s.p.listening);
    CHECK(ANSWER(&s, FETCHING, .id = ID_A, .next = 155));
    for (int i = 0; i < 1000 && s.c->fetch; i++)
        turn(&s);
    CHECK(!s.c->fetch && proposed(&s) == 1);
    end(&s);
    /* 0: for ever. */
    begin_fetch(&s);
    s.t->bench->settings->replica_ack_timeout = 0;
    wait(&s, 30000);
    CHECK(s.c->fetch);
    end(&s);
}

/* A copy that is under way, and a stream, go on. */
TEST(a_fetch_that_goes_on_is_not_given_up)
{
    struct stage s;
    begin_fetch(&s);
    play_says(&s.p, "+FULLRESYNC " ID_A " 160\r\n");
    wait(&s, 20000);
    CHECK(s.c->fetch && s.p.loads == 0);
    play_sends_snapshot(&s.p);
    CHECK(s.p.loads == 1 && !s.c->fetch);
    end(&s);
    begin_fetch(&s);
    play_says(&s.p, "+CONTINUE\r\n" PUT_KEY("a"));
    wait(&s, 20000);
    CHECK(s.c->fetch && s.j->offset == 127);
    /* It ends in the middle: what came stays, and other promises are asked for. */
    close(s.p.link);
    s.p.link = -1;
    for (int i = 0; i < 100 && s.c->fetch; i++)
        turn(&s);
    CHECK(!s.c->fetch && s.j->offset == 127 && proposed(&s) == 2 && is_unconfirmed(&s));
    end(&s);
}

TEST(a_load_that_fails_leaves_one_that_has_nothing)
{
    struct stage s;
    begin_fetch(&s);
    s.c->whole = true;
    s.p.load_ends = REPLICATION_LOAD_FAILED;
    play_says(&s.p, "+FULLRESYNC " ID_A " 160\r\n");
    play_sends_snapshot(&s.p);
    CHECK(s.p.loads == 1 && !s.c->fetch && s.c->blank && !s.c->whole && proposed(&s) == 2);
    CHECK(is_unconfirmed(&s));
    CHECK(ANSWER(&s, FETCHING, .id = OF_B, .next = 2)); /* anybody's is more */
    end(&s);
}

/* A server that has lost everything fetches everything, of whomever it is. */
TEST(an_empty_primary_fetches_everything)
{
    struct stage s;
    begin_primary(&s, 1, "", 0);
    CHECK(is_unconfirmed(&s) && s.c->blank && !s.c->whole && backlog_is_open(&s.r->backlog));
    CHECK(ANSWER(&s, "", .id = "?")); /* who has nothing either is served */
    CHECK(ANSWER(&s, FETCHING, .id = OF_B, .next = 155));
    CHECK(shakes_hands(&s) && play_is(&s.p, "*3|$5|PSYNC|$1|?|$2|-1|"));
    play_says(&s.p, "+FULLRESYNC " OF_B " 154\r\n");
    play_sends_snapshot(&s.p);
    CHECK(!s.c->fetch && !s.c->blank && s.j->offset == 154 && strcmp(s.j->history.id, OF_B) == 0);
    CHECK(proposed(&s) == 8 && history_same_family(s.c->proposal, OF_B));
    end(&s);
}

TEST(a_server_with_keys_is_not_blank)
{
    struct stage s;
    begin(&s, 1, "", 0);
    db_add(&s.t->bench->engine.store->dbs[3], string_new(BYTES("a"), BYTES("1")));
    role_begin(s.r);
    CHECK(is_unconfirmed(&s) && !s.c->blank);
    CHECK(ANSWER(&s, "", .id = OF_B, .next = 155) && !s.c->fetch);
    end(&s);
}

/* A set that starts for the first time. */
TEST(three_that_have_nothing_are_confirmed)
{
    struct stage s;
    begin_primary(&s, 1, "", 0);
    for (int i = 0; i < 2; i++) {
        struct asks a = {.id = "?"};
        int k = comes(&s, a);
        CHECK(strcmp(asks(&s, k, a), "") == 0);
        struct peer *p = peers_of(s.t, k);
        peer_join(p, s.j->offset + 1);
        p->state = PEER_COPYING;
        peer_is_copied(p, false);
        CHECK(is_unconfirmed(&s));
        peer_ack(p, 0, NULL);
        turn(&s);
    }
    CHECK(!replication_is_unconfirmed(s.r) && s.c->whole && !s.c->blank);
    CHECK(history_generation(s.j->history.id) == 1 && s.j->offset == 14);
    end(&s);
}

/* ---- N set to 0, groups, the stream that stands still */

TEST(setting_min_replicas_to_ack_to_0_ends_confirmation)
{
    struct stage s;
    begin_primary(&s, 1, ID_A, 100);
    journal_group_begin(s.j);
    s.t->bench->settings->min_replicas_to_ack = 0;
    confirm_update(s.r);
    CHECK(replication_is_unconfirmed(s.r)); /* not within a group */
    journal_group_end(s.j);
    wait(&s, 100);
    CHECK(!replication_is_unconfirmed(s.r) && s.j->mode == JOURNAL_EFFECTS);
    CHECK(history_generation(s.j->history.id) == 1 && s.t->bench->engine.pause.reasons == 0);
    CHECK(s.t->bench->engine.gate.replicated == UINT64_MAX);
    end(&s);
    begin_fetch(&s);
    s.t->bench->settings->min_replicas_to_ack = 0;
    wait(&s, 100);
    CHECK(!replication_is_unconfirmed(s.r) && !s.c->fetch && play_has_left(&s.p));
    end(&s);
}

static struct stage *of_load;
static bool load_was_kept;

static enum replication_load load_meanwhile(void *context, const char *path,
                                            enum replication_how how, int *db)
{
    of_load->t->bench->settings->min_replicas_to_ack = 0;
    confirm_update(of_load->r);
    load_was_kept = replication_is_unconfirmed(of_load->r) && of_load->c->fetch;
    confirm_look_at_fetch(of_load->r);
    load_was_kept = load_was_kept && of_load->c->fetch;
    return load(context, path, how, db);
}

TEST(a_load_is_not_cut_short)
{
    struct stage s;
    begin_fetch(&s);
    of_load = &s;
    s.r->services.load = load_meanwhile;
    play_says(&s.p, "+FULLRESYNC " ID_A " 160\r\n");
    play_sends_snapshot(&s.p);
    CHECK(load_was_kept && s.p.loads == 1);
    wait(&s, 100);
    CHECK(!replication_is_unconfirmed(s.r));
    end(&s);
}

TEST(the_stream_of_an_unconfirmed_primary_stands_still)
{
    struct stage s;
    struct engine *e;
    begin_primary(&s, 1, ID_A, 100);
    e = &s.t->bench->engine;
    s.t->bench->settings->repl_ping_replica_period = 1;
    int i = attached(&s, false, 100);
    peers_got(s.t, i);
    s.r->wants_acks = true;
    wait(&s, 5000);
    wait(&s, 5000);
    CHECK(s.j->offset == 100 && strcmp(peers_got(s.t, i), "") == 0);
    CHECK(e->store->expiry_paused && !state_may_evict(e) && !state_takes_writes(e));
    /* It is cut off, and what it has is kept for those that come back. */
    client_close(s.t->clients[i]);
    turn(&s);
    s.t->bench->settings->repl_backlog_ttl = 1;
    uint64_t kept = backlog_length(&s.r->backlog);
    wait(&s, 100000);
    CHECK(backlog_is_open(&s.r->backlog) && kept > 0 && backlog_length(&s.r->backlog) == kept);
    /* Reads are served, what writes is held. */
    struct client *c = bench_client(s.t->bench);
    bench_says(c, "GET a");
    CHECK(bench_heard(c, "$-1|"));
    bench_says(c, "SET a 1");
    CHECK((c->flags & CLIENT_PAUSED) && bench_heard(c, "") && s.j->offset == 100);
    end(&s);
}

TEST(what_is_held_runs_once_it_is_confirmed)
{
    struct stage s;
    begin_primary(&s, 1, ID_A, 100);
    s.c->whole = true;
    struct client *c = bench_client(s.t->bench);
    bench_says(c, "SET a 1");
    CHECK(c->flags & CLIENT_PAUSED);
    attached(&s, true, 100);
    CHECK(!replication_is_unconfirmed(s.r) && (c->flags & CLIENT_PAUSED)); /* links have ended */
    int i = attached(&s, true, 100);
    peer_ack(peers_of(s.t, i), 114, NULL);
    turn(&s);
    pause_run_due(&s.t->bench->engine);
    CHECK(s.t->bench->engine.pause.reasons == 0 && !(c->flags & CLIENT_PAUSED));
    end(&s);
}

/* Sentinel's EXEC with the promotion in it is answered: it relies on what was inherited. */
TEST(what_was_inherited_is_released_at_once)
{
    struct stage s;
    begin(&s, 1, ID_A, 100);
    role_follow(s.r, "127.0.0.1", s.p.port, true);
    turn(&s);
    struct client *c = bench_client(s.t->bench);
    bench_says(c, "MULTI");
    role_promote(s.r);
    bench_says(c, "EXEC");
    CHECK(replication_is_unconfirmed(s.r) && s.r->quorum.reached == 100);
    CHECK(chain_end(&c->out) > 0 && gate_sendable(c) == chain_end(&c->out));
    end(&s);
}

/* ---- What peers are sent (STEPS), and who takes over */

TEST(a_copy_bears_an_id_once_it_has_a_byte)
{
    struct stage s;
    begin_primary(&s, 1, ID_A, 100);
    journal_shift(s.j, G1); /* as one that was told an ID and has heard nothing under it */
    for (int ours = 0; ours < 2; ours++) {
        int i = comes(&s, (struct asks){.id = "?", .is_redis = !ours});
        struct peer *p = peers_of(s.t, i);
        peer_wait(p);
        peer_join(p, s.j->offset + 1);
        peers_turn(s.t);
        CHECK(strcmp(peers_got(s.t, i),
                     ours ? "+FULLRESYNC " ID_A " 100\r\n" : "+FULLRESYNC " G1 " 100\r\n") == 0);
        /* Ours is closed behind it, and asks again under what it then bears. */
        p->state = PEER_COPYING;
        peer_is_copied(p, false);
        peers_turn(s.t);
        CHECK((s.t->clients[i] == NULL) == ours);
    }
    journal_raw_begin(s.j, BYTES("\n"), 0, true);
    journal_raw_end(s.j);
    int i = comes(&s, (struct asks){.id = "?"});
    peer_wait(peers_of(s.t, i));
    peer_join(peers_of(s.t, i), s.j->offset + 1);
    peers_turn(s.t);
    CHECK(strcmp(peers_got(s.t, i), "+FULLRESYNC " G1 " 101\r\n") == 0);
    end(&s);
}

/* Also when there is not one byte of the stream yet. */
TEST(a_copy_of_no_bytes_is_closed_behind_it_too)
{
    struct stage s;
    begin_primary(&s, 1, ID_A, 0);
    journal_shift(s.j, G1);
    int i = comes(&s, (struct asks){.id = "?"});
    struct peer *p = peers_of(s.t, i);
    peer_wait(p);
    peer_join(p, s.j->offset + 1);
    p->state = PEER_COPYING;
    peer_is_copied(p, false);
    turn(&s);
    CHECK(strcmp(peers_got(s.t, i), "+FULLRESYNC " ID_A " 0\r\n") == 0);
    CHECK(peers_is_closed(s.t, i));
    end(&s);
}

/* A copy that is under way when its server is confirmed goes on, and ends in front of the new ID.
 */
TEST(a_copy_outlives_a_confirmation)
{
    for (uint64_t offset = 0; offset <= 100; offset += 100) {
        struct stage s;
        begin_primary(&s, 1, ID_A, offset);
        s.c->whole = true;
        int i = comes(&s, (struct asks){.id = "?"});
        struct peer *p = peers_of(s.t, i);
        peer_wait(p);
        peer_join(p, offset + 1);
        p->state = PEER_COPYING;
        attached(&s, true, offset);
        CHECK(!replication_is_unconfirmed(s.r) && s.t->clients[i]);
        peer_is_copied(p, false);
        turn(&s);
        CHECK(s.j->offset == offset + 14 && !strstr(peers_got(s.t, i), "PING"));
        CHECK(peers_is_closed(s.t, i));
        end(&s);
    }
}

/* PSYNC FAILOVER: it may go on, and hears nothing more before it asks again. */
TEST(a_handover_is_granted_and_the_link_closed)
{
    struct stage s;
    begin_primary(&s, 1, ID_A, 100);
    int i = comes(&s, (struct asks){.id = ID_A}), old = comes(&s, (struct asks){.is_redis = true});
    peers_of(s.t, old)->psync2 = false;
    peer_grant(peers_of(s.t, i));
    peer_grant(peers_of(s.t, old));
    CHECK(s.r->peer_n == 2 && is_unconfirmed(&s));
    turn(&s);
    CHECK(strcmp(peers_got(s.t, i), "+CONTINUE " ID_A "\r\n") == 0 && peers_is_closed(s.t, i));
    CHECK(strcmp(peers_got(s.t, old), "+CONTINUE\r\n") == 0 && peers_is_closed(s.t, old));
    CHECK(s.r->peer_n == 0 && s.r->figures.partial == 0);
    end(&s);
}

/* N is set while it runs, then it becomes a replica and takes over within a turn. */
TEST(a_handover_is_granted_without_a_backlog)
{
    struct stage s;
    begin_primary(&s, 0, "", 0);
    bench_journal(s.t->bench);
    s.t->bench->settings->min_replicas_to_ack = 1;
    role_follow(s.r, "127.0.0.1", s.p.port, false);
    role_promote(s.r);
    CHECK(replication_is_unconfirmed(s.r) && !backlog_is_open(&s.r->backlog));
    int i = comes(&s, (struct asks){.id = "?"});
    peer_grant(peers_of(s.t, i));
    turn(&s);
    char want[64];
    snprintf(want, sizeof(want), "+CONTINUE %s\r\n", s.j->history.id);
    CHECK(strcmp(peers_got(s.t, i), want) == 0 && peers_is_closed(s.t, i) && is_unconfirmed(&s));
    end(&s);
}

UNIT_MAIN(T(an_unconfirmed_primary_releases_nothing), T(a_copy_outlives_a_confirmation),
          T(a_copy_of_no_bytes_is_closed_behind_it_too), T(a_handover_is_granted_without_a_backlog),
          T(a_start_is_unconfirmed_and_proposes), T(a_promotion_is_unconfirmed_until_others_agree),
          T(a_proposal_is_above_all_that_was_seen), T(replicas_are_told_the_id_and_how_far_it_asks),
          T(a_whole_server_needs_one_more_at_its_offset),
          T(an_incomplete_replica_is_not_the_required_witness),
          T(replicas_without_a_promise_do_not_count), T(as_many_as_are_asked_for_have_to_agree),
          T(a_pair_is_confirmed_after_repl_timeout_without_rivals),
          T(nothing_is_released_before_an_ack_covers_the_ping),
          T(a_primary_does_not_serve_one_that_fetches), T(a_redis_is_served_and_does_not_count),
          T(a_promise_of_no_lower_generation_unseats),
          T(bytes_under_an_id_of_no_lower_generation_unseat),
          T(a_replica_with_an_outdated_proposal_is_told_to_retry),
          T(a_replica_does_not_serve_one_ahead_of_it),
          T(with_min_replicas_to_ack_0_no_replica_is_fetched_from),
          T(a_primary_fetches_from_a_replica_ahead_then_proposes_anew),
          T(a_fetch_promises_nothing_and_takes_an_id_on),
          T(a_fetch_of_everything_takes_what_is_more), T(a_fetch_that_gains_nothing_takes_nothing),
          T(a_fetch_is_given_up_when_nothing_comes), T(a_fetch_that_goes_on_is_not_given_up),
          T(a_load_that_fails_leaves_one_that_has_nothing), T(an_empty_primary_fetches_everything),
          T(a_server_with_keys_is_not_blank), T(three_that_have_nothing_are_confirmed),
          T(setting_min_replicas_to_ack_to_0_ends_confirmation), T(a_load_is_not_cut_short),
          T(the_stream_of_an_unconfirmed_primary_stands_still),
          T(what_is_held_runs_once_it_is_confirmed), T(what_was_inherited_is_released_at_once),
          T(a_copy_bears_an_id_once_it_has_a_byte), T(a_handover_is_granted_and_the_link_closed))
