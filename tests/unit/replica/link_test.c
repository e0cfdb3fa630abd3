/* A connection to a listener of the test's. */
#include "replica/link.h"

#include "io/listen.h"
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct ends {
    struct loop *loop;
    int listener, port, other; /* other: -1: there is none */
    struct link link;
};

static void begin(struct ends *e)
{
    struct sockaddr_in a;
    socklen_t n = sizeof(a);
    *e = (struct ends){.loop = loop_new(), .listener = listen_tcp("127.0.0.1", 0, 5), .other = -1};
    CHECK(e->listener >= 0 && getsockname(e->listener, (struct sockaddr *)&a, &n) == 0);
    e->port = ntohs(a.sin_port);
}

static void end(struct ends *e)
{
    link_drop(&e->link);
    if (e->other >= 0)
        close(e->other);
    if (e->listener >= 0)
        close(e->listener);
    loop_free(e->loop);
}

static void hang_up(struct ends *e)
{
    close(e->other);
    e->other = -1;
}

static int dial(struct ends *e)
{
    struct dial_to to = {.host = "127.0.0.1", .port = e->port, .source = ""};
    link_dial(&e->link, e->loop, &to);
    CHECK(e->link.ready && e->link.dial && !e->link.conn);
    int r = -EAGAIN;
    for (int i = 0; i < 1000 && r == -EAGAIN; i++) {
        if (e->link.ready) {
            r = link_step(&e->link);
            CHECK(!e->link.ready || r != -EAGAIN);
        }
        if (r == -EAGAIN)
            loop_turn(e->loop, 10000);
    }
    return r;
}

static void connect_both(struct ends *e)
{
    CHECK(dial(e) == 0 && e->link.conn && !e->link.dial);
    e->other = accept(e->listener, NULL, NULL);
    CHECK(e->other >= 0);
}

/* Reads when the loop says that there is something. */
static long reads(struct ends *e, char *to, size_t room)
{
    long n = 0;
    for (int i = 0; i < 1000 && n == 0; i++) {
        loop_turn(e->loop, 10000);
        if (e->link.ready)
            n = link_read(&e->link, to, room);
    }
    return n;
}

TEST(bytes_go_both_ways)
{
    struct ends e;
    char got[64];
    begin(&e);
    connect_both(&e);
    CHECK(link_read(&e.link, got, sizeof(got)) == 0); /* nothing for now is no error */
    chain_add(&e.link.out, BYTES("hello"));
    CHECK(link_send(&e.link, true) == 0 && chain_pending(&e.link.out) == 0);
    CHECK(recv(e.other, got, sizeof(got), 0) == 5 && memcmp(got, "hello", 5) == 0);
    e.link.ready = false;
    CHECK(send(e.other, "you", 3, 0) == 3);
    CHECK(reads(&e, got, 2) == 2 && memcmp(got, "yo", 2) == 0); /* no more than there is room for */
    CHECK(reads(&e, got, 2) == 1 && got[0] == 'u');
    end(&e);
}

TEST(what_the_other_side_closes_is_an_error)
{
    struct ends e;
    char got[8];
    begin(&e);
    connect_both(&e);
    hang_up(&e);
    CHECK(link_send(&e.link, true) == 0 && reads(&e, got, sizeof(got)) == -EPIPE);
    end(&e);
    begin(&e);
    connect_both(&e);
    CHECK(setsockopt(e.other, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1},
                     sizeof(struct linger)) == 0);
    hang_up(&e); /* at once: what it was sent is lost */
    CHECK(link_send(&e.link, true) == 0 && reads(&e, got, sizeof(got)) == -ECONNRESET);
    chain_add(&e.link.out, BYTES("x"));
    CHECK(link_send(&e.link, true) == -EPIPE);
    CHECK(strcmp(link_why(&e.link, -EPIPE), strerror(EPIPE)) == 0);
    end(&e);
}

/* A send error may be noticed before everything received earlier has been read. */
TEST(what_came_before_the_end_is_read)
{
    struct ends e;
    char got[8];
    begin(&e);
    connect_both(&e);
    CHECK(send(e.other, "last", 4, 0) == 4);
    CHECK(setsockopt(e.other, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1},
                     sizeof(struct linger)) == 0);
    hang_up(&e);
    chain_add(&e.link.out, BYTES("x"));
    CHECK(link_send(&e.link, true) < 0);
    e.link.ready = false;
    link_mute(&e.link);
    CHECK(e.link.ready && chain_pending(&e.link.out) == 0);
    chain_add(&e.link.out, BYTES("y"));
    CHECK(link_send(&e.link, true) == 0 && chain_pending(&e.link.out) == 0);
    CHECK(link_read(&e.link, got, sizeof(got)) == 4 && memcmp(got, "last", 4) == 0);
    CHECK(link_read(&e.link, got, sizeof(got)) < 0);
    end(&e);
}

