/* Listeners are opened by listeners_open(), and again by listeners_reopen(): each address of `bind`
 * on the plain and the TLS port, and the unix socket. Connections are accepted, at most ACCEPT_MOST
 * a turn, and passed to server/link.
 *
 * What can fail: an address is not available (the start, or CONFIG SET, is refused); a TLS context
 * is invalid (the old one stays); descriptors run out: then the listener rests until the next tick
 * (server/shortage), and connections wait in the kernel. */
#include "server/listeners.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "io/listen.h"
#include "server/bind.h"
#include "server/link.h"
#include "server/shortage.h"

#include <errno.h>
#include <unistd.h>

/* Each address of `bind` on two ports, and the unix socket. */
#define MOST        (2 * SETTINGS_ADDRESSES + 2)
#define ACCEPT_MOST 1000 /* connections per listener and turn */

struct listener {
    struct listeners *all;
    struct loop_fd *watch;
    int fd;
    bool is_unix, is_tls;
};

struct listeners {
    const struct settings *settings;
    struct loop *loop;
    struct link_set *links;
    struct tls_context *tls;        /* or NULL */
    struct tls_context *client_tls; /* for connections that we make, or NULL */
    struct shortage shortage;
    struct listener list[MOST];
    int n;
};

struct listeners *listeners_new(const struct settings *c, struct loop *l, struct link_set *links)
{
    struct listeners *all = mem_zalloc(sizeof(*all));
    all->settings = c;
    all->loop = l;
    all->links = links;
    return all;
}

void listeners_free(struct listeners *all)
{
    listeners_close(all);
    tls_context_free(all->tls);
    tls_context_free(all->client_tls);
    mem_free(all);
}

struct tls_options listeners_tls_options(const struct settings *c)
{
    return (struct tls_options){.cert_file = c->tls_cert_file,
                                .key_file = c->tls_key_file,
                                .key_pass = c->tls_key_file_pass,
                                .ca_file = c->tls_ca_cert_file,
                                .ca_directory = c->tls_ca_cert_dir,
                                .dh_file = c->tls_dh_params_file,
                                .protocols = c->tls_protocols,
                                .ciphers = c->tls_ciphers,
                                .ciphersuites = c->tls_ciphersuites,
                                .prefer_server_ciphers = c->tls_prefer_server_ciphers,
                                .session_caching = c->tls_session_caching,
                                .cache_size = c->tls_session_cache_size,
                                .cache_timeout_s = c->tls_session_cache_timeout,
                                .clients = (enum tls_clients)c->tls_auth_clients};
}

/* The same for outgoing connections, with the client certificate if there is one. */
static struct tls_options client_options(const struct settings *c)
{
    struct tls_options o = listeners_tls_options(c);
    if (*c->tls_client_cert_file) {
        o.cert_file = c->tls_client_cert_file;
        o.key_file = c->tls_client_key_file;
        o.key_pass = c->tls_client_key_file_pass;
    }
    return o;
}

static bool renew(struct tls_context **place, bool wanted, const struct tls_options *o,
                  struct tls_context *(*make)(const struct tls_options *o, struct buf *error))
{
    struct buf error = {0};
    struct tls_context *fresh = wanted ? make(o, &error) : NULL;
    if (wanted && !fresh) {
        log_line(LOG_WARNING, "Failed to configure TLS: %.*s", (int)error.n, error.p);
        buf_free(&error);
        return false;
    }
    tls_context_free(*place);
    *place = fresh;
    return true;
}

bool listeners_configure_tls(struct listeners *all)
{
    const struct settings *c = all->settings;
    struct tls_options server = listeners_tls_options(c), client = client_options(c);
    return renew(&all->tls, c->tls_port != 0, &server, tls_context_new) &&
           renew(&all->client_tls, c->tls_replication || c->tls_cluster, &client,
                 tls_context_new_client);
}

int64_t listeners_certificate_ends_s(const struct listeners *all)
{
    return tls_context_ends_s(all->tls);
}

struct tls_context *listeners_client_tls(const struct listeners *all)
{
    return all->client_tls;
}

/* accept() has failed. For want of descriptors: the listener rests until the next tick. */
static void note_failure(const struct listener *l, int error)
{
    if (error == EAGAIN)
        return;
    if (!shortage_is(error)) {
        log_line(LOG_WARNING, "Accepting client connection: %s", strerror(error));
        return;
    }
    shortage_met(&l->all->shortage, error, "client", clock_steady_ms());
    loop_fd_want(l->watch, 0);
}

