#include "server/listeners.h"
#include "unit.h"

#include "base/log.h"
#include "base/mem.h"
#include "certificates.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Nothing comes to links: no test has a turn of the loop. */
struct set {
    struct settings *s;
    struct loop *loop;
    struct listeners *all;
    char dir[64], path[128], address[INET_ADDRSTRLEN];
};

static void say(struct set *x, const char *name, const char *value)
{
    const char *reason = "";
    if (!settings_parse(x->s, settings_find(bytes_text(name)), bytes_text(value), &reason))
        printf("# %s %s: %s\n", name, value, reason);
}

/* Of this process alone: no other test takes its ports. */
static struct in_addr own_address(void)
{
    return (struct in_addr){htonl(127u << 24 | (1u << 23) | ((uint32_t)getpid() & 0x7fffff))};
}

static struct set begin(void)
{
    struct set x = {.s = settings_new(), .loop = loop_new()};
    log_set_level(LOG_WARNING + 1);
    snprintf(x.dir, sizeof(x.dir), "/tmp/millrace-listeners-XXXXXX");
    if (!mkdtemp(x.dir))
        abort();
    snprintf(x.path, sizeof(x.path), "%s/sock", x.dir);
    x.all = listeners_new(x.s, x.loop, NULL);
    const struct in_addr own = own_address();
    inet_ntop(AF_INET, &own, x.address, sizeof(x.address));
    say(&x, "bind", x.address);
    say(&x, "port", "0");
    return x;
}

static void end(struct set *x)
{
    static const char *const names[] = {"sock", "first.crt", "first.key"};
    char path[256];
    listeners_free(x->all);
    loop_free(x->loop);
    settings_free(x->s);
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        snprintf(path, sizeof(path), "%s/%s", x->dir, names[i]);
        unlink(path);
    }
    rmdir(x->dir);
}

static int take(int fd, const struct sockaddr *a, socklen_t n)
{
    return bind(fd, a, n);
}

static int reach(int fd, const struct sockaddr *a, socklen_t n)
{
    return connect(fd, a, n);
}

static int on_port(int port, int (*act)(int, const struct sockaddr *, socklen_t))
{
    const struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = own_address()};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (act(fd, (const struct sockaddr *)&a, sizeof(a)) == 0)
        return fd;
    close(fd);
    return -1;
}

/* One that nobody has. */
static int a_port(struct set *x)
{
    struct sockaddr_in a;
    socklen_t n = sizeof(a);
    char text[16];
    int fd = on_port(0, take);
    getsockname(fd, (struct sockaddr *)&a, &n);
    close(fd);
    snprintf(text, sizeof(text), "%d", ntohs(a.sin_port));
    say(x, "port", text);
    return ntohs(a.sin_port);
}