TEST(a_turn_ends_with_its_bytes)
{
    enum { SENT = 600 << 10, PIECE = 16 << 10 };
    struct ends e;
    static char piece[PIECE], all[SENT];
    begin(&e);
    connect_both(&e);
    size_t sent = 0, got = 0;
    while (got < SENT) {
        size_t in_turn = 0;
        long n = 1;
        link_begin_turn(&e.link);
        while (n > 0 && !link_turn_is_over(&e.link)) {
            ssize_t more = send(e.other, all + sent, SENT - sent, MSG_DONTWAIT);
            sent += more > 0 ? (size_t)more : 0;
            n = link_read(&e.link, piece, PIECE);
            in_turn += n > 0 ? (size_t)n : 0;
        }
        got += in_turn;
        CHECK(in_turn < LINK_TURN_BYTES + PIECE);
    }
    e.link.turn_ends = UINT64_MAX;
    e.link.turn_bytes = LINK_TURN_BYTES - 1;
    CHECK(!link_turn_is_over(&e.link));
    e.link.turn_bytes++;
    CHECK(link_turn_is_over(&e.link));
    e.link.turn_bytes = 0;
    e.link.turn_ends = 1;
    CHECK(link_turn_is_over(&e.link));
    end(&e);
}

/* What does not go now goes when there is room, and nobody waits for it. */
TEST(a_full_socket_keeps_the_rest)
{
    struct ends e;
    static char piece[1 << 16];
    struct bytes large = {mem_zalloc(16 << 20), 16 << 20};
    begin(&e);
    connect_both(&e);
    chain_add(&e.link.out, large);
    CHECK(link_send(&e.link, false) == 0 && chain_pending(&e.link.out) > 0);
    size_t got = 0;
    for (int i = 0; i < 100000 && got < large.n; i++) {
        ssize_t n = recv(e.other, piece, sizeof(piece), MSG_DONTWAIT);
        got += n > 0 ? (size_t)n : 0;
        if (n > 0)
            continue;
        loop_turn(e.loop, 10000);
        CHECK(e.link.ready && link_send(&e.link, false) == 0);
        e.link.ready = false;
    }
    CHECK(got == large.n && chain_pending(&e.link.out) == 0);
    /* Nor is it told of what comes when it wants none. */
    loop_turn(e.loop, 0);
    e.link.ready = false;
    CHECK(send(e.other, "x", 1, 0) == 1);
    loop_turn(e.loop, 5000);
    CHECK(!e.link.ready && link_send(&e.link, true) == 0);
    CHECK(reads(&e, piece, 8) == 1);
    mem_free((char *)(uintptr_t)large.p);
    end(&e);
}

TEST(connection_failures_are_explained)
{
    struct ends e;
    begin(&e);
    close(e.listener);
    e.listener = -1;
    int error = dial(&e);
    CHECK(error == -ECONNREFUSED && strcmp(link_why(&e.link, error), strerror(ECONNREFUSED)) == 0);
    end(&e);
}

TEST(a_link_is_dropped_at_any_time_and_begins_anew)
{
    struct ends e;
    begin(&e);
    link_drop(&e.link); /* there is none */
    struct dial_to to = {.host = "127.0.0.1", .port = e.port, .source = ""};
    link_dial(&e.link, e.loop, &to);
    link_drop(&e.link); /* half made */
    CHECK(!e.link.dial && !e.link.conn && !e.link.ready);
    e.other = accept(e.listener, NULL, NULL);
    if (e.other >= 0)
        hang_up(&e);
    connect_both(&e);
    chain_add(&e.link.out, BYTES("not sent"));
    buf_add_text(&e.link.in, "half a line");
    link_drop(&e.link);
    CHECK(!e.link.conn && e.link.in.n == 0 && chain_pending(&e.link.out) == 0);
    char got[16];
    CHECK(recv(e.other, got, sizeof(got), 0) == 0);
    hang_up(&e);
    connect_both(&e);
    end(&e);
}

UNIT_MAIN(T(bytes_go_both_ways), T(what_the_other_side_closes_is_an_error),
          T(what_came_before_the_end_is_read), T(a_turn_ends_with_its_bytes),
          T(a_full_socket_keeps_the_rest), T(connection_failures_are_explained),
          T(a_link_is_dropped_at_any_time_and_begins_anew))
