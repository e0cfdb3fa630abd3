#include "server/console_listen.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/forms.h"
#include "io/listen.h"
#include "replica/reach.h"
#include "server/bind.h"
#include "server/listeners.h"
#include "server/shortage.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define ACCEPT_MOST 100 /* connections per listener and turn */

struct listener {
    struct console_listen *all;
    struct loop_fd *watch;
    int fd;
};

struct console_listen {
    const struct settings *settings;
    struct loop *loop;
    void (*come)(void *context, int fd, const char *peer, bool is_local);
    void *context;
    struct tls_context *tls; /* or NULL */
    struct listener listeners[SETTINGS_ADDRESSES];
    int n;
    struct shortage shortage;
};

struct console_listen *console_listen_new(const struct settings *c, struct loop *l,
                                          void (*come)(void *context, int fd, const char *peer,
                                                       bool is_local),
                                          void *context)
{
    struct console_listen *k = mem_zalloc(sizeof(*k));
    k->settings = c;
    k->loop = l;
    k->come = come;
    k->context = context;
    return k;
}

void console_listen_free(struct console_listen *k)
{
    console_listen_close(k);
    tls_context_free(k->tls);
    mem_free(k);
}

struct tls_context *console_listen_tls(const struct console_listen *k)
{
    return k->tls;
}

/* accept() has failed. For want of descriptors: the listener rests until the next tick. */
static void note_failure(const struct listener *l, int error)
{
    if (error == EAGAIN)
        return;
    if (!shortage_is(error)) {
        log_line(LOG_WARNING, "Accepting a console connection: %s", strerror(error));
        return;
    }
    shortage_met(&l->all->shortage, error, "console", clock_steady_ms());
    loop_fd_want(l->watch, 0);
}

void console_listen_tick(struct console_listen *k)
{
    if (!k->shortage.rests)
        return;
    k->shortage.rests = false;
    for (int i = 0; i < k->n; i++)
        loop_fd_want(k->listeners[i].watch, LOOP_READ);
}

static void accept_ready(void *context, int events)
{
    const struct listener *l = context;
    (void)events;
    for (int i = 0; i < ACCEPT_MOST; i++) {
        char peer[64] = "", local[64] = "";
        bool is_local;
        int fd = listen_accept(l->fd, peer, local, sizeof(peer), &is_local);
        if (fd == -ECONNABORTED || fd == -EINTR || fd == -EPROTO)
            continue;
        if (fd < 0) {
            note_failure(l, -fd);
            return;
        }
        l->all->come(l->all->context, fd, peer, is_local);
    }
}

static void take_listener(void *context, int fd)
{
    struct console_listen *k = context;
    ASSERT(k->n < SETTINGS_ADDRESSES);
    struct listener *l = &k->listeners[k->n++];
    *l = (struct listener){.all = k, .fd = fd};
    l->watch = loop_fd_new(k->loop, fd, accept_ready, l);
    loop_fd_want(l->watch, LOOP_READ);
}

void console_listen_close(struct console_listen *k)
{
    for (int i = 0; i < k->n; i++) {
        loop_fd_free(k->listeners[i].watch);
        close(k->listeners[i].fd);
    }
    k->n = 0;
}

void console_listen_close_copies(struct console_listen *k)
{
    for (int i = 0; i < k->n; i++)
        close(k->listeners[i].fd);
}

bool console_listen_configure_tls(struct console_listen *k)
{
    const struct settings *c = k->settings;
    struct tls_options o = listeners_tls_options(c);
    struct buf error = {0};
    struct tls_context *fresh = NULL;
    o.clients = (enum tls_clients)c->console_tls_auth_clients;
    if (c->console_port && c->console_tls) {
        fresh = tls_context_new(&o, &error);
        if (!fresh) {
            log_line(LOG_WARNING, "Failed to configure TLS of the console: %.*s", (int)error.n,
                     error.p);
            buf_free(&error);
            return false;
        }
    }
    tls_context_free(k->tls);
    k->tls = fresh;
    return true;
}

/* Logs the URL for a browser on this machine, with the first address. */
static void log_address(const struct settings *c)
{
    struct bytes first;
    bool is_any = true, is_v6 = false;
    if (forms_split(bytes_text(c->console_bind), &first, 1)) {
        first = bytes_of(first.p + (*first.p == '-'), first.n - (*first.p == '-'));
        is_any =
            memchr(first.p, '*', first.n) || bytes_is(first, "0.0.0.0") || bytes_is(first, "::");
        is_v6 = memchr(first.p, ':', first.n) != NULL;
    }
    if (is_any)
        first = BYTES("localhost");
    is_v6 = is_v6 && !is_any;
    log_line(LOG_NOTICE, "Console at %s://%s%.*s%s:%lld/, health at /healthz and /readyz",
             c->console_tls ? "https" : "http", is_v6 ? "[" : "", (int)first.n, first.p,
             is_v6 ? "]" : "", c->console_port);
}

/* Says in the log why clients on other machines are refused almost everything. */
static void warn(const struct settings *c)
{
    if (c->console_tls || *c->console_proxies || reach_is_all_loopback(c->console_bind))
        return;
    log_line(LOG_WARNING, "WARNING: the console accepts connections from other machines, but "
                          "neither console-tls nor console-proxies is set: passwords would "
                          "travel unencrypted, so only health checks are answered there, and "
                          "metrics if metrics-access is open.");
}

bool console_listen_open(struct console_listen *k)
{
    const struct settings *c = k->settings;
    console_listen_close(k);
    if (!console_listen_configure_tls(k))
        return false;
    if (c->console_port &&
        !bind_each(c->console_bind, (int)c->console_port, (int)c->tcp_backlog, take_listener, k)) {
        log_line(LOG_WARNING, "Failed listening on port %lld (console).", c->console_port);
        console_listen_close(k);
        return false;
    }
    if (k->n) {
        log_address(c);
        warn(c);
    }
    return true;
}
