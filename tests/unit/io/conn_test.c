#include "io/conn.h"

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int seen;

static void ready(void *context, int events)
{
    (void)context;
    seen |= events;
}

struct pair {
    struct loop *loop;
    struct conn *conn;
    int peer;
};

static struct pair begin(void)
{
    struct pair p = {.loop = loop_new()};
    int fds[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
    p.conn = conn_new(p.loop, fds[0], ready, NULL);
    p.peer = fds[1];
    seen = 0;
    return p;
}

static void end(struct pair *p)
{
    conn_free(p->conn);
    close(p->peer);
    loop_free(p->loop);
}

TEST(bytes_come_until_the_peer_is_gone)
{
    struct pair p = begin();
    char text[8];
    CHECK(conn_read(p.conn, text, sizeof(text)) == -EAGAIN);
    loop_turn(p.loop, 0);
    CHECK(seen == 0);
    CHECK(write(p.peer, "abc", 3) == 3);
    loop_turn(p.loop, 1000);
    CHECK(seen == LOOP_READ);
    CHECK(conn_unread(p.conn) == 3 && conn_read(p.conn, text, 2) == 2 && conn_unread(p.conn) == 1);
    CHECK(conn_read(p.conn, text, 2) == 1 && text[0] == 'c' && conn_unread(p.conn) == 0);
    shutdown(p.peer, SHUT_WR);
    CHECK(conn_read(p.conn, text, sizeof(text)) == 0);
    end(&p);
}

TEST(what_is_told_is_what_was_wanted)
{
    struct pair p = begin();
    conn_want(p.conn, false, true);
    CHECK(write(p.peer, "abc", 3) == 3);
    loop_turn(p.loop, 1000);
    CHECK(seen == LOOP_WRITE);
    conn_want(p.conn, false, false);
    seen = 0;
    loop_turn(p.loop, 0);
    CHECK(seen == 0);
    end(&p);
}

/* Up to a position and no further: what is behind it may not be sent yet. */
TEST(a_chain_is_sent_up_to_a_limit)
{
    struct pair p = begin();
    struct chain out = {0};
    struct str *s = str_new(BYTES("by reference"));
    char text[64];
    chain_add(&out, BYTES("copied, "));
    chain_add_str(&out, s);
    chain_add(&out, BYTES(", more"));
    CHECK(conn_write(p.conn, &out, 0) == 0);
    CHECK(conn_write(p.conn, &out, 11) == 11 && read(p.peer, text, 64) == 11);
    CHECK(memcmp(text, "copied, by ", 11) == 0);
    CHECK(conn_write(p.conn, &out, chain_end(&out)) == 15 && chain_pending(&out) == 0);
    CHECK(read(p.peer, text, 64) == 15 && memcmp(text, "reference, more", 15) == 0);
    str_unref(s);
    chain_free(&out);
    end(&p);
}

TEST(a_peer_that_takes_no_more)
{
    struct pair p = begin();
    struct chain out = {0};
    static char much[1 << 20];
    chain_add(&out, bytes_of(much, sizeof(much)));
    long n, all = 0;
    while ((n = conn_write(p.conn, &out, chain_end(&out))) > 0)
        all += n;
    CHECK(n == -EAGAIN && all > 0 && chain_pending(&out) == sizeof(much) - (size_t)all);
    shutdown(p.peer, SHUT_RD);
    CHECK(conn_write(p.conn, &out, chain_end(&out)) == -EPIPE); /* and no SIGPIPE */
    chain_free(&out);
    end(&p);
}

TEST(what_lies_elsewhere_is_sent_in_one_write)
{
    struct pair p = begin();
    struct iovec pieces[] = {{(char[]){"ab"}, 2}, {(char[]){"cde"}, 3}};
    char text[16];
    CHECK(conn_send(p.conn, pieces, 2) == 5 && read(p.peer, text, sizeof(text)) == 5);
    CHECK(memcmp(text, "abcde", 5) == 0);
    CHECK(conn_send(p.conn, pieces + 1, 1) == 3 && read(p.peer, text, sizeof(text)) == 3);
    close(p.peer);
    CHECK(conn_send(p.conn, pieces, 2) == -EPIPE);
    p.peer = dup(0);
    end(&p);
}

TEST(a_file_is_sent_from_any_place_to_its_end)
{
    struct pair p = begin();
    char name[] = "/tmp/conn_test_XXXXXX", text[16];
    int fd = mkstemp(name);
    CHECK(fd >= 0 && write(fd, "0123456789", 10) == 10);
    CHECK(conn_send_file(p.conn, fd, 3, 4) == 4 && read(p.peer, text, sizeof(text)) == 4);
    CHECK(memcmp(text, "3456", 4) == 0);
    CHECK(conn_send_file(p.conn, fd, 8, 100) == 2 && read(p.peer, text, sizeof(text)) == 2);
    CHECK(conn_send_file(p.conn, fd, 10, 1) == -ENODATA);
    /* The socket is full: nothing is lost. */
    CHECK(ftruncate(fd, 64 << 20) == 0);
    long sent = 0, n;
    while ((n = conn_send_file(p.conn, fd, (uint64_t)sent, 1 << 20)) > 0)
        sent += n;
    CHECK(n == -EAGAIN && sent > 0 && sent < 64 << 20);
    close(fd);
    unlink(name);
    end(&p);
}

UNIT_MAIN(T(what_lies_elsewhere_is_sent_in_one_write), T(a_file_is_sent_from_any_place_to_its_end),
          T(bytes_come_until_the_peer_is_gone), T(what_is_told_is_what_was_wanted),
          T(a_chain_is_sent_up_to_a_limit), T(a_peer_that_takes_no_more))
