/* Connections to a listener in the same process: what comes of them, and what they say when nothing
 * comes. */
#include "io/dial.h"

#include "certificates.h"
#include "io/listen.h"
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int seen, connect_error;

/* In place of the C library's. */
int connect(int fd, const struct sockaddr *to, socklen_t n)
{
    if (!connect_error)
        return (int)syscall(SYS_connect, fd, to, n);
    errno = connect_error;
    return -1;
}

static void ready(void *context, int events)
{
    (void)context;
    (void)events;
    seen++;
}

struct end {
    struct loop *loop;
    int listener, port;
    struct dial *dial;
    struct conn *conn;
};

static struct end begin(const char *address)
{
    struct end e = {.loop = loop_new(), .listener = listen_tcp(address, 0, 5)};
    struct sockaddr_storage a;
    socklen_t n = sizeof(a);
    CHECK(e.listener >= 0 && getsockname(e.listener, (struct sockaddr *)&a, &n) == 0);
    e.port = ntohs(a.ss_family == AF_INET ? ((struct sockaddr_in *)(void *)&a)->sin_port
                                          : ((struct sockaddr_in6 *)(void *)&a)->sin6_port);
    return e;
}

static void end(struct end *e)
{
    dial_free(e->dial);
    conn_free(e->conn);
    if (e->listener >= 0)
        close(e->listener);
    loop_free(e->loop);
}

static int dial(struct end *e, struct dial_to to)
{
    to.port = to.port ? to.port : e->port;
    to.source = to.source ? to.source : "";
    dial_free(e->dial);
    conn_free(e->conn);
    e->conn = NULL;
    seen = 0;
    e->dial = dial_new(e->loop, &to, ready, NULL);
    int r = dial_step(e->dial, &e->conn);
    for (int i = 0; i < 1000 && r == -EAGAIN; i++) {
        loop_turn(e->loop, 10000);
        r = dial_step(e->dial, &e->conn);
    }
    CHECK(seen > 0 || r < 0);
    seen = 0;
    return r;
}

static bool says(const struct end *e, const char *what)
{
    if (strstr(dial_why(e->dial), what))
        return true;
    printf("# <%s>\n", dial_why(e->dial));
    return false;
}

/* The system may answer EAGAIN (an IPsec policy without keys yet), which is not "in progress". */
TEST(a_connect_that_must_be_tried_again_is_an_error)
{
    struct end e = begin("127.0.0.1");
    struct dial_to to = {.host = "127.0.0.1", .port = e.port, .source = ""};
    e.dial = dial_new(e.loop, &to, ready, NULL);
    connect_error = EAGAIN;
    int r = dial_step(e.dial, &e.conn);
    connect_error = 0;
    CHECK(r < 0 && r != -EAGAIN && says(&e, "connect: "));
    end(&e);
}

TEST(a_connection_is_made_from_the_address_that_is_asked_for)
{
    struct end e = begin("127.0.0.1");
    char peer[64], local[64], byte;
    bool is_local;
    CHECK(dial(&e, (struct dial_to){.host = "127.0.0.1", .source = "127.0.0.5"}) == 0);
    dial_free(e.dial);
    e.dial = NULL; /* the connection is its own thing now */
    int fd = listen_accept(e.listener, peer, local, sizeof(peer), &is_local);
    CHECK(fd >= 0 && strncmp(peer, "127.0.0.5:", 10) == 0);
    CHECK(write(fd, "x", 1) == 1);
    loop_turn(e.loop, 10000);
    CHECK(seen == 1 && conn_read(e.conn, &byte, 1) == 1 && byte == 'x');
    close(fd);
    end(&e);
}

TEST(a_name_is_looked_up_and_all_its_addresses_are_tried)
{
    struct end e = begin("127.0.0.1"); /* localhost may be ::1 as well: refused there */
    CHECK(dial(&e, (struct dial_to){.host = "localhost"}) == 0);
    end(&e);
}

