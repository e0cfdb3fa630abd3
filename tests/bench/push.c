/* A load of subscriptions: 10,000 of them on 200 connections, to 1,000 streams, each of which gets
 * 50 messages a second. Not part of the server. usage: push PORT [SECONDS]
 *
 * Tells the memory of a subscription, the worst turn by the clock (INFO), and the most processor
 * time that the server's thread took between a PING and its answer, which is at least that of each
 * turn in it: fails when that is above 20 ms, or when a message was lost. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define STREAMS  1000
#define CONNS    200
#define EACH     50 /* streams of a connection */
#define RATE     50 /* messages of a stream in a second */
#define CPU_MOST 20 /* ms */
#define ROOM     (1 << 22)

struct conn {
    int fd;
    char *in, *out;
    size_t in_n, in_at, out_n;
};

static struct conn conns[CONNS], producer, probe;
static uint64_t *seen[STREAMS]; /* bits: messages that have come */
static uint64_t sent, came, again, most_each;
static atomic_bool over;
static double worst; /* ms, of one PING */
static int port;

static void fail(const char *what)
{
    fprintf(stderr, "push: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void dial(struct conn *c)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int one = 1;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&to, sizeof(to)))
        fail("connect");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    c->in = malloc(ROOM);
    c->out = malloc(ROOM);
}

/* A request: words with a blank between them. */
static void say(struct conn *c, const char *line)
{
    int n = 1;
    for (const char *p = line; *p; p++)
        n += *p == ' ';
    c->out_n += (size_t)sprintf(c->out + c->out_n, "*%d\r\n", n);
    for (const char *p = line; p; p = strchr(p, ' ') ? strchr(p, ' ') + 1 : NULL) {
        size_t len = strcspn(p, " ");
        c->out_n += (size_t)sprintf(c->out + c->out_n, "$%zu\r\n%.*s\r\n", len, (int)len, p);
    }
    if (c->out_n > ROOM / 2)
        fail("the server does not keep up");
}

static void flush(struct conn *c)
{
    while (c->out_n) {
        ssize_t n = send(c->fd, c->out, c->out_n, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n <= 0)
            fail("send");
        memmove(c->out, c->out + n, c->out_n - (size_t)n);
        c->out_n -= (size_t)n;
    }
}

static void receive(struct conn *c, bool waits)
{
    memmove(c->in, c->in + c->in_at, c->in_n - c->in_at);
    c->in_n -= c->in_at;
    c->in_at = 0;
    ssize_t n = recv(c->fd, c->in + c->in_n, ROOM - c->in_n - 1, waits ? 0 : MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0)
        fail("recv");
    c->in_n += (size_t)n;
    c->in[c->in_n] = 0;
}

/* The next line of what came; NULL: it is not whole. */
static char *line_of(struct conn *c, size_t *at)
{
    char *p = c->in + *at, *end = memchr(p, '\n', c->in_n - *at);
    if (!end)
        return NULL;
    *at = (size_t)(end - c->in) + 1;
    end[-1] = 0;
    return p;
}

/* Waits for a reply of one line, or a bulk's second one. */
static char *ask(struct conn *c, const char *request)
{
    say(c, request);
    flush(c);
    for (;;) {
        size_t at = c->in_at;
        char *p = line_of(c, &at);
        if (p && *p == '$' && (p[0] = '$', at + (size_t)atoi(p + 1) + 2 > c->in_n)) {
            p[strlen(p)] = '\r';
            p = NULL;
        } else if (p) {
            c->in_at = at + (*p == '$' ? (size_t)atoi(p + 1) + 2 : 0);
            return *p == '$' ? c->in + at : p;
        }
        receive(c, true);
    }
}

static long long info_of(const char *request, const char *field)
{
    char *text = ask(&probe, request), *p = strstr(text, field);
    return p ? atoll(p + strlen(field) + 1) : -1;
}

static long long info(const char *field)
{
    return info_of("INFO everything", field);
}

static void note(unsigned stream, uint64_t n)
{
    uint64_t *word = &seen[stream][n / 64], bit = (uint64_t)1 << n % 64;
    again += (*word & bit) != 0;
    came += !(*word & bit);
    *word |= bit;
}

/* Frames of a connection: >6 $8 xdeliver $ key $1 g $ id *2 $1 n $ number :count. All else is a
 * reply of one line. */
static void read_frames(struct conn *c)
{
    for (;;) {
        size_t at = c->in_at;
        char *lines[15], *first = line_of(c, &at), request[96];
        if (!first)
            return;
        if (*first != '>') {
            if (*first == '-')
                fail(first);
            c->in_at = at;
            continue;
        }
        int n = 0;
        size_t begin = c->in_at;
        while (n < 14 && (lines[n] = line_of(c, &at)))
            n++;
        if (n < 14) { /* put back what was cut */
            for (size_t i = begin; i < c->in_n; i++)
                if (!c->in[i] && c->in[i + 1] == '\n')
                    c->in[i] = '\r';
            return;
        }
        c->in_at = at;
        note((unsigned)atoi(lines[3] + 1), strtoull(lines[12], NULL, 10));
        snprintf(request, sizeof(request), "XACK %s g %s", lines[3], lines[7]);
        say(c, request);
    }
}

static void subscribe(void)
{
    char line[EACH * 8 + 100];
    for (int i = 0; i < STREAMS; i++) {
        snprintf(line, sizeof(line), "XPOLICY SET s%d g MKSTREAM JOBS", i);
        ask(&probe, line);
        seen[i] = calloc(most_each / 64 + 1, sizeof(**seen));
    }
    for (int i = 0; i < CONNS; i++) {
        dial(&conns[i]);
        say(&conns[i], "HELLO 3");
        flush(&conns[i]);
        usleep(1000);
    }
    long long before = info("used_memory");
    for (int i = 0; i < CONNS; i++) {
        int n = snprintf(line, sizeof(line), "XCONSUME START GROUP g w%d STREAMS", i);
        for (int k = 0; k < EACH; k++)
            n += snprintf(line + n, sizeof(line) - (size_t)n, " s%d", (i * EACH + k) % STREAMS);
        say(&conns[i], line);
        flush(&conns[i]);
    }
    while (info("broker_subscriptions") < CONNS * EACH)
        usleep(10000);
    printf("%d subscriptions on %d connections to %d streams: %.0f bytes each\n", CONNS * EACH,
           CONNS, STREAMS, (double)(info("used_memory") - before) / (CONNS * EACH));
}

/* Processor time of the server's thread so far, ms. */
static double cpu_ms(long long pid)
{
    char path[64], text[128] = "";
    snprintf(path, sizeof(path), "/proc/%lld/task/%lld/schedstat", pid, pid);
    FILE *f = fopen(path, "r");
    if (!f || !fgets(text, sizeof(text), f))
        fail(path);
    fclose(f);
    return atof(text) / 1e6;
}

static void publish(double began, uint64_t most)
{
    uint64_t due = (uint64_t)((now() - began) * STREAMS * RATE);
    char line[64];
    for (due = due < most ? due : most; sent < due && producer.out_n < ROOM / 4; sent++) {
        snprintf(line, sizeof(line), "XADD s%llu * n %llu", (unsigned long long)(sent % STREAMS),
                 (unsigned long long)(sent / STREAMS));
        say(&producer, line);
    }
    flush(&producer);
}

/* A thread of its own: what the load is busy with must not count. */
static void *ping(void *pid)
{
    for (double last = cpu_ms(*(long long *)pid), used; !atomic_load(&over); last = used) {
        ask(&probe, "PING");
        used = cpu_ms(*(long long *)pid);
        worst = used - last > worst ? used - last : worst;
    }
    return NULL;
}

static void run(int seconds)
{
    struct pollfd all[CONNS + 1];
    uint64_t most = (uint64_t)seconds * STREAMS * RATE;
    double began = now(), last = began, moved = began;
    while (came < most && now() - moved < 30) {
        uint64_t before = came;
        for (int i = 0; i <= CONNS; i++) {
            struct conn *c = i < CONNS ? &conns[i] : &producer;
            flush(c);
            all[i] = (struct pollfd){c->fd, (short)(POLLIN | (c->out_n ? POLLOUT : 0)), 0};
        }
        poll(all, CONNS + 1, 1);
        publish(began, most);
        for (int i = 0; i < CONNS; i++)
            if (all[i].revents & POLLIN) {
                receive(&conns[i], false);
                read_frames(&conns[i]);
            }
        if (all[CONNS].revents & POLLIN) {
            receive(&producer, false);
            producer.in_at = producer.in_n; /* IDs */
        }
        moved = came != before ? now() : moved;
        last = now();
    }
    printf("%llu messages in %.1f s, %llu lost, %llu came again\n", (unsigned long long)sent,
           last - began, (unsigned long long)(most - came), (unsigned long long)again);
}

int main(int argc, char **argv)
{
    int seconds = argc > 2 ? atoi(argv[2]) : 300;
    if (argc < 2 || seconds < 1)
        return fprintf(stderr, "usage: push PORT [SECONDS]\n"), 2;
    port = atoi(argv[1]);
    most_each = (uint64_t)seconds * RATE;
    dial(&probe);
    dial(&producer);
    subscribe();
    long long pid = info("process_id");
    ask(&probe, "CONFIG RESETSTAT");
    pthread_t pinging;
    if (pthread_create(&pinging, NULL, ping, &pid))
        fail("pthread_create");
    run(seconds);
    atomic_store(&over, true);
    pthread_join(pinging, NULL);
    printf("at most %.1f ms of processor time between a PING and its answer; the longest turn took "
           "%.1f ms by the clock\n",
           worst, (double)info_of("INFO debug", "eventloop_duration_max") / 1000);
    double turn = (double)info_of("INFO debug", "eventloop_cpu_max") / 1000;
    printf(
        "at most %.1f ms of processor time in a turn; what streams did by themselves took at most "
        "%.1f ms of one\n",
        turn, (double)info("broker_turn_longest_cpu_us") / 1000);
    bool good = came == sent && turn <= CPU_MOST;
    printf("%s\n", good ? "good" : "NOT GOOD");
    return !good;
}