static bool somebody_listens(int port)
{
    int fd = on_port(port, reach);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static bool is_served(const struct set *x)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    snprintf(a.sun_path, sizeof(a.sun_path), "%.100s", x->path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    bool good = connect(fd, (const struct sockaddr *)&a, sizeof(a)) == 0;
    close(fd);
    return good;
}

static bool kinds_are(const struct set *x, const char *first, const char *second)
{
    const char *const want[] = {first, second, NULL};
    for (int i = 0;; i++) {
        const char *kind = listeners_kind(x->all, i);
        if (!kind || !want[i])
            return kind == want[i];
        if (strcmp(kind, want[i]) != 0)
            return false;
    }
}

TEST(a_server_without_listeners_does_not_start)
{
    struct set x = begin();
    CHECK(!listeners_open(x.all) && kinds_are(&x, NULL, NULL));
    end(&x);
}

TEST(a_port_and_a_unix_socket)
{
    struct set x = begin();
    int port = a_port(&x);
    say(&x, "unixsocket", x.path);
    CHECK(!somebody_listens(port));
    CHECK(listeners_open(x.all) && kinds_are(&x, "tcp", "unix"));
    CHECK(somebody_listens(port) && is_served(&x));
    listeners_close(x.all);
    CHECK(kinds_are(&x, NULL, NULL) && !somebody_listens(port) && !is_served(&x));
    end(&x);
}

/* 192.0.2.1 is nobody's, by RFC 5737. */
TEST(an_address_may_be_missing_when_it_says_so)
{
    struct set x = begin();
    int port = a_port(&x);
    char both[64];
    snprintf(both, sizeof(both), "%s -192.0.2.1", x.address);
    say(&x, "bind", both);
    CHECK(listeners_open(x.all) && kinds_are(&x, "tcp", NULL) && somebody_listens(port));
    listeners_close(x.all);
    snprintf(both, sizeof(both), "%s 192.0.2.1", x.address);
    say(&x, "bind", both);
    CHECK(!listeners_open(x.all));
    end(&x);
}

/* What is taken is an error also where what is missing is not. */
TEST(a_port_in_use_is_rejected)
{
    struct set x = begin();
    int port = a_port(&x), fd = on_port(port, take);
    CHECK(fd >= 0 && listen(fd, 1) == 0);
    char optional[64];
    snprintf(optional, sizeof(optional), "-%s", x.address);
    say(&x, "bind", optional);
    CHECK(!listeners_open(x.all));
    close(fd);
    CHECK(listeners_open(x.all) && kinds_are(&x, "tcp", NULL));
    end(&x);
}

TEST(opening_anew_keeps_the_unix_socket)
{
    struct set x = begin();
    int first = a_port(&x);
    say(&x, "unixsocket", x.path);
    CHECK(listeners_open(x.all));
    int second = a_port(&x);
    CHECK(listeners_reopen(x.all) && kinds_are(&x, "unix", "tcp"));
    CHECK(!somebody_listens(first) && somebody_listens(second) && is_served(&x));
    /* A port that is taken: it says so, and the unix socket is there still. */
    int fd = on_port(first, take);
    CHECK(fd >= 0 && listen(fd, 1) == 0);
    char text[16];
    snprintf(text, sizeof(text), "%d", first);
    say(&x, "port", text);
    CHECK(!listeners_reopen(x.all) && kinds_are(&x, "unix", NULL) && is_served(&x));
    close(fd);
    say(&x, "port", "0");
    CHECK(listeners_reopen(x.all) && kinds_are(&x, "unix", NULL) && is_served(&x));
    end(&x);
}

/* It is its own authority. */
static bool make_certificate(struct set *x)
{
    char path[256];
    struct certificate first = certificate_new("localhost", NULL);
    bool good = certificate_save(&first, x->dir, "first");
    certificate_free(&first);
    snprintf(path, sizeof(path), "%s/first.crt", x->dir);
    say(x, "tls-ca-cert-file", path);
    say(x, "tls-auth-clients", "no");
    return good;
}

static void name_certificate(struct set *x, const char *name)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s.crt", x->dir, name);
    say(x, "tls-cert-file", path);
    snprintf(path, sizeof(path), "%s/%s.key", x->dir, name);
    say(x, "tls-key-file", path);
}

TEST(certificates_that_cannot_be_read_leave_the_former_ones)
{
    struct set x = begin();
    CHECK(make_certificate(&x));
    CHECK(listeners_configure_tls(x.all) && !listeners_client_tls(x.all));
    say(&x, "tls-replication", "yes");
    name_certificate(&x, "none");
    CHECK(!listeners_configure_tls(x.all) && !listeners_client_tls(x.all));
    name_certificate(&x, "first");
    CHECK(listeners_configure_tls(x.all));
    struct tls_context *former = listeners_client_tls(x.all);
    CHECK(former);
    name_certificate(&x, "none");
    CHECK(!listeners_configure_tls(x.all) && listeners_client_tls(x.all) == former);
    say(&x, "tls-replication", "no");
    CHECK(listeners_configure_tls(x.all) && !listeners_client_tls(x.all));
    end(&x);
}

TEST(an_encrypted_port_stands_beside_the_plain_one)
{
    struct set x = begin();
    CHECK(make_certificate(&x));
    int encrypted = a_port(&x);
    char text[16];
    snprintf(text, sizeof(text), "%d", encrypted);
    say(&x, "tls-port", text);
    int plain = a_port(&x);
    name_certificate(&x, "none");
    CHECK(!listeners_open(x.all) && !somebody_listens(plain));
    name_certificate(&x, "first");
    CHECK(listeners_open(x.all) && kinds_are(&x, "tcp", "tls"));
    CHECK(somebody_listens(plain) && somebody_listens(encrypted));
    end(&x);
}

UNIT_MAIN(T(a_server_without_listeners_does_not_start), T(a_port_and_a_unix_socket),
          T(an_address_may_be_missing_when_it_says_so), T(a_port_in_use_is_rejected),
          T(opening_anew_keeps_the_unix_socket),
          T(certificates_that_cannot_be_read_leave_the_former_ones),
          T(an_encrypted_port_stands_beside_the_plain_one))
