#include "server/apply.h"
#include "unit.h"

#include "acl/users.h"
#include "base/log.h"
#include "commands/families.h"
#include "engine.h"
#include "io/loop.h"
#include "server/console_link.h"
#include "server/lazy.h"
#include "server/listeners.h"
#include "server/memory.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct test {
    struct bench *b;
    struct settings *s;
    struct loop *loop;
    struct lazy *lazy;
    struct apply_parts parts;
    const char *reason;
    int failed;
};

static struct test begin(void)
{
    struct test t = {.b = bench_begin(families_all()), .loop = loop_new(), .failed = -1};
    log_set_level(LOG_WARNING + 1);
    t.s = t.b->settings;
    t.lazy = lazy_new(NULL);
    t.parts =
        (struct apply_parts){.engine = &t.b->engine,
                             .listeners = listeners_new(t.s, t.loop, NULL),
                             .console = console_link_new(&t.b->engine, t.loop, NULL, NULL, NULL),
                             .memory = memory_new(&t.b->engine, t.lazy, NULL)};
    return t;
}

static void end(struct test *t)
{
    listeners_free(t->parts.listeners);
    console_link_free(t->parts.console);
    memory_free(t->parts.memory);
    lazy_free(t->lazy);
    loop_free(t->loop);
    bench_end(t->b);
}

/* As CONFIG SET does it, whose values are in place by then. */
static bool set(struct test *t, const char *const *pairs, int n)
{
    const struct setting *changed[8];
    for (int i = 0; i < n; i++) {
        changed[i] = settings_find(bytes_text(pairs[2 * i]));
        if (!settings_parse(t->s, changed[i], bytes_text(pairs[2 * i + 1]), &t->reason))
            abort();
    }
    t->failed = -1;
    return apply_settings(&t->parts, changed, n, &t->failed, &t->reason);
}

static bool set_one(struct test *t, const char *name, const char *value)
{
    const char *const pair[] = {name, value};
    return set(t, pair, 1);
}

TEST(what_a_setting_says_is_what_is_done)
{
    struct test t = begin();
    struct engine *e = &t.b->engine;
    CHECK(set_one(&t, "notify-keyspace-events", "KEA"));
    CHECK(e->store->notify == t.s->notify_flags && e->store->notify);
    CHECK(set_one(&t, "maxmemory", "100mb") && (e->slow_path & ENGINE_MAXMEMORY));
    CHECK(set_one(&t, "maxmemory", "0") && !(e->slow_path & ENGINE_MAXMEMORY));
    CHECK(set_one(&t, "maxmemory-policy", "allkeys-lfu") && e->store->lru.lfu);
    CHECK(set_one(&t, "lfu-decay-time", "7") && e->store->lru.decay_minutes == 7);
    CHECK(set_one(&t, "acl-pubsub-default", "allchannels") && e->users->all_channels);
    CHECK(set_one(&t, "loglevel", "warning") && log_level() == LOG_WARNING);
    CHECK(t.reason == NULL && t.failed == -1);
    CHECK(set_one(&t, "requirepass", "secret"));
    struct client *c = bench_client(t.b);
    bench_says(c, "AUTH default wrong");
    CHECK(bench_heard(c, "-WRONGPASS invalid username-password pair or user is disabled.|"));
    c = bench_client(t.b);
    bench_says(c, "AUTH default secret");
    CHECK(bench_heard(c, "+OK|"));
    end(&t);
}

/* An address of this machine that no other test listens on, and a port there that is taken. */
static int taken(char address[INET_ADDRSTRLEN], char port[16])
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_addr.s_addr =
                                htonl(127u << 24 | (1u << 23) | ((uint32_t)getpid() & 0x7fffff))};
    socklen_t n = sizeof(a);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(fd, (const struct sockaddr *)&a, n) < 0 || listen(fd, 1) < 0 ||
        getsockname(fd, (struct sockaddr *)&a, &n) < 0)
        abort();
    inet_ntop(AF_INET, &a.sin_addr, address, INET_ADDRSTRLEN);
    snprintf(port, 16, "%d", ntohs(a.sin_port));
    return fd;
}

/* Of several the one that could not be done is named, by its place in the request. */
TEST(the_refusing_setting_is_named_with_its_reason)
{
    struct test t = begin();
    char address[INET_ADDRSTRLEN], port[16];
    int fd = taken(address, port);
    const char *const both[] = {"notify-keyspace-events", "KEA", "bind", address, "port", port};
    CHECK(set_one(&t, "port", "0"));
    CHECK(!set(&t, both, 3) && t.failed == 2);
    CHECK(strcmp(t.reason, "Unable to listen on this port. Check server logs.") == 0);
    /* In the table's order: what comes behind it was not done. */
    CHECK(t.b->engine.store->notify == 0);
    CHECK(!set(&t, both + 2, 1) && t.failed == 0);
    CHECK(strcmp(t.reason, "Failed to bind to specified addresses.") == 0);
    close(fd);
    CHECK(set(&t, both, 3) && t.failed == -1 && t.b->engine.store->notify);
    CHECK(strcmp(listeners_kind(t.parts.listeners, 0), "tcp") == 0);
    end(&t);
}

TEST(more_clients_than_there_are_descriptors_are_refused)
{
    struct test t = begin();
    struct rlimit limit;
    char want[32];
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    CHECK(set_one(&t, "maxclients", "10"));
    pid_t pid = fork();
    if (pid == 0) {
        const struct rlimit few = {100, 100};
        if (setrlimit(RLIMIT_NOFILE, &few) < 0 || (geteuid() == 0 && seteuid(65534) < 0) ||
            set_one(&t, "maxclients", "1000") || t.failed != 0)
            _exit(1);
        snprintf(want, sizeof(want), "try with %d", 100 - 32);
        _exit(!strstr(t.reason, want));
    }
    int status = -1;
    waitpid(pid, &status, 0);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    end(&t);
}

TEST(certificates_that_cannot_be_read_are_refused)
{
    struct test t = begin();
    const char *const several[] = {
        "tls-cert-file",   "/no/such/file", "tls-key-file",     "/no/such/file",
        "tls-replication", "yes",           "tls-auth-clients", "no"};
    CHECK(!set(&t, several, 4));
    CHECK(strcmp(t.reason, "Unable to update TLS configuration. Check server logs.") == 0);
    CHECK(set_one(&t, "tls-replication", "no"));
    end(&t);
}

UNIT_MAIN(T(what_a_setting_says_is_what_is_done), T(the_refusing_setting_is_named_with_its_reason),
          T(more_clients_than_there_are_descriptors_are_refused),
          T(certificates_that_cannot_be_read_are_refused))