TEST(what_does_not_work_is_said)
{
    struct end e = begin("127.0.0.1");
    CHECK(dial(&e, (struct dial_to){.host = "127.0.0.1", .source = "192.0.2.1"}) == -EADDRNOTAVAIL);
    CHECK(says(&e, "bind-source-addr: Cannot assign requested address"));
    CHECK(dial(&e, (struct dial_to){.host = "127.0.0.1", .source = "::1"}) == -EAFNOSUPPORT);
    CHECK(says(&e, "bind-source-addr: "));
    CHECK(dial(&e, (struct dial_to){.host = "no..such..host"}) == -EADDRNOTAVAIL);
    CHECK(says(&e, "resolve: Name or service not known"));
    close(e.listener);
    e.listener = -1;
    CHECK(dial(&e, (struct dial_to){.host = "127.0.0.1"}) == -ECONNREFUSED);
    CHECK(says(&e, "connect: Connection refused"));
    CHECK(!e.conn);
    end(&e);
}

/* The kernel may choose as our own port the one that is asked for. It takes one of 14,000, the even
 * ones first: without the check most runs of this fail, not all. */
TEST(self_connections_are_rejected)
{
    struct end e = begin("127.0.0.1");
    close(e.listener);
    e.listener = -1;
    e.port &= ~1;
    int refused = 0;
    for (int i = 0; i < 40000; i++)
        refused += dial(&e, (struct dial_to){.host = "127.0.0.1"}) == -ECONNREFUSED;
    CHECK(refused == 40000);
    end(&e);
}

TEST(a_dial_can_be_dropped_at_any_time)
{
    struct end e = begin("127.0.0.1");
    struct conn *conn;
    for (int i = 0; i < 50; i++) {
        struct dial_to to = {
            .host = i % 2 ? "localhost" : "127.0.0.1", .port = e.port, .source = ""};
        e.dial = dial_new(e.loop, &to, ready, NULL);
        if (i % 3)
            CHECK(dial_step(e.dial, &conn) == -EAGAIN);
        if (i % 5 == 0)
            loop_turn(e.loop, 10);
        dial_free(e.dial);
    }
    e.dial = NULL;
    usleep(100000); /* threads that nobody waits for come to their end */
    end(&e);
}

/* ---- TLS */

struct secure {
    struct end end;
    char dir[64];
    struct certificate authority, stranger, server;
    struct tls_context *serving, *asking;
    struct buf error;
};

static const char *in(const struct secure *s, const char *name)
{
    static char texts[4][128];
    static int next;
    char *to = texts[next++ % 4];
    snprintf(to, sizeof(texts[0]), "%s/%s", s->dir, name);
    return to;
}

static struct tls_options options(const struct secure *s, const char *authority)
{
    return (struct tls_options){.cert_file = in(s, "server.crt"),
                                .key_file = in(s, "server.key"),
                                .key_pass = "",
                                .ca_file = in(s, authority),
                                .ca_directory = "",
                                .dh_file = "",
                                .protocols = "",
                                .ciphers = "",
                                .ciphersuites = "",
                                .clients = TLS_CLIENTS_YES};
}

static struct secure begin_secure(void)
{
    struct secure s = {.end = begin("127.0.0.1"), .dir = "/tmp/dial.XXXXXX"};
    CHECK(mkdtemp(s.dir));
    s.authority = certificate_new("authority", NULL);
    s.stranger = certificate_new("stranger", NULL);
    s.server = certificate_new("localhost", &s.authority);
    CHECK(certificate_save(&s.authority, s.dir, "authority"));
    CHECK(certificate_save(&s.stranger, s.dir, "stranger"));
    CHECK(certificate_save(&s.server, s.dir, "server"));
    struct tls_options o = options(&s, "authority.crt");
    s.serving = tls_context_new(&o, &s.error);
    s.asking = tls_context_new_client(&o, &s.error);
    CHECK(s.serving && s.asking);
    return s;
}

