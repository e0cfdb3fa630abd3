#include "io/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int fail(int fd)
{
    int error = errno;
    if (fd >= 0)
        close(fd);
    return -error;
}

int listen_tcp(const char *address, int port, int backlog)
{
    char service[16];
    snprintf(service, sizeof(service), "%d", port);
    bool all6 = strcmp(address, "::*") == 0;
    const char *host = strcmp(address, "*") == 0 ? "0.0.0.0" : all6 ? "::" : address;
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_PASSIVE},
                    *found;
    if (getaddrinfo(host, service, &hints, &found) != 0)
        return -EADDRNOTAVAIL;
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        freeaddrinfo(found);
        return fail(fd);
    }
    int yes = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (found->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes));
    int bound = bind(fd, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    if (bound < 0 || listen(fd, backlog) < 0)
        return fail(fd);
    return fd;
}

int listen_unix(const char *path, unsigned perm, int backlog)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(a.sun_path))
        return -ENAMETOOLONG;
    strcpy(a.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return fail(fd);
    unlink(path);
    mode_t old = perm ? umask(0777 & ~perm) : 0;
    int bound = bind(fd, (struct sockaddr *)&a, sizeof(a));
    if (perm)
        umask(old);
    if (bound < 0 || (perm && chmod(path, perm) < 0) || listen(fd, backlog) < 0)
        return fail(fd);
    return fd;
}

static bool print_address(const struct sockaddr_storage *a, char *to, size_t n)
{
    char ip[INET6_ADDRSTRLEN];
    if (a->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const void *)a;
        inet_ntop(AF_INET, &v4->sin_addr, ip, sizeof(ip));
        snprintf(to, n, "%s:%d", ip, ntohs(v4->sin_port));
        return (ntohl(v4->sin_addr.s_addr) >> 24) == 127;
    }
    if (a->ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const void *)a;
        inet_ntop(AF_INET6, &v6->sin6_addr, ip, sizeof(ip));
        snprintf(to, n, "[%s]:%d", ip, ntohs(v6->sin6_port));
        return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
    }
    snprintf(to, n, "/unixsocket:0");
    return true;
}

int listen_accept(int fd, char *peer, char *local, size_t n, bool *is_local)
{
    struct sockaddr_storage a = {0}, b = {0};
    socklen_t an = sizeof(a), bn = sizeof(b);
    int got = accept4(fd, (struct sockaddr *)&a, &an, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (got < 0)
        return -errno;
    *is_local = print_address(&a, peer, n);
    if (getsockname(got, (struct sockaddr *)&b, &bn) == 0)
        print_address(&b, local, n);
    else
        local[0] = 0;
    return got;
}

void listen_addresses(int fd, char *peer, char *local, size_t n)
{
    struct sockaddr_storage a = {0}, b = {0};
    socklen_t an = sizeof(a), bn = sizeof(b);
    peer[0] = local[0] = 0;
    if (getpeername(fd, (struct sockaddr *)&a, &an) == 0)
        print_address(&a, peer, n);
    if (getsockname(fd, (struct sockaddr *)&b, &bn) == 0)
        print_address(&b, local, n);
}

void listen_tune(int fd, int keepalive_s)
{
    int yes = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    if (keepalive_s > 0) {
        int interval = keepalive_s / 3 > 0 ? keepalive_s / 3 : 1, count = 3;
        setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof(yes));
        setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &keepalive_s, sizeof(keepalive_s));
        setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval));
        setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count));
    }
}
