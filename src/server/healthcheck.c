/* One request and one response on a blocking socket, with an alarm as the time limit. A host with
 * several addresses (localhost) is tried at each. */
#include "server/healthcheck.h"

#include "base/bytes.h"

#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define SECONDS     5
#define HEAD        "HTTP/1.1 "
#define MOST        1024
#define HOST        256
#define IS_DIGIT(c) ((unsigned)((c) - '0') < 10)

struct target {
    char host[HOST]; /* without brackets */
    char name[HOST]; /* as in the URL, with the port, for the Host header */
    char port[8];
    const char *path;
};

/* http://HOST[:PORT][/PATH]; a HOST with colons stands in brackets. */
static bool read_url(const char *url, struct target *t)
{
    static const char scheme[] = "http://";
    if (strncmp(url, scheme, sizeof(scheme) - 1) != 0)
        return false;
    const char *name = url + sizeof(scheme) - 1, *host = name;
    size_t all = strcspn(name, "/"), n;
    t->path = name[all] ? name + all : "/";
    if (*host == '[') {
        n = strcspn(++host, "]/");
        if (host[n] != ']')
            return false;
    } else {
        n = strcspn(host, ":/");
    }
    const char *port = host + n + (host[n] == ']');
    if (n == 0 || all >= HOST || strpbrk(url, " \t\r\n") || (*port && *port != ':' && *port != '/'))
        return false;
    snprintf(t->host, sizeof(t->host), "%.*s", (int)n, host);
    snprintf(t->name, sizeof(t->name), "%.*s", (int)all, name);
    strcpy(t->port, "80");
    if (*port != ':')
        return true;
    size_t digits = strcspn(++port, "/");
    for (size_t i = 0; i < digits; i++)
        if (!IS_DIGIT(port[i]))
            return false;
    snprintf(t->port, sizeof(t->port), "%.*s", (int)digits, port);
    return digits > 0 && digits < 6;
}

/* Connects to the first address that accepts; -1: errno. */
static int reach(const struct target *t)
{
    const struct addrinfo wanted = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *all, *a;
    int fd = -1;
    if (getaddrinfo(t->host, t->port, &wanted, &all) != 0) {
        errno = ENXIO;
        return -1;
    }
    for (a = all; a && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
            continue;
        if (connect(fd, a->ai_addr, a->ai_addrlen) == 0)
            break;
        int why = errno;
        close(fd);
        errno = why;
        fd = -1;
    }
    freeaddrinfo(all);
    return fd;
}

static int fail(const char *url, const char *why)
{
    fprintf(stderr, "%s: %s\n", url, why);
    return 1;
}

/* Sends the request and reads the response up to its end or `most` bytes; returns how many. */
static size_t ask(int fd, const struct target *t, char *answer, size_t most)
{
    char request[PATH_MAX];
    size_t n = 0;
    int length =
        snprintf(request, sizeof(request),
                 "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", t->path, t->name);
    if (length >= (int)sizeof(request))
        return 0;
    if (send(fd, request, (size_t)length, MSG_NOSIGNAL) != length)
        return 0;
    while (n < most) {
        ssize_t got = recv(fd, answer + n, most - n, 0);
        if (got <= 0)
            break;
        n += (size_t)got;
    }
    return n;
}

static void be_late(int number)
{
    static const char text[] = "no answer in time\n";
    (void)number;
    ssize_t told = write(STDERR_FILENO, text, sizeof(text) - 1);
    (void)told;
    _exit(1);
}

int healthcheck_run(const char *url)
{
    struct target t;
    char answer[MOST + 1];
    size_t head = sizeof(HEAD) - 1;
    if (!read_url(url, &t))
        return fail(url, "not a URL like http://127.0.0.1:8379/readyz");
    signal(SIGALRM, be_late);
    alarm(SECONDS);
    int fd = reach(&t);
    if (fd < 0)
        return fail(url, strerror(errno));
    size_t n = ask(fd, &t, answer, MOST);
    close(fd);
    answer[n] = '\0';
    if (n < head + 3 || memcmp(answer, HEAD, head) != 0)
        return fail(url, n ? "the answer is not HTTP" : "no answer");
    if (answer[head] == '2')
        return 0;
    const char *body = strstr(answer, "\r\n\r\n");
    answer[head + 3] = '\0';
    fprintf(stderr, "%s: %s %s\n", url, answer + head, body ? body + 4 : "");
    return 1;
}