static void accept_ready(void *context, int events)
{
    const struct listener *l = context;
    (void)events;
    for (int i = 0; i < ACCEPT_MOST; i++) {
        char peer[64] = "", local[64] = "";
        struct link_arrival a = {.peer = peer,
                                 .local = local,
                                 .is_unix = l->is_unix,
                                 .tls = l->is_tls ? l->all->tls : NULL};
        a.fd = listen_accept(l->fd, peer, local, sizeof(peer), &a.is_local);
        if (a.fd == -ECONNABORTED || a.fd == -EINTR || a.fd == -EPROTO)
            continue;
        if (a.fd < 0) {
            note_failure(l, -a.fd);
            return;
        }
        link_open(l->all->links, &a);
    }
}

void listeners_tick(struct listeners *all)
{
    if (!all->shortage.rests)
        return;
    all->shortage.rests = false;
    for (int i = 0; i < all->n; i++)
        loop_fd_want(all->list[i].watch, LOOP_READ);
}

static void add_listener(struct listeners *all, int fd, bool is_unix, bool is_tls)
{
    ASSERT(all->n < MOST);
    struct listener *l = &all->list[all->n++];
    *l = (struct listener){.all = all, .fd = fd, .is_unix = is_unix, .is_tls = is_tls};
    l->watch = loop_fd_new(all->loop, fd, accept_ready, l);
    loop_fd_want(l->watch, LOOP_READ);
}

static void take_tcp(void *context, int fd)
{
    add_listener(context, fd, false, false);
}

static void take_tls(void *context, int fd)
{
    add_listener(context, fd, false, true);
}

static bool listen_tcp_all(struct listeners *all, int port, bool is_tls)
{
    bool good = bind_each(all->settings->bind, port, (int)all->settings->tcp_backlog,
                          is_tls ? take_tls : take_tcp, all);
    if (!good)
        log_line(LOG_WARNING, "Failed listening on port %d (%s), aborting.", port,
                 is_tls ? "tls" : "tcp");
    return good;
}

static bool open_ports(struct listeners *all)
{
    return (!all->settings->port || listen_tcp_all(all, (int)all->settings->port, false)) &&
           (!all->settings->tls_port || listen_tcp_all(all, (int)all->settings->tls_port, true));
}

bool listeners_open(struct listeners *all)
{
    if (!listeners_configure_tls(all) || !open_ports(all))
        return false;
    if (*all->settings->unixsocket) {
        int fd = listen_unix(all->settings->unixsocket, (unsigned)all->settings->unixsocketperm,
                             (int)all->settings->tcp_backlog);
        if (fd < 0) {
            log_line(LOG_WARNING, "Failed opening Unix socket: bind: %s", strerror(-fd));
            return false;
        }
        add_listener(all, fd, true, false);
    }
    if (all->n == 0) {
        log_line(LOG_WARNING, "Configured to not listen anywhere, exiting.");
        return false;
    }
    return true;
}

static void close_listener(struct listener *l)
{
    loop_fd_free(l->watch);
    close(l->fd);
}

bool listeners_reopen(struct listeners *all)
{
    int kept = 0;
    struct listener unix_one = {0};
    for (int i = 0; i < all->n; i++) {
        if (all->list[i].is_unix)
            unix_one = all->list[i], kept = 1;
        else
            close_listener(&all->list[i]);
    }
    all->n = 0;
    if (kept) {
        /* The watch refers to the listener by its address, which has changed. */
        loop_fd_free(unix_one.watch);
        add_listener(all, unix_one.fd, true, false);
    }
    return open_ports(all);
}

void listeners_close(struct listeners *all)
{
    for (int i = 0; i < all->n; i++)
        close_listener(&all->list[i]);
    all->n = 0;
}

void listeners_close_copies(struct listeners *all)
{
    for (int i = 0; i < all->n; i++)
        close(all->list[i].fd);
}

const char *listeners_kind(const struct listeners *all, int number)
{
    if (number >= all->n)
        return NULL;
    return all->list[number].is_unix ? "unix" : all->list[number].is_tls ? "tls" : "tcp";
}