static void end_secure(struct secure *s)
{
    static const char *const names[] = {"authority", "stranger", "server"};
    for (int i = 0; i < 3; i++) {
        char name[32];
        snprintf(name, sizeof(name), "%s.crt", names[i]);
        unlink(in(s, name));
        snprintf(name, sizeof(name), "%s.key", names[i]);
        unlink(in(s, name));
    }
    rmdir(s->dir);
    certificate_free(&s->authority);
    certificate_free(&s->stranger);
    certificate_free(&s->server);
    tls_context_free(s->serving);
    tls_context_free(s->asking);
    buf_free(&s->error);
    end(&s->end);
}

/* The server's side of the handshake in a child. Returns what dial_step() says in the end. */
static int dial_secure(struct secure *s, const char *host, struct tls_context *asking, bool plain)
{
    pid_t child = fork();
    if (child == 0) {
        poll(&(struct pollfd){.fd = s->end.listener, .events = POLLIN}, 1, 5000);
        int fd = accept(s->end.listener, NULL, NULL);
        struct tls *t = tls_new(s->serving, fd);
        int r = plain ? (int)write(fd, "-ERR\r\n", 6) : tls_handshake(t);
        if (r == 0)
            tls_write(t, "hello", 5);
        char last;
        while (read(fd, &last, 1) > 0)
            ;
        _exit(0);
    }
    return dial(&s->end, (struct dial_to){.host = host, .tls = asking});
}

TEST(the_other_sides_certificate_has_to_be_good)
{
    struct secure s = begin_secure();
    char text[8];
    CHECK(dial_secure(&s, "localhost", s.asking, false) == 0);
    loop_turn(s.end.loop, 10000);
    CHECK(conn_read(s.end.conn, text, sizeof(text)) == 5 && memcmp(text, "hello", 5) == 0);
    CHECK(dial_secure(&s, "127.0.0.1", s.asking, false) ==
          0); /* no name: any the authority signed */

    struct tls_options o = options(&s, "stranger.crt");
    struct tls_context *other = tls_context_new_client(&o, &s.error);
    CHECK(other && dial_secure(&s, "127.0.0.1", other, false) == -EPROTO);
    CHECK(says(&s.end, "TLS: self-signed certificate in certificate chain"));
    tls_context_free(other);

    CHECK(dial_secure(&s, "127.0.0.1", s.asking, true) == -EPROTO);
    CHECK(says(&s.end, "TLS: wrong version number") || says(&s.end, "TLS: packet length"));
    end_secure(&s);
}

TEST(a_name_has_to_be_the_certificates)
{
    struct secure s = begin_secure();
    struct certificate other = certificate_new("elsewhere.example", &s.authority);
    CHECK(certificate_save(&other, s.dir, "server"));
    struct tls_options o = options(&s, "authority.crt");
    tls_context_free(s.serving);
    s.serving = tls_context_new(&o, &s.error);
    CHECK(s.serving && dial_secure(&s, "localhost", s.asking, false) == -EPROTO);
    CHECK(says(&s.end, "TLS: hostname mismatch"));
    CHECK(dial_secure(&s, "127.0.0.1", s.asking, false) == 0);
    certificate_free(&other);
    end_secure(&s);
}

TEST(outgoing_tls_needs_a_trusted_ca)
{
    struct secure s = begin_secure();
    struct tls_options o = options(&s, "authority.crt");
    o.ca_file = "";
    CHECK(!tls_context_new_client(&o, &s.error) && memmem(s.error.p, s.error.n, "tls-ca-cert", 11));
    o = options(&s, "authority.crt");
    o.cert_file = o.key_file = ""; /* none of our own: the other side may refuse it */
    struct tls_context *x = tls_context_new_client(&o, &s.error);
    CHECK(x);
    tls_context_free(x);
    end_secure(&s);
}

UNIT_MAIN(T(a_connection_is_made_from_the_address_that_is_asked_for),
          T(a_connect_that_must_be_tried_again_is_an_error), T(what_does_not_work_is_said),
          T(a_name_is_looked_up_and_all_its_addresses_are_tried), T(what_does_not_work_is_said),
          T(self_connections_are_rejected), T(a_dial_can_be_dropped_at_any_time),
          T(the_other_sides_certificate_has_to_be_good), T(a_name_has_to_be_the_certificates),
          T(outgoing_tls_needs_a_trusted_ca))
