#include "io/listen.h"

#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int port_of(int fd)
{
    struct sockaddr_in a;
    socklen_t n = sizeof(a);
    return getsockname(fd, (struct sockaddr *)&a, &n) == 0 ? ntohs(a.sin_port) : -1;
}

TEST(the_peer_address_is_reported)
{
    char peer[64], local[64], want[64];
    bool is_local = false;
    int fd = listen_tcp("127.0.0.1", 0, 5), port = port_of(fd);
    CHECK(fd >= 0 && port > 0);
    CHECK(listen_accept(fd, peer, local, sizeof(peer), &is_local) == -EAGAIN);
    CHECK(listen_tcp("127.0.0.1", port, 5) == -EADDRINUSE);
    int c = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    CHECK(connect(c, (struct sockaddr *)&to, sizeof(to)) == 0);
    poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 5000);
    int got = listen_accept(fd, peer, local, sizeof(peer), &is_local);
    CHECK(got >= 0 && is_local && (fcntl(got, F_GETFL) & O_NONBLOCK));
    snprintf(want, sizeof(want), "127.0.0.1:%d", port_of(c));
    CHECK(strcmp(peer, want) == 0);
    snprintf(want, sizeof(want), "127.0.0.1:%d", port);
    CHECK(strcmp(local, want) == 0);
    listen_tune(got, 30);
    int yes = 0;
    socklen_t n = sizeof(yes);
    CHECK(getsockopt(got, IPPROTO_TCP, TCP_NODELAY, &yes, &n) == 0 && yes);
    CHECK(getsockopt(got, SOL_SOCKET, SO_KEEPALIVE, &yes, &n) == 0 && yes);
    close(got);
    close(c);
    close(fd);
}

TEST(an_address_that_is_not_here_is_an_error)
{
    CHECK(listen_tcp("192.0.2.1", 0, 5) == -EADDRNOTAVAIL); /* for documentation only */
}

TEST(a_socket_file_has_its_permissions)
{
    char dir[] = "/tmp/millrace-listen-test-XXXXXX", path[64], name[200], peer[64], local[64];
    bool is_local = false;
    struct stat st;
    CHECK(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/socket", dir);
    int fd = listen_unix(path, 0600, 5);
    CHECK(fd >= 0 && stat(path, &st) == 0 && (st.st_mode & 0777) == 0600);
    close(fd);
    fd = listen_unix(path, 0666, 5); /* what an earlier server left gives way */
    CHECK(fd >= 0 && stat(path, &st) == 0 && (st.st_mode & 0777) == 0666);
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    strcpy(to.sun_path, path);
    int c = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(connect(c, (struct sockaddr *)&to, sizeof(to)) == 0);
    int got = listen_accept(fd, peer, local, sizeof(peer), &is_local);
    CHECK(got >= 0 && is_local && strcmp(peer, "/unixsocket:0") == 0);
    listen_tune(got, 30); /* nothing to tune */
    close(got);
    close(c);
    close(fd);
    unlink(path);
    rmdir(dir);
    memset(name, 'x', sizeof(name));
    name[sizeof(name) - 1] = 0;
    CHECK(listen_unix(name, 0, 5) == -ENAMETOOLONG);
}

UNIT_MAIN(T(the_peer_address_is_reported), T(an_address_that_is_not_here_is_an_error),
          T(a_socket_file_has_its_permissions))
